// SPDX-License-Identifier: Apache-2.0
// The card: two Ethernet ports, registers, host memory, and every packet's way between them (hw/README.md).
//
// Ports of the MACs are AXI4-Stream without FCS; a frame's first byte is tdata[7:0]. The MAC never waits: a receive
// port's tready is always 1. tkeep counts only in a frame's last beat; tuser of the last beat marks a bad frame.
module sallyport_card
  import layout_pkg::*;
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

  // Fail closed until the engines stand between the ports: nothing is taken, nothing is sent.
  assign lan_rx_tready = 1'b1;
  assign wan_rx_tready = 1'b1;
  assign {lan_tx_tvalid, lan_tx_tdata, lan_tx_tkeep, lan_tx_tlast} = '0;
  assign {wan_tx_tvalid, wan_tx_tdata, wan_tx_tkeep, wan_tx_tlast} = '0;
  assign {s_axil_awready, s_axil_wready, s_axil_bvalid, s_axil_bresp} = '0;
  assign {s_axil_arready, s_axil_rvalid, s_axil_rdata, s_axil_rresp} = '0;
  assign {m_axi_awvalid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst} = '0;
  assign {m_axi_wvalid, m_axi_wdata, m_axi_wstrb, m_axi_wlast, m_axi_bready} = '0;
  assign {m_axi_arvalid, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst, m_axi_rready} = '0;
  assign busy_o = 1'b0;

endmodule
