"""Kernels of recurrent layers: a loop inside the plan over one small product and one gate kernel.

The input's share of the gates comes in whole ([T, B, gates]: one product outside). Each turn of the
loop multiplies the last state by the recurrent weight and applies the gates; pointers move on by
a step. The number of turns is an argument like any size. The gradient walks the other way round
and leaves the gates' gradients, from which one product gives the weight's.
"""

from __future__ import annotations

from .argblock import ArgBlock, indent
from .codegen import Kernel, loop_end
from .dtypes import DType
from .ir import Node, Value
from .loops import Target
from .opaque import copy_kernel
from .ops.recurrent import operands
from .passes.layout import Layout
from .sym import ceil_div, prod

TURN_ROWS = 16  # of a block: a cache line of what is written

# One element of a step: `gates` are gx + rec, by number; the new state goes to `h` (and c).
_FORWARD = {
    "LSTM": """i = sigmoid_{t}({0})
f = sigmoid_{t}({1})
g = tanh_{t}({2})
o = sigmoid_{t}({3})
c = f * p_c0[c0_at + r * nh + j] + i * g
p_c1[c1_at + r * nh + j] = c
p_h[h_at + r * nh + j] = o * tanh_{t}(c)
""",
    "GRU": """u = {rec2}
i = sigmoid_{t}({0})
f = sigmoid_{t}({1})
g = tanh_{t}({gx2} + i * u)
o = u
p_h[h_at + r * nh + j] = g + f * (p_h0[h0_at + r * nh + j] - g)
""",
    "RNN_TANH": "p_h[h_at + r * nh + j] = tanh_{t}({0})\n",
    "RNN_RELU": "p_h[h_at + r * nh + j] = maximum({0}, {t}(0))\n",
}
_READ = "".join(f"{x} = p_acts[a_at + 4 * r * nh + {k} * nh + j]\n" for k, x in enumerate("ifgo"))
# Gradients of a step from `dh`, that of its state: those of the gates by number in d0, d1, ...
_BACKWARD = {
    "LSTM": """y = tanh_{t}(p_c1[c1_at + r * nh + j])
dc = p_dc[r * nh + j] + dh * o * ({t}(1) - y * y){gc}
d0 = dc * g * i * ({t}(1) - i)
d1 = dc * p_c0[c0_at + r * nh + j] * f * ({t}(1) - f)
d2 = dc * i * ({t}(1) - g * g)
d3 = dh * y * o * ({t}(1) - o)
p_dc[r * nh + j] = dc * f
""",
    # r, z, n are i, f, g; o is the part of n that the reset gate scales.
    "GRU": """d2 = dh * ({t}(1) - f) * ({t}(1) - g * g)
d1 = dh * (p_h0[h0_at + r * nh + j] - g) * f * ({t}(1) - f)
d0 = d2 * o * i * ({t}(1) - i)
p_rec[r * nh + j] = dh * f
""",
    "RNN_TANH": "y = p_h1[h1_at + r * nh + j]\nd0 = dh * ({t}(1) - y * y)\n",
    "RNN_RELU": "d0 = select(p_h1[h1_at + r * nh + j] > {t}(0), dh, {t}(0))\n",
}


