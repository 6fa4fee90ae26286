"""scatter, index_*, put, masks and where against torch: values, gradients, assignments, errors."""

import warnings

import numpy as np
import numtorch as nt
import pytest
from helpers import check, compare, outcome, pair, torch

A = np.arange(12, dtype=np.float32).reshape(3, 4) - 4
I = np.array([[0, 2, 1, 2], [2, 2, 0, 1]])  # noqa: E741
S = np.arange(8, dtype=np.float32).reshape(2, 4) + 0.5
ROWS = np.array([2, 0, 2])
CALLS = {
    "scatter": lambda m, t, i, s, r: t.scatter(0, i[:1], s[:1]), "scatter value": lambda m, t, i, s, r: t.scatter(0, i, -1.5),
    "scatter smaller": lambda m, t, i, s, r: t.scatter(1, i[:, :2], s[:, :2]),
    "scatter_add": lambda m, t, i, s, r: t.scatter_add(0, i, s),
    "sum": lambda m, t, i, s, r: t.scatter_reduce(0, i, s, "sum", include_self=False),
    "prod": lambda m, t, i, s, r: t.scatter_reduce(0, i, s, "prod"), "mean": lambda m, t, i, s, r: t.scatter_reduce(0, i, s, "mean"),
    "mean alone": lambda m, t, i, s, r: t.scatter_reduce(0, i, s, "mean", include_self=False),
    "amax": lambda m, t, i, s, r: t.scatter_reduce(0, i, s, "amax"), "amin": lambda m, t, i, s, r: t.scatter_reduce(0, i, s, "amin", include_self=False),
    "index_add": lambda m, t, i, s, r: t.index_add(0, r, t * 2, alpha=3), "index_copy": lambda m, t, i, s, r: t.index_copy(0, r[:2], t[1:] * 2),
    "index_fill": lambda m, t, i, s, r: t.index_fill(1, r, 9), "index_fill tensor": lambda m, t, i, s, r: t.index_fill(0, r, s[0, 0]),
    "index_reduce": lambda m, t, i, s, r: t.index_reduce(0, r, t * 2, "amax"), "take": lambda m, t, i, s, r: t.take(i - 1),
    "put": lambda m, t, i, s, r: t.put(i[0] * 4 + 1, s[0], accumulate=True), "where": lambda m, t, i, s, r: m.where(t > 0, t, s[0]),
    "put 1": lambda m, t, i, s, r: t.put(r[:2], s[0, :2]), "take_along_dim": lambda m, t, i, s, r: m.take_along_dim(t, i[:, :1] - 1, 0),
    "where number": lambda m, t, i, s, r: m.where(t > 0, 1.5, t), "masked_fill": lambda m, t, i, s, r: t.masked_fill(t > 2, -7),
    "masked_fill row": lambda m, t, i, s, r: t.masked_fill(r[:, None] > 1, s[1, 1]),
    "masked_select": lambda m, t, i, s, r: t.masked_select(s[0] > 1), "masked_scatter": lambda m, t, i, s, r: t.masked_scatter(t > 2, s * 3),
    "index_put": lambda m, t, i, s, r: t.index_put((r, r), s[0, 0]), "accumulate": lambda m, t, i, s, r: t.index_put((r,), s[0], accumulate=True),
    "gather padding": lambda m, t, i, s, r: m.nn.functional.pad(t[1:2], (0, 0, 1, 1)).gather(0, i),
    "row of a sum": lambda m, t, i, s, r: t.index_add(0, r, t * 2)[2],
    "gather": lambda m, t, i, s, r: t.gather(1, i), "row": lambda m, t, i, s, r: t[r, i[0, :3]],
}  # fmt: skip


def inputs():
    pairs = [pair(a, requires_grad=True) for a in (A, S)]
    pairs[1:1] = [pair(I)]
    pairs.append(pair(ROWS))
    return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)


def run(m, f, args):
    out = f(m, *args)
    weights = m.arange(float(out.numel())).reshape(out.shape) + 1
    (out * weights).sum().backward()
    # An operand that takes no part has no gradient in torch, and zeros here.
    grads = [x.grad if x.grad is not None else m.zeros(x.shape) for x in (args[0], args[2])]
    return (out.detach(), *grads)


