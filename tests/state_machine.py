"""Random programs of views, writes, reads and backward calls, run on numtorch and torch at once.

`Machine` holds pairs of tensors (ours, torch's). A step is the name of an action and four small
integers; what it does depends on torch's shapes only, so both libraries do the same. Values are
multiples of 1/8, so results are exact or nearly so.

    python -m tests.state_machine --sequences 10000 --seed 0
"""

from __future__ import annotations

import argparse
import copy
import os
import random
import sys
import time
import warnings
from collections import Counter

if __name__ == "__main__":
    # No kernel is compiled: sequences differ too much for that to pay.
    os.environ.setdefault("NUMTORCH_INTERP", "1")
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy as np
import numtorch as nt
import torch
from state_machine_steps import (
    APART,
    BY_INDEX,
    CONSTANT,
    MANY,
    PARTS,
    RESULTS,
    STORED,
    TURNS,
    VIEWS,
    WRITES,
    dim_of,
)

KINDS = ("float32", "float32", "float64", "float32", "int64", "float32")
SHAPES = [(2, 3), (4,), (2, 2), (), (3, 1), (2, 3), (6,), (0, 2), (2, 1, 3)]
ACTIONS: dict = {}
WEIGHTS: dict[str, int] = {}


class Difference(AssertionError):
    """The libraries disagree."""


class Unsupported(Exception):
    """Our side says that it can't do this yet; the sequence ends."""


def action(weight: int = 1):
    """Registers a method of Machine as a step."""

    def add(f):
        ACTIONS[f.__name__], WEIGHTS[f.__name__] = f, weight
        return f

    return add


