"""Losses of detectors."""

from __future__ import annotations

import math

from numtorch.jit import dtypes as _d

from ..._tensor import Tensor
from ...nn import functional as F


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    if reduction == "sum":
        return loss.sum()
    raise ValueError(
        f"Invalid Value for arg 'reduction': '{reduction} \n Supported reduction modes: 'none', "
        "'mean', 'sum'"
    )


def sigmoid_focal_loss(
    inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2,
    reduction: str = "none",
) -> Tensor:  # fmt: skip
    """Binary cross entropy with less weight on easy cases (Lin et al. 2017)."""
    if not 0 <= alpha <= 1 and alpha != -1:
        raise ValueError(
            f"Invalid alpha value: {alpha}. alpha must be in the range [0,1] or -1 for ignore."
        )
    p = inputs.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    right = p * targets + (1 - p) * (1 - targets)
    loss = entropy * ((1 - right) ** gamma)
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return _reduced(loss, reduction)


def _float(t: Tensor) -> Tensor:
    return t if t.dtype in (_d.float32, _d.float64) else t.float()


def _compared(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple:
    """(IoU, union, width and height of the hull) of each pair of boxes."""
    a, b = boxes1, boxes2
    overlap = (a[..., 2:].minimum(b[..., 2:]) - a[..., :2].maximum(b[..., :2])).clamp(0)
    overlap = overlap[..., 0] * overlap[..., 1]
    size_a, size_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    union = size_a[..., 0] * size_a[..., 1] + size_b[..., 0] * size_b[..., 1] - overlap
    hull = a[..., 2:].maximum(b[..., 2:]) - a[..., :2].minimum(b[..., :2])
    return overlap / (union + eps), union, hull[..., 0], hull[..., 1]


def generalized_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """1 minus the generalized IoU of each pair."""
    iou, union, w, h = _compared(_float(boxes1), _float(boxes2), eps)
    hull = w * h
    return _reduced(1 - (iou - (hull - union) / (hull + eps)), reduction)


def _distance_loss(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    iou, _, w, h = _compared(boxes1, boxes2, eps)
    apart = (boxes1[..., :2] + boxes1[..., 2:] - boxes2[..., :2] - boxes2[..., 2:]) / 2
    distance = apart[..., 0] ** 2 + apart[..., 1] ** 2
    return 1 - iou + distance / (w**2 + h**2 + eps), iou


def distance_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """1 minus the distance IoU of each pair."""
    return _reduced(_distance_loss(_float(boxes1), _float(boxes2), eps)[0], reduction)


def complete_box_iou_loss(
    boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7
) -> Tensor:
    """1 minus the complete IoU of each pair."""
    boxes1, boxes2 = _float(boxes1), _float(boxes2)
    loss, iou = _distance_loss(boxes1, boxes2, eps)
    w1, h1 = (boxes1[..., 2:] - boxes1[..., :2]).unbind(-1)
    w2, h2 = (boxes2[..., 2:] - boxes2[..., :2]).unbind(-1)
    v = (4 / math.pi**2) * ((w2 / h2).atan() - (w1 / h1).atan()) ** 2
    alpha = (v / (1 - iou + v + eps)).detach()
    return _reduced(loss + alpha * v, reduction)
