// SPDX-License-Identifier: Apache-2.0
// An interval search that answers after a given number of clocks, for searches of unequal depth that must end together.
module timed_search
  import layout_pkg::*, stream_pkg::*;
#(
  parameter int unsigned KeyBits = 128,
  parameter int unsigned Intervals = 1024,
  parameter int unsigned Answer = 32,  // clocks from valid_i to valid_o
  localparam int unsigned Levels = $clog2(Intervals)
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               write_i,
  input  table_write_t       table_write_i,
  input  logic               valid_i,
  input  logic               bank_i,
  input  logic [KeyBits-1:0] key_i,
  output logic               valid_o,
  output logic               bank_o,
  output logic [Levels-1:0]  interval_o
);

  logic              found;
  logic              bank;
  logic [Levels-1:0] interval;

  interval_search #(
    .KeyBits  (KeyBits),
    .Intervals(Intervals)
  ) u_search (
    .clk_i,
    .rst_ni,
    .write_i,
    .table_write_i,
    .valid_i,
    .bank_i,
    .key_i,
    .valid_o   (found),
    .bank_o    (bank),
    .interval_o(interval)
  );

  localparam int unsigned Search = lookup_pkg::search_latency(Intervals);
  if (Answer < Search) $fatal(1, "Answer is earlier than the search can end");

  if (Answer == Search) begin : gen_at_once
    assign valid_o              = found;
    assign {bank_o, interval_o} = {bank, interval};
  end else begin : gen_wait
    delay_line #(
      .Width (1 + Levels),
      .Clocks(Answer - Search)
    ) u_wait (
      .clk_i,
      .rst_ni,
      .valid_i(found),
      .data_i ({bank, interval}),
      .valid_o,
      .data_o ({bank_o, interval_o})
    );
  end

endmodule
