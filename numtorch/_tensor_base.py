"""What a tensor tells about itself: its description, its value and Python's protocols."""

from __future__ import annotations

import ctypes

from numtorch.jit import dtypes as _dtypes
from numtorch.jit.interop import export
from numtorch.jit.record import Lazy, array_of, local, relocate
from numtorch.jit.views import Storage, View, row_major, version_of

from ._descriptors import CPU, Size, as_size, channels_last, check_dim, device


class TensorBase:
    """Size, memory and numbers of a tensor, and what Python asks of an array."""

    _st: Storage | None = None
    _view: View | None = None
    _rg = 0  # 0 none, 1 leaf that requires grad, 2 result of recorded ops
    _v: Lazy

    # -- description

    @property
    def shape(self) -> Size:
        """The sizes of the dims.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).shape
        torch.Size([2, 3])
        """
        return as_size(self._v.meta.shape)

    def size(self, dim: int | None = None):
        """The shape, or the size of one dim.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).size(), torch.zeros(2, 3).size(-1)
        (torch.Size([2, 3]), 3)
        """
        if dim is None:
            return self.shape
        return self._v.meta.shape[check_dim(dim, len(self._v.meta.shape))]

    @property
    def dtype(self):
        """The type of the elements.

        >>> import numtorch as torch
        >>> torch.tensor([1, 2]).dtype, torch.tensor([1.5]).dtype
        (torch.int64, torch.float32)
        """
        return self._v.meta.dtype

    @property
    def device(self) -> device:
        """Where the tensor is.

        >>> import numtorch as torch
        >>> torch.zeros(2).device
        device(type='cpu')
        """
        return CPU

    @property
    def ndim(self) -> int:
        """Number of dims.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).ndim
        2
        """
        return len(self._v.meta.shape)

    def dim(self) -> int:
        """Number of dims.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).dim()
        2
        """
        return len(self._v.meta.shape)

    def numel(self) -> int:
        """Number of elements.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).numel()
        6
        """
        return self._v.meta.numel

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes of one element.

        >>> import numtorch as torch
        >>> torch.zeros(2, dtype=torch.float64).itemsize
        8
        """
        return self.dtype.itemsize

    def element_size(self) -> int:
        """Bytes of one element.

        >>> import numtorch as torch
        >>> torch.zeros(2).element_size(), torch.zeros(2, dtype=torch.int8).element_size()
        (4, 1)
        """
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).nbytes
        24
        """
        return self._v.meta.nbytes

    def _strides(self) -> tuple[int, ...]:
        if self._view is not None:
            return self._view.strides
        v = self._st._v if self._st is not None else self._v
        m = v.meta
        return v.strides or m.strides or row_major(m.shape)

    def stride(self, dim: int | None = None):
        """Strides in elements, or the stride of one dim.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).T.stride()
        ((3, 1), (1, 3))
        """
        s = self._strides()
        return s if dim is None else s[check_dim(dim, len(s))]

    def storage_offset(self) -> int:
        """First element's place in the storage, in elements.

        >>> import numtorch as torch
        >>> torch.tensor([1, 2, 3])[1:].storage_offset()
        1
        """
        return self._view.offset if self._view is not None else 0

    def is_contiguous(self, memory_format=None) -> bool:
        """True if the elements lie in row-major order (or in that of `memory_format`).

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).is_contiguous(), torch.zeros(2, 3).T.is_contiguous()
        (True, False)
        """
        shape, strides = self._v.meta.shape, self._strides()
        if memory_format is not None and memory_format.name.startswith("channels_last"):
            return channels_last(shape, strides, memory_format)
        pairs = zip(shape, strides, row_major(shape))
        return self._v.meta.numel == 0 or all(n == 1 or a == b for n, a, b in pairs)

    @property
    def _version(self) -> int:
        return version_of(self)

    def data_ptr(self) -> int:
        """Address of the first element (executes what is pending).

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0, 3.0])
        >>> x[1:].data_ptr() - x.data_ptr()
        4
        """
        return self._value().addr

    # -- values

    def _value(self) -> Lazy:
        """The value in memory; executes what is pending."""
        v = self._v
        if v.buf is None:
            tape = local.tape
            root = self._st._v if self._view is not None else v
            if root.buf is None and root.win is tape.win:
                tape.flush()
            v = self._v
            if v.buf is None:
                v = tape.locate(self)
        if v.error is not None:
            raise v.error
        return v

    def numpy(self, *, force: bool = False):
        """A NumPy array that shares this tensor's memory.

        >>> import numtorch as torch
        >>> x = torch.tensor([1, 2, 3])
        >>> array = x.numpy(); array[0] = 7
        >>> x
        tensor([7, 2, 3])
        """
        if force:
            return self.detach().numpy()
        if (self._rg or self.requires_grad) and local.tape.grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if self.dtype.opaque:
            raise TypeError(f"Got unsupported ScalarType {self.dtype.scalar_type}")
        return self._memory()

    def _memory(self, kept: bool = True):
        """The memory as a NumPy array: bits, for types that NumPy does not have.

        `kept`: somebody may write to it later.
        """
        self._value()
        if local.tape.entries:
            local.tape.flush()
        if kept:
            relocate(self)
        return export(self._value())

    def item(self):
        """The Python number of a tensor with one element.

        RuntimeError for any other number of elements.

        >>> import numtorch as torch
        >>> torch.tensor([[2.5]]).item()
        2.5
        """
        m = self._v.meta
        if m.numel != 1:
            raise RuntimeError(
                f"a Tensor with {m.numel} elements cannot be converted to Scalar"
            )
        return _read_scalar(self._value(), m.dtype)

    def tolist(self):
        """Nested lists of Python numbers (a number for a 0-dim tensor).

        >>> import numtorch as torch
        >>> torch.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return _dtypes.to_values(self.detach()._memory(False), self.dtype).tolist()

    def _number(self):
        if self._v.meta.numel != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __float__(self) -> float:
        return float(_real_number(self._number(), "double"))

    def __int__(self) -> int:
        return int(_real_number(self._number(), "int64_t"))

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self.dtype.differentiable or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        n = self.numel()
        if n != 1:
            what = "no values" if n == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        if local.tape.levels:
            local.tape.check_readable(self._v, True)
        return bool(self.item())

    def __len__(self) -> int:
        if not self._v.meta.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._v.meta.shape[0]

    def __iter__(self):
        if not self._v.meta.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, item) -> bool:
        if isinstance(item, (TensorBase, int, float, complex)):
            return bool((self == item).any())
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(item)}."
        )

    def __reversed__(self) -> TensorBase:
        return self.flip(0) if self._v.meta.shape else self

    def __repr__(self) -> str:
        from ._repr import tensor_repr

        return tensor_repr(self)

    def share_memory_(self) -> TensorBase:
        """Moves the storage to memory that other processes can map; views of it come along.

        >>> import numtorch as torch
        >>> torch.tensor([1, 2, 3]).share_memory_().is_shared()
        True
        """
        from .multiprocessing._shared import share_memory_

        return share_memory_(self)

    def is_shared(self) -> bool:
        """True if the storage lies in shared memory.

        >>> import numtorch as torch
        >>> torch.zeros(2).is_shared(), torch.zeros(2).share_memory_().is_shared()
        (False, True)
        """
        from .multiprocessing._shared import is_shared

        return is_shared(self)


def _read_scalar(v: Lazy, dtype):
    cell = _CTYPES.get(dtype.short)
    if cell is not None:
        return cell.from_address(v.addr).value
    return _dtypes.to_values(array_of(v).reshape(1), dtype).item()


def _real_number(x, name: str):
    """A number that float() and int() take; RuntimeError for a complex one that is not real."""
    if x.__class__ is not complex:
        return x
    if x.imag:
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    return x.real


_CTYPES = {
    "f32": ctypes.c_float, "f64": ctypes.c_double, "i64": ctypes.c_int64, "i32": ctypes.c_int32,
    "i16": ctypes.c_int16, "i8": ctypes.c_int8, "u8": ctypes.c_uint8, "b1": ctypes.c_bool,
}  # fmt: skip
