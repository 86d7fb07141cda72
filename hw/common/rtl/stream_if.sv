// SPDX-License-Identifier: Apache-2.0
// A stream of frames, a beat at a time. A beat passes in a clock in which `valid` and `ready` are both high.
//
// `valid` must not wait for `ready`; once offered, a beat stays until it is taken. Both rules are checked here, so every
// stream of the card is checked without being asked.
interface stream_if (
  input logic clk_i,
  input logic rst_ni
);

  stream_pkg::beat_t beat;
  logic              valid;
  logic              ready;

  modport src(output valid, output beat, input ready);
  modport snk(input valid, input beat, output ready);

  logic              offered_q;  // the last clock's offer was not taken
  stream_pkg::beat_t offer_q;

  always_ff @(posedge clk_i) begin
    offered_q <= rst_ni && valid && !ready;
    if (valid && !ready) offer_q <= beat;
    if (rst_ni) begin
      if (offered_q) begin
        assert (valid) else $error("valid fell before ready");
        assert (beat == offer_q) else $error("a beat changed before it was taken");
      end
      if (valid) assert (beat.last || beat.empty == '0) else $error("empty bytes before the last beat");
    end
  end

endinterface
