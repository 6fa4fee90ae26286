"""Special functions: accuracy against mpmath, values at the edges and gradients against torch."""

import mpmath
import numpy as np
import numtorch as nt
import pytest
from helpers import compare, pair, torch

mp = mpmath.mp
RNG = np.random.default_rng(5)
COUNT = 60


def log_points(low: float, high: float) -> np.ndarray:
    return 10 ** RNG.uniform(low, high, COUNT)


def points(low: float, high: float) -> np.ndarray:
    return RNG.uniform(low, high, COUNT)


def scaled(f, sign: int):
    return lambda x: mp.exp(sign * abs(x)) * f(x)


# function: (reference, points, error relative to the value, error relative to 1)
UNARY = {
    "digamma": (mp.digamma, points(0.01, 40), 4e-16, 2e-15),
    "lgamma": (lambda x: mp.re(mp.loggamma(x)), points(-9, 30), 4e-15, 4e-15),
    "erfinv": (mp.erfinv, points(-1, 1), 6e-16, 0),
    "ndtri": (lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), log_points(-15, -0.01), 6e-16, 2e-16),
    "ndtr": (mp.ncdf, points(-6, 9), 1e-14, 0),
    "log_ndtr": (lambda x: mp.log(mp.ncdf(x)), points(-40, 6), 4e-15, 0),
    "erfcx": (lambda x: mp.exp(x * x) * mp.erfc(x), points(-9, 60), 2e-15, 0),
    "i0": (lambda x: mp.besseli(0, x), points(-40, 40), 8e-16, 0),
    "i1": (lambda x: mp.besseli(1, x), points(-40, 40), 8e-16, 0),
    "i0e": (scaled(lambda x: mp.besseli(0, x), -1), points(-90, 90), 8e-16, 0),
    "i1e": (scaled(lambda x: mp.besseli(1, x), -1), points(-90, 90), 8e-16, 0),
    "modified_bessel_k0": (lambda x: mp.besselk(0, x), points(0.01, 30), 2e-15, 0),
    "modified_bessel_k1": (lambda x: mp.besselk(1, x), points(0.01, 30), 2e-15, 0),
    "scaled_modified_bessel_k0": (scaled(lambda x: mp.besselk(0, x), 1), points(0.01, 90), 2e-15, 0),
    "scaled_modified_bessel_k1": (scaled(lambda x: mp.besselk(1, x), 1), points(0.01, 90), 2e-15, 0),
    "bessel_j0": (lambda x: mp.besselj(0, x), points(-60, 60), 0, 2e-15),
    "bessel_j1": (lambda x: mp.besselj(1, x), points(-60, 60), 0, 2e-15),
    "bessel_y0": (lambda x: mp.bessely(0, x), points(0.01, 60), 4e-16, 2e-15),
    "bessel_y1": (lambda x: mp.bessely(1, x), points(0.01, 60), 4e-16, 2e-15),
    "airy_ai": (mp.airyai, points(-30, 20), 4e-15, 8e-15),
    "spherical_bessel_j0": (lambda x: mp.sin(x) / x, points(-40, 40), 4e-16, 4e-16),
}  # fmt: skip
BINARY = {
    "zeta": (mp.zeta, points(1.1, 12), points(0.1, 40), 1e-15, 0),
    "igamma": (lambda a, x: mp.gammainc(a, 0, x, regularized=True), points(0.1, 90),
               points(0.1, 130), 3e-14, 0),
    "igammac": (lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), points(0.1, 90),
                points(0.1, 130), 3e-14, 0),
    "legendre_polynomial_p": (lambda x, n: mp.legendre(n, x), points(-1, 1),
                              RNG.integers(0, 9, COUNT) * 1.0, 0, 4e-15),
    "chebyshev_polynomial_u": (lambda x, n: mp.chebyu(n, x), points(-2, 2),
                               RNG.integers(0, 9, COUNT) * 1.0, 1e-14, 2e-14),
    "hermite_polynomial_h": (lambda x, n: mp.hermite(n, x), points(-2, 2),
                             RNG.integers(0, 9, COUNT) * 1.0, 1e-13, 1e-12),
}  # fmt: skip


def find(lib, name):
    return getattr(lib, name, None) or getattr(lib.special, name)


def worst(got, want, relative: float, absolute: float) -> float:
    """The largest error, in units of what is allowed."""
    return max(
        float(abs(mpmath.mpf(g) - w) / (relative * abs(w) + absolute)) for g, w in zip(got, want)
    )


def test_accuracy_of_functions_of_one_variable():
    # Every function reads its own row of one table, so that all of them are a few kernels.
    results = {name: find(nt, name)(nt.tensor(row[1])) for name, row in UNARY.items()}
    bad = {}
    with mpmath.workdps(40):
        for name, (reference, xs, relative, absolute) in UNARY.items():
            want = [mpmath.re(reference(mpmath.mpf(x))) for x in xs.tolist()]
            off = worst(results[name].tolist(), want, relative, absolute)
            if not off <= 1:
                bad[name] = off
    assert not bad


