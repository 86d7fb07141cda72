// SPDX-License-Identifier: Apache-2.0
// Runs one AES pipeline under a simulator, an input in every clock, and prints what came out, folded: two simulators that
// print the same did the same. Plain enough for Icarus Verilog; +clocks=N says how long.
module aes_encrypt_bench;

  reg          clk = 1'b0;
  reg  [127:0] block = 128'd1;  // a shift register with feedback: x^128 + x^7 + x^2 + x + 1
  reg  [127:0] folded = '0;
  wire         valid;
  wire [127:0] result;
  integer      clocks, n;

  aes_encrypt dut (
    .clk_i(clk), .valid_i(1'b1), .key_size_i(2'd0), .block_i(block),
    .round_key_0_i(128'h0), .round_key_1_i(128'h1), .round_key_2_i(128'h2), .round_key_3_i(128'h3), .round_key_4_i(128'h4),
    .round_key_5_i(128'h5), .round_key_6_i(128'h6), .round_key_7_i(128'h7), .round_key_8_i(128'h8), .round_key_9_i(128'h9),
    .round_key_10_i(128'ha), .round_key_11_i(128'hb), .round_key_12_i(128'hc), .round_key_13_i(128'hd), .round_key_14_i(128'he),
    .valid_o(valid), .block_o(result)
  );

  initial begin
    if (!$value$plusargs("clocks=%d", clocks)) clocks = 1000;
    for (n = 0; n < clocks; n = n + 1) begin
      #1 clk = 1'b1;
      #1 clk = 1'b0;
      if (valid) folded = {folded[126:0], folded[127]} ^ result;
      block = {block[126:0], 1'b0} ^ (block[127] ? 128'h87 : 128'h0);
    end
    $display("%h", folded);
    $finish;
  end

endmodule
