"""Distributions of both libraries from one table, and comparing all that they answer."""

from __future__ import annotations

import re
import warnings

import numpy as np
import numtorch as nt
from helpers import check, outcome, torch

# name -> (the library's distributions, a function that makes leaves) -> a distribution.
CASES = {
    "Bernoulli": lambda d, t: d.Bernoulli(t([0.2, 0.5, 0.9])),
    "Bernoulli of logits": lambda d, t: d.Bernoulli(logits=t([-0.3, 2.0, 0.0])),
    "Beta": lambda d, t: d.Beta(t([0.5, 2.0]), t([1.5, 3.0])),
    "Binomial": lambda d, t: d.Binomial(4, t([0.2, 0.7])),
    "Binomial of logits": lambda d, t: d.Binomial(t([4.0, 4.0]), logits=t([0.2, -0.7])),
    "Categorical": lambda d, t: d.Categorical(t([[1.0, 2.0, 0.5], [0.0, 2.0, 2.0]])),
    "Categorical of logits": lambda d, t: d.Categorical(logits=t([[1.0, 2.0, 0.5]])),
    "Cauchy": lambda d, t: d.Cauchy(t([0.5, -1.0]), t([1.5, 0.3])),
    "Chi2": lambda d, t: d.Chi2(t([0.5, 3.0])),
    "ContinuousBernoulli": lambda d, t: d.ContinuousBernoulli(t([0.2, 0.4995, 0.9])),
    "ContinuousBernoulli of logits": lambda d, t: d.ContinuousBernoulli(logits=t([-0.3, 2.0])),
    "Dirichlet": lambda d, t: d.Dirichlet(t([[0.5, 2.0, 1.0], [0.3, 0.4, 0.2]])),
    "Exponential": lambda d, t: d.Exponential(t([0.5, 2.0])),
    "FisherSnedecor": lambda d, t: d.FisherSnedecor(t([1.0, 3.0]), t([10.0, 12.0])),
    "Gamma": lambda d, t: d.Gamma(t([0.5, 2.0]), t([1.5, 3.0])),
    "GeneralizedPareto": lambda d, t: d.GeneralizedPareto(
        t([0.5, 0.0, 1.0]), t([1.5, 1.0, 2.0]), t([0.1, 0.0, -0.5])
    ),
    "Geometric": lambda d, t: d.Geometric(t([0.2, 0.7])),
    "Geometric of logits": lambda d, t: d.Geometric(logits=t([-0.5, 0.7])),
    "Gumbel": lambda d, t: d.Gumbel(t([0.5, -1.0]), t([1.5, 0.3])),
    "HalfCauchy": lambda d, t: d.HalfCauchy(t([1.5, 0.3])),
    "HalfNormal": lambda d, t: d.HalfNormal(t([1.5, 0.3])),
    "Independent": lambda d, t: d.Independent(
        d.Normal(t([[0.5, -1.0], [1.0, 2.0]]), t([1.5, 0.3])), 1
    ),
    "InverseGamma": lambda d, t: d.InverseGamma(t([6.5, 8.0]), t([1.5, 3.0])),
    "Kumaraswamy": lambda d, t: d.Kumaraswamy(t([0.5, 2.0]), t([1.5, 3.0])),
    "LKJCholesky": lambda d, t: d.LKJCholesky(3, t([0.5, 2.0])),
    "Laplace": lambda d, t: d.Laplace(t([0.5, -1.0]), t([1.5, 0.3])),
    "LogNormal": lambda d, t: d.LogNormal(t([0.5, -1.0]), t([0.5, 0.3])),
    "LogisticNormal": lambda d, t: d.LogisticNormal(t([0.5, -1.0]), t([1.5, 0.3])),
    "LowRank": lambda d, t: d.LowRankMultivariateNormal(
        t([[0.5, -1.0, 0.1], [0.0, 1.0, 2.0]]), t([[1.5], [0.3], [-0.2]]), t([0.5, 1.0, 0.2])
    ),
    "MixtureSameFamily": lambda d, t: d.MixtureSameFamily(
        d.Categorical(t([[1.0, 2.0], [0.5, 0.5]])), d.Normal(t([[0.5, -1.0], [1.0, 2.0]]), t([1.5, 0.3]))
    ),
    "Mixture of vectors": lambda d, t: d.MixtureSameFamily(
        d.Categorical(logits=t([[1.0, 2.0]])),
        d.Independent(d.Normal(t([[[0.5, -1.0, 0.0], [1.0, 2.0, 3.0]]]), t([1.5, 0.3, 1.0])), 1),
    ),
    "Multinomial": lambda d, t: d.Multinomial(4, t([[1.0, 2.0, 0.5]])),
    "MultivariateNormal": lambda d, t: d.MultivariateNormal(
        t([[0.5, -1.0], [1.0, 0.0]]), t([[1.5, 0.3], [0.3, 1.0]])
    ),
    "MultivariateNormal of precision": lambda d, t: d.MultivariateNormal(
        t([0.5, -1.0]), precision_matrix=t([[1.5, 0.3], [0.3, 1.0]])
    ),
    "MultivariateNormal of factor": lambda d, t: d.MultivariateNormal(
        t([0.5, -1.0, 0.2]),
        scale_tril=t([[[1.5, 0, 0], [0.3, 1, 0], [0.1, 0.2, 2]], [[1, 0, 0], [0, 1, 0], [0, 0, 2]]]),
    ),
    "NegativeBinomial": lambda d, t: d.NegativeBinomial(t([4.0, 2.0]), t([0.2, 0.7])),
    "NegativeBinomial of logits": lambda d, t: d.NegativeBinomial(3, logits=t([0.2, -0.7])),
    "Normal": lambda d, t: d.Normal(t([0.5, -1.0]), t([1.5, 0.3])),
    "Normal of numbers": lambda d, t: d.Normal(0.5, 2.0),
    "OneHotCategorical": lambda d, t: d.OneHotCategorical(t([[1.0, 2.0, 0.5]])),
    "OneHotCategoricalStraightThrough": lambda d, t: d.OneHotCategoricalStraightThrough(
        logits=t([[1.0, 2.0, 0.5], [0.1, 0.2, 0.3]])
    ),
    "Pareto": lambda d, t: d.Pareto(t([0.5, 2.0]), t([5.5, 6.0])),
    "Poisson": lambda d, t: d.Poisson(t([0.5, 2.0, 1.0])),
    "RelaxedBernoulli": lambda d, t: d.RelaxedBernoulli(t(0.8), t([0.2, 0.7])),
    "RelaxedOneHotCategorical": lambda d, t: d.RelaxedOneHotCategorical(
        t(0.8), logits=t([[0.2, 0.7, 0.1]])
    ),
    "StudentT": lambda d, t: d.StudentT(t([6.5, 8.0]), t([0.5, -1.0]), t([1.5, 0.3])),
    "Transformed": lambda d, t: d.TransformedDistribution(
        d.Normal(t([0.5, -1.0]), t([0.5, 0.3])),
        [d.AffineTransform(t(1.0), t([-2.0, 0.5])), d.SigmoidTransform()],
    ),
    "Transformed vectors": lambda d, t: d.TransformedDistribution(
        d.Normal(t([0.5, -1.0]), t([0.5, 0.3])), d.StickBreakingTransform()
    ),
    "Uniform": lambda d, t: d.Uniform(t([0.5, -1.0]), t([1.5, 0.3])),
    "VonMises": lambda d, t: d.VonMises(t([0.5, -1.0]), t([1.5, 5.0])),
    "Weibull": lambda d, t: d.Weibull(t([0.5, 2.0]), t([1.5, 3.0])),
    "Wishart": lambda d, t: d.Wishart(t(4.5), t([[1.5, 0.3], [0.3, 1.0]])),
}

