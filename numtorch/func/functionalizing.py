"""functionalize: a function without visible writes."""

from __future__ import annotations

import functools
from collections.abc import Callable

from .._tensor import Tensor


def functionalize(func: Callable, *, remove: str = "mutations") -> Callable:
    """func itself: on the tape every in-place operation is one that makes a new value already.

    remove: "mutations" or "mutations_and_views"; RuntimeError for anything else.

    >>> import numtorch as torch
    >>> torch.func.functionalize(lambda x: x.clone().add_(1))(torch.zeros(2))
    tensor([1., 1.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. "
            "Valid options are:\n"
            "     remove='mutations': all inplace and out= operators will be removed from the "
            "program, and replaced with their out-of-place equivalents.\n"
            "     remove='mutations_and_views': In addition to the above, all aliasing operators "
            "{view} will be replaced with their non-aliasing counterparts, {view}_copy.\n"
        )

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        return func(*args, **kwargs)

    return wrapped


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor behind the wrappers of a transform: there are none here.

    >>> import numtorch as torch
    >>> torch.func.debug_unwrap(torch.ones(2))
    tensor([1., 1.])
    """
    return tensor
