"""Matrix products, convolution and pooling against torch."""

import itertools

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, compare, outcome, pair, torch
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

RNG = np.random.default_rng(5)
F = torch.nn.functional


def small(shape, kind=np.float32) -> np.ndarray:
    """Small integers: products and sums of them are exact in any order."""
    return RNG.integers(-3, 4, shape).astype(kind)


def record(name, ins, **attrs):
    op = OPS[name]
    return local.tape.record(op, ins, tuple(attrs[a] for a in op.attr_names) or None)


RANKS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (4, 3, 2)), ((2, 1, 2, 3), (1, 5, 3, 2)), ((1, 1), (1, 1)), ((0, 3), (3, 2)),
    ((2, 0), (0, 3)), ((0, 2, 3), (0, 3, 4)), ((2, 3, 0), (0,)), ((7, 130), (130, 65)),
]  # fmt: skip


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_matmul_of_all_ranks(kind):
    calls = {}
    for sa, sb in RANKS:
        (x, y), (p, q) = pair(small(sa, kind)), pair(small(sb, kind))
        calls[sa, sb] = (lambda x=x, p=p: x @ p), (lambda y=y, q=q: y @ q)
    compare(calls, signs=False)


def test_matmul_of_ints():
    x, y = pair(small((3, 4), np.int64))
    compare({"int": (lambda: x @ x.T, lambda: y @ y.T), "mv": (lambda: x @ x[0], lambda: y @ y[0])})


VIEWS = {
    "T": lambda t: t.T, "step": lambda t: t[::2, ::2], "flip": lambda t: t.flip(0),
    "offset": lambda t: t[2:, 1:], "expanded": lambda t: t[:1].expand(6, 6), "rows": lambda t: t[:, 2:3],
    "sum": lambda t: t + 1, "copy": lambda t: t.T.contiguous(), "cast": lambda t: (t > 0).to(t.dtype),
}  # fmt: skip


def test_matmul_of_views():
    (x, y), (p, q) = pair(small((6, 6))), pair(small((6, 6)))
    calls = {}
    for (a, f), (b, g) in itertools.product(VIEWS.items(), VIEWS.items()):
        if f(y).shape[1] == g(q).shape[0]:
            calls[a, b] = (lambda f=f, g=g: f(x) @ g(p)), (lambda f=f, g=g: f(y) @ g(q))
    compare(calls, signs=False)


def test_epilogues_and_transposed_results():
    (x, y), (p, q) = pair(small((4, 6))), pair(small((6, 3)))
    b, c = pair(small((3,)))
    compare({
        "bias relu": (lambda: (x @ p + b).relu(), lambda: (y @ q + c).relu()),
        "T": (lambda: (x @ p).T + 1, lambda: (y @ q).T + 1),
        "T twice": (lambda: (x @ p).T @ (x @ p), lambda: (y @ q).T @ (y @ q)),
        "both": (lambda: [(z := x @ p).T, z], lambda: [(z := y @ q).T, z]),
        "sum": (lambda: (x @ p).sum(0), lambda: (y @ q).sum(0)),
        "addmm": (lambda: b.addmm(x, p, beta=2, alpha=3), lambda: c.addmm(y, q, beta=2, alpha=3)),
        "bmm": (lambda: x.view(2, 2, 6).bmm(p.expand(2, 6, 3)), lambda: y.view(2, 2, 6).bmm(q.expand(2, 6, 3))),
        "dot": (lambda: x[0].dot(p[:, 0]), lambda: y[0].dot(q[:, 0])),
        "mv": (lambda: x.mv(p[:, 1]), lambda: y.mv(q[:, 1])),
    }, signs=False)  # fmt: skip


@pytest.mark.parametrize("shapes", [
    ((2, 3), (4, 2)), ((3,), (4,)), ((2, 3), (4,)), ((3,), (4, 2)), ((2, 2, 3), (2, 4, 2)),
    ((2, 3), ()), ((2, 2, 3), (3, 3, 2)), ((2, 2, 3), (4, 2)),
])  # fmt: skip
def test_bad_shapes(shapes):
    (x, y), (p, q) = pair(small(shapes[0])), pair(small(shapes[1]))
    check_error(outcome(lambda: x @ p), outcome(lambda: y @ q))


