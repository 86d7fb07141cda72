// SPDX-License-Identifier: Apache-2.0
// Decides about packets on their way to the LAN: decapsulated ones, and transit in the clear (hw/README.md, inbound steps 9
// from the inner SPD lookup on, 10 and 11).
//
// Runs freely: a packet every two clocks at most, each answered a constant number of clocks later.
module decide_inner
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
(
  input  logic           clk_i,
  input  logic           rst_ni,
  input  logic [47:0]    lan_mac_i,
  // parsed
  input  logic           valid_i,
  input  admission_t     admission_i,
  input  verdict_t       verdict_i,
  input  ip_t            ip_i,
  // lookup
  output lookup_key_t    key_o,            // with valid_i
  input  logic           result_valid_i,
  input  lookup_result_t result_i,
  // next hops
  output logic           next_hop_read_o,
  output logic           next_hop_bank_o,
  output logic [7:0]     next_hop_row_o,
  input  next_hop_t      next_hop_i,
  // decided
  output logic           valid_o,
  output job_t           job_o,
  output logic           bypass_o,         // pulse for the counter bypass_in
  output logic           busy_o
);

  if (lookup_pkg::NextHopLatency != 1) $fatal(1, "the stages below count on this latency");

  typedef struct packed {
    admission_t admission;
    verdict_t   verdict;
    ip_t        ip;
  } parsed_t;

  parsed_t parsed;
  logic    parsed_room, parsed_there;

  assign key_o = '{
    bank:             admission_i.generation[0],
    source:           ip_i.source,
    destination:      ip_i.destination,
    source_port:      ip_i.source_port,
    destination_port: ip_i.destination_port,
    protocol:         ip_i.protocol
  };

  fifo #(
    .Width($bits(parsed_t)),
    .Depth(64)
  ) u_parsed (
    .clk_i,
    .rst_ni,
    .valid_i,
    .ready_o(parsed_room),
    .data_i ({admission_i, verdict_i, ip_i}),
    .valid_o(parsed_there),
    .ready_i(result_valid_i),
    .data_o (parsed),
    .used_o ()
  );

  // ---- stage 1: what the lookup says; the next hop is read meanwhile
  logic        found_valid_q;
  parsed_t     found_q;
  logic [15:0] principal_q, policy_id_q;
  verdict_t    found_verdict;
  spd_rule_t   rule;

  assign rule            = result_i.rule;
  assign next_hop_read_o = result_valid_i;
  assign next_hop_bank_o = parsed.admission.generation[0];
  assign next_hop_row_o  = result_i.route.next_hop;

  always_comb begin
    found_verdict = parsed.verdict;
    if (parsed.admission.decapsulated) begin
      // RFC 4301 5.2 step 4: the packet must be one that its SA was made for.
      found_verdict = drop_if(found_verdict, !result_i.hit || !(rule.action inside {ActionProtect, ActionBypass}) ||
                              rule.policy_id != parsed.admission.policy_id, DropInnerPolicy);
      found_verdict = host_if(found_verdict, result_i.route.kind == RouteKindLocal, UpcallLocal);
      found_verdict = drop_if(found_verdict, parsed.ip.ttl < 8'd2, DropTtlExpired);
    end else begin
      found_verdict = drop_if(found_verdict, parsed.ip.ttl < 8'd2, DropTtlExpired);
      found_verdict = drop_if(found_verdict, !result_i.hit, DropSpdNoMatch);
      found_verdict = drop_if(found_verdict, rule.action == ActionDiscard, DropSpdDiscard);
      found_verdict = drop_if(found_verdict, rule.action != ActionBypass, DropClearPolicy);
      found_verdict = drop_if(found_verdict, result_i.route.kind == RouteKindLocal, DropIllegalState);
    end
    found_verdict = drop_if(found_verdict, result_i.route.kind == RouteKindNone, DropNoRoute);
    found_verdict = host_if(found_verdict, result_i.route.kind == RouteKindResolve, UpcallResolve);
  end

  always_ff @(posedge clk_i) begin
    found_valid_q <= rst_ni && result_valid_i;
    if (result_valid_i) begin
      found_q         <= parsed;
      found_q.verdict <= found_verdict;
      principal_q     <= result_i.principal;
      policy_id_q     <= parsed.admission.decapsulated ? parsed.admission.policy_id : rule.policy_id;
    end
  end

  // ---- stage 2: the next hop
  logic         reached_valid_q;
  parsed_t      reached_q;
  logic [15:0]  reached_principal_q, reached_policy_id_q;
  logic [47:0]  mac_q;
  frame_bytes_t trimmed_q;

  verdict_t     verdict;
  admission_t   admission;
  ip_t          ip;
  frame_bytes_t trimmed;

  assign trimmed = 14'(found_q.ip.total) + 14'(EthernetBytes);

  always_comb begin
    verdict = found_q.verdict;
    verdict = drop_if(verdict, !next_hop_i.valid, DropNoNextHop);
    verdict = drop_if(verdict, next_hop_i.port != 1'(PortLan), DropEgressPort);
    verdict = host_if(verdict, found_q.ip.total > next_hop_i.mtu, UpcallTooBig);
  end

  always_ff @(posedge clk_i) begin
    reached_valid_q <= rst_ni && found_valid_q;
    if (found_valid_q) begin
      reached_q           <= found_q;
      reached_q.verdict   <= verdict;
      reached_principal_q <= principal_q;
      reached_policy_id_q <= policy_id_q;
      mac_q               <= next_hop_i.mac;
      trimmed_q           <= trimmed;
    end
  end

  // ---- stage 3: the job
  assign admission = reached_q.admission;
  assign ip        = reached_q.ip;

  always_ff @(posedge clk_i) begin
    valid_o  <= rst_ni && reached_valid_q;
    bypass_o <= rst_ni && reached_valid_q && reached_q.verdict.fate == Undecided && !admission.decapsulated;
    if (reached_valid_q) begin
      job_o                 <= '0;
      job_o.drop            <= reached_q.verdict.drop;
      job_o.keep            <= admission.decapsulated || reached_q.verdict.fate == Undecided ? trimmed_q : admission.length;
      job_o.notice          <= '{
        upcall:       reached_q.verdict.upcall,
        port:         PortWan,
        generation:   admission.generation,
        spi:          admission.spi,
        sa_index:     admission.sa_index,
        policy_id:    reached_policy_id_q,
        principal:    reached_principal_q,
        outbound:     1'b0,
        decapsulated: admission.decapsulated,
        source:       '0,
        length:       admission.decapsulated ? trimmed_q : admission.length
      };
      job_o.ipv6            <= ip.ipv6;
      job_o.destination_mac <= mac_q;
      job_o.source_mac      <= lan_mac_i;
      job_o.ttl             <= ip.ttl - 8'd1;
      job_o.checksum        <= checksum_ttl_less_one(ip.checksum);
      unique case (reached_q.verdict.fate)
        Dropped: job_o.exit <= ExitDrop;
        ForHost: job_o.exit <= ExitHost;
        default: begin
          job_o.exit    <= ExitForward;
          job_o.rewrite <= 1'b1;
        end
      endcase
    end
  end

  assign busy_o = found_valid_q || reached_valid_q || valid_o;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!valid_i || parsed_room) else $error("more packets are being looked up than may be");
      assert (!result_valid_i || parsed_there) else $error("a lookup's result without its packet");
    end
  end

endmodule
