"""Rows of the conformance table of optimizers and schedulers, shared with the tests.

A row is a function of no arguments that returns the worst relative difference from torch, and
raises AssertionError where something else than a number differs.
"""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import numtorch as nt
import torch
from helpers import check_error, outcome

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 6)), RNG.integers(0, 4, 8)
WEIGHTS = [RNG.standard_normal(s) * 0.3 for s in ((5, 6), (5,), (4, 5), (4,))]


class Run:
    """An MLP with fixed weights and data, and an optimizer, in one of the libraries."""

    def __init__(self, lib, kind: str, options: dict, dtype: str = "float64", only=None):
        self.lib = lib
        self.x = lib.tensor(X.astype(dtype))
        self.y = lib.tensor(Y)
        self.params = [lib.tensor(w.astype(dtype)).requires_grad_() for w in WEIGHTS]
        options = {k: v(lib) if callable(v) else v for k, v in options.items()}
        trained = self.params if only is None else [self.params[k] for k in only]
        self.opt = getattr(lib.optim, kind)(trained, **options)

    def loss(self):
        f = self.lib.nn.functional
        w1, b1, w2, b2 = self.params
        return f.cross_entropy(f.linear(f.linear(self.x, w1, b1).tanh(), w2, b2), self.y)

    def closure(self):
        self.opt.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss

    def step(self):
        if isinstance(self.opt, self.lib.optim.LBFGS):
            return self.opt.step(self.closure)
        loss = self.closure()
        self.opt.step()
        return loss


def array(x) -> np.ndarray:
    return np.asarray(x.detach().numpy() if hasattr(x, "detach") else x, dtype="float64")


def difference(got, want) -> float:
    """The worst relative difference of two tensors or numbers."""
    a, b = array(got), array(want)
    assert a.shape == b.shape, f"shape {a.shape} for {b.shape}"
    if not a.size:
        return 0.0
    assert (np.isnan(a) == np.isnan(b)).all(), "NaN in other places"
    scale = max(np.nanmax(np.abs(b)), 1e-12)
    return float(np.nanmax(np.abs(a - b)) / scale)


def same_layout(mine: dict, other: dict) -> float:
    """Equal keys, types and shapes of two state dicts; the worst difference of their values."""
    assert list(mine) == list(other), f"keys {list(mine)} for {list(other)}"
    worst = 0.0
    for k, v in other.items():
        worst = max(worst, _same(mine[k], v, k))
    return worst


def _same(got, want, where) -> float:
    if isinstance(want, torch.Tensor):
        assert isinstance(got, nt.Tensor), f"{where}: {got!r} for a tensor"
        assert repr(got.dtype) == repr(want.dtype), f"{where}: {got.dtype} for {want.dtype}"
        return difference(got, want)
    if isinstance(want, dict):
        return same_layout(got, want)
    if isinstance(want, (list, tuple)):
        assert type(got) is type(want) and len(got) == len(want), f"{where}: {got} for {want}"
        return max((_same(a, b, where) for a, b in zip(got, want)), default=0.0)
    if isinstance(want, float):
        return difference(float(got), want)
    assert got == want, f"{where}: {got!r} for {want!r}"
    return 0.0


