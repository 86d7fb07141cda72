// SPDX-License-Identifier: Apache-2.0
// GHASH (SP 800-38D 6.4) of four blocks every clock.
//
// Blocks (AAD, payload, lengths) are numbered from the end, with zero blocks in front, so slot j of m always is
//
//     dot_j = X0*H^4 + X1*H^3 + X2*H^2 + X3*H          and          hash = sum of dot_j * H^(4*(m-1-j)).
//
// One multiplier does that sum: with r slots to follow, it takes Z_j = dot_j + P_(j-4) and makes P_j = Z_j * H^(4*min(r, 4)). So
// P_j waits four slots for its turn (a Horner step of H^16) until the last four, whose products are the hash. The multiplier
// answers before the slot four later can ask, so slots need not wait.
module gcm_ghash
  import layout_pkg::*;
  import gcm_pkg::*;
(
  input  logic       clk_i,
  input  logic       rst_ni,
  input  key_write_t key_write_i,
  input  logic       valid_i,
  input  slot_t      slot_i,
  input  blocks_t    ciphertext_i,  // zero beyond the payload
  output logic       valid_o,       // with the closing slot
  output block_t     hash_o
);

  if (ghash_mul_pkg::Latency > 3) $fatal(1, "a product must be back when the slot four later needs it");

  // ---- four blocks of this slot -----------------------------------------------------------------------------------------------

  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    logic                   first;
    logic                   closing;
    logic [1:0]             lane;
    logic                   continued;
    logic [2:0]             power;
  } sum_t;

  logic    valid_q;
  sum_t    sum_q;
  blocks_t ciphertext_q;  // of the slot before
  blocks_t preceding;     // the four blocks in front of this slot's payload
  block_t  x_q[BlocksPerWord];

  assign preceding = slot_i.first ? {slot_i.packet.aad, 384'd0} : ciphertext_q;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    if (valid_i) begin
      ciphertext_q <= ciphertext_i;
      sum_q <= '{sa_index: slot_i.packet.sa_index, first: slot_i.first, closing: slot_i.closing, lane: slot_i.lane,
                 continued: slot_i.continued, power: slot_i.power};
      // The payload ends so that the length block is the fourth of the closing slot.
      unique case (slot_i.quarter)
        2'd2: {x_q[0], x_q[1], x_q[2], x_q[3]} <= {preceding[3], ciphertext_i[0], ciphertext_i[1], ciphertext_i[2]};
        2'd1: {x_q[0], x_q[1], x_q[2], x_q[3]} <= {preceding[2], preceding[3], ciphertext_i[0], ciphertext_i[1]};
        2'd0: {x_q[0], x_q[1], x_q[2], x_q[3]} <= {preceding[1], preceding[2], preceding[3], ciphertext_i[0]};
        2'd3: {x_q[0], x_q[1], x_q[2], x_q[3]} <= {preceding[0], preceding[1], preceding[2], preceding[3]};
      endcase
      if (slot_i.closing) begin
        x_q[3] <= slot_i.packet.gmac ? {46'd0, {1'b0, slot_i.packet.length} + 15'd16, 3'd0, 64'd0} :
                                       {56'd0, slot_i.packet.aad_bytes, 3'd0, 47'd0, slot_i.packet.length, 3'd0};  // in bits
      end
    end
  end

  // ---- powers of H ------------------------------------------------------------------------------------------------------------

  block_t h[Powers];  // H^1, H^2, H^3, H^4 of the packet in x_q; H^8, H^12, H^16 of the packet in dot
  logic   sum_early_valid;
  sum_t   sum_early;  // what comes out of ghash_dot in the next clock

  for (genvar i = 0; i < Powers; i++) begin : gen_power
    ram_1r1w #(
      .Width(128),
      .Rows (SaRows)
    ) u_memory (
      .clk_i,
      .write_i     (key_write_i.enable[PowerMemory+i]),
      .write_row_i (key_write_i.sa_index),
      .write_data_i(key_write_i.data),
      .read_i      (i < 4 ? valid_i && slot_i.first : sum_early_valid && sum_early.first),
      .read_row_i  (i < 4 ? slot_i.packet.sa_index : sum_early.sa_index),
      .read_data_o (h[i])
    );
  end

  block_t h_4;  // H^4 of the packet in dot
  delay_line #(
    .Width (128),
    .Clocks(ghash_dot_pkg::Latency)
  ) u_h_4_delay (
    .clk_i,
    .rst_ni,
    .valid_i(valid_q && sum_q.first),
    .data_i (h[3]),
    .valid_o(),  // held until the next packet
    .data_o (h_4)
  );

  // ---- dot --------------------------------------------------------------------------------------------------------------------

  block_t dot;
  logic   dot_valid_q;
  sum_t   dot_sum_q;

  ghash_dot u_dot (
    .clk_i,
    .valid_i(valid_q),
    .x0_i   (x_q[0]),
    .x1_i   (x_q[1]),
    .x2_i   (x_q[2]),
    .x3_i   (x_q[3]),
    .h0_i   (h[3]),
    .h1_i   (h[2]),
    .h2_i   (h[1]),
    .h3_i   (h[0]),
    .valid_o(),  // dot_valid_q says the same, and knows reset
    .p_o    (dot)
  );

  delay_line #(
    .Width ($bits(sum_t)),
    .Clocks(ghash_dot_pkg::Latency - 1)
  ) u_sum_delay (
    .clk_i,
    .rst_ni,
    .valid_i(valid_q),
    .data_i (sum_q),
    .valid_o(sum_early_valid),
    .data_o (sum_early)
  );

  always_ff @(posedge clk_i) begin
    dot_valid_q <= rst_ni && sum_early_valid;
    if (sum_early_valid) dot_sum_q <= sum_early;
  end

  // ---- sum --------------------------------------------------------------------------------------------------------------------

  localparam block_t One = {1'b1, 127'd0};  // the coefficient of x^0 comes first

  typedef struct packed {
    logic [1:0] lane;
    logic [2:0] power;
    logic       fold_first;  // first product that belongs to the hash
    logic       closing;
  } product_t;

  block_t   waiting_q[4];   // P of the last slot of each lane
  block_t   carried;        // P of the slot four before
  block_t   z_q, factor_q;
  logic     z_valid_q;
  product_t z_product_q;
  block_t   p;
  logic     p_valid;
  product_t p_product;
  block_t   fold, fold_q;

  assign carried = p_valid && p_product.lane == dot_sum_q.lane ? p : waiting_q[dot_sum_q.lane];

  always_ff @(posedge clk_i) begin
    z_valid_q <= rst_ni && dot_valid_q;
    if (dot_valid_q) begin
      z_q <= dot_sum_q.continued ? dot ^ carried : dot;
      case (dot_sum_q.power)
        3'd0:    factor_q <= One;
        3'd1:    factor_q <= h_4;
        3'd2:    factor_q <= h[4];
        3'd3:    factor_q <= h[5];
        default: factor_q <= h[6];
      endcase
      z_product_q <= '{lane: dot_sum_q.lane, power: dot_sum_q.power, closing: dot_sum_q.closing,
                       fold_first: dot_sum_q.power == 3'd3 || (dot_sum_q.first && dot_sum_q.power < 3'd3)};
    end
  end

  ghash_mul u_mul (
    .clk_i,
    .valid_i(z_valid_q),
    .a_i    (z_q),
    .b_i    (factor_q),
    .valid_o(),  // p_valid says the same, and knows reset
    .p_o    (p)
  );

  delay_line #(
    .Width ($bits(product_t)),
    .Clocks(ghash_mul_pkg::Latency)
  ) u_product_delay (
    .clk_i,
    .rst_ni,
    .valid_i(z_valid_q),
    .data_i (z_product_q),
    .valid_o(p_valid),
    .data_o (p_product)
  );

  assign fold    = p_product.fold_first ? p : fold_q ^ p;
  assign valid_o = p_valid && p_product.closing;
  assign hash_o  = fold;

  always_ff @(posedge clk_i) begin
    if (p_valid) begin
      waiting_q[p_product.lane] <= p;
      if (p_product.power < 3'd4) fold_q <= fold;
    end
  end

endmodule
