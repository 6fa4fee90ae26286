"""Elementwise rows of more arithmetic and of special functions.

Kernels of `wide` rows compute in float64, whatever the operand's floating type is.
"""

from __future__ import annotations

import math

import numpy as np

from . import refuse
from .build import Underivable, emit
from .elementwise import E, _m, unary, underivable
from .table import composite, elementwise


def wide(name: str, vjp=None, *, f64: str | None = None, arity: int = 1, ints: bool = True,
         halves: bool = True, **row):
    """A float function whose kernel exists in float64; complex operands are refused, and halves
    where PyTorch has no kernel for them."""
    function = f64 or f"{name}_f64"
    operands = ", ".join(f"f64({{{k}}})" for k in range(arity))
    kernel = row.pop("kernel", f"{name}_cpu")
    row.setdefault("refuse", refuse.kernel(
        kernel, ("c" if ints else "bic") + ("" if halves else "h")))
    row.setdefault("cost", 40)
    elementwise(name, f"{{t}}({function}({operands}))", arity=arity, result="float", vjp=vjp,
                differentiable=vjp is not None, **row)  # fmt: skip


def where(*ins):
    return emit("where", *ins)


# ---------------------------------------------------------------- arithmetic
for _name, _sign in (("fmax", ">"), ("fmin", "<")):
    _pick = "maximum" if _name == "fmax" else "minimum"
    elementwise(
        _name, "select({0} != {0}, {1}, select({1} != {1}, {0}, " + _pick + "({0}, {1})))",
        arity=2, int_expr=f"{_pick}({{0}}, {{1}})",
        bool_expr="{0} | {1}" if _name == "fmax" else "{0} & {1}", ref=getattr(np, _name),
        refuse=refuse.words(f"{_name} not implemented for complex tensors.", "c"),
        vjp=(lambda g, o, x, y: _m((where((x >= y) | E("isnan", y), g, 0.0), x),
                                   (where((x >= y) | E("isnan", y), 0.0, g), y)))
        if _name == "fmax" else
        (lambda g, o, x, y: _m((where((x <= y) | E("isnan", y), g, 0.0), x),
                               (where((x <= y) | E("isnan", y), 0.0, g), y))),
    )  # fmt: skip
def _no_clamp(kernel: str, tensors: bool = False):
    """Complex types, and bools; bools between tensors' only where the kernel has both bounds."""
    no_bools = refuse.kernel(kernel, "b")

    def bools(op, types) -> None:
        if tensors or any(t.weak for t in types):
            no_bools(op, types)

    return refuse.either(
        refuse.words("clamp is not supported for complex types", "c", NotImplementedError), bools)



elementwise("clamp", "minimum(maximum({0}, {1}), {2})", arity=3, public=None,
            refuse=_no_clamp("clamp_cpu", True),
            bool_expr="({0} | {1}) & {2}", vjp=lambda g, o, x, low, high: _m(
                (where((x >= low) & (x <= high), g, 0.0), x),
                (where((x < low) & (low < high), g, 0.0), low),
                (where((x > high) | (high < low), g, 0.0), high)))
elementwise("clamp_min", "maximum({0}, {1})", arity=2, public=None,
            refuse=_no_clamp("clamp_min_scalar_cpu"),
            bool_expr="{0} | {1}", vjp=lambda g, o, x, low: _m(
                (where(x >= low, g, 0.0), x), (where(x < low, g, 0.0), low)))
elementwise("clamp_max", "minimum({0}, {1})", arity=2, public=None,
            refuse=_no_clamp("clamp_max_scalar_cpu"),
            bool_expr="{0} & {1}", vjp=lambda g, o, x, high: _m(
                (where(x <= high, g, 0.0), x), (where(x > high, g, 0.0), high)))
elementwise("copysign", "copysign({0}, {1})", arity=2, result="float", ref=np.copysign,
            refuse=refuse.kernel("copysign_cpu", "c"), vjp=lambda g, o, x, y: _m(
                (where(E("eq", x, 0), 0.0, g * E("sign", x) * E("sign", o)), x), (g * 0.0, y)))
elementwise("heaviside", "select({0} == {t}(0), {1}, select({0} > {t}(0), {t}(1), {t}(0)))",
            arity=2, ref=np.heaviside, bool_expr="{0} | {1}", **underivable("heaviside"),
            refuse=refuse.either(
                refuse.words("heaviside is not yet implemented for complex tensors.", "c"),
                refuse.mixed("heaviside is not yet implemented for tensors with different "
                             "dtypes.")))
elementwise("hypot", "hypot_{t}({0}, {1})", arity=2, ref=np.hypot, cost=12,
            refuse=refuse.kernel("hypot_cpu", "bic"),
            vjp=lambda g, o, x, y: _m((g * (x / o), x), (g * (y / o), y)))
elementwise("nextafter", "nextafter_{t}({0}, {1})", arity=2, ref=np.nextafter, cost=4,
            refuse=refuse.kernel("nextafter_cpu", "bic"),
            vjp=lambda g, o, x, y: _m((where(E("eq", x, y), 0.0, g), x), (g * 0.0, y)))
