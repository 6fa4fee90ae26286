"""Factory functions, tensors from data, windows: against torch."""

import numpy as np
import numtorch as nt
import pytest
from helpers import check, compare, torch

MAKE = {
    "zeros": lambda m: m.zeros(2, 3), "zeros list": lambda m: m.zeros([2]), "ones": lambda m: m.ones((2,), dtype=m.int32),
    "full": lambda m: m.full((2, 2), 7), "full bool": lambda m: m.full((2,), True), "full float": lambda m: m.full((), 0.5),
    "eye": lambda m: m.eye(3), "eye 2": lambda m: m.eye(2, 4, dtype=m.int64), "arange": lambda m: m.arange(5),
    "arange 2": lambda m: m.arange(2, 10, 3), "arange down": lambda m: m.arange(5, 0, -2),
    "arange float": lambda m: m.arange(0, 1, 0.3), "arange dtype": lambda m: m.arange(3, dtype=m.float64),
    "arange tensor": lambda m: m.arange(m.tensor(3), 7), "arange float end": lambda m: m.arange(2.5),
    "linspace": lambda m: m.linspace(-3, 10, 7), "linspace 1": lambda m: m.linspace(2, 5, 1),
    "linspace int": lambda m: m.linspace(0, 10, 5, dtype=m.int64), "linspace tensor": lambda m: m.linspace(m.tensor(1.0), 4, 4),
    "logspace": lambda m: m.logspace(0, 2, 3), "logspace base": lambda m: m.logspace(0, 3, 4, base=2),
    "tril_indices": lambda m: m.tril_indices(3, 4, 1), "triu_indices": lambda m: m.triu_indices(4, 2),
    "scalar_tensor": lambda m: m.scalar_tensor(3), "new_full": lambda m: m.ones(2).new_full((3,), 4),
    "new_zeros": lambda m: m.ones(2, dtype=m.float64).new_zeros(2, 2), "new_tensor": lambda m: m.ones(2).new_tensor([1, 2]),
    "full_like": lambda m: m.full_like(m.ones(2, 2), 3),
    "zeros_like": lambda m: m.zeros_like(m.ones(2), dtype=m.int64), "ones_like": lambda m: m.ones_like(m.zeros(2, 0)),
    "negative": lambda m: m.zeros(-1), "step 0": lambda m: m.arange(0, 3, 0), "wrong way": lambda m: m.arange(3, 0),
    "steps": lambda m: m.linspace(0, 1, -1), "bad dtype": lambda m: m.zeros(2, dtype=3),
    "eye -1": lambda m: m.eye(-1), "hann": lambda m: m.hann_window(7), "hann sym": lambda m: m.hann_window(6, False),
    "hamming": lambda m: m.hamming_window(5, True, 0.6), "blackman": lambda m: m.blackman_window(6), "bartlett": lambda m: m.bartlett_window(7),
    "kaiser": lambda m: m.kaiser_window(6, beta=8.0), "gaussian": lambda m: m.signal.windows.gaussian(6, std=2.0),
    "exponential": lambda m: m.signal.windows.exponential(5, sym=False, center=1.0), "nuttall": lambda m: m.signal.windows.nuttall(5),
}  # fmt: skip


def test_factories():
    compare({n: (lambda f=f: f(nt), lambda f=f: f(torch)) for n, f in MAKE.items()},
            rtol=2e-6, atol=1e-6)  # fmt: skip


def test_options():
    x = nt.zeros(2, requires_grad=True, device="cpu")
    assert x.requires_grad and x.is_leaf
    out = nt.empty(3)
    assert nt.arange(3, out=out) is out and out.tolist() == [0.0, 1.0, 2.0]
    assert nt.full((2,), 1.5, out=nt.empty(0)).shape == (2,)


@pytest.mark.parametrize("data", [
    [1, 2], [1.0, 2], [True, False], [[1], [2.5]], [], 3, 2.5, True, np.arange(3, dtype=np.int16),
    np.float64(2.0), [np.int64(1)], range(3), (1, 2),
])  # fmt: skip
def test_tensor_from_data(data):
    check(nt.tensor(data), torch.tensor(data))
    check(nt.as_tensor(data), torch.as_tensor(data))
    check(nt.asarray(data), torch.asarray(data))


def test_errors_of_data():
    for data in ([[1], [1, 2]], ["a"], [None]):
        with pytest.raises(Exception) as ours:
            nt.tensor(data)
        with pytest.raises(Exception) as theirs:
            torch.tensor(data)
        assert type(ours.value) is type(theirs.value)