# Where torch has fewer digits: Bessel functions, trigamma, an entropy in float32.
TOLERANCES = {
    "VonMises": {"rtol": 1e-5},
    **dict.fromkeys(("Beta", "Dirichlet", "StudentT", "Multinomial", "Wishart"), {"rtol": 1e-7}),
}
# What torch refuses by mistake, in float64.
REFUSED = {"GeneralizedPareto": {"log_prob", "cdf", "expanded"}}

# Pairs of cases whose divergence is compared, both ways; a case alone is compared with itself.
PAIRS = [
    ("Normal", "Normal of numbers"),
    ("Bernoulli", "Bernoulli of logits"),
    ("Binomial", "Binomial of logits"),
    ("Categorical", "Categorical of logits"),
    ("ContinuousBernoulli", "ContinuousBernoulli"),
    ("Geometric", "Geometric of logits"),
    ("MultivariateNormal", "MultivariateNormal of precision"),
    ("MultivariateNormal of factor", "LowRank"),
    ("MultivariateNormal", "LowRank"),
    ("OneHotCategorical", "OneHotCategoricalStraightThrough"),
]

def registered() -> list[tuple[str, str]]:
    """A pair of cases for each pair of types that torch has a divergence for."""
    d = torch.distributions
    types = {name: type(make(d, torch.tensor)) for name, make in CASES.items()}
    cases = {cls: name for name, cls in reversed(types.items())}
    # Two elements, as most have.
    cases[d.ContinuousBernoulli] = "ContinuousBernoulli of logits"
    pairs = [(cases.get(p), cases.get(q)) for p, q in d.kl._KL_REGISTRY]
    return sorted({pair for pair in pairs if None not in pair} - set(PAIRS))


