"""torch.linalg against torch: values, gradients to second order, errors of bad matrices."""

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, compare, outcome, torch

RNG = np.random.default_rng(11)


def normal(*shape, kind=np.float64) -> np.ndarray:
    x = RNG.standard_normal(shape)
    return (x + 1j * RNG.standard_normal(shape) if kind == np.complex128 else x).astype(kind)


def positive(*shape, kind=np.float64) -> np.ndarray:
    """Well-conditioned positive definite matrices."""
    a = normal(*shape, kind=kind)
    return a @ np.conj(a.swapaxes(-1, -2)) + shape[-1] * np.eye(shape[-1])


def hermitian(x):
    """The function's operand made symmetric, so that it is one in gradient checks too."""
    return x + x.mH


# name -> (function, matrices); results that are fixed but for signs enter by what does not depend
# on them.
LA = {
    "inv": (lambda t, a: t.linalg.inv(a), (2, 4, 4)),
    "inverse": (lambda t, a: t.inverse(a), (3, 3)),
    "inv_ex": (lambda t, a: t.linalg.inv_ex(a).inverse, (3, 3)),
    "pinv": (lambda t, a: t.linalg.pinv(a), (2, 4, 3)),
    "pinv wide": (lambda t, a: t.linalg.pinv(a), (2, 4)),
    "pinv hermitian": (lambda t, a: t.linalg.pinv(hermitian(a), hermitian=True), (3, 3)),
    "det": (lambda t, a: t.linalg.det(a), (2, 3, 3)),
    "slogdet": (lambda t, a: t.linalg.slogdet(a).logabsdet, (2, 3, 3)),
    "solve": (lambda t, a, b: t.linalg.solve(a, b), (2, 3, 3), (3, 2)),
    "solve vector": (lambda t, a, b: t.linalg.solve(a, b), (3, 3), (3,)),
    "solve right": (lambda t, a, b: t.linalg.solve(a, b, left=False), (3, 3), (2, 3)),
    "triangular": (
        lambda t, a, b: t.linalg.solve_triangular(a + 3, b, upper=True), (2, 3, 3), (3, 2)),
    "triangular right": (
        lambda t, a, b: t.linalg.solve_triangular(a, b, upper=False, left=False, unitriangular=True),
        (3, 3), (2, 3)),
    "lstsq": (lambda t, a, b: t.linalg.lstsq(a, b).solution, (5, 3), (5, 2)),
    "cholesky": (lambda t, a: t.linalg.cholesky(a @ a.mH + 3 * t.eye(3).to(a.dtype)), (2, 3, 3)),
    "cholesky upper": (
        lambda t, a: t.linalg.cholesky(a @ a.mH + 3 * t.eye(3).to(a.dtype), upper=True), (3, 3)),
    "cholesky_solve": (lambda t, a, b: t.cholesky_solve(b, a.tril() + 3 * t.eye(3).to(a.dtype)), (3, 3), (3, 2)),
    "cholesky_inverse": (lambda t, a: t.cholesky_inverse(a.tril() + 3 * t.eye(3).to(a.dtype)), (3, 3)),
    "qr q": (lambda t, a: t.linalg.qr(a).Q, (2, 4, 3)),
    "qr r": (lambda t, a: t.linalg.qr(a).R, (3, 5)),
    "eigh values": (lambda t, a: t.linalg.eigh(hermitian(a)).eigenvalues, (2, 4, 4)),
    "eigh vectors": (lambda t, a: t.linalg.eigh(hermitian(a)).eigenvectors.abs() ** 2, (3, 3)),
    "eigvalsh": (lambda t, a: t.linalg.eigvalsh(hermitian(a)), (3, 3)),
    "svd u": (lambda t, a: t.linalg.svd(a, full_matrices=False).U.abs() ** 2, (4, 3)),
    "svd s": (lambda t, a: t.linalg.svd(a).S, (2, 3, 4)),
    "svd v": (lambda t, a: t.linalg.svd(a, full_matrices=False).Vh.abs() ** 2, (3, 4)),
    "svdvals": (lambda t, a: t.linalg.svdvals(a), (2, 3, 4)),
    "lu": (lambda t, a: t.linalg.lu(a).L @ t.linalg.lu(a).U.cos(), (3, 4)),
    "lu tall": (lambda t, a: t.linalg.lu(a).L, (4, 3)),
    "lu_solve": (lambda t, a, b: t.linalg.lu_solve(*t.linalg.lu_factor(a), b), (3, 3), (3, 2)),
    "householder": (lambda t, a, b: t.linalg.householder_product(a, b), (4, 2), (2,)),
    "matrix_exp": (lambda t, a: t.linalg.matrix_exp(a), (2, 3, 3)),
    "matrix_power": (lambda t, a: t.linalg.matrix_power(a, -3), (3, 3)),
    "norm nuc": (lambda t, a: t.linalg.norm(a, "nuc"), (3, 4)),
    "norm 2": (lambda t, a: t.linalg.matrix_norm(a, 2), (2, 3, 4)),
    "norm inf": (lambda t, a: t.linalg.norm(a, float("inf"), dim=(0, 2)) ** 2, (3, 2, 4)),
    "norm 3": (lambda t, a: t.linalg.vector_norm(a, 3, dim=-1), (3, 4)),
    "cond": (lambda t, a: t.linalg.cond(a), (3, 3)),
    "tensorsolve": (lambda t, a, b: t.linalg.tensorsolve(a, b), (4, 2, 2), (4,)),
}  # fmt: skip


