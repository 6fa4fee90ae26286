"""MobileNetV2 (Sandler et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable

from ... import nn
from ..._tensor import Tensor
from ...nn import functional as F
from ..ops.misc import Conv2dNormActivation
from ._api import register_model
from ._layers import init_mobile, make_divisible
from ._weights import weights_enum

__all__ = ["MobileNetV2", "MobileNet_V2_Weights", "mobilenet_v2"]


class InvertedResidual(nn.Module):
    """Many channels between few: expand, filter each, project, beside a shortcut."""

    def __init__(
        self, inp: int, oup: int, stride: int, expand_ratio: int,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
    ):  # fmt: skip
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        self.stride, width = stride, round(inp * expand_ratio)
        self.use_res_connect = stride == 1 and inp == oup
        options = {"norm_layer": norm_layer, "activation_layer": nn.ReLU6}
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(Conv2dNormActivation(inp, width, kernel_size=1, **options))
        layers += [
            Conv2dNormActivation(width, width, stride=stride, groups=width, **options),
            nn.Conv2d(width, oup, 1, bias=False), norm_layer(oup),
        ]  # fmt: skip
        self.conv = nn.Sequential(*layers)
        self.out_channels = oup

    def forward(self, x: Tensor) -> Tensor:
        """The channels, added to x where the shapes agree."""
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


# expansion, channels, blocks, stride
_SETTING = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)]  # fmt: skip


class MobileNetV2(nn.Module):
    """Seventeen inverted residuals."""

    def __init__(
        self, num_classes: int = 1000, width_mult: float = 1.0, inverted_residual_setting=None,
        round_nearest: int = 8, block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None, dropout: float = 0.2,
    ):  # fmt: skip
        super().__init__()
        norm, block = norm_layer or nn.BatchNorm2d, block or InvertedResidual
        setting = inverted_residual_setting or _SETTING
        if any(len(row) != 4 for row in setting):
            raise ValueError(
                "inverted_residual_setting should be non-empty or a 4-element list, got "
                f"{inverted_residual_setting}"
            )
        channels = make_divisible(32 * width_mult, round_nearest)
        options = {"norm_layer": norm, "activation_layer": nn.ReLU6}
        layers: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, **options)]
        for ratio, c, count, stride in setting:
            out = make_divisible(c * width_mult, round_nearest)
            for k in range(count):
                layers.append(block(channels, out, 1 if k else stride, ratio, norm_layer=norm))
                channels = out
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        layers.append(Conv2dNormActivation(channels, self.last_channel, kernel_size=1, **options))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(self.last_channel, num_classes)
        )
        init_mobile(self, 0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), (1, 1)).flatten(1))


MobileNet_V2_Weights = weights_enum("MobileNet_V2_Weights", __name__)


@register_model(MobileNet_V2_Weights)
def mobilenet_v2(**kwargs) -> MobileNetV2:
    """MobileNetV2."""
    return MobileNetV2(**kwargs)
