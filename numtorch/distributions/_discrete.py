"""Distributions over whole numbers: Bernoulli, geometric, binomial, Poisson."""

from __future__ import annotations

import numtorch as torch

from . import constraints
from ._gamma import Gamma
from .distribution import Distribution, ExponentialFamily, Size
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


class Geometric(ProbsOrLogits, Distribution):
    """Failures before the first success.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Geometric
    >>> Geometric(0.5).mean
    tensor(1.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs=None, logits=None, validate_args: bool | None = None):
        self._set_either(probs, logits)
        super().__init__(self._param.size(), validate_args=validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0).all():
            raise ValueError(
                "Expected parameter probs "
                f"({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) "
                f"of distribution {self!r} "
                f"to be positive but found invalid values:\n{self.probs[self.probs <= 0]}"
            )

    def _prepared(self, name, value):
        return broadcast_all(value)[0]

    mean = property(lambda self: 1 / self.probs - 1)
    mode = property(lambda self: torch.zeros_like(self.probs))
    variance = property(lambda self: (1 / self.probs - 1) / self.probs)

    def sample(self, sample_shape=Size()):  # noqa: B008
        probs = self.probs.detach()
        u = torch.empty(self._extended_shape(sample_shape), dtype=probs.dtype, device=probs.device)
        u = u.uniform_(torch.finfo(probs.dtype).tiny, 1)
        return (u.log() / (-probs).log1p()).floor()

    def log_prob(self, value):
        self._check_value(value)
        value, probs = broadcast_all(value, self.probs)
        # Without failures there is no 0 * log(1 - 1).
        failure = torch.where((probs == 1) & (value == 0), 0, probs)
        return value * (-failure).log1p() + self.probs.log()

    def entropy(self):
        return cross_entropy_with_logits(self.logits, self.probs) / self.probs


class _Counts(ProbsOrLogits):
    """A total count beside the probability of a success."""

    def _set_both(self, total_count, probs, logits, validate_args) -> None:
        self._given_count = total_count
        self._set_either(probs, logits)
        self.total_count = self._given_count.type_as(self._param)
        del self._given_count
        Distribution.__init__(self, self._param.size(), validate_args=validate_args)

    def _prepared(self, name, value):
        self._given_count, value = broadcast_all(self._given_count, value)
        return value


class Binomial(_Counts, Distribution):
    """Successes in `total_count` trials.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Binomial
    >>> Binomial(3, torch.tensor(0.5)).log_prob(torch.tensor([0.0, 1.0])).exp()
    tensor([0.1250, 0.3750])
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(self, total_count=1, probs=None, logits=None, validate_args: bool | None = None):
        self._set_both(total_count, probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        return constraints.integer_interval(0, self.total_count)

    mean = property(lambda self: self.total_count * self.probs)
    variance = property(lambda self: self.mean * (1 - self.probs))

    @property
    def mode(self):
        return ((self.total_count + 1) * self.probs).floor().minimum(self.total_count)

    def sample(self, sample_shape=Size()):  # noqa: B008
        shape = self._extended_shape(sample_shape)
        with torch.no_grad():
            return torch.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value):
        self._check_value(value)
        n = self.total_count
        choices = (n + 1).lgamma() - (value + 1).lgamma() - (n - value + 1).lgamma()
        # log p = logit + log(1 - p), and log(1 - p) = -log(1 + exp(logit)).
        return choices + value * self.logits + n * torch.nn.functional.logsigmoid(-self.logits)

    def _one_count(self, method: str) -> int:
        count = int(self.total_count.max())
        if not self.total_count.min() == count:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{method}`.")
        return count

    def entropy(self):
        self._one_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand=True):
        count = self._one_count("enumerate_support")
        values = torch.arange(1 + count, dtype=self._param.dtype, device=self._param.device)
        return self._enumerated(values, expand)


class NegativeBinomial(_Counts, Distribution):
    """Successes of probability `probs` before `total_count` failures.

    >>> import numtorch as torch
    >>> from numtorch.distributions import NegativeBinomial
    >>> NegativeBinomial(2, torch.tensor(0.5)).mean
    tensor(2.)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(self, total_count, probs=None, logits=None, validate_args: bool | None = None):
        self._set_both(total_count, probs, logits, validate_args)

    mean = property(lambda self: self.total_count * self.logits.exp())
    mode = property(lambda self: ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0))
    variance = property(lambda self: self.mean / (-self.logits).sigmoid())

    @lazy_property
    def _gamma(self):
        # A count of 0 is allowed here.
        return Gamma(self.total_count, (-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            return torch.poisson(self._gamma.sample(sample_shape))

    def log_prob(self, value):
        self._check_value(value)
        n, logsigmoid = self.total_count, torch.nn.functional.logsigmoid
        powers = n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        choices = (n + value).lgamma() - (1 + value).lgamma() - n.lgamma()
        # No failure and no success are certain, but lgamma(0) is infinite.
        return powers + choices.masked_fill(n + value == 0, 0)


class Poisson(ExponentialFamily):
    """Events in a unit of time at a rate.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Poisson
    >>> Poisson(1.0).log_prob(torch.tensor(0.0))
    tensor(-1.)
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate, validate_args: bool | None = None):
        self._set(validate_args, rate=rate)

    mean = variance = property(lambda self: self.rate)
    mode = property(lambda self: self.rate.floor())

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            return torch.poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._check_value(value)
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - (value + 1).lgamma()

    @property
    def _natural_params(self):
        return (self.rate.log(),)

    def _log_normalizer(self, x):
        return x.exp()
