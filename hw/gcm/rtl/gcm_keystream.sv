// SPDX-License-Identifier: Apache-2.0
// Four AES lanes in counter mode: the keystream of one word every clock.
//
// SP 800-38D 7.1: J0 = nonce || 1, payload block i takes nonce || i + 2. The fourth lane of a closing slot has no payload and makes
// E(J0) for the tag. Every position of a round key has a memory of its own, read when the packet's first block arrives there; the
// word stays for the rest of the packet.
module gcm_keystream
  import layout_pkg::*;
  import gcm_pkg::*;
(
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  key_write_t             key_write_i,
  input  logic                   packet_valid_i,  // one clock before the first slot of a packet
  input  logic [SaIndexBits-1:0] sa_index_i,      // with packet_valid_i
  input  logic                   valid_i,
  input  logic [63:0]            iv_i,
  input  logic [7:0]             number_i,        // of the slot in its packet
  input  logic                   closing_i,
  output blocks_t                keystream_o      // aes_encrypt_pkg::Latency clocks later
);

  block_t round_key[RoundKeys];

  for (genvar r = 0; r < RoundKeys; r++) begin : gen_position
    if (aes_encrypt_pkg::RoundKeyStage[r] != r) $fatal(1, "a round key is expected in another clock");

    logic                   begins;  // a packet's beginning, r clocks after packet_valid_i
    logic [SaIndexBits-1:0] sa_index;

    if (r == 0) begin : gen_first
      assign begins   = packet_valid_i;
      assign sa_index = sa_index_i;
    end else begin : gen_later
      always_ff @(posedge clk_i) begin
        begins <= rst_ni && gen_position[r-1].begins;
        if (gen_position[r-1].begins) sa_index <= gen_position[r-1].sa_index;
      end
    end

    ram_1r1w #(
      .Width(128),
      .Rows (SaRows)
    ) u_memory (
      .clk_i,
      .write_i     (key_write_i.enable[r]),
      .write_row_i (key_write_i.sa_index),
      .write_data_i(key_write_i.data),
      .read_i      (begins),
      .read_row_i  (sa_index),
      .read_data_o (round_key[r])
    );
  end

  logic [1:0]  key_size;
  logic [31:0] salt;

  ram_1r1w #(
    .Width(34),
    .Rows (SaRows)
  ) u_nonce_memory (
    .clk_i,
    .write_i     (key_write_i.enable[NonceMemory]),
    .write_row_i (key_write_i.sa_index),
    .write_data_i(key_write_i.data[33:0]),
    .read_i      (packet_valid_i),
    .read_row_i  (sa_index_i),
    .read_data_o ({key_size, salt})
  );

  for (genvar lane = 0; lane < BlocksPerWord; lane++) begin : gen_lane
    logic [31:0] counter;
    if (lane == BlocksPerWord - 1) assign counter = closing_i ? 32'd1 : {22'd0, number_i, 2'd0} + 32'd2 + lane;
    else assign counter = {22'd0, number_i, 2'd0} + 32'd2 + lane;

    aes_encrypt u_aes_encrypt (
      .clk_i,
      .valid_i,
      .key_size_i    (key_size),
      .block_i       ({salt, iv_i, counter}),
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
      .valid_o       (),  // the slot is delayed beside the lanes
      .block_o       (keystream_o[lane])
    );
  end

endmodule
