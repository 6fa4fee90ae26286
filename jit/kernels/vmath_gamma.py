"""Vector math: digamma, the Hurwitz zeta function and the incomplete gamma functions, float64.

See vmath64.py for the conventions. The incomplete gamma functions loop until they converge.
"""

from __future__ import annotations

import math

import numpy as np

from .vmath64 import HALF, INF, NAN, ONE, TWO, ZERO, row
from .vmath_special import LGAMMA, STIRLING

D = np.float64
L = np.int64


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


fma = fabs = sqrt = floor = poly = isnan = copysign = select
exp_f64 = expm1_f64 = log_f64 = tan_f64 = pow_f64 = lgamma_f64 = erfc_f64 = select

# psi(x) / (x - root) in 2 x - 3 on [1, 2]; the positive root in two pieces
PSI_ROOT, PSI_ROOT_LO = row(1.4616321449683622, 9.549995429965697e-17)
PSI = row(0.951055876031833, -0.2118137106407303, 0.060135621060193475,
          -0.018550615381735008, 0.005936795278436479, -0.0019350666648613071,
          0.0006368880282849916, -0.00021074841138175561, 6.995020506384849e-05,
          -2.3258242519113285e-05, 7.741156049273805e-06, -2.578093954045772e-06,
          8.59134317611421e-07, -2.863161166883193e-07, 9.500659034300503e-08,
          -3.162911147408454e-08, 1.1039363482759935e-08, -3.7083753242807277e-09,
          8.657533672812613e-10, -2.7580994814377e-10, 2.478695345606839e-10,
          -8.50550766013261e-11)  # fmt: skip
# -B(2 k) / (2 k), the series of DLMF 5.11.2; B(2 k) / (2 k)!
DIGAMMA_TAIL = row(-0.08333333333333333, 0.008333333333333333, -0.003968253968253968,
                   0.004166666666666667, -0.007575757575757576, 0.021092796092796094,
                   -0.08333333333333333, 0.4432598039215686)  # fmt: skip
BERNOULLI = row(0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05,
                -8.267195767195768e-07, 2.08767569878681e-08, -5.284190138687493e-10,
                1.3382536530684679e-11, -3.3896802963225827e-13, 8.586062056277845e-15,
                -2.174868698558062e-16, 5.5090028283602295e-18,
                -1.3954464685812522e-19)  # fmt: skip
# (log(1 + d) - d) / d**2 in d / 0.4
LOG1PMX = row(-0.5, 0.13333333333333372, -0.04000000000000099, 0.012799999999965353,
              -0.004266666666619696, 0.0014628571437497778, -0.0005120000008685438,
              0.00018204443385055796, -6.553599172026643e-05, 2.383134239193379e-05,
              -8.738179770838977e-06, 3.2261088770423104e-06, -1.1982081198688596e-06,
              4.481050345743649e-07, -1.6815329514221868e-07, 6.197797265437152e-08,
              -2.327706877950135e-08, 1.0303617444296363e-08, -4.017413355504024e-09,
              4.89890998938425e-10, -1.44056171562402e-10, 4.713272063253959e-10,
              -1.8849682110398238e-10)  # fmt: skip
