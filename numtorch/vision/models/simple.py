"""LeNet-5 and U-Net, which torchvision does not have."""

from __future__ import annotations

from ... import nn
from ..._joins import cat
from ..._tensor import Tensor
from ...nn import functional as F
from ._api import register_model

__all__ = ["LeNet", "UNet", "lenet", "unet"]


class LeNet(nn.Module):
    """Two convolutions and three linear layers for images of 28x28 (LeCun et al. 1998)."""

    def __init__(self, num_classes: int = 10, in_channels: int = 1):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(),
            nn.Linear(84, num_classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.classifier(self.features(x).flatten(1))


class _Double(nn.Sequential):
    def __init__(self, c: int, out: int):
        super().__init__(
            nn.Conv2d(c, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(True),
            nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(True),
        )  # fmt: skip


class UNet(nn.Module):
    """An image for an image: down to few pixels and up again, beside shortcuts (2015).

    >>> import numtorch as torch
    >>> from numtorch.vision.models import UNet
    >>> UNet(1, 2, width=4, depth=2)(torch.zeros(1, 1, 9, 12)).shape
    torch.Size([1, 2, 9, 12])
    """

    def __init__(
        self, in_channels: int = 3, num_classes: int = 1, width: int = 64, depth: int = 4
    ):
        super().__init__()
        widths = [width << k for k in range(depth + 1)]
        self.inc = _Double(in_channels, width)
        self.down = nn.ModuleList(_Double(a, b) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, 2) for a, b in reversed(list(zip(widths, widths[1:])))
        )
        self.merge = nn.ModuleList(_Double(2 * a, a) for a in reversed(widths[:-1]))
        self.outc = nn.Conv2d(width, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of each pixel's classes."""
        x, kept = self.inc(x), []
        for down in self.down:
            kept.append(x)
            x = down(F.max_pool2d(x, 2))
        for up, merge, before in zip(self.up, self.merge, reversed(kept)):
            x = up(x)
            missing = (before.shape[-1] - x.shape[-1], before.shape[-2] - x.shape[-2])
            x = F.pad(x, [0, missing[0], 0, missing[1]]) if any(missing) else x
            x = merge(cat([before, x], 1))
        return self.outc(x)


@register_model()
def lenet(**kwargs) -> LeNet:
    """LeNet-5."""
    return LeNet(**kwargs)


@register_model()
def unet(**kwargs) -> UNet:
    """U-Net."""
    return UNet(**kwargs)
