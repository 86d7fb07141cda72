// SPDX-License-Identifier: Apache-2.0
// The neighbours that packets are handed to: one read a clock, answered lookup_pkg::NextHopLatency later and held.
//
// After reset every row is zeroed, that is empty; a table write waits for it by `table_ready_o`, and reads find nothing.
module next_hop_table
  import layout_pkg::*, stream_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic         read_i,
  input  logic         bank_i,
  input  logic [7:0]   row_i,
  output next_hop_t    next_hop_o
);

  // What a memory keeps of a row.
  typedef struct packed {
    logic [47:0] mac;
    logic [15:0] mtu;
    logic        port;
    logic        valid;
  } stored_t;

  logic         clearing;
  table_write_t write;
  logic         read_while_clearing_q;
  next_hop_t    written;
  stored_t      written_stored, stored;

  clear_then_write #(.Rows(NextHops)) u_write (.clk_i, .rst_ni, .table_write_i, .clearing_o(clearing), .table_write_o(write));

  assign table_ready_o  = !clearing;
  assign written        = next_hop_t'(write.data);
  assign written_stored = '{mac: written.mac, mtu: written.mtu, port: written.port, valid: written.valid};

  banked_rows #(
    .Width($bits(stored_t)),
    .Rows (NextHops)
  ) u_rows (
    .clk_i,
    .write_i      (clearing || (write.valid && write.table_id == TableNextHop)),
    .table_write_i(write),
    .data_i       (written_stored),
    .read_i,
    .bank_i,
    .row_i,
    .data_o       (stored)
  );

  always_ff @(posedge clk_i) if (read_i) read_while_clearing_q <= clearing;

  always_comb begin
    next_hop_o = '0;
    if (!read_while_clearing_q) begin
      next_hop_o.mac   = stored.mac;
      next_hop_o.mtu   = stored.mtu;
      next_hop_o.port  = stored.port;
      next_hop_o.valid = stored.valid;
    end
  end

endmodule
