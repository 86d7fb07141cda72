// SPDX-License-Identifier: Apache-2.0
// The outbound SAs: static rows, and the one place that hands out sequence numbers.
//
// RFC 4303 3.3.3: "the sender MUST NOT send a packet on an SA if doing so would cause the sequence number to cycle." Our IV is this
// number, so a repeat would also repeat a nonce under the same key: the last number is never passed.
//
// Two ports, each for at most one request every two clocks, answers in order:
//   row     row_valid_i, row_sa_index_i -> after sa_pkg::RowLatency row_valid_o, row_o (an index beyond the table: an empty row)
//   number  number_valid_i, number_request_i -> after sa_pkg::NumberLatency number_valid_o, number_o. Decides in the order of
//           hw/README.md, outbound step 9: sa_empty, seq_exhausted, hard_limit, else accept; counts and numbers the packet.
//
// `capture_valid_i` (a pulse) asks for the living state of a row; it comes with capture_valid_o, some clocks later.
// Loading a row of sa_out_key zeroes the row's living state. Reset and `wipe_i` (a pulse) zero every row; until `wiping_o` falls, all
// rows are empty and table writes must wait.
module sa_out
  import layout_pkg::*;
  import stream_pkg::*;
  import sa_pkg::*;
(
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  table_write_t           table_write_i,
  input  logic                   wipe_i,
  output logic                   wiping_o,

  input  logic                   row_valid_i,
  input  logic [15:0]            row_sa_index_i,
  output logic                   row_valid_o,
  output sa_out_t                row_o,

  input  logic                   number_valid_i,
  input  number_request_t        number_request_i,
  output logic                   number_valid_o,
  output number_t                number_o,

  input  logic                   capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic                   capture_valid_o,
  output sa_out_state_t          capture_o
);

  logic [SaIndexBits-1:0] wipe_row;
  wipe_walk u_wipe (.clk_i, .rst_ni, .wipe_i, .wiping_o, .row_o(wipe_row));

  // ---- static rows ------------------------------------------------------------------------------------------------------------

  sa_rows #(
    .Table(TableSaOut),
    .Width(RowBits - $bits(row_o.reserved))
  ) u_rows (
    .clk_i,
    .table_write_i,
    .wiping_i   (wiping_o),
    .wipe_row_i (wipe_row),
    .read_i     (row_valid_i),
    .read_row_i (row_sa_index_i),
    .read_data_o(row_o)
  );

  always_ff @(posedge clk_i) row_valid_o <= rst_ni && row_valid_i;

  sa_limits_t read_limits;  // with the living state

  sa_rows #(
    .Table(TableSaOutLimits),
    .Width(RowBits - $bits(read_limits.reserved))
  ) u_limits_rows (
    .clk_i,
    .table_write_i,
    .wiping_i   (wiping_o),
    .wipe_row_i (wipe_row),
    .read_i     (number_valid_i),
    .read_row_i (number_request_i.sa_index),
    .read_data_o(read_limits)
  );

  // ---- living state -----------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic        expired;
    logic [63:0] bytes;
    logic [63:0] packets;
    logic [63:0] seq;
  } state_t;

  logic   read_valid;
  state_t read_state, state_q, next_q, captured;
  logic   write_q;

  living_rows #(
    .Width($bits(state_t))
  ) u_state (
    .clk_i,
    .rst_ni,
    .request_i         (number_valid_i),
    .sa_index_i        (number_request_i.sa_index[SaIndexBits-1:0]),
    .state_valid_o     (read_valid),
    .state_o           (read_state),
    .near_o            (),  // nothing else is known of a row
    .write_i           (write_q),
    .next_i            (next_q),
    .clear_valid_i     (table_write_i.valid && table_write_i.table_id == TableSaOutKey),
    .clear_sa_index_i  (table_write_i.row[SaIndexBits-1:0]),
    .wiping_i          (wiping_o),
    .wipe_row_i        (wipe_row),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o,
    .capture_o         (captured),
    .written_o         (),  // nobody keeps a copy
    .written_row_o     (),
    .written_data_o    ()
  );

  assign capture_o = '{seq: captured.seq, packets: captured.packets, bytes: captured.bytes, expired: captured.expired, reserved: '0};

  // ---- decision ---------------------------------------------------------------------------------------------------------------

  number_request_t request_1_q;
  logic [3:1]      valid_q;                     // a request, so many clocks ago
  logic            empty_2_q, esn_2_q, empty_3_q;
  logic            last_low_3_q, last_high_3_q;  // halves of the last number; without ESN the upper one counts as such
  logic            empty, exhausted, soft_reached, hard_passed;
  logic [63:0]     packets, bytes;

  sa_limits u_limits (
    .clk_i,
    .limits_valid_i(valid_q[1]),
    .limits_i      (read_limits),
    .more_bytes_i  (request_1_q.bytes),
    .counts_valid_i(read_valid),
    .packets_i     (read_state.packets),
    .bytes_i       (read_state.bytes),
    .packets_o     (packets),
    .bytes_o       (bytes),
    .soft_o        (soft_reached),
    .hard_o        (hard_passed)
  );

  assign empty     = wiping_o || empty_3_q;
  assign exhausted = last_low_3_q && last_high_3_q;

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni ? {valid_q[2:1], number_valid_i} : '0;
    if (number_valid_i) request_1_q <= number_request_i;
    if (valid_q[1]) begin
      empty_2_q <= !request_1_q.row.valid || request_1_q.sa_index >= 16'(SaRows);
      esn_2_q   <= request_1_q.row.esn;
    end
    if (read_valid) begin
      state_q       <= read_state;
      empty_3_q     <= empty_2_q;
      last_low_3_q  <= read_state.seq[31:0] == '1;
      last_high_3_q <= !esn_2_q || read_state.seq[63:32] == '1;
    end

    number_valid_o <= rst_ni && valid_q[3];
    if (valid_q[3]) begin : decide
      next_q  <= state_q;
      write_q <= !empty;
      number_o <= '{accept: 1'b0, drop: DropSaEmpty, seq: state_q.seq + 64'd1, soft_limit: 1'b0, hard_limit: 1'b0};
      if (!empty) begin
        if (exhausted || state_q.expired || hard_passed) begin
          next_q.expired      <= 1'b1;
          number_o.drop       <= exhausted ? DropSeqExhausted : DropHardLimit;
          number_o.hard_limit <= !state_q.expired;
        end else begin
          next_q              <= '{expired: 1'b0, bytes: bytes, packets: packets, seq: state_q.seq + 64'd1};
          number_o.accept     <= 1'b1;
          number_o.soft_limit <= soft_reached;
        end
      end
    end

    if (rst_ni && number_valid_o) begin
      assert (!number_o.accept || number_o.seq != '0) else $error("sequence number zero was handed out");
    end
    if (rst_ni && row_valid_i) assert (!row_valid_o) else $error("two row requests in two clocks");
  end

endmodule
