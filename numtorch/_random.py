"""Random numbers: counter-based, so results depend on the seed and the program's order only."""

from __future__ import annotations

import os
import struct

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import REGISTRY, function
from ._creation import _dtype, _own, _sizes
from ._factories import LIKE, OPTIONS, fast_sizes, finish, laid_out, like_strides
from ._host_random import HostStream
from ._tensor import Tensor

_SIGNED = 1 << 63
_STATE = struct.Struct("<qqQ")


class Generator:
    """A stream of random numbers: a seed and how many were taken.

    `host` is a second stream of the same seed, for what is drawn outside of kernels (randperm, the
    order of a DataLoader, image transforms): it gives the numbers of torch's CPU generator.

    >>> import numtorch as torch
    >>> a = torch.Generator().manual_seed(1)
    >>> b = torch.Generator().manual_seed(1)
    >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
    True
    """

    def __init__(self, device="cpu"):
        from ._descriptors import check_device
        from ._descriptors import device as device_type

        self.device = device_type(device)
        check_device(self.device)
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Restarts the stream."""
        seed = int(seed)
        if not -_SIGNED <= seed < 2 * _SIGNED:
            raise RuntimeError("Overflow when unpacking long long")
        self._seed = (seed + _SIGNED) % (2 * _SIGNED) - _SIGNED
        self.counter = 0
        self._host = None
        self._host_taken = 0
        return self

    @property
    def host(self) -> HostStream:
        """The stream that the host draws from."""
        if self._host is None:
            self._host = HostStream(self._seed, self._host_taken)
        return self._host

    def _taken(self) -> int:
        return self._host_taken if self._host is None else self._host.taken

    def initial_seed(self) -> int:
        """The seed the stream was started with."""
        return self._seed % (2 * _SIGNED)

    def seed(self) -> int:
        """Starts the stream from an unpredictable seed, which is returned."""
        s = int.from_bytes(os.urandom(8), "little") >> 1
        self.manual_seed(s)
        return s

    def take(self, n: int) -> tuple[int, int]:
        """(seed, counter) of the next n numbers."""
        if local.tape.levels:
            from .func.batching import take_random

            return take_random(self, n)
        at = self.counter
        self.counter = at + n
        return self._seed, at

    def numpy(self) -> np.random.Generator:
        """A NumPy generator for one draw: it depends on the seed and the place in the stream."""
        seed, at = self.take(1)
        return np.random.Generator(np.random.Philox(key=[seed % (2 * _SIGNED), at]))

    def get_state(self) -> Tensor:
        """The state as a tensor of bytes."""
        data = _STATE.pack(self._seed, self._taken(), self.counter)
        return _own(np.frombuffer(data, np.uint8))

    def set_state(self, new_state: Tensor) -> Generator:
        """Restores what `get_state` gave."""
        if not isinstance(new_state, Tensor) or new_state.dtype is not _d.uint8:
            raise TypeError("expected a torch.ByteTensor, but got "
                            + (f"torch.{new_state.dtype.tensor_type}"
                               if isinstance(new_state, Tensor) else type(new_state).__name__)
                            )  # fmt: skip
        if new_state.numel() != _STATE.size:
            raise RuntimeError("RNG state is wrong size")
        self._seed, self._host_taken, self.counter = _STATE.unpack(bytes(new_state.tolist()))
        self._host = None
        return self

    def clone_state(self) -> Generator:
        """A generator in the same state."""
        return Generator(self.device).set_state(self.get_state())

    def __reduce__(self):
        return _restored, (self._seed, self.counter, self._taken())

    def __setstate__(self, state) -> None:
        raise RuntimeError(
            "the state of PyTorch's generator can't be taken over: numtorch's numbers come from "
            "another one. Seed it with manual_seed()"
        )


def _restored(seed: int, counter: int, host_taken: int = 0) -> Generator:
    g = Generator().manual_seed(seed)
    g.counter, g._host_taken = counter, host_taken
    return g


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator.

    >>> import numtorch as torch
    >>> generator = torch.manual_seed(7)
    >>> x = torch.rand(3)
    >>> generator = torch.manual_seed(7)
    >>> torch.equal(x, torch.rand(3))
    True
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seeds the default generator unpredictably; returns the seed.

    >>> import numtorch as torch
    >>> number = torch.seed()
    >>> torch.initial_seed() == number
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed.

    >>> import numtorch as torch
    >>> generator = torch.manual_seed(7)
    >>> torch.initial_seed()
    7
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state as a tensor of bytes.

    >>> import numtorch as torch
    >>> state = torch.get_rng_state()
    >>> x = torch.rand(3)
    >>> torch.set_rng_state(state)
    >>> torch.equal(x, torch.rand(3))
    True
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Restores the default generator's state.

    >>> import numtorch as torch
    >>> state = torch.get_rng_state()
    >>> torch.set_rng_state(state)
    >>> torch.equal(torch.get_rng_state(), state)
    True
    """
    default_generator.set_state(new_state)


# ---------------------------------------------------------------- draws


def _draw(op: str, shape: tuple[int, ...], generator, dtype) -> Tensor:
    """Numbers of the op ('rand': uniform in [0, 1), 'randn': normal); half types are rounded."""
    n = 1
    for s in shape:
        n *= s
    if dtype.kind == "c":
        parts = [_draw(op, shape, generator, dtype.to_real()) for _ in "ri"]
        from . import complex as join

        out = join(*parts)
        return out * 0.5**0.5 if op == "randn" else out
    wide = dtype if dtype.itemsize >= 4 else _d.float32
    t = local.tape.record(OPS[op], (generator or default_generator).take(n), (shape, wide))
    if wide is dtype:
        return t
    return t.to(dtype) if op == "randn" else _below_one(t, dtype)


