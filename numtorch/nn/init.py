"""Initialisation of parameters, in place and without gradients."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager

import numpy as np
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _random
from .._creation import empty, empty_like, from_numpy
from .._creation import eye as eye_matrix
from .._examples import described
from .._tensor import Tensor
from ..autograd import no_grad

__all__ = [
    "calculate_gain", "constant", "constant_", "dirac", "dirac_", "eye", "eye_", "kaiming_normal",
    "kaiming_normal_", "kaiming_uniform", "kaiming_uniform_", "normal", "normal_", "ones_",
    "orthogonal", "orthogonal_", "sparse", "sparse_", "trunc_normal_", "uniform", "uniform_",
    "xavier_normal", "xavier_normal_", "xavier_uniform", "xavier_uniform_", "zeros_",
]  # fmt: skip

_skipping = False


@contextmanager
def skipped():
    """Inside, nothing is initialised: what is made next will be filled or loaded."""
    global _skipping
    outer, _skipping = _skipping, True
    try:
        yield
    finally:
        _skipping = outer


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity's layer should scale its weights.

    >>> import numtorch as torch
    >>> torch.nn.init.calculate_gain("relu"), torch.nn.init.calculate_gain("tanh")
    (1.4142135623730951, 1.6666666666666667)
    """
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
    if _skipping:
        return tensor
    tape = local.tape
    outer, tape.grad = tape.grad, False
    try:
        tape.write(tensor, tape.record(OPS[op], operands, attrs))
    finally:
        tape.grad = outer
    return tensor


def _random_fill(tensor: Tensor, row: str, scale: float, shift: float, generator) -> Tensor:
    m = tensor._v.meta if tensor._v.meta is not None else tensor._value().meta
    if not m.numel or _skipping:
        return tensor
    if m.dtype.kind == "c":
        # Both parts alike, as in PyTorch; a normal number's variance is split between them.
        from .. import view_as_real

        part = scale * 0.5**0.5 if row == "randn" else scale
        _random_fill(view_as_real(tensor.detach()), row, part, shift, generator)
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


