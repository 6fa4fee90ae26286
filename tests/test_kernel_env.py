"""Kernel pointers, primitives and compile_kernel: IR shape, self-containment, both environments."""

import re
import subprocess
import sys

import numpy as np
import pytest
from numtorch.jit.kernels import interp_env, numba_env
from test_vmath import load

NUMPY = {"f32": np.float32, "f64": np.float64, "i64": np.int64, "i32": np.int32,
         "i16": np.int16, "i8": np.int8, "u8": np.uint8, "b1": np.bool_}  # fmt: skip


def run(text: str, arrays, count: int, interpreted: bool = False, words=()):
    """Run a kernel over the arrays' addresses followed by extra words."""
    block = np.array([a.ctypes.data for a in arrays] + list(words), np.int64)
    kernel = interp_env.compile_kernel(text) if interpreted else load(text)
    kernel(block.ctypes.data, 0, count, 0)


def elementwise(body: str, inputs: int, outputs: int, dtype: str = "f32", out: str = "") -> str:
    lines = ["def kernel(args, begin, end, tid):"]
    lines += [f"    a{k} = ptr(args, {k}, '{dtype}')" for k in range(inputs)]
    lines += [f"    o{k} = ptr(args, {inputs + k}, '{out or dtype}')" for k in range(outputs)]
    lines += ["    for i in range(begin, end):"] + [f"        {s}" for s in body.split("; ")]
    return "\n".join(lines) + "\n"


def test_many_pointers_vectorise_without_checks():
    total = " + ".join(f"a{k}[i] * a{(k + 1) % 10}[i]" for k in range(10))
    text = elementwise(f"x = {total}; o0[i] = x; o1[i] = x * x", 10, 2)
    ir = load(text).ir
    assert re.search(r"x float>", ir) and "vector.memcheck" not in ir
    rng = np.random.default_rng(0)
    arrays = [rng.random(100).astype(np.float32) for _ in range(12)]
    run(text, arrays, 100)
    want = arrays[0] * arrays[1]
    for k in range(1, 10):
        want = want + arrays[k] * arrays[(k + 1) % 10]
    np.testing.assert_array_equal(arrays[10], want)
    np.testing.assert_array_equal(arrays[11], want * want)


def test_same_scope_may_alias():
    """A running sum through one pointer, and two pointers that share a scope."""
    text = """
def kernel(args, begin, end, tid):
    p = ptr(args, 0, 'f32')
    for i in range(begin + 1, end):
        p[i] = p[i] + p[i - 1]
"""
    a = np.ones(100, np.float32)
    run(text, [a], 100)
    np.testing.assert_array_equal(a, np.arange(1, 101))
    shared = """
def kernel(args, begin, end, tid):
    p = ptr(args, 0, 'f32', 7)
    q = ptr(args, 1, 'f32', 7)
    for i in range(begin, end):
        q[i] = p[i] + f32(1)
"""
    b = np.zeros(101, np.float32)
    run(shared, [b[:-1], b[1:]], 100)
    np.testing.assert_array_equal(b, np.arange(101))


def test_scope_past_the_last_has_no_metadata():
    text = """
def kernel(args, begin, end, tid):
    p = ptr(args, 70, 'f32')
    p[begin] = f32(3)
"""
    assert "alias.scope" not in load(text).ir


@pytest.mark.parametrize("interpreted", [False, True])
@pytest.mark.parametrize("dtype", list(NUMPY))
def test_load_store(dtype: str, interpreted: bool):
    text = elementwise("o0[i] = a0[i]", 1, 1, dtype)
    source = np.array([0, 1, 2, 3, 100, 127, 0, 1]).astype(NUMPY[dtype])
    result = np.zeros(8, NUMPY[dtype])
    run(text, [source, result], 8, interpreted)
    np.testing.assert_array_equal(result, source)


CASTS = [(f, t) for f in ("f32", "f64") for t in NUMPY] + [
    ("i64", "f32"), ("i64", "i8"), ("i64", "u8"), ("i32", "f32"), ("i64", "b1"), ("b1", "f32"),
    ("u8", "i16"), ("b1", "i64"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), CASTS)
def test_conversions_agree(source: str, target: str):
    values = [0, 1, -1, 2.5, -2.5, 127.9, 128, 255, 300, -300, 2**24 + 1, 3e9, -3e9, 1e19, -1e19]
    values += [np.nan, np.inf, -np.inf] if source[0] == "f" else [2**53 + 1, -(2**60) - 129]
    with np.errstate(all="ignore"):
        if source[0] == "f":
            a = np.array(values, NUMPY[source])
        else:
            a = np.array([int(max(min(v, 2**62), -(2**62))) for v in values]).astype(NUMPY[source])
    text = elementwise(f"o0[i] = {target}(a0[i])", 1, 1, source, target)
    results = [np.zeros(len(a), NUMPY[target]) for _ in range(2)]
    run(text, [a, results[0]], len(a))
    run(text, [a, results[1]], len(a), interpreted=True)
    np.testing.assert_array_equal(results[0], results[1])


ROW = """
def kernel(args, begin, end, tid):
    a = ptr(args, 0, '{t}')
    o = ptr(args, 1, '{t}')
    n = arg_i64(args, 2)
    for r in range(begin, end):
        acc = {start}
        for i in range(n):
            acc = {name}(acc, a[r * n + i])
        o[r] = acc
"""


