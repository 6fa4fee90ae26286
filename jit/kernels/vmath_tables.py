"""Tables of the vector math, computed on import with integer arithmetic."""

from __future__ import annotations

__all__ = ["INV_TWO_PI", "PIECES", "STEP"]

#: exponents one row of INV_TWO_PI serves, and pieces in a row
STEP, PIECES = 32, 4
_BITS = 1400


def _arctan_inverse(n: int, one: int) -> int:
    """atan(1 / n) in units of 1 / one, by its Taylor series."""
    term, total, k = one // n, 0, 1
    while term:
        total += term // k if k % 4 == 1 else -(term // k)
        term //= n * n
        k += 2
    return total


def _inv_two_pi_rows() -> tuple[float, ...]:
    """Row j holds 2**(32 j) / (2 pi) modulo 2**12 (row 0: all of it) as four doubles of 53 bits.

    A float64 of exponent 40 + 32 j .. 71 + 32 j, divided by 2**(32 j), is a multiple of 2**-12, so
    the dropped part makes whole turns only. Machin's formula gives pi.
    """
    one = 1 << (_BITS + 64)
    pi = 4 * (4 * _arctan_inverse(5, one) - _arctan_inverse(239, one))
    inverse = (one << _BITS) // (2 * pi)  # 1 / (2 pi) in units of 2**-_BITS
    pieces = []
    for j in range((1023 - 40) // STEP + 1):
        rest = (inverse << (STEP * j)) & ((1 << (_BITS + 12)) - 1)
        for _ in range(PIECES):
            shift = max(rest.bit_length() - 53, 0)
            pieces.append(float(rest >> shift) * 2.0 ** (shift - _BITS))
            rest &= (1 << shift) - 1
    return tuple(pieces)


INV_TWO_PI = _inv_two_pi_rows()
