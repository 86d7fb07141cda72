// SPDX-License-Identifier: Apache-2.0
// The ring from the card to the host: writes each frame into its slot, then the descriptor that says so.
//
// A slot is the host's as soon as it sees the descriptor, so the descriptor is sent only when host memory has answered every write of
// the frame. Frames do not wait for each other: while one's answers are awaited the next is sent, up to `Open` at a time.
//
//     claimed    slots given to a frame or event
//     described  slots whose descriptor has been sent
//     producer   slots whose descriptor has been answered: the register
//
// A frame or event that finds the ring full or stopped ends here and is counted. A failed write breaks the ring: what is open
// ends here too, and so does everything until the host sets the ring up again.
module rx_ring
  import layout_pkg::*, stream_pkg::*, host_if_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  ring_t       ring_i,
  input  logic        hold_i,      // begin nothing new
  output logic        idle_o,      // nothing is open
  input  logic        restart_i,   // while idle and held: slot 0 is next
  output logic [31:0] producer_o,
  input  logic [63:0] clock_i,

  stream_if.snk       outbound,
  input  notice_t     outbound_notice_i,
  stream_if.snk       inbound,
  input  notice_t     inbound_notice_i,
  input  logic        event_valid_i,
  input  notice_t     event_i,
  output logic        event_ready_o,   // the clock after it has been looked at
  output logic        busy_o,
  output logic [ToldOnce-1:0] told_done_o,  // an event of its kind has been read by the host, or is lost

  output logic        host_rx_o,       // pulses: a frame or event was given to the host, or ended here
  output logic        events_o,
  output logic        dropped_o,
  output logic        event_lost_o,

  output logic         m_axi_awvalid,
  input  logic         m_axi_awready,
  output logic [63:0]  m_axi_awaddr,
  output logic [7:0]   m_axi_awlen,
  output logic [2:0]   m_axi_awsize,
  output logic [1:0]   m_axi_awburst,
  output logic         m_axi_wvalid,
  input  logic         m_axi_wready,
  output logic [511:0] m_axi_wdata,
  output logic [63:0]  m_axi_wstrb,
  output logic         m_axi_wlast,
  input  logic         m_axi_bvalid,
  output logic         m_axi_bready,
  input  logic [1:0]   m_axi_bresp
);

  localparam int unsigned Open = 8;  // slots claimed and not yet the host's
  localparam int unsigned OpenBits = $clog2(Open);
  localparam int unsigned Bursts = 32;  // of a slot: at most three for a frame, one for its descriptor
  localparam int unsigned FrameBeats = (MaxFrame + BeatBytes - 1) / BeatBytes;
  localparam int unsigned BeatBits = $clog2(FrameBeats + 1);

  typedef enum logic [2:0] {
    Idle,
    Plan,        // how long the frame's next burst is
    Address,     // of the burst
    Data,        // the burst
    Descriptor,  // its address and its beat
    Discard,     // the rest of a frame that ended here
    Settle       // what is known of the slots is of a clock ago; an event goes
  } state_e;

  // ---- what comes -------------------------------------------------------------------------------------------------------------

  logic    next_inbound, from_inbound_q;    // whose frame is next; whose this is, the last one's while idle
  logic    frame_valid;
  notice_t frame_notice;
  logic    stream_valid, stream_ready;      // of the frame in hand
  beat_t   stream_beat;

  assign frame_valid  = outbound.valid || inbound.valid;
  assign next_inbound = from_inbound_q ? !outbound.valid : inbound.valid;  // in turn
  assign frame_notice = next_inbound ? inbound_notice_i : outbound_notice_i;

  assign stream_valid   = from_inbound_q ? inbound.valid : outbound.valid;
  assign stream_beat    = from_inbound_q ? inbound.beat : outbound.beat;
  assign outbound.ready = stream_ready && !from_inbound_q;
  assign inbound.ready  = stream_ready && from_inbound_q;

  // ---- slots ------------------------------------------------------------------------------------------------------------------

  state_e                state_d, state_q;
  logic [31:0]           claimed_q, described_q, producer_q;
  notice_t               notice_q[Open];      // of the open slots
  logic [Open-1:0]       written_q;           // the frame of an open slot is answered, or it is an event
  logic [Open-1:0]       event_q;             // it is one
  logic                  broken_q;
  logic                  runs, room_q, has_room_q;
  logic                  described_all_q, pending_q, unanswered_q, idle_q;
  logic [SlotBits-1:0]   described_place_q, claimed_place_q;  // of the slots to be described and claimed next, in the ring
  logic                  claim_frame, claim_event, describe;
  logic                  refuse_frame, refuse_event;
  logic                  give_up;             // the oldest open slot of a broken ring

  // Of the numbers what tells open slots apart: there are `Open` at most.
  logic [OpenBits:0] claimed_few, described_few, producer_few;

  assign claimed_few   = claimed_q[OpenBits:0];
  assign described_few = described_q[OpenBits:0];
  assign producer_few  = producer_q[OpenBits:0];

  assign runs = ring_i.runs && !broken_q;

  // Every change of what is claimed or described leaves Idle, and comes back by Settle.
  always_ff @(posedge clk_i) begin
    room_q            <= claimed_q - ring_i.host < ring_i.slots;
    has_room_q        <= claimed_few - producer_few < (OpenBits + 1)'(Open);
    described_all_q   <= !(described_few != claimed_few && written_q[described_q[OpenBits-1:0]]);
    pending_q         <= claimed_few != producer_few;
    unanswered_q      <= bursts_open != '0 || burst_put_q;
    idle_q            <= rst_ni && state_q == Idle && claimed_few == producer_few;
    described_place_q <= described_q[SlotBits-1:0] & place_mask(ring_i);
    claimed_place_q   <= claimed_q[SlotBits-1:0] & place_mask(ring_i);
  end

  // ---- answers ----------------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic descriptor;
    logic frame_end;
    logic [OpenBits-1:0] slot;
  } burst_t;

  burst_t burst_sent, burst_sent_q, burst_answered;
  logic   burst_put, burst_put_q, burst_room, answer_expected, answer, answer_failed;
  logic [$clog2(Bursts+2)-1:0] bursts_open;

  fifo #(
    .Width($bits(burst_t)),
    .Depth(Bursts)
  ) u_bursts (
    .clk_i,
    .rst_ni,
    .valid_i(burst_put_q),
    .ready_o(burst_room),  // there is always: no more slots are open
    .data_i (burst_sent_q),
    .valid_o(answer_expected),
    .ready_i(m_axi_bvalid),
    .data_o (burst_answered),
    .used_o (bursts_open)
  );

  assign m_axi_bready  = answer_expected;
  assign answer        = m_axi_bvalid && answer_expected;
  assign answer_failed = answer && m_axi_bresp != 2'b00;
  assign give_up       = broken_q && state_q == Idle && !unanswered_q && pending_q;

  // ---- sending ----------------------------------------------------------------------------------------------------------------

  logic [BeatBits-1:0] beats_left_q;   // of the frame, those of this burst included
  logic [6:0]          burst_left_q;   // beats
  logic [63:0]         address_q;      // of the next burst
  logic [63:0]         descriptor_address_q;
  logic [6:0]          to_edge;        // beats until the next 4 KiB
  logic [6:0]          burst_q;        // of the next burst
  logic                last_burst_q;
  logic                describing, address_free, data_free, put_address, put_beat, last_of_burst;

  assign to_edge       = 7'(BurstBeats) - 7'(address_q[11:6]);
  assign put_address   = state_q == Address && address_free;
  assign put_beat      = state_q == Data && stream_valid && data_free;
  assign last_of_burst = burst_left_q == 7'd1;
  assign describe      = describing && address_free && data_free;
  assign stream_ready  = (state_q == Data && data_free) || state_q == Discard;
  assign describing    = state_q == Descriptor;

  // So that no path runs from the bus to a frame.
  skid #(
    .Width(64 + 8)
  ) u_addresses (
    .clk_i,
    .rst_ni,
    .valid_i(burst_put),
    .ready_o(address_free),
    .data_i ({describing ? descriptor_address_q : address_q, describing ? 8'd0 : 8'(burst_q - 7'd1)}),
    .valid_o(m_axi_awvalid),
    .ready_i(m_axi_awready),
    .data_o ({m_axi_awaddr, m_axi_awlen})
  );

  logic [511:0] written;

  assign written = describing ? descriptor(notice_q[described_q[OpenBits-1:0]], described_q) : stream_beat.data;

  skid #(
    .Width(512 + 64 + 1)
  ) u_data (
    .clk_i,
    .rst_ni,
    .valid_i(put_beat || describe),
    .ready_o(data_free),
    .data_i ({written, {64{1'b1}} >> (describing ? 6'd0 : stream_beat.empty), describing || last_of_burst}),
    .valid_o(m_axi_wvalid),
    .ready_i(m_axi_wready),
    .data_o ({m_axi_wdata, m_axi_wstrb, m_axi_wlast})
  );

  always_ff @(posedge clk_i) begin
    burst_q      <= beats_left_q > BeatBits'(to_edge) ? to_edge : 7'(beats_left_q);
    last_burst_q <= beats_left_q <= BeatBits'(to_edge);
  end

  assign burst_put  = address_free && (state_q == Address || (describing && data_free));
  assign burst_sent = '{
    descriptor: describing,
    frame_end: !describing && last_burst_q,
    slot: OpenBits'(describing ? described_q : claimed_q - 32'd1)
  };

  function automatic rx_descriptor_t descriptor(notice_t notice, logic [31:0] slot);
    descriptor              = '0;
    descriptor.number       = slot + 32'd1;
    descriptor.length       = 16'(notice.length);
    descriptor.upcall       = 8'(notice.upcall);
    descriptor.port         = 8'(notice.port);
    descriptor.generation   = notice.generation;
    descriptor.spi          = notice.spi;
    descriptor.sa_index     = notice.sa_index;
    descriptor.policy_id    = notice.policy_id;
    descriptor.principal    = notice.principal;
    descriptor.outbound     = notice.outbound;
    descriptor.decapsulated = notice.decapsulated;
    descriptor.source       = notice.source;
    descriptor.clock        = clock_i;
  endfunction

  always_comb begin
    state_d      = state_q;
    claim_frame  = 1'b0;
    claim_event  = 1'b0;
    refuse_frame = 1'b0;
    refuse_event = 1'b0;
    unique case (state_q)
      Idle: begin
        if (!described_all_q && !broken_q) begin
          state_d = Descriptor;
        end else if (broken_q && pending_q) begin
          if (give_up) state_d = Settle;  // it comes first
        end else if (!hold_i && event_valid_i) begin
          if (!runs || !room_q) begin
            refuse_event = 1'b1;
            state_d      = Settle;
          end else if (has_room_q) begin
            claim_event = 1'b1;
            state_d     = Settle;
          end
        end else if (!hold_i && frame_valid) begin
          if (!runs || !room_q) begin
            refuse_frame = 1'b1;
            state_d      = Discard;
          end else if (has_room_q) begin
            claim_frame = 1'b1;
            state_d     = Plan;
          end
        end
        if (restart_i) state_d = Settle;
      end
      Plan:       state_d = Address;
      Address:    if (address_free) state_d = Data;
      Data:       if (put_beat && last_of_burst) state_d = stream_beat.last ? Settle : Plan;
      Descriptor: if (describe) state_d = Settle;
      Discard:    if (stream_valid && stream_beat.last) state_d = Idle;
      default:    state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q       <= Idle;
      claimed_q     <= '0;
      described_q   <= '0;
      producer_q    <= '0;
      broken_q      <= 1'b0;
      event_ready_o <= 1'b0;
      told_done_o   <= '0;
      burst_put_q   <= 1'b0;
    end else begin
      state_q <= state_d;
      if (claim_frame || claim_event) claimed_q <= claimed_q + 32'd1;
      if (describe) described_q <= described_q + 32'd1;
      if (answer && burst_answered.descriptor && !answer_failed && !broken_q) producer_q <= producer_q + 32'd1;
      if (answer_failed) broken_q <= 1'b1;
      if (give_up) claimed_q <= claimed_q - 32'd1;
      if (restart_i) begin
        claimed_q   <= '0;
        described_q <= '0;
        producer_q  <= '0;
        broken_q    <= 1'b0;
      end
      if (put_beat) begin
        assert (stream_beat.last == (beats_left_q == BeatBits'(1))) else $error("a frame's notice tells another length");
      end
      event_ready_o <= claim_event || refuse_event;
      told_done_o   <= told_done;
      burst_put_q   <= burst_put;
      if (burst_put_q) assert (burst_room) else $error("more bursts than open slots have");
      if (restart_i) assert (idle_o) else $error("a ring restarts while slots are open");
    end
    if (claim_frame || refuse_frame) from_inbound_q <= next_inbound;
    if (burst_put) burst_sent_q <= burst_sent;
    if (put_address) begin
      address_q    <= address_q + 64'(burst_q) * 64'(BeatBytes);
      burst_left_q <= burst_q;
    end
    if (put_beat) begin
      burst_left_q <= burst_left_q - 7'd1;
      beats_left_q <= beats_left_q - BeatBits'(1);
    end
    descriptor_address_q <= slot_address(ring_i, described_place_q, 8'd0);
    if (state_q == Idle) begin  // in case a frame is claimed
      address_q    <= slot_address(ring_i, claimed_place_q, 8'd1);  // behind the descriptor
      beats_left_q <= BeatBits'((frame_notice.length + 14'(BeatBytes - 1)) >> $clog2(BeatBytes));
    end
    if (claim_frame || claim_event) begin
      notice_q[claimed_q[OpenBits-1:0]]  <= event_valid_i ? event_i : frame_notice;
    end
    for (int unsigned i = 0; i < Open; i++) begin
      if ((claim_frame || claim_event) && claimed_q[OpenBits-1:0] == OpenBits'(i)) begin
        written_q[i] <= claim_event;
        event_q[i]   <= claim_event;
      end else if (answer && burst_answered.frame_end && burst_answered.slot == OpenBits'(i)) begin
        written_q[i] <= 1'b1;
      end
    end
  end

  assign m_axi_awsize  = 3'd6;   // 64 bytes
  assign m_axi_awburst = 2'b01;  // INCR
  assign idle_o        = idle_q;
  assign busy_o        = state_q != Idle || !idle_q;
  assign producer_o    = producer_q;

  // ---- what became of it ------------------------------------------------------------------------------------------------------

  logic    given;
  logic    oldest_is_event, ending_is_event;
  logic [ToldOnce-1:0]       once;
  logic [ToldOnce-1:0]       told_open_q, told_done;
  logic [ToldOnce-1:0][31:0] behind_told_q;  // the slot behind it

  assign given  = answer && burst_answered.descriptor && !answer_failed && !broken_q;

  assign oldest_is_event = event_q[producer_q[OpenBits-1:0]];
  assign ending_is_event = event_q[OpenBits'(claimed_q - 32'd1)];

  assign host_rx_o    = given && !oldest_is_event;
  assign events_o     = given && oldest_is_event;
  assign dropped_o    = refuse_frame || (give_up && !ending_is_event);
  assign event_lost_o = refuse_event || (give_up && ending_is_event);

  // Of what is told once: its slot, until the host gives it back.
  assign once = told_once(event_i.upcall);

  for (genvar i = 0; i < ToldOnce; i++) begin : gen_told
    logic [31:0] given_back;  // slots from that one on; negative: not yet

    assign given_back    = ring_i.host - behind_told_q[i];
    assign told_done[i]  = (refuse_event && once[i]) || (told_open_q[i] && (restart_i || !runs || !given_back[31]));

    always_ff @(posedge clk_i) begin
      if (!rst_ni || told_done[i]) told_open_q[i] <= 1'b0;
      else if (claim_event && once[i]) told_open_q[i] <= 1'b1;
      if (claim_event && once[i]) behind_told_q[i] <= claimed_q + 32'd1;
    end
  end

endmodule