@pytest.mark.parametrize("name", ["red_add", "red_mul", "red_max", "red_min"])
@pytest.mark.parametrize("dtype", ["f32", "f64", "i64"])
def test_reductions(name: str, dtype: str):
    start = f"{dtype}({1 if name == 'red_mul' else 0})" if name[-1] in "dl" else "a[r * n]"
    text = ROW.format(t=dtype, name=name, start=start)
    kernel = load(text)
    if dtype != "i64" or name != "red_mul":
        lanes = {"f32": "x float>", "f64": "x double>", "i64": "x i64>"}[dtype]
        assert re.search(r"<\d+ " + lanes, kernel.ir), "not vectorised"
    rng = np.random.default_rng(1)
    a = (rng.random((4, 301)) * 0.1 + 0.95).astype(NUMPY[dtype])
    if dtype == "i64":
        a[:, 5] = [3, -4, 5, 6]
    function = {"add": np.sum, "mul": np.prod, "max": np.max, "min": np.min}[name[4:]]
    result = np.zeros(4, NUMPY[dtype])
    run(text, [a, result], 4, words=[301])
    np.testing.assert_allclose(result, function(a, axis=1), rtol=1e-5)
    if dtype != "i64" and name in ("red_max", "red_min"):
        a[1, 77] = a[3, 300] = np.nan
        run(text, [a, result], 4, words=[301])
        np.testing.assert_array_equal(result, function(a, axis=1))


def test_maximum_propagates_nan():
    x = np.array([1, np.nan, 2, -0.0, 0.0, np.inf, -np.inf], np.float32)
    y = np.array([2, 1, np.nan, 0.0, -0.0, np.nan, 5], np.float32)
    for name, function in (("maximum", np.maximum), ("minimum", np.minimum)):
        text = elementwise(f"o0[i] = {name}(a0[i], a1[i])", 2, 1)
        for interpreted in (False, True):
            result = np.zeros(7, np.float32)
            run(text, [x, y, result], 7, interpreted)
            np.testing.assert_array_equal(result, function(x, y))


@pytest.mark.parametrize("dtype", ["f32", "f64"])
def test_fma_is_exact_in_both(dtype: str):
    rng = np.random.default_rng(2)
    kind = NUMPY[dtype]
    a = (rng.standard_normal(300) * 10.0 ** rng.integers(-20, 20, 300)).astype(kind)
    b = (rng.standard_normal(300) * 10.0 ** rng.integers(-20, 18, 300)).astype(kind)
    with np.errstate(all="ignore"):
        c = (-a * b * kind(1 + 1e-7)).astype(kind)
    a[:6] = [np.inf, 0, 0, 1, np.nan, -0.0]
    b[:6] = [0, np.inf, 1, 1, 1, 1]
    c[:6] = [1, 1, -0.0, -1, 1, -0.0]
    text = elementwise("o0[i] = fma(a0[i], a1[i], a2[i])", 3, 1, dtype)
    results = [np.zeros(300, kind), np.zeros(300, kind)]
    run(text, [a, b, c, results[0]], 300)
    run(text, [a, b, c, results[1]], 300, interpreted=True)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(np.signbit(results[0][2:4]), np.signbit(results[1][2:4]))


def test_arg_words():
    text = """
def kernel(args, begin, end, tid):
    o = ptr(args, 0, 'f64')
    s = arg_f64(args, 1)
    n = arg_i64(args, 2)
    for i in range(begin, end):
        o[i] = s * f64(n + i)
"""
    half = int(np.float64(0.5).view(np.int64))
    for interpreted in (False, True):
        result = np.zeros(5)
        run(text, [result], 5, interpreted, words=[half, 10])
        np.testing.assert_array_equal(result, 0.5 * (10 + np.arange(5)))


CHILD = """
import ctypes, sys
import numpy as np
import llvmlite.binding as llvm
llvm.initialize_native_target(); llvm.initialize_native_asmprinter()
symbol, path = sys.argv[1:]
machine = llvm.Target.from_default_triple().create_target_machine()
engine = llvm.create_mcjit_compiler(llvm.parse_assembly(open(path).read()), machine)
engine.finalize_object()
run = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)(engine.get_function_address(symbol))
a, o = np.linspace(-5, 5, 50), np.zeros(50)
words = np.array([a.ctypes.data, o.ctypes.data])
run(words.ctypes.data, 0, 50, 0)
np.testing.assert_allclose(o, np.tanh(a) + np.floor(np.fmod(a, 2.0)), rtol=1e-13, atol=1e-15)
assert 'numba' not in sys.modules
print('ok')
"""


def test_ir_runs_without_numba(tmp_path):
    text = elementwise("o0[i] = tanh_f64(a0[i]) + floor(fmod_f64(a0[i], f64(2)))", 1, 1, "f64")
    symbol, ir = numba_env.compile_kernel(text)
    path = tmp_path / "kernel.ll"
    path.write_text(ir)
    child = subprocess.run([sys.executable, "-c", CHILD, symbol, str(path)],
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert child.stdout.strip() == "ok", child.stderr


def test_ir_has_one_external_symbol():
    """The IR declares LLVM intrinsics only, and defines one external function."""
    text = elementwise("o0[i] = a0[i] // a1[i]", 2, 1, "i64")
    symbol, ir = numba_env.compile_kernel(text)
    names = re.findall(r"^declare .*@([\w.]+)\(", ir, re.MULTILINE)
    assert all(name.startswith("llvm.") for name in names)
    assert re.findall(r"^define [^i].*@(\w+)\(", ir, re.MULTILINE) == [symbol]


def test_symbol_depends_on_text_only():
    text = elementwise("o0[i] = a0[i]", 1, 1)
    assert numba_env.compile_kernel(text)[0] == numba_env.compile_kernel(text)[0]
    assert numba_env.compile_kernel(text + "\n")[0] != numba_env.compile_kernel(text)[0]


def test_importing_does_not_import_numba():
    code = ("import sys, numtorch.jit.kernels.numba_env, numtorch.jit.kernels.pointer;"
            "import numtorch.jit.kernels.interp_env as e; e.build();"
            "assert 'numba' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)
