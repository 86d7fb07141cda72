// SPDX-License-Identifier: Apache-2.0
// Where a protected packet leaves: by the WAN port, or, oversize, to the host, which fragments it (hw/README.md, outbound 10).
module wan_or_host
  import layout_pkg::*, path_pkg::*, host_if_pkg::*;
(
  stream_if.snk   in,
  input leaving_t leaving_i,     // beside every beat, like all that follow
  stream_if.src   wan,
  output flight_t wan_flight_o,
  stream_if.src   host,
  output notice_t host_notice_o
);

  assign wan.valid    = in.valid && !leaving_i.oversize;
  assign wan.beat     = in.beat;
  assign host.valid   = in.valid && leaving_i.oversize;
  assign host.beat    = in.beat;
  assign in.ready     = leaving_i.oversize ? host.ready : wan.ready;
  assign wan_flight_o = '{valid: 1'b1, bank: leaving_i.generation[0]};

  // The packet says the rest itself.
  always_comb begin
    host_notice_o            = '0;
    host_notice_o.upcall     = UpcallOversize;
    host_notice_o.port       = PortLan;
    host_notice_o.generation = leaving_i.generation;
    host_notice_o.length     = leaving_i.length;
  end

endmodule
