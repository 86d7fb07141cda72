// SPDX-License-Identifier: Apache-2.0
// Reads the Ethernet and IP headers of a frame and makes the checks that need nothing else (hw/README.md, steps 2 to 5).
//
// Takes the first bytes of a frame and its length, a frame every two clocks if need be, and answers a constant number of clocks
// later. A decapsulated frame gets the same checks under the reasons that step 9 gives them. Nothing behind the frame's end
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
    output ip_t                      ip_o,
    output ipsec_t                   ipsec_o
);

  localparam int unsigned MaxHeaderWords = 30;  // of IPv4, 16 bits each: IHL is at most 15

  // ---- first, what length the header has: IPv4 says it, of IPv6 the extension headers are walked; the window waits
  logic                     ipv6_in, ipv6, window_valid;
  logic [8*WindowBytes-1:0] window;
  logic                     enable;
  admission_t               admission;
  extensions_t              extensions;

  assign ipv6_in = window_i[8*12+:16] == 16'hdd86;

  extension_walk u_walk (
    .clk_i,
    .rst_ni,
    .valid_i     (valid_i && ipv6_in),
    .window_i,
    .extensions_o(extensions)
  );

  delay_line #(
    .Width (2 + $bits(admission_t) + 8 * WindowBytes),
    .Clocks(ExtensionLatency)
  ) u_window (
    .clk_i,
    .rst_ni,
    .valid_i,
    .data_i ({enable_i, ipv6_in, admission_i, window_i}),
    .valid_o(window_valid),
    .data_o ({enable, ipv6, admission, window})
  );

  // Byte i of the window, and the big-endian numbers that begin there. (They read the window itself: handing a kilobit to each
  // call would cost a simulator a copy of it.)
  function automatic logic [7:0] u8(int unsigned i);
    return window[8*i+:8];
  endfunction
  function automatic logic [15:0] u16(int unsigned i);
    return {u8(i), u8(i + 1)};
  endfunction
  function automatic logic [31:0] u32(int unsigned i);
    return {u16(i), u16(i + 2)};
  endfunction
  function automatic address_t u128(int unsigned i);
    return {u32(i), u32(i + 4), u32(i + 8), u32(i + 12)};
  endfunction

  // What stage 1 reads from the window. Functions, so that nothing is computed in a clock without a frame.
  function automatic logic [6:0] header();
    return ipv6 ? 7'(Ipv6Bytes) + {1'b0, extensions.units, 3'b000} : {1'b0, window[8*14+:4], 2'b00};
  endfunction

  function automatic ip_t fields();
    fields        = '0;
    fields.ipv6   = ipv6;
    fields.header = header();
    if (ipv6) begin
      fields.plain       = extensions.units == '0;
      fields.fragment    = extensions.fragment;
      fields.tos         = {window[8*14+:4], window[8*15+4+:4]};
      fields.flow_label  = {window[8*15+:4], u16(16)};
      fields.total       = u16(18) + 16'(Ipv6Bytes);
      fields.protocol    = extensions.next_header;
      fields.ttl         = u8(21);
      fields.source      = u128(22);
      fields.destination = u128(38);
    end else begin
      fields.fragment       = window[8*20+5] || {window[8*20+:5], u8(21)} != '0;
      fields.plain          = window[8*14+:4] == 4'd5 && !fields.fragment;
      fields.tos            = u8(15);
      fields.total          = u16(16);
      fields.identification = u16(18);
      fields.df             = window[8*20+6];
      fields.ttl            = u8(22);
      fields.protocol       = u8(23);
      fields.checksum       = u16(24);
      fields.source         = mapped(u32(26));
      fields.destination    = mapped(u32(30));
    end
  endfunction

  // A header that cannot be, but for its checksum and the extension headers.
  function automatic logic malformed_header();
    if (ipv6) return window[8*14+4+:4] != 4'd6 || is_mapped(u128(22)) || is_mapped(u128(38));
    return window[8*14+4+:4] != 4'd4 || window[8*14+:4] < 4'd5 || u16(16) < {10'd0, window[8*14+:4], 2'b00};
  endfunction

  // The packet ends behind the frame.
  function automatic logic truncated();
    if (ipv6) return 17'(u16(18)) + 17'(EthernetBytes + Ipv6Bytes) > 17'(admission.length);
    return 17'(u16(16)) + 17'(EthernetBytes) > 17'(admission.length);
  endfunction

  // The 24 bytes behind a header of 5 to 22 words, the first most significant.
  function automatic logic [191:0] behind_header();
    logic [4:0]   words = 5'(header() >> 2);
    logic [191:0] behind = '0;
    for (int unsigned i = 5; i <= 22; i++) begin
      if ((i <= 15 || i % 2 == 0) && words == 5'(i)) behind = window[8*(EthernetBytes+4*i)+:192];
    end
    for (int unsigned i = 0; i < 24; i++) behind_header[8*(23-i)+:8] = behind[8*i+:8];
  endfunction

  // Of an IPv4 header's words 4i to 4i + 3, those that lie in it.
  function automatic logic [15:0] sum_of_four(int unsigned i);
    sum_of_four = '0;
    for (int unsigned word = 4 * i; word < 4 * i + 4 && word < MaxHeaderWords; word++) begin
      if (word < 2 * 32'(window[8*14+:4])) sum_of_four = sum16(sum_of_four, u16(EthernetBytes + 2 * word));
    end
  endfunction

  // ---- stage 1: fields at fixed places; an IPv4 header's words in pairs; what lies behind a header of this length
  logic         valid1_q;
  logic         enable1_q, for_us1_q;
  admission_t   admission1_q;
  logic [ 15:0] ethertype1_q;
  ip_t          ip1_q;
  logic         malformed1_q, truncated1_q;
  extensions_t  extensions1_q;  // of IPv6
  logic         later1_q;   // a fragment that is not the first
  logic [191:0] behind1_q;
  logic [ 15:0] sum1_q[8];

  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && window_valid;
    if (window_valid) begin
      enable1_q     <= enable;
      for_us1_q     <= {u16(0), u32(2)} == mac_i || window[0];
      admission1_q  <= admission;
      ethertype1_q  <= u16(12);
      ip1_q         <= fields();
      malformed1_q  <= malformed_header();
      truncated1_q  <= truncated();
      extensions1_q <= extensions;
      later1_q      <= ipv6 ? extensions.later : {window[8*20+:5], u8(21)} != '0;
      behind1_q     <= behind_header();
      if (!ipv6) for (int unsigned i = 0; i < 8; i++) sum1_q[i] <= sum_of_four(i);
    end
  end

  // ---- stage 2: the checks, but for the checksum; ports, ESP and AH
  logic         valid2_q;
  verdict_t     verdict2_q;
  admission_t   admission2_q;
  ip_t          ip2_q;
  ipsec_t       ipsec2_q;
  logic [ 15:0] sum2_q[2];
  logic [ 15:0] payload_bytes;

  assign payload_bytes = ip1_q.total - 16'(ip1_q.header);

  function automatic verdict_t checks();
    logic too_short = admission1_q.length < 14'(EthernetBytes) + (ip1_q.ipv6 ? 14'(Ipv6Bytes) : 14'(Ipv4Bytes));
    checks = Open;
    if (!admission1_q.decapsulated) begin
      checks = drop_if(checks, !enable1_q, DropDisabled);
      checks = drop_if(checks, !for_us1_q, DropNotForUs);
      checks = host_if(checks, ethertype1_q == 16'h0806, UpcallArp);
      checks = drop_if(checks, ethertype1_q != 16'h0800 && !ip1_q.ipv6, DropEthertype);
      checks = drop_if(checks, too_short, DropIpTruncated);
      checks = drop_if(checks, malformed1_q, DropIpMalformed);
      checks = drop_if(checks, truncated1_q, DropIpTruncated);
      checks = drop_if(checks, ip1_q.ipv6 && extensions1_q.malformed, DropIpMalformed);
    end else begin
      checks = drop_if(checks, too_short || malformed1_q, DropInnerMalformed);
      checks = drop_if(checks, truncated1_q, DropEspTrailer);
      checks = drop_if(checks, ip1_q.ipv6 && extensions1_q.malformed, DropInnerMalformed);
    end
    checks = drop_if(checks, ip1_q.ipv6 && extensions1_q.too_many, DropIpExtension);
  endfunction

  // They exist in TCP, UDP, SCTP and DCCP, in a whole packet or its first fragment.
  function automatic logic [31:0] ports();
    logic present = ip1_q.protocol inside {8'd6, 8'd17, 8'd132, 8'd33} && !later1_q && payload_bytes >= 16'd4;
    return present ? behind1_q[191-:32] : '0;
  endfunction

  // RFC 9293 3.1: of a segment's flags, in its byte 13, SYN without ACK.
  function automatic logic opens();
    logic [7:0] flags = behind1_q[191-8*13-:8];
    return ip1_q.protocol == 8'd6 && !ip1_q.fragment && payload_bytes >= 16'd14 && flags[1] && !flags[4];
  endfunction

  function automatic ipsec_t ipsec();
    ipsec       = '0;
    ipsec.bytes = payload_bytes;
    if (ip1_q.protocol == 8'd50) begin
      ipsec.present = 1'b1;
      {ipsec.spi, ipsec.seq, ipsec.iv} = behind1_q[191-:128];
    end else if (ip1_q.protocol == 8'd51) begin
      ipsec.present     = 1'b1;
      ipsec.ah          = 1'b1;
      ipsec.next_header = behind1_q[191-:8];
      ipsec.ah_bytes    = {1'b0, behind1_q[183-:8], 2'b00} + 11'd8;
      {ipsec.spi, ipsec.seq} = behind1_q[159-:64];
    end else if (ip1_q.protocol == 8'd17 && payload_bytes >= 16'd8 && behind1_q[175-:16] == 16'd4500 &&
                 behind1_q[159-:16] == payload_bytes) begin
      // RFC 3948 2: the first four bytes tell ESP from IKE; one byte 0xff keeps a NAT's mapping alive.
      ipsec.keepalive = payload_bytes == 16'd9 && behind1_q[127-:8] == 8'hff;
      ipsec.present   = payload_bytes >= 16'd12 && behind1_q[127-:32] != '0;
      ipsec.encap     = 1'b1;
      ipsec.bytes     = payload_bytes - 16'd8;
      {ipsec.spi, ipsec.seq, ipsec.iv} = behind1_q[127-:128];
    end
  endfunction

  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    if (valid1_q) begin
      verdict2_q   <= checks();
      admission2_q <= admission1_q;
      ip2_q        <= ip1_q;
      {ip2_q.source_port, ip2_q.destination_port} <= ports();
      ip2_q.opens  <= opens();
      ipsec2_q     <= ipsec();
      sum2_q[0]    <= sum16(sum16(sum1_q[0], sum1_q[1]), sum16(sum1_q[2], sum1_q[3]));
      sum2_q[1]    <= sum16(sum16(sum1_q[4], sum1_q[5]), sum16(sum1_q[6], sum1_q[7]));
    end
  end

  // ---- stage 3: the checksum. RFC 1071: a header with its checksum sums up to all ones.
  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid2_q;
    if (valid2_q) begin
      verdict_o   <= drop_if(verdict2_q, !ip2_q.ipv6 && sum16(sum2_q[0], sum2_q[1]) != 16'hffff,
                           admission2_q.decapsulated ? DropInnerMalformed : DropIpChecksum);
      admission_o <= admission2_q;
      ip_o        <= ip2_q;
      ipsec_o     <= ipsec2_q;
    end
  end

endmodule
