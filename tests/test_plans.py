"""What compiles, what is planned, what is only bound: the counters prove it."""

from __future__ import annotations

import numpy as np
import numtorch as torch
import pytest
from graphs import data
from numtorch.jit import counters
from numtorch.jit.buffers import Buffers
from numtorch.jit.flush import clear_plans


@pytest.fixture(autouse=True)
def fresh():
    clear_plans()
    counters.reset()
    yield
    clear_plans()


def mlp_step(params, x, y, lr: float) -> float:
    """A training step without nn: two layers, squared error, SGD."""
    w1, b1, w2, b2 = params
    h = (x @ w1 + b1).relu()
    loss = ((h @ w2 + b2 - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
            p.grad = None
    return loss.item()


def parameters():
    return [
        data(20, 16, seed=1, grad=True), data(16, seed=2, grad=True),
        data(16, 3, seed=3, grad=True), data(3, seed=4, grad=True),
    ]  # fmt: skip


def test_the_same_step_again_is_a_hit():
    params, x, y = parameters(), data(32, 20), data(32, 3)
    for _ in range(3):
        mlp_step(params, x, y, 0.01)
    counters.reset()
    for _ in range(10):
        mlp_step(params, x, y, 0.01)
    assert counters.plan_misses == 0 and counters.kernels_compiled == 0
    assert counters.plan_hits == counters.flushes >= 10


def test_a_hundred_batch_sizes_compile_nothing_new():
    params = parameters()
    for n in (200, 201):
        mlp_step(params, data(n, 20), data(n, 3), 0.01)
    counters.reset()
    for n in range(2, 102):
        mlp_step(params, data(n, 20), data(n, 3), 0.01)
    assert counters.kernels_compiled == 0 and counters.kernels_loaded == 0
    # Also where the batch is as large as a layer (3, 16, 20).
    assert counters.plans_bound == counters.plan_misses == 100


def test_losses_do_not_depend_on_the_plan_being_bound():
    got, want = [], []
    for found, forget in ((got, False), (want, True)):
        params = parameters()
        for n in range(30, 50):
            if forget:
                clear_plans()
            found.append(mlp_step(params, data(n, 20), data(n, 3), 0.01))
    assert got == want


def test_a_rate_that_changes_each_step_misses_no_plan():
    params, x, y = parameters(), data(32, 20), data(32, 3)
    for _ in range(3):
        mlp_step(params, x, y, 0.01)
    counters.reset()
    for k in range(50):
        mlp_step(params, x, y, 0.01 / (k + 1))
    assert counters.plan_misses == 0 and counters.kernels_compiled == 0


def test_scalars_are_arguments():
    x = data(8)
    plain = x.tolist()
    (x * 2.5 + 1).tolist()
    counters.reset()
    for k in range(20):
        got = (x * (k / 7) + k).tolist()
        assert got == pytest.approx([v * (k / 7) + k for v in plain], rel=1e-6, abs=1e-6)
    assert counters.plan_misses == 0


def test_a_growing_sequence_is_bound_not_planned():
    x = data(4, 8)
    for n in (60, 61):
        (data(n, 8) @ x.t()).softmax(0).numpy()
    counters.reset()
    rows = data(50, 8)
    for n in range(10, 50):
        (rows[:n] @ x.t()).softmax(0).numpy()
    assert counters.kernels_compiled == 0
    counters.reset()
    grown = torch.zeros(9, 8)
    for _ in range(20):
        grown = torch.cat([grown, x[:1]])
        grown.numpy()
    assert counters.kernels_compiled <= 2


def test_a_plan_made_for_equal_sizes_does_not_serve_others():
    def run(n, m):
        return (data(n, 5).sum(1).reshape(n, 1) * data(m, seed=1)).tolist()

    for n, m in ((4, 4), (4, 6), (6, 4), (5, 5), (7, 7)):
        got = run(n, m)
        clear_plans()
        assert got == run(n, m)
    counters.reset()
    for n, m in ((4, 6), (4, 4), (7, 7), (6, 8), (9, 6)):
        run(n, m)
    assert counters.plans_bound >= 3


def test_counters_print():
    counters.reset()
    (data(8) + 1).numpy()
    assert "flushes=1" in repr(counters)


def test_writes_through_data_keep_the_plan():
    model = torch.nn.Linear(3, 2)
    x = torch.ones(4, 3)
    for step in range(8):
        model.zero_grad()
        model(x).sum().backward()
        with torch.no_grad():
            for p in model.parameters():
                p.data -= 0.1 * p.grad
        torch.jit.execute()
        if step == 5:
            misses = counters.plan_misses
    assert counters.plan_misses == misses


def test_sizes_nested_deeper_than_python_parses():
    from numtorch.jit.sym import compiled

    text = "s0"
    for _ in range(400):
        text = f"max(({text} + 1) // 1, (s1 * s1))"
    assert compiled(["s0", "s1"], f"({text}, s1, )")(3, 2) == (403, 2)
    assert compiled(["s0"], "not (" * 80 + "s0 == 1" + ")" * 80)(1) is True


def test_a_flush_of_views_alone_plans_nothing():
    import numtorch as nt
    from numtorch.jit.flush import counters

    x = nt.arange(200.0).reshape(100, 2)
    x.sum().item()
    before = counters.plan_misses
    rows = [x[i] for i in range(100) for _ in range(12)]  # more than one tape holds
    assert rows[-1].tolist() == [198, 199] and counters.plan_misses == before
    x[3] = 7
    assert rows[36].tolist() == [7, 7]


def test_shapes_that_never_come_again_are_forgotten(monkeypatch):
    from numtorch.jit import meta, record

    monkeypatch.setattr(record, "MAX_RULES", 100)
    kept = torch.ones(3, 501)
    for n in range(1, 400):
        x = torch.ones(2, n + 600, requires_grad=True)
        (x * 2 + 1).sum().backward()
        assert x.grad.tolist()[1][-1] == 2
        clear_plans()
    assert sum(1 for key in meta._interned if len(key[0]) == 2 and key[0][1] > 600) < 150
    assert (kept + 1).sum().item() == 3006


def test_temporaries_that_live_at_one_time_do_not_overlap():
    class Made(Buffers):
        def __init__(self, lives):
            self.lives = lives

    rng = np.random.default_rng(0)
    lives = []
    for k in range(200):
        first = int(rng.integers(100))
        size = int(rng.integers(5000)), ("thread" if k % 5 == 0 else "shared")
        lives.append((k, size, first, first + int(rng.integers(12))))
    lives.sort(key=lambda life: -life[1][0])
    for threads in (1, 3):
        at, total = Made(lives).packed(threads)
        places = []
        for key, (n, kind), first, last in lives:
            end = at[key] + n * (threads if kind == "thread" else 1)
            assert at[key] % 64 == 0 and end <= total
            for a, b, start, stop in places:
                assert last < start or stop < first or end <= a or b <= at[key]
            places.append((at[key], end, first, last))
        needed = max(sum(b - a for a, b, u, v in places if u <= t <= v) for t in range(120))
        assert total < 1.3 * needed
