"""Random small programs: every way of running one gives the same bits, and torch's values.

A program is a list of instructions (four small integers each). `Machine` interprets it for
numtorch or torch: what an instruction does depends on the shapes at hand only, so both do the same.
NUMTORCH_TEST_EXAMPLES=1000 searches longer, with fresh programs in every run.
"""

import contextlib
import os
from functools import reduce

import numpy as np
import numtorch as nt
import pytest
from helpers import ROWS, bits, check, settings, torch
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

EXAMPLES = int(os.environ.get("NUMTORCH_TEST_EXAMPLES", "0"))
SHAPES = [(), (1,), (3,), (2, 3), (3, 2), (0, 3), (2, 1, 3), (4, 3), (1, 1), (3, 3)]
BIG = [(300, 257), (257,), (300, 1), (257, 300), (77_100,), (3, 100, 257), (1,), (257, 257)]
VALUES = np.sin(np.arange(1, 80_000) * 1.7) * 2


def many(count: int):
    """Settings of a property test: a fixed list of programs unless more are asked for."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return profile(
        max_examples=EXAMPLES or count, deadline=None, derandomize=not EXAMPLES, database=None,
        suppress_health_check=slow,
        phases=[Phase.generate] + ([Phase.shrink] if EXAMPLES else []),
    )  # fmt: skip


class Machine:
    """Runs programs with one library (`lib`: numtorch or torch)."""

    def __init__(self, lib, kind: str, shapes, grad: bool, ops):
        self.lib, self.kind, self.shapes, self.grad, self.ops = lib, kind, shapes, grad, ops
        self.values: list = []
        self.leaves: list = []
        self.read: list = []

    def run(self, program) -> list:
        """All values, what was read on the way, and the gradients."""
        for k in range(3):
            self.leaf(program[0][k], k)
        for op, *args in program[1:]:
            f = self.ops[op % len(self.ops)]
            x = self.values[args[0] % len(self.values)]
            out = f(self, x, *args[1:])
            if out is not None:
                self.values.append(out)
        if self.grad:
            total = reduce(
                lambda a, b: a + b,
                [v.sum() * (0.5 + k) for k, v in enumerate(self.values) if v.requires_grad],
            )
            total.backward()
        # torch gives zeros to leaves whose value was overwritten, we give None.
        zeros = self.lib.zeros_like
        grads = [zeros(t) if t.grad is None else t.grad for t in self.leaves]
        return [*self.values, *self.read, *grads]

    def leaf(self, choice: int, k: int) -> None:
        shape = self.shapes[choice % len(self.shapes)]
        n = int(np.prod(shape))
        a = np.roll(VALUES, k * 17)[:n].reshape(shape).astype(self.kind)
        t = self.lib.tensor(a, requires_grad=self.grad)
        self.leaves.append(t)
        self.values.append(t)

    def other(self, x, choice: int):
        """A value whose shape broadcasts with x's to one that is not larger than either."""
        def fits(v) -> bool:
            try:
                return np.prod(np.broadcast_shapes(v.shape, x.shape)) < 2e5
            except ValueError:
                return False

        fit = [v for v in self.values if fits(v)] or [x]
        return fit[choice % len(fit)]

    def dim(self, x, choice: int) -> int:
        return choice % x.dim() - (x.dim() if choice % 2 else 0)


def elementwise(f):
    """A total, bounded function of one operand."""
    return lambda m, x, b, c: f(m.lib, x)


def binary(f):
    return lambda m, x, b, c: f(m.lib, x, m.other(x, b))


def over_dims(f):
    """A reduction over one dim, or all; nothing for empty tensors and scalars."""
    def apply(m, x, b, c):
        if not x.dim() or not x.numel():
            return None
        return f(m.lib, x, m.dim(x, b), c % 3 == 0)

    return apply


def ranked(f, least: int = 1):
    """An op on a dim of tensors of some rank."""
    return lambda m, x, b, c: f(m, x, m.dim(x, b), c) if x.dim() >= least else None


