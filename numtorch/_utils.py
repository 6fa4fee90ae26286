"""torch._utils: what plain pickles of PyTorch's tensors name, and lists of tensors as one."""

from __future__ import annotations

from ._joins import cat
from ._serialization.rebuild import (
    _rebuild_device_tensor_from_cpu_tensor,
    _rebuild_from_type_v2,
    _rebuild_parameter,
    _rebuild_parameter_with_state,
    _rebuild_sparse_tensor,
    _rebuild_tensor,
    _rebuild_tensor_v2,
    _rebuild_tensor_v3,
)
from ._tensor import Tensor

__all__ = [
    "_flatten_dense_tensors", "_take_tensors", "_unflatten_dense_tensors",
    "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_from_type_v2",
    "_rebuild_parameter",
    "_rebuild_parameter_with_state", "_rebuild_sparse_tensor", "_rebuild_tensor",
    "_rebuild_tensor_v2", "_rebuild_tensor_v3",
]  # fmt: skip


def _flatten_dense_tensors(tensors) -> Tensor:
    """One 1-d tensor of the elements of all; of one dtype.

    >>> import numtorch as torch
    >>> torch._utils._flatten_dense_tensors([torch.ones(2), torch.zeros(1, 1)])
    tensor([1., 1., 0.])
    """
    return cat([t.contiguous().view(-1) for t in tensors])


def _unflatten_dense_tensors(flat: Tensor, tensors) -> tuple[Tensor, ...]:
    """Views of a flat tensor with the shapes of the given ones."""
    found, at = [], 0
    for t in tensors:
        found.append(flat.narrow(0, at, t.numel()).view(t.shape))
        at += t.numel()
    return tuple(found)


def _take_tensors(tensors, size_limit: int):
    """Lists of tensors of one type, of at most `size_limit` bytes unless of a single one."""
    open_lists: dict = {}
    for t in tensors:
        held = open_lists.setdefault(t.type(), [])
        if held and sum(h.nbytes for h in held) + t.nbytes > size_limit:
            yield list(held)
            held.clear()
        held.append(t)
    yield from (held for held in open_lists.values() if held)
