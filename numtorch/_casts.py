"""Casts and writes: to, copy_, fill_, and Tensor's methods float, int, ..."""

from __future__ import annotations

import functools
import warnings

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, row_major
from numtorch.jit.strides import suggests_channels_last
from numtorch.jit.views import check_overlap, overlaps_itself

from ._api import function
from ._descriptors import check_device, device
from ._dims import expand, slice_view
from ._examples import described
from ._shape_ops import clone, format_name, layout_of_copy
from ._tensor import Tensor

# ---------------------------------------------------------------- casts


_PYTHON_TYPES = {bool: _d.bool_, int: _d.int64, float: _d.float64, complex: _d.complex128}


def to(
    self: Tensor, *args, dtype=None, device=None, other=None, copy=False, non_blocking=False,
    memory_format=None,
) -> Tensor:  # fmt: skip
    """to(dtype), to(device, dtype) or to(other): another dtype; the only device is the cpu.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2]).to(torch.float64)
    tensor([1., 2.], dtype=torch.float64)
    """
    if other is not None:
        args = (other, *args)
    flags = [a for a in args if isinstance(a, bool)]
    copy = flags[1] if len(flags) > 1 else copy
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, (str, device_type)):
            device = a
        elif isinstance(a, _d.DType) or a in _PYTHON_TYPES:
            dtype = a
        elif a is not None and not isinstance(a, bool):
            raise TypeError(
                f"to() received an invalid combination of arguments - got ({type(a).__name__}), "
                "but expected one of: (torch.device device = None, torch.dtype dtype = None), "
                "(torch.dtype dtype), (Tensor other)"
            )
    dtype = _PYTHON_TYPES.get(dtype, dtype)
    if device is not None:
        check_device(device)
    if dtype is None or dtype is self.dtype:
        if copy:
            return clone(self, memory_format)
        kind = "preserve_format" if memory_format is None else format_name(memory_format)
        last = suggests_channels_last(self._v.meta.shape, self._strides())
        if kind == "preserve_format" or (kind != "contiguous_format") == last:
            return self
        return clone(self, memory_format)
    if self.dtype.kind == "c" and dtype.kind not in "cb":
        _warn_discarded()

    strides = layout_of_copy(self, memory_format)
    return local.tape.record(OPS["cast"], (self,), (dtype,), strides)


@functools.cache
def _warn_discarded() -> None:
    warnings.warn(
        "Casting complex values to real discards the imaginary part", UserWarning, stacklevel=4
    )


device_type = device


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """Cast to another tensor's dtype.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2]).type_as(torch.tensor([1.5]))
    tensor([1., 2.])
    """
    return to(self, other.dtype)


def _cast_method(name: str, d):
    def method(self: Tensor, memory_format=None) -> Tensor:
        return to(self, d, memory_format=memory_format)

    method.__doc__ = described(f"Tensor.{name}", f"Cast to {d!r}.")
    return method


def _cpu(self: Tensor) -> Tensor:
    """The tensor itself: it is on the CPU.

    >>> import numtorch as torch
    >>> torch.zeros(2).cpu().device
    device(type='cpu')
    """
    return self


def copy_(
    self: Tensor, src: Tensor | None = None, non_blocking: bool = False, *, other=None
) -> Tensor:
    """Overwrites this tensor with the elements of another (broadcast, cast).

    >>> import numtorch as torch
    >>> torch.zeros(2, 3).copy_(torch.tensor([1, 2, 3]))
    tensor([[1., 2., 3.],
            [1., 2., 3.]])
    """
    from ._methods import write_result

    if src is None:  # `other`: the name that PyTorch's own call takes
        if other is None:
            raise TypeError('copy_() missing 1 required positional arguments: "other"')
        src = other
    if not isinstance(src, Tensor):
        from ._creation import as_tensor

        src = as_tensor(src)
    given = src
    if src._v.meta.shape != self._v.meta.shape:
        _check_fits(self._v.meta.shape, src._v.meta.shape)
        src = expand(src, self._v.meta.shape)
    if self._view is not None and _repeats(self, src):
        # Its own elements, some of them several times over: as PyTorch does, no error.
        once = {d: (0, 1, 1) for d, s in enumerate(self._view.strides) if s == 0 and self.size(d)}
        copy_(slice_view(self, once), slice_view(src, once))
        return self
    if self._st is not None:
        check_overlap(self, given)
    op = OPS["cast"] if src.dtype is not self.dtype else OPS["copy"]
    attrs = (self.dtype,) if op.name == "cast" else None
    m = self._v.meta
    strides = m.strides if self._view is None and m.order is not None else row_major(m.shape)
    return write_result(self, local.tape.record(op, (src,), attrs, strides), "copy")


