"""ShuffleNetV2 (Ma et al. 2018)."""

from __future__ import annotations

from ... import nn
from ..._joins import cat
from ..._tensor import Tensor
from ._api import register_model
from ._weights import weights_enum


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """The channels of the groups in turn."""
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


def _filter(c: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(c, c, 3, stride, 1, bias=False, groups=c)


class InvertedResidual(nn.Module):
    """One half of the channels passes, the other is worked on; then they are mixed."""

    def __init__(self, inp: int, oup: int, stride: int):
        super().__init__()
        if not 1 <= stride <= 3:
            raise ValueError("illegal stride value")
        half = oup // 2
        if stride == 1 and inp != half << 1:
            raise ValueError(
                f"Invalid combination of stride {stride}, inp {inp} and oup {oup} values. If "
                "stride == 1 then inp should be equal to oup // 2 << 1."
            )
        self.stride = stride
        self.branch1 = nn.Sequential() if stride == 1 else nn.Sequential(
            _filter(inp, stride), nn.BatchNorm2d(inp), nn.Conv2d(inp, half, 1, bias=False),
            nn.BatchNorm2d(half), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.branch2 = nn.Sequential(
            nn.Conv2d(inp if stride > 1 else half, half, 1, bias=False), nn.BatchNorm2d(half),
            nn.ReLU(inplace=True), _filter(half, stride), nn.BatchNorm2d(half),
            nn.Conv2d(half, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU(inplace=True),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """The mixed channels."""
        if self.stride == 1:
            a, b = x.chunk(2, 1)
            return channel_shuffle(cat((a, self.branch2(b)), 1), 2)
        return channel_shuffle(cat((self.branch1(x), self.branch2(x)), 1), 2)


class ShuffleNetV2(nn.Module):
    """Three stages of blocks."""

    def __init__(
        self, stages_repeats: list[int], stages_out_channels: list[int], num_classes: int = 1000
    ):
        super().__init__()
        if len(stages_repeats) != 3:
            raise ValueError("expected stages_repeats as list of 3 positive ints")
        if len(stages_out_channels) != 5:
            raise ValueError("expected stages_out_channels as list of 5 positive ints")
        first, *widths, last = stages_out_channels
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = first
        for k, (count, width) in enumerate(zip(stages_repeats, widths), 2):
            blocks = [InvertedResidual(channels, width, 2)]
            blocks += [InvertedResidual(width, width, 1) for _ in range(count - 1)]
            setattr(self, f"stage{k}", nn.Sequential(*blocks))
            channels = width
        self.conv5 = nn.Sequential(
            nn.Conv2d(channels, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU(inplace=True)
        )
        self.fc = nn.Linear(last, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        return self.fc(x.mean([2, 3]))


_WIDTHS = {
    "0_5": [24, 48, 96, 192, 1024], "1_0": [24, 116, 232, 464, 1024],
    "1_5": [24, 176, 352, 704, 1024], "2_0": [24, 244, 488, 976, 2048],
}  # fmt: skip


def _builder(size: str) -> dict:
    def build(**kwargs) -> ShuffleNetV2:
        return ShuffleNetV2([4, 8, 4], _WIDTHS[size], **kwargs)

    build.__name__ = build.__qualname__ = f"shufflenet_v2_x{size}"
    build.__doc__ = f"ShuffleNetV2, {size.replace('_', '.')} times as wide."
    weights = weights_enum(f"ShuffleNet_V2_X{size}_Weights", __name__)
    return {build.__name__: register_model(weights)(build), weights.__name__: weights}


_made: dict = {}
for _size in _WIDTHS:
    _made.update(_builder(_size))
globals().update(_made)
__all__ = ["ShuffleNetV2", *_made]
