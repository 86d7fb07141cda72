// SPDX-License-Identifier: Apache-2.0
// The host's side of the card: registers, table loads and the two rings.
//
// Frames for the host come on two streams, each with its notice beside every beat of the frame; frames from the host leave on one
// stream with `host_tx_inject_o` and `host_tx_length_o` beside every beat. Events are pulses: one that finds no room is counted.
module host_if
  import layout_pkg::*, stream_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned AdmitPorts = 2,
  parameter int unsigned LeavePorts = 4,
  parameter int unsigned DropPorts = 4
) (
  input logic clk_i,
  input logic rst_ni,

  // registers: AXI4-Lite
  input  logic        s_axil_awvalid,
  output logic        s_axil_awready,
  input  logic [11:0] s_axil_awaddr,
  input  logic        s_axil_wvalid,
  output logic        s_axil_wready,
  input  logic [31:0] s_axil_wdata,
  input  logic [3:0]  s_axil_wstrb,
  output logic        s_axil_bvalid,
  input  logic        s_axil_bready,
  output logic [1:0]  s_axil_bresp,
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  input  logic [11:0] s_axil_araddr,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,
  output logic [31:0] s_axil_rdata,
  output logic [1:0]  s_axil_rresp,

  // host memory: AXI4, bursts of whole 64-byte beats, one transaction id
  output logic         m_axi_awvalid,
  input  logic         m_axi_awready,
  output logic [63:0]  m_axi_awaddr,
  output logic [7:0]   m_axi_awlen,
  output logic [2:0]   m_axi_awsize,
  output logic [1:0]   m_axi_awburst,
  output logic         m_axi_wvalid,
  input  logic         m_axi_wready,
  output logic [511:0] m_axi_wdata,
  output logic [63:0]  m_axi_wstrb,
  output logic         m_axi_wlast,
  input  logic         m_axi_bvalid,
  output logic         m_axi_bready,
  input  logic [1:0]   m_axi_bresp,
  output logic         m_axi_arvalid,
  input  logic         m_axi_arready,
  output logic [63:0]  m_axi_araddr,
  output logic [7:0]   m_axi_arlen,
  output logic [2:0]   m_axi_arsize,
  output logic [1:0]   m_axi_arburst,
  input  logic         m_axi_rvalid,
  output logic         m_axi_rready,
  input  logic [511:0] m_axi_rdata,
  input  logic [1:0]   m_axi_rresp,
  input  logic         m_axi_rlast,

  // tables
  output table_write_t table_write_o,
  input  logic         table_ready_i,  // the AND of all tables' readiness
  output logic [31:0]  generation_o,   // bit 0 is the open bank; a packet takes it in the clock of its admission

  // settings
  output logic        enable_o,
  output logic        wipe_o,      // a pulse: zero all rows and keys of SAs and tags
  input  logic        wiping_i,    // from the clock after it until done
  output logic [47:0] lan_mac_o,
  output logic [47:0] wan_mac_o,
  output logic [31:0] hash_seed_o,
  output logic [11:0] lan_vlan_o,
  output logic [11:0] wan_vlan_o,
  output logic        plain_tags_o,

  // capture of an SA's living state
  output logic                   capture_valid_o,  // a pulse
  output logic                   capture_outbound_o,
  output logic [SaIndexBits-1:0] capture_sa_index_o,
  input  logic                   capture_valid_i,  // the answer, a pulse, any time later
  input  logic [511:0]           capture_i,

  // packets in flight and counters: pulses
  input flight_t [AdmitPorts-1:0] admit_i,
  input flight_t [LeavePorts-1:0] leave_i,
  input drop_t   [DropPorts-1:0]  drop_i,
  input counts_t                  counts_i,

  // to the host
  stream_if.snk         host_rx_outbound,
  input  notice_t       host_rx_outbound_notice_i,
  stream_if.snk         host_rx_inbound,
  input  notice_t       host_rx_inbound_notice_i,
  input  logic    [1:0] event_valid_i,
  input  notice_t [1:0] event_i,

  // from the host
  stream_if.src       host_tx,
  output inject_e     host_tx_inject_o,
  output logic [13:0] host_tx_length_o,
  output sender_t     host_tx_sender_o,

  output logic busy_o  // 0: nothing moves here, and without input nothing will
);

  // ---- registers and counters -------------------------------------------------------------------------------------------------

  ring_t       rx, tx;
  logic        rx_hold, rx_idle, rx_restart, tx_hold, tx_idle, tx_restart;
  logic [31:0] rx_producer, tx_consumer;
  logic        load_start, loading;
  logic [63:0] load_address;
  logic [31:0] load_length, load_count;
  load_error_e load_error;
  logic [63:0] clock;
  logic [1:0][31:0] in_flight;
  logic        counter_drop;
  logic [5:0]  counter_index;
  logic [63:0] counter;
  logic        csr_busy, counters_busy, in_flight_busy, rx_busy;

  csr u_csr (
    .clk_i, .rst_ni,
    .s_axil_awvalid, .s_axil_awready, .s_axil_awaddr, .s_axil_wvalid, .s_axil_wready, .s_axil_wdata, .s_axil_wstrb,
    .s_axil_bvalid, .s_axil_bready, .s_axil_bresp, .s_axil_arvalid, .s_axil_arready, .s_axil_araddr,
    .s_axil_rvalid, .s_axil_rready, .s_axil_rdata, .s_axil_rresp,
    .enable_o, .wipe_o, .wiping_i, .lan_mac_o, .wan_mac_o, .hash_seed_o, .lan_vlan_o, .wan_vlan_o, .plain_tags_o,
    .generation_o,
    .clock_o        (clock),
    .load_start_o   (load_start),
    .load_address_o (load_address),
    .load_length_o  (load_length),
    .loading_i      (loading),
    .load_error_i   (load_error),
    .load_count_i   (load_count),
    .rx_o           (rx),
    .rx_hold_o      (rx_hold),
    .rx_idle_i      (rx_idle),
    .rx_restart_o   (rx_restart),
    .rx_producer_i  (rx_producer),
    .tx_o           (tx),
    .tx_hold_o      (tx_hold),
    .tx_idle_i      (tx_idle),
    .tx_restart_o   (tx_restart),
    .tx_consumer_i  (tx_consumer),
    .capture_valid_o, .capture_outbound_o, .capture_sa_index_o, .capture_valid_i, .capture_i,
    .in_flight_i    (in_flight),
    .counter_drop_o (counter_drop),
    .counter_index_o(counter_index),
    .counter_i      (counter),
    .busy_o         (csr_busy)
  );

  in_flight #(
    .AdmitPorts(AdmitPorts),
    .LeavePorts(LeavePorts)
  ) u_in_flight (
    .clk_i,
    .rst_ni,
    .admit_i,
    .leave_i,
    .in_flight_o(in_flight),
    .busy_o     (in_flight_busy)
  );

  host_counts_t host_counts;
  logic         rx_dropped, tx_dropped;
  logic [1:0]   intake_lost;
  logic         ring_lost;

  assign host_counts.events_lost = intake_lost + 2'(ring_lost);

  counters #(
    .DropPorts(DropPorts + 2)
  ) u_counters (
    .clk_i,
    .rst_ni,
    .counts_i,
    .host_counts_i(host_counts),
    .drop_i       ({drop_t'{rx_dropped, DropHostRingFull}, drop_t'{tx_dropped, DropHostInject}, drop_i}),
    .read_drop_i  (counter_drop),
    .read_index_i (counter_index),
    .read_value_o (counter),
    .busy_o       (counters_busy)
  );

  // ---- host memory: reads -----------------------------------------------------------------------------------------------------

  read_request_t [1:0] request;  // rings first
  logic [1:0]          request_taken, beat_valid;
  read_beat_t          beat;

  read_arbiter #(
    .Clients(2)
  ) u_reads (
    .clk_i,
    .rst_ni,
    .request_i(request),
    .taken_o  (request_taken),
    .valid_o  (beat_valid),
    .beat_o   (beat),
    .m_axi_arvalid, .m_axi_arready, .m_axi_araddr, .m_axi_arlen, .m_axi_arsize, .m_axi_arburst,
    .m_axi_rvalid, .m_axi_rready, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast
  );

  table_loader u_loader (
    .clk_i,
    .rst_ni,
    .start_i        (load_start),
    .address_i      (load_address),
    .length_i       (load_length),
    .open_bank_i    (generation_o[0]),
    .loading_o      (loading),
    .error_o        (load_error),
    .load_count_o   (load_count),
    .request_o      (request[1]),
    .request_taken_i(request_taken[1]),
    .beat_valid_i   (beat_valid[1]),
    .beat_i         (beat),
    .table_write_o,
    .table_ready_i
  );

  // ---- rings ------------------------------------------------------------------------------------------------------------------

  logic    tx_busy;
  logic    event_valid, event_ready, events_busy;
  logic [ToldOnce-1:0] told_done;
  notice_t next_event;

  tx_ring u_tx (
    .clk_i,
    .rst_ni,
    .ring_i         (tx),
    .hold_i         (tx_hold),
    .idle_o         (tx_idle),
    .restart_i      (tx_restart),
    .consumer_o     (tx_consumer),
    .request_o      (request[0]),
    .request_taken_i(request_taken[0]),
    .beat_valid_i   (beat_valid[0]),
    .beat_i         (beat),
    .host_tx,
    .inject_o       (host_tx_inject_o),
    .length_o       (host_tx_length_o),
    .sender_o       (host_tx_sender_o),
    .host_tx_o      (host_counts.host_tx),
    .dropped_o      (tx_dropped),
    .busy_o         (tx_busy)
  );

  event_intake u_events (
    .clk_i,
    .rst_ni,
    .event_valid_i,
    .event_i,
    .told_done_i   (told_done),
    .lost_o        (intake_lost),
    .valid_o       (event_valid),
    .event_o       (next_event),
    .ready_i       (event_ready),
    .busy_o        (events_busy)
  );

  rx_ring u_rx (
    .clk_i,
    .rst_ni,
    .ring_i           (rx),
    .hold_i           (rx_hold),
    .idle_o           (rx_idle),
    .restart_i        (rx_restart),
    .producer_o       (rx_producer),
    .clock_i          (clock),
    .outbound         (host_rx_outbound),
    .outbound_notice_i(host_rx_outbound_notice_i),
    .inbound          (host_rx_inbound),
    .inbound_notice_i (host_rx_inbound_notice_i),
    .event_valid_i    (event_valid),
    .event_i          (next_event),
    .event_ready_o    (event_ready),
    .busy_o           (rx_busy),
    .told_done_o      (told_done),
    .host_rx_o        (host_counts.host_rx),
    .events_o         (host_counts.events),
    .dropped_o        (rx_dropped),
    .event_lost_o     (ring_lost),
    .m_axi_awvalid, .m_axi_awready, .m_axi_awaddr, .m_axi_awlen, .m_axi_awsize, .m_axi_awburst,
    .m_axi_wvalid, .m_axi_wready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast,
    .m_axi_bvalid, .m_axi_bready, .m_axi_bresp
  );

  // What moves here began with what came, and goes on from clock to clock; so a register may tell of it.
  logic comes, busy_q;

  assign comes  = s_axil_awvalid || s_axil_wvalid || s_axil_arvalid || event_valid_i != '0 || host_rx_outbound.valid || host_rx_inbound.valid;
  assign busy_o = comes || busy_q || counters_busy || in_flight_busy;

  always_ff @(posedge clk_i) busy_q <= rst_ni && (comes || csr_busy || loading || tx_busy || rx_busy || events_busy);

endmodule
