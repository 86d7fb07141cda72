// SPDX-License-Identifier: Apache-2.0
// The ring from the host to the card: reads a slot's descriptor, then its frame, and sends the frame on when it is whole.
//
// A slot is given back as soon as it has been read. A descriptor that cannot be, and a slot that cannot be read, is dropped.
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
  output inject_e       inject_o,    // of the frame at host_tx, like its length
  output logic [13:0]   length_o,

  output logic          host_tx_o,   // pulses: a slot was taken, its frame dropped
  output logic          dropped_o,
  output logic          busy_o       // a frame is inside or waits in host memory
);

  localparam int unsigned Beats = 256;  // kept until sent: more than a frame, so that the next is read meanwhile
  localparam int unsigned Frames = 8;
  localparam int unsigned FrameBeats = (MaxFrame + BeatBytes - 1) / BeatBytes;
  localparam int unsigned BeatBits = $clog2(FrameBeats + 1);
  localparam int unsigned MinFrame = 14;  // an Ethernet header

  typedef enum logic [2:0] {
    Idle,
    AskDescriptor,
    Descriptor,
    Check,
    AskFrame,   // burst by burst
    Frame,      // the rest of it arrives
    Finish
  } state_e;

  typedef struct packed {
    logic        whole;  // else it is forgotten
    inject_e     inject;
    logic [13:0] length;
  } frame_t;

  function automatic logic [BeatBits-1:0] beats_of(logic [13:0] length);
    return BeatBits'((length + 14'(BeatBytes - 1)) >> $clog2(BeatBytes));
  endfunction

  state_e              state_d, state_q;
  logic [31:0]         consumer_q;
  logic [31:0]         waiting;       // slots the host has filled
  tx_descriptor_t      descriptor_q;
  logic                failed_q;      // a read of this slot
  logic                good;          // the descriptor
  logic [BeatBits-1:0] to_ask_q, to_take_q;
  logic [7:0]          place_q;       // of the next burst in the slot, in beats
  logic [6:0]          burst_beats;
  logic                frame_beat, frame_put, frame_room;
  logic                beat_room, stored_valid, stored_take;
  logic [511:0]        stored;
  logic [$clog2(Beats+2)-1:0]  beats_used;
  logic [$clog2(Frames+2)-1:0] frames_used;

  assign waiting     = ring_i.host - consumer_q;
  assign good        = !failed_q && descriptor_q.length >= 16'(MinFrame) && descriptor_q.length <= 16'(MaxFrame) &&
                       descriptor_q.inject <= 8'(InjectWanRx);
  assign burst_beats = to_ask_q > BeatBits'(7'(BurstBeats) - 7'(place_q[5:0])) ? 7'(BurstBeats) - 7'(place_q[5:0])
                                                                               : 7'(to_ask_q);
  assign frame_beat  = beat_valid_i && (state_q == AskFrame || state_q == Frame);
  assign frame_put   = state_q == Finish && good_q;

  assign request_o = '{
    valid: state_q == AskDescriptor || state_q == AskFrame,
    address: slot_address(ring_i, consumer_q) + (state_q == AskFrame ? {50'd0, place_q, 6'd0} : 64'd0),
    beats: state_q == AskFrame ? burst_beats : 7'd1
  };

  // ---- fetching ---------------------------------------------------------------------------------------------------------------

  logic good_q;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:          if (ring_runs(ring_i) && !hold_i && waiting != '0 && waiting <= ring_i.slots && frame_room) state_d = AskDescriptor;
      AskDescriptor: if (request_taken_i) state_d = Descriptor;
      Descriptor:    if (beat_valid_i) state_d = Check;
      // Room for all of the frame, since whoever asks must take.
      Check: begin
        if (!good) state_d = Finish;
        else if (32'(beats_used) + 32'(beats_of(descriptor_q.length[13:0])) <= 32'(Beats)) state_d = AskFrame;
      end
      AskFrame:      if (request_taken_i && to_ask_q == BeatBits'(burst_beats)) state_d = Frame;
      Frame:         if (to_take_q == '0) state_d = Finish;
      default:       state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q    <= Idle;
      consumer_q <= '0;
    end else begin
      state_q <= state_d;
      if (state_q == Finish) consumer_q <= consumer_q + 32'd1;
      if (restart_i) consumer_q <= '0;
      if (restart_i) assert (idle_o) else $error("a ring restarts while a slot is read");
      if (frame_beat) assert (beat_room) else $error("more was asked for than there is room");
    end
    if (state_q == Descriptor && beat_valid_i) begin
      descriptor_q <= tx_descriptor_t'(beat_i.data);
      failed_q     <= beat_i.error;
    end
    if (state_q == Check) begin
      good_q    <= good;
      place_q   <= 8'd1;  // behind the descriptor
      to_ask_q  <= beats_of(descriptor_q.length[13:0]);
      to_take_q <= beats_of(descriptor_q.length[13:0]);
    end
    if (state_q == AskFrame && request_taken_i) begin
      place_q  <= place_q + 8'(burst_beats);
      to_ask_q <= to_ask_q - BeatBits'(burst_beats);
    end
    if (frame_beat) begin
      to_take_q <= to_take_q - BeatBits'(1);
      if (beat_i.error) failed_q <= 1'b1;
    end
  end

  assign idle_o     = state_q == Idle;
  assign consumer_o = consumer_q;
  assign host_tx_o  = state_q == Finish;
  assign dropped_o  = state_q == Finish && (!good_q || failed_q);

  // ---- sending ----------------------------------------------------------------------------------------------------------------

  frame_t              frame;
  logic                frame_valid;
  logic [BeatBits-1:0] sent_q;  // beats of the frame
  logic                last;

  fifo #(
    .Width(512),
    .Depth(Beats)
  ) u_beats (
    .clk_i,
    .rst_ni,
    .valid_i(frame_beat),
    .ready_o(beat_room),
    .data_i (beat_i.data),
    .valid_o(stored_valid),
    .ready_i(stored_take),
    .data_o (stored),
    .used_o (beats_used)
  );

  fifo #(
    .Width($bits(frame_t)),
    .Depth(Frames)
  ) u_frames (
    .clk_i,
    .rst_ni,
    .valid_i(frame_put),
    .ready_o(frame_room),
    .data_i ({!failed_q, inject_e'(descriptor_q.inject), descriptor_q.length[13:0]}),
    .valid_o(frame_valid),
    .ready_i(stored_take && last),
    .data_o (frame),
    .used_o (frames_used)
  );

  assign last        = sent_q + BeatBits'(1) == beats_of(frame.length);
  assign stored_take = stored_valid && frame_valid && (host_tx.ready || !frame.whole);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) sent_q <= '0;
    else if (stored_take) sent_q <= last ? '0 : sent_q + BeatBits'(1);
  end

  assign host_tx.valid = stored_valid && frame_valid && frame.whole;
  assign host_tx.beat  = '{data: stored, empty: last ? -frame.length[5:0] : 6'd0, last: last};
  assign inject_o      = frame.inject;
  assign length_o      = frame.length;

  assign busy_o = state_q != Idle || frames_used != '0 ||
                  (ring_runs(ring_i) && waiting != '0 && waiting <= ring_i.slots);

endmodule
