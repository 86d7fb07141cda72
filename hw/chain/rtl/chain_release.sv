// SPDX-License-Identifier: Apache-2.0
// Sends finished packets of one direction in the order in which they came: the beats of their rows, outbound with the first eight
// bytes in front and ICV behind, or beside them when it belongs into AH. One beat a clock, and a clock between packets.
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

  output logic         read_o,
  output place_t       read_place_o,   // of 8 words
  input  logic [511:0] read_data_i,    // in the next clock

  output logic         released_o,     // the packet's rows are not needed any more
  output row_count_t   released_rows_o,

  stream_if.src        out,
  output SideT         side_o,
  output logic [255:0] icv_o,          // outbound
  output logic         busy_o
);

  logic        sending_q;   // the packet told about
  logic [7:0]  beat_q;      // to be read next
  logic [13:0] length;      // of what is sent
  logic        take, last;
  logic        read_valid_q, read_last_q;   // a beat comes from the store
  logic [7:0]  read_beat_q;
  logic        ready;       // the output register can take a beat
  logic        advance;     // what comes from the store is taken, or nothing comes

  // Words of 4 bytes: everything of ESP begins and ends at one. What lies behind the ICV does not matter.
  logic [12:0] icv_word;  // where it begins
  assign icv_word = 13'(authenticated_bytes(context_i.packet) >> 2);

  logic [13:0] outbound_bytes;
  assign outbound_bytes = context_i.packet.ah ? authenticated_bytes(context_i.packet) : esp_bytes(context_i.packet);

  function automatic logic [31:0] esp_word(logic [12:0] behind, logic [31:0] data, logic [255:0] icv);
    return behind[12] ? data : icv[32*behind[2:0]+:32];
  endfunction

  assign ready   = !out.valid || out.ready;
  assign advance = !read_valid_q || ready;
  assign busy_o  = sending_q || read_valid_q || out.valid;

  assign load_o = done_i && !sending_q && advance;
  assign length = Outbound ? outbound_bytes : context_i.packet.ciphertext;
  assign last   = {beat_q, 6'd0} + 14'd64 >= length;

  // While a beat waits for its turn it is read again and again.
  assign take            = sending_q && advance;
  assign read_o          = take || !advance;
  assign read_place_o    = place_of(context_i.row, {advance ? beat_q : read_beat_q, 6'd0});
  assign released_o      = read_valid_q && read_last_q && ready;
  assign released_rows_o = packet_rows(context_i.packet);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      sending_q    <= 1'b0;
      read_valid_q <= 1'b0;
      out.valid    <= 1'b0;
    end else begin
      if (load_o) sending_q <= 1'b1;
      else if (take && last) sending_q <= 1'b0;
      if (advance) read_valid_q <= sending_q;
      if (ready) out.valid <= read_valid_q;
    end
    if (load_o) beat_q <= '0;
    else if (take) beat_q <= beat_q + 8'd1;
    if (take) begin
      read_beat_q <= beat_q;
      read_last_q <= last;
    end
    if (read_valid_q && ready) begin
      side_o   <= side_i;
      if (Outbound) icv_o <= icv_i;
      out.beat <= '{data: read_data_i, empty: read_last_q ? 6'd0 - length[5:0] : '0, last: read_last_q};
      if (Outbound) begin
        for (int unsigned w = 0; w < 16; w++) begin
          if (!context_i.packet.ah) out.beat.data[32*w+:32] <= esp_word({1'b0, read_beat_q, 4'(w)} - icv_word, read_data_i[32*w+:32], icv_i);
        end
        if (read_beat_q == '0) out.beat.data[63:0] <= swapped_64({context_i.packet.spi, context_i.packet.seq[31:0]});
      end
    end
  end

endmodule
