"""Elementwise rows: arithmetic, comparison, unary math, where, generators.

Adding an op is adding a row here.
"""

from __future__ import annotations

import math

import numpy as np

from ..ir import Type
from .build import cast, emit, match
from .table import elementwise, register


def _m(*pairs):
    """Gradients matched to their operands: (gradient, operand) pairs."""
    return tuple(match(g, x) for g, x in pairs)


def E(name, *ins):
    return emit(name, *ins)


# ---------------------------------------------------------------- arithmetic
elementwise("add", "{0} + {1}", arity=2, ref=np.add, int_expr="{0} + {1}",
            vjp=lambda g, o, x, y: _m((g, x), (g, y)))
elementwise("sub", "{0} - {1}", arity=2, ref=np.subtract,
            vjp=lambda g, o, x, y: _m((g, x), (-g, y)))
elementwise("mul", "{0} * {1}", arity=2, ref=np.multiply,
            vjp=lambda g, o, x, y: _m((g * y, x), (g * x, y)))
elementwise("div", "{0} / {1}", arity=2, result="float", ref=np.true_divide, cost=4,
            domain=(0.5, 3.0), vjp=lambda g, o, x, y: _m((g / y, x), (-(g * o) / y, y)))
elementwise("floor_divide", "floor_divide_{t}({0}, {1})", arity=2, ref=np.floor_divide, cost=6,
            domain=(0.5, 3.0), differentiable=False)
elementwise("remainder", "remainder_{t}({0}, {1})", arity=2, ref=np.remainder, cost=6,
            domain=(0.5, 3.0), vjp=lambda g, o, x, y: _m(
                (g, x), (-(g * E("floor", x / y)), y)))
elementwise("fmod", "fmod_{t}({0}, {1})", arity=2, ref=np.fmod, cost=6, domain=(0.5, 3.0),
            vjp=lambda g, o, x, y: _m((g, x), (-(g * E("trunc", x / y)), y)))
elementwise("pow", "pow_{t}({0}, {1})", arity=2, ref=np.power, cost=30, domain=(0.5, 3.0),
            vjp=lambda g, o, x, y: _m(
                (E("where", E("eq", y, 0), 0.0, g * (y * E("pow", x, y - 1))), x),
                (g * E("where", E("eq", x, 0) & (y >= 0), 0.0, o * E("log", x)), y)))
elementwise("maximum", "maximum({0}, {1})", arity=2, ref=np.maximum,
            vjp=lambda g, o, x, y: _m(
                (g * E("where", E("eq", x, y), 0.5, cast(x > y, g.dtype)), x),
                (g * E("where", E("eq", x, y), 0.5, cast(x < y, g.dtype)), y)))
elementwise("minimum", "minimum({0}, {1})", arity=2, ref=np.minimum,
            vjp=lambda g, o, x, y: _m(
                (g * E("where", E("eq", x, y), 0.5, cast(x < y, g.dtype)), x),
                (g * E("where", E("eq", x, y), 0.5, cast(x > y, g.dtype)), y)))
elementwise("atan2", "atan2_{t}({0}, {1})", arity=2, result="float", ref=np.arctan2, cost=30,
            vjp=lambda g, o, y, x: _m(
                (g * (x / (x * x + y * y)), y), (-(g * (y / (x * x + y * y))), x)))

# ---------------------------------------------------------------- comparison and logic
for _name, _symbol, _ref in (
    ("eq", "==", np.equal), ("ne", "!=", np.not_equal), ("lt", "<", np.less),
    ("le", "<=", np.less_equal), ("gt", ">", np.greater), ("ge", ">=", np.greater_equal),
):  # fmt: skip
    elementwise(_name, f"{{0}} {_symbol} {{1}}", arity=2, result="bool", ref=_ref,
                differentiable=False)
for _name, _symbol, _ref in (
    ("logical_and", "&", np.logical_and), ("logical_or", "|", np.logical_or),
    ("logical_xor", "^", np.logical_xor),
):  # fmt: skip
    elementwise(_name, f"b1({{0}}) {_symbol} b1({{1}})", arity=2, result="bool", ref=_ref,
                differentiable=False)
for _name, _symbol, _ref in (
    ("bitwise_and", "&", np.bitwise_and), ("bitwise_or", "|", np.bitwise_or),
    ("bitwise_xor", "^", np.bitwise_xor),
):  # fmt: skip
    elementwise(_name, f"{{0}} {_symbol} {{1}}", arity=2, ref=_ref, differentiable=False)
elementwise("logical_not", "b1({0}) == False", arity=1, result="bool", ref=np.logical_not,
            differentiable=False)
elementwise("isnan", "{0} != {0}", arity=1, result="bool", ref=np.isnan, differentiable=False)
elementwise("isinf", "fabs({0}) == {t}(INF)", arity=1, result="bool", ref=np.isinf,
            int_expr="{0} != {0}", differentiable=False)
elementwise("isfinite", "fabs({0}) < {t}(INF)", arity=1, result="bool", ref=np.isfinite,
            int_expr="{0} == {0}", differentiable=False)
elementwise("where", "select({0}, {1}, {2})", arity=3, ref=np.where,
            vjp=lambda g, o, c, x, y: (
                None, match(E("where", c, g, 0.0), x), match(E("where", c, 0.0, g), y)))

# ---------------------------------------------------------------- unary
elementwise("neg", "-{0}", arity=1, ref=np.negative, vjp=lambda g, o, x: (-g,))
elementwise("abs", "fabs({0})", arity=1, ref=np.abs, int_expr="select({0} < {t}(0), -{0}, {0})",
            vjp=lambda g, o, x: (g * E("sign", x),))
elementwise("sign", "select({0} > {t}(0), {t}(1), select({0} < {t}(0), {t}(-1), {t}(0)))",
            arity=1, ref=np.sign, vjp=lambda g, o, x: (g * 0.0,))
