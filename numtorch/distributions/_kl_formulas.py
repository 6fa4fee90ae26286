"""KL(p || q) of pairs of distributions.

Most are -H(p) - E_p[log q]: the cross entropy of q needs a few expectations under p (the mean, the
variance, those of log x, |x - m| and exp(t x)), so one formula for each q does for every p that
has them. Multivariate normals and ratios that would cancel are written out.
"""

from __future__ import annotations

import math

import numtorch as torch

from . import (
    _categorical,
    _composed,
    _continuous,
    _discrete,
    _gamma,
    _multivariate,
    _normal,
    _transformed,
)
from .distribution import ExponentialFamily
from .kl import kl_divergence, register_kl
from .utils import _sum_rightmost, euler_constant

Bernoulli, Binomial, Geometric, Poisson = (
    _discrete.Bernoulli, _discrete.Binomial, _discrete.Geometric, _discrete.Poisson,
)  # fmt: skip
Normal, Laplace, Cauchy, Uniform = (
    _normal.Normal, _normal.Laplace, _normal.Cauchy, _normal.Uniform,
)  # fmt: skip
Beta, Dirichlet, Exponential, Gamma = (
    _gamma.Beta, _gamma.Dirichlet, _gamma.Exponential, _gamma.Gamma,
)  # fmt: skip
ContinuousBernoulli = _continuous.ContinuousBernoulli
Gumbel, HalfNormal, Pareto = _transformed.Gumbel, _transformed.HalfNormal, _transformed.Pareto
MultivariateNormal = _multivariate.MultivariateNormal
LowRankMultivariateNormal = _multivariate.LowRankMultivariateNormal


# ---------------------------------------------------------------- expectations under p


def _by_type(table):
    def of(p, *args):
        return next(f for cls, f in table.items() if isinstance(p, cls))(p, *args)

    return of


def _log_over(low, high):
    """E[log x] of x uniform over (low, high)."""
    return (high.xlogy(high) - low.xlogy(low)) / (high - low) - 1


_mean_log = _by_type({
    Beta: lambda p: p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma(),
    Exponential: lambda p: -euler_constant - p.rate.log(),
    Gamma: lambda p: p.concentration.digamma() - p.rate.log(),
    Pareto: lambda p: p.scale.log() + p.alpha.reciprocal(),
    Uniform: lambda p: _log_over(p.low, p.high),
})  # fmt: skip


def _exp_over(p, t):
    return ((t * p.high).exp() - (t * p.low).exp()) / (t * (p.high - p.low))


# E[exp(t x)] for t < 0.
_mean_exp = _by_type({
    Exponential: lambda p, t: p.rate / (p.rate - t),
    Gamma: lambda p, t: (1 - t / p.rate) ** -p.concentration,
    Gumbel: lambda p, t: ((1 - p.scale * t).lgamma() + p.loc * t).exp(),
    Normal: lambda p, t: (p.loc * t + 0.5 * (p.scale * t) ** 2).exp(),
    Uniform: _exp_over,
})  # fmt: skip


def _normal_deviation(p, d):
    z = d / p.scale
    tails = math.sqrt(2 / math.pi) * p.scale * (-0.5 * z**2).exp()
    return tails + d * (math.sqrt(0.5) * z).erf()


# E|x - m|, d = loc - m.
_mean_deviation = _by_type({
    Laplace: lambda p, d: d.abs() + p.scale * (-d.abs() / p.scale).exp(),
    Normal: _normal_deviation,
})  # fmt: skip


# ---------------------------------------------------------------- E_p[log q]


def _log_bernoulli_density(p, q):
    return p.mean * q.logits + (-q.probs).log1p() + q._cont_bern_log_norm()


def _log_beta_density(p, q):
    a, b = q.concentration1, q.concentration0
    normalizer = a.lgamma() + b.lgamma() - (a + b).lgamma()
    from_above = _log_over(1 - p.high, 1 - p.low)  # uniform p
    return (a - 1) * _mean_log(p) + (b - 1) * from_above - normalizer


