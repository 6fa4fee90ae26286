"""Vector math on complex numbers: C99's functions (Annex G), in float64.

complex64 is computed here too and rounded, which spares it overflows on the way. Formulas: Kahan,
"Branch cuts for complex elementary functions", 1987.
"""

from __future__ import annotations

import math

import numpy as np

D = np.float64


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


re = im = cplx_c128 = fma = fabs = copysign = sqrt = maximum = minimum = select
exp_f64 = expm1_f64 = log_f64 = log1p_f64 = sin_f64 = cos_f64 = tan_f64 = sinh_f64 = select
cosh_f64 = tanh_f64 = asinh_f64 = atan_f64 = atan2_f64 = isnan = select


def row(*values):
    """A row of float64 constants."""
    return tuple(D(v) for v in values)


ZERO, HALF, ONE, TWO, FOUR, QUARTER = row(0.0, 0.5, 1.0, 2.0, 4.0, 0.25)
INF, NAN, PI_2 = row(math.inf, math.nan, math.pi / 2)
BIG, UP, DOWN = row(2.0**500, 2.0**600, 2.0**-600)  # squares of numbers past BIG may overflow
SMALL = D(2.0**-400)
LN2, LN10 = row(math.log(2.0), math.log(10.0))
SHIFT_LN = D(600 * math.log(2.0))
LARGE, EXP_LARGE = row(700.0, math.exp(700.0))
RHO, THETA = row(1.0 / (math.sqrt(1.7976931348623157e308) / 4), math.sqrt(1.797e308) / 4)
TANH_ONE = D(22.0)  # tanh is 1 from here on


# ---- parts ------------------------------------------------------------------------------------


def _scale_of_f64(x, y):
    """A power of two that brings the larger of |x|, |y| to where its square is a normal number."""
    m = maximum(fabs(x), fabs(y))
    return select(m > BIG, DOWN, select(m < SMALL, UP, ONE))


def _infinite_f64(x, y):
    return (fabs(x) == INF) | (fabs(y) == INF)


def _hypot_f64(x, y):
    s = _scale_of_f64(x, y)
    a, b = x * s, y * s
    r = sqrt(fma(a, a, b * b)) / s
    return select(_infinite_f64(x, y), INF, r)


def abs_c128(z):
    """|z| without overflow on the way."""
    return _hypot_f64(re(z), im(z))


def angle_c128(z):
    """The argument of z, in [-pi, pi]."""
    return atan2_f64(im(z), re(z))


def sgn_c128(z):
    """z / |z|; 0 at 0."""
    r = abs_c128(z)
    zero = r == ZERO
    d = select(zero, ONE, r)
    return cplx_c128(select(zero, ZERO, re(z) / d), select(zero, ZERO, im(z) / d))


# ---- arithmetic -------------------------------------------------------------------------------


def div_c128(p, q):
    """p / q by Smith's method; a division by zero divides the parts by it."""
    a, b, c, d = re(p), im(p), re(q), im(q)
    swap = fabs(c) < fabs(d)
    u, v = select(swap, d, c), select(swap, c, d)
    null = (u == ZERO) & (v == ZERO)
    r = v / select(null, ONE, u)
    s = ONE / (u + v * r)
    x = select(swap, a * r + b, a + b * r)
    y = select(swap, b * r - a, b - a * r)
    return cplx_c128(
        select(null, a / fabs(c), x * s), select(null, b / fabs(d), y * s)
    )


def reciprocal_c128(z):
    """1 / z."""
    return div_c128(cplx_c128(ONE, ZERO), z)


# ---- exponentials -----------------------------------------------------------------------------


def exp_c128(z):
    """e**z."""
    x, y = re(z), im(z)
    big = x > LARGE
    e = exp_f64(select(big, x - LARGE, x))
    f = select(big, EXP_LARGE, ONE)
    loose = fabs(y) == INF
    loose = loose | isnan(y)
    down, up = x == -INF, x == INF
    real = select(loose & down, ZERO, select(loose & up, INF, e * cos_f64(y) * f))
    imag = select(loose & down, ZERO, e * sin_f64(y) * f)
    return cplx_c128(select(y == ZERO, e * f, real), select(y == ZERO, y, imag))


def exp2_c128(z):
    """2**z."""
    return exp_c128(cplx_c128(re(z) * LN2, im(z) * LN2))


def expm1_c128(z):
    """e**z - 1, accurate near 0."""
    x, y = re(z), im(z)
    h = sin_f64(y * HALF)
    w = exp_c128(z)
    real = expm1_f64(x) * cos_f64(y) - TWO * h * h
    near = fabs(x) < ONE
    return cplx_c128(select(near, real, re(w) - ONE), im(w))


def sigmoid_c128(z):
    """1 / (1 + e**-z)."""
    e = exp_c128(cplx_c128(-re(z), -im(z)))
    return reciprocal_c128(cplx_c128(ONE + re(e), im(e)))


