"""Vector math, float32: branch-free Python over the kernel environment's names.

Polynomials are minimax fits (Remez) of the functions named beside them; reductions are the
textbook ones (Muller, "Elementary Functions", 3rd ed., chapters 9 and 10). Rarely used functions
go through float64, where one rounding makes them nearly exact.
"""

from __future__ import annotations

import math

import numpy as np

F = np.float32
D = np.float64
I = np.int32


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


rint = fma = minimum = isnan = fabs = copysign = sqrt = trunc = floor = poly = select
f32 = f64 = i32 = select
f32_bits = bits_f32 = f64_bits = bits_f64 = exp_f64 = log_f64 = pow_f64 = select


def row(*values):
    """A row of float32 constants."""
    return tuple(F(v) for v in values)


ZERO, HALF, ONE, TWO = row(0.0, 0.5, 1.0, 2.0)
INF, NAN = row(math.inf, math.nan)
ROUND = F(12582912.0)  # 1.5 * 2**23: adding it leaves the nearest integer in the low bits
ROUND_BITS = I(0x4B400000)
B23, BIAS, B1 = I(23), I(127), I(1)
TINY = F(2.0**-126)
LOG2E = F(1.4426950408889634)
LN2_HI, LN2_LO = row(0.693115234375, 3.1946184945309415e-05)  # n * LN2_HI is exact
LOG10_2_HI, LOG10_2_LO = row(0.301025390625, 4.605038981195214e-06)
PI_2, PI_2_LO = row(1.5707963705062866, -4.3711390001862426e-08)

# (e**x - 1 - x) / x**2 on |x| < 0.35
EXP = row(0.5, 0.16666513681411743, 0.041666191071271896, 0.008369502611458302,
          0.0013951457804068923)  # fmt: skip
EXPM1 = row(0.5, 0.1666666716337204, 0.04166634380817413, 0.00833327230066061,
            0.001394191407598555, 0.0001991500612348318)  # fmt: skip
# (2**x - 1) / x on |x| < 0.5
EXP2 = row(0.6931471824645996, 0.24022650718688965, 0.055503278970718384, 0.009618003852665424,
           0.001340029644779861, 0.00015476407133974135)  # fmt: skip
# (log(1 + x) - x) / x**2, log2(1 + x) / x, log10(1 + x) / x for 1 + x in [sqrt(1/2), sqrt(2)]
LOG = row(-0.49999988079071045, 0.33333325386047363, -0.2500159442424774, 0.2000201791524887,
          -0.16608819365501404, 0.14180846512317657, -0.13244210183620453, 0.1291113942861557,
          -0.07626993209123611)  # fmt: skip
LOG2 = row(1.4426950216293335, -0.7213473320007324, 0.4808982312679291, -0.36069679260253906,
           0.2885676920413971, -0.23961377143859863, 0.2045924812555313, -0.1910853534936905,
           0.18623985350131989, -0.10997558385133743)  # fmt: skip
LOG10 = row(0.4342944920063019, -0.21714718639850616, 0.14476479589939117, -0.1085805594921112,
            0.08686752617359161, -0.07213093340396881, 0.06158847361803055,
            -0.057522423565387726, 0.056063782423734665, -0.03310595080256462)  # fmt: skip
# (sin(x) / x - 1) / x**2 and (cos(x) - 1 + x**2 / 2) / x**4 in x**2, |x| < pi/4
SIN = row(-0.16666655242443085, 0.008332154713571072, -0.00019514434097800404)
COS = row(0.04166664555668831, -0.001388736069202423, 2.443757875880692e-05)
# (f(x) / x - 1) / x**2 in x**2: tanh to 0.56, sinh to 1, atan to 1, tan to pi/4, asin to 0.5
TANH = row(-0.3333331346511841, 0.13332481682300568, -0.053840603679418564,
           0.021020838990807533, -0.006199040915817022)  # fmt: skip
SINH = row(0.1666666716337204, 0.008333349600434303, 0.00019836158026009798,
           2.816958613038878e-06)  # fmt: skip
ATAN = row(-0.33333298563957214, 0.19998547434806824, -0.1426423192024231, 0.10952132940292358,
           -0.0840328112244606, 0.05795442685484886, -0.031174425035715103,
           0.010912629775702953, -0.0017931495094671845)  # fmt: skip
