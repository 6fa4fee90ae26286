"""torch.distributions: values, gradients, samples, errors, against torch."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from distribution_cases import (
    CASES,
    PAIRS,
    TOLERANCES,
    Side,
    compare_case,
    compare_divergence,
    moments,
    registered,
)
from helpers import check_error, outcome, settings, torch


@pytest.fixture(autouse=True)
def interpreted(request):
    # What is computed is tested here; the command tests.conformance_distributions compiles.
    with settings(interp="gamma" not in request.node.name):
        yield


@pytest.mark.parametrize("name", CASES)
def test_answers(name):
    compare_case(name, **TOLERANCES.get(name, {}))


@pytest.mark.parametrize("p, q", PAIRS)
def test_divergences(p, q):
    compare_divergence(p, q)
    compare_divergence(q, p)


@pytest.mark.parametrize("p, q", registered())
def test_divergences_that_torch_has(p, q):
    compare_divergence(p, q)


def test_the_same_pairs_have_a_divergence():
    ours, theirs = (
        {tuple(cls.__name__ for cls in pair) for pair in pairs}
        for pairs in (nt.distributions.kl._REGISTRY, torch.distributions.kl._KL_REGISTRY)
    )
    assert ours == theirs


def test_infinite_divergences():
    d = nt.distributions
    kl = d.kl_divergence
    inf = float("inf")
    assert kl(d.Uniform(0.0, 2.0), d.Uniform(0.0, 1.0)).item() == inf
    assert kl(d.Bernoulli(0.5), d.Bernoulli(0.0)).item() == inf
    assert kl(d.Bernoulli(0.0), d.Bernoulli(0.0)).item() == 0
    assert kl(d.Pareto(1.0, 2.0), d.Pareto(2.0, 2.0)).item() == inf
    assert kl(d.Pareto(1.0, 2.0), d.Normal(0.0, 1.0)).item() == inf


# ---------------------------------------------------------------- samples with gradients


def test_gamma_samples_move_with_their_concentration():
    # At a fixed probability: dx/da = -(dF/da) / p(x), by differences of scipy's F.
    special = pytest.importorskip("scipy.special")
    a = np.repeat([0.05, 0.3, 0.9, 1.5, 4.0, 30.0, 1000.0], 5)
    x = special.gammaincinv(a, np.tile([1e-3, 0.1, 0.5, 0.9, 0.999], 7))
    step = 1e-6 * a
    rise = (special.gammainc(a + step, x) - special.gammainc(a - step, x)) / (2 * step)
    density = np.exp((a - 1) * np.log(x) - x - special.gammaln(a))
    slope = nt.distributions._gamma_sampling._slope(nt.tensor(a), nt.tensor(np.log(x)))
    np.testing.assert_allclose(slope.numpy() * x, -rise / density, 2e-6)


@pytest.mark.parametrize("name", ["Dirichlet", "StudentT"])
def test_samples_of_gamma_numbers_have_gradients(name):
    # The gradient of E[f(x)] by the parameters is the mean of that of f at the samples.
    side, other = Side(nt, name), Side(nt, name)
    nt.manual_seed(0)
    x = side.dist.rsample((2000,))
    gradients = nt.autograd.grad((x.mean(0) * nt.arange(1.0, x[0].numel() + 1).reshape(x[0].shape)
                                  ).sum(), side.leaves)  # fmt: skip
    mean = other.dist.mean
    weights = nt.arange(1.0, mean.numel() + 1).reshape(mean.shape)
    wanted = nt.autograd.grad((mean * weights).sum(), other.leaves, allow_unused=True)
    for got, want in zip(gradients, wanted):
        want = nt.zeros_like(got) if want is None else want
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=0.2, atol=0.15)


def test_small_gamma_concentrations_do_not_underflow():
    c = nt.full((1000, 3), 1e-3, requires_grad=True)
    x = nt.distributions.Dirichlet(c).rsample()
    (gradient,) = nt.autograd.grad(x[:, 0].sum(), c)
    assert nt.isfinite(x).all() and nt.isfinite(gradient).all()
    assert nt.allclose(x.sum(-1), nt.ones(1000))


# ---------------------------------------------------------------- errors and subclasses


ERRORS = {
    "NaN": lambda d, t: d.Normal(t([0.0, float("nan")]), 1.0),
    "scale": lambda d, t: d.Normal(0.0, -1.0),
    "shape": lambda d, t: d.Normal(t([0.0, 1.0]), 1.0).log_prob(t([0.0] * 3)),
    "no tensor": lambda d, t: d.Normal(0.0, 1.0).log_prob(1.0),
    "support": lambda d, t: d.Bernoulli(0.5).log_prob(t(0.5)),
    "class": lambda d, t: d.Categorical(t([0.5, 0.5])).log_prob(t(2.0)),
    "neither": lambda d, t: d.Categorical(),
    "both": lambda d, t: d.Bernoulli(t(0.5), t(0.5)),
    "scalar": lambda d, t: d.Categorical(logits=t(0.5)),
    "simplex": lambda d, t: d.Categorical(t([0.5, -0.5])),
    "parameter": lambda d, t: d.Normal("0", 1.0),
    "independent": lambda d, t: d.Independent(d.Normal(0.0, 1.0), 1),
    "no divergence": lambda d, t: d.kl_divergence(d.Normal(0.0, 1.0), d.Categorical(t([1.0]))),
    "base": lambda d, t: d.Distribution(validate_args=False).expand((2,)),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors(what):
    ours, theirs = (
        outcome(ERRORS[what], lib.distributions, lambda x, lib=lib: lib.tensor(x, dtype=lib.float64))
        for lib in (nt, torch)
    )
    check_error(ours, theirs, what)
    assert str(ours).splitlines() == str(theirs).splitlines()


@pytest.mark.parametrize("name", CASES)
def test_samples_have_the_moments(name):
    if name != "Categorical" and "of logits" not in name:
        moments(name, 100)


def test_policy_gradient():
    logits = nt.zeros(64, 3, requires_grad=True)
    nt.manual_seed(0)
    policy = nt.distributions.Categorical(logits=logits)
    action = policy.sample()
    (-policy.log_prob(action)).sum().backward()
    chosen = nt.nn.functional.one_hot(action, 3)
    assert nt.allclose(logits.grad, 1 / 3 - chosen.float())
    nt.manual_seed(0)
    assert nt.equal(action, nt.distributions.Categorical(logits=logits).sample())


class Shifted(nt.distributions.Normal):
    def __init__(self, loc):
        super().__init__(loc + 1, 1.0)


class Narrow(nt.distributions.Normal):
    pass


class Own(nt.distributions.Distribution):
    def __init__(self):
        super().__init__(nt.Size((2,)))


def test_subclasses():
    assert type(Narrow(nt.zeros(2), 1.0).expand((3, 2))) is Narrow
    with pytest.raises(NotImplementedError, match="Subclass Shifted of Normal that defines"):
        Shifted(nt.zeros(2)).expand((3, 2))
    with pytest.warns(UserWarning, match="does not define `arg_constraints`"):
        own = Own()
    with pytest.warns(UserWarning, match="does not define `support`"):
        own._validate_sample(nt.zeros(2))
    with pytest.raises(NotImplementedError):
        own.expand((3, 2))
    with pytest.warns(FutureWarning, match="sample_n"):
        assert Narrow(0.0, 1.0).sample_n(3).shape == (3,)
    kl = nt.distributions.kl_divergence
    assert kl(Narrow(0.0, 1.0), nt.distributions.Normal(1.0, 1.0)).item() == 0.5


def test_checks_can_be_turned_off():
    d = nt.distributions
    assert d.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    d.Distribution.set_default_validate_args(False)
    try:
        assert d.Bernoulli(2.0).probs.item() == 2
    finally:
        d.Distribution.set_default_validate_args(True)


def test_float32_and_devices_of_numbers():
    d = nt.distributions
    assert d.Normal(nt.zeros(2, dtype=nt.float64), 1).scale.dtype is nt.float64
    for each in (d.Gamma(1.0, 1.0), d.VonMises(0.0, 1.0), d.Poisson(2.0), d.Binomial(3, nt.tensor(0.5))):
        assert each.sample((2,)).dtype is nt.float32


def test_modules_have_torchs_names():
    d = nt.distributions
    assert d.normal.Normal is d.Normal and d.categorical.Categorical is d.Categorical
    import numtorch.distributions.independent as module

    assert module.Independent is d.Independent