class Machine:
    """Pairs of tensors, pairs of arrays, and the steps on them."""

    def __init__(self, grad: bool = True):
        self.pairs: list[tuple] = []
        self.arrays: list[tuple] = []
        self.grad = grad
        self.log: list[str] = []
        self.create(0, 1, 0, 0)

    # -- plumbing

    def step(self, name: str, numbers: tuple[int, int, int, int]) -> None:
        """One step, and the check of everything that can be seen without reading a value."""
        self.log.append(f"{name}{tuple(numbers)}")
        try:
            ACTIONS[name](self, *numbers)
            for ours, theirs in self.pairs:
                self.same_outside(ours, theirs)
        except Difference as e:
            raise Difference(f"{e}\nsteps: {self.log}") from None

    def pick(self, k: int):
        return self.pairs[k % len(self.pairs)]

    def both(self, f, ours: tuple, theirs: tuple, keep: bool = True):
        """f(lib, ...) on both sides: the same exception type, or results of one kind."""
        got, want = run(f, nt, ours), run(f, torch, theirs)
        if isinstance(got, NotImplementedError) and not isinstance(want, Exception):
            raise Unsupported(str(got))
        if isinstance(want, Exception) or isinstance(got, Exception):
            if type(got) is not type(want):
                raise Difference(f"ours {got!r}\ntorch {want!r}")
            return None
        if isinstance(want, torch.Tensor):
            self.same_outside(got, want)
            if keep:
                self.keep(got, want)
        return got, want

    def keep(self, ours, theirs) -> None:
        self.pairs.append((ours, theirs))
        if len(self.pairs) > 12:
            del self.pairs[1]

    def one(self, f, k: int, keep: bool = True):
        """f(lib, x) of the pair that k names."""
        x, y = self.pick(k)
        return self.both(f, (x,), (y,), keep)

    def two(self, f, j: int, k: int, keep: bool = True):
        (a, b), (c, d) = self.pick(j), self.pick(k)
        return self.both(f, (a, c), (b, d), keep)

    def same_outside(self, ours, theirs, only=()) -> None:
        """Shape, dtype, strides, offset, flags and version."""
        for what in only or OUTSIDE:
            if what in ("stride", "contiguous", "offset") and not theirs.numel():
                continue  # NumPy and torch give empty arrays strides of their own
            got, want = (run(lambda lib, t, f=OUTSIDE[what]: f(t), None, (t,)) for t in (ours, theirs))
            if isinstance(want, Exception):
                got, want = type(got), type(want)
            if got != want:
                raise Difference(f"{what}: ours {got}, torch {want}")

    def same_values(self, ours, theirs) -> None:
        got, want = run(lambda lib, t: t.detach().numpy(), nt, (ours,)), theirs.detach().numpy()
        if isinstance(got, Exception):
            raise Difference(f"reading a value: {got!r}")
        if got.shape != want.shape or got.dtype != want.dtype:
            raise Difference(f"array {got.dtype}{got.shape}, torch {want.dtype}{want.shape}")
        if not np.allclose(got, want, 1e-5, 1e-5, equal_nan=True):
            raise Difference(f"values: ours {got.tolist()}, torch {want.tolist()}")

    def same_grads(self, ours, theirs) -> None:
        if (ours.grad is None) != (theirs.grad is None):
            raise Difference(f"grad: ours {ours.grad}, torch {theirs.grad}")
        if theirs.grad is not None:
            # Its version and strides tell how torch accumulates; ours differ.
            self.same_outside(ours.grad, theirs.grad, ("dtype", "shape", "requires_grad"))
            self.same_values(ours.grad, theirs.grad)

    def finish(self) -> None:
        """Compares all values, gradients, and who shares memory with whom."""
        try:
            for ours, theirs in self.pairs:
                self.same_values(ours, theirs)
                if leaf(theirs) or keeps(theirs):
                    self.same_grads(ours, theirs)
            for ours, theirs in self.arrays:
                if not np.allclose(ours, theirs, 1e-5, 1e-5, equal_nan=True):
                    raise Difference(f"array: ours {ours.tolist()}, torch {theirs.tolist()}")
            got, want = (places([p[k] for p in self.pairs]) for k in (0, 1))
            if got != want:
                raise Difference(f"shared memory: ours {got}, torch {want}")
        except Difference as e:
            raise Difference(f"{e}\nsteps: {self.log}") from None

    # -- making tensors

    @action(2)
    def create(self, a, b, c, d):
        data = numbers_like(SHAPES[a % len(SHAPES)], b).astype(KINDS[c % len(KINDS)])
        grad = self.grad and d % 3 == 0 and data.dtype.kind == "f"
        self.both(lambda lib: lib.tensor(data, requires_grad=grad), (), ())

    @action()
    def wrap_array(self, a, b, c, d):
        shape = SHAPES[a % len(SHAPES)]
        pair = []
        for _ in (nt, torch):
            big = np.asarray(numbers_like(tuple(2 * n for n in shape), b), KINDS[c % len(KINDS)])
            part = big[tuple(slice(0, None, 2) for _ in shape)] if d % 3 == 1 else big
            pair.append(np.asarray(part.T if d % 3 == 2 else part))
        self.arrays.append(tuple(pair))
        self.both(lambda lib, array: lib.from_numpy(array), (pair[0],), (pair[1],))

    @action()
    def wrap_again(self, a, b, c, d):
        """Another tensor over an array that there is already."""
        if self.arrays:
            ours, theirs = self.arrays[a % len(self.arrays)]
            if b % 2 and ours.ndim and ours.shape[0]:
                ours, theirs = ours[b % ours.shape[0] :], theirs[b % ours.shape[0] :]
            self.both(lambda lib, array: lib.from_numpy(array), (ours,), (theirs,))

    @action()
    def export(self, a, b, c, d):
        found = self.one(lambda lib, x: (x.detach() if b % 2 else x).numpy(), a)
        if found is not None and found[1].size:
            self.arrays.append(found)

    @action(2)
    def write_array(self, a, b, c, d):
        if not self.arrays:
            return
        for array in self.arrays[a % len(self.arrays)]:
            at = (b % array.shape[0],) if array.ndim and array.shape[0] else ...
            if c % 2:
                array[at] = d % 7
            else:
                array[...] = array[...] + 1

    @action()
    def drop(self, a, b, c, d):
        if len(self.pairs) > 2:
            del self.pairs[a % len(self.pairs)]
        if b % 4 == 0 and self.arrays:
            del self.arrays[c % len(self.arrays)]

    # -- views

    @action(8)
    def view(self, a, b, c, d):
        y = self.pick(a)[1]
        rank = y.dim()
        f = VIEWS[b % len(VIEWS)]
        self.one(lambda lib, x: f(x, rank, c, d), a)

    @action()
    def view_without_grad(self, a, b, c, d):
        y = self.pick(a)[1]
        rank = y.dim()
        if y._is_view() and y.requires_grad:
            return

        def f(lib, x):
            with lib.no_grad():
                return VIEWS[b % len(VIEWS)](x, rank, c, d)

        self.one(f, a)

    @action()
    def strided(self, a, b, c, d):
        """Any part of the memory; torch gives no gradient to what lies outside of a view."""
        x = self.pick(a)[1]
        if not (x._is_view() and x.requires_grad):
            self.one(lambda lib, x: x.as_strided((2, 2), (1 + b % 2, c % 3), d % 2), a)

    @action()
    def several(self, a, b, c, d):
        """Two views of those that an op makes at once."""
        f = MANY[b % len(MANY)]
        rank = self.pick(a)[1].dim()
        found = self.one(lambda lib, x: f(x, dim_of(rank, c)), a, False)
        if found is not None and found[1]:
            n = len(found[1])
            for k in {c % n, d % n}:
                self.keep(found[0][k], found[1][k])

    @action(2)
    def detach(self, a, b, c, d):
        self.one(lambda lib, x: x.detach() if b % 3 else x.data, a)

    @action()
    def parts(self, a, b, c, d):
        """Complex numbers as pairs, and pairs as complex numbers."""
        f = PARTS[b % len(PARTS)]
        if b % 4 == 0:
            data = numbers_like(SHAPES[c % len(SHAPES)], d).astype("complex64") * (1 + 0.5j)
            grad = self.grad and d % 3 == 0
            self.both(lambda lib: lib.tensor(data, requires_grad=grad), (), ())
        elif f is not PARTS[0] or not self.pick(a)[1].is_complex():
            self.one(f, a)

    @action()
    def copied(self, a, b, c, d):
        """A deep copy, of two tensors that may share memory."""
        found = self.two(lambda lib, x, z: copy.deepcopy((x, z)), a, b, False)
        if found is not None:
            got, want = map(places, found)
            if got != want:
                raise Difference(f"copies share memory: ours {got}, torch {want}")
            self.keep(found[0][0], found[1][0])  # one: in torch each counts its own writes

    # -- results

    @action(5)
    def result(self, a, b, c, d):
        f = RESULTS[c % len(RESULTS)]
        one = f.__code__.co_argcount == 2

        def g(lib, *xs):
            y = f(lib, *xs)
            # Our results are always row-major, torch's may take over the operands' layout.
            if lib is torch:
                other.append(not y.is_contiguous())
            return y

        (x, y), (z, w), other = self.pick(a), self.pick(b), []
        want = run(g, torch, (y,) if one else (y, w))
        copy = other[0] if other else False
        got = run(g, nt, (x,) if one else (x, z))
        if copy:
            want = want.contiguous()
            got = run(lambda lib, t: t.clone() if t.is_contiguous() else t.contiguous(), nt, (got,))
        self.both(lambda lib: outcome(got if lib is nt else want), (), ())

    # -- writes

    @action(10)
    def write(self, a, b, c, d):
        f = WRITES[b % len(WRITES)]
        outside = d % 5 == 0
        y = self.pick(a)[1]
        if f.__code__.co_argcount == 4 and tangled(y, self.pick(d)[1]):
            return  # what torch computes depends on the order of its loops
        if f in BY_INDEX and any(s == 0 and n > 1 for s, n in zip(y.stride(), y.shape)):
            return  # deprecated in torch, an error here
        if f in BY_INDEX and y.numel() < 2:
            return
        if f in CONSTANT and with_graph(y) and not outside:
            return  # torch gives zeros to what was there before, we give None
        if repeats(y) and not any(s == 0 and n > 1 for s, n in zip(y.stride(), y.shape)):
            return  # which of the values is the last there is not defined
        if 0 in y.stride() and (f in CONSTANT or self.pick(d)[1] is y):
            return

        def g(lib, *xs):
            if outside:
                with lib.no_grad():
                    f(lib, c, *xs)
            else:
                f(lib, c, *xs)

        if f.__code__.co_argcount == 3:
            self.one(g, a, False)
        else:
            self.two(g, a, d, False)

    @action(3)
    def write_apart(self, a, b, c, d):
        """A write through an alias that nobody holds: of .detach(), .data, or a view of these."""
        f = APART[b % len(APART)]
        x, z = self.pick(a)[1], self.pick(d)[1]
        if tangled(x, z) or repeats(x):
            return

        def g(lib, x, z):
            f(lib, c, (x.detach() if c % 2 else x.data)[... if c % 3 else slice(1, None)], z)

        self.two(g, a, d, False)

    @action()
    def swap(self, a, b, c, d):
        def f(lib, x, z):
            with lib.no_grad():
                old = x.clone()
                x.copy_(z)
                z.copy_(old)

        x, z = self.pick(a)[1], self.pick(b)[1]
        several = any(map(repeats, (x, z)))
        if x.shape == z.shape and not tangled(x, z) and not several:
            self.two(f, a, b, False)

    @action()
    def out(self, a, b, c, d):
        """A result that is stored in a tensor."""
        f = STORED[b % len(STORED)]
        x, z = self.pick(a)[1], self.pick(d)[1]
        if x.shape != z.shape or x.dtype != z.dtype or tangled(x, z) or repeats(z):
            return

        def g(lib, x, z):
            with lib.no_grad():
                f(lib, x, z)

        self.two(g if c % 3 else f, a, d, False)

    @action()
    def new_memory(self, a, b, c, d):
        """set_ and resize_: only of tensors that no graph has seen."""
        x, z = self.pick(a)[1], self.pick(d)[1]
        if any(t.requires_grad for t in (x, z)) or self.aliased(a) or x is z:
            return
        if b % 2:
            self.two(lambda lib, x, z: void(x.set_(z)), a, d, False)
        else:
            shape = SHAPES[c % len(SHAPES)]
            if int(np.prod(shape, dtype=int)) <= x.numel():
                self.one(lambda lib, x: void(x.resize_(shape)), a, False)

    @action()
    def turn(self, a, b, c, d):
        """A tensor becomes a view of itself."""
        f = TURNS[b % len(TURNS)]
        rank = self.pick(a)[1].dim()
        if not self.pick(a)[1].requires_grad:
            self.one(lambda lib, x: void(f(x, dim_of(rank, c), dim_of(rank, d))), a, False)

    def aliased(self, a: int) -> bool:
        """True if another tensor shares the memory."""
        where = places([p[1] for p in self.pairs])
        return where.count(where[a % len(where)]) > 1

    @action()
    def swap_data(self, a, b, c, d):
        def f(lib, x, z):
            x.data, z.data = z.data, x.data

        x, z = self.pick(a)[1], self.pick(b)[1]
        same = x.shape == z.shape and x.dtype == z.dtype
        same = same and x.untyped_storage().data_ptr() != z.untyped_storage().data_ptr()
        if x is not z and same and not any(t._is_view() or t.grad_fn for t in (x, z)):
            self.two(f, a, b, False)

    @action()
    def set_data(self, a, b, c, d):
        def f(lib, x, z):
            x.data = z

        (p, x), (q, z) = self.pick(a), self.pick(b)
        apart = x.untyped_storage().data_ptr() != z.untyped_storage().data_ptr()
        if not apart or z.requires_grad or x._is_view() or x.grad_fn:
            return
        if x.requires_grad and (x.shape != z.shape or x.dtype != z.dtype):
            return  # what follows depends on when torch drops the leaf's AccumulateGrad
        self.both(f, (p, q), (x, z), False)

    def drop_graphs(self) -> None:
        """Keeps the leaves only."""
        self.pairs = [p for p in self.pairs if not with_graph(p[1])] or self.pairs[:1]

    # -- reads

    @action(3)
    def read(self, a, b, c, d):
        def f(lib, x):
            if b % 4 == 0:
                return float(x.detach().sum().item())
            return x.item() if b % 4 == 1 else x.tolist()

        found = self.one(f, a)
        if found is not None and not np.allclose(*found, 1e-5, 1e-5, equal_nan=True):
            raise Difference(f"read: ours {found[0]}, torch {found[1]}")

    # -- gradients

    @action(2)
    def require(self, a, b, c, d):
        flag = b % 4 != 0 or self.aliased(a)
        if self.grad and not self.pick(a)[1]._is_view():
            self.one(lambda lib, x: x.requires_grad_(flag), a, False)

    @action(6)
    def backward(self, a, b, c, d):
        def f(lib, x, z):
            y = (x * x if b % 3 == 0 else x).sum() if b % 5 else (x * z).sum()
            y.backward(retain_graph=c % 2 == 0)

        self.two(f, a, d, False)
        if c % 2:
            # The graph is freed. What else ran through it may or may not be used in torch,
            # depending on what each op had saved.
            self.drop_graphs()
        for ours, theirs in self.pairs:
            if leaf(theirs):
                self.same_grads(ours, theirs)

    @action(2)
    def gradient(self, a, b, c, d):
        """autograd.grad of a sum with respect to another tensor; its result joins in."""

        def f(lib, x, z):
            y = (x * x).sum() if b % 2 else x.sum()
            (g,) = lib.autograd.grad(
                y, z, retain_graph=True, allow_unused=c % 2 == 0
            )
            return g if g is None else row_major(g.clone())

        found = self.two(f, a, d, False)
        if found is not None:
            ours, theirs = found
            if (ours is None) != (theirs is None):
                raise Difference(f"gradient: ours {ours}, torch {theirs}")
            if theirs is not None:
                self.same_values(ours, theirs)

    @action()
    def hook(self, a, b, c, d):
        """A hook on a gradient, or its tensor keeps it."""

        def f(lib, x):
            if b % 3:
                x.register_hook(lambda g: None if g is None else g * 2)
            else:
                x.retain_grad()

        if self.pick(a)[1].requires_grad and self.grad:
            self.one(f, a, False)

    @action()
    def clear_grad(self, a, b, c, d):
        def f(lib, x):
            if x.is_leaf and x.grad is not None:
                if b % 2:
                    x.grad = None
                else:
                    x.grad.zero_()

        self.one(f, a, False)

    @action()
    def detach_(self, a, b, c, d):
        if not self.pick(a)[1]._is_view():
            self.one(lambda lib, x: void(x.detach_()), a, False)


