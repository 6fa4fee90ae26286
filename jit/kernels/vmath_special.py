"""Vector math: erf, erfc, lgamma and pow in float64, and float32 functions that go through them.

See vmath64.py for the conventions.
"""

from __future__ import annotations

import math

import numpy as np

from .vmath64 import (
    HALF,
    INF,
    LN2_HI,
    LN2_LO,
    NAN,
    ONE,
    QUARTER,
    TWO,
    ZERO,
    row,
)

D = np.float64


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


_exp_pieces_f64 = fma = fabs = copysign = trunc = floor = poly = isnan = f32 = f64 = select
exp_f64 = log_f64 = asinh_f64 = acosh_f64 = atanh_f64 = select
_split_f64 = _two_sum_f64 = _exp_parts_f64 = _exp_near_f64 = _scale_f64 = _sin_cos_f64 = select

# erf(x) / x - 2 / sqrt(pi), over x**2, in x**2 to 1; -log(erfc(x)) / x in x - 3.4 on [1, 5.93]
ERF_C0 = D(0.1283791670955126)  # 2 / sqrt(pi) - 1
ERF_SMALL = row(-0.3761263890318375, 0.11283791670954908, -0.026866170645080248,
                0.005223977624839748, -0.000854832698164904, 0.00012055331130503192,
                -1.4925595530836073e-05, 1.6461002437452415e-06, -1.6350314712679504e-07,
                1.4659689522067747e-08, -1.1372209399154216e-09, 5.955670874047752e-11)  # fmt: skip
ERF_BIG = row(3.9398498998042255, 0.9214880638967536, 0.012836282868642595, -0.0021311524296733254,
              0.00034706408179384406, -5.420117211546645e-05, 7.917955399440519e-06,
              -1.0380746915592536e-06, 1.1058911330035169e-07, -5.739472254811586e-09,
              -1.3978397113107894e-09, 4.749887981643885e-10, -2.310472227386195e-10,
              2.972892910861149e-11, 1.7265619797016476e-11, 1.6066852629097346e-11,
              4.607191964838638e-12, 6.735453606043911e-13, -8.256857789176238e-17,
              -1.0511027705972523e-14)  # fmt: skip
# e**(x*x) erfc(x) (1 + 2 x) in (x - 4) / (x + 4) on [0.4, 28] (Shepherd and Laframboise, 1981)
ERFC = row(1.2329951186255526, -0.13962111684056253, 0.015379652102618687, 0.06809705425469334,
           -0.10103906603623357, 0.09373283499833168, -0.06633036581406766, 0.03716751553757891,
           -0.016197734032975312, 0.005031969980238046, -0.0007577734833421651,
           -0.00019925673459483844, 0.00015062263264389064, -2.439892256478443e-05,
           -1.1225068445938465e-05, 5.708528498767244e-06, 3.000529286796572e-07,
           -8.224245292244967e-07, 6.662202963412266e-08, 1.0558703808456708e-07,
           -1.2085225405720774e-08, -1.0447713003798997e-08)  # fmt: skip
# log(gamma(x)) / ((x - 1) (x - 2)) in x - 1.5 on [1, 2]; Stirling's series in x**-2
LGAMMA = row(0.48312895054098093, -0.14595989591431072, 0.0629114010745465, -0.03130848749937656,
             0.016797098634181006, -0.009425622618558378, 0.005446457655045362,
             -0.0032120659108766624, 0.0019229222877761988, -0.0011646322287473918,
             0.0007114059896776167, -0.00043444885254677497, 0.00027264721633098513,
             -0.00020597363540206072, 9.526074671123323e-05, 0.00018776016064584887,
             9.209555496951752e-05, -0.0011612550635385775, -0.00013486435691425968,
             0.0031716622695423078, 0.00026449826353777824, -0.005090003760600797,
             -0.00018569831973085454, 0.0035311408224740597)  # fmt: skip
