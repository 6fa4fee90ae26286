"""What PyTorch's pickles call to make tensors of storages. Every argument is checked."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy
from numtorch.jit.views import row_major

from .. import _descriptors, nn
from .._interop import refuse_names, set_state
from .._storage import TypedStorage
from .._tensor import Tensor, wrap

FUNCTIONS: list = []
_LARGEST = (1 << 63) - 1


def _named(module: str):
    """The function is called by this name in pickles."""

    def decorate(f):
        f._torch_name = (module, f.__name__)
        FUNCTIONS.append(f)
        return f

    return decorate


def _ints(values, what: str) -> tuple[int, ...]:
    if not isinstance(values, (tuple, list)) or any(type(n) is not int for n in values):
        raise RuntimeError(f"the {what} of a tensor in the file is not a tuple of ints")
    if any(not 0 <= n <= _LARGEST for n in values):
        raise RuntimeError(f"the {what} of a tensor in the file has a negative or huge number")
    return tuple(values)


def _check_layout(storage, offset, size: tuple, stride: tuple, dtype) -> None:
    if not isinstance(storage, TypedStorage):
        raise RuntimeError(
            f"a tensor in the file needs a storage, but has a {type(storage).__name__}"
        )
    if type(offset) is not int or not 0 <= offset <= _LARGEST:
        raise RuntimeError("the storage offset of a tensor in the file is not a valid number")
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    count = 1
    for n in size:
        count *= n
    if count > _LARGEST // dtype.itemsize:
        raise RuntimeError("a tensor in the file has more elements than memory can have")
    need = 0 if 0 in size else offset + 1 + sum((n - 1) * s for n, s in zip(size, stride))
    have, item = storage.nbytes(), dtype.itemsize
    if need * item > have:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and "
            f"itemsize {item} requiring a storage size of {need * item} are out of bounds for "
            f"storage of size {have}"
        )


def _tensor_over(storage, offset, size, stride, dtype) -> Tensor:
    """A tensor that sees part of a storage, as all others over it do."""
    size, stride = _ints(size, "shape"), _ints(stride, "strides")
    _check_layout(storage, offset, size, stride, dtype)
    numel = storage.nbytes() // dtype.itemsize
    m = meta(size, dtype)
    if storage._fresh:
        # The first tensor owns the memory; most storages have no other.
        v = storage._tensor._v
        whole = offset == 0 and m.numel == numel and stride == row_major(size)
        m = m if whole else meta((numel,), dtype)
        storage._tensor, storage._fresh = wrap(Lazy(m, v.buf, v.addr)), False
        storage.dtype = dtype
        if whole:
            return storage._tensor
    owner = storage._tensor
    if owner.dtype is not dtype:
        raise NotImplementedError(
            "tensors of different dtypes over one storage are not implemented in numtorch"
        )
    return owner.detach().as_strided(size, stride, offset).detach()


@_named("torch._utils")
def _rebuild_tensor(storage, storage_offset, size, stride):
    return _tensor_over(storage, storage_offset, size, stride, getattr(storage, "dtype", None))


@_named("torch._utils")
def _rebuild_tensor_v2(
    storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata=None
):
    t = _rebuild_tensor(storage, storage_offset, size, stride)
    return _finished(t, requires_grad, metadata)


@_named("torch._utils")
def _rebuild_tensor_v3(
    storage, storage_offset, size, stride, requires_grad, backward_hooks, dtype, metadata=None
):
    t = _tensor_over(storage, storage_offset, size, stride, _dtype(dtype))
    return _finished(t, requires_grad, metadata)


def _dtype(dtype):
    if not isinstance(dtype, _d.DType):
        raise RuntimeError(f"the dtype of a tensor in the file is a {type(dtype).__name__}")
    return dtype


def _finished(t: Tensor, requires_grad, metadata) -> Tensor:
    if type(requires_grad) is not bool or not isinstance(metadata, (dict, type(None))):
        raise RuntimeError("requires_grad must be a bool")
    for flag in metadata or ():
        if flag not in ("conj", "neg"):
            raise RuntimeError(f"unknown property {flag!r} of a tensor in the file")
        if metadata[flag]:
            t = t.conj().resolve_conj() if flag == "conj" else -t
    return t.requires_grad_() if requires_grad else t


@_named("torch._utils")
def _rebuild_parameter(data, requires_grad, backward_hooks):
    if not isinstance(data, Tensor) or type(requires_grad) is not bool:
        raise RuntimeError("a parameter in the file has no tensor")
    if type(data) is not Tensor:
        return nn.Parameter(data, requires_grad)
    data.__class__ = nn.Parameter  # it was made for this: no second alias of the memory
    return data.requires_grad_(requires_grad)


@_named("torch._utils")
def _rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    return _set_state(_rebuild_parameter(data, requires_grad, backward_hooks), state)


@_named("torch._tensor")
def _rebuild_from_type_v2(func, new_type, args, state):
    if func not in FUNCTIONS or type(args) is not tuple:
        raise RuntimeError("a tensor in the file is not made by a function that makes tensors")
    if not isinstance(new_type, type) or not issubclass(new_type, Tensor):
        raise RuntimeError(f"a tensor in the file has the class {new_type}, which is none")
    t = func(*args)
    if isinstance(state, dict) and state.get("_is_buffer") is True and type(t) is Tensor:
        state = {k: v for k, v in state.items() if k != "_is_buffer"}
        t.__class__ = nn.Buffer
        t.persistent = bool(state.pop("persistent", True))
    elif type(t) is not new_type:
        t = t.as_subclass(new_type)
    own = getattr(new_type, "__setstate__", None)
    if own is not None and own is not getattr(Tensor, "__setstate__", None):
        own(t, state)
        return t
    return _set_state(t, state)


def _set_state(t: Tensor, state) -> Tensor:
    slots = {}
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if not isinstance(state or {}, dict) or not isinstance(slots or {}, dict):
        raise RuntimeError("the attributes of a tensor in the file are not a dict")
    refuse_names([*(state or {}), *(slots or {})])
    return set_state(t, {**(state or {}), **(slots or {})})


@_named("torch._utils")
def _rebuild_sparse_tensor(layout, data):
    from .. import sparse

    if not isinstance(layout, _descriptors.layout) or type(data) is not tuple:
        raise RuntimeError("a sparse tensor in the file has no layout")
    if layout.name == "sparse_coo" and len(data) in (3, 4):
        indices, values, size = data[:3]
        _check_parts(indices, values)
        done = len(data) == 4 and data[3] is True
        return sparse.sparse_coo_tensor(
            indices, values, _ints(size, "shape"), is_coalesced=done
        )
    if layout.name in ("sparse_csr", "sparse_csc") and len(data) == 4:
        make = getattr(sparse, f"{layout.name}_tensor")
        _check_parts(*data[:3])
        return make(*data[:3], _ints(data[3], "shape"))
    raise NotImplementedError(f"rebuilding sparse tensor for layout {layout}")


def _check_parts(*parts) -> None:
    if not all(isinstance(p, Tensor) for p in parts):
        raise RuntimeError("the parts of a sparse tensor in the file are not tensors")
    if any(p.dtype.kind != "i" for p in parts[:-1]):
        raise RuntimeError("the indices of a sparse tensor in the file are not integers")


@_named("torch._utils")
def _rebuild_device_tensor_from_cpu_tensor(data, dtype, device, requires_grad):
    if not isinstance(data, Tensor):
        raise RuntimeError("a tensor in the file has no data")
    return _finished(data.to(_dtype(dtype)), requires_grad, None)


@_named("torch.serialization")
def _get_layout(name):
    found = _descriptors.CONSTANTS.get(str(name).removeprefix("torch."))
    if not isinstance(found, _descriptors.layout):
        raise RuntimeError("the file names a layout that does not exist")
    return found


def _unsupported(name: str, what: str) -> None:
    def refuse(*args, **kwargs):
        raise NotImplementedError(f"the file holds {what}, which numtorch does not have")

    refuse.__name__ = refuse.__qualname__ = name
    _named("torch._utils")(refuse)


_unsupported("_rebuild_qtensor", "quantized tensors")
_unsupported("_rebuild_nested_tensor", "nested tensors")
_unsupported("_rebuild_meta_tensor_no_storage", "tensors on the 'meta' device")
_unsupported("_rebuild_wrapper_subclass", "tensor wrapper subclasses")
