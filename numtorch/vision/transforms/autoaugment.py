"""Augmentation by policies: AutoAugment, RandAugment, TrivialAugmentWide, AugMix."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from ..._creation import from_numpy
from ..._tensor import Tensor
from ...nn import Module
from .._pillow import Picture
from . import _draw
from . import functional as F
from ._geometric import fill_for
from ._modes import InterpolationMode

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]


class AutoAugmentPolicy(Enum):
    """The data set that a policy was found for."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# Cubuk et al. 2019, appendix A: pairs of (operation, probability, place on the scale).
_POLICIES = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize 0.4 8 Rotate 0.6 9 | Solarize 0.6 5 AutoContrast 0.6 - |
        Equalize 0.8 - Equalize 0.6 - | Posterize 0.6 7 Posterize 0.6 6 |
        Equalize 0.4 - Solarize 0.2 4 | Equalize 0.4 - Rotate 0.8 8 |
        Solarize 0.6 3 Equalize 0.6 - | Posterize 0.8 5 Equalize 1.0 - |
        Rotate 0.2 3 Solarize 0.6 8 | Equalize 0.6 - Posterize 0.4 6 |
        Rotate 0.8 8 Color 0.4 0 | Rotate 0.4 9 Equalize 0.6 - |
        Equalize 0.0 - Equalize 0.8 - | Invert 0.6 - Equalize 1.0 - |
        Color 0.6 4 Contrast 1.0 8 | Rotate 0.8 8 Color 1.0 2 |
        Color 0.8 8 Solarize 0.8 7 | Sharpness 0.4 7 Invert 0.6 - |
        ShearX 0.6 5 Equalize 1.0 - | Color 0.4 0 Equalize 0.6 - |
        Equalize 0.4 - Solarize 0.2 4 | Solarize 0.6 5 AutoContrast 0.6 - |
        Invert 0.6 - Equalize 1.0 - | Color 0.6 4 Contrast 1.0 8 |
        Equalize 0.8 - Equalize 0.6 -
    """,
    AutoAugmentPolicy.CIFAR10: """
        Invert 0.1 - Contrast 0.2 6 | Rotate 0.7 2 TranslateX 0.3 9 |
        Sharpness 0.8 1 Sharpness 0.9 3 | ShearY 0.5 8 TranslateY 0.7 9 |
        AutoContrast 0.5 - Equalize 0.9 - | ShearY 0.2 7 Posterize 0.3 7 |
        Color 0.4 3 Brightness 0.6 7 | Sharpness 0.3 9 Brightness 0.7 9 |
        Equalize 0.6 - Equalize 0.5 - | Contrast 0.6 7 Sharpness 0.6 5 |
        Color 0.7 7 TranslateX 0.5 8 | Equalize 0.3 - AutoContrast 0.4 - |
        TranslateY 0.4 3 Sharpness 0.2 6 | Brightness 0.9 6 Color 0.2 8 |
        Solarize 0.5 2 Invert 0.0 - | Equalize 0.2 - AutoContrast 0.6 - |
        Equalize 0.2 - Equalize 0.6 - | Color 0.9 9 Equalize 0.6 - |
        AutoContrast 0.8 - Solarize 0.2 8 | Brightness 0.1 3 Color 0.7 0 |
        Solarize 0.4 5 AutoContrast 0.9 - | TranslateY 0.9 9 TranslateY 0.7 9 |
        AutoContrast 0.9 - Solarize 0.8 3 | Equalize 0.8 - Invert 0.1 - |
        TranslateY 0.7 9 AutoContrast 0.9 -
    """,
    AutoAugmentPolicy.SVHN: """
        ShearX 0.9 4 Invert 0.2 - | ShearY 0.9 8 Invert 0.7 - |
        Equalize 0.6 - Solarize 0.6 6 | Invert 0.9 - Equalize 0.6 - |
        Equalize 0.6 - Rotate 0.9 3 | ShearX 0.9 4 AutoContrast 0.8 - |
        ShearY 0.9 8 Invert 0.4 - | ShearY 0.9 5 Solarize 0.2 6 |
        Invert 0.9 - AutoContrast 0.8 - | Equalize 0.6 - Rotate 0.9 3 |
        ShearX 0.9 4 Solarize 0.3 3 | ShearY 0.8 8 Invert 0.7 - |
        Equalize 0.9 - TranslateY 0.6 6 | Invert 0.9 - Equalize 0.6 - |
        Contrast 0.3 3 Rotate 0.8 4 | Invert 0.8 - TranslateY 0.0 2 |
        ShearY 0.7 6 Solarize 0.4 8 | Invert 0.6 - Rotate 0.8 4 |
        ShearY 0.3 7 TranslateX 0.9 3 | ShearX 0.1 6 Invert 0.6 - |
        Solarize 0.7 2 TranslateY 0.6 7 | ShearY 0.8 4 Invert 0.8 - |
        ShearX 0.7 9 TranslateY 0.8 3 | ShearY 0.8 5 AutoContrast 0.7 - |
        ShearX 0.7 2 Invert 0.1 -
    """,
}

_SHEAR = {"ShearX": 0, "ShearY": 1}
_MOVE = {"TranslateX": 0, "TranslateY": 1}
_FACTOR = {
    "Brightness": F.adjust_brightness, "Color": F.adjust_saturation,
    "Contrast": F.adjust_contrast, "Sharpness": F.adjust_sharpness,
}  # fmt: skip
_PLAIN = {"AutoContrast": F.autocontrast, "Equalize": F.equalize, "Invert": F.invert,
          "Identity": lambda img: img}  # fmt: skip


def apply_op(img, name: str, magnitude: float, interpolation, fill):
    """One operation of a policy."""
    options = {"interpolation": interpolation, "fill": fill}
    if name in _SHEAR:
        shear = [0.0, 0.0]
        shear[_SHEAR[name]] = math.degrees(math.atan(magnitude))
        return F.affine(img, 0.0, [0, 0], 1.0, shear, center=[0, 0], **options)
    if name in _MOVE:
        move = [0, 0]
        move[_MOVE[name]] = int(magnitude)
        return F.affine(img, 0.0, move, 1.0, [0.0, 0.0], **options)
    if name == "Rotate":
        return F.rotate(img, magnitude, **options)
    if name in _FACTOR:
        return _FACTOR[name](img, 1.0 + magnitude)
    if name == "Posterize":
        return F.posterize(img, int(magnitude))
    if name == "Solarize":
        return F.solarize(img, magnitude)
    if name in _PLAIN:
        return _PLAIN[name](img)
    raise ValueError(f"The provided operator {name} is not recognized.")


def _scales(n: int, shear: float, move, turn: float, factor: float, bits: tuple) -> dict:
    """Operation -> (its n magnitudes or None, whether it has a sign)."""

    def line(end: float, start: float = 0.0):
        return np.linspace(start, end, n).astype(np.float32)

    most, fewest = bits
    steps = (np.arange(n, dtype=np.float32) / np.float32((n - 1) / fewest)).round()
    return {
        "ShearX": (line(shear), True), "ShearY": (line(shear), True),
        "TranslateX": (line(move[0]), True), "TranslateY": (line(move[1]), True),
        "Rotate": (line(turn), True),
        **{name: (line(factor), True) for name in ("Brightness", "Color", "Contrast",
                                                   "Sharpness")},
        "Posterize": (most - steps.astype(np.int32), False),
        "Solarize": (line(0.0, 255.0), False),
        "AutoContrast": (None, False), "Equalize": (None, False),
    }  # fmt: skip


def _signed(magnitude: float, signed: bool) -> float:
    return -magnitude if signed and _draw.randint(0, 2) else magnitude


class _Policy(Module):
    _shown: tuple[str, ...] = ()

    def __init__(self, interpolation, fill):
        super().__init__()
        self.interpolation, self.fill = interpolation, fill

    def _apply_op(self, img, name: str, magnitude: float, fill):
        return apply_op(img, name, magnitude, self.interpolation, fill)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)}" for name in self._shown)
        return f"{type(self).__name__}({shown})"


class AutoAugment(_Policy):
    """One of a policy's pairs of operations (Cubuk et al. 2019)."""

    _shown = ("policy", "fill")

    def __init__(
        self, policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation=InterpolationMode.NEAREST, fill=None,
    ):  # fmt: skip
        super().__init__(interpolation, fill)
        if policy not in _POLICIES:
            raise ValueError(f"The provided policy {policy} is not recognized.")
        self.policy = policy
        self.policies = [_read(row) for row in _POLICIES[policy].split("|")]

    @staticmethod
    def get_params(transform_num: int) -> tuple:
        """(which pair, two probabilities, two signs)."""
        k = _draw.randint(0, transform_num)
        return k, _draw.host().floats(2), _draw.host().integers(0, 2, 2)

    def forward(self, img) -> Picture:
        """The changed image."""
        fill = fill_for(img, self.fill)
        _, h, w = F.get_dimensions(img)
        scales = _scales(10, 0.3, (150 / 331 * w, 150 / 331 * h), 30.0, 0.9, (8, 4))
        scales["Invert"] = None, False
        k, probs, signs = self.get_params(len(self.policies))
        for (name, p, place), prob, sign in zip(self.policies[k], probs, signs):
            if prob <= p:
                values, signed = scales[name]
                magnitude = float(values[place]) if place is not None else 0.0
                img = self._apply_op(
                    img, name, -magnitude if signed and sign == 0 else magnitude, fill
                )
        return img


