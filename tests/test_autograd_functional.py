"""autograd.functional: as in PyTorch."""

from __future__ import annotations

import pytest
from autograd_cases import parity, same


def F(t):
    return t.autograd.functional


def q(x):
    return (x ** 3).sum()


@parity
def test_fj(t):
    x = t.arange(3.0)
    y = t.ones(2)
    return (F(t).jacobian(lambda a, b: (a.sum() * b, a * 2), (x, y)), F(t).jacobian(lambda a: a * a, x), F(t).jacobian(lambda a: a.sum(), x, vectorize=True), F(t).jacobian(lambda a: a * 2, x, vectorize=True, strategy='forward-mode'))


@parity
def test_fh(t):
    x = t.arange(3.0)
    y = t.ones(3)
    return (F(t).hessian(q, x), F(t).hessian(lambda a, b: (a * a * b).sum(), (x, y)), F(t).hessian(lambda a: a.sum(), x))


@parity
def test_fp(t):
    x = t.arange(3.0)
    y = t.ones(3)
    return (F(t).vjp(lambda a: a * a, x, y), F(t).jvp(lambda a: a * a, x, y), F(t).hvp(q, x, y), F(t).vhp(q, x, y), F(t).jvp(lambda a, b: (a * b, a.sum()), (x, y), (y, x)), F(t).vjp(lambda a, b: (a * b, a.sum()), (x, y), (y, y[0])))


@parity
def test_fcreate(t):
    x = t.arange(3.0, requires_grad=True)
    j = F(t).jacobian(lambda a: a ** 3, x, create_graph=True)
    return (j, t.autograd.grad(j.sum(), x))


ERRORS = [
    lambda t: F(t).jacobian(lambda a: 3, t.ones(2)),
    lambda t: F(t).jacobian(lambda a: a, 3),
    lambda t: F(t).jacobian(lambda a: a.detach(), t.ones(2), strict=True),
    lambda t: F(t).jacobian(lambda a, b: a * 2, (t.ones(2), t.ones(2)), strict=True),
    lambda t: F(t).hessian(lambda a: a, t.ones(2)),
    lambda t: F(t).hessian(lambda a: (a.sum(),), t.ones(2)),
    lambda t: F(t).vjp(lambda a: a, t.ones(2)),
    lambda t: F(t).vjp(lambda a: a, t.ones(2), t.ones(3)),
    lambda t: F(t).hvp(lambda a: a.sum(), t.ones(2)),
    lambda t: F(t).jvp(lambda a: a.sum(), t.ones(2)),
    lambda t: F(t).vjp(lambda a: a.detach(), t.ones(2), t.ones(2)),
    lambda t: F(t).vjp(lambda a: a.detach(), t.ones(2), t.ones(2), strict=True),
    lambda t: F(t).vhp(lambda a: a.sum(), t.ones(2), t.ones(2), strict=True),
    lambda t: F(t).hvp(lambda a: a.sum(), t.ones(2), t.ones(2)),
    lambda t: F(t).jvp(lambda a, b: a * 2, (t.ones(2), t.ones(2)), (t.ones(2), t.ones(2)), strict=True),
    lambda t: F(t).jacobian(lambda a: a, t.ones(1), strategy='x'),
    lambda t: F(t).jacobian(lambda a: a, t.ones(1), strategy='forward-mode'),
    lambda t: F(t).jacobian(lambda a: a * 2, t.ones(1), create_graph=True, strict=True),
    lambda t: F(t).vjp(lambda a, b: a * 2, (t.ones(2), t.ones(2)), (t.ones(2),) * 2),
]


@pytest.mark.parametrize("k", range(len(ERRORS)))
def test_errors(k):
    same(ERRORS[k])
