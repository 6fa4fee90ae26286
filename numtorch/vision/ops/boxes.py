"""Boxes: areas, overlaps, formats, non-maximum suppression."""

from __future__ import annotations

import math

import numpy as np
from numtorch.jit import dtypes as _d

from ..._creation import from_numpy, zeros
from ..._joins import stack
from ..._tensor import Tensor

_FORMATS = ("xyxy", "xywh", "cxcywh")


def _upcast(t: Tensor) -> Tensor:
    """A dtype in which products do not overflow."""
    if t.is_floating_point():
        return t if t.dtype in (_d.float32, _d.float64) else t.float()
    return t if t.dtype in (_d.int32, _d.int64) else t.int()


def _corners(boxes: Tensor, fmt: str) -> Tensor:
    if fmt == "xyxy":
        return boxes
    a, b, w, h = boxes.unbind(-1)
    if fmt == "xywh":
        return stack((a, b, a + w, b + h), -1)
    return stack((a - 0.5 * w, b - 0.5 * h, a + 0.5 * w, b + 0.5 * h), -1)


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes [..., 4] in another format: corners, corner and size, or center and size.

    >>> import numtorch as torch
    >>> from numtorch.vision.ops import box_convert
    >>> box_convert(torch.tensor([[1.0, 2.0, 5.0, 4.0]]), "xyxy", "cxcywh")
    tensor([[3., 3., 4., 2.]])
    """
    if in_fmt not in _FORMATS or out_fmt not in _FORMATS:
        if {in_fmt, out_fmt} <= {*_FORMATS, "xywhr", "cxcywhr", "xyxyxyxy"}:
            raise NotImplementedError("box_convert has no rotated boxes in numtorch")
        raise ValueError(
            f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}"
        )
    if in_fmt == out_fmt:
        return boxes.clone()
    left, top, right, bottom = (corners := _corners(boxes, in_fmt)).unbind(-1)
    if out_fmt == "xyxy":
        return corners
    if out_fmt == "xywh":
        return stack((left, top, right - left, bottom - top), -1)
    return stack(((left + right) / 2, (top + bottom) / 2, right - left, bottom - top), -1)


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """Areas of boxes [..., 4]."""
    if fmt not in _FORMATS:
        raise ValueError(f"Unsupported Bounding Box area for given format {fmt}")
    boxes = _upcast(boxes)
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., 2] * boxes[..., 3]


def _pairs(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> tuple[Tensor, Tensor]:
    """(overlap, union) of every box of the first with every one of the second."""
    area1, area2 = box_area(boxes1, fmt), box_area(boxes2, fmt)
    a, b = _corners(boxes1, fmt)[..., None, :], _corners(boxes2, fmt)[..., None, :, :]
    size = _upcast(a[..., 2:].minimum(b[..., 2:]) - a[..., :2].maximum(b[..., :2])).clamp(0)
    overlap = size[..., 0] * size[..., 1]
    return overlap, area1[..., None] + area2[..., None, :] - overlap


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Overlap by union [N, M] of boxes [N, 4] and [M, 4]."""
    if fmt not in _FORMATS:
        raise ValueError(
            f"Unsupported format '{fmt}'. Supported axis-aligned formats: {_FORMATS}."
        )
    overlap, union = _pairs(boxes1, boxes2, fmt)
    return overlap / union


