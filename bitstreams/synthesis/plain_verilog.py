#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The card's SystemVerilog as plain Verilog, for tools that read no packages, structs, interfaces or type parameters.

usage: plain_verilog.py TOP FILE.sv... > TOP.v

Verilator elaborates (packages, parameters, generate blocks, structs, interfaces; its own front end, the one that builds the
simulated card) and says in XML what came out. This writes that down again, a Verilog module for each module and set of
parameters, with Verilator's names. What it does not know it refuses. Assertions are left out.
"""
import collections
import operator
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

BINARY = {"add": "+", "sub": "-", "mul": "*", "muls": "*", "and": "&", "or": "|", "xor": "^", "shiftl": "<<", "shiftr": ">>",
          "eq": "==", "eqwild": "==", "neq": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "moddiv": "%", "div": "/",
          "gts": ">", "gtes": ">=", "lts": "<", "ltes": "<=", "logand": "&&", "logor": "||"}
SIGNED = {"gts", "gtes", "lts", "ltes", "muls"}
UNARY = {"not": "~", "negate": "-", "redor": "|", "redand": "&", "redxor": "^", "lognot": "!"}
INSTANCE = "__Viftop"  # behind the name of an instance of an interface, where it is handed on
FOLDED = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "muls": operator.mul, "and": operator.and_,
          "or": operator.or_, "xor": operator.xor, "shiftl": operator.lshift, "shiftr": operator.rshift, "eq": operator.eq,
          "eqwild": operator.eq, "neq": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
          "gts": operator.gt, "gtes": operator.ge, "lts": operator.lt, "ltes": operator.le, "moddiv": operator.mod,
          "div": operator.floordiv, "extend": lambda x: x, "not": lambda x: ~x, "cond": lambda c, a, b: a if c else b,
          "sel": lambda x, low, width: (x >> low) % (1 << width)}
STATEMENTS = {"assign", "assigndly", "if", "case", "begin", "while", "jumpblock", "jumpgo", "jumplabel", "var", "typedef", "comment"}


class Unknown(Exception):
    """A construct this does not translate."""


def elaborate(top, files):
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["verilator", "--xml-only", "-fno-dfg", "-Wno-fatal", "-Wno-lint", "--top-module", top, "--Mdir", scratch,
                        *map(str, files)], check=True, stderr=subprocess.DEVNULL)
        return ElementTree.parse(f"{scratch}/V{top}.xml").getroot()


def plain(name):
    return re.sub(r"\W", "_", name.replace("__BRA__", "_").replace("__KET__", ""))


Type = collections.namedtuple("Type", "width elements modport")  # elements: of the unpacked dimensions, outermost first


class Types:
    def __init__(self, table):
        self.of = {t.get("id"): t for t in table}
        self.known = {}

    def __getitem__(self, key):
        if key not in self.known:
            self.known[key] = self.resolve(self.of[key])
        return self.known[key]

    def resolve(self, t):
        sub = t.get("sub_dtype_id")
        if t.tag == "basicdtype":
            left, right = int(t.get("left", 0)), int(t.get("right", 0))
            if t.get("name") not in ("logic", "bit", "int", "integer", "byte", "shortint", "longint"):
                return Type(0, (), None)  # a string: nothing that circuits have
            return Type(abs(left - right) + 1, (), None)
        if t.tag in ("refdtype", "enumdtype", "paramtypedtype", "memberdtype", "constdtype"):
            return self[sub]
        if t.tag == "structdtype":
            return Type(sum(self[m.get("sub_dtype_id")].width for m in t), (), None)
        if t.tag == "ifacerefdtype":
            return Type(0, (), t.get("modportname") or "")
        inner, bounds = self[sub], [number(c) for c in t.find("range")]
        count = abs(bounds[0] - bounds[1]) + 1
        if t.tag == "packarraydtype":
            return Type(count * inner.width, (), None)
        if t.tag == "unpackarraydtype":
            return Type(inner.width, (count, *inner.elements), inner.modport)
        raise Unknown(t.tag)


def literal(const):
    """(width, signed, text) of 16'sh1e"""
    width, signed, base, digits = re.fullmatch(r"(\d+)'(s?)([hbd])([0-9a-fxz?]+)", const.get("name")).groups()
    return int(width), bool(signed), base, digits


