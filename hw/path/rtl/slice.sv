// SPDX-License-Identifier: Apache-2.0
// Keeps `keep` bytes of a frame from byte `skip` on, moved to byte 0 of the first beat; the rest of the frame goes away.
//
// `skip_i`, `keep_i` and `side_i` belong to the frame at the input and stand still while it passes; `side_o` likewise at the
// output. The frame must reach that far: skip + keep <= length, keep >= 1. One beat a clock; a frame whose last kept bytes
// wait in the register costs one clock more.
module slice
  import stream_pkg::*, parse_pkg::*;
#(
  parameter type SideT = logic
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  stream_if.snk        in,
  input  logic [6:0]   skip_i,
  input  frame_bytes_t keep_i,
  input  SideT         side_i,
  stream_if.src        out,
  output SideT         side_o
);

  typedef enum logic [2:0] {
    First,   // beat of the frame
    Second,  // beat of the frame, the first having been skipped whole
    Middle,  // every output beat joins the held bytes and the next beat
    Flush,   // what is held is the end
    Drain    // the frame goes on, but nothing of it is kept
  } state_e;

  state_e       state_d, state_q;
  logic [511:0] held_q;           // the beat before
  frame_bytes_t left_d, left_q;   // bytes still to put out
  logic         ended_q;          // the frame's last beat has been taken
  SideT         side_q;

  logic         ready;   // the output register can take a beat
  logic         put, take;
  beat_t        beat_d;
  logic         opens;   // this beat holds the first kept byte
  logic [5:0]   shift;   // bytes
  logic [5:0]   shift_q;
  logic [6:0]   behind;  // kept bytes that one beat holds after the skipped ones
  logic [1023:0] pair;

  assign ready  = !out.valid || out.ready;
  assign shift  = opens ? skip_i[5:0] : shift_q;
  assign behind = 7'd64 - {1'b0, shift};
  assign opens  = state_q == Second || (state_q == First && !skip_i[6]);

  // Where the frame goes once the last kept byte is out.
  function automatic state_e after_last(logic ended);
    return ended ? First : Drain;
  endfunction

  always_comb begin
    state_d     = state_q;
    left_d      = left_q;
    put         = 1'b0;
    take        = 1'b0;
    pair        = (opens || state_q == Flush) ? {512'b0, state_q == Flush ? held_q : in.beat.data} : {in.beat.data, held_q};
    beat_d.data = 512'(pair >> {shift, 3'b000});
    if (shift == '0) beat_d.data = in.beat.data;
    beat_d.last  = left_q <= 14'd64;
    beat_d.empty = left_q >= 14'd64 ? '0 : 6'd0 - left_q[5:0];

    unique case (state_q)
      First, Second:
      if (in.valid) begin
        if (!opens) begin
          take    = 1'b1;
          state_d = Second;
        end else if (keep_i <= {7'b0, behind}) begin
          beat_d.last  = 1'b1;
          beat_d.empty = 6'd0 - keep_i[5:0];
          put          = ready;
          take         = ready;
          if (ready) state_d = after_last(in.beat.last);
        end else if (shift == '0) begin
          beat_d.last  = 1'b0;
          beat_d.empty = '0;
          put          = ready;
          take         = ready;
          left_d       = keep_i - 14'd64;
          if (ready) state_d = Middle;
        end else begin
          take    = 1'b1;
          left_d  = keep_i;
          state_d = Middle;
        end
      end
      Middle:
      if (in.valid && ready) begin
        put    = 1'b1;
        take   = 1'b1;
        left_d = left_q - 14'd64;
        if (left_q <= 14'd64) state_d = after_last(in.beat.last);
        else if (shift != '0 && left_d <= {7'b0, behind}) state_d = Flush;
      end
      Flush:
      if (ready) begin
        put     = 1'b1;
        state_d = after_last(ended_q);
      end
      Drain:
      if (in.valid) begin
        take = 1'b1;
        if (in.beat.last) state_d = First;
      end
      default: state_d = Drain;
    endcase
  end

  assign in.ready = take;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q   <= First;
      out.valid <= 1'b0;
    end else begin
      state_q <= state_d;
      if (ready) out.valid <= put;
    end
    if (take) begin
      ended_q <= in.beat.last;
      held_q  <= in.beat.data;
      left_q  <= left_d;
    end
    if (put) begin
      out.beat <= beat_d;
      side_o   <= opens ? side_i : side_q;
    end
    if (take && opens) begin
      side_q  <= side_i;
      shift_q <= skip_i[5:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni && in.valid && take && in.beat.last) begin
      assert (state_d inside {First, Flush}) else $error("the frame ends before its last kept byte");
    end
  end

endmodule
