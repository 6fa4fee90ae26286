"""torch.distributions: probability distributions over tensors.

Losses need log-probabilities (REINFORCE: `-(dist.log_prob(action) * reward)`) or differentiable
samples (`rsample`: variational autoencoders, normalizing flows).

>>> import numtorch as torch
>>> from numtorch.distributions import Categorical
>>> dist = Categorical(logits=torch.zeros(4))
>>> action = dist.sample()
>>> dist.log_prob(action)
tensor(-1.3863)
"""

from __future__ import annotations

import sys as _sys

from . import _kl_formulas, constraints, kl, transforms, utils  # noqa: F401
from ._categorical import (
    Categorical,
    Multinomial,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from ._composed import Independent, MixtureSameFamily, TransformedDistribution
from ._continuous import ContinuousBernoulli, GeneralizedPareto, VonMises
from ._discrete import Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson
from ._gamma import Beta, Chi2, Dirichlet, Exponential, FisherSnedecor, Gamma, StudentT
from ._matrices import LKJCholesky, Wishart
from ._multivariate import LowRankMultivariateNormal, MultivariateNormal
from ._normal import Cauchy, Laplace, Normal, Uniform
from ._relaxed import RelaxedBernoulli, RelaxedOneHotCategorical
from ._transformed import (
    Gumbel,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    Kumaraswamy,
    LogisticNormal,
    LogNormal,
    Pareto,
    Weibull,
)
from .constraint_registry import biject_to, transform_to
from .distribution import Distribution, ExponentialFamily
from .kl import kl_divergence, register_kl
from .transforms import *  # noqa: F403

# torch has a module per distribution, here relatives share one: the other names of the modules.
_MODULES = {
    "bernoulli": Bernoulli, "beta": Beta, "binomial": Binomial, "categorical": Categorical,
    "cauchy": Cauchy, "chi2": Chi2, "continuous_bernoulli": ContinuousBernoulli,
    "dirichlet": Dirichlet, "exp_family": ExponentialFamily, "exponential": Exponential,
    "fishersnedecor": FisherSnedecor, "gamma": Gamma, "generalized_pareto": GeneralizedPareto,
    "geometric": Geometric, "gumbel": Gumbel, "half_cauchy": HalfCauchy,
    "half_normal": HalfNormal, "independent": Independent, "inverse_gamma": InverseGamma,
    "kumaraswamy": Kumaraswamy, "laplace": Laplace, "lkj_cholesky": LKJCholesky,
    "log_normal": LogNormal, "logistic_normal": LogisticNormal,
    "lowrank_multivariate_normal": LowRankMultivariateNormal,
    "mixture_same_family": MixtureSameFamily, "multinomial": Multinomial,
    "multivariate_normal": MultivariateNormal, "negative_binomial": NegativeBinomial,
    "normal": Normal, "one_hot_categorical": OneHotCategorical, "pareto": Pareto,
    "poisson": Poisson, "relaxed_bernoulli": RelaxedBernoulli,
    "relaxed_categorical": RelaxedOneHotCategorical, "studentT": StudentT,
    "transformed_distribution": TransformedDistribution, "uniform": Uniform,
    "von_mises": VonMises, "weibull": Weibull, "wishart": Wishart,
}  # fmt: skip
for _name, _cls in _MODULES.items():
    globals()[_name] = _sys.modules[f"{__name__}.{_name}"] = _sys.modules[_cls.__module__]

__all__ = [
    "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2", "ContinuousBernoulli",
    "Dirichlet", "Distribution", "Exponential", "ExponentialFamily", "FisherSnedecor", "Gamma",
    "GeneralizedPareto", "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent",
    "InverseGamma", "Kumaraswamy", "LKJCholesky", "Laplace", "LogNormal", "LogisticNormal",
    "LowRankMultivariateNormal", "MixtureSameFamily", "Multinomial", "MultivariateNormal",
    "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
    "Pareto", "Poisson", "RelaxedBernoulli", "RelaxedOneHotCategorical", "StudentT",
    "TransformedDistribution", "Uniform", "VonMises", "Weibull", "Wishart", "biject_to",
    "kl_divergence", "register_kl", "transform_to", *transforms.__all__,
]  # fmt: skip
