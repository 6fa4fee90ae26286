"""Optimizers against torch: 50 steps for every option, state, errors, and what a step costs."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import numtorch as nt
import pytest
from helpers import check_error, outcome, torch
from numtorch.jit.config import counters
from numtorch.jit.record import local

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 6)), RNG.integers(0, 4, 8)
WEIGHTS = [RNG.standard_normal(s) * 0.3 for s in ((5, 6), (5,), (4, 5), (4,))]

OPTIONS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd decay": ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    "sgd momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "sgd nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "sgd maximize": ("SGD", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    "adam": ("Adam", {"lr": 0.01}),
    "adam betas": ("Adam", {"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-4}),
    "adam decay": ("Adam", {"lr": 0.01, "weight_decay": 0.1}),
    "adam amsgrad": ("Adam", {"lr": 0.01, "amsgrad": True}),
    "adam maximize": ("Adam", {"lr": 0.01, "maximize": True}),
    "adam decoupled": ("Adam", {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "adamw": ("AdamW", {"lr": 0.01}),
    "adamw amsgrad": ("AdamW", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.2}),
    "adamw maximize": ("AdamW", {"lr": 0.01, "maximize": True}),
}


class Run:
    """An MLP with fixed weights and data, and an optimizer, in one of the libraries."""

    def __init__(self, lib, kind: str, options: dict, dtype: str = "float64"):
        self.lib = lib
        self.x = lib.tensor(X.astype(dtype))
        self.y = lib.tensor(Y)
        self.params = [lib.tensor(w.astype(dtype)).requires_grad_() for w in WEIGHTS]
        self.opt = getattr(lib.optim, kind)(self.params, **options)

    def loss(self):
        f = self.lib.nn.functional
        w1, b1, w2, b2 = self.params
        return f.cross_entropy(f.linear(f.linear(self.x, w1, b1).tanh(), w2, b2), self.y)

    def step(self):
        self.opt.zero_grad()
        loss = self.loss()
        loss.backward()
        self.opt.step()
        return loss

    def arrays(self):
        return [np.array(p.detach().numpy()) for p in self.params]


def assert_close(ours: Run, theirs: Run, rtol: float, atol: float):
    for a, b in zip(ours.arrays(), theirs.arrays()):
        np.testing.assert_allclose(a, b, rtol, atol)


@pytest.mark.parametrize("name", OPTIONS)
def test_trajectories(name):
    kind, options = OPTIONS[name]
    ours, theirs = Run(nt, kind, options), Run(torch, kind, options)
    for k in range(50):
        loss, want = ours.step(), theirs.step()
        if k % 10 == 0:
            assert loss.item() == pytest.approx(want.item(), rel=1e-10)
    assert_close(ours, theirs, 1e-10, 1e-12)
    for p, q in zip(ours.params, theirs.params):
        mine, other = ours.opt.state[p], theirs.opt.state[q]
        assert sorted(mine) == sorted(other)
        for key, value in mine.items():
            np.testing.assert_allclose(value.numpy(), other[key].numpy(), 1e-9, 1e-14)


@pytest.mark.parametrize("name", ["sgd nesterov", "adam", "adamw amsgrad"])
def test_trajectories_float32(name):
    kind, options = OPTIONS[name]
    ours, theirs = (Run(lib, kind, options, "float32") for lib in (nt, torch))
    for _ in range(50):
        ours.step()
        theirs.step()
    assert_close(ours, theirs, 2e-4, 2e-5)
    ours.params[0].grad = nt.ones(5, 6)


@pytest.mark.parametrize("kind, name", [("SGD", "lr"), ("Adam", "lr"), ("AdamW", "lr")])
def test_a_schedule_compiles_nothing_and_misses_no_plan(kind, name):
    options = {"momentum": 0.9} if kind == "SGD" else {}
    ours, theirs = (Run(lib, kind, {"lr": 0.1, **options}) for lib in (nt, torch))
    for k in range(30):
        for run in (ours, theirs):
            run.opt.param_groups[0][name] = 0.1 / (k + 1)
            if kind != "SGD":
                run.opt.param_groups[0]["betas"] = (0.9 - k / 100, 0.99)
            run.step()
        if k == 2:
            before = vars(counters).copy()
    assert counters.kernels_compiled == before["kernels_compiled"]
    assert counters.plan_misses == before["plan_misses"]
    assert counters.flushes - before["flushes"] == counters.plan_hits - before["plan_hits"] == 27
    assert_close(ours, theirs, 1e-10, 1e-12)


def test_a_step_is_one_entry():
    run = Run(nt, "Adam", {"lr": 0.1})
    run.step()
    run.opt.zero_grad()
    run.loss().backward()
    tape = local.tape
    before, flush, seen = len(tape.entries), tape.flush, []
    tape.flush = lambda: seen.append(len(tape.entries)) or flush()
    try:
        run.opt.step()
    finally:
        del tape.flush
    assert seen == [before + 1]
    assert not tape.entries


def test_groups_with_options_of_their_own():
    def make(lib):
        run = Run(lib, "SGD", {"lr": 0.1})
        a, b, c, d = run.params
        run.opt = lib.optim.SGD(
            [{"params": [a, b], "lr": 0.05, "weight_decay": 0.1}, {"params": c, "momentum": 0.9}],
            lr=0.1,
        )
        run.opt.add_param_group({"params": [d], "nesterov": True, "momentum": 0.5})
        return run

    ours, theirs = make(nt), make(torch)
    for _ in range(10):
        ours.step()
        theirs.step()
    assert_close(ours, theirs, 1e-10, 1e-12)
    assert repr(ours.opt) == repr(theirs.opt)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_parameters_without_gradient_are_left_alone(kind):
    options = {"momentum": 0.9} if kind == "SGD" else {}

    def train(lib):
        run = Run(lib, kind, {"lr": 0.1, **options})
        for k in range(8):
            run.params[1].requires_grad_(k > 2)  # joins later, with a count of its own
            run.step()
        return run

    assert_close(train(nt), train(torch), 1e-10, 1e-12)
    run = Run(nt, kind, {"lr": 0.1})
    run.opt.step()  # no gradients at all
    assert all((a == w).all() for a, w in zip(run.arrays(), WEIGHTS))


@pytest.mark.parametrize("name", ["sgd momentum", "adam", "adamw amsgrad", "sgd"])
def test_state_dict_both_ways(name):
    kind, options = OPTIONS[name]
    ours, theirs = Run(nt, kind, options), Run(torch, kind, options)
    for _ in range(3):
        ours.step()
        theirs.step()
    mine, other = ours.opt.state_dict(), theirs.opt.state_dict()
    assert sorted(mine["param_groups"][0]) == sorted(other["param_groups"][0])
    for key, value in other["param_groups"][0].items():
        assert mine["param_groups"][0][key] == value, key
    assert list(mine["state"]) == list(other["state"])
    for k, state in other["state"].items():
        for key, value in state.items():
            if value is not None:
                got = mine["state"][k][key]
                assert repr(got.dtype) == repr(value.dtype) and got.shape == value.shape

    def convert(x, lib):
        if isinstance(x, dict):
            return {k: convert(v, lib) for k, v in x.items()}
        if isinstance(x, list):
            return [convert(v, lib) for v in x]
        return lib.tensor(np.array(x.numpy())) if hasattr(x, "numpy") else x

    ours.opt.load_state_dict(convert(other, nt))
    theirs.opt.load_state_dict(convert(mine, torch))
    for _ in range(3):
        ours.step()
        theirs.step()
    assert_close(ours, theirs, 1e-10, 1e-12)


def test_state_can_be_read_and_changed():
    run = Run(nt, "Adam", {"lr": 0.1})
    run.step()
    p = run.params[0]
    state = run.opt.state[p]
    assert state["step"].item() == 1.0 and state["exp_avg"].shape == p.shape
    state["exp_avg"] = nt.zeros(5, 6, dtype=nt.float64)
    state["step"] = nt.tensor(9.0)
    run.step()
    assert run.opt.state[p]["step"].item() == 10.0
    assert run.opt.state[p]["exp_avg"].abs().max().item() > 0


def test_copies():
    run = Run(nt, "Adam", {"lr": 0.1})
    run.step()
    twin = pickle.loads(pickle.dumps((run.opt, run.params)))
    for opt, params in (twin, copy.deepcopy((run.opt, run.params))):
        assert opt.param_groups[0]["params"][0] is params[0]
        for p in params:
            p.grad = nt.ones_like(p)
        opt.step()
        assert opt.state[params[0]]["step"].item() == 2.0
    assert run.opt.state[run.params[0]]["step"].item() == 1.0


def test_values_see_the_right_version():
    """A step overwrites memory: earlier readers keep the old value, aliases see the new one."""
    w = nt.ones(3, requires_grad=True)
    alias, double = w.detach(), w.detach() * 2
    row = w.detach()[1:]
    opt = nt.optim.SGD([w], lr=0.5)
    (w * w).sum().backward()
    opt.step()
    assert w.tolist() == [0, 0, 0] and alias.tolist() == [0, 0, 0] and row.tolist() == [0, 0]
    assert double.tolist() == [2, 2, 2]
    exported = w.detach().numpy()
    (w + 1).sum().backward()
    opt.step()
    assert exported.tolist() == w.tolist() == [-1.5, -1.5, -1.5]


def test_pending_parameters():
    """Parameters that were written but not computed yet."""
    w = nt.ones(3, requires_grad=True)
    opt = nt.optim.SGD([w], lr=0.5)
    for _ in range(3):
        with nt.no_grad():
            w.clamp_(max=0.5)
        opt.zero_grad()
        (w * 2).sum().backward()
        opt.step()
    assert w.tolist() == [-2.5, -2.5, -2.5]
    view = nt.zeros(4, 3)
    p = view[1].requires_grad_()
    opt = nt.optim.SGD([p], lr=1.0)
    p.sum().backward()
    opt.step()
    assert view.tolist() == [[0, 0, 0], [-1, -1, -1], [0, 0, 0], [0, 0, 0]]


def test_parameters_made_from_tensors_that_are_gone():
    m = nt.nn.Module()
    m.w = nt.nn.Parameter(nt.ones(3) * 2)
    m.w._value()
    opt = nt.optim.SGD(m.parameters(), lr=0.5)
    m.w.sum().backward()
    opt.step()
    assert m.w._st is None  # no cell to keep in step
    alias = m.w.detach()
    opt.step()
    assert alias.tolist() == m.w.tolist() == [1, 1, 1]


def test_backward_through_an_overwritten_parameter_is_an_error():
    w = nt.ones(3, requires_grad=True)
    opt = nt.optim.SGD([w], lr=0.5)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    opt.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_closure_and_zero_grad():
    run = Run(nt, "SGD", {"lr": 0.1})

    def closure():
        run.opt.zero_grad()
        loss = run.loss()
        loss.backward()
        return loss

    with nt.no_grad():
        assert run.opt.step(closure).item() > 0
    run.opt.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in run.params)
    run.opt.zero_grad()
    assert all(p.grad is None for p in run.params)


@pytest.mark.parametrize("make", [
    lambda lib, p: lib.optim.SGD(p, lr=0.1),
    lambda lib, p: lib.optim.SGD([], lr=0.1),
    lambda lib, p: lib.optim.SGD([{"params": {p}}]),
    lambda lib, p: lib.optim.SGD([p], lr=-1.0),
    lambda lib, p: lib.optim.SGD([p], momentum=-1.0),
    lambda lib, p: lib.optim.SGD([p], weight_decay=-1.0),
    lambda lib, p: lib.optim.SGD([p], nesterov=True),
    lambda lib, p: lib.optim.SGD([p * 2]),
    lambda lib, p: lib.optim.SGD([3]),
    lambda lib, p: lib.optim.SGD([{"params": [p]}, {"params": [p]}]),
    lambda lib, p: lib.optim.Adam([p], lr=-1.0),
    lambda lib, p: lib.optim.Adam([p], eps=-1.0),
    lambda lib, p: lib.optim.Adam([p], betas=(1.0, 0.9)),
    lambda lib, p: lib.optim.Adam([p], weight_decay=-1.0),
    lambda lib, p: lib.optim.Adam([p]).load_state_dict({"state": {}, "param_groups": []}),
    lambda lib, p: lib.optim.Adam([p]).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0, 1]}]}),
])  # fmt: skip
def test_errors(make):
    ours = outcome(lambda: make(nt, nt.ones(2, requires_grad=True)))
    theirs = outcome(lambda: make(torch, torch.ones(2, requires_grad=True)))
    check_error(ours, theirs)


def test_duplicates_warn():
    p = nt.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        nt.optim.SGD([p, p])
