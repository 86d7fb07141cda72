// SPDX-License-Identifier: Apache-2.0
// How many packets inside the card were admitted under each bank of the tables.
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
  output logic    [1:0][31:0]      in_flight_o  // of bank 0 and bank 1
);

  // No port adds to a bank more than one a clock.
  function automatic logic [31:0] pulses(flight_t [AdmitPorts-1:0] admit, flight_t [LeavePorts-1:0] leave, logic bank);
    pulses = '0;
    for (int i = 0; i < AdmitPorts; i++) if (admit[i].valid && admit[i].bank == bank) pulses = pulses + 32'd1;
    for (int i = 0; i < LeavePorts; i++) if (leave[i].valid && leave[i].bank == bank) pulses = pulses - 32'd1;
  endfunction

  logic any;

  always_comb begin
    any = 1'b0;
    for (int i = 0; i < AdmitPorts; i++) any |= admit_i[i].valid;
    for (int i = 0; i < LeavePorts; i++) any |= leave_i[i].valid;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_flight_o <= '0;
    end else if (any) begin
      for (int b = 0; b < 2; b++) begin
        in_flight_o[b] <= in_flight_o[b] + pulses(admit_i, leave_i, b == 1);
        assert (!in_flight_o[b][31]) else $error("more packets left than were admitted");
      end
    end
  end

endmodule
