// SPDX-License-Identifier: Apache-2.0
// parse with the fields of its structures brought out as plain ports, for the test.
module parse_harness
  import layout_pkg::*, parse_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic          enable_i,
  input  logic [47:0]   mac_i,
  input  logic          valid_i,
  input  logic [1023:0] window_i,
  input  frame_bytes_t  length_i,
  input  logic          decapsulated_i,
  output logic          valid_o,
  output logic [1:0]    fate_o,
  output drop_e         drop_o,
  output logic [7:0]    upcall_o,
  output logic [3:0]    ihl_o,
  output logic [7:0]    tos_o,
  output logic [15:0]   total_o,
  output logic          df_o,
  output logic          fragment_o,
  output logic [7:0]    ttl_o,
  output logic [7:0]    protocol_o,
  output logic [15:0]   checksum_o,
  output logic [31:0]   source_o,
  output logic [31:0]   destination_o,
  output logic [15:0]   source_port_o,
  output logic [15:0]   destination_port_o,
  output logic          keepalive_o,
  output logic          esp_o,
  output logic          encap_o,
  output logic [15:0]   esp_bytes_o,
  output logic [63:0]   spi_seq_o,
  output logic [63:0]   iv_o
);

  admission_t admission, parsed_admission;
  verdict_t   verdict;
  ipv4_t      ipv4;
  esp_t       esp;

  always_comb begin
    admission              = '0;
    admission.length       = length_i;
    admission.decapsulated = decapsulated_i;
  end

  parse u_parse (
    .clk_i,
    .rst_ni,
    .enable_i,
    .mac_i,
    .valid_i,
    .window_i,
    .admission_i(admission),
    .valid_o,
    .admission_o(parsed_admission),
    .verdict_o  (verdict),
    .ipv4_o     (ipv4),
    .esp_o      (esp)
  );

  assign fate_o             = verdict.fate;
  assign drop_o             = verdict.drop;
  assign upcall_o           = verdict.upcall;
  assign ihl_o              = ipv4.ihl;
  assign tos_o              = ipv4.tos;
  assign total_o            = ipv4.total;
  assign df_o               = ipv4.df;
  assign fragment_o         = ipv4.fragment;
  assign ttl_o              = ipv4.ttl;
  assign protocol_o         = ipv4.protocol;
  assign checksum_o         = ipv4.checksum;
  assign source_o           = ipv4.source;
  assign destination_o      = ipv4.destination;
  assign source_port_o      = ipv4.source_port;
  assign destination_port_o = ipv4.destination_port;
  assign keepalive_o        = esp.keepalive;
  assign esp_o              = esp.present;
  assign encap_o            = esp.encap;
  assign esp_bytes_o        = esp.bytes;
  assign spi_seq_o          = {esp.spi, esp.seq};
  assign iv_o               = esp.iv;

  wire unused = &{1'b0, parsed_admission};

endmodule
