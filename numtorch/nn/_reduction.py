"""Reductions of losses; as numbers 0 'none', 1 'mean', 2 'sum', as in torch.nn._reduction."""

from __future__ import annotations

import warnings

from .._tensor import Tensor
from . import _check

_NAMES = ("none", "mean", "sum")


def get_enum(reduction: str) -> int:
    """The number of a reduction; ValueError for an unknown one.

    >>> from numtorch.nn._reduction import get_enum
    >>> get_enum("sum")
    2
    """
    if reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
            stacklevel=2,
        )
        return 1
    if reduction not in _NAMES:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return _NAMES.index(reduction)


def from_enum(reduction: int) -> str:
    """The inverse of `get_enum`."""
    if reduction not in (0, 1, 2):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return _NAMES[reduction]


def legacy_get_string(size_average, reduce, emit_warning: bool = True) -> str:
    """What the old arguments size_average and reduce mean."""
    with warnings.catch_warnings():
        if not emit_warning:
            warnings.simplefilter("ignore")
        return legacy(True if size_average is None else size_average,
                      True if reduce is None else reduce, "mean")  # fmt: skip


def legacy_get_enum(size_average, reduce, emit_warning: bool = True) -> int:
    """The number of what the old arguments mean."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))


def legacy(size_average, reduce, reduction: str) -> str:
    """`reduction`, or what the old arguments meant, with PyTorch's warning."""
    if size_average is None and reduce is None:
        return reduction
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    found = "none" if not reduce else "mean" if size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.",
        stacklevel=3,
    )
    return found


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """All of `loss`, its mean or its sum."""
    _check.reduction(reduction)
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()
