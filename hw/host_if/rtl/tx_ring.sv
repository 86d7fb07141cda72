// SPDX-License-Identifier: Apache-2.0
// The ring from the host to the card: reads a slot's descriptor, then its frame, and sends the frame on when it is whole.
//
// Slots do not wait for each other: descriptors are read ahead, and frames as far as there is room for them.
//
//     asked     slots whose descriptor has been asked for
//     framed    slots whose frame has been asked for, or that have none
//     consumer  slots that have been read, and are the host's again: the register
//
// A descriptor that cannot be, and a slot that cannot be read, is dropped.
module tx_ring
  import layout_pkg::*, stream_pkg::*, host_if_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  ring_t         ring_i,
  input  logic          hold_i,      // begin nothing new
  output logic          idle_o,      // host memory is not being read
  input  logic          restart_i,   // while idle and held: slot 0 is next
  output logic [31:0]   consumer_o,

  output read_request_t request_o,
  input  logic          request_taken_i,
  input  logic          beat_valid_i,
  input  read_beat_t    beat_i,

  stream_if.src         host_tx,
  output inject_e       inject_o,    // of the frame at host_tx, like its length and
  output logic [13:0]   length_o,
  output sender_t       sender_o,    // who sent it

  output logic          host_tx_o,   // pulses: a slot was taken, its frame dropped
  output logic          dropped_o,
  output logic          busy_o       // a frame is inside or waits in host memory
);

  localparam int unsigned Beats = 256;  // kept until sent
  localparam int unsigned Slots = 8;    // being read, or kept: so many bits of their numbers tell them apart, and one
  localparam int unsigned SlotsBits = $clog2(Slots);
  localparam int unsigned Bursts = 32;  // on their way
  localparam int unsigned FrameBeats = (MaxFrame + BeatBytes - 1) / BeatBytes;
  localparam int unsigned BeatBits = $clog2(FrameBeats + 1);
  localparam int unsigned RoomBits = $clog2(Beats + 2);
  localparam int unsigned MinFrame = 14;  // an Ethernet header

  typedef enum logic [1:0] {
    Look,    // at the oldest descriptor
    Weigh,   // whether there is room for its frame
    Decide,  // what becomes of it
    Ask      // for its frame, burst by burst
  } state_e;

  typedef struct packed {
    logic        failed;  // it could not be read
    sender_t     sender;
    logic [7:0]  inject;
    logic [15:0] length;
  } descriptor_t;

  typedef struct packed {
    sender_t             sender;
    inject_e             inject;
    logic [13:0]         length;
  } frame_t;

  function automatic logic [BeatBits-1:0] beats_of(logic [13:0] length);
    return BeatBits'((length + 14'(BeatBytes - 1)) >> $clog2(BeatBytes));
  endfunction

  state_e              state_d, state_q;
  logic [31:0]         asked_q, framed_q, consumer_q;
  logic [$clog2(Slots+2)-1:0] unused_kept, reading_used;

  // ---- asking -----------------------------------------------------------------------------------------------------------------

  // What is known of a clock ago, or two of what the host has filled. What asks, asks in every other clock at most, so of its own
  // asking all is known.
  logic [31:0]         host_q;         // slots the host has filled
  logic [31:0]         waiting_q;      // those that have not been read
  logic                fills_q;        // as many as there can be
  logic                more_q;         // a descriptor that has not been asked for, and room for its slot
  logic                waits_q;        // some
  logic                idle_q;
  logic                settled_q;      // no frame was begun, and no ring
  logic                length_good_q, inject_good_q;  // of the oldest descriptor
  logic                good_q;         // it is
  logic [BeatBits-1:0] need_q, need_less_q;  // beats of its frame; one less
  logic                beat_room_q;    // for them: whoever asks must take
  logic                none_reading_q;
  logic [6:0]          burst_q;        // beats of the frame's next burst
  logic                last_burst_q;
  logic [SlotBits-1:0] place_mask_q;

  logic [$clog2(Slots+1)-1:0] open_q;  // slots asked for and not yet refused or sent on
  logic                sent;           // one of them is
  logic [1:0]          freed_q;        // so many were refused or sent on a clock ago
  logic [SlotBits-1:0] slot;           // that is asked for, in the ring

  logic                ask_descriptor, ask_frame;
  logic                asked_now_q;     // a burst was asked for a clock ago,
  logic [1:0]          burst_asked_q;   // and is this
  logic                burst_room, burst_valid, burst_is_descriptor, burst_ends_frame;
  logic                descriptor_valid, descriptor_done, refuse;
  descriptor_t         descriptor;
  logic                begin_frame;
  logic [BeatBits-1:0] to_ask_q;   // beats of the frame
  logic [7:0]          place_q;    // of the next burst in the slot, in beats
  logic [6:0]          to_edge;    // beats until the next 4 KiB
  logic [RoomBits-1:0] taken_q;    // beats of frames asked for and not sent on a clock ago
  logic                stored_took_q;
  logic [RoomBits-1:0] unused_beats;
  logic [$clog2(Bursts+2)-1:0] unused_bursts;
  logic [$clog2(Slots+2)-1:0]  unused_descriptors;
  logic                unused_descriptor_room;

  assign to_edge = 7'(BurstBeats) - 7'(place_q[5:0]);

  always_ff @(posedge clk_i) begin
    host_q         <= ring_i.host;
    waiting_q      <= ring_i.host - consumer_q;
    fills_q        <= rst_ni && ring_i.runs && waiting_q <= ring_i.slots;
    waits_q        <= rst_ni && ring_i.runs && waiting_q != '0;
    more_q         <= asked_q != host_q && open_q < $bits(open_q)'(Slots);
    idle_q         <= asked_q[SlotsBits:0] == consumer_q[SlotsBits:0];
    settled_q      <= rst_ni && !begin_frame && !restart_i;
    length_good_q  <= descriptor.length >= 16'(MinFrame) && descriptor.length <= 16'(MaxFrame);
    inject_good_q  <= descriptor.inject <= 8'(InjectWanRx);
    good_q         <= !descriptor.failed && length_good_q && inject_good_q;
    need_q         <= beats_of(descriptor.length[13:0]);
    need_less_q    <= BeatBits'((descriptor.length[13:0] - 14'd1) >> $clog2(BeatBytes));
    beat_room_q    <= taken_q + RoomBits'(need_q) <= RoomBits'(Beats);
    none_reading_q <= reading_used == '0;
    burst_q        <= to_ask_q > BeatBits'(to_edge) ? to_edge : 7'(to_ask_q);
    last_burst_q   <= to_ask_q <= BeatBits'(to_edge);
    place_mask_q   <= place_mask(ring_i);
  end

  assign ask_frame      = state_q == Ask;
  assign ask_descriptor = !ask_frame && settled_q && fills_q && more_q && !hold_i;

  assign slot      = (ask_frame ? framed_q[SlotBits-1:0] : asked_q[SlotBits-1:0]) & place_mask_q;
  assign request_o = '{
    valid: (ask_frame && settled_q) || ask_descriptor,
    address: slot_address(ring_i, slot, ask_frame ? place_q : 8'd0),
    beats: ask_frame ? burst_q : 7'd1
  };

  assign begin_frame = state_q == Decide && good_q && beat_room_q;
  // A slot without a frame ends here, when those before it have ended.
  assign refuse          = state_q == Decide && !good_q && none_reading_q;
  assign descriptor_done = refuse || (ask_frame && request_taken_i && last_burst_q);

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Look:    if (descriptor_valid) state_d = Weigh;
      Weigh:   state_d = Decide;
      Decide:  if (begin_frame || refuse) state_d = begin_frame ? Ask : Look;
      default: if (descriptor_done) state_d = Look;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q       <= Look;
      asked_q       <= '0;
      framed_q      <= '0;
      taken_q       <= '0;
      open_q        <= '0;
      freed_q       <= '0;
      stored_took_q <= 1'b0;
      asked_now_q   <= 1'b0;
    end else begin
      state_q <= state_d;
      if (request_taken_i && !ask_frame) asked_q <= asked_q + 32'd1;
      if (descriptor_done) framed_q <= framed_q + 32'd1;
      stored_took_q <= stored_take;
      asked_now_q   <= request_taken_i;
      if (asked_now_q) assert (burst_room) else $error("more bursts than open slots have");
      if (begin_frame || stored_took_q) taken_q <= taken_q + (!begin_frame ? '1 : stored_took_q ? RoomBits'(need_less_q) : RoomBits'(need_q));
      freed_q <= 2'(refuse) + 2'(sent);
      open_q  <= open_q + $bits(open_q)'(request_taken_i && !ask_frame) - $bits(open_q)'(freed_q);
      if (restart_i) begin
        asked_q  <= '0;
        framed_q <= '0;
        assert (idle_o) else $error("a ring restarts while slots are read");
      end
    end
    if (request_taken_i) burst_asked_q <= {!ask_frame, ask_frame && last_burst_q};
    if (begin_frame) begin
      to_ask_q <= need_q;
      place_q  <= 8'd1;  // behind the descriptor
    end else if (ask_frame && request_taken_i) begin
      to_ask_q <= to_ask_q - BeatBits'(burst_q);
      place_q  <= place_q + 8'(burst_q);
    end
  end

  // What each burst on its way is, in order: a descriptor, the last of a frame.
  fifo #(
    .Width(2),
    .Depth(Bursts)
  ) u_bursts (
    .clk_i,
    .rst_ni,
    .valid_i(asked_now_q),
    .ready_o(burst_room),  // there is always: no more slots are open
    .data_i (burst_asked_q),
    .valid_o(burst_valid),
    .ready_i(beat_valid_i && beat_i.last),
    .data_o ({burst_is_descriptor, burst_ends_frame}),
    .used_o (unused_bursts)
  );

  // ---- reading ----------------------------------------------------------------------------------------------------------------

  tx_descriptor_t      descriptor_beat;
  logic                descriptor_arrives, frame_beat;
  logic                reading_valid, reading_room;
  frame_t              reading;   // the frame whose beats arrive
  logic                failed_q;  // one of them could not be read
  logic                whole;     // this beat is its last
  logic                beat_room, kept_room, kept_good;

  assign descriptor_beat    = tx_descriptor_t'(beat_i.data);
  assign descriptor_arrives = beat_valid_i && burst_is_descriptor;
  assign frame_beat         = beat_valid_i && !burst_is_descriptor;
  assign whole              = frame_beat && beat_i.last && burst_ends_frame;
  assign kept_good          = !failed_q && !beat_i.error;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      consumer_q <= '0;
      failed_q   <= 1'b0;
    end else begin
      if (whole || refuse) consumer_q <= consumer_q + 32'd1;
      if (restart_i) consumer_q <= '0;
      if (frame_beat) begin
        failed_q <= !whole && (failed_q || beat_i.error);
        assert (reading_valid && beat_room && kept_room) else $error("a beat without a frame or without room");
      end
      if (beat_valid_i) assert (burst_valid) else $error("a beat that was not asked for");
      if (begin_frame) assert (reading_room) else $error("more slots are read than there is room for");
    end
  end

  fifo #(
    .Width($bits(descriptor_t)),
    .Depth(Slots)
  ) u_descriptors (
    .clk_i,
    .rst_ni,
    .valid_i(descriptor_arrives),
    .ready_o(unused_descriptor_room),
    .data_i ({beat_i.error, descriptor_beat.known, descriptor_beat.principal, descriptor_beat.inject, descriptor_beat.length}),
    .valid_o(descriptor_valid),
    .ready_i(descriptor_done),
    .data_o (descriptor),
    .used_o (unused_descriptors)
  );

  fifo #(
    .Width($bits(frame_t)),
    .Depth(Slots)
  ) u_reading (
    .clk_i,
    .rst_ni,
    .valid_i(begin_frame),
    .ready_o(reading_room),
    .data_i ({descriptor.sender, inject_e'(descriptor.inject), descriptor.length[13:0]}),
    .valid_o(reading_valid),
    .ready_i(whole),
    .data_o (reading),
    .used_o (reading_used)
  );

  assign idle_o     = idle_q;
  assign consumer_o = consumer_q;
  assign host_tx_o  = whole || refuse;
  assign dropped_o  = refuse || (whole && !kept_good);

  // ---- sending ----------------------------------------------------------------------------------------------------------------

  logic                stored_valid, stored_take;
  logic [511:0]        stored;
  logic                last;    // of its frame
  logic                whole_q;  // a frame has been read, good or not
  logic                good_frame_q;
  frame_t              read_q;
  logic                frame_valid, frame_good;
  frame_t              frame;
  stream_if            sending (.clk_i, .rst_ni);
  frame_t              side;    // of the frame at host_tx

  fifo #(
    .Width(513),
    .Depth(Beats)
  ) u_beats (
    .clk_i,
    .rst_ni,
    .valid_i(frame_beat),
    .ready_o(beat_room),
    .data_i ({whole, beat_i.data}),
    .valid_o(stored_valid),
    .ready_i(stored_take),
    .data_o ({last, stored}),
    .used_o (unused_beats)
  );

  always_ff @(posedge clk_i) begin
    whole_q <= rst_ni && whole;
    if (whole) begin
      good_frame_q <= kept_good;
      read_q       <= reading;
    end
  end

  // Frames that are here whole; one that could not be read is taken and forgotten.
  fifo #(
    .Width(1 + $bits(frame_t)),
    .Depth(Slots)
  ) u_kept (
    .clk_i,
    .rst_ni,
    .valid_i(whole_q),
    .ready_o(kept_room),
    .data_i ({good_frame_q, read_q}),
    .valid_o(frame_valid),
    .ready_i(sent),
    .data_o ({frame_good, frame}),
    .used_o (unused_kept)
  );

  assign sent        = stored_take && last;
  assign stored_take = stored_valid && frame_valid && (sending.ready || !frame_good);

  assign sending.valid = stored_valid && frame_valid && frame_good;
  assign sending.beat  = '{data: stored, empty: last ? -frame.length[5:0] : 6'd0, last: last};

  beat_register #(.SideT(frame_t)) u_out (
    .clk_i,
    .rst_ni,
    .in    (sending),
    .side_i(frame),
    .out   (host_tx),
    .side_o(side)
  );

  assign inject_o = side.inject;
  assign length_o = side.length;
  assign sender_o = side.sender;

  assign busy_o = !idle_q || open_q != '0 || (fills_q && waits_q) || host_tx.valid;

endmodule
