"""Training steps that differentiate a gradient, against torch."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import torch


def critic(lib):
    nn = lib.nn
    return nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.LayerNorm(16), nn.Linear(16, 16),
                         nn.Tanh(), nn.Linear(16, 1)).double()  # fmt: skip


def wgan_gp_steps(lib, state, real, noise, mix, steps):
    """The critic's steps of Gulrajani et al. (2017), with the generator's in between."""
    D = critic(lib)
    G = lib.nn.Sequential(lib.nn.Linear(3, 8), lib.nn.ReLU(), lib.nn.Linear(8, 6)).double()
    for module, values in zip((D, G), state):
        module.load_state_dict({k: lib.from_numpy(v.copy()) for k, v in values.items()})
    d_step = lib.optim.Adam(D.parameters(), lr=1e-2, betas=(0.5, 0.9))
    g_step = lib.optim.Adam(G.parameters(), lr=1e-2, betas=(0.5, 0.9))
    history = []
    for k in range(steps):
        x, z, eps = (lib.from_numpy(v[k]) for v in (real, noise, mix))
        fake = G(z).detach()
        between = (eps * x + (1 - eps) * fake).requires_grad_(True)
        out = D(between)
        (slope,) = lib.autograd.grad(
            outputs=out, inputs=between, grad_outputs=lib.ones_like(out), create_graph=True,
            retain_graph=True, only_inputs=True,
        )  # fmt: skip
        penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
        loss = D(fake).mean() - D(x).mean() + 10 * penalty
        d_step.zero_grad()
        loss.backward()
        d_step.step()
        g_step.zero_grad()
        g_loss = -D(G(z)).mean()
        g_loss.backward()
        g_step.step()
        history.append((loss.item(), penalty.item(), g_loss.item()))
    return np.array(history), [p.detach().numpy() for m in (D, G) for p in m.parameters()]


def test_wgan_gp():
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    G = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 6)).double()
    state = [{k: v.numpy() for k, v in m.state_dict().items()} for m in (critic(torch), G)]
    real, noise, mix = rng.normal(size=(20, 5, 6)), rng.normal(size=(20, 5, 3)), rng.random((20, 5, 1))
    ours, p = wgan_gp_steps(nt, state, real, noise, mix, 20)
    theirs, q = wgan_gp_steps(torch, state, real, noise, mix, 20)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)
    for a, b in zip(p, q, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


LAYERS = {
    "linear": (lambda nn: nn.Linear(3, 2), (2, 3)),
    "conv": (lambda nn: nn.Conv1d(2, 2, 2), (2, 2, 4)),
    "batch_norm": (lambda nn: nn.BatchNorm1d(2), (3, 2)),
    "layer_norm": (lambda nn: nn.LayerNorm(3), (2, 3)),
    "gelu": (lambda nn: nn.GELU(), (3,)),
    "softmax": (lambda nn: nn.Softmax(-1), (2, 3)),
    "gru": (lambda nn: nn.GRUCell(2, 2), (2, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_gradgradcheck(name, setting):
    setting(interp=True)  # formulas are held here, not kernels
    make, shape = LAYERS[name]
    nt.manual_seed(1)
    layer = make(nt.nn).double()
    x = nt.randn(shape, dtype=nt.float64, requires_grad=True)
    names = [n for n, _ in layer.named_parameters()]

    def run(x, *parameters):
        return nt.func.functional_call(layer, dict(zip(names, parameters)), (x,))

    assert nt.autograd.gradgradcheck(run, (x, *layer.parameters()))
