"""Storages: the memory that tensors share; set_, resize_."""

from __future__ import annotations

from numtorch.jit import dtypes as _dtypes
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy, array_of, local, share
from numtorch.jit.runtime.allocator import alloc
from numtorch.jit.views import Counter, counter_of, row_major

from ._tensor import Tensor, wrap


class UntypedStorage:
    """The memory under a tensor and its views, as bytes; two of the same memory are equal.

    >>> import numtorch as torch
    >>> x = torch.zeros(4)
    >>> x.untyped_storage().nbytes(), x[1:].untyped_storage() == x.untyped_storage()
    (16, True)
    """

    __slots__ = ("_tensor", "_st")

    def __init__(self, tensor: Tensor):
        self._tensor, self._st = tensor, share(local.tape, tensor)

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

    def __repr__(self) -> str:
        lines = "\n".join(f" {b}" for b in self.tolist())
        return f"{lines}\n[torch.storage.UntypedStorage(device=cpu) of size {self.nbytes()}]"


class TypedStorage:
    """The memory under a tensor and its views, as elements."""

    __slots__ = ("_untyped", "dtype")

    def __init__(self, tensor: Tensor):
        self._untyped, self.dtype = UntypedStorage(tensor), tensor.dtype

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return self._untyped

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

    def __iter__(self):
        return iter(self.tolist())


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The memory of this tensor and its views, as bytes."""
    return UntypedStorage(self)


def storage(self: Tensor) -> TypedStorage:
    """The memory of this tensor and its views, as elements."""
    return TypedStorage(self)


def is_storage(obj) -> bool:
    """True for storages."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


# ---------------------------------------------------------------- other memory for a tensor


def adopt(t: Tensor, alias: Tensor) -> Tensor:
    """t sees the memory of a detached alias from now on; its versions go on counting."""
    counter = Counter(t._count) if t._st is None else counter_of(t)
    local.tape.forget(t)
    t._v, t._st, t._view = alias._v, alias._st, alias._view
    t._view.counter, t._view.base, t._view.origin = counter, None, None
    t._st.add_alias(t)
    tape = local.tape
    if t._rg == 1 and t._v.win is tape.win:
        tape.leaves[t._v.idx] = t
    return t


def _refuse_leaf(t: Tensor) -> None:
    if t._rg and local.tape.grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
            if t._rg == 1 else "cannot set the memory of a tensor that requires grad"
        )


def set_(self: Tensor, source=None, storage_offset: int = 0, size=None, stride=None) -> Tensor:
    """Makes the tensor see the memory of `source`: a tensor or a storage (none: an empty one)."""
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
    return adopt(self, alias)


def _dtype_name(t: Tensor) -> str:
    return {"f32": "float", "f64": "double", "i64": "long int", "i32": "int"}.get(
        t.dtype.short, t.dtype.name
    )


def resize_(self: Tensor, *sizes, memory_format=None) -> Tensor:
    """Changes the shape; the elements keep their place in memory, new ones are not set.

    More elements than the memory holds get new memory, which other views of it do not see.
    """
    if len(sizes) == 1 and not isinstance(sizes[0], int):
        sizes = sizes[0]
    shape = tuple(int(n) for n in sizes)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension in {list(shape)}")
    if self._rg:
        raise RuntimeError("cannot resize variables that require grad")
    offset, m = self.storage_offset(), meta(shape, self.dtype)
    if shape == self._v.meta.shape and self.is_contiguous():
        return _counted(self)
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
    """`resize_` to the shape of another tensor."""
    return resize_(self, tuple(the_template.shape))


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """True if both see the same memory with the same sizes and strides."""
    same = self is tensor or (self._st is not None and self._st is tensor._st)
    return same and (self.shape, self.stride(), self.storage_offset()) == (
        tensor.shape, tensor.stride(), tensor.storage_offset()
    )  # fmt: skip


for _method in (untyped_storage, storage, set_, resize_, resize_as_, is_set_to):
    setattr(Tensor, _method.__name__, _method)
