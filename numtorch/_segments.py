"""Reductions over parts of a dim that follow each other: segment_reduce."""

from __future__ import annotations

import numpy as np

from . import _creation
from ._api import function
from ._descriptors import check_dim
from ._indexing import array_now
from ._tensor import Tensor

_KINDS = {"sum": "sum", "mean": "mean", "prod": "prod", "max": "amax", "min": "amin",
          "amax": "amax", "amin": "amin"}  # fmt: skip
_EMPTY = {"sum": 0.0, "mean": float("nan"), "prod": 1.0, "amax": -np.inf, "amin": np.inf}


@function(
    "segment_reduce(Tensor data, str reduce, *, Tensor? lengths=None, Tensor? indices=None, "
    "Tensor? offsets=None, int axis=0, bool unsafe=False, any initial=None)",
    method=False,
)
def segment_reduce(data, reduce, lengths, indices, offsets, axis, unsafe, initial):
    """Reduces segments of data along `axis`: 'sum', 'mean', 'max', 'min' or 'prod' of each.

    The segments are given by their `lengths`, or by the `offsets` at which they begin and the
    last one ends: [..., segments] or [..., segments + 1], whose leading dims are those of data
    before `axis`. An empty segment is `initial`, or what the reduction starts from. Returns
    data's shape with the segments in place of axis. RuntimeError for other reductions, lengths
    that do not add up to the size (unless `unsafe`) and negative ones.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    >>> torch.segment_reduce(x, "sum", lengths=torch.tensor([1, 0, 3]))
    tensor([1., 0., 9.])
    """
    kind = _KINDS.get(reduce)
    if kind is None:
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    if not data.dtype.differentiable or data.dtype.kind == "c":
        raise NotImplementedError(
            f"\"_segment_reduce_cpu\" not implemented for '{data.dtype.scalar_type}'"
        )
    axis = check_dim(axis, data.dim())
    given = offsets if offsets is not None else lengths
    name = "offsets" if offsets is not None else "lengths"
    _check(data, given, name, indices, axis)
    ends = _bounds(data, given, name, axis, unsafe)
    rows, segments = _members(ends, data.size(axis))
    flat = data.reshape(-1, *data.shape[axis + 1 :])
    chosen = flat.index_select(0, _creation.from_numpy(rows))
    out = _reduced(chosen, segments, ends[:, 1:].size, kind, initial)
    return out.reshape(*data.shape[:axis], ends.shape[1] - 1, *data.shape[axis + 1 :])


def _check(data: Tensor, given, name: str, indices, axis: int) -> None:
    if given is None:
        if indices is not None:
            raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    if data.numel() == 0:
        raise RuntimeError("Expected data.numel() > 0 to be true, but got false.  (Could this error"
                           " message be improved?  If so, please report an enhancement request to "
                           "PyTorch.)")  # fmt: skip
    if axis != given.dim() - 1:
        raise RuntimeError(
            f"segment_reduce(): Expected axis to be the last dimension of {name} but got {axis}."
        )
    if given.dtype.short not in ("i64", "i32"):
        raise NotImplementedError(
            f"\"_segment_reduce_{name}_cpu_kernel1\" not implemented for "
            f"'{given.dtype.scalar_type}'"
        )


def _bounds(data: Tensor, given: Tensor, name: str, axis: int, unsafe: bool) -> np.ndarray:
    """Where the segments of each row of leading dims begin and end: [rows, segments + 1]."""
    found = array_now(given.detach()).reshape(-1, given.size(-1)).astype(np.int64)
    if name == "offsets":
        return found
    if not unsafe:
        if (found < 0).any():
            raise RuntimeError("lengths contains negative value!")
        if (found.sum(1) != data.size(axis)).any():
            raise RuntimeError(
                "segment_reduce(): Expected all rows of lengths along axis to sum to "
                "data.size(lengths.dim()-1) when !unsafe."
            )
    return np.concatenate((np.zeros((len(found), 1), np.int64), found.cumsum(1)), 1)


def _members(ends: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the data, leading dims flattened, that are in a segment, and in which."""
    starts = ends[:, :-1] + size * np.arange(len(ends))[:, None]
    counts = np.diff(ends, axis=1).ravel()
    segments = np.repeat(np.arange(counts.size), counts)
    before = np.cumsum(counts) - counts
    return (starts.ravel() - before)[segments] + np.arange(len(segments)), segments


def _reduced(chosen: Tensor, segments: np.ndarray, n: int, kind: str, initial) -> Tensor:
    start = initial if initial is not None else 0.0 if kind == "mean" else _EMPTY[kind]
    out = chosen.new_full((n, *chosen.shape[1:]), start)
    index = _creation.from_numpy(segments).reshape(-1, *(1,) * (chosen.dim() - 1))
    scattered, extreme = "sum" if kind == "mean" else kind, kind in ("amax", "amin")
    out = out.scatter_reduce(
        0, index.expand(chosen.shape), chosen, scattered, include_self=not extreme
    )
    if extreme and initial is not None:  # an element as large as `initial` takes the gradient
        return out.masked_fill(out < start if kind == "amax" else out > start, start)
    if kind != "mean":
        return out
    counts = np.bincount(segments, minlength=n)
    empty = initial if initial is not None else _EMPTY["mean"]
    shape = (-1, *(1,) * (chosen.dim() - 1))
    divisor = _creation.from_numpy(np.maximum(counts, 1)).reshape(shape).to(chosen.dtype)
    return (out / divisor).masked_fill(_creation.from_numpy(counts == 0).reshape(shape), empty)
