"""Further rows of the optimizers' table: averaged models, hooks, gradients through a step."""

from __future__ import annotations

import copy
import importlib
import pickle
import warnings

import numpy as np
import numtorch as nt
import torch
from optim_rows import Run, compare_runs, difference, same_layout


def both(f, *args) -> list:
    return [f(lib, *args) for lib in (nt, torch)]


def averaged(lib, make, use_buffers):
    swa = lib.optim.swa_utils
    model = lib.nn.Linear(3, 2)
    model.register_buffer("count", lib.zeros(1))
    average = swa.AveragedModel(model, use_buffers=use_buffers, **make(swa))
    for k in range(5):
        with lib.no_grad():
            for p in model.parameters():
                p.copy_(lib.arange(p.numel()).view(p.shape) * 0.1 + k**2)
            model.count.fill_(float(k))
        average.update_parameters(model)
    return average


AVERAGES = {
    "mean": lambda swa: {},
    "swa function": lambda swa: {"avg_fn": swa.get_swa_avg_fn()},
    "ema function": lambda swa: {"avg_fn": swa.get_ema_avg_fn(0.9)},
    "swa of lists": lambda swa: {"multi_avg_fn": swa.get_swa_multi_avg_fn()},
    "ema of lists": lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9)},
}


def average_row(name: str, use_buffers: bool) -> float:
    ours, theirs = both(averaged, AVERAGES[name], use_buffers)
    return same_layout(dict(ours.state_dict()), dict(theirs.state_dict()))


def swalr(strategy: str, epochs: int) -> float:
    def rates(lib):
        opt = lib.optim.SGD([lib.ones(1, requires_grad=True)], lr=0.1)
        schedule = lib.optim.swa_utils.SWALR(opt, 0.5, epochs, strategy)
        found = []
        for _ in range(20):
            opt.step()
            schedule.step()
            found += schedule.get_last_lr()
        return np.array(found)

    return difference(*both(rates))


def hyper_gradient(kind: str, options: dict) -> float:
    """Gradients with respect to start, gradient and rate, through two steps."""

    def run(lib):
        ins = [lib.tensor(x, dtype=lib.float64, requires_grad=True)
               for x in ([1.0, -2.0, 3.0], [0.5, 0.3, -0.1], 0.1)]  # fmt: skip
        w, lr = ins[0].clone(), ins[2]
        rate = lr if kind in ("SGD", "Adam") else 0.1
        opt = getattr(lib.optim, kind)([w], lr=rate, differentiable=True, **options)
        for k in range(2):
            w.grad = ins[1] * (k + 1)
            opt.step()
        (w**2).sum().backward()
        return [w, *(x.grad for x in ins if x.grad is not None)]

    ours, theirs = both(run)
    assert len(ours) == len(theirs)
    return max(map(difference, ours, theirs))


def hooks(lib) -> list:
    seen = []
    module = importlib.import_module(f"{lib.__name__}.optim.optimizer")
    opt = lib.optim.SGD([lib.ones(1, requires_grad=True)], lr=0.5)
    handles = [
        opt.register_step_pre_hook(lambda o, a, k: seen.append(("pre", len(a), sorted(k)))),
        opt.register_step_post_hook(lambda o, a, k: seen.append(("post", len(a), sorted(k)))),
        opt.register_state_dict_pre_hook(lambda o: seen.append("saving")),
        opt.register_state_dict_post_hook(lambda o, d: {**d, "more": 1}),
        opt.register_load_state_dict_pre_hook(lambda o, d: seen.append(sorted(d))),
        opt.register_load_state_dict_post_hook(lambda o: seen.append("loaded")),
        opt.register_load_state_dict_pre_hook(lambda o, d: seen.append("first"), prepend=True),
        module.register_optimizer_step_pre_hook(lambda o, a, k: seen.append("global")),
    ]
    opt.param_groups[0]["params"][0].sum().backward()
    opt.step()
    opt.step(closure=None)
    found = opt.state_dict()
    seen.append(sorted(found))
    opt.load_state_dict(found)
    for handle in handles:
        handle.remove()
    opt.step()
    opt.load_state_dict(opt.state_dict())
    return seen


def hook_row() -> float:
    ours, theirs = both(hooks)
    assert ours == theirs, f"{ours} for {theirs}"
    return 0.0


def warned(lib) -> list[str]:
    def texts(f):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            f()
        return [f"{w.category.__name__} {w.message}" for w in found]

    def opt():
        return lib.optim.SGD([lib.ones(1, requires_grad=True)], lr=0.5)

    def early():
        lib.optim.lr_scheduler.StepLR(opt(), 1).step()

    def replaced():
        o = opt()
        s = lib.optim.lr_scheduler.StepLR(o, 1)
        o.step = lambda: None
        s.step()

    def closed_form():
        o = opt()
        s = lib.optim.lr_scheduler.StepLR(o, 1)
        o.step()
        s.step(3)

    p = lib.ones(1, requires_grad=True)
    return [texts(f) for f in (
        early, replaced, closed_form, lambda: lib.optim.lr_scheduler.StepLR(opt(), 1).get_lr(),
        lambda: lib.optim.SGD([p, p]), lambda: lib.optim.lr_scheduler.ReduceLROnPlateau(
            opt()).step(1.0, 2))]  # fmt: skip


def warning_row() -> float:
    ours, theirs = both(warned)
    assert ours == theirs, f"{ours} for {theirs}"
    return 0.0


