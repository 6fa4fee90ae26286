"""Sorting, ranks, quantiles, searching and counting: as torch's."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import check, compare, pair, settings, torch

rng = np.random.default_rng(6)


def special(shape, dtype):
    """Ties everywhere; in floats NaN, infinities and zeros of both signs."""
    a = (rng.standard_normal(shape) * 100).astype(dtype)
    if a.dtype.kind == "f":
        flat = a.reshape(-1)
        for k, value in enumerate((0.0, -0.0, np.nan, np.inf, -np.inf)):
            flat[k :: 7 + 3 * k] = value
    return a


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
def test_sort_is_stable_in_torchs_order(dtype):
    # Inserted and counted rows are one kernel, columns another.
    shapes = [((4, 90), 1), ((5, 9), 1)] + ([((90, 20), 0)] if dtype in ("float32", "int64") else [])
    for shape, dim in shapes:
        x, y = pair(special(shape, dtype))
        for descending in (False, True):
            got = x.sort(dim, descending)
            want = torch.sort(y, dim=dim, descending=descending, stable=True)
            check(tuple(got), tuple(want), what=(shape, dim, descending))


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_long_rows_are_merged(dtype):
    x, y = pair(special((2, 150_001), dtype))
    check(tuple(x.sort()), tuple(torch.sort(y, stable=True)))


def test_values_alone():
    # Integers then have no indices; zeros of both signs do.
    for shape, dtype in (((2, 70_001), "int64"), ((3, 90), "int64"), ((3, 90), "float64")):
        x, y = pair(special(shape, dtype))
        values = x.sort(-1, True)[0].numpy()
        want = torch.sort(y, dim=-1, descending=True, stable=True)[0].numpy()
        np.testing.assert_array_equal(values, want)
        np.testing.assert_array_equal(np.signbit(values), np.signbit(want))


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_topk_and_kth(dtype):
    x, y = pair(special((4, 200), dtype))
    for k in (1, 7, 150, 200):
        for largest in (True, False):
            check_found(x, x.topk(k, largest=largest), y.topk(k, largest=largest), k)
        check_found(x, x.kthvalue(k, keepdim=True), y.kthvalue(k, keepdim=True), k)


def check_found(x, got, want, what):
    """Equal values, and indices that lead to them (of equal elements any)."""
    values, at = (t.numpy() for t in got)
    np.testing.assert_array_equal(values, want.values.numpy(), err_msg=str(what))
    np.testing.assert_array_equal(np.take_along_axis(x.numpy(), at, 1), values)


def test_medians_and_mode():
    x, y = pair(special((5, 31), np.float32))
    u, v = pair(rng.integers(0, 4, (6, 15)))
    calls = {
        "median": (lambda: tuple(x.median(1)), lambda: tuple(y.median(1))),
        "nanmedian": (lambda: x.nanmedian(1).values, lambda: y.nanmedian(1).values),
        "all": (lambda: u.median(), lambda: v.median()),
        "nan": (lambda: x.median(), lambda: y.median()),
        "nan left out": (lambda: x.nanmedian(), lambda: y.nanmedian()),
        "mode": (lambda: tuple(u.mode(1)), lambda: tuple(v.mode(1))),
        "mode 0": (lambda: tuple(u.mode(0, True)), lambda: tuple(v.mode(0, True))),
        "empty": (lambda: nt.empty(0, 2).median(0), lambda: torch.empty(0, 2).median(0)),
        "k": (lambda: x.topk(99), lambda: y.topk(99)),
        "bool": (lambda: (x > 0).median(), lambda: (y > 0).median()),
    }
    compare(calls, signs=False)


def test_gradients():
    a = rng.standard_normal((4, 7))
    for name, call in {
        "sort": lambda t: t.sort(0)[0], "topk": lambda t: t.topk(3)[0],
        "kthvalue": lambda t: t.kthvalue(2)[0], "median": lambda t: t.median(1)[0],
        "middle": lambda t: t.median(), "quantile": lambda t: t.quantile(0.3, 1),
    }.items():  # fmt: skip
        x, y = pair(a, requires_grad=True)
        (call(x) ** 2).sum().backward()
        (call(y) ** 2).sum().backward()
        check(x.grad, y.grad, rtol=1e-12, what=name)


def test_values_and_indices_come_from_one_kernel():
    from numtorch.jit.explain import explain

    x = nt.randn(3, 80)
    report = explain(lambda: tuple(x.sort(1)))
    assert [k.name for k in report.kernels] == ["sort_rows"]


@pytest.mark.parametrize("how", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantiles(how):
    a = rng.standard_normal((3, 8)).astype(np.float32)
    a[1, 2] = np.nan
    x, y = pair(a)
    p, q = pair(np.array([0.1, 0.5, 1.0], np.float32))
    for name in ("quantile", "nanquantile"):
        ours, theirs = getattr(nt, name), getattr(torch, name)
        check(ours(x, p, 1, interpolation=how), theirs(y, q, 1, interpolation=how), rtol=1e-6)
        check(ours(x, 0.3, keepdim=True, interpolation=how),
              theirs(y, 0.3, keepdim=True, interpolation=how), rtol=1e-6)  # fmt: skip


def test_searching():
    s = np.sort(rng.standard_normal((2, 9)), 1)
    v = rng.standard_normal((2, 5))
    v[0, 0], v[1, 1] = np.nan, s[1, 3]
    (x, y), (a, b) = pair(s), pair(v)
    order = np.argsort(rng.random((2, 9)), 1)
    mixed = np.empty_like(s)
    np.put_along_axis(mixed, order, s, 1)
    (m, n), (o, p) = pair(mixed), pair(order)
    calls = {
        "left": (lambda: nt.searchsorted(x, a), lambda: torch.searchsorted(y, b)),
        "right": (
            lambda: nt.searchsorted(x, a, side="right", out_int32=True),
            lambda: torch.searchsorted(y, b, side="right", out_int32=True),
        ),
        "sorter": (
            lambda: nt.searchsorted(m, a, sorter=o), lambda: torch.searchsorted(n, b, sorter=p)),
        "shapes": (lambda: nt.searchsorted(x, a[:1]), lambda: torch.searchsorted(y, b[:1])),
        "buckets": (lambda: nt.bucketize(a, x[0]), lambda: torch.bucketize(b, y[0])),
        "number": (lambda: nt.bucketize(0.1, x[0]), lambda: torch.bucketize(0.1, y[0])),
        "isin": (lambda: nt.isin(o, o[0, :2]), lambda: torch.isin(p, p[0, :2])),
    }  # fmt: skip
    compare(calls)


def test_unique():
    a = rng.integers(0, 5, (6, 4))
    x, y = pair(a)
    f, g = pair(np.array([np.nan, 1.0, 1.0, np.nan, -0.0, 0.0]))
    flags = {"return_inverse": True, "return_counts": True}
    calls = {
        "all": (lambda: nt.unique(x, **flags), lambda: torch.unique(y, **flags)),
        "float": (lambda: nt.unique(f, **flags), lambda: torch.unique(g, **flags)),
        "rows": (lambda: x.unique(dim=0, **flags), lambda: y.unique(dim=0, **flags)),
        "runs": (
            lambda: nt.unique_consecutive(x, **flags),
            lambda: torch.unique_consecutive(y, **flags),
        ),
        "columns": (
            lambda: nt.unique_consecutive(x, dim=1, **flags),
            lambda: torch.unique_consecutive(y, dim=1, **flags),
        ),
    }
    compare(calls, signs=False)


def test_counting():
    x, y = pair(rng.integers(0, 9, 50))
    f, g = pair(rng.standard_normal(50).astype(np.float32))
    p, q = pair(rng.standard_normal((40, 2)).astype(np.float32))
    calls = {
        "bincount": (lambda: nt.bincount(x, minlength=12), lambda: torch.bincount(y, minlength=12)),
        "weights": (lambda: x.bincount(f), lambda: y.bincount(g)),
        "negative": (lambda: nt.bincount(-x), lambda: torch.bincount(-y)),
        "histc": (lambda: nt.histc(f, 7, -1, 1), lambda: torch.histc(g, 7, -1, 1)),
        "data": (lambda: nt.histc(f, 5), lambda: torch.histc(g, 5)),
        "histogram": (
            lambda: tuple(nt.histogram(f, 6, density=True)),
            lambda: tuple(torch.histogram(g, 6, density=True)),
        ),
        "edges": (
            lambda: nt.histogram(f, nt.tensor([-1.0, 0.0, 2.0]), weight=f).hist,
            lambda: torch.histogram(g, torch.tensor([-1.0, 0.0, 2.0]), weight=g).hist,
        ),
        "two": (
            lambda: nt.histogramdd(p, [3, 4]).hist, lambda: torch.histogramdd(q, [3, 4]).hist),
        "range": (
            lambda: nt.histogram(f, 3, range=(2.0, 1.0)),
            lambda: torch.histogram(g, 3, range=(2.0, 1.0)),
        ),
    }  # fmt: skip
    compare(calls, rtol=1e-5, atol=1e-6)


def test_interpreted():
    a = special((2, 70), np.float32)
    x, y = pair(a)
    with settings(interp=True):
        check(tuple(x.t().sort(0)), tuple(torch.sort(y.t(), dim=0, stable=True)))
        check(tuple(x.sort(1)), tuple(torch.sort(y, stable=True)))
        check(x.topk(3).values, y.topk(3).values, signs=False)
        check(x.kthvalue(9).values, y.kthvalue(9).values, signs=False)
