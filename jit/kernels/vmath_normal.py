"""Vector math: inverses of the error functions, scaled erfc, in float64; hypot, nextafter, frexp.

See vmath64.py for the conventions.
"""

from __future__ import annotations

import math

import numpy as np

from .vmath64 import HALF, INF, NAN, ONE, QUARTER, TWO, ZERO, row
from .vmath_special import ERFC

D = np.float64
L = np.int64


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


fma = fabs = sqrt = poly = isnan = copysign = maximum = minimum = f32 = f64 = select
f64_bits = bits_f64 = f32_bits = bits_f32 = select
exp_f64 = log_f64 = log1p_f64 = erfc_f64 = select
_exp_pieces_f64 = _scale_f64 = _two_sum_f64 = select

# erfinv(x) / x in 8 x**2 - 1 on [0, 1/2]
ERFINV = row(0.9174083670522701, 0.03356743029704882, 0.0026140273452602476,
             0.0002522747551928539, 2.697700101543171e-05, 3.0637434780797557e-06,
             3.6198638117747397e-07, 4.398327494669053e-08, 5.45663287400155e-09,
             6.871080524326402e-10, 8.772059005647083e-11, 1.198806410517689e-11,
             1.5684593709957392e-12)  # fmt: skip
# z / r with Q(z) = e**(-r*r), Q the upper tail of the normal distribution: Chebyshev fits in 1 / r
# on [1.17, 2.2], [2.2, 5] and [5, 28], each interval mapped to [-1, 1]
NDTRI_A = row(0.8504359445722476, -0.2677554539039935, -0.019419694426063488,
              0.0016506066255017931, -0.0001912329328752606, 2.6041105502868744e-05,
              -4.016535767951464e-06, 6.931431275248539e-07, -1.3210200358538168e-07,
              2.7255890891982336e-08, -5.9609358586836046e-09, 1.3532243387644801e-09,
              -3.0571411510808986e-10, 7.198682644466454e-11, -2.2988652041155932e-11,
              5.7348129409058765e-12)  # fmt: skip
NDTRI_B = row(1.22751699356687, -0.11847111640320285, -0.013135883257991315,
              0.0011070947381703845, -0.0001365753135003961, 2.19819661183586e-05,
              -4.33751919409794e-06, 9.80630710257143e-07, -2.412225966037295e-07,
              6.277043627627347e-08, -1.7053153506649683e-08, 4.798572631973016e-09,
              -1.3935672941778015e-09, 4.2350321801691426e-10, -1.299098425500615e-10,
              3.325985569852436e-11, -1.0100181966377093e-11, 6.783079174177965e-12,
              -2.2847575211552813e-12)  # fmt: skip
NDTRI_C = row(1.3805473352943272, -0.040297482247248655, -0.009509294078983472,
              0.0009923688851020916, -0.00019284223205754035, 5.458229906056245e-05,
              -1.9045990685966454e-05, 7.562479645412748e-06, -3.284436799950954e-06,
              1.5230973143651397e-06, -7.395190888714743e-07, 3.7289319999912646e-07,
              -2.056044061687691e-07, 1.1526114136058977e-07, -3.144019909222197e-08,
              6.4691588533622725e-09, -6.696732386682103e-08, 5.4685681243266385e-08,
              5.513373949506043e-08, -4.8324785758946827e-08, -5.186290825942126e-08,
              4.1017885163576425e-08, 2.3396474662456774e-08, -1.78286922895528e-08,
              -5.8528986313330915e-09, 4.173568911254603e-09)  # fmt: skip
SQRT_TWO, SQRT_HALF = row(math.sqrt(2.0), math.sqrt(0.5))
INV_SQRT_PI = D(0.5641895835477563)


def _middle(a, b):
    """The linear map of [1/b, 1/a] to [-1, 1]: factor and offset."""
    low, high = 1 / b, 1 / a
    return 2 / (high - low), -(high + low) / (high - low)


A_BY, A_FROM = row(*_middle(1.17, 2.2))
B_BY, B_FROM = row(*_middle(2.2, 5.0))
C_BY, C_FROM = row(*_middle(5.0, 28.0))


def _tail_quantile_f64(log_q):
    """z > 0.67 with Q(z) = e**log_q."""
    r = sqrt(-log_q)
    s = ONE / r
    a = poly(fma(s, A_BY, A_FROM), NDTRI_A)
    b = poly(fma(s, B_BY, B_FROM), NDTRI_B)
    c = poly(fma(s, C_BY, C_FROM), NDTRI_C)
    return r * select(r < D(2.2), a, select(r < D(5.0), b, c))


def _erfinv_near_f64(x):
    """erfinv for |x| <= 1/2."""
    return x * poly(fma(x * x, D(8.0), -ONE), ERFINV)


def erfinv_f64(x):
    """The inverse of erf."""
    a = fabs(x)
    q = (ONE - select(a > HALF, a, HALF)) * HALF
    far = _tail_quantile_f64(log_f64(q)) * SQRT_HALF
    far = select(a == ONE, INF, select(a > ONE, NAN, far))
    near = _erfinv_near_f64(select(a > HALF, HALF, a))
    return select(isnan(x), x, copysign(select(a > HALF, far, near), x))


