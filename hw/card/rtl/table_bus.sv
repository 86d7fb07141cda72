// SPDX-License-Identifier: Apache-2.0
// Brings table writes and wipes to all that listen, a clock later, so that no path runs from the loader to a table, nor from who is ready
// back to the loader.
//
// Besides a wipe only a key row makes an owner busy, from the clock after it came on. Until that shows, no write is let in behind one.
module table_bus
  import layout_pkg::*, stream_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,

  input  table_write_t write_i,    // only while ready_o
  input  logic         wipe_i,     // a pulse
  output logic         ready_o,

  output table_write_t write_o,
  output logic         wipe_o,
  input  logic         ready_i     // all that listen are
);

  logic of_key_q;  // the row at write_o is for a table of keys, if there is one
  logic rests_q;   // a clock ago all were ready, and nothing was on its way to them that makes one busy

  assign ready_o = rests_q && !(write_o.valid && of_key_q);

  always_ff @(posedge clk_i) begin
    write_o  <= write_i;
    of_key_q <= write_i.table_id == TableSaOutKey || write_i.table_id == TableSaInKey;
    if (!rst_ni) begin
      write_o.valid <= 1'b0;
      wipe_o        <= 1'b0;
      rests_q       <= 1'b0;
    end else begin
      wipe_o  <= wipe_i;
      rests_q <= ready_i && !wipe_i && !wipe_o && !(write_o.valid && of_key_q);
      if (write_i.valid) assert (ready_o) else $error("a table write while not ready");
      if (write_o.valid) assert (ready_i) else $error("a table write that finds an owner busy");
    end
  end

endmodule
