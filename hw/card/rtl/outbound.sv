// SPDX-License-Identifier: Apache-2.0
// The way from the LAN: received frames and the host's in; ESP, AH and forwarded frames for the WAN out, upcalls to the host.
module outbound
  import layout_pkg::*, stream_pkg::*, sa_pkg::*, parse_pkg::*, path_pkg::*, host_if_pkg::*, chain_pkg::*,
         tag_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  // settings
  input  logic         enable_i,
  input  logic [47:0]  lan_mac_i,
  input  logic [11:0]  lan_vlan_i,
  input  logic [47:0]  wan_mac_i,
  input  logic [31:0]  hash_seed_i,
  input  logic         plain_tags_i,
  input  logic [31:0]  generation_i,
  // tables, and the living state of sa_out
  input  table_write_t table_write_i,
  output logic         table_ready_o,
  input  logic         wipe_i,
  output logic         wiping_o,
  input  logic         capture_valid_i,
  input  logic [SaIndexBits-1:0] capture_sa_index_i,
  output logic         capture_valid_o,
  output sa_out_state_t capture_o,
  // frames in
  input  logic         rx_tvalid,
  input  logic [511:0] rx_tdata,
  input  logic [63:0]  rx_tkeep,
  input  logic         rx_tlast,
  input  logic         rx_tuser,
  stream_if.snk        inject,
  input  frame_bytes_t inject_length_i,  // beside every beat
  input  sender_t      inject_sender_i,  // likewise
  // the chain engine
  input  logic         chain_room_i,
  stream_if.src        chain_plain,
  output chain_packet_t chain_packet_o,
  output chained_t     chain_side_o,
  stream_if.snk        chain_esp,
  input  chained_t     chain_side_i,
  input  logic [255:0] chain_icv_i,
  // frames out; flight beside every beat
  stream_if.src        esp,
  output flight_t      esp_flight_o,
  stream_if.src        chained,          // ESP too, and AH
  output flight_t      chained_flight_o,
  stream_if.src        forward,
  output flight_t      forward_flight_o,
  stream_if.src        host,
  output notice_t      host_notice_o,
  // what happened
  output frame_count_t received_o,
  output flight_t      admit_o,
  output drop_t        rx_drop_o,        // before admission
  output drop_t        drop_o[2],        // by decision; for want of room in its cipher's engine
  output flight_t      drop_leave_o[2],  // of the packets dropped
  output logic         esp_o,
  output logic         bypass_o,
  output tag_counts_t  tag_o,
  output logic         event_valid_o,
  output notice_t      event_o,
  output logic         busy_o
);

  localparam int unsigned Jobs = 64;

  // ---- in
  stream_if   frames (.clk_i, .rst_ni);
  logic       parsed_valid, job_done, entrance_busy;
  admission_t parsed_admission;
  verdict_t   parsed_verdict;
  ip_t        ip, whole_ip;
  logic       claim_valid;
  claim_t     claim;

  entrance #(
    .Jobs(Jobs),
    .Tags(1'b1)
  ) u_entrance (
    .clk_i,
    .rst_ni,
    .enable_i,
    .mac_i          (lan_mac_i),
    .vlan_i         (lan_vlan_i),
    .generation_i,
    .rx_tvalid,
    .rx_tdata,
    .rx_tkeep,
    .rx_tlast,
    .rx_tuser,
    .inject,
    .inject_length_i,
    .inject_sender_i,
    .frame          (frames),
    .done_i         (job_done),
    .valid_o        (parsed_valid),
    .admission_o    (parsed_admission),
    .verdict_o      (parsed_verdict),
    .ip_o           (whole_ip),
    .ipsec_o        (),  // ESP from the LAN is a packet like any other
    .claim_valid_o  (claim_valid),
    .claim_o        (claim),
    .received_o,
    .drop_o         (rx_drop_o),
    .admit_o,
    .busy_o         (entrance_busy)
  );

  // What the host gives back is not given to it again for opening a connection.
  logic given_back;

  delay_line #(
    .Width (1),
    .Clocks(ParseLatency)
  ) u_given_back (
    .clk_i,
    .rst_ni,
    .valid_i(claim_valid),
    .data_i (claim.sender.known),
    .valid_o(),  // as parse's
    .data_o (given_back)
  );

  always_comb begin
    ip = whole_ip;
    if (given_back) ip.opens = 1'b0;
  end

  // ---- who sent it
  logic        sender_valid, named, tag_wiping, rejected;
  logic [15:0] name;
  notice_t     rejection;

  tag_check u_tag_check (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .wipe_i,
    .wiping_o           (tag_wiping),
    .plain_tags_i,
    .valid_i            (claim_valid),
    .claim_i            (claim),
    .parsed_valid_i     (parsed_valid),
    .parsed_passes_i    (parsed_verdict.fate == Undecided),
    .parsed_generation_i(parsed_admission.generation),
    .parsed_source_i    (ip.source),
    .valid_o            (sender_valid),
    .named_o            (named),
    .principal_o        (name),
    .counts_o           (tag_o),
    .event_valid_o      (rejected),
    .event_o            (rejection)
  );

  // ---- lookups
  lookup_key_t     key;
  logic            result_valid;
  lookup_result_t  result;
  logic            row_valid, row_answer;
  logic [15:0]     row_sa_index;
  sa_out_t         row;
  logic            number_request_valid, number_valid;
  number_request_t number_request;
  number_t         number;
  logic            next_hop_read, next_hop_bank;
  logic [7:0]      next_hop_row;
  next_hop_t       next_hop;
  logic            lookup_ready, next_hop_ready, gcm_ready, sa_wiping, gcm_wiping;

  lookup #(
    .Outbound(1'b1),
    .Sender  (SenderLatency)
  ) u_lookup (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o(lookup_ready),
    .hash_seed_i,
    .valid_i      (parsed_valid),
    .key_i        (key),
    .named_i      (named),
    .name_i       (name),
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

  sa_out u_sa_out (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .wipe_i,
    .wiping_o          (sa_wiping),
    .row_valid_i       (row_valid),
    .row_sa_index_i    (row_sa_index),
    .row_valid_o       (row_answer),
    .row_o             (row),
    .number_valid_i    (number_request_valid),
    .number_request_i  (number_request),
    .number_valid_o    (number_valid),
    .number_o          (number),
    .capture_valid_i,
    .capture_sa_index_i,
    .capture_valid_o,
    .capture_o
  );

  assign table_ready_o = lookup_ready && next_hop_ready && gcm_ready && !sa_wiping && !tag_wiping;
  assign wiping_o      = sa_wiping || gcm_wiping || tag_wiping;

  // ---- decision
  logic   decided;
  job_t    decided_job, job, moved_job;
  encap_t  decided_encap, encap, moved_encap;
  extras_t moved_extras;
  logic   decide_busy, job_room, job_there, job_ready, mover_busy, encap_busy;
  logic   sa_event_valid;
  notice_t sa_event;

  decide_outbound u_decide (
    .clk_i,
    .rst_ni,
    .wan_mac_i,
    .valid_i         (parsed_valid),
    .admission_i     (parsed_admission),
    .verdict_i       (parsed_verdict),
    .ip_i            (ip),
    .key_o           (key),
    .result_valid_i  (result_valid),
    .result_i        (result),
    .row_valid_o     (row_valid),
    .row_sa_index_o  (row_sa_index),
    .row_i           (row),
    .number_valid_o  (number_request_valid),
    .number_request_o(number_request),
    .number_valid_i  (number_valid),
    .number_i        (number),
    .next_hop_read_o (next_hop_read),
    .next_hop_bank_o (next_hop_bank),
    .next_hop_row_o  (next_hop_row),
    .next_hop_i      (next_hop),
    .valid_o         (decided),
    .job_o           (decided_job),
    .encap_o         (decided_encap),
    .bypass_o,
    .esp_o,
    .event_valid_o   (sa_event_valid),
    .event_o         (sa_event),
    .busy_o          (decide_busy)
  );

  fifo #(
    .Width($bits(job_t) + $bits(encap_t)),
    .Depth(Jobs)
  ) u_jobs (
    .clk_i,
    .rst_ni,
    .valid_i(decided),
    .ready_o(job_room),
    .data_i ({decided_job, decided_encap}),
    .valid_o(job_there),
    .ready_i(job_ready),
    .data_o ({job, encap}),
    .used_o ()  // admission holds the credit
  );

  // ---- out
  stream_if engine (.clk_i, .rst_ni);
  stream_if sealed (.clk_i, .rst_ni);
  stream_if chain_sealed (.clk_i, .rst_ni);
  stream_if to_host[3] (.clk_i, .rst_ni);
  notice_t  to_host_notice[3];
  leaving_t leaving, chain_leaving;

  mover #(.EngineT(encap_t)) u_mover (
    .clk_i,
    .rst_ni,
    .in         (frames),
    .job_valid_i(job_there),
    .job_ready_o(job_ready),
    .job_i      (job),
    .engine_i   (encap),
    .done_o     (job_done),
    .drop_o     (drop_o[0]),
    .leave_o    (drop_leave_o[0]),
    .host       (to_host[0]),
    .forward,
    .engine,
    .job_o      (moved_job),
    .engine_o   (moved_encap),
    .extras_o   (moved_extras),
    .busy_o     (mover_busy)
  );

  assign to_host_notice[0] = moved_job.notice;
  assign forward_flight_o  = '{valid: 1'b1, bank: moved_job.notice.generation[0]};

  esp_encap u_esp_encap (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o    (gcm_ready),
    .wipe_i,
    .wiping_o         (gcm_wiping),
    .in               (engine),
    .packet_i         (moved_encap),
    .extras_i         (moved_extras),
    .drop_o           (drop_o[1]),
    .leave_o          (drop_leave_o[1]),
    .chain_room_i,
    .chain_plain,
    .chain_packet_o,
    .chain_side_o,
    .chain_esp,
    .chain_side_i,
    .chain_icv_i,
    .out              (sealed),
    .leaving_o        (leaving),
    .chained          (chain_sealed),
    .chained_leaving_o(chain_leaving),
    .busy_o           (encap_busy)
  );

  wan_or_host u_sealed (
    .in           (sealed),
    .leaving_i    (leaving),
    .wan          (esp),
    .wan_flight_o (esp_flight_o),
    .host         (to_host[1]),
    .host_notice_o(to_host_notice[1])
  );

  wan_or_host u_chain_sealed (
    .in           (chain_sealed),
    .leaving_i    (chain_leaving),
    .wan          (chained),
    .wan_flight_o (chained_flight_o),
    .host         (to_host[2]),
    .host_notice_o(to_host_notice[2])
  );

  frame_arbiter #(
    .Inputs(3),
    .SideT (notice_t)
  ) u_to_host (
    .clk_i,
    .rst_ni,
    .in    (to_host),
    .side_i(to_host_notice),
    .out   (host),
    .side_o(host_notice_o)
  );

  // An SA's event goes at once. That a tag was rejected is told once until the host has read it, so one may wait and more be lost.
  logic    waiting_q;
  notice_t rejection_q;

  always_ff @(posedge clk_i) begin
    event_valid_o <= rst_ni && (sa_event_valid || waiting_q);
    event_o       <= sa_event_valid ? sa_event : rejection_q;
    if (!rst_ni) waiting_q <= 1'b0;
    else if (rejected) waiting_q <= 1'b1;
    else if (!sa_event_valid) waiting_q <= 1'b0;
    if (rejected && (!waiting_q || !sa_event_valid)) rejection_q <= rejection;
  end

  // What there was to do a clock ago, or two.
  logic entrance_busy_q, encap_busy_q;

  always_ff @(posedge clk_i) begin
    entrance_busy_q <= entrance_busy;
    encap_busy_q    <= encap_busy;
    busy_o          <= entrance_busy_q || decide_busy || mover_busy || encap_busy_q || host.valid || waiting_q || event_valid_o;
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!decided || job_room) else $error("a job without credit");
  end

  wire unused = &{1'b0, row_answer, moved_job, sender_valid};

endmodule
