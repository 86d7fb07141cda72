// SPDX-License-Identifier: Apache-2.0
// Lets frames in: keeps them in a fifo while what becomes of them is decided, and gives their first bytes to the deciders.
//
// Every frame let in must be answered by one job, in order; `done_i` returns the credit of a job that has been carried out.
// The deciders therefore never meet a full job fifo and need no stall. They get a frame at most every two clocks.
module admit
  import stream_pkg::*, parse_pkg::*;
#(
  parameter int unsigned Jobs = 64,
  parameter int unsigned Beats = 512
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  stream_if.snk                    in,
  input  admission_t               admission_i,  // of the frame at the input
  output logic                     admitted_o,   // its first beat is taken in this clock
  stream_if.src                    frame,        // to the mover
  input  logic                     done_i,
  output logic                     valid_o,
  output logic [8*WindowBytes-1:0] window_o,     // behind a short frame's end: anything
  output admission_t               admission_o,
  output logic                     busy_o        // a frame is inside or its job is not done
);

  localparam int unsigned CreditBits = $clog2(Jobs + 1);

  stream_if stored (.clk_i, .rst_ni);

  typedef enum logic [1:0] {
    First,   // beat of a frame
    Single,  // the frame had one beat: show it, and keep the pace
    Second,  // beat of a frame
    Rest
  } state_e;

  state_e                state_d, state_q;
  logic [CreditBits-1:0] inside_q;  // frames let in whose job is not done, a clock ago
  logic                  admitted_q, done_q;  // since
  logic                  room_q;    // for one more: none is let in in two clocks running
  logic                  open;      // a beat may pass
  logic                  take;
  logic                  show;
  logic [$clog2(Beats+2)-1:0] used;

  assign open         = state_q != Single && (state_q != First || room_q);
  assign stored.valid = in.valid && open;
  assign stored.beat  = in.beat;
  assign in.ready     = stored.ready && open;
  assign take         = in.valid && in.ready;
  assign admitted_o   = take && state_q == First;
  assign show         = state_q == Single || (state_q == Second && take);

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      First:  if (take) state_d = in.beat.last ? Single : Second;
      Single: state_d = First;
      default: if (take) state_d = in.beat.last ? First : Rest;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q  <= First;
      inside_q <= '0;
      room_q   <= 1'b0;
      valid_o  <= 1'b0;
      {admitted_q, done_q} <= '0;
    end else begin
      state_q  <= state_d;
      room_q   <= inside_q != CreditBits'(Jobs) && !(admitted_q && inside_q == CreditBits'(Jobs - 1));
      valid_o  <= show;
      {admitted_q, done_q} <= {admitted_o, done_i};
      if (admitted_q != done_q) inside_q <= admitted_q ? inside_q + CreditBits'(1) : inside_q - CreditBits'(1);
    end
    if (admitted_o) begin
      window_o[511:0] <= in.beat.data;
      admission_o     <= admission_i;
    end
    if (state_q == Second && take) window_o[1023:512] <= in.beat.data;
  end

  beat_fifo #(.Depth(Beats)) u_frames (.clk_i, .rst_ni, .in(stored), .out(frame), .used_o(used));

  assign busy_o = admitted_q || inside_q != '0;

  wire unused = &{1'b0, used};

endmodule