class _Steps:
    """What both directions share: the sizes, where time starts and by how much it moves."""

    def __init__(self, node: Node, layout: Layout, shape, width: int, backwards: bool):
        self.node, self.layout = node, layout
        self.mode = node.attrs["mode"]
        self.length, self.batch, gates = shape
        self.gates = {"LSTM": 4, "GRU": 3}.get(self.mode, 1)
        self.hidden, self.width = gates // self.gates, width
        self.down = bool(node.attrs["reverse"]) != backwards  # time runs from the end
        self.numbers = dict(zip(node.attrs["results"], node.outputs))
        self.dtype = node.inputs[0].dtype
        self.sign = -1 if self.down else 1
        self.first = self.length - 1 if self.down else 0
        # States are numbered from 0 to length; step t leads from one neighbour to the other.
        self.before, self.after = (1, 0) if node.attrs["reverse"] else (0, 1)

    def result(self, k: int) -> tuple[tuple, bool]:
        """Buffer key of a result, and whether somebody wants it (else it is scratch)."""
        v = self.numbers.get(k)
        return (("v", v), True) if v is not None else (("rnn", self.node, k), False)

    def temp(self, kernel: Kernel, key: tuple, count: int) -> None:
        kernel.temps.append((key, count * self.dtype.itemsize, "shared"))

    def block(self) -> _Block:
        return _Block(self.layout, self.dtype)

    def source(self, v: Value) -> tuple:
        return "v", self.layout.of(v)[0]

    def product(self, a, at_a, step_a, b, strides, c, at_c, step_c, k, n, add=False) -> Kernel:
        """c [batch, n] = a [batch, k] @ b, in each turn."""
        dtype = self.dtype
        kernel = Kernel("gemm", "", [("ptr", x, dtype) for x in (a, b, c)], 1, 1, mode="gemm")
        kernel.gemm = (
            dtype.short, (1, self.batch, n, k), (0, k, 1), (0, *strides), (0, n, 1), at_a, 0, at_c,
        )  # fmt: skip
        kernel.steps = {0: step_a, 2: step_c}
        kernel.accumulate = add
        kernel.bytes = (self.batch * (k + n) + k * n) * dtype.itemsize
        kernel.flops = 2 * self.batch * k * n
        return kernel

    def fill(self, key: tuple, count: int) -> Kernel:
        block = self.block()
        block.pointer("p", key, self.dtype)
        text = f"    for i in range(begin, end):\n        p[i] = {self.dtype.short}(0)\n"
        return block.kernel("fill", text, count, 1)


class _Block(ArgBlock):
    """An argument block whose pointers may move on in each turn of a loop.

    Pointers are taken to be of disjoint memory: what is written gets one for each gate.
    """

    def __init__(self, layout: Layout, dtype: DType):
        super().__init__(layout)
        self.dtype, self.moves = dtype, {}

    def moving(self, name: str, key: tuple, at: int, step: int) -> None:
        """Pointer p_<name> to element <name>_at."""
        self.moves[len(self.args)] = step
        self.pointer(f"p_{name}", key, self.dtype)
        self.sizes(**{f"{name}_at": at})

    def cells(self, name: str, text: str, batch: int, hidden: int, cost: int) -> Kernel:
        """The kernel that runs `text` for every row r and hidden unit j."""
        loop = "    for r in range(begin, end):\n        for j in range(nh):\n"
        kernel = self.kernel(name, loop + indent(text, 3), batch, hidden * cost)
        kernel.steps = {at: n for at, n in self.moves.items() if not n == 0}
        return kernel


def scan_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """rnn_scan: results 0 the states [T + 1, B, P], 1 LSTM's cells, 2 the gates."""
    gx, h0, cell, weight, bias, proj = operands(node.attrs["mode"], node.inputs)
    s = _Steps(node, layout, gx.shape, h0.shape[1], False)
    rows, gates, width, size = s.batch, s.gates * s.hidden, s.width, s.batch * s.width
    (hs, kept_h), (cs, kept_c) = s.result(0), s.result(1)
    at, end = (s.first + k for k in (s.before, s.after))
    dtype = s.dtype
    turned, rec = ("turned", node), ("rec", node)
    kernels = [
        _turn(s, weight, turned),
        _copy(h0, hs, (width, 1), at * size, layout, node),
    ]
    s.temp(kernels[0], turned, gates * width)
    if not kept_h:
        s.temp(kernels[1], hs, (s.length + 1) * size)
    block = s.block()
    block.sizes(nh=s.hidden)
    block.moving("gx", s.source(gx), 0 if not s.down else s.first * rows * gates,
                 s.sign * rows * gates)  # fmt: skip
    block.pointer("p_rec", rec, dtype)
    if s.mode == "LSTM":
        cells, step_c = s.batch * s.hidden, s.sign * s.batch * s.hidden if kept_c else 0
        at_c = at * cells if kept_c else 0
        kernels.append(_copy(cell, cs, (s.hidden, 1), at_c, layout, node))
        if not kept_c:
            s.temp(kernels[-1], cs, cells)
        block.moving("c0", cs, at_c, step_c)
        if kept_c:
            block.moving("c1", cs, end * cells, step_c)
    if s.mode == "GRU":
        block.moving("h0", hs, at * size, s.sign * size)
    if bias is not None:
        block.pointer("p_bias", s.source(bias), dtype)
    if proj is not None:
        block.moving("h", ("full", node), 0, 0)
    else:
        block.moving("h", hs, end * size, s.sign * size)
    text = _forward_text(s, bias is not None)
    acts, kept = s.result(2)
    if kept:
        count = 4 * s.batch * s.hidden
        for k, x in enumerate("ifgo"):
            block.moving(x, acts, s.first * count + k * s.hidden, s.sign * count)
            text += f"p_{x}[{x}_at + 4 * r * nh + j] = {x}\n"
    gate = block.cells(f"{s.mode.lower()}_gates", text, rows, s.hidden, 8 * s.gates)
    s.temp(gate, rec, rows * gates)
    body = [s.product(hs, at * size, s.sign * size, turned, (gates, 1), rec, 0, 0, width, gates),
            gate]  # fmt: skip
    if proj is not None:
        s.temp(gate, ("full", node), rows * s.hidden)
        body.append(s.product(("full", node), 0, 0, s.source(proj), (1, s.hidden), hs, end * size,
                              s.sign * size, s.hidden, width))  # fmt: skip
    return [*kernels, *body, loop_end(s.length, body, s.batch)]