def _below_one(t: Tensor, dtype) -> Tensor:
    # Rounding to a half type must not give 1.
    bits = 11 if dtype.name == "float16" else 8
    return ((t * 2.0**bits).floor() * 0.5**bits).to(dtype)


def uniform(shape, generator=None, dtype=None) -> Tensor:
    """Uniform numbers in [0, 1) of float32 or float64."""
    return _draw("rand", tuple(shape), generator, dtype or _d.float32)


def _float_only(name: str, dtype, kinds: str = "fc") -> None:
    if dtype.kind not in kinds:
        from ._methods import _c_name

        raise NotImplementedError(f'"{name}" not implemented for \'{_c_name(dtype)}\'')


def _source(name: str, op: str, kernel: str, doc: str):
    def run(size, *, generator, dtype, layout, device, pin_memory, requires_grad):
        _float_only(kernel, dtype := _dtype(dtype))
        return finish(_draw(op, _sizes((size,)), generator, dtype), device, requires_grad)

    def like(
        input, *, generator, dtype, layout, device, pin_memory, requires_grad, memory_format
    ):  # fmt: skip
        _float_only(kernel, dtype := dtype or input.dtype)
        out = _draw(op, tuple(input.shape), generator, dtype)
        out = laid_out(out, like_strides(input, memory_format))
        return finish(out, device, requires_grad)

    run.__doc__ = doc
    like.__doc__ = f"`{name}` with the shape and dtype of another tensor."
    function(f"{name}(int[] size, *, Generator? generator=None, {OPTIONS})", method=False,
             out=True)(run)  # fmt: skip
    made = function(f"{name}_like(Tensor input, *, Generator? generator=None, {LIKE})",
                    method=False)(like)  # fmt: skip
    return fast_sizes(name, lambda shape: _draw(op, shape, None, _d.default)), made


rand, rand_like = _source("rand", "rand", "check_uniform_bounds", "Uniform numbers in [0, 1).")
randn, randn_like = _source(
    "randn", "randn", "normal_kernel_cpu", "Numbers of the standard normal distribution."
)


def _integers(low: int, high: int, shape, generator, dtype) -> Tensor:
    """Integers in [low, high)."""
    if high <= low:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    _check_fits(low, high, dtype)
    if high - low > 1 << 50:
        g = (generator or default_generator).numpy()
        return _own(g.integers(low, high, shape, np.int64)).to(dtype)
    u = uniform(shape, generator, _d.float64)
    return ((u * float(high - low)).floor().to(_d.int64) + low).to(dtype)


def _check_fits(low: int, high: int, dtype) -> None:
    if dtype.kind == "i":
        info = np.iinfo(dtype.np)
        least, most = int(info.min), int(info.max)
    elif dtype.kind == "b":
        least, most = 0, 1
    else:
        return
    if low < least or low > most:
        raise RuntimeError("from is out of bounds for " + _scalar_name(dtype))
    if high - 1 > most or high - 1 < least:
        raise RuntimeError("to - 1 is out of bounds for " + _scalar_name(dtype))


def _scalar_name(dtype) -> str:
    return {"u8": "unsigned char", "i8": "signed char", "i16": "short", "i32": "int",
            "i64": "long", "b1": "bool"}.get(dtype.short, dtype.name)  # fmt: skip


def _randint(low, high, size, *, generator, dtype, layout, device, pin_memory, requires_grad):
    """Integers in [low, high); `randint(high, size)` starts at 0.

    >>> import numtorch as torch
    >>> torch.randint(1, 2, (3,))
    tensor([1, 1, 1])
    """
    out = _integers(low, high, _sizes((size,)), generator, dtype or _d.int64)
    return finish(out, device, requires_grad)


_INT_OPTIONS = f"int[] size, *, Generator? generator=None, {OPTIONS}"
function(f"randint(int high, {_INT_OPTIONS})", method=False, out=True)(
    lambda high, size, **options: _randint(0, high, size, **options))
function(f"randint(int low, int high, {_INT_OPTIONS})", method=False, out=True)(_randint)
randint = REGISTRY["randint"].public
randint.__doc__ = _randint.__doc__


def _randint_like(input, low, high, *, dtype, memory_format, device, requires_grad, **_):
    """`randint` with the shape and dtype of another tensor.

    >>> import numtorch as torch
    >>> torch.randint_like(torch.zeros(2, 3), 10).shape
    torch.Size([2, 3])
    """
    kind, strides = dtype or input.dtype, like_strides(input, memory_format)
    out = _integers(low, high, tuple(input.shape), None, kind)
    return finish(laid_out(out, strides), device, requires_grad)


function(f"randint_like(Tensor input, int high, *, {LIKE})", method=False)(
    lambda input, high, **options: _randint_like(input, 0, high, **options))
function(f"randint_like(Tensor input, int low, int high, *, {LIKE})", method=False)(_randint_like)


@function(f"randperm(int n, *, Generator? generator=None, {OPTIONS})", method=False, out=True)
def randperm(n, *, generator, dtype, layout, device, pin_memory, requires_grad):
    """A random permutation of 0..n-1: torch's of the same seed (see `Generator.host`).

    >>> import numtorch as torch
    >>> torch.randperm(5).sort().values
    tensor([0, 1, 2, 3, 4])
    """
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    if local.tape.levels:  # vmap's randomness says whether examples share the draw
        keys = uniform((n,), generator, _d.float64).numpy()
        order = np.argsort(keys, kind="stable")
    else:
        order = (generator or default_generator).host.permutation(n)
    out = _own(order).to(dtype or _d.int64)
    return finish(out, device, requires_grad)
