// SPDX-License-Identifier: Apache-2.0
// Decides about packets from the LAN: parsed headers in, jobs out (hw/README.md, outbound steps 6 to 10).
//
// Runs freely: a packet every two clocks at most, each answered a constant number of clocks later.
module decide_outbound
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
(
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [47:0]     wan_mac_i,
  // parsed
  input  logic            valid_i,
  input  admission_t      admission_i,
  input  verdict_t        verdict_i,
  input  ip_t             ip_i,
  // lookup
  output lookup_key_t     key_o,            // with valid_i
  input  logic            result_valid_i,
  input  lookup_result_t  result_i,
  // static rows and sequence numbers of sa_out
  output logic            row_valid_o,
  output logic [15:0]     row_sa_index_o,
  input  sa_out_t         row_i,
  output logic            number_valid_o,
  output number_request_t number_request_o,
  input  logic            number_valid_i,
  input  number_t         number_i,
  // next hops
  output logic            next_hop_read_o,
  output logic            next_hop_bank_o,
  output logic [7:0]      next_hop_row_o,
  input  next_hop_t       next_hop_i,
  // decided
  output logic            valid_o,
  output job_t            job_o,
  output encap_t          encap_o,
  output logic            bypass_o,         // pulses for the counters bypass_out and esp_out
  output logic            esp_o,
  output logic            event_valid_o,
  output notice_t         event_o,
  output logic            busy_o
);

  if (RowLatency != 1 || lookup_pkg::NextHopLatency != 1) $fatal(1, "the stages below count on these latencies");

  // What a packet brings along while it is looked up.
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

  // ---- stage 1: what the lookup says; the SA's row is read meanwhile
  typedef struct packed {
    parsed_t     parsed;
    logic [15:0] behind;  // bytes behind the header
    logic [15:0] principal;
    logic        last_hop;  // no further
    logic        protect;
    logic        bypass;
    spd_rule_t   rule;
    route_t      route;
  } found_t;

  logic     found_valid_q;
  found_t   found_q;
  verdict_t found_verdict;

  assign row_valid_o    = result_valid_i;
  assign row_sa_index_o = result_i.rule.sa_index;

  always_comb begin
    found_verdict = host_if(Open, result_i.route.kind == RouteKindLocal, UpcallLocal);
    found_verdict = drop_if(found_verdict, !result_i.hit, DropSpdNoMatch);
    found_verdict = drop_if(found_verdict, result_i.rule.action == ActionDiscard, DropSpdDiscard);
    found_verdict = host_if(found_verdict, result_i.rule.action == ActionHost ||
                            (result_i.rule.action == ActionProtect && result_i.rule.syn_to_host && parsed.ip.opens), UpcallPolicy);
  end

  always_ff @(posedge clk_i) begin
    found_valid_q <= rst_ni && result_valid_i;
    if (result_valid_i) begin
      found_q.parsed         <= parsed;
      found_q.parsed.verdict <= first_of(parsed.verdict, found_verdict);
      found_q.last_hop       <= parsed.ip.ttl < 8'd2;
      found_q.behind         <= parsed.ip.total - 16'(parsed.ip.header);
      found_q.principal      <= parsed.verdict.fate == Undecided ? result_i.principal : '0;
      found_q.protect        <= result_i.rule.action == ActionProtect;
      found_q.bypass         <= result_i.rule.action == ActionBypass;
      found_q.rule           <= result_i.rule;
      found_q.route          <= result_i.route;
    end
  end

  // ---- what becomes of a packet that is protected, an addition a stage
  typedef struct packed {
    found_t      found;
    sa_out_t     row;
    logic        sound;       // the row can protect
    logic        bare;        // there is nothing behind the header
    outer_t      outer;
    logic [15:0] payload;
    logic [6:0]  ah_bytes;
    logic [6:0]  esp_bytes;   // of ESP without ciphertext
    logic [15:0] ciphertext;
    logic [7:0]  overhead;    // bytes of the packet sent, without ciphertext
    logic [16:0] total;       // and with it
    next_hop_t   next_hop;
    logic        too_big;     // for the next hop
    logic        framed;      // a frame has room for it
    logic        oversize;    // the host is to fragment it
  } sending_t;

  function automatic sending_t with_verdict(sending_t sending, verdict_t verdict);
    with_verdict                      = sending;
    with_verdict.found.parsed.verdict = verdict;
  endfunction

  // ---- stage 2: what the route says of a packet in the clear; the SA's row
  logic     row_valid_q;
  sending_t row_q;
  verdict_t row_verdict;

  always_comb begin
    row_verdict = drop_if(Open, found_q.bypass && found_q.last_hop, DropTtlExpired);
    row_verdict = drop_if(row_verdict, found_q.bypass && found_q.route.kind == RouteKindNone, DropNoRoute);
    row_verdict = host_if(row_verdict, found_q.bypass && found_q.route.kind == RouteKindResolve, UpcallResolve);
  end

  always_ff @(posedge clk_i) begin
    row_valid_q <= rst_ni && found_valid_q;
    if (found_valid_q) begin
      row_q                      <= '0;
      row_q.found                <= found_q;
      row_q.found.parsed.verdict <= first_of(found_q.parsed.verdict, row_verdict);
      row_q.row                  <= row_i;
      row_q.sound                <= row_i.valid && protects(row_i.protocol, row_i.cipher, row_i.integrity) &&
                                    !(row_i.protocol == ProtocolAh && row_i.encap);
      row_q.bare                 <= found_q.behind == '0;
    end
  end

  // ---- stage 3: what the row says of the packet; the next hop is read meanwhile
  logic     said_valid_q;
  sending_t said_d, said_q;
  verdict_t said_verdict;
  ip_t      row_ip;
  logic     transport;

  assign next_hop_read_o = row_valid_q;
  assign next_hop_bank_o = row_q.found.parsed.admission.generation[0];
  assign next_hop_row_o  = row_q.found.protect ? row_q.row.next_hop : row_q.found.route.next_hop;
  assign row_ip          = row_q.found.parsed.ip;
  assign transport       = row_q.row.mode == ModeTransport;

  always_comb begin
    said_d = row_q;
    // In tunnel mode the number gives the identification, later.
    said_d.outer = own_header(row_ip);
    if (!transport) begin
      said_d.outer.ipv6        = row_q.row.ipv6;
      said_d.outer.df          = row_q.row.df == DfSet || (row_q.row.df == DfCopy && (row_ip.ipv6 || row_ip.df));
      said_d.outer.flow_label  = '0;
      said_d.outer.ttl         = row_q.row.ttl;
      said_d.outer.source      = row_q.row.source;
      said_d.outer.destination = row_q.row.destination;
      said_d.outer.extra_words = '0;
      if (row_q.row.set_dscp) said_d.outer.tos[7:2] = row_q.row.dscp;
    end
    said_d.payload   = transport ? row_q.found.behind : row_ip.total;
    said_d.esp_bytes = esp_overhead(row_q.row.cipher, row_q.row.integrity);
    said_d.ah_bytes  = ah_bytes(row_q.row.ah_align8 || said_d.outer.ipv6, row_q.row.integrity);
    said_verdict = drop_if(Open, row_q.found.protect && !row_q.sound, DropSaEmpty);
    said_verdict = drop_if(said_verdict, row_q.found.protect && !transport && row_q.found.last_hop, DropTtlExpired);
    said_verdict = drop_if(said_verdict, row_q.found.protect && transport && (row_ip.fragment || row_q.bare), DropNotWhole);
    said_d.found.parsed.verdict = first_of(row_q.found.parsed.verdict, said_verdict);
  end

  always_ff @(posedge clk_i) begin
    said_valid_q <= rst_ni && row_valid_q;
    if (row_valid_q) said_q <= said_d;
  end

  // ---- stage 4: how long that makes it
  logic     long_valid_q;
  sending_t long_q;
  logic       ah;
  logic [6:0] front_bytes, around;

  assign ah          = said_q.row.protocol == ProtocolAh;
  assign around      = ah ? said_q.ah_bytes : said_q.esp_bytes;
  assign front_bytes = header_bytes(said_q.outer.ipv6) + extra_bytes(said_q.outer) + (said_q.row.encap ? 7'd8 : 7'd0);

  always_ff @(posedge clk_i) begin
    long_valid_q <= rst_ni && said_valid_q;
    if (said_valid_q) begin
      long_q            <= said_q;
      long_q.ciphertext <= ah ? said_q.payload : ciphertext_bytes(said_q.payload, said_q.row.cipher);
      long_q.overhead   <= {1'b0, around} + {1'b0, front_bytes};
      long_q.next_hop   <= next_hop_i;
    end
  end

  // ---- stage 5: all of it; whether the next hop is there
  logic     whole_valid_q;
  sending_t whole_q;
  verdict_t whole_verdict;

  always_comb begin
    whole_verdict = long_q.found.parsed.verdict;
    whole_verdict = drop_if(whole_verdict, !long_q.next_hop.valid, DropNoNextHop);
    whole_verdict = drop_if(whole_verdict, long_q.next_hop.port != 1'(PortWan), DropEgressPort);
  end

  always_ff @(posedge clk_i) begin
    whole_valid_q <= rst_ni && long_valid_q;
    if (long_valid_q) begin
      whole_q       <= with_verdict(long_q, whole_verdict);
      whole_q.total <= long_q.found.protect ? {1'b0, long_q.ciphertext} + 17'(long_q.overhead)
                                            : {1'b0, long_q.found.parsed.ip.total};
    end
  end

  // ---- stage 6: whether the next hop takes it
  logic     sized_valid_q;
  sending_t sized_q;

  always_ff @(posedge clk_i) begin
    sized_valid_q <= rst_ni && whole_valid_q;
    if (whole_valid_q) begin
      sized_q         <= whole_q;
      sized_q.too_big <= whole_q.total > {1'b0, whole_q.next_hop.mtu};
      sized_q.framed  <= whole_q.total <= 17'(MaxFrame - EthernetBytes);
    end
  end

  // ---- stage 7: and what becomes of it if not
  logic     reached_valid_q, wants_number_q;
  sending_t reached_q;
  verdict_t reached_verdict;
  logic     oversize;

  assign oversize        = sized_q.too_big && sized_q.found.protect && sized_q.row.too_big == TooBigFragment && sized_q.framed;
  assign reached_verdict = host_if(sized_q.found.parsed.verdict, sized_q.too_big && !oversize, UpcallTooBig);

  always_ff @(posedge clk_i) begin
    reached_valid_q <= rst_ni && sized_valid_q;
    wants_number_q  <= rst_ni && sized_valid_q && sized_q.found.protect && reached_verdict.fate == Undecided;
    if (sized_valid_q) begin
      reached_q          <= with_verdict(sized_q, reached_verdict);
      reached_q.oversize <= oversize;
    end
  end

  // ---- stage 8: a sequence number for what is to be protected
  sending_t numbered;
  logic     numbered_valid;

  assign number_valid_o   = wants_number_q;
  assign number_request_o = '{
    sa_index: reached_q.found.rule.sa_index,
    row:      reached_q.row,
    bytes:    14'(reached_q.ciphertext)  // a frame has no more
  };

  delay_line #(
    .Width ($bits(sending_t)),
    .Clocks(NumberLatency)
  ) u_numbered (
    .clk_i,
    .rst_ni,
    .valid_i(reached_valid_q),
    .data_i (reached_q),
    .valid_o(numbered_valid),
    .data_o (numbered)
  );

  // ---- stage 9: the job
  verdict_t   asked, verdict;  // when the number was asked for, and now
  admission_t admission;
  ip_t        ip;
  outer_t     outer;
  logic       protect, tunnel;
  logic       ruled;   // an upcall that an SPD rule led to
  logic       secured; // and the rule's SA

  assign admission = numbered.found.parsed.admission;
  assign ip        = numbered.found.parsed.ip;
  assign protect   = numbered.found.protect;
  assign tunnel    = numbered.row.mode == ModeTunnel;
  assign asked     = numbered.found.parsed.verdict;
  assign verdict   = drop_if(asked, protect && !(number_valid_i && number_i.accept), number_valid_i ? number_i.drop : DropIllegalState);
  assign ruled     = asked.upcall inside {UpcallPolicy, UpcallResolve, UpcallTooBig};
  assign secured   = asked.upcall == UpcallTooBig && protect;

  always_comb begin
    outer = numbered.outer;
    if (tunnel) outer.identification = number_i.seq[15:0];
  end

  always_ff @(posedge clk_i) begin
    valid_o       <= rst_ni && numbered_valid;
    bypass_o      <= rst_ni && numbered_valid && asked.fate == Undecided && !protect;
    esp_o         <= rst_ni && numbered_valid && asked.fate == Undecided && protect && number_valid_i && number_i.accept;
    event_valid_o <= rst_ni && number_valid_i && (number_i.soft_limit || number_i.hard_limit);
    if (numbered_valid) begin
      job_o                 <= '0;
      job_o.drop            <= verdict.drop;
      job_o.notice          <= '{
        upcall:       asked.upcall,
        port:         PortLan,
        generation:   admission.generation,
        spi:          secured ? numbered.row.spi : '0,
        sa_index:     secured ? numbered.found.rule.sa_index : '0,
        policy_id:    ruled ? numbered.found.rule.policy_id : '0,
        principal:    numbered.found.principal,
        outbound:     secured,
        decapsulated: 1'b0,
        source:       '0,
        length:       admission.length
      };
      job_o.keep            <= admission.length;
      job_o.ipv6            <= ip.ipv6;
      job_o.destination_mac <= numbered.next_hop.mac;
      job_o.source_mac      <= wan_mac_i;
      job_o.ttl             <= ip.ttl - 8'd1;
      job_o.checksum        <= checksum_ttl_less_one(ip.checksum);
      unique case (verdict.fate)
        Dropped: job_o.exit <= ExitDrop;
        ForHost: job_o.exit <= ExitHost;
        default: job_o.exit <= protect ? ExitEngine : ExitForward;
      endcase
      if (asked.fate == Undecided) begin
        job_o.rewrite <= !protect || tunnel;
        if (!protect) begin
          job_o.keep <= 14'(ip.total) + 14'(EthernetBytes);
        end else begin
          job_o.skip <= 7'(EthernetBytes) + (tunnel ? 7'd0 : ip.header);
          job_o.keep <= 14'(numbered.payload);
        end
      end
      encap_o <= '{
        leaving:          '{
          generation: admission.generation,
          oversize:   numbered.oversize,
          length:     14'(numbered.total) + 14'(EthernetBytes)
        },
        sa_index:         numbered.found.rule.sa_index[SaIndexBits-1:0],
        spi:              numbered.row.spi,
        outer:            outer,
        extras:           '0,  // the mover has them
        encap:            numbered.row.encap,
        source_port:      numbered.row.source_port,
        destination_port: numbered.row.destination_port,
        destination_mac:  numbered.next_hop.mac,
        source_mac:       wan_mac_i,
        ah:               numbered.row.protocol == ProtocolAh,
        ah_bytes:         numbered.ah_bytes,
        chained:          chained_cipher(numbered.row.cipher),
        cipher:           numbered.row.cipher,
        integrity:        numbered.row.integrity,
        esn:              numbered.row.esn,
        seq:              number_i.seq,
        next_header:      !tunnel ? ip.protocol : ip.ipv6 ? IpIpv6 : IpIpv4,
        padding:          4'(numbered.ciphertext) - 4'(numbered.payload) - 4'd2,
        ciphertext:       14'(numbered.ciphertext),
        outer_total:      16'(numbered.total)
      };
    end
    if (number_valid_i) begin
      event_o <= '{
        upcall:       number_i.hard_limit ? UpcallHardLimit : UpcallSoftLimit,
        port:         PortLan,
        generation:   admission.generation,
        spi:          numbered.row.spi,
        sa_index:     numbered.found.rule.sa_index,
        policy_id:    numbered.row.policy_id,
        principal:    '0,
        outbound:     1'b1,
        decapsulated: 1'b0,
        source:       numbered.row.source,
        length:       '0
      };
    end
  end

  assign busy_o = found_valid_q || row_valid_q || said_valid_q || long_valid_q || whole_valid_q || sized_valid_q || reached_valid_q || numbered_valid || valid_o || event_valid_o;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!valid_i || parsed_room) else $error("more packets are being looked up than may be");
      assert (!result_valid_i || parsed_there) else $error("a lookup's result without its packet");
      assert (!number_valid_i || numbered_valid) else $error("a sequence number and its packet have parted");
    end
  end

endmodule
