// SPDX-License-Identifier: Apache-2.0
// Carries verdicts out: plaintext leaves as a frame (lan_mac, source 0, 0x0800, inner packet with whatever follows it before the
// padding), or goes away.
//
// Packets come in the order of their verdicts, and wait for them. The IPv4 header of what leaves is not yet checked.
module esp_release
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, host_if_pkg::*, esp_decap_pkg::*;
#(
  parameter int unsigned Packets = 64  // that may wait at once
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [47:0] lan_mac_i,
  stream_if.snk       in,
  input  logic        verdict_valid_i,
  input  release_t    verdict_i,
  input  logic        accepted_i,      // of this verdict: ICV right, and the SA took it
  output drop_t       drop_o,
  output flight_t     leave_o,         // of the packet dropped
  stream_if.src       out,
  output admission_t  admission_o,     // beside every beat
  output logic        busy_o
);

  release_t verdict;
  logic     verdict_room, verdict_there, gone;

  fifo #(
    .Width($bits(release_t)),
    .Depth(Packets)
  ) u_verdicts (
    .clk_i,
    .rst_ni,
    .valid_i(verdict_valid_i),
    .ready_o(verdict_room),
    .data_i (verdict_i),
    .valid_o(verdict_there),
    .ready_i(gone),
    .data_o (verdict),
    .used_o ()
  );

  stream_if     allowed (.clk_i, .rst_ni);
  stream_if     inner (.clk_i, .rst_ni);
  admission_t   admission, inner_admission;
  logic [111:0] ethernet;

  assign allowed.valid = in.valid && verdict_there && !verdict.drop;
  assign allowed.beat  = in.beat;
  assign in.ready      = verdict_there && (verdict.drop || allowed.ready);
  assign gone          = in.valid && in.ready && in.beat.last;
  assign drop_o        = '{valid: gone && verdict.drop, reason: verdict.reason};
  assign leave_o       = '{valid: drop_o.valid, bank: verdict.generation[0]};

  assign admission = '{
    generation:   verdict.generation,
    length:       verdict.keep + 14'(EthernetBytes),
    decapsulated: 1'b1,
    spi:          verdict.spi,
    sa_index:     16'(verdict.sa_index),
    policy_id:    verdict.policy_id
  };

  slice #(.SideT(admission_t)) u_inner (
    .clk_i,
    .rst_ni,
    .in    (allowed),
    .skip_i(7'(verdict.skip)),
    .keep_i(verdict.keep),
    .side_i(admission),
    .out   (inner),
    .side_o(inner_admission)
  );

  always_comb begin
    ethernet = {16'h0008, 48'd0, 48'd0};
    for (int unsigned i = 0; i < 6; i++) ethernet[8*i+:8] = lan_mac_i[8*(5-i)+:8];
  end

  prepend #(.SideT(admission_t)) u_ethernet (
    .clk_i,
    .rst_ni,
    .in      (inner),
    .header_i(512'(ethernet)),
    .bytes_i (7'(EthernetBytes)),
    .side_i  (inner_admission),
    .out,
    .side_o  (admission_o)
  );

  assign busy_o = in.valid || inner.valid || out.valid;

  // ---- what must hold
  logic [31:0] verified_q;  // packets whose ICV was right and which the SA took, less those whose plaintext left

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      verified_q <= '0;
    end else begin
      verified_q <= verified_q + 32'(accepted_i) - 32'(gone && !verdict.drop) - 32'(accepted_i && verdict_i.drop);
      assert (!allowed.valid || verified_q != '0) else $error("plaintext leaves before its ICV is verified");
      assert (!verdict_valid_i || verdict_room) else $error("a verdict without credit");
    end
  end

endmodule
