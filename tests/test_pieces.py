"""Traces whose structure keeps changing: run from pieces, with the values of whole plans."""

from __future__ import annotations

import random

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from numtorch.jit import counters, flush, pieces
from numtorch.jit.flush import clear_plans


@pytest.fixture(autouse=True)
def fresh():
    clear_plans()
    counters.reset()
    yield
    clear_plans()


@pytest.fixture
def always(monkeypatch):
    """Everything runs from pieces that can."""
    monkeypatch.setattr(flush, "FAMILIAR", -1)
    monkeypatch.setattr(flush, "TIMES", 10**9)


def tree(leaves: int, rng: random.Random):
    if leaves == 1:
        return rng.randrange(3)
    left = rng.randrange(1, leaves)
    return tree(left, rng), tree(leaves - left, rng)


def recursive(lib, trees: list) -> list[float]:
    """Losses of a network over trees."""
    rng = np.random.default_rng(0)

    def parameter(*shape: int):
        values = rng.standard_normal(shape).astype("f4")
        return lib.tensor(values, requires_grad=True)

    words, join, bias = [parameter(4) for _ in range(3)], parameter(4, 8), parameter(4)
    opt = lib.optim.Adam([*words, join, bias], lr=0.05)

    def state(node):
        if isinstance(node, int):
            return words[node]
        both = lib.cat([state(node[0]), state(node[1])])
        return lib.tanh(lib.nn.functional.linear(both, join, bias))

    losses = []
    for t in trees:
        opt.zero_grad()
        loss = (state(t) ** 2).sum()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def some_trees(count: int) -> list:
    rng = random.Random(0)
    return [tree(rng.randint(5, 9), rng) for _ in range(count)]


def test_new_trees_compile_nothing_and_leave_no_plans():
    trees = some_trees(330)
    recursive(nt, trees[:300])
    known = len(flush.structures), len(flush.templates), len(pieces.pieces)
    counters.reset()
    recursive(nt, trees[300:])
    assert counters.kernels_compiled == counters.kernels_loaded == 0
    assert counters.pieced >= 20
    assert len(flush.structures) <= known[0] + 6 and len(flush.templates) <= known[1] + 6
    assert len(pieces.pieces) <= known[2] + 2


def test_a_stack_of_a_new_length_compiles_nothing():
    """The gradients of its parts are not one kernel with as many results."""
    w = nt.tensor(0.5, requires_grad=True)

    def gradient(n: int) -> float:
        w.grad = None
        (nt.stack([(w * k).tanh() for k in range(n)]) * nt.arange(float(n))).sum().backward()
        return w.grad.item()

    def wanted(n: int) -> float:
        k = np.arange(n, dtype="f4")
        return float((k * k / np.cosh(0.5 * k) ** 2).sum())

    for n in range(12, 21):
        assert gradient(n) == pytest.approx(wanted(n), rel=1e-5)
    compiled = counters.kernels_compiled + counters.kernels_loaded
    for n in (25, 31, 40):
        assert gradient(n) == pytest.approx(wanted(n), rel=1e-5)
    assert counters.pieced > 0
    assert counters.kernels_compiled + counters.kernels_loaded == compiled


def episodes(lib, lengths: list) -> list:
    """Losses and gradients of a policy whose every step is read before the next one."""
    rng = np.random.default_rng(0)
    w1, w2 = (lib.tensor(rng.standard_normal(s).astype("f4"), requires_grad=True)
              for s in ((6, 4), (3, 6)))  # fmt: skip
    opt = lib.optim.SGD([w1, w2], lr=0.1)
    found = []
    for n in lengths:
        logs, values = [], []
        for k in range(n):
            x = lib.tensor(rng.standard_normal((2, 4)).astype("f4"))
            hidden = (x @ w1.T).relu()
            scores = lib.log_softmax(hidden @ w2.T, -1)
            found.append(scores.sum().item())
            logs.append(scores[k % 2, int(scores.argmax().item()) % 3])
            values.append(hidden.mean() * 2)
        loss = -(lib.stack(logs) * lib.arange(float(n))).sum() + lib.stack(values).sum()
        found.append(loss.item())
        opt.zero_grad()
        loss.backward()
        opt.step()
        found += [w1.grad.numpy().copy(), w2.grad.numpy().copy()]
    return found


