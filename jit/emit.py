"""Source text of values: operands, indices, loads, stores, expressions of a kernel."""

from __future__ import annotations

import math

from .dtypes import DType, int64
from .fuse import VIRTUAL, Unit
from .ir import Node, Value
from .loops import Access, Nest, Store, Target
from .passes.layout import Layout
from .sym import Sym, expr_of

# The type of the parts of a complex type in a kernel.
PART = {"c32": "f32", "c64": "f32", "c128": "f64"}


def literal(value, t: str) -> str:
    """A Python number as source text of a short dtype."""
    if t == "b1":
        return "True" if value else "False"
    if t[0] == "c":
        part = PART[t]
        parts = f"{literal(value.real, part)}, {literal(value.imag, part)}"
        return f"cplx_{t}({parts})" if t != "c32" else f"c32(cplx_c64({parts}))"
    if isinstance(value, complex):
        value = value.real
    real = t[0] == "f" or t == "bf16"
    if isinstance(value, float) and real:
        if math.isnan(value):
            return f"{t}(NAN)"
        if math.isinf(value):
            return f"{t}(INF)" if value > 0 else f"-{t}(INF)"
        return f"{t}({value!r})"
    value = int(value)
    if value == -(2**63):
        return f"{t}(-9223372036854775807 - 1)"
    return f"{t}({float(value)!r})" if real else f"{t}({value})"


_DIVISIONS = {"floor_divide", "remainder", "fmod", "div_floor", "div_trunc"}
# Results that a narrow type holds if it holds the operands.
_EXACT = {
    "neg", "abs", "where", "maximum", "minimum", "relu", "sign", "floor", "ceil", "trunc", "round",
    "replaced", "fmod", "real", "imag", "conj",
}  # fmt: skip


# Functions of kernels that a variable must not hide: b1(x), i64(x), c64(x), ...
CONVERSIONS = {f"{kind}{bits}" for kind in "biucf" for bits in (1, 8, 16, 32, 64, 128)}


