"""Pooling over windows: maximum, mean, p-norm, adaptive, fractional, and unpooling."""

from __future__ import annotations

import math

from .._examples import described
from .._saves import kept
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor, recorder, with_out

__all__ = [f"max_pool{k}d{tail}" for k in (1, 2, 3) for tail in ("", "_with_indices")] + [
    f"{kind}{k}d" for kind in ("avg_pool", "lp_pool") for k in (1, 2, 3)
]  # fmt: skip

_max_pool = recorder("max_pool", _check.max_pool)
_max_pool_index = recorder("max_pool_index")
_avg_pool = recorder("avg_pool")


def ints(x, k: int, name: str, what: str) -> tuple[int, ...]:
    """An int or a sequence of 1 or k of them as k ints."""
    if x.__class__ is int:
        return (x,) * k
    found = tuple(x) if isinstance(x, (tuple, list)) else (int(x),)
    if len(found) not in (1, k):
        words = {1: "one int", 2: "two ints", 3: "three ints"}
        raise RuntimeError(
            f"{name}: {what} must either be a single int, or a tuple of {words[k]}"
        )
    return found if len(found) == k else found * k


def _geometry(name, k, kernel, stride, padding, dilation):
    kernel = ints(kernel, k, name, "kernel_size")
    stride = kernel if stride is None or stride == () else ints(stride, k, name, "stride")
    return kernel, stride, ints(padding, k, name, "padding"), ints(dilation, k, name, "dilation")


def _extra(ins, kernel, stride, padding, dilation, ceil_mode: bool) -> tuple[int, ...]:
    """Padding after the end for ceil_mode: windows may stick out, but must begin inside."""
    if not ceil_mode:
        return (0,) * len(kernel)
    extra = []
    for n, k, s, p, d in zip(ins, kernel, stride, padding, dilation):
        span = d * (k - 1) + 1
        out = -(-(n + 2 * p - span) // s) + 1
        if (out - 1) * s >= n + p:
            out -= 1
        extra.append(max(0, (out - 1) * s + span - (n + 2 * p)))
    return tuple(extra)


def _batched(name: str, x: Tensor, k: int) -> Tensor:
    must_be_tensor(name, input=x)
    if x.dim() not in (k + 1, k + 2):
        if name == "max_pool1d":
            raise _check.row_shape(x.shape)
        if k == 1:
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {x.dim()}-dimensional tensor for argument #1 "
                f"'self' (while checking arguments for {name})"
            )
        if name.startswith("adaptive"):
            colon = ":" if "max" in name else ""
            raise RuntimeError(
                f"{name}(): Expected {k + 1}D or {k + 2}D tensor, but got{colon} {list(x.shape)}"
            )
        if k == 2 and x.dim() < 3 and not name.startswith("max"):
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-x.dim()}, {x.dim() - 1}], "
                "but got -3)"
            )
        if k == 2 and name == "avg_pool2d":
            raise RuntimeError(
                "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, "
                f"but got:{list(x.shape)}"
            )
        raise RuntimeError(f"non-empty {k + 1}D or {k + 2}D (batch mode) tensor expected for input")
    return x if x.dim() == k + 2 else x.unsqueeze(0)


def _unbatched(out: Tensor, like: Tensor, k: int) -> Tensor:
    return out if like.dim() == k + 2 else out.squeeze(0)


@kept("max_pool")
def _max(name, k, input, kernel, stride, padding, dilation, ceil_mode, return_indices):
    x = _batched(name, input, k)
    kernel, stride, padding, dilation = _geometry(name, k, kernel, stride, padding, dilation)
    ok = min(stride) > 0 and min(kernel) > 0
    extra = _extra(x.shape[2:], kernel, stride, padding, dilation, ceil_mode and ok)
    attrs = (kernel, stride, padding, dilation, extra)
    try:
        out = _max_pool((x,), attrs)
    except RuntimeError:  # in the words for the input as it was given
        row = k == 1 and return_indices
        _check.pool_geometry(name, input.shape, kernel, stride, padding, dilation, row)
        raise
    out = _unbatched(out, input, k)
    if not return_indices:
        return out
    return out, _unbatched(_max_pool_index((x,), attrs), input, k)


