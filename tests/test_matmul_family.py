"""Products of the matmul family against torch: values, gradients, out=, in place, errors."""

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, compare, outcome, pair, torch

RNG = np.random.default_rng(7)


def small(*shape, kind=np.float64) -> np.ndarray:
    """Small integers: products and sums of them are exact in any order."""
    return RNG.integers(-3, 4, shape).astype(kind)


def calls(cases: dict) -> dict:
    """For compare: name -> (function of a namespace and tensors, arrays)."""
    found = {}
    for label, (f, *arrays) in cases.items():
        ours, theirs = zip(*map(pair, arrays))
        found[label] = (lambda f=f, x=ours: f(nt, *x)), (lambda f=f, y=theirs: f(torch, *y))
    return found


def test_products():
    a, b, c, v, w = small(3, 4), small(4, 2), small(3, 2), small(4), small(3)
    x, y = small(2, 3, 4), small(2, 4, 2)
    compare(calls({
        "mm": (lambda t, a, b: t.mm(a, b), a, b),
        "bmm": (lambda t, a, b: t.bmm(a, b), x, y),
        "mv": (lambda t, a, v: t.mv(a, v), a, v),
        "dot": (lambda t, a, b: t.dot(a, b), v, v),
        "vdot": (lambda t, a, b: t.vdot(a, b), v, v),
        "inner": (lambda t, a, b: t.inner(a, b), x, a),
        "outer": (lambda t, a, b: t.outer(a, b), v, w),
        "ger": (lambda t, a, b: a.ger(b), v, w),
        "addmm": (lambda t, c, a, b: t.addmm(c, a, b, beta=2, alpha=3), c, a, b),
        "addmm beta 0": (lambda t, c, a, b: t.addmm(c * float("nan"), a, b, beta=0), c, a, b),
        "addmm_": (lambda t, c, a, b: c.addmm_(a, b, alpha=2), c, a, b),
        "addmv": (lambda t, c, a, b: t.addmv(c, a, b, alpha=2), w, a, v),
        "addr": (lambda t, c, a, b: t.addr(c, a, b, beta=2), small(3, 4), w, v),
        "baddbmm": (lambda t, c, a, b: t.baddbmm(c, a, b, beta=2), small(2, 3, 2), x, y),
        "addbmm": (lambda t, c, a, b: t.addbmm(c, a, b, alpha=2), c, x, y),
        "kron": (lambda t, a, b: t.kron(a, b), small(2, 3), small(4)),
        "tensordot": (lambda t, a, b: t.tensordot(a, b, ([1, 0], [0, 1])), small(2, 3, 4), small(3, 2, 5)),
        "tensordot 1": (lambda t, a, b: t.tensordot(a, b, 1), x, b),
        "cross": (lambda t, a, b: t.linalg.cross(a, b), small(2, 3), small(1, 3)),
        "cross dim": (lambda t, a, b: t.cross(a, b, dim=0), small(3, 2), small(3, 2)),
        "multi_dot": (lambda t, a, b, v: t.linalg.multi_dot([v, a, b]), a, b, w),
        "vecdot": (lambda t, a, b: t.linalg.vecdot(a, b), a, v),
        "vander": (lambda t, v: t.linalg.vander(v, N=3), v),
        "old vander": (lambda t, v: t.vander(v, 3), v),
        "trace": (lambda t, a: t.trace(a), a),
        "out": (lambda t, a, b: t.mm(a, b, out=t.empty(3, 2, dtype=a.dtype)), a, b),
    }), signs=False)  # fmt: skip


@pytest.mark.parametrize("kind", [np.int32, np.uint8])
def test_integers_wrap_around(kind):
    a, b = (RNG.integers(0, 200, s).astype(kind) for s in ((3, 4), (4, 2)))
    compare(calls({
        "mm": (lambda t, a, b: a @ b, a, b), "mv": (lambda t, a, b: a @ b[:, 0], a, b),
        "dot": (lambda t, a, b: a[0] @ b[:, 1], a, b),
    }))  # fmt: skip


def test_half_types_are_summed_in_float32():
    a, b = RNG.standard_normal((5, 33)), RNG.standard_normal((33, 4))
    for name in ("float16", "bfloat16"):
        x, p = (nt.tensor(v, dtype=getattr(nt, name)) for v in (a, b))
        y, q = (torch.tensor(v, dtype=getattr(torch, name)) for v in (a, b))
        got, want = x @ p, y @ q
        assert repr(got.dtype) == repr(want.dtype)
        np.testing.assert_allclose(got.float().numpy(), want.float().numpy(), 1e-2, 1e-2)


EQUATIONS = {
    "ij,jk": [(2, 3), (3, 4)], "bij,bjk->bik": [(2, 3, 4), (2, 4, 5)], "ii": [(3, 3)],
    "ii->i": [(3, 3)], "ijk->ki": [(2, 3, 4)], "...ij,...jk": [(2, 1, 2, 3), (4, 3, 2)],
    "i,j,k->kji": [(2,), (3,), (4,)], "ij,jk,kl->il": [(2, 3), (3, 4), (4, 2)], "ij->": [(2, 3)],
    "b...,b...->b": [(2, 3, 4), (2, 3, 4)], "iij,jk->ik": [(2, 2, 3), (3, 2)],
    "ij,ij->j": [(1, 3), (2, 3)], "aB,Bc->ac": [(2, 3), (3, 2)], " i j -> j i ": [(2, 3)],
    "bn,anm,bm->ba": [(2, 5), (3, 5, 4), (2, 4)],
}  # fmt: skip


