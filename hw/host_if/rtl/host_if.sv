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
  output logic        wipe_o,      // a pulse: zero all SA rows and keys
  input  logic        wiping_i,    // from the clock after it until done
  output logic [47:0] lan_mac_o,
  output logic [47:0] wan_mac_o,
  output logic [31:0] hash_seed_o,

  // capture of an SA's living state
  output logic         capture_valid_o,     // a pulse
  output logic         capture_outbound_o,
  output logic [SaIndexBits-1:0] capture_sa_index_o,
  input  logic         capture_valid_i,     // the answer, a pulse, any time later
  input  logic [511:0] capture_i,

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

  output logic busy_o  // 0: nothing moves here, and without input nothing will
);

  // Fail closed until registers and rings stand between the ports: nothing is enabled, all frames are taken and lost.
  assign {s_axil_awready, s_axil_wready, s_axil_bvalid, s_axil_bresp} = '0;
  assign {s_axil_arready, s_axil_rvalid, s_axil_rdata, s_axil_rresp} = '0;
  assign {m_axi_awvalid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst} = '0;
  assign {m_axi_wvalid, m_axi_wdata, m_axi_wstrb, m_axi_wlast, m_axi_bready} = '0;
  assign {m_axi_arvalid, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst, m_axi_rready} = '0;
  assign table_write_o = '0;
  assign {generation_o, enable_o, wipe_o, lan_mac_o, wan_mac_o, hash_seed_o} = '0;
  assign {capture_valid_o, capture_outbound_o, capture_sa_index_o} = '0;
  assign host_rx_outbound.ready = 1'b1;
  assign host_rx_inbound.ready  = 1'b1;
  assign host_tx.valid = 1'b0;
  assign host_tx.beat  = '0;
  assign host_tx_inject_o = InjectLanTx;
  assign host_tx_length_o = '0;
  assign busy_o = 1'b0;

  wire unused = &{1'b0, clk_i, rst_ni, s_axil_awvalid, s_axil_awaddr, s_axil_wvalid, s_axil_wdata, s_axil_wstrb, s_axil_bready,
                  s_axil_arvalid, s_axil_araddr, s_axil_rready, m_axi_awready, m_axi_wready, m_axi_bvalid, m_axi_bresp,
                  m_axi_arready, m_axi_rvalid, m_axi_rdata, m_axi_rresp, m_axi_rlast, table_ready_i, wiping_i, capture_valid_i,
                  capture_i, admit_i, leave_i, drop_i, counts_i, host_rx_outbound.valid, host_rx_outbound.beat,
                  host_rx_outbound_notice_i, host_rx_inbound.valid, host_rx_inbound.beat, host_rx_inbound_notice_i,
                  event_valid_i, event_i, host_tx.ready};

endmodule
