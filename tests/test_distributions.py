"""torch.distributions: values, gradients, samples, errors, against torch."""

from __future__ import annotations

import numtorch as nt
import pytest
from distribution_cases import CASES, PAIRS, TOLERANCES, compare_case, compare_divergence, moments
from helpers import check_error, outcome, settings, torch


@pytest.fixture(autouse=True)
def interpreted():
    # What is computed is tested here; the command tests.conformance_distributions compiles.
    with settings(interp=True):
        yield


@pytest.mark.parametrize("name", CASES)
def test_answers(name):
    compare_case(name, **TOLERANCES.get(name, {}))


@pytest.mark.parametrize("p, q", PAIRS)
def test_divergences(p, q):
    compare_divergence(p, q)
    compare_divergence(q, p)


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
        moments(name, 200)


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


def test_modules_have_torchs_names():
    d = nt.distributions
    assert d.normal.Normal is d.Normal and d.categorical.Categorical is d.Categorical
    import numtorch.distributions.independent as module

    assert module.Independent is d.Independent
