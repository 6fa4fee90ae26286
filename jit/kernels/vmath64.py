"""Vector math, float64: branch-free Python over the kernel environment's names.

Polynomials are minimax fits (Remez) of the functions named beside them; reductions are the
textbook ones (Muller, "Elementary Functions", 3rd ed., chapters 9 and 10).
"""

from __future__ import annotations

import math

import numpy as np

D = np.float64
L = np.int64


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


rint = fma = fabs = copysign = sqrt = trunc = floor = poly = frem = select
minimum = maximum = inv_two_pi = isnan = select
f32 = f64 = i32 = i64 = f64_bits = bits_f64 = select


def row(*values):
    """A row of float64 constants."""
    return tuple(D(v) for v in values)


ZERO, HALF, ONE, TWO, QUARTER = row(0.0, 0.5, 1.0, 2.0, 0.25)
INF, NAN = row(math.inf, math.nan)
ROUND = D(1.5 * 2.0**52)  # adding it leaves the nearest integer in the low bits
ROUND_BITS = L(0x4338000000000000)
B52, BIAS, B1 = L(52), L(1023), L(1)
SQRT_HALF_BITS = L(0x3FE6A09E667F3BCD)
TINY = D(2.0**-1022)
LN2 = D(0.6931471805599453)
LN2_HI, LN2_LO = row(0.6931471805601177, -1.7239444525614835e-13)  # n * LN2_HI is exact
LOG2E, LOG2E_LO = row(1.4426950408889634, 2.0355273740931033e-17)
LOG10E, LOG10E_LO = row(0.4342944819032518, 1.098319650216765e-17)
LOG10_2_HI, LOG10_2_LO = row(0.3010299956640665, -8.532344317057107e-14)
PI_2, PI_2_LO = row(1.5707963267948966, 6.123233995736766e-17)

# (e**x - 1 - x) / x**2 and (2**x - 1) / x
EXP = row(0.5, 0.16666666666666677, 0.0416666666666667, 0.00833333333332149, 0.0013888888888866733,
          0.0001984126988652083, 2.480158736082126e-05, 2.755724377834045e-06,
          2.7557242498068234e-07, 2.5109197926403465e-08, 2.092453253837976e-09)  # fmt: skip
EXP2 = row(0.6931471805599453, 0.24022650695910072, 0.05550410866482125, 0.009618129107628482,
           0.001333355814648793, 0.0001540353039336271, 1.5252733769389327e-05,
           1.321548681715422e-06, 1.0178085264420377e-07, 7.054893609554367e-09,
           4.451797662391635e-10, 2.573504066336908e-11)  # fmt: skip
# (log((1 + s) / (1 - s)) / s - 2) / s**2 in s**2
LOG = row(0.6666666666666735, 0.39999999999409186, 0.2857142874381478, 0.22222198406028962,
          0.18183574052132065, 0.15313776342703164, 0.14798934648508602)  # fmt: skip
# (sin(x) / x - 1) / x**2 and (cos(x) - 1 + x**2 / 2) / x**4 in x**2, |x| < pi/4
SIN = row(-0.1666666666666663, 0.008333333333322123, -0.00019841269829590677,
          2.7557313620701426e-06, -2.505074750405138e-08, 1.5896207601422026e-10)  # fmt: skip
COS = row(0.0416666666666666, -0.0013888888888874125, 2.480158728948101e-05,
          -2.7557314351491243e-07, 2.087572310812172e-09, -1.1359637287043058e-11)  # fmt: skip
# (f(x) / x - 1) / x**2 in x**2: tan to pi/4, tanh to 0.55, sinh to 1,
# atan to tan(pi/8), asin to 1/2
TAN = row(0.33333333333333376, 0.13333333333325786, 0.05396825397266059, 0.021869488406007442,
          0.00886323781325468, 0.0035921020301177896, 0.0014560373203103068, 0.0005889058922675142,
          0.00024360317665144708, 8.393861420433855e-05, 6.652814051605918e-05,
          -2.4753314994887136e-05, 4.789843247847965e-05, -2.3907417885687408e-05,
          9.7172176543995e-06)  # fmt: skip
TANH = row(-0.3333333333333333, 0.13333333333333067, -0.053968253968044104, 0.021869488527842467,
           -0.008863235336578412, 0.00359212516694172, -0.0014558058821600103,
           0.0005898332152052639, -0.0002382146354397272, 9.396812667599846e-05,
           -3.296664684414334e-05, 7.448947426703485e-06)  # fmt: skip
