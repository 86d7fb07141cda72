// SPDX-License-Identifier: Apache-2.0
// Makes of a key row what the packets need: the round keys, and the powers of H = E(0).
//
// One row at a time, one step a clock: a word of the key schedule (FIPS 197 5.2), the cipher of the zero block right behind it, then
// H^2 to H^16 by repeated multiplication. `table_ready_o` is low meanwhile. Reset and `wipe_i` zero every row and the registers here.
module key_setup
  import layout_pkg::*;
  import stream_pkg::*;
  import gcm_pkg::*;
#(
  parameter table_e KeyTable = TableSaOutKey
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic         wipe_i,
  output logic         wiping_o,
  output key_write_t   key_write_o
);

  typedef enum logic [1:0] {
    Wiping,
    Idle,
    Expanding,  // round keys, and H behind them
    Raising     // powers of H
  } state_e;

  state_e state_d, state_q;
  logic [SaIndexBits-1:0] sa_index_q;
  logic take;  // a key row arrives

  assign wiping_o      = state_q == Wiping;
  assign table_ready_o = state_q == Idle;
  assign take          = state_q == Idle && table_write_i.valid && table_write_i.table_id == KeyTable;

  // ---- the row ----------------------------------------------------------------------------------------------------------------

  sa_key_t      row;
  key_size_e    key_size;
  logic [255:0] key;  // its first byte most significant

  assign row      = sa_key_t'(table_write_i.data);
  assign key_size = row.key_size > KeySizeAes256 ? KeySizeAes256 : key_size_e'(row.key_size);
  for (genvar i = 0; i < 32; i++) begin : gen_key_byte
    assign key[8*(31-i)+:8] = row.key[8*i+:8];
  end

  // ---- round keys -------------------------------------------------------------------------------------------------------------

  logic       round_key_valid, round_key_first;
  logic [3:0] round_key_position;
  block_t     round_key;

  aes_key_schedule u_schedule (
    .clk_i,
    .rst_ni,
    .wipe_i     (wiping_o),
    .start_i    (take),
    .key_size_i (key_size),
    .key_i      (key),
    .valid_o    (round_key_valid),
    .first_o    (round_key_first),
    .position_o (round_key_position),
    .round_key_o(round_key)
  );

  // ---- H and its powers -------------------------------------------------------------------------------------------------------

  block_t     cipher_q;          // the zero block on its way through the rounds
  block_t     mixed, mixed_q;    // it in the next round, but for that round's key
  logic       h_valid_q;         // cipher_q has become H
  block_t     h_q, power_q;
  logic [4:0] exponent_q;        // of power_q
  logic       power_new_q;
  logic [Powers-1:0] power_write_q;  // memory that takes power_q, when it is one that is kept
  block_t     product;
  logic       product_valid;

  aes_round u_round (
    .last_i     (round_key_position == 4'd13),  // of the round key before
    .state_i    (cipher_q),
    .round_key_i('0),
    .state_o    (mixed)
  );

  ghash_mul u_mul (
    .clk_i,
    .valid_i(power_new_q && exponent_q != 5'd16),
    .a_i    (power_q),
    .b_i    (h_q),
    .valid_o(product_valid),
    .p_o    (product)
  );

  function automatic logic [Powers-1:0] memory_of(logic [4:0] exponent);
    case (exponent)
      5'd1, 5'd2, 5'd3, 5'd4: return Powers'(1) << (exponent - 5'd1);
      5'd8:                   return Powers'(1) << 4;
      5'd12:                  return Powers'(1) << 5;
      5'd16:                  return Powers'(1) << 6;
      default:                return '0;
    endcase
  endfunction

  always_ff @(posedge clk_i) begin
    h_valid_q     <= 1'b0;
    power_new_q   <= 1'b0;
    power_write_q <= '0;
    mixed_q       <= mixed;
    if (round_key_valid) begin
      cipher_q  <= round_key_first ? round_key : round_key ^ mixed_q;
      h_valid_q <= round_key_position == 4'd14;
    end
    if (h_valid_q) begin
      h_q           <= cipher_q;
      power_q       <= cipher_q;
      exponent_q    <= 5'd1;
      power_new_q   <= 1'b1;
      power_write_q <= memory_of(5'd1);
    end else if (state_q == Raising && product_valid) begin
      power_q       <= product;
      exponent_q    <= exponent_q + 5'd1;
      power_new_q   <= 1'b1;
      power_write_q <= memory_of(exponent_q + 5'd1);
    end
    if (state_q == Wiping) {cipher_q, mixed_q, h_q, power_q, h_valid_q, power_new_q, power_write_q} <= '0;
  end

  // ---- what is written --------------------------------------------------------------------------------------------------------

  logic        nonce_new_q;
  logic [33:0] nonce_q;

  // One of them at a time.
  always_comb begin
    key_write_o.sa_index = sa_index_q;
    if (state_q == Wiping) begin
      key_write_o.enable = '1;
      key_write_o.data   = '0;
    end else begin
      for (int unsigned r = 0; r < RoundKeys; r++) key_write_o.enable[r] = round_key_valid && round_key_position == 4'(r);
      key_write_o.enable[NonceMemory]          = nonce_new_q;
      key_write_o.enable[PowerMemory+:Powers]  = power_write_q;
      key_write_o.data                         = nonce_new_q ? 128'(nonce_q) : round_key_valid ? round_key : power_q;
    end
  end

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Wiping:    if (sa_index_q == '1) state_d = Idle;
      Idle:      if (take) state_d = Expanding;
      Expanding: if (h_valid_q) state_d = Raising;
      Raising:   if (power_write_q[Powers-1]) state_d = Idle;
    endcase
    if (wipe_i) state_d = Wiping;
  end

  always_ff @(posedge clk_i) begin
    nonce_new_q <= take;
    if (take) nonce_q <= {key_size, row.salt};
    if (take) sa_index_q <= table_write_i.row[SaIndexBits-1:0];
    else if (state_q == Wiping) sa_index_q <= sa_index_q + SaIndexBits'(1);
    if (!rst_ni) begin
      state_q <= Wiping;
    end else begin
      state_q <= state_d;
    end
    if (!rst_ni || wipe_i) sa_index_q <= '0;
    if (state_q == Wiping) nonce_q <= '0;
    if (rst_ni && table_write_i.valid) assert (state_q == Idle) else $error("a table write while not ready");
  end

endmodule