OUTSIDE = {
    "dtype": lambda t: str(t.dtype), "shape": lambda t: tuple(t.shape),
    "stride": lambda t: [s for n, s in zip(t.shape, t.stride()) if n > 1],
    "offset": lambda t: t.storage_offset(), "requires_grad": lambda t: t.requires_grad,
    "is_leaf": lambda t: t.is_leaf, "contiguous": lambda t: t.is_contiguous(),
    "_version": lambda t: t._version,
}  # fmt: skip


def run(f, lib, args: tuple):
    """The result or the exception."""
    try:
        return f(lib, *args)
    except Exception as e:  # noqa: BLE001
        return e


def void(x) -> None:
    """Nothing, for an in-place method that returns its tensor."""


def outcome(x):
    """A result, or the exception that it is."""
    if isinstance(x, Exception):
        raise x
    return x


def leaf(t) -> bool:
    """True for a tensor whose .grad may be looked at."""
    try:
        return t.is_leaf and t.requires_grad
    except RuntimeError:
        return False


def keeps(t) -> bool:
    """True for a result that keeps its gradient."""
    try:
        return t.retains_grad
    except RuntimeError:
        return False


def with_graph(t) -> bool:
    """True for results that a gradient can be taken of."""
    try:
        return t.grad_fn is not None
    except RuntimeError:
        return True


