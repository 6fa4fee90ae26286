"""Continuous relaxations of Bernoulli and categorical samples, with gradients.

Maddison, Mnih and Teh 2017 (The Concrete Distribution); Jang, Gu and Poole 2017.
"""

from __future__ import annotations

import math

import numtorch as torch

from . import constraints
from ._categorical import Categorical
from ._composed import TransformedDistribution
from ._discrete import Bernoulli, ProbsOrLogits
from .distribution import Distribution, Size
from .transforms import ExpTransform, SigmoidTransform
from .utils import broadcast_all, clamp_probs


def _noise(shape, like):
    """Uniform numbers that have finite logarithms of themselves and of 1 - u."""
    return clamp_probs(torch.rand(shape, dtype=like.dtype, device=like.device))


class LogitRelaxedBernoulli(ProbsOrLogits, Distribution):
    """Log-odds of `RelaxedBernoulli`: logistic noise about the logits, over the temperature.

    >>> import numtorch as torch
    >>> from numtorch.distributions.relaxed_bernoulli import LogitRelaxedBernoulli
    >>> LogitRelaxedBernoulli(torch.tensor(0.5), torch.tensor([0.1, 0.9])).rsample().shape
    torch.Size([2])
    """

    arg_constraints = Bernoulli.arg_constraints
    support = constraints.real

    def __init__(self, temperature, probs=None, logits=None, validate_args: bool | None = None):
        self.temperature = temperature
        self._set_either(probs, logits)
        super().__init__(self._param.size(), validate_args=validate_args)

    def _prepared(self, name, value):
        return broadcast_all(value)[0]

    def rsample(self, sample_shape=Size()):  # noqa: B008
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = _noise(shape, probs)
        odds = u.log() - (-u).log1p() + probs.log() - (-probs).log1p()
        return odds / self.temperature

    def log_prob(self, value):
        self._check_value(value)
        logits, value = broadcast_all(self.logits, value)
        z = logits - value * self.temperature
        return self.temperature.log() + z - 2 * z.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1) that get nearer to 0 and 1 as the temperature falls.

    >>> import numtorch as torch
    >>> from numtorch.distributions import RelaxedBernoulli
    >>> RelaxedBernoulli(torch.tensor(0.5), torch.tensor([0.1, 0.9])).rsample().shape
    torch.Size([2])
    """

    arg_constraints = Bernoulli.arg_constraints
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args: bool | None = None):
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    temperature = property(lambda self: self.base_dist.temperature)
    logits = property(lambda self: self.base_dist.logits)
    probs = property(lambda self: self.base_dist.probs)


class ExpRelaxedCategorical(Distribution):
    """Logarithms of `RelaxedOneHotCategorical`: Gumbel noise on the logits, normalised.

    >>> import numtorch as torch
    >>> from numtorch.distributions.relaxed_categorical import ExpRelaxedCategorical
    >>> ExpRelaxedCategorical(torch.tensor(0.5), torch.ones(3)).rsample().shape
    torch.Size([3])
    """

    arg_constraints = Categorical.arg_constraints
    support = constraints.real_vector  # its exponential is in the simplex
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args: bool | None = None):
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def _new(self, *args, **kwargs):
        return self._categorical._new(*args, **kwargs)

    param_shape = property(lambda self: self._categorical.param_shape)
    logits = property(lambda self: self._categorical.logits)
    probs = property(lambda self: self._categorical.probs)

    def rsample(self, sample_shape=Size()):  # noqa: B008
        u = _noise(self._extended_shape(sample_shape), self.logits)
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value):
        self._check_value(value)
        n = self._categorical._num_events
        logits, value = broadcast_all(self.logits, value)
        score = (logits - value * self.temperature).log_softmax(-1).sum(-1)
        return score + math.lgamma(n) + (n - 1) * self.temperature.log()


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of the simplex that get nearer to its corners as the temperature falls.

    >>> import numtorch as torch
    >>> from numtorch.distributions import RelaxedOneHotCategorical
    >>> RelaxedOneHotCategorical(torch.tensor(0.5), torch.ones(3)).rsample().shape
    torch.Size([3])
    """

    arg_constraints = Categorical.arg_constraints
    support = constraints.simplex
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args: bool | None = None):
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    temperature = property(lambda self: self.base_dist.temperature)
    logits = property(lambda self: self.base_dist.logits)
    probs = property(lambda self: self.base_dist.probs)
