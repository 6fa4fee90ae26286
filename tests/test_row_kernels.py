"""Row kernels: dear values kept between loops, sums over the rows taken on the way."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from numtorch.jit import config, explain
from numtorch.jit.flush import clear_plans
from numtorch.jit.passes import simplify


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Sums over rows are split at sizes that a test can run in plain Python."""
    monkeypatch.setattr(simplify, "SPLIT_MIN", 64)
    monkeypatch.setattr(simplify, "SPLIT_BLOCK", 32)
    clear_plans()
    yield
    clear_plans()


def norm_gelu(lib, shape, up):
    """Values and gradients of GELU after a layer norm."""
    x = lib.tensor(np.sin(np.arange(np.prod(shape), dtype="f4")).reshape(shape))
    x.requires_grad_()
    w = lib.tensor(np.linspace(0.5, 1.5, shape[-1], dtype="f4"), requires_grad=True)
    b = lib.tensor(np.linspace(-1, 1, shape[-1], dtype="f4"), requires_grad=True)
    y = lib.nn.functional.gelu(lib.nn.functional.layer_norm(x, shape[-1:], w, b))
    y.backward(lib.tensor(up))
    return [t.detach().numpy() for t in (y, x.grad, w.grad, b.grad)]


@pytest.mark.parametrize("interp", [False, True])
@pytest.mark.parametrize("shape", [(23, 9), (5, 7, 8), (16, 1)])
def test_layer_norm_and_its_sums_over_rows(shape, interp, monkeypatch):
    monkeypatch.setattr(config, "interp", interp)
    up = np.cos(np.arange(np.prod(shape), dtype="f4")).reshape(shape)
    for a, b in zip(norm_gelu(nt, shape, up), norm_gelu(torch, shape, up), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_they_are_one_kernel_and_the_blocks_sums():
    up = np.ones((40, 9), "f4")
    report = explain(lambda: norm_gelu(nt, (40, 9), up))
    assert [k.mode for k in report.kernels].count("row") == 1
    assert not any(k.mode == "split" for k in report.kernels)
    source = next(k.source for k in report.kernels if k.mode == "row")
    assert source.count("gauss_cdf_f32") == source.count("gauss_pdf_f32") == 1


def test_threads_do_not_change_the_sums():
    up = np.cos(np.arange(64 * 33, dtype="f4")).reshape(64, 33)
    found = []
    threads = nt.get_num_threads()
    try:
        for n in (1, 2):
            nt.set_num_threads(n)
            clear_plans()
            found.append(norm_gelu(nt, (64, 33), up))
    finally:
        nt.set_num_threads(threads)
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["layer_norm", "group_norm"])
def test_second_derivatives_of_norms(name):
    found = []
    for lib in (nt, torch):
        x = lib.tensor(np.sin(np.arange(8.0)).reshape(2, 4), requires_grad=True)
        w = lib.tensor(np.arange(1.0, 5.0), requires_grad=True)
        F = lib.nn.functional
        y = F.layer_norm(x, (4,), w) if name == "layer_norm" else F.group_norm(x, 2, w)
        (g,) = lib.autograd.grad((y**3).sum(), x, create_graph=True)
        (g * g).sum().backward()
        found.append([x.grad.numpy(), w.grad.numpy()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)
