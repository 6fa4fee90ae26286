"""Complex tensors against PyTorch: values, views of the parts, gradients of every op."""

from __future__ import annotations

import numpy as np
import numtorch as torch
import pytest
import torch as real_torch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3)) + 1j * RNG.normal(size=(2, 3))
Y = RNG.normal(size=(3,)) + 1j * RNG.normal(size=(3,))
SQUARE = RNG.normal(size=(3, 3)) + 1j * RNG.normal(size=(3, 3))
POSITIVE = np.abs(X.real) + 0.1

UNARY = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "expm1", "log1p", "log2", "log10", "exp2", "sigmoid", "reciprocal",
    "rsqrt", "sgn", "angle", "abs", "square", "neg", "conj_physical", "real", "imag",
    "view_as_real", "sum", "prod", "mean", "t", "sinc",
)  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow")


def to_numpy(t):
    return t.detach().resolve_conj().resolve_neg().numpy()


def assert_same(want, got, tol=1e-9):
    assert str(want.dtype) == repr(got.dtype)
    np.testing.assert_allclose(to_numpy(got), to_numpy(want), rtol=tol, atol=tol)


def gradients(mod, f, arrays, seed):
    """Values, gradients and gradients of the gradients' squared size."""
    xs = [mod.tensor(a, requires_grad=True) for a in arrays]
    out = f(mod, *xs)
    given = seed if out.is_complex() else seed.real.copy()
    first = mod.autograd.grad(out, xs, mod.tensor(given), create_graph=True)
    size = sum((g.abs() ** 2).sum() for g in first)
    second = mod.autograd.grad(size, xs) if size.requires_grad else ()
    return [out, *first, *second]


def check_gradients(f, *arrays):
    shape = f(real_torch, *map(real_torch.tensor, arrays)).shape
    seed = RNG.normal(size=shape) + 1j * RNG.normal(size=shape)
    wants = gradients(real_torch, f, arrays, seed)
    gots = gradients(torch, f, arrays, seed)
    for want, got in zip(wants, gots):
        assert_same(want, got, 1e-7)
    # Of a linear function PyTorch's gradient has no graph; ours has one that leads nowhere.
    assert all((g == 0).all() for g in gots[len(wants) :])


# Rules of gradients do not depend on the back end: plain Python saves compiling each of them.


@pytest.mark.parametrize("name", UNARY)
def test_gradient_of_unary(name, setting):
    setting(interp=True)
    check_gradients(lambda m, x: getattr(m, name)(x), X)


@pytest.mark.parametrize("name", BINARY)
def test_gradient_of_binary(name, setting):
    setting(interp=True)
    check_gradients(lambda m, x, y: getattr(m, name)(x, y), X, Y)
    check_gradients(lambda m, x, y: getattr(m, name)(x, y), POSITIVE, Y)
    check_gradients(lambda m, x, y: getattr(m, name)(x, y), X, POSITIVE)
    check_gradients(lambda m, x: getattr(m, name)(x, 1 - 2j), X)
    check_gradients(lambda m, x: getattr(m, name)(x, 2.5), X)


OTHER = {
    "rdiv": (lambda m, x: (1 + 2j) / x, X),
    "rpow": (lambda m, x: (1 + 2j) ** x, X),
    "logaddexp": (lambda m, x, y: m.logaddexp(x, y), X, Y),
    "pow_0": (lambda m, x: x**0 * x, X),
    "where": (lambda m, x, y: m.where(m.real(x) > 0, x, y), X, Y),
    "complex": (lambda m, x, y: m.complex(x, y), POSITIVE, X.imag.copy()),
    "polar": (lambda m, x, y: m.polar(x, y), X.real.copy(), X.imag.copy()),
    "view_as_complex": (lambda m, x: m.view_as_complex(x), RNG.normal(size=(3, 2))),
    "matmul": (lambda m, x, y: x @ y, X, SQUARE),
    "cat": (lambda m, x, y: m.cat([x, y]), X, SQUARE),
    "index": (lambda m, x: x[m.tensor([0, 1, 1])], X),
    "gather": (lambda m, x: m.gather(x, 1, m.tensor([[0, 0], [2, 1]])), X),
    "to_real": (lambda m, x: x.to(m.float64), X),
    "to_complex": (lambda m, x: x.to(m.complex128), POSITIVE),
    "prod_dim": (lambda m, x: x.prod(1), X),
    "cumprod": (lambda m, x: x.cumprod(1), X),
    "set_region": (lambda m, x, y: _assigned(x.clone(), y), X, Y[:2].copy()),
    "real_in_place": (lambda m, x, y: _through(x.clone(), "real", y), X, POSITIVE),
    "imag_in_place": (lambda m, x, y: _through(x.clone(), "imag", y), X, POSITIVE),
    "pairs_in_place": (lambda m, x, y: _pairs(m, x.clone(), y), RNG.normal(size=(3, 2)), Y),
}


def _assigned(x, y):
    x[:, 1] = y
    return x


def _through(x, part, y):
    getattr(x, part).mul_(y)
    return x


def _pairs(m, x, y):
    m.view_as_complex(x).mul_(y)
    return x


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("name", OTHER)
def test_gradient_of(name, setting):
    setting(interp=True)
    f, *arrays = OTHER[name]
    check_gradients(f, *arrays)


# ---------------------------------------------------------------- compiled values

