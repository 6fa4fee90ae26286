"""Mixtures of the images and labels of a batch."""

from __future__ import annotations

import math

import numpy as np
from numtorch.jit.dtypes import float32

from ...._tensor import Tensor
from ....nn.functional import one_hot
from .. import _draw
from ._transform import Transform


class _Mixture(Transform):
    def __init__(self, *, alpha: float = 1.0, num_classes: int | None = None, labels_getter=None):
        super().__init__()
        if labels_getter is not None and not callable(labels_getter):
            raise NotImplementedError(
                "labels_getter must be None or a callable that takes the sample in numtorch"
            )
        self.alpha, self.num_classes = float(alpha), num_classes
        self.labels_getter = labels_getter

    def forward(self, *inputs):
        """(images [B, C, H, W], labels [B]) mixed with the batch turned by one place."""
        images, labels = inputs if len(inputs) == 2 else inputs[0]
        if images.ndim != 4:
            raise ValueError(
                "Expected a batched input with 4 dims, but got "
                f"{images.ndim} dimensions instead."
            )
        if labels.ndim == 1 and self.num_classes is None:
            raise ValueError(
                "num_classes must be passed if the labels are index-based (1D)"
            )
        if labels.ndim not in (1, 2):
            raise ValueError(
                f"labels should be index based with shape (batch_size,) or probability based with "
                f"shape (batch_size, num_classes), but got a tensor of shape "
                f"{tuple(labels.shape)} instead."
            )
        g = np.random.default_rng(_draw.host().integer())
        images, lam = self._mix(images, float(g.beta(self.alpha, self.alpha)))
        if labels.ndim == 1:
            labels = one_hot(labels, self.num_classes)
        labels = labels if labels.is_floating_point() else labels.to(float32)
        return images, labels.roll(1, 0) * (1.0 - lam) + labels * lam

    def _mix(self, images: Tensor, lam: float) -> tuple[Tensor, float]:
        raise NotImplementedError


class MixUp(_Mixture):
    """Weighted means of pairs (Zhang et al. 2018)."""

    def _mix(self, images: Tensor, lam: float) -> tuple[Tensor, float]:
        return images.roll(1, 0) * (1.0 - lam) + images * lam, lam


class CutMix(_Mixture):
    """A rectangle of another image of the batch (Yun et al. 2019)."""

    def _mix(self, images: Tensor, lam: float) -> tuple[Tensor, float]:
        h, w = images.shape[-2:]
        x, y = _draw.randint(0, w), _draw.randint(0, h)
        r = 0.5 * math.sqrt(1.0 - lam)
        left, right = max(x - int(r * w), 0), min(x + int(r * w), w)
        top, bottom = max(y - int(r * h), 0), min(y + int(r * h), h)
        out = images.clone()
        out[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        return out, 1.0 - (right - left) * (bottom - top) / (w * h)