def repeats(t) -> bool:
    """True if some elements have several indices."""
    at = t.storage_offset() + np.zeros(t.shape, int)
    for d, s in enumerate(t.stride()):
        at = at + (np.arange(t.shape[d]) * s).reshape([-1 if k == d else 1 for k in range(t.dim())])
    return np.unique(at).size < t.numel()


def tangled(x, z) -> bool:
    """True if two tensors share some places but are not the same region."""
    if z is x or not x.numel() or not z.numel():
        return False
    if x.untyped_storage().data_ptr() != z.untyped_storage().data_ptr():
        return False

    def span(t):
        last = sum((n - 1) * s for n, s in zip(t.shape, t.stride()))
        return t.storage_offset(), t.storage_offset() + last

    same = x.shape == z.shape and x.stride() == z.stride() and span(x) == span(z)
    (a, b), (c, d) = span(x), span(z)
    return not same and a <= d and c <= b


def numbers_like(shape, k: int) -> np.ndarray:
    n = int(np.prod(shape, dtype=int))
    return ((np.arange(n) * 5 + k * 3) % 11 - 3).reshape(shape) * 0.5


def places(tensors: list) -> list[tuple]:
    """For each tensor with elements the first one in the same storage."""
    where = [t.untyped_storage().data_ptr() if t.numel() else None for t in tensors]
    return [where.index(w) if w is not None else -1 for w in where]