TAN = row(0.33333349227905273, 0.13332653045654297, 0.05406121909618378, 0.021275075152516365,
          0.010855210945010185, 6.380317790899426e-05, 0.004389490932226181)  # fmt: skip
ASIN = row(0.16666752099990845, 0.07495293021202087, 0.04547116532921791,
           0.024174680933356285, 0.0421760156750679)  # fmt: skip
# erf(x) / x - 1 in x**2 to 1; -log(erfc(x)) / x in x - 2.45 on [1, 3.92]
ERF_SMALL = row(0.12837916612625122, -0.3761262595653534, 0.1128358542919159,
                -0.026853814721107483, 0.005188330542296171, -0.0008010202436707914,
                7.853849820094183e-05)  # fmt: skip
ERF_BIG = row(3.078179359436035, 0.8898748159408569, 0.02136676385998726,
              -0.004114324692636728, 0.0007535394979640841, -0.00010733807721408084,
              3.321727126603946e-05, 3.701404011735576e-06)  # fmt: skip
# (cdf(-x) e**(x**2 / 2) - 1/2) / x in x on [0, 5.4], where e**(-x**2 / 2) weights the error
CDF = row(-0.39894112944602966, 0.24997738003730774, -0.13282489776611328, 0.061965104192495346,
          -0.025524761527776718, 0.009046622551977634, -0.0026122701819986105,
          0.0005709985853172839, -8.626841736258939e-05, 7.879422810219694e-06,
          -3.238396857341286e-07)  # fmt: skip
BELL_HI, BELL_LO, BELL_AT_0 = row(-0.7213475108146667, -9.629815167500055e-09, 0.3989422804014327)
# log2((1 + s) / (1 - s)) / s in s**2, to 2**-45, for pow
POW_LOG2 = (2.8853900817778473, 0.9617966941189305, 0.5770779405992905, 0.412209443677826,
            0.31989736785600154, 0.2830255262059399)  # fmt: skip
POW_LOG2 = tuple(D(v) for v in POW_LOG2)
# 1 / (2 pi) in pieces of 29 bits (the last is a tail): each times a float32 is exact in float64
TURN0, TURN1, TURN2, TURN3, TURN4, TURN5 = (
    D(0.15915494272485375), D(3.6704158115630214e-10), D(5.690025167992954e-19),
    D(1.4703036846932608e-27), D(2.5867171752090537e-36), D(9.458139207250354e-46),
)  # fmt: skip
TWO_PI = D(2.0 * math.pi)
D_ONE, D_QUARTER, D_FOUR = D(1.0), D(0.25), D(4.0)


# ---- exponentials -----------------------------------------------------------------------------


def _scale_f32(p, k):
    """p * 2**k in two steps, so that a denormal or infinite result is rounded once."""
    half = i32(k >> B1)
    p = p * bits_f32(i32((half + BIAS) << B23))
    return p * bits_f32(i32((k - half + BIAS) << B23))


def _exp_f32(x, d):
    """2**d e**x for integer d: x = n ln2 + r, |r| <= ln2 / 2."""
    x = select(x < F(-106.0), F(-106.0), x)
    x = select(x > F(91.0), F(91.0), x)
    t = fma(x, LOG2E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, x))
    p = fma(poly(r, EXP), r * r, r) + ONE
    return _scale_f32(p, i32(f32_bits(t) - ROUND_BITS + d))


def exp_f32(x):
    """e**x."""
    return _exp_f32(x, I(0))


def _exp_near_f32(x):
    """e**x for |x| < 80, where neither overflow nor denormals occur (NaN stays NaN)."""
    t = fma(x, LOG2E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, x))
    p = fma(poly(r, EXP), r * r, r) + ONE
    return p * bits_f32(i32((f32_bits(t) - ROUND_BITS + BIAS) << B23))


def exp2_f32(x):
    """2**x."""
    x = select(x < F(-152.0), F(-152.0), x)
    x = select(x > F(130.0), F(130.0), x)
    t = x + ROUND
    r = x - (t - ROUND)
    return _scale_f32(fma(poly(r, EXP2), r, ONE), i32(f32_bits(t) - ROUND_BITS))


