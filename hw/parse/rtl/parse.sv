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

  localparam int unsigned MinHeaderWords = 5;   // of 32 bits, of IPv4
  localparam int unsigned MaxHeaderWords = 15;
  localparam int unsigned MaxWords = (Ipv6Bytes + ExtensionBytes) / 4;  // of either version

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
    return ipv6 ? {4'(Ipv6Bytes / 8) + 4'(extensions.units), 3'b000} : {1'b0, window[8*14+:4], 2'b00};
  endfunction

  function automatic logic has_words(int unsigned words);
    if (ipv6) return words >= Ipv6Bytes / 4 && words % 2 == 0 && 32'(extensions.units) == (words - Ipv6Bytes / 4) / 2;
    return 32'(window[8*14+:4]) == words;
  endfunction

  function automatic ip_t fields();
    fields        = '0;
    fields.ipv6   = ipv6;
    fields.header = header();
    if (ipv6) begin
      fields.fragment       = extensions.fragment;
      fields.tos            = {window[8*14+:4], window[8*15+4+:4]};
      fields.flow_label     = {window[8*15+:4], u16(16)};
      fields.total          = u16(18) + 16'(Ipv6Bytes);
      fields.protocol       = extensions.next_header;
      fields.next_header    = u8(20);
      fields.last_extension = extensions.last;
      fields.ttl            = u8(21);
      fields.source         = u128(22);
      fields.destination    = u128(38);
    end else begin
      fields.fragment       = window[8*20+5] || {window[8*20+:5], u8(21)} != '0;
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

  // A header that cannot be, but for its addresses, its checksum and the extension headers.
  function automatic logic malformed_header();
    if (ipv6) return window[8*14+4+:4] != 4'd6;
    return window[8*14+4+:4] != 4'd4 || window[8*14+:4] < 4'd5 || u16(16) < {10'd0, window[8*14+:4], 2'b00};
  endfunction

  // The packet ends behind the frame.
  function automatic logic truncated();
    if (ipv6) return 17'(u16(18)) + 17'(EthernetBytes + Ipv6Bytes) > 17'(admission.length);
    return 17'(u16(16)) + 17'(EthernetBytes) > 17'(admission.length);
  endfunction

  // The 24 bytes behind the header, the first most significant.
  function automatic logic [191:0] behind_header();
    logic [191:0] behind = '0;
    for (int unsigned i = MinHeaderWords; i <= MaxWords; i++) begin
      if (i <= MaxHeaderWords || i % 2 == 0) behind |= window[8*(EthernetBytes+4*i)+:192] & {192{words_q[i]}};
    end
    for (int unsigned i = 0; i < 24; i++) behind_header[8*(23-i)+:8] = behind[8*i+:8];
  endfunction

  // Of the IPv4 header's words 2i and 2i + 1, those that lie in it, 16 bits at a time.
  function automatic logic [17:0] sum_of_two(int unsigned i);
    sum_of_two = '0;
    for (int unsigned word = 2 * i; word < 2 * i + 2 && word < MaxHeaderWords; word++) begin
      for (int unsigned half = 0; half < 2; half++) begin
        sum_of_two += {2'b0, {window[8*(EthernetBytes+4*word+2*half)+:8], window[8*(EthernetBytes+4*word+2*half+1)+:8]} &
                             {16{inside_q[word]}}};
      end
    end
  endfunction

  // ---- stage 1: in its first clock what follows from the header's length
  logic                     fields_valid_q;
  logic [MaxWords:0]        words_q;   // bit i: the header has i words
  logic [MaxHeaderWords-1:0] inside_q;  // bit i: word i lies in IPv4's

  always_ff @(posedge clk_i) begin
    fields_valid_q <= rst_ni && window_valid;
    if (window_valid) begin
      for (int unsigned i = 0; i <= MaxWords; i++) words_q[i] <= has_words(i);
      for (int unsigned i = 0; i < MaxHeaderWords; i++) inside_q[i] <= i < 32'(window[8*14+:4]);
    end
  end

  // in its second, for which the window has stood still, fields at fixed places; an IPv4 header's words in fours; what lies behind it
  logic         valid1_q;
  logic         enable1_q, for_us1_q;
  admission_t   admission1_q;
  logic [ 15:0] ethertype1_q;
  ip_t          ip1_q;
  logic         malformed1_q, truncated1_q;
  logic         mapped_source1_q, mapped_destination1_q;
  extensions_t  extensions1_q;  // of IPv6
  logic         later1_q;   // a fragment that is not the first
  logic [191:0] behind1_q;
  logic [ 17:0] sum1_q[8];

  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && fields_valid_q;
    if (fields_valid_q) begin
      enable1_q             <= enable;
      for_us1_q             <= {u16(0), u32(2)} == mac_i || window[0];
      admission1_q          <= admission;
      ethertype1_q          <= u16(12);
      ip1_q                 <= fields();
      malformed1_q          <= malformed_header();
      mapped_source1_q      <= ipv6 && is_mapped(u128(22));
      mapped_destination1_q <= ipv6 && is_mapped(u128(38));
      truncated1_q          <= truncated();
      extensions1_q         <= extensions;
      later1_q              <= ipv6 ? extensions.later : {window[8*20+:5], u8(21)} != '0;
      behind1_q             <= behind_header();
      if (!ipv6) for (int unsigned i = 0; i < 8; i++) sum1_q[i] <= sum_of_two(i);
    end
  end

  // ---- stage 2: what the checks ask, and what lies behind the header; half a header's sum
  typedef struct packed {
    logic disabled, not_for_us, arp, ethertype, too_short, malformed, truncated;
    logic extensions_malformed, extensions_too_many;
  } findings_t;

  logic         valid2_q;
  findings_t    findings2_q;
  admission_t   admission2_q;
  ip_t          ip2_q;
  logic [191:0] behind2_q;
  logic [ 15:0] payload2_q;     // bytes
  logic         has_ports2_q;   // the protocol, if there is room for them
  logic         esp2_q, ah2_q, udp2_q;
  logic         port2_q;        // RFC 3948's, if it is UDP
  logic         marker2_q;      // its first four bytes tell ESP from IKE
  logic         opens2_q;       // TCP's flags in a whole packet: SYN without ACK (RFC 9293 3.1)
  logic         ff2_q;          // one byte 0xff keeps a NAT's mapping alive
  logic [ 19:0] sum2_q[2];

  always_ff @(posedge clk_i) begin
    valid2_q <= rst_ni && valid1_q;
    if (valid1_q) begin
      findings2_q <= '{
        disabled:             !enable1_q,
        not_for_us:           !for_us1_q,
        arp:                  ethertype1_q == 16'h0806,
        ethertype:            ethertype1_q != 16'h0800 && !ip1_q.ipv6,
        too_short:            admission1_q.length < (ip1_q.ipv6 ? 14'(EthernetBytes + Ipv6Bytes) : 14'(EthernetBytes + Ipv4Bytes)),
        malformed:            malformed1_q || mapped_source1_q || mapped_destination1_q,
        truncated:            truncated1_q,
        extensions_malformed: ip1_q.ipv6 && extensions1_q.malformed,
        extensions_too_many:  ip1_q.ipv6 && extensions1_q.too_many
      };
      admission2_q <= admission1_q;
      ip2_q        <= ip1_q;
      behind2_q    <= behind1_q;
      payload2_q   <= ip1_q.total - 16'(ip1_q.header);
      // TCP, UDP, SCTP and DCCP, a whole packet or its first fragment.
      has_ports2_q <= ip1_q.protocol inside {8'd6, 8'd17, 8'd132, 8'd33} && !later1_q;
      esp2_q       <= ip1_q.protocol == 8'd50;
      ah2_q        <= ip1_q.protocol == 8'd51;
      udp2_q       <= ip1_q.protocol == 8'd17;
      port2_q      <= behind1_q[175-:16] == 16'd4500;
      marker2_q    <= behind1_q[127-:32] != '0;
      ff2_q        <= behind1_q[127-:8] == 8'hff;
      opens2_q     <= ip1_q.protocol == 8'd6 && !ip1_q.fragment && behind1_q[191-8*13-6] && !behind1_q[191-8*13-3];
      for (int unsigned i = 0; i < 2; i++) begin
        sum2_q[i] <= 20'(sum1_q[4*i]) + 20'(sum1_q[4*i+1]) + 20'(sum1_q[4*i+2]) + 20'(sum1_q[4*i+3]);
      end
    end
  end

  // ---- stage 3: the checks, but for the checksum; the ports; how UDP's length compares
  logic         valid3_q;
  verdict_t     verdict3_q;
  admission_t   admission3_q;
  ip_t          ip3_q;
  logic [191:0] behind3_q;
  logic [ 15:0] payload3_q, udp_payload3_q;
  logic         esp3_q, ah3_q;
  logic         udp3_q, sized3_q, present3_q, keepalive3_q;  // of UDP to its port; its length is what there is
  logic [ 16:0] sum3_q;

  function automatic verdict_t checks();
    checks = Open;
    if (!admission2_q.decapsulated) begin
      checks = drop_if(checks, findings2_q.disabled, DropDisabled);
      checks = drop_if(checks, findings2_q.not_for_us, DropNotForUs);
      checks = host_if(checks, findings2_q.arp, UpcallArp);
      checks = drop_if(checks, findings2_q.ethertype, DropEthertype);
      checks = drop_if(checks, findings2_q.too_short, DropIpTruncated);
      checks = drop_if(checks, findings2_q.malformed, DropIpMalformed);
      checks = drop_if(checks, findings2_q.truncated, DropIpTruncated);
      checks = drop_if(checks, findings2_q.extensions_malformed, DropIpMalformed);
    end else begin
      checks = drop_if(checks, findings2_q.too_short || findings2_q.malformed, DropInnerMalformed);
      checks = drop_if(checks, findings2_q.truncated, DropEspTrailer);
      checks = drop_if(checks, findings2_q.extensions_malformed, DropInnerMalformed);
    end
    checks = drop_if(checks, findings2_q.extensions_too_many, DropIpExtension);
  endfunction

  logic [20:0] sum;
  assign sum = 21'(sum2_q[0]) + 21'(sum2_q[1]);

  always_ff @(posedge clk_i) begin
    valid3_q <= rst_ni && valid2_q;
    if (valid2_q) begin
      verdict3_q     <= checks();
      admission3_q   <= admission2_q;
      ip3_q          <= ip2_q;
      {ip3_q.source_port, ip3_q.destination_port} <= has_ports2_q && payload2_q >= 16'd4 ? behind2_q[191-:32] : '0;
      ip3_q.opens    <= opens2_q && (payload2_q[15:4] != '0 || payload2_q[3:1] == 3'd7);  // 14 bytes and more
      behind3_q      <= behind2_q;
      payload3_q     <= payload2_q;
      udp_payload3_q <= payload2_q - 16'd8;
      esp3_q         <= esp2_q;
      ah3_q          <= ah2_q;
      udp3_q         <= udp2_q && port2_q && payload2_q[15:3] != '0;                  // 8 bytes and more
      sized3_q       <= behind2_q[159-:16] == payload2_q;
      present3_q     <= payload2_q >= 16'd12 && marker2_q;
      keepalive3_q   <= payload2_q == 16'd9 && ff2_q;
      sum3_q         <= 17'(sum[15:0]) + 17'(sum[20:16]);
    end
  end

  // ---- stage 4: ESP and AH; the checksum. RFC 1071: a header with its checksum sums up to all ones.
  function automatic ipsec_t ipsec();
    ipsec       = '0;
    ipsec.bytes = payload3_q;
    if (esp3_q) begin
      ipsec.present = 1'b1;
      {ipsec.spi, ipsec.seq, ipsec.iv} = behind3_q[191-:128];
    end else if (ah3_q) begin
      ipsec.present     = 1'b1;
      ipsec.ah          = 1'b1;
      ipsec.next_header = behind3_q[191-:8];
      ipsec.ah_bytes    = {1'b0, behind3_q[183-:8], 2'b00} + 11'd8;
      {ipsec.spi, ipsec.seq} = behind3_q[159-:64];
    end else if (udp3_q && sized3_q) begin
      ipsec.keepalive = keepalive3_q;
      ipsec.present   = present3_q;
      ipsec.encap     = 1'b1;
      ipsec.bytes     = udp_payload3_q;
      {ipsec.spi, ipsec.seq, ipsec.iv} = behind3_q[127-:128];
    end
  endfunction

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && valid3_q;
    if (valid3_q) begin
      verdict_o   <= drop_if(verdict3_q, !ip3_q.ipv6 && sum3_q != 17'hffff,
                           admission3_q.decapsulated ? DropInnerMalformed : DropIpChecksum);
      admission_o <= admission3_q;
      ip_o        <= ip3_q;
      ipsec_o     <= ipsec();
    end
  end

endmodule