def ndtri_f64(p):
    """The quantile of the normal distribution."""
    low = p < HALF
    q = select(low, p, ONE - p)
    tail = q < QUARTER
    far = _tail_quantile_f64(log_f64(select(tail, q, QUARTER)))
    far = select(q == ZERO, INF, select(q < ZERO, NAN, far))
    near = SQRT_TWO * _erfinv_near_f64(select(tail, HALF, TWO * (HALF - q)))
    z = select(tail, far, near)
    return select(isnan(p), p, select(low, -z, z))


def erfcx_f64(x):
    """e**(x*x) erfc(x), by erfc's own fit; 2 e**(x*x) less that left of 0."""
    a = fabs(x)
    # the square in two pieces
    h = a * a
    h_low = fma(a, a, -h)
    c = select(a > D(26.8), D(26.8), a)
    near = exp_f64(c * c) * erfc_f64(c)
    b = select(a > D(28.0), D(28.0), a)
    middle = poly((b - D(4.0)) / (b + D(4.0)), ERFC) / (b + b + ONE)
    w = HALF / select(a > D(28.0), h, D(784.0))
    far = INV_SQRT_PI / a * poly(w, ERFCX_FAR)
    r = select(a < D(0.5), near, select(a > D(28.0), far, middle))
    e = select(h > D(709.0), D(709.0), h)
    p, p_low, k = _exp_pieces_f64(e)
    square = _scale_f64(fma(p, h_low, p + p_low), k)
    big = select(a > D(26.6417), INF, square)
    return select(isnan(x), x, select(x < ZERO, TWO * big - r, r))


# 1 - w + 3 w**2 - 15 w**3 + ..., w = 1 / (2 x**2) (DLMF 7.12.1)
ERFCX_FAR = row(1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10395.0)


# ---- parts of a number ------------------------------------------------------------------------


def hypot_f64(x, y):
    """sqrt(x*x + y*y) without overflow."""
    a, b = fabs(x), fabs(y)
    m = maximum(a, b)
    s = select(m > D(2.0**500), D(2.0**-600), select(m < D(2.0**-450), D(2.0**600), ONE))
    u, v = a * s, b * s
    r = sqrt(fma(u, u, v * v)) / s
    return select((a == INF) | (b == INF), INF, r)


def hypot_f32(x, y):
    """sqrt(x*x + y*y), in float64."""
    u, v = f64(x), f64(y)
    r = f32(sqrt(fma(u, u, v * v)))
    return select((fabs(u) == INF) | (fabs(v) == INF), f32(INF), r)


def nextafter_f64(x, y):
    """The float next to x in the direction of y."""
    b = f64_bits(x)
    up = (y > x) == (x > ZERO)
    b = b + select(up, L(1), L(-1))
    r = select(x == ZERO, copysign(bits_f64(L(1)), y), bits_f64(b))
    r = select(x == y, y, r)
    return select(isnan(x) | isnan(y), x + y, r)


def nextafter_f32(x, y):
    """The float next to x in the direction of y."""
    b = f32_bits(x)
    up = (y > x) == (x > f32(ZERO))
    b = select(up, b + np.int32(1), b - np.int32(1))
    r = select(x == f32(ZERO), copysign(bits_f32(np.int32(1)), y), bits_f32(np.int32(b)))
    r = select(x == y, y, r)
    return select(isnan(x) | isnan(y), x + y, r)


def exponent_f64(x):
    """The e of x = m 2**e, 1/2 <= |m| < 1, as a float; 0 for 0, inf and NaN."""
    a = fabs(x)
    small = a < D(2.0**-1022)
    b = f64_bits(select(small, a * D(2.0**54), a)) >> L(52)
    e = f64(b - L(1022)) - select(small, D(54.0), ZERO)
    return select((a == ZERO) | (a == INF) | isnan(x), ZERO, e)


def mantissa_f64(x):
    """The m of x = m 2**e, 1/2 <= |m| < 1; 0, inf and NaN are themselves."""
    a = fabs(x)
    small = a < D(2.0**-1022)
    b = f64_bits(select(small, x * D(2.0**54), x))
    m = bits_f64((b & L(-0x7FF0000000000001)) | L(0x3FE0000000000000))
    return select((a == ZERO) | (a == INF) | isnan(x), x, m)


# ---- normal distribution ----------------------------------------------------------------------


def ndtr_f64(x):
    """The distribution function of the normal distribution."""
    return HALF * erfc_f64(-x * SQRT_HALF)


def log_ndtr_f64(x):
    """log(ndtr(x)), by erfcx on the left."""
    t = x * SQRT_HALF
    left = log_f64(erfcx_f64(-select(t < -ONE, t, -ONE)) * HALF) - t * t
    right = log1p_f64(-HALF * erfc_f64(select(t < -ONE, -ONE, t)))
    return select(isnan(x), x, select(t < -ONE, left, right))