def expm1_f32(x):
    """e**x - 1: 2**n (e**r - 1) + (2**n - 1), at half scale so that 2**128 is in range."""
    c = select(x < F(-18.0), F(-18.0), x)
    c = select(c > F(88.8), F(88.8), c)
    t = fma(c, LOG2E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LO, fma(n, -LN2_HI, c))
    p = fma(poly(r, EXPM1), r * r, r)
    k = i32(f32_bits(t) - ROUND_BITS)
    s = bits_f32(i32((k + I(126)) << B23))
    v = select(n == ZERO, p, fma(s, p, s - HALF) * TWO)
    return select(x == ZERO, x, select(x > F(88.8), INF, v))


def sigmoid_f32(x):
    """1 / (1 + e**-x), as e**x / (1 + e**x) on the left to keep tiny values."""
    e = exp_f32(-fabs(x))
    return select(x < ZERO, e, ONE) / (ONE + e)


def tanh_f32(x):
    """tanh: a polynomial near 0, else 1 - 2 / (e**2x + 1)."""
    a = fabs(x)
    y = x * x
    near = fma(poly(y, TANH) * y, a, a)
    c = select(a > F(10.0), F(10.0), a)
    far = ONE - TWO / (_exp_near_f32(c + c) + ONE)
    return copysign(select(a < F(0.55), near, far), x)


def sinh_f32(x):
    """sinh: a polynomial to 1, else h - 1 / (4 h) with h = e**|x| / 2."""
    a = fabs(x)
    y = x * x
    h = _exp_f32(a, I(-1))
    far = h - F(0.25) / h
    return copysign(select(a < ONE, fma(poly(y, SINH) * y, a, a), far), x)


def cosh_f32(x):
    """cosh = h + 1 / (4 h) with h = e**|x| / 2."""
    h = _exp_f32(fabs(x), I(-1))
    return h + F(0.25) / h


# ---- logarithms -------------------------------------------------------------------------------


def _split_f32(x):
    """x = 2**k (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), x > 0 (denormals too): (k as float, f)."""
    small = x < TINY
    b = f32_bits(select(small, x * F(2.0**25), x))
    k = i32(i32(b - I(0x3F3504F3)) >> B23)
    m = bits_f32(i32(b - i32(k << B23)))
    return f32(i32(k)) - select(small, F(25.0), ZERO), m - ONE


def _log_ends_f32(x, r):
    """The logarithm's result `r` with the ends put right: 0, inf, negative, NaN."""
    r = select(x == INF, INF, r)
    r = select(x == ZERO, -INF, r)
    return select(x >= ZERO, r, NAN)


def log_f32(x):
    """Natural logarithm."""
    k, f = _split_f32(x)
    r = fma(k, LN2_LO, poly(f, LOG) * (f * f))
    return _log_ends_f32(x, fma(k, LN2_HI, r + f))


def log2_f32(x):
    """Logarithm to base 2."""
    k, f = _split_f32(x)
    return _log_ends_f32(x, fma(poly(f, LOG2), f, k))


def log10_f32(x):
    """Logarithm to base 10."""
    k, f = _split_f32(x)
    r = fma(poly(f, LOG10), f, k * LOG10_2_LO)
    return _log_ends_f32(x, fma(k, LOG10_2_HI, r))


def log1p_f32(x):
    """log(1 + x): the rounding error of 1 + x goes back in at the scale of the mantissa."""
    u = x + ONE
    c = select(x < ONE, x - (u - ONE), ONE - (u - x))
    b = f32_bits(u)
    k = i32(i32(b - I(0x3F3504F3)) >> B23)
    f = bits_f32(i32(b - i32(k << B23))) - ONE
    f = f + c * bits_f32(i32((BIAS - minimum(k, I(126))) << B23))
    n = f32(i32(k))
    r = fma(n, LN2_HI, fma(n, LN2_LO, poly(f, LOG) * (f * f)) + f)
    r = select(x == INF, INF, select(u == ZERO, -INF, r))
    return select(x == ZERO, x, select(x >= -ONE, r, NAN))


# ---- powers -----------------------------------------------------------------------------------


def rsqrt_f32(x):
    """1 / sqrt(x)."""
    return ONE / sqrt(x)


