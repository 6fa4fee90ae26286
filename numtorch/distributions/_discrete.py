"""Distributions over whole numbers: Bernoulli, geometric, binomial, Poisson."""

from __future__ import annotations

import numtorch as torch

from . import constraints
from .distribution import ExponentialFamily, Size
from .utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits


class ProbsOrLogits:
    """Parameters of a success: its probability or its log-odds; the other one follows."""

    _binary = True

    def _set_either(self, probs, logits) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if probs is not None:
            self.probs = self._param = self._prepared("probs", probs)
        else:
            self.logits = self._param = self._prepared("logits", logits)

    def _prepared(self, name: str, value):
        return value

    def _parameters(self):
        return (*self.arg_constraints, "_param")

    @lazy_property
    def logits(self):
        """Log-odds."""
        return probs_to_logits(self.probs, is_binary=self._binary)

    @lazy_property
    def probs(self):
        """Probabilities."""
        return logits_to_probs(self.logits, is_binary=self._binary)

    @property
    def param_shape(self):
        """The shape of `probs` and of `logits`."""
        return self._param.size()

    def _new(self, *args, **kwargs):
        return self._param.new(*args, **kwargs)


def cross_entropy_with_logits(logits, probs):
    """-probs log sigmoid(logits) - (1 - probs) log sigmoid(-logits), elementwise."""
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, probs, reduction="none")


class Bernoulli(ProbsOrLogits, ExponentialFamily):
    """1 with probability `probs` (log-odds `logits`), else 0.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Bernoulli
    >>> Bernoulli(torch.tensor([0.0, 1.0])).sample()
    tensor([0., 1.])
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(self, probs=None, logits=None, validate_args: bool | None = None):
        self._set_either(probs, logits)
        super().__init__(self._param.size(), validate_args=validate_args)

    def _prepared(self, name, value):
        return broadcast_all(value)[0]

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    @property
    def mode(self):
        mode = (self.probs >= 0.5).to(self.probs)
        return mode.masked_fill(self.probs == 0.5, torch.nan)

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            return torch.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._check_value(value)
        return -cross_entropy_with_logits(*broadcast_all(self.logits, value))

    def entropy(self):
        return cross_entropy_with_logits(self.logits, self.probs)

    def enumerate_support(self, expand=True):
        values = torch.arange(2, dtype=self._param.dtype, device=self._param.device)
        return self._enumerated(values, expand)

    @property
    def _natural_params(self):
        return (torch.logit(self.probs),)

    def _log_normalizer(self, x):
        return x.exp().log1p()
