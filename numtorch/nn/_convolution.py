"""Convolution and transposed convolution in one, two and three dimensions."""

from __future__ import annotations

from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor, recorder

_conv = recorder("conv", _check.conv)
_conv_transpose = recorder("conv_transpose", _check.conv_transpose)


def sizes(x, k: int, what: str, place: str = "convolution") -> tuple[int, ...]:
    """An int or a sequence of 1 or k of them as k ints."""
    if x.__class__ is int:
        return (x,) * k
    found = tuple(int(v) for v in x) if isinstance(x, (tuple, list)) else (int(x),)
    if len(found) == 1:
        found = found * k
    if len(found) != k:
        raise RuntimeError(
            f"expected {what} to be a single integer value or a list of {k} values to match the "
            f"{place} dimensions, but got {what}={list(found)}"
        )
    return found


def _batched(name: str, x: Tensor, weight: Tensor, k: int, same: bool = False) -> Tensor:
    must_be_tensor(name, input=x, weight=weight)
    if x.dim() not in (k + 1, k + 2):
        raise RuntimeError(
            f"Expected {k + 1}D (unbatched) or {k + 2}D (batched) input to {name}, but got input "
            f"of size: {list(x.shape)}"
        )
    if weight.dim() != k + 2:
        raise _weight_rank(x, weight, k, same)
    return x if x.dim() == k + 2 else x.unsqueeze(0)


def _weight_rank(x: Tensor, weight: Tensor, k: int, same: bool) -> RuntimeError:
    """PyTorch's words for a weight that is not of k + 2 dims."""
    rank = weight.dim()
    if rank < 3:
        return RuntimeError("weight should have at least three dimensions")
    if k > 1 and not same:
        return RuntimeError(
            f"expected stride to be a single integer value or a list of {rank - 2} values to match "
            f"the convolution dimensions, but got stride={[1] * k}"
        )
    x = x if x.dim() == k + 2 else x.unsqueeze(0)
    return RuntimeError(
        f"Expected {rank}-dimensional input for {rank}-dimensional weight{'' if same else ' '}"
        f"{list(weight.shape)}, but got {x.dim()}-dimensional input of size {list(x.shape)} instead"
    )


def _convolve(name, k, input, weight, bias, stride, padding, dilation, groups) -> Tensor:
    x = _batched(name, input, weight, k, isinstance(padding, str))
    stride, dilation = sizes(stride, k, "stride"), sizes(dilation, k, "dilation")
    if isinstance(padding, str):
        x, padding = same_padding(x, weight, stride, padding, dilation)
    else:
        padding = sizes(padding, k, "padding")
    operands = (x, weight) if bias is None else (x, weight, bias)
    out = _conv(operands, (stride, padding, dilation, groups))
    return out if input.dim() == k + 2 else out.squeeze(0)


def same_padding(x: Tensor, weight: Tensor, stride, padding: str, dilation):
    """(input, padding) of the words 'valid' and 'same'; an odd pad goes to the far side."""
    from .functional import pad

    k = len(stride)
    if padding == "valid":
        return x, (0,) * k
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (n - 1) for n, d in zip(weight.shape[2:], dilation)]
    if any(t % 2 for t in total):
        x = pad(x, [v for t in reversed(total) for v in (0, t % 2)])
    return x, tuple(t // 2 for t in total)


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0, dilation=1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation of input [N, C, L] or [C, L] with weight [O, C / groups, k].

    >>> import numtorch as torch
    >>> torch.nn.functional.conv1d(torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([[[-1.0, 1.0]]]))
    tensor([[1., 2.]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0, dilation=1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation of input [N, C, H, W] or [C, H, W] with weight [O, C / groups, kh, kw].

    `padding` is a number, a pair, 'valid' or 'same'.

    >>> import numtorch as torch
    >>> torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3)).shape
    torch.Size([1, 4, 6, 6])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0, dilation=1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation of input [N, C, D, H, W] with weight [O, C / groups, kd, kh, kw].

    >>> import numtorch as torch
    >>> torch.nn.functional.conv3d(torch.zeros(1, 3, 4, 5, 6), torch.zeros(8, 3, 3, 3, 3)).shape
    torch.Size([1, 8, 2, 3, 4])
    """
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _by_dim(**sizes) -> str:
    """The sizes as PyTorch lists them; those of a vector as of an image of one row."""
    found = []
    for word, values in sizes.items():
        fill = 0 if word == "output_padding" else 1
        values = (fill, *values) if len(values) == 1 else tuple(values)
        names = ("depth", "height", "width")[-len(values) :]
        found += [f"{word}_{n}: {v}" for n, v in zip(names, values)]
    return " ".join(found)


def _transposed(name, k, input, weight, bias, stride, padding, output_padding, groups, dilation):
    x = _batched(name, input, weight, k)
    stride, dilation = sizes(stride, k, "stride"), sizes(dilation, k, "dilation")
    padding = sizes(padding, k, "padding")
    extra = sizes(output_padding, k, "output_padding")
    size = tuple(
        (n - 1) * s - 2 * p + d * (m - 1) + e + 1
        for n, s, p, d, m, e in zip(x.shape[2:], stride, padding, dilation, weight.shape[2:], extra)
    )
    for e, s, d in zip(extra, stride, dilation):
        if e >= s and e >= d:
            raise RuntimeError(
                "output padding must be smaller than either stride or dilation, but got "
                + _by_dim(output_padding=extra, stride=stride, dilation=dilation)
            )
    operands = (x, weight) if bias is None else (x, weight, bias)
    out = _conv_transpose(operands, (stride, padding, dilation, groups, size))
    return out if input.dim() == k + 2 else out.squeeze(0)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0,
    output_padding=0, groups: int = 1, dilation=1,
) -> Tensor:  # fmt: skip
    """The adjoint of conv1d: input [N, C, L], weight [C, O / groups, k].

    >>> import numtorch as torch
    >>> weight = torch.tensor([[[1.0, 10.0]]])
    >>> torch.nn.functional.conv_transpose1d(torch.tensor([[1.0, 2.0]]), weight, stride=2)
    tensor([[ 1., 10.,  2., 20.]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding,
                       output_padding, groups, dilation)  # fmt: skip


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0,
    output_padding=0, groups: int = 1, dilation=1,
) -> Tensor:  # fmt: skip
    """The adjoint of conv2d: input [N, C, H, W], weight [C, O / groups, kh, kw].

    >>> import numtorch as torch
    >>> weight = torch.zeros(3, 8, 2, 2)
    >>> torch.nn.functional.conv_transpose2d(torch.zeros(1, 3, 5, 6), weight, stride=2).shape
    torch.Size([1, 8, 10, 12])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding,
                       output_padding, groups, dilation)  # fmt: skip


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0,
    output_padding=0, groups: int = 1, dilation=1,
) -> Tensor:  # fmt: skip
    """The adjoint of conv3d: input [N, C, D, H, W], weight [C, O / groups, kd, kh, kw].

    >>> import numtorch as torch
    >>> weight = torch.zeros(3, 8, 2, 2, 2)
    >>> torch.nn.functional.conv_transpose3d(torch.zeros(1, 3, 4, 5, 6), weight, stride=2).shape
    torch.Size([1, 8, 8, 10, 12])
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding,
                       output_padding, groups, dilation)  # fmt: skip


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """1-D convolution of input [T, N, C] with weight [k, C, O].

    >>> import numtorch as torch
    >>> x, weight = torch.zeros(9, 4, 3), torch.zeros(2, 3, 8)
    >>> torch.nn.functional.conv_tbc(x, weight, torch.zeros(8)).shape
    torch.Size([8, 4, 8])
    """
    out = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return out.permute(2, 0, 1)


