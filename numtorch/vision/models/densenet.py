"""DenseNet (Huang et al. 2016)."""

from __future__ import annotations

import re
from collections import OrderedDict

from ... import nn
from ..._joins import cat
from ..._tensor import Tensor
from ...nn import functional as F
from ...utils.checkpoint import checkpoint
from ._api import register_model
from ._weights import weights_enum


class _DenseLayer(nn.Module):
    def __init__(
        self, channels: int, growth_rate: int, bn_size: int, drop_rate: float,
        memory_efficient: bool = False,
    ):  # fmt: skip
        super().__init__()
        width = bn_size * growth_rate
        self.norm1, self.relu1 = nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.norm2, self.relu2 = nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)
        self.drop_rate, self.memory_efficient = float(drop_rate), memory_efficient

    def _bottleneck(self, *inputs: Tensor) -> Tensor:
        return self.conv1(self.relu1(self.norm1(cat(inputs, 1))))

    def forward(self, input) -> Tensor:
        inputs = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(t.requires_grad for t in inputs):
            small = checkpoint(self._bottleneck, *inputs, use_reentrant=False)
        else:
            small = self._bottleneck(*inputs)
        out = self.conv2(self.relu2(self.norm2(small)))
        return F.dropout(out, self.drop_rate, self.training) if self.drop_rate > 0 else out


class _DenseBlock(nn.ModuleDict):
    def __init__(self, count: int, channels: int, bn_size: int, growth_rate: int, *rest):
        super().__init__()
        for k in range(count):
            layer = _DenseLayer(channels + k * growth_rate, growth_rate, bn_size, *rest)
            self.add_module(f"denselayer{k + 1}", layer)

    def forward(self, features: Tensor) -> Tensor:
        found = [features]
        for layer in self.values():
            found.append(layer(found))
        return cat(found, 1)


class _Transition(nn.Sequential):
    def __init__(self, channels: int, out: int):
        super().__init__(OrderedDict(
            norm=nn.BatchNorm2d(channels), relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(channels, out, 1, bias=False), pool=nn.AvgPool2d(2, 2),
        ))  # fmt: skip


class DenseNet(nn.Module):
    """Blocks in which each layer sees the outputs of all before it."""

    def __init__(
        self, growth_rate: int = 32, block_config: tuple[int, ...] = (6, 12, 24, 16),
        num_init_features: int = 64, bn_size: int = 4, drop_rate: float = 0,
        num_classes: int = 1000, memory_efficient: bool = False,
    ):  # fmt: skip
        super().__init__()
        channels = num_init_features
        self.features = nn.Sequential(OrderedDict(
            conv0=nn.Conv2d(3, channels, 7, 2, 3, bias=False), norm0=nn.BatchNorm2d(channels),
            relu0=nn.ReLU(inplace=True), pool0=nn.MaxPool2d(3, 2, 1),
        ))  # fmt: skip
        for k, count in enumerate(block_config, 1):
            block = _DenseBlock(
                count, channels, bn_size, growth_rate, drop_rate, memory_efficient
            )
            self.features.add_module(f"denseblock{k}", block)
            channels += count * growth_rate
            if k < len(block_config):
                self.features.add_module(f"transition{k}", _Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        out = F.adaptive_avg_pool2d(F.relu(self.features(x)), (1, 1))
        return self.classifier(out.flatten(1))


_OLD = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.\w+)$")


def _today(state: dict) -> dict:
    # The published files have norm.1 for norm1.
    return {
        (m.group(1) + m.group(2) if (m := _OLD.match(key)) else key): v for key, v in state.items()
    }


def _builder(depth: int, growth: int, config: tuple[int, ...], first: int) -> dict:
    def build(**kwargs) -> DenseNet:
        return DenseNet(growth, config, first, **kwargs)

    build.__name__ = build.__qualname__ = f"densenet{depth}"
    build.__doc__ = f"DenseNet with {depth} layers."
    weights = weights_enum(f"DenseNet{depth}_Weights", __name__)
    made = register_model(weights, rename=_today)(build)
    return {build.__name__: made, weights.__name__: weights}


_made: dict = {}
for _row in ((121, 32, (6, 12, 24, 16), 64), (161, 48, (6, 12, 36, 24), 96),
             (169, 32, (6, 12, 32, 32), 64), (201, 32, (6, 12, 48, 32), 64)):  # fmt: skip
    _made.update(_builder(*_row))
globals().update(_made)
__all__ = ["DenseNet", *_made]
