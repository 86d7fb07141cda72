// SPDX-License-Identifier: Apache-2.0
// The living state of every SA: one read-modify-write every two clocks, exact also when all are of one row.
//
//     clock 0   request: the row is read
//     clock 1   state_o: as the request before left it, also when that one is still on its way into the memory
//     clock 2   the engine works
//     clock 3   next_i, write_i: the new state, from the engine's registers, is written
//
// A row is zeroed by clear_valid_i (at most one every 4 clocks) and by the walk of `wiping_i`, during which nothing else is written.
// A capture reads a row in a clock that no request needs.
module living_rows
  import layout_pkg::*;
#(
  parameter int unsigned Width = 64
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   request_i,
  input  logic [SaIndexBits-1:0] sa_index_i,
  output logic                   state_valid_o,  // request_i, one clock ago
  output logic [Width-1:0]       state_o,
  input  logic                   write_i,
  input  logic [Width-1:0]       next_i,

  input  logic                   clear_valid_i,
  input  logic [SaIndexBits-1:0] clear_sa_index_i,
  input  logic                   wiping_i,
  input  logic [SaIndexBits-1:0] wipe_row_i,

  input  logic                   capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic                   capture_valid_o,
  output logic [Width-1:0]       capture_o,      // with capture_valid_o

  output logic                   written_o,      // what goes into the memory, for a copy of it
  output logic [SaIndexBits-1:0] written_row_o,
  output logic [Width-1:0]       written_data_o
);

  logic [3:1]             valid_q;              // a request, so many clocks ago
  logic [SaIndexBits-1:0] sa_index_q[1:3];
  logic                   clear_q, capture_q;   // waiting for a free clock
  logic [SaIndexBits-1:0] clear_sa_index_q, capture_sa_index_q;
  logic                   update, clear, capture;

  // What is known of the row being read a clock later: whether the request two clocks ahead, which writes then, is of it too, or a row
  // to clear is; and what was written while it was read.
  logic                   near_q, clear_near_q, wiped_q, crossed_q;
  logic [Width-1:0]       crossed_data_q, memory_data, data;

  // Whether `row` is the row being read. Both are compared before it is known which one it is.
  function automatic logic is_read(logic [SaIndexBits-1:0] row);
    return request_i ? row == sa_index_i : row == capture_sa_index_q;
  endfunction

  assign update  = valid_q[3] && write_i;
  assign clear   = clear_q && !update;
  assign capture = capture_q && !request_i;

  assign written_o      = update || clear || wiping_i;
  assign written_row_o  = wiping_i ? wipe_row_i : update ? sa_index_q[3] : clear_sa_index_q;
  assign written_data_o = update && !wiping_i ? next_i : '0;

  ram_1r1w #(
    .Width(Width),
    .Rows (SaRows)
  ) u_memory (
    .clk_i,
    .write_i     (written_o),
    .write_row_i (written_row_o),
    .write_data_i(written_data_o),
    .read_i      (request_i || capture),
    .read_row_i  (request_i ? sa_index_i : capture_sa_index_q),
    .read_data_o (memory_data)
  );

  always_comb begin
    if (near_q && write_i) data = next_i;
    else if (wiping_i || wiped_q || (clear_near_q && !update)) data = '0;
    else data = crossed_q ? crossed_data_q : memory_data;
  end

  always_ff @(posedge clk_i) begin
    if (request_i || capture) begin
      near_q       <= valid_q[2] && is_read(sa_index_q[2]);
      clear_near_q <= (clear_valid_i && is_read(clear_sa_index_i)) || (clear_q && !clear && is_read(clear_sa_index_q));
      wiped_q      <= wiping_i;
      crossed_q    <= (update && is_read(sa_index_q[3])) || (clear && is_read(clear_sa_index_q));
      if (written_o) crossed_data_q <= written_data_o;
    end
  end

  assign state_valid_o = valid_q[1];
  assign state_o       = data;
  assign capture_o     = data;

  always_ff @(posedge clk_i) begin
    if (request_i) sa_index_q[1] <= sa_index_i;
    if (valid_q[1]) sa_index_q[2] <= sa_index_q[1];
    if (valid_q[2]) sa_index_q[3] <= sa_index_q[2];
    if (clear_valid_i) clear_sa_index_q <= clear_sa_index_i;
    if (capture_valid_i) capture_sa_index_q <= capture_sa_index_i;
    if (!rst_ni) begin
      valid_q         <= '0;
      clear_q         <= 1'b0;
      capture_q       <= 1'b0;
      capture_valid_o <= 1'b0;
    end else begin
      valid_q         <= {valid_q[2:1], request_i};
      clear_q         <= clear_valid_i || (clear_q && !clear);
      capture_q       <= capture_valid_i || (capture_q && !capture);
      capture_valid_o <= capture;
      if (request_i) assert (!valid_q[1]) else $error("two requests in two clocks");
      if (clear_valid_i) assert (!clear_q) else $error("a row to clear while another waits");
    end
  end

endmodule
