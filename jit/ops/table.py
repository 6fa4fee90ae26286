"""The op table: one row declares an op whole.

A row says the op's name, kind, kernel expression, dtype rule, gradient, reference and test domain.
Tensor methods, functions, kernels, autodiff, the IR's printer and verifier, explain and the tests
all read this table; there is no second list of op names.
"""

from __future__ import annotations

from collections.abc import Callable

from .. import dtypes
from ..dtypes import DType
from ..ir import Type

OPS: dict[str, Op] = {}


class Op:
    """One row. Kinds:

    elementwise  one expression per element; operands broadcast and are cast to the compute type
    generator    elementwise without tensor operands: const, iota, random
    reduce       over attrs['dims'], which stay as dims of size 1
    movement     a re-indexing of its operand: never computes
    opaque       kernels of its own, written by the emitter that `kernels` names
    host         a call of NumPy inside the plan: see host.py
    step         an optimizer's update of all parameters, stored in their memory
    composite    written with the rows above by `build`; exists only in the trace
    """

    def __init__(self, name: str, kind: str, **row):
        self.name, self.kind = name, kind
        self.expr: str | None = row.get("expr")
        self.int_expr: str | None = row.get("int_expr")
        self.bool_expr: str | None = row.get("bool_expr")
        # For complex operands; {r} is the type of their parts. None: the op has no meaning there.
        self.complex_expr: str | None = row.get("complex_expr")
        # "vjp": the gradient rule of real operands, conjugated around, is right (holomorphic ops);
        # "own": it is right for complex operands as it stands.
        self.conjugate: str = row.get("conjugate", "vjp" if kind == "elementwise" else "own")
        # Where operands are narrow floats, numbers keep float32 (PyTorch's "opmath" kernels).
        self.wide_scalars: bool = row.get("wide_scalars", False)
        # Composites that only move elements: nothing to compute in a wider type.
        self.moves: bool = row.get("moves", False)
        self.result: str = row.get("result", "promote")
        self.vjp: Callable | None = row.get("vjp")
        self.infer: Callable | None = row.get("infer")
        self.build: Callable | None = row.get("build")
        self.attr_names: tuple[str, ...] = row.get("attrs", ())
        self.arity: int = row.get("arity", 1)
        self.ref = row.get("ref")
        self.domain: tuple = row.get("domain", (-3.0, 3.0))
        # What PyTorch keeps for the gradient where it differs from what ours reads: operand
        # positions, -1 for the result, None for something that nobody can overwrite.
        self.saves: tuple[int | None, ...] | None = row.get("saves")
        self.doc: str = row.get("doc", "")
        self.differentiable: bool = row.get("differentiable", True)
        # Where the framework shows it: "torch" (function and methods), "special", or nowhere.
        self.public: str | None = row.get("public", "torch")
        # Raises for the operand types that PyTorch refuses: refuse(op, types).
        self.refuse: Callable | None = row.get("refuse")
        self.ints: bool = row.get("ints", True)
        # An op without a derivative: no_gradient(metas, attrs) gives the operands that have none
        # and PyTorch's error, or None; backward raises it before it records anything.
        self.no_gradient: Callable | None = row.get("no_gradient")
        self.cost: int = row.get("cost", 1)
        # Opaque rows: "module:function" of the emitter, and how it reads its operands: "any" view,
        # "strided" memory, strided with dims merged around attrs["dim"] ("rows"), or row-major
        # from the start of its memory ("packed"); one for all operands or one for each.
        self.kernels: str | Callable | None = row.get("kernels")
        self.takes: str | tuple[str, ...] = row.get("takes", "strided")
        # A family of results: one node gives the one that attrs["result"] numbers; nodes that
        # differ in nothing else become one call.
        self.results: int = row.get("results", 1)
        # How the result lies in memory: as the operands together, as the first one, or row-major.
        default = "operands" if kind == "elementwise" else "rows"
        self.layout: str = row.get("layout", default)
        # Results of a host row whose matrices lie column by column, as LAPACK leaves them.
        self.columns: tuple[int, ...] = row.get("columns", ())
        self.fn: Callable | None = row.get("fn")
        self.fn_wanted: bool = row.get("wanted", False)
        # +1: its result stands for one example of a batch, -1: for the batch again (see batch.py).
        self.level_effect: int = row.get("level_effect", 0)
        # The trace holds `op` or `op.grad_op`: the flag that gradients pass is part of the key.
        self.grad_op = GradOp(self)
        self.rules: dict = {}

    def __repr__(self) -> str:
        return self.name

    def compute_dtype(self, types: list[Type]) -> DType:
        """The type that operands are cast to before the expression is evaluated."""
        if self.name == "where":
            types = types[1:]
        if all(t.weak for t in types):
            d = dtypes.wide_dtype(types)
        else:
            d = dtypes.result_type([(t.shape, t.dtype, t.weak) for t in types])
        if self.result in ("float", "real_float") and not d.differentiable:
            return dtypes.float64 if all(t.weak for t in types) else dtypes.default
        if self.result == "number" and d.kind == "b":
            return dtypes.int64
        return d


