"""KL(p || q) of pairs of distributions."""

from __future__ import annotations

import numtorch as torch

from . import _categorical, _composed, _discrete, _normal
from .distribution import ExponentialFamily
from .kl import kl_divergence, register_kl
from .utils import _sum_rightmost


@register_kl(_normal.Normal, _normal.Normal)
def _normals(p, q):
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(_discrete.Bernoulli, _discrete.Bernoulli)
def _bernoullis(p, q):
    softplus = torch.nn.functional.softplus
    return p.probs * (softplus(-q.logits) - softplus(-p.logits)) + (1 - p.probs) * (
        softplus(q.logits) - softplus(p.logits)
    )


@register_kl(_categorical.Categorical, _categorical.Categorical)
def _categoricals(p, q):
    # A class that q never gives costs inf, one that p never gives nothing.
    t = p.probs * (p.logits - q.logits)
    t = t.masked_fill((q.probs == 0).expand_as(t), float("inf"))
    return t.masked_fill((p.probs == 0).expand_as(t), 0).sum(-1)


@register_kl(_composed.Independent, _composed.Independent)
def _independents(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


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
