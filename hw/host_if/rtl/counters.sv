// SPDX-License-Identifier: Apache-2.0
// The counters of frames, packets and drops: exact whatever arrives in one clock.
//
// A packet that ends inside the card pulses one drop port, and several ports may pulse for one reason together: a counter adds as
// many as there are.
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
  output logic [63:0]           read_value_o   // in the same clock
);

  logic [63:0] count_q[1 << $bits(counter_e)];
  logic [63:0] drop_q[1 << $bits(drop_e)];
  logic        any_count, any_drop;

  assign read_value_o = read_drop_i ? drop_q[read_index_i] : count_q[read_index_i[4:0]];

  assign any_count = counts_i.lan_rx.valid || counts_i.wan_rx.valid || counts_i.lan_tx.valid || counts_i.wan_tx.valid ||
                     counts_i.esp_out || counts_i.esp_in || counts_i.bypass_out || counts_i.bypass_in || counts_i.tag_ok ||
                     counts_i.tag_unknown || counts_i.tag_forged || counts_i.tag_plain || host_counts_i != '0;

  always_comb begin
    any_drop = 1'b0;
    for (int i = 0; i < DropPorts; i++) any_drop |= drop_i[i].valid;
  end

  function automatic logic [63:0] drops(drop_t [DropPorts-1:0] drop, drop_e reason);
    drops = '0;
    for (int i = 0; i < DropPorts; i++) if (drop[i].valid && drop[i].reason == reason) drops = drops + 64'd1;
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      for (int i = 0; i < 1 << $bits(counter_e); i++) count_q[i] <= '0;
      for (int i = 0; i < 1 << $bits(drop_e); i++) drop_q[i] <= '0;
    end else begin
      if (any_count) begin
        if (counts_i.lan_rx.valid) count_q[CounterLanRx] <= count_q[CounterLanRx] + 64'd1;
        if (counts_i.lan_rx.valid) count_q[CounterLanRxBytes] <= count_q[CounterLanRxBytes] + 64'(counts_i.lan_rx.bytes);
        if (counts_i.wan_rx.valid) count_q[CounterWanRx] <= count_q[CounterWanRx] + 64'd1;
        if (counts_i.wan_rx.valid) count_q[CounterWanRxBytes] <= count_q[CounterWanRxBytes] + 64'(counts_i.wan_rx.bytes);
        if (host_counts_i.host_tx) count_q[CounterHostTx] <= count_q[CounterHostTx] + 64'd1;
        if (counts_i.lan_tx.valid) count_q[CounterLanTx] <= count_q[CounterLanTx] + 64'd1;
        if (counts_i.lan_tx.valid) count_q[CounterLanTxBytes] <= count_q[CounterLanTxBytes] + 64'(counts_i.lan_tx.bytes);
        if (counts_i.wan_tx.valid) count_q[CounterWanTx] <= count_q[CounterWanTx] + 64'd1;
        if (counts_i.wan_tx.valid) count_q[CounterWanTxBytes] <= count_q[CounterWanTxBytes] + 64'(counts_i.wan_tx.bytes);
        if (host_counts_i.host_rx) count_q[CounterHostRx] <= count_q[CounterHostRx] + 64'd1;
        if (counts_i.esp_out) count_q[CounterEspOut] <= count_q[CounterEspOut] + 64'd1;
        if (counts_i.esp_in) count_q[CounterEspIn] <= count_q[CounterEspIn] + 64'd1;
        if (counts_i.bypass_out) count_q[CounterBypassOut] <= count_q[CounterBypassOut] + 64'd1;
        if (counts_i.bypass_in) count_q[CounterBypassIn] <= count_q[CounterBypassIn] + 64'd1;
        if (counts_i.tag_ok) count_q[CounterTagOk] <= count_q[CounterTagOk] + 64'd1;
        if (counts_i.tag_unknown) count_q[CounterTagUnknown] <= count_q[CounterTagUnknown] + 64'd1;
        if (counts_i.tag_forged) count_q[CounterTagForged] <= count_q[CounterTagForged] + 64'd1;
        if (counts_i.tag_plain) count_q[CounterTagPlain] <= count_q[CounterTagPlain] + 64'd1;
        if (host_counts_i.events) count_q[CounterEvents] <= count_q[CounterEvents] + 64'd1;
        if (host_counts_i.events_lost != '0) begin
          count_q[CounterEventsLost] <= count_q[CounterEventsLost] + 64'(host_counts_i.events_lost);
        end
      end
      if (any_drop) begin
        for (int i = 0; i < DropReasons; i++) drop_q[i] <= drop_q[i] + drops(drop_i, drop_e'(6'(i)));
      end
    end
  end

endmodule
