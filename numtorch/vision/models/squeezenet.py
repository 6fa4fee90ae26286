"""SqueezeNet (Iandola et al. 2016)."""

from __future__ import annotations

from ... import nn
from ..._joins import cat
from ..._tensor import Tensor
from ._api import register_model
from ._weights import weights_enum

__all__ = ["SqueezeNet", "SqueezeNet1_0_Weights", "SqueezeNet1_1_Weights", "squeezenet1_0",
           "squeezenet1_1"]  # fmt: skip


class Fire(nn.Module):
    """Few channels, then many by convolutions of 1x1 and of 3x3."""

    def __init__(self, inplanes: int, squeeze: int, expand: int):
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Both kinds of channels."""
        x = self.squeeze_activation(self.squeeze(x))
        small = self.expand1x1_activation(self.expand1x1(x))
        return cat([small, self.expand3x3_activation(self.expand3x3(x))], 1)


_FIRES = [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]


class SqueezeNet(nn.Module):
    """A convolution, eight Fire blocks, a convolution to the classes."""

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5):
        super().__init__()
        if version == "1_0":
            first, pooled = nn.Conv2d(3, 96, 7, 2), (3, 7)
        elif version == "1_1":
            first, pooled = nn.Conv2d(3, 64, 3, 2), (2, 4)
        else:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        layers = [first, nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True)]
        channels = first.out_channels
        for k, (squeeze, expand) in enumerate(_FIRES):
            layers += [nn.MaxPool2d(3, 2, ceil_mode=True)] if k in pooled else []
            layers.append(Fire(channels, squeeze, expand))
            channels = 2 * expand
        self.num_classes, self.features = num_classes, nn.Sequential(*layers)
        last = nn.Conv2d(512, num_classes, 1)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), last, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1))
        )
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                if m is last:
                    nn.init.normal_(m.weight, mean=0.0, std=0.01)
                else:
                    nn.init.kaiming_uniform_(m.weight)
                nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.features(x)).flatten(1)


SqueezeNet1_0_Weights = weights_enum("SqueezeNet1_0_Weights", __name__)
SqueezeNet1_1_Weights = weights_enum("SqueezeNet1_1_Weights", __name__)


@register_model(SqueezeNet1_0_Weights)
def squeezenet1_0(**kwargs) -> SqueezeNet:
    """SqueezeNet 1.0."""
    return SqueezeNet("1_0", **kwargs)


@register_model(SqueezeNet1_1_Weights)
def squeezenet1_1(**kwargs) -> SqueezeNet:
    """SqueezeNet 1.1: as good with 2.4 times less work."""
    return SqueezeNet("1_1", **kwargs)
