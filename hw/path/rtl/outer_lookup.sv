// SPDX-License-Identifier: Apache-2.0
// What a packet from the WAN is looked up for as it came: the route of its destination (is it for us?) and who sent it. Its SPD
// lookup comes later, when it is known what packet it carries.
//
// Answers come in order after a constant number of clocks; a request every lookup_pkg::Pace clocks at most. After reset every row
// is zeroed (nobody, no route); a table write waits for it by `table_ready_o`.
module outer_lookup
  import layout_pkg::*, stream_pkg::*, lookup_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic [31:0]  hash_seed_i,    // of the principal table
  input  logic         valid_i,
  input  logic         bank_i,
  input  address_t     source_i,
  input  address_t     destination_i,
  output logic         valid_o,
  output logic [15:0]  principal_o,
  output route_t       route_o
);

  // What the memory keeps of a route.
  typedef struct packed {
    logic [7:0] next_hop;
    logic [1:0] kind;
  } stored_t;

  logic                              clearing, found, bank;
  logic [$clog2(RouteIntervals)-1:0] interval;
  table_write_t                      write;
  route_t                            written;
  stored_t                           stored_written, stored;

  clear_then_write #(
    .Rows(RouteIntervals)
  ) u_write (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .clearing_o   (clearing),
    .table_write_o(write)
  );

  assign table_ready_o = !clearing;

  interval_search #(
    .KeyBits  ($bits(address_t)),
    .Intervals(RouteIntervals)
  ) u_start (
    .clk_i,
    .rst_ni,
    .write_i      (clearing || (write.valid && write.table_id == TableRouteStart)),
    .table_write_i(write),
    .valid_i,
    .bank_i,
    .key_i        (destination_i),
    .valid_o      (found),
    .bank_o       (bank),
    .interval_o   (interval)
  );

  assign written        = route_t'(write.data);
  assign stored_written = '{next_hop: written.next_hop, kind: written.kind};

  banked_rows #(
    .Width($bits(stored_t)),
    .Rows (RouteIntervals)
  ) u_route (
    .clk_i,
    .write_i      (clearing || (write.valid && write.table_id == TableRoute)),
    .table_write_i(write),
    .data_i       (stored_written),
    .read_i       (found),
    .bank_i       (bank),
    .row_i        (interval),
    .data_o       (stored)
  );

  always_ff @(posedge clk_i) valid_o <= rst_ni && found;

  logic        principal_valid;
  logic [15:0] principal, principal_late;

  principal_table u_principal (
    .clk_i,
    .rst_ni,
    .write_i      (clearing || (write.valid && write.table_id == TablePrincipal)),
    .table_write_i(write),
    .hash_seed_i,
    .valid_i,
    .bank_i,
    .address_i    (source_i),
    .valid_o      (principal_valid),
    .bank_o       (),  // known
    .principal_o  (principal)
  );

  delay_line #(
    .Width (16),
    .Clocks(search_latency(RouteIntervals) + 1 - PrincipalLatency)
  ) u_principal_late (
    .clk_i,
    .rst_ni,
    .valid_i(principal_valid),
    .data_i (principal),
    .valid_o(),  // with the route
    .data_o (principal_late)
  );

  always_comb begin
    route_o     = '0;
    principal_o = '0;
    if (!clearing) begin
      principal_o      = principal_late;
      route_o.next_hop = stored.next_hop;
      route_o.kind     = stored.kind;
    end
  end

  wire unused = &{1'b0, written};

endmodule
