"""Calls that `python -m tests.conformance.calls` found wrong, each held against PyTorch."""

from __future__ import annotations

import numtorch as nt
import numtorch.nn.functional  # noqa: F401
import pytest
from helpers import torch

CALLS = """
t.addcmul(t.ones(2).half(), t.ones(2, dtype=t.int32), t.ones(2).half(), value=2.5)
t.addcmul(t.ones(2, dtype=t.int64), t.ones(2, dtype=t.int64), t.ones(2, dtype=t.int64), value=1.5)
t.addcmul(t.ones(2, dtype=t.bool), t.ones(2, dtype=t.bool), t.ones(2, dtype=t.bool))
t.addcmul(t.ones(2, dtype=t.uint8), t.ones(2, dtype=t.uint8), t.ones(2, dtype=t.uint8), value=300)
t.addcmul(t.ones(4, 4), t.ones(3, 3), t.ones(2, 5, 2))
t.baddbmm(t.ones(3), t.ones(3), t.ones(3, 3, 3))
t.baddbmm(t.ones(3, 3, 3, 3), t.ones(2, 3, 3), t.ones(2, 3, 3))
t.addbmm(t.ones(4, 4), t.ones(4, 4), t.tensor(1.0))
t.clamp(t.tensor([True]), t.tensor([True]), t.tensor([True]))
t.clamp_max(t.tensor([True]), True)
t.clamp_max(t.tensor([True, False]), t.tensor([False, True]))
t.special.airy_ai(t.ones(2).half())
t.special.bessel_j0(t.ones(2).bfloat16())
t.special.ndtri(t.ones(2).bfloat16())
t.special.erfcx(t.ones(2).half())
t.special.shifted_chebyshev_polynomial_t(t.ones(2).half(), 2)
t.special.chebyshev_polynomial_t(t.ones(2), n=2)
t.heaviside(t.tensor([-1.0, 0.0, 2.0]), values=t.ones(3))
t.polygamma(1, t.ones(2, dtype=t.complex64))
t.mvlgamma(t.tensor([True]), 2)
t.polar(t.ones(2).half(), t.ones(2).half())
t.unique_consecutive(t.ones(2, dtype=t.complex64))
t.renorm(t.ones(2, 2), 2j, 0, 1.0)
t.binomial(t.ones(2, dtype=t.int64), t.ones(2))
t.binomial(t.ones(2, 3), t.ones(2))
t.ones(2, dtype=t.complex64).exponential_()
t.ones(2, dtype=t.complex64).log_normal_()
t.ldexp(t.ones(2).bfloat16(), t.tensor([1, 2]))
t.ldexp(t.ones(2), t.tensor([True, False]))
t.nanmean(t.ones(2), dtype=t.uint8)
t.nn.functional.cosine_similarity(t.ones(2, 2), t.ones(2, 2, dtype=t.int8))
t.nn.functional.cosine_similarity(t.ones(2, 2, dtype=t.int64), t.ones(2, 2, dtype=t.int8))
t.linalg.norm(t.ones(3, 1, 2), "nuc")
t.linalg.vecdot(t.ones(2, dtype=t.int64), t.ones(2, dtype=t.int64))
t.linalg.vander(t.ones(2).half())
t.cdist(t.ones(2, 2).half(), t.ones(2, 2).half())
t.kl_div(t.zeros(2), t.ones(2))
t.margin_ranking_loss(t.ones(2), t.ones(2), t.ones(2))
t.hinge_embedding_loss(t.ones(2), t.ones(2), reduction=7)
t.dropout(t.ones(2), 1.5, True)
t.dropout(t.ones(2), p=0.5, train=False)
t.ones(2, 3).dense_dim()
t.ones(2, 3).sparse_dim()
t.linalg.lstsq(t.eye(2), b=t.ones(2, 1)).solution
t.linalg.tensorsolve(t.eye(2), other=t.ones(2))
t.where(t.tensor([True]), t.tensor([1], dtype=t.int8), 300)
t.where(t.tensor([True]), 1, t.tensor([1], dtype=t.int8))
t.tensor([1], dtype=t.int8).clamp(min=-300)
t.tensor([1], dtype=t.uint8).clamp(max=300)
t.tensor([1], dtype=t.uint8).clamp(0.5, 300)
t.nn.functional.pad(t.tensor([1], dtype=t.int8), (1, 1), value=300)
t.nn.functional.pad(t.tensor([1], dtype=t.uint8), (1, 1), value=-1)
(t.ones(2) * 2**70).tolist()
t.ones(2).copy_(other=t.zeros(2))
t.ones(2, 3).heaviside_(t.ones(2, 3, requires_grad=True)).detach()
t.zeros(2, requires_grad=True).logical_not_().detach()
t.ones(2, requires_grad=True).logical_and_(t.zeros(2)).requires_grad
t.logspace(0.5, 1.9, 5, dtype=t.int64)
t.logspace(0, 1.2, 2, dtype=t.int16)
t.cov(t.arange(6.0).reshape(2, 3).half(), aweights=t.ones(3))
t.special.zeta(t.ones(2).half(), t.ones(2).half())
t.linalg.cholesky(-t.eye(2)).tolist()
t.floor_divide(t.ones(2, requires_grad=True), 2.0).sum().backward()
t.heaviside(t.ones(2, requires_grad=True), t.ones(2)).sum().backward()
t.igamma(t.ones(2, requires_grad=True), t.ones(2)).sum().backward()
t.igamma(t.ones(2), t.ones(2, requires_grad=True)).sum().backward()
t.special.zeta(t.ones(2, requires_grad=True), t.ones(2)).sum().backward()
t.linalg.qr(t.ones(3, 2, requires_grad=True), "complete")[0].sum().backward()
""".strip().splitlines()


