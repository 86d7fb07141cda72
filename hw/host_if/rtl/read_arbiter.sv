// SPDX-License-Identifier: Apache-2.0
// Shares the read channels of host memory among clients, in turn, with several bursts on their way.
//
// All bursts carry one id, so they are answered in order: a fifo remembers whose they are. A client asks only for what it has room
// for, so `rready` never waits for a client. Its request is taken into a register, in every other clock at most, so that no path runs
// from one client to another.
module read_arbiter
  import host_if_pkg::*;
#(
  parameter int unsigned Clients = 2,
  parameter int unsigned Outstanding = 16  // bursts
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  read_request_t [Clients-1:0] request_i,
  output logic [Clients-1:0]          taken_o,  // the request, in this clock
  output logic [Clients-1:0]          valid_o,  // beat_o, which came a clock ago, belongs to this client
  output read_beat_t                  beat_o,

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
  input  logic         m_axi_rlast
);

  localparam int unsigned ClientBits = Clients > 1 ? $clog2(Clients) : 1;

  read_request_t [Clients-1:0] held_q;  // taken, and not yet asked for
  logic                  free;       // a burst may be asked for in this clock
  logic                  remember;   // the fifo has room
  logic [ClientBits-1:0] last_q;     // who was served last
  logic [ClientBits-1:0] chosen;
  logic                  any;
  logic                  expected;   // a burst is on its way
  logic [ClientBits-1:0] owner;      // of the oldest
  logic                  ended;
  logic [$clog2(Outstanding+2)-1:0] unused_used;

  assign free = remember && (!m_axi_arvalid || m_axi_arready);

  always_comb begin
    // The first behind the one served last, else the first of all.
    any    = 1'b0;
    chosen = '0;
    for (int i = Clients - 1; i >= 0; i--) begin
      any |= held_q[i].valid;
      if (held_q[i].valid) chosen = ClientBits'(i);
    end
    for (int i = Clients - 1; i >= 0; i--) if (held_q[i].valid && i > int'(last_q)) chosen = ClientBits'(i);
    for (int i = 0; i < Clients; i++) taken_o[i] = request_i[i].valid && !held_q[i].valid;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      m_axi_arvalid <= 1'b0;
      last_q        <= '0;
      held_q        <= '0;
    end else begin
      for (int i = 0; i < Clients; i++) begin
        if (!held_q[i].valid) held_q[i] <= request_i[i];
        else if (any && free && chosen == ClientBits'(i)) held_q[i].valid <= 1'b0;
      end
      if (m_axi_arready) m_axi_arvalid <= 1'b0;
      if (any && free) begin
        m_axi_arvalid <= 1'b1;
        m_axi_araddr  <= held_q[chosen].address;
        m_axi_arlen   <= 8'(held_q[chosen].beats - 7'd1);
        last_q        <= chosen;
        assert (held_q[chosen].beats != '0 && held_q[chosen].address[5:0] == '0 &&
                7'(held_q[chosen].address[11:6]) + held_q[chosen].beats <= 7'(BurstBeats))
        else $error("a burst must lie within 4 KiB, in whole beats");
      end
      if (m_axi_rvalid && m_axi_rready) assert (expected) else $error("a beat that nobody asked for");
    end
  end

  assign m_axi_arsize  = 3'd6;   // 64 bytes
  assign m_axi_arburst = 2'b01;  // INCR

  assign ended = m_axi_rvalid && m_axi_rready && m_axi_rlast;

  fifo #(
    .Width(ClientBits),
    .Depth(Outstanding)
  ) u_owners (
    .clk_i,
    .rst_ni,
    .valid_i(any && free),
    .ready_o(remember),
    .data_i (chosen),
    .valid_o(expected),
    .ready_i(ended),
    .data_o (owner),
    .used_o (unused_used)
  );

  assign m_axi_rready = expected;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Clients; i++) valid_o[i] <= rst_ni && m_axi_rvalid && expected && owner == ClientBits'(i);
    if (m_axi_rvalid) beat_o <= '{data: m_axi_rdata, last: m_axi_rlast, error: m_axi_rresp != 2'b00};
  end

endmodule
