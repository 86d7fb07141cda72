#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Size and depth of the kernels as Yosys maps them to UltraScale+.

usage: kernel_report.py FOLDER_OF_GENERATED_FILES [KERNEL...]

Prints LUTs, LUTs used as shift registers or memory, flip-flops, and the deepest path between registers or ports in LUT
levels (netlist.py says how they are weighed).
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import netlist

# Every read of a table becomes an instance of one module, mapped by itself. Flattened, ABC would smear the table into the
# logic around it: more than twice the LUTs, and many times the time. Only columns that differ are read; the logic around
# sees which bits are equal or constant.
TABLE_MAP = """
(* techmap_celltype = "$memrd $memrd_v2" *)
module map_{name} (CLK, EN, ARST, SRST, ADDR, DATA);
  parameter MEMID = "";
  parameter ABITS = 8;
  parameter WIDTH = 8;
  parameter CLK_ENABLE = 0;
  parameter CLK_POLARITY = 0;
  parameter TRANSPARENT = 0;
  parameter TRANSPARENCY_MASK = 0;
  parameter COLLISION_X_MASK = 0;
  parameter CE_OVER_SRST = 0;
  parameter ARST_VALUE = 0;
  parameter SRST_VALUE = 0;
  parameter INIT_VALUE = 0;
  input CLK, EN, ARST, SRST;
  input [ABITS-1:0] ADDR;
  output [WIDTH-1:0] DATA;
  wire _TECHMAP_FAIL_ = MEMID != "\\\\{name}";
  wire [{top}:0] column;
  {name}_read rom (.address(ADDR[{address_top}:0]), .column(column));
  assign DATA = {{{data}}};
endmodule
"""
TABLE_MODULE = """(* keep_hierarchy *)
module {name}_read (input logic [{address_top}:0] address, output logic [{top}:0] column);
{text}  assign column = {{{columns}}};
endmodule
"""
SYNTH = "synth_xilinx -family xcup -flatten -noiopad -noclkbuf"
TABLE = re.compile(r"  logic \[(\d+):0\] (\w+) \[0:(\d+)\];\n  initial begin\n.*?\n  end\n", re.S)


def table_sources(table):
    """The emitted table as a module of its own, and the map that puts it where the table is read."""
    width, name, entries = int(table[1]) + 1, table[2], int(table[3]) + 1
    values = [int(v, 16) for v in re.findall(r"'h([0-9a-f]+);", table[0])]
    assert len(values) == entries
    distinct, data = {}, []
    for bit in range(width):
        column = tuple(v >> bit & 1 for v in values)
        if len(set(column)) == 1:
            data.append(f"1'b{column[0]}")
        else:
            data.append(f"column[{list(distinct).index(column) if column in distinct else len(distinct)}]")
            distinct.setdefault(column, bit)
    fields = {"name": name, "address_top": entries.bit_length() - 2, "top": len(distinct) - 1, "text": table[0],
              "data": ", ".join(reversed(data)),
              "columns": ", ".join(f"{name}[address][{bit}]" for bit in reversed(distinct.values()))}
    return TABLE_MODULE.format(**fields), TABLE_MAP.format(**fields)


def synthesise(source, name, scratch):
    """The mapped, flattened netlist of one kernel."""
    tables = list(TABLE.finditer(source.read_text()))
    script = []
    for match in tables:
        module, table_map = table_sources(match)
        (scratch / f"{match[2]}.sv").write_text(module)
        (scratch / "map.v").open("a").write(table_map)
        script += [f"read_verilog -sv {scratch}/{match[2]}.sv", f"{SYNTH} -top {match[2]}_read",
                   f"design -stash {match[2]}"]
    script += [f"read_verilog -sv {source}", f"hierarchy -top {name}", "proc"]
    if tables:
        script.append(f"techmap -map {scratch}/map.v")
    script += [f"design -copy-from {match[2]} {match[2]}_read" for match in tables]
    # Wide multiplexers are for tables. Elsewhere ABC takes two LUTs and a multiplexer where one LUT would do.
    script += [f"{SYNTH} -nowidelut -top {name}", "setattr -mod -unset keep_hierarchy *", "flatten", "opt_clean",
               f"write_json {scratch}/netlist.json"]
    result = subprocess.run(["yosys", "-q", "-p", "; ".join(script)], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{name}: {result.stderr}")
    return json.loads((scratch / "netlist.json").read_text())["modules"][name]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    names = sys.argv[2:] or sorted(f.stem for f in folder.glob("*.sv") if not f.stem.endswith("_pkg"))
    print(f"{'kernel':20} {'latency':>7} {'LUT':>6} {'memory LUT':>10} {'FF':>6} {'levels':>6}")
    for name in names:
        source = folder / f"{name}.sv"
        latency = re.search(r"// Latency: (\d+)", source.read_text())[1]
        with tempfile.TemporaryDirectory() as scratch:
            module = synthesise(source, name, pathlib.Path(scratch))
        area, depth = netlist.area(module), netlist.Timing(module).levels
        print(f"{name:20} {latency:>7} {area['lut']:>6} {area['memory_lut']:>10} {area['ff']:>6} {depth / 10:>6.1f}", flush=True)


if __name__ == "__main__":
    main()
