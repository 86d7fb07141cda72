// SPDX-License-Identifier: Apache-2.0
// Makes of key rows what the packets need: round keys, and the chaining values of HMAC (RFC 2104) behind K ^ ipad and K ^ opad.
//
// An integrity key is held until the key row of the same SA follows; a key row whose integrity is none, or that finds no integrity key
// of its own, zeroes the SA's chaining values. `table_ready_o` is low while a row is set up. Reset and `wipe_i` zero every row and the
// registers here.
module chain_keys
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
(
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  table_write_t           table_write_i,
  output logic                   table_ready_o,
  input  logic                   wipe_i,
  output logic                   wiping_o,

  output cipher_key_write_t      out_write_o,
  output cipher_key_write_t      in_write_o,

  output logic                   hmac_valid_o,   // hash this half of the HMAC key
  output hmac_key_t              hmac_key_o,
  input  logic                   hmac_done_i,
  output logic [3:0]             zero_o,         // chaining values to be made zero: {inbound, outer}
  output logic [SaIndexBits-1:0] zero_row_o
);

  typedef enum logic [2:0] {
    Wiping,
    Idle,
    Expanding,  // round keys
    HashInner,  // K ^ ipad
    HashOuter,  // K ^ opad
    Zeroing     // no HMAC
  } state_e;

  state_e                 state_d, state_q;
  logic [SaIndexBits-1:0] sa_index_q;
  logic                   inbound_q;
  logic                   take, take_integrity;
  table_write_t           write_q;      // the row that came in the last clock
  logic                   key_row_q, integrity_row_q;  // it is one for here
  logic                   wiping_q;     // the last row is written a clock behind its number
  logic                   inbound;

  assign inbound        = write_q.table_id inside {TableSaInKey, TableSaInIntegrityKey};
  assign take           = state_q == Idle && key_row_q;
  assign take_integrity = state_q == Idle && integrity_row_q;
  assign wiping_o       = state_q == Wiping || wiping_q;
  assign table_ready_o  = state_q == Idle && !key_row_q;

  always_ff @(posedge clk_i) begin
    wiping_q        <= state_q == Wiping;
    key_row_q       <= rst_ni && table_write_i.valid && table_write_i.table_id inside {TableSaOutKey, TableSaInKey};
    integrity_row_q <= rst_ni && table_write_i.valid && table_write_i.table_id inside {TableSaOutIntegrityKey, TableSaInIntegrityKey};
    if (state_q == Wiping) write_q <= '0;
    else if (table_write_i.valid) write_q <= table_write_i;
  end

  // ---- the rows ---------------------------------------------------------------------------------------------------------------

  sa_key_t                row;
  logic [255:0]           key;       // first byte most significant
  logic [511:0]           integrity_key_q;
  logic                   held_q;    // an integrity key waits for its key row
  logic                   held_inbound_q;
  logic [SaIndexBits-1:0] held_row_q;
  logic [3:0]             integrity_q;
  logic                   key_new_q;
  cipher_key_t            cipher_key_q;

  assign row = sa_key_t'(write_q.data);
  assign key = {swapped_128(row.key[127:0]), swapped_128(row.key[255:128])};

  always_ff @(posedge clk_i) begin
    key_new_q <= rst_ni && take;
    if (take_integrity) begin
      held_q         <= 1'b1;
      held_inbound_q <= inbound;
      held_row_q     <= write_q.row[SaIndexBits-1:0];
      for (int unsigned i = 0; i < 64; i++) integrity_key_q[8*i+:8] <= write_q.data[8*(63-i)+:8];
    end
    if (take) begin
      held_q       <= 1'b0;
      inbound_q    <= inbound;
      sa_index_q   <= write_q.row[SaIndexBits-1:0];
      integrity_q  <= held_q && held_inbound_q == inbound && held_row_q == write_q.row[SaIndexBits-1:0] ? row.integrity
                                                                                                            : IntegrityNone;
      cipher_key_q <= '{des_keys: key[255:64], key_size: row.key_size, salt: row.salt};
    end
    if (state_q == Wiping) begin
      sa_index_q <= sa_index_q + SaIndexBits'(1);
      {integrity_key_q, cipher_key_q, held_q} <= '0;
    end
    if (!rst_ni || wipe_i) sa_index_q <= '0;
  end

  // ---- what is written --------------------------------------------------------------------------------------------------------

  logic         round_key_valid;
  logic [3:0]   position;
  logic [127:0] round_key;

  aes_key_schedule u_schedule (
    .clk_i,
    .rst_ni,
    .wipe_i     (wiping_o),
    .start_i    (take),
    .key_size_i (row.key_size),
    .key_i      (key),
    .valid_o    (round_key_valid),
    .first_o    (first),
    .position_o (position),
    .round_key_o(round_key)
  );

  // The equivalent inverse cipher (FIPS 197 5.3.5) takes them the other way round, all but first and last through InvMixColumns.
  logic         first;
  logic         made_q;       // a round key
  logic         edge_q;       // the first or the last of the cipher's
  logic         last_q;
  logic [3:0]   position_q, decrypt_position_q;
  logic [127:0] mixed, round_key_q, mixed_q;

  // Who of the two directions takes what, and what.
  typedef struct packed {
    logic                 key;
    logic [RoundKeys-1:0] encrypt;
    logic [RoundKeys-1:0] decrypt;
  } takes_t;
  takes_t                 out_takes_q, in_takes_q;
  logic [SaIndexBits-1:0] write_sa_index_q;
  cipher_key_t            write_cipher_key_q;
  logic [127:0]           write_encrypt_key_q, write_decrypt_key_q;

  assign out_write_o = {out_takes_q, write_sa_index_q, write_cipher_key_q, write_encrypt_key_q, write_decrypt_key_q};
  assign in_write_o  = {in_takes_q, write_sa_index_q, write_cipher_key_q, write_encrypt_key_q, write_decrypt_key_q};

  aes_inv_mix u_inv_mix (
    .round_key_i(round_key),
    .round_key_o(mixed)
  );

  always_ff @(posedge clk_i) begin
    made_q <= rst_ni && round_key_valid;
    if (round_key_valid) begin
      edge_q      <= first || position == 4'd14;
      last_q      <= position == 4'd14;
      position_q  <= position;
      round_key_q <= round_key;
      mixed_q     <= mixed;
    end
    if (take) decrypt_position_q <= 4'd14;
    else if (made_q) decrypt_position_q <= decrypt_position_q - 4'd1;

    for (int unsigned r = 0; r < RoundKeys; r++) begin
      out_takes_q.encrypt[r] <= state_q == Wiping || (made_q && !inbound_q && position_q == 4'(r));
      out_takes_q.decrypt[r] <= state_q == Wiping || (made_q && !inbound_q && decrypt_position_q == 4'(r));
      in_takes_q.encrypt[r]  <= state_q == Wiping || (made_q && inbound_q && position_q == 4'(r));
      in_takes_q.decrypt[r]  <= state_q == Wiping || (made_q && inbound_q && decrypt_position_q == 4'(r));
    end
    out_takes_q.key     <= state_q == Wiping || (key_new_q && !inbound_q);
    in_takes_q.key      <= state_q == Wiping || (key_new_q && inbound_q);
    write_sa_index_q    <= sa_index_q;
    write_cipher_key_q  <= cipher_key_q;
    write_encrypt_key_q <= round_key_q;
    write_decrypt_key_q <= edge_q ? round_key_q : mixed_q;
    if (state_q == Wiping) begin
      {round_key_q, mixed_q, made_q} <= '0;
      {write_cipher_key_q, write_encrypt_key_q, write_decrypt_key_q} <= '0;
    end
  end

  assign hmac_valid_o = state_q inside {HashInner, HashOuter};
  assign hmac_key_o   = '{inbound: inbound_q, outer: state_q == HashOuter, sa_index: sa_index_q, integrity: integrity_q,
                          key: integrity_key_q};
  assign zero_row_o   = sa_index_q;
  assign zero_o       = state_q == Wiping ? '1 : state_q == Zeroing ? 4'b0011 << {inbound_q, 1'b0} : '0;

  // ---- phases -----------------------------------------------------------------------------------------------------------------

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Wiping:    if (sa_index_q == '1) state_d = Idle;
      Idle:      if (take) state_d = Expanding;
      Expanding: if (made_q && last_q) state_d = integrity_q == IntegrityNone ? Zeroing : HashInner;
      HashInner: if (hmac_done_i) state_d = HashOuter;
      HashOuter: if (hmac_done_i) state_d = Idle;
      default:   state_d = Idle;
    endcase
    if (wipe_i) state_d = Wiping;
  end

  always_ff @(posedge clk_i) begin
    state_q <= rst_ni ? state_d : Wiping;
    if (rst_ni && table_write_i.valid) assert (table_ready_o) else $error("a table write while not ready");
  end

endmodule