def convert(x, lib):
    """A state dict with tensors of the other library."""
    if isinstance(x, dict):
        return {k: convert(v, lib) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(convert(v, lib) for v in x)
    return lib.tensor(np.array(x.detach().numpy())) if hasattr(x, "detach") else x


# ---------------------------------------------------------------- optimizers

GRID = {
    "SGD": {"lr": [0.1], "momentum": [0, 0.9], "dampening": [0, 0.3], "weight_decay": [0, 0.01],
            "nesterov": [False, True], "maximize": [False, True]},
    "Adam": {"lr": [0.01], "weight_decay": [0, 0.1], "amsgrad": [False, True],
             "maximize": [False, True], "decoupled_weight_decay": [False, True]},
    "AdamW": {"lr": [0.01], "betas": [(0.9, 0.999), (0.5, 0.9)], "eps": [1e-8, 1e-4],
              "amsgrad": [False, True]},
    "Adagrad": {"lr": [0.1], "lr_decay": [0, 0.1], "weight_decay": [0, 0.01],
                "initial_accumulator_value": [0, 0.5], "maximize": [False, True]},
    "Adadelta": {"lr": [1.0, 0.3], "rho": [0.9, 0.5], "weight_decay": [0, 0.01],
                 "maximize": [False, True]},
    "Adamax": {"lr": [0.01], "betas": [(0.9, 0.999), (0.5, 0.9)], "weight_decay": [0, 0.01],
               "maximize": [False, True]},
    "NAdam": {"lr": [0.01], "weight_decay": [0, 0.01], "momentum_decay": [4e-3, 0.1],
              "decoupled_weight_decay": [False, True], "maximize": [False, True]},
    "RAdam": {"lr": [0.01], "betas": [(0.9, 0.999), (0.8, 0.9)], "weight_decay": [0, 0.01],
              "decoupled_weight_decay": [False, True], "maximize": [False, True]},
    "RMSprop": {"lr": [0.01], "alpha": [0.99, 0.5], "weight_decay": [0, 0.01],
                "momentum": [0, 0.9], "centered": [False, True], "maximize": [False, True]},
    "Rprop": {"lr": [0.01, 0.1], "etas": [(0.5, 1.2), (0.3, 1.5)],
              "step_sizes": [(1e-6, 50), (1e-3, 0.05)], "maximize": [False, True]},
    "ASGD": {"lr": [0.1], "lambd": [1e-4, 1e-2], "t0": [1e6, 10.0], "weight_decay": [0, 0.01],
             "maximize": [False, True]},
    "Adafactor": {"lr": [0.05], "beta2_decay": [-0.8, -0.5], "eps": [(None, 1e-3), (1e-4, 1e-2)],
                  "d": [1.0, 2.0], "weight_decay": [0.0, 0.01], "maximize": [False, True]},
    "LBFGS": {"lr": [1.0, 0.3], "max_iter": [4], "history_size": [100, 3],
              "line_search_fn": [None, "strong_wolfe"]},
    "Muon": {"lr": [0.02], "nesterov": [True, False], "weight_decay": [0.1, 0.0],
             "adjust_lr_fn": [None, "match_rms_adamw"]},
}  # fmt: skip

EXTRA = {
    "SGD": [{"lr": lambda lib: lib.tensor(0.1)}, {"foreach": True}, {"fused": True}],
    "Adam": [{"lr": lambda lib: lib.tensor([0.1])}, {"foreach": True}, {"fused": True},
             {"betas": lambda lib: (lib.tensor(0.8), lib.tensor(0.9))}],
    "Adagrad": [{"fused": True}, {"foreach": True}],
    "NAdam": [{"lr": lambda lib: lib.tensor(0.1)}],
    "Rprop": [{"lr": lambda lib: lib.tensor(0.1)}],
    "ASGD": [{"lr": lambda lib: lib.tensor(0.1)}],
    "RAdam": [{"lr": lambda lib: lib.tensor(0.1)}],
    "Adafactor": [{"lr": lambda lib: lib.tensor(0.1)}],
}  # fmt: skip


def options_of(kind: str):
    """All combinations of the options that the optimizer accepts."""
    names, values = zip(*GRID[kind].items())
    for found in itertools.product(*values):
        options = dict(zip(names, found))
        if kind == "SGD" and options["nesterov"] and (
            not options["momentum"] or options["dampening"]
        ):
            continue
        yield options
    yield from EXTRA.get(kind, ())


def only_of(kind: str):
    return (0, 2) if kind == "Muon" else None


def steps_of(runs: list[Run], step, steps: int = 50) -> None:
    """Steps, of which parameter 1 misses some: it has a count of its own."""
    for k in range(steps):
        step()
        if k in (20, 23) and not isinstance(runs[0].opt, runs[0].lib.optim.LBFGS):
            for run in runs:
                run.params[1].requires_grad_(k == 23)


def trajectory(kind: str, options: dict, dtype: str = "float64", steps: int = 50) -> float:
    """Parameters and state after some steps."""
    runs = [Run(lib, kind, options, dtype, only_of(kind)) for lib in (nt, torch)]
    steps_of(runs, lambda: [run.step() for run in runs], steps)
    return compare_runs(*runs)


def on_same_gradients(kind: str, options: dict) -> float:
    """As trajectory, where both are given the gradients of torch's: the update alone."""
    ours, theirs = runs = [Run(lib, kind, options, only=only_of(kind)) for lib in (nt, torch)]

    def step():
        theirs.closure()
        for p, q in zip(ours.params, theirs.params):
            p.grad = None if q.grad is None else nt.tensor(np.array(q.grad))
        ours.opt.step()
        theirs.opt.step()

    steps_of(runs, step)
    return compare_runs(*runs)


def moved_by_an_ulp(kind: str, options: dict, tries: int = 4) -> float:
    """How far torch is from torch, at most, after the last bits of the data were changed."""
    base = Run(torch, kind, options, only=only_of(kind))
    steps_of([base], base.step)
    worst = 0.0
    for seed in range(tries):
        run = Run(torch, kind, options, only=only_of(kind))
        bits = np.random.default_rng(seed).integers(-1, 2, X.shape)
        run.x = torch.from_numpy(X * (1 + bits * np.finfo("float64").eps))
        steps_of([run], run.step)
        worst = max(worst, *map(difference, run.params, base.params))
    return worst


def compare_runs(ours: Run, theirs: Run) -> float:
    worst = max(map(difference, ours.params, theirs.params))
    assert len(ours.opt.state) == len(theirs.opt.state)
    for p, q in zip(ours.params, theirs.params):
        if q in theirs.opt.state:
            worst = max(worst, same_layout(ours.opt.state[p], theirs.opt.state[q]))
    return worst


def state_dicts(kind: str, options: dict, steps: int = 3) -> float:
    """A state dict of each loaded in the other, and the steps that follow."""
    ours, theirs = (Run(lib, kind, options, only=only_of(kind)) for lib in (nt, torch))
    for _ in range(steps):
        ours.step()
        theirs.step()
    mine, other = ours.opt.state_dict(), theirs.opt.state_dict()
    worst = same_layout(mine, other)
    ours.opt.load_state_dict(convert(other, nt))
    theirs.opt.load_state_dict(convert(mine, torch))
    for _ in range(steps):
        ours.step()
        theirs.step()
    assert repr(ours.opt) == repr(theirs.opt)
    return max(worst, compare_runs(ours, theirs))


# ---------------------------------------------------------------- schedulers


class Halved:
    """A callable with a state."""

    def __init__(self):
        self.base = 0.9

    def __call__(self, epoch):
        return self.base ** (epoch / 2)


SCHEDULERS = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "LambdaLR of two": lambda s, o: s.LambdaLR(o, [lambda e: 0.95**e, Halved()]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.95),
    "StepLR": lambda s, o: s.StepLR(o, 7, gamma=0.5),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [3, 9, 9, 20], gamma=0.3),
    "ConstantLR": lambda s, o: s.ConstantLR(o, factor=0.5, total_iters=4),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.25, 0.9, total_iters=10),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.93),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, total_iters=20, power=2.0),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 10, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2, 0.001),
    "CyclicLR triangular": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 5, 7),
    "CyclicLR triangular2": lambda s, o: s.CyclicLR(o, [0.01, 0.02], 0.1, 5, mode="triangular2"),
    "CyclicLR exp_range": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 4, mode="exp_range", gamma=0.98),
    "CyclicLR function": lambda s, o: s.CyclicLR(
        o, 0.01, 0.1, 4, scale_fn=lambda x: 0.9**x, scale_mode="iterations"),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.2, total_steps=60),
    "OneCycleLR linear": lambda s, o: s.OneCycleLR(
        o, [0.2, 0.3], epochs=6, steps_per_epoch=10, anneal_strategy="linear", three_phase=True),
    "ReduceLROnPlateau": lambda s, o: s.ReduceLROnPlateau(o, patience=2, cooldown=1),
    "ReduceLROnPlateau max abs": lambda s, o: s.ReduceLROnPlateau(
        o, "max", 0.5, 1, 0.1, "abs", min_lr=[0.01, 0.001]),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=5), s.CosineAnnealingLR(o, 20), s.ExponentialLR(o, 0.9)],
        [5, 30]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 3), s.ExponentialLR(o, 0.9), s.StepLR(o, 4)]),
}  # fmt: skip