ATTRIBUTES = (
    "mean", "mode", "variance", "stddev", "batch_shape", "event_shape", "has_rsample",
    "has_enumerate_support",
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
        gradients = self.lib.autograd.grad(
            (finite * weights).sum(), wrt, allow_unused=True, retain_graph=True
        )
        for gradient in gradients:
            if gradient is not None:
                gradient.numpy()  # errors show here
        return result, *gradients


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
        "icdf": outcome(side.with_gradients, d.icdf, more),
        "entropy": outcome(side.with_gradients, d.entropy),
        "enumerate": outcome(d.enumerate_support),
        "enumerate one": outcome(d.enumerate_support, False),
        "support": repr(outcome(getattr, d, "support")),
        "constraints": repr(d.arg_constraints),
        "expanded": outcome(lambda: d.expand(bigger).log_prob(where)),
        "expanded repr": outcome(lambda: repr(d.expand(bigger))),
    }
    # Last: that of gamma numbers has no gradient by the concentration, which fails a whole trace.
    for each in found.values():
        if isinstance(each, nt.Tensor):
            each.detach().numpy()
    found["cdf"] = outcome(side.with_gradients, d.cdf, where)
    return found


def _told(error: Exception) -> str:
    """The text of an error, classes without their modules."""
    return re.sub(r"<class '[\w.]*\.(\w+)'>", r"\1", str(error))


def same(got, want, what: str, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Asserts equal answers: tensors, shapes, texts, errors."""
    if isinstance(want, Exception):
        assert type(got) is type(want), f"{what}: {got!r}, torch: {want!r}"
        assert _told(got) == _told(want), f"{what}: {got!r}, torch: {want!r}"
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
    for what in want.keys() - REFUSED.get(name, set()):
        try:
            same(got[what], want[what], f"{name}: {what}", **tolerance)
        except AssertionError as e:
            wrong.append(str(e))
    assert not wrong, "\n\n".join(wrong)


def compare_divergence(p: str, q: str, rtol: float = 1e-7) -> None:
    """Asserts equal KL(p || q) and gradients, or equal errors (torch's trigamma has 9 digits)."""
    results = []
    for lib in (nt, torch):
        a, b = Side(lib, p), Side(lib, q)
        a.leaves += b.leaves
        kl = lib.distributions.kl_divergence
        results.append(outcome(a.with_gradients, lambda: kl(a.dist, b.dist)))  # noqa: B023
    same(*results, what=f"KL({p} || {q})", rtol=rtol, atol=1e-9)


def moments(name: str, count: int = 20000) -> None:
    """Asserts that samples have the mean and the variance, within five standard errors."""
    d = Side(nt, name).dist
    nt.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = d.sample((count,))
    assert x.shape == (count, *d.batch_shape, *d.event_shape) and not x.requires_grad
    assert bool(d.support.check(x).all())
    got = x.double().numpy()
    if isinstance(d, nt.distributions.VonMises):  # its moments are circular
        angle = got - d.loc.detach().numpy()
        got = np.stack([np.sin(angle), np.cos(angle)])
        spread = got.std(1) / np.sqrt(count)
        want = np.stack([np.zeros(2), 1 - d.variance.detach().numpy()])
        assert (np.abs(got.mean(1) - want) <= 5 * spread).all(), (got.mean(1), want)
        return
    mean, variance = (outcome(getattr, d, each) for each in ("mean", "variance"))
    if isinstance(mean, NotImplementedError):
        # By formula: the log-densities have no mean; torch's samples do.
        theirs = Side(torch, name).dist.sample((count,)).double()
        mean, variance = theirs.mean(0), theirs.var(0)
        widen = 2
    else:
        widen = 1
    mean, variance = mean.detach().double().numpy(), variance.detach().double().numpy()
    spread = np.sqrt(got.var(0) / count) * widen + 1e-9
    wide = np.isfinite(mean)
    assert (np.abs(got.mean(0) - mean)[wide] <= 5 * spread[wide]).all(), (name, got.mean(0), mean)
    fourth = ((got - got.mean(0)) ** 4).mean(0)
    spread = np.sqrt(np.maximum(fourth - got.var(0) ** 2, 0) / count) * widen + 1e-9
    wide &= np.isfinite(variance)
    off = np.abs(got.var(0) - variance)
    assert (off[wide] <= 5 * spread[wide]).all(), (name, got.var(0), variance)
