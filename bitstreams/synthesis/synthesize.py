#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Area and depth of the card, engine by engine, as Yosys maps it to UltraScale+.

usage: tools/synthesize [WORD...]    synthesises what has changed (units whose name contains a WORD; all of them)
       tools/synthesize --check      says which figures are of sources that have changed since

Writes bitstreams/synthesis/report.json, and report.md of it. A netlist is kept in build/synthesis under the hash of what it was
made from, so a run that was broken off goes on where it was, and what has not changed is not synthesised again. All of it takes
some two hours of processor time.
"""
import collections
import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "hls/report"))
import kernel_report  # noqa: E402
import netlist  # noqa: E402
import place  # noqa: E402
import plain_verilog  # noqa: E402
import report  # noqa: E402

BUILD = ROOT / "build/release"
KERNELS = BUILD / "hls/gen"
CACHE = ROOT / "build/synthesis"
FIGURES = HERE / "report.json"
TOP = "sallyport_card"

# The units of the report: each is synthesised flat, without the units and kernels inside it.
UNITS = {"sallyport_card", "host_if", "outbound", "inbound", "entrance", "parse", "lookup", "principal_table", "spd", "outer_lookup",
         "next_hop_table", "tag_strip", "tag_check", "sa_out", "sa_in", "mover", "tx_port", "esp_encap", "esp_decap", "gcm", "key_setup", "gcm_ghash",
         "gcm_keystream", "chain", "chain_keys", "chain_direction", "chain_cipher", "chain_hash"}
PLACED = ("bucket_hash", "next_hop_table")  # small enough for an iCE40
SYNTH = "synth_xilinx -family xcup -flatten -noiopad -noclkbuf -nowidelut -uram"


class Unit:
    """A module of the card with one set of parameters, or a kernel."""

    def __init__(self, card, name):
        self.card, self.module, self.timing = card, name, None
        self.title = card.design.modules[name].get("origName")
        self.kernel = card.is_kernel(name)
        self.inner, self.flat = [], []  # units inside; modules that are part of this one
        if self.kernel:
            self.source = (KERNELS / f"{name}.sv").read_text()
        else:
            self.gather(name)
            self.source = self.renamed("".join([card.text(m) for m in self.flat] + [card.stub(m) for m in self.inner]))
        how = kernel_report.SYNTH if self.kernel else SYNTH
        self.hash = hashlib.sha256((how + re.sub(r"//.*", "", self.source)).encode()).hexdigest()[:16]

    def gather(self, name):
        self.flat.append(name)
        for inner in dict.fromkeys(self.card.design.instances(name)):
            if self.card.is_unit(inner):
                self.inner += [inner] * (inner not in self.inner)
            elif inner not in self.flat:
                self.gather(inner)

    def renamed(self, text):
        """Verilator numbers sets of parameters over the whole card. Numbered here, a unit's source is its own alone."""
        self.names = {}
        for name in [*self.flat, *self.inner]:
            self.names[plain_verilog.plain(name)] = f"{self.card.design.modules[name].get('origName')}__{len(self.names)}"
        return re.sub(r"\b[a-z]\w*\b", lambda m: self.names.get(m[0], m[0]), text)

    @property
    def kept(self):
        return CACHE / f"{self.hash}.json.gz"

    def netlist(self):
        if not self.kept.exists():
            with tempfile.TemporaryDirectory() as scratch:
                module = (self.synthesise_kernel if self.kernel else self.synthesise)(pathlib.Path(scratch))
            cells = {n: {k: c[k] for k in ("type", "port_directions", "connections")} for n, c in module["cells"].items()}
            CACHE.mkdir(parents=True, exist_ok=True)
            with gzip.open(f"{self.kept}.part", "wt", compresslevel=3) as f:
                names = {n: {"bits": net["bits"]} for n, net in module["netnames"].items() if not net["hide_name"]}
                json.dump({"ports": module["ports"], "cells": cells, "netnames": names}, f)
            os.rename(f"{self.kept}.part", self.kept)
        with gzip.open(self.kept, "rt") as f:
            return json.load(f)

    def synthesise_kernel(self, scratch):
        return kernel_report.synthesise(KERNELS / f"{self.module}.sv", self.module, scratch)

    def synthesise(self, scratch):
        (scratch / "unit.v").write_text(self.source)
        name = self.names[plain_verilog.plain(self.module)]
        script = f"read_verilog {scratch}/unit.v; hierarchy -check -top {name}; {SYNTH} -top {name}; write_json {scratch}/netlist.json"
        done = subprocess.run(["yosys", "-q", "-p", script], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"synthesize: {self.module}: {done.stderr[-2000:]}")
        return json.loads((scratch / "netlist.json").read_text())["modules"][name]

    def measure(self):
        module = self.netlist()
        inner = {} if self.kernel else {self.names[plain_verilog.plain(m)]: self.card.units[m] for m in self.inner}
        models = {name: unit.timing for name, unit in inner.items() if unit.timing}
        self.timing = netlist.Timing(module, models)
        return netlist.area(module), self.timing.levels / 10

    def placed(self):
        kept = CACHE / f"{self.hash}.placed.json"
        if not kept.exists():
            name = self.module if self.kernel else self.names[plain_verilog.plain(self.module)]
            kept.write_text(json.dumps({"unit": self.title, "source": self.hash, **place.place(name, self.source)}))
        return json.loads(kept.read_text())

    def row(self):
        area, levels = self.measure()
        row = {"unit": self.title, "where": self.card.places[self.module], "source": self.hash, **area, "levels": levels,
               "from": self.timing.path[0], "to": self.timing.path[1]}
        if self.kernel:
            row |= {"latency": int(re.search(r"// Latency: (\d+)", self.source)[1]),
                    "modelled": float(re.search(r"// Depth: ([\d.]+)", self.source)[1])}
        return row


