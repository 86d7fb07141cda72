// SPDX-License-Identifier: Apache-2.0
// Puts a header of up to 64 bytes in front of a frame. One beat a clock at the output.
//
// `header_i` (byte 0 in bits 7:0, zero behind its last byte), `bytes_i` and `side_i` belong to the frame at the input and
// stand still while it passes; `side_o` likewise at the output.
module prepend
  import stream_pkg::*;
#(
  parameter type SideT = logic
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  stream_if.snk        in,
  input  logic [511:0] header_i,
  input  logic [6:0]   bytes_i,
  input  SideT         side_i,
  stream_if.src        out,
  output SideT         side_o
);

  typedef enum logic [1:0] {
    First,
    Middle,
    Flush    // the frame has ended, its last bytes are held
  } state_e;

  state_e        state_d, state_q;
  logic [511:0]  held_q;        // bytes that found no room, from byte 0 on
  logic [6:0]    flush_d, flush_q;  // how many at the frame's end
  logic          ready, put, take;
  beat_t         beat_d;
  logic [1023:0] moved;
  logic [7:0]    filled;        // bytes of content in `moved`

  assign ready = !out.valid || out.ready;

  always_comb begin
    state_d      = state_q;
    put          = ready && (in.valid || state_q == Flush);
    take         = ready && in.valid && state_q != Flush;
    moved        = {512'b0, in.beat.data} << {bytes_i, 3'b000};
    filled       = {1'b0, bytes_i} + 8'd64 - {2'b0, in.beat.empty};
    flush_d      = 7'(filled - 8'd64);
    beat_d.data  = moved[511:0] | (state_q == First ? header_i : held_q);
    beat_d.last  = in.beat.last && filled <= 8'd64;
    beat_d.empty = beat_d.last ? 6'd0 - filled[5:0] : '0;
    if (state_q == Flush) beat_d = '{data: held_q, empty: 6'd0 - flush_q[5:0], last: 1'b1};

    if (take) begin
      if (!in.beat.last) state_d = Middle;
      else state_d = filled <= 8'd64 ? First : Flush;
    end else if (put) begin
      state_d = First;
    end
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
      held_q  <= moved[1023:512];
      flush_q <= flush_d;
    end
    if (put) out.beat <= beat_d;
    if (take) side_o <= side_i;
  end

endmodule