def _read(row: str) -> list[tuple]:
    words = row.split()
    return [
        (name, float(p), None if place == "-" else int(place))
        for name, p, place in (words[:3], words[3:])
    ]


class RandAugment(_Policy):
    """`num_ops` random operations of one magnitude (Cubuk et al. 2020)."""

    _shown = ("num_ops", "magnitude", "num_magnitude_bins", "interpolation", "fill")

    def __init__(
        self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31,
        interpolation=InterpolationMode.NEAREST, fill=None,
    ):  # fmt: skip
        super().__init__(interpolation, fill)
        self.num_ops, self.magnitude = num_ops, magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img) -> Picture:
        """The changed image."""
        fill = fill_for(img, self.fill)
        _, h, w = F.get_dimensions(img)
        scales = {"Identity": (None, False)}
        move = (150 / 331 * w, 150 / 331 * h)
        scales |= _scales(self.num_magnitude_bins, 0.3, move, 30.0, 0.9, (8, 4))
        for _ in range(self.num_ops):
            name = list(scales)[_draw.randint(0, len(scales))]
            values, signed = scales[name]
            magnitude = 0.0 if values is None else float(values[self.magnitude])
            img = self._apply_op(img, name, _signed(magnitude, signed), fill)
        return img


class TrivialAugmentWide(_Policy):
    """One random operation of random magnitude (Mueller and Hutter 2021)."""

    _shown = ("num_magnitude_bins", "interpolation", "fill")

    def __init__(
        self, num_magnitude_bins: int = 31, interpolation=InterpolationMode.NEAREST, fill=None
    ):
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def forward(self, img) -> Picture:
        """The changed image."""
        fill = fill_for(img, self.fill)
        scales = {"Identity": (None, False)}
        scales |= _scales(self.num_magnitude_bins, 0.99, (32.0, 32.0), 135.0, 0.99, (8, 6))
        name = list(scales)[_draw.randint(0, len(scales))]
        values, signed = scales[name]
        magnitude = 0.0 if values is None else float(values[_draw.randint(0, len(values))])
        return self._apply_op(img, name, _signed(magnitude, signed), fill)


