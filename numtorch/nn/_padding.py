"""Padding: constant, reflected, replicated, circular."""

from __future__ import annotations

from .. import _creation, _dims
from .._saves import kept
from .._tensor import Tensor
from ._record import must_be_tensor, recorder

_constant = recorder("constant_pad")


def pad(input: Tensor, pad, mode: str = "constant", value: float | None = None) -> Tensor:
    """`pad` holds (before, after) of the last dim, then of the one before it, and so on.

    mode: constant (filled with `value`), reflect, replicate or circular; the last three pad the
    last 1 to 3 dims of 2-D to 5-D tensors.

    >>> import numtorch as torch
    >>> torch.nn.functional.pad(torch.tensor([[1, 2, 3]]), (1, 1), "circular")
    tensor([[3, 1, 2, 3, 1]])
    """
    must_be_tensor("pad", input=input)
    if isinstance(pad, Tensor):
        pad = pad.tolist()
    if not isinstance(pad, (tuple, list)):
        raise TypeError(
            f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}"
        )
    for k, p in enumerate(pad):
        if not hasattr(p, "__index__"):
            raise TypeError(
                "pad(): argument 'pad' (position 2) must be tuple of ints, but found element of "
                f"type {type(p).__name__} at pos {k}"
            )
    pad = tuple(int(p) for p in pad)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    rank = input.dim()
    if len(pad) // 2 > rank:
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {rank}"
        )
    if mode == "constant":
        return _constant_pad(input, pad, value)
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    k = len(pad) // 2
    if not (1 <= k <= 3 and rank in (k + 1, k + 2)):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {rank}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    return (_indexed_pad if mode == "circular" else _mirrored_pad)(input, pad, mode)


def _constant_pad(input: Tensor, pad, value) -> Tensor:
    if value is not None and input.dtype.kind == "i":
        _creation.fitting(float(value), input.dtype)
    shape = input._v.meta.shape
    low, high = [0] * len(shape), [0] * len(shape)
    for k in range(0, len(pad), 2):
        low[-1 - k // 2], high[-1 - k // 2] = pad[k], pad[k + 1]
    x = input
    cut = {
        d: (max(0, -a), 1, n + min(0, a) + min(0, b))
        for d, (a, b, n) in enumerate(zip(low, high, shape)) if min(a, b) < 0
    }  # fmt: skip
    if cut:
        if any(n < 0 for _, _, n in cut.values()):
            bad = next(d for d, (_, _, n) in cut.items() if n < 0)
            raise RuntimeError(
                f"The input size {shape[bad]}, plus negative padding {low[bad]} and {high[bad]} "
                "resulted in a negative output size, which is invalid. Check dimension "
                f"{bad} of your input."
            )
        x = _dims.slice_view(x, cut)
    low, high = tuple(max(0, a) for a in low), tuple(max(0, b) for b in high)
    fill = 0 if value is None else value
    if isinstance(fill, (str, bytes)):
        raise TypeError(
            f"pad(): argument 'value' (position 4) must be float, not {type(fill).__name__}"
        )
    if input.dtype.kind == "f":
        fill = float(fill)
    elif input.dtype.kind == "c":
        fill = complex(fill)
    else:
        fill = bool(fill) if input.dtype.kind == "b" else int(fill)
    return _constant((x,), (low, high, fill))


def _indexed_pad(x: Tensor, pad, mode: str) -> Tensor:
    for k in range(0, len(pad), 2):
        dim, low, high = x.dim() - 1 - k // 2, pad[k], pad[k + 1]
        if low or high:
            index = _places(x.size(dim), low, high, mode, dim, x)
            x = x.index_select(dim, _creation.tensor(index))
    return x


_mirrored_pad = kept("indexed_pad")(_indexed_pad)


def _places(n: int, low: int, high: int, mode: str, dim: int, x: Tensor) -> list[int]:
    """Which element each place of the padded dim shows."""
    if n == 0 or n + low + high < 1:
        raise RuntimeError(
            f"input (length: {n}) is too small for padding ({low}, {high}) in dimension {dim} of "
            f"{list(x.shape)}"
        )
    places = range(-low, n + high)
    if mode == "replicate":
        return [min(max(i, 0), n - 1) for i in places]
    if mode == "circular":
        if max(low, high) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        first, last = max(-low, 0), n - max(-high, 0)  # what is cut off is not wrapped around
        return [first + (i - first) % (last - first) for i in places]
    if max(low, high) >= n:
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but "
            f"got: padding ({low}, {high}) at dimension {dim} of input {list(x.shape)}"
        )
    return [-i if i < 0 else 2 * (n - 1) - i if i >= n else i for i in places]
