// SPDX-License-Identifier: Apache-2.0
// One direction: packets come in, lie in stores while they are enciphered or deciphered and hashed, and leave in their order, each not
// before its verdict.
module chain_direction
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
#(
  parameter bit Outbound = 1'b1,
  parameter int unsigned Contexts = 64,
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
  output progress_t         progress_data_o,
  input  logic              hash_read_i,
  input  place_t            hash_read_place_i,
  output logic [1023:0]     hash_read_data_o,
  input  logic              verdict_i,
  input  slot_t             verdict_slot_i,
  input  number_t           verdict_number_i,
  input  logic [255:0]      verdict_icv_i
);

  localparam int unsigned Packets = 2 * Contexts;
  localparam int unsigned NumberBits = $clog2(Packets);
  typedef logic [NumberBits-1:0] index_t;

  // ---- in ---------------------------------------------------------------------------------------------------------------------

  logic         entered, in_write, in_busy, released;
  number_t      entered_number;
  place_t       in_place;
  logic [511:0] in_data;
  logic         received, received_any;
  number_t      received_number;
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
    .busy_o          (in_busy),
    .entered_o       (entered),
    .entered_number_o(entered_number),
    .write_o         (in_write),
    .write_place_o   (in_place),
    .write_data_o    (in_data),
    .arrived_o,
    .context_o,
    .icv_valid_o     (received),
    .icv_number_o    (received_number),
    .icv_any_o       (received_any),
    .icv_o           (received_icv),
    .hashed_i        (verdict_i),
    .hashed_slot_i   (verdict_slot_i),
    .released_i      (released),
    .released_rows_i (released_rows)
  );

  // ---- stores -----------------------------------------------------------------------------------------------------------------

  logic         source_read, result_write, release_advance, release_read;
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
    .advance_i    (1'b1),
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
    .advance_i    (release_advance),
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
      .advance_i    (1'b1),
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
      .advance_i    (1'b1),
      .read_i       (hash_read_i),
      .read_place_i (hash_read_place_i),
      .read_data_o  (hash_read_data_o)
    );
  end

  // ---- cipher -----------------------------------------------------------------------------------------------------------------

  logic        finished;
  number_t     finished_number;
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
    .progress_data_o,
    .finished_o       (finished),
    .finished_number_o(finished_number),
    .trailer_o        (trailer)
  );

  // ---- verdict ----------------------------------------------------------------------------------------------------------------

  // Outbound the ICV that was computed is kept; inbound the one received, and then whether they are the same. Where there is no ICV
  // nothing is authentic.
  logic [255:0]       kept_icv;
  logic [1:0]         verdict_q;         // the other is read; both are compared, 16 bits and 16 bits
  number_t            verdict_number_q[2];
  logic [255:0]       verdict_icv_q;
  logic [15:0]        same_q;
  logic               kept_any, any_q, icv_ok;
  logic [Packets-1:0] finished_q, hashed_q;
  logic               load, head_busy;
  index_t             head_q;            // the oldest packet
  logic               loaded_q;          // which it was a clock ago
  index_t             loaded_number_q;

  ram_1r1w #(
    .Width(257),
    .Rows (Packets)
  ) u_icvs (
    .clk_i,
    .write_i     (Outbound ? verdict_i : received),
    .write_row_i (Outbound ? index_t'(verdict_number_i) : index_t'(received_number)),
    .write_data_i(Outbound ? {1'b1, verdict_icv_i} : {received_any, received_icv}),
    .read_i      (Outbound ? load : verdict_i),
    .read_row_i  (Outbound ? head_q : index_t'(verdict_number_i)),
    .read_data_o ({kept_any, kept_icv})
  );

  // Whole, in a number of clocks that nothing changes.
  assign icv_ok = any_q && same_q == '1;

  always_ff @(posedge clk_i) begin
    verdict_q <= rst_ni ? {verdict_q[0], verdict_i} : '0;
    verdict_number_q[0] <= verdict_number_i;
    verdict_number_q[1] <= verdict_number_q[0];
    if (verdict_i) verdict_icv_q <= verdict_icv_i;
    if (verdict_q[0]) begin
      for (int unsigned i = 0; i < 16; i++) same_q[i] <= kept_icv[16*i+:16] == verdict_icv_q[16*i+:16];
      any_q <= kept_any;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      finished_q <= '0;
      hashed_q   <= '0;
      head_q     <= '0;
    end else begin
      for (int unsigned p = 0; p < Packets; p++) begin
        if (finished && index_t'(finished_number) == index_t'(p)) finished_q[p] <= 1'b1;
        else if (loaded_q && loaded_number_q == index_t'(p)) finished_q[p] <= 1'b0;
        if (verdict_q[1] && index_t'(verdict_number_q[1]) == index_t'(p)) hashed_q[p] <= 1'b1;
        else if (loaded_q && loaded_number_q == index_t'(p)) hashed_q[p] <= 1'b0;
      end
      if (load) head_q <= head_q + 1'b1;
    end
    loaded_q        <= rst_ni && load;
    loaded_number_q <= head_q;
  end

  // Whether the oldest packet is both: looked up in two clocks, of each eight packets one, and of these one.
  localparam int unsigned Eights = Packets / 8;
  logic [Eights-1:0] done_of_eight_q;
  logic              done_q;
  logic [1:0]        looked_up_q;  // the head has stood since

  always_ff @(posedge clk_i) begin
    for (int unsigned g = 0; g < Eights; g++) begin : look_up
      automatic index_t packet = index_t'(8 * g) | (head_q & index_t'(7));
      done_of_eight_q[g] <= finished_q[packet] && hashed_q[packet];
    end
    done_q      <= done_of_eight_q[head_q[NumberBits-1:3]];
    looked_up_q <= rst_ni && !load ? {looked_up_q[0], 1'b1} : '0;
  end

  // ---- out --------------------------------------------------------------------------------------------------------------------

  context_t    head_context;
  SideT        head_side;
  logic        head_icv_ok;
  logic [15:0] head_trailer;

  ram_1r1w #(
    .Width($bits(context_t)),
    .Rows (Packets)
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
    .Rows (Packets)
  ) u_sides (
    .clk_i,
    .write_i     (entered),
    .write_row_i (index_t'(entered_number)),
    .write_data_i(side_i),
    .read_i      (load),
    .read_row_i  (head_q),
    .read_data_o (head_side)
  );

  ram_1r1w #(
    .Width(16),
    .Rows (Packets)
  ) u_trailers (
    .clk_i,
    .write_i     (finished),
    .write_row_i (index_t'(finished_number)),
    .write_data_i(trailer),
    .read_i      (load),
    .read_row_i  (head_q),
    .read_data_o (head_trailer)
  );

  ram_1r1w #(
    .Width(1),
    .Rows (Packets)
  ) u_icv_ok (
    .clk_i,
    .write_i     (verdict_q[1]),
    .write_row_i (index_t'(verdict_number_q[1])),
    .write_data_i(icv_ok),
    .read_i      (load),
    .read_row_i  (head_q),
    .read_data_o (head_icv_ok)
  );

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
    .done_i         (done_q && looked_up_q[1]),
    .load_o         (load),
    .context_i      (head_context),
    .side_i         ({head_side, head_icv_ok, head_trailer}),
    .icv_i          (kept_icv),
    .advance_o      (release_advance),
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
      if (finished) assert (!finished_q[index_t'(finished_number)]) else $error("a packet finished twice");
      if (verdict_q[1]) assert (!hashed_q[index_t'(verdict_number_q[1])]) else $error("two verdicts on one packet");
    end
  end

endmodule
