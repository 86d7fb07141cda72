// SPDX-License-Identifier: Apache-2.0
// Writes packets of one direction into its store, and keeps count of contexts and rows.
//
// A packet is announced (`arrived_o`) in the clock of its last beat. `room_o` promises a context and the rows of a longest packet;
// without it a first beat waits, and no other ever does.
module chain_intake
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
#(
  parameter bit Outbound = 1'b1,
  parameter int unsigned Contexts = 128
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  stream_if.snk         in,
  input  chain_packet_t packet_i,
  output logic          room_o,
  output logic          busy_o,        // a context is in use

  output logic          write_o,
  output place_t        write_place_o,
  output logic [511:0]  write_data_o,

  output logic          arrived_o,
  output context_t      context_o,
  output logic [255:0]  icv_o,         // inbound: as received, zero behind its last byte

  input  logic          released_i,    // a context with its rows is free again
  input  row_count_t    released_rows_i
);

  localparam int unsigned NumberBits = $clog2(Contexts);
  if (Contexts != 1 << NumberBits || Contexts < 2 || Contexts > MaxContexts)
    $fatal(1, "Contexts must be a power of two from 2 to chain_pkg::MaxContexts");

  logic                  first_q;
  logic [NumberBits-1:0] number_q;
  logic [NumberBits:0]   contexts_q;  // in use
  row_t                  row_q;
  row_count_t            rows, rows_q;      // in use
  logic [7:0]            beat_q;
  logic [63:0]           iv_q;
  logic [255:0]          held_q;      // upper half of the beat before
  logic                  take;

  assign room_o = contexts_q != (NumberBits + 1)'(Contexts) && rows_q <= row_count_t'(StoreRows - MaxPacketRows);
  assign busy_o = contexts_q != '0;
  assign in.ready = !first_q || room_o;
  assign take     = in.valid && in.ready;

  assign write_o       = take;
  assign write_place_o = place_of(row_q, {beat_q, 6'd0});
  assign write_data_o  = in.beat.data;

  assign rows      = packet_rows(packet_i);
  assign arrived_o = take && in.beat.last;
  assign context_o = '{
    number: number_t'(number_q),
    row:    row_q,
    iv:     Outbound ? packet_i.seq : first_q ? swapped_64(in.beat.data[127:64]) : iv_q,
    packet: packet_i
  };

  // ---- the ICV received: the packet's last bytes ------------------------------------------------------------------------------

  logic [6:0]   icv_bytes, icv_from;   // in the 96 bytes that end with this beat
  logic [767:0] ending;

  assign icv_bytes = integrity_icv_bytes(packet_i.integrity);
  assign icv_from  = 7'd96 - 7'(in.beat.empty) - icv_bytes;

  always_comb begin
    ending = '0;
    icv_o  = '0;
    if (arrived_o && !Outbound) begin
      ending = {in.beat.data, held_q} >> {icv_from, 3'd0};
      for (int unsigned w = 0; w < 8; w++) begin
        if (4 * w < 32'(icv_bytes)) icv_o[32*w+:32] = ending[32*w+:32];
      end
    end
  end

  // ---- what is in use ---------------------------------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q    <= 1'b1;
      number_q   <= '0;
      contexts_q <= '0;
      row_q      <= '0;
      rows_q     <= '0;
    end else begin
      if (take) first_q <= in.beat.last;
      if (arrived_o) begin
        number_q <= number_q + 1'b1;
        row_q    <= row_q + row_t'(rows);
      end
      if (arrived_o || released_i) begin
        contexts_q <= contexts_q + (NumberBits + 1)'(arrived_o) - (NumberBits + 1)'(released_i);
        rows_q     <= rows_q + (arrived_o ? rows : '0) - (released_i ? released_rows_i : '0);
      end
    end
    if (!rst_ni || arrived_o) beat_q <= '0;
    else if (take) beat_q <= beat_q + 8'd1;
    if (take) held_q <= in.beat.data[511:256];
    if (take && first_q) iv_q <= swapped_64(in.beat.data[127:64]);
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (arrived_o) begin
        assert (14'(beat_q) * 14'd64 + 14'd64 - 14'(in.beat.empty) == (Outbound ? packet_i.ciphertext : esp_bytes(packet_i)))
        else $error("a packet of another length than was said");
        assert (rows <= row_count_t'(MaxPacketRows)) else $error("a packet longer than a longest one");
        assert (packet_i.cipher inside {CipherNull, CipherAesCtr, CipherAesCbc, CipherDesCbc, CipherDes3Cbc} &&
                integrity_icv_bytes(packet_i.integrity) != '0)
        else $error("a packet for another engine");
        assert (contexts_q != (NumberBits + 1)'(Contexts)) else $error("more packets than contexts");
      end
      if (released_i) assert (contexts_q != '0 && rows_q >= released_rows_i) else $error("released what nobody held");
      assert (rows_q <= row_count_t'(StoreRows)) else $error("a row overrun");
    end
  end

endmodule
