"""ResNet (He et al. 2015), ResNeXt (Xie et al. 2016), Wide ResNet (Zagoruyko 2016)."""

from __future__ import annotations

from collections.abc import Callable

from ... import nn
from ..._tensor import Tensor
from ._api import register_model
from ._weights import weights_enum


def conv3x3(c: int, out: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size at stride 1."""
    return nn.Conv2d(c, out, 3, stride, dilation, dilation, groups, bias=False)


def conv1x1(c: int, out: int, stride: int = 1) -> nn.Conv2d:
    """A linear layer over the channels of each pixel."""
    return nn.Conv2d(c, out, 1, stride, bias=False)


class BasicBlock(nn.Module):
    """Two convolutions of 3x3 beside a shortcut."""

    expansion = 1

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None,
        groups: int = 1, base_width: int = 64, dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ):  # fmt: skip
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), norm(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv3x3(planes, planes), norm(planes)
        self.downsample, self.stride = downsample, stride

    def forward(self, x: Tensor) -> Tensor:
        """The activated sum."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """A convolution of 3x3 between two of 1x1, beside a shortcut; the stride is in the middle."""

    expansion = 4

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: nn.Module | None = None,
        groups: int = 1, base_width: int = 64, dilation: int = 1,
        norm_layer: Callable[..., nn.Module] | None = None,
    ):  # fmt: skip
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        out = planes * self.expansion
        self.conv1, self.bn1 = conv1x1(inplanes, width), norm(width)
        self.conv2, self.bn2 = conv3x3(width, width, stride, groups, dilation), norm(width)
        self.conv3, self.bn3 = conv1x1(width, out), norm(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample, self.stride = downsample, stride

    def forward(self, x: Tensor) -> Tensor:
        """The activated sum."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """A convolution, four stages of blocks, a linear layer."""

    def __init__(
        self, block: type[BasicBlock | Bottleneck], layers: list[int], num_classes: int = 1000,
        zero_init_residual: bool = False, groups: int = 1, width_per_group: int = 64,
        replace_stride_with_dilation: list[bool] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ):  # fmt: skip
        super().__init__()
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes, self.dilation = 64, 1
        dilate = replace_stride_with_dilation or [False, False, False]
        if len(dilate) != 3:
            raise ValueError(
                "replace_stride_with_dilation should be None or a 3-element tuple, got "
                f"{replace_stride_with_dilation}"
            )
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1, self.relu = self._norm_layer(64), nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(m, (BasicBlock, Bottleneck)):
                nn.init.zeros_((m.bn3 if isinstance(m, Bottleneck) else m.bn2).weight)

    def _make_layer(
        self, block: type, planes: int, blocks: int, stride: int = 1, dilate: bool = False
    ) -> nn.Sequential:
        before, shortcut = self.dilation, None
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        out = planes * block.expansion
        if stride != 1 or self.inplanes != out:
            shortcut = nn.Sequential(conv1x1(self.inplanes, out, stride), self._norm_layer(out))
        rest = (self.groups, self.base_width)
        made = [
            block(self.inplanes, planes, stride, shortcut, *rest, before, self._norm_layer)
        ]
        self.inplanes = out
        made += [
            block(out, planes, 1, None, *rest, self.dilation, self._norm_layer)
            for _ in range(1, blocks)
        ]
        return nn.Sequential(*made)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


_MODELS = {
    "resnet18": ("ResNet18", BasicBlock, [2, 2, 2, 2], {}),
    "resnet34": ("ResNet34", BasicBlock, [3, 4, 6, 3], {}),
    "resnet50": ("ResNet50", Bottleneck, [3, 4, 6, 3], {}),
    "resnet101": ("ResNet101", Bottleneck, [3, 4, 23, 3], {}),
    "resnet152": ("ResNet152", Bottleneck, [3, 8, 36, 3], {}),
    "resnext50_32x4d": ("ResNeXt50_32X4D", Bottleneck, [3, 4, 6, 3],
                        {"groups": 32, "width_per_group": 4}),
    "resnext101_32x8d": ("ResNeXt101_32X8D", Bottleneck, [3, 4, 23, 3],
                         {"groups": 32, "width_per_group": 8}),
    "resnext101_64x4d": ("ResNeXt101_64X4D", Bottleneck, [3, 4, 23, 3],
                         {"groups": 64, "width_per_group": 4}),
    "wide_resnet50_2": ("Wide_ResNet50_2", Bottleneck, [3, 4, 6, 3], {"width_per_group": 128}),
    "wide_resnet101_2": ("Wide_ResNet101_2", Bottleneck, [3, 4, 23, 3],
                         {"width_per_group": 128}),
}  # fmt: skip


def _builder(name: str, title: str, block: type, layers: list[int], fixed: dict) -> dict:
    def build(**kwargs) -> ResNet:
        return ResNet(block, layers, **{**kwargs, **fixed})

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"{title.replace('_', ' ')}."
    weights = weights_enum(f"{title}_Weights", __name__)
    return {name: register_model(weights)(build), weights.__name__: weights}


_made: dict = {}
for _name, _rest in _MODELS.items():
    _made.update(_builder(_name, *_rest))
globals().update(_made)
__all__ = ["BasicBlock", "Bottleneck", "ResNet", *_made]