# Gradients of gradients, where no other case covers the rule (each takes kernels of its own).
TWICE = ("inv", "solve", "triangular", "cholesky", "qr q", "eigh vectors", "svd u", "lu", "pinv")


def derivatives(t, f, arrays, twice=False):
    """f, and its first (and second) gradients along fixed directions."""
    xs = [t.tensor(a, requires_grad=True) for a in arrays]
    out = f(t, *xs)
    w = np.random.default_rng(1).standard_normal(tuple(out.shape))
    value = (out * t.tensor(w)).sum()
    value = value.real if value.is_complex() else value
    first = t.autograd.grad(value, xs, create_graph=twice)
    found = [out.detach(), *(g.detach() for g in first)]
    if twice:
        found += t.autograd.grad(sum((g.abs() ** 2).sum() for g in first), xs)
    return [x.resolve_conj() for x in found]


@pytest.mark.parametrize("name", list(LA))
def test_values_and_gradients(name):
    f, *shapes = LA[name]
    arrays = [normal(*s) for s in shapes]
    twice = name in TWICE
    for g, w in zip(derivatives(nt, f, arrays, twice), derivatives(torch, f, arrays, twice)):
        check(g, w, rtol=1e-7, atol=1e-9, what=name)


COMPLEX = ("inv", "det", "solve", "cholesky", "qr q", "eigh vectors", "svd u", "pinv", "matrix_exp")


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_values_and_gradients(name):
    f, *shapes = LA[name]
    arrays = [normal(*s, kind=np.complex128) for s in shapes]
    for g, w in zip(derivatives(nt, f, arrays), derivatives(torch, f, arrays)):
        check(g, w, rtol=1e-7, atol=1e-9, what=name)


def test_eig():
    a = normal(2, 3, 3)

    def powers(t, x):
        # Does not depend on the order and the scale of the vectors.
        values, vectors = t.linalg.eig(x)
        again = (vectors * (values**2).unsqueeze(-2)) @ t.linalg.inv(vectors)
        return again.real

    for g, w in zip(derivatives(nt, powers, [a]), derivatives(torch, powers, [a])):
        check(g, w, rtol=1e-7, atol=1e-9)
    x = nt.tensor(a)
    check(nt.linalg.eigvals(x).sum(-1).real, torch.tensor(a).diagonal(0, -2, -1).sum(-1), rtol=1e-10)


def test_integer_results_and_reconstructions():
    a, s = normal(2, 4, 4), hermitian(torch.tensor(normal(2, 4, 4))).numpy()
    x, y = nt.tensor(a), torch.tensor(a)
    for got, want in (
        (nt.linalg.lu_factor(x), torch.linalg.lu_factor(y)),
        (nt.linalg.lu(x), torch.linalg.lu(y)),
        (nt.linalg.ldl_factor(nt.tensor(s)), torch.linalg.ldl_factor(torch.tensor(s))),
        (nt.geqrf(x), torch.geqrf(y)),
        (nt.linalg.matrix_rank(x), torch.linalg.matrix_rank(y)),
        (nt.linalg.lstsq(x[0, :, :2], x[0], driver="gelsd"),
         torch.linalg.lstsq(y[0, :, :2], y[0], driver="gelsd")),
    ):  # fmt: skip
        check(got, want, rtol=1e-9, atol=1e-9)
    U, S, V = nt.svd(x)
    np.testing.assert_allclose(((U * S.unsqueeze(-2)) @ V.mT).numpy(), a, 1e-10, 1e-10)
    LD, pivots = nt.linalg.ldl_factor(nt.tensor(s))
    solved = nt.linalg.ldl_solve(LD, pivots, x)
    np.testing.assert_allclose((nt.tensor(s) @ solved).numpy(), a, 1e-8, 1e-8)
    P, L, U = nt.lu_unpack(*nt.linalg.lu_factor(x))
    np.testing.assert_allclose((P @ L @ U).numpy(), a, 1e-10, 1e-10)


