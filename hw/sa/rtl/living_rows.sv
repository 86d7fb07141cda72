// SPDX-License-Identifier: Apache-2.0
// The living state of every SA: one read-modify-write every two clocks, exact also when all are of one row.
//
//     clock 0   request: the row is read
//     clock 1   what was written since is put in its place
//     clock 2   state_o: as the request before left it, also when that one is still on its way into the memory
//     clock 3   the engine decides
//     clock 4   next_i, from the engine's registers: the new state, which write_i writes; or, without it, the state as it was
//
// A row is zeroed by clear_valid_i (at most one every 4 clocks) while no request of it is on its way, and none comes for 4 clocks; and by
// the walk of `wiping_i`, during which nothing else is written. A capture reads a row in a clock that no request needs, as it is in the
// memory: without what is decided just then.
module living_rows
  import layout_pkg::*;
#(
  parameter int unsigned Width = 64
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   request_i,
  input  logic [SaIndexBits-1:0] sa_index_i,
  output logic                   state_valid_o,  // request_i, two clocks ago
  output logic [Width-1:0]       state_o,        // one LUT behind registers
  output logic                   near_o,         // it is next_i: the request two clocks ahead was of this row too
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

  logic [4:1]             valid_q;              // a request, so many clocks ago
  logic [SaIndexBits-1:0] sa_index_q[1:4];
  logic                   clear_q, capture_q;   // waiting for a free clock
  logic                   captured1_q;
  logic [SaIndexBits-1:0] clear_sa_index_q, capture_sa_index_q;
  logic                   update, clear, capture;

  // Which of the requests on their way is of the row asked for too: the one two clocks ahead has decided when this one's state is
  // wanted, the one three clocks ahead a clock before, and the one four clocks ahead is written in the very clock of the read.
  logic                   near1_q, near2_q, ahead1_q, crossed1_q;
  logic [Width-1:0]       crossed_data_q, memory_data, older_q;

  function automatic logic is_asked_for(logic [SaIndexBits-1:0] row);
    return request_i && row == sa_index_i;
  endfunction

  assign update  = valid_q[4] && write_i;
  assign clear   = clear_q && !update;
  assign capture = capture_q && !request_i;

  assign written_o      = update || clear || wiping_i;
  assign written_row_o  = wiping_i ? wipe_row_i : update ? sa_index_q[4] : clear_sa_index_q;
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

  // What is decided during a wipe is forgotten.
  always_ff @(posedge clk_i) begin
    near1_q    <= valid_q[2] && is_asked_for(sa_index_q[2]);
    near2_q    <= near1_q && !wiping_i;
    ahead1_q   <= valid_q[3] && is_asked_for(sa_index_q[3]) && !wiping_i;
    crossed1_q <= wiping_i || (update && is_asked_for(sa_index_q[4])) || (clear && is_asked_for(clear_sa_index_q));
    if (written_o) crossed_data_q <= written_data_o;
    older_q    <= ahead1_q ? next_i : crossed1_q ? crossed_data_q : memory_data;
  end

  assign state_valid_o = valid_q[2];
  assign state_o       = near2_q ? next_i : older_q;
  assign near_o        = near2_q;
  assign capture_o     = state_o;

  always_ff @(posedge clk_i) begin
    if (request_i) sa_index_q[1] <= sa_index_i;
    for (int unsigned i = 2; i <= 4; i++) if (valid_q[i-1]) sa_index_q[i] <= sa_index_q[i-1];
    if (clear_valid_i) clear_sa_index_q <= clear_sa_index_i;
    if (capture_valid_i) capture_sa_index_q <= capture_sa_index_i;
    if (!rst_ni) begin
      valid_q         <= '0;
      clear_q         <= 1'b0;
      capture_q       <= 1'b0;
      captured1_q     <= 1'b0;
      capture_valid_o <= 1'b0;
    end else begin
      valid_q         <= {valid_q[3:1], request_i};
      clear_q         <= clear_valid_i || (clear_q && !clear);
      capture_q       <= capture_valid_i || (capture_q && !capture);
      captured1_q     <= capture;
      capture_valid_o <= captured1_q;
      if (request_i) assert (!valid_q[1]) else $error("two requests in two clocks");
      if (clear_valid_i) assert (!clear_q) else $error("a row to clear while another waits");
    end
  end

endmodule
