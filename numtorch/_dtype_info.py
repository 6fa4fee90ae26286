"""Questions about dtypes: finfo, iinfo, promotion, and what kind a tensor is of."""

from __future__ import annotations

import math

import numpy as np
from numtorch.jit import dtypes as _d

from ._api import function
from ._tensor import Tensor

_FLOATS = {  # bits of the significand (with the hidden one), exponents of the largest and smallest
    "f16": (11, 15, -14), "bf16": (8, 127, -126), "f32": (24, 127, -126), "f64": (53, 1023, -1022),
}  # fmt: skip


class finfo:
    """Limits of a floating point type (of the parts, for a complex one).

    >>> import numtorch as torch
    >>> torch.finfo(torch.float16).max
    65504.0
    """

    def __init__(self, type=None):
        dtype = _d.default if type is None else type
        if not isinstance(dtype, _d.DType):
            raise TypeError(
                f"finfo(): argument 'type' (position 1) must be torch.dtype, not "
                f"{dtype.__class__.__name__}"
            )
        if not dtype.differentiable:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                "'torch.finfo'"
            )
        real = dtype.to_real()
        digits, high, low = _FLOATS[real.short]
        self.bits = real.itemsize * 8
        self.eps = 2.0 ** (1 - digits)
        self.max = math.ldexp(2.0 - self.eps, high)
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0**low
        self.resolution = 10.0 ** -math.floor((digits - 1) * math.log10(2.0))
        self.dtype = real.name

    def __eq__(self, other) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(("finfo", self.dtype))

    def __repr__(self) -> str:
        fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in fields)
        return f"finfo({shown}, dtype={self.dtype})"


class iinfo:
    """Limits of an integer type.

    >>> import numtorch as torch
    >>> torch.iinfo(torch.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    def __init__(self, type):
        if not isinstance(type, _d.DType):
            raise TypeError(
                f"iinfo(): argument 'type' (position 1) must be torch.dtype, not "
                f"{type.__class__.__name__}"
            )
        if type.kind == "b":
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if type.kind != "i":
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                "'torch.iinfo'"
            )
        info = np.iinfo(type.np)
        self.bits, self.min, self.max = info.bits, int(info.min), int(info.max)
        self.dtype = type.name

    def __eq__(self, other) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(("iinfo", self.dtype))

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def _described(x) -> tuple:
    """(shape, dtype, weak kind) of a tensor or a number, for result_type."""
    if isinstance(x, Tensor):
        return x._v.meta.shape, x.dtype, None
    kind = next(k for k, t in (("b", bool), ("i", int), ("f", float), ("c", complex))
                if isinstance(x, t))  # fmt: skip
    return (), None, kind


def _result_type(a, b):
    """The dtype of an arithmetic op of two operands.

    >>> import numtorch as torch
    >>> torch.result_type(torch.tensor([1, 2]), 1.0)
    torch.float32
    """
    return _d.result_type([_described(a), _described(b)])


result_type = function("result_type(Tensor tensor, Tensor other)", method=False)(_result_type)
function("result_type(Tensor tensor, Number other)", method=False)(_result_type)
function("result_type(Number scalar, Tensor tensor)", method=False)(_result_type)
function("result_type(Number scalar1, Number scalar2)", method=False)(_result_type)


@function("promote_types(dtype type1, dtype type2)", method=False)
def promote_types(type1, type2):
    """The smallest dtype that both can be cast to.

    >>> import numtorch as torch
    >>> torch.promote_types(torch.int32, torch.float16)
    torch.float16
    """
    return _d.promote(type1, type2)


@function("can_cast(dtype from_, dtype to)", method=False)
def can_cast(from_, to):
    """Whether promotion rules allow a result of one type in a tensor of the other.

    >>> import numtorch as torch
    >>> torch.can_cast(torch.int64, torch.float32), torch.can_cast(torch.float32, torch.int64)
    (True, False)
    """
    return can_hold(from_, to)


def can_hold(dtype, target) -> bool:
    """PyTorch's canCast: no category is lost."""
    rank = "bifc"
    return rank.index(dtype.kind) <= rank.index(target.kind)


@function("is_complex(Tensor input)")
def is_complex(input):
    """True for tensors of a complex dtype.

    >>> import numtorch as torch
    >>> torch.is_complex(torch.tensor([1j])), torch.is_complex(torch.tensor([1.0]))
    (True, False)
    """
    return input.dtype.kind == "c"


@function("is_floating_point(Tensor input)")
def is_floating_point(input):
    """True for tensors of a floating point dtype.

    >>> import numtorch as torch
    >>> torch.is_floating_point(torch.tensor([1.0])), torch.is_floating_point(torch.tensor([1]))
    (True, False)
    """
    return input.dtype.kind == "f"


@function("is_signed(Tensor input)")
def is_signed(input):
    """True for tensors of a dtype with negative numbers.

    >>> import numtorch as torch
    >>> torch.is_signed(torch.tensor([1])), torch.is_signed(torch.tensor([1], dtype=torch.uint8))
    (True, False)
    """
    return input.dtype.is_signed


@function("is_nonzero(Tensor input)")
def is_nonzero(input):
    """Whether the one element differs from 0; RuntimeError for any other number of elements.

    >>> import numtorch as torch
    >>> torch.is_nonzero(torch.tensor([0.0])), torch.is_nonzero(torch.tensor(2))
    (False, True)
    """
    return bool(input)


def install(functions: dict) -> None:
    """Adds the types to the given namespace."""
    functions.update(finfo=finfo, iinfo=iinfo)