@pytest.mark.filterwarnings("ignore:.*index_reduce")
def test_values_and_gradients():
    calls = {}
    for name, f in CALLS.items():
        ours, theirs = inputs()
        calls[name] = (lambda f=f, a=ours: run(nt, f, a)), (lambda f=f, a=theirs: run(torch, f, a))
    compare(calls, rtol=1e-5)


def test_integers_and_bools():
    i, j = pair(I)
    calls = {}
    for d in ("int32", "uint8", "bool"):
        x, y = (t.to(getattr(m, d)) for t, m in zip(pair(np.abs(A)), (nt, torch)))
        s, u = (t.to(getattr(m, d)) for t, m in zip(pair(S), (nt, torch)))
        calls[d] = (
            lambda x=x, s=s: (x.scatter_add(0, i, s), x.scatter(0, i[:1], s), x.scatter_reduce(0, i, s, "prod")),
            lambda x=y, s=u: (x.scatter_add(0, j, s), x.scatter(0, j[:1], s), x.scatter_reduce(0, j, s, "prod")),
        )  # fmt: skip
    compare(calls)


def test_in_place_and_out():
    for m in (nt, torch):
        t, i = m.zeros(3, 4), m.tensor(I)
        t.scatter_(0, i, 1.0).scatter_add_(0, i, m.ones(2, 4)).masked_fill_(t == 0, -1)
        t.index_fill_(1, m.tensor([3]), 5).index_add_(0, m.tensor([1]), m.ones(1, 4))
        t.index_put_((m.tensor([0, 0]), m.tensor([1, 1])), m.tensor([1.0, 2.0]), accumulate=True)
        out = m.empty(0)
        assert m.gather(t, 0, i, out=out) is out
        result = t.tolist() if m is nt else result == t.tolist()  # noqa: F821
        shape = out.shape
    assert result is True and tuple(shape) == (2, 4)


WRITES = {
    "mask scalar": lambda m, t: t.__setitem__(t > 0, 2.5), "mask tensor": lambda m, t: t.__setitem__(t > 0, m.tensor(1.0)),
    "mask rows": lambda m, t: t.__setitem__(t[:, 0] > -4, m.arange(4.0)), "mask values": lambda m, t: t.__setitem__(t > 3, m.arange(4.0)),
    "mask dim 1": lambda m, t: t.__setitem__((slice(None), t[0] > -3), m.ones(3, 1)), "0-dim": lambda m, t: t.__setitem__(m.tensor(True), 3.0),
    "False": lambda m, t: t.__setitem__(False, 3.0), "int and mask": lambda m, t: t.__setitem__((1, t[1] > 1), -2),
    "add": lambda m, t: t.__setitem__(m.tensor([0, 2]), t[m.tensor([0, 2])] + 5), "uint8": lambda m, t: t.__setitem__(m.tensor([1, 0, 1], dtype=m.uint8), m.ones(2, 4)),
    "list": lambda m, t: t.__setitem__([0, 2], 1.0), "array": lambda m, t: t.__setitem__((slice(None), np.array([1, -1])), 4),
    "transposed": lambda m, t: t.T.__setitem__(m.tensor([3, 0]), m.ones(2, 3)), "none": lambda m, t: t.__setitem__((None, m.tensor([1])), 8),
    "empty": lambda m, t: t.__setitem__(t > 100, m.zeros(0)), "two": lambda m, t: t.__setitem__((m.tensor([0, 1]), m.tensor([3, -1])), m.tensor([7.0, 8])),
    "np scalar": lambda m, t: t.__setitem__(0, np.float64(3)), "bool": lambda m, t: t.__setitem__(0, True),
    "bad list": lambda m, t: t.__setitem__(0, [1, 2]), "bad array": lambda m, t: t.__setitem__(0, np.ones(4)),
    "bad count": lambda m, t: t.__setitem__(t > 0, m.ones(3)), "bad dtype": lambda m, t: t.__setitem__(m.tensor([0]), m.ones(4).long()),
    "bad range": lambda m, t: t.__setitem__(m.tensor([0, 3]), 1.0), "bad type": lambda m, t: t.__setitem__("a", 1.0),
}  # fmt: skip


def written(m, f, t):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f(m, t)
    return t


def test_assignments():
    calls = {}
    for name, f in WRITES.items():
        x, y = pair(A)
        calls[name] = (lambda f=f, x=x: written(nt, f, x)), (lambda f=f, y=y: written(torch, f, y))
    compare(calls)


