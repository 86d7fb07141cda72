// SPDX-License-Identifier: Apache-2.0
// Decides about opened packets: the SA's last word (replay, ICV, limits), then trailer, next header and length (hw/README.md, inbound 9).
//
// One packet every two clocks, as the accept port of sa_in wants it; the two ways through decryption in turn. Verdicts of a way come
// in the order in which it asked.
module esp_judge
  import layout_pkg::*, sa_pkg::*, gcm_pkg::CutIvBytes, parse_pkg::*, path_pkg::*, host_if_pkg::*, esp_decap_pkg::*;
(
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [Ways-1:0] opened_valid_i,
  output logic [Ways-1:0] opened_ready_o,
  input  opened_t         opened_i[Ways],
  output logic            accept_valid_o,    // the accept port of sa_in
  output accept_request_t accept_request_o,
  input  logic            accept_valid_i,
  input  accept_t         accept_i,
  output logic [Ways-1:0] verdict_valid_o,
  output release_t        verdict_o,
  output header_request_t header_o,          // with the verdict, of transport mode
  output logic [Ways-1:0] accepted_o,        // with the verdict: the packet has become part of the SA's traffic
  output logic            event_valid_o,
  output notice_t         event_o
);

  localparam int unsigned WayBits = $clog2(Ways);

  logic               asked_q;       // in the last clock: the SA answers every two clocks
  logic               ask;
  logic [WayBits-1:0] way, way_q;    // that asks; that asked last
  opened_t            opened_q;

  // The one that did not ask last, if it wants to.
  assign way              = opened_valid_i[~way_q] ? ~way_q : way_q;
  assign ask              = !asked_q && opened_valid_i != '0;
  assign accept_valid_o   = asked_q;
  assign accept_request_o = '{
    sa_index: opened_q.packet.sa_index,
    row:      opened_q.packet.row,
    seq:      opened_q.packet.seq,
    bytes:    opened_q.packet.ciphertext,
    icv_ok:   opened_q.icv_ok
  };

  for (genvar i = 0; i < Ways; i++) begin : gen_way
    assign opened_ready_o[i] = !asked_q && way == WayBits'(i);
  end

  always_ff @(posedge clk_i) begin
    asked_q <= rst_ni && ask;
    if (!rst_ni) way_q <= '0;
    else if (ask) way_q <= way;
    if (ask) opened_q <= opened_i[way];
  end

  // What the verdict needs once the SA has answered. Lengths are counted meanwhile, a subtraction a clock.
  typedef struct packed {
    logic [WayBits-1:0] way;
    logic [31:0]        generation;
    logic [10:0]        sa_index;
    logic [31:0]        spi;
    logic [15:0]        policy_id;
    outer_t             outer;
    extras_t            extras;
    logic [6:0]         header;        // bytes of both
    logic               transport;
    logic [7:0]         skip;
    logic [7:0]         next_header;
    logic               inner_ipv6;    // tunnel mode
    logic               wrong_next_header;
  } judged_t;

  judged_t     asking, asking_q;
  logic        asking_valid_q, ah;
  logic [7:0]  next_header;
  logic [15:0] content_q;              // ciphertext without trailer: what was protected, and padding
  logic [7:0]  pad_length_q;

  assign ah          = opened_q.packet.row.protocol == ProtocolAh;
  assign next_header = ah ? opened_q.packet.next_header : opened_q.next_header;
  assign asking      = '{
    way:               way_q,
    generation:        opened_q.packet.generation,
    sa_index:          opened_q.packet.sa_index,
    spi:               opened_q.packet.row.spi,
    policy_id:         opened_q.packet.row.policy_id,
    outer:             opened_q.packet.outer,
    extras:            with_protocol(opened_q.packet.extras, opened_q.packet.outer, next_header),
    header:            header_bytes(opened_q.packet.outer.ipv6) + extra_bytes(opened_q.packet.outer),
    transport:         opened_q.packet.row.mode == ModeTransport,
    skip:              ah ? opened_q.packet.total[7:0] - 8'd8 - opened_q.packet.ciphertext[7:0]
                          : opened_q.packet.iv_cut ? 8'(CutIvBytes) : 8'd0,
    next_header:       next_header,
    inner_ipv6:        next_header == IpIpv6,
    wrong_next_header: opened_q.packet.row.mode == ModeTransport ? next_header == IpNone : !(next_header inside {IpIpv4, IpIpv6})
  };

  always_ff @(posedge clk_i) begin
    asking_valid_q <= rst_ni && asked_q;
    if (asked_q) begin
      asking_q     <= asking;
      content_q    <= 16'(opened_q.packet.ciphertext) - (ah ? 16'd0 : 16'd2);
      pad_length_q <= ah ? '0 : opened_q.pad_length;
    end
  end

  // Of that, a clock later.
  typedef struct packed {
    judged_t     packet;
    logic        pad_too_long;
    logic [15:0] left;         // bytes of what was protected
  } counted_t;

  counted_t counting, counted;
  logic     counted_valid;

  assign counting = '{packet: asking_q, pad_too_long: 16'(pad_length_q) > content_q, left: content_q - 16'(pad_length_q)};

  delay_line #(
    .Width ($bits(counted_t)),
    .Clocks(AcceptLatency - 1)
  ) u_counted (
    .clk_i,
    .rst_ni,
    .valid_i(asking_valid_q),
    .data_i (counting),
    .valid_o(counted_valid),
    .data_o (counted)
  );

  // And with the SA's answer.
  logic        answer_valid_q, too_short_q;
  accept_t     answer_q;
  counted_t    answered_q;
  logic [15:0] total_q;  // transport mode: of the packet that leaves
  judged_t     judged;
  verdict_t    checks;

  always_ff @(posedge clk_i) begin
    answer_valid_q <= rst_ni && accept_valid_i;
    if (accept_valid_i) begin
      answer_q    <= accept_i;
      answered_q  <= counted;
      too_short_q <= counted.left < (counted.packet.transport ? 16'd1 : 16'(header_bytes(counted.packet.inner_ipv6)));
      total_q     <= counted.left + 16'(counted.packet.header);
    end
  end

  assign judged = answered_q.packet;

  always_comb begin
    checks = Open;
    checks = drop_if(checks, !answer_q.accept, answer_q.drop);
    checks = drop_if(checks, answered_q.pad_too_long, DropEspTrailer);
    checks = drop_if(checks, judged.wrong_next_header, DropEspNextHeader);
    checks = drop_if(checks, too_short_q, DropInnerMalformed);
  end

  for (genvar i = 0; i < Ways; i++) begin : gen_verdict
    assign verdict_valid_o[i] = answer_valid_q && judged.way == WayBits'(i);
    assign accepted_o[i]      = verdict_valid_o[i] && answer_q.accept;
  end

  assign verdict_o = '{
    drop:       checks.fate == Dropped,
    reason:     checks.drop,
    generation: judged.generation,
    sa_index:   judged.sa_index,
    spi:        judged.spi,
    policy_id:  judged.policy_id,
    skip:       judged.skip,
    keep:       14'(answered_q.left),
    ipv6:       judged.transport ? judged.outer.ipv6 : judged.inner_ipv6,
    transport:  judged.transport,
    extra_words: judged.transport ? judged.outer.extra_words : '0,
    lead:       7'(EthernetBytes) + (judged.transport ? judged.header : 7'd0),
    congested:  !judged.transport && judged.outer.tos[1:0] == EcnCe
  };

  assign header_o = '{
    outer:    judged.outer,
    extras:   judged.extras,
    protocol: judged.next_header,
    total:    total_q
  };

  assign event_valid_o = answer_valid_q && (answer_q.soft_limit || answer_q.hard_limit);
  assign event_o = '{
    upcall:       answer_q.hard_limit ? UpcallHardLimit : UpcallSoftLimit,
    port:         PortWan,
    generation:   judged.generation,
    spi:          judged.spi,
    sa_index:     16'(judged.sa_index),
    policy_id:    judged.policy_id,
    principal:    '0,
    outbound:     1'b0,
    decapsulated: 1'b0,
    source:       judged.outer.source,
    length:       '0
  };

  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (counted_valid == accept_valid_i) else $error("the SA's answer and its packet have parted");
  end

endmodule
