# SPDX-License-Identifier: Apache-2.0
"""Area and depth of a netlist that Yosys mapped to UltraScale+ and wrote as JSON.

Depth is counted in LUT levels, weighed much as the delay model of hls/trace weighs it: a LUT, or a read of a memory of LUTs, 1;
a wide multiplexer 0.2; 8 bits of a carry chain 0.1. Inside, in tenths.
"""
import re

WEIGHT = {"INV": 0, "MUXF7": 2, "MUXF8": 2, "MUXF9": 2, "CARRY8": 1, "CARRY4": 0.5}  # which is half a CARRY8
MEMORY_LUTS = {"RAM32M16": 8, "RAM64M8": 8, "RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4}
BLOCK_RAMS = {"RAMB18E2": 0.5, "RAMB36E2": 1}
AREA = ("lut", "memory_lut", "ff", "bram36", "uram", "dsp")


def area(module):
    """Of a module's own cells; those of other modules are left out."""
    count = dict.fromkeys(AREA, 0)
    for cell in module["cells"].values():
        kind = cell["type"]
        if re.fullmatch(r"LUT\d", kind):  # an inverter disappears into its neighbour
            count["lut"] += 1
        elif kind in BLOCK_RAMS:
            count["bram36"] += BLOCK_RAMS[kind]
        elif kind.startswith("URAM"):
            count["uram"] += 1
        elif kind.startswith("DSP"):
            count["dsp"] += 1
        elif kind.startswith(("SRL", "RAM")):
            count["memory_lut"] += MEMORY_LUTS.get(kind, 1)
        elif kind.startswith("FD"):
            count["ff"] += 1
    return count


class Timing:
    """The longest paths of a module: inside, and from and to its ports, so that those through several modules are found too.

    models: the Timing of each module that is inside as a cell.
    levels, path: of the longest path from a register or port to the next, its depth in tenths and where it begins and ends.
    """

    def __init__(self, module, models=None):
        self.module, self.models = module, models or {}
        self.logic = {}      # bit: [(bit it follows from, delay)]
        self.launched = {}   # bit: levels behind a register inside a cell
        self.captured = []   # (bit, levels before a register inside a cell, name of the register or cell)
        self.names = {bit: f"{name}[{i}]" if len(net["bits"]) > 1 else name for name, net in module["netnames"].items()
                      if "$" not in name for i, bit in enumerate(net["bits"])}
        for name, cell in module["cells"].items():
            self.add(name, cell)
        inputs, outputs = (
            {(name, i): bit for name, port in module["ports"].items() if port["direction"] == direction
             for i, bit in enumerate(port["bits"]) if isinstance(bit, int)} for direction in ("input", "output"))
        order = self.order([*outputs.values(), *(bit for bit, _, _ in self.captured)])
        self.levels, self.path = self.longest(order, outputs)
        self.abstract(order, inputs, outputs)

    def add(self, name, cell):
        kind, pins = cell["type"], cell["connections"]
        ways = {"input": [], "output": []}
        for pin, direction in cell["port_directions"].items():
            ways[direction] += [(pin, i, bit) for i, bit in enumerate(pins[pin]) if isinstance(bit, int)]
        if kind in self.models:
            self.add_model(name, self.models[kind], pins, ways)
            return
        if re.fullmatch(r"LUT\d|MUXF\d|CARRY\d|INV", kind):
            before, delay = [bit for _, _, bit in ways["input"]], WEIGHT.get(kind, 10)
        elif kind.startswith(("RAM32", "RAM64", "RAM128")):  # written by a clock, read without
            before, delay = [bit for pin, _, bit in ways["input"] if pin.startswith(("A", "DPRA"))], 10
            self.captured += [(bit, 0, name) for pin, _, bit in ways["input"] if pin != "WCLK"]
        else:
            register = self.names.get(ways["output"][0][2], name) if kind.startswith("FD") and ways["output"] else name
            self.captured += [(bit, 0, register) for pin, _, bit in ways["input"] if pin not in ("C", "CLK")]
            self.launched.update((bit, 0) for _, _, bit in ways["output"])
            return
        for _, _, bit in ways["output"]:
            self.logic[bit] = [(b, delay) for b in before]

    def add_model(self, name, model, pins, ways):
        for pin, i, bit in ways["input"]:
            if (pin, i) in model.before:
                self.captured.append((bit, model.before[pin, i], f"{name}.{pin}"))
        for pin, i, bit in ways["output"]:
            if (pin, i) in model.behind:
                self.launched[bit] = model.behind[pin, i]
            through = [(pins[p][j], delay) for (p, j), delay in model.through.get((pin, i), {}).items()]
            if through:
                self.logic[bit] = [(b, delay) for b, delay in through if isinstance(b, int)]

    def order(self, ends):
        """The bits of `ends` and all before them, each behind what it follows from."""
        order, done, waiting = [], set(), set()
        for end in ends:
            stack = [end]
            while stack:
                bit = stack[-1]
                if bit in done:
                    stack.pop()
                    continue
                before = [b for b, _ in self.logic.get(bit, ()) if b not in done]
                if not before:
                    stack.pop()
                    done.add(bit)
                    waiting.discard(bit)
                    order.append(bit)
                elif bit in waiting:
                    raise ValueError(f"a loop of logic through bit {bit}")
                else:
                    waiting.add(bit)
                    stack += before
        return order

    def arrivals(self, order, starts):
        """Levels behind `starts`, {bit: levels}, of every bit that follows from one."""
        found = {}
        for bit in order:
            levels = [found[b] + delay for b, delay in self.logic.get(bit, ()) if b in found]
            if bit in starts:
                levels.append(starts[bit])
            if levels:
                found[bit] = max(levels)
        return found

    def longest(self, order, outputs):
        found = self.arrivals(order, {**dict.fromkeys(order, 0), **self.launched})
        ends = [(found[bit] + more, bit, name) for bit, more, name in self.captured]
        ends += [(found[bit], bit, f"{pin}[{i}]") for (pin, i), bit in outputs.items()]
        levels, bit, end = max(ends, default=(0, None, ""))
        while before := [b for b, delay in self.logic.get(bit, ()) if found[b] + delay == found[bit]]:
            bit = before[0]
        return levels, (self.names.get(bit, "?"), end)

    def abstract(self, order, inputs, outputs):
        """What a module around this one must know. {(port, index): levels}"""
        found = self.arrivals(order, {bit: self.launched.get(bit, 0) for bit in order
                                      if bit in self.launched or not self.logic.get(bit) and bit not in inputs.values()})
        self.behind = {pin: found[bit] for pin, bit in outputs.items() if bit in found}
        before = {}
        for bit, more, _ in self.captured:
            before[bit] = max(before.get(bit, 0), more)
        for bit in reversed(order):
            if bit in before:
                for b, delay in self.logic.get(bit, ()):
                    before[b] = max(before.get(b, 0), before[bit] + delay)
        self.before = {pin: before[bit] for pin, bit in inputs.items() if bit in before}
        self.through = {}
        follows = self.arrivals(order, dict.fromkeys(inputs.values(), 0))
        for pin, bit in outputs.items():
            if bit in follows:
                paths = self.paths_to(bit, follows)
                self.through[pin] = {p: paths[b] for p, b in inputs.items() if b in paths}

    def paths_to(self, end, follows):
        """Levels from each bit that follows from an input to `end`."""
        paths, order = {end: 0}, [b for b in self.order([end]) if b in follows]
        for bit in reversed(order):
            for b, delay in self.logic.get(bit, ()):
                if b in follows and bit in paths:
                    paths[b] = max(paths.get(b, 0), paths[bit] + delay)
        return paths
