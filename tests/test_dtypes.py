"""Dtypes: promotion of every pair, float16 and bfloat16 bit for bit, finfo and iinfo."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import numtorch as torch
import pytest
import torch as real_torch
from numtorch.jit import dtypes
from numtorch.jit.kernels import interp_env, narrow
from test_vmath import load

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
NARROW = ("float16", "bfloat16")
FLOATS = (*NARROW, "float32", "float64")
RNG = np.random.default_rng(0)
VALUES = RNG.uniform(-4, 4, 3000).astype(np.float32)
VALUES[:8] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 65504.0]
OTHERS = RNG.uniform(-4, 4, 3000).astype(np.float32)


def theirs(d):
    return getattr(real_torch, d.name)


@pytest.fixture
def default(request):
    """Sets both libraries' default dtype for a test."""
    for m in (real_torch, torch):
        m.set_default_dtype(getattr(m, request.param))
    yield request.param
    for m in (real_torch, torch):
        m.set_default_dtype(m.float32)


# ---------------------------------------------------------------- promotion


def test_every_pair_of_dtypes():
    for a, b in itertools.product(dtypes.ALL, dtypes.ALL):
        assert repr(torch.promote_types(a, b)) == repr(
            real_torch.promote_types(theirs(a), theirs(b))
        )
        assert torch.can_cast(a, b) == real_torch.can_cast(theirs(a), theirs(b)), (a, b)


@pytest.mark.parametrize("default", FLOATS, indirect=True)
def test_every_pair_of_operands(default):
    def operands(m, get):
        tensors = [m.empty(s, dtype=get(d)) for d in dtypes.ALL for s in ((2,), ())]
        return [*tensors, True, 1, 1.0, 1j]

    ours = operands(torch, lambda d: d)
    reference = operands(real_torch, theirs)
    for (a, x), (b, y) in itertools.product(zip(ours, reference), repeat=2):
        assert repr(torch.result_type(a, b)) == repr(real_torch.result_type(x, y)), (x, y)


@pytest.mark.parametrize("default", FLOATS, indirect=True)
def test_default_dtype(default):
    def program(m):
        made = [m.tensor(1.5), m.ones(2), m.tensor([1]) / 2, m.tensor([1]) * 1j,
                m.full((2,), 2.0), m.tensor([1]).exp()]  # fmt: skip
        if default in ("float32", "float64"):
            made += [m.tensor(1j), m.full((2,), 1j)]
        return [repr(t.dtype) for t in made]

    assert program(torch) == program(real_torch)


def test_properties_and_names():
    for d in dtypes.ALL:
        t = theirs(d)
        assert repr(d) == repr(t) and d.itemsize == t.itemsize
        assert (d.is_floating_point, d.is_complex, d.is_signed) == (
            t.is_floating_point, t.is_complex, t.is_signed
        )  # fmt: skip
        if d.differentiable:
            assert repr(d.to_complex()) == repr(t.to_complex())
            assert repr(d.to_real()) == repr(t.to_real())
    for name in ("half", "chalf", "cfloat", "cdouble"):
        assert repr(getattr(torch, name)) == repr(getattr(real_torch, name))


# ---------------------------------------------------------------- float16 and bfloat16


def bits(t):
    return t.view(real_torch.int16).numpy()


def our_bits(t):
    return t._memory().view(np.int16)


def pair(values, name):
    return (real_torch.tensor(values).to(getattr(real_torch, name)),
            torch.tensor(values).to(getattr(torch, name)))  # fmt: skip


def assert_bits(want, got):
    same = bits(want) == our_bits(got)
    nan = np.isnan(want.float().numpy())
    assert (same | nan).all() and np.isnan(got.float().numpy())[nan].all()


def chain(x, y):
    """Ops whose results PyTorch rounds one by one; we fuse them into one kernel."""
    a = x * y + 1.1
    b = (a - y / 3.3).abs().sqrt() * 0.7
    c = (b.maximum(x) + a * a) / (b + 2)
    return c - x * -1.7


@pytest.mark.parametrize("name", NARROW)
def test_fused_chain_has_the_bits_of_single_ops(name, setting):
    (x, nx), (y, ny) = pair(VALUES, name), pair(OTHERS, name)
    want = chain(x, y)
    assert_bits(want, chain(nx, ny))
    setting(interp=True)
    k = slice(0, 200)
    assert_bits(want[k], chain(torch.tensor(VALUES[k]).to(nx.dtype),
                               torch.tensor(OTHERS[k]).to(nx.dtype)))  # fmt: skip


@pytest.mark.parametrize("name", NARROW)
def test_conversions(name):
    wide = np.concatenate([VALUES, [1e-8, 6e-8, 3e-5, 6.1e-5, 65519.9, 65520.0, 1e30, 3.39e38,
                                    3.4e38, 2049.0, 2051.0, 1e-40, -1e-45]]).astype(np.float32)
    (x, nx) = pair(wide, name)
    assert_bits(x, nx)
    finite = x[x.isfinite() & (x.abs() < 100)]
    ours = torch.tensor(finite.float().numpy()).to(nx.dtype)
    for d in ("int32", "uint8", "bool", "float64", "float16", "bfloat16", "complex64"):
        if d == "uint8":
            finite, ours = finite.abs(), ours.abs()
        want, got = finite.to(getattr(real_torch, d)), ours.to(getattr(torch, d))
        if d in NARROW:
            assert_bits(want, got)
        else:
            np.testing.assert_array_equal(want.numpy(), got.numpy())
    big = [2**40, 2049, 16777217, -3]
    assert_bits(real_torch.tensor(big).to(x.dtype), torch.tensor(big).to(nx.dtype))
    double = np.array([1.0 + 2.0**-11 + 2.0**-40, 0.1, 1e300])
    assert_bits(real_torch.tensor(double).to(x.dtype), torch.tensor(double).to(nx.dtype))