STIRLING = row(1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
HALF_LOG_TWO_PI = D(0.9189385332046728)
PI, SQRT_HALF, BELL_AT_0 = D(math.pi), D(math.sqrt(0.5)), D(1 / math.sqrt(2 * math.pi))
# the series of LOG without its first term: 2/3 apart, in two pieces
TWO_THIRDS, TWO_THIRDS_LO = row(0.6666666666666666, 3.700743415417188e-17)
LOG_TAIL = row(0.4, 0.28571428571429386, 0.2222222222164349, 0.1818181833809409,
               0.15384594683463967, 0.13334819435119571, 0.11705851508390926,
               0.11727113443868804)  # fmt: skip


# ---- error and gamma functions ----------------------------------------------------------------


def erf_f64(x):
    """erf: a polynomial to 1, then 1 - e**(-x P(x)), then 1."""
    a = fabs(x)
    y = x * x
    near = fma(fma(poly(y, ERF_SMALL), y, ERF_C0), a, a)
    c = select(a > D(5.93), D(5.93), a)
    far = ONE - _exp_near_f64(-(c * poly(c - D(3.4), ERF_BIG)))
    far = select(a > D(5.93), ONE, far)
    return copysign(select(a < ONE, near, far), x)


def erfc_f64(x):
    """erfc: 1 - erf(x) to 0.5, else e**(-x*x) g(x) with an exact square; 2 - that left of 0."""
    a = fabs(x)
    y = x * x
    near = ONE - fma(fma(poly(y, ERF_SMALL), y, ERF_C0), x, x)
    c = select(a > D(28.0), D(28.0), a)
    n = poly((c - D(4.0)) / (c + D(4.0)), ERFC)
    d, d_low = _two_sum_f64(c + c, ONE)
    g = n / d
    g_low = (fma(-g, d, n) - g * d_low) / d
    h = c * c
    p, p_low, k = _exp_pieces_f64(-h)
    g_low = fma(fma(c, c, -h), -g, g_low)
    far = _scale_f64(fma(p, g, fma(p, g_low, p_low * g)), k)
    return select(a < HALF, near, select(x < ZERO, TWO - far, far))


def gauss_cdf_f64(x):
    """Distribution function of the normal distribution, as GELU takes it: absolutely exact."""
    return HALF * (ONE + erf_f64(x * SQRT_HALF))


def gauss_pdf_f64(x):
    """Density of the normal distribution."""
    return exp_f64(x * x * -HALF) * BELL_AT_0


def lgamma_f64(x):
    """log |gamma(x)|: the recurrence into [1, 2), Stirling from 9, reflection left of 0."""
    a = fabs(x)
    # from above: log((a - 1) (a - 2) ...) + lgamma of what is left in [1, 2)
    n = floor(select(a < D(9.0), a, D(8.0))) - ONE
    product = ONE
    for k in range(1, 8):
        product = product * select(D(k) <= n, a - D(k), ONE)
    z = a - select(n > ZERO, n, ZERO)
    low = z < ONE
    # z below 1 stands for z + 1; its distances to 1 and 2 are exact
    u = select(low, z, z - ONE)
    v = select(low, z - ONE, z - TWO)
    near = u * v * poly(u - HALF, LGAMMA)
    near = near + select(low, -log_f64(z), log_f64(product))
    w = ONE / a
    big = a < D(1e300)
    tail = fma(poly(w * w, STIRLING), w, HALF_LOG_TWO_PI)
    logarithm = log_f64(a)
    far = select(big, fma(a - HALF, logarithm - ONE, tail - HALF), a * (logarithm - ONE))
    r = select(a < D(9.0), near, far)
    # gamma(-a) gamma(a) = -pi / (a sin(pi a))
    f = a - floor(a)
    f = select(f > HALF, ONE - f, f)
    s, _, c, _ = _sin_cos_f64(PI * select(f > QUARTER, HALF - f, f), ZERO)
    sine = select(f > QUARTER, c, s)
    mirror = select(f == ZERO, INF, log_f64(PI / sine) - logarithm - r)
    r = select(x < ZERO, mirror, r)
    return select(a == INF, INF, select(x == ZERO, INF, r))


def lgamma_f32(x):
    """log |gamma(x)|, in float64."""
    return f32(lgamma_f64(f64(x)))


def asinh_f32(x):
    """asinh, in float64."""
    return f32(asinh_f64(f64(x)))


def acosh_f32(x):
    """acosh, in float64."""
    return f32(acosh_f64(f64(x)))


def atanh_f32(x):
    """atanh, in float64."""
    return f32(atanh_f64(f64(x)))


def erfc_f32(x):
    """erfc, in float64."""
    return f32(erfc_f64(f64(x)))


def _log_double_f64(a):
    """log(a) as an unevaluated sum, to about 2**-66, for a > 0: s + s_low in the series."""
    k, f = _split_f64(a)
    d = TWO + f
    d_low = (TWO - d) + f
    s = f / d
    s_low = (fma(-s, d, f) - s * d_low) / d
    z = s * s
    z_low = fma(s, s, -z) + TWO * s * s_low
    # s**3 (2/3 + z R(z)): the 2/3 in two pieces, the rest is small
    t = fma(poly(z, LOG_TAIL), z, TWO_THIRDS_LO)
    p = TWO_THIRDS + t
    p_low = (TWO_THIRDS - p) + t
    g = z * p
    g_low = fma(z, p, -g) + fma(z, p_low, z_low * p)
    h = s * g
    h_low = fma(s, g, -h) + fma(s, g_low, s_low * g)
    v, v_low = _two_sum_f64(s + s, h)
    v_low = v_low + (h_low + TWO * s_low)
    n = k * LN2_HI
    w, w_low = _two_sum_f64(n, v)
    w_low = w_low + fma(k, LN2_LO, v_low)
    return w, w_low


def pow_f64(x, y):
    """x**y = e**(y log |x|), the logarithm in two pieces; C's rules at the ends."""
    a = fabs(x)
    w, w_low = _log_double_f64(a)
    y_in = select(fabs(y) > D(1e20), copysign(D(1e20), y), y)
    p = y_in * w
    low = fma(y_in, w, -p) + y_in * w_low
    high = p
    p = select(p < D(-748.0), D(-748.0), p)
    p = select(p > D(712.0), D(712.0), p)
    e, k = _exp_parts_f64(p, select(p == high, low, ZERO))
    v = _scale_f64(e, k)
    up = (a > ONE) == (y > ZERO)
    v = select((a == ZERO) | (a == INF) | (fabs(y) == INF), select(up, INF, ZERO), v)
    v = select(a == ONE, ONE, v)
    whole = trunc(y) == y
    odd = whole & (trunc(y * HALF) != y * HALF)
    v = select((x < ZERO) & (trunc(y) != y) & (a < INF), NAN, v)
    v = select(odd, copysign(v, x), v)
    v = select(isnan(x) | isnan(y), x + y, v)
    return select((y == ZERO) | (x == ONE), ONE, v)
