"""Random flips, rotations and distortions."""

from __future__ import annotations

from collections.abc import Sequence

from ..._tensor import Tensor
from ...nn import Module
from . import _draw
from . import functional as F
from ._basic import mode_of
from ._modes import InterpolationMode


class _Flip(Module):
    _run = None

    def __init__(self, p: float = 0.5):
        super().__init__()
        self.p = p

    def forward(self, img):
        """The mirror image with probability p."""
        return type(self)._run(img) if _draw.rand() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_Flip):
    """Left and right exchanged with probability p."""

    _run = staticmethod(F.hflip)


class RandomVerticalFlip(_Flip):
    """Top and bottom exchanged with probability p."""

    _run = staticmethod(F.vflip)


def fill_for(img, fill):
    """A fill color as tensors take it: one number for each channel."""
    if not isinstance(img, Tensor) or fill is None:
        return fill
    if isinstance(fill, (int, float)):
        return [float(fill)] * F.get_dimensions(img)[0]
    return [float(f) for f in fill]


class RandomPerspective(Module):
    """The image seen from a random side, with probability p."""

    def __init__(
        self, distortion_scale: float = 0.5, p: float = 0.5,
        interpolation=InterpolationMode.BILINEAR, fill=0,
    ):  # fmt: skip
        super().__init__()
        self.p, self.distortion_scale = p, distortion_scale
        self.interpolation, self.fill = mode_of(interpolation), _draw.setup_fill(fill)

    def forward(self, img):
        """The distorted image, or the image."""
        fill = fill_for(img, self.fill)
        _, h, w = F.get_dimensions(img)
        if _draw.rand() >= self.p:
            return img
        start, end = self.get_params(w, h, self.distortion_scale)
        return F.perspective(img, start, end, self.interpolation, fill)

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> tuple[list, list]:
        """The corners [x, y] and where they go."""
        dx = int(distortion_scale * (width // 2))
        dy = int(distortion_scale * (height // 2))

        def corner(right: bool, bottom: bool) -> list[int]:
            x = _draw.randint(width - dx - 1, width) if right else _draw.randint(0, dx + 1)
            y = _draw.randint(height - dy - 1, height) if bottom else _draw.randint(0, dy + 1)
            return [x, y]

        order = ((False, False), (True, False), (True, True), (False, True))
        start = [[(width - 1) * right, (height - 1) * bottom] for right, bottom in order]
        return start, [corner(*side) for side in order]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomRotation(Module):
    """Turned by a random angle in degrees."""

    def __init__(
        self, degrees, interpolation=InterpolationMode.NEAREST, expand: bool = False, center=None,
        fill=0,
    ):  # fmt: skip
        super().__init__()
        self.degrees = _draw.setup_angle(degrees, "degrees")
        if center is not None:
            _draw.check_sequence(center, "center")
        self.center, self.interpolation, self.expand = center, mode_of(interpolation), expand
        self.fill = _draw.setup_fill(fill)

    @staticmethod
    def get_params(degrees) -> float:
        """The angle."""
        return _draw.uniform(float(degrees[0]), float(degrees[1]))

    def forward(self, img):
        """The turned image."""
        angle = self.get_params(self.degrees)
        fill = fill_for(img, self.fill)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        text = (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}"
        )
        text += f", center={self.center}" if self.center is not None else ""
        return text + f", fill={self.fill})"


class RandomAffine(Module):
    """Turned, moved, scaled and sheared at random about its center."""

    def __init__(
        self, degrees, translate=None, scale=None, shear=None,
        interpolation=InterpolationMode.NEAREST, fill=0, center=None,
    ):  # fmt: skip
        super().__init__()
        self.degrees = _draw.setup_angle(degrees, "degrees")
        if translate is not None:
            _draw.check_sequence(translate, "translate")
            if not all(0.0 <= t <= 1.0 for t in translate):
                raise ValueError("translation values should be between 0 and 1")
        if scale is not None:
            _draw.check_sequence(scale, "scale")
            if any(s <= 0 for s in scale):
                raise ValueError("scale values should be positive")
        if shear is not None:
            shear = _draw.setup_angle(shear, "shear", (2, 4))
        if center is not None:
            _draw.check_sequence(center, "center")
        self.translate, self.scale, self.shear, self.center = translate, scale, shear, center
        self.interpolation, self.fill = mode_of(interpolation), _draw.setup_fill(fill)

    @staticmethod
    def get_params(degrees, translate, scale_ranges, shears, img_size) -> tuple:
        """(angle, (x, y), scale, (shear in x, shear in y)) for an image of [width, height]."""
        angle = _draw.uniform(float(degrees[0]), float(degrees[1]))
        moved = (0, 0)
        if translate is not None:
            most = [float(t * n) for t, n in zip(translate, img_size)]
            moved = tuple(round(_draw.uniform(-m, m)) for m in most)
        scale = 1.0 if scale_ranges is None else _draw.uniform(scale_ranges[0], scale_ranges[1])
        shear_x = shear_y = 0.0
        if shears is not None:
            shear_x = _draw.uniform(shears[0], shears[1])
            if len(shears) == 4:
                shear_y = _draw.uniform(shears[2], shears[3])
        return angle, moved, scale, (shear_x, shear_y)

    def forward(self, img):
        """The transformed image."""
        fill = fill_for(img, self.fill)
        _, h, w = F.get_dimensions(img)
        params = self.get_params(self.degrees, self.translate, self.scale, self.shear, [w, h])
        return F.affine(
            img, *params, interpolation=self.interpolation, fill=fill, center=self.center
        )

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(degrees={self.degrees}"
        for name, hidden in (("translate", None), ("scale", None), ("shear", None)):
            value = getattr(self, name)
            text += f", {name}={value}" if value is not hidden else ""
        if self.interpolation != InterpolationMode.NEAREST:
            text += f", interpolation={self.interpolation.value}"
        text += f", fill={self.fill}" if self.fill != 0 else ""
        return text + (f", center={self.center}" if self.center is not None else "") + ")"


def _pair_of_floats(x, name: str) -> list[float]:
    if not isinstance(x, (float, Sequence)):
        raise TypeError(f"{name} should be float or a sequence of floats. Got {type(x)}")
    if isinstance(x, float):
        return [x, x]
    if len(x) != 2:
        raise ValueError(f"If {name} is a sequence its length should be 2. Got {len(x)}")
    for element in x:
        if not isinstance(element, float):
            raise TypeError(f"{name} should be a sequence of floats. Got {type(element)}")
    return x


class ElasticTransform(Module):
    """Every pixel moved by a smooth random displacement (Simard et al. 2003)."""

    def __init__(self, alpha=50.0, sigma=5.0, interpolation=InterpolationMode.BILINEAR, fill=0):
        super().__init__()
        self.alpha, self.sigma = _pair_of_floats(alpha, "alpha"), _pair_of_floats(sigma, "sigma")
        self.interpolation = mode_of(interpolation)
        if isinstance(fill, (int, float)):
            fill = [fill]
        elif not isinstance(fill, (list, tuple)):
            raise TypeError(
                f"fill should be int or float or a list or tuple of them. Got {type(fill)}"
            )
        self.fill = [float(f) for f in fill]

    @staticmethod
    def get_params(alpha, sigma, size) -> Tensor:
        """The displacement [1, H, W, 2] in parts of the image's half sides."""
        from ..._creation import from_numpy
        from ..._joins import cat

        h, w = size
        moved = []
        for k, n in enumerate((w, h)):
            noise = _draw.host().floats(h * w).reshape(1, 1, h, w) * 2 - 1
            d = from_numpy(noise)
            if sigma[k] > 0.0:
                kernel = int(8 * sigma[k] + 1) | 1
                d = F.gaussian_blur(d, [kernel, kernel], list(sigma))
            moved.append(d * alpha[k] / n)
        return cat(moved, 1).permute(0, 2, 3, 1)

    def forward(self, tensor):
        """The distorted image."""
        _, h, w = F.get_dimensions(tensor)
        displacement = self.get_params(self.alpha, self.sigma, [h, w])
        return F.elastic_transform(tensor, displacement, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )
