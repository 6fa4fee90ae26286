"""Random numbers: distributions, generators, states, what is refused."""

import math

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from scipy import stats

N = 20_000


def draws():
    z = nt.zeros(N)
    return {
        "rand": (nt.rand(N), stats.uniform()), "randn": (nt.randn(N), stats.norm()),
        "normal": (nt.normal(2.0, 3.0, (N,)), stats.norm(2, 3)),
        "normal tensors": (nt.normal(nt.full((N,), 1.0), nt.full((N,), 0.5)), stats.norm(1, 0.5)),
        "uniform_": (z.clone().uniform_(-2, 5), stats.uniform(-2, 7)),
        "normal_": (z.clone().normal_(1, 2), stats.norm(1, 2)),
        "exponential_": (z.clone().exponential_(0.5), stats.expon(scale=2)),
        "cauchy_": (z.clone().cauchy_(1, 2), stats.cauchy(1, 2)),
        "log_normal_": (z.clone().log_normal_(0.5, 0.7), stats.lognorm(0.7, scale=math.exp(0.5))),
        "half": (nt.rand(N, dtype=nt.float16).double() + nt.rand(N).double() / 2048, stats.uniform()),
    }


def counted():
    z = nt.zeros(N)
    return {
        "randint": (nt.randint(-2, 4, (N,)), dict.fromkeys(range(-2, 4), 1 / 6)),
        "random_": (z.clone().random_(1, 4), dict.fromkeys((1, 2, 3), 1 / 3)),
        "bernoulli": (nt.full((N,), 0.3).bernoulli(), {0: 0.7, 1: 0.3}),
        "bernoulli_": (z.clone().bernoulli_(0.8), {0: 0.2, 1: 0.8}),
        "geometric_": (z.clone().geometric_(0.4), {k: 0.4 * 0.6 ** (k - 1) for k in range(1, 9)}),
        "poisson": (nt.poisson(nt.full((N,), 1.5)), {k: stats.poisson(1.5).pmf(k) for k in range(6)}),
        "binomial": (nt.binomial(nt.full((N,), 3.0), nt.full((N,), 0.5)), {0: 0.125, 1: 0.375, 2: 0.375, 3: 0.125}),
        "multinomial": (nt.multinomial(nt.tensor([1.0, 0, 3]), N, True), {0: 0.25, 2: 0.75}),
    }  # fmt: skip


def test_continuous_distributions():
    nt.manual_seed(3)
    for name, (t, law) in draws().items():
        assert stats.kstest(t.numpy(), law.cdf).pvalue > 1e-4, name


def test_counts():
    nt.manual_seed(4)
    for name, (t, expected) in counted().items():
        values = t.numpy()
        for k, p in expected.items():
            off = abs((values == k).mean() - p) / math.sqrt(p * (1 - p) / N)
            assert off < 4.5, (name, k)
        if len(expected) < 6:
            assert set(np.unique(values)) <= set(expected), name


def test_permutations_and_samples_without_replacement():
    nt.manual_seed(0)
    p = nt.randperm(50)
    assert p.dtype is nt.int64 and sorted(p.tolist()) == list(range(50)) != p.tolist()
    weights = nt.tensor([[0.0, 1, 1, 5], [1, 1, 1, 1]])
    picks = nt.multinomial(weights.expand(2, 4), 3)
    assert picks.shape == (2, 3)
    assert sorted(picks[0].tolist()) == [1, 2, 3] and len(set(picks[1].tolist())) == 3


def test_generators_and_states():
    g = nt.Generator().manual_seed(5)
    state = g.get_state()
    first = nt.rand(4, generator=g), nt.randn(2, 2, generator=g), nt.randperm(9, generator=g)
    g.set_state(state)
    again = nt.rand(4, generator=g), nt.randn(2, 2, generator=g), nt.randperm(9, generator=g)
    assert all((a == b).all() for a, b in zip(first, again))
    assert g.initial_seed() == 5 and g.device == nt.device("cpu")
    nt.manual_seed(1)
    saved = nt.get_rng_state()
    a = nt.rand(3)
    nt.set_rng_state(saved)
    assert (nt.rand(3) == a).all() and nt.initial_seed() == 1
    with nt.random.fork_rng():
        b = nt.rand(3)
    assert (nt.rand(3) == b).all()
    with pytest.raises(TypeError):
        g.set_state(nt.zeros(3))
    with pytest.raises(RuntimeError):
        g.set_state(nt.zeros(3, dtype=nt.uint8))


def test_results_have_the_asked_form():
    like = nt.zeros(2, 3, dtype=nt.float64)
    assert nt.rand_like(like).dtype is nt.float64 and nt.randn_like(like).shape == (2, 3)
    assert nt.randint_like(like, 5).dtype is nt.float64
    assert nt.rand(2, requires_grad=True).requires_grad
    assert nt.randint(3, (2,), dtype=nt.uint8).dtype is nt.uint8
    mean = nt.ones(3, requires_grad=True)
    nt.normal(mean, 1.0).sum().backward()
    assert mean.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("call", [
    lambda m: m.randint(3, 1, (2,)), lambda m: m.zeros(2).uniform_(2, 1), lambda m: m.zeros(2).normal_(0, -1),
    lambda m: m.zeros(2).exponential_(0), lambda m: m.zeros(2).bernoulli_(2.0), lambda m: m.zeros(2).geometric_(0.0),
    lambda m: m.multinomial(m.ones(2), 3), lambda m: m.multinomial(m.ones(2), 0), lambda m: m.randperm(-1),
    lambda m: m.multinomial(m.tensor([1.0, -1.0]), 1), lambda m: m.zeros(2, dtype=m.int64).uniform_(),
    lambda m: m.rand(2, dtype=m.int64), lambda m: m.poisson(m.tensor([-1.0])), lambda m: m.zeros(2).random_(5, 2),
    lambda m: m.zeros(2, requires_grad=True).normal_(), lambda m: m.zeros(2).cauchy_(0, 0),
])  # fmt: skip
def test_refused(call):
    with pytest.raises(Exception) as theirs:
        call(torch)
    with pytest.raises(type(theirs.value)):
        call(nt)
