"""Writing graph code: Python operators and named functions on IR values.

Gradients and composites are written with these, so a gradient rule reads as a formula.
"""

from __future__ import annotations

from contextlib import contextmanager

from .. import dtypes
from ..dtypes import DType
from ..ir import Graph, Type, Value
from ..sym import Sym, prod
from .table import OPS, Op

_grad_enabled = True
_LITERALS = (("b", bool), ("i", int), ("f", float), ("c", complex))


@contextmanager
def stop_gradient():
    """Nodes made inside are not entered by autodiff."""
    global _grad_enabled
    outer, _grad_enabled = _grad_enabled, False
    try:
        yield
    finally:
        _grad_enabled = outer


@contextmanager
def grad_flags(enabled: bool):
    """Sets whether nodes made inside may be differentiated (when an operand is)."""
    global _grad_enabled
    outer, _grad_enabled = _grad_enabled, enabled
    try:
        yield
    finally:
        _grad_enabled = outer


def const(graph: Graph, value, dtype: DType | None = None) -> Value:
    """A literal: weak (a Python scalar) unless a dtype is given."""
    kind = next(k for k, t in _LITERALS if isinstance(value, t))
    if dtype is None:
        t = Type((), dtypes.weak_dtype(kind), kind)
    else:
        t = Type((), dtype)
    return graph.add(OPS["const"], [], {"value": value, "dtype": t.dtype, "weak": t.weak}, [t]).out


def const_value(v: Value):
    """The Python number of a literal, or None."""
    if v.node is not None and v.node.op.name == "const":
        return v.node.attrs["value"]
    return None


class Underivable:
    """Stands for the gradient of an operand that has none: an error when somebody needs it."""

    def __init__(self, name: str):
        self.name = name

    def error(self) -> NotImplementedError:
        return NotImplementedError(f"the derivative for '{self.name}' is not implemented.")

    def refuse(self) -> None:
        raise self.error()


def grad_enabled() -> bool:
    """True while building an op through which gradients flow."""
    return _grad_enabled


def emit(name: str | Op, *ins, **attrs) -> Value:
    """Appends the op to the graph of its operands; Python numbers become literals."""
    op = OPS[name] if isinstance(name, str) else name
    graph = next(v.graph for v in ins if isinstance(v, Value))
    ins = [v if isinstance(v, Value) else const(graph, v) for v in ins]
    if op.kind == "composite" or (op.kind == "movement" and op.build is not None):
        return op.build(*ins, **attrs)
    folded = _fold(op, ins)
    if folded is not None:
        return folded
    if op.kind == "elementwise":
        ins = _as_scalars(op, ins)
    t = op.infer([v.type for v in ins], attrs)
    out = graph.add(op, ins, attrs, [t], _grad_enabled and op.differentiable).out
    if op.kind == "elementwise" and op.name not in ("cast", "copy") and all(map(_is_number, ins)):
        graph.numbers.add(out)
    return out


def _is_number(v: Value) -> bool:
    """True for Python scalars and for what was computed from nothing else."""
    return v.type.weak is not None or v in v.graph.numbers


def _as_scalars(op: Op, ins: list[Value]) -> list[Value]:
    """A number computed from scalars promotes as a scalar does: it takes the tensors' dtype."""
    numbers = [not v.type.weak and not v.shape and _is_number(v) for v in ins]
    if op.name == "where":
        numbers[0] = False  # a condition stays one
    if not any(numbers) or all(n or v.type.weak for n, v in zip(numbers, ins)):
        return ins
    types = [
        Type((), v.dtype, v.dtype.kind) if n else v.type
        for n, v in zip(numbers, ins)
    ]
    d = op.compute_dtype(types)
    d = d.compute if op.wide_scalars else d
    return [cast(v, d) if n else v for n, v in zip(numbers, ins)]


def emit_recorded(op: Op, ins: list[Value], attrs: dict, dtype: DType):
    """An op as it was recorded, with a result of `dtype`.

    A composite that stands for one op of PyTorch rounds narrow floats once, at its end.
    """
    narrow = any(v.dtype.narrow and not v.type.weak for v in ins)
    if op.kind != "composite" or not narrow or op.moves:
        return emit(op, *ins, **attrs)
    wide = [cast(v, v.dtype.compute) if v.dtype.narrow and not v.type.weak else v for v in ins]
    out = emit(op, *wide, **attrs)
    return cast(out, dtype) if isinstance(out, Value) else out


