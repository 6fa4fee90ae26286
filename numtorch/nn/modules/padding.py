"""Padding layers."""

from __future__ import annotations

from ..._tensor import Tensor
from .. import functional as F
from .module import Module


class _Pad(Module):
    nd = 0
    mode = "constant"
    value: float | None = None

    def __init__(self, padding):
        super().__init__()
        n = 2 * self.nd
        self.padding = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * n

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        return F.pad(input, self.padding, self.mode, self.value)

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_Pad):
    def __init__(self, padding, value: float):
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Pads the last dim with a value.

    >>> import numtorch as torch
    >>> torch.nn.ConstantPad1d((1, 2), 7)(torch.tensor([[1, 2, 3]]))
    tensor([[7, 1, 2, 3, 7, 7]])
    """

    nd = 1


class ConstantPad2d(_ConstantPadNd):
    """Pads the last two dims with a value.

    >>> import numtorch as torch
    >>> torch.nn.ConstantPad2d((1, 0, 0, 0), 7)(torch.tensor([[[1, 2], [3, 4]]]))
    tensor([[[7, 1, 2],
             [7, 3, 4]]])
    """

    nd = 2


class ConstantPad3d(_ConstantPadNd):
    """Pads the last three dims with a value.

    >>> import numtorch as torch
    >>> torch.nn.ConstantPad3d(1, 7)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])
    """

    nd = 3


class ZeroPad1d(ConstantPad1d):
    """Pads the last dim with zeros.

    >>> import numtorch as torch
    >>> torch.nn.ZeroPad1d((1, 2))(torch.tensor([[1, 2, 3]]))
    tensor([[0, 1, 2, 3, 0, 0]])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ZeroPad2d(ConstantPad2d):
    """Pads the last two dims with zeros.

    >>> import numtorch as torch
    >>> torch.nn.ZeroPad2d((1, 0, 0, 0))(torch.tensor([[[1, 2], [3, 4]]]))
    tensor([[[0, 1, 2],
             [0, 3, 4]]])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ZeroPad3d(ConstantPad3d):
    """Pads the last three dims with zeros.

    >>> import numtorch as torch
    >>> torch.nn.ZeroPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])
    """

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ReflectionPad1d(_Pad):
    """Mirrors the last dim at its ends, which are not repeated.

    >>> import numtorch as torch
    >>> torch.nn.ReflectionPad1d(2)(torch.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1, 2, 3, 2, 1]])
    """

    nd, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Mirrors the last two dims at their ends.

    >>> import numtorch as torch
    >>> torch.nn.ReflectionPad2d((1, 0, 0, 0))(torch.tensor([[[1, 2], [3, 4]]]))
    tensor([[[2, 1, 2],
             [4, 3, 4]]])
    """

    nd, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Mirrors the last three dims at their ends.

    >>> import numtorch as torch
    >>> torch.nn.ReflectionPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])
    """

    nd, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Repeats the ends of the last dim.

    >>> import numtorch as torch
    >>> torch.nn.ReplicationPad1d(2)(torch.tensor([[1, 2, 3]]))
    tensor([[1, 1, 1, 2, 3, 3, 3]])
    """

    nd, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Repeats the ends of the last two dims.

    >>> import numtorch as torch
    >>> torch.nn.ReplicationPad2d((1, 0, 0, 0))(torch.tensor([[[1, 2], [3, 4]]]))
    tensor([[[1, 1, 2],
             [3, 3, 4]]])
    """

    nd, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Repeats the ends of the last three dims.

    >>> import numtorch as torch
    >>> torch.nn.ReplicationPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])
    """

    nd, mode = 3, "replicate"


class _CircularPadNd(_Pad):
    mode = "circular"

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in (self.nd + 1, self.nd + 2):
            raise ValueError(
                f"expected {self.nd + 1}D or {self.nd + 2}D input (got {input.dim()}D input)"
            )


class CircularPad1d(_CircularPadNd):
    """Goes on at the other end of the last dim.

    >>> import numtorch as torch
    >>> torch.nn.CircularPad1d(2)(torch.tensor([[1, 2, 3]]))
    tensor([[2, 3, 1, 2, 3, 1, 2]])
    """

    nd = 1


class CircularPad2d(_CircularPadNd):
    """Goes on at the other ends of the last two dims.

    >>> import numtorch as torch
    >>> torch.nn.CircularPad2d((1, 0, 0, 0))(torch.tensor([[[1, 2], [3, 4]]]))
    tensor([[[2, 1, 2],
             [4, 3, 4]]])
    """

    nd = 2


class CircularPad3d(_CircularPadNd):
    """Goes on at the other ends of the last three dims.

    >>> import numtorch as torch
    >>> torch.nn.CircularPad3d(1)(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 4, 5, 6])
    """

    nd = 3
