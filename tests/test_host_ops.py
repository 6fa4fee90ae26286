"""Host rows: calls of NumPy inside a plan, families of results, errors at the user's line."""

from __future__ import annotations

import threading

import numpy as np
import numtorch as nt
import pytest
from helpers import check, reference, settings, torch
from numtorch._host import record_checked
from numtorch.jit import config
from numtorch.jit.explain import explain
from numtorch.jit.ir import Type
from numtorch.jit.ops import OPS
from numtorch.jit.ops.build import emit
from numtorch.jit.ops.host import HostError, host
from numtorch.jit.record import local

calls: list[tuple] = []


def _polar(x, scale, wanted):
    """Row lengths and unit rows; rows of zeros are refused."""
    calls.append((x.dtype.name, x.shape, wanted))
    length = np.sqrt((x * x).sum(-1, keepdims=True))
    if (length == 0).any():
        raise HostError("polar: a row is zero", kind=ArithmeticError)
    return length * scale, x / length if 1 in wanted else None


def _polar_type(types, attrs):
    x = types[0]
    return Type((*x.shape[:-1], 1) if attrs["result"] == 0 else x.shape, x.dtype)


def _polar_vjp(g, out, x, scale, result):
    unit = emit("rows_and_lengths", x, scale, result=1)
    if result == 0:
        return (g * unit * scale, None)
    length = emit("rows_and_lengths", x, scale, result=0) / scale
    along = emit("sum", g * unit, dims=(len(x.shape) - 1,))
    return ((g - unit * along) / length, None)


def _both(x, scale=None):
    # Each mention of a Python number is a run-time scalar of its own: the results share a tensor.
    scale = nt.ones((), dtype=x.dtype) if scale is None else scale
    return tuple(record_checked("rows_and_lengths", (x, scale), (k,)) for k in (0, 1))


@pytest.fixture
def polar():
    host("rows_and_lengths", _polar, _polar_type, results=2, attrs=(), vjp=_polar_vjp, wanted=True, arity=2)
    calls.clear()
    yield _both
    local.tape.flush()
    del OPS["rows_and_lengths"]


def _torch_polar(x):
    length = x.norm(dim=-1, keepdim=True)
    return length, x / length


def test_results_of_one_call(polar):
    x = nt.randn(5, 3)
    length, unit = polar(x * 2)
    out = (length + 1, unit * length)
    wanted = _torch_polar(reference(x) * 2)
    check(out, (wanted[0] + 1, wanted[1] * wanted[0]), rtol=1e-5, atol=1e-6)
    assert calls == [("float32", (5, 3), (0, 1))]


def test_only_wanted_results_are_computed(polar):
    x = nt.randn(4, 3, dtype=nt.float64)
    length = polar(x.T.contiguous().T[1:])[0]
    check(length, _torch_polar(reference(x)[1:])[0], rtol=1e-12)
    assert calls == [("float64", (3, 3), (0,))]


def test_run_time_scalars_and_sizes_share_a_plan(polar):
    cases = [(nt.randn(n, 3), scale) for n, scale in ((5, 2.0), (5, 3.0), (7, 4.0))]
    wanted = [_torch_polar(reference(x) + 1)[0] * scale for x, scale in cases]
    config.counters.reset()
    for (x, scale), want in zip(cases, wanted):
        check(polar(x + 1, scale)[0], want, rtol=1e-5)
    assert config.counters.plan_hits == 1 and config.counters.plans_bound == 1


def test_gradients_of_all_results_add_up(polar):
    x = nt.randn(4, 3, dtype=nt.float64, requires_grad=True)
    y = reference(x)
    w = nt.randn(4, 3, dtype=nt.float64)
    length, unit = polar(x)
    ((unit * w).sum() + (length * length).sum()).backward()
    assert not calls
    a, b = _torch_polar(y)
    ((b * reference(w)).sum() + (a * a).sum()).backward()
    check(x.grad, y.grad, rtol=1e-10, atol=1e-12)
    assert len(calls) == 1  # forward and backward share it


def test_second_derivative(polar):
    x = nt.randn(4, 3, dtype=nt.float64, requires_grad=True)
    y = reference(x)
    (g,) = nt.autograd.grad((polar(x)[1] ** 2 * 3).sum() + polar(x)[0].sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(
        (_torch_polar(y)[1] ** 2 * 3).sum() + _torch_polar(y)[0].sum(), y, create_graph=True
    )
    (g * g).sum().backward()
    (h * h).sum().backward()
    check(x.grad, y.grad, rtol=1e-9, atol=1e-12)


def test_error_names_the_line_and_keeps_what_came_before(polar):
    x = nt.tensor([[1.0, 2.0], [0.0, 0.0]])
    kept = nt.ones(3)
    kept.add_(1)
    before = x + 1
    bad = polar(x)[0]
    kept.add_(5)
    after = bad + 1
    with pytest.raises(ArithmeticError, match=r"polar: a row is zero.*test_host_ops.py:\d+"):
        after.numpy()
    check(before, reference(x) + 1)
    check(kept, torch.full((3,), 2.0))
    with pytest.raises(ArithmeticError):
        bad.numpy()
    check(polar(before)[0], _torch_polar(reference(before))[0], rtol=1e-6)


def test_other_threads_read_pending_results(polar):
    x = nt.randn(4, 3)
    unit = polar(x)[1] * 2
    seen = []
    thread = threading.Thread(target=lambda: seen.append(unit.numpy().copy()))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(seen[0], unit.numpy())


def test_interpreted_and_explained(polar, capsys):
    x = nt.randn(4, 3)
    want = [t + 1 for t in polar(x * 2)]
    with settings(interp=True):
        for got, t in zip(polar(x * 2), want):
            check(got + 1, reference(t), rtol=1e-6)
    report = explain(lambda: polar(x * 2)[0] + 1)
    assert [k.mode for k in report.kernels if k.name == "host_rows_and_lengths"] == ["host"]
    assert "_polar" in str(report)
    with settings(debug=2):
        (polar(x * 2)[0] + 1).numpy()
    assert "host_rows_and_lengths" in capsys.readouterr().out