def _fold(op: Op, ins: list[Value]) -> Value | None:
    # Exact identities only: x*1, 1*x, x/1 where the type does not change.
    if op.name in ("mul", "div"):
        for a, b in ((0, 1), (1, 0)) if op.name == "mul" else ((0, 1),):
            c = const_value(ins[b])
            if (
                c is not None and not isinstance(c, Sym) and c == 1 and not ins[a].type.weak
                and op.infer([v.type for v in ins], {}) == ins[a].type
            ):  # fmt: skip
                return ins[a]
    return None


# ---------------------------------------------------------------- movement and casts


def reshape(v: Value, shape) -> Value:
    shape = tuple(shape)
    return v if _same(shape, v.shape) else emit("reshape", v, shape=shape)


def _same(a, b) -> bool:
    return len(a) == len(b) and all(x is y or x == y for x, y in zip(a, b))


def permute(v: Value, dims) -> Value:
    dims = tuple(dims)
    return v if dims == tuple(range(len(dims))) else emit("permute", v, dims=dims)


def transpose(v: Value, a: int = -2, b: int = -1) -> Value:
    dims = list(range(len(v.shape)))
    dims[a], dims[b] = dims[b], dims[a]
    return permute(v, dims)


def expand(v: Value, shape) -> Value:
    shape = tuple(shape)
    return v if _same(shape, v.shape) else emit("expand", v, shape=shape)


def cast(v: Value, dtype: DType) -> Value:
    return v if v.dtype is dtype and not v.type.weak else emit("cast", v, dtype=dtype)


def conj(v: Value) -> Value:
    """The complex conjugate; real values are their own."""
    if v.dtype.kind != "c":
        return v
    return v.node.inputs[0] if v.op == "conj" else emit("conj", v)


def zeros(graph: Graph, shape, dtype: DType) -> Value:
    return expand(const(graph, 0, dtype), shape)


def sum_dims(v: Value, dims) -> Value:
    """Sum that keeps the dims as size 1; no node when all of them are 1 already."""
    dims = tuple(d for d in dims if not (v.shape[d] == 1))
    return emit("sum", v, dims=dims) if dims else v


def sum_levels(part: Value, v: Value, still_open: int) -> Value:
    """A gradient summed over the vmaps that its operand v is not batched by, but for those
    (a bit each) that are still open: in these each example has a gradient of its own."""
    bits = v.graph.levels.get(part, 0) & ~v.graph.levels.get(v, 0) & ~still_open
    level = 1
    while bits >> (level - 1):
        if bits >> (level - 1) & 1:
            part = emit("level_sum", part, level=level)
        level += 1
    return part


def numel(v: Value) -> int:
    return prod(v.shape)


def match(g: Value, like: Value) -> Value:
    """Sums and casts a gradient to the operand it belongs to (undoes broadcasting)."""
    extra = len(g.shape) - len(like.shape)
    dims = [
        d for d in range(len(g.shape))
        if d < extra or (like.shape[d - extra] == 1 and g.shape[d] != 1)
    ]  # fmt: skip
    if g.dtype.kind == "c" and like.dtype.kind == "f":
        g = emit("real", g)  # a real operand: the imaginary part of its gradient has no meaning
    if dims and not g.dtype.differentiable:
        g = cast(g, like.dtype)
    g = sum_dims(g, dims)
    if extra:
        g = reshape(g, g.shape[extra:])
    if not _same(g.shape, like.shape):
        g = expand(g, like.shape)
    return cast(g, like.dtype)


# ---------------------------------------------------------------- operators on Value


def _binary(name: str, swap: bool = False):
    if swap:
        return lambda a, b: emit(name, b, a)
    return lambda a, b: emit(name, a, b)


for _name, _op in (
    ("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "div"), ("pow", "pow"),
    ("and", "bitwise_and"), ("or", "bitwise_or"),
):  # fmt: skip
    setattr(Value, f"__{_name}__", _binary(_op))
    setattr(Value, f"__r{_name}__", _binary(_op, swap=True))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Value, f"__{_name}__", _binary(_name))
Value.__neg__ = lambda a: emit("neg", a)