def _check_fits(shape: tuple, given: tuple) -> None:
    """PyTorch's errors for a source that does not broadcast to the shape."""
    pairs = list(zip(reversed(shape), reversed(given)))
    for d, (n, k) in enumerate(pairs):
        if n != k and n != 1 and k != 1:
            raise RuntimeError(
                f"The size of tensor a ({n}) must match the size of tensor b ({k}) at "
                f"non-singleton dimension {len(shape) - 1 - d}"
            )
    both = [k if n == 1 else n for n, k in pairs]
    longer = max(shape, given, key=len)
    whole = (*longer[: len(longer) - len(pairs)], *reversed(both))
    if whole != tuple(shape):
        raise RuntimeError(
            f"output with shape {list(shape)} doesn't match the broadcast shape {list(whole)}"
        )


def _repeats(t: Tensor, src: Tensor) -> bool:
    """True if src is the same region as t, with elements that have several indices."""
    strides, m = t._view.strides, t._v.meta
    return (
        src._st is t._st and overlaps_itself(m.shape, strides) and src._v.meta is m
        and src._strides() == strides and src.storage_offset() == t.storage_offset()
    )  # fmt: skip


def fill_(self: Tensor, value) -> Tensor:
    """Sets every element.

    >>> import numtorch as torch
    >>> torch.fill_(torch.tensor([1, 2, 3]), 7)
    tensor([7, 7, 7])
    """
    from ._creation import full_like
    from ._methods import write_result

    if isinstance(value, Tensor):
        if value.dim():
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value.dim()} dimensions."
            )
        return copy_(self, value)
    return write_result(self, full_like(self, value), "fill")


@function("fill(Tensor input, Operand value)", method=False)
def fill(input, value):
    """A copy with every element set to a number (or the number in a 0-dim tensor).

    >>> import numtorch as torch
    >>> torch.fill(torch.tensor([1, 2, 3]), 7)
    tensor([7, 7, 7])
    """
    return fill_(input.clone(), value)


def zero_(self: Tensor) -> Tensor:
    """Sets every element to zero.

    >>> import numtorch as torch
    >>> torch.zero_(torch.tensor([1, 2, 3]))
    tensor([0, 0, 0])
    """
    return fill_(self, 0)


METHODS = {"to": to, "type_as": type_as, "copy_": copy_, "fill_": fill_, "zero_": zero_}
_CASTS = {
    "float": _d.float32, "double": _d.float64, "long": _d.int64, "int": _d.int32, "bool": _d.bool_,
    "short": _d.int16, "byte": _d.uint8, "char": _d.int8, "half": _d.float16,
    "bfloat16": _d.bfloat16, "cfloat": _d.complex64, "cdouble": _d.complex128,
    "chalf": _d.complex32,
}  # fmt: skip


def install(functions: dict) -> None:
    """Adds the methods to Tensor, and the functions to the given namespace."""
    for name, method in METHODS.items():
        setattr(Tensor, name, method)
    for name, d in _CASTS.items():
        setattr(Tensor, name, _cast_method(name, d))
    Tensor.cpu = _cpu
    functions.update(fill_=fill_, zero_=zero_)
