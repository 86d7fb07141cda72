// SPDX-License-Identifier: Apache-2.0
// Puts a header of up to 64 bytes in front of a frame. One beat a clock at the output.
//
// `header_i` (byte 0 in bits 7:0), `bytes_i` and `side_i` belong to the frame at the input and stand still while it passes; `side_o`
// likewise at the output.
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
  output SideT         side_o,
  output logic         busy_o
);

  // ---- stage 1: every byte of the beat at its place in an output beat, this one or the next
  logic         valid1_q, free1;
  logic [511:0] turned1_q, header1_q;
  logic [63:0]  before1_q;             // bit i: byte i of the output is the header's or the beat's before
  logic         first1_q, last1_q;     // beat of the frame
  logic         spills1_q;             // of the last beat bytes are left for one more
  logic [5:0]   empty1_q;              // in the beat that the frame ends in
  SideT         side1_q;
  logic         first_q;               // beat of the frame, at the input
  logic [1023:0] turned;               // the upper half

  assign in.ready = free1;
  assign turned   = {in.beat.data, in.beat.data} << {bytes_i[5:0], 3'b000};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      first_q  <= 1'b1;
    end else if (free1) begin
      valid1_q <= in.valid;
      if (in.valid) first_q <= in.beat.last;
    end
    if (free1 && in.valid) begin
      turned1_q <= turned[1023:512];
      for (int unsigned i = 0; i < 64; i++) before1_q[i] <= 7'(i) < bytes_i;
      first1_q  <= first_q;
      last1_q   <= in.beat.last;
      spills1_q <= in.beat.last && bytes_i > 7'(in.beat.empty);
      empty1_q  <= in.beat.last ? in.beat.empty - bytes_i[5:0] : '0;
      side1_q   <= side_i;
      if (first_q) header1_q <= header_i;
    end
  end

  // ---- stage 2: joins it with what stands before
  stream_if     joined (.clk_i, .rst_ni);
  logic         flush_q;  // of the frame what spilled is left
  logic [511:0] held_q;   // the beat before

  assign joined.valid = valid1_q;
  assign free1        = !valid1_q || (joined.ready && (flush_q || !spills1_q));

  always_comb begin
    for (int unsigned i = 0; i < 64; i++) begin
      joined.beat.data[8*i+:8] = flush_q || !before1_q[i] ? turned1_q[8*i+:8]
                                                          : first1_q ? header1_q[8*i+:8] : held_q[8*i+:8];
    end
    joined.beat.last  = flush_q || (last1_q && !spills1_q);
    joined.beat.empty = joined.beat.last ? empty1_q : '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) flush_q <= 1'b0;
    else if (valid1_q && joined.ready) flush_q <= spills1_q && !flush_q;
    if (valid1_q && joined.ready) held_q <= turned1_q;
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
