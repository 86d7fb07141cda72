// SPDX-License-Identifier: Apache-2.0
// The counters of frames, packets and drops: exact whatever arrives in one clock.
//
// A packet that ends inside the card pulses one drop port, and several ports may pulse for one reason together: a counter adds as
// many as there are, two clocks later than the others.
module counters
  import layout_pkg::*, host_if_pkg::*;
#(
  parameter int unsigned DropPorts = 4
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  counts_t               counts_i,
  input  host_counts_t          host_counts_i,
  input  drop_t [DropPorts-1:0] drop_i,
  input  logic                  read_drop_i,   // a drop counter; else one of counter_e
  input  logic [5:0]            read_index_i,
  output logic [63:0]           read_value_o,  // two clocks later
  output logic                  busy_o         // a pulse is on its way to its counter
);

  localparam int unsigned LowPorts = DropPorts / 2;
  localparam int unsigned HalfBits = $clog2(DropPorts - LowPorts + 1);

  logic [63:0] count_q[1 << $bits(counter_e)];
  logic [63:0] drop_q[1 << $bits(drop_e)];

  logic [63:0] read_count_q, read_drop_q;

  always_ff @(posedge clk_i) begin
    read_count_q <= count_q[read_index_i[4:0]];
    read_drop_q  <= drop_q[read_index_i];
    read_value_o <= read_drop_i ? read_drop_q : read_count_q;
  end

  counts_t               counts_q;
  host_counts_t          host_counts_q;
  drop_t [DropPorts-1:0] drop_1_q;
  // Packed, since Verilator does not assign arrays late in a loop that it does not unroll.
  logic [DropReasons-1:0][DropPorts-1:0] hits_2_q;        // ports that pulse for the reason
  logic [DropReasons-1:0][HalfBits-1:0]  low_3_q, high_3_q;  // how many, of each half of them
  logic                  any_count, any_drop, any_drop_2_q, any_drop_3_q;

  assign any_count = counts_q.lan_rx.valid || counts_q.wan_rx.valid || counts_q.lan_tx.valid || counts_q.wan_tx.valid ||
                     counts_q.esp_out || counts_q.esp_in || counts_q.bypass_out || counts_q.bypass_in || counts_q.tag_ok ||
                     counts_q.tag_unknown || counts_q.tag_forged || counts_q.tag_plain || host_counts_q != '0;

  always_comb begin
    any_drop = 1'b0;
    for (int i = 0; i < DropPorts; i++) any_drop |= drop_1_q[i].valid;
  end

  assign busy_o = any_count || any_drop || any_drop_2_q || any_drop_3_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      counts_q      <= '0;
      host_counts_q <= '0;
      drop_1_q      <= '0;
      any_drop_2_q  <= 1'b0;
      any_drop_3_q  <= 1'b0;
    end else begin
      counts_q      <= counts_i;
      host_counts_q <= host_counts_i;
      drop_1_q      <= drop_i;
      any_drop_2_q  <= any_drop;
      any_drop_3_q  <= any_drop_2_q;
    end
    if (any_drop) begin
      for (int i = 0; i < DropReasons; i++) begin
        for (int p = 0; p < DropPorts; p++) hits_2_q[i][p] <= drop_1_q[p].valid && drop_1_q[p].reason == drop_e'(6'(i));
      end
    end
    if (any_drop_2_q) begin
      for (int i = 0; i < DropReasons; i++) begin
        low_3_q[i]  <= HalfBits'($countones(hits_2_q[i][LowPorts-1:0]));
        high_3_q[i] <= HalfBits'($countones(hits_2_q[i][DropPorts-1:LowPorts]));
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int i = 0; i < 1 << $bits(counter_e); i++) count_q[i] <= '0;
      for (int i = 0; i < 1 << $bits(drop_e); i++) drop_q[i] <= '0;
    end else begin
      if (any_count) begin
        if (counts_q.lan_rx.valid) count_q[CounterLanRx] <= count_q[CounterLanRx] + 64'd1;
        if (counts_q.lan_rx.valid) count_q[CounterLanRxBytes] <= count_q[CounterLanRxBytes] + 64'(counts_q.lan_rx.bytes);
        if (counts_q.wan_rx.valid) count_q[CounterWanRx] <= count_q[CounterWanRx] + 64'd1;
        if (counts_q.wan_rx.valid) count_q[CounterWanRxBytes] <= count_q[CounterWanRxBytes] + 64'(counts_q.wan_rx.bytes);
        if (host_counts_q.host_tx) count_q[CounterHostTx] <= count_q[CounterHostTx] + 64'd1;
        if (counts_q.lan_tx.valid) count_q[CounterLanTx] <= count_q[CounterLanTx] + 64'd1;
        if (counts_q.lan_tx.valid) count_q[CounterLanTxBytes] <= count_q[CounterLanTxBytes] + 64'(counts_q.lan_tx.bytes);
        if (counts_q.wan_tx.valid) count_q[CounterWanTx] <= count_q[CounterWanTx] + 64'd1;
        if (counts_q.wan_tx.valid) count_q[CounterWanTxBytes] <= count_q[CounterWanTxBytes] + 64'(counts_q.wan_tx.bytes);
        if (host_counts_q.host_rx) count_q[CounterHostRx] <= count_q[CounterHostRx] + 64'd1;
        if (counts_q.esp_out) count_q[CounterEspOut] <= count_q[CounterEspOut] + 64'd1;
        if (counts_q.esp_in) count_q[CounterEspIn] <= count_q[CounterEspIn] + 64'd1;
        if (counts_q.bypass_out) count_q[CounterBypassOut] <= count_q[CounterBypassOut] + 64'd1;
        if (counts_q.bypass_in) count_q[CounterBypassIn] <= count_q[CounterBypassIn] + 64'd1;
        if (counts_q.tag_ok) count_q[CounterTagOk] <= count_q[CounterTagOk] + 64'd1;
        if (counts_q.tag_unknown) count_q[CounterTagUnknown] <= count_q[CounterTagUnknown] + 64'd1;
        if (counts_q.tag_forged) count_q[CounterTagForged] <= count_q[CounterTagForged] + 64'd1;
        if (counts_q.tag_plain) count_q[CounterTagPlain] <= count_q[CounterTagPlain] + 64'd1;
        if (host_counts_q.events) count_q[CounterEvents] <= count_q[CounterEvents] + 64'd1;
        if (host_counts_q.events_lost != '0) begin
          count_q[CounterEventsLost] <= count_q[CounterEventsLost] + 64'(host_counts_q.events_lost);
        end
      end
      if (any_drop_3_q) begin
        for (int i = 0; i < DropReasons; i++) drop_q[i] <= drop_q[i] + (64'(low_3_q[i]) + 64'(high_3_q[i]));
      end
    end
  end

endmodule
