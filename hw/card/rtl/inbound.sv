// SPDX-License-Identifier: Apache-2.0
// The way from the WAN: received frames and the host's in; decapsulated and forwarded frames for the LAN out, upcalls to the host.
//
// Every packet is looked at twice: as it came (is it for us, is it ESP or AH, of which SA), and, when it is transit or was
// decapsulated, as a packet on its way to the LAN. Transit joins behind decapsulation.
module inbound
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  // settings
  input  logic         enable_i,
  input  logic [47:0]  lan_mac_i,
  input  logic [47:0]  wan_mac_i,
  input  logic [11:0]  wan_vlan_i,
  input  logic [31:0]  hash_seed_i,
  input  logic [31:0]  generation_i,
  // tables, and the living state of sa_in
  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic         wipe_i,
  output logic         wiping_o,
  input  logic         capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic         capture_valid_o,
  output sa_in_state_t capture_o,
  // frames in
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  stream_if.snk        inject,
  input  frame_bytes_t inject_length_i,  // beside every beat
  // the chain engine
  input  logic         chain_room_i,
  stream_if.src        chain_esp,
  output chain_packet_t chain_packet_o,
  output decap_t       chain_side_o,
  stream_if.snk        chain_plain,
  input  decap_t       chain_side_i,
  input  logic         chain_icv_ok_i,
  input  logic [15:0]  chain_trailer_i,
  // frames out; flight beside every beat
  stream_if.src        forward,
  output flight_t      forward_flight_o,
  stream_if.src        host,
  output notice_t      host_notice_o,
  // what happened
  output frame_count_t received_o,
  output flight_t      admit_o,
  output drop_t        rx_drop_o,             // before admission
  output drop_t        drop_o[5],             // as received, on the way to the LAN, three while decapsulated
  output flight_t      drop_leave_o[5],       // of the packets dropped
  output logic         esp_o,
  output logic         bypass_o,
  output logic         event_valid_o,
  output notice_t      event_o,
  output logic         busy_o
);

  localparam int unsigned Jobs = 64;

  // ---- as received: route of the destination, SA
  stream_if   outer_frames (.clk_i, .rst_ni);
  logic       outer_parsed, outer_done, entrance_busy;
  admission_t outer_parsed_admission;
  verdict_t   outer_verdict;
  ip_t        outer_ip;
  ipsec_t     outer_ipsec;

  entrance #(.Jobs(Jobs)) u_entrance (
    .clk_i,
    .rst_ni,
    .enable_i,
    .mac_i          (wan_mac_i),
    .vlan_i         (wan_vlan_i),
    .generation_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .inject,
    .inject_length_i,
    .inject_sender_i('0),
    .frame          (outer_frames),
    .done_i         (outer_done),
    .valid_o        (outer_parsed),
    .admission_o    (outer_parsed_admission),
    .verdict_o      (outer_verdict),
    .ip_o           (outer_ip),
    .ipsec_o        (outer_ipsec),
    .claim_valid_o  (),
    .claim_o        (),
    .received_o,
    .drop_o         (rx_drop_o),
    .admit_o,
    .busy_o         (entrance_busy)
  );

  logic           route_valid, route_ready;
  route_t         route;
  logic [15:0]    outer_principal;
  logic           admit_request_valid, admit_valid;
  admit_request_t admit_request;
  admit_t         sa_admit;
  logic           accept_request_valid, accept_valid;
  accept_request_t accept_request;
  accept_t        sa_accept;
  logic           lookup_ready, next_hop_ready, gcm_ready, sa_wiping, gcm_wiping;

  outer_lookup u_outer_lookup (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o(route_ready),
    .hash_seed_i,
    .valid_i      (outer_parsed),
    .bank_i       (outer_parsed_admission.generation[0]),
    .source_i     (outer_ip.source),
    .destination_i(outer_ip.destination),
    .valid_o      (route_valid),
    .principal_o  (outer_principal),
    .route_o      (route)
  );

  sa_in u_sa_in (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .wipe_i,
    .wiping_o          (sa_wiping),
    .admit_valid_i     (admit_request_valid),
    .admit_request_i   (admit_request),
    .admit_valid_o     (admit_valid),
    .admit_o           (sa_admit),
    .accept_valid_i    (accept_request_valid),
    .accept_request_i  (accept_request),
    .accept_valid_o    (accept_valid),
    .accept_o          (sa_accept),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o,
    .capture_o
  );

  logic    outer_decided, outer_decide_busy, outer_job_room, outer_job_there, outer_job_ready, outer_mover_busy;
  job_t    outer_decided_job, outer_job, outer_moved_job;
  decap_t  outer_decided_decap, outer_decap, moved_decap;
  extras_t moved_extras;
  logic    unknown_valid;
  notice_t unknown;

  decide_outer u_decide_outer (
    .clk_i,
    .rst_ni,
    .valid_i        (outer_parsed),
    .admission_i    (outer_parsed_admission),
    .verdict_i      (outer_verdict),
    .ip_i           (outer_ip),
    .ipsec_i        (outer_ipsec),
    .route_valid_i  (route_valid),
    .principal_i    (outer_principal),
    .route_i        (route),
    .admit_valid_o  (admit_request_valid),
    .admit_request_o(admit_request),
    .admit_valid_i  (admit_valid),
    .admit_i        (sa_admit),
    .valid_o        (outer_decided),
    .job_o          (outer_decided_job),
    .decap_o        (outer_decided_decap),
    .event_valid_o  (unknown_valid),
    .event_o        (unknown),
    .busy_o         (outer_decide_busy)
  );

  fifo #(
    .Width($bits(job_t) + $bits(decap_t)),
    .Depth(Jobs)
  ) u_outer_jobs (
    .clk_i,
    .rst_ni,
    .valid_i(outer_decided),
    .ready_o(outer_job_room),
    .data_i ({outer_decided_job, outer_decided_decap}),
    .valid_o(outer_job_there),
    .ready_i(outer_job_ready),
    .data_o ({outer_job, outer_decap}),
    .used_o ()  // admission holds the credit
  );

  stream_if to_host[2] (.clk_i, .rst_ni);
  stream_if transit (.clk_i, .rst_ni);
  stream_if engine (.clk_i, .rst_ni);
  notice_t  to_host_notice[2];

  mover #(.EngineT(decap_t)) u_mover_outer (
    .clk_i,
    .rst_ni,
    .in         (outer_frames),
    .job_valid_i(outer_job_there),
    .job_ready_o(outer_job_ready),
    .job_i      (outer_job),
    .engine_i   (outer_decap),
    .done_o     (outer_done),
    .drop_o     (drop_o[0]),
    .leave_o    (drop_leave_o[0]),
    .host       (to_host[0]),
    .forward    (transit),
    .engine,
    .job_o      (outer_moved_job),
    .engine_o   (moved_decap),
    .extras_o   (moved_extras),
    .busy_o     (outer_mover_busy)
  );

  assign to_host_notice[0] = outer_moved_job.notice;

  // ---- decapsulation
  stream_if   inward[3] (.clk_i, .rst_ni);
  admission_t inward_admission[3];
  drop_t      decap_drop[3];
  flight_t    decap_leave[3];
  stream_if   inner (.clk_i, .rst_ni);
  admission_t inner_admission;
  logic       sa_event_valid, decap_busy;
  notice_t    sa_event;

  esp_decap u_esp_decap (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o      (gcm_ready),
    .wipe_i,
    .wiping_o           (gcm_wiping),
    .lan_mac_i,
    .in                 (engine),
    .packet_i           (moved_decap),
    .extras_i           (moved_extras),
    .chain_room_i,
    .chain_esp,
    .chain_packet_o,
    .chain_side_o,
    .chain_plain,
    .chain_side_i,
    .chain_icv_ok_i,
    .chain_trailer_i,
    .accept_valid_o     (accept_request_valid),
    .accept_request_o   (accept_request),
    .accept_valid_i     (accept_valid),
    .accept_i           (sa_accept),
    .accepted_o         (esp_o),
    .event_valid_o      (sa_event_valid),
    .event_o            (sa_event),
    .drop_o             (decap_drop),
    .leave_o            (decap_leave),
    .out                (inward[0]),
    .admission_o        (inward_admission[0]),
    .chained            (inward[1]),
    .chained_admission_o(inward_admission[1]),
    .busy_o             (decap_busy)
  );

  for (genvar i = 0; i < 3; i++) begin : gen_decap_drop
    assign drop_o[2+i]       = decap_drop[i];
    assign drop_leave_o[2+i] = decap_leave[i];
  end

  assign inward[2].valid     = transit.valid;
  assign inward[2].beat      = transit.beat;
  assign transit.ready       = inward[2].ready;
  assign inward_admission[2] = '{
    generation:   outer_moved_job.notice.generation,
    length:       outer_moved_job.keep,
    decapsulated: 1'b0,
    spi:          '0,
    sa_index:     '0,
    policy_id:    '0
  };

  frame_arbiter #(
    .Inputs(3),
    .SideT (admission_t)
  ) u_inward (
    .clk_i,
    .rst_ni,
    .in    (inward),
    .side_i(inward_admission),
    .out   (inner),
    .side_o(inner_admission)
  );

  // ---- on the way to the LAN
  stream_if                 inner_frames (.clk_i, .rst_ni);
  admission_t               inner_window_admission, inner_parsed_admission;
  logic                     inner_done;
  logic                     inner_window_valid;
  logic [8*WindowBytes-1:0] inner_window;
  logic                     inner_admit_busy;
  logic                     inner_parsed;
  verdict_t                 inner_verdict;
  ip_t                      inner_ip;

  admit #(.Jobs(Jobs)) u_admit_inner (
    .clk_i,
    .rst_ni,
    .in         (inner),
    .admission_i(inner_admission),
    .admitted_o (),  // it has been admitted as received
    .frame      (inner_frames),
    .done_i     (inner_done),
    .valid_o    (inner_window_valid),
    .window_o   (inner_window),
    .admission_o(inner_window_admission),
    .busy_o     (inner_admit_busy)
  );

  parse u_parse_inner (
    .clk_i,
    .rst_ni,
    .enable_i   (1'b1),  // decided as received
    .mac_i      (wan_mac_i),
    .valid_i    (inner_window_valid),
    .window_i   (inner_window),
    .admission_i(inner_window_admission),
    .valid_o    (inner_parsed),
    .admission_o(inner_parsed_admission),
    .verdict_o  (inner_verdict),
    .ip_o       (inner_ip),
    .ipsec_o    ()  // ESP in transit or in ESP is a packet like any other
  );

  lookup_key_t    key;
  logic           result_valid;
  lookup_result_t result;
  logic           next_hop_read, next_hop_bank;
  logic [7:0]     next_hop_row;
  next_hop_t      next_hop;

  lookup #(.Outbound(1'b0)) u_lookup (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o(lookup_ready),
    .hash_seed_i,
    .valid_i      (inner_parsed),
    .key_i        (key),
    .named_i      (1'b0),  // by its address alone
    .name_i       ('0),
    .valid_o      (result_valid),
    .result_o     (result)
  );

  next_hop_table u_next_hop_table (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o(next_hop_ready),
    .read_i       (next_hop_read),
    .bank_i       (next_hop_bank),
    .row_i        (next_hop_row),
    .next_hop_o   (next_hop)
  );

  assign table_ready_o = route_ready && lookup_ready && next_hop_ready && gcm_ready && !sa_wiping;
  assign wiping_o      = sa_wiping || gcm_wiping;

  logic inner_decided, inner_decide_busy, inner_job_room, inner_job_there, inner_job_ready, inner_mover_busy;
  job_t inner_decided_job, inner_job, inner_moved_job;

  decide_inner u_decide_inner (
    .clk_i,
    .rst_ni,
    .lan_mac_i,
    .valid_i        (inner_parsed),
    .admission_i    (inner_parsed_admission),
    .verdict_i      (inner_verdict),
    .ip_i           (inner_ip),
    .key_o          (key),
    .result_valid_i (result_valid),
    .result_i       (result),
    .next_hop_read_o(next_hop_read),
    .next_hop_bank_o(next_hop_bank),
    .next_hop_row_o (next_hop_row),
    .next_hop_i     (next_hop),
    .valid_o        (inner_decided),
    .job_o          (inner_decided_job),
    .bypass_o,
    .busy_o         (inner_decide_busy)
  );

  fifo #(
    .Width($bits(job_t)),
    .Depth(Jobs)
  ) u_inner_jobs (
    .clk_i,
    .rst_ni,
    .valid_i(inner_decided),
    .ready_o(inner_job_room),
    .data_i (inner_decided_job),
    .valid_o(inner_job_there),
    .ready_i(inner_job_ready),
    .data_o (inner_job),
    .used_o ()
  );

  stream_if no_engine (.clk_i, .rst_ni);

  mover u_mover_inner (
    .clk_i,
    .rst_ni,
    .in         (inner_frames),
    .job_valid_i(inner_job_there),
    .job_ready_o(inner_job_ready),
    .job_i      (inner_job),
    .engine_i   (1'b0),
    .done_o     (inner_done),
    .drop_o     (drop_o[1]),
    .leave_o    (drop_leave_o[1]),
    .host       (to_host[1]),
    .forward,
    .engine     (no_engine),
    .job_o      (inner_moved_job),
    .engine_o   (),
    .extras_o   (),
    .busy_o     (inner_mover_busy)
  );

  assign no_engine.ready   = 1'b0;
  assign to_host_notice[1] = inner_moved_job.notice;
  assign forward_flight_o  = '{valid: 1'b1, bank: inner_moved_job.notice.generation[0]};

  // ---- to the host
  frame_arbiter #(
    .Inputs(2),
    .SideT (notice_t)
  ) u_to_host (
    .clk_i,
    .rst_ni,
    .in    (to_host),
    .side_i(to_host_notice),
    .out   (host),
    .side_o(host_notice_o)
  );

  // An SA's event goes at once. That an SPI is unknown is told once until the host has read it, so one may wait and more be lost.
  logic    waiting_q;
  notice_t unknown_q;

  always_ff @(posedge clk_i) begin
    event_valid_o <= rst_ni && (sa_event_valid || waiting_q);
    event_o       <= sa_event_valid ? sa_event : unknown_q;
    if (!rst_ni) waiting_q <= 1'b0;
    else if (unknown_valid) waiting_q <= 1'b1;
    else if (!sa_event_valid) waiting_q <= 1'b0;
    if (unknown_valid && (!waiting_q || !sa_event_valid)) unknown_q <= unknown;
  end

  // What there was to do a clock ago, or two.
  logic entrance_busy_q, decap_busy_q;

  always_ff @(posedge clk_i) begin
    entrance_busy_q <= entrance_busy;
    decap_busy_q    <= decap_busy;
    busy_o          <= entrance_busy_q || outer_decide_busy || outer_mover_busy || decap_busy_q || inner.valid || inner_admit_busy ||
                       inner_decide_busy || inner_mover_busy || host.valid || waiting_q || event_valid_o;
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!outer_decided || outer_job_room) else $error("a job without credit");
      assert (!inner_decided || inner_job_room) else $error("a job without credit");
      assert (!no_engine.valid) else $error("a packet to the LAN met an engine");
    end
  end

  wire unused = &{1'b0, outer_moved_job, inner_moved_job};

endmodule
