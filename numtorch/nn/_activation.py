"""Activations as functions; each is one composite of a few elementwise rows."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _random
from .._dtype_info import finfo
from .._examples import described
from .._saves import kept
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor, with_out


def _floating(name: str, kernel: str, x: Tensor) -> None:
    must_be_tensor(name, input=x)
    if x.dtype.kind != "f":
        raise _check.not_implemented(kernel, x._v.meta)


def _finish(input: Tensor, out: Tensor, inplace: bool, name: str) -> Tensor:
    if not inplace:
        return out
    from .._methods import write_result

    return write_result(input, out, name)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha * (exp(x) - 1) below; Clevert, Unterthiner and Hochreiter (2016).

    >>> import numtorch as torch
    >>> torch.nn.functional.elu(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-0.8647,  0.0000,  3.0000])
    """
    _floating("elu", "elu_cpu", input)
    _number("elu", "alpha", alpha)
    return _finish(input, _elu(input, alpha, 1.0, 1.0, inplace), inplace, "elu")


def _number(name: str, word: str, value, position: int = 2) -> None:
    if isinstance(value, (str, bytes, list, tuple, type(None))):
        raise TypeError(
            f"{name}(): argument '{word}' (position {position}) must be Number, not "
            f"{type(value).__name__}"
        )


def _elu(
    x: Tensor, alpha: float, scale: float, input_scale: float, inplace: bool
) -> Tensor:
    if inplace and x._rg:
        x = x.clone()  # the gradient reads what is overwritten
    # The clamp keeps the branch that is not taken finite, and its gradient with it.
    low = x.clamp_max(0)
    low = (low if input_scale == 1.0 else low * input_scale).expm1() * alpha
    out = x.where(x > 0, low)
    return out if scale == 1.0 else out * scale


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """ELU with the scales that keep mean 0 and variance 1; Klambauer et al. (2017).

    >>> import numtorch as torch
    >>> torch.nn.functional.selu(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-1.5202,  0.0000,  3.1521])
    """
    _floating("selu", "elu_cpu", input)
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    out = _elu(input, alpha, scale, 1.0, inplace)
    return _finish(input, out, inplace, "selu")


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha * (exp(x / alpha) - 1) below; Barron (2017).

    >>> import numtorch as torch
    >>> torch.nn.functional.celu(torch.tensor([-2.0, 0.0, 3.0]), alpha=2.0)
    tensor([-1.2642,  0.0000,  3.0000])
    """
    _floating("celu", "elu_cpu", input)
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _finish(input, _elu(input, alpha, 1.0, 1.0 / alpha, inplace), inplace, "celu")


@kept("leaky_relu")
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, negative_slope * x below.

    >>> import numtorch as torch
    >>> torch.nn.functional.leaky_relu(torch.tensor([-2.0, 0.0, 3.0]), 0.1)
    tensor([-0.2000,  0.0000,  3.0000])
    """
    _floating("leaky_relu", "leaky_relu_cpu", input)
    _number("leaky_relu", "negative_slope", negative_slope)
    out = input.where(input > 0, input * negative_slope)
    return _finish(input, out, inplace, "leaky_relu")


