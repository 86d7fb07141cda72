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

  logic [15:0] inside_q, inside_d;

  assign inside_d = inside_q + 16'($countones(enter_i)) - 16'($countones(leave_i));
  assign any_o    = inside_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) inside_q <= '0;
    else if (enter_i != '0 || leave_i != '0) inside_q <= inside_d;
    if (rst_ni) begin
      assert (!inside_d[15]) else $error("a packet left twice");
      assert (moving_i || inside_q == '0 || enter_i != '0 || leave_i != '0) else $error("a packet was lost inside");
    end
  end

endmodule