def row_major(x):
    """Our results are always row-major, torch's may take over the operands' layout."""
    return x.contiguous()


NAMES = [name for name in ACTIONS for _ in range(WEIGHTS[name])]


def program(seed: int, length: int = 14) -> list[tuple]:
    """The steps of one sequence."""
    r = random.Random(seed)
    return [(r.choice(NAMES), tuple(r.randrange(60) for _ in range(4))) for _ in range(length)]


def play(steps: list[tuple], grad: bool = True) -> str:
    """Runs a sequence; what we say we can't do yet if it ended early, else ""."""
    machine = Machine(grad)
    try:
        for name, numbers in steps:
            machine.step(name, numbers)
        machine.finish()
    except Unsupported as e:
        return str(e)
    return ""


def fails(steps: list[tuple], grad: bool = True) -> str | None:
    """The difference that a sequence shows, or None."""
    try:
        play(steps, grad)
    except Exception as e:  # noqa: BLE001
        return f"{type(e).__name__}: {e}"
    return None


def shortest(steps: list[tuple], grad: bool = True) -> list[tuple]:
    """The steps without those that the difference does not need."""
    k = len(steps)
    while k:
        k -= 1
        fewer = steps[:k] + steps[k + 1 :]
        if fails(fewer, grad):
            steps, k = fewer, len(fewer)
    return steps


