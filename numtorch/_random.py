"""Random numbers: counter-based, so results depend on the seed and the program's order only."""

from __future__ import annotations

import os

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._creation import _check_device, _dtype, _sizes
from ._tensor import Tensor

_SIGNED = 1 << 63


class Generator:
    """A stream of random numbers: a seed and how many were taken.

    >>> import numtorch as torch
    >>> a = torch.Generator().manual_seed(1)
    >>> b = torch.Generator().manual_seed(1)
    >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
    True
    """

    def __init__(self, device="cpu"):
        _check_device(device)
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Restarts the stream."""
        seed = int(seed)
        if not -_SIGNED <= seed < 2 * _SIGNED:
            raise RuntimeError(f"Overflow when unpacking long: seed {seed}")
        self._seed = (seed + _SIGNED) % (2 * _SIGNED) - _SIGNED
        self._initial, self.counter = seed, 0
        return self

    def initial_seed(self) -> int:
        """The seed the stream was started with."""
        return self._initial

    def seed(self) -> int:
        """Starts the stream from an unpredictable seed, which is returned."""
        s = int.from_bytes(os.urandom(8), "little") >> 1
        self.manual_seed(s)
        return s

    def take(self, n: int) -> tuple[int, int]:
        """(seed, counter) of the next n numbers."""
        at = self.counter
        self.counter = at + n
        return self._seed, at


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seeds the default generator unpredictably; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed."""
    return default_generator.initial_seed()


def _fill(op: str, size, generator, dtype, requires_grad) -> Tensor:
    shape = _sizes(size)
    n = 1
    for s in shape:
        n *= s
    state = (generator or default_generator).take(n)
    t = local.tape.record(OPS[op], state, (shape, dtype))
    return t.requires_grad_() if requires_grad else t


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Uniform numbers in [0, 1)."""
    _check_device(device)
    return _fill("rand", size, generator, _dtype(dtype), requires_grad)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Numbers of the standard normal distribution."""
    _check_device(device)
    return _fill("randn", size, generator, _dtype(dtype), requires_grad)


def randint(low, high=None, size=None, *, generator=None, dtype=None, device=None) -> Tensor:
    """Integers in [low, high); `randint(high, size)` starts at 0."""
    if size is None:
        low, high, size = 0, low, high
    if high <= low:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    _check_device(device)
    u = _fill("rand", (tuple(size),), generator, _d.float64, False)
    return (u * float(high - low)).floor().to(dtype or _d.int64) + low


def randperm(n, *, generator=None, dtype=None, device=None) -> Tensor:
    """A random permutation of 0..n-1."""
    import numpy as np

    from ._creation import _own

    keys = _fill("rand", (n,), generator, _d.float64, False).numpy()
    _check_device(device)
    return _own(np.argsort(keys, kind="stable").astype((dtype or _d.int64).np))


def rand_like(input, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """`rand` with the shape and dtype of another tensor."""
    return rand(tuple(input.shape), dtype=dtype or input.dtype, device=device,
                requires_grad=requires_grad)  # fmt: skip


def randn_like(input, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """`randn` with the shape and dtype of another tensor."""
    return randn(tuple(input.shape), dtype=dtype or input.dtype, device=device,
                 requires_grad=requires_grad)  # fmt: skip


def bernoulli(input, *, generator=None) -> Tensor:
    """1 with the probabilities in `input`, else 0."""
    u = _fill("rand", (tuple(input.shape),), generator, _d.float64, False)
    return (u < input).to(input.dtype)