def test_einsum():
    cases = {
        e: (lambda t, *x, e=e: t.einsum(e, *x), *(small(*s) for s in shapes))
        for e, shapes in EQUATIONS.items()
    }
    cases["sublist"] = (lambda t, a, b: t.einsum(a, [0, 1], b, [1, 2], [2, 0]), small(2, 3), small(3, 4))
    cases["ellipsis"] = (lambda t, a: t.einsum(a, [Ellipsis, 1, 0]), small(2, 3, 4))
    compare(calls(cases), signs=False)


@pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.0, float("inf")])
def test_distances(p):
    a, b = RNG.standard_normal((4, 3)), RNG.standard_normal((2, 3))
    compare(calls({
        "cdist": (lambda t, a, b: t.cdist(a, b, p), a, b),
        "pdist": (lambda t, a: t.pdist(a, p), a),
    }), rtol=1e-12)  # fmt: skip


def gradients(t, f, arrays):
    """First and second gradients of a random functional of f."""
    xs = [t.tensor(a, requires_grad=True) for a in arrays]
    out = f(t, *xs)
    w = np.random.default_rng(1).standard_normal(tuple(out.shape))
    first = t.autograd.grad((out * t.tensor(w)).sum(), xs, create_graph=True)
    total = sum((g * g).sum() for g in first)
    return [*first, *t.autograd.grad(total, xs)]


GRADIENTS = {
    "matmul": (lambda t, a, b: t.matmul(a, b) ** 2, (2, 3, 4), (4, 2)),
    "addmm": (lambda t, c, a, b: t.addmm(c, a, b, beta=2, alpha=3) ** 2, (2,), (3, 4), (4, 2)),
    "einsum": (lambda t, a, b: t.einsum("iij,jk->ik", a, b) ** 2, (2, 2, 3), (3, 2)),
    "kron": (lambda t, a, b: t.kron(a, b) ** 2, (2, 3), (2,)),
    "cross": (lambda t, a, b: t.linalg.cross(a, b) ** 2, (2, 3), (2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(GRADIENTS))
def test_gradients_to_second_order(name):
    f, *shapes = GRADIENTS[name]
    arrays = [RNG.standard_normal(s) for s in shapes]
    for g, w in zip(gradients(nt, f, arrays), gradients(torch, f, arrays)):
        check(g, w, rtol=1e-9, atol=1e-12, what=name)


def test_gradient_of_distances():
    a, b = RNG.standard_normal((3, 2)), RNG.standard_normal((4, 2))
    for p in (1.0, 2.0, 3.0):
        found = []
        for t in (nt, torch):
            x, y = (t.tensor(v, requires_grad=True) for v in (a, b))
            (t.cdist(x, y, p) ** 2).sum().backward()
            found.append((x.grad, y.grad))
        check(*found, rtol=1e-9, what=p)


def test_distance_zero_has_no_gradient():
    x = nt.zeros(2, 3, requires_grad=True)
    nt.cdist(x, x).sum().backward()
    assert not x.grad.abs().sum().item()


ERRORS = {
    "ranks": lambda t: t.matmul(t.ones(()), t.ones(3)),
    "inner dims": lambda t: t.ones(2, 3) @ t.ones(4, 3),
    "vector": lambda t: t.ones(2, 3) @ t.ones(4),
    "batch": lambda t: t.ones(5, 2, 3) @ t.ones(5, 2, 3),
    "dtypes": lambda t: t.ones(2, 3) @ t.ones(3, 3, dtype=t.int64),
    "bool": lambda t: t.ones(3, dtype=t.bool) @ t.ones(3, dtype=t.bool),
    "number": lambda t: t.matmul(t.ones(2, 3), 3),
    "operator": lambda t: t.ones(2, 3) @ 3,
    "mm": lambda t: t.mm(t.ones(3), t.ones(3, 3)),
    "bmm": lambda t: t.bmm(t.ones(2, 3, 3), t.ones(3, 3, 3)),
    "mv": lambda t: t.mv(t.ones(3), t.ones(3)),
    "dot": lambda t: t.dot(t.ones(3), t.ones(2)),
    "addmm": lambda t: t.addmm(t.ones(4), t.ones(2, 3), t.ones(3, 3)),
    "addmv": lambda t: t.addmv(t.ones(3), t.ones(2, 3), t.ones(3)),
    "addr": lambda t: t.addr(t.ones(2, 3), t.ones(2, 2), t.ones(3)),
    "cross": lambda t: t.linalg.cross(t.ones(4, 2), t.ones(4, 2)),
    "tensordot": lambda t: t.tensordot(t.ones(2, 3), t.ones(3, 2), dims=[[0], [0]]),
    "cdist": lambda t: t.cdist(t.ones(2, 3), t.ones(4, 2)),
    "multi_dot": lambda t: t.linalg.multi_dot([t.ones(2, 3), t.ones(4, 3)]),
    "einsum sizes": lambda t: t.einsum("ij,jk", t.ones(2, 3), t.ones(4, 2)),
    "einsum output": lambda t: t.einsum("ij->k", t.ones(2, 3)),
    "einsum dots": lambda t: t.einsum("i.j", t.ones(2, 3)),
    "einsum count": lambda t: t.einsum("ij,jk", t.ones(2, 3)),
    "einsum letters": lambda t: t.einsum("i1", t.ones(2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ERRORS))
def test_errors(name):
    check_error(outcome(ERRORS[name], nt), outcome(ERRORS[name], torch), name)