def _floating(kernel: str, tensor: Tensor) -> None:
    if not tensor.dtype.differentiable:
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{tensor.dtype.scalar_type}'"
        )


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator=None) -> Tensor:
    """Fills with uniform numbers from [a, b).

    >>> import numtorch as torch
    >>> x = torch.nn.init.uniform_(torch.empty(100), 5, 6)
    >>> bool((x >= 5).all()), bool((x <= 6).all())
    (True, True)
    """
    if a > b:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={a:g} > to={b:g}"
        )
    _floating("check_uniform_bounds", tensor)
    return _random_fill(tensor, "rand", float(b) - float(a), float(a), generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator=None) -> Tensor:
    """Fills with normally distributed numbers.

    >>> import numtorch as torch
    >>> torch.nn.init.normal_(torch.empty(3), mean=5.0, std=0.0)
    tensor([5., 5., 5.])
    """
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    _floating("normal_kernel_cpu", tensor)
    return _random_fill(tensor, "randn", float(std), float(mean), generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fills with one value.

    >>> import numtorch as torch
    >>> torch.nn.init.constant_(torch.empty(3), 0.5)
    tensor([0.5000, 0.5000, 0.5000])
    """
    if isinstance(val, str):
        raise TypeError(f"fill_() received an invalid combination of arguments - got ({val!r})")
    m = tensor._v.meta if tensor._v.meta is not None else tensor._value().meta
    value = float(val) if m.dtype.kind == "f" else val
    return _store(tensor, "full", (value,), (m.shape, m.dtype))


def zeros_(tensor: Tensor) -> Tensor:
    """Fills with zeros.

    >>> import numtorch as torch
    >>> torch.nn.init.zeros_(torch.empty(3))
    tensor([0., 0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fills with ones.

    >>> import numtorch as torch
    >>> torch.nn.init.ones_(torch.empty(3))
    tensor([1., 1., 1.])
    """
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
    """Uniform with variance gain^2 * 2 / (fan in + fan out). Glorot and Bengio (2010).

    >>> import numtorch as torch
    >>> w = torch.nn.init.xavier_uniform_(torch.empty(3, 5))
    >>> bool((w.abs() <= (6 / 8) ** 0.5).all())
    True
    """
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator=None) -> Tensor:
    """Normal with variance gain^2 * 2 / (fan in + fan out). Glorot and Bengio (2010).

    >>> import numtorch as torch
    >>> torch.nn.init.xavier_normal_(torch.empty(3, 5)).shape
    torch.Size([3, 5])
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator=None,
) -> Tensor:  # fmt: skip
    """Uniform with variance gain^2 / fan. He et al., Delving deep into rectifiers (2015).

    >>> import numtorch as torch
    >>> w = torch.nn.init.kaiming_uniform_(torch.empty(3, 5), nonlinearity="relu")
    >>> bool((w.abs() <= (6 / 5) ** 0.5).all())
    True
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator=None,
) -> Tensor:  # fmt: skip
    """Normal with variance gain^2 / fan. He et al., Delving deep into rectifiers (2015).

    >>> import numtorch as torch
    >>> torch.nn.init.kaiming_normal_(torch.empty(8, 3, 3, 3), mode="fan_out").shape
    torch.Size([8, 3, 3, 3])
    """
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator=None,
) -> Tensor:  # fmt: skip
    """Normal numbers within [a, b], by the inverse of the distribution function.

    >>> import numtorch as torch
    >>> w = torch.nn.init.trunc_normal_(torch.empty(1000), a=-1.0, b=0.5)
    >>> bool((w >= -1).all() and (w <= 0.5).all())
    True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
            stacklevel=2,
        )
    if _skipping:
        return tensor
    low, high = (2 * _normal_cdf((x - mean) / std) - 1 for x in (a, b))
    with no_grad():
        x = uniform_(empty_like(tensor), low, high, generator)
        tensor.copy_((x.erfinv() * (std * math.sqrt(2.0)) + mean).clamp(a, b))
    return tensor


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix (as much of it as fits).

    >>> import numtorch as torch
    >>> torch.nn.init.eye_(torch.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    if not _skipping:
        with no_grad():
            tensor.copy_(eye_matrix(*tensor.shape, dtype=tensor.dtype))
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution's weight that hands its channels on as they are, in each group.

    >>> import numtorch as torch
    >>> torch.nn.init.dirac_(torch.empty(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out, ins, *kernel = tensor.shape
    if out % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    if _skipping:
        return tensor
    values = np.zeros(tensor.shape, tensor.dtype.np)
    centre = tuple(n // 2 for n in kernel)
    for k in range(out):
        if k % (out // groups) < ins:
            values[(k, k % (out // groups), *centre)] = 1
    with no_grad():
        return tensor.copy_(from_numpy(values))


def orthogonal_(tensor: Tensor, gain: float = 1, generator=None) -> Tensor:
    """A matrix with orthonormal rows or columns; further dims count as columns.

    Saxe, McClelland and Ganguli, Exact solutions to deep linear networks (2014).

    >>> import numtorch as torch
    >>> w = torch.nn.init.orthogonal_(torch.empty(3, 5))
    >>> torch.allclose(w @ w.T, torch.eye(3), atol=1e-5)
    True
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel() or _skipping:
        return tensor
    from ..linalg import qr

    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    with no_grad():
        shape = (max(rows, columns), min(rows, columns))
        q, r = qr(normal_(empty(shape, dtype=tensor.dtype), generator=generator))
        q = q * r.diagonal().sign()  # makes the distribution uniform
        tensor.copy_((q.mT if rows < columns else q).reshape(tensor.shape) * gain)
    return tensor


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator=None) -> Tensor:
    """Normal numbers of which a part of each column is zero. Martens (2010).

    >>> import numtorch as torch
    >>> w = torch.nn.init.sparse_(torch.empty(10, 4), sparsity=0.3)
    >>> (w == 0).sum(0)
    tensor([3, 3, 3, 3])
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    if _skipping:
        return tensor
    rows, columns = tensor.shape
    order = [_random.randperm(rows).numpy() for _ in range(columns)]
    keep = np.ones(tensor.shape, bool)
    for k, found in enumerate(order):
        keep[found[: math.ceil(sparsity * rows)], k] = False
    with no_grad():
        normal_(tensor, 0.0, std, generator)
        tensor.mul_(from_numpy(keep))
    return tensor


def _old_name(function):
    """The name without the underscore, which warns."""
    new = function.__name__

    def old(*args, **kwargs) -> Tensor:
        warnings.warn(
            f"`nn.init.{new[:-1]}` is now deprecated in favor of `nn.init.{new}`.",
            FutureWarning, stacklevel=2,
        )  # fmt: skip
        return function(*args, **kwargs)

    old.__name__ = new[:-1]
    old.__doc__ = described(f"nn.init.{new[:-1]}", f"The old name of `{new}`, which warns.")
    return old


uniform, normal, constant = map(_old_name, (uniform_, normal_, constant_))
eye, dirac, orthogonal, sparse = map(_old_name, (eye_, dirac_, orthogonal_, sparse_))
xavier_uniform, xavier_normal = map(_old_name, (xavier_uniform_, xavier_normal_))
kaiming_uniform, kaiming_normal = map(_old_name, (kaiming_uniform_, kaiming_normal_))
