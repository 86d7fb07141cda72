// SPDX-License-Identifier: Apache-2.0
// Counts a packet's words and says what each means to AES and GHASH; adds the tail slot where one is needed.
//
// Inputs are registered; the slot of a word stands at the output in the next clock, combinational from those registers.
module gcm_slots
  import gcm_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         valid_i,
  output logic         ready_o,
  input  logic         first_i,
  input  packet_t      packet_i,
  input  logic [511:0] data_i,
  output logic         word_valid_o,  // the slot has payload
  output logic         slot_valid_o,
  output slot_t        slot_o,
  output logic [7:0]   number_o,
  output logic [511:0] data_o
);

  localparam logic [13:0] WordBytes = 14'd64;

  logic    word_q, first_q;
  packet_t packet_q;     // of the packet that came last
  logic    tail_d, tail_q;
  logic    has_tail_q;   // of that packet
  logic    short_q;      // it has one word
  logic    ending_q;     // left_q is one word, or none
  logic    begins;       // this slot is its packet's first
  logic [13:0] left, left_q;      // bytes from this slot on
  logic [7:0]  follow, follow_q;  // slots after this one
  logic [7:0]  number_q;
  logic [9:0]  blocks;            // of payload
  logic        last_word;

  always_ff @(posedge clk_i) begin
    word_q <= rst_ni && valid_i;
    if (valid_i) begin
      first_q <= first_i;
      data_o  <= data_i;
      if (first_i) begin
        packet_q   <= packet_i;
        has_tail_q <= has_tail(packet_i.length);
        short_q    <= packet_i.length <= WordBytes;
      end
    end
  end

  assign begins    = word_q && first_q;
  assign blocks    = 10'((packet_q.length + 14'd15) >> 4);
  assign left      = begins ? packet_q.length : left_q;
  assign follow    = begins ? 8'((blocks + 10'd5) >> 2) - 8'd1 : follow_q;  // ceil((blocks + 2) / 4) slots in all
  assign number_o  = begins ? '0 : number_q;
  assign last_word = word_q && (begins ? short_q : ending_q);
  assign tail_d    = last_word && has_tail_q;
  assign ready_o   = !tail_d;

  assign word_valid_o = word_q;
  assign slot_valid_o = word_q || tail_q;
  assign slot_o = '{
    packet:    packet_q,
    bytes:     tail_q ? '0 : !last_word ? 7'(WordBytes) : left[6:0],
    first:     begins,
    last_word: last_word,
    closing:   follow == '0,
    quarter:   blocks[1:0],
    lane:      number_o[1:0],
    continued: number_o >= 8'd4,
    power:     follow > 8'd4 ? 3'd4 : follow[2:0]
  };

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      tail_q <= 1'b0;
      left_q <= '0;
    end else begin
      tail_q <= tail_d;
      if (word_q) left_q <= last_word ? '0 : left - WordBytes;
      if (word_q) ending_q <= left <= 14'd2 * WordBytes;
    end
    if (slot_valid_o) begin
      follow_q <= follow - 8'd1;
      number_q <= number_o + 8'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (valid_i) assert (ready_o) else $error("a word in the clock of a tail");
      if (word_q) assert (first_q == (left_q == '0)) else $error("first_i is not where a packet begins");
      if (begins) assert (packet_q.length != '0 && packet_q.length <= 14'd9216) else $error("length outside 1 to 9216");
      if (tail_q) assert (follow == '0) else $error("a tail that was not due");
      if (last_word) assert (tail_d == (follow != '0)) else $error("a tail too many, or missing");
    end
  end

endmodule
