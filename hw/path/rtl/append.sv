// SPDX-License-Identifier: Apache-2.0
// Puts up to `Bytes` bytes behind the end of a frame. One beat a clock at the output.
//
// The tail (`tail_i`, byte 0 in bits 7:0, zero behind its last byte) may come late: the frame's last beat waits for
// `tail_valid_i`; `tail_ready_o` marks the clock in which it is taken. `side_i` belongs to the frame at the input and stands
// still while it passes; `side_o` likewise at the output.
module append
  import stream_pkg::*;
#(
  parameter int unsigned Bytes = 17,
  parameter type SideT = logic
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  stream_if.snk              in,
  input  SideT               side_i,
  input  logic               tail_valid_i,
  output logic               tail_ready_o,
  input  logic [8*Bytes-1:0] tail_i,
  input  logic [5:0]         tail_bytes_i,
  stream_if.src              out,
  output SideT               side_o
);

  if (Bytes > 63) $fatal(1, "tail_bytes_i counts to 63");

  logic                   flush_q;        // the end of the tail is held
  logic [8*Bytes-1:0]     held_q;
  logic [6:0]             flush_bytes_q;
  logic                   ready, put, take;
  beat_t                  beat_d;
  logic [6:0]             content;        // bytes of the frame in its last beat
  logic [7:0]             filled;         // and with the tail
  logic [512+8*Bytes-1:0] joined;

  assign ready        = !out.valid || out.ready;
  assign take         = ready && !flush_q && in.valid && (!in.beat.last || tail_valid_i);
  assign put          = take || (ready && flush_q);
  assign tail_ready_o = take && in.beat.last;
  assign in.ready     = take;

  always_comb begin
    content = 7'd64 - {1'b0, in.beat.empty};
    filled  = {1'b0, content} + {2'b0, tail_bytes_i};
    joined  = '0;
    beat_d  = in.beat;
    if (flush_q) begin
      beat_d = '{data: 512'(held_q), empty: 6'd0 - flush_bytes_q[5:0], last: 1'b1};
    end else if (in.beat.last) begin
      // What lies behind the frame's last byte is unknown: make it zero, then lay the tail over it.
      joined       = ({512'b0, tail_i} << {content, 3'b000}) |
                     {{8 * Bytes{1'b0}}, in.beat.data & ~({512{1'b1}} << {content, 3'b000})};
      beat_d.data  = joined[511:0];
      beat_d.last  = filled <= 8'd64;
      beat_d.empty = beat_d.last ? 6'd0 - filled[5:0] : '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      flush_q   <= 1'b0;
      out.valid <= 1'b0;
    end else begin
      if (put) flush_q <= take && in.beat.last && filled > 8'd64;
      if (ready) out.valid <= put;
    end
    if (take && in.beat.last) begin
      held_q        <= joined[512+:8*Bytes];
      flush_bytes_q <= 7'(filled - 8'd64);
    end
    if (put) out.beat <= beat_d;
    if (take) side_o <= side_i;
  end

endmodule