def unfold(input: Tensor, kernel_size, dilation=1, padding=0, stride=1) -> Tensor:
    """All windows of [N, C, H, W] as columns: [N, C * kh * kw, positions].

    >>> import numtorch as torch
    >>> torch.nn.functional.unfold(torch.zeros(1, 3, 10, 12), kernel_size=(4, 5)).shape
    torch.Size([1, 60, 56])
    """
    if input.dim() == 2:
        raise IndexError("Dimension out of range (expected to be in range of [-2, 1], but got 2)")
    if input.dim() not in (3, 4):
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    x = input if input.dim() == 4 else input.unsqueeze(0)
    kernel, stride = _two(kernel_size), _two(stride)
    padding, dilation = _two(padding), _two(dilation)
    _check.windows(x._v.meta, kernel, stride, padding, dilation)
    win = _windows((x,), (kernel, stride, padding, dilation))
    n, c = x.shape[:2]
    columns = win.size(2) * win.size(3)
    out = win.permute(0, 1, 4, 5, 2, 3).reshape(n, c * kernel[0] * kernel[1], columns)
    return out if input.dim() == 4 else out.squeeze(0)


def fold(input: Tensor, output_size, kernel_size, dilation=1, padding=0, stride=1) -> Tensor:
    """Adds columns [N, C * kh * kw, positions] up to images [N, C, *output_size].

    >>> import numtorch as torch
    >>> torch.nn.functional.fold(torch.ones(1, 4, 4), output_size=(3, 3), kernel_size=2)
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {list(input.shape)}"
        )
    x = input if input.dim() == 3 else input.unsqueeze(0)
    size, kernel, stride = _two(output_size), _two(kernel_size), _two(stride)
    padding, dilation = _two(padding), _two(dilation)
    area = kernel[0] * kernel[1]
    if x.size(1) % area:
        raise RuntimeError(
            f"Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={x.size(1)} and kernel_size=({kernel[0]}, {kernel[1]})."
        )
    outs = [(n + 2 * p - d * (m - 1) - 1) // s + 1
            for n, m, s, p, d in zip(size, kernel, stride, padding, dilation)]  # fmt: skip
    if x.size(2) != outs[0] * outs[1]:
        raise RuntimeError(
            f"Given output_size=({size[0]}, {size[1]}), kernel_size=({kernel[0]}, {kernel[1]}), "
            f"dilation=({dilation[0]}, {dilation[1]}), padding=({padding[0]}, {padding[1]}), "
            f"stride=({stride[0]}, {stride[1]}), expected size of input's dimension 2 to match the "
            f"calculated number of sliding blocks {outs[0]} * {outs[1]} = {outs[0] * outs[1]}, but "
            f"got input.size(2)={x.size(2)}."
        )
    blocks = x.reshape(x.size(0), x.size(1) // area, *kernel, *outs).permute(0, 1, 4, 5, 2, 3)
    out = _folded((blocks,), (size, stride, padding, dilation))
    return out if input.dim() == 3 else out.squeeze(0)


_windows = recorder("unfold_windows")
_folded = recorder("fold_windows")


def _two(x) -> tuple[int, int]:
    return sizes(x, 2, "size", "image")