elementwise("logaddexp",
            "select({0} == {1}, {0} + {t}(0.6931471805599453), "
            "maximum({0}, {1}) + log1p_{t}(exp_{t}(-fabs({0} - {1}))))",
            arity=2, ref=np.logaddexp, cost=30, refuse=refuse.kernel("logaddexp_cpu", "bi"),
            vjp=lambda g, o, x, y: _m(
                (g / (1 + E("exp", y - x)), x), (g / (1 + E("exp", x - y)), y)))
elementwise("logaddexp2",
            "select({0} == {1}, {0} + {t}(1), maximum({0}, {1}) + "
            "log1p_{t}(exp2_{t}(-fabs({0} - {1}))) * {t}(1.4426950408889634))",
            arity=2, ref=np.logaddexp2, cost=30, refuse=refuse.kernel("logaddexp2_cpu", "bic"),
            vjp=lambda g, o, x, y: _m(
                (g / (1 + E("exp2", y - x)), x), (g / (1 + E("exp2", x - y)), y)))
elementwise("lerp", "select(fabs({2}) < {t}(0.5), {0} + {2} * ({1} - {0}), "
            "{1} - ({1} - {0}) * ({t}(1) - {2}))", arity=3, public=None,
            vjp=lambda g, o, x, y, w: _m(
                (g * (1 - w), x), (g * w, y), (g * (y - x), w)))
for _name, _rule, _out in (("frexp_mantissa", "mantissa", "promote"),
                           ("frexp_exponent", "exponent", "promote")):
    elementwise(
        _name, f"{{t}}({_rule}_f64(f64({{0}})))", arity=1, public=None, cost=4,
        refuse=refuse.words("torch.frexp() only supports floating-point dtypes", "bic"),
        differentiable=_rule == "mantissa",
        vjp=lambda g, o, x: (g / E("exp2", E("frexp_exponent", x)),),
    )  # fmt: skip

# ---------------------------------------------------------------- scaled and guarded logarithms
unary("deg2rad", np.deg2rad, lambda g, o, x: g * (math.pi / 180), cost=1,
      expr=f"{{0}} * {{t}}({math.pi / 180!r})",
      refuse=refuse.words("deg2rad is not supported for complex tensors.", "c"))
unary("rad2deg", np.rad2deg, lambda g, o, x: g * (180 / math.pi), cost=1,
      expr=f"{{0}} * {{t}}({180 / math.pi!r})",
      refuse=refuse.words("rad2deg is not supported for complex tensors.", "c"))
unary("sinc", np.sinc, lambda g, o, x: g * where(
          E("eq", x, 0), 0.0, (E("cos", math.pi * x) - E("sinc", x)) / x),
      expr=f"select({{0}} == {{t}}(0), {{t}}(1), sin_{{t}}({{0}} * {{t}}({math.pi!r})) / "
           f"({{0}} * {{t}}({math.pi!r})))")  # fmt: skip
unary("logit", None, lambda g, o, x: where((x >= 0) & (x <= 1), g / (x * (1 - x)), math.nan),
      expr="log_{t}({0} / ({t}(1) - {0}))", domain=(0.1, 0.9),
      refuse=refuse.kernel("logit_cpu", "c"))
elementwise("xlogy", "select({1} != {1}, {1}, select({0} == {t}(0), {t}(0), {0} * log_{t}({1})))",
            arity=2, result="float", cost=14, domain=(0.5, 3.0),
            refuse=refuse.kernel("xlogy_cpu", "c"), vjp=lambda g, o, x, y: _m(
                (g * where(E("eq", x, 0) & (y <= 0), 0.0, E("log", y)), x), (g * (x / y), y)))
elementwise("xlog1py",
            "select({1} != {1}, {1}, select({0} == {t}(0), {t}(0), {0} * log1p_{t}({1})))",
            arity=2, result="float", cost=14, domain=(0.5, 3.0), public="special",
            refuse=refuse.kernel("xlog1py_cpu", "c"), vjp=lambda g, o, x, y: _m(
                (g * where(E("eq", x, 0) & (y <= -1), 0.0, E("log1p", y)), x),
                (g * (x / (y + 1)), y)))
elementwise("entr", "select({0} > {t}(0), -{0} * log_{t}({0}), select({0} == {t}(0), {t}(0), "
            "select({0} < {t}(0), -{t}(INF), {0})))", arity=1, result="float", cost=14,
            public="special", refuse=refuse.kernel("entr_cpu", "c"),
            vjp=lambda g, o, x: (g * (-E("log", x) - 1),))

# ---------------------------------------------------------------- error and gamma functions
_SQRT_PI = math.sqrt(math.pi)
wide("erfinv", lambda g, o, x: (g * (_SQRT_PI / 2 * E("exp", E("square", E("erfinv", x)))),),
     kernel="erfinv_vml_cpu", domain=(-0.9, 0.9))
wide("erfcx", lambda g, o, x: (g * (2 * x * o - 2 / _SQRT_PI),), public="special",
     halves=False)
