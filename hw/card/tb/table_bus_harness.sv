// SPDX-License-Identifier: Apache-2.0
// table_bus between a loader that writes whenever it may and owners that are busy for some clocks after a key row or a wipe. The bus's own
// assertions say whether a write ever finds one busy.
module table_bus_harness
  import layout_pkg::*, stream_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        offer_i,       // a row waits in the loader
  input  logic [7:0]  table_i,
  input  logic [15:0] row_i,
  input  logic        wipe_i,
  input  logic [7:0]  busy_clocks_i, // of an owner
  output logic        taken_o,
  output logic        write_o,
  output logic [7:0]  table_o,
  output logic [15:0] row_o,
  output logic        wipe_o,
  output logic        owners_ready_o
);

  table_write_t write_in, write_out;
  logic         ready;
  logic [7:0]   left_q;  // clocks that the owners are busy

  assign taken_o        = offer_i && ready;
  assign write_in       = '{valid: taken_o, table_id: table_e'(table_i), bank: 1'b0, row: row_i, data: '0};
  assign write_o        = write_out.valid;
  assign table_o        = 8'(write_out.table_id);
  assign row_o          = write_out.row;
  assign owners_ready_o = left_q == '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) left_q <= '0;
    else if (wipe_o || (write_o && write_out.table_id inside {TableSaOutKey, TableSaInKey})) left_q <= busy_clocks_i;
    else if (left_q != '0) left_q <= left_q - 8'd1;
  end

  table_bus u_table_bus (
    .clk_i,
    .rst_ni,
    .write_i(write_in),
    .wipe_i,
    .ready_o(ready),
    .write_o(write_out),
    .wipe_o,
    .ready_i(owners_ready_o)
  );

endmodule
