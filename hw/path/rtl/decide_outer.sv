// SPDX-License-Identifier: Apache-2.0
// Decides about packets as they come from the WAN: ESP or AH to us, anything else to us, or transit in the clear (hw/README.md,
// inbound steps 6 to 9 as far as they go before decryption).
//
// Runs freely: a packet every two clocks at most, each answered a constant number of clocks later. Jobs forward (transit, frame
// untouched, decided about further as an inner packet is), hand to the engine (ESP or AH, what decap_o says), to the host, or drop.
module decide_outer
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, gcm_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
(
  input  logic           clk_i,
  input  logic           rst_ni,
  // parsed
  input  logic           valid_i,
  input  admission_t     admission_i,
  input  verdict_t       verdict_i,
  input  ip_t            ip_i,
  input  ipsec_t         ipsec_i,
  // outer lookup
  input  logic           route_valid_i,
  input  logic [15:0]    principal_i,
  input  route_t         route_i,
  // the admit port of sa_in
  output logic           admit_valid_o,
  output admit_request_t admit_request_o,
  input  logic           admit_valid_i,
  input  admit_t         admit_i,
  // decided
  output logic           valid_o,
  output job_t           job_o,
  output decap_t         decap_o,
  output logic           event_valid_o,  // spi_unknown
  output notice_t        event_o,
  output logic           busy_o
);

  typedef struct packed {
    admission_t admission;
    verdict_t   verdict;
    ip_t        ip;
    ipsec_t     ipsec;
  } parsed_t;

  parsed_t parsed;
  logic    parsed_room, parsed_there;

  fifo #(
    .Width($bits(parsed_t)),
    .Depth(64)
  ) u_parsed (
    .clk_i,
    .rst_ni,
    .valid_i,
    .ready_o(parsed_room),
    .data_i ({admission_i, verdict_i, ip_i, ipsec_i}),
    .valid_o(parsed_there),
    .ready_i(route_valid_i),
    .data_o (parsed),
    .used_o ()
  );

  // ---- stage 1: what kind of packet it is
  logic        kind_valid_q, transit_q;
  logic [15:0] principal_q;
  parsed_t     kind_q;
  verdict_t    kind_verdict;
  logic        local_address, too_short;

  assign local_address = route_i.kind == RouteKindLocal;
  assign too_short     = parsed.ipsec.bytes[15:4] == '0 && parsed.ipsec.bytes[3:2] != 2'd3;  // below 12

  always_comb begin
    kind_verdict = Open;
    if (local_address) begin
      kind_verdict = host_if(kind_verdict, parsed.ip.fragment, UpcallLocal);
      kind_verdict = drop_if(kind_verdict, parsed.ipsec.keepalive, DropNatKeepalive);
      kind_verdict = host_if(kind_verdict, !parsed.ipsec.present, UpcallLocal);
      kind_verdict = drop_if(kind_verdict, too_short, parsed.ipsec.ah ? DropAhMalformed : DropEspMalformed);
    end
  end

  always_ff @(posedge clk_i) begin
    kind_valid_q <= rst_ni && route_valid_i;
    if (route_valid_i) begin
      kind_q         <= parsed;
      kind_q.verdict <= first_of(parsed.verdict, kind_verdict);
      transit_q      <= !local_address;
      principal_q    <= parsed.verdict.fate == Undecided ? principal_i : '0;
    end
  end

  // ---- stage 2: the SA of an ESP or AH packet
  typedef struct packed {
    logic        transit;
    logic [15:0] principal;
    logic [6:0]  before_esp;  // bytes of the frame: Ethernet, IP, UDP when encap
    parsed_t     parsed;
  } asked_t;

  asked_t     asked;
  logic       asked_valid;
  logic [6:0] before_esp;

  assign before_esp = kind_q.ip.header + (kind_q.ipsec.encap ? 7'(EthernetBytes + 8) : 7'(EthernetBytes));

  assign admit_valid_o   = kind_valid_q && !transit_q && kind_q.verdict.fate == Undecided;
  assign admit_request_o = '{
    spi:         kind_q.ipsec.spi,
    destination: kind_q.ip.destination,
    ipv6:        kind_q.ip.ipv6,
    ah:          kind_q.ipsec.ah,
    seq:         kind_q.ipsec.seq,
    bytes:       kind_q.ipsec.bytes,
    ah_bytes:    kind_q.ipsec.ah_bytes
  };

  delay_line #(
    .Width ($bits(asked_t)),
    .Clocks(AdmitLatency)
  ) u_asked (
    .clk_i,
    .rst_ni,
    .valid_i(kind_valid_q),
    .data_i ({transit_q, principal_q, before_esp, kind_q}),
    .valid_o(asked_valid),
    .data_o (asked)
  );

  // ---- stage 3: what the SA says of it; where its payload begins
  verdict_t   verdict;
  admission_t admission;
  ip_t        ip;
  ipsec_t     ipsec;
  logic [4:0] before_payload;  // bytes of ESP: SPI, sequence number, IV, but for what of it is payload; AH and the chain engine take all

  asked_t said_q;
  logic   said_valid_q, said_unknown_q, iv_cut, iv_cut_q, chained, chained_q;
  admit_t said_admit_q;
  logic [4:0] before_payload_q;

  assign verdict = drop_if(asked.parsed.verdict, !asked.transit && !(admit_valid_i && admit_i.accept),
                             admit_valid_i ? admit_i.drop : DropIllegalState);
  assign iv_cut         = iv_bytes_in_payload(admit_i.row.cipher, admit_i.row.esn) != '0;
  assign chained        = chained_cipher(admit_i.row.cipher);
  assign before_payload = asked.parsed.ipsec.ah || chained ? 5'd0 : iv_cut ? 5'd12 : 5'd16;

  always_ff @(posedge clk_i) begin
    said_valid_q   <= rst_ni && asked_valid;
    said_unknown_q <= rst_ni && admit_valid_i && !admit_i.accept && admit_i.drop == DropSpiUnknown;
    if (asked_valid) begin
      said_q                <= asked;
      said_q.parsed.verdict <= verdict;
      said_admit_q          <= admit_i;
      before_payload_q      <= before_payload;
      iv_cut_q              <= iv_cut;
      chained_q             <= chained;
    end
  end

  // ---- stage 4: the job
  assign admission = said_q.parsed.admission;
  assign ip        = said_q.parsed.ip;
  assign ipsec     = said_q.parsed.ipsec;

  always_ff @(posedge clk_i) begin
    valid_o       <= rst_ni && said_valid_q;
    event_valid_o <= said_unknown_q;
    if (said_valid_q) begin
      job_o         <= '0;
      job_o.drop    <= said_q.parsed.verdict.drop;
      job_o.notice  <= '{
        upcall:       said_q.parsed.verdict.upcall,
        port:         PortWan,
        generation:   admission.generation,
        spi:          '0,
        sa_index:     '0,
        policy_id:    '0,
        principal:    said_q.principal,
        outbound:     1'b0,
        decapsulated: 1'b0,
        source:       '0,
        length:       admission.length
      };
      job_o.keep    <= admission.length;
      job_o.ipv6    <= ip.ipv6;
      unique case (said_q.parsed.verdict.fate)
        Dropped: job_o.exit <= ExitDrop;
        ForHost: job_o.exit <= ExitHost;
        default: begin
          job_o.exit <= said_q.transit ? ExitForward : ExitEngine;
          if (!said_q.transit) begin
            job_o.skip <= said_q.before_esp + 7'(before_payload_q);
            job_o.keep <= 14'(ipsec.bytes) - 14'(before_payload_q);
          end
        end
      endcase
      decap_o <= '{
        generation:  admission.generation,
        sa_index:    said_admit_q.sa_index,
        row:         said_admit_q.row,
        seq:         said_admit_q.seq,
        iv:          ipsec.iv,
        iv_cut:      iv_cut_q,
        chained:     chained_q,
        ciphertext:  said_admit_q.ciphertext,
        outer:       own_header(ip),
        extras:      '0,  // the mover has them
        next_header: ipsec.next_header,
        total:       ip.total
      };
      event_o <= '{
        upcall:       UpcallSpiUnknown,
        port:         PortWan,
        generation:   admission.generation,
        spi:          ipsec.spi,
        sa_index:     '0,
        policy_id:    '0,
        principal:    '0,
        outbound:     1'b0,
        decapsulated: 1'b0,
        source:       ip.source,
        length:       '0
      };
    end
  end

  assign busy_o = kind_valid_q || asked_valid || said_valid_q || valid_o || event_valid_o;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!valid_i || parsed_room) else $error("more packets are being looked up than may be");
      assert (!route_valid_i || parsed_there) else $error("a lookup's result without its packet");
      assert (!admit_valid_i || asked_valid) else $error("an SA's answer and its packet have parted");
    end
  end

endmodule
