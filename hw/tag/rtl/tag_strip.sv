// SPDX-License-Identifier: Apache-2.0
// Takes the user's tag out of frames: the bytes go, the IP header says so, and what they were goes on beside the frame.
//
// Beats run freely through the stages below into a fifo; who may enter is counted. The frame's first beat decides in stages 1 to
// 5, and those behind it follow at their distance. Behind them a beat waits for the next, whose first bytes move up.
module tag_strip
  import stream_pkg::*, parse_pkg::*, host_if_pkg::*, tag_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  stream_if.snk        in,
  input  frame_bytes_t length_i,  // beside every beat
  input  sender_t      sender_i,  // likewise
  stream_if.src        out,
  output frame_bytes_t length_o,
  output sender_t      sender_o,
  output tag_t         tag_o,
  output logic         busy_o
);

  localparam int unsigned Depth = 32;  // beats inside: more than there are stages, so that one may enter every clock
  localparam int unsigned Stages = 5;  // until it is known what goes

  localparam int unsigned Ipv4At = EthernetBytes + Ipv4Bytes;  // where a tag begins
  localparam int unsigned Ipv6At = EthernetBytes + Ipv6Bytes;

  // What is known of a frame, beside its first beat.
  typedef struct packed {
    frame_bytes_t length;
    sender_t      sender;
    logic         cut16;  // bytes go
    logic         cut8;
    logic         ipv6;
  } frame_t;

  // ---- who may enter ----------------------------------------------------------------------------------------------------------

  logic                     take, leave, vanish;
  logic                     open_q;  // there is room
  logic [$clog2(Depth+1)-1:0] inside_q;

  assign in.ready = open_q;
  assign take     = in.valid && open_q;
  assign busy_o   = inside_q != '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= '0;
      open_q   <= 1'b0;
    end else begin
      inside_q <= inside_q + 6'(take) - 6'(leave) - 6'(vanish);
      open_q   <= inside_q < 6'(Depth - 2);  // what is taken in this clock and the next is not counted yet
    end
  end

  // ---- stages 1 to 5: beats -----------------------------------------------------------------------------------------------------

  logic   first_q;          // the next beat begins a frame
  logic   valid_q[1:Stages];
  logic   head_q[1:Stages];  // the beat begins a frame
  beat_t  beat_q[1:Stages];
  frame_t frame_q[1:Stages];

  logic [7:0]  b[64];  // the frame's first bytes, at the input
  for (genvar i = 0; i < 64; i++) begin : gen_byte
    assign b[i] = in.beat.data[8*i+:8];
  end

  // What stage 1 reads of them; each is small enough for its clock.
  logic        ipv4_q, ipv6_q;            // ethertype and version agree; of IPv6 destination options follow
  logic        option16_q, option8_q;     // IPv4: a tag stands there
  logic        extension16_q, extension8_q;
  logic        header16_q, header8_q;     // IPv4: the header takes it in
  logic        holds_q;                   // IPv4: total takes in the header
  logic        payload16_q, payload8_q;   // IPv6: the payload takes it in
  logic [15:0] total_q[3];                // IPv4's total, IPv6's payload length
  logic [14:0] room_q, room6_q;           // the frame's bytes behind the Ethernet header, and behind IPv6's; negative: none

  // stage 2
  logic        fits_q, fits6_q;
  logic        form16_q, form8_q, form6_16_q, form6_8_q;
  logic [15:0] total16_q[3], total8_q[3];
  logic [3:0]  ihl16_q[3], ihl8_q[3];
  logic        long_q[2];  // of IPv4: the tag has a check, if it is one

  // stage 4
  logic [15:0] total_new_q;
  logic [3:0]  ihl_new_q;

  // The sums of the checksum: RFC 1624 equation 3, ~HC' = ~HC + ~m + m'. Each word of the tag becomes nothing; header length and total
  // go down, which adds the same to ~m + m' for 8 bytes, and twice that for 16.
  localparam logic [15:0] Shorter = 16'hfdf7;  // ~0 - 0x0200 and ~0 - 8, folded
  logic [17:0] sum_a_q, sum_b_q, sum_c_q, sum_d_q;
  logic [19:0] sum8_q, more16_q, sum_q;
  logic [16:0] folded_q;
  logic [15:0] checksum;

  function automatic logic [17:0] not_word(int unsigned at);
    return {2'b00, ~{b[at], b[at+1]}};
  endfunction

  function automatic logic bytes_are(int unsigned at, logic [15:0] two);
    return {b[at], b[at+1]} == two;
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      for (int i = 1; i <= Stages; i++) valid_q[i] <= 1'b0;
    end else begin
      if (take) first_q <= in.beat.last;
      valid_q[1] <= take;
      for (int i = 2; i <= Stages; i++) valid_q[i] <= valid_q[i-1];
    end
    if (take) begin
      head_q[1] <= first_q;
      beat_q[1] <= in.beat;
    end
    for (int i = 2; i <= Stages; i++) begin
      if (valid_q[i-1]) begin
        head_q[i] <= head_q[i-1];
        beat_q[i] <= beat_q[i-1];
      end
    end

    // stage 1
    if (take && first_q) begin
      frame_q[1]    <= '{length: length_i, sender: sender_i, cut16: 1'b0, cut8: 1'b0, ipv6: b[12] == 8'h86};
      ipv4_q        <= bytes_are(12, 16'h0800) && b[14][7:4] == 4'd4;
      ipv6_q        <= bytes_are(12, 16'h86dd) && b[14][7:4] == 4'd6 && b[20] == 8'd60;
      option16_q    <= bytes_are(Ipv4At, 16'h9e0e) && bytes_are(Ipv4At + 14, 16'h0101);
      option8_q     <= bytes_are(Ipv4At, 16'h9e06) && bytes_are(Ipv4At + 6, 16'h0101);
      extension16_q <= bytes_are(Ipv6At + 1, 16'h011e) && b[Ipv6At+3] == 8'd12;
      extension8_q  <= bytes_are(Ipv6At + 1, 16'h001e) && b[Ipv6At+3] == 8'd4;
      header16_q    <= b[14][3:0] >= 4'd9;
      header8_q     <= b[14][3:0] >= 4'd7;
      holds_q       <= {b[16], b[17]} >= {10'd0, b[14][3:0], 2'b00};
      payload16_q   <= {b[18], b[19][7:4]} != '0;
      payload8_q    <= {b[18], b[19][7:3]} != '0;
      total_q[0]    <= b[12] == 8'h86 ? {b[18], b[19]} : {b[16], b[17]};
      room_q        <= {1'b0, length_i} - 15'(EthernetBytes);
      room6_q       <= {1'b0, length_i} - 15'(Ipv6At);
      ihl16_q[0]    <= b[14][3:0] - 4'd4;
      ihl8_q[0]     <= b[14][3:0] - 4'd2;
      long_q[0]     <= b[Ipv4At+1][3];
      sum_a_q       <= not_word(Ipv4At) + not_word(Ipv4At + 2) + not_word(24);
      sum_b_q       <= not_word(Ipv4At + 4) + not_word(Ipv4At + 6);
      sum_c_q       <= not_word(Ipv4At + 8) + not_word(Ipv4At + 10) + not_word(Ipv4At + 12);
      sum_d_q       <= not_word(Ipv4At + 14);
    end

    // stage 2
    if (valid_q[1] && head_q[1]) begin
      frame_q[2]   <= frame_q[1];
      fits_q       <= {1'b0, total_q[0]} <= {2'b00, room_q};
      fits6_q      <= !room6_q[14] && {1'b0, total_q[0]} <= {2'b00, room6_q};
      form16_q     <= ipv4_q && option16_q && header16_q && holds_q;
      form8_q      <= ipv4_q && option8_q && header8_q && holds_q;
      form6_16_q   <= ipv6_q && extension16_q && payload16_q;
      form6_8_q    <= ipv6_q && extension8_q && payload8_q;
      total16_q[0] <= total_q[0] - 16'd16;
      total8_q[0]  <= total_q[0] - 16'd8;
      total_q[1]   <= total_q[0];
      ihl16_q[1]   <= ihl16_q[0];
      ihl8_q[1]    <= ihl8_q[0];
      long_q[1]    <= long_q[0];
      sum8_q       <= 20'(sum_a_q) + 20'(sum_b_q) + 20'(Shorter);
      more16_q     <= 20'(sum_c_q) + 20'(sum_d_q) + 20'(Shorter);
    end

    // stage 3
    if (valid_q[2] && head_q[2]) begin
      frame_q[3]       <= frame_q[2];
      frame_q[3].cut16 <= (form16_q && fits_q) || (form6_16_q && fits6_q);
      frame_q[3].cut8  <= (form8_q && fits_q) || (form6_8_q && fits6_q);
      total16_q[1]     <= total16_q[0];
      total8_q[1]      <= total8_q[0];
      total_q[2]       <= total_q[1];
      ihl16_q[2]       <= ihl16_q[1];
      ihl8_q[2]        <= ihl8_q[1];
      sum_q            <= sum8_q + (long_q[1] ? more16_q : 20'd0);
    end

    // stage 4
    if (valid_q[3] && head_q[3]) begin
      frame_q[4]        <= frame_q[3];
      frame_q[4].length <= frame_q[3].length - {9'd0, frame_q[3].cut16, frame_q[3].cut8, 3'd0};
      total_new_q        <= frame_q[3].cut16 ? total16_q[1] : frame_q[3].cut8 ? total8_q[1] : total_q[2];
      ihl_new_q          <= frame_q[3].cut16 ? ihl16_q[2] : ihl8_q[2];
      folded_q          <= 17'(sum_q[15:0]) + 17'(sum_q[19:16]);
    end

    // stage 5: the header says so
    if (valid_q[4] && head_q[4]) begin
      frame_q[5] <= frame_q[4];
      if (frame_q[4].cut16 || frame_q[4].cut8) begin
        if (frame_q[4].ipv6) begin
          beat_q[5].data[8*18+:16] <= {total_new_q[7:0], total_new_q[15:8]};
          beat_q[5].data[8*20+:8]  <= beat_q[4].data[8*Ipv6At+:8];
        end else begin
          beat_q[5].data[8*14+:4]  <= ihl_new_q;
          beat_q[5].data[8*16+:16] <= {total_new_q[7:0], total_new_q[15:8]};
          beat_q[5].data[8*24+:16] <= {checksum[7:0], checksum[15:8]};
        end
      end
    end
  end

  assign checksum = ~(folded_q[15:0] + 16'(folded_q[16]));

  // ---- the bytes move up --------------------------------------------------------------------------------------------------------

  logic       held_valid_q;  // a beat that waits for the next, or is the frame's rest
  logic       held_head_q;
  beat_t      held_q;
  frame_t     held_frame_q;  // of its frame
  frame_t     now;           // of the beat behind stage 5
  logic       arrives, ends, emit;
  logic       all_fit;       // what is left of the frame moves into the held beat
  beat_t      moved;

  assign arrives = valid_q[Stages];
  assign now     = head_q[Stages] ? frame_q[Stages] : held_frame_q;
  assign ends    = held_valid_q && held_q.last;
  assign emit    = ends || (held_valid_q && arrives);
  // Not more bytes than go: of 64, 48 or 56 are empty.
  assign all_fit = held_valid_q && !held_q.last && arrives && beat_q[Stages].last &&
                   (held_frame_q.cut16 ? beat_q[Stages].empty >= 6'd48 : held_frame_q.cut8 && beat_q[Stages].empty >= 6'd56);
  assign vanish  = all_fit;

  // Byte i of what leaves: in a frame's first beat those in front of the tag stay.
  always_comb begin
    logic [1023:0] both;
    both       = {beat_q[Stages].data, held_q.data};
    moved.data = held_q.data;
    for (int unsigned i = 0; i < 64; i++) begin
      if (!held_head_q || i >= Ipv6At || (i >= Ipv4At && !held_frame_q.ipv6)) begin
        if (held_frame_q.cut16) moved.data[8*i+:8] = both[8*(i+16)+:8];
        else if (held_frame_q.cut8) moved.data[8*i+:8] = both[8*(i+8)+:8];
      end
    end
    moved.last  = held_q.last || all_fit;
    moved.empty = '0;
    // Modulo 64: what an arriving beat's bytes leave empty behind them, once they have moved up.
    if (moved.last) begin
      moved.empty = (held_q.last ? held_q.empty : beat_q[Stages].empty) + {1'b0, held_frame_q.cut16, held_frame_q.cut8, 3'b000};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) held_valid_q <= 1'b0;
    else held_valid_q <= arrives ? !all_fit : held_valid_q && !emit;
    if (arrives) begin
      held_q       <= beat_q[Stages];
      held_head_q  <= head_q[Stages];
      held_frame_q <= now;
    end
  end

  // ---- out ------------------------------------------------------------------------------------------------------------------------

  typedef struct packed {
    frame_bytes_t length;
    sender_t      sender;
    tag_t         tag;
  } side_t;

  function automatic logic [7:0] held_byte(int unsigned i);
    return held_q.data[8*i+:8];
  endfunction

  function automatic logic [7:0] next_byte(int unsigned i);
    return beat_q[Stages].data[8*i+:8];
  endfunction

  logic  moved_valid_q, room;
  beat_t moved_q;
  side_t side_q, side;  // of the frame
  logic [$clog2(Depth+2)-1:0] used;

  always_ff @(posedge clk_i) begin
    moved_valid_q <= rst_ni && emit;
    if (emit) moved_q <= moved;
    if (emit && held_head_q) begin
      side_q.length      <= held_frame_q.length;
      side_q.sender      <= held_frame_q.sender;
      side_q.tag.present <= held_frame_q.cut16 || held_frame_q.cut8;
      side_q.tag.plain   <= held_frame_q.cut8;
      if (held_frame_q.ipv6) begin
        for (int unsigned i = 0; i < 4; i++) side_q.tag.handle[8*(3-i)+:8] <= held_byte(Ipv6At + 4 + i);
        // The check begins in the first beat's last two bytes; one that is cut has a beat behind it.
        for (int unsigned i = 0; i < 2; i++) side_q.tag.check[8*(7-i)+:8] <= held_byte(Ipv6At + 8 + i);
        for (int unsigned i = 2; i < 8; i++) side_q.tag.check[8*(7-i)+:8] <= next_byte(i - 2);
      end else begin
        for (int unsigned i = 0; i < 4; i++) side_q.tag.handle[8*(3-i)+:8] <= held_byte(Ipv4At + 2 + i);
        for (int unsigned i = 0; i < 8; i++) side_q.tag.check[8*(7-i)+:8] <= held_byte(Ipv4At + 6 + i);
      end
    end
  end

  fifo #(
    .Width($bits(beat_t) + $bits(side_t)),
    .Depth(Depth)
  ) u_out (
    .clk_i,
    .rst_ni,
    .valid_i(moved_valid_q),
    .ready_o(room),
    .data_i ({moved_q, side_q}),
    .valid_o(out.valid),
    .ready_i(out.ready),
    .data_o ({out.beat, side}),
    .used_o (used)
  );

  assign leave    = out.valid && out.ready;
  assign length_o = side.length;
  assign sender_o = side.sender;
  assign tag_o    = side.tag;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!moved_valid_q || room) else $error("a beat without room");
      assert (!(emit && held_head_q && held_frame_q.cut16 && held_frame_q.ipv6) || arrives) else $error("a tag without its end");
    end
  end

  wire unused = &{1'b0, used};

endmodule
