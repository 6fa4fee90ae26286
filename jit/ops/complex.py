"""Complex numbers: the rows that are about them, and the complex form of the other rows.

Gradients follow PyTorch: the gradient of a real loss is dL/dx + i dL/dy. For holomorphic rows
passes/autodiff.py conjugates around the rule of the row; the rows here have rules of their own.
"""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..ir import Type
from . import build as B
from . import elementwise as _rows  # noqa: F401  declares the rows that get complex forms here
from . import special as _special  # noqa: F401
from . import tensor_ops as _more  # noqa: F401
from .build import conj, emit, match
from .table import OPS, composite, elementwise, elementwise_type, register

# ---------------------------------------------------------------- parts


def _zero(v):
    return B.zeros(v.graph, v.shape, v.dtype)


elementwise("real", "{0}", arity=1, public=None, result="real", complex_expr="re({0})",
            conjugate="own", ref=np.real, vjp=lambda g, o, x: (B.cast(g, x.dtype),))
elementwise("imag", "{0} - {0}", arity=1, public=None, result="real", complex_expr="im({0})",
            conjugate="own", ref=np.imag, vjp=lambda g, o, x: (emit("complex", _zero(g), g),))
elementwise("conj", "{0}", arity=1, public=None, complex_expr="cplx_{t}(re({0}), -im({0}))",
            conjugate="own", ref=np.conj, vjp=lambda g, o, x: (conj(g),))


def _pair_type(op, types):
    t = elementwise_type(op, types)
    return Type(t.shape, t.dtype.to_complex())


_complex = elementwise(
    "complex", "cplx_{o}({0}, {1})", arity=2, conjugate="own", public=None,
    vjp=lambda g, o, x, y: (match(emit("real", g), x), match(emit("imag", g), y)),
)  # fmt: skip
_complex.infer = lambda types, attrs: _pair_type(_complex, types)


def _polar_vjp(g, o, r, angle):
    # As in PyTorch, also where r is negative.
    back = conj(g)
    turned = emit("complex", -emit("imag", o), emit("real", o))
    return (match(emit("real", back * emit("sgn", o)), r),
            match(emit("real", back * turned), angle))  # fmt: skip


_polar = elementwise(
    "polar", "cplx_{o}({0} * cos_{t}({1}), {0} * sin_{t}({1}))", arity=2, cost=20,
    public=None, conjugate="own", vjp=_polar_vjp,
)  # fmt: skip
_polar.infer = lambda types, attrs: _pair_type(_polar, types)

# ---------------------------------------------------------------- size and direction


def _angle_vjp(g, o, x):
    if x.dtype.kind != "c":
        return (g * 0.0,)
    size = emit("abs", x)
    turned = emit("complex", -emit("imag", x), emit("real", x))
    return (emit("where", emit("eq", size, 0), 0.0, g * turned / (size * size)),)


def _sgn_vjp(g, o, x):
    if x.dtype.kind != "c":
        return (g * 0.0,)
    size = emit("abs", x)
    across = g - emit("real", conj(o) * g) * o
    return (emit("where", emit("eq", size, 0), 0.0, across / size),)


_PI = f"select({{0}} < {{t}}(0), {{t}}({math.pi!r}), {{t}}(0))"
elementwise("angle", f"select({{0}} != {{0}}, {{0}}, {_PI})", arity=1, result="real_float",
            complex_expr="{r}(angle_c128(c128({0})))", conjugate="own", ref=np.angle, cost=20,
            vjp=_angle_vjp, saves=(0,))
elementwise("sgn", OPS["sign"].expr, arity=1, complex_expr="{t}(sgn_c128(c128({0})))",
            conjugate="own", bool_expr=OPS["sign"].bool_expr, cost=8, vjp=_sgn_vjp,
            saves=(0, -1))

# ---------------------------------------------------------------- views as another type


def _as_real_type(ts, a):
    return Type((*ts[0].shape, 2), ts[0].dtype.to_real())


def _as_real(x):
    """The parts of complex numbers along a new last dim."""
    rank = len(x.shape)
    second = _index(x.graph, (1,) * rank + (2,), rank)
    column = B.reshape(x, (*x.shape, 1))
    return emit("where", emit("eq", second, 0), emit("real", column), emit("imag", column))


