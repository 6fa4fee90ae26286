"""Storages: the memory that tensors share; set_, resize_."""

from __future__ import annotations

import os

import numpy as np
from numtorch.jit import dtypes as _dtypes
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy, array_of, local, share
from numtorch.jit.runtime.allocator import alloc
from numtorch.jit.views import counter_of, row_major

from ._creation import from_numpy, tensor
from ._descriptors import check_device
from ._tensor import Tensor, wrap


class UntypedStorage:
    """The memory under a tensor and its views, as bytes; two of the same memory are equal.

    >>> import numtorch as torch
    >>> x = torch.zeros(4)
    >>> x.untyped_storage().nbytes(), x[1:].untyped_storage() == x.untyped_storage()
    (16, True)
    """

    __slots__ = ("_tensor",)

    def __init__(self, *args, device=None):
        check_device(device)
        first = args[0] if args else 0
        if isinstance(first, Tensor):
            self._tensor = first
        else:
            self._tensor = _elements(type(self).__name__, first, _dtypes.uint8)

    @property
    def _st(self):
        """The cell that all aliases of the memory share."""
        return share(local.tape, self._tensor)

    def _root(self) -> Lazy:
        """The storage's value in memory; executes what is pending."""
        self._tensor._value()
        if self._st._v.buf is None:
            local.tape.flush()
        return self._st._v

    def _numel(self) -> int:
        root = self._st._v
        if root.strides is None or not root.meta.numel:
            return root.meta.numel
        return 1 + sum((n - 1) * s for n, s in zip(root.meta.shape, root.strides))

    def _array(self):
        """All elements as a flat NumPy array over the memory."""
        root = self._root()
        return array_of(Lazy(meta((self._numel(),), root.meta.dtype), root.buf, root.addr))

    def data_ptr(self) -> int:
        """Address of the first byte (executes what is pending)."""
        return self._root().addr if self._numel() else 0

    def nbytes(self) -> int:
        """Bytes from the first element to the last."""
        return self._numel() * self._st._v.meta.dtype.itemsize

    size = __len__ = nbytes

    def element_size(self) -> int:
        """1: storages count bytes."""
        return 1

    @property
    def device(self):
        return self._tensor.device

    @property
    def is_cuda(self) -> bool:
        return False

    def tolist(self) -> list[int]:
        """All bytes as ints."""
        return list(self._array().tobytes())

    def __getitem__(self, k):
        return self.tolist()[k]

    def __iter__(self):
        return iter(self.tolist())

    def __eq__(self, other) -> bool:
        return isinstance(other, UntypedStorage) and self._st is other._st

    def __hash__(self) -> int:
        return hash(id(self._st))

    def __setitem__(self, k, value) -> None:
        self._bytes()[k] = value
        self._written()

    def _bytes(self):
        """The bytes as a NumPy array, for writing."""
        if local.tape.entries:
            local.tape.flush()
        return self._array().view(np.uint8)

    def _written(self) -> None:
        self._st.version += 1

    def fill_(self, value: int) -> UntypedStorage:
        """Sets every byte."""
        self[:] = value
        return self

    def copy_(self, source, non_blocking: bool = False) -> UntypedStorage:
        """Copies the bytes of another storage of the same size."""
        source = source.untyped()
        if source.nbytes() != self.nbytes():
            raise RuntimeError("size mismatch")
        self[:] = source._bytes()
        return self

    def clone(self) -> UntypedStorage:
        """A copy of the bytes."""
        return UntypedStorage(self.nbytes()).copy_(self)

    def untyped(self) -> UntypedStorage:
        """Itself."""
        return self

    def cpu(self) -> UntypedStorage:
        """Itself: it is in the CPU's memory."""
        return self

    def cuda(self, device=None, non_blocking: bool = False):
        """AssertionError: there is no CUDA here."""
        raise AssertionError("Torch not compiled with CUDA enabled")

    def to(self, *, device, non_blocking: bool = False) -> UntypedStorage:
        """Itself, or an error for another device."""
        check_device(device)
        return self

    def share_memory_(self) -> UntypedStorage:
        """Moves the bytes to memory that other processes can map."""
        self._tensor.share_memory_()
        return self

    def is_shared(self) -> bool:
        """True if the bytes lie in shared memory."""
        return self._tensor.is_shared()

    def is_pinned(self, device="cuda") -> bool:
        """False: pinned memory belongs to CUDA."""
        return False

    @classmethod
    def from_file(cls, filename, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
        """A file's bytes: mapped, so that writes go to the file, if `shared`; else in memory."""
        if shared:
            if not os.path.exists(filename) or os.path.getsize(filename) < nbytes:
                with open(filename, "ab") as file:
                    file.truncate(nbytes)
            array = np.memmap(filename, np.uint8, "r+", shape=(nbytes,)) if nbytes else None
        else:
            array = np.memmap(filename, np.uint8, "c", shape=(nbytes,)) if nbytes else None
        if array is None:
            return cls(0)
        return cls(from_numpy(array.view(np.ndarray)))

    def __repr__(self) -> str:
        lines = "\n".join(f" {b}" for b in self.tolist())
        return f"{lines}\n[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


class TypedStorage:
    """The memory under a tensor and its views, as elements.

    >>> import numtorch as torch
    >>> storage = torch.tensor([1, 2, 3]).storage()
    >>> storage.size(), storage[1]
    (3, 2)
    """

    __slots__ = ("_tensor", "dtype", "_fresh")
    _fixed = None  # the dtype of FloatStorage and its like

    def __init__(self, *args, wrap_storage=None, dtype=None, device=None, _internal=False):
        check_device(device)
        first = args[0] if args else 0
        dtype = self._fixed or dtype or _dtypes.default
        if wrap_storage is not None:
            first = wrap_storage._tensor
            first = first if first.dtype is dtype else first.flatten().view(dtype)
        if isinstance(first, Tensor):
            self._tensor, self.dtype = first, first.dtype
        else:
            self._tensor, self.dtype = _elements(type(self).__name__, first, dtype), dtype
        self._fresh = False  # no tensor has been made of it yet (when it is being loaded)

    @property
    def _untyped(self) -> UntypedStorage:
        return UntypedStorage(self._tensor)

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return self._untyped

    _untyped_storage = _untyped

    def data_ptr(self) -> int:
        """Address of the first element."""
        return self._untyped.data_ptr()

    def nbytes(self) -> int:
        """Bytes from the first element to the last."""
        return self._untyped.nbytes()

    def size(self) -> int:
        """Number of elements."""
        return self._untyped._numel()

    __len__ = size

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def device(self):
        return self._untyped.device

    def tolist(self) -> list:
        """All elements as Python numbers."""
        return _dtypes.to_values(self._untyped._array(), self.dtype).tolist()

    def __getitem__(self, k):
        return self.tolist()[k]

    def __setitem__(self, k, value) -> None:
        flat = self._untyped._array()
        flat[k] = _dtypes.from_values(np.asarray(value), self.dtype)
        self._untyped._written()

    def __iter__(self):
        return iter(self.tolist())

    def cpu(self) -> TypedStorage:
        """Itself: it is in the CPU's memory."""
        return self

    def __repr__(self) -> str:
        lines = "\n".join(f" {x}" for x in self.tolist())
        return (
            f"{lines}\n[torch.storage.TypedStorage(dtype={self.dtype}, device=cpu) of size "
            f"{self.size()}]"
        )


def _elements(name: str, content, dtype) -> Tensor:
    """Memory for n elements, or for the given ones."""
    if isinstance(content, int):
        if content < 0:
            raise RuntimeError(f"Storage size calculation overflowed with sizes=[{content}]")
        buf = alloc(content * dtype.itemsize)
        return wrap(Lazy(meta((content,), dtype), buf, buf.addr))
    if isinstance(content, (str, bytes)) or not hasattr(content, "__len__"):
        raise TypeError(f"{name} takes a size or a sequence, not {type(content).__name__}")
    return tensor(list(content), dtype=dtype)


def _storage_class(name: str, dtype):
    doc = f"The memory of tensors of {dtype}."
    return type(name, (TypedStorage,), {
        "_fixed": dtype, "__slots__": (), "__doc__": doc, "__module__": "torch",
    })  # fmt: skip


DoubleStorage = _storage_class("DoubleStorage", _dtypes.float64)
FloatStorage = _storage_class("FloatStorage", _dtypes.float32)
HalfStorage = _storage_class("HalfStorage", _dtypes.float16)
LongStorage = _storage_class("LongStorage", _dtypes.int64)
IntStorage = _storage_class("IntStorage", _dtypes.int32)
ShortStorage = _storage_class("ShortStorage", _dtypes.int16)
CharStorage = _storage_class("CharStorage", _dtypes.int8)
ByteStorage = _storage_class("ByteStorage", _dtypes.uint8)
BoolStorage = _storage_class("BoolStorage", _dtypes.bool_)
BFloat16Storage = _storage_class("BFloat16Storage", _dtypes.bfloat16)
ComplexDoubleStorage = _storage_class("ComplexDoubleStorage", _dtypes.complex128)
ComplexFloatStorage = _storage_class("ComplexFloatStorage", _dtypes.complex64)
TYPED = (
    DoubleStorage, FloatStorage, HalfStorage, LongStorage, IntStorage, ShortStorage, CharStorage,
    ByteStorage, BoolStorage, BFloat16Storage, ComplexDoubleStorage, ComplexFloatStorage,
)  # fmt: skip
CLASSES = {UntypedStorage, TypedStorage, *TYPED}


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory of this tensor and its views, as bytes.

    >>> import numtorch as torch
    >>> torch.tensor([1.5, 2.5]).untyped_storage().nbytes()
    8
    """
    return UntypedStorage(self)


def storage(self: Tensor) -> TypedStorage:
    """The memory of this tensor and its views, as elements.

    >>> import numtorch as torch
    >>> torch.tensor([1.5, 2.5]).storage().tolist()
    [1.5, 2.5]
    """
    return TypedStorage(self)


def _load_from_bytes(data: bytes):
    """What a plain pickle of PyTorch's tensors calls: it may run code, as any pickle may."""
    import io

    from .serialization import load

    return load(io.BytesIO(data), weights_only=False)


def is_storage(obj) -> bool:
    """True for storages.

    >>> import numtorch as torch
    >>> torch.is_storage(torch.zeros(2).untyped_storage()), torch.is_storage(torch.zeros(2))
    (True, False)
    """
    return isinstance(obj, (UntypedStorage, TypedStorage))


# ---------------------------------------------------------------- other memory for a tensor


def adopt(t: Tensor, alias: Tensor) -> Tensor:
    """t sees the memory of a detached alias from now on; its versions go on counting."""
    local.tape.take_over(t, alias)
    return t


def _refuse_leaf(t: Tensor) -> None:
    if t._rg and local.tape.grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
            if t._rg == 1 else "cannot set the memory of a tensor that requires grad"
        )