class Card:
    def __init__(self):
        files = (BUILD / "bitstreams/synthesis/card_files.txt").read_text().split()
        self.design = plain_verilog.Design(plain_verilog.elaborate(TOP, files))
        self.texts, self.units, self.places = {}, {}, collections.defaultdict(list)
        self.visit(TOP, "")
        self.units = {name: Unit(self, name) for name in self.units}

    def visit(self, name, place):
        """Units, those inside first; and the places of each."""
        for instance in self.design.modules[name].iter("instance"):
            inner = instance.get("defName")
            if inner in self.design.modules:
                self.visit(inner, f"{place}.{instance.get('name').removeprefix('u_')}".lstrip("."))
        if self.is_unit(name):
            self.places[name].append(place)
            self.units[name] = None

    def is_kernel(self, name):
        """With registers or tables, that is; others are part of what they are in."""
        source = KERNELS / f"{name}.sv"
        return source.exists() and ("// Latency: 0" not in (text := source.read_text()) or kernel_report.TABLE.search(text) is not None)

    def is_unit(self, name):
        return self.design.modules[name].get("origName") in UNITS or self.is_kernel(name)

    def text(self, name):
        if name not in self.texts:
            self.texts[name] = self.design.text(name)
        return self.texts[name]

    def stub(self, name):
        """A module without contents."""
        header, ports = self.text(name).split(");\n", 1)
        kept = [re.sub(r"(input|output) (wire|reg)", r"\1", line) for line in ports.split("\n") if re.match(r"  (in|out)put ", line)]
        return "\n".join([f"(* blackbox *) {header});", *kept, "endmodule", ""])


def kept_rows():
    return {(r["unit"], tuple(r["where"])): r for r in json.loads(FIGURES.read_text())["units"]} if FIGURES.exists() else {}


def write(rows, missing, placed):
    figures = {"yosys": yosys_version(), "missing": missing, "units": rows, "placed": placed}
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    report.main([FIGURES, HERE / "report.md"])


def yosys_version():
    return " ".join(subprocess.run(["yosys", "-V"], capture_output=True, text=True, check=True).stdout.split()[:2])


def main():
    os.nice(19)
    words = [w for w in sys.argv[1:] if not w.startswith("-")]
    card, before = Card(), kept_rows()
    keys = {name: (unit.title, tuple(card.places[name])) for name, unit in card.units.items()}
    if "--check" in sys.argv:
        stale = [name for name, unit in card.units.items() if before.get(keys[name], {}).get("source") != unit.hash]
        gone = set(before) - set(keys.values())
        for name in stale:
            print(f"synthesize: {card.units[name].title} ({', '.join(card.places[name])}): not of this source")
        for title, where in gone:
            print(f"synthesize: {title} ({', '.join(where)}): is no longer in the card")
        sys.exit(1 if stale or gone else 0)
    for unit in sorted(card.units.values(), key=lambda u: (u.kernel, len(u.source))):  # what is quick first
        if not unit.kept.exists() and (not words or any(w in unit.title for w in words)):
            began = time.monotonic()
            unit.netlist()
            print(f"{unit.title:18} {unit.hash} {time.monotonic() - began:6.0f} s", flush=True)
    placed = {unit.title: unit for unit in card.units.values() if unit.title in PLACED and unit.kept.exists()}
    rows, missing = [], []
    for unit in card.units.values():  # those inside before those around them
        if unit.kept.exists():
            rows.append(unit.row())
        else:
            missing.append(unit.title)
    write(rows, sorted(set(missing)), [placed[title].placed() for title in PLACED if title in placed])


if __name__ == "__main__":
    main()
