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

from . import _kl_formulas, constraints, kl, utils  # noqa: F401
from ._categorical import Categorical
from ._composed import Independent
from ._discrete import Bernoulli
from ._normal import Normal
from .distribution import Distribution, ExponentialFamily
from .kl import kl_divergence, register_kl

# torch has a module per distribution, here relatives share one: the other names of the modules.
_MODULES = {
    "bernoulli": Bernoulli, "categorical": Categorical, "exp_family": ExponentialFamily,
    "independent": Independent, "normal": Normal,
}  # fmt: skip
for _name, _cls in _MODULES.items():
    globals()[_name] = _sys.modules[f"{__name__}.{_name}"] = _sys.modules[_cls.__module__]

__all__ = [
    "Bernoulli", "Categorical", "Distribution", "ExponentialFamily", "Independent", "Normal",
    "kl_divergence", "register_kl",
]  # fmt: skip