VALUES = np.random.default_rng(1).standard_normal(60).cumsum() / 10


def scheduler(name: str, kind: str = "SGD", tensor_lr: bool = False, steps: int = 50) -> float:
    """The rates and momenta of all groups in each step; the state half way and at the end."""
    results = []
    for lib in (nt, torch):
        schedules = lib.optim.lr_scheduler
        params = [lib.ones(2, requires_grad=True) for _ in range(2)]
        rates = [lib.tensor(x, dtype=lib.float64) if tensor_lr else x for x in (0.1, 0.05)]
        groups = [{"params": [p], "lr": lr} for p, lr in zip(params, rates)]
        more = {"momentum": 0.9} if kind == "SGD" else {}
        opt = getattr(lib.optim, kind)(groups, **more)
        schedule = SCHEDULERS[name](schedules, opt)
        found = []
        for k in range(steps):
            found.append([float(x) for x in schedule.get_last_lr()])
            found.append([float(g["lr"]) for g in opt.param_groups])
            found.append([g["betas"][0] if "betas" in g else g["momentum"]
                          for g in opt.param_groups])  # fmt: skip
            opt.step()
            schedule.step(*([VALUES[k]] if "Plateau" in name else []))
            if k == steps // 2:
                schedule = reloaded(schedule, SCHEDULERS[name], schedules, opt)
        results.append((np.array(found), schedule.state_dict()))
    (ours, mine), (theirs, other) = results
    assert sorted(map(str, mine)) == sorted(map(str, other)), f"{list(mine)} for {list(other)}"
    worst = max(_state_difference(mine[k], other[k]) for k in other)
    return max(worst, difference(ours, theirs))


