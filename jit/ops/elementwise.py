"""Elementwise rows: arithmetic, comparison, unary math, where, generators.

Adding an op is adding a row here.
"""

from __future__ import annotations

import math

import numpy as np

from ..ir import Type
from . import refuse
from .build import cast, emit, match
from .table import elementwise, register


def _m(*pairs):
    """Gradients matched to their operands: (gradient, operand) pairs."""
    return tuple(match(g, x) for g, x in pairs)


def E(name, *ins):
    return emit(name, *ins)


def _real(v):
    return E("real", v) if v.dtype.kind == "c" else v


def underivable(name: str) -> dict:
    """What a row says of an op that PyTorch gives a graph but no derivative."""

    def error(*_):
        return (0, 1), RuntimeError(f"derivative for aten::{name} is not implemented")

    def vjp(g, out, *ins, **attrs):
        raise error()[1]

    return {"vjp": vjp, "no_gradient": error}


# ---------------------------------------------------------------- arithmetic
elementwise("add", "{0} + {1}", arity=2, ref=np.add, bool_expr="{0} | {1}",
            vjp=lambda g, o, x, y: _m((g, x), (g, y)))
elementwise("sub", "{0} - {1}", arity=2, ref=np.subtract, refuse=refuse.subtraction,
            vjp=lambda g, o, x, y: _m((g, x), (-g, y)))
elementwise("mul", "{0} * {1}", arity=2, ref=np.multiply, wide_scalars=True, bool_expr="{0} & {1}",
            vjp=lambda g, o, x, y: _m((g * y, x), (g * x, y)))
# a * b + c rounded once, as PyTorch's addcmul, lerp and add with alpha round it: where a sum nearly
# cancels (a variance as mean of squares minus square of mean), two roundings differ by much.
elementwise("fma", "fma({0}, {1}, {2})", arity=3, public=None, int_expr="{0} * {1} + {2}",
            complex_expr="{0} * {1} + {2}", domain=(0.5, 3.0),
            vjp=lambda g, o, x, y, z: _m((g * y, x), (g * x, y), (g, z)))
elementwise("div", "{0} / {1}", arity=2, result="float", ref=np.true_divide, cost=4,
            wide_scalars=True, domain=(0.5, 3.0),
            vjp=lambda g, o, x, y: _m((g / y, x), (-(g * (x / y)) / y, y)))
elementwise("floor_divide", "floor_divide_{t}({0}, {1})", arity=2, ref=np.floor_divide, cost=6,
            wide_scalars=True, domain=(0.5, 3.0), **underivable("floor_divide"),
            refuse=refuse.kernel("div_floor_cpu", "bc"))
elementwise("div_floor", "floor_divide_{t}({0}, {1})", arity=2, cost=6, public=None,
            refuse=refuse.kernel("div_floor_cpu", "bc"),
            vjp=lambda g, o, x, y: _m((g * 0.0, x), (g * 0.0, y)))
elementwise("div_trunc", "trunc({0} / {1})", arity=2, cost=6, public=None,
            int_expr="trunc_divide_{t}({0}, {1})", refuse=refuse.kernel("div_trunc_cpu", "bc"),
            vjp=lambda g, o, x, y: _m((g * 0.0, x), (g * 0.0, y)))
elementwise("remainder", "remainder_{t}({0}, {1})", arity=2, ref=np.remainder, cost=6,
            domain=(0.5, 3.0), refuse=refuse.kernel("remainder_cpu", "bc"),
            vjp=lambda g, o, x, y: _m((g, x), (-(g * E("floor", x / y)), y)))
elementwise("fmod", "fmod_{t}({0}, {1})", arity=2, ref=np.fmod, cost=6, domain=(0.5, 3.0),
            refuse=refuse.kernel("fmod_cpu", "bc"),
            vjp=lambda g, o, x, y: _m((g, x), (-(g * E("trunc", x / y)), y)))
elementwise("pow", "pow_{t}({0}, {1})", arity=2, ref=np.power, cost=30, domain=(0.5, 3.0),
            refuse=refuse.kernel("pow", "b"),
            vjp=lambda g, o, x, y: _m(
                (E("where", E("eq", y, 0), 0.0, g * (y * E("pow", x, y - 1))), x),
                (g * E("where", E("eq", x, 0) & (_real(y) >= 0), 0.0,
                       o * E("log", cast(x, o.dtype))), y)))
elementwise("maximum", "maximum({1}, {0})", arity=2, ref=np.maximum, bool_expr="{0} | {1}",
            refuse=refuse.words("maximum not implemented for complex tensors.", "c"),
            vjp=lambda g, o, x, y: _m(
                (g * E("where", E("eq", x, y), 0.5, cast(x > y, g.dtype)), x),
                (g * E("where", E("eq", x, y), 0.5, cast(x < y, g.dtype)), y)))
