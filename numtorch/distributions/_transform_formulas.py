"""Transforms by formulas: elementwise ones, and those of vectors and matrices."""

from __future__ import annotations

import math

import numtorch as torch
from numtorch.nn.functional import logsigmoid, pad, softplus

from . import constraints
from ._transform import Transform
from .utils import (
    _sum_rightmost,
    broadcast_all,
    lazy_property,
    tril_matrix_to_vec,
    vec_to_tril_matrix,
)

Tensor = torch.Tensor


def _open_unit(x: Tensor) -> Tensor:
    """Kept inside (0, 1) by the least that the dtype can tell."""
    info = torch.finfo(x.dtype)
    return x.clamp(min=info.tiny, max=1 - info.eps)


class ExpTransform(Transform):
    """y = exp(x).

    >>> import numtorch as torch
    >>> torch.distributions.ExpTransform()(torch.tensor([0.0, 1.0, -torch.inf]))
    tensor([1.0000, 2.7183, 0.0000])
    """

    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x):
        return x.exp()

    def _inverse(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x


class PowerTransform(Transform):
    """y = x ** exponent, for positive x.

    >>> import numtorch as torch
    >>> torch.distributions.PowerTransform(2.0)(torch.tensor([1.0, 2.0, 3.0]))
    tensor([1., 4., 9.])
    """

    arguments = ("exponent",)
    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Tensor, cache_size: int = 0):
        super().__init__(cache_size=cache_size)
        (self.exponent,) = broadcast_all(exponent)

    @lazy_property
    def sign(self):
        return self.exponent.sign()

    def _call(self, x):
        return x.pow(self.exponent)

    def _inverse(self, y):
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x, y):
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape):
        return torch.broadcast_shapes(shape, self.exponent.shape)

    inverse_shape = forward_shape


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x)); the inverse is the log-odds.

    >>> import numtorch as torch
    >>> torch.distributions.SigmoidTransform()(torch.tensor([0.0, 1.0, 2.0]))
    tensor([0.5000, 0.7311, 0.8808])
    """

    domain = constraints.real
    codomain = constraints.unit_interval
    bijective = True
    sign = +1

    def _call(self, x):
        return _open_unit(x.sigmoid())

    def _inverse(self, y):
        y = _open_unit(y)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x) - softplus(x)


class SoftplusTransform(Transform):
    """y = log(1 + exp(x)).

    >>> import numtorch as torch
    >>> torch.distributions.SoftplusTransform()(torch.tensor([-2.0, 0.0, 30.0]))
    tensor([ 0.1269,  0.6931, 30.0000])
    """

    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x):
        return softplus(x)

    def _inverse(self, y):
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x, y):
        return -softplus(-x)


class TanhTransform(Transform):
    """y = tanh(x); use a cache where the inverse of one's own samples is needed (|y| near 1).

    >>> import numtorch as torch
    >>> torch.distributions.TanhTransform()(torch.tensor([0.0, 1.0, -torch.inf]))
    tensor([ 0.0000,  0.7616, -1.0000])
    """

    domain = constraints.real
    codomain = constraints.interval(-1.0, 1.0)
    bijective = True
    sign = +1

    def _call(self, x):
        return x.tanh()

    def _inverse(self, y):
        return y.atanh()

    def log_abs_det_jacobian(self, x, y):
        # 1 - tanh(x)^2 = 4 / (exp(x) + exp(-x))^2
        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))


class AbsTransform(Transform):
    """y = |x|.

    >>> import numtorch as torch
    >>> torch.distributions.AbsTransform()(torch.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x):
        return x.abs()

    def _inverse(self, y):
        return y


class AffineTransform(Transform):
    """y = loc + scale * x, for events of `event_dim` dimensions.

    >>> import numtorch as torch
    >>> transform = torch.distributions.AffineTransform(loc=1.0, scale=2.0)
    >>> transform(torch.tensor([0.0, 3.0])), transform.inv(torch.tensor([7.0]))
    (tensor([1., 7.]), tensor([3.]))
    """

    arguments = ("loc", "scale", "event_dim")
    bijective = True

    def __init__(self, loc, scale, event_dim: int = 0, cache_size: int = 0):
        super().__init__(cache_size=cache_size)
        self.loc, self.scale = loc, scale
        self._event_dim = event_dim

    event_dim = property(lambda self: self._event_dim)

    @constraints.dependent_property(is_discrete=False)
    def domain(self):
        if self.event_dim == 0:
            return constraints.real
        return constraints.independent(constraints.real, self.event_dim)

    codomain = domain

    @property
    def sign(self):
        if isinstance(self.scale, Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverse(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        if isinstance(self.scale, Tensor):
            slope = self.scale.abs().log().expand(torch.broadcast_shapes(x.shape, self.scale.shape))
        else:
            slope = torch.full_like(x, math.log(abs(self.scale)))
        return _sum_rightmost(slope, self.event_dim)

    def forward_shape(self, shape):
        return torch.broadcast_shapes(
            shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ())
        )

    inverse_shape = forward_shape


class CumulativeDistributionTransform(Transform):
    """y = the probability of a sample up to x: from a distribution to the uniform one.

    >>> import numtorch as torch
    >>> from numtorch.distributions import CumulativeDistributionTransform, Normal
    >>> CumulativeDistributionTransform(Normal(0.0, 1.0))(torch.tensor([0.0]))
    tensor([0.5000])
    """

    arguments = ("distribution",)
    bijective = True
    codomain = constraints.unit_interval
    sign = +1

    def __init__(self, distribution, cache_size: int = 0):
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    domain = property(lambda self: self.distribution.support)

    def _call(self, x):
        return self.distribution.cdf(x)

    def _inverse(self, y):
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x, y):
        return self.distribution.log_prob(x)


