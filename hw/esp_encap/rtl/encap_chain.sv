// SPDX-License-Identifier: Apache-2.0
// Puts the outer headers in front of what comes back from the chain engine: SPI to ICV, or what AH hashed (hw/README.md, outbound 10).
module encap_chain
  import stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  stream_if.snk        in,
  input  encap_t       packet_i,  // beside every beat
  input  logic [255:0] icv_i,     // likewise, of AH: zero behind its last byte
  stream_if.src        out,
  output flight_t      flight_o,  // beside every beat: the bank that the packet holds
  output logic         busy_o
);

  stream_if headed (.clk_i, .rst_ni);  // packets whose header is there
  logic         asked_q;    // for the header of the packet at the input
  logic         there_q;
  logic         header_valid;
  logic [111:0] ethernet;   // stands until the next packet asks, as do the next two
  logic [383:0] ip;
  logic [6:0]   ip_bytes;
  logic         passes;

  assign headed.valid = in.valid && there_q;
  assign in.ready     = there_q && headed.ready;
  assign passes       = in.valid && in.ready;

  outer_header u_header (
    .clk_i,
    .rst_ni,
    .valid_i   (in.valid && !asked_q),
    .packet_i,
    .valid_o   (header_valid),
    .ethernet_o(ethernet),
    .ip_o      (ip),
    .ip_bytes_o(ip_bytes)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || (passes && in.beat.last)) {asked_q, there_q} <= '0;
    else begin
      if (in.valid) asked_q <= 1'b1;
      if (header_valid) there_q <= 1'b1;
    end
  end

  // ---- what AH hashed as zero: the header's fields that may change, and the ICV. All else of the header stands there already, so
  // that it can be laid over whole.
  localparam int unsigned OverBytes = Ipv6Bytes + AhFixedBytes + 32;  // IPv6, AH, the longest ICV

  logic [8*OverBytes-1:0] over;
  logic                   first_q, second_q;  // beats of the packet

  assign over = (8 * OverBytes)'(ip) | (packet_i.outer.ipv6 ? {icv_i, (8 * (Ipv6Bytes + AhFixedBytes))'(0)}
                                                            : (8 * OverBytes)'({icv_i, (8 * (Ipv4Bytes + AhFixedBytes))'(0)}));

  always_comb begin
    headed.beat = in.beat;
    if (packet_i.ah && first_q) headed.beat.data = in.beat.data | over[511:0];
    if (packet_i.ah && second_q) headed.beat.data = in.beat.data | 512'(over[8*OverBytes-1:512]);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) {first_q, second_q} <= 2'b10;
    else if (passes) {first_q, second_q} <= {in.beat.last, first_q && !in.beat.last};
  end

  prepend #(.SideT(flight_t)) u_headers_in_front (
    .clk_i,
    .rst_ni,
    .in      (headed),
    .header_i(packet_i.ah ? 512'(ethernet) : 512'({ip, ethernet})),
    .bytes_i (packet_i.ah ? 7'(EthernetBytes) : 7'(EthernetBytes) + ip_bytes),
    .side_i  ('{valid: 1'b1, bank: packet_i.bank}),
    .out,
    .side_o  (flight_o)
  );

  assign busy_o = in.valid || out.valid;

endmodule