elementwise("minimum", "minimum({1}, {0})", arity=2, ref=np.minimum, bool_expr="{0} & {1}",
            refuse=refuse.words("minimum not implemented for complex tensors.", "c"),
            vjp=lambda g, o, x, y: _m(
                (g * E("where", E("eq", x, y), 0.5, cast(x < y, g.dtype)), x),
                (g * E("where", E("eq", x, y), 0.5, cast(x > y, g.dtype)), y)))


def _over_square(v, x, y):
    """v / (x*x + y*y), and 0 at the origin."""
    square = x * x + y * y
    return E("where", E("eq", square, 0), 0.0, v / square)


elementwise("atan2", "atan2_{t}({0}, {1})", arity=2, result="float", ref=np.arctan2, cost=30,
            refuse=refuse.kernel("atan2_cpu", "c"),
            vjp=lambda g, o, y, x: _m(
                (g * _over_square(x, x, y), y), (-(g * _over_square(y, x, y)), x)))

# ---------------------------------------------------------------- comparison and logic
for _name, _symbol, _ref in (
    ("eq", "==", np.equal), ("ne", "!=", np.not_equal), ("lt", "<", np.less),
    ("le", "<=", np.less_equal), ("gt", ">", np.greater), ("ge", ">=", np.greater_equal),
):  # fmt: skip
    elementwise(_name, f"{{0}} {_symbol} {{1}}", arity=2, result="bool", ref=_ref,
                differentiable=False,
                refuse=None if _name in ("eq", "ne") else refuse.kernel(f"{_name}_cpu", "c"))
for _name, _symbol, _ref in (
    ("logical_and", "&", np.logical_and), ("logical_or", "|", np.logical_or),
    ("logical_xor", "^", np.logical_xor),
):  # fmt: skip
    elementwise(_name, f"b1({{0}}) {_symbol} b1({{1}})", arity=2, result="bool", ref=_ref,
                bool_expr=f"{{0}} {_symbol} {{1}}", differentiable=False)
for _name, _symbol, _ref in (
    ("bitwise_and", "&", np.bitwise_and), ("bitwise_or", "|", np.bitwise_or),
    ("bitwise_xor", "^", np.bitwise_xor),
):  # fmt: skip
    elementwise(_name, f"{{0}} {_symbol} {{1}}", arity=2, ref=_ref, differentiable=False,
                refuse=refuse.kernel(f"{_name}_cpu", "fc"))
elementwise("bitwise_not", "~{0}", arity=1, ref=np.bitwise_not, bool_expr="{0} == False",
            differentiable=False, refuse=refuse.kernel("bitwise_not_cpu", "fc"))
for _name, _function, _kernel in (("bitwise_left_shift", "shift_left", "lshift_cpu"),
                                  ("bitwise_right_shift", "shift_right", "rshift_cpu")):
    elementwise(_name, _function + "_{t}({0}, {1})", arity=2, differentiable=False, cost=4,
                refuse=refuse.kernel(_kernel, "bfc"))
for _name in ("gcd", "lcm"):
    elementwise(_name, _name + "_{t}({0}, {1})", arity=2, differentiable=False, cost=60,
                ref=getattr(np, _name), refuse=refuse.kernel(f"{_name}_cpu", "bfc"))
elementwise("logical_not", "b1({0}) == False", arity=1, result="bool", ref=np.logical_not,
            bool_expr="{0} == False", differentiable=False)
elementwise("isnan", "{0} != {0}", arity=1, result="bool", ref=np.isnan, differentiable=False)
elementwise("isinf", "fabs({0}) == {t}(INF)", arity=1, result="bool", ref=np.isinf,
            int_expr="{0} != {0}", differentiable=False)
elementwise("isfinite", "fabs({0}) < {t}(INF)", arity=1, result="bool", ref=np.isfinite,
            int_expr="{0} == {0}", differentiable=False)
for _name, _sign in (("isposinf", ""), ("isneginf", "-")):
    elementwise(_name, f"{{0}} == {_sign}{{t}}(INF)", arity=1, result="bool",
                ref=getattr(np, _name), int_expr="{0} != {0}", differentiable=False,
                refuse=refuse.words(f"{_name} does not support complex inputs.", "c"))
elementwise("signbit", "copysign({t}(1), {0}) < {t}(0)", arity=1, result="bool", ref=np.signbit,
            int_expr="{0} < {t}(0)", differentiable=False, refuse=refuse.words(
                "signbit is not implemented for complex tensors.", "c", NotImplementedError))
