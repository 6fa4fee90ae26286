"""NumPy work on tensors in memory: for small jobs, where recording an op would cost more."""

from __future__ import annotations

import numpy as np
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy
from numtorch.jit.runtime.allocator import alloc, as_array
from numtorch.jit.values import steps_of

from ._tensor import Tensor, wrap


class _View:
    __slots__ = ("__array_interface__", "v")

    def __init__(self, v: Lazy):
        m, strides = v.meta, steps_of(v)
        self.v, np_dtype = v, m.dtype.np
        if strides is not None:
            strides = tuple(s * np_dtype.itemsize for s in strides)
        self.__array_interface__ = {
            "version": 3, "typestr": np_dtype.str, "shape": m.shape, "strides": strides,
            "data": (v.addr, False),
        }  # fmt: skip


def values_of(v: Lazy) -> np.ndarray:
    """A NumPy view of a value in memory, for immediate use."""
    return np.asarray(_View(v)) if v.meta.numel else np.empty(v.meta.shape, v.meta.dtype.np)


def value_in_memory(t: Tensor) -> Lazy | None:
    """The value of a plain tensor that is in memory and needs no gradient; else None."""
    if t._rg or type(t) is not Tensor:
        return None
    v = t._v
    if v.buf is None:
        root = t._st._v if t._view is not None else v
        if root.buf is None:
            return None
        v = t._value()
    return None if v.error is not None else v


def new_tensor(shape: tuple[int, ...], dtype) -> tuple[Tensor, np.ndarray]:
    """An empty tensor and an array over its memory."""
    m = meta(shape, dtype)
    buf = alloc(m.nbytes)
    return wrap(Lazy(m, buf, buf.addr)), as_array(buf, dtype.np, shape)
