"""Initialisation of parameters, in place and without gradients."""

from __future__ import annotations

import math

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _random
from .._tensor import Tensor

__all__ = [
    "calculate_gain", "constant_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity's layer should scale its weights."""
    linear = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
              "conv_transpose3d", "sigmoid")  # fmt: skip
    if nonlinearity in linear:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def _store(tensor: Tensor, op: str, operands: tuple, attrs: tuple | None = None) -> Tensor:
    """Fills the tensor's memory with a row's result, without recording gradients."""
    tape = local.tape
    outer, tape.grad = tape.grad, False
    try:
        tape.write(tensor, tape.record(OPS[op], operands, attrs))
    finally:
        tape.grad = outer
    return tensor


def _random_fill(tensor: Tensor, row: str, scale: float, shift: float, generator) -> Tensor:
    m = tensor._v.meta if tensor._v.meta is not None else tensor._value().meta
    if not m.numel:
        return tensor
    state = (generator or _random.default_generator).take(m.numel)
    tape = local.tape
    outer, tape.grad = tape.grad, False
    try:
        x = tape.record(OPS[row], state, (m.shape, m.dtype))
        tape.write(tensor, x * scale + shift)
    finally:
        tape.grad = outer
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator=None) -> Tensor:
    """Fills with uniform numbers from [a, b)."""
    return _random_fill(tensor, "rand", float(b) - float(a), float(a), generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator=None) -> Tensor:
    """Fills with normally distributed numbers."""
    return _random_fill(tensor, "randn", float(std), float(mean), generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fills with one value."""
    m = tensor._v.meta if tensor._v.meta is not None else tensor._value().meta
    value = float(val) if m.dtype.kind == "f" else val
    return _store(tensor, "full", (value,), (m.shape, m.dtype))


def zeros_(tensor: Tensor) -> Tensor:
    """Fills with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fills with ones."""
    return constant_(tensor, 1.0)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """(fan in, fan out) of a weight [out, in, *kernel]."""
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _fans(tensor)[mode == "fan_out"]


_calculate_fan_in_and_fan_out = _fans


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator=None) -> Tensor:
    """Uniform with variance gain^2 * 2 / (fan in + fan out). Glorot and Bengio (2010)."""
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator=None) -> Tensor:
    """Normal with variance gain^2 * 2 / (fan in + fan out). Glorot and Bengio (2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator=None,
) -> Tensor:  # fmt: skip
    """Uniform with variance gain^2 / fan. He et al., Delving deep into rectifiers (2015)."""
    if 0 in tensor.shape:
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator=None,
) -> Tensor:  # fmt: skip
    """Normal with variance gain^2 / fan. He et al., Delving deep into rectifiers (2015)."""
    if 0 in tensor.shape:
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)