def set_(self: Tensor, source=None, storage_offset: int = 0, size=None, stride=None) -> Tensor:
    """Makes the tensor see the memory of `source`: a tensor or a storage (none: an empty one).

    >>> import numtorch as torch
    >>> x = torch.tensor([1, 2, 3, 4])
    >>> torch.empty(0, dtype=torch.int64).set_(x.untyped_storage(), 1, (2,), (2,))
    tensor([2, 4])
    """
    _refuse_leaf(self)
    if source is None:
        source = wrap(Lazy(meta((0,), self.dtype), buf := alloc(0), buf.addr))
    if is_storage(source):
        owner = (source.untyped() if isinstance(source, TypedStorage) else source)._tensor
        item = owner.dtype.itemsize
        size = (source.nbytes() // item - storage_offset,) if size is None else tuple(size)
    elif isinstance(source, Tensor):
        owner = source
    else:
        raise TypeError(f"set_(): argument 'source' must be Tensor, not {type(source).__name__}")
    if owner.dtype is not self.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {_dtype_name(self)} to a tensor of type "
            f"{_dtype_name(owner)}"
        )
    alias = owner.detach()
    if size is not None:
        size = (size,) if isinstance(size, int) else tuple(size)
        stride = row_major(size) if stride is None else tuple(stride)
        alias = alias.as_strided(size, stride, storage_offset)
    return _counted(adopt(self, alias))


