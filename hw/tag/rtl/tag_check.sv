// SPDX-License-Identifier: Apache-2.0
// Says who sent a packet by its tag, a constant number of clocks after it was asked (hw/README.md, "Who sent the packet").
//
// A packet every two clocks at most. Reset and `wipe_i` (a pulse) zero every row; until `wiping_o` falls no tag is known.
module tag_check
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, host_if_pkg::*, tag_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  table_write_t table_write_i,
  input  logic         wipe_i,
  output logic         wiping_o,
  input  logic         plain_tags_i,
  // asked
  input  logic         valid_i,
  input  claim_t       claim_i,
  // what parse says of the same packet, ParseLatency later
  input  logic         parsed_valid_i,
  input  logic         parsed_passes_i,     // step 5 lets it
  input  logic [31:0]  parsed_generation_i,
  input  address_t     parsed_source_i,
  // CheckLatency after the question
  output logic         valid_o,
  output logic         named_o,             // the principal is this, whatever the address says
  output logic [15:0]  principal_o,
  output tag_counts_t  counts_o,            // a pulse
  output logic         event_valid_o,       // a pulse: tag_rejected
  output notice_t      event_o
);

  // ---- the row --------------------------------------------------------------------------------------------------------------------

  // What the memory keeps of it.
  typedef struct packed {
    logic [127:0] key;
    logic [31:0]  handle;
    logic [15:0]  principal;
    logic         valid;
  } stored_t;

  logic [TagIndexBits-1:0] wipe_row;
  tag_key_t                written;
  stored_t                 stored, row_q;
  logic                    asked_q, row_valid_q;
  claim_t                  asked_claim_q, row_claim_q;

  if (TagRows != SaRows) $fatal(1, "the walk that wipes SAs is too short or too long for tags");
  wipe_walk u_wipe (.clk_i, .rst_ni, .wipe_i, .wiping_o, .row_o(wipe_row));

  assign written = tag_key_t'(table_write_i.data);

  ram_1r1w #(
    .Width($bits(stored_t)),
    .Rows (TagRows)
  ) u_rows (
    .clk_i,
    .write_i     (wiping_o || (table_write_i.valid && table_write_i.table_id == TableTagKey)),
    .write_row_i (wiping_o ? wipe_row : table_write_i.row[TagIndexBits-1:0]),
    .write_data_i(wiping_o ? '0 : stored_t'{written.key, written.handle, written.principal, written.valid}),
    .read_i      (valid_i),
    .read_row_i  (claim_i.tag.handle[TagIndexBits-1:0]),
    .read_data_o (stored)
  );

  always_ff @(posedge clk_i) begin
    asked_q     <= rst_ni && valid_i;
    row_valid_q <= rst_ni && asked_q;
    if (valid_i) asked_claim_q <= claim_i;
    if (asked_q) begin
      row_q       <= stored;
      row_claim_q <= asked_claim_q;
    end
  end

  // ---- the check ------------------------------------------------------------------------------------------------------------------

  // What waits for it.
  typedef struct packed {
    sender_t     sender;
    logic        present;
    logic        plain;
    logic        known;      // the row is the handle's
    logic [15:0] principal;  // the row's
    logic [63:0] check;      // the tag's
  } waiting_t;

  logic [127:0] key;
  logic         checked;
  logic [63:0]  check;
  waiting_t     row_waiting, waiting;

  for (genvar i = 0; i < 16; i++) begin : gen_key
    assign key[8*(15-i)+:8] = row_q.key[8*i+:8];
  end

  siphash_36 u_siphash (
    .clk_i,
    .valid_i  (row_valid_q),
    .key_i    (key),
    .message_i({row_claim_q.tag.handle, row_claim_q.source, row_claim_q.destination}),
    .valid_o  (),  // with what waits, whose valid is reset
    .check_o  (check)
  );

  assign row_waiting = '{
    sender:    row_claim_q.sender,
    present:   row_claim_q.tag.present,
    plain:     row_claim_q.tag.plain,
    known:     row_q.valid && row_q.handle == row_claim_q.tag.handle,
    principal: row_q.principal,
    check:     row_claim_q.tag.check
  };

  delay_line #(
    .Width ($bits(waiting_t)),
    .Clocks(siphash_36_pkg::Latency)
  ) u_waiting (
    .clk_i,
    .rst_ni,
    .valid_i(row_valid_q),
    .data_i (row_waiting),
    .valid_o(checked),
    .data_o (waiting)
  );

  // ---- the answer -----------------------------------------------------------------------------------------------------------------

  logic        parsed, passes;
  logic [31:0] generation;
  address_t    source;

  delay_line #(
    .Width (1 + 32 + $bits(address_t)),
    .Clocks(SenderLatency - 1)
  ) u_parsed (
    .clk_i,
    .rst_ni,
    .valid_i(parsed_valid_i),
    .data_i ({parsed_passes_i, parsed_generation_i, parsed_source_i}),
    .valid_o(parsed),
    .data_o ({passes, generation, source})
  );

  logic        compared_q;
  sender_t     sender_q;
  logic        present_q, known_q, same_q, refused_q;
  logic [15:0] principal_q;
  tag_counts_t counts;

  always_comb begin
    counts = '0;
    if (present_q && !sender_q.known) begin
      counts.plain   = refused_q;
      counts.unknown = !refused_q && !known_q;
      counts.forged  = !refused_q && known_q && !same_q;
      counts.ok      = !refused_q && known_q && same_q;
    end
  end

  always_ff @(posedge clk_i) begin
    compared_q <= rst_ni && checked;
    if (checked) begin
      sender_q    <= waiting.sender;
      present_q    <= waiting.present;
      known_q     <= waiting.known;
      refused_q   <= waiting.plain && !plain_tags_i;
      same_q      <= waiting.plain || waiting.check == check;
      principal_q <= waiting.principal;
    end
    valid_o       <= rst_ni && compared_q;
    counts_o      <= rst_ni && compared_q && passes ? counts : '0;
    event_valid_o <= rst_ni && compared_q && passes && (counts.plain || counts.unknown || counts.forged);
    if (compared_q) begin
      named_o     <= sender_q.known || present_q;
      principal_o <= sender_q.known ? sender_q.principal : counts.ok ? principal_q : '0;
      event_o     <= '{
        upcall:       UpcallTagRejected,
        port:         PortLan,
        generation:   generation,
        spi:          '0,
        sa_index:     '0,
        policy_id:    '0,
        principal:    '0,
        outbound:     1'b0,
        decapsulated: 1'b0,
        source:       source,
        length:       '0
      };
    end
    if (rst_ni) begin
      assert (compared_q == parsed) else $error("a packet's tag and its headers have parted");
      assert (!wiping_o || !table_write_i.valid) else $error("a table write while rows are zeroed");
      assert (!valid_i || !asked_q) else $error("packets faster than every two clocks");
    end
  end

  wire unused = &{1'b0, written};

endmodule
