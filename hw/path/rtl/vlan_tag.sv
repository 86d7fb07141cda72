// SPDX-License-Identifier: Apache-2.0
// Puts a port's VLAN tag into the frames that leave it (IEEE 802.1Q), with priority 0.
//
// What follows the tag moves four bytes back. A frame whose last bytes then find no room has a beat more, for which the last beat
// of `in` waits. Without a VLAN frames pass as they are.
module vlan_tag
  import stream_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [11:0] vlan_i,    // of the port; 0: none
  stream_if.snk       in,
  stream_if.src       out,
  output logic        tagged_o   // the frame at the output
);

  logic [11:0] vlan_q;    // for the whole of a frame
  logic        inside_q;  // the beat is not its frame's first
  logic        spills;    // the beat's last bytes need a beat of their own
  logic        spilt_q;   // and all others have gone
  logic [31:0] moved_q;   // the last bytes of the beat before
  logic [31:0] tag;

  assign tagged_o  = vlan_q != '0;
  assign tag       = {vlan_q[7:0], 4'd0, vlan_q[11:8], 16'h0081};  // first byte in bits 7:0
  assign spills    = tagged_o && in.beat.last && in.beat.empty < 6'd4 && !spilt_q;
  assign out.valid = in.valid;
  assign in.ready  = out.ready && !spills;

  always_comb begin
    out.beat = in.beat;
    if (tagged_o) begin
      out.beat.last  = in.beat.last && !spills;
      out.beat.empty = out.beat.last ? in.beat.empty - 6'd4 : '0;
      if (spilt_q) out.beat.data[31:0] = moved_q;
      else if (inside_q) out.beat.data = {in.beat.data[479:0], moved_q};
      else out.beat.data = {in.beat.data[479:96], tag, in.beat.data[95:0]};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      spilt_q  <= 1'b0;
    end else if (out.valid && out.ready) begin
      inside_q <= !out.beat.last;
      spilt_q  <= spills;
    end
    if (out.valid && out.ready) moved_q <= in.beat.data[511:480];
    if (!in.valid || (out.ready && out.beat.last)) vlan_q <= vlan_i;
  end

endmodule
