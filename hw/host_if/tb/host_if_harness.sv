// SPDX-License-Identifier: Apache-2.0
// host_if with its streams and structs brought out as plain ports, for the test. A notice is given as an rx_descriptor_t.
module host_if_harness
  import layout_pkg::*, stream_pkg::*, host_if_pkg::*;
(
  input logic clk_i,
  input logic rst_ni,

  input  logic         s_axil_awvalid,
  output logic         s_axil_awready,
  input  logic [11:0]  s_axil_awaddr,
  input  logic         s_axil_wvalid,
  output logic         s_axil_wready,
  input  logic [31:0]  s_axil_wdata,
  input  logic [3:0]   s_axil_wstrb,
  output logic         s_axil_bvalid,
  input  logic         s_axil_bready,
  output logic [1:0]   s_axil_bresp,
  input  logic         s_axil_arvalid,
  output logic         s_axil_arready,
  input  logic [11:0]  s_axil_araddr,
  output logic         s_axil_rvalid,
  input  logic         s_axil_rready,
  output logic [31:0]  s_axil_rdata,
  output logic [1:0]   s_axil_rresp,

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

  output logic         table_valid_o,
  output logic [7:0]   table_id_o,
  output logic         table_bank_o,
  output logic [15:0]  table_row_o,
  output logic [511:0] table_data_o,
  input  logic         table_ready_i,

  output logic [31:0]  generation_o,
  output logic         enable_o,
  output logic         wipe_o,
  input  logic         wiping_i,
  output logic [47:0]  lan_mac_o,
  output logic [47:0]  wan_mac_o,
  output logic [31:0]  hash_seed_o,
  output logic [11:0]  lan_vlan_o,
  output logic [11:0]  wan_vlan_o,
  output logic         plain_tags_o,

  output logic         capture_valid_o,
  output logic         capture_outbound_o,
  output logic [15:0]  capture_sa_index_o,
  input  logic         capture_valid_i,
  input  logic [511:0] capture_i,

  input  logic [1:0]   admit_valid_i,
  input  logic [1:0]   admit_bank_i,
  input  logic [3:0]   leave_valid_i,
  input  logic [3:0]   leave_bank_i,
  input  logic [7:0]   drop_valid_i,
  input  logic [63:0]  drop_reason_i,       // 8 bits a port
  input  logic [11:0]  count_valid_i,       // lan_rx, wan_rx, lan_tx, wan_tx, esp_out, esp_in, bypass_out, bypass_in, tag_ok, tag_unknown,
                                            // tag_forged, tag_plain
  input  logic [63:0]  count_bytes_i,       // 16 bits for each of the first four

  input  logic [1:0]   host_rx_valid_i,     // outbound, inbound
  output logic [1:0]   host_rx_ready_o,
  input  logic [511:0] host_rx_data_i[2],
  input  logic [5:0]   host_rx_empty_i[2],
  input  logic [1:0]   host_rx_last_i,
  input  logic [511:0] host_rx_notice_i[2],
  input  logic [1:0]   event_valid_i,
  input  logic [511:0] event_i[2],

  output logic         host_tx_valid_o,
  input  logic         host_tx_ready_i,
  output logic [511:0] host_tx_data_o,
  output logic [5:0]   host_tx_empty_o,
  output logic         host_tx_last_o,
  output logic [7:0]   host_tx_inject_o,
  output logic [15:0]  host_tx_length_o,
  output logic         host_tx_known_o,
  output logic [15:0]  host_tx_principal_o,
  output logic         busy_o
);

  stream_if outbound (.clk_i, .rst_ni);
  stream_if inbound (.clk_i, .rst_ni);
  stream_if host_tx (.clk_i, .rst_ni);

  function automatic notice_t notice(rx_descriptor_t row);
    return '{
      upcall: upcall_e'(row.upcall), port: port_e'(row.port[1:0]), generation: row.generation, spi: row.spi,
      sa_index: row.sa_index, policy_id: row.policy_id, principal: row.principal, outbound: row.outbound,
      decapsulated: row.decapsulated, source: row.source, length: row.length[13:0]
    };
  endfunction

  assign outbound.valid  = host_rx_valid_i[0];
  assign outbound.beat   = '{data: host_rx_data_i[0], empty: host_rx_empty_i[0], last: host_rx_last_i[0]};
  assign inbound.valid   = host_rx_valid_i[1];
  assign inbound.beat    = '{data: host_rx_data_i[1], empty: host_rx_empty_i[1], last: host_rx_last_i[1]};
  assign host_rx_ready_o = {inbound.ready, outbound.ready};

  assign host_tx_valid_o = host_tx.valid;
  assign host_tx.ready   = host_tx_ready_i;
  assign host_tx_data_o  = host_tx.beat.data;
  assign host_tx_empty_o = host_tx.beat.empty;
  assign host_tx_last_o  = host_tx.beat.last;

  table_write_t           table_write;
  flight_t [1:0]          admit;
  flight_t [3:0]          leave;
  drop_t   [7:0]          drop;
  counts_t                counts;
  inject_e                inject;
  logic [13:0]            length;
  sender_t                sender;
  logic [SaIndexBits-1:0] capture_sa_index;

  always_comb begin
    for (int i = 0; i < 2; i++) admit[i] = '{valid: admit_valid_i[i], bank: admit_bank_i[i]};
    for (int i = 0; i < 4; i++) leave[i] = '{valid: leave_valid_i[i], bank: leave_bank_i[i]};
    for (int i = 0; i < 8; i++) drop[i] = '{valid: drop_valid_i[i], reason: drop_e'(drop_reason_i[8*i+:6])};
  end

  assign counts = '{
    lan_rx: '{valid: count_valid_i[0], bytes: count_bytes_i[15:0]},
    wan_rx: '{valid: count_valid_i[1], bytes: count_bytes_i[31:16]},
    lan_tx: '{valid: count_valid_i[2], bytes: count_bytes_i[47:32]},
    wan_tx: '{valid: count_valid_i[3], bytes: count_bytes_i[63:48]},
    esp_out: count_valid_i[4], esp_in: count_valid_i[5], bypass_out: count_valid_i[6], bypass_in: count_valid_i[7],
    tag_ok: count_valid_i[8], tag_unknown: count_valid_i[9], tag_forged: count_valid_i[10], tag_plain: count_valid_i[11]
  };

  assign table_valid_o      = table_write.valid;
  assign table_id_o         = table_write.table_id;
  assign table_bank_o       = table_write.bank;
  assign table_row_o        = table_write.row;
  assign table_data_o       = table_write.data;
  assign capture_sa_index_o = 16'(capture_sa_index);
  assign host_tx_inject_o   = 8'(inject);
  assign host_tx_length_o   = 16'(length);
  assign {host_tx_known_o, host_tx_principal_o} = sender;

  host_if #(
    .AdmitPorts(2),
    .LeavePorts(4),
    .DropPorts (8)
  ) u_host_if (
    .clk_i, .rst_ni,
    .s_axil_awvalid, .s_axil_awready, .s_axil_awaddr, .s_axil_wvalid, .s_axil_wready, .s_axil_wdata, .s_axil_wstrb,
    .s_axil_bvalid, .s_axil_bready, .s_axil_bresp, .s_axil_arvalid, .s_axil_arready, .s_axil_araddr,
    .s_axil_rvalid, .s_axil_rready, .s_axil_rdata, .s_axil_rresp,
    .m_axi_awvalid, .m_axi_awready, .m_axi_awaddr, .m_axi_awlen, .m_axi_awsize, .m_axi_awburst,
    .m_axi_wvalid, .m_axi_wready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_bvalid, .m_axi_bready, .m_axi_bresp,
    .m_axi_arvalid, .m_axi_arready, .m_axi_araddr, .m_axi_arlen, .m_axi_arsize, .m_axi_arburst,
    .m_axi_rvalid, .m_axi_rready, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast,
    .table_write_o            (table_write),
    .table_ready_i,
    .generation_o, .enable_o, .wipe_o, .wiping_i, .lan_mac_o, .wan_mac_o, .hash_seed_o, .lan_vlan_o, .wan_vlan_o, .plain_tags_o,
    .capture_valid_o, .capture_outbound_o,
    .capture_sa_index_o       (capture_sa_index),
    .capture_valid_i, .capture_i,
    .admit_i                  (admit),
    .leave_i                  (leave),
    .drop_i                   (drop),
    .counts_i                 (counts),
    .host_rx_outbound         (outbound),
    .host_rx_outbound_notice_i(notice(rx_descriptor_t'(host_rx_notice_i[0]))),
    .host_rx_inbound          (inbound),
    .host_rx_inbound_notice_i (notice(rx_descriptor_t'(host_rx_notice_i[1]))),
    .event_valid_i,
    .event_i                  ({notice(rx_descriptor_t'(event_i[1])), notice(rx_descriptor_t'(event_i[0]))}),
    .host_tx,
    .host_tx_inject_o         (inject),
    .host_tx_length_o         (length),
    .host_tx_sender_o         (sender),
    .busy_o
  );

endmodule