def test_memory_is_shared_or_copied():
    a = np.arange(4.0)
    shared, own = nt.as_tensor(a), nt.tensor(a)
    view, copied = nt.asarray(a), nt.asarray(a, copy=True)
    a[0] = 9
    assert [t[0].item() for t in (shared, own, view, copied)] == [9, 0, 9, 0]
    with pytest.raises(ValueError, match="can't alias"):
        nt.asarray([1, 2], copy=False)
    raw = bytearray(8)
    t = nt.frombuffer(raw, dtype=nt.int32)
    t[1] = 5
    assert raw[4] == 5
    assert nt.frombuffer(raw, dtype=nt.uint8, offset=4, count=1).tolist() == [5]
    for options in ({"offset": 8}, {"count": 3}, {"offset": 1}):
        with pytest.raises(ValueError):
            nt.frombuffer(raw, dtype=nt.int32, **options)


def test_layouts():
    for m in (nt, torch):
        x = m.zeros(2, 3, 4, 5).to(m.float32)
        layouts = [
            m.empty_strided((2, 3), (1, 2)).stride(), m.empty_permuted((2, 3, 4), (2, 0, 1)).stride(),
            m.zeros_like(x.permute(3, 1, 0, 2)).stride(), x.permute(0, 2, 3, 1).clone().stride(),
            x.new_empty_strided((2, 2), (3, 1)).stride(),
        ]  # fmt: skip
        assert layouts == [(1, 2), (3, 1, 6), (1, 20, 60, 5), (60, 5, 1, 20), (3, 1)], m.__name__
    x = nt.arange(120.0).reshape(2, 3, 4, 5)
    y = x.contiguous(memory_format="torch.channels_last")
    assert y.stride() == (60, 1, 15, 3) and y.contiguous().stride() == (60, 20, 5, 1)
    check(y, torch.arange(120.0).reshape(2, 3, 4, 5))


FILLS = {
    "full": lambda lib, d, v: lib.full((2,), v, dtype=d),
    "full_like": lambda lib, d, v: lib.full_like(lib.zeros(2), v, dtype=d),
    "fill_": lambda lib, d, v: lib.zeros(2, dtype=d).fill_(v),
    "new_full": lambda lib, d, v: lib.zeros(2, dtype=d).new_full((2,), v),
    "scalar_tensor": lambda lib, d, v: lib.scalar_tensor(v, dtype=d),
    "masked_fill": lambda lib, d, v: lib.zeros(2, dtype=d).masked_fill(lib.tensor([True, False]), v),
    "index_fill": lambda lib, d, v: lib.zeros(2, dtype=d).index_fill(0, lib.tensor([0]), v),
    "tensor": lambda lib, d, v: lib.tensor([v], dtype=d),
    "item": lambda lib, d, v: lib.zeros(2, dtype=d).__setitem__(0, v),
}


def _made(make, lib, dtype, value):
    try:
        out = make(lib, getattr(lib, dtype), value)
        return None if out is None else str(out.tolist())
    except (RuntimeError, TypeError) as e:
        return type(e), str(e)


@pytest.mark.parametrize("name", FILLS)
def test_numbers_that_a_dtype_does_not_have(name):
    for dtype, values in {
        "uint8": (300, -1, -256, 2.5, float("nan"), 2 + 0j, 1j), "int32": (2**31, -(2**31), float("inf")),
        "float16": (65504, 70000.0, float("inf"), 1j), "float32": (1e39, 3e38), "bool": (7, 1j),
        "complex64": (1e39, 1 + 2j),
    }.items():  # fmt: skip
        for v in values:
            assert _made(FILLS[name], nt, dtype, v) == _made(FILLS[name], torch, dtype, v), (dtype, v)


def test_methods_take_no_out_and_flags_are_python_bools():
    x = nt.ones(2)
    with pytest.raises(TypeError, match=r"isinf\(\) got an unexpected keyword argument 'out'"):
        x.isinf(out=nt.zeros(2))
    with pytest.raises(TypeError, match="must be bool, not numpy.bool"):
        nt.put(x, nt.tensor([0]), nt.ones(1), np.bool_(True))
    with pytest.raises(RuntimeError, match="Input shapes should be of type ints"):
        nt.broadcast_shapes((2,), nt.ones(1))
