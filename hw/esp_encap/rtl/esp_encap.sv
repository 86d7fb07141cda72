// SPDX-License-Identifier: Apache-2.0
// Makes an ESP packet of an inner IPv4 packet: padding and trailer, cipher, ICV, outer headers (hw/README.md, outbound 11).
//
// The inner packet (from its first byte, TTL already lowered, `total` bytes) comes with `packet_i` beside every beat. Packets of
// AES-GCM and AES-GMAC leave at `out`. Those of the other ciphers go by the chain engine, which the card has once for both
// directions, and leave at `chained`; who finds no room there is dropped.
module esp_encap
  import stream_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  table_write_t  table_write_i,
  output logic          table_ready_o,
  input  logic          wipe_i,
  output logic          wiping_o,
  stream_if.snk         in,
  input  encap_t        packet_i,
  output drop_t         drop_o,            // crypto_busy
  output flight_t       leave_o,           // of the packet dropped
  // the chain engine: plaintext with trailer there, SPI to ICV back
  input  logic          chain_room_i,
  stream_if.src         chain_plain,
  output chain_packet_t chain_packet_o,    // beside every beat, like all that follow
  output encap_t        chain_side_o,
  stream_if.snk         chain_esp,
  input  encap_t        chain_side_i,
  // out
  stream_if.src         out,
  output flight_t       flight_o,          // the bank that the packet holds
  stream_if.src         chained,
  output flight_t       chained_flight_o,
  output logic          busy_o
);

  // ---- trailer: RFC 4303 2.4, padding bytes 1, 2, 3.., pad length, next header 4 (IPv4)
  stream_if     padded (.clk_i, .rst_ni);
  encap_t       packet;
  logic [3:0]   padding;
  logic [135:0] trailer;

  assign padding = packet_i.ciphertext[3:0] - packet_i.total[3:0] - 4'd2;

  always_comb begin
    trailer = 136'({8'd4, 4'd0, padding}) << {padding, 3'b000};
    for (int unsigned i = 0; i < 15; i++) if (i < 32'(padding)) trailer[8*i+:8] = 8'(i + 1);
  end

  append #(.SideT(encap_t)) u_trailer (
    .clk_i,
    .rst_ni,
    .in,
    .side_i      (packet_i),
    .tail_valid_i(1'b1),
    .tail_ready_o(),  // always there
    .tail_i      (trailer),
    .tail_bytes_i({1'b0, padding} + 5'd2),
    .out         (padded),
    .side_o      (packet)
  );

  // ---- the way of its cipher
  stream_if gcm_plain (.clk_i, .rst_ni);
  logic     gcm_busy, chain_busy;

  cipher_choice u_choice (
    .clk_i,
    .rst_ni,
    .in       (padded),
    .chained_i(chained_cipher(packet.cipher)),
    .bank_i   (packet.bank),
    .room_i   (chain_room_i),
    .gcm      (gcm_plain),
    .chain    (chain_plain),
    .drop_o,
    .leave_o
  );

  encap_gcm u_gcm (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o,
    .wipe_i,
    .wiping_o,
    .in      (gcm_plain),
    .packet_i(packet),
    .out,
    .flight_o,
    .busy_o  (gcm_busy)
  );

  assign chain_side_o   = packet;
  assign chain_packet_o = '{
    sa_index:   packet.sa_index,
    cipher:     packet.cipher,
    integrity:  packet.integrity,
    esn:        packet.esn,
    spi:        packet.spi,
    seq:        packet.seq,
    ciphertext: packet.ciphertext
  };

  encap_chain u_chain (
    .clk_i,
    .rst_ni,
    .in      (chain_esp),
    .packet_i(chain_side_i),
    .out     (chained),
    .flight_o(chained_flight_o),
    .busy_o  (chain_busy)
  );

  assign busy_o = padded.valid || gcm_busy || chain_busy;

endmodule
