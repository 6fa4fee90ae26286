"""EfficientNet (Tan and Le 2019) and EfficientNetV2 (2021)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ... import nn
from ..._tensor import Tensor
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from ..ops.stochastic_depth import StochasticDepth
from ._api import register_model
from ._layers import make_divisible
from ._weights import weights_enum


@dataclass
class Stage:
    """A row of the papers' tables: several blocks of one kind."""

    fused: bool
    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int


class _Residual(nn.Module):
    def __init__(self, cnf: Stage, layers: list[nn.Module], drop: float):
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(drop, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        out = self.block(input)
        return self.stochastic_depth(out) + input if self.use_res_connect else out


class MBConv(_Residual):
    """Expand, filter each channel, scale, project."""

    def __init__(self, cnf: Stage, drop: float, norm_layer: Callable[..., nn.Module]):
        c, wide = cnf.input_channels, make_divisible(cnf.input_channels * cnf.expand_ratio, 8)
        options = {"norm_layer": norm_layer, "activation_layer": nn.SiLU}
        layers: list[nn.Module] = []
        if wide != c:
            layers.append(Conv2dNormActivation(c, wide, 1, **options))
        layers += [
            Conv2dNormActivation(wide, wide, cnf.kernel, cnf.stride, groups=wide, **options),
            SqueezeExcitation(wide, max(1, c // 4), partial(nn.SiLU, inplace=True)),
            Conv2dNormActivation(
                wide, cnf.out_channels, 1, norm_layer=norm_layer, activation_layer=None
            ),
        ]
        super().__init__(cnf, layers, drop)


class FusedMBConv(_Residual):
    """Expand by a full convolution, project."""

    def __init__(self, cnf: Stage, drop: float, norm_layer: Callable[..., nn.Module]):
        c, out = cnf.input_channels, cnf.out_channels
        wide = make_divisible(c * cnf.expand_ratio, 8)
        first = partial(
            Conv2dNormActivation, kernel_size=cnf.kernel, stride=cnf.stride, norm_layer=norm_layer,
            activation_layer=nn.SiLU,
        )  # fmt: skip
        layers: list[nn.Module] = [first(c, wide if wide != c else out)]
        if wide != c:
            layers.append(Conv2dNormActivation(
                wide, out, 1, norm_layer=norm_layer, activation_layer=None))  # fmt: skip
        super().__init__(cnf, layers, drop)


class EfficientNet(nn.Module):
    """Stages of (fused) inverted residuals."""

    def __init__(
        self, inverted_residual_setting: list[Stage], dropout: float,
        stochastic_depth_prob: float = 0.2, num_classes: int = 1000,
        norm_layer: Callable[..., nn.Module] | None = None, last_channel: int | None = None,
    ):  # fmt: skip
        super().__init__()
        if not inverted_residual_setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        norm, setting = norm_layer or nn.BatchNorm2d, inverted_residual_setting
        options = {"norm_layer": norm, "activation_layer": nn.SiLU}
        layers: list[nn.Module] = [
            Conv2dNormActivation(3, setting[0].input_channels, stride=2, **options)
        ]
        total, done = sum(s.num_layers for s in setting), 0
        for cnf in setting:
            kind, stage = FusedMBConv if cnf.fused else MBConv, []
            for _ in range(cnf.num_layers):
                stage.append(kind(cnf, stochastic_depth_prob * done / total, norm))
                cnf, done = replace(cnf, input_channels=cnf.out_channels, stride=1), done + 1
            layers.append(nn.Sequential(*stage))
        channels = setting[-1].out_channels
        last = last_channel or 4 * channels
        layers.append(Conv2dNormActivation(channels, last, 1, **options))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout, inplace=True), nn.Linear(last, num_classes)
        )
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out")
            elif isinstance(m, nn.Linear):
                bound = 1.0 / math.sqrt(m.out_features)
                nn.init.uniform_(m.weight, -bound, bound)
            if isinstance(m, (nn.Conv2d, nn.Linear)) and m.bias is not None:
                nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


# Expansion, kernel, stride, channels before and after, blocks; F: fused.
_V1 = "1 3 1 32 16 1 | 6 3 2 16 24 2 | 6 5 2 24 40 2 | 6 3 2 40 80 3 | 6 5 1 80 112 3 | " \
      "6 5 2 112 192 4 | 6 3 1 192 320 1"  # fmt: skip
_V2 = {
    "s": "F1 3 1 24 24 2 | F4 3 2 24 48 4 | F4 3 2 48 64 4 | 4 3 2 64 128 6 | 6 3 1 128 160 9 | "
         "6 3 2 160 256 15",
    "m": "F1 3 1 24 24 3 | F4 3 2 24 48 5 | F4 3 2 48 80 5 | 4 3 2 80 160 7 | 6 3 1 160 176 14 | "
         "6 3 2 176 304 18 | 6 3 1 304 512 5",
    "l": "F1 3 1 32 32 4 | F4 3 2 32 64 7 | F4 3 2 64 96 7 | 4 3 2 96 192 10 | "
         "6 3 1 192 224 19 | 6 3 2 224 384 25 | 6 3 1 384 640 7",
}  # fmt: skip


def _stages(table: str, width: float = 1.0, depth: float = 1.0) -> list[Stage]:
    found = []
    for row in table.split("|"):
        ratio, kernel, stride, c, out, count = row.split()
        fused = ratio.startswith("F")
        if not fused:
            c, out = (make_divisible(int(n) * width, 8) for n in (c, out))
            count = math.ceil(int(count) * depth)
        found.append(Stage(fused, int(ratio.lstrip("F")), int(kernel), int(stride), int(c),
                           int(out), int(count)))  # fmt: skip
    return found


# Width, depth, dropout; from B5 on the norms differ.
_SCALES = {"b0": (1.0, 1.0, 0.2), "b1": (1.0, 1.1, 0.2), "b2": (1.1, 1.2, 0.3),
           "b3": (1.2, 1.4, 0.3), "b4": (1.4, 1.8, 0.4), "b5": (1.6, 2.2, 0.4),
           "b6": (1.8, 2.6, 0.5), "b7": (2.0, 3.1, 0.5)}  # fmt: skip


def _builder(kind: str) -> dict:
    second = kind.startswith("v2_")

    def build(**kwargs) -> EfficientNet:
        if second:
            dropout = {"s": 0.2, "m": 0.3, "l": 0.4}[kind[3:]]
            stages, last = _stages(_V2[kind[3:]]), 1280
            norm = partial(nn.BatchNorm2d, eps=1e-03)
        else:
            width, depth, dropout = _SCALES[kind]
            stages, last = _stages(_V1, width, depth), None
            large = kind in ("b5", "b6", "b7")
            norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01) if large else None
        kwargs.setdefault("norm_layer", norm)
        return EfficientNet(stages, kwargs.pop("dropout", dropout), last_channel=last, **kwargs)

    build.__name__ = build.__qualname__ = f"efficientnet_{kind}"
    build.__doc__ = f"EfficientNet {kind.upper().replace('_', ' ')}."
    weights = weights_enum(f"EfficientNet_{kind.upper()}_Weights", __name__)
    return {build.__name__: register_model(weights)(build), weights.__name__: weights}


_made: dict = {}
for _kind in (*_SCALES, "v2_s", "v2_m", "v2_l"):
    _made.update(_builder(_kind))
globals().update(_made)
__all__ = ["EfficientNet", *_made]
