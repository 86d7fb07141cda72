// SPDX-License-Identifier: Apache-2.0
// Decides about opened packets: the SA's last word (replay, ICV, limits), then trailer, next header and length (hw/README.md, inbound 9).
//
// One packet every two clocks, as the accept port of sa_in wants it; the two ways through decryption in turn. Verdicts of a way come
// in the order in which it asked.
module esp_judge
  import layout_pkg::*, sa_pkg::*, gcm_pkg::iv_bytes_in_payload, parse_pkg::*, path_pkg::*, host_if_pkg::*, esp_decap_pkg::*;
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
  opened_t            opened;

  // The one that did not ask last, if it wants to.
  assign way            = opened_valid_i[~way_q] ? ~way_q : way_q;
  assign opened         = opened_i[way];
  assign ask            = !asked_q && opened_valid_i[way];
  assign accept_valid_o = asked_q;

  always_ff @(posedge clk_i) begin
    if (ask) begin
      accept_request_o <= '{
        sa_index: opened.packet.sa_index,
        row:      opened.packet.row,
        seq:      opened.packet.seq,
        bytes:    opened.packet.ciphertext,
        icv_ok:   opened.icv_ok
      };
    end
  end

  for (genvar i = 0; i < Ways; i++) begin : gen_way
    assign opened_ready_o[i]  = !asked_q && way == WayBits'(i);
    assign verdict_valid_o[i] = judged_valid && judged.way == WayBits'(i);
    assign accepted_o[i]      = accept_valid_i && accept_i.accept && judged.way == WayBits'(i);
  end

  always_ff @(posedge clk_i) begin
    asked_q <= rst_ni && ask;
    if (!rst_ni) way_q <= '0;
    else if (ask) way_q <= way;
  end

  // What the verdict needs once the SA has answered. Lengths are counted meanwhile.
  typedef struct packed {
    logic [WayBits-1:0] way;
    logic [31:0]        generation;
    logic [10:0]        sa_index;
    logic [31:0]        spi;
    logic [15:0]        policy_id;
    outer_t             outer;
    logic               transport;
    logic [6:0]         skip;
    logic [7:0]         next_header;
    logic               pad_too_long;
    logic [15:0]        left;          // bytes of what was protected
  } judged_t;

  judged_t     asking_d, asking_q, judged;
  logic        judged_valid, ah;
  logic [15:0] content;                // ciphertext without trailer: what was protected, and padding
  logic [15:0] pad_length;

  assign ah         = opened.packet.row.protocol == ProtocolAh;
  assign content    = 16'(opened.packet.ciphertext) - (ah ? 16'd0 : 16'd2);
  assign pad_length = ah ? '0 : 16'(opened.pad_length);
  assign asking_d   = '{
    way:          way,
    generation:   opened.packet.generation,
    sa_index:     opened.packet.sa_index,
    spi:          opened.packet.row.spi,
    policy_id:    opened.packet.row.policy_id,
    outer:        opened.packet.outer,
    transport:    opened.packet.row.mode == ModeTransport,
    skip:         ah ? header_bytes(opened.packet.outer.ipv6) - 7'd8 + opened.packet.ah_bytes
                     : 7'(iv_bytes_in_payload(opened.packet.row.cipher, opened.packet.row.esn)),
    next_header:  ah ? opened.packet.next_header : opened.next_header,
    pad_too_long: pad_length > content,
    left:         content - pad_length
  };

  always_ff @(posedge clk_i) if (ask) asking_q <= asking_d;

  // Of that, a clock later.
  typedef struct packed {
    judged_t     packet;
    logic        wrong_next_header;
    logic        too_short;
    logic        inner_ipv6;         // tunnel mode
    logic [15:0] total;              // transport mode: of the packet that leaves
  } counted_t;

  counted_t counting, counted;
  logic     inner_ipv6;

  assign judged     = counted.packet;
  assign inner_ipv6 = asking_q.next_header == IpIpv6;
  assign counting   = '{
    packet:            asking_q,
    wrong_next_header: asking_q.transport ? asking_q.next_header == IpNone : !(asking_q.next_header inside {IpIpv4, IpIpv6}),
    too_short:         asking_q.left < (asking_q.transport ? 16'd1 : 16'(header_bytes(inner_ipv6))),
    inner_ipv6:        inner_ipv6,
    total:             asking_q.left + 16'(header_bytes(asking_q.outer.ipv6))
  };

  delay_line #(
    .Width ($bits(counted_t)),
    .Clocks(AcceptLatency)
  ) u_counted (
    .clk_i,
    .rst_ni,
    .valid_i(asked_q),
    .data_i (counting),
    .valid_o(judged_valid),
    .data_o (counted)
  );

  verdict_t checks;

  always_comb begin
    checks = Open;
    checks = drop_if(checks, !accept_i.accept, accept_i.drop);
    checks = drop_if(checks, judged.pad_too_long, DropEspTrailer);
    checks = drop_if(checks, counted.wrong_next_header, DropEspNextHeader);
    checks = drop_if(checks, counted.too_short, DropInnerMalformed);
  end

  assign verdict_o = '{
    drop:       checks.fate == Dropped,
    reason:     checks.drop,
    generation: judged.generation,
    sa_index:   judged.sa_index,
    spi:        judged.spi,
    policy_id:  judged.policy_id,
    skip:       judged.skip,
    keep:       14'(judged.left),
    ipv6:       judged.transport ? judged.outer.ipv6 : counted.inner_ipv6,
    transport:  judged.transport,
    congested:  !judged.transport && judged.outer.tos[1:0] == EcnCe
  };

  assign header_o = '{
    outer:    judged.outer,
    protocol: judged.next_header,
    total:    counted.total
  };

  assign event_valid_o = accept_valid_i && (accept_i.soft_limit || accept_i.hard_limit);
  assign event_o = '{
    upcall:       accept_i.hard_limit ? UpcallHardLimit : UpcallSoftLimit,
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
    if (rst_ni) assert (judged_valid == accept_valid_i) else $error("the SA's answer and its packet have parted");
  end

endmodule
