"""The kernel environment in plain Python: the names kernels use, on numpy scalars.

A kernel's text runs under `numba_env` and here unchanged, with equal bits (but for the sign and
payload of NaN, and for the order of sums that `red_add` lets the compiler choose). Slow, and meant
for tests, coverage and debugging. Arithmetic must be typed by the text itself: numpy keeps
`i32 + i32` in 32 bits where Numba widens it, so kernels write `i32(a + b)`.
"""

from __future__ import annotations

import ctypes
import functools
import math
from fractions import Fraction

import numpy as np

from .pointer import DTYPES
from .vmath_tables import INV_TWO_PI

__all__ = ["build", "compile_kernel", "primitives"]


def quiet(function):
    """Run `function` without numpy's warnings: kernels compute with inf, NaN and wraparound."""

    @functools.wraps(function)
    def run(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    return run


# ---- memory ---------------------------------------------------------------------------------

_SCALARS = {name: np.dtype(np.bool_ if name == "b1" else numba).type
            for name, (numba, _) in DTYPES.items() if name != "b1"} | {"b1": np.bool_}
# what is in memory where that is another type: float16 bits, pairs of floats
_PARTS = {"f16": np.uint16, "bf16": np.uint16, "c32": np.uint16, "c64": np.float32,
          "c128": np.float64}  # fmt: skip
_CELLS = {
    "f32": ctypes.c_float, "f64": ctypes.c_double,
    "i64": ctypes.c_int64, "i32": ctypes.c_int32, "i16": ctypes.c_int16, "i8": ctypes.c_int8,
    "u64": ctypes.c_uint64, "u32": ctypes.c_uint32, "u16": ctypes.c_uint16, "u8": ctypes.c_uint8,
    "b1": ctypes.c_uint8,
}  # fmt: skip


class Pointer:
    """Elements of one dtype at a raw address; `p[i]` loads a numpy scalar, `p[i] = v` stores."""

    __slots__ = ("address", "cell", "part", "scalar", "short", "size")

    def __init__(self, address: int, dtype: str):
        self.address = address
        self.short, self.part = dtype, _PARTS.get(dtype)
        self.cell = _CELLS.get(dtype)
        self.scalar = _SCALARS[dtype]
        self.size = DTYPES[dtype][1]

    def __getitem__(self, index):
        if self.part is not None:
            return _load_parts(self.short, self._parts(index))
        return self.scalar(self.cell.from_address(self.address + int(index) * self.size).value)

    def _parts(self, index) -> np.ndarray:
        at = self.address + int(index) * self.size
        cells = (ctypes.c_uint8 * self.size).from_address(at)
        return np.frombuffer(cells, self.part)

    def __setitem__(self, index, value):
        if self.part is not None:
            _store_parts(self.short, self._parts(index), value)
            return
        with np.errstate(all="ignore"):
            value = self.scalar(value).item()
        self.cell.from_address(self.address + int(index) * self.size).value = value


def _load_parts(short: str, parts: np.ndarray):
    if short == "bf16":
        return bits_f32(np.uint32(parts[0]).astype(np.int64) << 16)
    if short == "f16":
        return np.float32(parts.view(np.float16)[0])
    if short == "c32":
        parts = parts.view(np.float16).astype(np.float32)
    return _SCALARS[short](complex(parts[0], parts[1]))


@quiet
def _store_parts(short: str, parts: np.ndarray, value) -> None:
    if short in ("c64", "c128"):
        parts[:] = np.real(value), np.imag(value)
    elif short == "c32":
        parts.view(np.float16)[:] = np.float32(np.real(value)), np.float32(np.imag(value))
    elif short == "f16":
        parts.view(np.float16)[0] = np.float32(value)
    else:
        parts[0] = np.uint32(f32_bits(bf16(value)).view(np.uint32)) >> np.uint32(16)


def ptr(args, k: int, dtype: str, scope: int = -1) -> Pointer:
    """A pointer to `dtype` elements at the address in word `k` (`scope`: see pointer.py)."""
    return Pointer(ctypes.c_int64.from_address(int(args) + 8 * k).value, dtype)


def arg_i64(args, k: int) -> np.int64:
    """Word `k` of the argument block as an integer."""
    return np.int64(ctypes.c_int64.from_address(int(args) + 8 * k).value)


def arg_f64(args, k: int) -> np.float64:
    """Word `k` of the argument block as the bits of a float64."""
    return np.float64(ctypes.c_double.from_address(int(args) + 8 * k).value)


# ---- conversions ----------------------------------------------------------------------------

_SATURATE = {"i8": 32, "u8": 32, "i16": 32, "u16": 32, "i32": 32, "u32": 64, "i64": 64}


def _float_to_int(x: float, bits: int) -> int:
    """Truncate towards zero into a signed integer of `bits`, saturating; NaN gives 0."""
    if math.isnan(x):
        return 0
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if math.isinf(x):
        return high if x > 0 else low
    return min(max(int(x), low), high)


def _wrap(value: int, dtype: str):
    """The low bits of a Python integer as an integer scalar."""
    bits = DTYPES[dtype][1] * 8
    value &= (1 << bits) - 1
    if dtype[0] == "i" and value >> (bits - 1):
        value -= 1 << bits
    return _SCALARS[dtype](value)


def _to_int(dtype: str):
    def convert(x):
        if isinstance(x, (complex, np.complexfloating)):
            x = x.real
        if isinstance(x, (float, np.floating)):
            if dtype == "u64":
                x = float(x)
                over = 0 if not x > 0 else (1 << 64) - 1
                return np.uint64(int(x) if 0 < x < 2.0**64 else over)
            return _wrap(_float_to_int(float(x), _SATURATE[dtype]), dtype)
        return _wrap(int(x), dtype)

    convert.__name__ = dtype
    convert.__doc__ = f"Convert to {dtype}: integers wrap, floats truncate (NaN gives 0)."
    return convert


@quiet
def f32(x) -> np.float32:
    """Convert to float32, rounding to nearest."""
    x = _real(x)
    if isinstance(x, (int, np.integer)) and abs(int(x)) > 1 << 24:
        # one rounding, as the machine does: int -> float64 -> float32 would round twice
        return _round_int_f32(int(x))
    return np.float32(x)


def _round_int_f32(value: int) -> np.float32:
    size = abs(value)
    shift = max(size.bit_length() - 24, 0)
    kept, rest = size >> shift, size & ((1 << shift) - 1)
    half = (1 << shift) >> 1
    if rest > half or (rest == half and kept & 1):
        kept += 1
    return np.float32(math.copysign(math.ldexp(kept, shift), value))


@quiet
def f64(x) -> np.float64:
    """Convert to float64."""
    return np.float64(_real(x))


def _real(x):
    return x.real if isinstance(x, (complex, np.complexfloating)) else x


@quiet
def f16(x) -> np.float32:
    """Round to float16; the value stays a float32."""
    return np.float32(np.float16(f32(x)))


@quiet
def bf16(x) -> np.float32:
    """Round to bfloat16; the value stays a float32."""
    x = f32(x)
    bits = int(x.view(np.uint32))
    if np.isnan(x):
        return np.uint32(0x7FC00000).view(np.float32)
    return np.uint32((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).view(np.float32)


@quiet
def c64(x) -> np.complex64:
    """Convert to complex64."""
    return cplx_c64(f32(np.real(x)), f32(np.imag(x)))


@quiet
def c128(x) -> np.complex128:
    """Convert to complex128."""
    return cplx_c128(f64(np.real(x)), f64(np.imag(x)))


@quiet
def c32(x) -> np.complex64:
    """Round to complex32; the value stays a complex64."""
    return cplx_c64(f16(np.real(x)), f16(np.imag(x)))


def cplx_c64(x, y) -> np.complex64:
    """The complex64 with these parts."""
    return np.array([x, y], np.float32).view(np.complex64)[0]


def cplx_c128(x, y) -> np.complex128:
    """The complex128 with these parts."""
    return np.array([x, y], np.float64).view(np.complex128)[0]


def re(z):
    """The real part."""
    return z.real


def im(z):
    """The imaginary part."""
    return z.imag


def b1(x) -> np.bool_:
    """Truth of a number: `x != 0` (NaN is true)."""
    return np.bool_(x != 0)


def f32_bits(x) -> np.int32:
    """The bits of a float32."""
    return np.float32(x).view(np.int32)


def bits_f32(i) -> np.float32:
    """The float32 of these 32 bits."""
    return np.int32(i).view(np.float32)


def f64_bits(x) -> np.int64:
    """The bits of a float64."""
    return np.float64(x).view(np.int64)


def bits_f64(i) -> np.float64:
    """The float64 of these 64 bits."""
    return np.int64(i).view(np.float64)


# ---- arithmetic -----------------------------------------------------------------------------


def _fma_f32(a: float, b: float, c: float) -> np.float32:
    """a*b + c rounded once: the product is exact in float64, the sum is rounded to odd there.

    Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums", 2008.
    """
    product = a * b
    total = product + c
    if math.isfinite(total):
        back = total - product
        error = (product - (total - back)) + (c - back)
        bits = np.float64(total).view(np.int64)
        if error != 0.0 and not bits & 1:
            away = (error > 0.0) == (total > 0.0)
            total = float((bits + (1 if away else -1)).view(np.float64))
    return np.float32(total)


def _fma_f64(a: float, b: float, c: float) -> np.float64:
    """a*b + c rounded once, by rational arithmetic (math.fma exists from Python 3.13 on)."""
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)) or a == 0 or b == 0:
        return np.float64(a) * np.float64(b) + np.float64(c)
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:
        return np.float64(0.0)
    try:
        value = float(exact)
    except OverflowError:
        value = math.inf if exact > 0 else -math.inf
    return np.float64(math.copysign(value, 1 if exact > 0 else -1))