def number(const):
    width, signed, base, digits = literal(const)
    value = int(digits, {"h": 16, "b": 2, "d": 10}[base])
    return value - (1 << width) if signed and value >> (width - 1) else value


class Scope:
    """Names of a block, and of those around it."""

    def __init__(self, outer=None):
        self.outer, self.names = outer, {}

    def find(self, name):
        scope = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


class Variable:
    def __init__(self, name, type_, direction=None):
        self.name, self.type, self.direction = name, type_, direction
        self.drivers = set()  # "assign", "instance", "clocked", "combinational", "function", "initial"
        self.walked = False   # an element is chosen by what is known only at run time
        self.in_steps = False  # or by constants and loops
        self.whole = False    # used as one, so it is a vector
        self.value = None     # of a localparam array

    @property
    def count(self):
        product = 1
        for n in self.type.elements:
            product *= n
        return product

    @property
    def flat(self):
        """An array that is written as one vector."""
        return self.whole or bool(self.drivers & {"assign", "instance", "function"}) or self.direction is not None

    @property
    def memory(self):
        return self.walked and not self.in_steps and self.drivers <= {"clocked", "initial"} and self.count >= 4

    def declaration(self, kind):
        width = self.type.width * (self.count if self.flat else 1)
        text = f"{kind} [{width - 1}:0] {self.name}"
        if self.type.elements and not self.flat:
            text = f"{text} [0:{self.count - 1}]"
            if not self.memory:
                text = f"(* mem2reg *) {text}"
        return text + ";"


class Design:
    def __init__(self, root):
        self.types = Types(root.find(".//typetable"))
        self.modules = {m.get("name"): m for m in root.iter("module")}
        self.interfaces = {m.get("name"): m for m in root.iter("iface")}
        self.functions, self.constants = {}, {}
        for package in root.iter("package"):
            for f in package.findall("func"):
                if f.get("name") in self.functions:
                    raise Unknown(f"two packages have a function {f.get('name')}")
                self.functions[f.get("name")] = f
            for v in package.findall("var"):
                if v.find("initarray") is not None:  # references name no package, but the type is each one's own
                    self.constants[v.get("name"), v.get("dtype_id")] = v

    def instances(self, name):
        """Names of the modules inside, once for each instance."""
        return [i.get("defName") for i in self.modules[name].iter("instance") if i.get("defName") in self.modules]

    def text(self, name):
        return Module(self, self.modules[name]).text


def values_of(var):
    return [number(i[0]) for i in var.find("initarray")]