def test_gradient_of_det_of_a_singular_matrix():
    x = nt.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]], requires_grad=True)
    nt.linalg.det(x).backward()
    cofactors = [[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(x.grad.numpy(), cofactors, atol=1e-5)


def test_float32_stays_float32():
    x = nt.tensor(positive(3, 3), dtype=nt.float32)
    results = [*nt.linalg.svd(x), *nt.linalg.qr(x), nt.linalg.inv(x), nt.linalg.cholesky(x)]
    assert all(r.dtype is nt.float32 for r in results)
    assert nt.linalg.eigvals(x).dtype is nt.complex64


SINGULAR = [[[2.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]
BAD = {
    "inv": lambda t: t.linalg.inv(t.tensor(SINGULAR)),
    "inv one": lambda t: t.linalg.inv(t.tensor(SINGULAR[1])),
    "solve": lambda t: t.linalg.solve(t.tensor(SINGULAR), t.ones(2, 1)),
    "cholesky": lambda t: t.linalg.cholesky(t.tensor(SINGULAR)),
    "svd": lambda t: t.linalg.svd(t.full((2, 2), float("nan"))).S,
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_bad_matrices_raise_at_the_read(name):
    theirs = outcome(BAD[name], torch)
    ours = outcome(lambda: BAD[name](nt).sum().item())
    assert type(ours) is nt.linalg.LinAlgError and isinstance(ours, RuntimeError)
    assert str(ours).startswith(str(theirs).rstrip(".")[:60]), (ours, theirs)
    assert "test_linalg.py:" in str(ours)


def test_info_instead_of_errors():
    x, y = nt.tensor(SINGULAR), torch.tensor(SINGULAR)
    assert nt.linalg.inv_ex(x).info.tolist() == torch.linalg.inv_ex(y).info.tolist()
    assert nt.linalg.cholesky_ex(x).info.tolist() == torch.linalg.cholesky_ex(y).info.tolist()
    assert nt.linalg.lu_factor_ex(x).info.tolist() == torch.linalg.lu_factor_ex(y).info.tolist()
    assert nt.linalg.cond(x, 1).tolist() == torch.linalg.cond(y, 1).tolist()


ERRORS = {
    "inv": lambda t: t.linalg.inv(t.ones(2, 3)),
    "ints": lambda t: t.linalg.inv(t.ones(2, 2, dtype=t.int64)),
    "det": lambda t: t.det(t.ones(3)),
    "cholesky": lambda t: t.linalg.cholesky(t.ones(2, 3)),
    "qr": lambda t: t.linalg.qr(t.ones(2, 3), mode="x"),
    "eigh": lambda t: t.linalg.eigh(t.ones(2, 2), UPLO="X"),
    "solve": lambda t: t.linalg.solve(t.ones(2, 2), t.ones(3, 2)),
    "dtypes": lambda t: t.linalg.solve(t.ones(2, 2), t.ones(2, dtype=t.int64)),
    "triangular": lambda t: t.linalg.solve_triangular(t.ones(2, 2), t.ones(2), upper=True),
    "lstsq": lambda t: t.linalg.lstsq(t.ones(3, 2), t.ones(3, 1), driver="foo"),
    "norm": lambda t: t.linalg.norm(t.ones(2, 3), ord=3),
    "norm dim": lambda t: t.linalg.matrix_norm(t.ones(2, 3), 2, dim=(0, 0)),
    "norm empty": lambda t: t.linalg.vector_norm(t.ones(0, 3), float("inf")),
    "power": lambda t: t.linalg.matrix_power(t.ones(2, 2), 1.5),
    "tensorinv": lambda t: t.linalg.tensorinv(t.ones(4, 2, 2), ind=0),
    "lu_factor": lambda t: t.linalg.lu_factor(t.ones(2, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ERRORS))
def test_errors(name):
    check_error(outcome(ERRORS[name], nt), outcome(ERRORS[name], torch), name)


def test_empty_matrices():
    for f in (
        lambda t: t.linalg.det(t.ones(0, 0)), lambda t: t.linalg.inv(t.ones(0, 2, 2)),
        lambda t: t.linalg.svdvals(t.ones(2, 0)), lambda t: t.linalg.matrix_exp(t.ones(0, 0)),
        lambda t: t.linalg.pinv(t.ones(2, 0)), lambda t: t.linalg.matrix_norm(t.ones(0, 3), 1),
    ):  # fmt: skip
        compare({"empty": (lambda f=f: f(nt), lambda f=f: f(torch))})


@pytest.mark.parametrize("name", ["pinv", "lstsq"])
def test_least_squares_of_nan(name):
    a = nt.full((3, 2), float("nan"))
    f = getattr(nt.linalg, name)
    with pytest.raises(nt.linalg.LinAlgError, match="non-finite values"):
        f(a).tolist() if name == "pinv" else f(a, nt.ones(3, 1)).solution.tolist()
