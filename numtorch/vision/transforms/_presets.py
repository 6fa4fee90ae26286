"""The preparation of images that published weights expect."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from ..._tensor import Tensor
from ...nn import Module
from . import functional as F
from ._modes import InterpolationMode


class ImageClassification(Module):
    """Resize, crop the middle, scale to [0, 1], normalize."""

    def __init__(
        self, *, crop_size: int, resize_size: int = 256, mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225), interpolation=InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ):  # fmt: skip
        super().__init__()
        self.crop_size, self.resize_size = [crop_size], [resize_size]
        self.mean, self.std = list(mean), list(std)
        self.interpolation, self.antialias = interpolation, antialias

    def forward(self, img) -> Tensor:
        """The tensor for the model."""
        img = F.resize(
            img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
        )
        img = F.center_crop(img, self.crop_size)
        x = img if isinstance(img, Tensor) else F.pil_to_tensor(img)
        x = F.convert_image_dtype(x, _d.float32)
        return F.normalize(x, mean=self.mean, std=self.std)

    def __repr__(self) -> str:
        names = ("crop_size", "resize_size", "mean", "std", "interpolation")
        lines = "".join(f"\n    {name}={getattr(self, name)}" for name in names)
        return f"{type(self).__name__}({lines}\n)"
