// SPDX-License-Identifier: Apache-2.0
// Writes packets of one direction into its store, gives them a context, and keeps count of contexts, packets and rows.
//
// A packet is announced (`arrived_o`) in the clock in which its last beat is written. `room_o` promises a context, a number and the rows
// of a longest packet, except in the clock behind a packet's last beat, of which it does not know yet. Without room, and in that clock, a
// first beat waits, and no other ever does. A beat passes three registers, in which everything is worked out that follows from what was
// said of the packet.
module chain_intake
  import layout_pkg::*, stream_pkg::*, chain_pkg::*, chain_hmac_pkg::*;
#(
  parameter bit Outbound = 1'b1,
  parameter int unsigned Contexts = 64
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  stream_if.snk         in,
  input  chain_packet_t packet_i,
  output logic          room_o,
  output logic          busy_o,        // a packet is inside, or was in the last clock

  output logic          entered_o,     // a packet's last beat is taken
  output number_t       entered_number_o,

  output logic          write_o,
  output place_t        write_place_o,
  output logic [511:0]  write_data_o,

  output logic          arrived_o,
  output context_t      context_o,
  output logic          icv_valid_o,   // inbound, a clock later
  output number_t       icv_number_o,
  output logic          icv_any_o,     // the packet has one
  output logic [255:0]  icv_o,         // as received, zero behind its last byte

  input  logic          hashed_i,      // a context is free again
  input  slot_t         hashed_slot_i,
  input  logic          released_i,    // a number with its rows is
  input  row_count_t    released_rows_i
);

  localparam int unsigned SlotBits = $clog2(Contexts);
  if (Contexts != 1 << SlotBits || Contexts < 8 || Contexts > MaxContexts)
    $fatal(1, "Contexts must be a power of two from 8 to chain_pkg::MaxContexts");

  // ---- at the port ------------------------------------------------------------------------------------------------------------

  logic              first_q, entered_q;
  logic              take;
  logic [SlotBits:0] number_q;
  logic              contexts_left, numbers_left, no_packets, rows_left_q, filled_q;

  assign in.ready         = !first_q || (room_o && !entered_q);
  assign take             = in.valid && in.ready;
  assign entered_o        = take && in.beat.last;
  assign entered_number_o = number_t'(number_q);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q   <= 1'b1;
      entered_q <= 1'b0;
      room_o    <= 1'b0;
      number_q  <= '0;
    end else begin
      entered_q <= entered_o;
      room_o    <= contexts_left && numbers_left && rows_left_q && filled_q;
      if (take) first_q <= in.beat.last;
      if (entered_o) number_q <= number_q + 1'b1;
    end
  end

  // ---- three registers --------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic          first;
    number_t       number;
    beat_t         beat;
    chain_packet_t packet;
  } entering_t;

  logic       valid1_q, valid2_q, valid3_q;
  entering_t  one_q, two_q, three_q;
  lane_e      lane2_q, lane3_q;
  logic [6:0] icv2_q;              // bytes of the ICV
  logic [13:0] bytes2_q, bytes3_q;
  logic [13:0] sent3_q;
  logic [13:0] end3_q;             // of the ESP packet, up to a row's last byte
  units_t     last_block3_q;
  logic [13:0] icv_and_row;        // bytes of the ICV, and 127 to round up

  assign icv_and_row = 14'(icv2_q) + 14'd127;

  always_ff @(posedge clk_i) begin
    valid1_q <= rst_ni && take;
    valid2_q <= rst_ni && valid1_q;
    valid3_q <= rst_ni && valid2_q;
    if (take) one_q <= '{first: first_q, number: entered_number_o, beat: in.beat, packet: packet_i};
    if (valid1_q) begin
      two_q    <= one_q;
      bytes2_q <= 14'd8 + 14'(iv_bytes(one_q.packet.cipher)) + one_q.packet.ciphertext;
      icv2_q   <= integrity_icv_bytes(one_q.packet.integrity);
      lane2_q  <= lane_of(one_q.packet.integrity);
    end
    if (valid2_q) begin
      three_q       <= two_q;
      bytes3_q      <= bytes2_q;
      lane3_q       <= lane2_q;
      last_block3_q <= last_block_of(lane2_q, two_q.packet.esn, bytes2_q);
      end3_q        <= bytes2_q + icv_and_row;
      if (!Outbound) sent3_q <= two_q.packet.ciphertext;
      else sent3_q <= bytes2_q + (two_q.packet.ah ? '0 : 14'(icv2_q));
    end
  end

  // ---- written and announced --------------------------------------------------------------------------------------------------

  row_t        row_q;
  row_count_t  rows;
  place_t      place_q;
  logic [63:0] iv, iv_q;
  slot_t       slot;

  assign write_o       = valid3_q;
  assign write_place_o = place_q;
  assign write_data_o  = three_q.beat.data;
  assign arrived_o     = valid3_q && three_q.beat.last;
  assign rows          = row_count_t'(end3_q[13:7]);
  assign iv            = three_q.first ? swapped_64(three_q.beat.data[127:64]) : iv_q;
  assign context_o = '{
    number:     three_q.number,
    slot:       slot,
    row:        row_q,
    rows:       rows,
    iv:         Outbound ? three_q.packet.seq : iv,
    bytes:      bytes3_q,
    sent:       sent3_q,
    lane:       lane3_q,
    last_block: last_block3_q,
    packet:     three_q.packet
  };

  always_ff @(posedge clk_i) begin
    if (valid3_q) iv_q <= iv;
    if (!rst_ni) begin
      row_q   <= '0;
      place_q <= '0;
    end else if (arrived_o) begin
      row_q   <= row_q + row_t'(rows);
      place_q <= {row_q + row_t'(rows), 4'd0};
    end else if (valid3_q) begin
      place_q <= place_q + place_t'(8);
    end
  end

  // ---- the ICV received: the packet's last bytes, which end in this beat and may begin in the one before --------------------------

  if (!Outbound) begin : gen_icv
    logic [6:0]   from2_q;      // where it begins in the 96 bytes that end with this beat
    logic [255:0] held_q;       // upper half of the beat before
    logic [311:0] part3_q;      // from the 8 bytes on in which it begins
    logic [2:0]   from3_q;
    logic [255:0] bytes_there;  // of words that belong to it
    logic [7:0]   words3_q;

    always_comb begin
      for (int unsigned w = 0; w < 8; w++) bytes_there[32*w+:32] = {32{words3_q[w]}};
    end

    always_ff @(posedge clk_i) begin
      if (valid1_q) from2_q <= 7'd96 - 7'(one_q.beat.empty) - integrity_icv_bytes(one_q.packet.integrity);
      if (valid2_q) begin
        held_q  <= two_q.beat.data[511:256];
        from3_q <= from2_q[2:0];
        part3_q <= 312'({two_q.beat.data, held_q} >> {from2_q[6:3], 6'd0});
        for (int unsigned w = 0; w < 8; w++) words3_q[w] <= 4 * w < 32'(icv2_q);
      end
      icv_valid_o <= rst_ni && arrived_o;
      if (arrived_o) begin
        icv_number_o <= three_q.number;
        icv_any_o    <= words3_q[0];
        icv_o        <= 256'(part3_q >> {from3_q, 3'd0}) & bytes_there;
      end
    end
  end else begin : gen_no_icv
    assign icv_valid_o  = 1'b0;
    assign icv_number_o = '0;
    assign icv_any_o    = 1'b0;
    assign icv_o        = '0;
  end

  // ---- contexts ---------------------------------------------------------------------------------------------------------------

  // Free ones stand in a queue, which is filled after reset.
  logic [SlotBits-1:0] fill_q, free_slot;
  // verilator lint_off UNUSEDSIGNAL
  logic                free_ready, free_valid;  // for the assertions
  // verilator lint_on UNUSEDSIGNAL

  fifo #(
    .Width(SlotBits),
    .Depth(Contexts)
  ) u_free (
    .clk_i,
    .rst_ni,
    .valid_i(hashed_i || !filled_q),
    .ready_o(free_ready),
    .data_i (filled_q ? SlotBits'(hashed_slot_i) : fill_q),
    .valid_o(free_valid),
    .ready_i(arrived_o),
    .data_o (free_slot),
    .used_o ()
  );
  assign slot = slot_t'(free_slot);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fill_q   <= '0;
      filled_q <= 1'b0;
    end else if (!filled_q) begin
      fill_q   <= fill_q + 1'b1;
      filled_q <= fill_q == '1;
    end
  end

  chain_credit #(
    .Count(Contexts)
  ) u_contexts (
    .clk_i,
    .rst_ni,
    .take_i(entered_o),
    .give_i(hashed_i),
    .some_o(contexts_left),
    .all_o ()  // then there may be packets still
  );

  // ---- numbers and rows -------------------------------------------------------------------------------------------------------

  chain_credit #(
    .Count(2 * Contexts)
  ) u_numbers (
    .clk_i,
    .rst_ni,
    .take_i(entered_o),
    .give_i(released_i),
    .some_o(numbers_left),
    .all_o (no_packets)
  );

  // Rows are counted some clocks after a packet has come in. Until then others may: of more than one row in two clocks only one, which
  // began before.
  localparam int unsigned CountedLater = MaxPacketRows + 8;

  row_count_t change_q, rows_q;  // rows_q: in use

  always_ff @(posedge clk_i) begin
    busy_o <= rst_ni && (entered_o || !no_packets);
    if (!rst_ni) begin
      change_q    <= '0;
      rows_q      <= '0;
      rows_left_q <= 1'b0;
    end else begin
      change_q    <= (arrived_o ? rows : '0) - (released_i ? released_rows_i : '0);
      rows_q      <= rows_q + change_q;
      rows_left_q <= rows_q <= row_count_t'(StoreRows - MaxPacketRows - CountedLater);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (entered_o) begin
        assert (packet_i.cipher inside {CipherNull, CipherAesCtr, CipherAesCbc, CipherDesCbc, CipherDes3Cbc} &&
                integrity_icv_bytes(packet_i.integrity) != '0)
        else $error("a packet for another engine");
      end
      if (arrived_o) begin
        assert (14'(place_q - {row_q, 4'd0}) * 14'd8 + 14'd64 - 14'(three_q.beat.empty) ==
                (Outbound ? three_q.packet.ciphertext : bytes3_q + 14'(integrity_icv_bytes(three_q.packet.integrity))))
        else $error("a packet of another length than was said");
        assert (rows <= row_count_t'(MaxPacketRows)) else $error("a packet longer than a longest one");
        assert (free_valid) else $error("more packets at work than contexts");
      end
      if (hashed_i) assert (free_ready) else $error("more contexts free than there are");
      assert (rows_q <= row_count_t'(StoreRows)) else $error("a row overrun");
    end
  end

endmodule
