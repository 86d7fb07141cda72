# SPDX-License-Identifier: Apache-2.0
"""Places and routes a unit on an iCE40 HX8K, the largest FPGA for which everything is in Debian: not the target, and slower, but physical.

The unit stands between registers, which a shift register fills and another empties, so that it needs four pins.
"""
import json
import pathlib
import re
import subprocess
import tempfile

PORT = re.compile(r"^  (input|output) +(?:logic|wire|reg) *(?:\[(\d+):0\])? *(\w+)[,;]?$", re.M)
MODULE = """
module scanned (input clk, input in, input load, output out);
  reg  [{inputs}-1:0] shifted, held;
  reg  [{outputs}-1:0] caught;
  wire [{outputs}-1:0] result;
  assign out = caught[0];
  always @(posedge clk) begin
    shifted <= {{shifted[{inputs}-2:0], in}};
    if (load) held <= shifted;
    caught <= load ? result : {{1'b0, caught[{outputs}-1:1]}};
  end
  {name} unit (.clk_i(clk){pins});
endmodule
"""


def scanned(name, source):
    """`source`, which has module `name` first of all, and a module around it."""
    counts, pins = {"input": 0, "output": 0}, []
    for direction, top, port in PORT.findall(source.split("endmodule", 1)[0]):
        if port == "clk_i":
            continue
        width = int(top or 0) + 1
        pins.append(f", .{port}({'held' if direction == 'input' else 'result'}[{counts[direction]} +: {width}])")
        counts[direction] += width
    return source + MODULE.format(name=name, inputs=counts["input"], outputs=counts["output"], pins="".join(pins))


def place(name, source):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "unit.sv").write_text(scanned(name, source))
        subprocess.run(["yosys", "-q", "-p", f"read_verilog -sv {scratch}/unit.sv; synth_ice40 -top scanned -json {scratch}/unit.json"],
                       check=True, stderr=subprocess.DEVNULL)
        # It aims at a frequency that it cannot reach, and says by its exit code that it did not.
        subprocess.run(["nextpnr-ice40", "--quiet", "--hx8k", "--package", "ct256", "--freq", "300", "--seed", "1", "--json",
                        scratch / "unit.json", "--report", scratch / "report.json"], stderr=subprocess.DEVNULL)
        report = json.loads((scratch / "report.json").read_text())
    within = [p["path"] for p in report["critical_paths"] if p["from"] == p["to"]]
    longest = max(within, key=lambda path: sum(step["delay"] for step in path))
    logic = [step["delay"] for step in longest if step["type"] != "routing"]
    return {"cells": report["utilization"]["ICESTORM_LC"]["used"], "of_cells": report["utilization"]["ICESTORM_LC"]["available"],
            "rams": report["utilization"]["ICESTORM_RAM"]["used"], "of_rams": report["utilization"]["ICESTORM_RAM"]["available"],
            "mhz": max(clock["achieved"] for clock in report["fmax"].values()), "logic_ns": sum(logic),
            "wire_ns": sum(step["delay"] for step in longest if step["type"] == "routing")}
