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

  beat_t              beats[Beats];
  frame_bytes_t       lengths[Beats];            // of the frames inside, by their order
  logic [IndexBits:0] write_q, committed_q, read_q;  // free-running
  logic [IndexBits:0] frame_in_q, frame_out_q;
  logic [31:0]        bytes_q, bytes_d;
  logic               lost_q;                    // no room for an earlier beat of this frame
  logic               room, lost, too_long, bad, dropped, store, get;

  assign room     = write_q - read_q != (IndexBits + 1)'(Beats);
  assign too_long = bytes_q > 32'(MaxFrame);
  assign lost     = lost_q || (!room && !too_long);
  assign store    = valid && !lost && !too_long;
  assign bytes_d  = bytes_q + {25'b0, content};
  assign bad      = bad_beat || bytes_d < 32'(EthernetBytes) || bytes_d > 32'(MaxFrame);

  assign dropped  = lost || bad || foreign;

  assign received_o = valid && beat.last;
  assign bytes_o    = bytes_d;
  assign overflow_o = received_o && lost;
  assign error_o    = received_o && !lost && bad;
  assign vlan_o     = received_o && !lost && !bad && foreign;

  assign get    = committed_q != read_q && (!out.valid || out.ready);
  assign busy_o = untag_busy || committed_q != read_q || out.valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q     <= '0;
      committed_q <= '0;
      read_q      <= '0;
      frame_in_q  <= '0;
      frame_out_q <= '0;
      bytes_q     <= '0;
      lost_q      <= 1'b0;
      out.valid   <= 1'b0;
    end else begin
      if (valid) begin
        if (!beat.last) begin
          if (store) write_q <= write_q + 1'b1;
          bytes_q <= bytes_d;
          lost_q  <= lost;
        end else begin
          if (dropped) begin
            write_q <= committed_q;
          end else begin
            write_q     <= write_q + 1'b1;
            committed_q <= write_q + 1'b1;
            frame_in_q  <= frame_in_q + 1'b1;
          end
          bytes_q <= '0;
          lost_q  <= 1'b0;
        end
      end
      if (get) read_q <= read_q + 1'b1;
      if (get) out.valid <= 1'b1;
      else if (out.ready) out.valid <= 1'b0;
      if (out.valid && out.ready && out.beat.last) frame_out_q <= frame_out_q + 1'b1;
    end
    if (store) beats[write_q[IndexBits-1:0]] <= beat;
    if (received_o) lengths[frame_in_q[IndexBits-1:0]] <= bytes_d[13:0];
    if (get) out.beat <= beats[read_q[IndexBits-1:0]];
  end

  assign length_o = lengths[frame_out_q[IndexBits-1:0]];

endmodule
