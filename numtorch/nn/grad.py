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


def _described(
    f: Callable, k: int, operand: str, given: str, called: str, found: tuple
) -> Callable:
    """f with its name and documentation: the example's operands, call and resulting shape."""
    f.__name__ = f.__qualname__ = name = f"conv{k}d_{operand}"
    f.__doc__ = (
        f"The gradient of conv{k}d with respect to its {operand}, which has the shape "
        f"{operand}_size.\n\n"
        "    >>> import numtorch as torch\n"
        f"    >>> {given}, torch.ones{(1, 1, *(2,) * k)}\n"
        f"    >>> torch.nn.grad.{name}({called}, out).shape\n"
        f"    torch.Size({list(found)})\n    "
    )
    return f


def _input_function(k: int) -> Callable:
    conv = getattr(F, f"conv{k}d")

    def conv_input(
        input_size, weight: Tensor, grad_output: Tensor, stride=1, padding=0, dilation=1,
        groups: int = 1,
    ) -> Tensor:  # fmt: skip
        def forward(x: Tensor) -> Tensor:
            return conv(x, weight.detach(), None, stride, padding, dilation, groups)

        return _gradient(forward, input_size, weight, grad_output)

    size, kernel = (1, 1, *(3,) * k), (1, 1, *(2,) * k)
    return _described(conv_input, k, "input", f"weight, out = torch.ones{kernel}",
                      f"{size}, weight", size)  # fmt: skip


def _weight_function(k: int) -> Callable:
    conv = getattr(F, f"conv{k}d")

    def conv_weight(
        input: Tensor, weight_size, grad_output: Tensor, stride=1, padding=0, dilation=1,
        groups: int = 1,
    ) -> Tensor:  # fmt: skip
        def forward(w: Tensor) -> Tensor:
            return conv(input.detach(), w, None, stride, padding, dilation, groups)

        return _gradient(forward, weight_size, input, grad_output)

    size, kernel = (1, 1, *(3,) * k), (1, 1, *(2,) * k)
    return _described(conv_weight, k, "weight", f"x, out = torch.ones{size}", f"x, {kernel}",
                      kernel)  # fmt: skip


conv1d_input, conv2d_input, conv3d_input = map(_input_function, (1, 2, 3))
conv1d_weight, conv2d_weight, conv3d_weight = map(_weight_function, (1, 2, 3))
