"""ConvNeXt (Liu et al. 2022)."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from ... import nn
from ..._creation import full
from ..._tensor import Tensor
from ...nn import functional as F
from ..ops.misc import Conv2dNormActivation, Permute
from ..ops.stochastic_depth import StochasticDepth
from ._api import register_model
from ._weights import weights_enum


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        """The normalized image [N, C, H, W]."""
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A filter of 7x7 for each channel, two linear layers; beside a shortcut."""

    def __init__(self, dim: int, layer_scale: float, stochastic_depth_prob: float):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute([0, 2, 3, 1]),
            nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, 4 * dim), nn.GELU(),
            nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]),
        )  # fmt: skip
        self.layer_scale = nn.Parameter(full((dim, 1, 1), float(layer_scale)))
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input: Tensor) -> Tensor:
        """The input plus what the block adds."""
        return self.stochastic_depth(self.layer_scale * self.block(input)) + input


class CNBlockConfig(NamedTuple):
    """A stage: channels before and after (None: the last), blocks."""

    input_channels: int
    out_channels: int | None
    num_layers: int


class ConvNeXt(nn.Module):
    """Four stages of blocks, with norms and strided convolutions between."""

    def __init__(
        self, block_setting: list[CNBlockConfig], stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6, num_classes: int = 1000,
    ):  # fmt: skip
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        norm = partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [Conv2dNormActivation(
            3, block_setting[0].input_channels, 4, 4, 0, norm_layer=norm, activation_layer=None,
            bias=True,
        )]  # fmt: skip
        total, done = sum(s.num_layers for s in block_setting), 0
        for dim, out, count in block_setting:
            stage = []
            for _ in range(count):
                stage.append(CNBlock(dim, layer_scale, stochastic_depth_prob * done / (total - 1)))
                done += 1
            layers.append(nn.Sequential(*stage))
            if out is not None:
                layers.append(nn.Sequential(norm(dim), nn.Conv2d(dim, out, 2, 2)))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = block_setting[-1].out_channels or block_setting[-1].input_channels
        self.classifier = nn.Sequential(norm(last), nn.Flatten(1), nn.Linear(last, num_classes))
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(m.weight, std=0.02)
                nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.avgpool(self.features(x)))


# Channels of the first stage, blocks of the third, probability of dropping.
_SIZES = {"tiny": (96, 9, 0.1), "small": (96, 27, 0.4), "base": (128, 27, 0.5),
          "large": (192, 27, 0.5)}  # fmt: skip


def _builder(size: str) -> dict:
    def build(**kwargs) -> ConvNeXt:
        dim, blocks, drop = _SIZES[size]
        setting = [
            CNBlockConfig(dim << k, dim << k + 1 if k < 3 else None, blocks if k == 2 else 3)
            for k in range(4)
        ]
        return ConvNeXt(setting, kwargs.pop("stochastic_depth_prob", drop), **kwargs)

    build.__name__ = build.__qualname__ = f"convnext_{size}"
    build.__doc__ = f"ConvNeXt, {size}."
    weights = weights_enum(f"ConvNeXt_{size.capitalize()}_Weights", __name__)
    return {build.__name__: register_model(weights)(build), weights.__name__: weights}


_made: dict = {}
for _size in _SIZES:
    _made.update(_builder(_size))
globals().update(_made)
__all__ = ["ConvNeXt", *_made]
