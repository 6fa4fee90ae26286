"""A stream of random numbers drawn by NumPy, number for number the stream of torch's CPU generator.

Kernels draw from a counter (see `Generator.take`): that stream differs from torch's. What is drawn
one by one by the host (permutations, the order of a DataLoader, the seeds of its workers, the
parameters of image transforms) comes from MT19937 (Matsumoto and Nishimura 1998), seeded with the
low 32 bits of the same seed: equal seeds give torch's orders.
"""

from __future__ import annotations

import operator

import numpy as np

_WIDE = 1 << 28  # ranges from here on take two words a number, as in torch


class HostStream:
    """MT19937 of a seed, and how many 32-bit words were taken from it."""

    __slots__ = ("bits", "taken")

    def __init__(self, seed: int, taken: int = 0):
        self.bits = np.random.MT19937()
        self.bits._legacy_seeding(seed & 0xFFFFFFFF)
        self.taken = taken
        if taken:
            self.bits.random_raw(taken, output=False)

    def words(self, n: int) -> np.ndarray:
        """n integers of 32 bits, as uint64."""
        self.taken += n
        return self.bits.random_raw(n)

    def wide_words(self, n: int) -> np.ndarray:
        """n integers of 64 bits."""
        pairs = self.words(2 * n)
        return (pairs[::2] << np.uint64(32)) | pairs[1::2]

    def integer(self) -> int:
        """One integer of 63 bits: `torch.empty((), dtype=torch.int64).random_().item()`."""
        return int(self.wide_words(1)[0]) & ((1 << 63) - 1)

    def word(self) -> int:
        """One integer of 32 bits."""
        self.taken += 1
        return self.bits.random_raw()

    def integers(self, low: int, high: int, n: int = 1) -> np.ndarray:
        """n integers in [low, high): `torch.randint(low, high, (n,))`."""
        low, high = operator.index(low), operator.index(high)
        if high <= low:
            raise RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        span = high - low
        words = self.wide_words(n) if span >= _WIDE else self.words(n)
        return (words % np.uint64(span)).astype(np.int64) + low

    def floats(self, n: int = 1) -> np.ndarray:
        """n float32 in [0, 1): `torch.rand(n)`."""
        return (self.words(n) & np.uint64((1 << 24) - 1)).astype(np.float32) * np.float32(2.0**-24)

    def doubles(self, n: int = 1) -> np.ndarray:
        """n float64 in [0, 1): `torch.rand(n, dtype=torch.float64)`."""
        return (self.wide_words(n) & np.uint64((1 << 53) - 1)).astype(np.float64) * 2.0**-53

    def uniform(self, low: float, high: float, n: int = 1) -> np.ndarray:
        """n float32 in [low, high): `torch.empty(n).uniform_(low, high)`."""
        low, high = np.float32(low), np.float32(high)
        # One rounding at the end, as of a fused multiply-add.
        return (self.floats(n).astype(np.float64) * (high - low) + low).astype(np.float32)

    def permutation(self, n: int) -> np.ndarray:
        """0..n-1 shuffled by Fisher and Yates from the left: `torch.randperm(n)`."""
        order = list(range(n))
        if n > 1:
            steps = self.words(n - 1) % np.arange(n, 1, -1, dtype=np.uint64)
            for k, j in enumerate((steps.astype(np.int64) + np.arange(n - 1)).tolist()):
                order[k], order[j] = order[j], order[k]
        return np.array(order, np.int64)

    def weighted(self, weights: np.ndarray, n: int) -> np.ndarray:
        """n indices drawn with replacement: `torch.multinomial(weights, n, True)`."""
        edges = np.cumsum(weights, dtype=weights.dtype)
        edges = edges / edges[-1]
        edges[-1] = 1
        return np.searchsorted(edges, self.doubles(n), side="left").astype(np.int64)
