"""Reductions of losses as numbers: 0 'none', 1 'mean', 2 'sum', as in torch.nn._reduction."""

from __future__ import annotations

import warnings

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
    from ._losses import legacy

    with warnings.catch_warnings():
        if not emit_warning:
            warnings.simplefilter("ignore")
        return legacy(True if size_average is None else size_average,
                      True if reduce is None else reduce, "mean")  # fmt: skip


def legacy_get_enum(size_average, reduce, emit_warning: bool = True) -> int:
    """The number of what the old arguments mean."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