def _state_difference(got, want) -> float:
    if isinstance(want, torch.Tensor):
        return difference(got, want)
    if isinstance(want, dict):
        assert sorted(map(str, got)) == sorted(map(str, want))
        return max((_state_difference(got[k], want[k]) for k in want), default=0.0)
    if isinstance(want, (list, tuple)):
        assert len(got) == len(want)
        return max((_state_difference(a, b) for a, b in zip(got, want)), default=0.0)
    if isinstance(want, (int, float)) and not isinstance(want, bool):
        return difference(got, want) if np.isfinite(want) else float(got != want)
    assert got == want, f"{got!r} for {want!r}"
    return 0.0


def reloaded(schedule, make, schedules, opt):
    """A new schedule of the same optimizer that goes on from the old one's state dict."""
    kept = [dict(g) for g in opt.param_groups]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        new = make(schedules, opt)
    for group, old in zip(opt.param_groups, kept):
        group.update(old)
    new.load_state_dict(schedule.state_dict())
    return new


# ---------------------------------------------------------------- errors

def _opt(lib, **options):
    return lib.optim.SGD([lib.ones(2, requires_grad=True)], lr=0.1, **options)


def _p(lib):
    return [lib.ones(2, 2, requires_grad=True)]


def _with_grad(lib, kind, **options):
    p = lib.ones(2, 2, requires_grad=True)
    opt = getattr(lib.optim, kind)([p], **options)
    p.sum().backward()
    return opt


def _amsgrad_later(lib):
    opt = _with_grad(lib, "Adam")
    opt.step()
    opt.param_groups[0]["amsgrad"] = True
    opt.step()


