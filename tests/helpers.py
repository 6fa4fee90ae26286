"""What the parity tests share: pairs of numtorch and torch tensors, and comparing them."""

from __future__ import annotations

import contextlib

import numpy as np
import numtorch as nt
import pytest
from numtorch.jit import config
from numtorch.jit.flush import clear_plans
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

torch = pytest.importorskip("torch")

# Elementwise rows that users can call; SPECIAL ones have a float64 kernel (test_special.py).
ROWS = [op for op in OPS.values() if op.kind == "elementwise" and (op.public or op.name == "where")]
SPECIAL = {op.name for op in ROWS if op.public == "special" or op.cost >= 40}
DTYPES = ("float32", "float64", "int64", "bool")


def reference(x):
    """torch's copy of a numtorch tensor; anything else (numbers, None, tuples of them) as it is."""
    if isinstance(x, nt.Tensor):
        y = torch.from_numpy(np.array(x.detach().numpy()))
        return y.requires_grad_() if x.requires_grad else y
    if isinstance(x, (tuple, list)):
        return type(x)(map(reference, x))
    if isinstance(x, nt.dtype):
        return getattr(torch, x.name)
    return x


def pair(array, requires_grad: bool = False):
    """(numtorch tensor, torch tensor) of an array; each has a copy of its own."""
    array = np.asarray(array)
    return (
        nt.tensor(array, requires_grad=requires_grad),
        torch.tensor(array, requires_grad=requires_grad),
    )


def ulps(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Distance in units in the last place; 0 where both are NaN or equal."""
    kind = {4: np.int32, 8: np.int64}[got.dtype.itemsize]

    def line(x):
        # The integers of the bits, mirrored below zero, are in the order of the floats.
        bits = x.view(kind).astype(object)
        return np.where(bits < 0, -(bits & np.iinfo(kind).max), bits)

    # Denormal results count as zero: torch flushes some.
    tiny = np.finfo(got.dtype).tiny
    with np.errstate(invalid="ignore"):
        near = np.abs(got - want) < tiny
    same = (got == want) | (np.isnan(got) & np.isnan(want)) | near
    return np.where(same, 0, np.abs(line(np.atleast_1d(got)) - line(np.atleast_1d(want))).reshape(
        got.shape)).astype(float)  # fmt: skip


def check(
    got, want, ulp: float = 0, rtol: float | None = None, atol: float = 0.0, what="", signs=True
) -> None:
    """Asserts equal type, shape and elements: within `ulp` units, or by rtol and atol.

    `signs`: whether zeros must agree in sign too.
    """
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want), what
        for g, w in zip(got, want):
            check(g, w, ulp, rtol, atol, what, signs)
        return
    if not isinstance(want, torch.Tensor):
        assert got == want and type(got) is type(want), f"{what}: {got!r} != {want!r}"
        return
    assert isinstance(got, nt.Tensor), f"{what}: {got!r}"
    assert repr(got.dtype) == repr(want.dtype), f"{what}: {got.dtype} != {want.dtype}"
    assert tuple(got.shape) == tuple(want.shape), f"{what}: {got.shape} != {want.shape}"
    g, w = got.detach().numpy(), want.detach().numpy(force=True)
    if rtol is not None:
        np.testing.assert_allclose(g, w, rtol, atol, equal_nan=True, err_msg=str(what))
        return
    if g.dtype.kind != "f" or not ulp:
        np.testing.assert_array_equal(g, w, err_msg=str(what))
        zero = (g == 0) if g.dtype.kind == "f" and signs else np.zeros(g.shape, bool)
        np.testing.assert_array_equal(
            np.signbit(g[zero]), np.signbit(w[zero]), err_msg=f"{what}: signs of zeros"
        )
        return
    off = ulps(g, w)
    bad = np.unravel_index(int(off.argmax()), off.shape) if off.size else ()
    worst = off[bad] if off.size else 0
    assert worst <= ulp, f"{what}: {worst} ulp at {bad}: {g[bad]!r} != {w[bad]!r}"


def outcome(f, *args, **kwargs):
    """The result of a call, or its exception."""
    try:
        return f(*args, **kwargs)
    except Exception as e:  # noqa: BLE001
        return e


def check_error(ours, theirs, what="") -> None:
    """Asserts that both calls failed, with the same type and text (ours may say more)."""
    assert isinstance(theirs, Exception), f"{what}: torch gave {theirs!r}"
    assert isinstance(ours, Exception), f"{what}: {ours!r}, torch: {theirs!r}"
    assert type(ours) is type(theirs), f"{what}: {ours!r}, torch: {theirs!r}"
    line = (str(theirs).strip().splitlines() or [""])[0]
    assert str(ours).startswith(line), f"{what}:\n  ours   {ours}\n  theirs {line}"


def compare(calls: dict, **tolerance) -> None:
    """Runs all of ours first (so that they are one flush), then compares results and errors.

    calls: label -> (ours, theirs), functions of no arguments; all differences are reported.
    """
    ours = {label: outcome(f) for label, (f, _) in calls.items()}
    wrong = []
    for label, (_, f) in calls.items():
        want, got = outcome(f), ours[label]
        try:
            if isinstance(want, Exception):
                check_error(got, want, label)
            else:
                assert not isinstance(got, Exception), f"{label}: {got!r}"
                check(got, want, what=label, **tolerance)
        except AssertionError as e:
            wrong.append(str(e).replace("\n\n", "\n"))
    assert not wrong, "\n\n".join([f"{len(wrong)} of {len(calls)} differ", *wrong[:20]])


def both(name: str, x, y, *args, **kwargs):
    """The same method call on both sides, for `compare`."""
    return lambda: getattr(x, name)(*args, **kwargs), lambda: getattr(y, name)(*args, **kwargs)


def bits(t) -> tuple:
    """Shape, dtype and bytes of a tensor, with one NaN for all: equal means equal bit for bit."""
    a = np.array(t.detach().numpy())
    if a.dtype.kind == "f":
        a[np.isnan(a)] = np.nan
    return a.shape, a.dtype.str, a.tobytes()


@contextlib.contextmanager
def settings(**values):
    """Entries of jit.config for a block; plans are made anew."""
    old = {name: getattr(config, name) for name in values}
    try:
        _apply(values)
        yield
    finally:
        _apply(old)


def _apply(values: dict) -> None:
    local.tape.flush()
    for name, value in values.items():
        setattr(config, name, value)
    clear_plans()
    local.tape.reset()
