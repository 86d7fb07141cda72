// SPDX-License-Identifier: Apache-2.0
// Requests and answers of the SA engines.
package sa_pkg;

  import layout_pkg::*;

  // Clocks from request to answer.
  localparam int unsigned RowLatency = 1;      // sa_out: static row
  localparam int unsigned NumberLatency = 3;   // sa_out: sequence number
  localparam int unsigned AdmitLatency = 4;    // sa_in: admission
  localparam int unsigned AcceptLatency = 3;   // sa_in: after the ICV

  // One request every two clocks at most, at each port: a read-modify-write never meets itself.
  localparam int unsigned Pace = 2;

  // ---- sa_out -----------------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic [15:0] sa_index;
    sa_out_t     row;    // as the row port gave it
    logic [13:0] bytes;  // of ciphertext: payload, padding and trailer
  } number_request_t;

  typedef struct packed {
    logic        accept;
    drop_e       drop;        // when not accepted: sa_empty, seq_exhausted or hard_limit
    logic [63:0] seq;         // of this packet
    logic        soft_limit;  // event: this packet reached a soft limit
    logic        hard_limit;  // event: this packet made the SA expire
  } number_t;

  // ---- sa_in ------------------------------------------------------------------------------------------------------------------

  typedef struct packed {
    logic [31:0] spi;
    logic [31:0] destination;  // outer
    logic        encap;        // it came in UDP
    logic [31:0] seq;          // as in the ESP header
  } admit_request_t;

  typedef struct packed {
    logic                   accept;
    drop_e                  drop;      // when not: spi_unknown, hard_limit, replay_old or replay_duplicate
    logic [SaIndexBits-1:0] sa_index;
    sa_in_t                 row;
    logic [63:0]            seq;       // whole: high half inferred with ESN, zero without
  } admit_t;

  typedef struct packed {
    logic [SaIndexBits-1:0] sa_index;
    sa_in_t                 row;     // sa_index, row and seq as admission gave them
    logic [63:0]            seq;
    logic [13:0]            bytes;   // of ciphertext
    logic                   icv_ok;
  } accept_request_t;

  typedef struct packed {
    logic  accept;
    drop_e drop;        // when not: spi_unknown, hard_limit, replay_old, replay_duplicate or icv_mismatch
    logic  soft_limit;  // event: this packet reached a soft limit
    logic  hard_limit;  // event: this packet made the SA expire
  } accept_t;

endpackage