BAD_OPTIONS = {
    "SGD": [{"lr": -1.0}, {"momentum": -1.0}, {"weight_decay": -1.0}, {"nesterov": True},
            {"nesterov": True, "momentum": 0.5, "dampening": 0.1}, {"fused": True, "foreach": True},
            {"fused": True, "differentiable": True}],
    "Adam": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)},
             {"betas": (0, 0.9)}, {"weight_decay": -1.0}, {"fused": True, "foreach": True}],
    "AdamW": [{"lr": float("nan")}, {"eps": -1.0}],
    "Adagrad": [{"lr": -1.0}, {"lr_decay": -1.0}, {"weight_decay": -1.0}, {"eps": -1.0},
                {"initial_accumulator_value": -1.0}, {"fused": True, "foreach": True}],
    "Adadelta": [{"lr": -1.0}, {"rho": 1.5}, {"eps": -1.0}, {"weight_decay": -1.0}],
    "Adamax": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (1.0, 0.9)}, {"weight_decay": -1.0}],
    "NAdam": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (1.0, 0.9)}, {"momentum_decay": -1.0}],
    "RAdam": [{"lr": -1.0}, {"eps": -1.0}, {"betas": (0.9, 1.0)}, {"weight_decay": -1.0}],
    "RMSprop": [{"lr": -1.0}, {"eps": -1.0}, {"momentum": -1.0}, {"alpha": -1.0},
                {"weight_decay": -1.0}],
    "Rprop": [{"lr": -1.0}, {"etas": (1.5, 2.0)}],
    "ASGD": [{"lr": -1.0}, {"weight_decay": -1.0}],
    "Adafactor": [{"lr": -1.0}, {"beta2_decay": 0.1}, {"eps": (-1.0, 0.1)}, {"eps": (None, -0.1)},
                  {"d": 0.5}, {"weight_decay": -1.0}],
    "LBFGS": [{"lr": -1.0}],
    "SparseAdam": [{"lr": 0.0}, {"eps": 0.0}, {"betas": (1.0, 0.9)}],
    "Muon": [{"lr": -1.0}, {"momentum": -1.0}, {"weight_decay": -1.0}, {"adjust_lr_fn": "x"}],
}  # fmt: skip