@pytest.mark.parametrize("name", NARROW)
def test_reductions_sum_in_float32(name):
    values = VALUES[8:2408].reshape(40, 60)
    (x, nx) = pair(values, name)
    for f in (lambda t: t.sum(), lambda t: t.sum(0), lambda t: t.mean(1), lambda t: t.amax(0),
              lambda t: t.amin(1)):  # fmt: skip
        assert_bits(f(x), f(nx))
    assert nx.argmax(1).tolist() == x.argmax(1).tolist()
    np.testing.assert_allclose(nx.var(1).float().numpy(), x.var(1).float().numpy(), rtol=1e-2)


@pytest.mark.parametrize("name", NARROW)
def test_matmul_and_movement(name):
    (x, nx), (y, ny) = pair(VALUES[8:608].reshape(20, 30), name), pair(OTHERS[:600], name)
    y, ny = y.reshape(30, 20), ny.reshape(30, 20)
    want, got = (x @ y).float().numpy(), (nx @ ny).float().numpy()
    np.testing.assert_allclose(got, want, rtol=2e-2, atol=2e-2)
    assert_bits(real_torch.cat([x, y.t()]), torch.cat([nx, ny.t()]))
    assert_bits(x[::2, [1, 5]], nx[::2, [1, 5]])
    x[1:3] = y.t()[:2] * 2
    nx[1:3] = ny.t()[:2] * 2
    assert_bits(x, nx)


@pytest.mark.parametrize("name", NARROW)
def test_gradients(name):
    (x, nx), (y, ny) = pair(np.abs(VALUES[8:108]) + 0.5, name), pair(OTHERS[8:108], name)
    for a in (x, y, nx, ny):
        a.requires_grad_()
    for a, b in ((x, y), (nx, ny)):
        ((a * b).sum() + (a.sqrt() * 2).sum()).backward()
    assert_bits(x.grad, nx.grad)
    assert_bits(y.grad, ny.grad)


def test_float16_without_its_instructions(monkeypatch):
    """The integer conversions agree with NumPy's for every float16, and around each of them."""
    monkeypatch.setattr(narrow, "has_half", lambda: False)
    text = """
def kernel(args, begin, end, tid):
    x = ptr(args, 0, 'f32')
    h = ptr(args, 1, 'f16')
    y = ptr(args, 2, 'f32')
    for i in range(begin, end):
        h[i] = x[i]
        y[i] = h[i] + f16(x[i]) * f32(0)
"""
    exact = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
    with np.errstate(all="ignore"):
        middle = (exact[:-1].astype(np.float64) + exact[1:]) / 2
        near = [np.nextafter(exact, np.float32(s)) for s in (np.inf, -np.inf)]
        x = np.concatenate([exact, *near, middle.astype(np.float32)])
        want = x.astype(np.float16)
    x = x[np.isfinite(want)]
    want = want[np.isfinite(want)]
    h, y = np.zeros(len(x), np.float16), np.zeros_like(x)
    block = np.array([x.ctypes.data, h.ctypes.data, y.ctypes.data], np.int64)
    load(text)(block.ctypes.data, 0, len(x), 0)
    np.testing.assert_array_equal(h.view(np.uint16), want.view(np.uint16))
    np.testing.assert_array_equal(y, want.astype(np.float32))
    interp_env.compile_kernel(text)(block.ctypes.data, 0, 500, 0)
    np.testing.assert_array_equal(h[:500].view(np.uint16), want[:500].view(np.uint16))


# ---------------------------------------------------------------- objects


def test_values_of_bfloat16():
    x = torch.tensor([1.1, -2.0], dtype=torch.bfloat16)
    assert x.tolist() == [1.1015625, -2.0] and x[0].item() == 1.1015625
    with pytest.raises(TypeError, match="Got unsupported ScalarType BFloat16"):
        x.numpy()
    assert repr(x) == "tensor([ 1.1016, -2.0000], dtype=torch.bfloat16)"
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), x.clone()):
        assert y.dtype is torch.bfloat16 and y.tolist() == x.tolist()
    assert torch.tensor([1.1], dtype=torch.half).numpy().dtype == np.float16
    assert (torch.rand(2000, dtype=torch.bfloat16) < 1).all()


@pytest.mark.parametrize("name", [d.name for d in dtypes.ALL if d.kind in "fc"])
def test_finfo(name):
    want, got = (m.finfo(getattr(m, name)) for m in (real_torch, torch))
    assert str(got) == str(want)
    for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
        assert getattr(got, field) == getattr(want, field), field


@pytest.mark.parametrize("name", [d.name for d in dtypes.ALL if d.kind == "i"])
def test_iinfo(name):
    want, got = (m.iinfo(getattr(m, name)) for m in (real_torch, torch))
    assert str(got) == str(want)
    assert (got.bits, got.max, got.min, got.dtype) == (want.bits, want.max, want.min, want.dtype)


@pytest.mark.parametrize("name", ["finfo", "iinfo"])
def test_info_refuses(name):
    for what in ("int32", "float32", "bool"):
        outcomes = []
        for m in (real_torch, torch):
            try:
                outcomes.append(str(getattr(m, name)(getattr(m, what))))
            except TypeError as e:
                outcomes.append(str(e))
        assert outcomes[0] == outcomes[1]