def _dtype_name(t: Tensor) -> str:
    return {"f32": "float", "f64": "double", "i64": "long int", "i32": "int"}.get(
        t.dtype.short, t.dtype.name
    )


def resize_(self: Tensor, *sizes, memory_format=None) -> Tensor:
    """Changes the shape; the elements keep their place in memory, new ones are not set.

    More elements than the memory holds get new memory, which other views of it do not see.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3, 4]).resize_(2, 2)
    tensor([[1, 2],
            [3, 4]])
    """
    if len(sizes) == 1 and not isinstance(sizes[0], int):
        sizes = sizes[0]
    shape = tuple(int(n) for n in sizes)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension in {list(shape)}")
    if self._rg:
        raise RuntimeError("cannot resize variables that require grad")
    offset, m = self.storage_offset(), meta(shape, self.dtype)
    if shape == self._v.meta.shape:
        return self
    have = UntypedStorage(self)
    if offset + m.numel <= have._numel():
        return _counted(adopt(self, self.detach().as_strided(shape, row_major(shape), offset)))
    old = have._array()[offset:].copy()
    buf = alloc(m.nbytes)
    new = wrap(Lazy(m, buf, buf.addr))
    array_of(Lazy(meta((m.numel,), self.dtype), buf, buf.addr))[: old.size] = old
    return _counted(adopt(self, new.detach()))


def _counted(t: Tensor) -> Tensor:
    if t._st is None:
        t._count += 1
    else:
        counter_of(t).n += 1
    return t


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format=None) -> Tensor:
    """`resize_` to the shape of another tensor.

    >>> import numtorch as torch
    >>> torch.resize_as_(torch.tensor([1, 2, 3, 4]), torch.zeros(2, 2))
    tensor([[1, 2],
            [3, 4]])
    """
    return resize_(self, tuple(the_template.shape))


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """True if both see the same memory with the same sizes and strides.

    >>> import numtorch as torch
    >>> x = torch.zeros(4)
    >>> x.is_set_to(x.view(4)), x.is_set_to(x[1:])
    (True, False)
    """
    same = self is tensor or (self._st is not None and self._st is tensor._st)
    return same and (self.shape, self.stride(), self.storage_offset()) == (
        tensor.shape, tensor.stride(), tensor.storage_offset()
    )  # fmt: skip


for _method in (untyped_storage, storage, set_, resize_, resize_as_, is_set_to):
    setattr(Tensor, _method.__name__, _method)
