"""Distributions over matrices: Wishart, Cholesky factors of correlation matrices."""

from __future__ import annotations

import math
import warnings

import numtorch as torch

from . import constraints
from ._gamma import Beta, Chi2
from ._multivariate import CovarianceForms, _log_det
from .distribution import Distribution, ExponentialFamily, Size
from .utils import broadcast_all


class Wishart(CovarianceForms, ExponentialFamily):
    """Sums of `df` outer products of normal vectors, whose covariance has one of its forms.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Wishart
    >>> Wishart(torch.tensor(2.0), torch.eye(2)).mean
    tensor([[2., 0.],
            [0., 2.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    @property
    def arg_constraints(self):
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def __init__(
        self,
        df,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args: bool | None = None,
    ):
        forms = covariance_matrix, precision_matrix, scale_tril
        given = [form for form in forms if form is not None]
        if len(given) != 1:
            raise AssertionError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril "
                "may be specified."
            )
        (matrix,) = given
        if matrix.dim() < 2:
            raise ValueError(
                "scale_tril must be at least two-dimensional, "
                "with optional leading batch dimensions"
            )
        if isinstance(df, torch.Tensor):
            batch_shape = torch.broadcast_shapes(matrix.shape[:-2], df.shape)
            self.df = df.expand(batch_shape)
        else:
            batch_shape = matrix.shape[:-2]
            self.df = torch.tensor(df, dtype=matrix.dtype, device=matrix.device)
        event_shape = matrix.shape[-2:]
        n = event_shape[-1]
        if (self.df <= n - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        if (self.df < n).any():
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur "
                "for ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        self._keep_form(batch_shape, *forms)
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        self._keep_factor(*forms)
        fewer = torch.arange(n, dtype=matrix.dtype, device=matrix.device)
        degrees = (self.df.unsqueeze(-1) - fewer).expand(batch_shape + (n,))
        self._dist_chi2 = Chi2(degrees)

    def _per_matrix(self, value):
        return value[..., None, None]

    mean = property(lambda self: self._per_matrix(self.df) * self.covariance_matrix)

    @property
    def mode(self):
        factor = self.df - self._event_shape[-1] - 1
        factor = factor.masked_fill(factor <= 0, math.nan)
        return self._per_matrix(factor) * self.covariance_matrix

    @property
    def variance(self):
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        outer = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self._per_matrix(self.df) * (v**2 + outer)

    def _bartlett_sampling(self, sample_shape):
        """L A (L A)^T, A normal below a diagonal of chi numbers (Bartlett 1933)."""
        chi = self._dist_chi2.rsample(sample_shape).sqrt()
        chi = chi.clamp(min=torch.finfo(chi.dtype).eps)
        noise = torch.randn(chi.shape + chi.shape[-1:], dtype=chi.dtype, device=chi.device)
        factor = self._unbroadcasted_scale_tril @ (noise.tril(-1) + chi.diag_embed())
        return factor @ factor.mT

    def rsample(self, sample_shape=Size(), max_try_correction=None):  # noqa: B008
        """Samples; singular ones are drawn again, up to `max_try_correction` times (10)."""
        sample = self._bartlett_sampling(sample_shape)
        for _ in range(10 if max_try_correction is None else max_try_correction):
            regular = self._per_matrix(self.support.check(sample))
            if regular.all():
                break
            warnings.warn("Singular sample detected.", stacklevel=2)
            sample = torch.where(regular, sample, self._bartlett_sampling(sample_shape))
        return sample

    def _halves(self):
        """nu / 2, p, log |V| / 2 + p log(2) / 2: what the formulas share."""
        p = self._event_shape[-1]
        return self.df / 2, p, (_log_det(self._unbroadcasted_scale_tril) + p * math.log(2)) / 2

    def log_prob(self, value):
        self._check_value(value)
        half, p, scale = self._halves()
        solved = torch.cholesky_solve(value, self._unbroadcasted_scale_tril)
        trace = solved.diagonal(dim1=-2, dim2=-1).sum(-1)
        log_det = torch.linalg.slogdet(value).logabsdet
        normalizer = 2 * half * scale + torch.mvlgamma(half, p)
        return (half - (p + 1) / 2) * log_det - trace / 2 - normalizer

    def entropy(self):
        half, p, scale = self._halves()
        steps = torch.arange(p, dtype=half.dtype, device=half.device) / 2
        digamma = (half.unsqueeze(-1) - steps).digamma().sum(-1)
        spread = (half - (p + 1) / 2) * digamma
        return (p + 1) * scale + torch.mvlgamma(half, p) - spread + half * p

    @property
    def _natural_params(self):
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x, y):
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        log_det = torch.linalg.slogdet(-2 * x).logabsdet
        return half * (p * math.log(2) - log_det) + torch.mvlgamma(half, p)


class LKJCholesky(Distribution):
    """Cholesky factors L [..., n, n] of correlation matrices, density of L L^T ~ its det^(c - 1).

    Lewandowski, Kurowicka and Joe 2009, sampled by their onion method.

    >>> import numtorch as torch
    >>> from numtorch.distributions import LKJCholesky
    >>> LKJCholesky(3, 0.5).sample().shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration=1.0, validate_args: bool | None = None):
        if dim < 2:
            raise ValueError(
                f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}."
            )
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        c = self.concentration
        # Row i has i free entries; their squared length is a beta number.
        below = torch.arange(dim - 1, dtype=c.dtype, device=c.device)
        below = torch.cat([below.new_zeros(1), below])
        self._beta = Beta(below + 0.5, (c + 0.5 * (dim - 2)).unsqueeze(-1) - 0.5 * below)
        super().__init__(c.size(), Size((dim, dim)), validate_args=validate_args)

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            length = self._beta.sample(sample_shape).unsqueeze(-1)
            shape = self._extended_shape(sample_shape)
            noise = torch.randn(shape, dtype=length.dtype, device=length.device).tril(-1)
            # The first row has no direction: 0 / 1.
            norm = noise.norm(dim=-1, keepdim=True)
            rows = length.sqrt() * noise / torch.where(norm == 0, 1.0, norm)
            rest = (1 - (rows**2).sum(-1)).clamp(min=torch.finfo(rows.dtype).tiny)
            return rows + rest.sqrt().diag_embed()

    def log_prob(self, value):
        self._check_value(value)
        n, c = self.dim, self.concentration
        # det^(c - 1) times the Jacobian of L -> L L^T: a power of each diagonal entry.
        place = torch.arange(2, n + 1, device=c.device)
        power = 2 * (c - 1).unsqueeze(-1) + n - place
        unnormalized = (power * value.diagonal(dim1=-2, dim2=-1)[..., 1:].log()).sum(-1)
        half = c + 0.5 * (n - 1)
        normalizer = torch.mvlgamma(half - 0.5, n - 1) - (n - 1) * half.lgamma()
        return unnormalized - normalizer - 0.5 * (n - 1) * math.log(math.pi)
