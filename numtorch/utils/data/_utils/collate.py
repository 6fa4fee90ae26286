"""Samples to batches."""

from __future__ import annotations

import copy
import ctypes
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.values import steps_of

from ...._creation import as_tensor, from_numpy, tensor
from ...._host_arrays import new_tensor, value_in_memory, values_of
from ...._joins import stack
from ...._tensor import Tensor

default_collate_err_msg_format = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)
arena = None  # in a worker: where its batches are written to (see transport.Arena)


def _new(shape: tuple[int, ...], dtype) -> tuple[Tensor, np.ndarray]:
    """An empty tensor, in the batch's segment if there is room, and an array over its memory."""
    at = None if arena is None else arena.take(meta(shape, dtype).nbytes)
    if at is None:
        return new_tensor(shape, dtype)
    return arena.lease.tensor(at, dtype, shape), arena.lease.array(at, dtype.np, shape)


def take_rows(t: Tensor, indices: Sequence[int]) -> Tensor:
    """Rows of a tensor in memory, copied by NumPy: what indexing and stacking would give."""
    v = t._value()
    index = np.asarray(indices, dtype=np.int64)
    out, array = _new((len(index), *v.meta.shape[1:]), v.meta.dtype)
    if array.size:
        np.take(values_of(v), index, axis=0, out=array, mode="clip")
    return out


def _stack_in_memory(batch: Sequence[Tensor]) -> Tensor | None:
    """The stack of tensors that are all in memory and of one kind, copied; else None."""
    first = batch[0]._v.meta
    values = []
    for t in batch:
        # What is pending is stacked by an op of the same kernel.
        v = value_in_memory(t) if t._v.meta is first else None
        if v is None:
            return None
        values.append(v)
    out, array = _new((len(batch), *first.shape), first.dtype)
    size, base = first.nbytes, array.ctypes.data
    for k, v in enumerate(values):
        if steps_of(v) is None:
            ctypes.memmove(base + k * size, v.addr, size)
        else:
            array[k] = values_of(v)
    return out


def collate_tensor_fn(batch: Sequence[Tensor], *, collate_fn_map=None) -> Tensor:
    """Tensors are stacked."""
    first = batch[0]
    if first.layout is not None and str(first.layout) != "torch.strided":
        raise RuntimeError(
            "Batches of sparse tensors are not currently supported by the default collate_fn; "
            "please provide a custom collate_fn to handle them appropriately."
        )
    out = _stack_in_memory(batch) if first._v.meta.numel else None
    if out is not None:
        return out
    shape = first.shape
    for k, t in enumerate(batch):
        if t.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(t.shape)} at entry {k}"
            )
    return stack(list(batch), 0)


def collate_numpy_array_fn(batch: Sequence[np.ndarray], *, collate_fn_map=None) -> Tensor:
    """Arrays become tensors and are stacked."""
    first = batch[0]
    if first.dtype.kind in "SUO":
        raise TypeError(default_collate_err_msg_format.format(first.dtype))
    if first.size and all(a.shape == first.shape and a.dtype == first.dtype for a in batch):
        try:
            dtype = _d.from_numpy(first.dtype)
        except TypeError:
            return collate_tensor_fn([as_tensor(a) for a in batch])
        out, array = _new((len(batch), *first.shape), dtype)
        for k, a in enumerate(batch):
            array[k] = a
        return out
    return collate([as_tensor(a) for a in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch, *, collate_fn_map=None) -> Tensor:
    """NumPy numbers become one tensor of their type."""
    return from_numpy(np.array(batch))


def collate_float_fn(batch, *, collate_fn_map=None) -> Tensor:
    """Floats become a float64 tensor."""
    return tensor(list(batch), dtype=_d.float64)


def collate_int_fn(batch, *, collate_fn_map=None) -> Tensor:
    """Ints become an int64 tensor, bools a bool tensor."""
    return tensor(list(batch))


def collate_str_fn(batch, *, collate_fn_map=None):
    """Strings and bytes stay as they are."""
    return batch


default_collate_fn_map: dict[type | tuple[type, ...], Callable] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}


def collate(batch: Sequence, *, collate_fn_map: Mapping | None = None) -> object:
    """A batch of samples: `collate_fn_map` says what to do with elements of which type.

    Mappings, named tuples and sequences are collated entry by entry.
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        if kind in collate_fn_map:
            return collate_fn_map[kind](batch, collate_fn_map=collate_fn_map)
        for known, fn in collate_fn_map.items():
            if isinstance(first, known):
                return fn(batch, collate_fn_map=collate_fn_map)

    def column(samples):
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {k: column([sample[k] for sample in batch]) for k in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*map(column, zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [column(samples) for samples in zip(*batch)])
    raise TypeError(default_collate_err_msg_format.format(kind))


def _like_mapping(first: Mapping, found: dict) -> object:
    """`found` in a mapping of the same type, if one can be made."""
    try:
        if isinstance(first, MutableMapping):
            clone = copy.copy(first)
            clone.update(found)
            return clone
        return type(first)(found)
    except TypeError:
        return found


def _like_sequence(first: Sequence, found: list) -> object:
    """`found` in a sequence of the same type, if one can be made; a list for tuples."""
    if type(first) is list or isinstance(first, tuple):
        return found
    try:
        if isinstance(first, MutableSequence):
            clone = copy.copy(first)
            for i, x in enumerate(found):
                clone[i] = x
            return clone
        return type(first)(found)
    except TypeError:
        return found


def default_collate(batch: Sequence) -> object:
    """Samples to a batch: tensors are stacked, numbers become tensors, structure is kept.

    >>> from numtorch.utils.data import default_collate
    >>> default_collate([(1, {"a": 2.0}), (3, {"a": 4.0})])
    [tensor([1, 3]), {'a': tensor([2., 4.], dtype=torch.float64)}]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def default_convert(data) -> object:
    """A sample without a batch dim: arrays become tensors.

    >>> import numpy as np
    >>> from numtorch.utils.data import default_convert
    >>> default_convert([np.array([0, 1]), "name"])
    [tensor([0, 1]), 'name']
    """
    if isinstance(data, Tensor):
        return data
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, (np.number, np.bool_)):
        return tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {k: default_convert(v) for k, v in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(x) for x in data])
    return data
