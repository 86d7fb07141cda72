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
  output SideT               side_o,
  output logic               busy_o
);

  if (Bytes > 63) $fatal(1, "tail_bytes_i counts to 63");

  // ---- stage 1: every byte of the tail at its place in an output beat, the frame's last or the one behind it
  logic         valid1_q, free1, take1;
  beat_t        beat1_q;
  logic [511:0] tail1_q;
  logic [63:0]  tailed1_q;  // bit i: byte i lies behind the frame's end
  logic         spills1_q;  // the tail reaches into the beat behind
  logic [5:0]   empty1_q;   // in the beat that it ends in
  SideT         side1_q;

  assign take1        = free1 && in.valid && (!in.beat.last || tail_valid_i);
  assign in.ready     = free1 && (!in.beat.last || tail_valid_i);
  assign tail_ready_o = take1 && in.beat.last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid1_q <= 1'b0;
    else if (free1) valid1_q <= take1;
    if (take1) begin
      beat1_q <= in.beat;
      side1_q <= side_i;
    end
    if (take1 && in.beat.last) tail1_q <= 512'({2{512'(tail_i)}} >> {in.beat.empty, 3'b000});
    if (take1) begin
      for (int unsigned i = 0; i < 64; i++) tailed1_q[i] <= in.beat.last && 7'(i) + 7'(in.beat.empty) >= 7'd64;
      spills1_q <= in.beat.last && tail_bytes_i > in.beat.empty;
      empty1_q  <= in.beat.last ? in.beat.empty - tail_bytes_i : '0;
    end
  end

  // ---- stage 2: lays it over what lies behind the frame's end, which is unknown
  stream_if joined (.clk_i, .rst_ni);
  logic     flush_q;  // of the tail what spilled is left

  assign joined.valid = valid1_q;
  assign free1        = !valid1_q || (joined.ready && (flush_q || !spills1_q));

  always_comb begin
    for (int unsigned i = 0; i < 64; i++) begin
      joined.beat.data[8*i+:8] = flush_q || tailed1_q[i] ? tail1_q[8*i+:8] : beat1_q.data[8*i+:8];
    end
    joined.beat.last  = flush_q || (beat1_q.last && !spills1_q);
    joined.beat.empty = joined.beat.last ? empty1_q : '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) flush_q <= 1'b0;
    else if (valid1_q && joined.ready) flush_q <= spills1_q && !flush_q;
  end

  beat_register #(.SideT(SideT)) u_out (
    .clk_i,
    .rst_ni,
    .in    (joined),
    .side_i(side1_q),
    .out,
    .side_o
  );

  assign busy_o = valid1_q || out.valid;

endmodule
