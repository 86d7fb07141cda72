// SPDX-License-Identifier: Apache-2.0
// Takes the VLAN tag off the frames of a MAC, which never waits, and says which are of another VLAN (IEEE 802.1Q; hw/README.md, step 1).
//
// What follows a tag moves four bytes forward, so a beat waits until the next one has come; a frame whose last bytes then find room
// in the beat before has a beat less.
module vlan_untag
  import stream_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [11:0]  vlan_i,     // of the port; 0: none
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,   // ones from bit 0 on, without a gap
  input  logic         rx_tlast,
  input  logic         rx_tuser,   // with the last beat: the frame is bad
  output logic         valid_o,
  output beat_t        beat_o,
  output logic [6:0]   content_o,  // bytes of the beat
  output logic         bad_o,      // with the last beat: the MAC says so, or the beat was empty
  output logic         foreign_o,  // with every beat: the frame is of another VLAN than the port's
  output logic         busy_o
);

  localparam logic [15:0] TagType = 16'h0081;  // 0x8100, as it lies in a beat

  typedef struct packed {
    logic       last, bad;
    logic [6:0] content;
  } mark_t;

  mark_t        arriving, held_q;
  logic [511:0] data_q;             // of the beat that waits
  logic         waiting_q, first_q; // there is one, and it is its frame's first
  logic         inside_q;           // the beat to arrive is not its frame's first
  logic         tagged_q, foreign_q;
  logic         has_tag, joins, leaves;
  logic [2:0]   few;                // bytes of the arriving beat, if they are four at most
  logic [11:0]  vlan;

  assign arriving = '{
    last:    rx_tlast,
    bad:     rx_tlast && (rx_tuser || !rx_tkeep[0]),
    content: rx_tlast ? bytes(rx_tkeep) : 7'd64
  };
  assign few     = rx_tkeep[3] ? 3'd4 : rx_tkeep[2] ? 3'd3 : rx_tkeep[1] ? 3'd2 : {2'b0, rx_tkeep[0]};
  assign has_tag = rx_tdata[8*12+:16] == TagType && (!rx_tlast || rx_tkeep[13]);
  assign vlan    = {rx_tdata[8*14+:4], rx_tdata[8*15+:8]};

  // How many ones there are. Those at every second place are half as many, those at every fourth a quarter, and so on: each bit of
  // the number is whether that is odd.
  function automatic logic [6:0] bytes(logic [63:0] keep);
    bytes = '0;
    for (int unsigned b = 0; b < 7; b++) begin
      for (int unsigned i = (1 << b) - 1; i < 64; i += 1 << b) bytes[b] ^= keep[i];
    end
  endfunction

  // The beat that waits goes on with the first bytes of the arriving one, and these may be all that it has.
  assign leaves = waiting_q && (!tagged_q || held_q.last || rx_tvalid);
  assign joins  = waiting_q && tagged_q && !held_q.last && rx_tlast && !rx_tkeep[4];
  assign busy_o = waiting_q || valid_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
      inside_q  <= 1'b0;
      valid_o   <= 1'b0;
    end else begin
      waiting_q <= rx_tvalid ? !joins : waiting_q && !leaves;
      if (rx_tvalid) inside_q <= !rx_tlast;
      valid_o   <= leaves;
    end

    if (rx_tvalid) begin
      held_q  <= arriving;
      data_q  <= rx_tdata;
      first_q <= !inside_q;
      if (!inside_q) begin
        tagged_q  <= has_tag;
        foreign_q <= has_tag ? vlan != vlan_i : vlan_i != '0;
      end
    end

    if (leaves) begin
      foreign_o <= foreign_q;
      if (!tagged_q) begin
        beat_o    <= '{data: data_q, last: held_q.last, empty: 6'd0 - held_q.content[5:0]};
        content_o <= held_q.content;
        bad_o     <= held_q.bad;
      end else begin
        beat_o.data  <= {rx_tdata[31:0], first_q ? {data_q[511:128], data_q[95:0]} : data_q[511:32]};
        beat_o.last  <= held_q.last || joins;
        beat_o.empty <= joins ? 6'd4 - 6'(few) : held_q.last ? 6'd4 - held_q.content[5:0] : '0;
        content_o    <= held_q.last ? held_q.content - 7'd4 : joins ? 7'd60 + 7'(few) : 7'd64;
        bad_o        <= joins ? arriving.bad : held_q.bad;
      end
    end
  end

endmodule
