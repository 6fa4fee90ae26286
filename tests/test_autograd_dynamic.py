"""Graphs that change at every step: right gradients, few kernels, a bounded plan cache."""

from __future__ import annotations

import itertools

import numpy as np
import numtorch as nt
import pytest
from autograd_cases import parity, same
from helpers import settings
from numtorch.jit import config, flush
from numtorch.jit.record import Tape


@parity
def test_recursion_over_trees(t):
    table = (t.arange(12.0).reshape(3, 4) / 10).requires_grad_()
    w = (t.arange(32.0).reshape(4, 8) / 50).requires_grad_()

    def encode(tree):
        if isinstance(tree, int):
            return table[tree]
        return t.tanh(w @ t.cat([encode(tree[0]), encode(tree[1])]))

    losses = []
    for tree in (0, (1, 2), ((0, 1), 2), ((0, (1, 1)), (2, 0))):
        loss = (encode(tree) ** 2).sum()
        loss.backward()
        losses.append(loss)
    return losses, table.grad, w.grad


@parity
def test_lengths_and_branches(t):
    w = t.tensor(0.9, requires_grad=True)
    out = []
    for length in (1, 4, 2, 7):
        h = t.ones(3)
        for k in range(length):
            h = h * w + k
            if h.sum() > 6:
                h = h.sin()
        h.sum().backward()
        out.append(w.grad.clone())
    return out


def layers(order, weights, x):
    """A network of matrix products with tanh or relu after each."""
    for kind, w in zip(order, weights):
        x = x @ w
        x = x.tanh() if kind else x.relu()
    return x.sum()


def test_a_new_structure_of_known_kernels_compiles_nothing():
    rng = np.random.default_rng(0)
    weights = [nt.tensor(rng.normal(size=(4, 4))).requires_grad_() for _ in range(5)]
    x = nt.tensor(rng.normal(size=(3, 4)))
    orders = list(itertools.product((0, 1), repeat=5))
    # Each neighbourhood of three layers is met in the first few.
    known, new = orders[::3], orders[1::3]
    for order in known:
        layers(order, weights, x).backward()
        weights[0].grad.tolist()
    compiled, misses = config.counters.kernels_compiled, config.counters.plan_misses
    for order in new:
        layers(order, weights, x).backward()
        weights[0].grad.tolist()
    assert config.counters.plan_misses > misses
    assert config.counters.kernels_compiled == compiled


def test_the_plan_cache_is_bounded(monkeypatch):
    monkeypatch.setattr(flush, "MAX_STRUCTURES", 10)
    with settings(interp=True):
        w = nt.ones(2, requires_grad=True)
        for n in range(1, 25):
            h = w
            for _ in range(n):
                h = h * w
            h.sum().backward()
            w.grad.tolist()
        assert len(flush.structures) <= 10
        assert len(flush.templates) <= 11


def test_hooks_of_leaves_are_counted():
    before = Tape.leaf_hooks
    x = nt.tensor([1.0, 2.0], requires_grad=True)
    with x.register_hook(lambda g: g):
        assert Tape.leaf_hooks == before + 1
    assert Tape.leaf_hooks == before
    handle = x.register_post_accumulate_grad_hook(print)
    del x
    assert Tape.leaf_hooks == before
    handle.remove()


@pytest.mark.parametrize("size", [2, 5])
def test_batches_of_another_size_share_a_plan(size):
    f = nt.vmap(nt.func.grad(lambda w, x: (w * x).sin().sum()), in_dims=(None, 0))
    w = nt.arange(3.0)
    f(w, nt.ones(4, 3)).tolist()
    misses, bound = config.counters.kernels_compiled, config.counters.plans_bound
    f(w, nt.ones(size + 4, 3)).tolist()
    assert config.counters.kernels_compiled == misses
    assert config.counters.plans_bound >= bound


def test_compiled_programs():
    """Hooks, Functions and vmap with compiled kernels."""

    def program(t):
        class Cube(t.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x**3

            @staticmethod
            def backward(ctx, g):
                return g * 3 * ctx.saved_tensors[0] ** 2

        x = t.arange(4.0, requires_grad=True)
        y = Cube.apply(x * 2)
        y.register_hook(lambda g: g * 0.5)
        (y * x).sum().backward()
        m = t.arange(12.0).reshape(3, 4)
        rows = t.vmap(t.func.grad(lambda r: (r.softmax(0) * m[0]).sum()))(m)
        return x.grad, rows, t.vmap(t.matmul, in_dims=(0, None))(m, m.T)

    same(program, compiled=True)


def test_long_loops_that_are_read_at_every_turn():
    """A graph over thousands of windows: no recursion over them."""
    with settings(interp=True):
        w = nt.ones(3, requires_grad=True)
        x = w
        for _ in range(1500):
            x = x * 1.001
            x.sum().item()
        x.sum().backward()
        np.testing.assert_allclose(w.grad.numpy(), np.full(3, 1.001**1500), rtol=1e-4)


def test_a_long_loop_is_never_planned_whole(monkeypatch):
    """A backward through several full windows of a loop runs from pieces, however often."""
    monkeypatch.setattr(flush, "LONG_LOOP", 50)
    w = nt.tensor([0.5, 0.25], requires_grad=True)
    config.counters.reset()
    for _ in range(4):
        w.grad = None
        x = w
        for _ in range(40):
            x = (x * w).sin()
            x.sum().item()
        x.sum().backward()
        grad = w.grad.tolist()
    assert config.counters.pieced == 4
    with settings(interp=True):
        v = nt.tensor([0.5, 0.25], requires_grad=True)
        y = v
        for _ in range(40):
            y = (y * v).sin()
        y.sum().backward()
    np.testing.assert_allclose(grad, v.grad.tolist(), rtol=1e-5)