# Taylor coefficients of c_k in eta (DLMF 8.12.7 to 8.12.13; Temme 1979)
TEMME = (
    row(-0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073,
        0.0003527336860670194, -0.0001787551440329218, 3.919263178522438e-05,
        -2.185448510679992e-06, -1.85406221071516e-06, 8.296711340953087e-07,
        -1.7665952736826078e-07, 6.707853543401498e-09, 1.0261809784240309e-08,
        -4.382036018453353e-09, 9.14769958223679e-10, -2.5514193994946248e-11,
        -5.830772132550426e-11, 2.4361948020667415e-11, -5.0276692801141755e-12,
        1.1004392031956135e-13),
    row(-0.001851851851851852, -0.003472222222222222, 0.0026455026455026454,
        -0.0009902263374485596, 0.00020576131687242798, -4.018775720164609e-07,
        -1.8098550334489977e-05, 7.64916091608111e-06, -1.6120900894563446e-06,
        4.647127802807434e-09, 1.378633446915721e-07, -5.752545603517705e-08,
        1.1951628599778148e-08, -1.7543241719747647e-11, -1.0091543710600413e-09,
        4.162792991842583e-10),
    row(0.004133597883597883, -0.0026813271604938273, 0.0007716049382716049,
        2.0093878600823047e-06, -0.0001073665322636516, 5.2923448829120125e-05,
        -1.2760635188618728e-05, 3.423578734096138e-08, 1.3721957309062934e-06,
        -6.298992138380055e-07, 1.4280614206064242e-07, -2.0477098421990866e-10,
        -1.409252991086752e-08, 6.228974084922022e-09),
    row(0.0006494341563786008, 0.00022947209362139917, -0.0004691894943952557,
        0.00026772063206283885, -7.561801671883977e-05, -2.396505113867297e-07,
        1.1082654115347302e-05, -5.6749528269915965e-06, 1.4230900732435883e-06,
        -2.7861080291528143e-11, -1.6958404091930278e-07, 8.099464905388083e-08),
    row(-0.0008618882909167117, 0.0007840392217200666, -0.0002990724803031902,
        -1.4638452578843418e-06, 6.641498215465122e-05, -3.968365047179435e-05,
        1.1375726970678419e-05, 2.507497226237533e-10, -1.6954149536558305e-06,
        8.907507532205309e-07),
    row(-0.00033679855336635813, -6.972813758365857e-05, 0.0002772753244959392,
        -0.00019932570516188847, 6.797780477937208e-05, 1.419062920643967e-07,
        -1.3594048189768693e-05, 8.018470256334202e-06),
    row(0.0005313079364639922, -0.0005921664373536939, 0.0002708782096718045,
        7.902353232660328e-07, -8.153969367561969e-05, 5.61168275310625e-05),
)
EPSILON = D(2.0**-53)
PI = D(math.pi)
TWO_PI = D(2.0 * math.pi)
TEN = D(10.0)


def digamma_f64(x):
    """psi: a fit on [1, 2], recurrence to 10, the asymptotic series, reflection left of 0."""
    negative = x < ZERO
    a = select(negative, ONE - x, x)
    # psi(a) = psi(a + n) - sum: a is moved into [1, 2) from below, or down from below 10
    low = a < ONE
    u = select(low, a + ONE, a)
    shift = select(low, -ONE / a, ZERO)
    small = u < TEN
    for _ in range(8):
        down = small & (u >= TWO)
        u = select(down, u - ONE, u)
        shift = shift + select(down, ONE / u, ZERO)
    near = ((u - PSI_ROOT) - PSI_ROOT_LO) * poly(TWO * u - D(3.0), PSI) + shift
    w = ONE / (a * a)
    far = log_f64(a) - HALF / a + w * poly(w, DIGAMMA_TAIL)
    r = select(small, near, far)
    turn = x - floor(x)
    turn = select(x > -HALF, x, select(turn > HALF, turn - ONE, turn))
    r = select(negative, select(turn == ZERO, NAN, r - PI / tan_f64(PI * turn)), r)
    r = select(x == ZERO, copysign(INF, -x), r)
    return select(x == INF, INF, select(x == -INF, NAN, r))


def zeta_f64(x, q):
    """Hurwitz's zeta, the sum of (q + k)**-x: Euler and Maclaurin (DLMF 25.11.5) from q + k > 9."""
    if x == ONE:
        return INF
    if not (x > ONE) or isnan(q):
        return NAN
    if q <= ZERO:
        if q == floor(q):
            return INF
        if x != floor(x):
            return NAN
    total = pow_f64(q, -x)
    a = q
    term = ZERO
    k = 0
    while k < 9 or a <= D(9.0):
        k += 1
        a = a + ONE
        term = pow_f64(a, -x)
        total = total + term
        if fabs(term) < EPSILON * fabs(total):
            return total
    total = total + term * a / (x - ONE) - HALF * term
    factor = x
    power = term / a
    for j in range(12):
        part = BERNOULLI[j] * factor * power
        total = total + part
        if fabs(part) < EPSILON * fabs(total):
            break
        step = D(2 * j + 1)
        factor = factor * (x + step) * (x + step + ONE)
        power = power / (a * a)
    return total


# ---- incomplete gamma functions ---------------------------------------------------------------


def _log1pmx_f64(d):
    """log(1 + d) - d for |d| <= 0.4."""
    return d * d * poly(d * D(2.5), LOG1PMX)


def _gamma_factor_f64(a, x):
    """x**a e**-x / gamma(a), near x = a without cancellation (Stirling's series, DLMF 5.11.3)."""
    if a < TEN:
        return exp_f64(a * log_f64(x) - x - lgamma_f64(a))
    w = ONE / a
    tail = poly(w * w, STIRLING) * w
    d = (x - a) / a
    if fabs(d) <= D(0.4):
        power = a * _log1pmx_f64(d)
    else:
        power = a * log_f64(x / a) - (x - a)
    return exp_f64(power - tail) * sqrt(a / TWO_PI)


