// SPDX-License-Identifier: Apache-2.0
// esp_decap and the chain engine behind it, with their structs and streams brought out as plain ports, for the test.
module esp_decap_harness
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         write_i,
  input  logic [7:0]   write_table_i,
  input  logic [15:0]  write_row_i,
  input  logic [511:0] write_data_i,
  output logic         ready_o,           // for the next row
  input  logic [47:0]  lan_mac_i,
  // packets; beside every beat what is said of them
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [511:0] in_data_i,
  input  logic [5:0]   in_empty_i,
  input  logic         in_last_i,
  input  logic [511:0] row_i,             // sa_in_t
  input  logic [31:0]  generation_i,
  input  logic [10:0]  sa_index_i,
  input  logic [63:0]  seq_i,
  input  logic [63:0]  iv_i,
  input  logic [13:0]  ciphertext_i,
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
  input  logic [7:0]   next_header_i,     // of AH
  input  logic [15:0]  total_i,           // bytes of the packet, as of IP
  // the SA
  output logic         accept_valid_o,
  output logic [63:0]  accept_seq_o,
  output logic [13:0]  accept_bytes_o,
  output logic         accept_icv_ok_o,
  input  logic         accept_valid_i,
  input  logic         accept_i,
  input  logic [5:0]   accept_drop_i,
  // frames: of AES-GCM and AES-GMAC; chained
  output logic         gcm_valid_o,
  input  logic         gcm_ready_i,
  output logic [511:0] gcm_data_o,
  output logic [5:0]   gcm_empty_o,
  output logic         gcm_last_o,
  output logic [31:0]  gcm_generation_o,
  output logic [13:0]  gcm_length_o,
  output logic         chained_valid_o,
  input  logic         chained_ready_i,
  output logic [511:0] chained_data_o,
  output logic [5:0]   chained_empty_o,
  output logic         chained_last_o,
  output logic [31:0]  chained_generation_o,
  output logic [13:0]  chained_length_o,
  // packets dropped: of AES-GCM and AES-GMAC, chained, for want of room
  output logic [2:0]   dropped_o,
  output logic [5:0]   gcm_drop_o,
  output logic [5:0]   chained_drop_o,
  output logic         busy_o
);

  stream_if in (.clk_i, .rst_ni);
  stream_if gcm (.clk_i, .rst_ni);
  stream_if chained (.clk_i, .rst_ni);
  stream_if chain_esp (.clk_i, .rst_ni);
  stream_if chain_plain (.clk_i, .rst_ni);
  stream_if nothing (.clk_i, .rst_ni);
  stream_if no_esp (.clk_i, .rst_ni);

  table_write_t    table_write;
  sa_in_t          row;
  decap_t          packet, chain_side_in, chain_side_out;
  chain_packet_t   chain_packet;
  logic            gcm_tables_ready, chain_tables_ready, wiping, chain_wiping, room, decap_busy, chain_busy;
  logic            icv_ok, accepted, event_valid;
  logic [15:0]     trailer;
  accept_request_t accept_request;
  notice_t         sa_event;
  drop_t           drop[3];
  flight_t         leave[3];
  admission_t      gcm_admission, chained_admission;

  assign in.valid    = in_valid_i;
  assign in.beat     = '{data: in_data_i, empty: in_empty_i, last: in_last_i};
  assign in_ready_o  = in.ready;
  assign table_write = '{valid: write_i, table_id: table_e'(write_table_i), bank: 1'b0, row: write_row_i, data: write_data_i};
  assign ready_o     = gcm_tables_ready && chain_tables_ready && !wiping && !chain_wiping;
  assign busy_o      = decap_busy || chain_busy;

  assign row    = sa_in_t'(row_i);
  assign packet = '{
    generation:  generation_i,
    sa_index:    sa_index_i,
    row:         row,
    seq:         seq_i,
    iv:          iv_i,
    iv_cut:      gcm_pkg::iv_bytes_in_payload(row.cipher, row.esn) != '0,
    chained:     path_pkg::chained_cipher(row.cipher),
    ciphertext:  ciphertext_i,
    outer:       '{ipv6: ipv6_i, tos: tos_i, df: df_i, identification: identification_i, flow_label: flow_label_i, ttl: ttl_i,
                   source: source_i, destination: destination_i,
                        extra_words: extra_words_i, next_header: first_next_header_i, last_extension: last_extension_i},
    extras:      '0,
    next_header: next_header_i,
    total:       total_i
  };

  assign accept_seq_o    = accept_request.seq;
  assign accept_bytes_o  = accept_request.bytes;
  assign accept_icv_ok_o = accept_request.icv_ok;

  assign gcm_valid_o          = gcm.valid;
  assign gcm.ready            = gcm_ready_i;
  assign gcm_generation_o     = gcm_admission.generation;
  assign gcm_length_o         = gcm_admission.length;
  assign chained_valid_o      = chained.valid;
  assign chained.ready        = chained_ready_i;
  assign chained_generation_o = chained_admission.generation;
  assign chained_length_o     = chained_admission.length;
  assign {gcm_data_o, gcm_empty_o, gcm_last_o}             = gcm.beat;
  assign {chained_data_o, chained_empty_o, chained_last_o} = chained.beat;
  assign dropped_o            = {drop[2].valid, drop[1].valid, drop[0].valid};
  assign gcm_drop_o           = drop[0].reason;
  assign chained_drop_o       = drop[1].reason;

  esp_decap u_decap (
    .clk_i,
    .rst_ni,
    .table_write_i      (table_write),
    .table_ready_o      (gcm_tables_ready),
    .wipe_i             (1'b0),
    .wiping_o           (wiping),
    .lan_mac_i,
    .in,
    .packet_i           (packet),
    .extras_i,
    .chain_room_i       (room),
    .chain_esp,
    .chain_packet_o     (chain_packet),
    .chain_side_o       (chain_side_in),
    .chain_plain,
    .chain_side_i       (chain_side_out),
    .chain_icv_ok_i     (icv_ok),
    .chain_trailer_i    (trailer),
    .accept_valid_o,
    .accept_request_o   (accept_request),
    .accept_valid_i,
    .accept_i           ('{accept: accept_i, drop: drop_e'(accept_drop_i), soft_limit: 1'b0, hard_limit: 1'b0}),
    .accepted_o         (accepted),
    .event_valid_o      (event_valid),
    .event_o            (sa_event),
    .drop_o             (drop),
    .leave_o            (leave),
    .out                (gcm),
    .admission_o        (gcm_admission),
    .chained,
    .chained_admission_o(chained_admission),
    .busy_o             (decap_busy)
  );

  assign nothing.valid = 1'b0;
  assign nothing.beat  = '0;
  assign no_esp.ready  = 1'b0;

  chain #(
    .InSideT(decap_t)
  ) u_chain (
    .clk_i,
    .rst_ni,
    .table_write_i(table_write),
    .table_ready_o(chain_tables_ready),
    .wipe_i       (1'b0),
    .wiping_o     (chain_wiping),
    .out_plain    (nothing),
    .out_packet_i ('0),
    .out_side_i   (1'b0),
    .out_room_o   (),  // the other direction sleeps
    .out_esp      (no_esp),
    .out_side_o   (),
    .out_icv_o    (),
    .in_esp       (chain_esp),
    .in_packet_i  (chain_packet),
    .in_side_i    (chain_side_in),
    .in_room_o    (room),
    .in_plain     (chain_plain),
    .in_side_o    (chain_side_out),
    .in_icv_ok_o  (icv_ok),
    .in_trailer_o (trailer),
    .busy_o       (chain_busy)
  );

  wire unused = &{1'b0, accept_request, accepted, event_valid, sa_event, gcm_admission, chained_admission, nothing.ready,
                  no_esp.valid, no_esp.beat};

endmodule
