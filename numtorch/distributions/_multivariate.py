"""Multivariate normal distributions: by a factor of the covariance, and of low rank."""

from __future__ import annotations

import math

import numtorch as torch

from . import constraints
from .distribution import Distribution, Size
from .utils import _standard_normal, lazy_property


def _batch_mv(matrix, vector):
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def _batch_mahalanobis(tril, x):
    """x^T (L L^T)^-1 x of vectors [..., n] and a factor L [..., n, n]."""
    solve = torch.linalg.solve_triangular
    if tril.dim() == 2:  # one factor: all vectors are columns
        columns = x.reshape(-1, x.shape[-1]).mT
        return (solve(tril, columns, upper=False) ** 2).sum(0).reshape(x.shape[:-1])
    return (solve(tril, x.unsqueeze(-1), upper=False) ** 2).sum((-2, -1))


def _log_det(tril):
    """log |L L^T| of a triangular factor."""
    return 2 * tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def _precision_to_scale_tril(precision):
    """The lower factor of the inverse of a matrix.

    With J the reversal of rows, J P J = F F^T gives P = (J F J)(J F J)^T, an upper factor, whose
    transposed inverse is lower.
    """
    upper = torch.linalg.cholesky(precision.flip(-2, -1)).flip(-2, -1)
    eye = torch.eye(precision.shape[-1], dtype=precision.dtype, device=precision.device)
    return torch.linalg.solve_triangular(upper.mT, eye, upper=False)


