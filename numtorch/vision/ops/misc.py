"""Blocks that models are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._creation import ones, zeros
from ..._dims import permute
from ..._tensor import Tensor
from ...nn import (
    AdaptiveAvgPool2d,
    BatchNorm2d,
    BatchNorm3d,
    Conv2d,
    Conv3d,
    Dropout,
    Linear,
    Module,
    ReLU,
    Sequential,
    Sigmoid,
)


class FrozenBatchNorm2d(Module):
    """Batch norm with fixed statistics and weights."""

    def __init__(self, num_features: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", ones(num_features))
        self.register_buffer("bias", zeros(num_features))
        self.register_buffer("running_mean", zeros(num_features))
        self.register_buffer("running_var", ones(num_features))

    def _load_from_state_dict(self, state_dict, prefix, *args):
        state_dict.pop(f"{prefix}num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x: Tensor) -> Tensor:
        """The scaled and shifted channels."""
        weight, bias, mean, var = (
            t.reshape(1, -1, 1, 1)
            for t in (self.weight, self.bias, self.running_mean, self.running_var)
        )
        scale = weight * (var + self.eps).rsqrt()
        return x * scale + (bias - mean * scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]}, eps={self.eps})"


def _padding(kernel_size, dilation) -> int | tuple[int, ...]:
    """What keeps the size at stride 1."""
    if isinstance(kernel_size, int) and isinstance(dilation, int):
        return (kernel_size - 1) // 2 * dilation
    n = len(kernel_size if isinstance(kernel_size, Sequence) else dilation)
    sizes = (kernel_size,) * n if isinstance(kernel_size, int) else kernel_size
    steps = (dilation,) * n if isinstance(dilation, int) else dilation
    return tuple((k - 1) // 2 * d for k, d in zip(sizes, steps))


class ConvNormActivation(Sequential):
    """A convolution, a norm and an activation; each of the last two may be None."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size=3, stride=1, padding=None,
        groups: int = 1, norm_layer: Callable[..., Module] | None = BatchNorm2d,
        activation_layer: Callable[..., Module] | None = ReLU, dilation=1,
        inplace: bool | None = True, bias: bool | None = None,
        conv_layer: Callable[..., Module] = Conv2d,
    ):  # fmt: skip
        padding = _padding(kernel_size, dilation) if padding is None else padding
        layers = [
            conv_layer(
                in_channels, out_channels, kernel_size, stride, padding, dilation=dilation,
                groups=groups, bias=norm_layer is None if bias is None else bias,
            )
        ]  # fmt: skip
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**({} if inplace is None else {"inplace": inplace})))
        super().__init__(*layers)
        self.out_channels = out_channels


class Conv2dNormActivation(ConvNormActivation):
    """`ConvNormActivation` of images."""


class Conv3dNormActivation(ConvNormActivation):
    """`ConvNormActivation` of volumes."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size=3, stride=1, padding=None,
        groups: int = 1, norm_layer: Callable[..., Module] | None = BatchNorm3d,
        activation_layer: Callable[..., Module] | None = ReLU, dilation=1,
        inplace: bool | None = True, bias: bool | None = None,
    ):  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, groups, norm_layer,
            activation_layer, dilation, inplace, bias, Conv3d,
        )  # fmt: skip


class SqueezeExcitation(Module):
    """Channels scaled by what two small layers make of their means (Hu et al. 2018)."""

    def __init__(
        self, input_channels: int, squeeze_channels: int,
        activation: Callable[..., Module] = ReLU,
        scale_activation: Callable[..., Module] = Sigmoid,
    ):  # fmt: skip
        super().__init__()
        self.avgpool = AdaptiveAvgPool2d(1)
        self.fc1 = Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = Conv2d(squeeze_channels, input_channels, 1)
        self.activation, self.scale_activation = activation(), scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        """The scaled channels."""
        small = self.activation(self.fc1(self.avgpool(input)))
        return self.scale_activation(self.fc2(small)) * input


class MLP(Sequential):
    """Linear layers with norms, activations and dropout between them."""

    def __init__(
        self, in_channels: int, hidden_channels: list[int],
        norm_layer: Callable[..., Module] | None = None,
        activation_layer: Callable[..., Module] | None = ReLU, inplace: bool | None = None,
        bias: bool = True, dropout: float = 0.0,
    ):  # fmt: skip
        options = {} if inplace is None else {"inplace": inplace}
        layers, width = [], in_channels
        for hidden in hidden_channels[:-1]:
            layers.append(Linear(width, hidden, bias=bias))
            if norm_layer is not None:
                layers.append(norm_layer(hidden))
            layers += [activation_layer(**options), Dropout(dropout, **options)]
            width = hidden
        layers += [Linear(width, hidden_channels[-1], bias=bias), Dropout(dropout, **options)]
        super().__init__(*layers)


class Permute(Module):
    """`torch.permute` as a module."""

    def __init__(self, dims: list[int]):
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        """The tensor with its dims in another order."""
        return permute(x, self.dims)