def _index(graph, shape, dim):
    attrs = {"shape": shape, "dim": dim, "dtype": dtypes.int64}
    return graph.add(OPS["iota"], [], attrs, [Type(shape, dtypes.int64)]).out


def _as_complex(x):
    """Pairs along the last dim as complex numbers."""
    lead = x.shape[:-1]
    zero, one = (0,) * len(lead), (1,) * (len(lead) + 1)
    parts = [
        B.reshape(emit("slice", x, starts=(*zero, k), steps=one, shape=(*lead, 1)), lead)
        for k in (0, 1)
    ]
    return emit("complex", *parts)


# On the tape these are aliases; the graph has the rows that they are written with.
register("view_as_real", "movement", infer=_as_real_type, build=_as_real)
register("view_as_complex", "movement", build=_as_complex,
         infer=lambda ts, a: Type(ts[0].shape[:-1], ts[0].dtype.to_complex()))
register("view_real", "movement", build=lambda x: emit("real", x),
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype.to_real()))
register("view_imag", "movement", build=lambda x: emit("imag", x),
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype.to_real()))


def _update_as(x, new, shape, strides, offset):
    """A region of x replaced through a view of another type: parts of complex x, or complex
    numbers in real x. Strides and offset count elements of the view."""
    region = {"shape": shape, "strides": strides, "offset": offset}
    if x.dtype.kind == "c":
        return _as_complex(emit("update", _as_real(x), new, **region))
    region = {"shape": (*shape, 2), "strides": (*(2 * s for s in strides), 1), "offset": 2 * offset}
    return emit("update", x, _as_real(new), **region)


composite("update_as", _update_as, attrs=("shape", "strides", "offset"), arity=2, moves=True)

# ---------------------------------------------------------------- the complex form of other rows

_FUNCTIONS = (
    "div", "pow", "abs", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt",
    "reciprocal", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "sigmoid",
)  # fmt: skip
_SAME = (
    "add", "sub", "mul", "eq", "ne", "isnan", "where", "neg", "square", "logical_and",
    "logical_or", "logical_xor", "logical_not", "replaced", "copy",
)  # fmt: skip


def _both(sign: str, joined: str) -> str:
    return joined.join(f"(fabs({part}({{0}})) {sign} {{r}}(INF))" for part in ("re", "im"))


_PI_Z = f"c128({{0}}) * c128({math.pi!r})"
OPS["sinc"].complex_expr = (
    f"select({{0}} == {{t}}(0), {{t}}(1), {{t}}(div_c128(sin_c128({_PI_Z}), "
    f"select({{0}} == {{t}}(0), c128(1), {_PI_Z}))))"
)
for _name in _FUNCTIONS:
    _operands = ", ".join(f"c128({{{k}}})" for k in range(OPS[_name].arity))
    _result = "{r}" if OPS[_name].result == "real" else "{t}"
    OPS[_name].complex_expr = f"{_result}({_name}_c128({_operands}))"
for _name in _SAME:
    OPS[_name].complex_expr = OPS[_name].expr
_LESS = "re({0}) < re({1})"
_LOW = f"c128(select({_LESS}, {{0}}, {{1}}))"
_HIGH = f"c128(select({_LESS}, {{1}}, {{0}}))"
OPS["logaddexp"].complex_expr = (
    f"select(({_HIGH} == {_LOW}) & (re({{0}}) == -{{r}}(INF)), {{0}}, "
    f"{{t}}({_HIGH} + log1p_c128(exp_c128({_LOW} - {_HIGH}))))"
)
OPS["lerp"].complex_expr = OPS["lerp"].expr.replace(
    "fabs({2}) < {t}(0.5)", "abs_c128(c128({2})) < f64(0.5)"
)
OPS["isinf"].complex_expr = _both("==", " | ")
OPS["isfinite"].complex_expr = _both("<", " & ")
# Rules that are linear in g with real factors need no conjugates, nor does one that uses sgn.
for _name in ("add", "sub", "where", "neg", "copy", "replaced", "cast", "abs"):
    OPS[_name].conjugate = "own"
OPS["prod"].conjugate = OPS["gemm"].conjugate = "vjp"
