"""VGG (Simonyan and Zisserman 2014)."""

from __future__ import annotations

from ... import nn
from ..._tensor import Tensor
from ._api import register_model
from ._weights import weights_enum

_KINDS = [(depth, bn) for depth in (11, 13, 16, 19) for bn in (False, True)]

# Convolutions in each of the five stages.
_STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(nn.Module):
    """Convolutions of 3x3, pooled five times, and three linear layers."""

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True,
        dropout: float = 0.5,
    ):  # fmt: skip
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096), nn.ReLU(True), nn.Dropout(dropout),
            nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )  # fmt: skip
        if init_weights:
            for m in self.modules():
                if isinstance(m, nn.Conv2d):
                    nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
                    nn.init.zeros_(m.bias)
                elif isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, 0, 0.01)
                    nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def _features(depth: int, batch_norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for count, width in zip(_STAGES[depth], (64, 128, 256, 512, 512)):
        for _ in range(count):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            layers += [nn.BatchNorm2d(width)] if batch_norm else []
            layers.append(nn.ReLU(inplace=True))
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


def _builder(depth: int, batch_norm: bool):
    name = f"vgg{depth}" + ("_bn" if batch_norm else "")

    def build(**kwargs) -> VGG:
        return VGG(_features(depth, batch_norm), **kwargs)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"VGG with {depth} layers{' and batch norm' if batch_norm else ''}."
    weights = weights_enum(f"{name.upper()}_Weights", __name__)
    return {name: register_model(weights)(build), weights.__name__: weights}


for _kind in _KINDS:
    globals().update(_builder(*_kind))
__all__ = ["VGG", *(n for n in globals() if n.startswith(("vgg", "VGG1")))]