def _forward_text(s: _Steps, biased: bool) -> str:
    def part(p: str, k: int) -> str:
        return f"{p}[{'gx_at + ' if p == 'p_gx' else ''}{s.gates} * r * nh + {k} * nh + j]"

    sums, t = {}, s.dtype.short
    for k in range(s.gates):
        x, rec = part("p_gx", k), part("p_rec", k)
        if biased:
            rec = f"({rec} + p_bias[{k} * nh + j])"
        sums |= {str(k): f"{x} + {rec}", f"gx{k}": x, f"rec{k}": rec}
    text = _FORWARD[s.mode].replace("{t}", t)
    if 1 not in s.numbers:
        text = text.replace("p_c1[c1_at", "p_c0[c0_at")  # one cell state, overwritten
    for name, x in sums.items():
        text = text.replace(f"{{{name}}}", x)
    return text


def _copy(v: Value, key: tuple, strides, at: int, layout: Layout, node: Node) -> Kernel:
    return copy_kernel(v, Target(key, strides, at), layout, node.loc)


def _turn(s: _Steps, weight: Value, turned: tuple) -> Kernel:
    """turned = weight' by blocks of rows that stay in the cache."""
    rows, columns = weight.shape
    block = s.block()
    block.pointer("p", s.source(weight), s.dtype)
    block.pointer("q", turned, s.dtype)
    block.sizes(rows=rows, columns=columns)
    text = f"""    for b in range(begin, end):
        last = min(rows, (b + 1) * {TURN_ROWS})
        for k in range(columns):
            for j in range(b * {TURN_ROWS}, last):
                q[k * rows + j] = p[j * columns + k]
"""
    return block.kernel("turn", text, ceil_div(rows, TURN_ROWS), TURN_ROWS * columns)


