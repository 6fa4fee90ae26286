"""utils.checkpoint: as in PyTorch."""

from __future__ import annotations

import numtorch as nt
import pytest
from autograd_cases import module, parity, same


def cp(t):
    return module(t, "utils.checkpoint")


def net(t):
    t.manual_seed(0)
    w = t.arange(6.0).reshape(2, 3) / 5
    w.requires_grad_()
    return w


@pytest.mark.parametrize("reentrant", [True, False])
def test_values_and_gradients(reentrant):
    def program(t):
        w = net(t)
        x = t.ones(3, 2, requires_grad=True)
        calls = []

        def f(a, k, b=None):
            calls.append(1)
            return ((a @ w).tanh() * k).relu()

        y = cp(t).checkpoint(f, x * 1, 2, use_reentrant=reentrant)
        y = cp(t).checkpoint(lambda a: a.exp(), y, use_reentrant=reentrant)
        y.sum().backward()
        return y, x.grad, w.grad, len(calls)

    same(program)


def test_random_numbers_come_out_the_same():
    x = nt.ones(50, requires_grad=True)
    for reentrant in (True, False):
        x.grad = None
        f = lambda a: a * nt.rand(50)  # noqa: E731
        y = cp(nt).checkpoint(f, x, use_reentrant=reentrant)
        y.sum().backward()
        assert x.grad.tolist() == y.tolist()


@parity
def test_ck_grad(t):
    w = net(t)
    x = t.ones(3, 2, requires_grad=True)
    y = cp(t).checkpoint(lambda a: (a @ w).tanh(), x, use_reentrant=False)
    g = t.autograd.grad(y.sum(), [x, w], create_graph=True)
    return (g, t.autograd.grad(g[0].sum() + g[1].sum(), [x, w]))


@parity
def test_ck_tuple(t):
    x = t.ones(3, 2, requires_grad=True)
    a, b = cp(t).checkpoint(lambda a: (a * 2, a.exp()), x, use_reentrant=False)
    (a + b).sum().backward()
    return x.grad


@parity
def test_ck_dict(t):
    x = t.ones(3, 2, requires_grad=True)
    d = cp(t).checkpoint(lambda a, k=1: {'a': a['q'] * k, 'b': 3}, {'q': x}, use_reentrant=False, k=5)
    d['a'].sum().backward()
    return (x.grad, d['b'])


@parity
def test_ck_seq(t):
    m = t.nn.Sequential(t.nn.Linear(2, 2), t.nn.Tanh(), t.nn.Linear(2, 2), t.nn.ReLU())
    for i, p in enumerate(m.parameters()):
        p.data.fill_(0.1 * (i + 1))
    x = t.ones(3, 2, requires_grad=True)
    r = []
    for re in (True, False):
        y = cp(t).checkpoint_sequential(m, 2, x, use_reentrant=re)
        y.sum().backward()
        r += [y, x.grad.clone(), m[0].weight.grad.clone()]
    return r


@parity
def test_ck_nograd(t):
    x = t.ones(3)
    return (cp(t).checkpoint(lambda a: a * 2, x, use_reentrant=False), cp(t).checkpoint(lambda a: a * 2, x, use_reentrant=True).requires_grad)


@parity
def test_ck_badkw(t):
    cp(t).checkpoint(lambda a: a, t.ones(1), use_reentrant=True, q=3)


@parity
def test_ck_none(t):
    x = t.ones(3, requires_grad=True)
    cp(t).checkpoint(lambda a: a * 2, x, use_reentrant=False).sum().backward()
    return x.grad
