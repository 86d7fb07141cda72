// SPDX-License-Identifier: Apache-2.0
// tag_check with its structures brought out field by field, for the test. What parse says comes by itself, as late as it would.
module tag_check_harness
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, host_if_pkg::*, tag_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         write_valid_i,
  input  logic [7:0]   write_table_id_i,
  input  logic [15:0]  write_row_i,
  input  logic [511:0] write_data_i,
  input  logic         wipe_i,
  output logic         wiping_o,
  input  logic         plain_tags_i,
  input  logic         valid_i,
  input  logic         known_i,
  input  logic [15:0]  principal_i,
  input  logic         present_i,
  input  logic         plain_i,
  input  logic [31:0]  handle_i,
  input  logic [63:0]  check_i,
  input  address_t     source_i,
  input  address_t     destination_i,
  input  logic         passes_i,
  input  logic [31:0]  generation_i,
  output logic         valid_o,
  output logic         named_o,
  output logic [15:0]  principal_o,
  output logic [3:0]   counts_o,         // ok, unknown, forged, plain
  output logic         event_valid_o,
  output logic [7:0]   event_upcall_o,
  output logic [31:0]  event_generation_o,
  output address_t     event_source_o,
  output logic [31:0]  latency_o
);

  claim_t      claim;
  logic        parsed_valid, passes;
  logic [31:0] generation;
  address_t    source;
  tag_counts_t counts;
  notice_t     rejection;

  assign claim = '{
    sender: '{known: known_i, principal: principal_i},
    tag: '{present: present_i, plain: plain_i, handle: handle_i, check: check_i},
    source: source_i,
    destination: destination_i
  };

  delay_line #(
    .Width (1 + 32 + $bits(address_t)),
    .Clocks(ParseLatency)
  ) u_parse (
    .clk_i,
    .rst_ni,
    .valid_i,
    .data_i ({passes_i, generation_i, source_i}),
    .valid_o(parsed_valid),
    .data_o ({passes, generation, source})
  );

  tag_check u_tag_check (
    .clk_i,
    .rst_ni,
    .table_write_i      ('{
      valid: write_valid_i, table_id: table_e'(write_table_id_i), bank: 1'b0, row: write_row_i, data: write_data_i
    }),
    .wipe_i,
    .wiping_o,
    .plain_tags_i,
    .valid_i,
    .claim_i            (claim),
    .parsed_valid_i     (parsed_valid),
    .parsed_passes_i    (passes),
    .parsed_generation_i(generation),
    .parsed_source_i    (source),
    .valid_o,
    .named_o,
    .principal_o,
    .counts_o           (counts),
    .event_valid_o,
    .event_o            (rejection)
  );

  assign counts_o           = {counts.plain, counts.forged, counts.unknown, counts.ok};
  assign event_upcall_o     = rejection.upcall;
  assign event_generation_o = rejection.generation;
  assign event_source_o     = rejection.source;
  assign latency_o          = CheckLatency;

  wire unused = &{1'b0, rejection};

endmodule
