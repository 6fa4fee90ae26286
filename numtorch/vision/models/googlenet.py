"""GoogLeNet (Szegedy et al. 2014)."""

from __future__ import annotations

import warnings
from typing import NamedTuple

from ... import nn
from ..._joins import cat
from ..._tensor import Tensor
from ...nn import functional as F
from ._api import register_model
from ._weights import weights_enum

__all__ = ["GoogLeNet", "GoogLeNetOutputs", "GoogLeNet_Weights", "googlenet"]


class GoogLeNetOutputs(NamedTuple):
    """The scores, and in training those of two auxiliary heads."""

    logits: Tensor
    aux_logits2: Tensor | None
    aux_logits1: Tensor | None


class BasicConv2d(nn.Module):
    """A convolution, a norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """The activated channels."""
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    """Four kinds of channels side by side."""

    def __init__(self, c: int, c1: int, c3_in: int, c3: int, c5_in: int, c5: int, pooled: int):
        super().__init__()
        self.branch1 = BasicConv2d(c, c1, kernel_size=1)
        self.branch2 = nn.Sequential(
            BasicConv2d(c, c3_in, kernel_size=1), BasicConv2d(c3_in, c3, kernel_size=3, padding=1)
        )
        # The published weights have 3x3 here where the paper has 5x5.
        self.branch3 = nn.Sequential(
            BasicConv2d(c, c5_in, kernel_size=1), BasicConv2d(c5_in, c5, kernel_size=3, padding=1)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, 1, 1, ceil_mode=True), BasicConv2d(c, pooled, kernel_size=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """All channels."""
        return cat([b(x) for b in (self.branch1, self.branch2, self.branch3, self.branch4)], 1)


class InceptionAux(nn.Module):
    """A head in the middle, for training."""

    def __init__(self, in_channels: int, num_classes: int, dropout: float = 0.7):
        super().__init__()
        self.conv = BasicConv2d(in_channels, 128, kernel_size=1)
        self.fc1, self.fc2 = nn.Linear(2048, 1024), nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self.conv(F.adaptive_avg_pool2d(x, (4, 4))).flatten(1)
        return self.fc2(self.dropout(F.relu(self.fc1(x), inplace=True)))


_BLOCKS = {
    "3a": (192, 64, 96, 128, 16, 32, 32), "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64), "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64), "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128), "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}  # fmt: skip


class GoogLeNet(nn.Module):
    """Nine Inception blocks."""

    def __init__(
        self, num_classes: int = 1000, aux_logits: bool = True, transform_input: bool = False,
        init_weights: bool | None = None, dropout: float = 0.2, dropout_aux: float = 0.7,
    ):  # fmt: skip
        super().__init__()
        if init_weights is None:
            warnings.warn(
                "The default weight initialization of GoogleNet will be changed in future releases "
                "of torchvision. If you wish to keep the old behavior (which leads to long "
                "initialization times due to scipy/scipy#11299), please set init_weights=True.",
                FutureWarning,
                stacklevel=2,
            )
            init_weights = True
        self.aux_logits, self.transform_input = aux_logits, transform_input
        self.conv1 = BasicConv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = BasicConv2d(64, 64, kernel_size=1)
        self.conv3 = BasicConv2d(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        for name, widths in _BLOCKS.items():
            setattr(self, f"inception{name}", Inception(*widths))
            if name == "3b":
                self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
            elif name == "4e":
                self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.aux1 = InceptionAux(512, num_classes, dropout_aux) if aux_logits else None
        self.aux2 = InceptionAux(528, num_classes, dropout_aux) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout, self.fc = nn.Dropout(dropout), nn.Linear(1024, num_classes)
        if init_weights:
            for m in self.modules():
                if isinstance(m, (nn.Conv2d, nn.Linear)):
                    nn.init.trunc_normal_(m.weight, mean=0.0, std=0.01, a=-2, b=2)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutputs:
        """Scores of the classes; in training with those of the auxiliary heads."""
        x = imagenet_to_half(x) if self.transform_input else x
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        helped = self.training and self.aux_logits
        aux1 = self.aux1(x) if helped else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if helped else None
        x = self.maxpool4(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        x = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        return GoogLeNetOutputs(x, aux2, aux1) if helped else x


def imagenet_to_half(x: Tensor) -> Tensor:
    """Images normalized by ImageNet's statistics, normalized by 0.5 instead."""
    return cat([
        x[:, k : k + 1] * (std / 0.5) + (mean - 0.5) / 0.5
        for k, (mean, std) in enumerate(zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    ], 1)  # fmt: skip


GoogLeNet_Weights = weights_enum("GoogLeNet_Weights", __name__)


def _prepare(weights, kwargs: dict) -> None:
    kwargs.setdefault("transform_input", True)
    kwargs.update(aux_logits=True, init_weights=False)


def _finish(model: GoogLeNet, given: dict) -> None:
    if given.get("aux_logits", False):
        warnings.warn(
            "auxiliary heads in the pretrained googlenet model are NOT pretrained, so make sure to "
            "train them",
            stacklevel=3,
        )
    else:
        model.aux_logits, model.aux1, model.aux2 = False, None, None


@register_model(GoogLeNet_Weights, prepare=_prepare, finish=_finish)
def googlenet(**kwargs) -> GoogLeNet:
    """GoogLeNet."""
    return GoogLeNet(**kwargs)
