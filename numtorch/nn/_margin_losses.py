"""Losses with margins: between pairs, triplets and the classes of a row."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from .. import _creation, _gather
from .._saves import kept
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor
from ._reduction import legacy, reduced


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
    return reduced(below + input.where(target != -1, zero), reduction)


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
    return reduced((-target * (input1 - input2) + margin).clamp_min(0), reduction)


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
    return reduced(loss, reduction)


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
    return reduced((near - far + margin).clamp_min(0), reduction)


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
    return reduced((near - far + margin).clamp_min(0), reduction)


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
    return reduced(loss, reduction)


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
    return reduced(loss, reduction)


def _must_be(dtype, x: Tensor) -> None:
    if x.dtype is not dtype:
        raise RuntimeError(
            f"expected scalar type {dtype.scalar_type} but found {x.dtype.scalar_type}"
        )
