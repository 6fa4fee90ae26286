"""Normalisation of activations: batch, layer, group, instance, RMS, local response; norms."""

from __future__ import annotations

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.ops.table import broadcast_shapes
from numtorch.jit.record import local

from .. import _creation
from .._tensor import Tensor
from ..autograd import no_grad
from . import _check
from ._record import must_be_tensor, with_out


def _affine(*parts) -> tuple[tuple, tuple[bool, ...]]:
    given = tuple(p for p in parts if p is not None)
    return given, tuple(p is not None for p in parts)


def _floating(name: str, x: Tensor) -> None:
    must_be_tensor(name, input=x)
    if x.dtype.kind != "f":
        raise _check.not_implemented(name, x._v.meta)


def _same_type(x: Tensor, *params) -> None:
    """RuntimeError unless parameters have x's dtype, or float32 for half types."""
    own, half = x.dtype, x.dtype.short in ("f16", "bf16")
    given = [p.dtype for p in params if p is not None]
    if all(d is own for d in given):
        return
    if any(d is not _d.float32 for d in given):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if not half:
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _wide(input: Tensor, weight: Tensor | None) -> bool:
    """True if a half-type input is computed in float32, as its parameters are."""
    return weight is not None and weight.dtype.short == "f32" and input.dtype.short in _HALVES


_HALVES = ("bf16", "f16")


def _trailing(name: str, x: Tensor, normalized_shape, *affine) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {list(shape)}"
        )
    for word, p in zip(("weight", "bias"), affine):
        if p is not None and tuple(p.shape) != shape:
            raise RuntimeError(
                f"Expected {word} to be of same shape as normalized_shape, but got {word} of shape "
                f"{list(p.shape)} and normalized_shape = {list(shape)}"
            )
    if tuple(x.shape[-len(shape) :]) != shape or x.dim() < len(shape):
        listed = ", ".join(map(str, shape))
        comma = "" if name == "rms_norm" else ", "
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*{comma}{listed}], "
            f"but got input of size{list(x.shape)}"
        )
    return shape