def back_kernels(node: Node, layout: Layout) -> list[Kernel]:
    """rnn_back: results 0 the gradient of gx, 1 of h0, 2 of c0, 3 of the recurrent share (GRU) or
    of the projected states (LSTM)."""
    ins = list(node.inputs)
    of, mode = node.attrs["of"], node.attrs["mode"]
    g = ins.pop(0)
    hs = ins.pop(0) if mode != "LSTM" else None
    cs, acts = (ins.pop(0) if mode == "LSTM" else None), (ins.pop(0) if mode[0] != "R" else None)
    weight, proj = ins[0], ins[1] if len(ins) > 1 else None
    gates, width = weight.shape
    s = _Steps(node, layout, (g.shape[0] - 1, g.shape[1], gates), width, True)
    size, cells, dtype = s.batch * width, s.batch * s.hidden, s.dtype
    at, end = (s.first + k for k in (s.before, s.after))  # the states before and after a step
    dgx, dh0, dc0 = (s.result(k) for k in range(3))
    kernels = [s.fill(dh0[0], size)]
    if not dh0[1]:
        s.temp(kernels[0], dh0[0], size)
    block = s.block()
    block.sizes(nh=s.hidden)
    grad = (s.source(g), end * (size if of == 0 else cells), s.sign * (size if of == 0 else cells))
    body, text = [], ""
    if proj is not None:
        dp, wanted = s.result(3)
        body += _projected(s, of, grad, dh0[0], dp, wanted, proj)
        block.pointer("p_full", ("full", node), dtype)
        text += "dh = p_full[r * nh + j]\n"
    else:
        text += "dh = p_rec[r * nh + j]\n"
        if of == 0:
            text += "dh = dh + p_g[g_at + r * nh + j]\n"
            block.moving("g", *grad)
    if proj is None or mode != "LSTM":
        block.pointer("p_rec", dh0[0], dtype)
    if mode == "LSTM":
        kernels.append(s.fill(dc0[0], cells))
        if not dc0[1]:
            s.temp(kernels[-1], dc0[0], cells)
        block.pointer("p_dc", dc0[0], dtype)
        block.moving("c0", s.source(cs), at * cells, s.sign * cells)
        block.moving("c1", s.source(cs), end * cells, s.sign * cells)
        if of == 1:
            block.moving("g", *grad)
    else:
        name, k = ("h0", at) if mode == "GRU" else ("h1", end)
        block.moving(name, s.source(hs), k * size, s.sign * size)
    if acts is not None:
        block.moving("a", s.source(acts), s.first * 4 * cells, s.sign * 4 * cells)
        text += _READ.replace("p_acts", "p_a")
    gc = " + p_g[g_at + r * nh + j]" if of == 1 else ""
    text += _BACKWARD[mode].replace("{t}", dtype.short).replace("{gc}", gc)
    flows = dgx[0]  # what the recurrent product was added to
    outs = [("dgx", dgx, [f"d{k}" for k in range(s.gates)])]
    if mode == "GRU":
        outs.append(("dgh", s.result(3), ["d0", "d1", "d2 * i"]))
        flows = outs[1][1][0]
    for name, (key, _), parts in outs:
        for k, x in enumerate(parts):
            block.moving(f"{name}{k}", key, s.first * s.batch * gates + k * s.hidden,
                         s.sign * s.batch * gates)  # fmt: skip
            text += f"p_{name}{k}[{name}{k}_at + {s.gates} * r * nh + j] = {x}\n"
    gate = block.cells(f"{mode.lower()}_back", text, s.batch, s.hidden, 6 * s.gates)
    for _, (key, wanted), _ in outs:
        if not wanted:
            s.temp(gate, key, s.length * s.batch * gates)
    flow = s.first * s.batch * gates
    body += [gate, s.product(flows, flow, s.sign * s.batch * gates, s.source(weight), (width, 1),
                             dh0[0], 0, 0, gates, width, add=mode == "GRU")]  # fmt: skip
    kernels += [*body, loop_end(s.length, body, s.batch)]
    # The state before the first step has a gradient of its own too.
    first = s.length if node.attrs["reverse"] else 0
    key, wanted = dh0 if of == 0 else dc0
    if wanted:
        kernels.append(_add(s, key, s.source(g), first * prod(g.shape[1:]), prod(g.shape[1:])))
    return kernels


def _projected(s: _Steps, of: int, grad, rec: tuple, dp: tuple, wanted: bool, proj) -> list[Kernel]:
    """The gradient of a projected state, kept for the projection's, and of what was projected."""
    size = s.batch * s.width
    block = s.block()
    block.pointer("p_rec", rec, s.dtype)
    block.sizes(nh=s.width)
    block.moving("dp", dp, s.first * size, s.sign * size)
    text = "p_rec[r * nh + j]"
    if of == 0:
        block.moving("g", *grad)
        text += " + p_g[g_at + r * nh + j]"
    add = block.cells("lstm_add", f"p_dp[dp_at + r * nh + j] = {text}\n", s.batch, s.width, 1)
    full = ("full", s.node)
    if not wanted:
        s.temp(add, dp, s.length * size)
    s.temp(add, full, s.batch * s.hidden)
    return [add, s.product(dp, s.first * size, s.sign * size, s.source(proj), (s.hidden, 1), full,
                           0, 0, s.width, s.hidden)]  # fmt: skip


def _add(s: _Steps, key: tuple, source: tuple, at: int, count: int) -> Kernel:
    block = s.block()
    block.pointer("p", key, s.dtype)
    block.pointer("q", source, s.dtype)
    block.sizes(at=at)
    text = "    for i in range(begin, end):\n        p[i] = p[i] + q[at + i]\n"
    return block.kernel("add_initial", text, count, 1)
