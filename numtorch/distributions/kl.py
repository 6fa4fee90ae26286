"""Kullback-Leibler divergences: a registry of formulas by the types of both distributions.

Closed forms between members of one family follow Gil, Alajaji and Linder 2013 (Renyi divergence
measures for commonly used univariate continuous distributions); others are E_p[log p - log q]
written out with the moments of p.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numtorch as torch

from .distribution import Distribution

__all__ = ["kl_divergence", "register_kl"]

_REGISTRY: dict[tuple[type, type], Callable] = {}
_FOUND: dict[tuple[type, type], Callable | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable:
    """Decorates the function that gives KL(p || q) for these types and their subclasses.

    >>> from numtorch.distributions import Normal, register_kl
    >>> class Wide(Normal): pass
    >>> @register_kl(Wide, Wide)
    ... def kl(p, q): return (p.loc - q.loc) ** 2
    """
    for name, cls in (("type_p", type_p), ("type_q", type_q)):
        if not (isinstance(cls, type) and issubclass(cls, Distribution)):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {cls}")

    def decorate(f):
        _REGISTRY[type_p, type_q] = f
        _FOUND.clear()
        return f

    return decorate


def _formula(type_p: type, type_q: type) -> Callable | None:
    """The registered formula of the nearest base types, p's type first."""
    places = {
        (type_p.__mro__.index(p), type_q.__mro__.index(q)): (p, q)
        for p, q in _REGISTRY
        if issubclass(type_p, p) and issubclass(type_q, q)
    }
    if not places:
        return None
    by_p = places[min(places)]
    by_q = places[min(places, key=lambda place: place[::-1])]
    if _REGISTRY[by_p] is not _REGISTRY[by_q]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). "
            f"Please register_kl({by_p[0].__name__}, {by_q[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _REGISTRY[by_p]


def kl_divergence(p: Distribution, q: Distribution) -> torch.Tensor:
    """KL(p || q), the expectation under p of log p - log q, of the batch's shape.

    NotImplementedError where no formula is registered for the pair of types.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    types = type(p), type(q)
    if types not in _FOUND:
        _FOUND[types] = _formula(*types)
    formula = _FOUND[types]
    if formula is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {p.__class__.__name__} "
            f"and q type {q.__class__.__name__}"
        )
    return formula(p, q)
