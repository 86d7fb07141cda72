// SPDX-License-Identifier: Apache-2.0
// Reads the Ethernet and IPv4 headers of a frame and makes the checks that need nothing else (hw/README.md, steps 2 to 5).
//
// Takes the first bytes of a frame and its length, a frame every clock if need be, and answers three clocks later. A
// decapsulated frame gets the same checks under the reasons that step 9 gives them. Nothing behind the frame's end
// decides anything: each field counts only once the length that reaches over it has been checked.
module parse
  import layout_pkg::*, parse_pkg::*;
(
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     enable_i,        // control.enable
    input  logic [             47:0] mac_i,           // of the port, first byte most significant
    input  logic                     valid_i,
    input  logic [8*WindowBytes-1:0] window_i,        // byte 0 in bits 7:0
    input  admission_t               admission_i,
    output logic                     valid_o,
    output admission_t               admission_o,
    output verdict_t                 verdict_o,
    output ipv4_t                    ipv4_o,
    output esp_t                     esp_o
);

  localparam int unsigned MaxHeaderWords = 30;  // 16 bits each: IHL is at most 15

  // Byte i of the window, and the big-endian numbers that begin there. (They read the port itself: handing a kilobit to each
  // call would cost a simulator a copy of it.)
  function automatic logic [7:0] u8(int unsigned i);
    return window_i[8*i+:8];
  endfunction
  function automatic logic [15:0] u16(int unsigned i);
    return {u8(i), u8(i + 1)};
  endfunction
  function automatic logic [31:0] u32(int unsigned i);
    return {u16(i), u16(i + 2)};
  endfunction

  // What stage 1 reads from the window. Functions, so that nothing is computed in a clock without a frame.
  function automatic ipv4_t fields();
    fields             = '0;
    fields.ihl         = window_i[8*14+:4];
    fields.tos         = u8(15);
    fields.total       = u16(16);
    fields.df          = window_i[8*20+6];
    fields.fragment    = window_i[8*20+5] || {window_i[8*20+:5], u8(21)} != '0;
    fields.ttl         = u8(22);
    fields.protocol    = u8(23);
    fields.checksum    = u16(24);
    fields.source      = u32(26);
    fields.destination = u32(30);
  endfunction

  function automatic logic [191:0] behind_header();
    behind_header = '0;
    for (int unsigned ihl = 5; ihl <= 15; ihl++) begin
      if (window_i[8*14+:4] == 4'(ihl)) behind_header = window_i[8*(EthernetBytes+4*ihl)+:192];
    end
  endfunction

  // Of the header's words 4i to 4i + 3, those that lie in it.
  function automatic logic [15:0] sum_of_four(int unsigned i);
    sum_of_four = '0;
    for (int unsigned word = 4 * i; word < 4 * i + 4 && word < MaxHeaderWords; word++) begin
      if (word < 2 * 32'(window_i[8*14+:4])) sum_of_four = sum16(sum_of_four, u16(EthernetBytes + 2 * word));
    end
  endfunction

  // ---- stage 1: fields at fixed places; the header's words in pairs; what lies behind a header of this length
  logic         valid1_q;
  logic         enable1_q, for_us1_q;
  admission_t   admission1_q;
  logic [ 15:0] ethertype1_q;
  logic [  3:0] version1_q;
  ipv4_t        ipv4_1_q;
  logic [ 12:0] offset1_q;
  logic [191:0] behind1_q;  // 24 bytes from the end of the IPv4 header on
  logic [ 15:0] sum1_q[8];

  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && valid_i;
    if (valid_i) begin
      enable1_q       <= enable_i;
      for_us1_q       <= {window_i[7:0], u8(1), u32(2)} == mac_i || window_i[0];
      admission1_q    <= admission_i;
      ethertype1_q    <= u16(12);
      version1_q      <= window_i[8*14+4+:4];
      ipv4_1_q        <= fields();
      offset1_q       <= {window_i[8*20+:5], u8(21)};
      behind1_q       <= behind_header();
      for (int unsigned i = 0; i < 8; i++) sum1_q[i] <= sum_of_four(i);
    end
  end

  // ---- stage 2: the checks, but for the checksum; ports and ESP
  logic         valid2_q;
  verdict_t     verdict2_d, verdict2_q;
  admission_t   admission2_q;
  ipv4_t        ipv4_2_d, ipv4_2_q;
  esp_t         esp2_d, esp2_q;
  logic [ 15:0] sum2_q[2];
  logic [ 15:0] header_bytes, payload_bytes;
  logic [191:0] behind;  // first byte most significant
  logic         truncated, malformed;

  always_comb begin
    header_bytes  = {10'b0, ipv4_1_q.ihl, 2'b00};
    payload_bytes = ipv4_1_q.total - header_bytes;
    for (int unsigned i = 0; i < 24; i++) behind[8*(23-i)+:8] = behind1_q[8*i+:8];
    malformed  = version1_q != 4'd4 || ipv4_1_q.ihl < 4'd5 || ipv4_1_q.total < header_bytes;
    truncated  = 17'(ipv4_1_q.total) + 17'(EthernetBytes) > 17'(admission1_q.length);

    verdict2_d = Open;
    if (!admission1_q.decapsulated) begin
      verdict2_d = drop_if(verdict2_d, !enable1_q, DropDisabled);
      verdict2_d = drop_if(verdict2_d, !for_us1_q, DropNotForUs);
      verdict2_d = host_if(verdict2_d, ethertype1_q == 16'h0806, UpcallArp);
      verdict2_d = drop_if(verdict2_d, ethertype1_q != 16'h0800, DropEthertype);
      verdict2_d = drop_if(verdict2_d, admission1_q.length < 14'd34, DropIpTruncated);
      verdict2_d = drop_if(verdict2_d, malformed, DropIpMalformed);
      verdict2_d = drop_if(verdict2_d, truncated, DropIpTruncated);
    end else begin
      verdict2_d = drop_if(verdict2_d, admission1_q.length < 14'd34 || malformed, DropInnerMalformed);
      verdict2_d = drop_if(verdict2_d, truncated, DropEspTrailer);
    end

    // Ports exist in TCP, UDP, SCTP and DCCP, in a whole packet or its first fragment.
    ipv4_2_d = ipv4_1_q;
    if (ipv4_1_q.protocol inside {8'd6, 8'd17, 8'd132, 8'd33} && offset1_q == '0 && payload_bytes >= 16'd4) begin
      ipv4_2_d.source_port      = behind[191-:16];
      ipv4_2_d.destination_port = behind[175-:16];
    end

    esp2_d = '0;
    if (ipv4_1_q.protocol == 8'd50) begin
      esp2_d.present = 1'b1;
      esp2_d.bytes   = payload_bytes;
      {esp2_d.spi, esp2_d.seq, esp2_d.iv} = behind[191-:128];
    end else if (ipv4_1_q.protocol == 8'd17 && payload_bytes >= 16'd8 && behind[175-:16] == 16'd4500 &&
                 behind[159-:16] == payload_bytes) begin
      // RFC 3948 2: the first four bytes tell ESP from IKE; one byte 0xff keeps a NAT's mapping alive.
      esp2_d.keepalive = payload_bytes == 16'd9 && behind[127-:8] == 8'hff;
      esp2_d.present   = payload_bytes >= 16'd12 && behind[127-:32] != '0;
      esp2_d.encap     = 1'b1;
      esp2_d.bytes     = payload_bytes - 16'd8;
      {esp2_d.spi, esp2_d.seq, esp2_d.iv} = behind[127-:128];
    end
  end

  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    if (valid1_q) begin
      verdict2_q      <= verdict2_d;
      admission2_q    <= admission1_q;
      ipv4_2_q        <= ipv4_2_d;
      esp2_q          <= esp2_d;
      sum2_q[0]       <= sum16(sum16(sum1_q[0], sum1_q[1]), sum16(sum1_q[2], sum1_q[3]));
      sum2_q[1]       <= sum16(sum16(sum1_q[4], sum1_q[5]), sum16(sum1_q[6], sum1_q[7]));
    end
  end

  // ---- stage 3: the checksum. RFC 1071: a header with its checksum sums up to all ones.
  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid2_q;
    if (valid2_q) begin
      verdict_o   <= drop_if(verdict2_q, sum16(sum2_q[0], sum2_q[1]) != 16'hffff,
                           admission2_q.decapsulated ? DropInnerMalformed : DropIpChecksum);
      admission_o <= admission2_q;
      ipv4_o      <= ipv4_2_q;
      esp_o       <= esp2_q;
    end
  end

endmodule
