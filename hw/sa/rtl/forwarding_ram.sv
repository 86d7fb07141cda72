// SPDX-License-Identifier: Apache-2.0
// A memory whose read knows of every write up to the clock in front of its answer.
module forwarding_ram #(
  parameter int unsigned Width = 32,
  parameter int unsigned Rows = 512,
  localparam int unsigned IndexBits = $clog2(Rows)
) (
  input  logic                 clk_i,
  input  logic                 write_i,
  input  logic [IndexBits-1:0] write_row_i,
  input  logic [Width-1:0]     write_data_i,
  input  logic                 read_i,
  input  logic [IndexBits-1:0] read_row_i,
  output logic [Width-1:0]     read_data_o   // two clocks later, and only then
);

  logic [IndexBits-1:0] row_q;
  logic                 crossed_q;  // the row was written in the clock it was read: data is the old word
  logic [Width-1:0]     crossed_data_q, data;

  ram_1r1w #(
    .Width(Width),
    .Rows (Rows)
  ) u_ram (
    .clk_i,
    .write_i,
    .write_row_i,
    .write_data_i,
    .read_i,
    .read_row_i,
    .read_data_o(data)
  );

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      row_q     <= read_row_i;
      crossed_q <= write_i && write_row_i == read_row_i;
      if (write_i) crossed_data_q <= write_data_i;
    end
    read_data_o <= write_i && write_row_i == row_q ? write_data_i : crossed_q ? crossed_data_q : data;
  end

endmodule
