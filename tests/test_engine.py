"""Compiling LLVM IR and loading object code."""

import ctypes
import math
import sys

import numpy as np
import pytest
from ir_kernels import COUNT, LOOP, compiled, words
from numtorch.jit.runtime import engine


@pytest.fixture(scope="module")
def count() -> int:
    return compiled("test_engine_count", COUNT)


def test_compile_and_load(count):
    p, q = np.zeros(5, np.int64), np.zeros(5, np.int64)
    args = words(p.ctypes.data, q.ctypes.data)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 4)(count)
    call(ctypes.addressof(args), 1, 4, 9)
    assert p.tolist() == [0, 1, 1, 1, 0]
    assert q.tolist() == [0, 9, 9, 9, 0]


def test_unoptimized_ir_is_only_translated():
    text = LOOP.replace("NAME", "test_engine_plain").replace("BODY", COUNT)
    assert engine.load_object(engine.compile_ir(text, optimize=False), "test_engine_plain")


def test_hundreds_of_objects():
    name = "test_engine_many0000"
    data = engine.compile_ir(LOOP.replace("NAME", name).replace("BODY", COUNT))
    addresses = set()
    for i in range(300):
        other = f"test_engine_many{i:04d}"
        addresses.add(engine.load_object(data.replace(name.encode(), other.encode()), other))
    assert len(addresses) == 300


def test_objects_with_data_of_their_own():
    """Constants and writable globals of every object are its own, wherever it was loaded."""
    calls = []
    for i in range(20):
        name = f"test_engine_data{i}"
        text = f"""
        @table = internal constant [4 x i64] [i64 {i}, i64 {i + 1}, i64 {i + 2}, i64 {i + 3}]
        @state = internal global i64 {i}
        define i64 @{name}(i64 %k) {{
          %p = getelementptr [4 x i64], ptr @table, i64 0, i64 %k
          %v = load i64, ptr %p
          %s = atomicrmw add ptr @state, i64 1 seq_cst
          %r = add i64 %v, %s
          ret i64 %r
        }}
        """
        address = engine.load_object(engine.compile_ir(text), name)
        calls.append(ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address))
    for turn in range(3):
        assert [call(2) for call in calls] == [2 * i + 2 + turn for i in range(20)]


def test_a_loaded_symbol_is_not_loaded_again(count):
    assert engine.load_object(b"not looked at", "test_engine_count") == count


@pytest.mark.parametrize("data", [b"", b"\x7fELF\x02\x01", b"garbage" * 100])
def test_malformed_object_raises(data):
    with pytest.raises(ValueError, match="object file"):
        engine.load_object(data, "test_engine_malformed")


def test_truncated_object_raises():
    name = "test_engine_truncated"
    data = engine.compile_ir(LOOP.replace("NAME", name).replace("BODY", COUNT))
    with pytest.raises(ValueError, match="object file"):
        engine.load_object(data[: len(data) // 2], name)


def test_unknown_outside_symbol_raises():
    text = "declare void @no_such_function_anywhere()\n" + LOOP.replace(
        "NAME", "test_engine_outside"
    ).replace("BODY", "  call void @no_such_function_anywhere()")
    with pytest.raises(ValueError, match="no_such_function_anywhere"):
        engine.load_object(engine.compile_ir(text), "test_engine_outside")


def test_missing_definition_raises():
    data = engine.compile_ir(LOOP.replace("NAME", "test_engine_this").replace("BODY", COUNT))
    with pytest.raises(ValueError, match="does not define"):
        engine.load_object(data, "test_engine_that")


def test_bad_ir_raises():
    with pytest.raises(RuntimeError):
        engine.compile_ir("define nonsense")


def test_cpu_key_names_what_matters():
    import llvmlite

    assert llvmlite.__version__ in engine.cpu_key()
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in engine.cpu_key()


def test_functions_of_the_c_library():
    text = """
    declare double @exp(double)
    define double @test_engine_exp(double %x) {
      %y = call double @exp(double %x)
      ret double %y
    }
    """
    address = engine.load_object(engine.compile_ir(text, optimize=False), "test_engine_exp")
    assert ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(address)(1.0) == math.exp(1.0)


def test_equal_names_in_different_objects():
    """One object's helper is not taken for another's of the same name, weak or strong."""
    calls = []
    for i in range(3):
        for linkage in ("", "linkonce_odr", "weak"):
            name = f"test_engine_equal{i}{linkage}"
            text = f"""
            @test_engine_number = {linkage} global i64 {i}
            define {linkage} i64 @test_engine_helper() noinline optnone {{
              ret i64 {i}
            }}
            define i64 @{name}(i64 %x) {{
              %a = call i64 @test_engine_helper()
              %b = load volatile i64, ptr @test_engine_number
              %c = add i64 %a, %b
              ret i64 %c
            }}
            """
            address = engine.load_object(engine.compile_ir(text), name)
            calls.append((i, ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)))
    assert [call(0) for _, call in calls] == [2 * i for i, _ in calls]