class Module:
    def __init__(self, design, element):
        self.design, self.element = design, element
        self.variables, self.ports, self.body, self.functions = [], [], [], {}
        self.read = {}
        self.called = {}  # (function, its known arguments): the name it has then
        self.taken, self.helpers, self.loop_variables = set(), {}, set()
        self.top = Scope()
        self.known = {}  # variables whose value is known here, and it
        self.scopes = {}  # of each element that has one
        self.collect(element, self.top, "")
        self.find_uses()
        for child in element:
            self.item(child, self.top)
        self.text = self.assemble()

    # ---- names ----------------------------------------------------------------------------------------------------------------

    def fresh(self, wanted):
        name, n = plain(wanted), 1
        while name in self.taken:
            n += 1
            name = f"{plain(wanted)}_{n}"
        self.taken.add(name)
        return name

    def declare(self, scope, key, wanted, type_, direction=None, into=None):
        variable = Variable(self.fresh(wanted), type_, direction)
        scope.names[key] = variable
        (self.variables if into is None else into).append(variable)
        return variable

    def interface(self, scope, name, prefix, kind, modport, count=None):
        """An interface, here or at a port, is its signals; an array of them is so many interfaces."""
        if count is not None:
            for i in range(count):
                self.interface(scope, f"{name}[{i}]", prefix, kind, modport)
            return
        directions = {}
        for m in kind.findall("modport"):
            if m.get("name") == modport:
                directions = {v.get("name"): {"in": "input", "out": "output"}[v.get("direction")] for v in m}
        for v in kind.findall("var"):
            if v.get("name") in directions or (modport is None and used_in_modport(kind, v.get("name"))):
                variable = self.declare(scope, f"{name}.{v.get('name')}", f"{prefix}{plain(name)}__{v.get('name')}",
                                        self.design.types[v.get("dtype_id")], directions.get(v.get("name")))
                if modport is not None:
                    self.ports.append(variable)

    def collect(self, element, scope, prefix, function=None):
        """Declares what an element and the blocks in it declare. `function` collects the variables of a function."""
        self.scopes[element] = scope
        for child in element:
            if child.tag == "var":
                self.variable(child, scope, prefix, function)
            elif child.tag == "instance" and child.get("defName") in self.design.interfaces:
                bounds = [number(c) for c in child.find("range")] if child.find("range") is not None else None
                self.interface(scope, child.get("name"), prefix, self.design.interfaces[child.get("defName")], None,
                               abs(bounds[0] - bounds[1]) + 1 if bounds else None)
            elif child.tag == "func":
                inner = Scope(scope)
                locals_ = []
                self.functions[child] = locals_
                scope.names["function " + child.get("name")] = child
                self.collect(child, inner, "", locals_)
            elif child.tag == "begin" and child.get("name"):
                inner = Scope(scope)
                scope.names["block " + child.get("name")] = inner
                self.collect(child, inner, f"{prefix}{child.get('name')}__" if function is None else prefix, function)
            elif len(child):
                self.collect(child, scope, prefix, function)

    def variable(self, var, scope, prefix, function):
        name, type_ = var.get("name"), self.design.types[var.get("dtype_id")]
        if var.get("param") or var.get("localparam"):
            if type_.elements:
                variable = self.declare(scope, name, prefix + name, type_, into=function)
                variable.value, variable.whole = values_of(var), True
            return  # others have been put in where they are used
        if type_.modport is not None:
            if not name.endswith(INSTANCE):
                kind = next(iter(self.design.interfaces.values()))  # there is one
                self.interface(scope, name, prefix, kind, type_.modport, *type_.elements)
            return
        if not type_.width:
            return
        direction = var.get("dir")
        if function is not None and name == self.function_name(function):
            direction = "result"
        variable = self.declare(scope, name, prefix + name, type_, direction, into=function)
        if direction and function is None:
            self.ports.append(variable)
        if function is not None:
            variable.drivers.add("function")

    def function_name(self, function):
        return next(f.get("name") for f, locals_ in self.functions.items() if locals_ is function)

    def find(self, ref, scope):
        """The variable that a varref or varxref names."""
        name = ref.get("name")
        if ref.tag == "varxref":
            *blocks, last = ref.get("dotted").replace("__BRA__", "[").replace("__KET__", "]").split(".")
            for block in blocks:
                scope = scope.find("block " + block)
            inner = scope.find("block " + last)
            found = inner.find(name) if inner is not None else scope.find(f"{last}.{name}")
        else:
            found = scope.find(name)
        var = self.design.constants.get((name, ref.get("dtype_id")))
        if found is None and var is not None:
            found = self.declare(self.top, name, name, self.design.types[var.get("dtype_id")])
            found.value, found.whole = values_of(var), True
        if found is None:
            raise Unknown(f"{self.element.get('name')}: no variable {ref.get('dotted', '')}.{name}")
        return found

    def function(self, ref, scope):
        """The function that a funcref calls; those of packages are taken in when first called."""
        name = ref.get("name")
        found = scope.find("function " + name)
        if found is None:
            found = self.design.functions[name]
            self.functions[found] = []
            self.top.names["function " + name] = found
            self.collect(found, Scope(self.top), "", self.functions[found])
            self.uses(found, "function", self.top)
        return found

    # ---- who drives what, and how arrays are chosen from ------------------------------------------------------------------------

    def find_uses(self):
        steady = [c for c in self.element if c.tag == "initial"]
        for child in self.element:
            if child not in steady:
                self.uses(child, None, self.top)
        # What is assigned a constant has become an initial of the module, and lost the block it stood in.
        for child in steady:
            for target in (a[1] for a in child.findall("assign") if a[1].tag == "varref"):
                if self.top.find(target.get("name")) is None:
                    undriven = [s.names[target.get("name")] for s in set(self.scopes.values())
                                if not getattr(s.names.get(target.get("name")), "drivers", True)]
                    if len(undriven) != 1:
                        raise Unknown(f"{self.element.get('name')}: which {target.get('name')} is constant?")
                    self.top.names[target.get("name")] = undriven[0]
            self.uses(child, None, self.top)

    def uses(self, element, process, scope):
        scope = self.scopes.get(element, scope)
        tag = element.tag
        if tag == "func":
            process = "function"
        elif tag == "always":
            process = "clocked" if element.find("sentree") is not None else "combinational"
        elif tag in ("initial", "initialstatic"):
            process = "initial"
        elif tag == "contassign":
            process = "assign"
        if tag == "while":
            self.loop_variables.add(self.find(element[3].find("./assign")[1], scope))
        if tag in ("assign", "assigndly", "contassign"):
            self.drives(element[1], process, scope)
            if self.is_whole(element[1], scope):
                return  # element by element
        if tag == "instance":
            module = self.design.modules.get(element.get("defName"))
            for port in element.findall("port"):
                if len(port) and port.get("direction") == "out":
                    self.drives(port[0], "instance", scope)
            if module is not None:
                for _, direction, variable in self.interface_pins(element, module, scope):
                    if direction == "out":
                        variable.drivers.add("instance")
                for port in self.plain_ports(element, module):
                    self.uses(port, process, scope)
            return
        if tag == "arraysel":
            variable, indices = self.array(element, scope)
            steady = all(i.tag == "const" or self.is_loop(i, scope) for i in indices)
            variable.walked |= not steady
            if steady and element in self.written:
                variable.in_steps = True
            for i in indices:
                self.uses(i, process, scope)
            return
        if tag in ("varref", "varxref") and self.is_whole(element, scope):
            self.find(element, scope).whole = True
        if tag == "funcref":
            self.function(element, scope)
        for child in element:
            self.uses(child, process, scope)

    written = frozenset()

    def drives(self, target, process, scope):
        scope = self.scopes.get(target, scope)
        if target.tag == "concat":
            for part in target:
                self.drives(part, process, scope)
            return
        self.written = self.written | {target}
        while target.tag in ("sel", "arraysel", "slicesel"):
            self.written = self.written | {target}
            target = target[0]
        self.find(target, scope).drivers.add(process)

    def plain_ports(self, instance, module):
        types = {v.get("name"): self.design.types[v.get("dtype_id")] for v in module.findall("var")}
        return [p for p in instance.findall("port") if types[p.get("name")].modport is None]

    def interface_pins(self, instance, module, scope):
        """(pin, its direction, the variable behind it) of the interfaces that an instance is connected to."""
        kind = next(iter(self.design.interfaces.values()), None)
        for port in instance.findall("port"):
            var = next(v for v in module.findall("var") if v.get("name") == port.get("name"))
            type_ = self.design.types[var.get("dtype_id")]
            if type_.modport is None:
                continue
            modport = next(m for m in kind.findall("modport") if m.get("name") == type_.modport)
            for i in range(type_.elements[0]) if type_.elements else [None]:
                element = "" if i is None else f"[{i}]"
                for v in modport:
                    yield (f"{plain(port.get('name') + element)}__{v.get('name')}", v.get("direction"),
                           self.link(port[0], element, v.get("name"), scope))

    def link(self, ref, element, signal, scope):
        if ref.tag == "arraysel":
            ref, element = ref[0], f"[{number(ref[1])}]"
        for block in ref.get("dotted", "").split("."):
            scope = scope.find("block " + block) if block else scope
        name = ref.get("name").removesuffix(INSTANCE).replace("__BRA__", "[").replace("__KET__", "]")
        found = scope.find(f"{name}{element}.{signal}")
        if found is None:
            raise Unknown(f"{self.element.get('name')}: no interface {name}{element}")
        return found

    def is_loop(self, index, scope):
        if index.tag in ("varref", "varxref"):
            return self.find(index, scope) in self.loop_variables
        return index.tag in ("sel", "add", "sub", "mul", "extend") and all(
            c.tag == "const" or self.is_loop(c, scope) for c in index)

    def is_whole(self, element, scope):
        return element.tag in ("varref", "varxref", "slicesel") and bool(self.find(
            element[0] if element.tag == "slicesel" else element, scope).type.elements)

    def array(self, element, scope):
        indices = []
        while element.tag == "arraysel":
            indices.insert(0, element[1])
            element = element[0]
        return self.find(element, scope), indices

    # ---- constants: loops are unrolled, and functions taken once for each set of constant arguments ---------------------------

    def value(self, e, scope):
        """What an expression is, when the loops and arguments that are known decide it; else None."""
        if e.tag == "const":
            _, _, base, digits = literal(e)
            return None if re.search("[xz?]", digits) else int(digits, {"h": 16, "b": 2, "d": 10}[base])
        if not self.known:
            return None
        if e.tag in ("varref", "varxref"):
            return self.known.get(self.find(e, scope))
        if e.tag not in FOLDED:
            return None
        parts = [self.value(c, scope) for c in e]
        if None in parts:
            return None
        if e.tag in SIGNED:
            parts = [p - (1 << self.width(c)) if p >> (self.width(c) - 1) else p for p, c in zip(parts, e)]
        return FOLDED[e.tag](*parts) % (1 << self.width(e))

    # ---- expressions ----------------------------------------------------------------------------------------------------------

    def width(self, element):
        return self.design.types[element.get("dtype_id")].width

    def element_of(self, variable, index):
        if variable.flat:
            return f"{variable.name}[({index}) * {variable.type.width} +: {variable.type.width}]"
        return f"{variable.name}[{index}]"

    def arraysel(self, e, scope):
        variable, indices = self.array(e, scope)
        elements = variable.type.elements
        if len(indices) != len(elements):
            raise Unknown("part of an array of arrays")
        index = ""
        for i, count in zip(indices, elements):
            value = self.value(i, scope)
            # In braces it has its own width: Icarus Verilog widens an index rather than let it wrap.
            text = f"{{{self.expression(i, scope)}}}" if value is None else str(value)
            index = text if not index else f"({index}) * {count} + {text}"
        return variable, index

    def sel(self, e, scope):
        """A part of a variable, or of a part of one; of anything else by a function."""
        base, width, low = e, number(e[2]), []
        while base.tag == "sel":
            value = self.value(base[1], scope)
            low.append(self.expression(base[1], scope) if value is None else value)
            base = base[0]
        steady, walked = sum(x for x in low if isinstance(x, int)), [f"{{1'd0, {x}}}" for x in low if isinstance(x, str)]
        low = " + ".join([*walked, *([str(steady)] if steady or not walked else [])])
        if base.tag == "arraysel":
            variable, index = self.arraysel(base, scope)
            if variable.flat:
                return f"{variable.name}[({index}) * {variable.type.width} + {low} +: {width}]"
            return f"{variable.name}[{index}][{low} +: {width}]"
        if base.tag in ("varref", "varxref"):
            variable = self.find(base, scope)
            if variable.type.elements:
                raise Unknown("a part of an array")
            if variable not in self.known:
                return f"{variable.name}[{low} +: {width}]"
        name = self.helpers.setdefault((self.width(base), width), f"part_{self.width(base)}_{width}")
        return f"{name}({self.expression(base, scope)}, {low})"

    def expression(self, e, scope):
        tag = e.tag
        if tag != "const" and (value := self.value(e, scope)) is not None:
            return f"{self.width(e)}'d{value}"
        if tag == "const":
            width, _, base, digits = literal(e)
            return f"{width}'{base}{digits}"
        if tag in ("varref", "varxref"):
            variable = self.find(e, scope)
            if variable.type.elements and not variable.flat:
                raise Unknown(f"the whole of array {variable.name}")
            return variable.name
        if tag == "arraysel":
            return self.element_of(*self.arraysel(e, scope))
        if tag == "sel":
            return self.sel(e, scope)
        if tag in BINARY:
            if tag == "eqwild" and (e[1].tag != "const" or re.search("[xz?]", literal(e[1])[3])):
                raise Unknown("a wildcard")
            left, right = (self.expression(c, scope) for c in e)
            if tag in SIGNED:
                left, right = f"$signed({left})", f"$signed({right})"
            if tag in ("shiftl", "shiftr") and e[1].tag != "const":
                right = f"{{{right}}}"  # as an index
            return f"({left} {BINARY[tag]} {right})"
        if tag in UNARY:
            return f"({UNARY[tag]}{self.expression(e[0], scope)})"
        if tag == "cond":
            return "({} ? {} : {})".format(*(self.expression(c, scope) for c in e))
        if tag == "concat":
            return "{" + ", ".join(self.expression(c, scope) for c in e) + "}"
        if tag == "replicate":
            return "{" + str(number(e[1])) + "{" + self.expression(e[0], scope) + "}}"
        if tag in ("extend", "extends"):
            inner, more = self.expression(e[0], scope), self.width(e) - self.width(e[0])
            if tag == "extend":
                return f"{{{more}'d0, {inner}}}"
            name = self.helpers.setdefault(("sign", self.width(e[0]), more), f"signed_{self.width(e[0])}_{more}")
            return f"{name}({inner})"
        if tag == "countones":
            inner = self.expression(e[0], scope)
            return "(" + " + ".join(f"{{{self.width(e) - 1}'d0, {self.bit(e[0], inner, i)}}}" for i in range(self.width(e[0]))) + ")"
        if tag == "funcref":
            return self.call(e, scope)
        raise Unknown(f"{self.element.get('name')}: expression {tag}")

    def call(self, e, scope):
        function, known, arguments = self.function(e, scope), [], []
        for a, variable in zip(e.findall("arg"), (v for v in self.functions[function] if v.direction == "input"), strict=True):
            value = self.value(a[0], scope)
            if value is None:
                arguments.append(self.expression(a[0], scope))
            else:
                known.append((variable, value))
        key = function, tuple(known)
        if key not in self.called:
            self.called[key] = self.fresh(e.get("name"))
        arguments += [v.name for v in self.reads(function)]
        return f"{self.called[key]}({', '.join(arguments) or chr(49) + chr(39) + 'b0'})"

    def walk(self, element, scope):
        """An element and all inside it, each with its scope."""
        scope = self.scopes.get(element, scope)
        yield element, scope
        for child in element:
            yield from self.walk(child, scope)

    def reads(self, function):
        """What a function reads besides its arguments. It is handed over as well, for tools that look at arguments alone."""
        if function not in self.read:
            self.read[function], found = [], []
            for e, scope in self.walk(function, self.top):
                if e.tag in ("varref", "varxref"):
                    found.append(self.find(e, scope))
                elif e.tag == "funcref":
                    found += self.reads(self.function(e, scope))
            for v in found:
                if v not in self.functions[function] and v not in self.read[function] and not v.type.elements:
                    self.read[function].append(v)
        return self.read[function]

    def bit(self, e, text, i):
        if e.tag in ("varref", "varxref"):
            return f"{text}[{i}]"
        name = self.helpers.setdefault((self.width(e), 1), f"part_{self.width(e)}_1")
        return f"{name}({text}, {i})"

    # ---- statements -----------------------------------------------------------------------------------------------------------

    def target(self, e, scope):
        return "{" + ", ".join(self.target(c, scope) for c in e) + "}" if e.tag == "concat" else self.expression(e, scope)

    def assignments(self, e, scope):
        """(target, value), one for each element when whole arrays are meant."""
        value, target = e[0], e[1]
        if not self.is_whole(target, scope):
            return [(self.target(target, scope), self.expression(value, scope))]
        return list(zip(self.elements(target, scope), self.elements(value, scope), strict=True))

    def elements(self, e, scope):
        if e.tag == "initarray":
            return [self.expression(item[0], scope) for item in e]
        array, first, count = e, 0, None
        if e.tag == "slicesel":
            array, first, count = e[0], number(e[1]), number(e[2])
        if array.tag not in ("varref", "varxref"):
            raise Unknown(f"{self.element.get('name')}: an array from {array.tag}")
        variable = self.find(array, scope)
        return [self.element_of(variable, first + i) for i in range(count or variable.count)]

    def statements(self, elements, scope, indent):
        lines, elements = [], [e for e in elements if e.tag not in ("var", "typedef", "comment")]
        for at, e in enumerate(elements):
            if e.tag == "jumpgo":  # leave: what follows is in the other branches
                return lines
            if e.tag == "jumplabel":
                continue
            rest = elements[at + 1:]
            if e.tag in ("if", "case") and leaves(e) and any(r.tag != "jumplabel" for r in rest):
                return lines + self.branch(e, scope, indent, rest)
            if e.tag == "assign" and rest and rest[0].tag == "while":
                continue  # of the loop
            start = elements[at - 1] if e.tag == "while" else None
            lines += self.statement(e, scope, indent, start)
        return lines

    def block(self, elements, scope, indent):
        inner = self.statements(elements, scope, indent + "  ")
        return [indent + "begin", *inner, indent + "end"]

    def branch(self, e, scope, indent, rest=()):
        """An if or a case; `rest` goes into every branch that does not leave."""
        rest = list(rest)
        if e.tag == "if" and (value := self.value(e[0], scope)) is not None:
            taken = e[1] if value else e[2] if len(e) > 2 else None
            return self.statements(([] if taken is None else [taken]) + ([] if taken is not None and leaves(taken) else rest),
                                   scope, indent)
        if e.tag == "if":
            lines = [f"{indent}if ({self.expression(e[0], scope)})"]
            lines += self.block([e[1], *([] if leaves(e[1]) else rest)], scope, indent)
            if len(e) > 2 or rest:
                other = [e[2]] if len(e) > 2 else []
                lines += [indent + "else", *self.block(other + ([] if other and leaves(other[0]) else rest), scope, indent)]
            return lines
        lines, default = [f"{indent}case ({self.expression(e[0], scope)})"], False
        for item in e.findall("caseitem"):
            labels = []
            body = list(item)
            while body and body[0].tag not in STATEMENTS:
                labels.append(self.expression(body.pop(0), scope))
            default |= not labels
            lines.append(f"{indent}  {', '.join(labels) or 'default'}:")
            lines += self.block(body + ([] if leaves(item) else rest), scope, indent + "  ")
        if rest and not default:
            lines += [f"{indent}  default:", *self.block(rest, scope, indent + "  ")]
        return lines + [indent + "endcase"]

    def statement(self, e, scope, indent, start=None):
        scope = self.scopes.get(e, scope)
        if e.tag in ("assign", "assigndly"):
            sign = "=" if e.tag == "assign" else "<="
            return [f"{indent}{target} {sign} {value};" for target, value in self.assignments(e, scope)]
        if e.tag in ("if", "case"):
            return self.branch(e, scope, indent)
        if e.tag in ("begin", "jumpblock"):
            return self.statements(e, scope, indent)
        if e.tag == "while":
            return self.loop(e, start, scope, indent)
        if e.tag in ("display", "stop", "finish", "comment"):
            return []
        raise Unknown(f"{self.element.get('name')}: statement {e.tag}")

    def loop(self, e, start, scope, indent):
        if leaves(e) or start is None or start.tag != "assign":
            raise Unknown(f"{self.element.get('name')}: a loop that is left early")
        variable, step = self.find(start[1], scope), e[3].find("./assign")
        self.known[variable], lines = self.value(start[0], scope), []
        while True:
            again = self.value(e[1][0], scope)
            if again is None:
                raise Unknown(f"{self.element.get('name')}: a loop whose end is not known")
            if not again:
                del self.known[variable]
                return lines
            lines += self.statements(list(e[2]), scope, indent)
            self.known[variable] = self.value(step[0], scope)

    # ---- what a module has ------------------------------------------------------------------------------------------------------

    def item(self, e, scope):
        scope = self.scopes.get(e, scope)
        if e.tag == "begin":
            for child in e:
                self.item(child, scope)
        elif e.tag == "contassign":
            self.body += [f"  assign {target} = {value};" for target, value in self.assignments(e, scope)]
        elif e.tag == "always":
            self.process(e, scope)
        elif e.tag in ("initial", "initialstatic"):
            self.initial(e, scope)
        elif e.tag == "instance":
            self.instance(e, scope)
        elif e.tag not in ("var", "func", "typedef", "modport"):
            raise Unknown(f"{self.element.get('name')}: {e.tag}")

    def process(self, e, scope):
        edges = [f"{'posedge' if i.get('edgeType') == 'POS' else 'negedge'} {self.expression(i[0], scope)}"
                 for i in e.iter("senitem")]
        lines = self.statements([c for c in e if c.tag != "sentree"], scope, "    ")
        if not lines:
            return
        unset = [f"    {v.name} = {v.type.width}'bx;" for v in self.temporaries(e)]
        when = f"always @({' or '.join(edges) or '*'})"
        targets = {ref for a in e.iter("assign") for ref in a[1].iter()}
        if not edges and all(ref in targets for tag in ("varref", "varxref") for ref in e.iter(tag)):
            when = "initial"  # constants; nothing would ever wake it
        self.body += [f"  {when} begin", *unset, *lines, "  end"]

    def temporaries(self, e):
        """Variables of the blocks in a process: they keep nothing from one run to the next."""
        found = []
        for block in e.iter("begin"):
            for var in block.findall("var"):
                variable = self.scopes[block].names.get(var.get("name"))
                if variable and not variable.type.elements and variable not in self.loop_variables:
                    found.append(variable)
        return found

    def initial(self, e, scope):
        steady, lines = [], []
        for a in e:
            variable = self.find(a[1], scope) if a.tag == "assign" and a[1].tag == "varref" else None
            if variable is not None and variable.drivers == {"initial"} and not variable.type.elements:
                variable.drivers = {"assign"}
                steady += self.assignments(a, scope)
            else:
                lines += self.statements([a], scope, "    ")
        self.body += [f"  assign {target} = {value};" for target, value in steady]
        if lines:
            self.body += ["  initial begin", *lines, "  end"]

    def instance(self, e, scope):
        module = self.design.modules.get(e.get("defName"))
        if module is None:
            return  # an interface, or a package
        pins = [f".{pin}({variable.name})" for pin, _, variable in self.interface_pins(e, module, scope)]
        pins += [f".{plain(port.get('name'))}({self.target(port[0], scope) if len(port) else ''})"
                 for port in self.plain_ports(e, module)]
        name = self.fresh(e.get("name"))
        self.body.append(f"  {plain(e.get('defName'))} {name} (\n    " + ",\n    ".join(pins) + ");")

    def function_text(self, element, known, name):
        locals_, self.known = self.functions[element], dict(known)
        result = next(v for v in locals_ if v.direction == "result")
        lines = [f"  function automatic [{result.type.width - 1}:0] {name};"]
        inputs = [v for v in locals_ if v.direction == "input" and v not in self.known]
        result.name = name
        lines += [f"    input [{v.type.width * v.count - 1}:0] {v.name};" for v in inputs]
        seen = self.reads(element)  # whole: what is cut to a bit would wake nobody when another bit changes
        lines += [f"    input [{v.type.width - 1}:0] seen_{i};" for i, v in enumerate(seen)]
        if not inputs and not seen:
            lines.append("    input unused;")
        lines += ["    " + v.declaration("reg") for v in locals_ if v.direction is None]
        lines += ["    begin", *self.statements(element, self.scopes[element], "      "), "    end", "  endfunction"]
        self.known = {}
        return lines

    def assemble(self):
        functions, written = [], 0
        while written < len(self.called):  # each may call more
            (element, known), name = list(self.called.items())[written]
            functions += self.function_text(element, known, name)
            written += 1
        lines = [f"module {plain(self.element.get('name'))} (", "  " + ",\n  ".join(p.name for p in self.ports), ");"]
        for v in self.variables:
            # mixed: a variable of which parts are assigned, parts written by processes
            processes = v.drivers & {"clocked", "combinational", "initial"}
            kind = "reg" if processes else "wire"
            if processes and v.drivers & {"assign", "instance"}:
                raise Unknown(f"{self.element.get('name')}: {v.name} is driven by {v.drivers}")
            if v.value is not None:
                width = v.type.width
                values = ", ".join(f"{width}'d{x % (1 << width)}" for x in reversed(v.value))
                lines.append(f"  wire [{width * len(v.value) - 1}:0] {v.name} = {{{values}}};")
                continue
            lines.append("  " + v.declaration(f"{v.direction} {kind}" if v.direction else kind))
        for key, name in self.helpers.items():
            if key[0] == "sign":
                lines += [f"  function automatic [{key[1] + key[2] - 1}:0] {name};", f"    input [{key[1] - 1}:0] x;",
                          f"    {name} = {{{{{key[2]}{{x[{key[1] - 1}]}}}}, x}};", "  endfunction"]
            else:
                lines += [f"  function automatic [{key[1] - 1}:0] {name};", f"    input [{key[0] - 1}:0] x;", "    input [31:0] low;",
                          f"    {name} = x[low +: {key[1]}];", "  endfunction"]
        return "\n".join([*lines, *functions, *self.body, "endmodule", ""])


def leaves(e):
    return next(e.iter("jumpgo"), None) is not None


def used_in_modport(kind, name):
    return any(v.get("name") == name for v in kind.iter("modportvarref"))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    design = Design(elaborate(sys.argv[1], [pathlib.Path(f) for f in sys.argv[2:]]))
    for name in design.modules:
        print(design.text(name))


if __name__ == "__main__":
    main()
