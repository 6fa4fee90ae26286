"""Gradients of convolutions with respect to one operand, by the sizes of that operand."""

from __future__ import annotations

from collections.abc import Callable

from .. import _creation
from .._tensor import Tensor
from ..autograd import enable_grad, grad
from . import functional as F


def _gradient(forward: Callable, size, given: Tensor, grad_output: Tensor) -> Tensor:
    # A convolution is linear in each operand: the values of the one asked for do not matter.
    with enable_grad():
        x = _creation.zeros(tuple(size), dtype=given.dtype).requires_grad_()
        out = forward(x)
    return grad(out, x, grad_output)[0]


def _input_function(k: int) -> Callable:
    conv = getattr(F, f"conv{k}d")

    def conv_input(
        input_size, weight: Tensor, grad_output: Tensor, stride=1, padding=0, dilation=1,
        groups: int = 1,
    ) -> Tensor:  # fmt: skip
        def forward(x: Tensor) -> Tensor:
            return conv(x, weight.detach(), None, stride, padding, dilation, groups)

        return _gradient(forward, input_size, weight, grad_output)

    conv_input.__name__ = conv_input.__qualname__ = f"conv{k}d_input"
    size, kernel = (1, 1, *(3,) * k), (1, 1, *(2,) * k)
    conv_input.__doc__ = (
        f"The gradient of conv{k}d with respect to its input, which has the shape input_size.\n\n"
        "    >>> import numtorch as torch\n"
        f"    >>> weight, out = torch.ones{kernel}, torch.ones{(1, 1, *(2,) * k)}\n"
        f"    >>> torch.nn.grad.conv{k}d_input({size}, weight, out).shape\n"
        f"    torch.Size({list(size)})\n    "
    )
    return conv_input


def _weight_function(k: int) -> Callable:
    conv = getattr(F, f"conv{k}d")

    def conv_weight(
        input: Tensor, weight_size, grad_output: Tensor, stride=1, padding=0, dilation=1,
        groups: int = 1,
    ) -> Tensor:  # fmt: skip
        def forward(w: Tensor) -> Tensor:
            return conv(input.detach(), w, None, stride, padding, dilation, groups)

        return _gradient(forward, weight_size, input, grad_output)

    conv_weight.__name__ = conv_weight.__qualname__ = f"conv{k}d_weight"
    size, kernel = (1, 1, *(3,) * k), (1, 1, *(2,) * k)
    conv_weight.__doc__ = (
        f"The gradient of conv{k}d with respect to its weight, which has the shape weight_size.\n\n"
        "    >>> import numtorch as torch\n"
        f"    >>> x, out = torch.ones{size}, torch.ones{(1, 1, *(2,) * k)}\n"
        f"    >>> torch.nn.grad.conv{k}d_weight(x, {kernel}, out).shape\n"
        f"    torch.Size({list(kernel)})\n    "
    )
    return conv_weight


conv1d_input, conv2d_input, conv3d_input = map(_input_function, (1, 2, 3))
conv1d_weight, conv2d_weight, conv3d_weight = map(_weight_function, (1, 2, 3))
