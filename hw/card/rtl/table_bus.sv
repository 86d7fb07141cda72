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

  function automatic logic is_key(table_write_t write);
    return write.valid && (write.table_id == TableSaOutKey || write.table_id == TableSaInKey);
  endfunction

  always_ff @(posedge clk_i) begin
    write_o <= write_i;
    if (!rst_ni) begin
      write_o.valid <= 1'b0;
      wipe_o        <= 1'b0;
      ready_o       <= 1'b0;
    end else begin
      wipe_o  <= wipe_i;
      ready_o <= ready_i && !wipe_i && !wipe_o && !is_key(write_i) && !is_key(write_o);
      if (write_i.valid) assert (ready_o) else $error("a table write while not ready");
      if (write_o.valid) assert (ready_i) else $error("a table write that finds an owner busy");
    end
  end

endmodule
