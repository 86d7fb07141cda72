// SPDX-License-Identifier: Apache-2.0
// One hash function's pipeline: takes a block of any packet every clock, keeps the chaining values of all, and queues packets whose
// last block has come out.
module chain_hash_lane
  import chain_pkg::*, chain_hmac_pkg::*;
#(
  parameter lane_e Lane = Sha256,
  parameter int unsigned Contexts = 64
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic          wipe_i,    // zero what is remembered of the last key

  input  logic          valid_i,
  input  hash_token_t   token_i,   // what comes after this block
  input  digest_t       digest_i,  // chaining value
  input  block_t        block_i,

  output logic          valid_o,   // the packet that has waited longest
  output hash_token_t   token_o,
  input  logic          ready_i,

  input  logic          read_i,
  input  hash_token_t   read_token_i,  // whose chaining value
  output digest_t       digest_o       // in the next clock
);

  localparam int unsigned DigestBits = Lane == Md5 ? 128 : Lane == Sha1 ? 160 : Lane == Sha256 ? 256 : 512;
  localparam int unsigned Latency = Lane == Md5    ? md5_block_pkg::Latency :
                                    Lane == Sha1   ? sha1_block_pkg::Latency :
                                    Lane == Sha256 ? sha256_block_pkg::Latency : sha512_block_pkg::Latency;

  logic [DigestBits-1:0] digest_in, digest_out, digest_kept;
  assign digest_in = digest_i[511-:DigestBits];

  if (Lane == Md5) begin : gen_md5
    md5_block u_kernel (
      .clk_i,
      .valid_i,
      .state_i(digest_in),
      .block_i(block_i[1023:512]),
      .valid_o(),  // its time is known
      .state_o(digest_out)
    );
  end else if (Lane == Sha1) begin : gen_sha1
    sha1_block u_kernel (
      .clk_i,
      .valid_i,
      .state_i(digest_in),
      .block_i(block_i[1023:512]),
      .valid_o(),  // its time is known
      .state_o(digest_out)
    );
  end else if (Lane == Sha256) begin : gen_sha256
    sha256_block u_kernel (
      .clk_i,
      .valid_i,
      .state_i(digest_in),
      .block_i(block_i[1023:512]),
      .valid_o(),  // its time is known
      .state_o(digest_out)
    );
  end else begin : gen_sha512
    sha512_block u_kernel (
      .clk_i,
      .valid_i,
      .state_i(digest_in),
      .block_i,
      .valid_o(),
      .state_o(digest_out)
    );
  end

  logic        out_valid;
  hash_token_t out_token;

  delay_line #(
    .Width ($bits(hash_token_t)),
    .Clocks(Latency)
  ) u_token_delay (
    .clk_i,
    .rst_ni,
    .valid_i,
    .data_i (token_i),
    .valid_o(out_valid),
    .data_o (out_token)
  );

  // A key's value has a row of its own behind the packets' rows.
  localparam int unsigned SlotBits = $clog2(Contexts);
  localparam logic [SlotBits+1:0] KeyRow = {1'b1, (SlotBits + 1)'(0)};
  function automatic logic [SlotBits+1:0] row_of(hash_token_t token);
    return token.step == KeyDone ? KeyRow : {1'b0, token.inbound, token.slot[SlotBits-1:0]};
  endfunction

  ram_1r1w #(
    .Width(DigestBits),
    .Rows (4 * Contexts)
  ) u_digests (
    .clk_i,
    .write_i     (out_valid || wipe_i),
    .write_row_i (out_valid ? row_of(out_token) : KeyRow),
    .write_data_i(out_valid ? digest_out : '0),
    .read_i,
    .read_row_i  (row_of(read_token_i)),
    .read_data_o (digest_kept)
  );
  assign digest_o = {digest_kept, {(512 - DigestBits) {1'b0}}};

  logic queue_ready;
  fifo #(
    .Width($bits(hash_token_t)),
    .Depth(2 * Contexts)
  ) u_queue (
    .clk_i,
    .rst_ni,
    .valid_i(out_valid),
    .ready_o(queue_ready),
    .data_i (out_token),
    .valid_o,
    .ready_i,
    .data_o (token_o),
    .used_o ()
  );

  always_ff @(posedge clk_i) begin
    if (rst_ni && out_valid) assert (queue_ready) else $error("more packets in a hash queue than there are");
  end

endmodule
