// SPDX-License-Identifier: Apache-2.0
// One direction: packets come in, lie in stores while they are enciphered or deciphered and hashed, and leave in their order, each not
// before its verdict.
module chain_direction
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
#(
  parameter bit Outbound = 1'b1,
  parameter int unsigned Contexts = 128,
  parameter type SideT = logic
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  cipher_key_write_t key_write_i,

  stream_if.snk             in,
  input  chain_packet_t     packet_i,
  input  SideT              side_i,
  output logic              room_o,
  stream_if.src             out,
  output SideT              side_o,
  output logic [255:0]      icv_o,       // outbound
  output logic              icv_ok_o,    // inbound
  output logic [15:0]       trailer_o,   // inbound: the plaintext's last two bytes
  output logic              busy_o,

  // towards the hash
  output logic              arrived_o,
  output context_t          context_o,
  output logic              progress_o,
  output number_t           progress_number_o,
  output units_t            progress_units_o,
  input  logic              hash_read_i,
  input  place_t            hash_read_place_i,
  output logic [1023:0]     hash_read_data_o,
  input  logic              verdict_i,
  input  number_t           verdict_number_i,
  input  logic [255:0]      verdict_icv_i
);

  localparam int unsigned NumberBits = $clog2(Contexts);
  typedef logic [NumberBits-1:0] index_t;

  // ---- in ---------------------------------------------------------------------------------------------------------------------

  logic         in_write, in_busy, released;
  place_t       in_place;
  logic [511:0] in_data;
  logic [255:0] received_icv;
  row_count_t   released_rows;

  chain_intake #(
    .Outbound(Outbound),
    .Contexts(Contexts)
  ) u_intake (
    .clk_i,
    .rst_ni,
    .in,
    .packet_i,
    .room_o,
    .busy_o         (in_busy),
    .write_o        (in_write),
    .write_place_o  (in_place),
    .write_data_o   (in_data),
    .arrived_o,
    .context_o,
    .icv_o          (received_icv),
    .released_i     (released),
    .released_rows_i(released_rows)
  );

  // ---- stores -----------------------------------------------------------------------------------------------------------------

  logic         source_read, result_write, release_read;
  place_t       source_place, result_place, release_place;
  logic [255:0] source_data;
  logic [4:0]   result_words;
  logic [127:0] result_data;
  logic [511:0] release_data;

  chain_store #(
    .WriteWords(8),
    .ReadWords (4)
  ) u_source (
    .clk_i,
    .write_i      (in_write),
    .write_place_i(in_place),
    .write_words_i(5'd8),
    .write_data_i (in_data),
    .read_i       (source_read),
    .read_place_i (source_place),
    .read_data_o  (source_data)
  );

  chain_store #(
    .WriteWords(2),
    .ReadWords (8)
  ) u_result (
    .clk_i,
    .write_i      (result_write),
    .write_place_i(result_place),
    .write_words_i(result_words),
    .write_data_i (result_data),
    .read_i       (release_read),
    .read_place_i (release_place),
    .read_data_o  (release_data)
  );

  // What is hashed is the ESP packet: the result outbound, the source inbound. A copy, for its read port.
  if (Outbound) begin : gen_hashed_result
    chain_store #(
      .WriteWords(2),
      .ReadWords (16)
    ) u_hashed (
      .clk_i,
      .write_i      (result_write),
      .write_place_i(result_place),
      .write_words_i(result_words),
      .write_data_i (result_data),
      .read_i       (hash_read_i),
      .read_place_i (hash_read_place_i),
      .read_data_o  (hash_read_data_o)
    );
  end else begin : gen_hashed_source
    chain_store #(
      .WriteWords(8),
      .ReadWords (16)
    ) u_hashed (
      .clk_i,
      .write_i      (in_write),
      .write_place_i(in_place),
      .write_words_i(5'd8),
      .write_data_i (in_data),
      .read_i       (hash_read_i),
      .read_place_i (hash_read_place_i),
      .read_data_o  (hash_read_data_o)
    );
  end

  // ---- cipher -----------------------------------------------------------------------------------------------------------------

  logic        finished;
  logic [15:0] trailer;

  chain_cipher #(
    .Decrypt (!Outbound),
    .Contexts(Contexts)
  ) u_cipher (
    .clk_i,
    .rst_ni,
    .key_write_i,
    .arrived_i        (arrived_o),
    .context_i        (context_o),
    .read_o           (source_read),
    .read_place_o     (source_place),
    .read_data_i      (source_data),
    .write_o          (result_write),
    .write_place_o    (result_place),
    .write_words_o    (result_words),
    .write_data_o     (result_data),
    .progress_o,
    .progress_number_o,
    .progress_units_o,
    .finished_o       (finished),
    .trailer_o        (trailer)
  );

  // ---- verdict ----------------------------------------------------------------------------------------------------------------

  // Outbound the ICV that was computed is kept; inbound the one received, and then whether they are the same. Where there is no ICV
  // nothing is authentic.
  logic [255:0]        kept_icv;
  logic                kept_any;
  logic                verdict_q;
  number_t             verdict_number_q;
  logic [255:0]        verdict_icv_q;
  logic [Contexts-1:0] finished_q, hashed_q, icv_ok_q;
  logic                load, head_busy;
  index_t              head_q;       // the oldest packet
  index_t              kept_write_row, kept_read_row;
  logic                icv_ok;

  assign kept_write_row = Outbound ? index_t'(verdict_number_i) : index_t'(context_o.number);
  assign kept_read_row  = Outbound ? head_q : index_t'(verdict_number_i);

  ram_1r1w #(
    .Width(257),
    .Rows (Contexts)
  ) u_icvs (
    .clk_i,
    .write_i     (Outbound ? verdict_i : arrived_o),
    .write_row_i (kept_write_row),
    .write_data_i({integrity_icv_bytes(packet_i.integrity) != '0, Outbound ? verdict_icv_i : received_icv}),
    .read_i      (Outbound ? load : verdict_i),
    .read_row_i  (kept_read_row),
    .read_data_o ({kept_any, kept_icv})
  );

  assign icv_ok = kept_any && kept_icv == verdict_icv_q;  // whole, in one clock

  always_ff @(posedge clk_i) begin
    verdict_q <= rst_ni && verdict_i;
    if (verdict_i) begin
      verdict_number_q <= verdict_number_i;
      verdict_icv_q    <= verdict_icv_i;
    end
    if (!rst_ni) begin
      finished_q <= '0;
      hashed_q   <= '0;
      head_q     <= '0;
    end else begin
      if (finished) finished_q[index_t'(progress_number_o)] <= 1'b1;
      if (verdict_q) hashed_q[index_t'(verdict_number_q)] <= 1'b1;
      if (load) begin
        finished_q[head_q] <= 1'b0;
        hashed_q[head_q]   <= 1'b0;
        head_q             <= head_q + 1'b1;
      end
    end
    if (verdict_q) icv_ok_q[index_t'(verdict_number_q)] <= icv_ok;
  end

  // ---- out --------------------------------------------------------------------------------------------------------------------

  context_t    head_context;
  SideT        head_side;
  logic        head_icv_ok_q;
  logic [15:0] head_trailer;

  ram_1r1w #(
    .Width($bits(context_t)),
    .Rows (Contexts)
  ) u_contexts (
    .clk_i,
    .write_i     (arrived_o),
    .write_row_i (index_t'(context_o.number)),
    .write_data_i(context_o),
    .read_i      (load),
    .read_row_i  (head_q),
    .read_data_o (head_context)
  );

  ram_1r1w #(
    .Width($bits(SideT)),
    .Rows (Contexts)
  ) u_sides (
    .clk_i,
    .write_i     (arrived_o),
    .write_row_i (index_t'(context_o.number)),
    .write_data_i(side_i),
    .read_i      (load),
    .read_row_i  (head_q),
    .read_data_o (head_side)
  );

  ram_1r1w #(
    .Width(16),
    .Rows (Contexts)
  ) u_trailers (
    .clk_i,
    .write_i     (finished),
    .write_row_i (index_t'(progress_number_o)),
    .write_data_i(trailer),
    .read_i      (load),
    .read_row_i  (head_q),
    .read_data_o (head_trailer)
  );

  always_ff @(posedge clk_i) begin
    if (load) head_icv_ok_q <= icv_ok_q[head_q];
  end

  typedef struct packed {
    SideT        side;
    logic        icv_ok;
    logic [15:0] trailer;
  } beside_t;

  chain_release #(
    .Outbound(Outbound),
    .SideT   (beside_t)
  ) u_release (
    .clk_i,
    .rst_ni,
    .done_i         (finished_q[head_q] && hashed_q[head_q]),
    .load_o         (load),
    .context_i      (head_context),
    .side_i         ({head_side, head_icv_ok_q, head_trailer}),
    .icv_i          (kept_icv),
    .read_o         (release_read),
    .read_place_o   (release_place),
    .read_data_i    (release_data),
    .released_o     (released),
    .released_rows_o(released_rows),
    .out,
    .side_o         ({side_o, icv_ok_o, trailer_o}),
    .icv_o,
    .busy_o         (head_busy)
  );

  assign busy_o = in_busy || head_busy;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (finished) assert (!finished_q[index_t'(progress_number_o)]) else $error("a packet finished twice");
      if (verdict_q) assert (!hashed_q[index_t'(verdict_number_q)]) else $error("two verdicts on one packet");
    end
  end

endmodule