@kept("prelu")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0, weight * x below; one weight, or one per channel (dim 1).

    >>> import numtorch as torch
    >>> torch.nn.functional.prelu(torch.tensor([-2.0, 0.0, 3.0]), torch.tensor(0.25))
    tensor([-0.5000,  0.0000,  3.0000])
    """
    must_be_tensor("prelu", input=input, weight=weight)
    if weight.numel() != 1:
        if input.dim() == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.size(1) if input.dim() > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.numel()} and channel size = {channels}."
            )
    if weight.dim() > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.dim()}"
        )
    if weight.numel() > 1:
        shape = [1] * input.dim()
        shape[1] = weight.numel()
        weight = weight.reshape(shape)
    elif weight.dim():
        weight = weight.reshape(())
    if weight.dtype is not input.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {_check.C_NAMES[input.dtype.short]} and "
            f"{_check.C_NAMES[weight.dtype.short]}"
        )
    return input.where(input > 0, input * weight)


def rrelu(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
    inplace: bool = False,
) -> Tensor:  # fmt: skip
    """leaky_relu whose slope is drawn for each element in training; Xu et al. (2015).

    >>> import numtorch as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-2.0, 0.0, 3.0]), 0.1, 0.3)
    tensor([-0.4000,  0.0000,  3.0000])
    """
    _floating("rrelu", "rrelu_with_noise_cpu", input)
    if lower > upper:
        raise RuntimeError(
            "Lower bound should be less than or equal to the upper bound"
        )
    slope = (lower + upper) / 2
    if training:
        slope = _random.rand(tuple(input.shape), dtype=input.dtype) * (upper - lower) + lower
    return _finish(input, input.where(input > 0, input * slope), inplace, "rrelu")


@kept("relu6")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6).

    >>> import numtorch as torch
    >>> torch.nn.functional.relu6(torch.tensor([-2.0, 3.0, 8.0]))
    tensor([0., 3., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


@kept("hardtanh")
def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x, held between min_val and max_val.

    >>> import numtorch as torch
    >>> torch.nn.functional.hardtanh(torch.tensor([-2.0, 0.5, 3.0]), -1.0, 2.0)
    tensor([-1.0000,  0.5000,  2.0000])
    """
    must_be_tensor("hardtanh", input=input)
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if input.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if input.dtype.kind != "f":
        min_val, max_val = int(min_val), int(max_val)
        return _finish(input, input.clamp(min_val, max_val), inplace, "hardtanh")
    out = _between(input, min_val, max_val)
    return _finish(input, out, inplace, "hardtanh")


def _between(x: Tensor, low: float, high: float) -> Tensor:
    # No gradient at the ends, unlike clamp.
    fixed = x.detach().clamp(low, high)
    return x.where((x > low) & (x < high) | (x != x), fixed)


@kept("hardsigmoid")
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6.

    >>> import numtorch as torch
    >>> torch.nn.functional.hardsigmoid(torch.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    _floating("hardsigmoid", "hardsigmoid_cpu", input)
    return _finish(input, _between(input + 3.0, 0.0, 6.0) / 6.0, inplace, "hardsigmoid")


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * min(max(x + 3, 0), 6) / 6; Howard et al. (2019).

    >>> import numtorch as torch
    >>> torch.nn.functional.hardswish(torch.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.0000, 0.6667, 4.0000])
    """
    _floating("hardswish", "hardswish_cpu", input)
    return _finish(input, input * _between(input + 3.0, 0.0, 6.0) / 6.0, inplace, "hardswish")


@with_out
@kept("hardshrink")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x where |x| > lambd, else 0.

    >>> import numtorch as torch
    >>> torch.nn.functional.hardshrink(torch.tensor([-2.0, 0.25, 3.0]))
    tensor([-2.,  0.,  3.])
    """
    _floating("hardshrink", "hardshrink_cpu", input)
    return input.masked_fill((input >= -lambd) & (input <= lambd), 0.0)


@with_out
@kept("softshrink")
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd.

    >>> import numtorch as torch
    >>> torch.nn.functional.softshrink(torch.tensor([-2.0, 0.25, 3.0]))
    tensor([-1.5000,  0.0000,  2.5000])
    """
    _floating("softshrink", "softshrink_check", input)
    largest = finfo(input.dtype).max
    if not 0 <= lambd <= largest:
        raise RuntimeError(
            f"lambda must be in range [0, {largest:.6g}] for input dtype {input.dtype.scalar_type},"
            f" but found {lambd:.6g}"
        )
    zero = input * 0.0
    return (input - lambd).where(input > lambd, (input + lambd).where(input < -lambd, zero))


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    >>> import numtorch as torch
    >>> torch.nn.functional.tanhshrink(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-1.0360,  0.0000,  2.0049])
    """
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> import numtorch as torch
    >>> torch.nn.functional.softsign(torch.tensor([-1.0, 0.0, 3.0]))
    tensor([-0.5000,  0.0000,  0.7500])
    """
    return input / (input.abs() + 1)


@with_out
@kept("softplus")
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold.

    >>> import numtorch as torch
    >>> torch.nn.functional.softplus(torch.tensor([-2.0, 0.0, 30.0]))
    tensor([ 0.1269,  0.6931, 30.0000])
    """
    _floating("softplus", "softplus_cpu", input)
    scaled = input * beta
    soft = scaled.clamp_max(threshold).exp().log1p() / beta
    return input.where(scaled > threshold, soft)