wide("ndtri", lambda g, o, x: (g * (math.sqrt(2 * math.pi) * E("exp", o * o / 2)),),
     public="special", domain=(0.1, 0.9), halves=False)
wide("ndtr", lambda g, o, x: (g * (E("exp", -(x * x) / 2) / math.sqrt(2 * math.pi)),),
     public="special", kernel="erf_vml_cpu", f64="ndtr_f64")
wide("log_ndtr", lambda g, o, x: (
         g * (math.sqrt(2 / math.pi) / E("erfcx", x * -math.sqrt(0.5))),), public="special")
wide("lgamma", lambda g, o, x: (g * E("digamma", x),), kernel="lgamma_vml_cpu",
     domain=(0.5, 4.0))
wide("digamma", lambda g, o, x: (g * emit("polygamma", x, n=1),), kernel="digamma",
     domain=(0.5, 4.0))


def _zeta_vjp(g, o, x, q):
    """Only the second operand has a derivative."""
    return (Underivable("zeta"), _m((g * (-x * E("zeta", x + 1, q)), q))[0])


def _first_has_none(name: str):
    """The row of an op whose first operand has no derivative."""
    return lambda *_: ((0,), Underivable(name).error())


wide("zeta", _zeta_vjp, arity=2, public="special", cost=400, domain=(1.5, 4.0), halves=False,
     no_gradient=_first_has_none("zeta"))


def polygamma(x, n):
    """The n-th derivative of digamma: (-1)**(n + 1) n! zeta(n + 1, x); reflected for n = 1."""
    if n == 0:
        return E("digamma", x)
    if n > 1:
        return (-1) ** (n + 1) * float(math.factorial(n)) * E("zeta", float(n + 1), x)
    left = x < 0.5
    s = E("sin", math.pi * where(left, x, 0.5))
    return where(left, (math.pi / s) * (math.pi / s) - E("zeta", 2.0, 1 - where(left, x, 0.5)),
                 E("zeta", 2.0, where(left, 1.0, x)))  # fmt: skip


composite("polygamma", polygamma, attrs=("n",))


def _gamma_density(a, x):
    """x**(a - 1) e**-x / gamma(a)."""
    return E("exp", (a - 1) * E("log", x) - x - E("lgamma", a))


for _name, _sign in (("igamma", 1), ("igammac", -1)):
    wide(_name, (lambda name, sign: lambda g, o, a, x: (
        Underivable(f"{name}: input"),
        _m((g * (sign * _gamma_density(a, x)), x))[0]))(_name, _sign),
        arity=2, ints=False, cost=400, domain=(0.5, 4.0),
        no_gradient=_first_has_none(f"{_name}: input"))  # fmt: skip

# ---------------------------------------------------------------- Bessel and Airy functions
_SPECIAL = {"public": "special"}
wide("i0", lambda g, o, x: (g * E("i1", x),), kernel="i0_vml_cpu", ref=np.i0)
wide("i0e", lambda g, o, x: (g * (E("i1e", x) - E("sign", x) * o),), **_SPECIAL)


def _over(o, x, at_zero: float = 0.5):
    """o / x, with its limit at 0."""
    zero = E("eq", x, 0)
    return where(zero, at_zero, o / where(zero, 1.0, x))


wide("i1", lambda g, o, x: (g * (E("i0", x) - _over(o, x)),), **_SPECIAL)
wide("i1e", lambda g, o, x: (g * (E("i0e", x) - (E("sign", x) * o + _over(o, x))),), **_SPECIAL)
for _name, _function in (
    ("bessel_j0", "j0"), ("bessel_j1", "j1"), ("bessel_y0", "y0"), ("bessel_y1", "y1"),
    ("modified_bessel_i0", "i0"), ("modified_bessel_i1", "i1"), ("modified_bessel_k0", "k0"),
    ("modified_bessel_k1", "k1"), ("scaled_modified_bessel_k0", "scaled_k0"),
    ("scaled_modified_bessel_k1", "scaled_k1"), ("spherical_bessel_j0", "spherical_j0"),
    ("airy_ai", "airy_ai"),
):  # fmt: skip
    wide(_name, f64=_function + "_f64", halves=False, **_SPECIAL)
for _name in ("chebyshev_t", "chebyshev_u", "chebyshev_v", "chebyshev_w", "hermite_h",
              "hermite_he", "laguerre", "legendre"):  # fmt: skip
    _short = {"laguerre": "laguerre_l", "legendre": "legendre_p"}.get(_name, _name)
    _family, _, _kind = _short.partition("_")
    wide(f"{_family}_polynomial_{_kind}", f64=_name + "_f64", arity=2, halves=False, **_SPECIAL)
    if _family == "chebyshev":
        _public = f"shifted_chebyshev_polynomial_{_kind}"
        elementwise(_public, f"{{t}}({_name}_f64(f64({{0}}) + f64({{0}}) - f64(1), f64({{1}})))",
                    arity=2, result="float", differentiable=False, cost=40,
                    refuse=refuse.kernel(_public + "_cpu", "ch"), **_SPECIAL)  # fmt: skip
