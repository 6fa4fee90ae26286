"""Vector math against mpmath (float64) and double precision (float32); interpreted == compiled."""

import ctypes
import functools
import math

import mpmath
import numpy as np
import numtorch as nt
import pytest
from numtorch.jit.kernels import interp_env, numba_env, vmath, vmath_poly

DTYPES = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "c128": np.complex128}


def kernel_text(name: str, ins: list[str], out: str) -> str:
    """A kernel that maps `name` over its inputs."""
    lines = ["def kernel(args, begin, end, tid):"]
    lines += [f"    a{i} = ptr(args, {i}, '{t}')" for i, t in enumerate(ins)]
    lines += [f"    o = ptr(args, {len(ins)}, '{out}')", "    for i in range(begin, end):"]
    call = ", ".join(f"a{i}[i]" for i in range(len(ins)))
    return "\n".join([*lines, f"        o[i] = {name}({call})", ""])


@functools.cache
def target():
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


@functools.cache
def load(text: str):
    """The compiled kernel as a ctypes function; it keeps its engine alive."""
    import llvmlite.binding as llvm

    symbol, ir = numba_env.compile_kernel(text)
    machine = target().create_target_machine(
        opt=3, cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(ir), machine)
    engine.finalize_object()
    run = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)(engine.get_function_address(symbol))
    run.engine, run.ir = engine, ir
    return run


def signature(name: str) -> tuple[list[str], str]:
    """Dtypes of the arguments and of the result."""
    functions = vmath.bind({}, lambda f: f)
    dtype = name.rsplit("_", 1)[1]
    count = functions[name].__code__.co_argcount
    if name.startswith(("uniform", "normal", "philox")):
        return ["i64"] * count, "i64" if dtype == "u32" else dtype
    return [dtype] * count, dtype


def call(name: str, *inputs, interpreted: bool = False) -> np.ndarray:
    """`name` over arrays of equal length."""
    ins, out = signature(name)
    arrays = [np.ascontiguousarray(a, DTYPES[t]) for a, t in zip(inputs, ins, strict=True)]
    result = np.zeros(len(arrays[0]), DTYPES[out])
    words = np.array([a.ctypes.data for a in [*arrays, result]], np.int64)
    text = kernel_text(name, ins, out)
    run = interp_env.compile_kernel(text) if interpreted else load(text)
    run(words.ctypes.data, 0, len(result), 0)
    return result


# ---- points -----------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 10.0]
EXP_RANGE = {"f32": (-104.5, 89.5), "f64": (-746.0, 710.5)}
OVERFLOW = {"f32": mpmath.ldexp(1, 128), "f64": mpmath.ldexp(1, 1024)}
WIDE = {"f32": 2.0**100, "f64": 2.0**1000}


def domain(function: str, dtype: str) -> tuple[float, float]:
    """The interval that holds most of a function's points."""
    low, high = EXP_RANGE[dtype]
    if function in ("exp", "sigmoid", "sinh", "cosh"):
        return low, high
    table = {
        "exp2": (low * 1.45, high * 1.45), "expm1": (-45.0, high), "tanh": (-22.0, 22.0),
        "asin": (-1.0, 1.0), "acos": (-1.0, 1.0), "atanh": (-1.0, 1.0), "acosh": (1.0, 50.0),
        "erf": (-6.5, 6.5), "erfc": (-6.5, 10.5 if dtype == "f32" else 27.5),
        "lgamma": (0.0, 30.0), "log1p": (-1.0, 9.0),
    }  # fmt: skip
    return table.get(function, (-30.0, 30.0))


