"""Vector math: elementary functions as branch-free Python that LLVM vectorises.

One text, two lives: imported, it runs on numpy scalars through `interp_env`; `bind` rebinds it to
another environment (Numba intrinsics). Every function has a float32 and a float64 form, named
`exp_f32`, `exp_f64`. Errors are under 2 ulp (4 for pow); NaN, infinities, denormals and signed
zeros behave as in C.
"""

from __future__ import annotations

import types

import numpy as np

F = np.float32


def select(c, a, b):  # the names below are placeholders that bind() replaces
    raise NotImplementedError


sqrt = f32 = f64 = i64 = u64 = log_f32 = cos_turns_f32 = log_f64 = cos_turns_f64 = select


# ---- integers ---------------------------------------------------------------------------------


def floor_divide_i64(a, b):
    """floor(a / b); 0 where b is 0; the one overflow wraps."""
    d = select((b == np.int64(0)) | (b == np.int64(-1)), np.int64(1), b)
    q = select(b == np.int64(-1), np.int64(0) - a, a // d)
    return select(b == np.int64(0), np.int64(0), q)


def remainder_i64(a, b):
    """a - floor(a / b) * b, with the sign of b; 0 where b is 0."""
    d = select((b == np.int64(0)) | (b == np.int64(-1)), np.int64(1), b)
    return select(d != b, np.int64(0), a % d)


def trunc_divide_i64(a, b):
    """a / b towards zero (C); 0 where b is 0; the one overflow wraps."""
    q = floor_divide_i64(a, b)
    r = a - q * b
    up = (r != np.int64(0)) & ((a < np.int64(0)) != (b < np.int64(0))) & (b != np.int64(0))
    return q + select(up, np.int64(1), np.int64(0))


def fmod_i64(a, b):
    """a - trunc(a / b) * b, with the sign of a (C); 0 where b is 0."""
    return select(b == np.int64(0), np.int64(0), a - trunc_divide_i64(a, b) * b)


def pow_i64(a, b):
    """a**b modulo 2**64 by squaring; a negative exponent gives the truncated power (0, 1 or -1)."""
    odd = (b & np.int64(1)) == np.int64(1)
    unit = select(odd, a, a * a)
    small = select((a == np.int64(1)) | (a == np.int64(-1)), unit, np.int64(0))
    r = select(b < np.int64(0), small, np.int64(1))
    while b > np.int64(0):
        if b & np.int64(1):
            r = r * a
        a = a * a
        b = b >> np.int64(1)
    return r


# ---- random numbers ---------------------------------------------------------------------------

M0 = np.uint64(0xD2511F53)
M1 = np.uint64(0xCD9E8D57)
W0 = np.uint64(0x9E3779B9)
W1 = np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
U32 = np.uint64(32)


def philox_words_i64(seed, counter):
    """Philox4x32-10 (Salmon et al. 2011): words (0, 1) and (2, 3) as two 64-bit integers."""
    k0 = u64(seed) & LOW
    k1 = u64(seed) >> U32
    c0 = u64(counter) & LOW
    c1 = u64(counter) >> U32
    c2 = u64(0)
    c3 = u64(0)
    for _ in range(10):
        p0 = M0 * c0
        p1 = M1 * c2
        c0 = (p1 >> U32) ^ c1 ^ k0
        c1 = p1 & LOW
        c2 = (p0 >> U32) ^ c3 ^ k1
        c3 = p0 & LOW
        k0 = (k0 + W0) & LOW
        k1 = (k1 + W1) & LOW
    return c0 | (c1 << U32), c2 | (c3 << U32)


def philox_u32(seed, counter):
    """Word 0 of Philox4x32-10 for this key and counter, as an int64 in [0, 2**32)."""
    a, _ = philox_words_i64(seed, counter)
    return i64(a & LOW)


def uniform_f32(seed, counter):
    """Uniform on [0, 1), 24 bits."""
    return f32(philox_u32(seed, counter) >> i64(8)) * F(2.0**-24)


def uniform_f64(seed, counter):
    """Uniform on [0, 1), 53 bits."""
    a, _ = philox_words_i64(seed, counter)
    return f64(i64(a >> np.uint64(11))) * np.float64(2.0**-53)


def normal_f32(seed, counter):
    """Standard normal by Box and Muller, from words 0 and 1."""
    a, _ = philox_words_i64(seed, counter)
    u = (f32(i64((a & LOW) >> np.uint64(8))) + F(0.5)) * F(2.0**-24)
    v = f32(i64(a >> np.uint64(40))) * F(2.0**-24)
    return sqrt(F(-2.0) * log_f32(u)) * cos_turns_f32(v)


def normal_f64(seed, counter):
    """Standard normal by Box and Muller, from all four words."""
    a, b = philox_words_i64(seed, counter)
    u = (f64(i64(a >> np.uint64(12))) + np.float64(0.5)) * np.float64(2.0**-52)
    v = f64(i64(b >> np.uint64(11))) * np.float64(2.0**-53)
    return sqrt(np.float64(-2.0) * log_f64(u)) * cos_turns_f64(v)


def bind(names: dict, wrap) -> dict[str, object]:
    """The vector math over the primitives `names`, each function passed through `wrap`.

    Every module keeps its own constants (its INF has its own type); all of them see the primitives
    and one another.
    """
    from . import (
        vmath32,
        vmath64,
        vmath_bessel,
        vmath_complex,
        vmath_gamma,
        vmath_normal,
        vmath_poly,
        vmath_special,
    )

    modules = (
        vmath64, vmath_special, vmath_gamma, vmath_normal, vmath_bessel, vmath_poly, vmath32,
        vmath_complex,
    )  # fmt: skip
    names = {name: value for name, value in names.items() if not isinstance(value, float)}
    scopes = [*(dict(vars(module)) for module in modules), dict(globals())]
    bound = {}
    for scope in scopes:
        own = [f for name, f in scope.items() if _is_math(name, f, scope["__name__"])]
        scope.update(names)
        for function in own:
            copy = types.FunctionType(function.__code__, scope, function.__name__)
            copy.__doc__ = function.__doc__
            bound[function.__name__] = wrap(copy)
    for scope in scopes:
        scope.update(bound)
    return {name: f for name, f in bound.items() if not name.startswith("_")}


_SUFFIXES = ("_f32", "_f64", "_i64", "_u32", "_c128")


def _is_math(name: str, value, module: str) -> bool:
    """Whether `value` is a function that `module` itself defines as vector math."""
    if not isinstance(value, types.FunctionType) or value.__name__ != name:
        return False
    return value.__module__ == module and name.endswith(_SUFFIXES)
