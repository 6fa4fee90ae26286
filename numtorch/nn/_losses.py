"""Losses beyond cross entropy; each a few elementwise rows and one reduction, which fuse."""

from __future__ import annotations

import math
import warnings

from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _creation, _gather
from .._saves import kept
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor


def legacy(size_average, reduce, reduction: str) -> str:
    """`reduction`, or what the old arguments meant, with PyTorch's warning."""
    if size_average is None and reduce is None:
        return reduction
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    found = "none" if not reduce else "mean" if size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.",
        stacklevel=3,
    )
    return found


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    _check.reduction(reduction)
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


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
        return _reduce(loss, reduction)
    if weight.shape != loss.shape:
        raise ValueError("Inputs and weights must have the same size.")
    if reduction == "mean":
        return (loss * weight).sum() / weight.sum()
    return _reduce(loss * weight, reduction)


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
        return _reduce(d, reduction)
    return _reduce((d * d * (0.5 / beta)).where(d < beta, d - 0.5 * beta), reduction)


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
    return _reduce(loss, reduction)


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
    return _reduce(loss, reduction)


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
    return _reduce(loss, reduction)


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
    return _reduce(loss, reduction)


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
    return _reduce(loss, reduction)


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
    return _reduce(z.exp().log1p(), reduction)


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
    return _reduce(loss.sum(input.dim() - 1) / input.size(-1), reduction)


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, size_average=None, reduce=None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """input where the target is 1, max(0, margin - input) where it is -1.

    >>> import numtorch as torch
    >>> x = torch.tensor([0.5, 0.25])
    >>> torch.nn.functional.hinge_embedding_loss(x, torch.tensor([1, -1]))
    tensor(0.6250)
    """
    must_be_tensor("hinge_embedding_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    zero = input.detach() * 0
    below = (margin - input).clamp_min(0).where(target != 1, zero)
    return _reduce(below + input.where(target != -1, zero), reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average=None,
    reduce=None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, -target * (input1 - input2) + margin).

    >>> import numtorch as torch
    >>> x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 5.0])
    >>> torch.nn.functional.margin_ranking_loss(x, y, torch.tensor([1, -1]))
    tensor(0.5000)
    """
    must_be_tensor("margin_ranking_loss", input1=input1, input2=input2, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _reduce((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, size_average=None,
    reduce=None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1.

    >>> import numtorch as torch
    >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    >>> torch.nn.functional.cosine_embedding_loss(x, y, torch.tensor([1]))
    tensor(1.)
    """
    must_be_tensor("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if target.dim() not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.dim() != target.dim() + 1 or input2.dim() != target.dim() + 1:
        kind = "1D" if target.dim() else "0D"
        wanted = "2D" if target.dim() else "1D"
        raise RuntimeError(
            f"{kind} target tensor expects {wanted} input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    d = target.dim()
    eps = 1e-12
    dot = (input1 * input2).sum(d)
    cos = dot / (((input1 * input1).sum(d) + eps) * ((input2 * input2).sum(d) + eps)).sqrt()
    zero = cos.detach() * 0
    apart = (cos - margin).clamp_min(0).where(target == -1, zero)
    loss = (1 - cos).where(target == 1, zero) + apart
    return _reduce(loss, reduction)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2,
    eps: float = 1e-6, swap: bool = False, size_average=None, reduce=None,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, d(anchor, positive) - d(anchor, negative) + margin).

    >>> import numtorch as torch
    >>> anchor, positive = torch.zeros(1, 2), torch.ones(1, 2)
    >>> torch.nn.functional.triplet_margin_loss(anchor, positive, torch.tensor([[1.0, 2.0]]))
    tensor(0.1781)
    """
    from .functional import pairwise_distance

    reduction = legacy(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.dim()}D, positive {positive.dim()}D, and "
            f"negative {negative.dim()}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return _reduce((near - far + margin).clamp_min(0), reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function=None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """triplet_margin_loss with any distance.

    >>> import numtorch as torch
    >>> anchor, positive = torch.zeros(1, 2), torch.ones(1, 2)
    >>> loss = torch.nn.functional.triplet_margin_with_distance_loss
    >>> loss(anchor, positive, torch.tensor([[1.0, 2.0]]))
    tensor(0.1781)
    """
    from .functional import pairwise_distance

    if reduction not in _check.REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    distance = pairwise_distance if distance_function is None else distance_function
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.dim()}D, positive {positive.dim()}D, and "
            f"negative {negative.dim()}D inputs"
        )
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return _reduce((near - far + margin).clamp_min(0), reduction)


# ---------------------------------------------------------------- several classes


@kept("multi_margin_loss")
def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None,
    size_average=None, reduce=None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Mean over the other classes of max(0, margin - x[target] + x[i])^p.

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
    >>> torch.nn.functional.multi_margin_loss(x, torch.tensor([3]))
    tensor(0.3250)
    """
    must_be_tensor("multi_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    _check.reduction(reduction)
    if isinstance(margin, str):
        raise TypeError(
            "multi_margin_loss(): argument 'margin' (position 4) must be Number, not str"
        )
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    if input.dim() > 2 or (input.dim() and not input.size(-1)):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )
    x = input if input.dim() == 2 else input.reshape(1, -1)
    t = target.reshape(-1)
    if t.numel() != x.size(0) or target.dim() > 1:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{x.size(0)}], but got "
            f"{list(target.shape)}. Input has shape {list(input.shape)}."
        )
    if weight is not None and weight.numel() != x.size(1):
        raise RuntimeError(
            f"inconsistent weight size, expected {x.size(1)} but got {list(weight.shape)}"
        )
    _must_be(_d.int64, target)
    if weight is not None:
        _must_be(input.dtype, weight)
    index = t.unsqueeze(1)
    z = (margin - _gather.named_gather("multi_margin_loss", x, index) + x).clamp_min(0)
    z = z * z if p == 2 else z
    if weight is not None:
        z = z * weight.index_select(0, t).unsqueeze(1)
    own = _creation.arange(x.size(1)) == index
    loss = z.masked_fill(own, 0).sum(1) / x.size(1)
    if input.dim() < 2 and reduction == "none":
        loss = loss.squeeze(0)
    return _reduce(loss, reduction)


