"""torch.special: special functions, most of them rows of the op table.

Functions that torch has too (erf, digamma, i0, ...) are the same objects under both names.
"""

from __future__ import annotations

from . import _arithmetic, _pointwise, _reductions, _scan  # noqa: F401
from ._api import REGISTRY, alias

# Other names of functions of torch.
SAME = {
    "digamma": "digamma", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "exp2": "exp2",
    "expit": "sigmoid", "expm1": "expm1", "gammainc": "igamma", "gammaincc": "igammac",
    "gammaln": "lgamma", "i0": "i0", "log1p": "log1p", "log_softmax": "log_softmax",
    "logit": "logit", "logsumexp": "logsumexp", "multigammaln": "mvlgamma",
    "polygamma": "polygamma", "psi": "digamma", "round": "round", "sinc": "sinc",
    "softmax": "softmax", "xlogy": "xlogy",
}  # fmt: skip

for _new, _old in SAME.items():
    alias("special." + _new, _old, method=False)
__all__ = []
for _name, _function in list(REGISTRY.items()):
    if _name.startswith("special."):
        globals()[_name[8:]] = _function.public
        __all__.append(_name[8:])
__all__.sort()
