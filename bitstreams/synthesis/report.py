#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the page of the figures that tools/synthesize measured.

usage: report.py report.json report.md
       report.py --check report.json      exit 1 when a figure is outside its budget
"""
import json
import pathlib
import sys

U55C = {"lut": 1_303_680, "ff": 2_607_360, "bram36": 2_016, "uram": 960, "dsp": 9_024}
FULL = 0.8  # of a kind of resource: beyond it, placing becomes slow and timing bad, as a rule of thumb
LIMIT = 4.0  # LUT levels, at 322 MHz, as a rule of thumb
# LUT levels that the delay model of hls/trace may give a stage.
BUDGET = {"aes": 2.4, "ghash": 3.2, "sha": 3.2, "md5": 3.2, "des": 3.2}
NAMES = {"lut": "LUT", "memory_lut": "memory LUT", "ff": "FF", "bram36": "BRAM", "uram": "URAM", "dsp": "DSP"}


def table(head, rows):
    return "\n".join("| " + " | ".join(str(c) for c in row) + " |" for row in [head, ["---"] * len(head), *rows])


def count(value):
    return f"{value:,.1f}".removesuffix(".0") if value else "-"


def budget(row):
    """Of a kernel with registers; one without is part of a path."""
    return next((levels for name, levels in BUDGET.items() if row["latency"] and row["unit"].startswith(name)), LIMIT)


def is_kernel(row):
    return "latency" in row


def total(rows):
    return {kind: sum(row[kind] * len(row["where"]) for row in rows) for kind in NAMES}


def places(row):
    """Where the instances are; of many, how many."""
    return ", ".join(f"`{p}`" for p in row["where"]) if row["where"] != [""] else "the card"


def page(figures):
    rows = figures["units"]
    kernels, engines = [r for r in rows if is_kernel(r)], [r for r in rows if not is_kernel(r)]
    sum_, deep = total(rows), [r for r in engines if r["levels"] > LIMIT]
    used = [[NAMES[k], count(sum_[k] + (sum_["memory_lut"] if k == "lut" else 0)), count(U55C[k]),
             f"{(sum_[k] + (sum_['memory_lut'] if k == 'lut' else 0)) / U55C[k]:.1%}"] for k in U55C]
    parts = ["<!-- Written by tools/synthesize; not to be edited. -->", "# Area and depth", ""]
    parts += [f"""`tools/synthesize` makes this page with {figures["yosys"]} for UltraScale+. Every unit is synthesised flat and by itself,
without the units and kernels inside it, and its figures are its own alone. Nothing here has been placed or routed on the target, and no
vendor's tool has seen it: LUTs are what another mapper would roughly need, and a level says nothing of the wire behind it.

**Levels** are LUTs between registers, or from or to a port, along the longest path, through whatever units it passes: a LUT, or a read of a
memory of LUTs, 1; a wide multiplexer 0.2; 8 bits of a carry chain 0.1. At 322 MHz 3 to 3.5 are safe and {LIMIT:.0f} is the limit, as a rule of
thumb. A block RAM counts as a register, though its output comes later than a register's.
"""]
    if figures["missing"]:
        parts += [f"Not synthesised yet, and in no sum: {', '.join(f'`{m}`' for m in figures['missing'])}.", ""]
    parts += ["## The card, of what a U55C has", "", table(["", "card", "U55C", ""], used), "",
              f"LUTs with the {count(sum_['memory_lut'])} that are memories or shift registers. A BRAM is one of 36 kbit.", ""]
    parts += ["## Engines", "", table(
        ["unit", "where", *NAMES.values(), "levels", "from", "to"],
        [[f"`{r['unit']}`", places(r), *(count(r[k]) for k in NAMES), f"{r['levels']:.1f}", f"`{r['from']}`", f"`{r['to']}`"]
         for r in engines]), ""]
    if deep:
        names = ", ".join(f"`{n}`" for n in dict.fromkeys(r["unit"] for r in deep))
        parts += [f"Deeper than {LIMIT:.0f} levels, so that 322 MHz wants another stage there or a broken chain of `ready`: {names}.", ""]
    parts += ["## Kernels", "",
              "In LUT levels: what the delay model of [`hls/trace`](../../hls/trace/README.md) gives a stage, its budget, and what Yosys makes of it.",
              "[`hls`](../../hls/README.md) says where the two differ, and why.", "",
              table(["kernel", "in the card", "latency", *(NAMES[k] for k in ("lut", "memory_lut", "ff")), "model", "budget", "Yosys"],
                    [[f"`{r['unit']}`", len(r["where"]), r["latency"], *(count(r[k]) for k in ("lut", "memory_lut", "ff")),
                      r["modelled"], budget(r), f"{r['levels']:.1f}"] for r in kernels]), ""]
    parts += ["## Placed and routed, elsewhere", "",
              f"""The same sources on an iCE40 HX8K (`synth_ice40`, `nextpnr-ice40 --hx8k --package ct256`), between registers: an old, small and slow
FPGA with LUTs of four inputs, so no figure is the target's. It shows that what Yosys makes of them can be placed and wired, and what share of a
path the wires are.
""", table(["unit", "logic cells", "RAMs", "MHz", "longest path: logic, wires (ns)"],
           [[f"`{p['unit']}`", f"{p['cells']:,} of {p['of_cells']:,}", f"{p['rams']} of {p['of_rams']}", f"{p['mhz']:.0f}",
             f"{p['logic_ns']:.1f}, {p['wire_ns']:.1f}"] for p in figures["placed"]]), ""]
    return "\n".join(parts)


def outside(figures):
    rows = figures["units"]
    sum_ = total(rows)
    sum_["lut"] += sum_["memory_lut"]
    found = [f"{NAMES[k]}: {sum_[k]} are more than {FULL:.0%} of {U55C[k]}" for k in U55C if sum_[k] > FULL * U55C[k]]
    found += [f"{r['unit']}: {r['levels']} levels, more than {LIMIT}" for r in rows if r["levels"] > LIMIT]
    for r in filter(is_kernel, rows):
        if r["modelled"] > budget(r):
            found.append(f"{r['unit']}: {r['modelled']} levels by the delay model, more than {budget(r)}")
    return found


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    if arguments[0] == "--check":
        found = outside(json.loads(pathlib.Path(arguments[1]).read_text()))
        for sentence in found:
            print(f"report: {sentence}", file=sys.stderr)
        sys.exit(1 if found else 0)
    pathlib.Path(arguments[1]).write_text(page(json.loads(pathlib.Path(arguments[0]).read_text())))


if __name__ == "__main__":
    main(sys.argv[1:])