def _log_gamma_density(p, q):
    a = q.concentration
    return a * q.rate.log() - a.lgamma() + (a - 1) * _mean_log(p) - q.rate * p.mean


def _log_gumbel_density(p, q):
    z = (p.mean - q.loc) / q.scale
    return -q.scale.log() - z - (q.loc / q.scale).exp() * _mean_exp(p, -q.scale.reciprocal())


def _log_normal_density(p, q):
    squared = p.variance + (p.mean - q.loc) ** 2
    return -q.scale.log() - 0.5 * math.log(2 * math.pi) - 0.5 * squared / q.scale**2


def _log_pareto_density(p, q):
    return q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * _mean_log(p)


def _log_geometric_mass(p, q):
    return p.mean * (-q.probs).log1p() + q.probs.log()


_CROSS = {
    Beta: (_log_beta_density, [Uniform]),
    ContinuousBernoulli: (_log_bernoulli_density, [Beta, ContinuousBernoulli, Uniform]),
    Exponential: (
        lambda p, q: q.rate.log() - q.rate * p.mean,
        [Beta, ContinuousBernoulli, Gamma, Pareto, Uniform],
    ),
    Gamma: (_log_gamma_density, [Beta, Exponential, Gamma, Pareto, Uniform]),
    Geometric: (_log_geometric_mass, [Geometric]),
    Gumbel: (_log_gumbel_density, [Exponential, Gamma, Gumbel, Normal, Uniform]),
    Laplace: (
        lambda p, q: -(2 * q.scale).log() - _mean_deviation(p, p.loc - q.loc) / q.scale,
        [Laplace, Normal],
    ),
    Normal: (
        _log_normal_density,
        [Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform],
    ),
    Pareto: (_log_pareto_density, [Pareto, Uniform]),
    Poisson: (lambda p, q: p.mean * q.rate.log() - q.rate, [Bernoulli]),
    Uniform: (lambda p, q: -(q.high - q.low).log(), [Beta, ContinuousBernoulli, Uniform]),
}

# Where p reaches beyond the support of q. (Both pairs with ContinuousBernoulli take the ends of
# the interval as beyond: what torch does.)
_BEYOND = {
    (Beta, Uniform): lambda p, q: (q.low > 0) | (q.high < 1),
    (ContinuousBernoulli, Uniform): lambda p, q: (q.low >= 0) | (q.high <= 1),
    (Pareto, Pareto): lambda p, q: p.scale < q.scale,
    (Uniform, Beta): lambda p, q: (p.high > 1) | (p.low < 0),
    (Uniform, ContinuousBernoulli): lambda p, q: (p.high >= 1) | (p.low <= 0),
    (Uniform, Exponential): lambda p, q: p.low < 0,
    (Uniform, Gamma): lambda p, q: p.low < 0,
    (Uniform, Pareto): lambda p, q: p.low < q.scale,
    (Uniform, Uniform): lambda p, q: (q.low > p.low) | (q.high < p.high),
}

# Pairs where p always does.
_INFINITE = {
    Beta: [Pareto],
    ContinuousBernoulli: [Pareto],
    Exponential: [Beta, ContinuousBernoulli, Pareto, Uniform],
    Gamma: [Beta, ContinuousBernoulli, Pareto, Uniform],
    Gumbel: [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform],
    Laplace: [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform],
    Normal: [Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform],
    Pareto: [Beta, ContinuousBernoulli, Uniform],
    Poisson: [Bernoulli, Binomial],
}


def _register_tables() -> None:
    for type_q, (log_q, types) in _CROSS.items():
        for type_p in types:
            _register_cross(type_p, type_q, log_q, _BEYOND.get((type_p, type_q)))
    for type_p, types in _INFINITE.items():
        for type_q in types:
            register_kl(type_p, type_q)(lambda p, q: torch.full_like(p.mean, math.inf))