@quiet
def fma(a, b, c):
    """a*b + c with one rounding."""
    if isinstance(a, np.float32) and isinstance(b, np.float32) and isinstance(c, np.float32):
        return _fma_f32(float(a), float(b), float(c))
    return _fma_f64(float(a), float(b), float(c))


def select(c, a, b):
    """`a` where `c` holds, else `b`; both are evaluated."""
    return a if c else b


def _unary(name: str, function):
    def apply(x):
        with np.errstate(all="ignore"):
            return function(x)

    apply.__name__ = name
    return apply


def isnan(x):
    """Whether x is NaN."""
    return np.isnan(x)


def copysign(a, b):
    """|a| with the sign of b."""
    return np.copysign(a, b)


@quiet
def frem(a, b):
    """C's fmod: the exact remainder of a / b truncated, with the sign of a."""
    return np.fmod(a, b)


def poly(x, coefficients):
    """c[0] + c[1] x + c[2] x**2 + ... by Horner's rule with fma; `coefficients` is a constant."""
    result = coefficients[-1]
    for c in coefficients[-2::-1]:
        result = fma(result, x, c)
    return result


def inv_two_pi(index):
    """A piece of 1 / (2 pi): see vmath_tables.py."""
    return np.float64(INV_TWO_PI[int(index)])