def _hull(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Sizes [N, M, 2] of the smallest boxes around both."""
    a, b = boxes1[..., None, :], boxes2[..., None, :, :]
    return _upcast(a[..., 2:].maximum(b[..., 2:]) - a[..., :2].minimum(b[..., :2])).clamp(0)


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """IoU minus the part of the hull that neither covers (Rezatofighi et al. 2019)."""
    overlap, union = _pairs(boxes1, boxes2)
    size = _hull(boxes1, boxes2)
    hull = size[..., 0] * size[..., 1]
    return overlap / union - (hull - union) / hull


def _distance(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """(IoU minus the squared distance of the centers by that of the hull's corners, IoU)."""
    iou = box_iou(boxes1, boxes2)
    size = _hull(boxes1, boxes2)
    diagonal = size[..., 0] ** 2 + size[..., 1] ** 2 + eps
    a = _upcast((boxes1[..., :2] + boxes1[..., 2:]) / 2)[..., None, :]
    b = _upcast((boxes2[..., :2] + boxes2[..., 2:]) / 2)[..., None, :, :]
    apart = a - b
    return iou - (apart[..., 0] ** 2 + apart[..., 1] ** 2) / diagonal, iou


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """IoU with a penalty for the distance of the centers (Zheng et al. 2020)."""
    return _distance(_upcast(boxes1), _upcast(boxes2), eps)[0]


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """`distance_box_iou` with a penalty for other proportions."""
    boxes1, boxes2 = _upcast(boxes1), _upcast(boxes2)
    diou, iou = _distance(boxes1, boxes2, eps)
    w1, h1 = (boxes1[..., 2:] - boxes1[..., :2])[..., None, :].unbind(-1)
    w2, h2 = (boxes2[..., 2:] - boxes2[..., :2])[..., None, :, :].unbind(-1)
    v = (4 / math.pi**2) * ((w1 / h1).atan() - (w2 / h2).atan()) ** 2
    alpha = (v / (1 - iou + v + eps)).detach()
    return diou - alpha * v


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Indices of the boxes that overlap no better one by more than the threshold, best first."""
    if boxes.dim() != 2:
        raise RuntimeError(f"boxes should be a 2d tensor, got {boxes.dim()}D")
    if boxes.size(1) != 4:
        raise RuntimeError(
            f"boxes should have 4 elements in dimension 1, got {boxes.size(1)}"
        )
    if scores.dim() != 1:
        raise RuntimeError(f"scores should be a 1d tensor, got {scores.dim()}D")
    if boxes.size(0) != scores.size(0):
        raise RuntimeError(
            "boxes and scores should have same number of elements in dimension 0, got "
            f"{boxes.size(0)} and {scores.size(0)}"
        )
    return from_numpy(_kept(boxes.detach().numpy(), scores.detach().numpy(), iou_threshold))


def _kept(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    order = np.argsort(-scores, kind="stable")
    left, top, right, bottom = boxes[order].T
    area = (right - left) * (bottom - top)
    alive, found = np.ones(len(order), bool), []
    for k in range(len(order)):
        if not alive[k]:
            continue
        found.append(k)
        rest = slice(k + 1, None)
        w = np.minimum(right[k], right[rest]) - np.maximum(left[k], left[rest])
        h = np.minimum(bottom[k], bottom[rest]) - np.maximum(top[k], top[rest])
        overlap = np.maximum(w, 0) * np.maximum(h, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            alive[rest] &= ~(overlap / (area[k] + area[rest] - overlap) > threshold)
    return order[found].astype(np.int64)


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """`nms` among the boxes of each class, best first."""
    b, s, classes = (t.detach().numpy() for t in (boxes, scores, idxs))
    kept = np.zeros(len(s), bool)
    for c in np.unique(classes):
        mine = np.flatnonzero(classes == c)
        kept[mine[_kept(b[mine], s[mine], iou_threshold)]] = True
    found = np.flatnonzero(kept)
    return from_numpy(found[np.argsort(-s[found], kind="stable")].astype(np.int64))


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """Indices of the boxes whose sides are both at least so long."""
    size = boxes[..., 2:] - boxes[..., :2]
    return (size >= min_size).all(-1).nonzero()[:, 0]


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes cut off at the edges of an image of (height, width)."""
    height, width = size
    xs, ys = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return stack((xs, ys), boxes.dim()).reshape(boxes.shape)


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The boxes [N, 4] around the nonzero pixels of masks [N, H, W]."""
    if masks.numel() == 0:
        return zeros(0, 4)
    array = masks.numpy() != 0
    found = np.zeros((len(array), 4), np.float32)
    for k, mask in enumerate(array):
        ys, xs = np.nonzero(mask)
        if len(xs):
            found[k] = xs.min(), ys.min(), xs.max(), ys.max()
    return from_numpy(found)
