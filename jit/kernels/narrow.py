"""float16 and bfloat16 in kernels: stored in 16 bits, computed as float32 that is rounded.

A value of these types is a float32 in a kernel, rounded to the narrow type after every op (ties
to even), so a fused chain has the bits of the same ops one by one.
"""

from __future__ import annotations

import functools

__all__ = ["NARROW", "round_bits", "round_value", "widen"]

NARROW = ("f16", "bf16")


@functools.cache
def has_half() -> bool:
    """Whether the CPU converts float16 itself; LLVM calls a library that we do not link if not."""
    import platform

    from llvmlite import binding as llvm

    if platform.machine().lower() in ("aarch64", "arm64"):
        return True
    return bool(llvm.get_host_cpu_features().get("f16c"))


def _i32(value: int):
    from llvmlite import ir

    return ir.Constant(ir.IntType(32), value)


def widen(builder, bits, short: str):
    """The float32 of 16 loaded bits; other types as they are."""
    from llvmlite import ir

    if short not in NARROW:
        return bits
    single = ir.FloatType()
    if short == "f16" and has_half():
        return builder.fpext(builder.bitcast(bits, ir.HalfType()), single)
    wide = builder.zext(bits, ir.IntType(32))
    if short == "bf16":
        return builder.bitcast(builder.shl(wide, _i32(16)), single)
    return _half_to_float(builder, wide)


def _half_to_float(builder, bits):
    """float16 by integer arithmetic: move the fields, then mend the ends of the range."""
    from llvmlite import ir

    single = ir.FloatType()
    sign = builder.shl(builder.and_(bits, _i32(0x8000)), _i32(16))
    fields = builder.shl(builder.and_(bits, _i32(0x7FFF)), _i32(13))
    exponent = builder.and_(fields, _i32(0x7C00 << 13))
    moved = builder.add(fields, _i32((127 - 15) << 23))
    infinite = builder.add(moved, _i32((128 - 16) << 23))
    # a subnormal gets an exponent, whose value is then taken off again
    magic = ir.Constant(single, 2.0**-14)
    tiny = builder.bitcast(builder.add(moved, _i32(1 << 23)), single)
    tiny = builder.bitcast(builder.fsub(tiny, magic), ir.IntType(32))
    last = builder.icmp_unsigned("==", exponent, _i32(0x7C00 << 13))
    first = builder.icmp_unsigned("==", exponent, _i32(0))
    found = builder.select(last, infinite, builder.select(first, tiny, moved))
    return builder.bitcast(builder.or_(found, sign), single)


def round_bits(builder, value, short: str):
    """The 16 bits of a float32 rounded to a narrow type; other types as they are."""
    from llvmlite import ir

    if short not in NARROW:
        return value
    half = ir.IntType(16)
    if short == "f16" and has_half():
        return builder.bitcast(builder.fptrunc(value, ir.HalfType()), half)
    bits = builder.bitcast(value, ir.IntType(32))
    if short == "bf16":
        odd = builder.and_(builder.lshr(bits, _i32(16)), _i32(1))
        near = builder.lshr(builder.add(builder.add(bits, _i32(0x7FFF)), odd), _i32(16))
        nan = builder.fcmp_unordered("uno", value, value)
        return builder.trunc(builder.select(nan, _i32(0x7FC0), near), half)
    return builder.trunc(_float_to_half(builder, bits), half)


def _float_to_half(builder, bits):
    from llvmlite import ir

    single = ir.FloatType()
    sign = builder.and_(bits, _i32(0x80000000))
    size = builder.xor(bits, sign)
    nan = builder.icmp_unsigned(">", size, _i32(0x7F800000))
    over = builder.select(nan, _i32(0x7E00), _i32(0x7C00))
    # adding one half leaves the rounded subnormal in the low bits
    moved = builder.fadd(builder.bitcast(size, single), ir.Constant(single, 0.5))
    under = builder.sub(builder.bitcast(moved, ir.IntType(32)), _i32(0x3F000000))
    odd = builder.and_(builder.lshr(size, _i32(13)), _i32(1))
    near = builder.add(builder.add(size, _i32(((15 - 127) << 23) + 0xFFF & 0xFFFFFFFF)), odd)
    near = builder.lshr(near, _i32(13))
    small = builder.icmp_unsigned("<", size, _i32(0x38800000))
    large = builder.icmp_unsigned(">=", size, _i32(0x47800000))
    found = builder.select(large, over, builder.select(small, under, near))
    return builder.or_(found, builder.lshr(sign, _i32(16)))


def round_value(builder, value, short: str):
    """A float32 rounded to what the narrow type can hold."""
    return widen(builder, round_bits(builder, value, short), short)
