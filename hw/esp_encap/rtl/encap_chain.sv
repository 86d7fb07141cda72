// SPDX-License-Identifier: Apache-2.0
// Puts the outer headers in front of what comes back from the chain engine, which brings SPI to ICV (hw/README.md, outbound 11).
module encap_chain
  import path_pkg::*, host_if_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  stream_if.snk   in,
  input  encap_t  packet_i,  // beside every beat
  stream_if.src   out,
  output flight_t flight_o,  // beside every beat: the bank that the packet holds
  output logic    busy_o
);

  stream_if headed (.clk_i, .rst_ni);  // packets whose header is there
  logic         asked_q;    // for the header of the packet at the input
  logic         there_q;
  logic         header_valid;
  logic [511:0] header;     // stands until the next packet asks
  logic [6:0]   header_bytes;
  logic         ends;

  assign headed.valid = in.valid && there_q;
  assign headed.beat  = in.beat;
  assign in.ready     = there_q && headed.ready;
  assign ends         = in.valid && in.ready && in.beat.last;

  outer_header u_header (
    .clk_i,
    .rst_ni,
    .valid_i    (in.valid && !asked_q),
    .packet_i,
    .esp_bytes_i('0),
    .valid_o    (header_valid),
    .header_o   (header),
    .bytes_o    (header_bytes)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || ends) {asked_q, there_q} <= '0;
    else begin
      if (in.valid) asked_q <= 1'b1;
      if (header_valid) there_q <= 1'b1;
    end
  end

  prepend #(.SideT(flight_t)) u_headers_in_front (
    .clk_i,
    .rst_ni,
    .in      (headed),
    .header_i(header),
    .bytes_i (header_bytes),
    .side_i  ('{valid: 1'b1, bank: packet_i.bank}),
    .out,
    .side_o  (flight_o)
  );

  assign busy_o = in.valid || out.valid;

endmodule
