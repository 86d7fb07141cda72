// SPDX-License-Identifier: Apache-2.0
// Carries decisions out: takes a frame and its job and sends what the job leaves of the frame to the job's exit.
//
// Frames and jobs come in the same order; a job stands still until `job_ready_o`, in the clock of its frame's last beat.
// At the outputs `job_o` and `engine_o` belong to the frame and stand still while it passes.
module mover
  import layout_pkg::*, stream_pkg::*, parse_pkg::*, path_pkg::*;
#(
  parameter type EngineT = logic  // what the engine behind ExitEngine needs of a packet
) (
  input  logic   clk_i,
  input  logic   rst_ni,
  stream_if.snk  in,
  input  logic   job_valid_i,
  output logic   job_ready_o,
  input  job_t   job_i,
  input  EngineT engine_i,
  output logic   drop_o,        // the job at the input ends: its frame is dropped in this clock
  stream_if.src  host,
  stream_if.src  forward,
  stream_if.src  engine,
  output job_t   job_o,
  output EngineT engine_o,
  output logic   busy_o
);

  typedef struct packed {
    job_t   job;
    EngineT engine;
  } side_t;

  stream_if kept (.clk_i, .rst_ni);
  stream_if sliced (.clk_i, .rst_ni);
  side_t side;
  logic  dropping, pass, slice_busy;

  assign dropping    = job_i.exit == ExitDrop;
  assign kept.valid  = in.valid && job_valid_i && !dropping;
  assign kept.beat   = in.beat;
  assign in.ready    = job_valid_i && (dropping || kept.ready);
  assign pass        = in.valid && in.ready;
  assign job_ready_o = pass && in.beat.last;
  assign drop_o      = job_ready_o && dropping;

  slice #(.SideT(side_t)) u_slice (
    .clk_i,
    .rst_ni,
    .in    (kept),
    .skip_i(job_i.skip),
    .keep_i(job_i.keep),
    .side_i({job_i, engine_i}),
    .out   (sliced),
    .side_o(side),
    .busy_o(slice_busy)
  );

  assign job_o    = side.job;
  assign engine_o = side.engine;
  assign busy_o   = job_valid_i || slice_busy;

  // The first beat holds every header that changes.
  logic  first_q;
  beat_t beat;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) first_q <= 1'b1;
    else if (sliced.valid && sliced.ready) first_q <= sliced.beat.last;
  end

  always_comb begin
    beat = sliced.beat;
    if (first_q) begin
      unique case (side.job.rewrite)
        RewriteFrame: begin
          for (int unsigned i = 0; i < 6; i++) begin
            beat.data[8*i+:8]     = side.job.destination_mac[8*(5-i)+:8];
            beat.data[8*(6+i)+:8] = side.job.source_mac[8*(5-i)+:8];
          end
          if (side.job.ipv6) begin
            beat.data[8*21+:8]  = side.job.ttl;
          end else begin
            beat.data[8*22+:8]  = side.job.ttl;
            beat.data[8*24+:16] = {side.job.checksum[7:0], side.job.checksum[15:8]};
          end
        end
        RewritePacket: begin
          if (side.job.ipv6) begin
            beat.data[8*7+:8]   = side.job.ttl;
          end else begin
            beat.data[8*8+:8]   = side.job.ttl;
            beat.data[8*10+:16] = {side.job.checksum[7:0], side.job.checksum[15:8]};
          end
        end
        default: ;
      endcase
    end
  end

  assign host.beat     = beat;
  assign forward.beat  = beat;
  assign engine.beat   = beat;
  assign host.valid    = sliced.valid && side.job.exit == ExitHost;
  assign forward.valid = sliced.valid && side.job.exit == ExitForward;
  assign engine.valid  = sliced.valid && side.job.exit == ExitEngine;

  always_comb begin
    unique case (side.job.exit)
      ExitHost:    sliced.ready = host.ready;
      ExitForward: sliced.ready = forward.ready;
      ExitEngine:  sliced.ready = engine.ready;
      default:     sliced.ready = 1'b0;
    endcase
  end

endmodule