def test_graphs_of_older_windows_run_from_pieces(always):
    lengths = [3, 5, 4, 7]
    mine = episodes(nt, lengths)
    for a, b in zip(mine, episodes(torch, lengths), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
    counters.reset()
    episodes(nt, [6])
    assert counters.pieced == counters.flushes  # the backward too


def test_a_loop_that_is_read_at_every_turn_runs_from_pieces_at_once():
    episodes(nt, [12])
    assert counters.pieced == 1  # its backward


def test_losses_are_those_of_torch_and_of_whole_plans(monkeypatch):
    trees = some_trees(40)
    found = recursive(nt, trees)
    assert counters.pieced > 20
    np.testing.assert_allclose(found, recursive(torch, trees), rtol=1e-4)
    monkeypatch.setattr(flush, "FAMILIAR", 10**9)
    counters.reset()
    np.testing.assert_allclose(found[:9], recursive(nt, trees[:9]), rtol=1e-4)
    assert counters.pieced == 0


def test_a_structure_that_comes_back_is_planned_whole():
    trees = some_trees(20)
    recursive(nt, trees)
    counters.reset()
    recursive(nt, [((0, 1), ((2, 1), (1, 1)))] * 6)
    # The first two are seen for the first time twice: with and without states of the optimizer.
    assert 2 <= counters.pieced <= 4 and counters.plan_hits >= 1


def test_views_several_readers_and_kept_graphs(always):
    for lib in (nt, torch):
        x = lib.tensor(np.arange(12, dtype="f4").reshape(3, 4) / 10, requires_grad=True)
        w = lib.tensor(np.linspace(-1, 1, 16, dtype="f4").reshape(4, 4), requires_grad=True)
        h = (x @ w).relu()
        part = h[1:].t()
        loss = (part.exp() * part).sum() + h.softmax(1)[0, 1] + x[:, 0].cumsum(0).sum()
        kept = loss.item()  # the graph outlives a flush
        loss.backward(retain_graph=True)
        (again,) = lib.autograd.grad(loss, w, lib.tensor(2.0))
        found = [np.float32(kept), *(t.detach().numpy() for t in (x.grad, w.grad, again, part))]
        if lib is nt:
            ours = found
    assert counters.pieced >= 1  # the forward; graphs that outlive a flush are planned whole
    for a, b in zip(ours, found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_random_numbers_do_not_depend_on_how_a_trace_runs(always, monkeypatch):
    def draw():
        nt.manual_seed(7)
        x = nt.rand(5) + nt.randn(5)
        return nt.nn.functional.dropout(x, 0.5).numpy().copy()

    found = draw()
    assert counters.pieced
    monkeypatch.setattr(flush, "FAMILIAR", 10**9)
    np.testing.assert_array_equal(found, draw())


def test_an_index_out_of_range_is_the_users_error(always):
    x = nt.arange(4.0, requires_grad=True)
    before = x * 2
    bad = before[nt.tensor([1, 9])]
    after = bad + 1
    with pytest.raises(IndexError, match="index 9 is out of bounds.*test_pieces"):
        after.detach().numpy()
    np.testing.assert_array_equal(before.detach().numpy(), [0, 2, 4, 6])
    with pytest.raises(IndexError):
        bad.detach().numpy()


@pytest.mark.parametrize("kind", ["hook", "create_graph", "assign"])
def test_what_pieces_can_not_run_is_planned_whole(always, kind):
    x = nt.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    if kind == "hook":
        x.register_hook(lambda g: g * 2)
        y.backward()
        want = [4.0, 8.0]
    elif kind == "create_graph":
        (g,) = nt.autograd.grad(y, x, create_graph=True)
        (g * g).sum().backward()
        want = [8.0, 16.0]
    else:
        y.backward()
        with nt.no_grad():
            x -= x.grad
        np.testing.assert_array_equal(x.detach().numpy(), [-1.0, -2.0])
        want = [2.0, 4.0]
    np.testing.assert_array_equal(x.grad.numpy(), want)


def _joined(lib, count: int, dim: int):
    """Loss and gradients of a loop whose results are joined: one is read twice, one is a view."""
    rng = np.random.default_rng(count)
    w = lib.tensor(rng.standard_normal((3, 4)), requires_grad=True)
    b = lib.tensor(rng.standard_normal((2, 3)), requires_grad=True)
    h, parts = lib.zeros(2, 3, dtype=lib.float64), []
    for _ in range(count):
        h = (h @ w)[:, :3].tanh() + b
        parts.append(h)
    joined = lib.cat([*parts, parts[0], b], dim)
    stacked = lib.stack(parts, dim)
    loss = (joined * joined).sum() + stacked.exp().mean()
    loss.backward()
    return [loss.item(), w.grad.numpy().copy(), b.grad.numpy().copy()]


@pytest.mark.parametrize("dim", [0, 1])
def test_joins_of_new_lengths(dim):
    """Values and gradients are PyTorch's; lengths that come after the first compile nothing."""
    for count in (9, 14, 11, 17, 10, 12, 19, 13, 16, 15):
        before = counters.kernels_compiled + counters.kernels_loaded
        got = _joined(nt, count, dim)
        for a, b in zip(got, _joined(torch, count, dim)):
            np.testing.assert_allclose(a, b, rtol=1e-9)
    assert counters.pieced
    assert counters.kernels_compiled + counters.kernels_loaded == before