@with_out
def logsigmoid(input: Tensor) -> Tensor:
    """log(1 / (1 + exp(-x))).

    >>> import numtorch as torch
    >>> torch.nn.functional.logsigmoid(torch.tensor([-100.0, 0.0, 3.0]))
    tensor([-1.0000e+02, -6.9315e-01, -4.8587e-02])
    """
    _floating("log_sigmoid", "log_sigmoid_cpu", input)
    # Not clamp_max: at 0 the gradient is 1/2, half of that of each side of the minimum.
    least = local.tape.record(OPS["minimum"], (input, 0))
    return least - (-input.abs()).exp().log1p()


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)); Misra (2020).

    >>> import numtorch as torch
    >>> torch.nn.functional.mish(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-0.2525,  0.0000,  2.9865])
    """
    _floating("mish", "mish_cpu", input)
    return _finish(input, input * softplus(input).tanh(), inplace, "mish")


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b) for the halves a and b of a dim; Dauphin et al. (2017).

    >>> import numtorch as torch
    >>> torch.nn.functional.glu(torch.tensor([1.0, 2.0, 0.0, 100.0]))
    tensor([0.5000, 2.0000])
    """
    must_be_tensor("glu", input=input)
    if input.dim() == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    _floating("glu", "glu_cpu", input)
    n = input.size(dim)
    if n % 2:
        d = dim % input.dim()
        raise RuntimeError(f"Halving dimension must be even, but dimension {d} is size {n}")
    a, b = input.chunk(2, dim)
    return a * b.sigmoid()


@kept("threshold")
def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x above the threshold, else value.

    >>> import numtorch as torch
    >>> torch.nn.functional.threshold(torch.tensor([-2.0, 0.0, 3.0]), 1.0, 20.0)
    tensor([20., 20.,  3.])
    """
    must_be_tensor("threshold", input=input)
    out = input.masked_fill(input <= threshold, value)
    return _finish(input, out, inplace, "threshold")


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype=None) -> Tensor:
    """softmax(-x).

    >>> import numtorch as torch
    >>> torch.nn.functional.softmin(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.6652, 0.2447, 0.0900])
    """
    from .functional import softmax

    return softmax(-input, dim, _stacklevel, dtype)


@kept("bilinear")
def bilinear(
    input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """x1' A x2 + b: [..., in1], [..., in2], weight [out, in1, in2].

    >>> import numtorch as torch
    >>> weight = torch.zeros(5, 2, 3)
    >>> torch.nn.functional.bilinear(torch.zeros(4, 2), torch.zeros(4, 3), weight).shape
    torch.Size([4, 5])
    """
    must_be_tensor("bilinear", input1=input1, input2=input2, weight=weight)
    if input1.dim() != input2.dim():
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1.dim()} and {input2.dim()}"
        )
    for d in range(input1.dim() - 1):
        if input1.size(d) != input2.size(d):
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {d}: got {input1.size(d)} "
                f"and {input2.size(d)}"
            )
    for k, x in ((1, input1), (2, input2)):
        if x.size(-1) != weight.size(k):
            raise RuntimeError(
                f"bilinear(): input{k} size does not match weight size: got {x.size(-1)} but "
                f"expected {weight.size(k)}"
            )
    if bias is not None and bias.size(0) != weight.size(0):
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.size(0)} but expected "
            f"{weight.size(0)}"
        )
    out, a, b = weight.shape
    lead = tuple(input1.shape[:-1])
    x = input1.reshape(-1, a).matmul(weight.permute(1, 0, 2).reshape(a, out * b))
    y = (x.reshape(-1, out, b) * input2.reshape(-1, 1, b)).sum(-1).reshape(*lead, out)
    return y if bias is None else y + bias


def _inplace(f):
    def variant(input: Tensor, *args, **kwargs) -> Tensor:
        return f(input, *args, **{**kwargs, "inplace": True})

    variant.__name__ = f.__name__ + "_"
    variant.__doc__ = described(f"nn.functional.{f.__name__}_", f"In-place {f.__name__}.")
    return variant


celu_, elu_, hardtanh_, leaky_relu_, rrelu_, selu_, threshold_ = map(
    _inplace, (celu, elu, hardtanh, leaky_relu, rrelu, selu, threshold)
)
