"""Recurrent layers as loops inside the plan: values, gradients, second derivatives, plans."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from numtorch.jit import counters, eager, explain
from numtorch.jit.flush import clear_plans

CASES = {
    "lstm": ("LSTM", {}),
    "lstm_proj": ("LSTM", {"proj_size": 2, "bidirectional": True, "num_layers": 2}),
    "gru": ("GRU", {"bidirectional": True}),
    "gru_plain": ("GRU", {"bias": False, "num_layers": 2}),
    "rnn": ("RNN", {"bidirectional": True}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
}


def run(lib, cls: str, options: dict, lengths=None, given: bool = True, dtype="f4") -> list:
    """Outputs, last states, and the gradients of everything, with seeded weights."""
    rng = np.random.default_rng(0)
    net = getattr(lib.nn, cls)(3, 4, **options)
    if dtype == "f8":
        net.double()
    with lib.no_grad():
        for p in net.parameters():
            p.copy_(lib.tensor(rng.standard_normal(tuple(p.shape)).astype(dtype)))
    x = lib.tensor(rng.standard_normal((5, 3, 3)).astype(dtype), requires_grad=True)
    rows = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    widths = [options.get("proj_size", 4)] + [4] * (cls == "LSTM")
    states = tuple(
        lib.tensor(rng.standard_normal((rows, 3, n)).astype(dtype), requires_grad=True)
        for n in widths
    )
    data = x
    if lengths is not None:
        data = lib.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    hx = (states if cls == "LSTM" else states[0]) if given else None
    out, last = net(data, hx)
    if lengths is not None:
        out, _ = lib.nn.utils.rnn.pad_packed_sequence(out)
    last = last if isinstance(last, tuple) else (last,)
    loss = (out * out).sum() + sum((s * (k + 1)).sin().sum() for k, s in enumerate(last))
    loss.backward()
    inputs = (x, *states) if given else (x,)
    return [out, *last, *(t.grad for t in (*inputs, *net.parameters()))]


def close(found: list, want: list, rtol: float, atol: float) -> None:
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol, atol)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("lengths", [None, [4, 5, 2]])
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_torch(name, lengths):
    pytest.importorskip("torch")
    for given in (True, False):
        ours, theirs = (run(lib, *CASES[name], lengths, given) for lib in (nt, torch))
        close(ours, theirs, 2e-5, 2e-6)


@pytest.mark.parametrize("name", ["lstm_proj", "gru", "relu"])
def test_eager_gives_the_same_values(name):
    lazy = run(nt, *CASES[name], dtype="f8")
    with eager():
        found = run(nt, *CASES[name], dtype="f8")
    close(lazy, found, 1e-10, 1e-12)


@pytest.mark.parametrize("cls", ["LSTM", "GRU", "RNN"])
def test_second_derivatives_are_those_of_torch(cls):
    found = []
    for lib in (nt, torch):
        rng = np.random.default_rng(0)
        net = getattr(lib.nn, cls)(2, 2, dtype=lib.float64)
        with lib.no_grad():
            for p in net.parameters():
                p.copy_(lib.tensor(rng.standard_normal(tuple(p.shape))))
        x = lib.tensor(rng.standard_normal((2, 1, 2)), requires_grad=True)
        (g,) = lib.autograd.grad((net(x)[0] ** 2).sum(), x, create_graph=True)
        (g * g).sum().backward()
        found.append([x.grad, *(p.grad for p in net.parameters())])
    close(*found, 1e-8, 1e-10)


def test_another_length_compiles_nothing_and_is_only_bound():
    net = nt.nn.LSTM(3, 4, num_layers=2)
    opt = nt.optim.SGD(net.parameters(), lr=0.1)

    def step(length: int, batch: int) -> float:
        opt.zero_grad()
        loss = (net(nt.ones(length, batch, 3))[0] ** 2).mean()
        loss.backward()
        opt.step()
        return loss.item()

    for n in (7, 8):
        step(n, 5)
    counters.reset()
    for n in range(9, 40):
        step(n, 5)
    step(50, 6)
    assert counters.kernels_compiled == counters.kernels_loaded == 0
    assert counters.plans_bound == counters.plan_misses == 32


def test_kernels_do_not_grow_with_the_length():
    clear_plans()
    net = nt.nn.GRU(3, 4)

    def step(length: int) -> int:
        def both():
            net(nt.ones(length, 2, 3))[0].sum().backward()
            for p in net.parameters():
                p.grad = None

        return len(explain(both).kernels)

    assert step(5) == step(25) < 30


def test_vmap_over_a_layer():
    net = nt.nn.GRU(3, 4)
    x = nt.tensor(np.random.default_rng(0).standard_normal((2, 5, 2, 3)).astype("f4"))
    with pytest.warns(UserWarning, match="performance drop"):
        found = nt.func.vmap(lambda one: net(one)[0])(x)
        found.detach().numpy()
    close(list(found), [net(one)[0] for one in x], 1e-5, 1e-6)


def test_narrow_floats_still_run():
    net = nt.nn.LSTM(3, 4, dtype=nt.bfloat16)
    out, _ = net(nt.ones(3, 2, 3, dtype=nt.bfloat16))
    assert out.dtype is nt.bfloat16 and out.isfinite().all()


@pytest.mark.parametrize(
    "cls, options", [("LSTM", {"proj_size": 24}), ("GRU", {"bidirectional": True}), ("RNN", {})]
)
def test_parts_of_a_batch_give_the_same_bits(cls, options):
    # With two threads each runs all steps of half the rows.
    net = getattr(nt.nn, cls)(8, 48, **options)
    x = nt.tensor(np.random.default_rng(0).standard_normal((30, 11, 8)).astype("f4"))

    def grads():
        net.zero_grad()
        out, _ = net(x)
        (out * out).sum().backward()
        return [out.detach().numpy().copy(), *(p.grad.numpy().copy() for p in net.parameters())]

    threads, found = nt.get_num_threads(), []
    try:
        for n in (1, 2):
            nt.set_num_threads(n)
            found.append(grads())
            loops = [k for k in explain(grads).kernels if k.mode == "loop"]
            assert bool(loops) == (n == 2)
    finally:
        nt.set_num_threads(threads)
    for a, b in zip(*found):
        np.testing.assert_array_equal(a, b)