def main(arguments: list[str] | None = None) -> int:
    """Plays sequences and prints each difference with its shortest steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", type=int, default=14)
    parser.add_argument("--stop", type=int, default=20, help="stop after this many differences")
    parser.add_argument("--no-grad", action="store_true", help="no tensor requires grad")
    options = parser.parse_args(arguments)
    grad = not options.no_grad
    warnings.filterwarnings("ignore")
    wrong, early = 0, Counter()
    start = time.time()
    for n in range(options.sequences):
        steps = program(options.seed * 1_000_000 + n, options.length)
        try:
            early[play(steps, grad)] += 1
        except Exception:  # noqa: BLE001
            wrong += 1
            few = shortest(steps, grad)
            print(f"\nsequence {n}: {fails(few, grad)}\n  {few}")
            if wrong >= options.stop:
                break
        if n % 20 == 19 or n + 1 == options.sequences:
            done = (n + 1) * 30 // options.sequences
            bar = "#" * done + "." * (30 - done)
            print(
                f"\r[{bar}] {n + 1}/{options.sequences} sequences, {wrong} differ, "
                f"{early.total() - early['']} ended early, {time.time() - start:.0f} s",
                end="", flush=True,
            )  # fmt: skip
    print()
    for text, n in early.most_common():
        if text:
            print(f"{n} ended early: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