def cbrt_f32(x):
    """Cube root: an exponent-third guess and Newton steps in float64."""
    a = fabs(f64(x))
    g = bits_f64(f64_bits(a) // np.int64(3) + np.int64(0x2A9F7893782DA1CE))
    for _ in range(3):
        g3 = g * g * g
        g = g * (g3 + a + a) / (g3 + g3 + a)
    return copysign(select((x == ZERO) | (fabs(x) == INF), fabs(x), f32(g)), x)


def pow_f32(x, y):
    """x**y = 2**(y log2 |x|), the exponent in float64; C's rules at the ends."""
    a = f64(fabs(x))
    b = f64_bits(a)
    k = (b - np.int64(0x3FE6A09E667F3BCD)) >> np.int64(52)
    m = bits_f64(b - (k << np.int64(52)))
    s = (m - D_ONE) / (m + D_ONE)
    e = fma(poly(s * s, POW_LOG2), s, f64(k))
    e = select(a == D(0.0), D(-math.inf), select(a == D(math.inf), a, e))
    e = e * f64(y)
    e = select(e < D(-152.0), D(-152.0), e)
    e = select(e > D(130.0), D(130.0), e)
    n = rint(e)
    r = f32(e - n)
    p = _scale_f32(fma(poly(r, EXP2), r, ONE), i32(f32_bits(f32(n) + ROUND) - ROUND_BITS))
    whole = trunc(y) == y
    odd = whole & (trunc(y * HALF) != y * HALF)
    p = select((x < ZERO) & (trunc(y) != y) & (fabs(x) < INF), NAN, p)
    p = select(odd, copysign(p, x), p)
    p = select(isnan(x) | isnan(y), x + y, p)
    p = select((x == -ONE) & (fabs(y) == INF), ONE, p)
    return select((y == ZERO) | (x == ONE), ONE, p)


# ---- remainders -------------------------------------------------------------------------------


def fmod_f32(x, y):
    """x - trunc(x / y) y, exact, with the sign of x (C).

    In float64 each step takes off 51 bits of the quotient exactly; it has 277 at most.
    """
    d = fabs(f64(y))
    r = fabs(f64(x))
    inverse = D_ONE / d
    for _ in range(6):
        r = fma(-trunc(r * inverse), d, r)
    r = select(r < D(0.0), r + d, r)
    r = select(r >= d, r - d, r)
    r = copysign(f32(r), x)
    return select((fabs(y) == INF) & (fabs(x) < INF), x, r)


def remainder_f32(x, y):
    """x - floor(x / y) y, with the sign of y (Python)."""
    r = fmod_f32(x, y)
    return select((r != ZERO) & ((r < ZERO) != (y < ZERO)), r + y, r)


def floor_divide_f32(x, y):
    """floor(x / y) as if the quotient were exact; x / y where y is 0."""
    r = fmod_f32(x, y)
    q = (x - r) / y
    q = select((r != ZERO) & ((r < ZERO) != (y < ZERO)), q - ONE, q)
    f = floor(q)
    f = select(q - f > HALF, f + ONE, f)
    return select(y == ZERO, x / y, select(q == ZERO, copysign(ZERO, x / y), f))


# ---- trigonometry -----------------------------------------------------------------------------


def _turns_f32(x):
    """The nearest quarter turn to x (-2..2) and the rest in radians, both as float64.

    x / (2 pi) mod 1 over the whole range: every product with a piece of 1 / (2 pi) is exact in
    float64, so its whole turns drop out exactly (after Payne and Hanek, 1983).
    """
    a = f64(x)
    p = a * TURN0
    t = p - rint(p)
    p = a * TURN1
    t = t + (p - rint(p))
    p = a * TURN2
    t = t + (p - rint(p))
    p = a * TURN3
    t = t + (p - rint(p))
    p = a * TURN4
    t = t + (p - rint(p))
    t = t - rint(t)
    t = t + a * TURN5
    q = rint(t * D_FOUR)
    return q, (t - q * D_QUARTER) * TWO_PI


def _sin_cos_f32(r):
    """(sin r, cos r) for |r| <= pi / 4."""
    y = r * r
    s = fma(poly(y, SIN) * y, r, r)
    return s, fma(poly(y, COS), y * y, fma(y, -HALF, ONE))


def sin_f32(x):
    """sin."""
    q, r = _turns_f32(x)
    s, c = _sin_cos_f32(f32(r))
    turn = fabs(q)
    v = select(turn == D_ONE, copysign(c, f32(q)), select(turn == D(2.0), -s, s))
    return select(x == ZERO, x, v)


def cos_f32(x):
    """cos."""
    q, r = _turns_f32(x)
    s, c = _sin_cos_f32(f32(r))
    turn = fabs(q)
    odd = select(q == D_ONE, -s, s)
    return select(turn == D_ONE, odd, select(turn == D(2.0), -c, c))


def cos_turns_f32(v):
    """cos(2 pi v) for 0 <= v < 1."""
    q = rint(v * F(4.0))
    s, c = _sin_cos_f32(fma(q, F(-0.25), v) * F(TWO_PI))
    return select(q == ONE, -s, select(q == TWO, -c, select(q == F(3.0), s, c)))


def tan_f32(x):
    """tan."""
    q, r = _turns_f32(x)
    h = f32(r)
    y = h * h
    t = r + f64(poly(y, TAN) * y * h)
    v = select(fabs(q) == D_ONE, -D_ONE / t, t)
    return select(x == ZERO, x, f32(v))


def asin_f32(x):
    """asin: beyond 1/2 by asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2))."""
    a = fabs(x)
    far = a > HALF
    z = select(far, fma(a, -HALF, HALF), a * a)
    s = select(far, sqrt(z), a)
    p = poly(z, ASIN) * z
    beyond = fma(s, -TWO, PI_2) - fma(p, s + s, -PI_2_LO)
    return copysign(select(far, beyond, fma(p, s, s)), x)


def acos_f32(x):
    """acos: 2 asin(sqrt((1 - a) / 2)) beyond 1/2, pi/2 - asin(x) within."""
    a = fabs(x)
    far = a > HALF
    z = select(far, fma(a, -HALF, HALF), a * a)
    s = select(far, sqrt(z), a)
    p = fma(poly(z, ASIN) * z, s, s)
    near = PI_2 - (copysign(p, x) - PI_2_LO)
    left = TWO * (PI_2 - (p - PI_2_LO))
    return select(far, select(x < ZERO, left, p + p), near)


def atan_f32(x):
    """atan: beyond 1 by atan(a) = pi/2 - atan(1 / a)."""
    a = fabs(x)
    far = a > ONE
    r = select(far, ONE / a, a)
    y = r * r
    p = fma(poly(y, ATAN) * y, r, r)
    return copysign(select(far, PI_2 - (p - PI_2_LO), p), x)


def atan2_f32(y, x):
    """The angle of the point (x, y), in (-pi, pi]; C's rules for zeros and infinities."""
    a = fabs(f64(y))
    b = fabs(f64(x))
    steep = a > b
    top = select(steep, b, a)
    bottom = select(steep, a, b)
    r = select(top == bottom, D_ONE, top / bottom)
    r = f32(select(bottom == D(0.0), D(0.0), r))
    z = r * r
    p = fma(poly(z, ATAN) * z, r, r)
    up = PI_2 - (copysign(p, x) - PI_2_LO)
    flat = select(copysign(ONE, x) < ZERO, TWO * PI_2 - (p - TWO * PI_2_LO), p)
    p = select(steep, up, flat)
    return select(isnan(x) | isnan(y), x + y, copysign(p, y))


# ---- error function ---------------------------------------------------------------------------


def erf_f32(x):
    """erf: a polynomial to 1, then 1 - e**(-x P(x)), then 1."""
    a = fabs(x)
    y = x * x
    near = fma(poly(y, ERF_SMALL), a, a)
    c = select(a > F(3.92), F(3.92), a)
    far = ONE - _exp_near_f32(-(c * poly(c - F(2.45), ERF_BIG)))
    far = select(a > F(3.92), ONE, far)
    return copysign(select(a < ONE, near, far), x)


def _bell_f32(x):
    """e**(-x**2 / 2), 0 where that is denormal; the exponent is split up in base 2."""
    y = x * x
    y = select(y > F(206.0), F(206.0), y)
    t = fma(y, BELL_HI, ROUND)
    r = fma(y, BELL_LO, fma(y, BELL_HI, ROUND - t))
    k = i32(f32_bits(t) - ROUND_BITS + BIAS)
    return fma(poly(r, EXP2), r, ONE) * bits_f32(i32(select(k < I(0), I(0), k) << B23))


def gauss_pdf_f32(x):
    """Density of the normal distribution. LLVM computes what it shares with the cdf once."""
    return _bell_f32(x) * BELL_AT_0


def gauss_cdf_f32(x):
    """Distribution function of the normal distribution, to 2**-23 absolutely."""
    a = fabs(x)
    a = select(a > F(5.4), F(5.4), a)
    left = _bell_f32(x) * fma(poly(a, CDF), a, HALF)
    return select(x < ZERO, left, ONE - left)