# ---------------------------------------------------------------- vectors and matrices


def _need(shape: torch.Size, dims: int) -> None:
    if len(shape) < dims:
        raise ValueError("Too few dimensions on input")


class SoftmaxTransform(Transform):
    """Real vectors to the simplex; many vectors go to one point, so there is no density.

    >>> import numtorch as torch
    >>> torch.distributions.SoftmaxTransform()(torch.zeros(5, 4)).shape
    torch.Size([5, 4])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x):
        return x.softmax(-1)

    def _inverse(self, y):
        return y.log()

    def forward_shape(self, shape):
        _need(shape, 1)
        return shape

    inverse_shape = forward_shape


class StickBreakingTransform(Transform):
    """[..., n] to the simplex [..., n + 1]: each sigmoid breaks a part off what is left.

    The offsets make the image of 0 the uniform point; see the Stan Reference Manual, "Unit
    simplex".

    >>> import numtorch as torch
    >>> torch.distributions.StickBreakingTransform()(torch.zeros(5, 3)).shape
    torch.Size([5, 4])
    """

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    @staticmethod
    def _offset(x: Tensor) -> Tensor:
        # How many parts are left after each break: n, n - 1, ..., 1.
        n = x.shape[-1]
        return torch.arange(n, 0, -1, dtype=x.dtype, device=x.device)

    def _call(self, x):
        z = _open_unit((x - self._offset(x).log()).sigmoid())
        left = (1 - z).cumprod(-1)
        return pad(z, [0, 1], value=1) * pad(left, [1, 0], value=1)

    def _inverse(self, y):
        parts = y[..., :-1]
        # 1 - cumsum may come out negative.
        left = (1 - parts.cumsum(-1)).clamp(min=torch.finfo(y.dtype).tiny)
        return parts.log() - left.log() + self._offset(parts).log()

    def log_abs_det_jacobian(self, x, y):
        x = x - self._offset(x).log()
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape):
        _need(shape, 1)
        return shape[:-1] + (shape[-1] + 1,)

    def inverse_shape(self, shape):
        _need(shape, 1)
        return shape[:-1] + (shape[-1] - 1,)


class LowerCholeskyTransform(Transform):
    """Real matrices to lower triangular ones with a positive diagonal: its exponential.

    >>> import numtorch as torch
    >>> torch.distributions.LowerCholeskyTransform()(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x):
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y):
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """Real matrices to positive definite ones: L L^T of `LowerCholeskyTransform`.

    >>> import numtorch as torch
    >>> torch.distributions.PositiveDefiniteTransform()(torch.zeros(5, 3, 3)).shape
    torch.Size([5, 3, 3])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x):
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT

    def _inverse(self, y):
        return LowerCholeskyTransform().inv(torch.linalg.cholesky(y))


class CorrCholeskyTransform(Transform):
    """[..., n (n - 1) / 2] to the Cholesky factors [..., n, n] of correlation matrices.

    tanh gives partial correlations, from which each row breaks off parts of its unit length
    (Lewandowski, Kurowicka and Joe 2009; Stan Reference Manual, "Cholesky factors of correlation
    matrices").

    >>> import numtorch as torch
    >>> torch.distributions.CorrCholeskyTransform()(torch.zeros(3)).shape
    torch.Size([3, 3])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x):
        eps = torch.finfo(x.dtype).eps
        r = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - r**2).sqrt().cumprod(-1)
        r = r + torch.eye(r.shape[-1], dtype=r.dtype, device=r.device)
        return r * pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y):
        left = pad((1 - (y * y).cumsum(-1))[..., :-1], [1, 0], value=1)
        r = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (r.log1p() - (-r).log1p()) / 2

    def log_abs_det_jacobian(self, x, y):
        left = tril_matrix_to_vec(1 - (y * y).cumsum(-1), diag=-2)
        broken = 0.5 * left.log().sum(-1)
        return broken - 2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)

    def forward_shape(self, shape):
        _need(shape, 1)
        entries = shape[-1]
        n = round((0.25 + 2 * entries) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != entries:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return shape[:-1] + (n, n)

    def inverse_shape(self, shape):
        _need(shape, 2)
        n = shape[-1]
        if shape[-2] != n:
            raise ValueError("Input is not square")
        return shape[:-2] + (n * (n - 1) // 2,)
