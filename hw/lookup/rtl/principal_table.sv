// SPDX-License-Identifier: Apache-2.0
// Who sends from an address: the first valid entry for it in the two buckets that its hashes name; 0 when there is none.
module principal_table
  import layout_pkg::*, stream_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         write_i,      // table_write_i's row is one of this table
  input  table_write_t table_write_i,
  input  logic [31:0]  hash_seed_i,
  input  logic         valid_i,      // at most every two clocks
  input  logic         bank_i,
  input  address_t     address_i,
  output logic         valid_o,      // lookup_pkg::PrincipalLatency later
  output logic         bank_o,
  output logic [15:0]  principal_o
);

  localparam int unsigned Half = PrincipalBuckets / 2;  // buckets in reach of one hash
  localparam int unsigned HashBits = $clog2(Half);
  localparam int unsigned HalfBit = HashBits;           // of a row's number

  // What a memory keeps of an entry.
  typedef struct packed {
    address_t    address;
    logic [15:0] principal;
    logic        valid;
  } stored_t;

  // ---- hash -------------------------------------------------------------------------------------------------------------------

  logic        hashed;
  logic [15:0] hash[2];
  logic        hashed_bank;
  address_t    hashed_address;

  bucket_hash u_hash (
    .clk_i,
    .valid_i (valid_i),
    .key_i   (address_i),
    .seed_i  (hash_seed_i),
    .valid_o (),
    .first_o (hash[0]),
    .second_o(hash[1])
  );

  delay_line #(
    .Width (1 + $bits(address_t)),
    .Clocks(bucket_hash_pkg::Latency)
  ) u_key (
    .clk_i,
    .rst_ni,
    .valid_i,
    .data_i ({bank_i, address_i}),
    .valid_o(hashed),  // as the hash's, and low from reset on: a kernel knows none
    .data_o ({hashed_bank, hashed_address})
  );

  // ---- read, compare, choose --------------------------------------------------------------------------------------------------

  stored_t [BucketEntries-1:0] written, bucket[2];
  logic [2*BucketEntries-1:0]  same_q;  // entries of the first bucket lowest
  address_t                    address_q;
  logic [2:0]                  bank_q;
  logic [2:0]                  step_q;  // read, compared, chosen

  for (genvar e = 0; e < BucketEntries; e++) begin : gen_written
    principal_entry_t entry;
    assign entry      = principal_entry_t'(table_write_i.data[$bits(principal_entry_t)*e+:$bits(principal_entry_t)]);
    assign written[e] = '{address: entry.address, principal: entry.principal, valid: entry.valid};
  end

  for (genvar h = 0; h < 2; h++) begin : gen_half
    ram_1r1w #(
      .Width($bits(stored_t) * BucketEntries),
      .Rows (2 * Half)
    ) u_buckets (
      .clk_i,
      .write_i     (write_i && table_write_i.row[HalfBit] == (h == 1)),
      .write_row_i ({table_write_i.bank, table_write_i.row[HashBits-1:0]}),
      .write_data_i(written),
      .read_i      (hashed),
      .read_row_i  ({hashed_bank, hash[h][HashBits-1:0]}),
      .read_data_o (bucket[h])
    );
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) step_q <= '0;
    else step_q <= {step_q[1:0], hashed};
    if (hashed) begin
      address_q <= hashed_address;
      bank_q[0] <= hashed_bank;
    end
    if (step_q[0]) begin
      for (int e = 0; e < BucketEntries; e++) begin
        same_q[e]                 <= bucket[0][e].valid && bucket[0][e].address == address_q;
        same_q[BucketEntries + e] <= bucket[1][e].valid && bucket[1][e].address == address_q;
      end
      bank_q[1] <= bank_q[0];
    end
    if (step_q[1]) begin  // the buckets still stand: the next read answers two clocks after this one's
      principal_o <= '0;
      for (int e = BucketEntries - 1; e >= 0; e--) if (same_q[BucketEntries+e]) principal_o <= bucket[1][e].principal;
      for (int e = BucketEntries - 1; e >= 0; e--) if (same_q[e]) principal_o <= bucket[0][e].principal;
      bank_q[2] <= bank_q[1];
    end
  end

  assign valid_o = step_q[2];
  assign bank_o  = bank_q[2];

endmodule
