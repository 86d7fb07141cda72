// SPDX-License-Identifier: Apache-2.0
// Takes frames from a MAC, which never waits, and gives whole good ones on with their length, without VLAN tag.
//
// A frame that finds no room is dropped whole, as is one that the MAC marks bad, whose length is not allowed, or that is of
// another VLAN: what was stored of it is overwritten by the next (hw/README.md, step 1).
module rx_buffer
  import layout_pkg::*, stream_pkg::*, parse_pkg::*;
#(
  parameter int unsigned Beats = 1024
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [11:0]  vlan_i,       // of the port; 0: none
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  stream_if.src        out,
  output frame_bytes_t length_o,     // of the frame at the output
  output logic         received_o,   // a frame has ended, dropped or not
  output logic [31:0]  bytes_o,      // its bytes
  output logic         overflow_o,   // it was dropped: rx_overflow
  output logic         error_o,      // it was dropped: rx_error
  output logic         vlan_o,       // it was dropped: vlan
  output logic         busy_o
);

  localparam int unsigned IndexBits = $clog2(Beats);
  if (Beats != 1 << IndexBits || 64 * Beats < 2 * MaxFrame) $fatal(1, "Beats: a power of two, room for two frames");

  logic       valid, bad_beat, foreign, untag_busy;
  beat_t      beat;
  logic [6:0] content;  // bytes

  vlan_untag u_untag (
    .clk_i,
    .rst_ni,
    .vlan_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .valid_o  (valid),
    .beat_o   (beat),
    .content_o(content),
    .bad_o    (bad_beat),
    .foreign_o(foreign),
    .busy_o   (untag_busy)
  );

  // ---- how long the frame is until now, and a clock later what follows from that
  logic        counted_q, lengthy_q;  // there is a beat; frames may not be longer
  beat_t       counted_beat_q;
  logic        counted_bad_q, counted_foreign_q;
  logic [31:0] bytes_q;
  logic        first_q;             // the next beat to be counted is a frame's first

  logic        valid_q, bad_q, foreign_q, long_q, too_long_q;  // long_q: too long; too_long_q: it was before this beat
  logic        good_end_q;          // this beat ends a frame that stays if it found room and is not too long
  beat_t       beat_q;
  logic [31:0] length_q;

  always_ff @(posedge clk_i) begin
    counted_q  <= rst_ni && valid;
    valid_q    <= rst_ni && counted_q;
    good_end_q <= rst_ni && counted_q && counted_beat_q.last && !counted_bad_q && bytes_q >= 32'(EthernetBytes) && !counted_foreign_q;
    if (!rst_ni) first_q <= 1'b1;
    else if (valid) first_q <= beat.last;
    if (valid) begin
      counted_beat_q    <= beat;
      counted_bad_q     <= bad_beat;
      counted_foreign_q <= foreign;
      bytes_q           <= (first_q ? 32'd0 : bytes_q) + 32'(content);
      lengthy_q         <= !first_q && bytes_q > 32'(MaxFrame);
    end
    if (counted_q) begin
      beat_q     <= counted_beat_q;
      bad_q      <= counted_bad_q || bytes_q < 32'(EthernetBytes);
      long_q     <= bytes_q > 32'(MaxFrame);
      foreign_q  <= counted_foreign_q;
      too_long_q <= lengthy_q;
      length_q   <= bytes_q;
    end
  end

  // ---- the frames
  beat_t              beats[Beats];
  logic [IndexBits:0] write_q, committed_q, read_q, next_q;  // free-running; next_q: read_q + 1
  logic               keep;                      // the beat ends a frame that stays
  logic               length_room, length_there;
  logic               lost_q;                    // no room for an earlier beat of this frame
  logic               room_q, some_q;            // for a beat, whatever the last clock brought; a beat of a whole frame is there
  logic               lost, store, get;

  assign lost  = lost_q || (!room_q && !too_long_q);
  assign store = valid_q && !lost && !too_long_q;
  assign keep  = good_end_q && !long_q && !lost_q && room_q;

  assign received_o = valid_q && beat_q.last;
  assign bytes_o    = length_q;
  assign overflow_o = received_o && lost;
  assign error_o    = received_o && !lost && (bad_q || long_q);
  assign vlan_o     = received_o && !lost && !bad_q && !long_q && foreign_q;

  assign get    = some_q && (!out.valid || out.ready);
  assign busy_o = untag_busy || counted_q || valid_q || some_q || committed_q != read_q || out.valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q     <= '0;
      committed_q <= '0;
      read_q      <= '0;
      next_q      <= (IndexBits + 1)'(1);
      room_q      <= 1'b0;
      some_q      <= 1'b0;
      lost_q      <= 1'b0;
      out.valid   <= 1'b0;
    end else begin
      room_q <= write_q - read_q < (IndexBits + 1)'(Beats - 1);
      some_q <= get ? committed_q != next_q : committed_q != read_q;
      if (valid_q) begin
        if (!beat_q.last) begin
          if (store) write_q <= write_q + 1'b1;
          lost_q <= lost;
        end else begin
          write_q <= keep ? write_q + 1'b1 : committed_q;
          if (keep) committed_q <= write_q + 1'b1;
          lost_q <= 1'b0;
        end
      end
      if (get) read_q <= next_q;
      if (get) next_q <= next_q + 1'b1;
      if (get) out.valid <= 1'b1;
      else if (out.ready) out.valid <= 1'b0;
    end
    if (store) beats[write_q[IndexBits-1:0]] <= beat_q;
    if (get) out.beat <= beats[read_q[IndexBits-1:0]];
  end

  // Of the frames inside; a frame shows up after its length.
  fifo #(
    .Width($bits(frame_bytes_t)),
    .Depth(Beats)
  ) u_lengths (
    .clk_i,
    .rst_ni,
    .valid_i(keep),
    .ready_o(length_room),
    .data_i (length_q[13:0]),
    .valid_o(length_there),
    .ready_i(out.valid && out.ready && out.beat.last),
    .data_o (length_o),
    .used_o ()  // no more frames than beats
  );

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!keep || length_room) else $error("more frames than beats");
      assert (!out.valid || length_there) else $error("a frame before its length");
    end
  end

endmodule
