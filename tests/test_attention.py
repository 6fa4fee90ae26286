"""Attention: masks, gradients of gradients, and what is kept for them."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import settings, torch
from numtorch.jit.plan import BoundPlan


def attend(lib, mask, second: bool, keys: tuple) -> list:
    """The result and gradients (of gradients) of everything."""
    rng = np.random.default_rng(0)
    given = {
        "bool": lambda: rng.random((7, 9)) > 0.4,
        "unseen": lambda: (rng.random((2, 1, 7, 9)) > 0.4) * (np.arange(7) != 2)[:, None] == 1,
        "float": lambda: rng.standard_normal((3, 1, 9)),
    }
    shapes = (2, 3, 7, 4), (*keys, 9, 4), (*keys, 9, 5)
    leaves = [lib.tensor(rng.standard_normal(s), requires_grad=True) for s in shapes]
    m = lib.tensor(given[mask](), requires_grad=mask == "float") if mask in given else None
    out = lib.nn.functional.scaled_dot_product_attention(
        *leaves, attn_mask=m, is_causal=mask == "causal"
    )
    leaves += [m] if mask == "float" else []
    if second:
        found = lib.autograd.grad((out**2).sum(), leaves, create_graph=True)
        sum((g**2).sum() for g in found).backward()
    else:
        (out**2).sum().backward()
    return [out.detach().numpy(), *(x.grad.numpy() for x in leaves)]


@pytest.mark.skipif(torch is None, reason="torch is not installed")
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("mask", [None, "bool", "unseen", "float", "causal"])
def test_gradients(mask, second):
    for keys in ((2, 3), (1, 3)):  # of their own, and broadcast
        with settings(interp=True):
            found = attend(nt, mask, second, keys)
        for a, b in zip(found, attend(torch, mask, second, keys)):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


def arena(layers: int, length: int, op) -> int:
    """Bytes of the temporaries of a training step."""
    x = nt.tensor(np.random.default_rng(0).random((4, length, 8), dtype="f4"), requires_grad=True)
    x.sum().item()
    plans, run = [], BoundPlan.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundPlan, "run", lambda self, *a: plans.append(self) or run(self, *a))
        y = x
        for _ in range(layers):
            y = op(y)
        y.sum().backward()
        x.grad.numpy()
    return max(p.arena_bytes for p in plans)


def test_weights_are_not_kept_for_the_gradient():
    def op(y):
        return nt.nn.functional.scaled_dot_product_attention(y, y, y, is_causal=True)

    weights = 4 * 4 * 128 * 128
    more = arena(4, 128, op) - arena(2, 128, op)
    assert more < weights  # two more layers take less than one matrix of weights


@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_activations_keep_their_operand_alone(name):
    op = getattr(nt.nn.functional, name)
    size = 4 * 4 * 4096 * 8
    w = nt.ones(8, 8)
    more = arena(5, 4096, lambda y: op(y @ w)) - arena(3, 4096, lambda y: op(y @ w))
    assert more <= 2.5 * size


def test_vmap_takes_the_batch_whole():
    # A loop over examples would warn, and warnings are errors here.
    x = nt.tensor(np.random.default_rng(0).random((3, 5, 4), dtype="f4"))

    def f(y):
        out = nt.nn.functional.scaled_dot_product_attention(y, y, y, is_causal=True)
        return nt.nn.functional.gelu(out)

    np.testing.assert_allclose(nt.func.vmap(f)(x).numpy(), f(x).numpy(), rtol=1e-5, atol=1e-6)
