"""What several models share."""

from __future__ import annotations

from ... import nn


def make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """The nearest multiple of the divisor that is not more than a tenth smaller."""
    out = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return out + divisor if out < 0.9 * v else out


def init_mobile(model: nn.Module, std: float) -> None:
    """Kaiming's initial values for convolutions, normal ones for linear layers."""
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out")
        elif isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, 0, std)
        if isinstance(m, (nn.Conv2d, nn.Linear)) and m.bias is not None:
            nn.init.zeros_(m.bias)
