// SPDX-License-Identifier: Apache-2.0
// read_arbiter of two clients with its structs brought out as plain ports, for the test.
module read_arbiter_harness
  import host_if_pkg::*;
(
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [1:0]       request_valid_i,
  input  logic [1:0][63:0] request_address_i,
  input  logic [1:0][6:0]  request_beats_i,
  output logic [1:0]       taken_o,
  output logic [1:0]       valid_o,
  output logic [31:0]      data_o,           // the lowest word of the beat
  output logic             last_o,
  output logic             error_o,
  output logic             arvalid_o,
  input  logic             arready_i,
  output logic [63:0]      araddr_o,
  output logic [7:0]       arlen_o,
  input  logic             rvalid_i,
  output logic             rready_o,
  input  logic [31:0]      rdata_i,
  input  logic [1:0]       rresp_i,
  input  logic             rlast_i
);

  read_request_t [1:0] request;
  read_beat_t          beat;
  logic [2:0]          size;
  logic [1:0]          burst;

  for (genvar c = 0; c < 2; c++) begin : gen_client
    assign request[c] = '{valid: request_valid_i[c], address: request_address_i[c], beats: request_beats_i[c]};
  end
  assign data_o  = beat.data[31:0];
  assign last_o  = beat.last;
  assign error_o = beat.error;

  read_arbiter u_arbiter (
    .clk_i,
    .rst_ni,
    .request_i    (request),
    .taken_o,
    .valid_o,
    .beat_o       (beat),
    .m_axi_arvalid(arvalid_o),
    .m_axi_arready(arready_i),
    .m_axi_araddr (araddr_o),
    .m_axi_arlen  (arlen_o),
    .m_axi_arsize (size),
    .m_axi_arburst(burst),
    .m_axi_rvalid (rvalid_i),
    .m_axi_rready (rready_o),
    .m_axi_rdata  (512'(rdata_i)),
    .m_axi_rresp  (rresp_i),
    .m_axi_rlast  (rlast_i)
  );

  wire unused = &{1'b0, beat, size, burst};

endmodule
