// SPDX-License-Identifier: Apache-2.0
// esp_encap and the chain engine behind it, with their structs and streams brought out as plain ports, for the test.
module esp_encap_harness
  import layout_pkg::*, stream_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         write_i,
  input  logic [7:0]   write_table_i,
  input  logic [15:0]  write_row_i,
  input  logic [511:0] write_data_i,
  output logic         ready_o,           // for the next row
  // what is protected; beside every beat what is said of it
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [511:0] in_data_i,
  input  logic [5:0]   in_empty_i,
  input  logic         in_last_i,
  input  logic [511:0] row_i,             // sa_out_t
  input  logic [10:0]  sa_index_i,
  input  logic [46:0]  leaving_i,         // leaving_t
  input  logic         ipv6_i,            // of the outer header, like the eleven that follow
  input  logic [7:0]   tos_i,
  input  logic         df_i,
  input  logic [15:0]  identification_i,
  input  logic [19:0]  flow_label_i,
  input  logic [7:0]   ttl_i,
  input  logic [127:0] source_i,
  input  logic [127:0] destination_i,
  input  logic [3:0]   extra_words_i,
  input  logic [7:0]   first_next_header_i,
  input  logic [2:0]   last_extension_i,
  input  logic [383:0] extras_i,
  input  logic [47:0]  destination_mac_i,
  input  logic [47:0]  source_mac_i,
  input  logic [63:0]  seq_i,
  input  logic [7:0]   next_header_i,
  input  logic [15:0]  payload_i,         // bytes of it
  input  logic [13:0]  ciphertext_i,
  input  logic [6:0]   ah_bytes_i,
  input  logic [15:0]  outer_total_i,
  // frames: of AES-GCM and AES-GMAC; chained
  output logic         gcm_valid_o,
  input  logic         gcm_ready_i,
  output logic [511:0] gcm_data_o,
  output logic [5:0]   gcm_empty_o,
  output logic         gcm_last_o,
  output logic [46:0]  gcm_leaving_o,     // leaving_t
  output logic         chained_valid_o,
  input  logic         chained_ready_i,
  output logic [511:0] chained_data_o,
  output logic [5:0]   chained_empty_o,
  output logic         chained_last_o,
  output logic [46:0]  chained_leaving_o,
  output logic         dropped_o,
  output logic         busy_o
);

  stream_if in (.clk_i, .rst_ni);
  stream_if gcm (.clk_i, .rst_ni);
  stream_if chained (.clk_i, .rst_ni);
  stream_if chain_plain (.clk_i, .rst_ni);
  stream_if chain_esp (.clk_i, .rst_ni);
  stream_if nothing (.clk_i, .rst_ni);
  stream_if no_plain (.clk_i, .rst_ni);

  table_write_t  table_write;
  sa_out_t       row;
  encap_t        packet;
  chained_t      chain_side_in, chain_side_out;
  chain_packet_t chain_packet;
  logic [255:0]  icv;
  logic          gcm_tables_ready, chain_tables_ready, wiping, chain_wiping, room, encap_busy, chain_busy;
  drop_t         drop;
  flight_t       leave;

  assign in.valid    = in_valid_i;
  assign in.beat     = '{data: in_data_i, empty: in_empty_i, last: in_last_i};
  assign in_ready_o  = in.ready;
  assign row         = sa_out_t'(row_i);
  assign table_write = '{valid: write_i, table_id: table_e'(write_table_i), bank: 1'b0, row: write_row_i, data: write_data_i};
  assign ready_o     = gcm_tables_ready && chain_tables_ready && !wiping && !chain_wiping;
  assign dropped_o   = drop.valid;
  assign busy_o      = encap_busy || chain_busy;

  assign packet = '{
    leaving:          leaving_i,
    sa_index:         sa_index_i,
    spi:              row.spi,
    outer:            '{ipv6: ipv6_i, tos: tos_i, df: df_i, identification: identification_i, flow_label: flow_label_i,
                        ttl: ttl_i, source: source_i, destination: destination_i,
                        extra_words: extra_words_i, next_header: first_next_header_i, last_extension: last_extension_i},
    extras:           '0,
    encap:            row.encap,
    source_port:      row.source_port,
    destination_port: row.destination_port,
    destination_mac:  destination_mac_i,
    source_mac:       source_mac_i,
    ah:               row.protocol == ProtocolAh,
    ah_bytes:         ah_bytes_i,
    chained:          chained_cipher(row.cipher),
    cipher:           row.cipher,
    integrity:        row.integrity,
    esn:              row.esn,
    seq:              seq_i,
    next_header:      next_header_i,
    padding:          4'(ciphertext_i) - 4'(payload_i) - 4'd2,
    ciphertext:       ciphertext_i,
    outer_total:      outer_total_i
  };

  assign gcm_valid_o     = gcm.valid;
  assign gcm.ready       = gcm_ready_i;
  assign chained_valid_o = chained.valid;
  assign chained.ready   = chained_ready_i;
  assign {gcm_data_o, gcm_empty_o, gcm_last_o}             = gcm.beat;
  assign {chained_data_o, chained_empty_o, chained_last_o} = chained.beat;

  esp_encap u_encap (
    .clk_i,
    .rst_ni,
    .table_write_i    (table_write),
    .table_ready_o    (gcm_tables_ready),
    .wipe_i           (1'b0),
    .wiping_o         (wiping),
    .in,
    .packet_i         (packet),
    .extras_i,
    .drop_o           (drop),
    .leave_o          (leave),
    .chain_room_i     (room),
    .chain_plain,
    .chain_packet_o   (chain_packet),
    .chain_side_o     (chain_side_in),
    .chain_esp,
    .chain_side_i     (chain_side_out),
    .chain_icv_i      (icv),
    .out              (gcm),
    .leaving_o        (gcm_leaving_o),
    .chained,
    .chained_leaving_o(chained_leaving_o),
    .busy_o           (encap_busy)
  );

  assign nothing.valid  = 1'b0;
  assign nothing.beat   = '0;
  assign no_plain.ready = 1'b0;

  chain #(
    .OutSideT(chained_t)
  ) u_chain (
    .clk_i,
    .rst_ni,
    .table_write_i(table_write),
    .table_ready_o(chain_tables_ready),
    .wipe_i       (1'b0),
    .wiping_o     (chain_wiping),
    .out_plain    (chain_plain),
    .out_packet_i (chain_packet),
    .out_side_i   (chain_side_in),
    .out_room_o   (room),
    .out_esp      (chain_esp),
    .out_side_o   (chain_side_out),
    .out_icv_o    (icv),
    .in_esp       (nothing),
    .in_packet_i  ('0),
    .in_side_i    (1'b0),
    .in_room_o    (),  // the other direction sleeps
    .in_plain     (no_plain),
    .in_side_o    (),
    .in_icv_ok_o  (),
    .in_trailer_o (),
    .busy_o       (chain_busy)
  );

  wire unused = &{1'b0, row, leave, nothing.ready, no_plain.valid, no_plain.beat};

endmodule