def layer_norm(
    input: Tensor, normalized_shape, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(var + eps) over the last dims, of shape normalized_shape; then affine.

    >>> import numtorch as torch
    >>> torch.nn.functional.layer_norm(torch.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    _floating("LayerNormKernelImpl", input)
    _same_type(input, weight, bias)
    if _wide(input, weight):
        wide = layer_norm(input.float(), normalized_shape, weight, bias, eps)
        return wide.to(input.dtype)
    shape = _trailing("layer_norm", input, normalized_shape, weight, bias)
    more, flags = _affine(weight, bias)
    return local.tape.record(OPS["layer_norm"], (input, float(eps), *more), (len(shape), flags))


def rms_norm(
    input: Tensor, normalized_shape, weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x^2) + eps) over the last dims; eps is the dtype's epsilon by default.

    >>> import numtorch as torch
    >>> torch.nn.functional.rms_norm(torch.tensor([[3.0, 4.0], [6.0, 8.0]]), (2,))
    tensor([[0.8485, 1.1314],
            [0.8485, 1.1314]])
    """
    _floating("rms_norm", input)
    shape = _trailing("rms_norm", input, normalized_shape, weight)
    if eps is None:
        from .. import finfo

        eps = finfo(input.dtype).eps
    more, flags = _affine(weight)
    attrs = (len(shape), (*flags, False))
    return local.tape.record(OPS["rms_norm"], (input, float(eps), *more), attrs)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises groups of channels of [N, C, ...]; then affine per channel.

    >>> import numtorch as torch
    >>> torch.nn.functional.group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    _floating("GroupNormKernelImpl", input)
    _same_type(input, weight, bias)
    if _wide(input, weight):
        return group_norm(input.float(), num_groups, weight, bias, eps).to(input.dtype)
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    channels = input.size(1)
    spatial = input.numel() // max(input.size(0) * channels, 1)
    if num_groups > 0 and input.size(0) * channels // num_groups * spatial == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{list(input.shape)}"
        )
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    for word, p in (("weight", weight), ("bias", bias)):
        if p is not None and tuple(p.shape) != (channels,):
            raise RuntimeError(
                f"Expected {word} to be a vector of size equal to the number of channels in input, "
                f"but got {word} of shape {list(p.shape)} and input of shape {list(input.shape)}"
            )
    more, flags = _affine(weight, bias)
    return local.tape.record(OPS["group_norm"], (input, float(eps), *more), (num_groups, flags))


# ---------------------------------------------------------------- batch statistics


def _update(running: Tensor, new: Tensor, momentum: float) -> None:
    """running = (1 - momentum) * running + momentum * new."""
    with no_grad():
        op = OPS["running"]
        new = new.detach()
        value = local.tape.record(op, (running, new, 1.0 - momentum, float(momentum)))
        if value.dtype is not running.dtype:
            value = value.to(running.dtype)
        local.tape.write(running, value)


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
    weight: Tensor | None = None, bias: Tensor | None = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises each channel of [N, C, ...]: by the batch's moments in training (and moves the
    running ones), else by the running ones.

    >>> import numtorch as torch
    >>> mean, var = torch.tensor([1.0]), torch.tensor([4.0])
    >>> torch.nn.functional.batch_norm(torch.tensor([[1.0], [5.0]]), mean, var)
    tensor([[0.0000],
            [2.0000]])
    """
    _floating("batch_norm", input)
    if training and eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    _same_type(input, weight, bias, running_mean, running_var)
    if _wide(input, running_mean if weight is None else weight):
        rest = (running_mean, running_var, weight, bias, training, momentum, eps)
        return batch_norm(input.float(), *rest).to(input.dtype)
    if not input.dim():
        raise IndexError("tuple index out of range")
    channels = input.size(1) if input.dim() > 1 else 0
    for word, p in (("running_mean", running_mean), ("running_var", running_var),
                    ("weight", weight), ("bias", bias)):  # fmt: skip
        if p is not None and p.numel() != channels:
            raise RuntimeError(f"{word} should contain {channels} elements not {p.numel()}")
    if input.dim() < 2:
        if input.numel():
            raise ValueError(f"expected 2D or more input (got {input.dim()}D input)")
        return input.clone()
    more, flags = _affine(weight, bias)
    if not training:
        if running_mean is None or running_var is None:
            word = "running_mean" if running_mean is None else "running_var"
            raise RuntimeError(f"{word} must be defined in evaluation mode")
        if eps < 0:
            raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
        operands = (input, running_mean, running_var, float(eps), *more)
        return local.tape.record(OPS["batch_norm"], operands, (flags,))
    count = input.numel() // max(channels, 1)
    if count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    dims = tuple(d for d in range(input.dim()) if d != 1)
    tape = local.tape
    mean = tape.record(OPS["mean"], (input,), (dims, False))
    var = tape.record(OPS["var"], (input,), (dims, 0, False))
    out = tape.record(OPS["batch_norm"], (input, mean, var, float(eps), *more), (flags,))
    if running_mean is not None and count:
        _update(running_mean, mean, momentum)
    if running_var is not None and count:
        _update(running_var, var.detach() * (count / (count - 1)), momentum)
    return out


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalises each channel of each sample of [N, C, ...].

    Ulyanov, Vedaldi and Lempitsky, Instance normalization (2016).

    >>> import numtorch as torch
    >>> torch.nn.functional.instance_norm(torch.tensor([[[1.0, 3.0], [10.0, 30.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    _floating("instance_norm", input)
    if _wide(input, running_mean if weight is None else weight):
        rest = (running_mean, running_var, weight, bias, use_input_stats, momentum, eps)
        return instance_norm(input.float(), *rest).to(input.dtype)
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    shape, spatial = tuple(input.shape), tuple(range(2, input.dim()))
    size = 1
    for n in shape[2:]:
        size *= n
    if size == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    if running_mean is not None or running_var is not None:
        data = input.detach()
        if running_mean is not None:
            _update(running_mean, data.mean(spatial).mean(0), momentum)
        if running_var is not None:
            _update(running_var, data.var(spatial).mean(0), momentum)
    more, flags = _affine(weight, bias)
    return local.tape.record(OPS["group_norm"], (input, float(eps), *more), (shape[1], flags))


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """x / (k + alpha * mean of squares of `size` neighbouring channels)^beta.

    Krizhevsky, Sutskever and Hinton (2012), section 3.3.

    >>> import numtorch as torch
    >>> torch.nn.functional.local_response_norm(torch.zeros(1, 3, 4, 4), 2).shape
    torch.Size([1, 3, 4, 4])
    """
    from .functional import avg_pool1d

    dim = input.dim()
    if dim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality{' ' * 25} input (got {dim} dimensions)"
        )
    if input.numel() == 0:
        return input
    square = (input * input).movedim(1, -1)
    flat = square.reshape(1, -1, input.size(1))
    padded = _pad(flat, (size // 2, (size - 1) // 2))
    mean = avg_pool1d(padded, size, 1).reshape(square.shape).movedim(-1, 1)
    return input / (mean * alpha + k).pow(beta)


def _pad(x: Tensor, widths) -> Tensor:
    from .functional import pad

    return pad(x, widths)


@with_out
@with_out
def normalize(input: Tensor, p: float = 2.0, dim=1, eps: float = 1e-12) -> Tensor:
    """x / max(norm of x along dim, eps).

    >>> import numtorch as torch
    >>> torch.nn.functional.normalize(torch.tensor([[3.0, 4.0], [0.0, 2.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)


# ---------------------------------------------------------------- distances


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """<x1, x2> / (max(|x1|, eps) * max(|x2|, eps)) along a dim; operands broadcast.

    >>> import numtorch as torch
    >>> x, y = torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0])
    >>> torch.nn.functional.cosine_similarity(x, y, dim=0)
    tensor(0.7071)
    """
    types = [(x._v.meta.shape, x.dtype, None) for x in (x1, x2)]
    common = _d.result_type(types)
    if common.kind != "f":
        raise RuntimeError("expected common dtype to be floating point, yet common dtype is "
                           f"{_check.C_NAMES[common.short]}")  # fmt: skip
    x1, x2 = (x if x.dtype is common else x.to(common) for x in (x1, x2))
    if x1.shape != x2.shape:  # the lengths are those of the broadcast operands
        shape = broadcast_shapes("cosine_similarity", [x1._v.meta.shape, x2._v.meta.shape])
        x1, x2 = x1.expand(shape), x2.expand(shape)
    a, b = _lengths(x1, dim, eps), _lengths(x2, dim, eps)
    return ((x1 / a) * (x2 / b)).sum(dim)


def _lengths(x: Tensor, dim: int, eps: float) -> Tensor:
    # The clamp is no part of the graph: the gradient is that of x / |x|.
    length = x.norm(2, dim, keepdim=True)
    floor = _creation.full_like(length.detach(), eps)
    return length.where(length.detach() > eps, floor)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """p-norm of x1 - x2 + eps along the last dim.

    >>> import numtorch as torch
    >>> torch.nn.functional.pairwise_distance(torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]), p=1)
    tensor([7.0000])
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)