SINH = row(0.16666666666666669, 0.008333333333333148, 0.00019841269841431566, 2.755731915715591e-06,
           2.5052123125379843e-08, 1.6057260507080738e-10, 7.758730323017549e-13)  # fmt: skip
ATAN = row(-0.3333333333333333, 0.19999999999999885, -0.14285714285695356, 0.11111111109560645,
           -0.09090909015871759, 0.07692305353215968, -0.06666617249573498, 0.058816240941967524,
           -0.05255544132576166, 0.047054847993232306, -0.04054660974001352, 0.029601934959816324,
           -0.01297106384604673)  # fmt: skip
ASIN = row(0.1666666666666676, 0.07499999999970643, 0.04464285717477222, 0.030381942699668815,
           0.022372215227278967, 0.01735160752251304, 0.013980876523414712, 0.011398437396326799,
           0.01078300548856225, 0.003695676196471353, 0.02173435332752683, -0.02103823300474576,
           0.03265378786306155)  # fmt: skip
FOUR = D(4.0)
TWO_PI, TWO_PI_LO = row(6.283185307179586, 2.4492935982947064e-16)


# ---- exponentials -----------------------------------------------------------------------------


def _scale_f64(p, k):
    """p * 2**k in two steps, so that a denormal or infinite result is rounded once."""
    half = k >> B1
    p = p * bits_f64((half + BIAS) << B52)
    return p * bits_f64((k - half + BIAS) << B52)


def _exp_parts_f64(x, low):
    """x + low = n ln2 + r, |r| <= ln2 / 2: (e**r, n as an integer)."""
    t = fma(x, LOG2E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, x)) + low
    return fma(poly(r, EXP), r * r, r) + ONE, f64_bits(t) - ROUND_BITS


def _exp_pieces_f64(x):
    """e**x = (p + p_low) 2**n: p, p_low, n as an integer."""
    t = fma(x, LOG2E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, x))
    u = fma(poly(r, EXP), r * r, r)
    p = ONE + u
    return p, (ONE - p) + u, f64_bits(t) - ROUND_BITS


def _exp_f64(x, d):
    """2**d e**x for integer d."""
    x = select(x < D(-748.0), D(-748.0), x)
    x = select(x > D(712.0), D(712.0), x)
    p, k = _exp_parts_f64(x, -ZERO)
    return _scale_f64(p, k + d)


def exp_f64(x):
    """e**x."""
    return _exp_f64(x, L(0))


def _exp_near_f64(x):
    """e**x for |x| < 700, where neither overflow nor denormals occur (NaN stays NaN)."""
    p, k = _exp_parts_f64(x, -ZERO)
    return p * bits_f64((k + BIAS) << B52)


def exp2_f64(x):
    """2**x."""
    x = select(x < D(-1080.0), D(-1080.0), x)
    x = select(x > D(1030.0), D(1030.0), x)
    t = x + ROUND
    r = x - (t - ROUND)
    return _scale_f64(fma(poly(r, EXP2), r, ONE), f64_bits(t) - ROUND_BITS)


def expm1_f64(x):
    """e**x - 1: 2**n (e**r - 1) + (2**n - 1), at half scale so that 2**1024 is in range."""
    c = select(x < D(-40.0), D(-40.0), x)
    c = select(c > D(709.79), D(709.79), c)
    t = fma(c, LOG2E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, c))
    p = fma(poly(r, EXP), r * r, r)
    s = bits_f64((f64_bits(t) - ROUND_BITS + L(1022)) << B52)
    v = select(n == ZERO, p, fma(s, p, s - HALF) * TWO)
    return select(x == ZERO, x, select(x > D(709.79), INF, v))


def sigmoid_f64(x):
    """1 / (1 + e**-x), as e**x / (1 + e**x) on the left to keep tiny values."""
    e = exp_f64(-fabs(x))
    return select(x < ZERO, e, ONE) / (ONE + e)


def tanh_f64(x):
    """tanh: a polynomial near 0, else 1 - 2 / (e**2x + 1)."""
    a = fabs(x)
    y = x * x
    near = fma(poly(y, TANH) * y, a, a)
    c = select(a > D(20.0), D(20.0), a)
    far = ONE - TWO / (_exp_near_f64(c + c) + ONE)
    return copysign(select(a < D(0.55), near, far), x)


