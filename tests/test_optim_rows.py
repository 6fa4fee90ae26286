"""The table of `conformance_optim`, reduced: each optimizer once, all schedulers and errors."""

from __future__ import annotations

import optim_more as more
import optim_rows as rows
import pytest

SAMPLES = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    "Adam": {"lr": lambda lib: lib.tensor(0.01, dtype=lib.float64), "amsgrad": True},
    "AdamW": {"lr": 0.01},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5},
    "Adadelta": {"rho": 0.5, "weight_decay": 0.01},
    "Adamax": {"lr": 0.01, "maximize": True},
    "NAdam": {"lr": 0.01, "weight_decay": 0.01, "decoupled_weight_decay": True},
    "RAdam": {"lr": 0.01},
    "RMSprop": {"lr": 0.01, "momentum": 0.9, "centered": True},
    "Rprop": {"lr": 0.1},
    "ASGD": {"lr": 0.1, "t0": 10.0},
    "Adafactor": {"lr": 0.05, "weight_decay": 0.01},
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_trajectories(kind):
    assert rows.trajectory(kind, SAMPLES[kind], steps=30) < 1e-8


@pytest.mark.parametrize("kind", ["NAdam", "ASGD", "Adafactor"])
def test_state_dicts(kind):
    assert rows.state_dicts(kind, SAMPLES[kind]) < 1e-9


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs(search):
    options = {"max_iter": 4, "line_search_fn": search}
    assert rows.trajectory("LBFGS", options, steps=4) < 1e-6
    if search:
        assert rows.state_dicts("LBFGS", options, 1) < 1e-6


@pytest.mark.parametrize("name", rows.SCHEDULERS)
def test_schedulers(name):
    assert rows.scheduler(name) < 1e-12
    assert rows.scheduler(name, "Adam", steps=20) < 1e-12


def test_schedulers_of_tensors():
    assert rows.scheduler("StepLR", tensor_lr=True) < 1e-12
    assert rows.scheduler("ReduceLROnPlateau", tensor_lr=True) < 1e-12


@pytest.mark.parametrize("name", rows.ERRORS)
def test_errors(name):
    rows.error(name)


@pytest.mark.parametrize("name", [
    "AveragedModel mean", "AveragedModel ema of lists and buffers", "SWALR cos 7",
    "SGD differentiable", "Adam complex", "hooks", "warnings",
    "an optimizer of one's own", "copies", "a state that is held", "named parameters",
    "zero_grad", "mixed dtypes",
])  # fmt: skip
def test_more(name):
    row, limit = more.ROWS[name]
    assert row() <= limit
