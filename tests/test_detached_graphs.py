"""Graphs that meet in a detached value: freeing one leaves the other, whenever values are read."""

from __future__ import annotations

import itertools

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

SOURCES = {
    "cheap": lambda t, g: g * 2,
    "product": lambda t, g: (g.view(2, 3) @ t.ones(3, 3)).view(-1),
}
APART = {
    "detach": lambda t, f: f.detach(),
    "view": lambda t, f: f.detach().view(2, 3).view(-1),
    "no_grad": lambda t, f: _without_gradients(t, f),
}


def _without_gradients(t, f):
    with t.no_grad():
        return f.cos() + 1


def _gradients(t, source, apart, reading, order):
    """Two losses of one value f: one through it, one through what was detached from it."""
    g, w = (t.arange(6.0) + 1).requires_grad_(), t.linspace(0.1, 1, 6).requires_grad_()
    f = SOURCES[source](t, g)
    losses = [
        lambda: (f * w.sin()).sum(),
        lambda: (APART[apart](t, f).sqrt() * w.cos()).sum(),
    ][:: 1 if order == "through first" else -1]
    for loss in losses:
        value = loss()
        if reading == "loss":
            value.item()
        elif reading == "value":
            f.sum().item()
        value.backward()
    return np.stack([g.grad.numpy(), w.grad.numpy()])


@pytest.mark.parametrize("reading", ["nothing", "loss", "value"])
def test_detached_and_attached_uses(reading):
    orders = ("through first", "detached first")
    kinds = [("cheap", apart) for apart in APART] + [("product", "view")]
    for kind, order in itertools.product(kinds, orders):
        case = (*kind, reading, order)
        ours, theirs = _gradients(nt, *case), _gradients(torch, *case)
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, err_msg=str(case))


def test_adversarial_step():
    """BCELoss reads its input at once: the discriminator's graph is flushed before backward."""

    def train(t, state=None):
        nn = t.nn
        generator = nn.Sequential(nn.Linear(4, 8), nn.ReLU(True), nn.Linear(8, 6), nn.Tanh())
        judge = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2, True), nn.Linear(8, 1),
                              nn.Sigmoid())  # fmt: skip
        both = nn.ModuleList([generator, judge])
        if state is not None:
            both.load_state_dict({k: t.from_numpy(v) for k, v in state.items()})
        state = {k: v.detach().numpy().copy() for k, v in both.state_dict().items()}
        steps = [t.optim.SGD(m.parameters(), lr=0.5) for m in both]
        noise, real = t.linspace(-1, 1, 20).view(5, 4), t.linspace(-1, 1, 30).view(5, 6)
        yes, no, found = t.ones(5, 1), t.zeros(5, 1), []
        for _ in range(3):
            fake = generator(noise).view(5, 1, 6)
            for step in steps:
                step.zero_grad()
            right = nn.BCELoss()(judge(real), yes)
            right = right + nn.BCELoss()(judge(fake.detach().view(5, -1)), no)
            right.backward()
            steps[1].step()
            deceived = nn.BCELoss()(judge(fake.view(5, -1)), yes)
            deceived.backward()
            steps[0].step()
            found += [right.item(), deceived.item()]
        return found, state

    ours, state = train(nt)
    theirs, _ = train(torch, state)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