def sinh_f64(x):
    """sinh: a polynomial to 1, else h - 1 / (4 h) with h = e**|x| / 2."""
    a = fabs(x)
    y = x * x
    h = _exp_f64(a, L(-1))
    far = h - QUARTER / h
    return copysign(select(a < ONE, fma(poly(y, SINH) * y, a, a), far), x)


def cosh_f64(x):
    """cosh = h + 1 / (4 h) with h = e**|x| / 2."""
    h = _exp_f64(fabs(x), L(-1))
    return h + QUARTER / h


# ---- logarithms -------------------------------------------------------------------------------


def _split_f64(x):
    """x = 2**k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), x > 0 (denormals too): (k as float, f)."""
    small = x < TINY
    b = f64_bits(select(small, x * D(2.0**54), x))
    k = (b - SQRT_HALF_BITS) >> B52
    m = bits_f64(b - (k << B52))
    # k is small: its float is the low bits of ROUND + k
    return bits_f64(k + ROUND_BITS) - ROUND - select(small, D(54.0), ZERO), m - ONE


def _log_parts_f64(f):
    """log(1 + f) = f - (h - t): (h = f**2 / 2, t)."""
    s = f / (TWO + f)
    z = s * s
    h = HALF * f * f
    return h, s * fma(poly(z, LOG), z, h)


def _log_ends_f64(x, r):
    """The logarithm's result `r` with the ends put right: 0, inf, negative, NaN."""
    r = select(x == INF, INF, r)
    r = select(x == ZERO, -INF, r)
    return select(x >= ZERO, r, NAN)


def log_f64(x):
    """Natural logarithm."""
    k, f = _split_f64(x)
    h, t = _log_parts_f64(f)
    return _log_ends_f64(x, fma(k, LN2_HI, f - (h - fma(k, LN2_LO, t))))


def _log_base_f64(x, k_hi, k_lo, e_hi, e_lo):
    """A logarithm to another base: log(x) times e_hi + e_lo, 2**k counting k_hi + k_lo each."""
    k, f = _split_f64(x)
    h, t = _log_parts_f64(f)
    top = f - h
    low = (f - top) - h - fma(HALF * f, f, -h) + t
    v = top * e_hi
    rest = fma(top, e_hi, -v) + fma(top, e_lo, low * e_hi) + k * k_lo
    n = k * k_hi
    w = n + v
    return _log_ends_f64(x, w + (select(k == ZERO, ZERO, (n - w) + v) + rest))


def log2_f64(x):
    """Logarithm to base 2."""
    return _log_base_f64(x, ONE, ZERO, LOG2E, LOG2E_LO)


def log10_f64(x):
    """Logarithm to base 10."""
    return _log_base_f64(x, LOG10_2_HI, LOG10_2_LO, LOG10E, LOG10E_LO)


def log1p_f64(x):
    """log(1 + x): the rounding error of 1 + x goes back in at the scale of the mantissa."""
    u = x + ONE
    c = select(x < ONE, x - (u - ONE), ONE - (u - x))
    b = f64_bits(u)
    k = (b - SQRT_HALF_BITS) >> B52
    f = bits_f64(b - (k << B52)) - ONE
    c = c * bits_f64((BIAS - minimum(k, L(1022))) << B52)
    n = bits_f64(k + ROUND_BITS) - ROUND
    g = f + c
    h, t = _log_parts_f64(g)
    t = t + ((f - g) + c)
    r = fma(n, LN2_HI, g - (h - fma(n, LN2_LO, t)))
    r = select(x == INF, INF, select(u == ZERO, -INF, r))
    return select(x == ZERO, x, select(x >= -ONE, r, NAN))


def asinh_f64(x):
    """asinh: log1p(a + a**2 / (1 + sqrt(a**2 + 1))), for large a log(2 a)."""
    a = fabs(x)
    big = a > D(2.0**28)
    y = a * a
    r = log1p_f64(select(big, a - ONE, a + y / (ONE + sqrt(y + ONE))))
    return copysign(select(big, r + LN2, r), x)


def acosh_f64(x):
    """acosh: log1p(t + sqrt(2 t + t**2)) with t = x - 1, for large x log(2 x)."""
    big = x > D(2.0**28)
    t = x - ONE
    r = log1p_f64(select(big, t, t + sqrt(fma(t, t, t + t))))
    return select(x >= ONE, select(big, r + LN2, r), NAN)


def atanh_f64(x):
    """atanh: log1p(2 a + 2 a**2 / (1 - a)) / 2."""
    a = fabs(x)
    d = a + a
    near = a < HALF
    u = select(near, d * a, d) / (ONE - a)
    return copysign(HALF * log1p_f64(select(near, d + u, u)), x)


