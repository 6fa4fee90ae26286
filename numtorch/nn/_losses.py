"""Losses beyond cross entropy; each a few elementwise rows and one reduction, which fuse."""

from __future__ import annotations

import math
import warnings

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _creation
from .._saves import kept
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor
from ._reduction import legacy, reduced


def same_size_warning(input: Tensor, target: Tensor) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


def weighted(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """With a weight the mean divides by the sum of the weights."""
    if weight is None:
        return reduced(loss, reduction)
    if weight.shape != loss.shape:
        raise ValueError("Inputs and weights must have the same size.")
    if reduction == "mean":
        return (loss * weight).sum() / weight.sum()
    return reduced(loss * weight, reduction)


def l1_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """|input - target|.

    >>> import numtorch as torch
    >>> torch.nn.functional.l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 4.0]))
    tensor(1.2500)
    """
    must_be_tensor("l1_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    same_size_warning(input, target)
    return weighted((input - target).abs(), weight, reduction)


@kept("smooth_l1_loss")
def smooth_l1_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:  # fmt: skip
    """d^2 / (2 beta) where d = |input - target| < beta, else d - beta / 2; Girshick (2015).

    >>> import numtorch as torch
    >>> torch.nn.functional.smooth_l1_loss(torch.tensor([0.5, 3.0]), torch.tensor([0.0, 0.0]))
    tensor(1.3125)
    """
    must_be_tensor("smooth_l1_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    same_size_warning(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    d = (input - target).abs()
    if beta == 0:
        return reduced(d, reduction)
    return reduced((d * d * (0.5 / beta)).where(d < beta, d - 0.5 * beta), reduction)


@kept("huber_loss")
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """d^2 / 2 where d = |input - target| <= delta, else delta * (d - delta / 2); Huber (1964).

    >>> import numtorch as torch
    >>> torch.nn.functional.huber_loss(torch.tensor([0.5, 3.0]), torch.tensor([0.0, 0.0]))
    tensor(1.3125)
    """
    must_be_tensor("huber_loss", input=input, target=target)
    same_size_warning(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    d = (input - target).abs()
    loss = (d * d * 0.5).where(d <= delta, (d - 0.5 * delta) * delta)
    return weighted(loss, weight, reduction)


def kl_div(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:  # fmt: skip
    """target * (log target - input) for log-probabilities; 'batchmean' is the mathematical one.

    >>> import numtorch as torch
    >>> x, p = torch.tensor([[0.25, 0.75]]).log(), torch.tensor([[0.5, 0.5]])
    >>> torch.nn.functional.kl_div(x, p, reduction="batchmean")
    tensor(0.1438)
    """
    must_be_tensor("kl_div", input=input, target=target)
    old = size_average is not None or reduce is not None
    reduction = legacy(size_average, reduce, reduction)
    if reduction == "mean" and not old:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next major "
            "release.",
            stacklevel=2,
        )
    if log_target:
        loss = target.exp() * (target - input)
    else:
        loss = target.xlogy(target) - target * input
    if reduction == "batchmean":
        return loss.sum() / input.size(0) if input.dim() else loss.sum()
    return reduced(loss, reduction)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, size_average=None,
    eps: float = 1e-8, reduce=None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """exp(input) - target * input, or input - target * log(input + eps) without log_input.

    >>> import numtorch as torch
    >>> torch.nn.functional.poisson_nll_loss(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 2.0]))
    tensor(0.8591)
    """
    must_be_tensor("poisson_nll_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if reduction not in _check.REDUCTIONS:
        raise ValueError(reduction + " is not a valid value for reduction")
    if not isinstance(eps, (int, float)):
        raise TypeError(
            f"poisson_nll_loss(): argument 'eps' (position 5) must be float, not "
            f"{type(eps).__name__}"
        )
    if log_input:
        loss = input.exp() - target * input
    else:
        loss = input - target * (input + eps).log()
    if full:  # Stirling's approximation of log(target!)
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """(log var + (input - target)^2 / var) / 2 with var at least eps; Nix and Weigend (1994).

    >>> import numtorch as torch
    >>> mean, target = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0])
    >>> torch.nn.functional.gaussian_nll_loss(mean, target, torch.tensor([1.0, 4.0]))
    tensor(0.5966)
    """
    must_be_tensor("gaussian_nll_loss", input=input, target=target)
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = _creation.full_like(input.detach(), var)
    elif bool((var.detach() < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if tuple(input.shape[:-1]) == tuple(var.shape):
            var = var.unsqueeze(-1)
        elif not (var.shape[:-1] == input.shape[:-1] and var.dim() and var.size(-1) == 1) and not (
            var.dim() == input.dim() and all(v in (1, n) for v, n in zip(var.shape, input.shape))
        ):
            raise ValueError("var is of incorrect size")
    if reduction not in _check.REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    fixed = var.detach().clamp(min=eps)
    var = var.where(var.detach() >= eps, fixed) if var.requires_grad else fixed
    # The clamp is no part of the graph: the gradient is that of var as it is.
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average=None, reduce=None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-(target * log(input) + (1 - target) * log(1 - input)), the logarithms at least -100.

    >>> import numtorch as torch
    >>> p = torch.tensor([0.9, 0.1])
    >>> torch.nn.functional.binary_cross_entropy(p, torch.tensor([1.0, 0.0]))
    tensor(0.1054)
    """
    must_be_tensor("binary_cross_entropy", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if target.dtype is not input.dtype:
        raise RuntimeError(
            f"Found dtype {_check.C_NAMES[target.dtype.short]} but expected "
            f"{_check.C_NAMES[input.dtype.short]}"
        )
    if input.dtype.kind != "f":
        raise _check.not_implemented("binary_cross_entropy", input._v.meta)
    if weight is not None:
        _broadcastable(weight, input)
    x, t = input.detach(), target.detach()
    if not bool(((x >= 0) & (x <= 1) & (t >= 0) & (t <= 1)).all()):  # a NaN is wrong too
        word = "target" if bool(((x >= 0) & (x <= 1)).all()) else "input"
        raise RuntimeError(f"all elements of {word} should be between 0 and 1")
    loss = local.tape.record(OPS["binary_cross_entropy"], (input, target))
    if weight is not None:
        loss = loss * weight.expand(loss.shape)
    return reduced(loss, reduction)


def _broadcastable(weight: Tensor, like: Tensor) -> None:
    sizes, wanted = tuple(weight.shape), tuple(like.shape)
    for k in range(-1, -len(sizes) - 1, -1):
        if len(sizes) > len(wanted) or sizes[k] not in (1, wanted[k]):
            raise RuntimeError(
                f"Attempting to broadcast a dimension of length {sizes[k]} at {k}! Mismatching "
                f"argument at index 1 had {weight.shape}; but expected shape should be "
                f"broadcastable to {list(wanted)}"
            )


@kept("binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average=None, reduce=None,
    reduction: str = "mean", pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """binary_cross_entropy of sigmoid(input), computed without overflow.

    >>> import numtorch as torch
    >>> x = torch.tensor([2.0, -200.0])
    >>> torch.nn.functional.binary_cross_entropy_with_logits(x, torch.tensor([1.0, 0.0]))
    tensor(0.0635)
    """
    from .functional import logsigmoid

    must_be_tensor("binary_cross_entropy_with_logits", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    soft = -logsigmoid(input)
    if pos_weight is not None:
        soft = soft * ((pos_weight - 1) * target + 1)
    loss = (1 - target) * input + soft
    if weight is not None:
        loss = loss * weight
    return reduced(loss, reduction)


@kept("soft_margin_loss")
def soft_margin_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean"
) -> Tensor:
    """log(1 + exp(-target * input)).

    >>> import numtorch as torch
    >>> torch.nn.functional.soft_margin_loss(torch.tensor([0.0, 3.0]), torch.tensor([1.0, -1.0]))
    tensor(1.8709)
    """
    must_be_tensor("soft_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    z = input * -target
    return reduced(z.exp().log1p(), reduction)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average=None, reduce=None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Mean over the classes of the logistic loss of each label.

    >>> import numtorch as torch
    >>> x = torch.tensor([[2.0, -2.0]])
    >>> torch.nn.functional.multilabel_soft_margin_loss(x, torch.tensor([[1.0, 0.0]]))
    tensor(0.1269)
    """
    from .functional import logsigmoid

    must_be_tensor("multilabel_soft_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(input.dim() - 1) / input.size(-1), reduction)


# ---------------------------------------------------------------- connectionist temporal
