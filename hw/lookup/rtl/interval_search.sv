// SPDX-License-Identifier: Apache-2.0
// Finds the interval that holds a key, by walking a search tree of sorted starts (layout::interval_node).
//
// A memory for each level, so that every level can work for another request: in one clock a node's start is read, in the next
// the key is compared and goes to one of the node's children. The answer comes search_latency(Intervals) clocks after valid_i.
module interval_search
  import layout_pkg::*, stream_pkg::*;
#(
  parameter int unsigned KeyBits = 128,
  parameter int unsigned Intervals = 1024,
  localparam int unsigned Levels = $clog2(Intervals)
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               write_i,     // write_i's row is one of this tree
  input  table_write_t       table_write_i,
  input  logic               valid_i,     // at most every two clocks
  input  logic               bank_i,
  input  logic [KeyBits-1:0] key_i,
  output logic               valid_o,
  output logic               bank_o,
  output logic [Levels-1:0]  interval_o
);

  if (KeyBits != 128 && KeyBits != 16) $fatal(1, "KeyBits must be 128 or 16: there is a kernel for each");

  localparam int unsigned NodeBits = $clog2(RouteIntervals) + 1;  // of the kernels

  // A request's start is read in level i when bit 2i is set, and compared there when bit 2i + 1 is.
  logic [2*Levels:0] step_q;
  logic              active;

  assign active = write_i || valid_i || step_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) step_q <= '0;
    else step_q <= {step_q[2*Levels-1:0], valid_i};
    if (rst_ni && valid_i) assert (!step_q[0]) else $error("two requests in two clocks");
  end

  // Each level has registers of its own, not a place in an array: a simulator then orders them without copies.
  for (genvar i = 0; i < Levels; i++) begin : gen_level
    logic                enter;
    logic                bank, bank_q;
    logic [KeyBits-1:0]  key, key_q;
    logic [NodeBits-1:0] node, node_q;
    logic [NodeBits-1:0] child;           // where the request goes from here
    logic [KeyBits-1:0]  starts[2 << i];  // of nodes 2^i to 2^(i+1) - 1, of both banks
    logic [KeyBits-1:0]  start_q;
    logic [i:0]          read_row, write_row;

    if (i == 0) begin : gen_root
      assign enter     = valid_i;
      assign bank      = bank_i;
      assign key       = key_i;
      assign node      = NodeBits'(1);
      assign read_row  = bank_q;
      assign write_row = table_write_i.bank;
    end else begin : gen_nodes
      assign enter     = step_q[2*i-1];
      assign bank      = gen_level[i-1].bank_q;
      assign key       = gen_level[i-1].key_q;
      assign node      = gen_level[i-1].child;
      assign read_row  = {bank_q, node_q[i-1:0]};
      assign write_row = {table_write_i.bank, table_write_i.row[i-1:0]};
    end

    if (KeyBits == 128) begin : gen_step_128
      interval_step_128 u_step (.key_i(key_q), .start_i(start_q), .node_i(node_q), .node_o(child));
    end else begin : gen_step_16
      interval_step_16 u_step (.key_i(key_q), .start_i(start_q), .node_i(node_q), .node_o(child));
    end

    // The memory is written by a blocking assignment, as in ram_1r1w.
    // verilator lint_off BLKSEQ
    always_ff @(posedge clk_i) begin
      if (active) begin
        if (enter) begin
          bank_q <= bank;
          key_q  <= key;
          node_q <= node;
        end
        if (step_q[2*i]) start_q <= starts[read_row];
        if (write_i && table_write_i.row >> i == 16'd1) starts[write_row] = table_write_i.data[KeyBits-1:0];
      end
    end
    // verilator lint_on BLKSEQ
  end

  always_ff @(posedge clk_i) begin
    if (step_q[2*Levels-1]) begin
      bank_o     <= gen_level[Levels-1].bank_q;
      interval_o <= gen_level[Levels-1].child[Levels-1:0];
    end
  end

  assign valid_o = step_q[2*Levels];

endmodule
