"""utils.checkpoint: as in PyTorch."""

from __future__ import annotations

from autograd_cases import module, parity


def cp(t):
    return module(t, "utils.checkpoint")


def net(t):
    t.manual_seed(0)
    w = t.arange(6.0).reshape(2, 3) / 5
    w.requires_grad_()
    return w


@parity
def test_ck(t):
    r = []
    for re in (True, False):
        w = net(t)
        x = t.ones(3, 2, requires_grad=True)
        n = []

        def f(a, k, b=None):
            n.append(1)
            return ((a @ w).tanh() * k).relu()
        y = cp(t).checkpoint(f, x * 1, 2, use_reentrant=re)
        y = cp(t).checkpoint(lambda a: a.exp(), y, use_reentrant=re)
        y.sum().backward()
        r.append((y, x.grad, w.grad, len(n)))
    return r


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
