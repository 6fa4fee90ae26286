"""Transforms that only the second version has."""

from __future__ import annotations

import numpy as np

from ...._creation import from_numpy
from ...._random import randn
from ...._tensor import Tensor
from ..._pillow import Picture
from .. import _draw
from . import functional as F
from ._transform import Transform


class Identity(Transform):
    """Changes nothing."""

    def transform(self, inpt, params: dict) -> Picture:
        """The image."""
        return inpt


class ToImage(Transform):
    """Images and arrays [H, W, C] as tensors [C, H, W] of their own dtype."""

    def forward(self, *inputs) -> Picture:
        """The sample with tensors for images."""
        if len(inputs) == 1 and isinstance(inputs[0], np.ndarray):
            return F.to_image(inputs[0])
        return super().forward(*inputs)

    def transform(self, inpt, params: dict) -> Tensor:
        """The tensor."""
        return F.to_image(inpt)


class ToPureTensor(Identity):
    """Changes nothing: all tensors are pure."""


class ToDtype(Transform):
    """The first tensor in another dtype, with `scale` also in its range."""

    def __init__(self, dtype, scale: bool = False):
        super().__init__()
        self.dtype, self.scale = dtype, scale

    def transform(self, inpt, params: dict) -> Picture:
        """The converted tensor; Pillow images stay."""
        return F.to_dtype(inpt, self.dtype, self.scale) if isinstance(inpt, Tensor) else inpt

    def __repr__(self) -> str:
        return f"ToDtype(scale={self.scale})"


class GaussianNoise(Transform):
    """Normal noise added to float images."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True):
        super().__init__()
        self.mean, self.sigma, self.clip = mean, sigma, clip

    def transform(self, inpt, params: dict) -> Tensor:
        """The noisy image."""
        return F.gaussian_noise(inpt, self.mean, self.sigma, self.clip)


class RandomChannelPermutation(Transform):
    """The channels in a random order."""

    def make_params(self, flat_inputs: list) -> dict:
        """The order."""
        n = F.get_dimensions(flat_inputs[0])[0]
        return {"permutation": _draw.host().permutation(n)}

    def transform(self, inpt, params: dict) -> Picture:
        """The permuted image."""
        if isinstance(inpt, Tensor):
            return inpt.index_select(-3, from_numpy(params["permutation"]))
        bands = inpt.split()
        from ..._pillow import pillow

        return pillow("Image").merge(inpt.mode, [bands[k] for k in params["permutation"]])


class RandomPhotometricDistort(Transform):
    """Brightness, contrast, saturation, hue and channels changed at random (Liu et al. 2016)."""

    def __init__(
        self, brightness=(0.875, 1.125), contrast=(0.5, 1.5), saturation=(0.5, 1.5),
        hue=(-0.05, 0.05), p: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.brightness, self.contrast, self.hue = brightness, contrast, hue
        self.saturation, self.p = saturation, p

    def make_params(self, flat_inputs: list) -> dict:
        """The factors, or None for what does not change."""
        found = {}
        for name in ("brightness", "contrast", "saturation", "hue"):
            low, high = getattr(self, name)
            found[name] = _draw.uniform(low, high) if _draw.rand() < self.p else None
        found["first"] = _draw.rand() < 0.5
        n = F.get_dimensions(flat_inputs[0])[0] if flat_inputs else 3
        found["order"] = _draw.host().permutation(n) if _draw.rand() < self.p else None
        return found

    def transform(self, inpt, params: dict) -> Picture:
        """The changed image."""
        steps = ["brightness", "saturation", "hue"]
        steps.insert(1 if params["first"] else 3, "contrast")
        for name in steps:
            if params[name] is not None:
                inpt = getattr(F, f"adjust_{name}")(inpt, params[name])
        if params["order"] is not None:
            permuted = RandomChannelPermutation()
            inpt = permuted.transform(inpt, {"permutation": params["order"]})
        return inpt


class RandomResize(Transform):
    """The smaller edge resized to a random length in [min_size, max_size)."""

    def __init__(self, min_size: int, max_size: int, interpolation=None, antialias=True):
        super().__init__()
        self.min_size, self.max_size, self.antialias = min_size, max_size, antialias
        self.interpolation = interpolation or F.InterpolationMode.BILINEAR

    def make_params(self, flat_inputs: list) -> dict:
        """The length."""
        return {"size": _draw.randint(self.min_size, self.max_size)}

    def transform(self, inpt, params: dict) -> Picture:
        """The resized image."""
        return F.resize(inpt, params["size"], self.interpolation, antialias=self.antialias)


class RandomShortestSize(Transform):
    """The smaller edge resized to one of several lengths."""

    def __init__(self, min_size, max_size: int | None = None, interpolation=None, antialias=True):
        super().__init__()
        self.min_size = [min_size] if isinstance(min_size, int) else list(min_size)
        self.max_size, self.antialias = max_size, antialias
        self.interpolation = interpolation or F.InterpolationMode.BILINEAR

    def make_params(self, flat_inputs: list) -> dict:
        """The size."""
        h, w = F.get_dimensions(flat_inputs[0])[1:]
        short = self.min_size[_draw.randint(0, len(self.min_size))]
        r = short / min(h, w)
        if self.max_size is not None:
            r = min(r, self.max_size / max(h, w))
        return {"size": [int(h * r), int(w * r)]}

    def transform(self, inpt, params: dict) -> Picture:
        """The resized image."""
        return F.resize(inpt, params["size"], self.interpolation, antialias=self.antialias)


def noise_like(t: Tensor) -> Tensor:
    """Normal numbers of the tensor's shape and dtype."""
    return randn(*t.shape).to(t.dtype)
