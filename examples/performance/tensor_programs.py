"""Array programs for compare.py: reductions, scans, sorting, indexing, formulas, stencils.

Each function takes the namespace of one library and returns the step that is timed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def _uniform(*shape: int, dtype=np.float32) -> np.ndarray:
    return np.random.default_rng(0).random(shape).astype(dtype)


def reduction(lib, name: str, shape: tuple, dim, strided: bool = False) -> Callable:
    """One reduction; strided: of every second column."""
    x = lib.torch.tensor(_uniform(*shape))

    def step():
        y = x[..., ::2] if strided else x
        getattr(y, name)(dim).numpy()

    return step


def cumsum(lib, dim: int) -> Callable:
    """Running sums of 2048x1024 float32."""
    x = lib.torch.tensor(_uniform(2048, 1024))
    return lambda: x.cumsum(dim).numpy()


def sort_rows(lib) -> Callable:
    """Sorted values and indices of 4096 rows of 1000 float32."""
    x = lib.torch.tensor(_uniform(4096, 1000))

    def step():
        values, indices = x.sort(dim=1)
        values.numpy()
        indices.numpy()

    return step


def sort_long(lib) -> Callable:
    """A million int64."""
    x = lib.torch.tensor(np.random.default_rng(0).integers(-(2**40), 2**40, 1_000_000))
    return lambda: x.sort()[0].numpy()


def topk(lib) -> Callable:
    """The ten largest of 4096 rows of 1000 float32."""
    x = lib.torch.tensor(_uniform(4096, 1000))

    def step():
        values, indices = x.topk(10)
        values.numpy()
        indices.numpy()

    return step


def gather(lib) -> Callable:
    """100 elements of each of 4096 rows of 1000."""
    x = lib.torch.tensor(_uniform(4096, 1000))
    index = lib.torch.tensor(np.random.default_rng(1).integers(0, 1000, (4096, 100)))
    return lambda: (x.gather(1, index) * 2).numpy()


def scatter_add(lib) -> Callable:
    """100,000 rows of 64 added into 10,000 (index_add_)."""
    rows = lib.torch.tensor(_uniform(100_000, 64))
    index = lib.torch.tensor(np.random.default_rng(1).integers(0, 10_000, 100_000))
    return lambda: lib.torch.zeros(10_000, 64).index_add_(0, index, rows).numpy()


def mask_write(lib) -> Callable:
    """x[x < 0.3] = 0 on 1000x1000, then a sum."""
    x = lib.torch.tensor(_uniform(1000, 1000))

    def step():
        y = x * 2
        y[y < 0.6] = 0
        y.sum().item()

    return step


def mask_read(lib) -> Callable:
    """x[x > 0.5] of 1000x1000."""
    x = lib.torch.tensor(_uniform(1000, 1000))
    return lambda: x[x > 0.5].numpy()


def black_scholes(lib) -> Callable:
    """Call prices of a million options, float64 (Black and Scholes, 1973)."""
    torch = lib.torch
    spot = torch.tensor(_uniform(1_000_000, dtype=np.float64) * 50 + 75)
    strike, rate, sigma, years = 100.0, 0.02, 0.3, 0.75

    def cdf(x):
        return 0.5 * (1 + torch.erf(x / 2**0.5))

    def step():
        d1 = (torch.log(spot / strike) + (rate + sigma**2 / 2) * years) / (sigma * years**0.5)
        d2 = d1 - sigma * years**0.5
        discount = torch.exp(torch.tensor(-rate * years, dtype=torch.float64))
        (spot * cdf(d1) - strike * discount * cdf(d2)).numpy()

    return step


def heat(lib) -> Callable:
    """Ten explicit steps of the heat equation on 512x512 float32, borders fixed by a pad."""
    x = lib.torch.tensor(_uniform(512, 512))

    def step():
        u = x
        for _ in range(10):
            inner = u[1:-1, 1:-1]
            flow = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * inner
            u = lib.F.pad(inner + 0.1 * flow, (1, 1, 1, 1))
        u.numpy()

    return step


PROGRAMS: list[tuple[str, Callable]] = [
    ("sum of 4096x1024 over rows", lambda lib: reduction(lib, "sum", (4096, 1024), 0)),
    ("sum of 64x256x256 over the middle dim", lambda lib: reduction(lib, "sum", (64, 256, 256), 1)),
    ("sum of every second column, 4096x2048",
     lambda lib: reduction(lib, "sum", (4096, 2048), 1, strided=True)),
    ("var of 4096x1000 rows", lambda lib: reduction(lib, "var", (4096, 1000), 1)),
    ("amax of 4096x1000 over rows", lambda lib: reduction(lib, "amax", (4096, 1000), 0)),
    ("cumsum 2048x1024, last dim", lambda lib: cumsum(lib, 1)),
    ("cumsum 2048x1024, first dim", lambda lib: cumsum(lib, 0)),
    ("sort 4096 rows of 1000", sort_rows),
    ("sort 1M int64", sort_long),
    ("topk 10 of 4096 rows of 1000", topk),
    ("gather 100 of 4096 rows of 1000", gather),
    ("index_add 100k rows of 64 into 10k", scatter_add),
    ("mask write 1000x1000 and sum", mask_write),
    ("mask read 1000x1000", mask_read),
    ("Black-Scholes, 1M float64", black_scholes),
    ("heat equation 512x512, 10 steps", heat),
]  # fmt: skip
