// SPDX-License-Identifier: Apache-2.0
// lookup with its structs brought out field by field, for the test.
module lookup_harness
  import layout_pkg::*, stream_pkg::*;
#(
  parameter bit Outbound = 1'b1,
  parameter int unsigned Wait = 0  // clocks that a name comes later than the principal table's answer
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         write_valid_i,
  input  logic [7:0]   write_table_id_i,
  input  logic         write_bank_i,
  input  logic [15:0]  write_row_i,
  input  logic [511:0] write_data_i,
  output logic         table_ready_o,
  input  logic [31:0]  hash_seed_i,
  input  logic         valid_i,
  input  logic         bank_i,
  input  address_t     source_i,
  input  address_t     destination_i,
  input  logic [15:0]  source_port_i,
  input  logic [15:0]  destination_port_i,
  input  logic [7:0]   protocol_i,
  input  logic         named_i,  // with valid_i; the lookup gets it when it asks
  input  logic [15:0]  name_i,
  output logic         valid_o,
  output logic [15:0]  principal_o,
  output logic         hit_o,
  output logic [511:0] rule_o,
  output logic [511:0] route_o,
  output logic [31:0]  latency_o
);

  table_write_t   write;
  lookup_key_t    key;
  lookup_result_t result;

  assign write = '{
    valid: write_valid_i, table_id: table_e'(write_table_id_i), bank: write_bank_i, row: write_row_i, data: write_data_i
  };
  assign key = '{
    bank: bank_i, source: source_i, destination: destination_i, source_port: source_port_i,
    destination_port: destination_port_i, protocol: protocol_i
  };

  localparam int unsigned Sender = lookup_pkg::PrincipalLatency + Wait;

  logic        named;
  logic [15:0] name;

  delay_line #(.Width(17), .Clocks(Sender)) u_name (
    .clk_i, .rst_ni, .valid_i, .data_i({named_i, name_i}), .valid_o(), .data_o({named, name}));

  lookup #(.Outbound(Outbound), .Sender(Sender)) u_lookup (
    .clk_i, .rst_ni, .table_write_i(write), .table_ready_o, .hash_seed_i, .valid_i, .key_i(key), .named_i(named), .name_i(name),
    .valid_o, .result_o(result));

  assign principal_o = result.principal;
  assign hit_o       = result.hit;
  assign rule_o      = result.rule;
  assign route_o     = result.route;
  assign latency_o   = lookup_pkg::latency(Sender);

endmodule