ERRORS = {
    "a tensor for the list": lambda lib: lib.optim.SGD(lib.ones(2, requires_grad=True), lr=0.1),
    "no parameters": lambda lib: lib.optim.SGD([], lr=0.1),
    "a set": lambda lib: lib.optim.SGD([{"params": set(_p(lib))}]),
    "a result": lambda lib: lib.optim.SGD([_p(lib)[0] * 2]),
    "a number": lambda lib: lib.optim.SGD([3]),
    "a group that is no dict": lambda lib: _opt(lib).add_param_group([1]),
    "a parameter in two groups": lambda lib: lib.optim.SGD(
        [{"params": (p := _p(lib))}, {"params": p}]),
    "some names missing": lambda lib: lib.optim.SGD([("a", *_p(lib)), *_p(lib)]),
    "names in one group": lambda lib: lib.optim.SGD(
        [{"params": [("a", *_p(lib))]}, {"params": _p(lib)}]),
    "tensor lr of two": lambda lib: lib.optim.Adam(_p(lib), lr=lib.ones(2)),
    "tensor lr and foreach": lambda lib: lib.optim.Adam(_p(lib), lr=lib.ones(1), foreach=True),
    "fewer groups": lambda lib: _opt(lib).load_state_dict({"state": {}, "param_groups": []}),
    "more parameters": lambda lib: _opt(lib).load_state_dict(
        {"state": {}, "param_groups": [{"params": [0, 1]}]}),
    "dense gradients": lambda lib: _with_grad(lib, "SparseAdam").step(),
    "groups in LBFGS": lambda lib: lib.optim.LBFGS([{"params": _p(lib)}, {"params": _p(lib)}]),
    "line search": lambda lib: (o := _with_grad(lib, "LBFGS", line_search_fn="x")).step(
        lambda: (o.param_groups[0]["params"][0].sum())),
    "Muon of a vector": lambda lib: lib.optim.Muon([lib.ones(2, requires_grad=True)]),
    "amsgrad switched on": _amsgrad_later,
    **{f"capturable {kind}": lambda lib, kind=kind: _with_grad(lib, kind, capturable=True).step()
       for kind in ("Adam", "Adadelta", "NAdam", "ASGD", "RMSprop", "Rprop", "RAdam", "Adamax")},
    "scheduler of no optimizer": lambda lib: lib.optim.lr_scheduler.StepLR(3, 1),
    "resumed without initial_lr": lambda lib: lib.optim.lr_scheduler.StepLR(_opt(lib), 1, 0.1, 3),
    "two lambdas": lambda lib: lib.optim.lr_scheduler.LambdaLR(_opt(lib), [len, len]),
    "no function": lambda lib: lib.optim.lr_scheduler.MultiplicativeLR(_opt(lib), 3),
    "constant factor": lambda lib: lib.optim.lr_scheduler.ConstantLR(_opt(lib), 2.0),
    "start factor": lambda lib: lib.optim.lr_scheduler.LinearLR(_opt(lib), 0.0),
    "end factor": lambda lib: lib.optim.lr_scheduler.LinearLR(_opt(lib), 0.5, 2.0),
    "T_0": lambda lib: lib.optim.lr_scheduler.CosineAnnealingWarmRestarts(_opt(lib), 0),
    "T_mult": lambda lib: lib.optim.lr_scheduler.CosineAnnealingWarmRestarts(_opt(lib), 2, 0),
    "restart at a negative epoch": lambda lib: (
        lib.optim.lr_scheduler.CosineAnnealingWarmRestarts(_opt(lib), 2).step(-1)),
    "plateau factor": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(_opt(lib), factor=1.0),
    "plateau mode": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(_opt(lib), "x"),
    "plateau threshold": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(
        _opt(lib), threshold_mode="x"),
    "plateau min_lr": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(
        _opt(lib), min_lr=[1, 2]),
    "cyclic mode": lambda lib: lib.optim.lr_scheduler.CyclicLR(_opt(lib), 0.1, 0.2, mode="x"),
    "cyclic rates": lambda lib: lib.optim.lr_scheduler.CyclicLR(_opt(lib), [0.1, 0.1], 0.2),
    "cyclic momentum": lambda lib: lib.optim.lr_scheduler.CyclicLR(
        lib.optim.Adagrad(_p(lib)), 0.1, 0.2),
    "one cycle without a length": lambda lib: lib.optim.lr_scheduler.OneCycleLR(_opt(lib), 0.1),
    "one cycle of no steps": lambda lib: lib.optim.lr_scheduler.OneCycleLR(_opt(lib), 0.1, 0),
    "one cycle epochs": lambda lib: lib.optim.lr_scheduler.OneCycleLR(
        _opt(lib), 0.1, epochs=1.5, steps_per_epoch=3),
    "one cycle part": lambda lib: lib.optim.lr_scheduler.OneCycleLR(
        _opt(lib), 0.1, 10, pct_start=2.0),
    "one cycle strategy": lambda lib: lib.optim.lr_scheduler.OneCycleLR(
        _opt(lib), 0.1, 10, anneal_strategy="x"),
    "one cycle is over": lambda lib: [
        s := lib.optim.lr_scheduler.OneCycleLR(_opt(lib), 0.1, 2), *(s.step() for _ in range(3))],
    "sequence of none": lambda lib: lib.optim.lr_scheduler.SequentialLR(_opt(lib), [], []),
    "sequence of two optimizers": lambda lib: lib.optim.lr_scheduler.SequentialLR(
        _opt(lib), [lib.optim.lr_scheduler.StepLR(_opt(lib), 1)], []),
    "sequence with plateau": lambda lib: lib.optim.lr_scheduler.SequentialLR(
        (o := _opt(lib)), [lib.optim.lr_scheduler.ReduceLROnPlateau(o)], []),
    "milestones": lambda lib: lib.optim.lr_scheduler.SequentialLR(
        (o := _opt(lib)), [lib.optim.lr_scheduler.StepLR(o, 1)], [1]),
    "chain of none": lambda lib: lib.optim.lr_scheduler.ChainedScheduler([]),
    "ema decay": lambda lib: lib.optim.swa_utils.get_ema_avg_fn(1.5),
    "swa strategy": lambda lib: lib.optim.swa_utils.SWALR(_opt(lib), 0.1, anneal_strategy="x"),
    "swa epochs": lambda lib: lib.optim.swa_utils.SWALR(_opt(lib), 0.1, anneal_epochs=-1),
    "two averages": lambda lib: lib.optim.swa_utils.AveragedModel(
        lib.nn.Linear(1, 1), avg_fn=len, multi_avg_fn=len),
    **{f"{kind} {options}": lambda lib, kind=kind, options=options: getattr(lib.optim, kind)(
        _p(lib), **options) for kind, all_ in BAD_OPTIONS.items() for options in all_},
}  # fmt: skip


def error(name: str) -> float:
    """The same exception with the same text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_error(*(outcome(lambda lib=lib: ERRORS[name](lib)) for lib in (nt, torch)), name)
    return 0.0
