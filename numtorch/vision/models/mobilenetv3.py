"""MobileNetV3 (Howard et al. 2019)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ... import nn
from ..._tensor import Tensor
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from ._api import register_model
from ._layers import init_mobile, make_divisible
from ._weights import weights_enum

__all__ = ["MobileNetV3", "MobileNet_V3_Large_Weights", "MobileNet_V3_Small_Weights",
           "mobilenet_v3_large", "mobilenet_v3_small"]  # fmt: skip


class InvertedResidualConfig:
    """One row of the paper's tables."""

    def __init__(
        self, input_channels: int, kernel: int, expanded_channels: int, out_channels: int,
        use_se: bool, activation: str, stride: int, dilation: int, width_mult: float,
    ):  # fmt: skip
        adjust = partial(self.adjust_channels, width_mult=width_mult)
        self.input_channels, self.kernel = adjust(input_channels), kernel
        self.expanded_channels, self.out_channels = adjust(expanded_channels), adjust(out_channels)
        self.use_se, self.use_hs = use_se, activation == "HS"
        self.stride, self.dilation = stride, dilation

    @staticmethod
    def adjust_channels(channels: int, width_mult: float) -> int:
        """The channels of a wider or narrower model."""
        return make_divisible(channels * width_mult, 8)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, scale by what all show, project; beside a shortcut."""

    def __init__(self, cnf: InvertedResidualConfig, norm_layer: Callable[..., nn.Module]):
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        width = cnf.expanded_channels
        options = {"norm_layer": norm_layer,
                   "activation_layer": nn.Hardswish if cnf.use_hs else nn.ReLU}  # fmt: skip
        layers: list[nn.Module] = []
        if width != cnf.input_channels:
            layers.append(Conv2dNormActivation(cnf.input_channels, width, 1, **options))
        layers.append(Conv2dNormActivation(
            width, width, cnf.kernel, 1 if cnf.dilation > 1 else cnf.stride,
            dilation=cnf.dilation, groups=width, **options,
        ))  # fmt: skip
        if cnf.use_se:
            layers.append(SqueezeExcitation(
                width, make_divisible(width // 4, 8), scale_activation=nn.Hardsigmoid))  # fmt: skip
        layers.append(Conv2dNormActivation(
            width, cnf.out_channels, 1, norm_layer=norm_layer, activation_layer=None))  # fmt: skip
        self.block = nn.Sequential(*layers)
        self.out_channels, self._is_cn = cnf.out_channels, cnf.stride > 1

    def forward(self, input: Tensor) -> Tensor:
        """The channels, added to the input where the shapes agree."""
        return self.block(input) + input if self.use_res_connect else self.block(input)


class MobileNetV3(nn.Module):
    """Inverted residuals as a search found them."""

    def __init__(
        self, inverted_residual_setting: list[InvertedResidualConfig], last_channel: int,
        num_classes: int = 1000, block: Callable[..., nn.Module] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None, dropout: float = 0.2,
    ):  # fmt: skip
        super().__init__()
        if not inverted_residual_setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        options = {"norm_layer": norm, "activation_layer": nn.Hardswish}
        block, setting = block or InvertedResidual, inverted_residual_setting
        channels = setting[-1].out_channels
        self.features = nn.Sequential(
            Conv2dNormActivation(3, setting[0].input_channels, stride=2, **options),
            *(block(cnf, norm) for cnf in setting),
            Conv2dNormActivation(channels, 6 * channels, kernel_size=1, **options),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * channels, last_channel), nn.Hardswish(inplace=True),
            nn.Dropout(dropout, inplace=True), nn.Linear(last_channel, num_classes),
        )  # fmt: skip
        init_mobile(self, 0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


# Channels, kernel, expanded channels, channels after, squeeze, activation, stride; '*' marks what
# `reduced_tail` halves and `dilated` dilates.
_LARGE = """
16 3 16 16 - RE 1 | 16 3 64 24 - RE 2 | 24 3 72 24 - RE 1 | 24 5 72 40 SE RE 2 |
40 5 120 40 SE RE 1 | 40 5 120 40 SE RE 1 | 40 3 240 80 - HS 2 | 80 3 200 80 - HS 1 |
80 3 184 80 - HS 1 | 80 3 184 80 - HS 1 | 80 3 480 112 SE HS 1 | 112 3 672 112 SE HS 1 |
112 5 672 160* SE HS 2 | 160* 5 960* 160* SE HS 1 | 160* 5 960* 160* SE HS 1
"""
_SMALL = """
16 3 16 16 SE RE 2 | 16 3 72 24 - RE 2 | 24 3 88 24 - RE 1 | 24 5 96 40 SE HS 2 |
40 5 240 40 SE HS 1 | 40 5 240 40 SE HS 1 | 40 5 120 48 SE HS 1 | 48 5 144 48 SE HS 1 |
48 5 288 96* SE HS 2 | 96* 5 576* 96* SE HS 1 | 96* 5 576* 96* SE HS 1
"""


def _model(
    table: str, last: int, width_mult: float = 1.0, reduced_tail: bool = False,
    dilated: bool = False, **kwargs,
) -> MobileNetV3:  # fmt: skip
    part = 2 if reduced_tail else 1

    def number(cell: str) -> int:
        return int(cell[:-1]) // part if cell.endswith("*") else int(cell)

    setting = []
    for row in table.split("|"):
        c, kernel, wide, out, se, activation, stride = row.split()
        setting.append(InvertedResidualConfig(
            number(c), int(kernel), number(wide), number(out), se == "SE", activation, int(stride),
            2 if dilated and "*" in row else 1, width_mult,
        ))  # fmt: skip
    last = InvertedResidualConfig.adjust_channels(last // part, width_mult)
    return MobileNetV3(setting, last, **kwargs)


MobileNet_V3_Large_Weights = weights_enum("MobileNet_V3_Large_Weights", __name__)
MobileNet_V3_Small_Weights = weights_enum("MobileNet_V3_Small_Weights", __name__)


@register_model(MobileNet_V3_Large_Weights)
def mobilenet_v3_large(**kwargs) -> MobileNetV3:
    """MobileNetV3, the large one."""
    return _model(_LARGE, 1280, **kwargs)


@register_model(MobileNet_V3_Small_Weights)
def mobilenet_v3_small(**kwargs) -> MobileNetV3:
    """MobileNetV3, the small one."""
    return _model(_SMALL, 1024, **kwargs)