# ---- powers -----------------------------------------------------------------------------------


def rsqrt_f64(x):
    """1 / sqrt(x)."""
    return ONE / sqrt(x)


def cbrt_f64(x):
    """Cube root: an exponent-third guess, Halley steps, one Newton step with the exact residue."""
    a = fabs(x)
    small = a < D(2.0**-500)
    large = a > D(2.0**500)
    a = a * select(small, D(2.0**600), select(large, D(2.0**-600), ONE))
    g = bits_f64(i64(f64(f64_bits(a)) * D(1.0 / 3.0)) + L(0x2A9F7893782DA1CE))
    g3 = g * g * g
    g = g * (g3 + a + a) / (g3 + g3 + a)
    g3 = g * g * g
    g = g * (g3 + a + a) / (g3 + g3 + a)
    y = g * g
    e = fma(g, g, -y)
    g = g - fma(y, g, fma(e, g, -a)) / (D(3.0) * y)
    g = g * select(small, D(2.0**-200), select(large, D(2.0**200), ONE))
    return copysign(select((x == ZERO) | (a == INF), fabs(x), g), x)


# ---- remainders -------------------------------------------------------------------------------


def fmod_f64(x, y):
    """x - trunc(x / y) y, exact, with the sign of x (C)."""
    return frem(x, y)


def remainder_f64(x, y):
    """x - floor(x / y) y, with the sign of y (Python)."""
    r = frem(x, y)
    return select((r != ZERO) & ((r < ZERO) != (y < ZERO)), r + y, r)


def floor_divide_f64(x, y):
    """floor(x / y) as if the quotient were exact; x / y where y is 0."""
    r = frem(x, y)
    q = (x - r) / y
    q = select((r != ZERO) & ((r < ZERO) != (y < ZERO)), q - ONE, q)
    f = floor(q)
    f = select(q - f > HALF, f + ONE, f)
    return select(y == ZERO, x / y, select(q == ZERO, copysign(ZERO, x / y), f))


# ---- trigonometry -----------------------------------------------------------------------------