elementwise("where", "select({0}, {1}, {2})", arity=3, public=None, ref=np.where,
            vjp=lambda g, o, c, x, y: (
                None, match(E("where", c, g, 0.0), x), match(E("where", c, 0.0, g), y)))

# ---------------------------------------------------------------- unary
elementwise("neg", "-{0}", arity=1, ref=np.negative, refuse=refuse.negation,
            vjp=lambda g, o, x: (-g,))
elementwise("abs", "fabs({0})", arity=1, result="real", ref=np.abs,
            refuse=refuse.kernel("abs_cpu", "b"), int_expr="select({0} < {t}(0), -{0}, {0})",
            vjp=lambda g, o, x: (g * E("sgn", x),))
elementwise("sign", "select({0} > {t}(0), {t}(1), select({0} < {t}(0), {t}(-1), {t}(0)))",
            arity=1, ref=np.sign, bool_expr="{0}", vjp=lambda g, o, x: (g * 0.0,),
            refuse=refuse.words(
                "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use "
                "torch.sgn instead.", "c", NotImplementedError))
elementwise("square", "{0} * {0}", arity=1, result="number", ref=np.square,
            vjp=lambda g, o, x: (g * (2 * x),))
elementwise("relu", "select({0} < {t}(0), {t}(0), {0})", arity=1, ref=lambda x: np.maximum(x, 0),
            refuse=refuse.words("Boolean inputs not supported for relu", "b"),
            vjp=lambda g, o, x: (E("where", o > 0, g, 0.0),))
for _name, _ref in (("floor", np.floor), ("ceil", np.ceil), ("trunc", np.trunc),
                    ("round", np.round)):
    elementwise(_name, f"{'rint' if _name == 'round' else _name}({{0}})", arity=1, ref=_ref,
                int_expr="{0}", vjp=lambda g, o, x: (g * 0.0,),
                refuse=refuse.either(
                    refuse.kernel(f"{_name}_vml_cpu", "bc" if _name == "round" else "b"),
                    refuse.words(f"{_name} is not supported for complex inputs", "c",
                                 NotImplementedError)))
elementwise("frac", "{0} - trunc({0})", arity=1, ref=lambda x: x - np.trunc(x),
            vjp=lambda g, o, x: (g,), refuse=refuse.kernel("frac_cpu", "bic"))


def unary(name, ref, vjp, *, expr=None, domain=(-2.0, 2.0), cost=12, **row):
    """A float function of one operand: integers are computed in the default dtype."""
    elementwise(name, expr or name + "_{t}({0})", arity=1, result="float", ref=ref, domain=domain,
                cost=cost, vjp=lambda g, o, x: (vjp(g, o, x),), **row)


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
elementwise("root", "sqrt({0})", arity=1, result="float", public=None, cost=6,
            vjp=lambda g, o, x: (g * E("where", E("eq", o, 0), 0.0, 0.5 / o),))  # std: slope 0 at 0
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
unary("acosh", np.arccosh, lambda g, o, x: g * (
    E("rsqrt", x + 1) * E("rsqrt", x - 1) if x.dtype.kind == "c" else E("rsqrt", x * x - 1)),
    domain=(1.2, 4.0))
unary("atanh", np.arctanh, lambda g, o, x: g / (1 - x * x), domain=(-0.9, 0.9))
unary("erf", _erf, lambda g, o, x: g * (2 / math.sqrt(math.pi) * E("exp", -(x * x))),
      refuse=refuse.kernel("erf_vml_cpu", "c"))
unary("erfc", _erfc, lambda g, o, x: -(g * (2 / math.sqrt(math.pi) * E("exp", -(x * x)))),
      refuse=refuse.kernel("erfc_vml_cpu", "c"))
# The distribution function and density of the normal distribution in the operand's own precision
# (special.ndtr keeps its relative precision on the left, in float64).
unary("gauss_cdf", lambda x: 0.5 * (1 + _erf(x * math.sqrt(0.5))),
      lambda g, o, x: g * E("gauss_pdf", x), public=None)
unary("gauss_pdf", lambda x: np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi)),
      lambda g, o, x: -(g * (x * o)), public=None)
unary("sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda g, o, x: g * ((1 - o) * o))

# ---------------------------------------------------------------- casts and copies
register("cast", "elementwise", expr="{0}", public=None, attrs=("dtype",),
         infer=lambda ts, a: Type(ts[0].shape, a["dtype"]),
         vjp=lambda g, o, x, dtype: (match(g, x) if x.dtype.differentiable else None,))
register("copy", "elementwise", expr="{0}", public=None,
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         vjp=lambda g, o, x: (g,))

# The second operand with the graph of the first: a write that gradients do not see.
elementwise("replaced", "{1}", arity=2, public=None, vjp=lambda g, o, old, new: (g, None))

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

