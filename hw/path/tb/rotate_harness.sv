// SPDX-License-Identifier: Apache-2.0
// slice, append and prepend in a row with their streams brought out as plain ports, for the test.
module rotate_harness
  import parse_pkg::*;
(
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [511:0] in_data_i,
  input  logic [5:0]   in_empty_i,
  input  logic         in_last_i,
  input  logic [7:0]   skip_i,           // of the frame at the input, like all that follow
  input  frame_bytes_t keep_i,
  input  logic [255:0] tail_i,
  input  logic [5:0]   tail_bytes_i,
  input  logic [511:0] header_i,
  input  logic [6:0]   header_bytes_i,
  input  logic [15:0]  number_i,
  input  logic         tail_there_i,     // random: tails may come late
  output logic         out_valid_o,
  input  logic         out_ready_i,
  output logic [511:0] out_data_o,
  output logic [5:0]   out_empty_o,
  output logic         out_last_o,
  output logic [15:0]  number_o
);

  typedef struct packed {
    logic [255:0] tail;
    logic [5:0]   tail_bytes;
    logic [511:0] header;
    logic [6:0]   header_bytes;
    logic [15:0]  number;
  } side_t;

  stream_if in (.clk_i, .rst_ni);
  stream_if sliced (.clk_i, .rst_ni);
  stream_if longer (.clk_i, .rst_ni);
  stream_if out (.clk_i, .rst_ni);
  side_t    sliced_side, longer_side;

  assign in.valid   = in_valid_i;
  assign in.beat    = '{data: in_data_i, empty: in_empty_i, last: in_last_i};
  assign in_ready_o = in.ready;

  slice #(.SideT(side_t)) u_slice (
    .clk_i,
    .rst_ni,
    .in,
    .skip_i,
    .keep_i,
    .side_i({tail_i, tail_bytes_i, header_i, header_bytes_i, number_i}),
    .out   (sliced),
    .side_o(sliced_side),
    .busy_o()
  );

  append #(
    .Bytes(32),
    .SideT(side_t)
  ) u_append (
    .clk_i,
    .rst_ni,
    .in          (sliced),
    .side_i      (sliced_side),
    .tail_valid_i(tail_there_i),
    .tail_ready_o(),
    .tail_i      (sliced_side.tail),
    .tail_bytes_i(sliced_side.tail_bytes),
    .out         (longer),
    .side_o      (longer_side),
    .busy_o      ()
  );

  prepend #(.SideT(logic [15:0])) u_prepend (
    .clk_i,
    .rst_ni,
    .in      (longer),
    .header_i(longer_side.header),
    .bytes_i (longer_side.header_bytes),
    .side_i  (longer_side.number),
    .out,
    .side_o  (number_o),
    .busy_o  ()
  );

  assign out_valid_o = out.valid;
  assign out.ready   = out_ready_i;
  assign out_data_o  = out.beat.data;
  assign out_empty_o = out.beat.empty;
  assign out_last_o  = out.beat.last;

  wire unused = &{1'b0, longer_side};

endmodule