def _gamma_series_f64(a, x):
    """P(a, x) by DLMF 8.7.1."""
    factor = _gamma_factor_f64(a, x)
    if factor == ZERO:
        return ZERO
    n = a
    term = ONE
    total = ONE
    for _ in range(100000):
        n = n + ONE
        term = term * (x / n)
        total = total + term
        if term <= EPSILON * total:
            break
    return total * factor / a


def _gamma_fraction_f64(a, x):
    """Q(a, x) by the continued fraction of DLMF 8.9.2, by Lentz's method."""
    factor = _gamma_factor_f64(a, x)
    if factor == ZERO:
        return ZERO
    tiny = D(1e-300)
    b = x + ONE - a
    c = ONE / tiny
    d = ONE / b
    h = d
    for k in range(1, 100000):
        n = -D(k) * (D(k) - a)
        b = b + TWO
        d = n * d + b
        d = ONE / select(fabs(d) < tiny, tiny, d)
        c = b + n / c
        c = select(fabs(c) < tiny, tiny, c)
        step = c * d
        h = h * step
        if fabs(step - ONE) <= EPSILON:
            break
    return h * factor


def _gamma_small_f64(a, x):
    """Q(a, x) for small x, where 1 - P would cancel (from DLMF 8.7.1 and gamma(1 + a))."""
    total = ZERO
    term = ONE
    for k in range(1, 200):
        term = -term * x / D(k)
        part = term / (a + D(k))
        total = total + part
        if fabs(part) <= EPSILON * fabs(total):
            break
    # log gamma(1 + a), to full relative accuracy when a is small
    if a < ONE:
        log_gamma = a * (a - ONE) * poly(a - HALF, LGAMMA)
    else:
        log_gamma = lgamma_f64(a + ONE)
    power = a * log_f64(x) - log_gamma
    return -(expm1_f64(power) + exp_f64(power) * a * total)


def _gamma_uniform_f64(a, x, upper):
    """P or Q for large a and x near a: Temme's uniform expansion (DLMF 8.12.3 and 8.12.4)."""
    d = (x - a) / a
    half_square = -_log1pmx_f64(d)
    eta = copysign(sqrt(TWO * half_square), d)
    w = ONE / a
    sum_ = poly(eta, TEMME[6])
    sum_ = sum_ * w + poly(eta, TEMME[5])
    sum_ = sum_ * w + poly(eta, TEMME[4])
    sum_ = sum_ * w + poly(eta, TEMME[3])
    sum_ = sum_ * w + poly(eta, TEMME[2])
    sum_ = sum_ * w + poly(eta, TEMME[1])
    sum_ = sum_ * w + poly(eta, TEMME[0])
    rest = exp_f64(-a * half_square) / sqrt(TWO_PI * a) * sum_
    sign = select(upper, ONE, -ONE)
    return HALF * erfc_f64(sign * eta * sqrt(a * HALF)) + sign * rest


def _gamma_ratio_f64(a, x, upper):
    """P(a, x), or Q(a, x) if `upper`."""
    if not (a >= ZERO and x >= ZERO):
        return NAN
    one, none = select(upper, ZERO, ONE), select(upper, ONE, ZERO)
    if a == ZERO:
        return select(x > ZERO, one, NAN)
    if x == ZERO:
        return none
    if a == INF:
        return select(x == INF, NAN, none)
    if x == INF:
        return one
    if a > D(100.0) and fabs(x - a) <= D(0.4) * a:
        return _gamma_uniform_f64(a, x, upper)
    if x <= D(1.1) and select(x <= HALF, D(-0.4) / log_f64(select(x <= HALF, x, HALF)),
                              x * D(1.1)) >= a:  # fmt: skip
        q = _gamma_small_f64(a, x)
        if upper:
            return q
        return _gamma_series_f64(a, x)
    if x <= D(1.1) or x < a:
        p = _gamma_series_f64(a, x)
        return select(upper, ONE - p, p)
    q = _gamma_fraction_f64(a, x)
    return select(upper, q, ONE - q)


def igamma_f64(a, x):
    """P(a, x), the regularised lower incomplete gamma function."""
    return _gamma_ratio_f64(a, x, False)


def igammac_f64(a, x):
    """Q(a, x), the regularised upper incomplete gamma function."""
    return _gamma_ratio_f64(a, x, True)
