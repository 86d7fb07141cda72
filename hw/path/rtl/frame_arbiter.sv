// SPDX-License-Identifier: Apache-2.0
// Joins frames of several streams into one: a whole frame at a time, in turn.
module frame_arbiter
  import stream_pkg::*;
#(
  parameter int unsigned Inputs = 2,
  parameter type SideT = logic
) (
  input  logic  clk_i,
  input  logic  rst_ni,
  stream_if.snk in[Inputs],
  input  SideT  side_i[Inputs],
  stream_if.src out,
  output SideT  side_o
);

  localparam int unsigned IndexBits = Inputs == 1 ? 1 : $clog2(Inputs);

  logic                 inside_q;           // a frame of input chosen_q is under way
  logic [IndexBits-1:0] chosen_d, chosen_q;
  logic [Inputs-1:0]    valid;
  beat_t                beat[Inputs];
  logic                 ready, take;

  for (genvar i = 0; i < Inputs; i++) begin : gen_in
    assign valid[i]    = in[i].valid;
    assign beat[i]     = in[i].beat;
    assign in[i].ready = take && chosen_d == IndexBits'(i);
  end

  // Between frames: the first that offers behind the one that went last, else the first of all. (No modulo: of a number of inputs
  // that is no power of two it is a divider, a hundred LUTs deep.)
  always_comb begin
    chosen_d = chosen_q;
    if (!inside_q) begin
      for (int i = Inputs - 1; i >= 0; i--) if (valid[i]) chosen_d = IndexBits'(i);
      for (int i = Inputs - 1; i >= 0; i--) if (valid[i] && i > int'(chosen_q)) chosen_d = IndexBits'(i);
    end
  end

  assign ready = !out.valid || out.ready;
  assign take  = ready && valid[chosen_d];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q  <= 1'b0;
      chosen_q  <= '0;
      out.valid <= 1'b0;
    end else begin
      if (take) begin
        inside_q <= !beat[chosen_d].last;
        chosen_q <= chosen_d;
      end
      if (ready) out.valid <= take;
    end
    if (take) begin
      out.beat <= beat[chosen_d];
      side_o   <= side_i[chosen_d];
    end
  end

endmodule