def test_gradients_of_assignments():
    got = []
    for m in (nt, torch):
        x = m.tensor(A, requires_grad=True)
        v = m.tensor(S[0], requires_grad=True)
        y = x * 2
        y[m.tensor([0, 2])] = v
        y[y > 6] = 0.5
        y[1, m.tensor([1, 3])] += v[:2]
        (y * m.arange(12.0).reshape(3, 4)).sum().backward()
        got.append((y.detach(), x.grad, v.grad))
    check(got[0], got[1])


def test_a_masked_write_is_lazy():
    from numtorch.jit.record import local

    x = nt.ones(3) * 2
    y = x + 1
    y[y > 2] = 0
    y[x > 5, ...] = nt.tensor(3.0)
    assert y._v.buf is None and len(local.tape.entries) > 4
    assert y.tolist() == [0, 0, 0]


BAD = {
    "gather rank": lambda m, t: t.gather(0, m.tensor([0])), "gather dtype": lambda m, t: t.gather(0, t),
    "gather size": lambda m, t: t.gather(0, m.zeros(1, 9, dtype=m.int64)), "scatter dtype": lambda m, t: t.scatter(0, m.zeros(1, 4).long(), t.double()),
    "scatter reduce": lambda m, t: t.scatter(0, m.zeros(1, 4).long(), t, reduce="max"), "reduce": lambda m, t: t.scatter_reduce(0, m.zeros(1, 4).long(), t, "x"),
    "scatter missing": lambda m, t: t.scatter(0, m.zeros(1, 4).long()), "index_add size": lambda m, t: t.index_add(0, m.tensor([0]), t),
    "index_copy dtype": lambda m, t: t.index_copy(0, m.tensor([0.0]), t[:1]), "index_fill dim": lambda m, t: t.index_fill(2, m.tensor([0]), 1.0),
    "take dtype": lambda m, t: t.take(t), "put count": lambda m, t: t.put(m.tensor([0, 1]), t[0]), "mask dtype": lambda m, t: t.masked_fill(t, 1.0),
    "mask value": lambda m, t: t.masked_fill(t > 0, t), "select mask": lambda m, t: t.masked_select(t), "scatter few": lambda m, t: t.masked_scatter(t > 0, t[0, :2]),
    "where": lambda m, t: m.where(t, t, t), "index_put": lambda m, t: t.index_put((m.tensor([0]),) * 3, t), "leaf": lambda m, t: m.ones(3, requires_grad=True).index_put_((m.tensor([0]),), m.ones(1)),
    "int overflow": lambda m, t: t.to(m.uint8).masked_fill(t > 0, 300),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_errors(name):
    x, y = pair(A)
    ours, theirs = outcome(BAD[name], nt, x), outcome(BAD[name], torch, y)
    assert isinstance(theirs, Exception), theirs
    assert type(ours) is type(theirs), f"{ours!r}, torch: {theirs!r}"


def test_nonzero_family():
    x, y = pair(np.array([[0, 3.0, 0], [-0.0, np.nan, 1]]))
    compare({
        "nonzero": (lambda: x.nonzero(), lambda: y.nonzero()), "argwhere": (lambda: nt.argwhere(x), lambda: torch.argwhere(y)),
        "tuple": (lambda: x.nonzero(as_tuple=True), lambda: y.nonzero(as_tuple=True)),
        "where": (lambda: nt.where(x > 0), lambda: torch.where(y > 0)),
        "static": (lambda: nt.nonzero_static(x, size=4), lambda: torch.nonzero_static(y, size=4)),
        "0-dim": (lambda: x[0, 1].nonzero(), lambda: y[0, 1].nonzero()),
    })  # fmt: skip


def test_scatter_in_parallel_gives_the_same_bits():
    rng = np.random.default_rng(0)
    x = nt.tensor(rng.standard_normal((300, 700), dtype=np.float32))
    i = nt.tensor(rng.integers(0, 50, (300, 700)))
    got = dict.fromkeys((1, 2))
    threads = nt.get_num_threads()
    for n in got:
        nt.set_num_threads(n)
        got[n] = nt.zeros(50, 700).scatter_add(0, i, x).numpy().copy()
    nt.set_num_threads(threads)
    assert (got[1] == got[2]).all()
    want = torch.zeros(50, 700).scatter_add(0, torch.tensor(i.numpy()), torch.tensor(x.numpy()))
    np.testing.assert_allclose(got[1], want.numpy(), rtol=1e-4, atol=1e-5)


