"""Continuous Bernoulli, generalized Pareto and von Mises distributions."""

from __future__ import annotations

import math

import numpy as np
import numtorch as torch

from . import constraints
from ._discrete import ProbsOrLogits, cross_entropy_with_logits
from .distribution import Distribution, ExponentialFamily, Size
from .utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs


class ContinuousBernoulli(ProbsOrLogits, ExponentialFamily):
    """Over [0, 1], density proportional to probs^x (1 - probs)^(1 - x).

    Loaiza-Ganem and Cunningham 2019. Between `lims` the formulas lose all digits at probs = 1/2;
    there the first terms of their series in probs - 1/2 are used.

    >>> import numtorch as torch
    >>> from numtorch.distributions import ContinuousBernoulli
    >>> ContinuousBernoulli(torch.tensor(0.5)).mean
    tensor(0.5000)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    _mean_carrier_measure = 0
    has_rsample = True

    def __init__(
        self,
        probs=None,
        logits=None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ):
        self._checks_given = validate_args is not None
        self._set_either(probs, logits)
        self._lims = lims
        super().__init__(self._param.size(), validate_args=validate_args)

    def _prepared(self, name, value):
        (value,) = broadcast_all(value)
        if name == "logits":
            return value
        # Clamped ones pass every check.
        if self._checks_given and not self.arg_constraints["probs"].check(value).all():
            raise ValueError("The parameter probs has invalid values")
        return clamp_probs(value)

    @lazy_property
    def probs(self):
        """Probabilities."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _by_region(self, exact, series):
        """exact(p, log-odds) outside of `lims`, series(p - 1/2) inside."""
        low, high = self._lims
        outside = (self.probs <= low) | (self.probs > high)
        p = torch.where(outside, self.probs, low)
        return torch.where(outside, exact(p, p.log() - (-p).log1p()), series(self.probs - 0.5))

    def _cont_bern_log_norm(self):
        # log of 2 artanh(1 - 2 p) / (1 - 2 p)
        return self._by_region(
            lambda p, odds: odds.abs().log() - (1 - 2 * p).abs().log(),
            lambda e: math.log(2.0) + (4 / 3 + 104 / 45 * e**2) * e**2,
        )

    @property
    def mean(self):
        return self._by_region(
            lambda p, odds: p / (2 * p - 1) - 1 / odds,
            lambda e: 0.5 + (1 / 3 + 16 / 45 * e**2) * e,
        )

    @property
    def variance(self):
        return self._by_region(
            lambda p, odds: p * (p - 1) / (1 - 2 * p) ** 2 + 1 / odds**2,
            lambda e: 1 / 12 - (1 / 15 - 128 / 945 * e**2) * e**2,
        )

    def rsample(self, sample_shape=Size()):  # noqa: B008
        shape = self._extended_shape(sample_shape)
        return self.icdf(torch.rand(shape, dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value):
        self._check_value(value)
        logits, value = broadcast_all(self.logits, value)
        return self._cont_bern_log_norm() - cross_entropy_with_logits(logits, value)

    def cdf(self, value):
        self._check_value(value)
        inside = self._by_region(
            lambda p, odds: (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1),
            lambda e: value,
        )
        return torch.where(value <= 0, 0.0, torch.where(value >= 1, 1.0, inside))

    def icdf(self, value):
        return self._by_region(
            lambda p, odds: ((value * (2 * p - 1) - p).log1p() - (-p).log1p()) / odds,
            lambda e: value,
        )

    def entropy(self):
        p = self.probs
        odds = p.log() - (-p).log1p()
        return -self.mean * odds - self._cont_bern_log_norm() - (-p).log1p()

    @property
    def _natural_params(self):
        return (self.logits,)

    def _log_normalizer(self, x):
        # log((exp(x) - 1) / x)
        low, high = self._lims
        outside = (x <= low - 0.5) | (x > high - 0.5)
        far = torch.where(outside, x, low - 0.5)
        exact = far.expm1().abs().log() - far.abs().log()
        return torch.where(outside, exact, 0.5 * x + x**2 / 24 - x**4 / 2880)


class GeneralizedPareto(Distribution):
    """What exceeds a threshold: cdf 1 - (1 + c z)^(-1 / c), z = (x - loc) / scale.

    >>> import numtorch as torch
    >>> from numtorch.distributions import GeneralizedPareto
    >>> GeneralizedPareto(0.0, 1.0, 0.5).mean
    tensor(2.)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc, scale, concentration, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, scale=scale, concentration=concentration)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        c = self.concentration
        end = torch.where(c < 0, self.loc - self.scale / c, math.inf)
        return constraints.interval(self.loc, end)

    def _by_concentration(self, limit, formula):
        """formula(c), and at c = 0 its limit."""
        c = self.concentration
        zero = torch.isclose(c, torch.zeros_like(c))
        return torch.where(zero, limit, formula(torch.where(zero, 1.0, c)))

    def _z(self, x):
        return (x - self.loc) / self.scale

    def rsample(self, sample_shape=Size()):  # noqa: B008
        shape = self._extended_shape(sample_shape)
        return self.icdf(torch.rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value):
        self._check_value(value)
        z = self._z(value)

        def formula(c):
            power = 1 / c + torch.ones_like(z)
            return torch.where(power == 0, power, power * (c * z).log1p())

        return -self.scale.log() - self._by_concentration(z, formula)

    def log_survival_function(self, value) -> torch.Tensor:
        """Logarithm of the probability of more than `value`."""
        self._check_value(value)
        z = self._z(value)
        return self._by_concentration(-z, lambda c: -(c * z).log1p() / c)

    def log_cdf(self, value) -> torch.Tensor:
        """Logarithm of the cdf."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value):
        return self.log_cdf(value).exp()

    def icdf(self, value):
        log_u = (-value).log1p()
        return self._by_concentration(
            self.loc - self.scale * log_u,
            lambda c: self.loc + self.scale / c * (-c * log_u).expm1(),
        )

    def _where(self, valid, formula):
        """formula(c) of the concentrations that have the moment, NaN elsewhere."""
        c = torch.where(valid, self.concentration, 0.0)
        return torch.where(valid, formula(c), math.nan)

    @property
    def mean(self):
        return self._where(self.concentration < 1, lambda c: self.loc + self.scale / (1 - c))

    @property
    def variance(self):
        return self._where(
            self.concentration < 0.5,
            lambda c: self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)),
        )

    mode = property(lambda self: self.loc)

    def entropy(self):
        return self.scale.log() + self.concentration + 1


