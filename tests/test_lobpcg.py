"""lobpcg against PyTorch's, and its gradients against eigh's."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

RNG = np.random.default_rng(0)


def symmetric(*lead, m: int = 12) -> np.ndarray:
    a = RNG.standard_normal((*lead, m, m))
    return a @ np.swapaxes(a, -1, -2) + np.eye(m)


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("method", ["ortho", "basic"])
def test_pairs_are_pytorchs(largest, method):
    a, b, x = symmetric(), symmetric(), RNG.standard_normal((12, 3))
    for second in (None, b):
        found = []
        for lib in (nt, torch):
            B = None if second is None else lib.tensor(second)
            E, U = lib.lobpcg(lib.tensor(a), 2, B, lib.tensor(x), largest=largest, method=method,
                              tol=1e-9, niter=400)  # fmt: skip
            assert tuple(E.shape) == (2,) and tuple(U.shape) == (12, 2)
            left, right = a @ U.numpy(), (second if second is not None else np.eye(12)) @ U.numpy()
            np.testing.assert_allclose(left, right * E.numpy(), atol=1e-5 * abs(left).max())
            found.append(E.numpy())
        np.testing.assert_allclose(*found, rtol=1e-6)


def test_batches_sparse_matrices_and_preconditioners():
    a = symmetric(2, 2)
    E, U = nt.lobpcg(nt.tensor(a), 1)
    assert E.shape == (2, 2, 1) and U.shape == (2, 2, 12, 1)
    np.testing.assert_allclose(E.numpy()[..., 0], np.linalg.eigvalsh(a)[..., -1], rtol=1e-6)
    d = nt.arange(1, 31, dtype=nt.float64)
    where = nt.arange(30).expand(2, 30)
    A, iK = (nt.sparse_coo_tensor(where, v, (30, 30)) for v in (d, 1 / d))
    E, _ = nt.lobpcg(A, 2, iK=iK, largest=False, tol=1e-9)
    np.testing.assert_allclose(E.numpy(), [1, 2], rtol=1e-6)


def test_gradients():
    a = symmetric(m=9)
    x = RNG.standard_normal((9, 2))
    found = []
    for lib in (nt, torch):
        A = lib.tensor(a, requires_grad=True)
        E, U = lib.lobpcg(A, 2, X=lib.tensor(x), tol=1e-12)
        loss = (E * lib.tensor([1.0, 2.0], dtype=lib.float64)).sum() + (U**2)[3].sum()
        found.append(lib.autograd.grad(loss, A)[0].numpy())
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-7)


def test_errors():
    a = nt.eye(5)
    with pytest.raises(ValueError, match=r"A rows \(=5\) is smaller than 3 x .*\(=2\)"):
        nt.lobpcg(a, 2)
    with pytest.raises(AssertionError, match="A must be square"):
        nt.lobpcg(nt.ones(3, 4))
    with pytest.raises(ValueError, match="B != I yet"):
        nt.lobpcg(nt.eye(9, requires_grad=True), 1, nt.eye(9))
    with pytest.raises(NotImplementedError, match="tracker"):
        nt.lobpcg(nt.eye(9), tracker=print)
