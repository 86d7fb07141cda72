// SPDX-License-Identifier: Apache-2.0
// The way into one direction: frames of its MAC and frames the host injects, joined, admitted and parsed.
//
// A frame holds the generation in force when it is admitted. It waits at `frame` for its job, while what was read of
// its headers goes to the deciders. From the LAN it comes without the user's tag, of which `claim_o` tells.
module entrance
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, host_if_pkg::*, tag_pkg::*;
#(
  parameter int unsigned Jobs = 64,
  parameter bit Tags = 1'b0  // users' tags are looked for
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         enable_i,
  input  logic [47:0]  mac_i,            // of the port
  input  logic [11:0]  vlan_i,           // likewise; 0: none
  input  logic [31:0]  generation_i,
  // frames in
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  stream_if.snk        inject,
  input  frame_bytes_t inject_length_i,  // beside every beat
  input  sender_t      inject_sender_i,  // likewise
  // frames out, and their headers
  stream_if.src        frame,
  input  logic         done_i,           // the job of a frame let in has been carried out
  output logic         valid_o,
  output admission_t   admission_o,
  output verdict_t     verdict_o,
  output ip_t          ip_o,
  output ipsec_t       ipsec_o,
  output logic         claim_valid_o,    // ParseLatency before valid_o
  output claim_t       claim_o,
  // what happened
  output frame_count_t received_o,
  output drop_t        drop_o,           // before admission
  output flight_t      admit_o,
  output logic         busy_o
);

  // What comes in beside a frame.
  typedef struct packed {
    frame_bytes_t length;
    sender_t      sender;
  } side_t;

  stream_if     entering[2] (.clk_i, .rst_ni);
  side_t        entering_side[2];
  stream_if     joined (.clk_i, .rst_ni);
  side_t        joined_side;
  stream_if     untagged (.clk_i, .rst_ni);
  frame_bytes_t untagged_length;
  sender_t      untagged_sender;
  tag_t         untagged_tag;
  logic         strip_busy;
  frame_bytes_t rx_length;
  logic         received, overflow, error, vlan;
  logic [31:0]  received_bytes;
  logic         rx_busy;

  rx_buffer u_rx_buffer (
    .clk_i,
    .rst_ni,
    .vlan_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .out       (entering[0]),
    .length_o  (rx_length),
    .received_o(received),
    .bytes_o   (received_bytes),
    .overflow_o(overflow),
    .error_o   (error),
    .vlan_o    (vlan),
    .busy_o    (rx_busy)
  );

  assign received_o = '{valid: received, bytes: 16'(received_bytes)};
  assign drop_o     = '{
    valid:  overflow || error || vlan,
    reason: overflow ? DropRxOverflow : error ? DropRxError : DropVlan
  };

  assign entering[1].valid = inject.valid;
  assign entering[1].beat  = inject.beat;
  assign inject.ready      = entering[1].ready;
  assign entering_side[0]  = '{length: rx_length, sender: '0};
  assign entering_side[1]  = '{length: inject_length_i, sender: inject_sender_i};

  frame_arbiter #(
    .Inputs(2),
    .SideT (side_t)
  ) u_join (
    .clk_i,
    .rst_ni,
    .in    (entering),
    .side_i(entering_side),
    .out   (joined),
    .side_o(joined_side)
  );

  if (Tags) begin : gen_strip
    tag_strip u_strip (
      .clk_i,
      .rst_ni,
      .in      (joined),
      .length_i(joined_side.length),
      .sender_i(joined_side.sender),
      .out     (untagged),
      .length_o(untagged_length),
      .sender_o(untagged_sender),
      .tag_o   (untagged_tag),
      .busy_o  (strip_busy)
    );
  end else begin : gen_no_strip
    assign untagged.valid  = joined.valid;
    assign untagged.beat   = joined.beat;
    assign joined.ready    = untagged.ready;
    assign untagged_length = joined_side.length;
    assign untagged_sender = '0;
    assign untagged_tag    = '0;
    assign strip_busy      = 1'b0;
    wire unused_side       = &{1'b0, joined_side};
  end

  admission_t               admission, window_admission;
  logic                     admitted, window_valid, admit_busy;
  logic [8*WindowBytes-1:0] window;

  assign admission = '{
    generation:   generation_i,
    length:       untagged_length,
    decapsulated: 1'b0,
    spi:          '0,
    sa_index:     '0,
    policy_id:    '0
  };
  assign admit_o = '{valid: admitted, bank: generation_i[0]};

  admit #(.Jobs(Jobs)) u_admit (
    .clk_i,
    .rst_ni,
    .in         (untagged),
    .admission_i(admission),
    .admitted_o (admitted),
    .frame,
    .done_i,
    .valid_o    (window_valid),
    .window_o   (window),
    .admission_o(window_admission),
    .busy_o     (admit_busy)
  );

  parse u_parse (
    .clk_i,
    .rst_ni,
    .enable_i,
    .mac_i,
    .valid_i    (window_valid),
    .window_i   (window),
    .admission_i(window_admission),
    .valid_o,
    .admission_o,
    .verdict_o,
    .ip_o,
    .ipsec_o
  );

  // The claim of the frame in the window, as `admit` takes it.
  sender_t claim_sender_q;
  tag_t    claim_tag_q;

  always_ff @(posedge clk_i) begin
    if (admitted) begin
      claim_sender_q <= untagged_sender;
      claim_tag_q    <= untagged_tag;
    end
  end

  function automatic logic [127:0] window_bytes(int unsigned at);
    for (int unsigned i = 0; i < 16; i++) window_bytes[8*(15-i)+:8] = window[8*(at+i)+:8];
  endfunction

  always_comb begin
    claim_o.sender      = claim_sender_q;
    claim_o.tag         = claim_tag_q;
    claim_o.source      = mapped(32'(window_bytes(26) >> 96));
    claim_o.destination = mapped(32'(window_bytes(30) >> 96));
    if (window[8*12+:16] == 16'hdd86) begin
      claim_o.source      = window_bytes(22);
      claim_o.destination = window_bytes(38);
    end
  end

  assign claim_valid_o = window_valid;

  assign busy_o = rx_busy || joined.valid || strip_busy || admit_busy;

  wire unused = &{1'b0, received_bytes};

endmodule
