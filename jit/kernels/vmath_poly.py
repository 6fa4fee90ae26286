"""Vector math: orthogonal polynomials of integer degree by recurrence (DLMF 18.9), and integers.

The degree comes as a float, is truncated, and gives 0 when it is negative.
"""

from __future__ import annotations

import math

import numpy as np

from .vmath64 import HALF, ONE, TWO, ZERO

D = np.float64
L = np.int64


def select(c, a, b):
    """A placeholder: `vmath.bind` puts the environment's own names in its place."""
    raise NotImplementedError


fabs = copysign = trunc = isnan = i64 = f64 = sqrt = minimum = maximum = select
sin_f64 = cos_f64 = acos_f64 = select

PI = D(math.pi)


def _degree_f64(n):
    """The degree as an integer that a loop can reach."""
    return i64(trunc(n))


def _chebyshev_f64(x, n, second):
    """The recurrence r(k) = 2 x r(k - 1) - r(k - 2) from 1 and `second`."""
    k = _degree_f64(n)
    if k < L(0):
        return ZERO
    before, r = ONE, second
    if k == L(0):
        return ONE
    double = x + x
    for _ in range(k - L(1)):
        before, r = r, double * r - before
        if isnan(r):
            break
    return r


def _sign_f64(n):
    """(-1)**n."""
    return select((_degree_f64(n) & L(1)) == L(0), ONE, -ONE)


def chebyshev_t_f64(x, n):
    """T_n(x) = cos(n acos x)."""
    inside = (fabs(x) < ONE) & (n > D(6.0))
    if inside:
        return cos_f64(trunc(n) * acos_f64(x))
    if (fabs(x) == ONE) & (n >= ZERO):
        return select(x > ZERO, ONE, _sign_f64(n))
    return _chebyshev_f64(x, n, x)


def chebyshev_u_f64(x, n):
    """U_n(x) = sin((n + 1) acos x) / sin(acos x)."""
    if (fabs(x) == ONE) & (n >= ZERO):
        return (trunc(n) + ONE) * select(x > ZERO, ONE, _sign_f64(n))
    if (fabs(x) < ONE) & (n > D(8.0)):
        t = acos_f64(x)
        s = sin_f64(t)
        if s != ZERO:
            return sin_f64((trunc(n) + ONE) * t) / s
    return _chebyshev_f64(x, n, x + x)


def chebyshev_v_f64(x, n):
    """V_n(x) = cos((n + 1/2) acos x) / cos(acos(x) / 2)."""
    if (fabs(x) == ONE) & (n >= ZERO):
        return select(x > ZERO, ONE, _sign_f64(n) * (TWO * trunc(n) + ONE))
    if (fabs(x) < ONE) & (n > D(8.0)):
        t = acos_f64(x)
        c = cos_f64(t * HALF)
        if c != ZERO:
            return cos_f64((trunc(n) + HALF) * t) / c
    return _chebyshev_f64(x, n, x + x - ONE)


def chebyshev_w_f64(x, n):
    """W_n(x) = sin((n + 1/2) acos x) / sin(acos(x) / 2)."""
    if (fabs(x) == ONE) & (n >= ZERO):
        return select(x > ZERO, TWO * trunc(n) + ONE, _sign_f64(n))
    if (fabs(x) < ONE) & (n > D(8.0)):
        t = acos_f64(x)
        s = sin_f64(t * HALF)
        if s != ZERO:
            return sin_f64((trunc(n) + HALF) * t) / s
    return _chebyshev_f64(x, n, x + x + ONE)


def hermite_h_f64(x, n):
    """H_n(x): r(k + 1) = 2 x r(k) - 2 k r(k - 1)."""
    k = _degree_f64(n)
    if k < L(0):
        return ZERO
    before, r = ONE, x + x
    if k == L(0):
        return ONE
    for j in range(L(1), k):
        before, r = r, TWO * (x * r - D(j) * before)
        if isnan(r):
            break
    return r


def hermite_he_f64(x, n):
    """He_n(x): r(k + 1) = x r(k) - k r(k - 1)."""
    k = _degree_f64(n)
    if k < L(0):
        return ZERO
    before, r = ONE, x
    if k == L(0):
        return ONE
    for j in range(L(1), k):
        before, r = r, x * r - D(j) * before
        if isnan(r):
            break
    return r


def laguerre_f64(x, n):
    """L_n(x): (k + 1) r(k + 1) = (2 k + 1 - x) r(k) - k r(k - 1)."""
    k = _degree_f64(n)
    if k < L(0):
        return ZERO
    before, r = ONE, ONE - x
    if k == L(0):
        return ONE
    for j in range(L(1), k):
        before, r = r, ((D(2 * j + 1) - x) * r - D(j) * before) / D(j + 1)
        if isnan(r):
            break
    return r


def legendre_f64(x, n):
    """P_n(x): (k + 1) r(k + 1) = (2 k + 1) x r(k) - k r(k - 1)."""
    k = _degree_f64(n)
    if k < L(0):
        return ZERO
    before, r = ONE, x
    if k == L(0):
        return ONE
    for j in range(L(1), k):
        before, r = r, (D(2 * j + 1) * x * r - D(j) * before) / D(j + 1)
        if isnan(r):
            break
    return r


# ---- integers ---------------------------------------------------------------------------------


def gcd_i64(a, b):
    """The greatest common divisor, by Euclid."""
    a = select(a < L(0), -a, a)
    b = select(b < L(0), -b, b)
    while b != L(0):
        a, b = b, a % b
    return a


def lcm_i64(a, b):
    """The least common multiple; 0 if either is 0."""
    g = gcd_i64(a, b)
    r = select(g == L(0), L(0), (a // select(g == L(0), L(1), g)) * b)
    return select(r < L(0), -r, r)


def shift_left_i64(a, b):
    """a << b; 0 for shifts that are negative or too long."""
    inside = (b >= L(0)) & (b < L(64))
    return select(inside, a << select(inside, b, L(0)), L(0))


def shift_right_i64(a, b):
    """a >> b with the sign; shifts that are negative or too long leave only the sign."""
    inside = (b >= L(0)) & (b < L(64))
    return a >> select(inside, b, L(63))
