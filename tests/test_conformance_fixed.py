"""What the conformance tables once found wrong; each held against PyTorch."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import numtorch.nn.functional as F
import pytest
from helpers import pair, torch

RNG = np.random.default_rng(0)


def gradients(lib, f, *ins):
    """(value, gradients) of a function at arrays."""
    ins = [lib.tensor(x, requires_grad=True) for x in ins]
    out = f(lib, *ins)
    w = lib.tensor(np.linspace(0.5, 1.5, out.numel()).reshape(tuple(out.shape))).to(out.dtype)
    return [out.detach(), *lib.autograd.grad(out, ins, w)]


def same(f, *ins, rtol=1e-12) -> None:
    ours, theirs = gradients(nt, f, *ins), gradients(torch, f, *ins)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.resolve_conj().numpy(), rtol=rtol, atol=1e-12)


def error_of(f) -> tuple[str, str]:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        f()
    return type(caught.value).__name__, str(caught.value).splitlines()[0]


def test_numbers_derived_from_numbers_keep_double_precision():
    # p - 1 was computed in float32: the gradient of x ** p was off in the eighth digit.
    x = RNG.random(5) + 0.5
    same(lambda lib, x: x**2.3, x)
    same(lambda lib, x: lib.linalg.vector_norm(x, 1.2), x)


def test_a_variance_by_difference_rounds_once():
    # RMSprop's centered variance cancels; two roundings of square - mean^2 made steps of 1e-3.
    runs = []
    for lib in (nt, torch):
        p = lib.tensor([1.0, -2.0], dtype=lib.float64)
        p.requires_grad_()
        opt = lib.optim.RMSprop([p], lr=0.01, alpha=0.5, centered=True)
        for k in range(30):
            p.grad = lib.tensor([1.0 + 1e-5 * k, -0.3 + 1e-6 * k * k], dtype=lib.float64)
            opt.step()
        runs.append((p.detach().numpy(), opt.state[p]["grad_avg"].numpy()))
    for a, b in zip(*runs):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("upper", [False, True])
def test_gradients_of_factors_in_the_triangle_that_is_not_read(upper):
    a = np.tril(RNG.standard_normal((4, 4))) + 3 * np.eye(4)
    a = a.T if upper else a
    same(lambda lib, x: lib.cholesky_inverse(x, upper=upper), a, rtol=1e-9)
    same(lambda lib, b, x: lib.cholesky_solve(b, x, upper), RNG.standard_normal((4, 2)), a,
         rtol=1e-9)  # fmt: skip
    z = RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3))
    same(lambda lib, x: lib.linalg.cholesky(x, upper=upper), z @ z.conj().T + 3 * np.eye(3),
         rtol=1e-9)  # fmt: skip


def test_log_sums_of_complex_numbers():
    z = RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))
    same(lambda lib, x: lib.logsumexp(x, 1), z, rtol=1e-10)
    same(lambda lib, x: lib.logcumsumexp(x, 1), z, rtol=1e-10)


@pytest.mark.parametrize("driver", ["gels", "gelsy", "gelsd", "gelss"])
def test_results_of_lstsq(driver):
    for shape in ((4, 3), (3, 4)):
        a, b = RNG.standard_normal(shape), RNG.standard_normal((shape[0], 2))
        found = [lib.linalg.lstsq(lib.tensor(a, requires_grad=True), lib.tensor(b), driver=driver)
                 for lib in (nt, torch)]  # fmt: skip
        for x, y in zip(*found):
            assert tuple(x.shape) == tuple(y.shape)
            assert x.requires_grad == y.requires_grad


POOLS = {
    "max_pool1d": [((3, 3), 1, 0), ((3, 3), 0), ((3, 3), 2, 1, -1), ((3, 3), 2, 1, 3), ((3,), 1),
                   ((3, 3), 1, 1, 0, 0), ((2, 2), 5), ((2, 0, 3), 1)],
    "max_pool2d": [((2, 2, 2), 0), ((2, 2, 4), 0, 1), ((2, 2, 2), 1, -1), ((0, 1, 49), 2, 50, -1),
                   ((0, 1, 49), (3, 2), 50, 4), ((2, 2, 2), 1, 1, 0, 0), ((2, 2, 2), 5)],
    "max_pool3d": [((0, 3, 3, 3), 1), ((2, 1, 0, 1, 2), 1), ((2, 2, 2, 2), 5)],
    "avg_pool1d": [((3,), 1), ((2, 3), 9), ((0, 3), 1)],
    "avg_pool3d": [((2, 4, 4, 4), (3, 5, 3)), ((2, 0, 3, 3, 3), 1)],
    "adaptive_avg_pool1d": [((1, 2, 3), ()), ((3,), 1), ((1, 2, 3), -1), ((1, 2, 0), 2)],
    "adaptive_max_pool2d": [((1, 2, 3, 4), ()), ((2, 1, 1, 1, 1), 2), ((1, 2, 3, 0), 1)],
}  # fmt: skip


@pytest.mark.parametrize("name", POOLS)
def test_errors_of_pools(name):
    for shape, *args in POOLS[name]:
        x, y = pair(np.zeros(shape, np.float32))
        want = error_of(lambda y=y, a=args: getattr(torch.nn.functional, name)(y, *a))
        assert error_of(lambda x=x, a=args: getattr(F, name)(x, *a)) == want, (shape, args)


def test_errors_of_convolutions_and_losses():
    calls = [
        lambda f, z: f.conv1d(z(1, 1, 4), z(1, 2)),
        lambda f, z: f.conv2d(z(1, 1, 4, 3), z(1, 2, 2), padding="same"),
        lambda f, z: f.conv3d(z(2, 2, 3, 4, 5), z(2, 2, 1, 1, 1), groups=3),
        lambda f, z: f.conv1d(z(1, 1, 4), z(1, 1, 2), dilation=-1),
        lambda f, z: f.multi_margin_loss(z(5, 4), z(5)),
        lambda f, z: f.multi_margin_loss(z(5, 4), z(5, 4)),
        lambda f, z: f.multi_margin_loss(z(5, 4), z(5), reduction="abc"),
        lambda f, z: f.softshrink(z(1), -0.5),
        lambda f, z: f.pdist(z(3)),
    ]
    for call in calls:
        want = error_of(lambda c=call: c(torch.nn.functional, torch.zeros))
        assert error_of(lambda c=call: c(F, nt.zeros)) == want


def test_second_derivative_of_ctc_is_refused():
    x = nt.randn(4, 1, 3, dtype=nt.float64).log_softmax(2).requires_grad_()
    loss = F.ctc_loss(x, nt.tensor([[1]]), [4], [1])
    (g,) = nt.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="_ctc_loss_backward is not implemented"):
        nt.autograd.grad(g.sum(), x)[0].tolist()


def test_distances_of_no_pairs_keep_the_graph():
    for shape in ((1, 3), (3, 0)):
        x = nt.ones(*shape, requires_grad=True)
        out = F.pdist(x)
        assert out.requires_grad
        out.sum().backward()
        assert x.grad.shape == shape


def test_number_divided_by_the_unbound_operator():
    assert error_of(lambda: nt.Tensor.__rdiv__(2, nt.ones(1)))[0] == "AttributeError"


def test_regions_around_a_leaf_that_is_a_view():
    # A RuntimeError before: gradients of elements outside of the leaf.
    found = []
    for lib in (nt, torch):
        base = lib.arange(20, dtype=lib.float64)
        leaf = base[3:13].detach().requires_grad_()
        y = lib.as_strided(leaf, (2, 3), (4, 2), 1)
        (y * y).sum().backward()
        with lib.no_grad():
            base[5] = 100.0  # the region sees it
        found.append((y.tolist(), leaf.grad.tolist(), y._base is leaf))
    assert found[0] == found[1]


def test_dim_of_narrow_copy():
    x = nt.ones(2, 3)
    assert error_of(lambda: x.narrow_copy(2, 0, 1))[0] == "RuntimeError"
    assert error_of(lambda: x.narrow_copy(-3, 0, 1))[0] == "IndexError"


def test_addr_keeps_half_precision():
    # The product was computed in float32 and stayed so.
    for name in ("float16", "bfloat16"):
        d = getattr(nt, name)
        assert nt.addr(nt.ones(2, 3, dtype=d), nt.ones(2, dtype=d), nt.ones(3, dtype=d)).dtype is d
    assert nt.addr(nt.ones(2, 3), nt.ones(2, dtype=nt.float64), nt.ones(3)).dtype is nt.float64


def test_matrix_exp_of_halves():
    # NaN before: numerators of the polynomial overflowed.
    x = (RNG.standard_normal((4, 4)) / 2).astype(np.float16)
    got = nt.matrix_exp(nt.tensor(x))
    want = torch.matrix_exp(torch.tensor(x.astype(np.float64)))
    assert got.dtype is nt.float16
    np.testing.assert_allclose(got.float().numpy(), want.numpy(), rtol=2e-3, atol=2e-3)


FORMATS = {
    "double": lambda lib, x: x.double(),
    "double row-major": lambda lib, x: x.to(lib.float64, memory_format=lib.contiguous_format),
    "copy": lambda lib, x: x.to(lib.float32, copy=True),
    "same dtype": lambda lib, x: x.to(lib.float32, memory_format=lib.contiguous_format),
    "channels last": lambda lib, x: lib.ones(2, 3, 4, 5).to(memory_format=lib.channels_last),
    "both": lambda lib, x: lib.ones(2, 3, 4, 5).to(lib.int32, memory_format=lib.channels_last),
    "clone": lambda lib, x: x.clone(),
    "contiguous": lambda lib, x: lib.ones(2, 3, 4, 5).contiguous(memory_format=lib.channels_last),
}


@pytest.mark.parametrize("name", FORMATS)
def test_memory_formats_of_copies(name):
    found = []
    for lib in (nt, torch):
        x = lib.arange(6, dtype=lib.float32).reshape(2, 3).t().requires_grad_()
        y = FORMATS[name](lib, x)
        found.append((y.stride(), y._base is None or y is x, y.is_contiguous(), y.tolist()))
        if y.requires_grad and y is not x:
            (y * y).sum().backward()
            found[-1] += (x.grad.tolist(),)
    assert found[0] == found[1]