def _two_sum_f64(a, b):
    """a + b exactly as a float and its rounding error (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def _turns_f64(x):
    """The nearest quarter turn to x (-2..2) and the rest in radians, in two pieces.

    x / (2 pi) mod 1 over the whole range from products with four pieces of 1 / (2 pi), chosen by
    the exponent so that only whole turns are left out (Payne and Hanek, 1983).
    """
    e = ((f64_bits(x) >> B52) & L(2047)) - L(1023 + 40)
    j = maximum(e, L(0)) >> L(5)
    x = x * bits_f64((BIAS - minimum(j, L(30)) * L(32)) << B52)
    j = j * L(4)
    c = inv_two_pi(j)
    p = x * c
    low = fma(x, c, -p)
    s, rest = _two_sum_f64(p - rint(p), low - rint(low))
    c = inv_two_pi(j + L(1))
    p = x * c
    low = fma(x, c, -p)
    s, e1 = _two_sum_f64(s, p - rint(p))
    s = s - rint(s)
    c = inv_two_pi(j + L(2))
    p = x * c
    u, v = _two_sum_f64(low, p)
    s, e2 = _two_sum_f64(s, u)
    rest = (rest + e1) + (e2 + v) + fma(x, inv_two_pi(j + L(3)), fma(x, c, -p))
    t = s + rest
    low = (s - t) + rest
    q = rint(t * FOUR)
    s = fma(q, -QUARTER, t)
    t = s + low
    low = (s - t) + low
    r = t * TWO_PI
    return q, r, fma(t, TWO_PI, -r) + fma(t, TWO_PI_LO, low * TWO_PI)


def _sin_cos_f64(r, low):
    """sin and cos of r + low, |r| <= pi / 4: (sin, its error, cos, its error)."""
    y = r * r
    h = HALF * y
    t = fma(poly(y, SIN) * y, r, fma(low, -h, low))
    s = r + t
    w = ONE - h
    u = ((ONE - w) - h) + fma(poly(y, COS) * y, y, -(r * low))
    c = w + u
    return s, (r - s) + t, c, (w - c) + u


def sin_f64(x):
    """sin."""
    q, r, low = _turns_f64(x)
    s, _, c, _ = _sin_cos_f64(r, low)
    turn = fabs(q)
    v = select(turn == ONE, copysign(c, q), select(turn == TWO, -s, s))
    return select(fabs(x) < D(2.0**-100), x, v)


def cos_f64(x):
    """cos."""
    q, r, low = _turns_f64(x)
    s, _, c, _ = _sin_cos_f64(r, low)
    turn = fabs(q)
    odd = select(q == ONE, -s, s)
    return select(turn == ONE, odd, select(turn == TWO, -c, c))


def cos_turns_f64(v):
    """cos(2 pi v) for 0 <= v < 1."""
    q = rint(v * FOUR)
    s, _, c, _ = _sin_cos_f64(fma(q, -QUARTER, v) * TWO_PI, ZERO)
    return select(q == ONE, -s, select(q == TWO, -c, select(q == D(3.0), s, c)))


def tan_f64(x):
    """tan = sin / cos, the quotient corrected by both errors."""
    q, r, low = _turns_f64(x)
    s, s_low, c, c_low = _sin_cos_f64(r, low)
    odd = fabs(q) == ONE
    n = select(odd, -c, s)
    d = select(odd, s, c)
    v = n / d
    e = (fma(-v, d, n) + select(odd, -c_low, s_low)) - v * select(odd, s_low, c_low)
    v = v + select(r == ZERO, ZERO, e / d)
    return select(fabs(x) < D(2.0**-100), x, v)


def asin_f64(x):
    """asin: beyond 1/2 by asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2))."""
    a = fabs(x)
    far = a > HALF
    z = select(far, fma(a, -HALF, HALF), a * a)
    s = select(far, sqrt(z), a)
    p = poly(z, ASIN) * z
    beyond = fma(s, -TWO, PI_2) - fma(p, s + s, -PI_2_LO)
    return copysign(select(far, beyond, fma(p, s, s)), x)


def acos_f64(x):
    """acos: 2 asin(sqrt((1 - a) / 2)) beyond 1/2, pi/2 - asin(x) within."""
    a = fabs(x)
    far = a > HALF
    z = select(far, fma(a, -HALF, HALF), a * a)
    s = select(far, sqrt(z), a)
    p = fma(poly(z, ASIN) * z, s, s)
    near = PI_2 - (copysign(p, x) - PI_2_LO)
    left = TWO * (PI_2 - (p - PI_2_LO))
    return select(far, select(x < ZERO, left, p + p), near)


def _atan_f64(n, d):
    """atan(n / d) for 0 <= n <= d: past tan(pi/8) from pi/4, by (n - d) / (n + d)."""
    far = n > D(0.41421356237309503) * d
    r = select(far, n - d, n) / select(far, n + d, d)
    y = r * r
    p = poly(y, ATAN) * y * r
    return select(far, HALF * PI_2 + (r + (p + HALF * PI_2_LO)), r + p)


def atan_f64(x):
    """atan: beyond 1 by atan(a) = pi/2 - atan(1 / a)."""
    a = fabs(x)
    steep = a > ONE
    c = select(a > D(2.0**60), D(2.0**60), a)
    p = _atan_f64(select(steep, ONE, a), select(steep, c, ONE))
    return copysign(select(steep, PI_2 - (p - PI_2_LO), p), x)


def atan2_f64(y, x):
    """The angle of the point (x, y), in (-pi, pi]; C's rules for zeros and infinities."""
    a = fabs(y)
    b = fabs(x)
    steep = a > b
    top = select(steep, b, a)
    bottom = select(steep, a, b)
    # halve near overflow, lift near underflow: the ratio stays
    s = select(bottom > D(2.0**1000), D(2.0**-60), select(bottom < D(2.0**-900), D(2.0**120), ONE))
    same = top == bottom
    n = select(same, ONE, top * s)
    d = select(same, ONE, bottom * s)
    d = select(bottom == INF, select(same, ONE, INF), d)
    far = n > D(0.41421356237309503) * d
    r = select(far, n - d, n) / select(far, n + d, d)
    z = r * r
    p = poly(z, ATAN) * z * r
    p = select(far, HALF * PI_2 + (r + (p + HALF * PI_2_LO)), r + p)
    p = select(same & (bottom == ZERO), ZERO, p)
    up = PI_2 - (copysign(p, x) - PI_2_LO)
    flat = select(copysign(ONE, x) < ZERO, TWO * PI_2 - (p - TWO * PI_2_LO), p)
    p = select(steep, up, flat)
    return select(isnan(x) | isnan(y), x + y, copysign(p, y))