def outcome(library, text: str):
    """The value, or the type and first line of the exception."""
    try:
        return eval(text, {"t": library}), None  # noqa: S307
    except Exception as e:  # noqa: BLE001
        return None, (type(e).__name__, (str(e).splitlines() or [""])[0])


@pytest.mark.parametrize("text", CALLS)
def test_call(text: str, setting):
    setting(interp=True)
    (want, error), (got, failed) = outcome(torch, text), outcome(nt, text)
    if error is not None:
        assert failed is not None, f"torch raised {error}"
        assert failed[0] == error[0]
        assert failed[1].startswith(error[1])
        return
    assert failed is None
    if not isinstance(want, torch.Tensor):
        assert got == want
        return
    assert (str(got.dtype), tuple(got.shape)) == (str(want.dtype), tuple(want.shape))
    mine = torch.tensor(got.tolist(), dtype=want.dtype).reshape(want.shape)
    torch.testing.assert_close(mine, want, equal_nan=True)


def test_a_refused_backward_leaves_nothing_behind():
    # The error came with the next value that was read, and again with every further one.
    x = nt.ones(2, requires_grad=True)
    y = nt.floor_divide(x, 2.0).sum()
    with pytest.raises(RuntimeError, match="derivative for aten::floor_divide"):
        y.backward()
    assert x.grad is None
    assert (nt.tensor([1, 2]) + 1).tolist() == [2, 3]


def test_indices_of_a_coordinate_lie_together():
    x = torch.tensor([[0, 1, 2], [3, 0, 4]])
    y = nt.tensor(x.tolist())
    assert y.nonzero().stride() == x.nonzero().stride()
    assert y.argwhere().tolist() == x.argwhere().tolist()


MATRICES = torch.eye(3).expand(2, 3, 3) * 4 + torch.arange(9.0).reshape(3, 3) % 4
MATRICES = MATRICES + MATRICES.mT
LAPACK = {
    "inv": lambda t, a: t.linalg.inv(a),
    "solve": lambda t, a: t.linalg.solve(a, a[:, :, :2]),
    "cholesky": lambda t, a: t.linalg.cholesky(a @ a),
    "upper": lambda t, a: t.linalg.cholesky(a @ a, upper=True),
    "qr": lambda t, a: t.linalg.qr(a[:, :, :2]),
    "svd": lambda t, a: t.linalg.svd(a[:, :, :2]),
    "eigh": lambda t, a: t.linalg.eigh(a),
    "lu": lambda t, a: t.linalg.lu_factor(a),
    "triangular": lambda t, a: t.linalg.solve_triangular(a, a[:, :2], upper=True, left=False),
}


@pytest.mark.parametrize("name", LAPACK)
def test_matrices_of_lapack_lie_column_by_column(name: str, setting):
    setting(interp=True)
    found = [
        LAPACK[name](t, t.tensor(MATRICES.tolist())) for t in (nt, torch)
    ]  # fmt: skip
    found = [[x] if hasattr(x, "stride") else list(x) for x in found]
    assert [tuple(x.stride()) for x in found[0]] == [x.stride() for x in found[1]]
    for got, want in zip(*found):
        got = torch.tensor(got.tolist()).to(want.dtype)
        torch.testing.assert_close(got.abs(), want.abs(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.fft.fft(x, dim=0),
        lambda t, x: t.fft.rfft(x, dim=1),
        lambda t, x: t.fft.rfftn(x, dim=(2, 0, 1)),
        lambda t, x: t.fft.ihfftn(x, dim=(0, 1)),
        lambda t, x: t.fft.irfft(x, n=7, dim=1),
        lambda t, x: t.fft.hfftn(x, dim=(0, 2)),
    ],
)
def test_transforms_lie_in_memory_as_in_pytorch(call, setting):
    setting(interp=True)
    x = torch.arange(24.0).reshape(4, 3, 2)
    for order in ((0, 1, 2), (2, 0, 1)):
        got = call(nt, nt.tensor(x.tolist()).permute(order))
        want = call(torch, x.permute(order))
        assert tuple(got.stride()) == want.stride()
        torch.testing.assert_close(torch.tensor(got.tolist()), want, rtol=1e-4, atol=1e-4)