def _register_cross(type_p, type_q, log_q, beyond) -> None:
    @register_kl(type_p, type_q)
    def formula(p, q):
        result = -p.entropy() - log_q(p, q)
        return result if beyond is None else result.masked_fill(beyond(p, q), math.inf)


_register_tables()


# ---------------------------------------------------------------- written out


@register_kl(Normal, Normal)
def _normals(p, q):
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
def _half_normals(p, q):
    return _normals(p.base_dist, q.base_dist)


@register_kl(Exponential, Exponential)
def _exponentials(p, q):
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(Poisson, Poisson)
def _poissons(p, q):
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Cauchy, Cauchy)
def _cauchys(p, q):
    # Chyzak and Nielsen 2019, arXiv:1905.10965
    distance = (p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2
    return distance.log() - (4 * p.scale * q.scale).log()


@register_kl(Dirichlet, Dirichlet)
def _dirichlets(p, q):
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    normalizers = total.lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return normalizers + ((a - b) * (a.digamma() - total.digamma().unsqueeze(-1))).sum(-1)


@register_kl(Beta, Beta)
def _betas(p, q):
    return _dirichlets(p._dirichlet, q._dirichlet)


@register_kl(Bernoulli, Bernoulli)
def _bernoullis(p, q):
    softplus = torch.nn.functional.softplus
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return _impossible(one, p.probs, q.probs) + _impossible(zero, 1 - p.probs, 1 - q.probs)


def _impossible(term, p, q):
    """What q never gives costs inf, what p never gives nothing."""
    return term.masked_fill(q == 0, math.inf).masked_fill(p == 0, 0)


@register_kl(_categorical.Categorical, _categorical.Categorical)
def _categoricals(p, q):
    return _impossible(p.probs * (p.logits - q.logits), p.probs, q.probs).sum(-1)


@register_kl(_categorical.OneHotCategorical, _categorical.OneHotCategorical)
def _one_hots(p, q):
    return _categoricals(p._categorical, q._categorical)


@register_kl(Binomial, Binomial)
def _binomials(p, q):
    if (p.total_count < q.total_count).any():
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return (p.total_count * each).masked_fill(p.total_count > q.total_count, math.inf)


def _multivariate_kl(p, q, kind):
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"KL-divergence between two {kind}Multivariate Normals with{' ' * 26}"
            "different event shapes cannot be computed"
        )
    return 0.5 * (
        q._log_det() - p._log_det()
        + q._trace_ratio(p._root())
        + q._mahalanobis(q.loc - p.loc)
        - p.event_shape[0]
    )  # fmt: skip


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normals(p, q):
    return _multivariate_kl(p, q, "")


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _low_rank_normals(p, q):
    return _multivariate_kl(p, q, "Low Rank ")


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _mixed_rank_normals(p, q):
    return _multivariate_kl(p, q, "(Low Rank) ")


@register_kl(_composed.Independent, _composed.Independent)
def _independents(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(_composed.TransformedDistribution, _composed.TransformedDistribution)
def _transformed_alike(p, q):
    # A bijection changes no divergence.
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(ExponentialFamily, ExponentialFamily)
def _one_family(p, q):
    # The Bregman divergence of the log-normalizer between the natural parameters.
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot "
            "                            be computed using Bregman divergences"
        )
    etas = [eta.detach().requires_grad_() for eta in p._natural_params]
    at_p = p._log_normalizer(*etas)
    gradients = torch.autograd.grad(at_p.sum(), etas, create_graph=True)
    result = q._log_normalizer(*q._natural_params) - at_p
    for eta_p, eta_q, gradient in zip(etas, q._natural_params, gradients):
        result = result - _sum_rightmost((eta_q - eta_p) * gradient, len(q.event_shape))
    return result
