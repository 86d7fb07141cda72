// SPDX-License-Identifier: Apache-2.0
// Brings table writes and wipes to all that listen, a clock later, so that no path runs from the loader to a table, nor from who is ready
// back to the loader.
//
// Besides a wipe only a key row makes an owner busy, from the clock after it came on. Until that shows, no write is let in behind one: a
// loader with key rows may write every other clock, whether it does or not, so that `ready_o` is a register.
module table_bus
  import layout_pkg::*, stream_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,

  input  table_write_t write_i,    // valid only while ready_o; its table always holds
  input  logic         wipe_i,     // a pulse
  output logic         ready_o,

  output table_write_t write_o,
  output logic         wipe_o,
  input  logic         ready_i     // all that listen are
);

  logic of_key, of_key_q;  // the row, if there is one, is for a table of keys: at write_i, at write_o

  assign of_key = write_i.table_id == TableSaOutKey || write_i.table_id == TableSaInKey;

  always_ff @(posedge clk_i) begin
    write_o  <= write_i;
    of_key_q <= of_key;
    if (!rst_ni) begin
      write_o.valid <= 1'b0;
      wipe_o        <= 1'b0;
      ready_o       <= 1'b0;
    end else begin
      wipe_o  <= wipe_i;
      ready_o <= ready_i && !wipe_i && !wipe_o && !(write_o.valid && of_key_q) && !(ready_o && of_key);
      if (write_i.valid) assert (ready_o) else $error("a table write while not ready");
      if (write_o.valid) assert (ready_i) else $error("a table write that finds an owner busy");
    end
  end

endmodule
