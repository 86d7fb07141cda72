// SPDX-License-Identifier: Apache-2.0
// Opens ESP and AH packets: decryption, ICV, the deciding replay check, trailer (hw/README.md, inbound 9).
//
// A packet of AES-GCM or AES-GMAC comes from its payload's first byte to its ICV's last, one of another cipher from its SPI on, one of AH
// from its AH on, with `packet_i` and `extras_i` beside every beat. All but the first go by the chain engine, which the card has once for both
// directions; who finds no room there is dropped. Plaintext waits until its packet's verdict is known; what is not accepted is dropped
// here, one by one.
module esp_decap
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*, esp_decap_pkg::*;
(
  input  logic            clk_i,
  input  logic            rst_ni,
  input  table_write_t    table_write_i,
  output logic            table_ready_o,
  input  logic            wipe_i,
  output logic            wiping_o,
  input  logic [47:0]     lan_mac_i,
  stream_if.snk           in,
  input  decap_t          packet_i,           // without the extras
  input  extras_t         extras_i,           // as the mover gives them
  // the chain engine: SPI to ICV there, of AH what is hashed and the ICV; plaintext back
  input  logic            chain_room_i,
  stream_if.src           chain_esp,
  output chain_packet_t   chain_packet_o,     // beside every beat, like all that follow
  output decap_t          chain_side_o,
  stream_if.snk           chain_plain,
  input  decap_t          chain_side_i,
  input  logic            chain_icv_ok_i,
  input  logic [15:0]     chain_trailer_i,    // pad length, next header
  // SA
  output logic            accept_valid_o,     // the accept port of sa_in
  output accept_request_t accept_request_o,
  input  logic            accept_valid_i,
  input  accept_t         accept_i,
  output logic            accepted_o,         // a packet has become part of the SA's traffic
  output logic            event_valid_o,
  output notice_t         event_o,
  output drop_t           drop_o[3],          // AES-GCM, chained, no room for it
  output flight_t         leave_o[3],         // of the packets dropped
  // out; admission beside every beat
  stream_if.src           out,
  output admission_t      admission_o,
  stream_if.src           chained,
  output admission_t      chained_admission_o,
  output logic            busy_o
);

  stream_if        known (.clk_i, .rst_ni);
  stream_if        whole (.clk_i, .rst_ni);
  stream_if        gcm_payload (.clk_i, .rst_ni);
  stream_if        gcm_plain (.clk_i, .rst_ni);
  logic [Ways-1:0] opened_valid, opened_ready, verdict_valid, accepted;
  opened_t         opened[Ways];
  release_t        verdict;
  header_request_t header;
  decap_t          known_packet, known_whole, packet;
  extras_t         extras, hashed;
  logic            extras_busy, ah_text_busy, gcm_busy, gcm_release_busy, chain_release_busy;

  header_extras #(.SideT(decap_t)) u_extras (
    .clk_i,
    .rst_ni,
    .in,
    .outer_i (packet_i.outer),
    .ah_i    (packet_i.row.protocol == ProtocolAh),
    .extras_i,
    .side_i  (packet_i),
    .out     (known),
    .extras_o(extras),
    .hashed_o(hashed),
    .side_o  (known_packet),
    .busy_o  (extras_busy)
  );

  always_comb begin
    known_whole        = known_packet;
    known_whole.extras = extras;
  end

  ah_text u_ah_text (
    .clk_i,
    .rst_ni,
    .in      (known),
    .packet_i(known_whole),
    .hashed_i(hashed),
    .out     (whole),
    .packet_o(packet),
    .busy_o  (ah_text_busy)
  );

  cipher_choice u_choice (
    .clk_i,
    .rst_ni,
    .in       (whole),
    .chained_i(packet.chained),
    .bank_i   (packet.generation[0]),
    .room_i   (chain_room_i),
    .gcm      (gcm_payload),
    .chain    (chain_esp),
    .drop_o   (drop_o[2]),
    .leave_o  (leave_o[2])
  );

  decap_gcm u_gcm (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o,
    .wipe_i,
    .wiping_o,
    .in            (gcm_payload),
    .packet_i      (packet),
    .opened_valid_o(opened_valid[WayGcm]),
    .opened_ready_i(opened_ready[WayGcm]),
    .opened_o      (opened[WayGcm]),
    .out           (gcm_plain),
    .busy_o        (gcm_busy)
  );

  // AH's text begins with the IP header: that stands where ESP has SPI and number.
  logic         ah;
  logic [63:0]  front;

  assign ah    = packet.row.protocol == ProtocolAh;
  assign front = ah ? hashed_front(packet.outer, packet.total) : {packet.row.spi, packet.seq[31:0]};

  assign chain_side_o   = packet;
  assign chain_packet_o = '{
    sa_index:   packet.sa_index,
    cipher:     packet.row.cipher,
    integrity:  packet.row.integrity,
    ah:         ah,
    esn:        packet.row.esn,
    spi:        front[63:32],
    seq:        {packet.seq[63:32], front[31:0]},
    ciphertext: ah ? 14'(packet.total) - 14'd8 : packet.ciphertext
  };

  // What comes back asks once, with its first beat, and moves on to where it waits for the verdict: the next one asks meanwhile.
  stream_if chain_asked (.clk_i, .rst_ni);
  stream_if chain_waits (.clk_i, .rst_ni);
  logic     chain_asked_q;

  assign opened_valid[WayChain] = chain_plain.valid && !chain_asked_q;
  assign opened[WayChain] = '{
    packet:      chain_side_i,
    icv_ok:      chain_icv_ok_i,
    next_header: chain_trailer_i[15:8],
    pad_length:  chain_trailer_i[7:0]
  };

  assign chain_asked.valid = chain_plain.valid && chain_asked_q;
  assign chain_asked.beat  = chain_plain.beat;
  assign chain_plain.ready = chain_asked.ready && chain_asked_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) chain_asked_q <= 1'b0;
    else if (chain_plain.valid && chain_plain.ready && chain_plain.beat.last) chain_asked_q <= 1'b0;
    else if (opened_valid[WayChain] && opened_ready[WayChain]) chain_asked_q <= 1'b1;
  end

  beat_fifo #(.Depth(32)) u_chain_waits (.clk_i, .rst_ni, .in(chain_asked), .out(chain_waits), .used_o());

  esp_judge u_judge (
    .clk_i,
    .rst_ni,
    .opened_valid_i (opened_valid),
    .opened_ready_o (opened_ready),
    .opened_i       (opened),
    .accept_valid_o,
    .accept_request_o,
    .accept_valid_i,
    .accept_i,
    .verdict_valid_o(verdict_valid),
    .verdict_o      (verdict),
    .header_o       (header),
    .accepted_o     (accepted),
    .event_valid_o,
    .event_o
  );

  assign accepted_o = |accepted;

  esp_release u_gcm_release (
    .clk_i,
    .rst_ni,
    .lan_mac_i,
    .in             (gcm_plain),
    .verdict_valid_i(verdict_valid[WayGcm]),
    .verdict_i      (verdict),
    .header_i       (header),
    .accepted_i     (accepted[WayGcm]),
    .drop_o         (drop_o[WayGcm]),
    .leave_o        (leave_o[WayGcm]),
    .out,
    .admission_o,
    .busy_o         (gcm_release_busy)
  );

  esp_release u_chain_release (
    .clk_i,
    .rst_ni,
    .lan_mac_i,
    .in             (chain_waits),
    .verdict_valid_i(verdict_valid[WayChain]),
    .verdict_i      (verdict),
    .header_i       (header),
    .accepted_i     (accepted[WayChain]),
    .drop_o         (drop_o[WayChain]),
    .leave_o        (leave_o[WayChain]),
    .out            (chained),
    .admission_o    (chained_admission_o),
    .busy_o         (chain_release_busy)
  );

  assign busy_o = extras_busy || ah_text_busy || gcm_busy || gcm_release_busy || chain_plain.valid || chain_release_busy;

endmodule
