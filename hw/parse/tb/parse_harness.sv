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
  output logic          ipv6_o,
  output logic [ 7:0]   ip_next_header_o,
  output logic [ 2:0]   last_extension_o,
  output logic          df_o,
  output logic          fragment_o,
  output logic          opens_o,
  output logic [6:0]    header_o,
  output logic [7:0]    tos_o,
  output logic [15:0]   total_o,
  output logic [15:0]   identification_o,
  output logic [19:0]   flow_label_o,
  output logic [7:0]    ttl_o,
  output logic [7:0]    protocol_o,
  output logic [15:0]   checksum_o,
  output address_t      source_o,
  output address_t      destination_o,
  output logic [15:0]   source_port_o,
  output logic [15:0]   destination_port_o,
  output logic          keepalive_o,
  output logic          present_o,
  output logic          ah_o,
  output logic          encap_o,
  output logic [15:0]   ipsec_bytes_o,
  output logic [63:0]   spi_seq_o,
  output logic [63:0]   iv_o,
  output logic [7:0]    next_header_o,
  output logic [10:0]   ah_bytes_o,
  output logic [31:0]   latency_o
);

  admission_t admission, parsed_admission;
  verdict_t   verdict;
  ip_t        ip;
  ipsec_t     ipsec;

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
    .ip_o       (ip),
    .ipsec_o    (ipsec)
  );

  assign latency_o          = ParseLatency;
  assign fate_o             = verdict.fate;
  assign drop_o             = verdict.drop;
  assign upcall_o           = verdict.upcall;
  assign ipv6_o             = ip.ipv6;
  assign ip_next_header_o   = ip.next_header;
  assign last_extension_o   = ip.last_extension;
  assign df_o               = ip.df;
  assign fragment_o         = ip.fragment;
  assign opens_o            = ip.opens;
  assign header_o           = ip.header;
  assign tos_o              = ip.tos;
  assign total_o            = ip.total;
  assign identification_o   = ip.identification;
  assign flow_label_o       = ip.flow_label;
  assign ttl_o              = ip.ttl;
  assign protocol_o         = ip.protocol;
  assign checksum_o         = ip.checksum;
  assign source_o           = ip.source;
  assign destination_o      = ip.destination;
  assign source_port_o      = ip.source_port;
  assign destination_port_o = ip.destination_port;
  assign keepalive_o        = ipsec.keepalive;
  assign present_o          = ipsec.present;
  assign ah_o               = ipsec.ah;
  assign encap_o            = ipsec.encap;
  assign ipsec_bytes_o      = ipsec.bytes;
  assign spi_seq_o          = {ipsec.spi, ipsec.seq};
  assign iv_o               = ipsec.iv;
  assign next_header_o      = ipsec.next_header;
  assign ah_bytes_o         = ipsec.ah_bytes;

  wire unused = &{1'b0, parsed_admission};

endmodule
