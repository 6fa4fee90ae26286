"""Convolution and transposed convolution, unfold and fold."""

from __future__ import annotations

import math

from numtorch.jit.record import local

from ..._tensor import Tensor
from .. import functional as F
from .. import init
from ..parameter import new_parameter
from .module import Module


def repeat(x, k: int) -> tuple[int, ...]:
    """An int as k ints; a sequence as a tuple."""
    return tuple(x) if isinstance(x, (tuple, list)) else (x,) * k


class _ConvNd(Module):
    """What all convolutions share; `nd` spatial dims."""

    nd = 0
    transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size, stride, padding, dilation,
        groups: int, bias: bool, padding_mode: str, output_padding, device, dtype,
    ):  # fmt: skip
        super().__init__()
        k = self.nd
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}"
                )
            if padding == "same" and any(s != 1 for s in repeat(stride, k)):
                raise ValueError("padding='same' is not supported for strided convolutions")
        modes = ("zeros", "reflect", "replicate", "circular")
        if padding_mode not in modes:
            raise ValueError(
                f"padding_mode must be one of {set(modes)}, but got padding_mode='{padding_mode}'"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = repeat(kernel_size, k), repeat(stride, k)
        self.padding = padding if isinstance(padding, str) else repeat(padding, k)
        self.dilation, self.groups, self.padding_mode = repeat(dilation, k), groups, padding_mode
        self.output_padding = repeat(output_padding, k)
        self.weight = new_parameter(self._weight_shape(), dtype, device)
        if bias:
            self.bias = new_parameter((out_channels,), dtype, device)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        a, b = self.out_channels, self.in_channels
        if self.transposed:
            a, b = b, a
        return (a, b // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        """Sets the parameters anew: uniform in +-1 / sqrt(fan in)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._fans(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)
        local.tape.flush()

    def _padded(self, x: Tensor) -> tuple[Tensor, object]:
        """Input and remaining padding for the modes that are not zeros."""
        if self.padding_mode == "zeros":
            return x, self.padding
        if isinstance(self.padding, str):
            total = [d * (k - 1) if self.padding == "same" else 0
                     for d, k in zip(self.dilation, self.kernel_size)]  # fmt: skip
            sides = [(t // 2, t - t // 2) for t in total]
        else:
            sides = [(p, p) for p in self.padding]
        widths = [w for side in reversed(sides) for w in side]
        return F.pad(x, widths, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        zeros, ones = (0,) * self.nd, (1,) * self.nd
        if self.padding != zeros:
            text += f", padding={self.padding}"
        if self.dilation != ones:
            text += f", dilation={self.dilation}"
        if self.output_padding != zeros:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size, stride=1, padding=0, dilation=1,
        groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups,
                         bias, padding_mode, 0, device, dtype)  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        x, padding = self._padded(input)
        return self._function(
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


class Conv1d(_Conv):
    """1-D cross-correlation: [N, in_channels, L] -> [N, out_channels, L'].

    >>> import numtorch as torch
    >>> torch.nn.Conv1d(3, 8, kernel_size=3)(torch.zeros(1, 3, 10)).shape
    torch.Size([1, 8, 8])
    """

    nd = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_Conv):
    """2-D cross-correlation: [N, in_channels, H, W] -> [N, out_channels, H', W'].

    Parameters: weight [out_channels, in_channels / groups, kh, kw] and bias [out_channels].
    `padding` is a number, a pair, 'valid' or 'same'.

    >>> import numtorch as torch
    >>> torch.nn.Conv2d(1, 4, 3, padding=1)(torch.ones(2, 1, 8, 8)).shape
    torch.Size([2, 4, 8, 8])
    """

    nd = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_Conv):
    """3-D cross-correlation: [N, in_channels, D, H, W] -> [N, out_channels, D', H', W'].

    >>> import numtorch as torch
    >>> torch.nn.Conv3d(3, 8, kernel_size=3, padding=1)(torch.zeros(1, 3, 4, 5, 6)).shape
    torch.Size([1, 8, 4, 5, 6])
    """

    nd = 3
    _function = staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size, stride=1, padding=0,
        output_padding=0, groups: int = 1, bias: bool = True, dilation=1,
        padding_mode: str = "zeros", device=None, dtype=None,
    ):  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}'
            )
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups,
                         bias, padding_mode, output_padding, device, dtype)  # fmt: skip

    def forward(self, input: Tensor, output_size=None) -> Tensor:
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return self._function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
            self.dilation,
        )  # fmt: skip

    def _extra(self, x: Tensor, output_size) -> tuple[int, ...]:
        """The output padding that gives the wanted size."""
        k = self.nd
        ins, size = tuple(x.shape[-k:]), tuple(output_size)
        if len(size) == x.dim():
            size = size[-k:]
        if len(size) != k:
            raise ValueError(
                f"ConvTranspose{k}D: for {x.dim()}D input, output_size must have {k} or {x.dim()} "
                f"elements (got {len(output_size)})"
            )
        least = [(n - 1) * s - 2 * p + d * (m - 1) + 1 for n, s, p, d, m in
                 zip(ins, self.stride, self.padding, self.dilation, self.kernel_size)]  # fmt: skip
        most = [low + s - 1 for low, s in zip(least, self.stride)]
        if any(not a <= n <= b for n, a, b in zip(size, least, most)):
            raise ValueError(
                f"requested an output size of {size}, but valid sizes range from "
                f"{least} to {most} (for an input of {x.shape[2:]})"
            )
        return tuple(n - a for n, a in zip(size, least))


class ConvTranspose1d(_ConvTransposeNd):
    """The adjoint of Conv1d: [N, in_channels, L] -> [N, out_channels, L'].

    >>> import numtorch as torch
    >>> torch.nn.ConvTranspose1d(3, 8, kernel_size=2, stride=2)(torch.zeros(1, 3, 10)).shape
    torch.Size([1, 8, 20])
    """

    nd = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The adjoint of Conv2d: [N, in_channels, H, W] -> [N, out_channels, H', W'].

    >>> import numtorch as torch
    >>> torch.nn.ConvTranspose2d(3, 8, kernel_size=2, stride=2)(torch.zeros(1, 3, 5, 6)).shape
    torch.Size([1, 8, 10, 12])
    """

    nd = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The adjoint of Conv3d: [N, in_channels, D, H, W] -> [N, out_channels, D', H', W'].

    >>> import numtorch as torch
    >>> torch.nn.ConvTranspose3d(3, 8, kernel_size=2, stride=2)(torch.zeros(1, 3, 4, 5, 6)).shape
    torch.Size([1, 8, 8, 10, 12])
    """

    nd = 3
    _function = staticmethod(F.conv_transpose3d)


class Unfold(Module):
    """All windows of [N, C, H, W] as columns [N, C * kh * kw, positions].

    >>> import numtorch as torch
    >>> torch.nn.Unfold(kernel_size=2)(torch.arange(9.0).reshape(1, 1, 3, 3))
    tensor([[[0., 1., 3., 4.],
             [1., 2., 4., 5.],
             [3., 4., 6., 7.],
             [4., 5., 7., 8.]]])
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Adds columns [N, C * kh * kw, positions] up to images [N, C, *output_size].

    >>> import numtorch as torch
    >>> torch.nn.Fold((3, 3), kernel_size=2)(torch.ones(1, 4, 4))
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding,
                      self.stride)  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
