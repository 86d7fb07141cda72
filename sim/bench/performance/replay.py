#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gives the card under Icarus Verilog what `sallyport-bench speed --pins` wrote, and times it.

usage: replay.py CARD.v PINS.hex FOLDER

CARD.v is the card as bitstreams/synthesis/plain_verilog.py writes it. Prints the clocks compared, all of which must have sent the
same, and clocks a second of processor time once frames come in.
"""
import json
import os
import pathlib
import subprocess
import sys

BEGIN, CLOCKS, MARK = 1000, 3000, 500  # after the first frame, to be timed, and how often the bench says where it is

BENCH = """// Gives the card what another simulator has given it, and stops at the first clock before which it has sent something else.
module replay;
  reg  [{bits}-1:0] log [0:{lines}-1];
  integer n, clocks;
{wires}
  assign {{{names}}} = log[n];

  reg          clk = 1'b0;
  reg  [511:0] lan = 512'd0, wan = 512'd0;  // folded
  wire         lan_tx_tvalid, lan_tx_tlast, wan_tx_tvalid, wan_tx_tlast;
  wire [511:0] lan_tx_tdata, wan_tx_tdata;
  wire [63:0]  lan_tx_tkeep, wan_tx_tkeep;

  sallyport_card card (
    .clk_i(clk), {connections},
    .lan_tx_tvalid(lan_tx_tvalid), .lan_tx_tdata(lan_tx_tdata), .lan_tx_tkeep(lan_tx_tkeep), .lan_tx_tlast(lan_tx_tlast),
    .wan_tx_tvalid(wan_tx_tvalid), .wan_tx_tdata(wan_tx_tdata), .wan_tx_tkeep(wan_tx_tkeep), .wan_tx_tlast(wan_tx_tlast));

  function automatic [511:0] folded;
    input [511:0] fold, data;
    input [63:0] keep;
    input last;
    integer i;
    begin
      folded = {{fold[510:0], fold[511]}};
      for (i = 0; i < 64; i = i + 1) if (!last || keep[i]) folded[8*i +: 8] = folded[8*i +: 8] ^ data[8*i +: 8];
    end
  endfunction

  initial begin
    $readmemh("{pins}", log);
    if (!$value$plusargs("clocks=%d", clocks)) clocks = 1;
    for (n = 0; n < clocks; n = n + 1) begin
      #1;
      if ((lan ^ wan) !== sent) begin
        $display("differs in clock %0d", n);
        $finish;
      end
      if (rst_ni && lan_tx_tvalid && lan_tx_tready) lan = folded(lan, lan_tx_tdata, lan_tx_tkeep, lan_tx_tlast);
      if (rst_ni && wan_tx_tvalid && wan_tx_tready) wan = folded(wan, wan_tx_tdata, wan_tx_tkeep, wan_tx_tlast);
      if (n % {mark} == 0) begin
        $display("clock %0d", n);
        $fflush;
      end
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
    $finish;
  end

endmodule
"""


def bench(pins, header, lines):
    names = [(name, int(bits)) for name, bits in (p.split(":") for p in header.split()[1:])]
    return BENCH.format(
        bits=sum(bits for _, bits in names), lines=lines, mark=MARK, pins=pins, names=", ".join(name for name, _ in names),
        wires="\n".join(f"  wire [{bits - 1}:0] {name};" for name, bits in names),
        connections=", ".join(f".{name}({name})" for name, _ in names if name != "sent"))


def first_frame(header, lines):
    """The clock in which a MAC has something."""
    low, valid = 0, []
    for name, bits in reversed([p.split(":") for p in header.split()[1:]]):
        if name.endswith("_rx_tvalid"):
            valid.append(low)
        low += int(bits)
    return next(n for n, line in enumerate(lines) if any(int(line, 16) >> bit & 1 for bit in valid))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def replay(card, pins, folder):
    header, *lines = pathlib.Path(pins).read_text().splitlines()
    begin = (first_frame(header, lines) + BEGIN) // MARK * MARK
    end = begin + CLOCKS
    if end > len(lines):
        sys.exit(f"replay: {pins} has {len(lines)} clocks, {end} are needed")
    (folder / "replay.v").write_text(bench(pathlib.Path(pins).resolve(), header, len(lines)))
    subprocess.run(["iverilog", "-g2012", "-s", "replay", "-o", folder / "replay.vvp", folder / "replay.v", card], check=True)
    simulator = subprocess.Popen(["vvp", "-n", folder / "replay.vvp", f"+clocks={end + 1}"], stdout=subprocess.PIPE, text=True)
    used = {}
    for line in simulator.stdout:
        if not line.startswith("clock "):
            sys.exit(f"replay: {pins}: {line}")
        used[int(line.split()[1])] = cpu_seconds(simulator.pid)
    simulator.wait()
    return {"clocks": end, "clocks_per_cpu_second": CLOCKS / (used[end] - used[begin])}


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(json.dumps(replay(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]))))