class ValueEmitter:
    """Writes what is inside a kernel's loops; `Emitter` writes the loops."""

    def __init__(self, unit: Unit, layout: Layout, stored: dict[Value, Target]):
        self.unit, self.layout = unit, layout
        self.nest = Nest(unit, layout)
        self.nest.collect(stored)
        self.nest.merge()
        self.lines: list[str] = []
        self.depth = 1
        self.args: list[tuple] = []
        self.names: dict[tuple, str] = {}  # argument -> variable
        self.scope: list[dict] = [{}]  # memo of emitted values and indices, by loop depth
        self.counter = 0
        self.checks: list[tuple] = []
        self.before: list[str] = []  # lines ahead of the loops, and behind them
        self.after: list[str] = []
        self.temps: list[tuple] = []
        self.kept: dict[Value, tuple] = {}  # values of earlier loops: (buffer key, access or None)

    # -- small helpers

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        name = f"{prefix}{self.counter}"
        return self.fresh(prefix) if name in CONVERSIONS else name

    def lookup(self, key):
        for memo in reversed(self.scope):
            if key in memo:
                return memo[key]
        return None

    def open_loop(self, header: str) -> None:
        self.line(header)
        self.depth += 1
        self.scope.append({})

    def close_loop(self) -> None:
        self.depth -= 1
        self.scope.pop()

    def size(self, n: int) -> str:
        """A size: literal 0 and 1 are structure, anything else is an argument."""
        if not isinstance(n, Sym) and n in (0, 1, -1):
            return str(n)
        key = ("int", expr_of(n))
        if key not in self.names:
            self.names[key] = f"n{sum(k[0] == 'int' for k in self.names)}"
            self.args.append(("int", n))
        return self.names[key]

    def pointer(self, key: tuple, dtype: DType) -> str:
        name = self.names.get(("ptr", key))
        if name is None:
            name = f"p{sum(k[0] == 'ptr' for k in self.names)}"
            self.names["ptr", key] = name
            self.args.append(("ptr", key, dtype))
        return name

    def scalar(self, v: Value, t: str) -> str:
        """A run-time scalar, converted to the short dtype t."""
        key = ("scalar", v)
        if key not in self.names:
            self.names[key] = f"s{sum(k[0] == 'scalar' for k in self.names)}"
            self.args.append(("scalar", v))
            if v.type.weak == "c":
                self.args.append(("imag", v))  # a second word
        return f"{t}({self.names[key]})" if t != "b1" else f"({self.names[key]} != 0)"

    # -- indices

    def index(self, access: Access, loop_vars: dict[int, str]) -> str:
        """Source text of the linear index, given the variables of the loops that are open."""
        terms, tail = [], ""
        for a, var in loop_vars.items():
            c = access.coefs[a]
            if c == 0:
                continue
            if a == self.innermost:
                tail = var if c == 1 else f"{var} * {self.size(c)}"
            else:
                terms.append(var if c == 1 else f"{var} * {self.size(c)}")
        if not access.offset == 0:
            terms.insert(0, self.size(access.offset))
        if len(terms) > 1 or (terms and "*" in terms[0]):
            terms = [self.hoisted(" + ".join(terms))]
        text = " + ".join([*terms, tail] if tail else terms)
        return text or "0"

    def strided(self, access: Access, loop_vars: dict[int, str]) -> tuple[str, str, int] | None:
        """(row part, variable, step) of an index whose innermost step is 2 to 4.

        Such a step is structure: LLVM then loads whole vectors and shuffles.
        """
        var = loop_vars.get(self.innermost)
        if var is None or access.guards or access.source.dtype.short not in ("f32", "f64"):
            return None
        c = access.coefs[self.innermost]
        if isinstance(c, Sym) or not 2 <= c <= 4:
            return None
        outer = {a: v for a, v in loop_vars.items() if a != self.innermost}
        return self.index(access, outer), var, c

    def hoisted(self, text: str) -> str:
        """A row part of an index, computed once outside the innermost loop."""
        return self._at_depth(("base", text), text, "b")

    def _at_depth(self, key, text: str, prefix: str) -> str:
        found = self.lookup(key)
        if found is None:
            found = self.fresh(prefix)
            place = self.hoist_at
            self.lines.insert(place[0], "    " * place[1] + f"{found} = {text}")
            place[0] += 1
            self.scope[place[2]][key] = found
        return found

    def guarded(
        self, access: Access, loop_vars: dict[int, str], at: str, more: list[str] | None = None
    ) -> tuple[str, str]:
        """(address, condition) of an access with guards; `more`: a further term for each."""
        conditions = []
        for k, g in enumerate(access.guards):
            terms = [] if g.const == 0 else [self.size(g.const)]
            for a, var in loop_vars.items():
                if not g.coefs[a] == 0:
                    terms.append(var if g.coefs[a] == 1 else f"{var} * {self.size(g.coefs[a])}")
            if more is not None and more[k]:
                terms.append(more[k])
            e = self.fresh("e")
            self.line(f"{e} = {' + '.join(terms) or '0'}")
            conditions.append(f"({e} >= 0) & ({e} < {self.size(g.size)})")
            if not g.div == 1:
                conditions.append(f"({e} % {self.size(g.div)} == 0)")
                if not g.stride == 0:
                    at = f"{at} + {e} // {self.size(g.div)} * {self.size(g.stride)}"
        return at, " & ".join(conditions)

    # -- values

    def load(self, access: Access, loop_vars: dict[int, str]) -> str:
        """A loaded element as a variable."""
        key = ("load", access.source, access.key(), _guard_key(access), tuple(loop_vars.values()))
        found = self.lookup(key)
        if found is not None:
            return found
        dtype = access.source.dtype
        strided = self.strided(access, loop_vars)
        at = self.index(access, loop_vars)
        if access.source.op == "iota" and not access.guards:
            return f"{dtype.short}({at})"
        virtual = access.source.op in VIRTUAL
        p = None if virtual else self.pointer(("v", access.source), dtype)
        x = self.fresh("x")
        if access.guards:
            at, condition = self.guarded(access, loop_vars, at)
            fill = literal(access.fill if dtype.differentiable else _int_fill(access.fill, dtype),
                           dtype.short)  # fmt: skip
            inside = f"{p}[{at}]" if p else f"{dtype.short}({at})"
            if access.source.op == "const":
                inside = self.constant(access.source, dtype.short)
            self.line(f"{x} = {inside} if {condition} else {fill}")
        elif strided is not None and p:
            row, var, step = strided
            self.line(f"{x} = strided({p}, {row}, {var}, {step})")
        else:
            self.line(f"{x} = {p}[{at}]")
        self.scope[-1][key] = x
        return x

    def constant(self, source: Value, t: str) -> str:
        """The value of a const node as source text of the short dtype t."""
        value = source.node.attrs["value"]
        own = source.dtype
        if own.narrow and not source.type.weak and t != own.short:
            return cast_text(literal(value, own.short), own.short, t)
        return f"{t}({self.size(value)})" if isinstance(value, Sym) else literal(value, t)

    def operand(self, node: Node, i: int, t: str, loop_vars) -> str:
        """Operand i of a node, cast to the short dtype t."""
        v = node.inputs[i]
        source, m = self.layout.of(v)
        if source.node is not None and source.node.op.name == "const" and not m.guards:
            return self.constant(source, t)
        if v.type.weak:
            return self.scalar(v, t)
        if source in self.unit.labels:
            text = self.value(source, loop_vars)
        else:
            text = self.load(self.nest.loads[node, i], loop_vars)
        return cast_text(text, source.dtype.short, t)

    def value(self, v: Value, loop_vars: dict[int, str]) -> str:
        """A value computed in this unit, as a variable."""
        found = self.lookup(v)
        if found is not None:
            return found
        if v in self.kept:
            name, text = self.fresh("x"), self.kept_at(v, loop_vars)
        else:
            text = self.expression(v.node, loop_vars)
            name = self.fresh("v")
        self.line(f"{name} = {text}")
        self.scope[-1][v] = name
        return name

    def kept_at(self, v: Value, loop_vars: dict[int, str]) -> str:
        """Where an earlier loop over the row left v: its own buffer, or the thread's scratch."""
        key, access = self.kept[v]
        p = self.pointer(key, v.dtype)
        if access is not None:
            return f"{p}[{self.index(access, loop_vars)}]"
        (a,) = self.nest.reduced
        base = self.hoisted(f"tid * {self.size(self.nest.extents[a])}")
        return f"{p}[{base} + {loop_vars[a]}]"

    def expression(self, node: Node, loop_vars) -> str:
        op = node.op
        if op.name in ("cast", "copy"):
            t = node.out.dtype.short
            x = self.operand(node, 0, _source_short(node.inputs[0], t), loop_vars)
            return cast_text(x, _source_short(node.inputs[0], t), t)
        if op.kind == "generator":
            seed = self.operand(node, 0, "i64", loop_vars)
            at = self.index(self.nest.indices[node], loop_vars)
            counter = f"{self.operand(node, 1, 'i64', loop_vars)} + {at}"
            text = op.expr.format(seed, counter, t=node.out.dtype.compute_short)
            if node.out.dtype.narrow:
                return _narrow_random(op.name, text, node.out.dtype.short)
            return f"i64({text})" if op.name == "random_bits" else text
        if op.kind == "gather":
            return self.gather(node, loop_vars)
        return self.arithmetic(node, loop_vars)

    def arithmetic(self, node: Node, loop_vars) -> str:
        op = node.op
        types = [v.type for v in node.inputs]
        compute = op.compute_dtype(types)
        t, expr = compute.compute_short, op.expr
        if compute.kind == "b":
            if op.bool_expr is not None:
                expr = op.bool_expr
            elif op.result == "bool":
                t, expr = "i64", op.int_expr or expr
        elif compute.kind == "i" and op.int_expr is not None:
            expr = op.int_expr
        elif compute.kind == "c":
            expr = op.complex_expr
        if compute.kind == "i" and "_{t}(" in expr:
            t = "i64"  # integer functions exist in one width
        wanted = [t] * len(types)
        if compute.narrow:
            # Operands are rounded first; but for the ops whose numbers PyTorch leaves as they are.
            wanted = [t if op.wide_scalars and not a.shape else compute.short for a in types]
        if op.name == "where":
            wanted[0] = "b1"
        ins = [self.operand(node, i, w, loop_vars) for i, w in enumerate(wanted)]
        if compute.kind == "i" and op.name in _DIVISIONS:
            self.check_divisor(node, ins[1])
        text = expr.format(*ins, t=t, r=PART.get(t, t), o=node.out.dtype.compute_short)
        if node.out.dtype.narrow and op.name not in _EXACT:
            return f"{node.out.dtype.short}({text})"
        narrow = compute.kind == "i" and compute is not int64 and op.result != "bool"
        return f"{compute.short}({text})" if narrow else text

    def gather(self, node: Node, loop_vars) -> str:
        x, _ = node.inputs
        d = node.attrs["dim"]
        source, m = self.layout.of(x)
        idx = self.operand(node, 1, "i64", loop_vars)
        n = self.size(x.shape[d])
        j = self.fresh("j")
        self.line(f"{j} = {idx}")
        self.check_index(node, j, n)
        if node.attrs["what"] == "index":
            self.line(f"{j} = select({j} < 0, {j} + {n}, {j})")
        self.line(f"{j} = select(({j} < 0) | ({j} >= {n}), 0, {j})")
        if (node, 0) not in self.nest.loads:  # a constant, the same everywhere
            return self.constant(source, node.out.dtype.short)
        access = self.nest.loads[node, 0]
        at = self.index(access, loop_vars)
        stride = m.strides[d]
        step = j if stride == 1 else f"{j} * {self.size(stride)}"
        at = step if at == "0" else f"{at} + {step}"
        const, virtual = source.op == "const", source.op in VIRTUAL
        p = "" if virtual else self.pointer(("v", source), source.dtype)
        read = f"{source.dtype.short}({{}})" if virtual else p + "[{}]"  # an iota has no memory
        if not access.guards:
            return read.format(at)
        more = ["" if g.coefs[d] == 0 else f"{j} * {self.size(g.coefs[d])}" for g in m.guards]
        at, condition = self.guarded(access, loop_vars, at, more)
        t = source.dtype
        fill = literal(access.fill if t.differentiable else _int_fill(access.fill, t), t.short)
        inside = self.constant(source, t.short) if const else read.format(at)
        return f"({inside} if {condition} else {fill})"

    # Checks keep what they see in variables and report after the loops: a store that hardly ever
    # happens would become a scatter, which costs as much as if it did.

    def check_index(self, node: Node, j: str, n: str) -> None:
        """The plan raises if one of the indices that `j` runs through is not below `n`."""
        what, d = node.attrs["what"], node.attrs["dim"]
        lo, hi = self.fresh("lo"), self.fresh("hi")
        self.before += [f"{lo} = 0", f"{hi} = -1"]
        self.line(f"{lo} = minimum({lo}, {j})")
        self.line(f"{hi} = maximum({hi}, {j})")
        low = f"{lo} < {f'-{n}' if what == 'index' else 0}"
        value = f"select({low}, {lo}, {hi})"
        self.report(what, node, f"({low}) | ({hi} >= {n})", value, d, node.inputs[0].shape[d])

    def check_divisor(self, node: Node, divisor: str) -> None:
        """The plan raises if one of the divisors is zero."""
        zeros = self.fresh("z")
        self.before.append(f"{zeros} = 0")
        self.line(f"{zeros} = {zeros} | i64({divisor} == 0)")
        self.report("divisor", node, f"{zeros} != 0", "0")

    def report(
        self, what: str, node: Node, bad: str, value: str, dim: int = 0, size: int = 0
    ) -> None:
        """After the loops: `value` goes to the status words if `bad` holds."""
        err = self.pointer(("status",), int64)
        self.checks.append((what, node.loc, dim, size))
        code = self.size_word(("check", len(self.checks)))
        self.after += [f"if {bad}:", f"    {err}[0] = {code}", f"    {err}[1] = {value}"]

    def size_word(self, key: tuple) -> str:
        """An argument word that the plan fills in (a check's number)."""
        if key not in self.names:
            self.names[key] = f"c{sum(k[0] == 'check' for k in self.names)}"
            self.args.append(key)
        return self.names[key]

    def store(self, s: Store, loop_vars, text: str) -> None:
        p = self.pointer(s.key, s.value.dtype)
        self.line(f"{p}[{self.index(s.access, loop_vars)}] = {text}")

    def mark_hoist(self) -> None:
        """Row parts of indices go to the current line and depth."""
        self.hoist_at = [len(self.lines), self.depth, len(self.scope) - 1]


def _narrow_random(name: str, text: str, t: str) -> str:
    """A random float32 in a narrow type; a uniform one is cut off, so that it stays below 1."""
    if name != "uniform":
        return f"{t}({text})"
    steps = 2048.0 if t == "f16" else 256.0
    return f"floor({text} * f32({steps})) * f32({1 / steps})"


def _source_short(v: Value, t: str) -> str:
    return v.dtype.short if not v.type.weak else t


def _int_fill(fill, dtype: DType) -> int:
    return int(fill) if math.isfinite(fill) else 0


def _guard_key(access: Access) -> tuple:
    return tuple(
        (expr_of(g.const), tuple(map(expr_of, g.coefs)), expr_of(g.size)) for g in access.guards
    )


def cast_text(text: str, have: str, want: str) -> str:
    """Source text of a conversion; to bool is != 0."""
    if have == want or (have in ("f16", "bf16") and want == "f32"):
        return text
    if have == "c32" and want == "c64":
        return text
    return f"({text} != 0)" if want == "b1" else f"{want}({text})"
