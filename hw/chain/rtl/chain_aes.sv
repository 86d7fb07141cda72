// SPDX-License-Identifier: Apache-2.0
// The AES cipher with the round keys of all SAs, in one direction: a block every clock, each of another SA.
//
// Every position of a round key has a memory of its own, which is read when the block arrives there.
module chain_aes
  import layout_pkg::*, chain_pkg::*;
#(
  parameter bit Decrypt = 1'b0
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic [RoundKeys-1:0]   write_i,        // positions that take the round key
  input  logic [SaIndexBits-1:0] write_row_i,
  input  logic [127:0]           write_data_i,
  input  logic                   begins_i,       // a block comes in the next clock
  input  logic [SaIndexBits-1:0] sa_index_i,     // of that block
  input  logic                   valid_i,
  input  logic [1:0]             key_size_i,
  input  logic [127:0]           block_i,
  output logic                   valid_o,        // the kernel's latency later
  output logic [127:0]           block_o
);

  // In which clock after the block a position's key is read.
  function automatic int unsigned stage(int unsigned position);
    return Decrypt ? aes_decrypt_pkg::RoundKeyStage[position] : aes_encrypt_pkg::RoundKeyStage[position];
  endfunction

  localparam int unsigned Stages = stage(RoundKeys - 1) + 1;

  logic [127:0]           round_key[RoundKeys];
  logic [Stages-1:0]      arrives;               // a block comes to the stage in the next clock
  logic [SaIndexBits-1:0] row[Stages];
  logic [Stages-2:0]      arrives_q;
  logic [SaIndexBits-1:0] row_q[Stages-1];

  assign arrives = {arrives_q, begins_i};
  always_comb begin
    row[0] = sa_index_i;
    for (int unsigned s = 1; s < Stages; s++) row[s] = row_q[s-1];
  end
  always_ff @(posedge clk_i) begin
    arrives_q <= rst_ni ? arrives[Stages-2:0] : '0;
    if (arrives != '0) row_q <= row[0:Stages-2];
  end

  for (genvar r = 0; r < RoundKeys; r++) begin : gen_position
    ram_1r1w #(
      .Width(128),
      .Rows (SaRows)
    ) u_memory (
      .clk_i,
      .write_i     (write_i[r]),
      .write_row_i,
      .write_data_i,
      .read_i      (arrives[stage(r)]),
      .read_row_i  (row[stage(r)]),
      .read_data_o (round_key[r])
    );
  end

  if (Decrypt) begin : gen_decrypt
    aes_decrypt u_kernel (
      .clk_i,
      .valid_i,
      .key_size_i,
      .block_i,
      .round_key_0_i (round_key[0]),
      .round_key_1_i (round_key[1]),
      .round_key_2_i (round_key[2]),
      .round_key_3_i (round_key[3]),
      .round_key_4_i (round_key[4]),
      .round_key_5_i (round_key[5]),
      .round_key_6_i (round_key[6]),
      .round_key_7_i (round_key[7]),
      .round_key_8_i (round_key[8]),
      .round_key_9_i (round_key[9]),
      .round_key_10_i(round_key[10]),
      .round_key_11_i(round_key[11]),
      .round_key_12_i(round_key[12]),
      .round_key_13_i(round_key[13]),
      .round_key_14_i(round_key[14]),
      .valid_o,
      .block_o
    );
  end else begin : gen_encrypt
    aes_encrypt u_kernel (
      .clk_i,
      .valid_i,
      .key_size_i,
      .block_i,
      .round_key_0_i (round_key[0]),
      .round_key_1_i (round_key[1]),
      .round_key_2_i (round_key[2]),
      .round_key_3_i (round_key[3]),
      .round_key_4_i (round_key[4]),
      .round_key_5_i (round_key[5]),
      .round_key_6_i (round_key[6]),
      .round_key_7_i (round_key[7]),
      .round_key_8_i (round_key[8]),
      .round_key_9_i (round_key[9]),
      .round_key_10_i(round_key[10]),
      .round_key_11_i(round_key[11]),
      .round_key_12_i(round_key[12]),
      .round_key_13_i(round_key[13]),
      .round_key_14_i(round_key[14]),
      .valid_o,
      .block_o
    );
  end

endmodule
