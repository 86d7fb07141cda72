// SPDX-License-Identifier: Apache-2.0
// Sends finished packets of one direction in the order in which they came: the beats of their rows, outbound with the first eight
// bytes in front and ICV behind, or beside them when it belongs into AH. One beat a clock, and two clocks between packets.
module chain_release
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
#(
  parameter bit Outbound = 1'b1,
  parameter type SideT = logic
) (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  logic         done_i,         // the oldest packet is finished
  output logic         load_o,         // tell about it in the next clock, and until the next load
  input  context_t     context_i,
  input  SideT         side_i,
  input  logic [255:0] icv_i,          // outbound; byte 0 in bits 7:0

  output logic         advance_o,      // a clock that counts for reads
  output logic         read_o,
  output place_t       read_place_o,   // of 8 words
  input  logic [511:0] read_data_i,    // two clocks later

  output logic         released_o,     // the packet's rows are not needed any more
  output row_count_t   released_rows_o,

  stream_if.src        out,
  output SideT         side_o,
  output logic [255:0] icv_o,          // outbound
  output logic         busy_o
);

  typedef struct packed {
    SideT         side;
    logic [255:0] icv;
  } beside_t;

  // All stages stand still together while what leaves them finds no place.
  stream_if leaving (.clk_i, .rst_ni);
  beside_t  beside, beside_out;
  logic     advance;

  assign advance   = leaving.ready;
  assign advance_o = advance;

  // ---- a packet is told about ---------------------------------------------------------------------------------------------------

  logic        told_q;
  logic        sending_q;        // its beats are read
  logic        first_q, last_q;  // the one read now is
  place_t      place_q;
  logic [7:0]  behind_q;         // beats behind it
  row_count_t  rows_q;
  logic [7:0]  before_icv_q;     // beats in front of the one in which the ICV begins
  logic [3:0]  icv_word_q;       // of 4 bytes: everything of ESP begins and ends at one
  logic        has_icv_q;
  logic        icv_began_q;      // in the beat before
  logic        take;

  assign load_o       = done_i && !told_q && !sending_q && advance;
  assign take         = sending_q && advance;
  assign read_o       = sending_q;
  assign read_place_o = place_q;

  always_ff @(posedge clk_i) begin
    told_q <= rst_ni && load_o;
    if (told_q) begin
      sending_q    <= 1'b1;
      first_q      <= 1'b1;
      last_q       <= context_i.sent <= 14'd64;
      place_q      <= {context_i.row, 4'd0};
      behind_q     <= 8'((context_i.sent - 14'd1) >> 6);
      rows_q       <= context_i.rows;
      before_icv_q <= context_i.bytes[13:6];
      icv_word_q   <= context_i.bytes[5:2];
      has_icv_q    <= !context_i.packet.ah;
      icv_began_q  <= 1'b0;
    end else if (take) begin
      sending_q    <= !last_q;
      first_q      <= 1'b0;
      last_q       <= behind_q == 8'd1;
      place_q      <= place_q + place_t'(8);
      behind_q     <= behind_q - 8'd1;
      before_icv_q <= before_icv_q - 8'd1;
      icv_began_q  <= before_icv_q == '0;
    end
    if (!rst_ni) sending_q <= 1'b0;
  end

  // ---- its beats come from the store ---------------------------------------------------------------------------------------------

  typedef struct packed {
    logic       first;
    logic       last;
    logic       icv_begins;  // in this beat; or in the one before
    logic       icv_began;
    logic [3:0] icv_word;
  } reading_t;

  logic          one_valid_q, two_valid_q;
  reading_t      one_q, two_q;
  beside_t       beside_q;
  logic [5:0]    empty_q;
  logic [511:0]  icv_q;        // the ICV where it lies in a beat, and from its beginning again
  logic [15:0]   from_icv_q;   // words that it has
  logic [63:0]   header_q;
  logic [511:0]  icv_turned;

  always_comb begin
    for (int unsigned w = 0; w < 16; w++) icv_turned[32*w+:32] = icv_i[32*((w-32'(one_q.icv_word))%8)+:32];
  end

  always_ff @(posedge clk_i) begin
    released_o <= rst_ni && advance && one_valid_q && one_q.last;
    if (one_q.last) released_rows_o <= rows_q;
    if (!rst_ni) begin
      one_valid_q <= 1'b0;
      two_valid_q <= 1'b0;
    end else if (advance) begin
      one_valid_q <= sending_q;
      two_valid_q <= one_valid_q;
    end
    if (take) one_q <= '{first: first_q, last: last_q, icv_begins: has_icv_q && before_icv_q == '0, icv_began: has_icv_q && icv_began_q,
                         icv_word: icv_word_q};
    if (advance && one_valid_q) begin
      two_q <= one_q;
      for (int unsigned w = 0; w < 16; w++)
        from_icv_q[w] <= one_q.icv_begins ? 4'(w) >= one_q.icv_word : one_q.icv_began && 4'(w) < one_q.icv_word;
      if (one_q.first) begin
        beside_q <= '{side: side_i, icv: Outbound ? icv_i : '0};
        empty_q  <= 6'd0 - context_i.sent[5:0];
        icv_q    <= icv_turned;
        header_q <= swapped_64({context_i.packet.spi, context_i.packet.seq[31:0]});
      end
    end
  end

  // What lies behind the ICV does not matter.
  always_comb begin
    leaving.valid = two_valid_q;
    leaving.beat  = '{data: read_data_i, empty: two_q.last ? empty_q : '0, last: two_q.last};
    if (Outbound) begin
      for (int unsigned w = 0; w < 16; w++) if (from_icv_q[w]) leaving.beat.data[32*w+:32] = icv_q[32*w+:32];
      if (two_q.first) leaving.beat.data[63:0] = header_q;
    end
    beside = beside_q;
  end

  beat_register #(
    .SideT(beside_t)
  ) u_out (
    .clk_i,
    .rst_ni,
    .in    (leaving),
    .side_i(beside),
    .out,
    .side_o(beside_out)
  );

  assign side_o = beside_out.side;
  assign icv_o  = beside_out.icv;
  assign busy_o = one_valid_q || two_valid_q || out.valid;

endmodule
