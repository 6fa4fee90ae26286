"""Dropout layers: of elements, of whole channels, and alpha dropout."""

from __future__ import annotations

from ..._tensor import Tensor
from .. import functional as F
from .module import Module


class _DropoutNd(Module):
    """What the dropout layers share: the probability p of a zero."""

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, zeroes each element with probability p and scales the rest by 1 / (1 - p).

    >>> import numtorch as torch
    >>> layer = torch.nn.Dropout(p=0.5).eval()
    >>> layer(torch.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 3.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Zeroes whole channels of [N, C, L].

    >>> import numtorch as torch
    >>> torch.nn.Dropout1d(p=1.0)(torch.ones(1, 2, 3))
    tensor([[[0., 0., 0.],
             [0., 0., 0.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Zeroes whole channels of [N, C, H, W].

    >>> import numtorch as torch
    >>> kept = torch.nn.Dropout2d()(torch.ones(2, 3, 4, 4)).flatten(2)
    >>> torch.equal(kept[..., 0], kept[..., -1])
    True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Zeroes whole channels of [N, C, D, H, W].

    >>> import numtorch as torch
    >>> torch.nn.Dropout3d().eval()(torch.zeros(1, 2, 3, 4, 5)).shape
    torch.Size([1, 2, 3, 4, 5])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean and variance of SELU networks.

    >>> import numtorch as torch
    >>> torch.nn.AlphaDropout().eval()(torch.tensor([1.0, 2.0, 3.0]))
    tensor([1., 2., 3.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels.

    >>> import numtorch as torch
    >>> torch.nn.FeatureAlphaDropout().eval()(torch.zeros(1, 2, 3)).shape
    torch.Size([1, 2, 3])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
