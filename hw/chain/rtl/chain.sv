// SPDX-License-Identifier: Apache-2.0
// Protects and opens packets of all ciphers that need an HMAC beside them, both directions in one engine.
//
// README.md says how. Packets leave in the order in which they came. `room_o` is looked at before a packet's first beat; from there on
// no beat of it waits. `packet_i` and `side_i` stand beside every beat of the packet at the input; side, verdict and trailer beside
// every beat at the output.
module chain
  import layout_pkg::*, stream_pkg::*, chain_pkg::*;
#(
  parameter type OutSideT = logic,
  parameter type InSideT = logic,
  parameter int unsigned Contexts = 64  // packets of each direction at work; as many more wait, finished, for their turn to leave
) (
  input  logic          clk_i,
  input  logic          rst_ni,
  input  table_write_t  table_write_i,  // sa_{out,in}_integrity_key, held until sa_{out,in}_key follows
  output logic          table_ready_o,
  input  logic          wipe_i,
  output logic          wiping_o,

  stream_if.snk         out_plain,      // from LAN: plaintext with its trailer; of AH: the text without its first eight bytes
  input  chain_packet_t out_packet_i,
  input  OutSideT       out_side_i,
  output logic          out_room_o,     // a whole packet of any size finds room (chain_intake)
  stream_if.src         out_esp,        // SPI, seq, IV, ciphertext, ICV; of AH: the text
  output OutSideT       out_side_o,
  output logic [255:0]  out_icv_o,      // of AH: byte 0 in bits 7:0, zero behind its last byte

  stream_if.snk         in_esp,         // from WAN: SPI .. ICV; of AH: the text, ICV
  input  chain_packet_t in_packet_i,
  input  InSideT        in_side_i,
  output logic          in_room_o,
  stream_if.src         in_plain,       // `ciphertext` bytes of plaintext; of AH: the text without its first eight bytes
  output InSideT        in_side_o,
  output logic          in_icv_ok_o,    // the verdict
  output logic [15:0]   in_trailer_o,   // of ESP: pad length in 7:0, next header in 15:8

  output logic          busy_o          // a packet is inside
);

  cipher_key_write_t      out_key_write, in_key_write;
  logic                   hmac_valid, hmac_done;
  hmac_key_t              hmac_key;
  logic [3:0]             zero;
  logic [SaIndexBits-1:0] zero_row;

  chain_keys u_keys (
    .clk_i,
    .rst_ni,
    .table_write_i,
    .table_ready_o,
    .wipe_i,
    .wiping_o,
    .out_write_o (out_key_write),
    .in_write_o  (in_key_write),
    .hmac_valid_o(hmac_valid),
    .hmac_key_o  (hmac_key),
    .hmac_done_i (hmac_done),
    .zero_o      (zero),
    .zero_row_o  (zero_row)
  );

  logic          out_arrived, in_arrived, out_progress, out_hash_read, in_hash_read, out_verdict, in_verdict;
  context_t      out_context, in_context;
  progress_t     out_progress_data;
  slot_t         verdict_slot;
  number_t       verdict_number;
  place_t        hash_place;
  logic [1023:0] out_hash_data, in_hash_data;
  logic [255:0]  verdict_icv;
  logic          out_busy, in_busy;

  chain_direction #(
    .Outbound(1'b1),
    .Contexts(Contexts),
    .SideT   (OutSideT)
  ) u_out (
    .clk_i,
    .rst_ni,
    .key_write_i      (out_key_write),
    .in               (out_plain),
    .packet_i         (out_packet_i),
    .side_i           (out_side_i),
    .room_o           (out_room_o),
    .out              (out_esp),
    .side_o           (out_side_o),
    .icv_o            (out_icv_o),
    .icv_ok_o         (),  // its own
    .trailer_o        (),  // known to who made it
    .busy_o           (out_busy),
    .arrived_o        (out_arrived),
    .context_o        (out_context),
    .progress_o       (out_progress),
    .progress_data_o  (out_progress_data),
    .hash_read_i      (out_hash_read),
    .hash_read_place_i(hash_place),
    .hash_read_data_o (out_hash_data),
    .verdict_i        (out_verdict),
    .verdict_slot_i   (verdict_slot),
    .verdict_number_i (verdict_number),
    .verdict_icv_i    (verdict_icv)
  );

  chain_direction #(
    .Outbound(1'b0),
    .Contexts(Contexts),
    .SideT   (InSideT)
  ) u_in (
    .clk_i,
    .rst_ni,
    .key_write_i      (in_key_write),
    .in               (in_esp),
    .packet_i         (in_packet_i),
    .side_i           (in_side_i),
    .room_o           (in_room_o),
    .out              (in_plain),
    .side_o           (in_side_o),
    .icv_o            (),  // none is sent
    .icv_ok_o         (in_icv_ok_o),
    .trailer_o        (in_trailer_o),
    .busy_o           (in_busy),
    .arrived_o        (in_arrived),
    .context_o        (in_context),
    .progress_o       (),  // all of it is there to be hashed from the beginning
    .progress_data_o  (),
    .hash_read_i      (in_hash_read),
    .hash_read_place_i(hash_place),
    .hash_read_data_o (in_hash_data),
    .verdict_i        (in_verdict),
    .verdict_slot_i   (verdict_slot),
    .verdict_number_i (verdict_number),
    .verdict_icv_i    (verdict_icv)
  );

  chain_hash #(
    .Contexts(Contexts)
  ) u_hash (
    .clk_i,
    .rst_ni,
    .out_arrived_i      (out_arrived),
    .out_context_i      (out_context),
    .out_progress_i     (out_progress),
    .out_progress_data_i(out_progress_data),
    .out_read_o         (out_hash_read),
    .in_arrived_i       (in_arrived),
    .in_context_i       (in_context),
    .in_read_o          (in_hash_read),
    .read_place_o       (hash_place),
    .out_read_data_i    (out_hash_data),
    .in_read_data_i     (in_hash_data),
    .out_verdict_o      (out_verdict),
    .in_verdict_o       (in_verdict),
    .verdict_slot_o     (verdict_slot),
    .verdict_number_o   (verdict_number),
    .verdict_icv_o      (verdict_icv),
    .key_valid_i        (hmac_valid),
    .key_i              (hmac_key),
    .key_done_o         (hmac_done),
    .zero_i             (zero),
    .zero_row_i         (zero_row)
  );

  assign busy_o = out_busy || in_busy;

endmodule