class AugMix(_Policy):
    """A random mixture of the image and of chains of operations on it (Hendrycks et al. 2020)."""

    _shown = ("severity", "mixture_width", "chain_depth", "alpha", "all_ops", "interpolation",
              "fill")  # fmt: skip
    _most = 10

    def __init__(
        self, severity: int = 3, mixture_width: int = 3, chain_depth: int = -1, alpha: float = 1.0,
        all_ops: bool = True, interpolation=InterpolationMode.BILINEAR, fill=None,
    ):  # fmt: skip
        super().__init__(interpolation, fill)
        if not 1 <= severity <= self._most:
            raise ValueError(
                f"The severity must be between [1, {self._most}]. Got {severity} instead."
            )
        self.severity, self.mixture_width, self.chain_depth = severity, mixture_width, chain_depth
        self.alpha, self.all_ops = alpha, all_ops

    def _chain(self, img, scales: dict, fill):
        depth = self.chain_depth if self.chain_depth > 0 else _draw.randint(1, 4)
        for _ in range(depth):
            name = list(scales)[_draw.randint(0, len(scales))]
            values, signed = scales[name]
            magnitude = 0.0 if values is None else float(values[_draw.randint(0, self.severity)])
            img = self._apply_op(img, name, _signed(magnitude, signed), fill)
        return img

    def forward(self, img) -> Picture:
        """The mixture."""
        fill = fill_for(img, self.fill)
        source = img if isinstance(img, Tensor) else F.pil_to_tensor(img)
        if not isinstance(img, Tensor):
            fill = fill_for(source, self.fill)
        _, h, w = F.get_dimensions(source)
        scales = _scales(self._most, 0.3, (w / 3.0, h / 3.0), 30.0, 0.9, (4, 4))
        if not self.all_ops:
            scales = {k: v for k, v in scales.items() if k not in _FACTOR}
        batch = source.reshape((1,) * max(4 - source.ndim, 0) + tuple(source.shape))
        n = batch.shape[0]
        g = np.random.default_rng(_draw.host().integer())
        share = g.dirichlet([self.alpha] * 2, n)
        weights = g.dirichlet([self.alpha] * self.mixture_width, n) * share[:, 1:]

        def column(x):
            return from_numpy(x.astype(np.float32)).reshape(n, *(1,) * (batch.ndim - 1))

        mixed = column(share[:, 0]) * batch
        for k in range(self.mixture_width):
            mixed = mixed + column(weights[:, k]) * self._chain(batch, scales, fill)
        out = mixed.reshape(source.shape).to(source.dtype)
        return out if isinstance(img, Tensor) else F.to_pil_image(out)