@kept("multilabel_margin_loss")
def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean"
) -> Tensor:
    """Sum over labels j and other classes i of max(0, 1 - (x[j] - x[i])) / classes.

    A row of the target lists its labels and ends at the first -1.

    >>> import numtorch as torch
    >>> x, labels = torch.zeros(5, 4), torch.tensor([[3, 0, -1, 1]]).expand(5, 4)
    >>> torch.nn.functional.multilabel_margin_loss(x, labels, reduction="none").shape
    torch.Size([5])
    """
    must_be_tensor("multilabel_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    _check.reduction(reduction)
    if input.dim() > 2 or (input.dim() and not input.size(-1)):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )
    if input.shape != target.shape:
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    _must_be(_d.int64, target)
    x = input if input.dim() == 2 else input.reshape(1, -1)
    t = target if input.dim() == 2 else target.reshape(1, -1)
    if not bool(((t >= -1) & (t < x.size(1))).all()):
        raise RuntimeError("argument #2 'target' is out of range")
    listed = (t >= 0).long().cumprod(1) > 0  # up to the first -1
    at = t.clamp_min(0)
    is_label = _creation.zeros(x.shape, dtype=at.dtype).scatter_add(1, at, listed.long()) > 0
    mine = x.gather(1, at)
    z = (1 - mine.unsqueeze(2) + x.unsqueeze(1)).clamp_min(0)
    use = listed.unsqueeze(2) & ~is_label.unsqueeze(1)
    loss = z.masked_fill(~use, 0).sum((1, 2)) / x.size(1)
    if input.dim() < 2 and reduction == "none":
        loss = loss.squeeze(0)
    return _reduce(loss, reduction)


def _must_be(dtype, x: Tensor) -> None:
    if x.dtype is not dtype:
        raise RuntimeError(
            f"expected scalar type {dtype.scalar_type} but found {x.dtype.scalar_type}"
        )


