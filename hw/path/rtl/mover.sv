// SPDX-License-Identifier: Apache-2.0
// Carries decisions out: takes a frame and its job and sends what the job leaves of the frame to the job's exit.
//
// Frames and jobs come in the same order. `done_o` pulses in the clock after a frame's last beat has been taken.
// At the outputs `job_o` and `engine_o` belong to the frame and stand still while it passes.
module mover
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*;
#(
  parameter type EngineT = logic  // what the engine behind ExitEngine needs of a packet
) (
  input  logic    clk_i,
  input  logic    rst_ni,
  stream_if.snk   in,
  input  logic    job_valid_i,
  output logic    job_ready_o,
  input  job_t    job_i,
  input  EngineT  engine_i,
  output logic    done_o,
  output drop_t   drop_o,        // a frame ends that goes to no exit
  output flight_t leave_o,       // of that packet
  stream_if.src   host,
  stream_if.src   forward,
  stream_if.src   engine,
  output job_t    job_o,
  output EngineT  engine_o,
  output extras_t extras_o,      // of the frame's IP header, with whatever stands behind their last byte
  output logic    busy_o         // a clock ago; who lets frames in is busy until done_o
);

  typedef struct packed {
    job_t   job;
    EngineT engine;
  } side_t;

  typedef struct packed {
    side_t   side;
    extras_t extras;
  } whole_side_t;

  stream_if rewritten (.clk_i, .rst_ni);
  stream_if decided (.clk_i, .rst_ni);
  stream_if kept (.clk_i, .rst_ni);
  stream_if sliced (.clk_i, .rst_ni);
  side_t       front, decided_side;
  whole_side_t side;
  job_t  job;
  logic  job_there, pass, ends, slice_busy;

  // ---- the job of the frame at the input
  skid #(
    .Width($bits(side_t))
  ) u_front (
    .clk_i,
    .rst_ni,
    .valid_i(job_valid_i),
    .ready_o(job_ready_o),
    .data_i ({job_i, engine_i}),
    .valid_o(job_there),
    .ready_i(ends),
    .data_o (front)
  );

  assign job             = front.job;
  assign rewritten.valid = in.valid && job_there;
  assign in.ready        = rewritten.ready && job_there;
  assign pass            = in.valid && in.ready;
  assign ends            = pass && in.beat.last;

  always_ff @(posedge clk_i) begin
    done_o <= rst_ni && ends;
    busy_o <= job_valid_i || job_there || decided.valid || slice_busy;
  end

  // ---- the first beat holds every header that changes; what of it the engine does not get goes away behind
  logic first_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_q <= 1'b1;
    else if (pass) first_q <= in.beat.last;
  end

  always_comb begin
    rewritten.beat = in.beat;
    if (first_q && job.rewrite) begin
      for (int unsigned i = 0; i < 6; i++) begin
        rewritten.beat.data[8*i+:8]     = job.destination_mac[8*(5-i)+:8];
        rewritten.beat.data[8*(6+i)+:8] = job.source_mac[8*(5-i)+:8];
      end
      if (job.ipv6) begin
        rewritten.beat.data[8*21+:8]  = job.ttl;
      end else begin
        rewritten.beat.data[8*22+:8]  = job.ttl;
        rewritten.beat.data[8*24+:16] = {job.checksum[7:0], job.checksum[15:8]};
      end
    end
  end

  beat_register #(.SideT(side_t)) u_decided (
    .clk_i,
    .rst_ni,
    .in    (rewritten),
    .side_i(front),
    .out   (decided),
    .side_o(decided_side)
  );

  // ---- the extras, which may reach into the second beat; before that beat nothing behind them leaves
  localparam int unsigned Extras4 = EthernetBytes + Ipv4Bytes;  // where they begin
  localparam int unsigned Extras6 = EthernetBytes + Ipv6Bytes;
  localparam int unsigned HighBytes = Extras6 + MaxExtraBytes - 64;

  typedef enum logic [1:0] {
    First,
    Second,
    Rest
  } place_e;

  place_e                 place_q;       // of the beat in its frame
  logic [511:8*Extras4]   low, low_q;    // of the first beat
  logic [8*HighBytes-1:0] high, high_q;  // of the second
  extras_t                extras;

  assign low    = place_q == First ? decided.beat.data[511:8*Extras4] : low_q;
  assign high   = place_q == Second ? decided.beat.data[8*HighBytes-1:0] : high_q;
  assign extras = decided_side.job.ipv6 ? extras_t'({high, low[511:8*Extras6]}) : extras_t'({high, low});

  always_ff @(posedge clk_i) begin
    if (!rst_ni) place_q <= First;
    else if (decided.valid && decided.ready) place_q <= decided.beat.last ? First : place_q == First ? Second : Rest;
    if (decided.valid) {low_q, high_q} <= {low, high};
  end

  // ---- what is dropped goes no further
  logic dropping;

  assign dropping      = decided_side.job.exit == ExitDrop;
  assign kept.valid    = decided.valid && !dropping;
  assign kept.beat     = decided.beat;
  assign decided.ready = dropping || kept.ready;
  assign drop_o        = '{valid: decided.valid && decided.beat.last && dropping, reason: decided_side.job.drop};
  assign leave_o       = '{valid: drop_o.valid, bank: decided_side.job.notice.generation[0]};

  slice #(.SideT(whole_side_t)) u_slice (
    .clk_i,
    .rst_ni,
    .in    (kept),
    .skip_i({1'b0, decided_side.job.skip}),
    .keep_i(decided_side.job.keep),
    .side_i({decided_side, extras}),
    .out   (sliced),
    .side_o(side),
    .busy_o(slice_busy)
  );

  assign job_o         = side.side.job;
  assign engine_o      = side.side.engine;
  assign extras_o      = side.extras;
  assign host.beat     = sliced.beat;
  assign forward.beat  = sliced.beat;
  assign engine.beat   = sliced.beat;
  assign host.valid    = sliced.valid && job_o.exit == ExitHost;
  assign forward.valid = sliced.valid && job_o.exit == ExitForward;
  assign engine.valid  = sliced.valid && job_o.exit == ExitEngine;

  always_comb begin
    unique case (job_o.exit)
      ExitHost:    sliced.ready = host.ready;
      ExitForward: sliced.ready = forward.ready;
      ExitEngine:  sliced.ready = engine.ready;
      default:     sliced.ready = 1'b0;
    endcase
  end

endmodule
