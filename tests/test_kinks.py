"""Gradients where the pieces of a function meet, dtypes of numbers, indices of numbers."""

from __future__ import annotations

import numtorch as nt
import pytest
from helpers import settings

torch = pytest.importorskip("torch")

CASES = {
    "logsigmoid": lambda lib, x: lib.nn.functional.logsigmoid(x),
    "bce with logits": lambda lib, x: lib.nn.functional.binary_cross_entropy_with_logits(
        x, lib.ones(5), pos_weight=lib.tensor([1.0, 2.0, 3.0, 4.0, 5.0])),
    "std": lambda lib, x: x.std(),
    "std of equal": lambda lib, x: (x * 0 + 3).std(),
    "std of rows": lambda lib, x: x.relu().reshape(5, 1).expand(5, 3).std(1),
    "atan2": lambda lib, x: lib.atan2(x, x.relu()),
    "softplus": lambda lib, x: lib.nn.functional.softplus(x),
    "maximum": lambda lib, x: lib.maximum(x, -x),
    "norm": lambda lib, x: x.relu()[:3].norm(),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_slopes(name):
    slopes = []
    for lib in (nt, torch):
        with settings(interp=True):
            x = lib.tensor([-2.0, -0.0, 0.0, 1.0, 30.0], requires_grad=True)
            slopes.append(lib.autograd.grad(CASES[name](lib, x).sum(), x)[0].tolist())
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("pair", [(1.0, -1.0), (1, 2.5), (1, 2), (True, 3), (True, False), (1j, 2)])
def test_where_of_two_numbers(pair):
    found = [lib.where(lib.tensor([True, False]), *pair) for lib in (nt, torch)]
    assert found[0].tolist() == found[1].tolist() and str(found[0].dtype) == str(found[1].dtype)


@pytest.mark.parametrize("index", [0, (0, 0), slice(None), slice(1, 2)])
def test_indices_of_a_0_dim_tensor(index):
    texts = []
    for lib in (nt, torch):
        with pytest.raises(IndexError) as e:
            lib.tensor(1.0)[index]
        texts.append(str(e.value))
    assert texts[0] == texts[1]
