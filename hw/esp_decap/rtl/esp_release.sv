// SPDX-License-Identifier: Apache-2.0
// Carries verdicts out: plaintext leaves as a frame (lan_mac, source 0, 0x0800 or 0x86dd, and the inner packet with whatever follows it
// before the padding, or in transport mode an IP header made anew and what was protected), or goes away.
//
// Packets come in the order of their verdicts, and wait for them. The IP header of what leaves is not yet checked, but that an inner
// packet has one has been.
module esp_release
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*, esp_decap_pkg::*;
(
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [47:0]     lan_mac_i,
  stream_if.snk           in,
  input  logic            verdict_valid_i,
  input  release_t        verdict_i,
  input  header_request_t header_i,        // with the verdict, of transport mode
  input  logic            accepted_i,      // of this verdict: ICV right, and the SA took it
  output drop_t           drop_o,
  output flight_t         leave_o,         // of the packet dropped
  stream_if.src           out,
  output admission_t      admission_o,     // beside every beat
  output logic            busy_o
);

  // ---- verdicts, with the header made for them
  localparam int unsigned MaxWaiting = 64;  // more than wait at once, of either way

  release_t     verdict_late, verdict;
  extras_t      extras_late, extras;
  logic         header_valid, verdict_room, verdict_there, gone;
  logic [319:0] header_late, header;

  ip_header u_header (
    .clk_i,
    .rst_ni,
    .valid_i   (verdict_valid_i),
    .outer_i   (header_i.outer),
    .extras_i  (header_i.extras),
    .total_i   (header_i.total),
    .protocol_i(header_i.protocol),
    .valid_o   (header_valid),
    .header_o  (header_late)
  );

  delay_line #(
    .Width ($bits(release_t) + $bits(extras_t)),
    .Clocks(IpHeaderLatency)
  ) u_verdict_late (
    .clk_i,
    .rst_ni,
    .valid_i(verdict_valid_i),
    .data_i ({verdict_i, header_i.extras}),
    .valid_o(),  // with the header
    .data_o ({verdict_late, extras_late})
  );

  fifo #(
    .Width($bits(release_t) + $bits(extras_t) + 320),
    .Depth(MaxWaiting)
  ) u_verdicts (
    .clk_i,
    .rst_ni,
    .valid_i(header_valid),
    .ready_o(verdict_room),
    .data_i ({verdict_late, extras_late, header_late}),
    .valid_o(verdict_there),
    .ready_i(gone),
    .data_o ({verdict, extras, header}),
    .used_o ()
  );

  // ---- what the verdict leaves
  // Beside a packet.
  typedef struct packed {
    admission_t   admission;
    logic         ipv6;
    logic         transport;
    logic         congested;
    logic [6:0]   extra_bytes;
    logic [6:0]   front_bytes;
    extras_t      extras;       // of transport mode, as is the next
    logic [319:0] header;
  } side_t;

  stream_if   allowed (.clk_i, .rst_ni);
  stream_if   kept (.clk_i, .rst_ni);
  stream_if   marking (.clk_i, .rst_ni);
  stream_if   marked (.clk_i, .rst_ni);
  admission_t admission;
  side_t      side, kept_side, marked_side;
  logic [6:0] front_bytes;
  logic       kept_busy, extras_busy, front_busy;

  assign allowed.valid = in.valid && verdict_there && !verdict.drop;
  assign allowed.beat  = in.beat;
  assign in.ready      = verdict_there && (verdict.drop || allowed.ready);
  assign gone          = in.valid && in.ready && in.beat.last;
  assign drop_o        = '{valid: gone && verdict.drop, reason: verdict.reason};
  assign leave_o       = '{valid: drop_o.valid, bank: verdict.generation[0]};

  assign front_bytes = !verdict.transport ? 7'(EthernetBytes)
                                          : verdict.ipv6 ? 7'(EthernetBytes + Ipv6Bytes) : 7'(EthernetBytes + Ipv4Bytes);
  assign admission = '{
    generation:   verdict.generation,
    length:       verdict.keep + 14'(verdict.lead),
    decapsulated: 1'b1,
    spi:          verdict.spi,
    sa_index:     16'(verdict.sa_index),
    policy_id:    verdict.policy_id
  };

  assign side = '{
    admission:   admission,
    ipv6:        verdict.ipv6,
    transport:   verdict.transport,
    congested:   verdict.congested,
    extra_bytes: {1'b0, verdict.extra_words, 2'b00},
    front_bytes: front_bytes,
    extras:      extras,
    header:      header
  };

  slice #(.SideT(side_t)) u_kept (
    .clk_i,
    .rst_ni,
    .in    (allowed),
    .skip_i(verdict.skip),
    .keep_i(verdict.keep),
    .side_i(side),
    .out   (kept),
    .side_o(kept_side),
    .busy_o(kept_busy)
  );

  // RFC 1624 equation 3, HC' = ~(~HC + ~m + m'), where ~m + m' is 1 or 2: a subtraction, and what it borrows is subtracted too. It
  // borrows from 0 and 1 alone, so that this changes the last two bits alone.
  function automatic logic [15:0] less(logic [15:0] checksum, logic by_one);
    logic [17:0] difference;  // it does not borrow; the difference; the bit that carries `by_one` into it
    difference = {1'b0, checksum, 1'b1} + {1'b0, 16'hfffe, by_one};
    return {difference[16:3], difference[17] ? difference[2:1] : difference[2:1] - 2'd1};
  endfunction

  // ---- ECN, before anybody looks at the packet: RFC 4301 5.1.2.2. A packet whose sender does not know of ECN stays as it is.
  function automatic logic [95:0] with_ce(logic [95:0] front, logic ipv6);
    logic [1:0]  ecn;
    logic [15:0] checksum;
    ecn      = ipv6 ? front[13:12] : front[9:8];
    checksum = {front[8*10+:8], front[8*11+:8]};
    with_ce  = front;
    if (ecn != 2'b00) begin
      if (ipv6) begin
        with_ce[13:12] = EcnCe;
      end else if (ecn != EcnCe) begin
        checksum          = less(checksum, ecn == 2'b10);
        with_ce[9:8]      = EcnCe;
        with_ce[8*10+:16] = {checksum[7:0], checksum[15:8]};
      end
    end
  endfunction

  logic first_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_q <= 1'b1;
    else if (kept.valid && kept.ready) first_q <= kept.beat.last;
  end

  always_comb begin
    marking.valid = kept.valid;
    marking.beat  = kept.beat;
    kept.ready    = marking.ready;
    if (first_q && kept_side.congested) marking.beat.data[95:0] = with_ce(kept.beat.data[95:0], kept_side.ipv6);
  end

  beat_register #(.SideT(side_t)) u_marked (
    .clk_i,
    .rst_ni,
    .in    (marking),
    .side_i(kept_side),
    .out   (marked),
    .side_o(marked_side)
  );

  // ---- headers in front
  stream_if     nearer (.clk_i, .rst_ni);
  side_t        near_side;
  logic [111:0] ethernet, ethernet_swapped;

  prepend #(.SideT(side_t)) u_extras (
    .clk_i,
    .rst_ni,
    .in      (marked),
    .header_i(512'(marked_side.extras)),
    .bytes_i (marked_side.extra_bytes),
    .side_i  (marked_side),
    .out     (nearer),
    .side_o  (near_side),
    .busy_o  (extras_busy)
  );

  assign ethernet = {lan_mac_i, 48'd0, near_side.ipv6 ? EthertypeIpv6 : EthertypeIpv4};

  always_comb for (int unsigned i = 0; i < 14; i++) ethernet_swapped[8*i+:8] = ethernet[8*(13-i)+:8];

  prepend #(.SideT(admission_t)) u_front (
    .clk_i,
    .rst_ni,
    .in      (nearer),
    .header_i(near_side.transport ? 512'({near_side.header, ethernet_swapped}) : 512'(ethernet_swapped)),
    .bytes_i (near_side.front_bytes),
    .side_i  (near_side.admission),
    .out,
    .side_o  (admission_o),
    .busy_o  (front_busy)
  );

  assign busy_o = in.valid || kept_busy || marked.valid || extras_busy || front_busy;

  // ---- what must hold
  logic [31:0] verified_q;  // packets whose ICV was right and which the SA took, less those whose plaintext left

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      verified_q <= '0;
    end else begin
      verified_q <= verified_q + 32'(accepted_i) - 32'(gone && !verdict.drop) - 32'(accepted_i && verdict_i.drop);
      assert (!allowed.valid || verified_q != '0) else $error("plaintext leaves before its ICV is verified");
      assert (!header_valid || verdict_room) else $error("a verdict without credit");
    end
  end

endmodule