class CovarianceForms:
    """A covariance given as itself, its inverse or its factor; the other two follow."""

    def _keep_form(self, batch_shape, covariance_matrix, precision_matrix, scale_tril):
        """Keeps the one that was given, expanded over the batch."""
        forms = {
            "scale_tril": scale_tril,
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
        }
        for name, value in forms.items():
            if value is not None:
                setattr(self, name, value.expand(batch_shape + (-1, -1)))

    def _keep_factor(self, covariance_matrix, precision_matrix, scale_tril):
        if scale_tril is not None:
            factor = scale_tril
        elif covariance_matrix is not None:
            factor = torch.linalg.cholesky(covariance_matrix)
        else:
            factor = _precision_to_scale_tril(precision_matrix)
        # Not expanded: one factor serves a whole batch.
        self._unbroadcasted_scale_tril = factor

    def _over_batch(self, matrix):
        n = self._event_shape[-1]
        return matrix.expand(self._batch_shape + (n, n))

    @lazy_property
    def scale_tril(self):
        """Lower triangular L with L L^T the covariance."""
        return self._over_batch(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        tril = self._unbroadcasted_scale_tril
        return self._over_batch(tril @ tril.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return self._over_batch(torch.cholesky_inverse(self._unbroadcasted_scale_tril))


class MultivariateNormal(CovarianceForms, Distribution):
    """Normal vectors of mean `loc` [..., n] and one form of the covariance [..., n, n].

    >>> import numtorch as torch
    >>> from numtorch.distributions import MultivariateNormal
    >>> MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args: bool | None = None,
    ):
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        forms = covariance_matrix, precision_matrix, scale_tril
        names = "covariance_matrix", "precision_matrix", "scale_tril matrix"
        given = [(name, form) for name, form in zip(names, forms) if form is not None]
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril "
                "may be specified."
            )
        ((name, matrix),) = given
        if matrix.dim() < 2:
            raise ValueError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        batch_shape = torch.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self._keep_form(batch_shape, *forms)
        self.loc = loc.expand(batch_shape + (-1,))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._keep_factor(*forms)

    mean = mode = property(lambda self: self.loc)

    @property
    def variance(self):
        variance = (self._unbroadcasted_scale_tril**2).sum(-1)
        return variance.expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape=Size()):  # noqa: B008
        shape = self._extended_shape(sample_shape)
        noise = _standard_normal(shape, self.loc.dtype, self.loc.device)
        return self.loc + _batch_mv(self._unbroadcasted_scale_tril, noise)

    def log_prob(self, value):
        self._check_value(value)
        n = self._event_shape[0]
        distance = self._mahalanobis(value - self.loc)
        return -0.5 * (n * math.log(2 * math.pi) + self._log_det() + distance)

    def entropy(self):
        n = self._event_shape[0]
        entropy = 0.5 * (n * (1 + math.log(2 * math.pi)) + self._log_det())
        return entropy.expand(self._batch_shape)

    # What divergences need: the covariance S as a determinant, a metric and a root.

    def _log_det(self):
        return _log_det(self._unbroadcasted_scale_tril)

    def _mahalanobis(self, x):
        return _batch_mahalanobis(self._unbroadcasted_scale_tril, x)

    def _root(self):
        """M with M M^T = S."""
        return self._unbroadcasted_scale_tril

    def _trace_ratio(self, root):
        """tr(S^-1 M M^T)."""
        tril = self._unbroadcasted_scale_tril
        return (torch.linalg.solve_triangular(tril, root, upper=False) ** 2).sum((-2, -1))


class LowRankMultivariateNormal(Distribution):
    """Normal vectors whose covariance is W W^T + diag(d): `cov_factor` [..., n, m], `cov_diag`.

    Log-probabilities cost O(n m^2), by the capacitance C = I + W^T D^-1 W (Woodbury's identity and
    the matrix determinant lemma).

    >>> import numtorch as torch
    >>> from numtorch.distributions import LowRankMultivariateNormal
    >>> LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)).variance
    tensor([2., 2.])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, cov_factor, cov_diag, validate_args: bool | None = None):
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError(
                "cov_factor must be at least two-dimensional, "
                "with optional leading batch dimensions"
            )
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(
                f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m"
            )
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            batch_shape = torch.broadcast_shapes(
                loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1]
            )
        except RuntimeError as e:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, "
                f"cov_diag {cov_diag.shape}"
            ) from e
        self.loc = loc.expand(batch_shape + (-1,))
        self.cov_factor = cov_factor.expand(batch_shape + (-1, -1))
        self.cov_diag = cov_diag.expand(batch_shape + (-1,))
        self._unbroadcasted_cov_factor = cov_factor
        self._unbroadcasted_cov_diag = cov_diag
        scaled = self._scaled_factor()
        eye = torch.eye(cov_factor.shape[-1], dtype=scaled.dtype, device=scaled.device)
        self._capacitance_tril = torch.linalg.cholesky(scaled.mT @ scaled + eye)
        super().__init__(batch_shape, event_shape, validate_args=validate_args)

    def _scaled_factor(self):
        """D^-1/2 W"""
        return self._unbroadcasted_cov_factor * self._unbroadcasted_cov_diag.rsqrt().unsqueeze(-1)

    def _whitener(self):
        """A = C^-1/2 W^T D^-1, with which S^-1 = D^-1 - A^T A."""
        scaled = self._unbroadcasted_cov_factor.mT / self._unbroadcasted_cov_diag.unsqueeze(-2)
        return torch.linalg.solve_triangular(self._capacitance_tril, scaled, upper=False)

    def _over_batch(self, matrix):
        return matrix.expand(self._batch_shape + self._event_shape * 2)

    mean = mode = property(lambda self: self.loc)

    @lazy_property
    def variance(self):
        variance = (self._unbroadcasted_cov_factor**2).sum(-1) + self._unbroadcasted_cov_diag
        return variance.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self):
        """Lower triangular L with L L^T the covariance."""
        # D^1/2 (I + D^-1/2 W W^T D^-1/2) D^1/2: the middle is well conditioned.
        scaled = self._scaled_factor()
        eye = torch.eye(scaled.shape[-2], dtype=scaled.dtype, device=scaled.device)
        middle = torch.linalg.cholesky(scaled @ scaled.mT + eye)
        return self._over_batch(self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1) * middle)

    @lazy_property
    def covariance_matrix(self):
        """The covariance."""
        factor = self._unbroadcasted_cov_factor
        return self._over_batch(factor @ factor.mT + self._unbroadcasted_cov_diag.diag_embed())

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        a = self._whitener()
        inverse = self._unbroadcasted_cov_diag.reciprocal().diag_embed()
        return self._over_batch(inverse - a.mT @ a)

    def rsample(self, sample_shape=Size()):  # noqa: B008
        shape = self._extended_shape(sample_shape)
        narrow = shape[:-1] + self.cov_factor.shape[-1:]
        dtype, device = self.loc.dtype, self.loc.device
        common = _batch_mv(self._unbroadcasted_cov_factor, _standard_normal(narrow, dtype, device))
        own = self._unbroadcasted_cov_diag.sqrt() * _standard_normal(shape, dtype, device)
        return self.loc + common + own

    log_prob = MultivariateNormal.log_prob
    entropy = MultivariateNormal.entropy

    def _log_det(self):
        return _log_det(self._capacitance_tril) + self._unbroadcasted_cov_diag.log().sum(-1)

    def _mahalanobis(self, x):
        diag = self._unbroadcasted_cov_diag
        narrow = _batch_mv(self._unbroadcasted_cov_factor.mT / diag.unsqueeze(-2), x)
        return (x**2 / diag).sum(-1) - _batch_mahalanobis(self._capacitance_tril, narrow)

    def _root(self):
        """M = [W, D^1/2], with M M^T = S."""
        factor, diag = torch.broadcast_tensors(
            self._unbroadcasted_cov_factor[..., :1], self._unbroadcasted_cov_diag.unsqueeze(-1)
        )
        wide = self._unbroadcasted_cov_factor.expand(factor.shape[:-1] + (-1,))
        return torch.cat([wide, diag.squeeze(-1).sqrt().diag_embed()], -1)

    def _trace_ratio(self, root):
        """tr(S^-1 M M^T)."""
        diag = self._unbroadcasted_cov_diag.unsqueeze(-1)
        whole = (root**2 / diag).sum((-2, -1))
        return whole - ((self._whitener() @ root) ** 2).sum((-2, -1))
