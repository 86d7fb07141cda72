// SPDX-License-Identifier: Apache-2.0
// Sends a packet to the engine of its SA's cipher: AES-GCM's, which keeps up with the wire, or the chain engine when that has room
// for a whole packet. Who finds no room is dropped as crypto_busy, so that nobody waits behind a slow cipher. Of a packet that went there
// a clock ago the engine's room does not know yet: the next one for it waits that clock.
module cipher_choice
  import layout_pkg::*, host_if_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  stream_if.snk   in,
  input  logic    chained_i,  // beside every beat, as is bank_i
  input  logic    bank_i,
  input  logic    room_i,
  stream_if.src   gcm,
  stream_if.src   chain,
  output drop_t   drop_o,
  output flight_t leave_o     // of the packet dropped
);

  typedef enum logic [1:0] {
    Gcm,
    Chain,
    Away,
    Wait
  } way_e;

  logic decided_q;  // the packet's way is chosen: it holds from the first offer on
  logic chained_q;  // a packet's last beat went to the chain engine a clock ago
  way_e way, way_q;

  assign way         = decided_q ? way_q : !chained_i ? Gcm : chained_q ? Wait : room_i ? Chain : Away;
  assign gcm.valid   = in.valid && way == Gcm;
  assign gcm.beat    = in.beat;
  assign chain.valid = in.valid && way == Chain;
  assign chain.beat  = in.beat;
  assign drop_o      = '{valid: in.valid && in.beat.last && way == Away, reason: DropCryptoBusy};
  assign leave_o     = '{valid: drop_o.valid, bank: bank_i};

  always_comb begin
    unique case (way)
      Gcm:     in.ready = gcm.ready;
      Chain:   in.ready = chain.ready;
      Away:    in.ready = 1'b1;
      default: in.ready = 1'b0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    chained_q <= rst_ni && chain.valid && chain.ready && chain.beat.last;
    if (!rst_ni) decided_q <= 1'b0;
    else if (in.valid) decided_q <= way != Wait && !(in.ready && in.beat.last);
    if (in.valid) way_q <= way;
  end

endmodule
