"""Modules that learn their input's size from the first input."""

from __future__ import annotations

from ..._tensor import Tensor
from ..parameter import UninitializedBuffer, UninitializedParameter
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    _BatchNorm,
    _InstanceNorm,
)


def is_lazy(t) -> bool:
    """True for parameters and buffers without a shape yet.

    >>> import numtorch as torch
    >>> torch.nn.modules.lazy.is_lazy(torch.nn.LazyLinear(3).weight)
    True
    """
    return isinstance(t, (UninitializedParameter, UninitializedBuffer))


class LazyModuleMixin:
    """Before its first call a lazy module has parameters without a shape.

    >>> import numtorch as torch
    >>> torch.nn.LazyLinear(3).has_uninitialized_params()
    True
    """

    cls_to_become: type | None = None

    def _begin_lazy(self) -> None:
        self._lazy_load = self._register_load_state_dict_pre_hook(self._take_shapes)
        self._lazy_call = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def has_uninitialized_params(self) -> bool:
        """True until the first call (or load)."""
        tensors = [*self._parameters.values(), *self._buffers.values()]
        return any(is_lazy(t) for t in tensors)

    def _take_shapes(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        for name, t in [*self._parameters.items(), *self._buffers.items()]:
            key = prefix + name
            if is_lazy(t) and key in state_dict and not is_lazy(state_dict[key]):
                self._give(name, tuple(state_dict[key].shape), state_dict[key].dtype)

    def _give(self, name: str, shape, dtype=None) -> None:
        """Gives a parameter or buffer its shape."""
        getattr(self, name).materialize(shape, dtype=dtype)

    def _infer_parameters(self, module, args, kwargs=None) -> None:
        if module.has_uninitialized_params():
            module.initialize_parameters(*args, **(kwargs or {}))
            if module.has_uninitialized_params():
                raise RuntimeError(
                    f"module {self._get_name()} has not been fully initialized"
                )
            module.reset_parameters()
        module._lazy_load.remove()
        module._lazy_call.remove()
        del module._lazy_load, module._lazy_call
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def reset_parameters(self) -> None:
        """Sets the parameters anew, if they have a shape."""
        if not self.has_uninitialized_params():
            super().reset_parameters()


class LazyLinear(LazyModuleMixin, Linear):
    """Linear whose in_features is the last size of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyLinear(3)
    >>> layer(torch.zeros(4, 5)).shape, layer
    (torch.Size([4, 3]), Linear(in_features=5, out_features=3, bias=True))
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device=None, dtype=None):
        super().__init__(1, 1, bias, device, dtype)
        self.in_features, self.out_features = 0, out_features
        self.weight = UninitializedParameter(dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(dtype=dtype)
        self._begin_lazy()

    def initialize_parameters(self, input: Tensor) -> None:
        """Gives the parameters the sizes that fit the input."""
        self.in_features = input.shape[-1]
        self._give("weight", (self.out_features, self.in_features))
        if self.bias is not None:
            self._give("bias", (self.out_features,))


class _LazyConv(LazyModuleMixin):
    def __init__(self, out_channels: int, kernel_size, *args, groups: int = 1, bias: bool = True,
                 dtype=None, **kwargs):  # fmt: skip
        super().__init__(groups, groups, kernel_size, *args, groups=groups, bias=bias, dtype=dtype,
                         **kwargs)  # fmt: skip
        self.in_channels, self.out_channels = 0, out_channels
        self.weight = UninitializedParameter(dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(dtype=dtype)
        self._begin_lazy()

    def initialize_parameters(self, input: Tensor, *args) -> None:
        """Gives the parameters the sizes that fit the input."""
        if input.dim() not in (self.nd + 1, self.nd + 2):
            raise RuntimeError(
                f"Expected {self.nd + 1}D (unbatched) or {self.nd + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        self.in_channels = input.size(-self.nd - 1)
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        self._give("weight", self._weight_shape())
        if self.bias is not None:
            self._give("bias", (self.out_channels,))


class LazyConv1d(_LazyConv, Conv1d):
    """Conv1d whose in_channels is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyConv1d(8, 3)
    >>> layer(torch.zeros(1, 3, 10)).shape, layer
    (torch.Size([1, 8, 8]), Conv1d(3, 8, kernel_size=(3,), stride=(1,)))
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """Conv2d whose in_channels is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyConv2d(8, 3)
    >>> layer(torch.zeros(1, 3, 6, 6)).shape, layer.weight.shape
    (torch.Size([1, 8, 4, 4]), torch.Size([8, 3, 3, 3]))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """Conv3d whose in_channels is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyConv3d(8, 3)
    >>> layer(torch.zeros(1, 3, 6, 6, 6)).shape, layer.weight.shape
    (torch.Size([1, 8, 4, 4, 4]), torch.Size([8, 3, 3, 3, 3]))
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """ConvTranspose1d whose in_channels is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyConvTranspose1d(8, 3)
    >>> layer(torch.zeros(1, 3, 6)).shape, layer.weight.shape
    (torch.Size([1, 8, 8]), torch.Size([3, 8, 3]))
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """ConvTranspose2d whose in_channels is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyConvTranspose2d(8, 3)
    >>> layer(torch.zeros(1, 3, 6, 6)).shape, layer.weight.shape
    (torch.Size([1, 8, 8, 8]), torch.Size([3, 8, 3, 3]))
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """ConvTranspose3d whose in_channels is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyConvTranspose3d(8, 3)
    >>> layer(torch.zeros(1, 3, 6, 6, 6)).shape, layer.weight.shape
    (torch.Size([1, 8, 8, 8, 8]), torch.Size([3, 8, 3, 3, 3]))
    """

    cls_to_become = ConvTranspose3d


class _LazyNorm(LazyModuleMixin):
    def __init__(self, eps: float = 1e-5, momentum=0.1, affine: bool = True,
                 track_running_stats: bool = True, device=None, dtype=None, *,
                 bias: bool = True):  # fmt: skip
        super().__init__(1, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.num_features = 0
        if affine:
            self.weight = UninitializedParameter(dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(dtype=dtype)
        if track_running_stats:
            for name in ("running_mean", "running_var"):
                self.register_buffer(name, UninitializedBuffer(dtype=dtype))
        self._begin_lazy()

    def initialize_parameters(self, input: Tensor) -> None:
        """Gives parameters and buffers one element per channel."""
        k = getattr(self, "nd", None)
        self.num_features = input.shape[1] if k is None else input.size(-k - 1)
        tensors = {**self._parameters, **self._buffers}
        for name, t in tensors.items():
            if is_lazy(t):
                self._give(name, (self.num_features,))
        self.reset_running_stats()


class LazyBatchNorm1d(_LazyNorm, _BatchNorm):
    """BatchNorm1d whose num_features is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyBatchNorm1d()
    >>> layer(torch.zeros(4, 5)).shape, layer.num_features
    (torch.Size([4, 5]), 5)
    """

    cls_to_become = BatchNorm1d
    ranks = BatchNorm1d.ranks


class LazyBatchNorm2d(_LazyNorm, _BatchNorm):
    """BatchNorm2d whose num_features is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyBatchNorm2d()
    >>> layer(torch.zeros(4, 5, 2, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2, 2]), 5)
    """

    cls_to_become = BatchNorm2d
    ranks = BatchNorm2d.ranks


class LazyBatchNorm3d(_LazyNorm, _BatchNorm):
    """BatchNorm3d whose num_features is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyBatchNorm3d()
    >>> layer(torch.zeros(4, 5, 2, 2, 2)).shape, layer.num_features
    (torch.Size([4, 5, 2, 2, 2]), 5)
    """

    cls_to_become = BatchNorm3d
    ranks = BatchNorm3d.ranks


class LazyInstanceNorm1d(_LazyNorm, _InstanceNorm):
    """InstanceNorm1d whose num_features is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyInstanceNorm1d()
    >>> layer(torch.zeros(4, 5, 2)).shape, layer.weight.shape
    (torch.Size([4, 5, 2]), torch.Size([5]))
    """

    cls_to_become = InstanceNorm1d
    nd = 1


class LazyInstanceNorm2d(_LazyNorm, _InstanceNorm):
    """InstanceNorm2d whose num_features is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyInstanceNorm2d()
    >>> layer(torch.zeros(4, 5, 2, 2)).shape, layer.weight.shape
    (torch.Size([4, 5, 2, 2]), torch.Size([5]))
    """

    cls_to_become = InstanceNorm2d
    nd = 2


class LazyInstanceNorm3d(_LazyNorm, _InstanceNorm):
    """InstanceNorm3d whose num_features is that of the first input.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyInstanceNorm3d()
    >>> layer(torch.zeros(4, 5, 2, 2, 2)).shape, layer.weight.shape
    (torch.Size([4, 5, 2, 2, 2]), torch.Size([5]))
    """

    cls_to_become = InstanceNorm3d
    nd = 3