def points(function: str, dtype: str, count: int) -> np.ndarray:
    """Points of the domain, of every magnitude, near the corners, and the special values."""
    rng = np.random.default_rng(len(function))
    low, high = domain(function, dtype)
    kind = DTYPES[dtype]
    info = np.finfo(kind)
    plain = rng.uniform(low, high, count)
    small = np.exp(rng.uniform(-20, 3, count)) * rng.choice([-1, 1], count)
    wild = np.ldexp(rng.uniform(1, 2, count // 2), rng.integers(info.minexp, info.maxexp,
                                                                count // 2))  # fmt: skip
    corner = rng.choice([-1, -0.5, 0.5, 1, 2], count // 4)
    near = corner * (1 + rng.uniform(-1e-3, 1e-3, count // 4))
    edges = [low, high, info.tiny, info.smallest_subnormal, 5 * info.smallest_subnormal, info.max,
             0.7 * info.tiny]  # fmt: skip
    quarter = np.arange(1, 60) * (math.pi / 4)
    with np.errstate(over="ignore"):
        parts = [plain, small, wild, -wild, near, edges, SPECIAL, quarter]
        return np.concatenate([np.asarray(p, np.float64).astype(kind) for p in parts])


# ---- references -------------------------------------------------------------------------------


def reference(function: str):
    """The function on mpmath numbers."""
    mp = mpmath.mp
    table = {
        "exp2": lambda x: mp.mpf(2) ** x, "log2": lambda x: mp.log(x) / mp.ln2,
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)), "rsqrt": lambda x: 1 / mp.sqrt(x),
        "cbrt": lambda x: mp.sign(x) * mp.root(abs(x), 3) if x else x,
        "lgamma": lambda x: mp.re(mp.loggamma(x)) if x > 0 or x % 1 else mp.inf, "pow": mp.power,
        "erfc": lambda x: mp.mpf(0) if x > 1000 else mp.erfc(max(x, mp.mpf(-100))),
        "asinh": lambda x: mp.sign(x) * mp.log1p(abs(x) + x * x / (1 + mp.sqrt(x * x + 1))),
    }  # fmt: skip
    return table.get(function) or getattr(mp, function)


def ulps(got: float, want, kind) -> float:
    """|got - want| in units of the last place of the rounded `want`."""
    info = np.finfo(kind)
    rounded = abs(float(want))
    exponent = max(math.frexp(rounded)[1], info.minexp + 1) if rounded else info.minexp + 1
    unit = mpmath.ldexp(1, exponent - info.nmant - 1)
    if math.isinf(got):
        # as if the exponent range went on: overflow may come half an ulp early
        got = mpmath.ldexp(math.copysign(1, got), info.maxexp)
    return float(abs(got - want) / unit)


UNARY = [
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
    "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "erf", "erfc", "sigmoid", "rsqrt", "cbrt", "lgamma",
]  # fmt: skip


def errors(function: str, dtype: str, count: int) -> tuple[float, float]:
    """The largest error in ulp and where it is; asserts the exceptional values on the way."""
    xs = points(function, dtype, count)
    got = call(f"{function}_{dtype}", xs)
    exact = reference(function)
    mpmath.mp.prec = 160 if dtype == "f32" else 190
    worst, where = 0.0, 0.0
    for x, y in zip(xs.tolist(), got.tolist(), strict=True):
        if not math.isfinite(x) or x == 0.0:
            continue
        if abs(x) > WIDE[dtype] and function in ("lgamma", "sin", "cos", "tan"):
            mpmath.mp.prec = 1300
        try:
            want = exact(mpmath.mpf(x))
        except (ValueError, ZeroDivisionError):
            want = mpmath.nan
        mpmath.mp.prec = 190
        if isinstance(want, mpmath.mpc) or mpmath.isnan(want):
            assert math.isnan(y), (function, dtype, x, y)
            continue
        if mpmath.isinf(want) or abs(want) >= OVERFLOW[dtype]:
            assert math.isinf(y) and (y > 0) == (want > 0), (function, dtype, x, y)
            continue
        error = ulps(y, want, DTYPES[dtype])
        if function == "lgamma" and x < 0:
            error *= min(1.0, abs(float(want)) / 8)  # it has zeros there: an absolute error
        if not error <= worst:
            worst, where = error, x
    return worst, where


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_gauss_cdf(dtype: str):
    """GELU's factor: absolutely exact, in (0, 1), with the right ends."""
    xs = np.concatenate([np.linspace(-14, 9, 500), np.linspace(-1.5, 1.5, 200), SPECIAL[:4]])
    xs = xs.astype(DTYPES[dtype])
    got = call(f"gauss_cdf_{dtype}", xs)
    want = [float(mpmath.ncdf(mpmath.mpf(float(x)))) for x in xs]
    np.testing.assert_allclose(got, want, rtol=0, atol={"f32": 2.0**-23, "f64": 2.0**-52}[dtype])
    assert got[-4:].tolist() == [0.5, 0.5, 1.0, 0.0]
    assert np.isnan(call(f"gauss_cdf_{dtype}", np.array([np.nan] * 2, DTYPES[dtype]))).all()


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_gauss_pdf(dtype: str):
    """The density: its relative error grows with the square that is in the exponent."""
    xs = np.concatenate([np.linspace(-13, 13, 500), SPECIAL[:4]]).astype(DTYPES[dtype])
    got = call(f"gauss_pdf_{dtype}", xs)
    want = np.array([float(mpmath.npdf(mpmath.mpf(float(x)))) for x in xs])
    eps = {"f32": 2.0**-24, "f64": 2.0**-53}[dtype]
    inside = np.isfinite(xs)
    error = np.abs(got - want)[inside] / want[inside]
    assert (error <= eps * (4 + xs[inside].astype("f8") ** 2 / 2)).all()
    assert got[-2:].tolist() == [0.0, 0.0]
    assert np.isnan(call(f"gauss_pdf_{dtype}", np.array([np.nan] * 2, DTYPES[dtype]))).all()


LIMIT = {"lgamma": 8.0}


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", UNARY)
def test_unary_error(function: str, dtype: str):
    worst, where = errors(function, dtype, 400)
    assert worst <= LIMIT.get(function, 2.0), (worst, where)


# ---- exceptional values, against C's rules as Python's math and numpy give them ---------------


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", UNARY)
def test_unary_special(function: str, dtype: str):
    """Signed zeros, infinities, NaN."""
    xs = np.array([0.0, -0.0, np.inf, -np.inf, np.nan] * 4, DTYPES[dtype])
    odd = [0.0, -0.0, np.inf, -np.inf, np.nan]
    nan, half_pi = np.nan, math.pi / 2
    want = {
        "exp": [1, 1, np.inf, 0, nan], "exp2": [1, 1, np.inf, 0, nan],
        "expm1": [0.0, -0.0, np.inf, -1, nan], "log1p": [0.0, -0.0, np.inf, nan, nan],
        "sin": [0.0, -0.0, nan, nan, nan], "tan": [0.0, -0.0, nan, nan, nan],
        "cos": [1, 1, nan, nan, nan], "asin": [0.0, -0.0, nan, nan, nan],
        "acos": [half_pi, half_pi, nan, nan, nan], "atan": [0.0, -0.0, half_pi, -half_pi, nan],
        "cosh": [1, 1, np.inf, np.inf, nan], "tanh": [0.0, -0.0, 1, -1, nan],
        "acosh": [nan, nan, np.inf, nan, nan], "atanh": [0.0, -0.0, nan, nan, nan],
        "erf": [0.0, -0.0, 1, -1, nan], "erfc": [1, 1, 0, 2, nan],
        "sigmoid": [0.5, 0.5, 1, 0, nan], "rsqrt": [np.inf, -np.inf, 0, nan, nan],
        "lgamma": [np.inf, np.inf, np.inf, np.inf, nan],
    }.get(function, odd)  # fmt: skip
    if function in ("log", "log2", "log10"):
        want = [-np.inf, -np.inf, np.inf, nan, nan]
    got = call(f"{function}_{dtype}", xs)
    want = np.tile(np.array(want, DTYPES[dtype]), 4)
    np.testing.assert_array_equal(got, want)
    signed = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[signed]), np.signbit(want[signed]))


def grid(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of awkward values."""
    info = np.finfo(DTYPES[dtype])
    values = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0, 1e-3, 1e5, 33333.0, float(info.tiny), np.inf,
              float(info.max), float(info.smallest_subnormal), 2.0**24, 2.0**24 - 1]  # fmt: skip
    values = np.array(values + [-v for v in values] + [np.nan], DTYPES[dtype])
    a, b = np.meshgrid(values, values)
    return a.ravel(), b.ravel()


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", ["atan2", "pow"])
def test_binary_grid(function: str, dtype: str):
    a, b = grid(dtype)
    kind = DTYPES[dtype]
    with np.errstate(all="ignore"):
        exact = np.arctan2 if function == "atan2" else np.power
        want = exact(a.astype(np.float64), b.astype(np.float64)).astype(kind)
    got = call(f"{function}_{dtype}", a, b)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(want))
    ok = np.isfinite(want)
    np.testing.assert_array_equal(np.signbit(got[ok]), np.signbit(want[ok]))
    with np.errstate(all="ignore"):
        limit = np.spacing(np.abs(want[ok])) * (4 if function == "pow" else 2)
    assert (np.abs(got[ok] - want[ok]) <= limit).all()


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", ["atan2", "pow"])
def test_binary_error(function: str, dtype: str):
    rng = np.random.default_rng(3)
    kind = DTYPES[dtype]
    if function == "pow":
        top = 87 if dtype == "f32" else 708
        a = np.exp(rng.uniform(-1, 1, 1500) * rng.choice([1, 20], 1500)).astype(kind)
        b = (rng.uniform(-top, top, 1500) / np.log(a.astype(np.float64))).astype(kind)
    else:
        a = (rng.standard_normal(1500) * 10.0 ** rng.integers(-3, 3, 1500)).astype(kind)
        b = (rng.standard_normal(1500) * 10.0 ** rng.integers(-3, 3, 1500)).astype(kind)
    got = call(f"{function}_{dtype}", a, b)
    exact = mpmath.atan2 if function == "atan2" else mpmath.power
    mpmath.mp.prec = 160
    worst = max(ulps(y, exact(mpmath.mpf(p), mpmath.mpf(q)), kind)
                for p, q, y in zip(a.tolist(), b.tolist(), got.tolist(), strict=True)
                if abs(q) < 1e300)  # fmt: skip
    assert worst <= (4.0 if function == "pow" else 2.0), worst


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize("function", ["fmod", "remainder", "floor_divide"])
def test_remainders(function: str, dtype: str):
    """As numpy's fmod, remainder and (for finite values) floor_divide."""
    a, b = grid(dtype)
    rng = np.random.default_rng(4)
    a = np.concatenate([a, (rng.standard_normal(500) * 1e3).astype(a.dtype)])
    b = np.concatenate([b, rng.standard_normal(500).astype(a.dtype)])
    if function != "fmod":
        usual = np.isfinite(a) & np.isfinite(b) & (b != 0)
        a, b = a[usual], b[usual]
    with np.errstate(all="ignore"):
        want = getattr(np, function)(a, b)
    np.testing.assert_array_equal(call(f"{function}_{dtype}", a, b), want)


# ---- integers and random numbers --------------------------------------------------------------


def test_integer_division():
    low = -(2**63)
    values = np.array([0, 1, -1, 2, -2, 3, -3, 7, -7, 10**12, low, low + 1, 2**63 - 1])
    a, b = (v.ravel() for v in np.meshgrid(values, values))
    whole = {name: call(f"{name}_i64", a, b).tolist()
             for name in ("floor_divide", "remainder", "trunc_divide", "fmod")}  # fmt: skip
    for i, (p, q) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        want = dict.fromkeys(whole, 0)
        if q:
            sign = -1 if (p < 0) != (q < 0) else 1
            cut = sign * (abs(p) // abs(q))
            want = {"floor_divide": p // q, "remainder": p % q, "trunc_divide": cut,
                    "fmod": p - cut * q}  # fmt: skip
        for name, value in want.items():
            wrapped = (value + 2**63) % 2**64 - 2**63
            assert whole[name][i] == wrapped, (name, p, q)


def philox(seed: int, counter: int) -> list[int]:
    """Philox4x32-10 word by word (Salmon et al. 2011)."""
    mask = 2**32 - 1
    key = [seed & mask, seed >> 32 & mask]
    c = [counter & mask, counter >> 32 & mask, 0, 0]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [q >> 32 ^ c[1] ^ key[0], q & mask, p >> 32 ^ c[3] ^ key[1], p & mask]
        key = [key[0] + 0x9E3779B9 & mask, key[1] + 0xBB67AE85 & mask]
    return c


def test_philox_words():
    assert philox(0, 0) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]  # the paper's vector
    rng = np.random.default_rng(5)
    seeds = rng.integers(-(2**63), 2**63 - 1, 64)
    counters = rng.integers(-(2**63), 2**63 - 1, 64)
    words = [philox(s % 2**64, c % 2**64)
             for s, c in zip(seeds.tolist(), counters.tolist(), strict=True)]  # fmt: skip
    np.testing.assert_array_equal(call("philox_u32", seeds, counters), [w[0] for w in words])
    np.testing.assert_array_equal(
        call("uniform_f32", seeds, counters), [np.float32((w[0] >> 8) / 2**24) for w in words])
    np.testing.assert_array_equal(
        call("uniform_f64", seeds, counters), [((w[1] << 32 | w[0]) >> 11) / 2**53 for w in words])


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_random_moments(dtype: str):
    n = 20000
    seeds, counters = np.full(n, 42), np.arange(n)
    u = call(f"uniform_{dtype}", seeds, counters).astype(np.float64)
    assert u.min() >= 0 and u.max() < 1 and abs(u.mean() - 0.5) < 0.01
    z = call(f"normal_{dtype}", seeds, counters).astype(np.float64)
    assert np.isfinite(z).all() and abs(z.mean()) < 0.03 and abs(z.std() - 1) < 0.02
    assert abs((z**3).mean()) < 0.08 and abs((z**4).mean() - 3) < 0.2


# ---- interpreted == compiled ------------------------------------------------------------------

NAMES = sorted(name for name in vmath.bind({}, lambda f: f)
               if name != "philox_words_i64" and not name.endswith("_c128"))  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_interpreted_equals_compiled(name: str):
    ins, _ = signature(name)
    rng = np.random.default_rng(len(name))
    function, dtype = name.rsplit("_", 1)
    inputs = []
    for kind in ins:
        if kind == "i64":
            inputs.append(rng.integers(-40, 40, 50))
        elif len(ins) == 1:
            xs = points(function, dtype, 40)
            inputs.append(np.concatenate([rng.permutation(xs)[:37], np.array(SPECIAL, xs.dtype)]))
        else:
            inputs.append(rng.standard_normal(50) * 10.0 ** rng.integers(-3, 3, 50))
    compiled = call(name, *inputs)
    np.testing.assert_array_equal(compiled, call(name, *inputs, interpreted=True))


COMPLEX = sorted(name for name in vmath.bind({}, lambda f: f) if name.endswith("_c128"))


@pytest.mark.parametrize("name", COMPLEX)
def test_interpreted_equals_compiled_for_complex_numbers(name: str):
    ins, _ = signature(name)
    rng = np.random.default_rng(len(name))
    inputs = []
    for _ in ins:
        parts = rng.standard_normal((2, 60)) * 10.0 ** rng.integers(-3, 3, (2, 60))
        inputs.append(parts[0] + 1j * parts[1])
    compiled = call(name, *inputs)
    np.testing.assert_allclose(compiled, call(name, *inputs, interpreted=True), rtol=1e-14)


SCALAR = {f"{name}_{dtype}" for name in ("fmod", "remainder", "floor_divide", "trunc_divide")
          for dtype in ("f64", "i64")} | {"pow_i64"}  # fmt: skip
SCALAR |= {"zeta_f64", "igamma_f64", "igammac_f64"}  # these loop until they converge
SCALAR |= {name for name in NAMES if hasattr(vmath_poly, name)}
VECTORISED = [name for name in NAMES if name not in SCALAR]


@pytest.mark.parametrize("name", VECTORISED)
def test_vectorises(name: str):
    """No call is left in the loop but to LLVM's own intrinsics."""
    ins, out = signature(name)
    ir = load(kernel_text(name, ins, out)).ir
    called = {line.split("@", 1)[1].split("(")[0] for line in ir.split("\n") if " call " in line}
    assert all(c.startswith(("llvm.", "_ZN")) for c in called), called
    scalar = {"llvm.sin.f64", "llvm.cos.f64", "llvm.tan.f64", "llvm.pow.f64", "llvm.exp.f64"}
    assert not called & scalar
    assert "vector.body" in ir


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_atan2_at_a_negative_zero(dtype):
    """The angle of (-0.0, y) is that of (0.0, y), to the last bit."""
    y = nt.tensor([1.0, -1.0, 0.001, 3.0], dtype=getattr(nt, dtype))
    x = nt.tensor([-0.0, -0.0, -0.0, 0.0], dtype=getattr(nt, dtype))
    half = np.asarray(np.pi / 2, dtype).item()
    assert nt.atan2(y, x).tolist() == [half, -half, half, half]