def _extremum(a, b, larger: bool):
    if np.isnan(a) or np.isnan(b):
        return a + b
    if a == b == 0 and isinstance(a, np.floating):
        return a if np.signbit(a) != larger else b
    return a if (a > b) == larger and a != b else b


@quiet
def maximum(a, b):
    """The larger one, the first of equal ones; NaN if either is NaN."""
    return b if a < b or b != b else a


@quiet
def minimum(a, b):
    """The smaller one, the first of equal ones; NaN if either is NaN."""
    return b if a > b or b != b else a


@quiet
def red_max(a, b):
    """The larger one; NaN if either is NaN; -0 counts as less than +0."""
    return _extremum(a, b, True)


@quiet
def red_min(a, b):
    """The smaller one; NaN if either is NaN; -0 counts as less than +0."""
    return _extremum(a, b, False)


@quiet
def red_add(acc, x):
    """acc + x, where the compiler may reorder the additions of a loop."""
    return acc + x


@quiet
def red_mul(acc, x):
    """acc * x, where the compiler may reorder the multiplications of a loop."""
    return acc * x


@functools.cache
def primitives() -> dict[str, object]:
    """The names below the vector math: memory, conversions, basic arithmetic."""
    names = dict(  # noqa: C408
        ptr=ptr, arg_i64=arg_i64, arg_f64=arg_f64,
        strided=lambda p, row, i, step: p[row + i * step],
        f32=f32, f64=f64, b1=b1, f16=f16, bf16=bf16, c32=c32, c64=c64, c128=c128,
        cplx_c64=cplx_c64, cplx_c128=cplx_c128, re=re, im=im,
        f32_bits=f32_bits, bits_f32=bits_f32, f64_bits=f64_bits, bits_f64=bits_f64,
        fma=fma, select=select, isnan=isnan, copysign=copysign, frem=frem, poly=poly,
        inv_two_pi=inv_two_pi,
        maximum=maximum, minimum=minimum,
        red_add=red_add, red_mul=red_mul, red_max=red_max, red_min=red_min,
    )  # fmt: skip
    for dtype in DTYPES:
        if dtype[0] in "iu":
            names[dtype] = _to_int(dtype)
    for name in ("rint", "floor", "ceil", "trunc", "sqrt", "fabs"):
        names[name] = _unary(name, getattr(np, name))
    return names


@functools.cache
def build() -> dict[str, object]:
    """Every name a kernel may use, in plain Python."""
    from . import vmath

    names = {**primitives(), "INF": float("inf"), "NAN": float("nan")}
    for name, function in vmath.bind(names, quiet).items():
        names[name] = function
    return names


def compile_kernel(source: str, env: dict | None = None):
    """The function `kernel(args, begin, end, tid)` of this text, run by Python, warnings off."""
    namespace = dict(build() if env is None else env)
    exec(compile(source, "<numtorch kernel>", "exec"), namespace)  # noqa: S102
    return quiet(namespace["kernel"])
