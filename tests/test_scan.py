"""Scans along a dim: values, gradients, types and errors as torch's."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import check, compare, pair, settings, torch

rng = np.random.default_rng(5)
TABLE = rng.standard_normal((3, 40, 5)).astype(np.float32)
ZEROS = np.array([[2.0, 0, 3, 4], [1, 2, 3, 4], [0, 5, 0, 7], [0, 0, 1, 2]])


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp"])
def test_running_values_along_every_dim(name):
    x, y = pair(TABLE)
    for dim in range(3):
        check(getattr(x, name)(dim), getattr(y, name)(dim), rtol=1e-6, atol=1e-6)
    part, other = x[:, ::2].transpose(0, 1), y[:, ::2].transpose(0, 1)
    check(getattr(part, name)(0), getattr(other, name)(0), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes(name):
    special = np.array([1.0, 3.0, 3.0, np.nan, 2.0, np.nan, np.inf])
    calls = {}
    for label, a in (("table", TABLE), ("nan", special), ("ints", [2, 2, 1, 3]),
                     ("bools", [False, True, True, False]), ("point", 3.0)):  # fmt: skip
        x, y = pair(a)
        for dim in range(max(1, x.dim())):
            calls[f"{label} {dim}"] = (
                lambda x=x, d=dim: tuple(getattr(x, name)(d)),
                lambda y=y, d=dim: tuple(getattr(y, name)(d)),
            )
    compare(calls)


def test_types_of_results():
    calls = {}
    for name in ("cumsum", "cumprod"):
        for dtype in ("int32", "uint8", "bool", "float64"):
            x, y = pair(np.array([1, 0, 2, 3]).astype(dtype))
            calls[f"{name} {dtype}"] = (
                lambda f=getattr(x, name): f(0), lambda f=getattr(y, name): f(0))  # fmt: skip
        x, y = pair(TABLE[0])
        calls[name + " dtype="] = (
            lambda f=getattr(x, name): f(1, dtype=nt.float64),
            lambda f=getattr(y, name): f(1, dtype=torch.float64),
        )
    compare(calls)


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "logcumsumexp", "cummax"])
def test_gradients(name):
    for a in (TABLE[0, :6].astype(np.float64), ZEROS):
        x, y = pair(a, requires_grad=True)
        w = rng.standard_normal(a.shape)
        u, v = pair(w)
        for t, weight in ((x, u), (y, v)):
            out = getattr(t, name)(1)
            out = out[0] if name == "cummax" else out
            (out * weight).sum().backward()
        check(x.grad, y.grad, rtol=1e-9, atol=1e-12)


def test_second_derivative_of_cumprod_with_zeros():
    x, y = pair(ZEROS, requires_grad=True)
    for t, lib in ((x, nt), (y, torch)):
        (g,) = lib.autograd.grad((t.cumprod(1) ** 2).sum(), t, create_graph=True)
        (g * g).sum().backward()
    check(x.grad, y.grad, rtol=1e-9)


def test_long_rows_divide_by_elements_but_not_by_zeros():
    a = rng.uniform(0.9, 1.1, 600)
    for zeros in ((), (200,), (200, 300)):
        b = a.copy()
        b[list(zeros)] = 0
        x, y = pair(b, requires_grad=True)
        x.cumprod(0).sum().backward()
        y.cumprod(0).sum().backward()
        check(x.grad, y.grad, rtol=1e-8)


def test_differences_and_areas():
    x, y = pair(TABLE[0])
    p, q = pair(np.arange(40.0, dtype=np.float32) ** 2)
    calls = {
        "diff": (lambda: nt.diff(x), lambda: torch.diff(y)),
        "diff 2": (lambda: x.diff(2, 0), lambda: y.diff(2, 0)),
        "ends": (lambda: nt.diff(x, prepend=x), lambda: torch.diff(y, prepend=y)),
        "negative": (lambda: nt.diff(x, -1), lambda: torch.diff(y, -1)),
        "area": (lambda: nt.trapezoid(x, dx=0.5), lambda: torch.trapezoid(y, dx=0.5)),
        "points": (lambda: nt.trapz(x, p, dim=0), lambda: torch.trapz(y, q, dim=0)),
        "running": (
            lambda: nt.cumulative_trapezoid(x, p, dim=0),
            lambda: torch.cumulative_trapezoid(y, q, dim=0),
        ),
        "sizes": (lambda: nt.trapz(x, p), lambda: torch.trapz(y, q)),
        "dim": (lambda: x.cumsum(7), lambda: y.cumsum(7)),
        "bool": (lambda: x.cumsum(0, dtype=nt.bool), lambda: y.cumsum(0, dtype=torch.bool)),
    }
    compare(calls, rtol=1e-5, atol=1e-5)


def test_in_place_and_out():
    x, y = pair(np.arange(4, dtype=np.int32))
    assert x.cumsum_(0) is x
    check(x, y.cumsum_(0))
    out = nt.empty(0, dtype=nt.int64)
    assert nt.cumprod(x, 0, out=out) is out
    check(out, torch.cumprod(y, 0))


def test_interpreted():
    x, y = pair(TABLE[:, :5])
    with settings(interp=True):
        for dim in (1, 2):
            check(x.cumsum(dim), y.cumsum(dim), rtol=1e-6)
            check(tuple(x.cummin(dim)), tuple(y.cummin(dim)))
