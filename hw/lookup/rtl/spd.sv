// SPDX-License-Identifier: Apache-2.0
// The first SPD rule that a packet matches (RFC 4301 4.4.1): each of six keys selects a bitmap of the rules it satisfies; the
// lowest bit set in all six is the rule.
//
// The principal's search begins with another engine's answer, so it comes last, and the other searches' results wait for it:
// an interval's number is cheaper to delay than its bitmap.
module spd
  import layout_pkg::*, stream_pkg::*, lookup_pkg::*;
#(
  parameter table_e First = TableSpdOutSourceStart,  // of the twelve tables of its direction
  parameter int unsigned Sender = PrincipalLatency   // clocks from valid_i to principal_valid_i
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         clearing_i,         // a row of every table is written
  input  table_write_t table_write_i,
  input  logic         valid_i,            // at most every two clocks
  input  lookup_key_t  key_i,
  input  logic         principal_valid_i,  // Sender later, the same packet's
  input  logic         principal_bank_i,
  input  logic [15:0]  principal_i,
  output logic         valid_o,            // row_read(Sender) + 1 after valid_i
  output logic         hit_o,
  output spd_rule_t    rule_o              // when hit_o
);

  // Tables of one direction, in the order of layout::SpdTable.
  typedef enum logic [3:0] {
    SourceStart, Source, DestinationStart, Destination, SourcePortStart, SourcePort, DestinationPortStart, DestinationPort,
    PrincipalStart, Principal, Protocol, Rule
  } spd_table_e;
  localparam int unsigned Tables = 12;

  logic [Tables-1:0] written;  // table_write_i's row is one of this table
  for (genvar t = 0; t < Tables; t++) begin : gen_written
    assign written[t] = clearing_i || (table_write_i.valid && table_write_i.table_id == table_e'(8'(First) + 8'(t)));
  end

  // ---- searches ---------------------------------------------------------------------------------------------------------------

  localparam int unsigned WideBits = $clog2(AddressIntervals);
  localparam int unsigned PortBits = $clog2(PortIntervals);
  localparam int unsigned PrincipalBits = $clog2(PrincipalIntervals);

  logic                     read;  // the bitmaps of a packet
  logic                     read_bank;
  logic [WideBits-1:0]      source, destination;
  logic [PortBits-1:0]      source_port, destination_port;
  logic [PrincipalBits-1:0] principal;
  logic [7:0]               protocol;

  // Outputs left open below say what `read` and `read_bank` say.

  timed_search #(.KeyBits($bits(address_t)), .Intervals(AddressIntervals), .Answer(bitmap_read(Sender))) u_source (
    .clk_i, .rst_ni, .write_i(written[SourceStart]), .table_write_i,
    .valid_i, .bank_i(key_i.bank), .key_i(key_i.source), .valid_o(), .bank_o(), .interval_o(source));

  timed_search #(.KeyBits($bits(address_t)), .Intervals(AddressIntervals), .Answer(bitmap_read(Sender))) u_destination (
    .clk_i, .rst_ni, .write_i(written[DestinationStart]), .table_write_i,
    .valid_i, .bank_i(key_i.bank), .key_i(key_i.destination), .valid_o(), .bank_o(), .interval_o(destination));

  timed_search #(.KeyBits(16), .Intervals(PortIntervals), .Answer(bitmap_read(Sender))) u_source_port (
    .clk_i, .rst_ni, .write_i(written[SourcePortStart]), .table_write_i,
    .valid_i, .bank_i(key_i.bank), .key_i(key_i.source_port), .valid_o(), .bank_o(), .interval_o(source_port));

  timed_search #(.KeyBits(16), .Intervals(PortIntervals), .Answer(bitmap_read(Sender))) u_destination_port (
    .clk_i, .rst_ni, .write_i(written[DestinationPortStart]), .table_write_i,
    .valid_i, .bank_i(key_i.bank), .key_i(key_i.destination_port), .valid_o(), .bank_o(), .interval_o(destination_port));

  interval_search #(.KeyBits(16), .Intervals(PrincipalIntervals)) u_principal (
    .clk_i, .rst_ni, .write_i(written[PrincipalStart]), .table_write_i,
    .valid_i(principal_valid_i), .bank_i(principal_bank_i), .key_i(principal_i),
    .valid_o(read), .bank_o(read_bank), .interval_o(principal));

  delay_line #(.Width(8), .Clocks(bitmap_read(Sender))) u_protocol (
    .clk_i, .rst_ni, .valid_i, .data_i(key_i.protocol), .valid_o(), .data_o(protocol));

  // ---- bitmaps ----------------------------------------------------------------------------------------------------------------

  logic [SpdRules-1:0] source_rules, destination_rules, source_port_rules, destination_port_rules, principal_rules, protocol_rules;
  logic                match_valid_q;

  rule_bitmaps #(.Intervals(AddressIntervals)) u_source_rules (
    .clk_i, .clearing_i, .write_i(written[Source]), .table_write_i,
    .read_i(read), .bank_i(read_bank), .interval_i(source), .rules_o(source_rules));

  rule_bitmaps #(.Intervals(AddressIntervals)) u_destination_rules (
    .clk_i, .clearing_i, .write_i(written[Destination]), .table_write_i,
    .read_i(read), .bank_i(read_bank), .interval_i(destination), .rules_o(destination_rules));

  rule_bitmaps #(.Intervals(PortIntervals)) u_source_port_rules (
    .clk_i, .clearing_i, .write_i(written[SourcePort]), .table_write_i,
    .read_i(read), .bank_i(read_bank), .interval_i(source_port), .rules_o(source_port_rules));

  rule_bitmaps #(.Intervals(PortIntervals)) u_destination_port_rules (
    .clk_i, .clearing_i, .write_i(written[DestinationPort]), .table_write_i,
    .read_i(read), .bank_i(read_bank), .interval_i(destination_port), .rules_o(destination_port_rules));

  rule_bitmaps #(.Intervals(PrincipalIntervals)) u_principal_rules (
    .clk_i, .clearing_i, .write_i(written[Principal]), .table_write_i,
    .read_i(read), .bank_i(read_bank), .interval_i(principal), .rules_o(principal_rules));

  rule_bitmaps #(.Intervals(Protocols)) u_protocol_rules (
    .clk_i, .clearing_i, .write_i(written[Protocol]), .table_write_i,
    .read_i(read), .bank_i(read_bank), .interval_i(protocol), .rules_o(protocol_rules));

  // ---- first match, and its row -----------------------------------------------------------------------------------------------

  // What a memory keeps of a rule.
  typedef struct packed {
    logic [15:0] sa_index;
    logic [15:0] policy_id;
    logic        syn_to_host;
    logic [1:0]  action;
  } stored_t;

  logic                        matched;
  logic                        match_hit;
  logic [$clog2(SpdRules)-1:0] match_rule;
  logic                        match_bank;
  spd_rule_t                   written_rule;
  stored_t                     written_stored, stored;

  always_ff @(posedge clk_i) match_valid_q <= rst_ni && read;

  rule_match u_match (
    .clk_i,
    .valid_i           (match_valid_q),
    .source_i          (source_rules),
    .destination_i     (destination_rules),
    .protocol_i        (protocol_rules),
    .source_port_i     (source_port_rules),
    .destination_port_i(destination_port_rules),
    .principal_i       (principal_rules),
    .valid_o           (),  // with the bank, whose valid is reset
    .hit_o             (match_hit),
    .rule_o            (match_rule)
  );

  delay_line #(.Width(1), .Clocks(row_read(Sender) - bitmap_read(Sender))) u_bank (
    .clk_i, .rst_ni, .valid_i(read), .data_i(read_bank), .valid_o(matched), .data_o(match_bank));

  assign written_rule   = spd_rule_t'(table_write_i.data);
  assign written_stored = '{
    sa_index:    written_rule.sa_index,
    policy_id:   written_rule.policy_id,
    syn_to_host: written_rule.syn_to_host,
    action:      written_rule.action
  };

  banked_rows #(.Width($bits(stored_t)), .Rows(SpdRules)) u_rules (
    .clk_i, .write_i(written[Rule]), .table_write_i, .data_i(written_stored),
    .read_i(matched), .bank_i(match_bank), .row_i(match_rule), .data_o(stored));

  always_ff @(posedge clk_i) begin
    valid_o <= rst_ni && matched;
    if (matched) hit_o <= match_hit;
  end

  always_comb begin
    rule_o             = '0;
    rule_o.sa_index    = stored.sa_index;
    rule_o.policy_id   = stored.policy_id;
    rule_o.syn_to_host = stored.syn_to_host;
    rule_o.action      = stored.action;
  end

endmodule