def _log_abs_f64(x, y):
    """log(hypot(x, y)), accurate near 1 and without overflow."""
    s = _scale_of_f64(x, y)
    a, b = fabs(x), fabs(y)
    m, n = maximum(a, b), minimum(a, b)
    r = sqrt(fma(m * s, m * s, (n * s) * (n * s)))
    shift = select(s == ONE, ZERO, select(s < ONE, SHIFT_LN, -SHIFT_LN))
    near = (m > HALF) & (m < TWO) & (n < TWO)
    close = HALF * log1p_f64(fma(n, n, (m - ONE) * (m + ONE)))
    r = select(near & (r < TWO) & (r > HALF), close, log_f64(r) + shift)
    return select(_infinite_f64(x, y), INF, r)


def log_c128(z):
    """The natural logarithm, its imaginary part in [-pi, pi]."""
    return cplx_c128(_log_abs_f64(re(z), im(z)), atan2_f64(im(z), re(z)))


def log2_c128(z):
    """log(z) / log(2)."""
    w = log_c128(z)
    return cplx_c128(re(w) / LN2, im(w) / LN2)


def log10_c128(z):
    """log(z) / log(10)."""
    w = log_c128(z)
    return cplx_c128(re(w) / LN10, im(w) / LN10)


def log1p_c128(z):
    """log(1 + z), accurate near 0."""
    x, y = re(z), im(z)
    near = (fabs(x) < HALF) & (fabs(y) < HALF)
    close = HALF * log1p_f64(fma(y, y, x * (x + TWO)))
    return cplx_c128(select(near, close, _log_abs_f64(x + ONE, y)), atan2_f64(y, x + ONE))


def pow_c128(z, w):
    """z**w = e**(w log z)."""
    u = log_c128(z)
    a, b, c, d = re(w), im(w), re(u), im(u)
    return exp_c128(cplx_c128(a * c - b * d, a * d + b * c))


# ---- roots ------------------------------------------------------------------------------------


def sqrt_c128(z):
    """The square root with a real part that is not negative."""
    x, y = re(z), im(z)
    m = maximum(fabs(x), fabs(y))
    s = select(m > BIG, D(2.0**-600), select(m < SMALL, D(2.0**600), ONE))
    back = select(m > BIG, D(2.0**300), select(m < SMALL, D(2.0**-300), ONE))
    a, b = fabs(x) * s, y * s
    t = sqrt(HALF * (a + sqrt(fma(a, a, b * b))))
    u = fabs(b) / select(t == ZERO, ONE, TWO * t)
    real, imag = select(x < ZERO, u, t) * back, copysign(select(x < ZERO, t, u) * back, y)
    real = select(x == INF, INF, select(x == -INF, select(isnan(y), NAN, ZERO), real))
    level = select(isnan(y), NAN, copysign(ZERO, y))
    imag = select(x == -INF, copysign(INF, y), select(x == INF, level, imag))
    imag = select(isnan(x) & (fabs(y) != INF), NAN, imag)
    far = fabs(y) == INF
    return cplx_c128(select(far, INF, real), select(far, y, imag))


def rsqrt_c128(z):
    """1 / sqrt(z)."""
    return reciprocal_c128(sqrt_c128(z))


# ---- hyperbolic and circular ------------------------------------------------------------------


def _sinh_cosh_f64(x):
    """(sinh, cosh, f): to be multiplied by f, which keeps large ones finite."""
    big = fabs(x) > LARGE
    e = HALF * exp_f64(fabs(x) - LARGE)
    s, c = select(big, copysign(e, x), sinh_f64(x)), select(big, e, cosh_f64(x))
    return s, c, select(big, EXP_LARGE, ONE)


def sinh_c128(z):
    """Hyperbolic sine."""
    x, y = re(z), im(z)
    s, c, f = _sinh_cosh_f64(x)
    loose = isnan(y) | (fabs(y) == INF)
    real = select(x == ZERO, x, select(loose & (fabs(x) == INF), x, s * cos_f64(y) * f))
    imag = c * sin_f64(y) * f
    return cplx_c128(select(y == ZERO, s * f, real), select(y == ZERO, y, imag))


def cosh_c128(z):
    """Hyperbolic cosine."""
    x, y = re(z), im(z)
    s, c, f = _sinh_cosh_f64(x)
    loose = isnan(y) | (fabs(y) == INF)
    real = select(loose & (fabs(x) == INF), INF, c * cos_f64(y) * f)
    flat = (x == ZERO) | (y == ZERO)
    imag = select(flat, copysign(ZERO, x) * copysign(ONE, y), s * sin_f64(y) * f)
    return cplx_c128(select(y == ZERO, c * f, real), imag)


