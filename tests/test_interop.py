"""Tensors among other libraries: NumPy functions, DLPack, buffers, Arrow, pandas; memory counters."""

import gc
import warnings

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

# ---------------------------------------------------------------- NumPy

NUMPY = {
    "asarray": lambda lib: np.asarray(lib.arange(3)).tolist(),
    "array": lambda lib: np.array(lib.ones(2, 2)).dtype.str,
    "array of dtype": lambda lib: np.asarray(lib.ones(2), dtype="int32").tolist(),
    "sin": lambda lib: (lambda r: (type(r) is lib.Tensor, str(r.dtype), r.tolist()))(np.sin(lib.zeros(2))),
    "add array": lambda lib: (lambda r: (type(r) is lib.Tensor, r.tolist()))(np.add(lib.ones(2), np.ones(2))),
    "tensor + array": lambda lib: (lib.ones(2) + np.ones(2)).tolist(),
    "multiply number": lambda lib: (lambda r: (type(r) is lib.Tensor, r.tolist()))(np.float64(2) * lib.ones(2)),
    "greater": lambda lib: (lambda r: (type(r) is lib.Tensor, str(r.dtype), r.tolist()))(np.greater(lib.ones(2), 0)),
    "dot": lambda lib: float(np.dot(lib.ones(3), lib.ones(3))),
    "concatenate": lambda lib: np.concatenate([lib.ones(2), lib.zeros(1)]).tolist(),
    "of a leaf": lambda lib: np.asarray(lib.ones(2, requires_grad=True)),
    "function of a leaf": lambda lib: np.sin(lib.ones(2, requires_grad=True)),
    "array iterates": lambda lib: [float(v) for v in np.nditer(np.asarray(lib.arange(3.0)))],
    "memoryview": lambda lib: memoryview(lib.ones(2)),
    "negative strides": lambda lib: lib.from_numpy(np.arange(4)[::-1]),
    "from a list": lambda lib: lib.from_numpy([1, 2]),
    "from strings": lambda lib: lib.from_numpy(np.array(["a"])),
    "big endian": lambda lib: lib.from_numpy(np.arange(3, dtype=">i4")),
    "strided": lambda lib: (lambda t: (t.stride(), t.tolist()))(lib.from_numpy(np.arange(12).reshape(3, 4)[:, ::2])),
    "writes show": lambda lib: (lambda a: (lib.from_numpy(a).add_(1).tolist(), a.tolist()))(np.zeros(2)),
    "numpy of a view": lambda lib: (lambda x: (x[1:].numpy().fill(3), x.tolist()))(lib.zeros(3)),
    "numpy force": lambda lib: lib.ones(2, requires_grad=True).numpy(force=True).tolist(),
    "0-dim": lambda lib: (lib.from_numpy(np.array(3.0)).item(), lib.tensor(2).numpy().shape),
    "asarray copy": lambda lib: (lambda a: (lib.asarray(a, copy=True).add_(1).tolist(), a.tolist()))(np.zeros(2)),
    "asarray no copy": lambda lib: lib.asarray([1, 2], copy=False),
    "asarray cast without copy": lambda lib: lib.asarray(np.zeros(2), dtype=lib.int32, copy=False),
    "asarray bytearray": lambda lib: (lambda b: (lib.asarray(b, dtype=lib.uint8).add_(1).tolist(), list(b)))(bytearray(b"ab")),
    "asarray scalar": lambda lib: repr(lib.asarray(3)),
    "asarray leaf": lambda lib: lib.asarray([1.0], requires_grad=True).requires_grad,
}  # fmt: skip


def outcome(f, lib):
    try:
        return repr(f(lib))
    except Exception as e:  # noqa: BLE001
        return type(e).__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NUMPY)
def test_numpy(name):
    assert outcome(NUMPY[name], nt) == outcome(NUMPY[name], torch)


def test_numpy_functions_that_torch_refuses():
    assert (np.ones(2) + nt.ones(2)).tolist() == [2, 2]
    assert np.sum(nt.ones(2, 2)).item() == 4


