"""Distributions of both libraries from one table, and comparing all that they answer."""

from __future__ import annotations

import warnings

import numpy as np
import numtorch as nt
from helpers import check, check_error, outcome, torch

# name -> (the library's distributions, a function that makes leaves) -> a distribution.
CASES = {
    "Normal": lambda d, t: d.Normal(t([0.5, -1.0]), t([1.5, 0.3])),
    "Normal of numbers": lambda d, t: d.Normal(0.5, 2.0),
    "Bernoulli": lambda d, t: d.Bernoulli(t([0.2, 0.5, 0.9])),
    "Bernoulli of logits": lambda d, t: d.Bernoulli(logits=t([-0.3, 2.0, 0.0])),
    "Categorical": lambda d, t: d.Categorical(t([[1.0, 2.0, 0.5], [0.0, 2.0, 2.0]])),
    "Categorical of logits": lambda d, t: d.Categorical(logits=t([[1.0, 2.0, 0.5]])),
    "Independent": lambda d, t: d.Independent(
        d.Normal(t([[0.5, -1.0], [1.0, 2.0]]), t([1.5, 0.3])), 1
    ),
}

# Pairs of cases whose divergence is compared, both ways.
PAIRS = [
    ("Normal", "Normal of numbers"),
    ("Bernoulli", "Bernoulli of logits"),
    ("Categorical", "Categorical of logits"),
    ("Independent", "Independent"),
]

ATTRIBUTES = (
    "mean", "mode", "variance", "stddev", "batch_shape", "event_shape", "has_rsample",
    "has_enumerate_support", "param_shape",
)  # fmt: skip


class Side:
    """A case made by one of the libraries, with the leaves that its parameters are."""

    def __init__(self, lib, name: str):
        self.lib = lib
        self.leaves: list = []
        self.dist = CASES[name](lib.distributions, self.leaf)

    def leaf(self, values):
        leaf = self.lib.tensor(values, dtype=self.lib.float64, requires_grad=True)
        self.leaves.append(leaf)
        return leaf

    def tensor(self, array):
        return self.lib.tensor(np.array(array))

    def with_gradients(self, f, *more):
        """A result, and the gradients of its sum by the leaves and by `more`."""
        result = f(*more)
        wrt = [x for x in (*self.leaves, *more) if x.requires_grad]
        if not result.requires_grad or not wrt:
            return result
        weights = self.lib.arange(1, result.numel() + 1).to(result.dtype).reshape(result.shape)
        finite = self.lib.where(self.lib.isfinite(result), result, 0)
        return result, *self.lib.autograd.grad(
            (finite * weights).sum(), wrt, allow_unused=True, retain_graph=True
        )


def answers(side: Side, value: np.ndarray, levels: np.ndarray) -> dict:
    """Everything a distribution answers, errors included."""
    d = side.dist
    where = side.tensor(value)
    if where.dtype.is_floating_point:
        where.requires_grad_()
    more = side.tensor(levels)
    bigger = (2, *d.batch_shape)
    found = {name: outcome(getattr, d, name) for name in ATTRIBUTES}
    found |= {
        "repr": repr(d),
        "log_prob": outcome(side.with_gradients, d.log_prob, where),
        "cdf": outcome(side.with_gradients, d.cdf, where),
        "icdf": outcome(side.with_gradients, d.icdf, more),
        "entropy": outcome(side.with_gradients, d.entropy),
        "enumerate": outcome(d.enumerate_support),
        "enumerate one": outcome(d.enumerate_support, False),
        "support": repr(outcome(getattr, d, "support")),
        "constraints": repr(d.arg_constraints),
        "expanded": outcome(lambda: d.expand(bigger).log_prob(where)),
        "expanded repr": outcome(lambda: repr(d.expand(bigger))),
    }
    return found


def same(got, want, what: str, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Asserts equal answers: tensors, shapes, texts, errors."""
    if isinstance(want, Exception):
        check_error(got, want, what)
    elif isinstance(want, tuple) and not isinstance(want, torch.Size):
        assert isinstance(got, tuple) and len(got) == len(want), f"{what}: {got!r}"
        for i, (g, w) in enumerate(zip(got, want)):
            same(g, w, f"{what}[{i}]", rtol, atol)
    elif isinstance(want, torch.Tensor):
        assert not isinstance(got, Exception), f"{what}: {got!r}"
        check(got, want, rtol=rtol, atol=atol, what=what)
    elif isinstance(want, torch.Size):
        assert tuple(got) == tuple(want) and type(got) is nt.Size, f"{what}: {got!r}"
    else:
        assert got == want, f"{what}: {got!r} != {want!r}"


def compare_case(name: str, samples=(3,), **tolerance) -> None:
    """Asserts that both libraries answer the same about a case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ours, theirs = Side(nt, name), Side(torch, name)
        torch.manual_seed(1)
        value = theirs.dist.sample(samples).numpy()
        levels = np.random.default_rng(0).uniform(size=value.shape)
        want = answers(theirs, value, levels)
        got = answers(ours, value, levels)
    wrong = []
    for what in want:
        try:
            same(got[what], want[what], f"{name}: {what}", **tolerance)
        except AssertionError as e:
            wrong.append(str(e))
    assert not wrong, "\n\n".join(wrong)


def compare_divergence(p: str, q: str) -> None:
    """Asserts equal KL(p || q) and gradients, or equal errors."""
    results = []
    for lib in (nt, torch):
        a, b = Side(lib, p), Side(lib, q)
        a.leaves += b.leaves
        kl = lib.distributions.kl_divergence
        results.append(outcome(a.with_gradients, lambda: kl(a.dist, b.dist)))  # noqa: B023
    same(*results, what=f"KL({p} || {q})")


def moments(name: str, count: int = 20000) -> None:
    """Asserts that samples have the mean and the variance, within five standard errors."""
    d = Side(nt, name).dist
    nt.manual_seed(3)
    x = d.sample((count,))
    assert x.shape == (count, *d.batch_shape, *d.event_shape) and not x.requires_grad
    assert bool(d.support.check(x).all())
    got = x.double().numpy()
    mean, variance = (m.detach().double().numpy() for m in (d.mean, d.variance))
    spread = np.sqrt(got.var(0) / count) + 1e-12
    wide = np.isfinite(mean)
    assert (np.abs(got.mean(0) - mean)[wide] <= 5 * spread[wide]).all(), (name, got.mean(0), mean)
    fourth = ((got - got.mean(0)) ** 4).mean(0)
    spread = np.sqrt(np.maximum(fourth - got.var(0) ** 2, 0) / count) + 1e-12
    wide &= np.isfinite(variance)
    off = np.abs(got.var(0) - variance)
    assert (off[wide] <= 5 * spread[wide]).all(), (name, got.var(0), variance)
