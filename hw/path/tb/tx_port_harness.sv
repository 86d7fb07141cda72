// SPDX-License-Identifier: Apache-2.0
// tx_port of two inputs with its streams brought out as plain ports, for the test.
module tx_port_harness
  import host_if_pkg::*;
(
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic [11:0]       vlan_i,
  input  logic [1:0]        in_valid_i,
  output logic [1:0]        in_ready_o,
  input  logic [1:0][511:0] in_data_i,
  input  logic [1:0][5:0]   in_empty_i,
  input  logic [1:0]        in_last_i,
  output logic              tvalid_o,
  input  logic              tready_i,
  output logic [511:0]      tdata_o,
  output logic [63:0]       tkeep_o,
  output logic              tlast_o,
  output logic              sent_o,
  output logic [15:0]       sent_bytes_o,
  output logic              leave_o,
  output logic              leave_bank_o,   // of every frame sent
  output logic              busy_o
);

  stream_if in[2] (.clk_i, .rst_ni);
  flight_t      flight[2];
  frame_count_t sent;
  flight_t      leave;

  for (genvar i = 0; i < 2; i++) begin : gen_in
    assign in[i].valid   = in_valid_i[i];
    assign in[i].beat    = '{data: in_data_i[i], empty: in_empty_i[i], last: in_last_i[i]};
    assign in_ready_o[i] = in[i].ready;
    assign flight[i]     = '{valid: i == 0, bank: i == 1};  // a frame's bank says where it came from; the host's hold none
  end

  tx_port u_tx_port (
    .clk_i,
    .rst_ni,
    .vlan_i,
    .in,
    .flight_i(flight),
    .tvalid_o,
    .tready_i,
    .tdata_o,
    .tkeep_o,
    .tlast_o,
    .sent_o  (sent),
    .leave_o (leave),
    .busy_o
  );

  assign sent_o       = sent.valid;
  assign sent_bytes_o = sent.bytes;
  assign leave_o      = leave.valid;
  assign leave_bank_o = leave.bank;

endmodule
