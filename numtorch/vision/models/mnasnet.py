"""MNASNet (Tan et al. 2018)."""

from __future__ import annotations

from ... import nn
from ..._tensor import Tensor
from ._api import register_model
from ._weights import weights_enum

_MOMENTUM = 1 - 0.9997


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, momentum=_MOMENTUM)


class _InvertedResidual(nn.Module):
    def __init__(self, c: int, out: int, kernel: int, stride: int, factor: int):
        super().__init__()
        wide = c * factor
        self.apply_residual = c == out and stride == 1
        self.layers = nn.Sequential(
            nn.Conv2d(c, wide, 1, bias=False), _norm(wide), nn.ReLU(inplace=True),
            nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False),
            _norm(wide), nn.ReLU(inplace=True), nn.Conv2d(wide, out, 1, bias=False), _norm(out),
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input) + input if self.apply_residual else self.layers(input)


def _stack(c: int, out: int, kernel: int, stride: int, factor: int, count: int) -> nn.Sequential:
    return nn.Sequential(
        _InvertedResidual(c, out, kernel, stride, factor),
        *(_InvertedResidual(out, out, kernel, 1, factor) for _ in range(count - 1)),
    )


def _rounded(depth: float) -> int:
    near = max(8, int(depth + 4) // 8 * 8)
    return near if near >= 0.9 * depth else near + 8


class MNASNet(nn.Module):
    """Stacks of inverted residuals as a search on a phone found them."""

    def __init__(self, alpha: float, num_classes: int = 1000, dropout: float = 0.2):
        super().__init__()
        if alpha <= 0.0:
            raise ValueError(f"alpha should be greater than 0.0 instead of {alpha}")
        self.alpha, self.num_classes = alpha, num_classes
        d = [_rounded(n * alpha) for n in (32, 16, 24, 40, 80, 96, 192, 320)]
        self.layers = nn.Sequential(
            nn.Conv2d(3, d[0], 3, 2, 1, bias=False), _norm(d[0]), nn.ReLU(inplace=True),
            nn.Conv2d(d[0], d[0], 3, 1, 1, groups=d[0], bias=False), _norm(d[0]),
            nn.ReLU(inplace=True), nn.Conv2d(d[0], d[1], 1, bias=False), _norm(d[1]),
            _stack(d[1], d[2], 3, 2, 3, 3), _stack(d[2], d[3], 5, 2, 3, 3),
            _stack(d[3], d[4], 5, 2, 6, 3), _stack(d[4], d[5], 3, 1, 6, 2),
            _stack(d[5], d[6], 5, 2, 6, 4), _stack(d[6], d[7], 3, 1, 6, 1),
            nn.Conv2d(d[7], 1280, 1, bias=False), _norm(1280), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Dropout(dropout, inplace=True), nn.Linear(1280, num_classes)
        )
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, nn.Linear):
                nn.init.kaiming_uniform_(m.weight, mode="fan_out", nonlinearity="sigmoid")
                nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.layers(x).mean([2, 3]))


def _builder(size: str) -> dict:
    def build(**kwargs) -> MNASNet:
        return MNASNet(float(size.replace("_", ".")), **kwargs)

    build.__name__ = build.__qualname__ = f"mnasnet{size}"
    build.__doc__ = f"MNASNet, {size.replace('_', '.')} times as wide."
    weights = weights_enum(f"MNASNet{size}_Weights", __name__)
    return {build.__name__: register_model(weights)(build), weights.__name__: weights}


_made: dict = {}
for _size in ("0_5", "0_75", "1_0", "1_3"):
    _made.update(_builder(_size))
globals().update(_made)
__all__ = ["MNASNet", *_made]
