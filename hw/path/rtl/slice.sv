// SPDX-License-Identifier: Apache-2.0
// Keeps `keep` bytes of a frame from byte `skip` on, moved to byte 0 of the first beat; the rest of the frame goes away.
//
// `skip_i`, `keep_i` and `side_i` belong to the frame at the input and stand still while it passes; `side_o` likewise at the
// output. The frame must reach that far: skip + keep <= length, keep >= 1. One beat a clock; a frame whose last kept bytes
// are held costs one clock more.
module slice
  import stream_pkg::*, parse_pkg::*;
#(
  parameter type SideT = logic
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  stream_if.snk        in,
  input  logic [7:0]   skip_i,  // below 192
  input  frame_bytes_t keep_i,
  input  SideT         side_i,
  stream_if.src        out,
  output SideT         side_o,
  output logic         busy_o
);

  // ---- stage 1: every byte of the beat at its place in an output beat, this one or the one before; and what is to be done
  typedef struct packed {
    logic       last;     // of the frame
    logic       skipped;  // nothing of it is kept
    logic       opens;    // it holds the first kept byte
    logic       aligned;  // which is its first byte
    logic       alone;    // it holds the last one too
    logic       flushes;  // the last kept beat makes the last output beat alone
    logic [7:0] beats;    // to put out
    logic [5:0] empty;    // in the last of them
  } plan_t;

  logic         valid1_q, free1;
  logic [511:0] turned1_q;
  logic [63:0]  before1_q;  // bit i: byte i of the output is the beat's before
  plan_t        plan, plan1_q;
  SideT         side1_q;

  logic [2:0] place_q;            // of the beat at the input in its frame: first, second, third
  logic [5:0] shift;              // bytes
  logic [5:0] last_place;         // of the last kept byte in its output beat
  logic       fits;               // the last output beat is filled from one beat

  assign shift      = skip_i[5:0];
  assign last_place = keep_i[5:0] - 6'd1;
  assign fits       = 7'(last_place) + 7'(shift) < 7'd64;

  assign plan = '{
    last:    in.beat.last,
    skipped: (place_q[0] && skip_i[7:6] != '0) || (place_q[1] && skip_i[7]),
    opens:   skip_i[7] ? place_q[2] : skip_i[6] ? place_q[1] : place_q[0],
    aligned: shift == '0,
    alone:   fits && keep_i <= 14'd64,
    flushes: fits && shift != '0,
    beats:   keep_i[13:6] + 8'(keep_i[5:0] != '0),
    empty:   6'd0 - keep_i[5:0]
  };

  assign in.ready = free1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      place_q  <= 3'd1;
    end else if (free1) begin
      valid1_q <= in.valid;
      if (in.valid) place_q <= in.beat.last ? 3'd1 : {place_q[1:0], 1'b0};
    end
    if (free1 && in.valid) begin
      turned1_q <= 512'({in.beat.data, in.beat.data} >> {shift, 3'b000});
      for (int unsigned i = 0; i < 64; i++) before1_q[i] <= !plan.opens && 7'(i) + 7'(shift) < 7'd64 && shift != '0;
      plan1_q   <= plan;
      side1_q   <= side_i;
    end
  end

  // ---- stage 2: joins it with the beat before
  typedef enum logic [1:0] {
    Keep,
    Flush,  // what is held is the end
    Drain   // the frame goes on, but nothing of it is kept
  } state_e;

  stream_if     joined (.clk_i, .rst_ni);
  state_e       state_d, state_q;
  logic         flush_q;          // state_q is Flush, known without decoding it
  logic [511:0] held_q;           // the beat before
  logic         ended_q;          // it was the frame's last
  logic [5:0]   empty_q;          // of its frame, like the next
  SideT         side_q;
  logic [7:0]   left_q;           // beats still to put out
  logic         last_d, last_q;   // it is one
  logic         go, take, puts, finishes;

  assign go    = joined.ready;
  assign free1 = !valid1_q || (go && !flush_q);
  assign take  = valid1_q && go && !flush_q;

  assign puts     = !plan1_q.skipped && (!plan1_q.opens || plan1_q.alone || plan1_q.aligned);
  assign finishes = plan1_q.opens ? plan1_q.alone : last_q && !plan1_q.skipped;
  assign last_d   = plan1_q.opens ? plan1_q.beats == (plan1_q.aligned ? 8'd2 : 8'd1) : left_q == 8'd2;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Keep:
      if (take) begin
        if (finishes) state_d = plan1_q.last ? Keep : Drain;
        else if (!plan1_q.skipped && !plan1_q.opens && last_d && plan1_q.flushes) state_d = Flush;
      end
      Flush:   if (go) state_d = ended_q ? Keep : Drain;
      default: if (take && plan1_q.last) state_d = Keep;
    endcase
  end

  assign joined.valid = flush_q || (state_q == Keep && valid1_q && puts);

  always_comb begin
    for (int unsigned i = 0; i < 64; i++) begin
      joined.beat.data[8*i+:8] = flush_q || before1_q[i] ? held_q[8*i+:8] : turned1_q[8*i+:8];
    end
    joined.beat.last  = flush_q || finishes;
    joined.beat.empty = !joined.beat.last ? '0 : flush_q ? empty_q : plan1_q.empty;
  end

  always_ff @(posedge clk_i) begin
    state_q <= rst_ni ? state_d : Keep;
    flush_q <= rst_ni && state_d == Flush;
    if (take) begin
      held_q  <= turned1_q;
      ended_q <= plan1_q.last;
      empty_q <= plan1_q.empty;
      side_q  <= side1_q;
      left_q  <= plan1_q.opens ? plan1_q.beats - 8'(plan1_q.aligned) : left_q - 8'd1;
      last_q  <= last_d;
    end
    if (rst_ni && state_q == Keep && take && plan1_q.last) begin
      assert (finishes || state_d == Flush) else $error("the frame ends before its last kept byte");
    end
  end

  beat_register #(.SideT(SideT)) u_out (
    .clk_i,
    .rst_ni,
    .in    (joined),
    .side_i(flush_q ? side_q : side1_q),
    .out,
    .side_o
  );

  assign busy_o = valid1_q || flush_q || out.valid;

endmodule
