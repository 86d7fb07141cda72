// SPDX-License-Identifier: Apache-2.0
// The card: two Ethernet ports, registers, host memory, and every packet's way between them (hw/README.md).
//
// Ports of the MACs are AXI4-Stream without FCS; a frame's first byte is tdata[7:0]. The MAC never waits: a receive
// port's tready is always 1. tkeep counts only in a frame's last beat; tuser of the last beat marks a bad frame.
module sallyport_card
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*, tag_pkg::*;
(
  input logic clk_i,
  input logic rst_ni,  // synchronous

  // registers: AXI4-Lite
  input  logic        s_axil_awvalid,
  output logic        s_axil_awready,
  input  logic [11:0] s_axil_awaddr,
  input  logic        s_axil_wvalid,
  output logic        s_axil_wready,
  input  logic [31:0] s_axil_wdata,
  input  logic [ 3:0] s_axil_wstrb,
  output logic        s_axil_bvalid,
  input  logic        s_axil_bready,
  output logic [ 1:0] s_axil_bresp,
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  input  logic [11:0] s_axil_araddr,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,
  output logic [31:0] s_axil_rdata,
  output logic [ 1:0] s_axil_rresp,

  // host memory: AXI4, bursts of whole 64-byte beats, one transaction id
  output logic         m_axi_awvalid,
  input  logic         m_axi_awready,
  output logic [ 63:0] m_axi_awaddr,
  output logic [  7:0] m_axi_awlen,
  output logic [  2:0] m_axi_awsize,
  output logic [  1:0] m_axi_awburst,
  output logic         m_axi_wvalid,
  input  logic         m_axi_wready,
  output logic [511:0] m_axi_wdata,
  output logic [ 63:0] m_axi_wstrb,
  output logic         m_axi_wlast,
  input  logic         m_axi_bvalid,
  output logic         m_axi_bready,
  input  logic [  1:0] m_axi_bresp,
  output logic         m_axi_arvalid,
  input  logic         m_axi_arready,
  output logic [ 63:0] m_axi_araddr,
  output logic [  7:0] m_axi_arlen,
  output logic [  2:0] m_axi_arsize,
  output logic [  1:0] m_axi_arburst,
  input  logic         m_axi_rvalid,
  output logic         m_axi_rready,
  input  logic [511:0] m_axi_rdata,
  input  logic [  1:0] m_axi_rresp,
  input  logic         m_axi_rlast,

  // LAN port
  input  logic         lan_rx_tvalid,
  output logic         lan_rx_tready,
  input  logic [511:0] lan_rx_tdata,
  input  logic [ 63:0] lan_rx_tkeep,
  input  logic         lan_rx_tlast,
  input  logic         lan_rx_tuser,
  output logic         lan_tx_tvalid,
  input  logic         lan_tx_tready,
  output logic [511:0] lan_tx_tdata,
  output logic [ 63:0] lan_tx_tkeep,
  output logic         lan_tx_tlast,

  // WAN port
  input  logic         wan_rx_tvalid,
  output logic         wan_rx_tready,
  input  logic [511:0] wan_rx_tdata,
  input  logic [ 63:0] wan_rx_tkeep,
  input  logic         wan_rx_tlast,
  input  logic         wan_rx_tuser,
  output logic         wan_tx_tvalid,
  input  logic         wan_tx_tready,
  output logic [511:0] wan_tx_tdata,
  output logic [ 63:0] wan_tx_tkeep,
  output logic         wan_tx_tlast,

  output logic busy_o  // 0: nothing moves inside, and without input nothing will
);

  assign lan_rx_tready = 1'b1;
  assign wan_rx_tready = 1'b1;

  // ---- the host's side
  localparam int unsigned OutboundDrops = 2;  // of packets admitted
  localparam int unsigned InboundDrops = 5;
  localparam int unsigned Drops = 2 + OutboundDrops + InboundDrops;   // and before admission
  localparam int unsigned Leaves = 4 + OutboundDrops + InboundDrops;  // and to the ports and the host

  table_write_t           loaded, table_write;
  logic [31:0]            generation, hash_seed;
  logic                   enable, asked_to_wipe, wipe, wiping;
  logic [47:0]            lan_mac, wan_mac;
  logic [11:0]            lan_vlan, wan_vlan;
  logic                   plain_tags;
  logic                   capture, capture_outbound, captured, captured_out, captured_in;
  logic [SaIndexBits-1:0] capture_sa_index;
  sa_out_state_t          state_out;
  sa_in_state_t           state_in;
  logic                   outbound_ready, inbound_ready, chain_ready, tables_ready, loader_ready;
  logic                   outbound_wiping, inbound_wiping, chain_wiping;
  flight_t [1:0]          admit;
  flight_t [Leaves-1:0]   leave, leave_q;
  drop_t   [Drops-1:0]    drop;
  counts_t                counts;
  logic    [1:0]          event_valid;
  notice_t [1:0]          notice;
  tag_counts_t            tag_counts;
  notice_t                outbound_notice, inbound_notice;
  logic                   host_if_busy, outbound_busy, inbound_busy, chain_busy, lan_tx_busy, wan_tx_busy;

  stream_if outbound_to_host (.clk_i, .rst_ni);
  stream_if inbound_to_host (.clk_i, .rst_ni);

  assign captured     = captured_out || captured_in;
  assign wiping       = wipe || outbound_wiping || inbound_wiping || chain_wiping;
  assign tables_ready = outbound_ready && inbound_ready && chain_ready;

  host_if #(
    .AdmitPorts(2),
    .LeavePorts(Leaves),
    .DropPorts (Drops)
  ) u_host_if (
    .clk_i,
    .rst_ni,
    .s_axil_awvalid,
    .s_axil_awready,
    .s_axil_awaddr,
    .s_axil_wvalid,
    .s_axil_wready,
    .s_axil_wdata,
    .s_axil_wstrb,
    .s_axil_bvalid,
    .s_axil_bready,
    .s_axil_bresp,
    .s_axil_arvalid,
    .s_axil_arready,
    .s_axil_araddr,
    .s_axil_rvalid,
    .s_axil_rready,
    .s_axil_rdata,
    .s_axil_rresp,
    .m_axi_awvalid,
    .m_axi_awready,
    .m_axi_awaddr,
    .m_axi_awlen,
    .m_axi_awsize,
    .m_axi_awburst,
    .m_axi_wvalid,
    .m_axi_wready,
    .m_axi_wdata,
    .m_axi_wstrb,
    .m_axi_wlast,
    .m_axi_bvalid,
    .m_axi_bready,
    .m_axi_bresp,
    .m_axi_arvalid,
    .m_axi_arready,
    .m_axi_araddr,
    .m_axi_arlen,
    .m_axi_arsize,
    .m_axi_arburst,
    .m_axi_rvalid,
    .m_axi_rready,
    .m_axi_rdata,
    .m_axi_rresp,
    .m_axi_rlast,
    .table_write_o            (loaded),
    .table_ready_i            (loader_ready),
    .generation_o             (generation),
    .enable_o                 (enable),
    .wipe_o                   (asked_to_wipe),
    .wiping_i                 (wiping),
    .lan_mac_o                (lan_mac),
    .wan_mac_o                (wan_mac),
    .lan_vlan_o               (lan_vlan),
    .wan_vlan_o               (wan_vlan),
    .plain_tags_o             (plain_tags),
    .hash_seed_o              (hash_seed),
    .capture_valid_o          (capture),
    .capture_outbound_o       (capture_outbound),
    .capture_sa_index_o       (capture_sa_index),
    .capture_valid_i          (captured),
    .capture_i                (captured_out ? state_out : state_in),
    .admit_i                  (admit),
    .leave_i                  (leave_q),
    .drop_i                   (drop),
    .counts_i                 (counts),
    .host_rx_outbound         (outbound_to_host),
    .host_rx_outbound_notice_i(outbound_notice),
    .host_rx_inbound          (inbound_to_host),
    .host_rx_inbound_notice_i (inbound_notice),
    .event_valid_i            (event_valid),
    .event_i                  (notice),
    .host_tx                  (host_tx),
    .host_tx_inject_o         (host_tx_inject),
    .host_tx_length_o         (host_tx_side.length),
    .host_tx_sender_o         (host_tx_side.sender),
    .busy_o                   (host_if_busy)
  );

  table_bus u_table_bus (
    .clk_i,
    .rst_ni,
    .write_i(loaded),
    .wipe_i (asked_to_wipe),
    .ready_o(loader_ready),
    .write_o(table_write),
    .wipe_o (wipe),
    .ready_i(tables_ready)
  );

  // ---- frames from the host go where `inject` says
  typedef struct packed {
    logic         lan_tx, wan_tx, lan_rx, wan_rx;
    frame_bytes_t length;
    sender_t      sender;
  } injected_t;

  inject_e   host_tx_inject;
  injected_t host_tx_side, injected;

  stream_if host_tx (.clk_i, .rst_ni);
  stream_if from_host (.clk_i, .rst_ni);
  stream_if to_lan[2] (.clk_i, .rst_ni);
  stream_if to_wan[4] (.clk_i, .rst_ni);
  stream_if as_lan_rx (.clk_i, .rst_ni);
  stream_if as_wan_rx (.clk_i, .rst_ni);
  flight_t  to_lan_flight[2];
  flight_t  to_wan_flight[4];

  assign host_tx_side.lan_tx = host_tx_inject == InjectLanTx;
  assign host_tx_side.wan_tx = host_tx_inject == InjectWanTx;
  assign host_tx_side.lan_rx = host_tx_inject == InjectLanRx;
  assign host_tx_side.wan_rx = host_tx_inject == InjectWanRx;

  beat_register #(.SideT(injected_t)) u_from_host (
    .clk_i,
    .rst_ni,
    .in    (host_tx),
    .side_i(host_tx_side),
    .out   (from_host),
    .side_o(injected)
  );

  assign to_lan[1].valid  = from_host.valid && injected.lan_tx;
  assign to_wan[3].valid  = from_host.valid && injected.wan_tx;
  assign as_lan_rx.valid  = from_host.valid && injected.lan_rx;
  assign as_wan_rx.valid  = from_host.valid && injected.wan_rx;
  assign to_lan[1].beat   = from_host.beat;
  assign to_wan[3].beat   = from_host.beat;
  assign as_lan_rx.beat   = from_host.beat;
  assign as_wan_rx.beat   = from_host.beat;
  assign to_lan_flight[1] = '0;  // it was not admitted and holds no bank
  assign to_wan_flight[3] = '0;

  // (An inject without a name host_if has dropped.)
  assign from_host.ready = (injected.lan_tx && to_lan[1].ready) || (injected.wan_tx && to_wan[3].ready) ||
                           (injected.lan_rx && as_lan_rx.ready) || (injected.wan_rx && as_wan_rx.ready);

  // ---- the two directions, and the chain engine between them
  stream_if      out_plain (.clk_i, .rst_ni);
  stream_if      out_esp (.clk_i, .rst_ni);
  stream_if      in_esp (.clk_i, .rst_ni);
  stream_if      in_plain (.clk_i, .rst_ni);
  logic          out_room, in_room, in_icv_ok;
  chain_packet_t out_packet, in_packet;
  chained_t      out_plain_side, out_esp_side;
  decap_t        in_esp_side, in_plain_side;
  logic [15:0]   in_trailer;
  logic [255:0]  out_icv;
  drop_t         outbound_drop[OutboundDrops];
  flight_t       outbound_leave[OutboundDrops];

  outbound u_outbound (
    .clk_i,
    .rst_ni,
    .enable_i          (enable),
    .lan_mac_i         (lan_mac),
    .lan_vlan_i        (lan_vlan),
    .wan_mac_i         (wan_mac),
    .hash_seed_i       (hash_seed),
    .plain_tags_i      (plain_tags),
    .generation_i      (generation),
    .table_write_i     (table_write),
    .table_ready_o     (outbound_ready),
    .wipe_i            (wipe),
    .wiping_o          (outbound_wiping),
    .capture_valid_i   (capture && capture_outbound),
    .capture_sa_index_i(capture_sa_index),
    .capture_valid_o   (captured_out),
    .capture_o         (state_out),
    .rx_tvalid         (lan_rx_tvalid),
    .rx_tdata          (lan_rx_tdata),
    .rx_tkeep          (lan_rx_tkeep),
    .rx_tlast          (lan_rx_tlast),
    .rx_tuser          (lan_rx_tuser),
    .inject            (as_lan_rx),
    .inject_length_i   (injected.length),
    .inject_sender_i   (injected.sender),
    .chain_room_i      (out_room),
    .chain_plain       (out_plain),
    .chain_packet_o    (out_packet),
    .chain_side_o      (out_plain_side),
    .chain_esp         (out_esp),
    .chain_side_i      (out_esp_side),
    .chain_icv_i       (out_icv),
    .esp               (to_wan[0]),
    .esp_flight_o      (to_wan_flight[0]),
    .chained           (to_wan[1]),
    .chained_flight_o  (to_wan_flight[1]),
    .forward           (to_wan[2]),
    .forward_flight_o  (to_wan_flight[2]),
    .host              (outbound_to_host),
    .host_notice_o     (outbound_notice),
    .received_o        (counts.lan_rx),
    .admit_o           (admit[0]),
    .rx_drop_o         (drop[0]),
    .drop_o            (outbound_drop),
    .drop_leave_o      (outbound_leave),
    .esp_o             (counts.esp_out),
    .bypass_o          (counts.bypass_out),
    .tag_o             (tag_counts),
    .event_valid_o     (event_valid[0]),
    .event_o           (notice[0]),
    .busy_o            (outbound_busy)
  );

  assign {counts.tag_ok, counts.tag_unknown, counts.tag_forged, counts.tag_plain} = tag_counts;

  drop_t   inbound_drop[InboundDrops];
  flight_t inbound_leave[InboundDrops];

  inbound u_inbound (
    .clk_i,
    .rst_ni,
    .enable_i          (enable),
    .lan_mac_i         (lan_mac),
    .wan_mac_i         (wan_mac),
    .wan_vlan_i        (wan_vlan),
    .hash_seed_i       (hash_seed),
    .generation_i      (generation),
    .table_write_i     (table_write),
    .table_ready_o     (inbound_ready),
    .wipe_i            (wipe),
    .wiping_o          (inbound_wiping),
    .capture_valid_i   (capture && !capture_outbound),
    .capture_sa_index_i(capture_sa_index),
    .capture_valid_o   (captured_in),
    .capture_o         (state_in),
    .rx_tvalid         (wan_rx_tvalid),
    .rx_tdata          (wan_rx_tdata),
    .rx_tkeep          (wan_rx_tkeep),
    .rx_tlast          (wan_rx_tlast),
    .rx_tuser          (wan_rx_tuser),
    .inject            (as_wan_rx),
    .inject_length_i   (injected.length),
    .chain_room_i      (in_room),
    .chain_esp         (in_esp),
    .chain_packet_o    (in_packet),
    .chain_side_o      (in_esp_side),
    .chain_plain       (in_plain),
    .chain_side_i      (in_plain_side),
    .chain_icv_ok_i    (in_icv_ok),
    .chain_trailer_i   (in_trailer),
    .forward           (to_lan[0]),
    .forward_flight_o  (to_lan_flight[0]),
    .host              (inbound_to_host),
    .host_notice_o     (inbound_notice),
    .received_o        (counts.wan_rx),
    .admit_o           (admit[1]),
    .rx_drop_o         (drop[1]),
    .drop_o            (inbound_drop),
    .drop_leave_o      (inbound_leave),
    .esp_o             (counts.esp_in),
    .bypass_o          (counts.bypass_in),
    .event_valid_o     (event_valid[1]),
    .event_o           (notice[1]),
    .busy_o            (inbound_busy)
  );

  for (genvar i = 0; i < OutboundDrops; i++) begin : gen_outbound_drop
    assign drop[2+i]  = outbound_drop[i];
    assign leave[4+i] = outbound_leave[i];
  end
  for (genvar i = 0; i < InboundDrops; i++) begin : gen_inbound_drop
    assign drop[2+OutboundDrops+i]  = inbound_drop[i];
    assign leave[4+OutboundDrops+i] = inbound_leave[i];
  end

  chain #(
    .OutSideT(chained_t),
    .InSideT (decap_t)
  ) u_chain (
    .clk_i,
    .rst_ni,
    .table_write_i(table_write),
    .table_ready_o(chain_ready),
    .wipe_i       (wipe),
    .wiping_o     (chain_wiping),
    .out_plain,
    .out_packet_i (out_packet),
    .out_side_i   (out_plain_side),
    .out_room_o   (out_room),
    .out_esp,
    .out_side_o   (out_esp_side),
    .out_icv_o    (out_icv),
    .in_esp,
    .in_packet_i  (in_packet),
    .in_side_i    (in_esp_side),
    .in_room_o    (in_room),
    .in_plain,
    .in_side_o    (in_plain_side),
    .in_icv_ok_o  (in_icv_ok),
    .in_trailer_o (in_trailer),
    .busy_o       (chain_busy)
  );

  // ---- out
  tx_port #(
    .Inputs(2)
  ) u_lan_tx (
    .clk_i,
    .rst_ni,
    .vlan_i  (lan_vlan),
    .in      (to_lan),
    .flight_i(to_lan_flight),
    .tvalid_o(lan_tx_tvalid),
    .tready_i(lan_tx_tready),
    .tdata_o (lan_tx_tdata),
    .tkeep_o (lan_tx_tkeep),
    .tlast_o (lan_tx_tlast),
    .sent_o  (counts.lan_tx),
    .leave_o (leave[0]),
    .busy_o  (lan_tx_busy)
  );

  tx_port #(
    .Inputs(4)
  ) u_wan_tx (
    .clk_i,
    .rst_ni,
    .vlan_i  (wan_vlan),
    .in      (to_wan),
    .flight_i(to_wan_flight),
    .tvalid_o(wan_tx_tvalid),
    .tready_i(wan_tx_tready),
    .tdata_o (wan_tx_tdata),
    .tkeep_o (wan_tx_tkeep),
    .tlast_o (wan_tx_tlast),
    .sent_o  (counts.wan_tx),
    .leave_o (leave[1]),
    .busy_o  (wan_tx_busy)
  );

  assign leave[2] = '{
    valid: outbound_to_host.valid && outbound_to_host.ready && outbound_to_host.beat.last,
    bank:  outbound_notice.generation[0]
  };
  assign leave[3] = '{
    valid: inbound_to_host.valid && inbound_to_host.ready && inbound_to_host.beat.last,
    bank:  inbound_notice.generation[0]
  };

  // That a packet has left is told a clock later, when it is known whether the other side took it.
  always_ff @(posedge clk_i) leave_q <= rst_ni ? leave : '0;

  // ---- every packet leaves exactly once
  logic             any_inside, moving, moved_q, paths_busy;
  logic [Drops-1:0] dropped;

  for (genvar i = 0; i < Drops; i++) begin : gen_dropped
    assign dropped[i] = drop[i].valid;
  end

  // Who takes a packet may tell so a clock after who gave it has come to rest.
  assign moving     = from_host.valid || outbound_busy || inbound_busy || chain_busy || lan_tx_busy || wan_tx_busy;
  assign paths_busy = moving || moved_q;

  always_ff @(posedge clk_i) moved_q <= rst_ni && moving;

  packets_inside #(
    .Entries(3),
    .Exits  (Drops + 4)
  ) u_packets_inside (
    .clk_i,
    .rst_ni,
    .enter_i ({counts.lan_rx.valid, counts.wan_rx.valid, from_host.valid && from_host.ready && from_host.beat.last}),
    .leave_i ({dropped, counts.lan_tx.valid, counts.wan_tx.valid, leave[2].valid, leave[3].valid}),
    .moving_i(paths_busy || wiping || !tables_ready),
    .any_o   (any_inside)
  );

  // What begins to move shows in the clock after it came, and what has come to rest a clock later.
  logic coming, host_if_busy_q, inside_q, paths_busy_q, setting_up_q, coming_q;

  assign coming = lan_rx_tvalid || wan_rx_tvalid || s_axil_awvalid || s_axil_wvalid || s_axil_arvalid;
  assign busy_o = host_if_busy_q || inside_q || paths_busy_q || setting_up_q || coming_q;

  always_ff @(posedge clk_i) begin
    host_if_busy_q <= host_if_busy;
    inside_q       <= any_inside;
    paths_busy_q   <= paths_busy;
    setting_up_q   <= !rst_ni || wiping || !tables_ready || table_write.valid;
    coming_q       <= coming;
  end

endmodule
