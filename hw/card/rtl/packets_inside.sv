// SPDX-License-Identifier: Apache-2.0
// Counts the packets between the ports and the rings, and watches that each leaves exactly once.
//
// in = out + host + drops + inside: a packet that left twice would make the count negative, one that got lost would keep it from
// ever returning to zero, and the card from ever being idle.
module packets_inside #(
  parameter int unsigned Entries = 3,
  parameter int unsigned Exits = 8
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic [Entries-1:0] enter_i,  // pulses
  input  logic [Exits-1:0]   leave_i,
  input  logic               moving_i, // something moves where the packets are
  output logic               any_o
);

  // Three clocks: which, how many, the count.
  logic [Entries-1:0]           enter_q;
  logic [Exits-1:0]             leave_q;
  logic [$clog2(Entries+1)-1:0] more_q;
  logic [$clog2(Exits+1)-1:0]   less_q;
  logic [15:0]                  inside_q;
  logic                         counting;  // a pulse is on its way to the count

  assign counting = enter_q != '0 || leave_q != '0 || more_q != '0 || less_q != '0;
  assign any_o    = inside_q != '0 || counting;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      {enter_q, leave_q, more_q, less_q, inside_q} <= '0;
    end else begin
      enter_q  <= enter_i;
      leave_q  <= leave_i;
      more_q   <= $bits(more_q)'($countones(enter_q));
      less_q   <= $bits(less_q)'($countones(leave_q));
      inside_q <= inside_q + 16'(more_q) - 16'(less_q);
      assert (!inside_q[15]) else $error("a packet left twice");
      assert (moving_i || inside_q == '0 || counting || enter_i != '0 || leave_i != '0) else $error("a packet was lost inside");
    end
  end

endmodule
