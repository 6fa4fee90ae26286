"""torchvision's second transforms: the same, for samples of any structure.

A sample may be an image, or images, labels and other values in tuples, lists and dicts. All Pillow
images in it are transformed with the same random numbers; without any, the first tensor is. There
are no tv_tensors (masks, boxes) in numtorch.
"""

from .. import InterpolationMode
from ..autoaugment import AutoAugmentPolicy
from . import functional
from ._augment import CutMix, MixUp
from ._misc import (
    GaussianNoise,
    Identity,
    RandomChannelPermutation,
    RandomPhotometricDistort,
    RandomResize,
    RandomShortestSize,
    ToDtype,
    ToImage,
    ToPureTensor,
)
from ._transform import Compose, Lambda, RandomApply, RandomChoice, RandomOrder, Transform, wrapped

__all__ = [
    "AutoAugmentPolicy", "Compose", "CutMix", "GaussianNoise", "Identity", "InterpolationMode",
    "Lambda", "MixUp", "RandomApply", "RandomChannelPermutation", "RandomChoice", "RandomOrder",
    "RandomPhotometricDistort", "RandomResize", "RandomShortestSize", "ToDtype", "ToImage",
    "ToPureTensor", "Transform", "functional", *wrapped,
]  # fmt: skip

globals().update(wrapped)
