// SPDX-License-Identifier: Apache-2.0
// Walks the extension headers of an IPv6 packet, up to the first header that is none (hw/README.md, step 5; RFC 8200 4).
//
// A stage for each header that may be read. It has two clocks, the pace of packets: in the first the header's first four bytes are
// read, and how much room there is from it on; in the second it is known where the next one begins. A clock more says whether what
// follows the last is one too.
module extension_walk
  import parse_pkg::*;
(
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic                     valid_i,      // at most every two clocks
  input  logic [8*WindowBytes-1:0] window_i,     // of an IPv6 frame, byte 0 in bits 7:0
  output extensions_t              extensions_o  // ExtensionLatency later, held until the next
);

  localparam int unsigned Units = ExtensionBytes / 8;
  localparam int unsigned AreaBegin = EthernetBytes + Ipv6Bytes;

  // Where a packet stands in front of a stage.
  typedef struct packed {
    extensions_t      so_far;
    logic [12:0]      room;  // units within the payload
    logic [7:0][31:0] area;  // the first half of each unit, its first byte most significant
  } walk_t;

  function automatic logic is_extension(logic [7:0] next_header);
    return next_header inside {8'd0, 8'd43, 8'd44, 8'd60};
  endfunction

  function automatic logic [15:0] u16(int unsigned i);
    return {window_i[8*i+:8], window_i[8*(i+1)+:8]};
  endfunction

  function automatic walk_t first();
    logic [15:0] payload = u16(18);
    first.so_far = '{next_header: window_i[8*20+:8], default: '0};
    first.room   = payload[15:3];
    for (int unsigned i = 0; i < 8; i++) first.area[i] = {u16(AreaBegin + 8 * i), u16(AreaBegin + 8 * i + 2)};
  endfunction

  logic [2*MaxExtensions-1:0] step_q;  // stage i reads when bit 2i is set, and decides when bit 2i + 1 is

  always_ff @(posedge clk_i) begin
    step_q <= rst_ni ? {step_q[2*MaxExtensions-2:0], valid_i} : '0;
    if (rst_ni && valid_i) assert (!step_q[0]) else $error("two packets in two clocks");
  end

  for (genvar i = 0; i < MaxExtensions; i++) begin : gen_stage
    walk_t       walk_q;
    logic [31:0] header_q;
    logic        more_q;    // it is an extension header, and to be read
    logic        fragment_q;
    logic [7:0]  length_q;  // units behind its first; a fragment header has no length
    logic [12:0] room_q;    // units of the payload from its first on
    logic [2:0]  area_q;    // and of the area
    extensions_t next;      // behind it

    if (i == 0) begin : gen_first
      always_ff @(posedge clk_i) if (valid_i) walk_q <= first();
    end else begin : gen_later
      always_ff @(posedge clk_i) begin
        if (step_q[2*i-1]) begin
          walk_q        <= gen_stage[i-1].walk_q;
          walk_q.so_far <= gen_stage[i-1].next;
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (step_q[2*i]) begin
        header_q   <= walk_q.area[walk_q.so_far.units];
        length_q   <= walk_q.so_far.next_header == 8'd44 ? 8'd0 : walk_q.area[walk_q.so_far.units][23:16];
        fragment_q <= walk_q.so_far.next_header == 8'd44;
        room_q     <= walk_q.room - 13'(walk_q.so_far.units);
        area_q     <= 3'(Units) - walk_q.so_far.units;
        more_q     <= is_extension(walk_q.so_far.next_header) && !walk_q.so_far.later &&
                    !walk_q.so_far.malformed && !walk_q.so_far.too_many;
      end
    end

    always_comb begin
      next = walk_q.so_far;
      if (more_q) begin
        next.malformed   = 13'(length_q) >= room_q;
        next.too_many    = !next.malformed && length_q >= 8'(area_q);
        next.last        = walk_q.so_far.units;
        next.units       = walk_q.so_far.units + length_q[2:0] + 3'd1;
        next.next_header = header_q[31:24];
        if (fragment_q) begin
          next.fragment = walk_q.so_far.fragment || header_q[15:3] != '0 || header_q[0];
          next.later    = header_q[15:3] != '0;
        end
      end
    end
  end

  extensions_t last_q;
  logic        last_valid_q;

  always_ff @(posedge clk_i) begin
    last_valid_q <= rst_ni && step_q[2*MaxExtensions-1];
    if (step_q[2*MaxExtensions-1]) last_q <= gen_stage[MaxExtensions-1].next;
    if (last_valid_q) begin
      extensions_o <= last_q;
      if (is_extension(last_q.next_header) && !last_q.later && !last_q.malformed) begin
        extensions_o.too_many <= 1'b1;
      end
    end
  end

endmodule