class VonMises(Distribution):
    """Angles, density proportional to exp(concentration cos(x - loc)).

    The mean and the variance are the circular ones.

    >>> import numtorch as torch
    >>> from numtorch.distributions import VonMises
    >>> VonMises(0.0, 1.0).mean
    tensor(0.)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc, concentration, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, concentration=concentration)

    mean = mode = property(lambda self: self.loc)

    @lazy_property
    def variance(self):
        special = torch.special
        return 1 - special.i1e(self.concentration) / special.i0e(self.concentration)

    def sample(self, sample_shape=Size()):  # noqa: B008
        # NumPy's rejection sampler (Best and Fisher 1979).
        shape = self._extended_shape(sample_shape)
        loc, concentration = (
            t.detach().double().numpy() for t in (self.loc, self.concentration)
        )
        drawn = torch.default_generator.numpy().vonmises(0.0, concentration, shape) + loc
        drawn = (drawn + np.pi) % (2 * np.pi) - np.pi
        return torch.from_numpy(np.asarray(drawn)).to(self.loc.dtype)

    def log_prob(self, value):
        self._check_value(value)
        k = self.concentration
        log_i0 = torch.special.i0e(k).log() + k
        return k * (value - self.loc).cos() - math.log(2 * math.pi) - log_i0