# ---------------------------------------------------------------- connectionist temporal


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths, target_lengths, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """-log of the probability of the targets over all alignments; Graves et al. (2006).

    log_probs [T, N, C] (or [T, C]); targets [N, S], or all of them one after the other.

    >>> import numtorch as torch
    >>> x = torch.zeros(4, 1, 3).log_softmax(2)
    >>> targets, lengths = torch.tensor([[1, 2]]), torch.tensor([2])
    >>> torch.nn.functional.ctc_loss(x, targets, torch.tensor([4]), lengths, reduction="none").shape
    torch.Size([1])
    """
    must_be_tensor("ctc_loss", log_probs=log_probs, targets=targets)
    _check.reduction(reduction)
    batched = log_probs.dim() == 3
    _check_ctc(log_probs, targets)
    log_probs = local.tape.record(OPS["ctc_scores"], (log_probs,))
    x = log_probs if batched else log_probs.unsqueeze(1)
    steps, n, classes = x.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    ins = _lengths(input_lengths, n, "input_lengths")
    outs = _lengths(target_lengths, n, "target_lengths")
    if max(ins, default=0) > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {max(ins)} {_CTC}"
        )
    longest = max(outs, default=0)
    table = _target_table(targets, outs, n, longest)
    # Labels with blanks between: [N, 2 S + 1].
    width = 2 * longest + 1
    labels = [[blank] * width for _ in range(n)]
    for row, target in zip(labels, table):
        row[1 : 2 * len(target) + 1 : 2] = target
    skip = [
        [s % 2 == 1 and s >= 3 and row[s] != row[s - 2] for s in range(width)] for row in labels
    ]
    index, skip = _creation.tensor(labels), _creation.tensor(skip)
    low = -1e30
    floor = _creation.full((n, width), low, dtype=x.dtype)
    place = _creation.arange(width)
    alpha = floor.where(place > 1, x[0].gather(1, index))
    lengths = _creation.tensor(ins).unsqueeze(1)
    for t in range(1, max(ins, default=1)):
        one = _shifted(alpha, 1, low)
        two = _shifted(alpha, 2, low).where(skip, floor)
        top = alpha.maximum(one).maximum(two).detach()
        total = (alpha - top).exp() + (one - top).exp() + (two - top).exp()
        new = total.log() + top + x[t].gather(1, index)
        alpha = new.where(lengths > t, alpha)
    ends = _creation.tensor([[2 * s, max(2 * s - 1, 0)] for s in outs])
    last = alpha.gather(1, ends)
    single = _creation.tensor([[False, s == 0] for s in outs])
    last = last.masked_fill(single, low)
    loss = -last.logsumexp(1)
    # As in PyTorch the gradient is that of the scores which log_softmax made into log_probs.
    used = (_creation.arange(steps).unsqueeze(1) < lengths.t()).unsqueeze(-1)
    mass = x.exp().masked_fill(~used, 0).sum((0, 2))
    loss = loss + (mass - mass.detach())
    none = loss.detach() > 1e29
    loss = loss.masked_fill(none, 0.0 if zero_infinity else math.inf)
    if reduction == "mean":
        sizes = _creation.tensor([max(s, 1) for s in outs], dtype=x.dtype)
        return (loss / sizes).mean()
    loss = loss if batched else loss.squeeze(0)
    return loss.sum() if reduction == "sum" else loss


def _shifted(alpha: Tensor, k: int, low: float) -> Tensor:
    from .functional import pad

    return pad(alpha, (k, 0), value=low)[:, : alpha.size(1)]


_CTC = "(while checking arguments for ctc_loss_allocate_outputs)"


def _check_ctc(log_probs: Tensor, targets: Tensor) -> None:
    if log_probs.dim() not in (2, 3) or (log_probs.dim() == 2 and targets.dim() > 1):
        rank = log_probs.dim() if log_probs.dim() == 2 else log_probs.dim() + 1
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {rank}-dimensional tensor for argument #1 "
            f"'log_probs' {_CTC}"
        )
    if targets.dim() not in (1, 2):
        raise RuntimeError(
            f"Expected 1 to 2 dimensions, but got {targets.dim()}-dimensional tensor for argument "
            f"#2 'targets' {_CTC}"
        )
    if log_probs.dtype.short not in ("f32", "f64"):
        raise _check.not_implemented("ctc_loss_cpu", log_probs._v.meta)


def _lengths(given, n: int, name: str) -> list[int]:
    if isinstance(given, Tensor):
        if given.dtype.kind not in "iu":
            raise RuntimeError(f"{name} must be integral")
        found = given.reshape(-1).tolist()
    else:
        found = list(given)
        for k, v in enumerate(found):
            if not isinstance(v, int):
                raise TypeError(
                    f"ctc_loss(): argument '{name}' failed to unpack the object at pos {k + 1} "
                    f'with error "type must be tuple of ints,but got {type(v).__name__}"'
                )
    if len(found) != n:
        raise RuntimeError(f"{name} must be of size batch_size")
    if min(found, default=0) < 0:
        raise RuntimeError(
            f"Expected {name} to have value at least 0, but got value {min(found)} {_CTC}"
        )
    return found


def _target_table(targets: Tensor, lengths: list[int], n: int, longest: int) -> list[list[int]]:
    rows = targets.long().tolist()
    wanted = sum(lengths) if targets.dim() == 1 else n
    if len(rows) != wanted:
        raise RuntimeError(
            f"Expected tensor to have size {wanted} at dimension 0, but got size {len(rows)} for "
            f"argument #2 'targets' {_CTC}"
        )
    if targets.dim() == 1:
        found, at = [], 0
        for k in lengths:
            found.append(rows[at : at + k])
            at += k
        return found
    if targets.size(1) < longest:
        raise RuntimeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got size "
            f"{targets.size(1)} for argument #2 'targets' {_CTC}"
        )
    return [row[:k] for row, k in zip(rows, lengths)]