def narrow(m, x, d, c):
    n = x.shape[d]
    start = c % (n + 1)
    return x.narrow(d, start, (n - start + c % 2) // 2)


def step(m, x, d, c):
    return x[(slice(None),) * (d % x.dim()) + (slice(c % 2, None, 1 + c % 3),)]


def select(m, x, d, c):
    return x.select(d, c % x.shape[d]) if x.shape[d] else None


def grow(m, x, d, c):
    y = x.unsqueeze(d)
    return y.expand(*[2 if k == d % y.dim() else -1 for k in range(y.dim())])


def matmul(m, x, b, c):
    if x.dim() != 2 or x.numel() > 1e5:
        return None
    fit = [v for v in m.values if v.dim() == 2 and v.shape[0] == x.shape[1] and v.shape[1] < 400]
    return (x @ (fit[b % len(fit)] if fit else x.T)).tanh()


def edit(m, x, b, c):
    """In-place writes through views of a copy."""
    t = x.clone()
    v = t
    for k in range(1 + b % 3):
        if v.dim() and v.numel():
            v = VIEWS[(b + k) % len(VIEWS)](m, v, (c + k) % v.dim(), b + k)
            v = t if v is None else v
        if c % 2:
            v.mul_(0.5).add_(0.25 * k)
        elif c % 3:
            v.copy_(v.detach().cos()) if b % 2 else v.fill_(0.75)
        else:
            v += m.other(v, b).sum() * 0 + 1.5
    return t if b % 2 else v * 1.0


def overwrite(m, x, b, c):
    """An in-place write to a value that others may share; only where nothing needs gradients."""
    if m.grad:
        return None
    y = m.other(x, b)
    if c % 4 == 0:
        x.mul_(0.75)
    elif c % 4 == 1:
        x.copy_(x.flip(*range(x.dim())) if x.dim() else x + 1)
    elif y.numel() <= x.numel() and np.broadcast_shapes(x.shape, y.shape) == tuple(x.shape):
        x.sub_(y) if c % 4 == 2 else x.copy_(y * 0.5)
    return None


def writable(f):
    """Skips values whose elements share memory (expanded)."""
    def apply(m, x, b, c):
        if any(s == 0 and n > 1 for s, n in zip(x.stride(), x.shape)):
            return None
        return f(m, x, b, c)

    return apply


def dropout(m, x, b, c):
    def ours(t):
        return local.tape.record(OPS["dropout"], (t, b, c, 0.5, 2.0))

    if m.lib is nt:
        return ours(x)
    with nt.no_grad():
        return x * torch.tensor(ours(nt.ones(tuple(x.shape))).numpy().copy()).to(x.dtype)


def look(m, x, b, c):
    """Reads a value in the middle of the program: everything so far is executed."""
    m.read.append(x.detach().clone())
    if c % 2:
        m.read[-1].sum().item()


def gather(m, x, d, c):
    n = x.shape[d]
    if not n:
        return None
    index = m.lib.tensor([c % n, 0, n - 1, c % n])
    return x.index_select(d, index)


def mask(m, x, b, c):
    y = m.other(x, b)
    return m.lib.where(x > 0.30517, x, y * 0.5) if c % 2 else x.masked_fill(x < 0.1234, 0.5)


VIEWS = [narrow, step, select, lambda m, x, d, c: x.transpose(d, c % x.dim())]
MAPS = [
    *map(elementwise, (
        lambda lib, x: x.sin(), lambda lib, x: x.tanh() * 2, lambda lib, x: x.sigmoid(),
        lambda lib, x: (-x.abs()).exp(), lambda lib, x: 1 / (x * x + 1), lambda lib, x: x.relu(),
        lambda lib, x: (x * x + 0.5).sqrt(), lambda lib, x: (x.abs() + 1).log(),
        lambda lib, x: 1.25 - x * 3, lambda lib, x: x.clamp(-1, 1), lambda lib, x: x % 2.5,
        lambda lib, x: x.detach() * x, lambda lib, x: (x > 0.5).to(x.dtype) + x,
    )),
    *map(binary, (
        lambda lib, x, y: x + y, lambda lib, x, y: x - y, lambda lib, x, y: x * y * 0.5,
        lambda lib, x, y: lib.maximum(x, y), lambda lib, x, y: x / (y * y + 1),
        lambda lib, x, y: lib.atan2(x, y * y + 1),
    )),
    mask, dropout, writable(overwrite), edit, look,
]  # fmt: skip
MOVES = [
    *map(ranked, VIEWS), ranked(grow), ranked(lambda m, x, d, c: x.flip(d)),
    ranked(lambda m, x, d, c: m.lib.cat([x, x[:1], x * 2], d) if d % x.dim() == 0 else x.unsqueeze(d)),
    lambda m, x, b, c: x.reshape(-1), lambda m, x, b, c: x.reshape(tuple(x.shape)[::-1]),
    ranked(lambda m, x, d, c: m.lib.stack([x, x.cos()], d)), ranked(gather),
    ranked(lambda m, x, d, c: x.transpose(d, c % x.dim()).reshape(-1), 2),
]  # fmt: skip
SUMS = [
    *map(over_dims, (
        lambda lib, x, d, k: x.sum(d, k) * 0.25, lambda lib, x, d, k: x.mean(d, k),
        lambda lib, x, d, k: x.amax(d, k), lambda lib, x, d, k: x.softmax(d),
        lambda lib, x, d, k: x.log_softmax(d), lambda lib, x, d, k: x.logsumexp(d, k),
        lambda lib, x, d, k: x.var(d, False, k), lambda lib, x, d, k: x.sum() / x.numel(),
        lambda lib, x, d, k: x - x.mean(d, True), lambda lib, x, d, k: x.prod(d, k).tanh(),
        lambda lib, x, d, k: x / (x * x).sum(d, True).add(1).sqrt(),
        lambda lib, x, d, k: x.argmax(d, k).to(x.dtype) * 0.5 if not x.requires_grad else x.amin(d, k),
    )),
    matmul, matmul,
]  # fmt: skip
number = st.integers(0, 59)
programs = st.lists(st.tuples(number, number, number, number), min_size=4, max_size=12)


def ways(program, kind, shapes, grad, ops):
    """The program's results: normally, unfused, flushed after each op, interpreted."""
    def once():
        return Machine(nt, kind, shapes, grad, ops).run(program)

    results = {"normal": once()}
    for name, values in {
        "unfused": {"fuse_limit": 0}, "a few fused": {"fuse_limit": 3}, "eager": {"eager": True},
        "interpreted": {"interp": True},
    }.items():  # fmt: skip
        with settings(**values):
            results[name] = once()
            local.tape.flush()
            for t in results[name]:
                t.detach().numpy()
    return results


def same(results: dict) -> None:
    want = [bits(t) for t in results["normal"]]
    for name, found in results.items():
        got = [bits(t) for t in found]
        assert got == want, f"{name} differs at value {[a == b for a, b in zip(got, want)]}"


def near(results: dict, rtol: float, atol: float) -> None:
    for name, found in results.items():
        for k, (got, want) in enumerate(zip(found, results["normal"])):
            np.testing.assert_allclose(
                got.detach().numpy(), want.detach().numpy(), rtol, atol, err_msg=f"{name}, value {k}"
            )


def against_torch(results, program, kind, shapes, grad, ops, rtol, atol) -> None:
    theirs = Machine(torch, kind, shapes, grad, ops).run(program)
    assert len(theirs) == len(results["normal"])
    for k, (got, want) in enumerate(zip(results["normal"], theirs)):
        check(got, want, rtol=rtol, atol=atol, what=f"value {k}")


@many(35)
@given(programs)
def test_elementwise_programs_and_views_are_equal_bit_for_bit(program):
    args = ("float32", SHAPES, False, MAPS + MOVES)
    results = ways(program, *args)
    same(results)
    against_torch(results, program, *args, 1e-4, 1e-5)


@many(25)
@given(programs)
def test_programs_with_reductions(program):
    args = ("float64", SHAPES, False, MAPS + MOVES + SUMS * 2)
    results = ways(program, *args)
    near(results, 1e-11, 1e-12)
    against_torch(results, program, *args, 1e-9, 1e-10)


@many(12)
@given(programs)
def test_gradients(program):
    args = ("float64", SHAPES, True, MAPS + MOVES + SUMS)
    results = ways(program, *args)
    near(results, 1e-10, 1e-11)
    against_torch(results, program, *args, 1e-8, 1e-9)


@many(12)
@given(programs, st.booleans())
def test_any_number_of_threads_gives_the_same_bits(program, grad):
    found = []
    threads = nt.get_num_threads()
    try:
        for n in (1, 2):
            nt.set_num_threads(n)
            values = Machine(nt, "float32", BIG, grad, MAPS + SUMS).run(program[:7])
            found.append([bits(t) for t in values])
    finally:
        nt.set_num_threads(threads)
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["float32", "float64", "int64"])
def test_rows_interpreted_and_compiled_are_equal_bit_for_bit(kind):
    """All rows in a few kernels: the generated source means the same to Python and to Numba."""
    special = np.array([0.0, -0.0, 1.0, -1.0, 0.5, np.inf, -np.inf, np.nan, 1e-30, 88.0, -745.0])
    a = np.concatenate([VALUES[:40] * 3, special]) if kind != "int64" else np.arange(-25, 26)
    b = np.roll(a, 7) if kind != "int64" else np.where(np.roll(a, 7) == 0, 3, np.roll(a, 7))

    def once():
        x, y = nt.tensor(a.astype(kind)), nt.tensor(b.astype(kind))
        found = {}
        for op in ROWS:
            ins = (x > 0, x, y) if op.name == "where" else (x, y)[: op.arity]
            f = getattr(nt, op.name, None) or getattr(nt.special, op.name)
            with contextlib.suppress(NotImplementedError):  # the row refuses the dtype
                found[op.name] = f(*ins)
        return {name: bits(t) for name, t in found.items()}

    compiled = once()
    with settings(interp=True):
        interpreted = once()
    wrong = [name for name in compiled if compiled[name] != interpreted[name]]
    assert not wrong


def test_rows_give_the_same_bits_for_any_number_of_threads():
    x = nt.tensor(VALUES.astype(np.float32))
    threads, found = nt.get_num_threads(), []
    try:
        for n in (1, 2, 3):
            nt.set_num_threads(n)
            y = (x * 2).sin() + x
            rows = x[:78_000].view(300, 260)
            parts = [y, y.sum(), y.mean(), rows.softmax(1), rows.sum(0), rows.T.sum(0), rows @ rows.T]
            found.append([bits(t) for t in parts])
    finally:
        nt.set_num_threads(threads)
    assert found[0] == found[1] == found[2]