elementwise("square", "{0} * {0}", arity=1, result="number", ref=np.square,
            vjp=lambda g, o, x: (g * (2 * x),))
elementwise("relu", "maximum({0}, {t}(0))", arity=1, ref=lambda x: np.maximum(x, 0),
            vjp=lambda g, o, x: (E("where", o > 0, g, 0.0),))
for _name, _ref in (("floor", np.floor), ("ceil", np.ceil), ("trunc", np.trunc),
                    ("round", np.round)):
    elementwise(_name, f"{'rint' if _name == 'round' else _name}({{0}})", arity=1, ref=_ref,
                int_expr="{0}", vjp=lambda g, o, x: (g * 0.0,))


def unary(name, ref, vjp, *, expr=None, domain=(-2.0, 2.0), cost=12):
    """A float function of one operand: integers are computed in the default dtype."""
    elementwise(name, expr or name + "_{t}({0})", arity=1, result="float", ref=ref, domain=domain,
                cost=cost, vjp=lambda g, o, x: (vjp(g, o, x),))


_erf = np.vectorize(math.erf, otypes=[np.float64])
_erfc = np.vectorize(math.erfc, otypes=[np.float64])
unary("exp", np.exp, lambda g, o, x: g * o)
unary("exp2", np.exp2, lambda g, o, x: g * (o * math.log(2.0)))
unary("expm1", np.expm1, lambda g, o, x: g * (o + 1))
unary("log", np.log, lambda g, o, x: g / x, domain=(0.1, 4.0))
unary("log2", np.log2, lambda g, o, x: g / (x * math.log(2.0)), domain=(0.1, 4.0))
unary("log10", np.log10, lambda g, o, x: g / (x * math.log(10.0)), domain=(0.1, 4.0))
unary("log1p", np.log1p, lambda g, o, x: g / (x + 1), domain=(-0.9, 4.0))
unary("sqrt", np.sqrt, lambda g, o, x: g / (2 * o), expr="sqrt({0})", domain=(0.1, 4.0), cost=6)
unary("rsqrt", lambda x: 1 / np.sqrt(x), lambda g, o, x: -0.5 * (g * (o * (o * o))),
      expr="{t}(1) / sqrt({0})", domain=(0.1, 4.0), cost=10)
unary("reciprocal", np.reciprocal, lambda g, o, x: -(g * (o * o)), expr="{t}(1) / {0}",
      domain=(0.5, 3.0), cost=4)
unary("sin", np.sin, lambda g, o, x: g * E("cos", x))
unary("cos", np.cos, lambda g, o, x: -(g * E("sin", x)))
unary("tan", np.tan, lambda g, o, x: g * (1 + o * o), domain=(-1.2, 1.2))
unary("asin", np.arcsin, lambda g, o, x: g * E("rsqrt", 1 - x * x), domain=(-0.9, 0.9))
unary("acos", np.arccos, lambda g, o, x: -(g * E("rsqrt", 1 - x * x)), domain=(-0.9, 0.9))
unary("atan", np.arctan, lambda g, o, x: g / (x * x + 1))
unary("sinh", np.sinh, lambda g, o, x: g * E("cosh", x))
unary("cosh", np.cosh, lambda g, o, x: g * E("sinh", x))
unary("tanh", np.tanh, lambda g, o, x: g * (1 - o * o))
unary("asinh", np.arcsinh, lambda g, o, x: g * E("rsqrt", x * x + 1))
unary("acosh", np.arccosh, lambda g, o, x: g * E("rsqrt", x * x - 1), domain=(1.2, 4.0))
unary("atanh", np.arctanh, lambda g, o, x: g / (1 - x * x), domain=(-0.9, 0.9))
unary("erf", _erf, lambda g, o, x: g * (2 / math.sqrt(math.pi) * E("exp", -(x * x))))
unary("erfc", _erfc, lambda g, o, x: -(g * (2 / math.sqrt(math.pi) * E("exp", -(x * x)))))
unary("sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda g, o, x: g * ((1 - o) * o))

# ---------------------------------------------------------------- casts and copies
register("cast", "elementwise", expr="{0}", attrs=("dtype",),
         infer=lambda ts, a: Type(ts[0].shape, a["dtype"]),
         vjp=lambda g, o, x, dtype: (match(g, x) if x.dtype.kind == "f" else None,))
register("copy", "elementwise", expr="{0}", infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         vjp=lambda g, o, x: (g,))

# The second operand with the graph of the first: a write that gradients do not see.
elementwise("replaced", "{1}", arity=2, vjp=lambda g, o, old, new: (g, None))

# ---------------------------------------------------------------- generators
register("const", "generator", attrs=("value", "dtype", "weak"),
         infer=lambda ts, a: Type((), a["dtype"], a["weak"]), differentiable=False)
# index along `dim` of a shape: start + i * step computed in the result's dtype
register("iota", "generator", attrs=("shape", "dim", "dtype"),
         infer=lambda ts, a: Type(a["shape"], a["dtype"]), differentiable=False)


def _random_type(ts, a):
    return Type(a["shape"], a["dtype"])


# Counter-based: element i is a function of (seed, counter + i) only.
register("uniform", "generator", arity=2, expr="uniform_{t}({0}, {1})", attrs=("shape", "dtype"),
         infer=_random_type, differentiable=False, cost=40)
register("normal", "generator", arity=2, expr="normal_{t}({0}, {1})", attrs=("shape", "dtype"),
         infer=_random_type, differentiable=False, cost=80)
register("random_bits", "generator", arity=2, expr="philox_u32({0}, {1})",
         attrs=("shape", "dtype"), infer=_random_type, differentiable=False, cost=40)

