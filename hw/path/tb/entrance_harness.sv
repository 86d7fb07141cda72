// SPDX-License-Identifier: Apache-2.0
// entrance with its streams and structures brought out as plain ports, for the test.
module entrance_harness
  import layout_pkg::*, parse_pkg::*, host_if_pkg::*, tag_pkg::*;
#(
  parameter int unsigned Jobs = 64,
  parameter bit Tags = 1'b0
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         enable_i,
  input  logic [47:0]  mac_i,
  input  logic [11:0]  vlan_i,
  input  logic [31:0]  generation_i,
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  input  logic         inject_valid_i,
  output logic         inject_ready_o,
  input  logic [511:0] inject_data_i,
  input  logic [5:0]   inject_empty_i,
  input  logic         inject_last_i,
  input  frame_bytes_t inject_length_i,
  output logic         frame_valid_o,
  input  logic         frame_ready_i,
  output logic [511:0] frame_data_o,
  output logic [5:0]   frame_empty_o,
  output logic         frame_last_o,
  input  logic         done_i,
  output logic         valid_o,
  output logic [31:0]  generation_o,
  output frame_bytes_t length_o,
  output logic [1:0]   fate_o,
  output logic [31:0]  source_o,
  output logic         claim_valid_o,
  output logic         claim_tagged_o,
  output logic [31:0]  claim_source_o,
  output logic         received_o,
  output logic         drop_o,
  output drop_e        drop_reason_o,
  output logic         admit_o,
  output logic         admit_bank_o,
  output logic         busy_o
);

  stream_if inject (.clk_i, .rst_ni);
  stream_if frame (.clk_i, .rst_ni);

  admission_t   admission;
  verdict_t     verdict;
  ip_t          ip;
  ipsec_t       ipsec;
  frame_count_t received;
  drop_t        drop;
  flight_t      admitted;
  claim_t       claim;

  entrance #(.Jobs(Jobs), .Tags(Tags)) u_entrance (
    .clk_i,
    .rst_ni,
    .enable_i,
    .mac_i,
    .vlan_i,
    .generation_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .inject,
    .inject_length_i,
    .inject_sender_i('0),
    .frame,
    .done_i,
    .valid_o,
    .admission_o(admission),
    .verdict_o  (verdict),
    .ip_o       (ip),
    .ipsec_o    (ipsec),
    .claim_valid_o,
    .claim_o    (claim),
    .received_o (received),
    .drop_o     (drop),
    .admit_o    (admitted),
    .busy_o
  );

  assign inject.valid   = inject_valid_i;
  assign inject.beat    = '{data: inject_data_i, empty: inject_empty_i, last: inject_last_i};
  assign inject_ready_o = inject.ready;
  assign frame_valid_o  = frame.valid;
  assign frame.ready    = frame_ready_i;
  assign frame_data_o   = frame.beat.data;
  assign frame_empty_o  = frame.beat.empty;
  assign frame_last_o   = frame.beat.last;
  assign generation_o   = admission.generation;
  assign length_o       = admission.length;
  assign fate_o         = verdict.fate;
  assign source_o       = ip.source[31:0];
  assign claim_tagged_o = claim.tag.present;
  assign claim_source_o = claim.source[31:0];
  assign received_o     = received.valid;
  assign drop_o         = drop.valid;
  assign drop_reason_o  = drop.reason;
  assign admit_o        = admitted.valid;
  assign admit_bank_o   = admitted.bank;

  wire unused = &{1'b0, admission, verdict, ip, ipsec, received, claim};

endmodule