class GradOp:
    """The same op, in a trace entry through which gradients flow."""

    __slots__ = ("op",)

    def __init__(self, op: Op):
        self.op = op

    def __repr__(self) -> str:
        return f"{self.op.name}!"


def register(name: str, kind: str, **row) -> Op:
    """Adds a row. A name can be declared once."""
    if name in OPS:
        raise ValueError(f"op {name!r} is declared twice")
    op = OPS[name] = Op(name, kind, **row)
    return op


def lookup(name: str) -> Op:
    return OPS[name]


# ---------------------------------------------------------------- rules


def broadcast_shapes(name: str, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """NumPy broadcasting; RuntimeError in PyTorch's words, with the op and the shapes."""
    if len(shapes) == 1:
        return shapes[0]
    rank = max(len(s) for s in shapes)
    out = [1] * rank
    for shape in shapes:
        for d, n in enumerate(shape, rank - len(shape)):
            if n == 1 or out[d] is n:
                continue
            if out[d] == 1:
                out[d] = n
            elif out[d] != n:
                # PyTorch names the last dim that differs.
                d, n = max((j, m) for j, m in enumerate(shape, rank - len(shape))
                           if 1 not in (m, out[j]) and m != out[j])  # fmt: skip
                # It goes through the shapes one by one: dims count in those up to this one.
                known = max(len(s) for s in shapes[: shapes.index(shape) + 1])
                d, (of, with_) = d - rank + known, (out[d], n)
                listed = " and ".join(str([int(x) for x in s]) for s in shapes if s)
                raise RuntimeError(
                    f"The size of tensor a ({of}) must match the size of tensor b ({with_}) at "
                    f"non-singleton dimension {d} ({name}: shapes {listed})"
                )
    return tuple(out)


def elementwise_type(op: Op, types: list[Type]) -> Type:
    """Result type of an elementwise row: broadcast shape, dtype by the row's rule."""
    shape = broadcast_shapes(op.name, [t.shape for t in types])
    d = op.compute_dtype(types)
    if d.kind == "c" and op.complex_expr is None:
        raise NotImplementedError(f'"{op.name}_cpu" not implemented for \'{d.scalar_type}\'')
    if op.result == "bool":
        return Type(shape, dtypes.bool_)
    return Type(shape, d.to_real() if op.result in ("real", "real_float") else d)


def elementwise(name: str, expr: str, *, arity: int, result: str = "promote", **row) -> Op:
    """Declares an elementwise row.

    `expr` uses {0}, {1}, ... for the operands (cast to the compute type) and {t} for its short
    name; with result="real" complex operands give a real result. `vjp(g, out, *ins)` gives one
    gradient per operand (None: no gradient).
    """
    op = register(name, "elementwise", expr=expr, arity=arity, result=result, **row)
    op.infer = lambda types, attrs: elementwise_type(op, types)
    return op


def reduce(name: str, combine: str, init: str, *, result: str = "same", **row) -> Op:
    """Declares a reduction: `combine` the accumulating call, `init` its neutral element."""

    def infer(types: list[Type], attrs: dict) -> Type:
        (x,) = types
        dims = attrs["dims"]
        shape = tuple(1 if d in dims else n for d, n in enumerate(x.shape))
        return Type(shape, dtypes.int64 if result == "index" else x.dtype)

    return register(
        name, "reduce", expr=combine, int_expr=init, infer=infer, result=result,
        attrs=("dims",), **row,
    )  # fmt: skip


def composite(name: str, build: Callable, *, attrs: tuple[str, ...] = (), **row) -> Op:
    """Declares an op written with other rows: `build(*ins, **attrs)` returns a Value (or several).

    Its result type is what building it on a scratch graph gives, so it needs no rule of its own.
    """
    return register(name, "composite", build=build, attrs=attrs, **row)