def test_bad_dtypes_and_operands():
    (x, y), (p, q) = pair(small((2, 2))), pair(small((2, 2), np.float64))
    check_error(outcome(lambda: x @ p), outcome(lambda: y @ q))
    check_error(outcome(lambda: x.mm(x[0])), outcome(lambda: y.mm(y[0])))
    check_error(outcome(lambda: x.bmm(x)), outcome(lambda: y.bmm(y)))
    with pytest.raises(TypeError):
        x @ 2


CASES = list(itertools.product(
    [(1, 1), (2, 3)], [(0, 0), (1, 2)], [(1, 1), (2, 1)], [1, 2],
))  # fmt: skip


def test_conv():
    a, w = small((2, 4, 7, 6)), small((6, 4, 3, 2))
    (x, y), (b, c) = pair(a), pair(small((6,)))
    calls = {}
    for stride, padding, dilation, groups in CASES:
        k, m = pair(w[:, : 4 // groups].copy())
        attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        calls[tuple(attrs.values())] = (
            (lambda k=k, a=attrs: record("conv", (x, k, b), **a)),
            (lambda m=m, a=attrs: F.conv2d(y, m, c, **a)),
        )
    compare(calls, signs=False)


def test_conv_of_views_and_with_epilogue():
    (x, y), (k, m) = pair(small((7, 6, 4, 2))), pair(small((3, 4, 1, 1)))
    attrs = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    ours = record("conv", (x.permute(3, 2, 0, 1), k), **attrs).relu().mean((2, 3))
    check(ours, F.conv2d(y.permute(3, 2, 0, 1), m).relu().mean((2, 3)), rtol=1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_max_pool(kind):
    x, y = pair(RNG.normal(size=(2, 3, 7, 6)).astype(kind))
    calls = {}
    for kernel, stride, padding, dilation in (
        ((2, 2), (2, 2), (0, 0), (1, 1)), ((3, 2), (1, 2), (1, 1), (1, 1)),
        ((2, 3), (2, 1), (1, 0), (2, 1)), ((7, 6), (1, 1), (0, 0), (1, 1)),
    ):  # fmt: skip
        attrs = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        calls[tuple(attrs.values())] = (
            (lambda a=attrs: record("max_pool", (x,), **a, extra=(0, 0))),
            (lambda a=tuple(attrs.values()): F.max_pool2d(y, *a)),
        )
    compare(calls)


def test_max_pool_ties_and_nan():
    a = np.array([[[[1, 1, np.nan, 0], [1, 1, 2, 3], [-5, -5, -np.inf, -1], [-6, -7, -2, -3]]]])
    results = []
    for lib in (nt, torch):
        x = lib.tensor(a, requires_grad=True)
        if lib is nt:
            h = record("max_pool", (x,), kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), extra=(0, 0))
        else:
            h = F.max_pool2d(x, 2)
        (h * lib.arange(4).view(1, 1, 2, 2)).sum().backward()
        results.append([h, x.grad])
    check(*results)


def test_gradients_of_convolution_are_torchs():
    for stride, padding, dilation, groups in (CASES[0], CASES[5], CASES[-1]):
        results = []
        a, w = small((2, 4, 7, 6)), small((6, 4 // groups, 3, 2))
        for lib in (nt, torch):
            x, k = lib.tensor(a, requires_grad=True), lib.tensor(w, requires_grad=True)
            attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
            h = record("conv", (x, k), **attrs) if lib is nt else F.conv2d(x, k, **attrs)
            (h * h).sum().backward()
            results.append([h, x.grad, k.grad])
        check(*results, signs=False)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize(("channels", "out", "groups"), [(100, 100, 100), (6, 12, 6), (8, 4, 2)])
def test_grouped_convolutions(name, channels, out, groups):
    # 100 groups of their own nested too deeply for Python to parse their sizes.
    shape = (out, channels // groups) if name == "conv2d" else (channels, out // groups)
    arrays = [np.random.randn(2, channels, 5, 6), np.random.randn(*shape, 3, 3)]
    ours = [nt.tensor(a.astype(np.float32), requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a.astype(np.float32), requires_grad=True) for a in arrays]
    got = getattr(nt.nn.functional, name)(*ours, padding=1, groups=groups)
    want = getattr(torch.nn.functional, name)(*theirs, padding=1, groups=groups)
    (got * got).sum().backward()
    (want * want).sum().backward()
    for a, b in ((got, want), *((o.grad, t.grad) for o, t in zip(ours, theirs))):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-4, atol=1e-4)
