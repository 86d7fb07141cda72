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

  localparam int unsigned Rows = 2 * NextHops;
  localparam int unsigned IndexBits = $clog2(Rows);
  // A row holds no more than this.
  typedef struct packed {
    logic [47:0] mac;
    logic [15:0] mtu;
    logic        port;
    logic        valid;
  } stored_t;

  logic               clearing;
  logic [IndexBits-1:0] clear_row;
  logic               empty_q;
  next_hop_t          written;
  stored_t            stored, found;

  table_clear #(.Rows(Rows)) u_clear (.clk_i, .rst_ni, .clearing_o(clearing), .row_o(clear_row));

  assign table_ready_o = !clearing;
  assign written       = next_hop_t'(table_write_i.data);
  assign stored        = clearing ? '0 : '{mac: written.mac, mtu: written.mtu, port: written.port, valid: written.valid};

  ram_1r1w #(
    .Width($bits(stored_t)),
    .Rows (Rows)
  ) u_rows (
    .clk_i,
    .write_i     (clearing || (table_write_i.valid && table_write_i.table_id == TableNextHop)),
    .write_row_i (clearing ? clear_row : {table_write_i.bank, table_write_i.row[IndexBits-2:0]}),
    .write_data_i(stored),
    .read_i,
    .read_row_i  ({bank_i, row_i}),
    .read_data_o (found)
  );

  always_ff @(posedge clk_i) if (read_i) empty_q <= clearing;

  always_comb begin
    next_hop_o = '0;
    if (!empty_q) begin
      next_hop_o.mac   = found.mac;
      next_hop_o.mtu   = found.mtu;
      next_hop_o.port  = found.port;
      next_hop_o.valid = found.valid;
    end
  end

endmodule