def test_read_only_arrays_warn():
    a = np.zeros(2)
    a.flags.writeable = False
    with pytest.warns(UserWarning, match="not writ"):
        nt.from_numpy(a)


# ---------------------------------------------------------------- DLPack


def test_dlpack_shares_memory_with_numpy_and_torch():
    x = nt.arange(6.0).view(2, 3)
    a, t = np.from_dlpack(x), torch.from_dlpack(x)
    x.add_(1)
    assert a.tolist() == t.tolist() == x.tolist()
    t[0, 0] = 9
    assert x[0, 0].item() == 9
    y = nt.from_dlpack(torch.arange(4).view(2, 2).T)
    assert (y.tolist(), y.stride(), y.dtype) == ([[0, 2], [1, 3]], (1, 2), nt.int64)


def test_dlpack_writes_show_on_both_sides():
    t = torch.zeros(3)
    y = nt.from_dlpack(t)
    y[1] = 5
    assert t.tolist() == [0, 5, 0]
    t[2] = 7
    assert (y * 1).tolist() == [0, 5, 7]


def test_dlpack_capsules_and_arguments():
    x = nt.ones(2)
    assert nt.utils.dlpack.from_dlpack(nt.utils.dlpack.to_dlpack(x)).tolist() == [1, 1]
    assert torch.utils.dlpack.from_dlpack(nt.to_dlpack(x)).tolist() == [1, 1]
    assert nt.from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(2))).tolist() == [1, 1]
    assert tuple(x.__dlpack_device__()) == (1, 0)
    assert torch.from_dlpack(x.__dlpack__(max_version=(1, 0))).tolist() == [1, 1]
    with pytest.raises(BufferError):
        nt.ones(2, requires_grad=True).__dlpack__()
    with pytest.raises(AttributeError):
        nt.from_dlpack(3)
    with pytest.raises(AssertionError):
        x.__dlpack__(stream=1)


# ---------------------------------------------------------------- Arrow and pandas


def test_arrow_arrays_share_memory():
    pa = pytest.importorskip("pyarrow")
    column = pa.array([1.5, 2.5, 3.5])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = nt.asarray(column)
        assert x.data_ptr() == column.buffers()[1].address
        assert nt.asarray(pa.array([True, False])).tolist() == [True, False]
        assert nt.asarray(pa.chunked_array([[1, 2], [3]])).tolist() == [1, 2, 3]
        one = pa.chunked_array([[1, 2]])
        assert nt.asarray(one).data_ptr() == one.chunk(0).buffers()[1].address
    with pytest.raises(ValueError, match="nulls"):
        nt.asarray(pa.array([1, None]))
    with pytest.raises(TypeError):
        nt.asarray(pa.array(["a"]))


def test_pandas_columns_share_memory():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": np.arange(3.0), "b": [1, 2, 3]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = nt.asarray(frame["a"])
        assert np.shares_memory(x.numpy(), frame["a"].to_numpy())
        assert nt.asarray(frame["b"]).dtype is nt.int64
        assert nt.asarray(frame).shape == (3, 2)
        assert nt.asarray(pd.Index([1, 2])).tolist() == [1, 2]
    with pytest.raises(ValueError, match="missing"):
        nt.asarray(pd.Series([1, None], dtype="Int64"))
    with pytest.raises((TypeError, ValueError)):
        nt.asarray(pd.Series(["a", "b"]))


# ---------------------------------------------------------------- memory


def test_memory_counters():
    gc.collect()
    before = nt.cpu.memory_allocated()
    x = nt.empty(1 << 20)
    assert nt.cpu.memory_allocated() >= before + (4 << 20)
    nt.cpu.reset_peak_memory_stats()
    y = nt.empty(1 << 20)
    peak = nt.cpu.max_memory_allocated()
    del x, y
    assert nt.cpu.memory_allocated() < peak
    assert nt.cpu.max_memory_allocated() == peak
    assert nt.cpu.memory_reserved() >= nt.cpu.memory_allocated()
    nt.cpu.empty_cache()
    assert nt.cpu.memory_cached() == 0
    stats = nt.cpu.memory_stats()
    assert stats["allocated_bytes.all.peak"] == peak