def custom(lib):
    """An optimizer of the user's own."""

    class Signs(lib.optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        @lib.no_grad()
        def step(self, closure=None):
            loss = None
            if closure is not None:
                with lib.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    if not state:
                        state["last"] = lib.zeros_like(p)
                    state["last"].mul_(0.5).add_(p.grad.sign())
                    p.add_(state["last"], alpha=-group["lr"])
            return loss

    run = Run(lib, "SGD", {})
    run.opt = Signs([{"params": run.params[:2], "lr": 0.01}, {"params": run.params[2:]}])
    schedule = lib.optim.lr_scheduler.ExponentialLR(run.opt, 0.9)
    for _ in range(10):
        run.step()
        schedule.step()
    return run


def custom_row() -> float:
    return compare_runs(*both(custom))


def copies() -> float:
    """A pickled and a deep copy go on as the original does."""
    worst = 0.0
    for kind, options in (("Adam", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}),
                          ("NAdam", {"lr": 0.1})):  # fmt: skip
        run = Run(nt, kind, options)
        run.step()
        twins = []
        for twin in (copy.deepcopy(run.opt), pickle.loads(pickle.dumps(run.opt))):
            params = twin.param_groups[0]["params"]
            assert all(p is not q for p, q in zip(params, run.params))
            twins.append((twin, params))
        for opt, params in (*twins, (run.opt, run.params)):
            for p in params:
                p.grad = nt.ones_like(p)
            opt.step()
        for twin, params in twins:
            worst = max(worst, *map(difference, params, run.params))
            assert repr(twin) == repr(run.opt)
    return worst


def state_held(lib):
    """What somebody holds of the state stays in step, and what he writes there is used."""
    run = Run(lib, "Adam", {"lr": 0.1})
    run.step()
    p = run.params[0]
    held = run.opt.state[p]
    step, mean = held["step"], held["exp_avg"]
    run.step()
    found = [step.item(), mean.clone()]
    with lib.no_grad():
        step.fill_(7.0)
        mean.zero_()
    run.step()
    held["exp_avg_sq"] = lib.ones_like(p)
    run.step()
    saved = run.opt.state_dict()
    run.step()
    found += [step.item(), saved["state"][0]["step"].item(), saved["state"][0]["exp_avg"]]
    run.opt.state.clear()
    run.step()
    return [*found, *run.params, run.opt.state[p]["step"]]


def held_row() -> float:
    return max(map(difference, *both(state_held)))


def named(lib):
    run = Run(lib, "SGD", {})
    pairs = list(zip("abcd", run.params))
    run.opt = lib.optim.AdamW([{"params": pairs[:2]}, {"params": pairs[2:], "lr": 0.5}], lr=0.1)
    run.step()
    return run


def named_row() -> float:
    ours, theirs = both(named)
    assert repr(ours.opt) == repr(theirs.opt)
    mine, other = ours.opt.state_dict(), theirs.opt.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    return same_layout(mine, other)


def zeroed(lib):
    run = Run(lib, "SGD", {"lr": 0.1})
    run.loss().backward()
    held = [p.grad for p in run.params]
    run.opt.zero_grad(set_to_none=False)
    assert all(p.grad is g for p, g in zip(run.params, held))
    run.step()
    run.opt.zero_grad()
    assert all(p.grad is None for p in run.params)
    return [*held, *run.params]


def zero_row() -> float:
    return max(map(difference, *both(zeroed)))


def mixed(lib):
    """float32, float64 and frozen parameters in one group."""
    params = [lib.ones(3, requires_grad=True), lib.ones(2, 2, dtype=lib.float64,
              requires_grad=True), lib.ones(3)]  # fmt: skip
    opt = lib.optim.AdamW(params, lr=0.1)
    for _ in range(3):
        opt.zero_grad()
        (params[0] ** 2).sum().backward()
        (params[1] ** 2).sum().backward()
        opt.step()
    return params


def mixed_row() -> float:
    ours, theirs = both(mixed)
    assert [str(p.dtype) for p in ours] == [str(p.dtype) for p in theirs]
    return max(map(difference, ours, theirs))


def complex_step(lib, kind: str, options: dict):
    p = lib.tensor(np.array([1 + 2j, -3 + 0.5j]), requires_grad=True)
    opt = getattr(lib.optim, kind)([p], lr=0.1, **options)
    for _ in range(5):
        opt.zero_grad()
        (p * p.conj()).real.sum().backward()
        opt.step()
    return lib.view_as_real(p.detach())


DIFFERENTIABLE = {
    "SGD": {"momentum": 0.9, "nesterov": True}, "Adam": {"weight_decay": 0.01},
    "Adagrad": {}, "Adadelta": {}, "NAdam": {}, "RAdam": {},
    "RMSprop": {"momentum": 0.9}, "ASGD": {},
}  # fmt: skip

ROWS = {
    **{f"AveragedModel {n}{' and buffers' * b}": (lambda n=n, b=b: average_row(n, b), 1e-6)
       for n in AVERAGES for b in (False, True)},
    **{f"SWALR {s} {n}": (lambda s=s, n=n: swalr(s, n), 1e-12)
       for s in ("cos", "linear") for n in (0, 7)},
    **{f"{k} differentiable": (lambda k=k, o=o: hyper_gradient(k, o), 1e-4)
       for k, o in DIFFERENTIABLE.items()},
    **{f"{k} complex": (
        lambda k=k, o=o: difference(*both(complex_step, k, o)), 1e-9)
       for k, o in {**DIFFERENTIABLE, "Adamax": {}, "Rprop": {}}.items()},
    "hooks": (hook_row, 0.0),
    "warnings": (warning_row, 0.0),
    "an optimizer of one's own": (custom_row, 1e-9),
    "copies": (copies, 0.0),
    "a state that is held": (held_row, 1e-9),
    "named parameters": (named_row, 1e-9),
    "zero_grad": (zero_row, 1e-9),
    "mixed dtypes": (mixed_row, 1e-6),
}  # fmt: skip