def test_accuracy_of_functions_of_two_variables():
    results = {n: find(nt, n)(nt.tensor(r[1]), nt.tensor(r[2])) for n, r in BINARY.items()}
    bad = {}
    with mpmath.workdps(60):
        for name, (reference, xs, ys, relative, absolute) in BINARY.items():
            want = [mpmath.re(reference(mpmath.mpf(x), mpmath.mpf(y))) for x, y in zip(xs, ys)]
            off = worst(results[name].tolist(), want, relative, absolute)
            if not off <= 1:
                bad[name] = off
    assert not bad


EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 2.0, 0.5, -3.0, -2.5, 30.0])


def test_edges_of_functions_of_one_variable():
    x, y = pair(EDGES)
    calls = {n: (lambda n=n: find(nt, n)(x), lambda n=n: find(torch, n)(y)) for n in UNARY}
    compare(calls, rtol=4e-6, atol=1e-14)  # torch's airy_ai is that far off


def test_integers_and_float32():
    (x, y), (p, q) = pair(np.arange(1, 7)), pair(np.linspace(0.1, 0.9, 6, dtype=np.float32))
    calls = {}
    for n in UNARY:
        calls[n, "int"] = (lambda n=n: find(nt, n)(x), lambda n=n: find(torch, n)(y))
        calls[n, "f32"] = (lambda n=n: find(nt, n)(p), lambda n=n: find(torch, n)(q))
    compare(calls, rtol=2e-5, atol=2e-6)


def test_edges_of_functions_of_two_variables():
    a = np.array([0.0, 1.0, 2.0, np.inf, np.nan, 0.5, 3.0, 2.0, -1.0, 150.0, 1e-9, 1e5])
    b = np.array([0.0, 0.0, np.inf, 1.0, 1.0, 1.0, -1.5, -2.0, 1.0, 149.0, 0.5, 1e5])
    (x, y), (p, q) = pair(a), pair(b)
    names = ("zeta", "igamma", "igammac", "xlogy", "xlog1py")
    calls = {n: (lambda n=n: find(nt, n)(x, p), lambda n=n: find(torch, n)(y, q)) for n in names}
    for n in ("zeta", "xlog1py"):
        calls[n, "numbers"] = (
            (lambda n=n: find(nt, n)(2.0, x), lambda n=n: find(torch, n)(2.0, y))
        )  # fmt: skip
    compare(calls, rtol=1e-8, atol=1e-14)


POLYNOMIALS = [
    f"{shifted}chebyshev_polynomial_{kind}" for shifted in ("", "shifted_") for kind in "tuvw"
] + ["hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l",
     "legendre_polynomial_p"]  # fmt: skip


def test_orthogonal_polynomials():
    degrees = np.array([-1.0, 0, 1, 2, 3, 7, 9, 12])
    (x, y), (n, k) = pair(np.array([[-1.0], [1.0], [0.0], [0.3], [-0.7], [2.0]])), pair(degrees)
    calls = {
        f: (lambda f=f: find(nt, f)(x, n), lambda f=f: find(torch, f)(y, k)) for f in POLYNOMIALS
    }
    compare(calls, rtol=1e-9, atol=1e-11)


GRADIENTS = ("digamma", "lgamma", "erfinv", "ndtri", "ndtr", "log_ndtr", "erfcx", "i0", "i1", "i0e",
             "i1e", "entr", "logit")  # fmt: skip


def test_gradients():
    results = []
    for lib in (nt, torch):
        x = lib.tensor(np.linspace(0.1, 0.9, 5), requires_grad=True)
        total = sum(find(lib, n)(x).sum() for n in GRADIENTS) + lib.polygamma(2, x).sum()
        total = total + lib.igamma(lib.ones(5, dtype=lib.float64), x).sum()
        total = total + find(lib, "zeta")(2.5, x).sum()
        results.append(lib.autograd.grad(total, x)[0].tolist())
    np.testing.assert_allclose(*results, rtol=1e-9)


@pytest.mark.parametrize("name", ["igamma", "zeta"])
def test_operands_without_a_derivative(name):
    x, y = nt.tensor([1.5], requires_grad=True), nt.tensor([2.0], requires_grad=True)
    find(nt, name)(x.detach(), y).sum().backward()
    assert y.grad.isfinite().item()
    with pytest.raises(NotImplementedError, match=f"the derivative for '{name}"):
        find(nt, name)(x * 2, y).sum().backward()
        x.grad.tolist()


@pytest.mark.parametrize("name", ["bessel_j0", "airy_ai", "modified_bessel_k0"])
def test_functions_without_a_gradient(name):
    x = nt.tensor([0.5], requires_grad=True)
    assert not find(nt, name)(x).requires_grad


def test_names_are_torchs():
    ours = {n for n in dir(nt.special) if not n.startswith("_")}
    theirs = set(torch.special.__all__) if hasattr(torch.special, "__all__") else set()
    assert theirs <= ours, theirs - ours
    assert nt.special.expit is nt.sigmoid and nt.special.psi is nt.digamma