def _name_with_indices(function, name: str) -> None:
    function.__name__ = name + "_with_indices"
    function.__doc__ = described(
        f"nn.functional.{name}_with_indices", f"{name} and the indices of the maxima."
    )


def _max_function(k: int):
    name = f"max_pool{k}d"

    def pool(
        input: Tensor, kernel_size, stride=None, padding=0, dilation=1, ceil_mode: bool = False,
        return_indices: bool = False,
    ):  # fmt: skip
        return _max(name, k, input, kernel_size, stride, padding, dilation, ceil_mode,
                    return_indices)  # fmt: skip

    def with_indices(
        input: Tensor, kernel_size, stride=None, padding=0, dilation=1, ceil_mode: bool = False,
        return_indices: bool = False,
    ):  # fmt: skip
        return _max(name, k, input, kernel_size, stride, padding, dilation, ceil_mode, True)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = described(
        f"nn.functional.{name}",
        f"Maximum of each window over the last {k} dims; the stride is kernel_size by default.\n\n"
        "With return_indices also where it lies (linear index over the pooled dims)."
    )  # fmt: skip
    _name_with_indices(with_indices, name)
    return pool, with_indices


max_pool1d, max_pool1d_with_indices = _max_function(1)
max_pool2d, max_pool2d_with_indices = _max_function(2)
max_pool3d, max_pool3d_with_indices = _max_function(3)


@kept("avg_pool")
def _avg(name, k, input, kernel, stride, padding, ceil_mode, include_pad, divisor) -> Tensor:
    x = _batched(name, input, k)
    kernel, stride, padding, ones = _geometry(name, k, kernel, stride, padding, 1)
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    if not x.dtype.differentiable and x.dtype.short != "i64":
        raise _check.not_implemented(name, x)
    _check.pool_geometry(name, input.shape, kernel, stride, padding, ones, k == 1)
    extra = _extra(x.shape[2:], kernel, stride, padding, ones, ceil_mode)
    attrs = (kernel, stride, padding, extra, bool(include_pad), divisor)
    return _unbatched(_avg_pool((x,), attrs), input, k)


def avg_pool1d(
    input: Tensor, kernel_size, stride=None, padding=0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """Mean of each window of [N, C, L] or [C, L].

    >>> import numtorch as torch
    >>> torch.nn.functional.avg_pool1d(torch.tensor([[1.0, 2.0, 3.0, 6.0]]), 2)
    tensor([[1.5000, 4.5000]])
    """
    return _avg("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode,
                count_include_pad, None)  # fmt: skip


@with_out
def avg_pool2d(
    input: Tensor, kernel_size, stride=None, padding=0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Mean of each window of [N, C, H, W] or [C, H, W].

    >>> import numtorch as torch
    >>> torch.nn.functional.avg_pool2d(torch.tensor([[[1.0, 2.0], [3.0, 6.0]]]), 2)
    tensor([[[3.]]])
    """
    return _avg("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode,
                count_include_pad, divisor_override)  # fmt: skip


@with_out
def avg_pool3d(
    input: Tensor, kernel_size, stride=None, padding=0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Mean of each window of [N, C, D, H, W] or [C, D, H, W].

    >>> import numtorch as torch
    >>> torch.nn.functional.avg_pool3d(torch.zeros(1, 3, 4, 6, 8), 2).shape
    torch.Size([1, 3, 2, 3, 4])
    """
    return _avg("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode,
                count_include_pad, divisor_override)  # fmt: skip


def _lp(k: int):
    def pool(input: Tensor, norm_type, kernel_size, stride=None, ceil_mode: bool = False) -> Tensor:
        kernel = ints(kernel_size, k, f"lp_pool{k}d", "kernel_size")
        mean = _avg(f"avg_pool{k}d", k, input.pow(norm_type), kernel, stride, 0, ceil_mode, True,
                    None)  # fmt: skip
        total = (mean.sign() * mean.abs().relu()) * math.prod(kernel)
        return total.pow(1.0 / norm_type)

    pool.__name__ = pool.__qualname__ = f"lp_pool{k}d"
    pool.__doc__ = described(
        f"nn.functional.lp_pool{k}d", f"p-norm of each window over the last {k} dims."
    )
    return pool


lp_pool1d, lp_pool2d, lp_pool3d = _lp(1), _lp(2), _lp(3)
