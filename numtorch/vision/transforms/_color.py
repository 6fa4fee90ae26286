"""Colors, blurring and erasing."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

from ..._creation import tensor as make_tensor
from ..._random import randn
from ..._tensor import Tensor
from ...nn import Module
from . import _draw
from . import functional as F


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue changed at random, in a random order."""

    def __init__(self, brightness=0, contrast=0, saturation=0, hue=0):
        super().__init__()
        self.brightness = _jitter(brightness, "brightness")
        self.contrast = _jitter(contrast, "contrast")
        self.saturation = _jitter(saturation, "saturation")
        self.hue = _jitter(hue, "hue", 0, (-0.5, 0.5), False)

    @staticmethod
    def get_params(brightness, contrast, saturation, hue) -> tuple:
        """(order, brightness, contrast, saturation and hue factor or None)."""
        order = make_tensor(_draw.host().permutation(4).tolist())
        ranges = (brightness, contrast, saturation, hue)
        return order, *(None if r is None else _draw.uniform(r[0], r[1]) for r in ranges)

    def forward(self, img):
        """The changed image."""
        order, *factors = self.get_params(
            self.brightness, self.contrast, self.saturation, self.hue
        )
        for k in order.tolist():
            if factors[k] is not None:
                img = _ADJUST[k](img, factors[k])
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, "
            f"saturation={self.saturation}, hue={self.hue})"
        )


_ADJUST = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)


def _jitter(value, name: str, center=1, bound=(0, float("inf")), clip: bool = True):
    """A range of factors; None for one that changes nothing."""
    if isinstance(value, numbers.Number):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        value = [center - float(value), center + float(value)]
        if clip:
            value[0] = max(value[0], 0.0)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        value = [float(value[0]), float(value[1])]
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= value[0] <= value[1] <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {value}.")
    return None if value[0] == value[1] == center else tuple(value)


class Grayscale(Module):
    """`functional.rgb_to_grayscale`."""

    def __init__(self, num_output_channels: int = 1):
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img):
        """The luminance."""
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(Module):
    """The luminance with probability p, in as many channels as before."""

    def __init__(self, p: float = 0.1):
        super().__init__()
        self.p = p

    def forward(self, img):
        """The luminance or the image."""
        channels = F.get_dimensions(img)[0]
        return F.rgb_to_grayscale(img, channels) if _draw.rand() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomErasing(Module):
    """A rectangle overwritten with probability p (Zhong et al. 2017)."""

    def __init__(self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False):
        super().__init__()
        if not isinstance(value, (numbers.Number, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        _draw.setup_ranges(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p, self.scale, self.ratio, self.value, self.inplace = p, scale, ratio, value, inplace

    @staticmethod
    def get_params(img: Tensor, scale, ratio, value=None) -> tuple:
        """(top, left, height, width, what to write)."""
        c, height, width = img.shape[-3:]
        for _ in range(10):
            h, w = (round(n) for n in _draw.area_and_aspect(height * width, scale, ratio))
            if h >= height or w >= width:
                continue
            v = randn(c, h, w) if value is None else make_tensor(value)[:, None, None]
            top = _draw.randint(0, height - h + 1)
            return top, _draw.randint(0, width - w + 1), h, w, v
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        """The image with a rectangle, or the image."""
        if _draw.rand() >= self.p:
            return img
        value = self.value
        if isinstance(value, (int, float)):
            value = [float(value)]
        elif isinstance(value, str):
            value = None
        else:
            value = [float(v) for v in value]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        top, left, h, w, v = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, top, left, h, w, v, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )


class GaussianBlur(Module):
    """Smoothed with a random deviation."""

    def __init__(self, kernel_size, sigma=(0.1, 2.0)):
        super().__init__()
        text = "Kernel size should be a tuple/list of two integers"
        self.kernel_size = _draw.setup_size(kernel_size, text)
        if any(k <= 0 or k % 2 == 0 for k in self.kernel_size):
            raise ValueError("Kernel size value should be an odd and positive number.")
        if isinstance(sigma, numbers.Number):
            if sigma <= 0:
                raise ValueError("If sigma is a single number, it must be positive.")
            sigma = (sigma, sigma)
        elif isinstance(sigma, Sequence) and len(sigma) == 2:
            if not 0.0 < sigma[0] <= sigma[1]:
                raise ValueError("sigma values should be positive and of the form (min, max).")
        else:
            raise ValueError("sigma should be a single number or a list/tuple with length 2.")
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """The deviation."""
        return _draw.uniform(sigma_min, sigma_max)

    def forward(self, img):
        """The smoothed image."""
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, list(self.kernel_size), [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class _Sometimes(Module):
    """A change with probability p; `_factor` is the name of its argument, if it has one."""

    _factor: str | None = None
    _change = None

    def __init__(self, p: float = 0.5):
        super().__init__()
        self.p = p

    def forward(self, img):
        """The changed image, or the image."""
        if _draw.rand() >= self.p:
            return img
        change = type(self)._change
        return change(img) if self._factor is None else change(img, getattr(self, self._factor))

    def __repr__(self) -> str:
        first = f"{self._factor}={getattr(self, self._factor)}," if self._factor else ""
        return f"{type(self).__name__}({first}p={self.p})"


class RandomInvert(_Sometimes):
    """`functional.invert` with probability p."""

    _change = staticmethod(F.invert)


class RandomAutocontrast(_Sometimes):
    """`functional.autocontrast` with probability p."""

    _change = staticmethod(F.autocontrast)


class RandomEqualize(_Sometimes):
    """`functional.equalize` with probability p."""

    _change = staticmethod(F.equalize)


class RandomPosterize(_Sometimes):
    """`functional.posterize` with probability p."""

    _factor, _change = "bits", staticmethod(F.posterize)

    def __init__(self, bits: int, p: float = 0.5):
        super().__init__(p)
        self.bits = bits


class RandomSolarize(_Sometimes):
    """`functional.solarize` with probability p."""

    _factor, _change = "threshold", staticmethod(F.solarize)

    def __init__(self, threshold: float, p: float = 0.5):
        super().__init__(p)
        self.threshold = threshold


class RandomAdjustSharpness(_Sometimes):
    """`functional.adjust_sharpness` with probability p."""

    _factor, _change = "sharpness_factor", staticmethod(F.adjust_sharpness)

    def __init__(self, sharpness_factor: float, p: float = 0.5):
        super().__init__(p)
        self.sharpness_factor = sharpness_factor
