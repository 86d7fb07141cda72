// SPDX-License-Identifier: Apache-2.0
// Keeps the events of both directions until the ring takes them. One that finds no room is lost and counted.
//
// One that is told once enters only when the host has read the one of its kind before.
module event_intake
  import layout_pkg::*, host_if_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic    [1:0] event_valid_i,
  input  notice_t [1:0] event_i,
  input  logic [ToldOnce-1:0] told_done_i,  // the host has read the last of its kind, or never will
  output logic [1:0]    lost_o,             // how many in this clock

  output logic          valid_o,
  output notice_t       event_o,
  input  logic          ready_i,            // that of a clock ago is taken; it stays until the next clock

  output logic          busy_o              // an event is inside
);

  localparam int unsigned Depth = 16;

  // What came a clock ago: an event to be told, and its kind if that is told once.
  logic    [1:0] wanted_q;
  logic [1:0][ToldOnce-1:0] once, fresh, fresh_q;
  notice_t [1:0] event_q;
  logic          came_q, entered_q;  // some event has, and a clock earlier
  logic [ToldOnce-1:0]      told_q;  // one of its kind is on its way to the host
  logic          shown_second_q;     // whose event was at the output a clock ago
  logic    [1:0] lost, room, offered, taken;
  notice_t [1:0] offer;

  always_ff @(posedge clk_i) begin
    came_q    <= rst_ni && event_valid_i != '0;
    entered_q <= rst_ni && came_q;
    for (int i = 0; i < 2; i++) begin
      wanted_q[i] <= rst_ni && event_valid_i[i] && (once[i] == '0 || fresh[i] != '0);
      fresh_q[i]  <= fresh[i];
      if (event_valid_i[i]) event_q[i] <= event_i[i];
    end
  end

  for (genvar i = 0; i < 2; i++) begin : gen_once
    assign once[i] = event_valid_i[i] ? told_once(event_i[i].upcall) : '0;
  end

  // Of two at once that are told once, one.
  assign fresh[0] = once[0] & ~told_q;
  assign fresh[1] = once[1] & ~told_q & ~once[0];

  logic [1:0][$clog2(Depth+2)-1:0] unused_used;

  for (genvar i = 0; i < 2; i++) begin : gen_source
    fifo #(
      .Width($bits(notice_t)),
      .Depth(Depth)
    ) u_events (
      .clk_i,
      .rst_ni,
      .valid_i(wanted_q[i]),
      .ready_o(room[i]),
      .data_i (event_q[i]),
      .valid_o(offered[i]),
      .ready_i(taken[i]),
      .data_o (offer[i]),
      .used_o (unused_used[i])
    );
  end

  assign lost    = wanted_q & ~room;
  assign lost_o  = 2'(lost[0]) + 2'(lost[1]);
  assign valid_o = offered != '0;
  assign event_o = offered[0] ? offer[0] : offer[1];
  assign busy_o  = came_q || entered_q || valid_o;  // what has entered is offered two clocks later
  assign taken   = {ready_i && shown_second_q, ready_i && !shown_second_q};

  always_ff @(posedge clk_i) begin
    shown_second_q <= !offered[0];
    if (!rst_ni) begin
      told_q <= '0;
    end else begin
      told_q <= (told_q & ~told_done_i & ~(lost[0] ? fresh_q[0] : '0) & ~(lost[1] ? fresh_q[1] : '0)) | fresh[0] | fresh[1];
    end
  end

endmodule
