// SPDX-License-Identifier: Apache-2.0
// Makes out what a packet's IP header has beyond its first 20 or 40 bytes, and what of that AH hashes: the same, with zeros for what may
// change on the way (hw/README.md, Ciphers and integrity; RFC 4302 appendix A).
//
// A packet of AH that has extras waits until they have been walked, three clocks a byte. All others pass.
module header_extras
  import parse_pkg::*, path_pkg::*;
#(
  parameter type SideT = logic
) (
  input  logic    clk_i,
  input  logic    rst_ni,
  stream_if.snk   in,
  input  outer_t  outer_i,   // beside every beat, as are the next
  input  logic    ah_i,
  input  extras_t extras_i,  // with whatever stands behind their last byte
  input  SideT    side_i,
  stream_if.src   out,
  output extras_t extras_o,  // beside every beat, as are the next
  output extras_t hashed_o,  // of AH
  output SideT    side_o,
  output logic    busy_o
);

  typedef enum logic [2:0] {
    Idle,
    Look,   // at the byte behind: how long an option would be
    Judge,
    Turn,
    Done
  } state_e;

  // Beside a beat.
  typedef struct packed {
    logic       walks;
    logic       ipv6;
    logic [3:0] extra_words;
    logic [7:0] next_header;
    extras_t    extras;
    SideT       side;
  } whole_t;

  stream_if   known (.clk_i, .rst_ni);
  whole_t     whole_in, whole;
  state_e     state_q;
  extras_t    hashed_q;
  logic       passes;
  logic [5:0] steps_q;  // still to do

  always_comb begin
    whole_in = '{
      walks:       ah_i && outer_i.extra_words != '0,
      ipv6:        outer_i.ipv6,
      extra_words: outer_i.extra_words,
      next_header: outer_i.next_header,
      extras:      '0,
      side:        side_i
    };
    for (int unsigned i = 0; i < MaxExtraBytes / 4; i++) begin
      if (4'(i) < outer_i.extra_words) whole_in.extras[32*i+:32] = extras_i[32*i+:32];
    end
  end

  beat_register #(.SideT(whole_t)) u_known (
    .clk_i,
    .rst_ni,
    .in,
    .side_i(whole_in),
    .out   (known),
    .side_o(whole)
  );

  assign passes      = !whole.walks || state_q == Done;
  assign out.valid   = known.valid && passes;
  assign out.beat    = known.beat;
  assign known.ready = out.ready && passes;
  assign extras_o    = whole.extras;
  assign hashed_o    = hashed_q;
  assign side_o      = whole.side;
  assign busy_o      = known.valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      unique case (state_q)
        Idle:    if (known.valid && whole.walks) state_q <= Look;
        Look:    state_q <= Judge;
        Judge:   state_q <= Turn;
        Turn:    state_q <= steps_q == 6'd1 ? Done : Look;
        default: if (known.valid && known.ready && known.beat.last) state_q <= Idle;
      endcase
    end
  end

  // ---- what the byte is if an option or an extension header begins there
  localparam logic [7:0] HopByHop = 8'd0, Fragment = 8'd44, DestinationOptions = 8'd60;  // RFC 8200 4

  typedef struct packed {
    logic       single;     // an option of one byte
    logic       final_;     // which ends them
    logic       kept;       // nothing of it changes on the way
    logic       broken;     // its length cannot be
    logic [5:0] length;     // bytes of it behind this one
    logic [5:0] extension;  // bytes of the extension header behind this one
    logic       header;     // it is an extension header
    logic       nothing;    // there is nothing any more
  } found_t;

  found_t     found, found_q;
  logic [7:0] kind, said;  // the byte, and the next
  logic [8:0] length_q;    // bytes of an option
  logic [5:0] area_q;      // bytes left of IPv4's options or of the extension header; 0: another one begins
  logic [7:0] type_q;      // which
  logic [5:0] left_q;      // bytes of the extras

  assign kind   = hashed_q[7:0];
  assign said   = hashed_q[15:8];

  always_comb begin
    found = '{
      single:    kind == (whole.ipv6 ? 8'd0 : 8'd1),
      final_:    !whole.ipv6 && kind == 8'd0,
      kept:      whole.ipv6 ? !kind[5] : kind inside {8'd130, 8'd133, 8'd134, 8'd148, 8'd149},
      broken:    area_q == 6'd1 || length_q > {3'd0, area_q} || length_q < 9'd2,
      length:    length_q[5:0] - 6'd1,
      extension: type_q == Fragment ? 6'd7 : {said[2:0], 3'd7},
      header:    area_q == '0 && left_q != '0,
      nothing:   left_q == '0
    };
  end

  always_ff @(posedge clk_i) begin
    length_q <= whole.ipv6 ? {1'b0, said} + 9'd2 : {1'b0, said};
    found_q  <= found;
  end

  // ---- the walk: the extras turn by a byte, and have come around at its end
  typedef enum logic [2:0] {
    Option,  // begins, if not an extension header
    Within,  // an option
    Size,    // of the extension header
    Keep,    // up to the end of the area
    Hide     // likewise
  } at_e;

  at_e        at_d, at_q;
  logic       hidden;
  logic       hides_q;        // the option under the walk
  logic       size_q;         // it is the byte of its length
  logic [5:0] option_q;       // bytes of the option
  logic       has_options_q;  // the extension header under the walk
  logic       opens;

  assign opens = !found_q.header && at_q == Option;

  always_comb begin
    at_d   = at_q;
    hidden = 1'b0;
    unique case (at_q)
      Option: begin
        hidden = found_q.broken && !found_q.single && !found_q.final_ ||
                 !whole.ipv6 && !found_q.single && !found_q.final_ && !found_q.kept;
        if (found_q.single) at_d = Option;
        else if (found_q.final_) at_d = Keep;
        else at_d = found_q.broken ? Hide : Within;
      end
      Within: begin
        hidden = hides_q && !(whole.ipv6 && size_q);
        if (option_q == 6'd1) at_d = Option;
      end
      Size: at_d = has_options_q ? Option : Keep;
      Keep: at_d = Keep;
      default: hidden = 1'b1;
    endcase
    if (found_q.header) begin
      at_d   = Size;
      hidden = 1'b0;
    end
    if (found_q.nothing) hidden = 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      hashed_q <= whole.extras;
      steps_q  <= 6'(MaxExtraBytes);
      left_q   <= {whole.extra_words, 2'b00};
      area_q   <= whole.ipv6 ? '0 : {whole.extra_words, 2'b00};
      type_q   <= whole.next_header;
      at_q     <= Option;
    end else if (state_q == Turn) begin
      hashed_q <= {hidden ? 8'd0 : kind, hashed_q[8*MaxExtraBytes-1:8]};
      steps_q  <= steps_q - 6'd1;
      at_q     <= at_d;
      if (left_q != '0) left_q <= left_q - 6'd1;
      if (found_q.header) begin
        area_q         <= found_q.extension;
        type_q         <= kind;
        has_options_q <= type_q inside {HopByHop, DestinationOptions};
      end else if (area_q != '0) begin
        area_q <= area_q - 6'd1;
      end
      option_q <= opens ? found_q.length : option_q - 6'd1;
      size_q   <= opens;
      if (opens) hides_q <= !found_q.kept;
    end
  end

endmodule
