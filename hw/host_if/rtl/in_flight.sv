// SPDX-License-Identifier: Apache-2.0
// How many packets inside the card were admitted under each bank of the tables, as it was three clocks ago: less than the clocks
// from a flip to the answer of the first read behind it.
module in_flight
  import host_if_pkg::*;
#(
  parameter int unsigned AdmitPorts = 2,
  parameter int unsigned LeavePorts = 4
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  flight_t [AdmitPorts-1:0] admit_i,
  input  flight_t [LeavePorts-1:0] leave_i,
  output logic    [1:0][31:0]      in_flight_o,  // of bank 0 and bank 1
  output logic                     busy_o        // a pulse is on its way to its bank
);

  // No port adds to a bank more than one a clock.
  flight_t [AdmitPorts-1:0]             admit_q;
  logic [AdmitPorts-1:0]                admitted;
  logic [1:0][AdmitPorts-1:0]           admits;
  logic [1:0][LeavePorts-1:0]           leaves_q;
  logic [1:0][$clog2(AdmitPorts+1)-1:0] more_q;
  logic [1:0][$clog2(LeavePorts+1)-1:0] less_low_q, less_high_q;  // of each half of the ports
  logic                                 any, any_q;

  // What comes late in the clock is told apart in the next one.
  always_comb begin
    for (int i = 0; i < AdmitPorts; i++) begin
      admitted[i] = admit_q[i].valid;
      for (int b = 0; b < 2; b++) admits[b][i] = admit_q[i].valid && admit_q[i].bank == (b == 1);
    end
  end

  assign any    = admitted != '0 || leaves_q != '0;
  assign busy_o = any || any_q;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < AdmitPorts; i++) admit_q[i] <= '{valid: rst_ni && admit_i[i].valid, bank: admit_i[i].bank};
    for (int b = 0; b < 2; b++) begin
      for (int i = 0; i < LeavePorts; i++) leaves_q[b][i] <= rst_ni && leave_i[i].valid && leave_i[i].bank == (b == 1);
    end
    any_q <= rst_ni && any;
    if (any) begin
      for (int b = 0; b < 2; b++) begin
        more_q[b]      <= $bits(more_q[b])'($countones(admits[b]));
        less_low_q[b]  <= $bits(less_low_q[b])'($countones(leaves_q[b][LeavePorts/2-1:0]));
        less_high_q[b] <= $bits(less_high_q[b])'($countones(leaves_q[b][LeavePorts-1:LeavePorts/2]));
      end
    end
    if (!rst_ni) begin
      in_flight_o <= '0;
    end else if (any_q) begin
      for (int b = 0; b < 2; b++) begin
        in_flight_o[b] <= in_flight_o[b] + 32'(more_q[b]) - (32'(less_low_q[b]) + 32'(less_high_q[b]));
        assert (!in_flight_o[b][31]) else $error("more packets left than were admitted");
      end
    end
  end

endmodule
