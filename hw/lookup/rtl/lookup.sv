// SPDX-License-Identifier: Apache-2.0
// Everything a packet is looked up for, of one direction: who sends it, which SPD rule it matches, and where it goes.
//
// Answers come in order, lookup_pkg::latency(Sender) clocks after their requests; a request every lookup_pkg::Pace clocks at most. All
// reads of a request go to the bank in its key. After reset every row is zeroed (nobody, no rule, no route); a table write waits
// for it by `table_ready_o`.
module lookup
  import layout_pkg::*, stream_pkg::*, lookup_pkg::*;
#(
  parameter bit Outbound = 1'b1,  // whose SPD
  parameter int unsigned Sender = lookup_pkg::PrincipalLatency  // clocks from a request to `named_i`
) (
  input  logic           clk_i,
  input  logic           rst_ni,
  input  table_write_t   table_write_i,
  output logic           table_ready_o,
  input  logic [31:0]    hash_seed_i,    // of the principal table
  input  logic           valid_i,
  input  lookup_key_t    key_i,
  input  logic           named_i,        // the sender is `name_i`, whoever the address belongs to
  input  logic [15:0]    name_i,
  output logic           valid_o,
  output lookup_result_t result_o
);

  logic         clearing;
  table_write_t write;

  clear_then_write #(.Rows(RouteIntervals)) u_write (
    .clk_i, .rst_ni, .table_write_i, .clearing_o(clearing), .table_write_o(write));

  assign table_ready_o = !clearing;

  function automatic logic writes(table_e table_id);
    return clearing || (write.valid && write.table_id == table_id);
  endfunction

  // ---- principal, SPD ---------------------------------------------------------------------------------------------------------

  logic        found_valid, found_bank, principal_valid, principal_bank;
  logic [15:0] found, owner, principal, principal_late;
  logic        ruled;  // the answer is complete
  logic        hit;
  spd_rule_t   rule;

  principal_table u_principal (
    .clk_i,
    .rst_ni,
    .write_i      (writes(TablePrincipal)),
    .table_write_i(write),
    .hash_seed_i,
    .valid_i,
    .bank_i       (key_i.bank),
    .address_i    (key_i.source),
    .valid_o      (found_valid),
    .bank_o       (found_bank),
    .principal_o  (found)
  );

  if (Sender == PrincipalLatency) begin : gen_at_once
    assign principal_valid         = found_valid;
    assign {principal_bank, owner} = {found_bank, found};
  end else begin : gen_wait
    delay_line #(
      .Width (1 + 16),
      .Clocks(Sender - PrincipalLatency)
    ) u_owner (
      .clk_i,
      .rst_ni,
      .valid_i(found_valid),
      .data_i ({found_bank, found}),
      .valid_o(principal_valid),
      .data_o ({principal_bank, owner})
    );
  end

  assign principal = named_i ? name_i : owner;

  delay_line #(
    .Width (16),
    .Clocks(row_read(Sender) + 1 - Sender)
  ) u_principal_late (
    .clk_i,
    .rst_ni,
    .valid_i(principal_valid),
    .data_i (principal),
    .valid_o(),  // with `ruled`, as the route's row
    .data_o (principal_late)
  );

  spd #(
    .First (Outbound ? TableSpdOutSourceStart : TableSpdInSourceStart),
    .Sender(Sender)
  ) u_spd (
    .clk_i,
    .rst_ni,
    .clearing_i       (clearing),
    .table_write_i    (write),
    .valid_i,
    .key_i,
    .principal_valid_i(principal_valid),
    .principal_bank_i (principal_bank),
    .principal_i      (principal),
    .valid_o          (ruled),
    .hit_o            (hit),
    .rule_o           (rule)
  );

  // ---- route ------------------------------------------------------------------------------------------------------------------

  // What a memory keeps of a route.
  typedef struct packed {
    logic [7:0] next_hop;
    logic [1:0] kind;
  } stored_t;

  logic                              route_read, route_bank;
  logic [$clog2(RouteIntervals)-1:0] route_row;
  route_t                            written_route;
  stored_t                           written_stored, stored;

  timed_search #(
    .KeyBits  ($bits(address_t)),
    .Intervals(RouteIntervals),
    .Answer   (row_read(Sender))
  ) u_route_start (
    .clk_i,
    .rst_ni,
    .write_i      (writes(TableRouteStart)),
    .table_write_i(write),
    .valid_i,
    .bank_i       (key_i.bank),
    .key_i        (key_i.destination),
    .valid_o      (route_read),
    .bank_o       (route_bank),
    .interval_o   (route_row)
  );

  assign written_route  = route_t'(write.data);
  assign written_stored = '{next_hop: written_route.next_hop, kind: written_route.kind};

  banked_rows #(
    .Width($bits(stored_t)),
    .Rows (RouteIntervals)
  ) u_route (
    .clk_i,
    .write_i      (writes(TableRoute)),
    .table_write_i(write),
    .data_i       (written_stored),
    .read_i       (route_read),
    .bank_i       (route_bank),
    .row_i        (route_row),
    .data_o       (stored)
  );

  // ---- answer -----------------------------------------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && ruled;
    if (ruled) begin
      result_o <= '0;
      if (!clearing) begin
        result_o.principal      <= principal_late;
        result_o.hit            <= hit;
        result_o.route.next_hop <= stored.next_hop;
        result_o.route.kind     <= stored.kind;
        if (hit) result_o.rule  <= rule;
      end
    end
  end

endmodule