INF, NAN = float("inf"), float("nan")
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 30.0, -750.0, 1e-170, 1e200, INF, -INF, NAN)
GROUPS = (
    ("exp", "log", "sqrt", "reciprocal", "sgn"),
    ("sinh", "cosh", "tanh", "sin", "cos", "tan"),
    ("asin", "acos", "atan", "asinh", "acosh", "atanh"),
)


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_special_values(group):
    """C99's special values; NumPy or PyTorch's libraries disagree at some, so either will do."""
    z = np.array([complex(a, b) for a in EDGES for b in EDGES])
    x = torch.tensor(z)
    gots = [getattr(torch, name)(x) for name in group]
    with np.errstate(all="ignore"):
        for name, got in zip(group, gots):
            numpy_name = {"sgn": "sign"}.get(name, name.replace("a", "arc", 1)
                                             if name[0] == "a" else name)  # fmt: skip
            wants = [getattr(real_torch, name)(real_torch.tensor(z)).numpy(),
                     getattr(np, numpy_name)(z)]  # fmt: skip
            near = [_near(got.numpy(), w) for w in wants]
            assert (near[0] | near[1]).all(), (name, z[~(near[0] | near[1])])


def _near(a, b):
    size = 1e-12 * np.where(np.isfinite(np.abs(b)), np.abs(b), 0.0)
    parts = [(x == y) | (np.isnan(x) & np.isnan(y)) | (np.abs(x - y) <= 1e-12 * np.abs(y) + size)
             for x, y in ((a.real, b.real), (a.imag, b.imag))]  # fmt: skip
    return parts[0] & parts[1]


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_arithmetic(dtype):
    x, y = X.astype(dtype), Y.astype(dtype)

    def program(m):
        a, b = m.tensor(x), m.tensor(y)
        c = (a * b + 2j - a / b) * 1.5
        return [c, a == a * 1, c.abs(), c.angle(), c.real, c.imag, m.isfinite(c), -c, c**2,
                c.sum(0), c.mean(), c.prod(1), a @ m.tensor(SQUARE.astype(dtype)),
                m.cat([a, b.reshape(1, 3)]), a.t().reshape(3, 2), a[:, ::2]]  # fmt: skip

    for want, got in zip(program(real_torch), program(torch)):
        assert_same(want, got, 1e-5 if dtype == "complex64" else 1e-12)


def test_large_sum_is_split_and_accurate():
    z = RNG.normal(size=300_000) + 1j * RNG.normal(size=300_000)
    got = torch.tensor(z.astype(np.complex64)).sum().item()
    assert abs(got - z.sum()) < 1e-5 * np.abs(z).sum() ** 0.5


# ---------------------------------------------------------------- views of the parts


def both(program):
    return str(program(real_torch)), str(program(torch))


def _scaled(m):
    x = m.tensor([1 + 2j, 3 - 1j])
    x.real.mul_(2)
    x.imag = 5.0
    return x.tolist()


def _written(m):
    x = m.tensor([[1 + 2j, 3 - 1j]])
    r = m.view_as_real(x)
    r[0, 1, 0] = 9
    return x.tolist(), r.tolist(), r.stride(), x[:, 1:].imag.storage_offset(), x.t().real.stride()


def _other_way(m):
    x = m.arange(6.0).reshape(3, 2)
    c = m.view_as_complex(x)
    c.mul_(1j)
    x.add_(1)
    return x.tolist(), c.tolist()


def _lone(m):
    x = m.tensor(1 + 2j)
    x.real = 4
    return x.item(), x.real.item(), m.real(m.ones(2)).tolist()


def _shared(m):
    a = np.array([1 + 2j, 3j])
    x = m.from_numpy(a)
    x.imag.zero_()
    return a.tolist(), x.real.numpy().tolist()


@pytest.mark.parametrize("program", [_scaled, _written, _other_way, _lone, _shared])
def test_parts_are_views(program):
    want, got = both(program)
    assert want == got


ERRORS = (
    lambda m: m.imag(m.ones(2)),
    lambda m: m.view_as_real(m.ones(2)),
    lambda m: m.view_as_complex(m.ones(2, 3)),
    lambda m: m.view_as_complex(m.ones(2, 2, dtype=m.int64)),
    lambda m: m.view_as_complex(m.ones(4, 4)[:, 1:3]),
    lambda m: m.complex(m.ones(2), m.ones(2, dtype=m.float64)),
    lambda m: m.complex(m.ones(2, dtype=m.int64), m.ones(2, dtype=m.int64)),
    lambda m: m.tensor([1j]) < m.tensor([1j]),
    lambda m: m.tensor([1j]).sign(),
    lambda m: m.tensor([1j]) % 2,
    lambda m: m.tensor([1j]).abs_(),
    lambda m: m.tensor([1.0]).add_(1j),
    lambda m: m.tensor([1j], dtype=m.float32),
    lambda m: float(m.tensor(1 + 2j)),
    lambda m: m.tensor([1j]).floor(),
    lambda m: (m.ones(1, dtype=m.cfloat, requires_grad=True) * 1).backward(),
)


@pytest.mark.parametrize("k", range(len(ERRORS)))
def test_errors(k):
    caught = []
    for m in (real_torch, torch):
        with pytest.raises(Exception) as e:
            ERRORS[k](m)
        caught.append((e.type, str(e.value).splitlines()[0]))
    assert caught[0] == caught[1]


def test_scalars_are_run_time_values():
    x = torch.tensor([1 + 1j, 2.0])
    for k in range(3):
        assert (x * (1j * k) + k).tolist() == [complex(-k + k, k), complex(k, 2 * k)]
    assert (torch.tensor([1, 2]) * 1j).dtype is torch.complex64
    assert (torch.ones(2, dtype=torch.float64) * 1j).dtype is torch.complex128
    third = torch.tensor([3 + 0j], dtype=torch.complex128) * (1 / 3 * 1j)
    assert third.item() == 1j  # not rounded to complex64 on the way
