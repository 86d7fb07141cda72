// SPDX-License-Identifier: Apache-2.0
// cipher_choice with its streams brought out as plain ports, for the test.
module cipher_choice_harness
  import layout_pkg::*, host_if_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [511:0] in_data_i,
  input  logic [5:0]   in_empty_i,
  input  logic         in_last_i,
  input  logic         chained_i,
  input  logic         bank_i,
  input  logic         room_i,
  // AES-GCM, chain
  output logic [1:0]   out_valid_o,
  input  logic [1:0]   out_ready_i,
  output logic [511:0] out_data_o,   // of both the same, like the two that follow
  output logic [5:0]   out_empty_o,
  output logic         out_last_o,
  output logic         drop_o,
  output drop_e        drop_reason_o,
  output logic         leave_o,
  output logic         leave_bank_o
);

  stream_if in (.clk_i, .rst_ni);
  stream_if gcm (.clk_i, .rst_ni);
  stream_if chain (.clk_i, .rst_ni);
  drop_t    drop;
  flight_t  leave;

  assign in.valid      = in_valid_i;
  assign in.beat       = '{data: in_data_i, empty: in_empty_i, last: in_last_i};
  assign in_ready_o    = in.ready;
  assign out_valid_o   = {chain.valid, gcm.valid};
  assign gcm.ready     = out_ready_i[0];
  assign chain.ready   = out_ready_i[1];
  assign {out_data_o, out_empty_o, out_last_o} = gcm.valid ? gcm.beat : chain.beat;
  assign drop_o        = drop.valid;
  assign drop_reason_o = drop.reason;
  assign leave_o       = leave.valid;
  assign leave_bank_o  = leave.bank;

  cipher_choice u_choice (
    .clk_i,
    .rst_ni,
    .in,
    .chained_i,
    .bank_i,
    .room_i,
    .gcm,
    .chain,
    .drop_o (drop),
    .leave_o(leave)
  );

endmodule