def tanh_c128(z):
    """Hyperbolic tangent."""
    x, y = re(z), im(z)
    a = fabs(x)
    far = a > TANH_ONE
    t = tan_f64(y)
    beta = fma(t, t, ONE)
    s = sinh_f64(select(far, ONE, x))
    rho = sqrt(fma(s, s, ONE))
    den = fma(beta * s, s, ONE)
    tail = FOUR * sin_f64(y) * cos_f64(y) * exp_f64(-TWO * a)
    tail = select(a == INF, copysign(ZERO, select(fabs(y) == INF, ONE, tail)), tail)
    real = select(far, copysign(ONE, x), beta * rho * s / den)
    imag = select(far, select(isnan(y) & (a == INF), ZERO, tail), t / den)
    real = select(x == ZERO, x, select(far & (a != INF) & isnan(t), NAN, real))
    flat = y == ZERO
    return cplx_c128(select(flat, tanh_f64(x), real), select(flat, y, imag))


def _turned_c128(z):
    """i z."""
    return cplx_c128(-im(z), re(z))


def _turned_back_c128(z):
    """z / i."""
    return cplx_c128(im(z), -re(z))


def sin_c128(z):
    """Sine."""
    return _turned_back_c128(sinh_c128(_turned_c128(z)))


def cos_c128(z):
    """Cosine."""
    return cosh_c128(_turned_c128(z))


def tan_c128(z):
    """Tangent."""
    return _turned_back_c128(tanh_c128(_turned_c128(z)))


# ---- inverse functions ------------------------------------------------------------------------


def asin_c128(z):
    """Inverse sine; branch cuts on the real axis outside [-1, 1]."""
    x, y = re(z), im(z)
    p = sqrt_c128(cplx_c128(ONE - x, -y))
    q = sqrt_c128(cplx_c128(ONE + x, y))
    real = atan2_f64(x, re(p) * re(q) - im(p) * im(q))
    imag = asinh_f64(re(p) * im(q) - im(p) * re(q))
    far = _infinite_f64(x, y)
    real = select(far, atan2_f64(x, fabs(y)), select(x == ZERO, x, real))
    return cplx_c128(real, select(far, copysign(INF, y), copysign(imag, y)))


def acos_c128(z):
    """Inverse cosine."""
    x, y = re(z), im(z)
    p = sqrt_c128(cplx_c128(ONE - x, -y))
    q = sqrt_c128(cplx_c128(ONE + x, y))
    real = TWO * atan2_f64(re(p), re(q))
    imag = asinh_f64(re(q) * im(p) - im(q) * re(p))
    far = _infinite_f64(x, y)
    real = select(far, atan2_f64(fabs(y), x), select(isnan(y) & (x == ZERO), PI_2, real))
    return cplx_c128(real, select(far, copysign(INF, -y), copysign(imag, -y)))


def acosh_c128(z):
    """Inverse hyperbolic cosine; its real part is not negative."""
    w = acos_c128(z)
    return cplx_c128(fabs(im(w)), copysign(re(w), im(z)))


def asinh_c128(z):
    """Inverse hyperbolic sine."""
    return _turned_back_c128(asin_c128(_turned_c128(z)))


def atanh_c128(z):
    """Inverse hyperbolic tangent; branch cuts on the real axis outside [-1, 1]."""
    beta = copysign(ONE, re(z))
    x, y = fabs(re(z)), -im(z) * beta
    a = fabs(y)
    far = (x > THETA) | (a > THETA)
    m = maximum(x, a)
    u, v = x / m, a / m
    inverse = select(m == INF, ZERO, u / (m * fma(u, u, v * v)))
    k = select(far, ONE, a) + RHO
    w = select(far, ONE, x)
    on = x == ONE
    b = select(far | (a == ZERO), ONE, a)
    edge = log_f64(sqrt(sqrt(fma(b, b, FOUR))) / sqrt(b))
    xi = QUARTER * log1p_f64(FOUR * w / fma(ONE - w, ONE - w, k * k))
    eta = HALF * atan2_f64(TWO * select(far, ONE, y), (ONE - w) * (ONE + w) - k * k)
    xi = select(on, select(a == ZERO, INF, edge), xi)
    # at 1 the imaginary part is continuous from the side that y is on
    side = copysign(HALF * (PI_2 + atan_f64(HALF * k)), y)
    eta = select(on, select(a == ZERO, y, side), eta)
    lost = isnan(x) | isnan(y)
    xi = select(far, inverse, select(lost, select(x == ZERO, ZERO, NAN), xi))
    xi = select((x == INF) | (a == INF), ZERO, xi)
    eta = select(far, copysign(PI_2, y), eta)
    eta = select(isnan(y) | (isnan(x) & (a != INF)), NAN, eta)
    return cplx_c128(beta * xi, -beta * eta)


def atan_c128(z):
    """Inverse tangent."""
    return _turned_back_c128(atanh_c128(_turned_c128(z)))
