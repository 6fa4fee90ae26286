"""Pooling layers."""

from __future__ import annotations

from ..._tensor import Tensor
from .. import functional as F
from .module import Module


class _MaxPoolNd(Module):
    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices: bool = False,
        ceil_mode: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor):
        return self._function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode,
            self.return_indices,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """Maximum of each window of [N, C, L]; the stride is the kernel's size by default.

    >>> import numtorch as torch
    >>> torch.nn.MaxPool1d(2)(torch.tensor([[1.0, 5.0, 3.0, 4.0]]))
    tensor([[5., 4.]])
    """

    _function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """Maximum of each window of [N, C, H, W]; the stride is the kernel's size by default.

    >>> import numtorch as torch
    >>> torch.nn.MaxPool2d(2)(torch.tensor([[[1.0, 2.0], [6.0, 3.0]]]))
    tensor([[[6.]]])
    """

    _function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """Maximum of each window of [N, C, D, H, W]; the stride is the kernel's size by default.

    >>> import numtorch as torch
    >>> torch.nn.MaxPool3d(2)(torch.zeros(1, 3, 4, 6, 8)).shape
    torch.Size([1, 3, 2, 3, 4])
    """

    _function = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(Module):
    nd = 0

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        from .conv import repeat

        self.kernel_size = repeat(kernel_size, self.nd)
        self.stride = repeat(stride if stride is not None else kernel_size, self.nd)
        self.padding = repeat(padding, self.nd)

    def forward(self, input: Tensor, indices: Tensor, output_size=None) -> Tensor:
        return self._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts the maxima of MaxPool1d back to their places.

    >>> import numtorch as torch
    >>> pooled, indices = torch.nn.MaxPool1d(2, return_indices=True)(torch.zeros(1, 3, 8))
    >>> torch.nn.MaxUnpool1d(2)(pooled, indices).shape
    torch.Size([1, 3, 8])
    """

    nd, _function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts the maxima of MaxPool2d back to their places.

    >>> import numtorch as torch
    >>> pooled, indices = torch.nn.MaxPool2d(2, return_indices=True)(torch.zeros(1, 3, 6, 8))
    >>> torch.nn.MaxUnpool2d(2)(pooled, indices).shape
    torch.Size([1, 3, 6, 8])
    """

    nd, _function = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts the maxima of MaxPool3d back to their places.

    >>> import numtorch as torch
    >>> pooled, indices = torch.nn.MaxPool3d(2, return_indices=True)(torch.zeros(1, 3, 4, 6, 8))
    >>> torch.nn.MaxUnpool3d(2)(pooled, indices).shape
    torch.Size([1, 3, 4, 6, 8])
    """

    nd, _function = 3, staticmethod(F.max_unpool3d)


class AvgPool1d(Module):
    """Mean of each window of [N, C, L].

    >>> import numtorch as torch
    >>> torch.nn.AvgPool1d(2)(torch.tensor([[1.0, 2.0, 3.0, 6.0]]))
    tensor([[1.5000, 4.5000]])
    """

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):  # fmt: skip
        super().__init__()

        def single(x):
            return x if isinstance(x, (tuple, list)) else (x,)

        self.kernel_size = single(kernel_size)
        self.stride = single(stride if stride is not None else kernel_size)
        self.padding = single(padding)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
                            self.count_include_pad)  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPoolNd(Module):
    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return self._function(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPoolNd):
    """Mean of each window of [N, C, H, W].

    >>> import numtorch as torch
    >>> torch.nn.AvgPool2d(2)(torch.tensor([[[1.0, 2.0], [3.0, 6.0]]]))
    tensor([[[3.]]])
    """

    _function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    """Mean of each window of [N, C, D, H, W].

    >>> import numtorch as torch
    >>> torch.nn.AvgPool3d(2)(torch.zeros(1, 3, 4, 6, 8)).shape
    torch.Size([1, 3, 2, 3, 4])
    """

    _function = staticmethod(F.avg_pool3d)


class _LPPoolNd(Module):
    def __init__(self, norm_type: float, kernel_size, stride=None, ceil_mode: bool = False):
        super().__init__()
        self.norm_type, self.kernel_size = norm_type, kernel_size
        self.stride, self.ceil_mode = stride, ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return self._function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """p-norm of each window of [N, C, L].

    >>> import numtorch as torch
    >>> torch.nn.LPPool1d(2, kernel_size=2)(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 4])
    """

    _function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """p-norm of each window of [N, C, H, W].

    >>> import numtorch as torch
    >>> torch.nn.LPPool2d(2, kernel_size=2)(torch.zeros(1, 3, 6, 8)).shape
    torch.Size([1, 3, 3, 4])
    """

    _function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """p-norm of each window of [N, C, D, H, W].

    >>> import numtorch as torch
    >>> torch.nn.LPPool3d(2, kernel_size=2)(torch.zeros(1, 3, 4, 6, 8)).shape
    torch.Size([1, 3, 2, 3, 4])
    """

    _function = staticmethod(F.lp_pool3d)


class _AdaptiveAvgPoolNd(Module):
    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return self._function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means over windows that make the length `output_size`.

    >>> import numtorch as torch
    >>> torch.nn.AdaptiveAvgPool1d(2)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[1.5000, 2.5000]])
    """

    _function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Means over windows that make height and width `output_size` (None: as they are).

    >>> import numtorch as torch
    >>> torch.nn.AdaptiveAvgPool2d((1, None))(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    tensor([[[2., 3.]]])
    """

    _function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Means over windows that make depth, height and width `output_size`.

    >>> import numtorch as torch
    >>> torch.nn.AdaptiveAvgPool3d(2)(torch.zeros(1, 3, 5, 6, 7)).shape
    torch.Size([1, 3, 2, 2, 2])
    """

    _function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPoolNd(_AdaptiveAvgPoolNd):
    def __init__(self, output_size, return_indices: bool = False):
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Tensor):
        return self._function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maxima over windows that make the length `output_size`.

    >>> import numtorch as torch
    >>> torch.nn.AdaptiveMaxPool1d(2)(torch.zeros(1, 3, 7)).shape
    torch.Size([1, 3, 2])
    """

    _function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Maxima over windows that make height and width `output_size`.

    >>> import numtorch as torch
    >>> torch.nn.AdaptiveMaxPool2d((1, None))(torch.zeros(1, 3, 8, 9)).shape
    torch.Size([1, 3, 1, 9])
    """

    _function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Maxima over windows that make depth, height and width `output_size`.

    >>> import numtorch as torch
    >>> torch.nn.AdaptiveMaxPool3d(2)(torch.zeros(1, 3, 5, 6, 7)).shape
    torch.Size([1, 3, 2, 2, 2])
    """

    _function = staticmethod(F.adaptive_max_pool3d)


class _FractionalMaxPool(Module):
    nd = 0

    def __init__(
        self, kernel_size, output_size=None, output_ratio=None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ):  # fmt: skip
        super().__init__()
        from .conv import repeat

        self.kernel_size = repeat(kernel_size, self.nd)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else repeat(output_size, self.nd)
        self.output_ratio = None if output_ratio is None else repeat(output_ratio, self.nd)
        name = type(self).__name__
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor):
        return self._function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            _random_samples=self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(_FractionalMaxPool):
    """Maxima over windows at random places; Graham, Fractional max-pooling (2014).

    >>> import numtorch as torch
    >>> torch.nn.FractionalMaxPool2d(2, output_size=(5, 3))(torch.zeros(1, 3, 9, 8)).shape
    torch.Size([1, 3, 5, 3])
    """

    nd, _function = 2, staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """Maxima over windows at random places of [N, C, D, H, W].

    >>> import numtorch as torch
    >>> torch.nn.FractionalMaxPool3d(2, output_ratio=0.5)(torch.zeros(1, 3, 8, 8, 8)).shape
    torch.Size([1, 3, 4, 4, 4])
    """

    nd, _function = 3, staticmethod(F.fractional_max_pool3d)
