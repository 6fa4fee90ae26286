"""Random programs of views, writes, reads and backward calls, run on numtorch and torch at once.

`Machine` holds pairs of tensors (ours, torch's). A step is the name of an action and four small
integers; what it does depends on torch's shapes only, so both libraries do the same. Values are
multiples of 1/8, so results are exact or nearly so.

    python -m tests.state_machine --sequences 10000 --seed 0
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import numtorch as nt
import torch

KINDS = ("float32", "float32", "float64", "float32", "int64", "float32")
SHAPES = [(2, 3), (4,), (2, 2), (), (3, 1), (2, 3), (6,), (0, 2), (2, 1, 3)]
LIMIT = 1e6
ACTIONS: dict = {}
WEIGHTS: dict[str, int] = {}


class Difference(AssertionError):
    """The libraries disagree."""


def action(weight: int = 1):
    """Registers a method of Machine as a step."""

    def add(f):
        ACTIONS[f.__name__], WEIGHTS[f.__name__] = f, weight
        return f

    return add


class Machine:
    """Pairs of tensors, pairs of arrays, and the steps on them."""

    def __init__(self):
        self.pairs: list[tuple] = []
        self.arrays: list[tuple] = []
        self.grad = True
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
        if isinstance(want, Exception) or isinstance(got, Exception):
            if type(got) is not type(want):
                raise Difference(f"ours {got!r}\ntorch {want!r}")
            return None
        if isinstance(want, torch.Tensor):
            self.same_outside(got, want)
            if keep:
                self.pairs.append((got, want))
                if len(self.pairs) > 12:
                    del self.pairs[1]
        return got, want

    def one(self, f, k: int, keep: bool = True):
        """f(lib, x) of the pair that k names."""
        x, y = self.pick(k)
        return self.both(f, (x,), (y,), keep)

    def two(self, f, j: int, k: int, keep: bool = True):
        (a, b), (c, d) = self.pick(j), self.pick(k)
        return self.both(f, (a, c), (b, d), keep)

    def same_outside(self, ours, theirs) -> None:
        """Shape, dtype, strides, offset, flags and version."""
        for what, f in OUTSIDE.items():
            got, want = f(ours), f(theirs)
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
            self.same_outside(ours.grad, theirs.grad)
            self.same_values(ours.grad, theirs.grad)

    def finish(self) -> None:
        """Compares all values, gradients, and who shares memory with whom."""
        try:
            for ours, theirs in self.pairs:
                self.same_values(ours, theirs)
                if theirs.is_leaf and theirs.requires_grad:
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
        grad = d % 3 == 0 and data.dtype.kind == "f"
        self.both(lambda lib: lib.tensor(data, requires_grad=grad), (), ())

    @action()
    def wrap_array(self, a, b, c, d):
        shape = SHAPES[a % len(SHAPES)]
        pair = []
        for lib in (nt, torch):
            big = numbers_like(tuple(2 * n for n in shape), b).astype(KINDS[c % len(KINDS)])
            part = big[tuple(slice(0, None, 2) for _ in shape)] if d % 3 == 1 else big
            pair.append((part.T if d % 3 == 2 else part))
        self.arrays.append(tuple(pair))
        self.both(lambda lib, array: lib.from_numpy(array), (pair[0],), (pair[1],))

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
        rank = self.pick(a)[1].dim()

        def f(lib, x):
            with lib.no_grad():
                return VIEWS[b % len(VIEWS)](x, rank, c, d)

        self.one(f, a)

    @action(2)
    def detach(self, a, b, c, d):
        self.one(lambda lib, x: x.detach() if b % 3 else x.data, a)

    # -- results

    @action(5)
    def result(self, a, b, c, d):
        f = RESULTS[c % len(RESULTS)]
        if f.__code__.co_argcount == 2:
            self.one(lambda lib, x: bounded(f(lib, x)), a)
        else:
            self.two(lambda lib, x, z: bounded(f(lib, x, z)), a, b)

    # -- writes

    @action(10)
    def write(self, a, b, c, d):
        f = WRITES[b % len(WRITES)]
        outside = d % 5 == 0

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

    @action()
    def swap(self, a, b, c, d):
        def f(lib, x, z):
            with lib.no_grad():
                old = x.clone()
                x.copy_(z)
                z.copy_(old)

        self.two(f, a, b, False)

    @action()
    def set_data(self, a, b, c, d):
        def f(lib, x, z):
            x.data = z

        if not self.pick(b)[1].requires_grad and not self.pick(a)[1].grad_fn:
            self.two(f, a, b, False)

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
        self.one(lambda lib, x: x.requires_grad_(b % 4 != 0), a, False)

    @action(6)
    def backward(self, a, b, c, d):
        def f(lib, x, z):
            y = (x * x if b % 3 == 0 else x).sum() if b % 5 else (x * z).sum()
            y.backward(retain_graph=c % 2 == 0)

        self.two(f, a, d, False)
        for ours, theirs in self.pairs:
            if theirs.is_leaf and theirs.requires_grad:
                self.same_grads(ours, theirs)

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
        self.one(lambda lib, x: x.detach_() and None, a, False)


OUTSIDE = {
    "dtype": lambda t: str(t.dtype), "shape": lambda t: tuple(t.shape), "stride": lambda t: t.stride(),
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


def numbers_like(shape, k: int) -> np.ndarray:
    n = int(np.prod(shape, dtype=int))
    return ((np.arange(n) * 5 + k * 3) % 11 - 3).reshape(shape) * 0.5


def places(tensors: list) -> list[tuple]:
    """For each tensor with elements the first one in the same storage."""
    where = [t.untyped_storage().data_ptr() if t.numel() else None for t in tensors]
    return [where.index(w) if w is not None else -1 for w in where]


def bounded(x):
    """Keeps values in the range where sums are exact."""
    return x.clamp(-LIMIT, LIMIT) if x.is_floating_point() else x.remainder(97)


def dim_of(rank: int, k: int) -> int:
    return k % (rank or 1) - (rank if k % 2 else 0)


VIEWS = [
    lambda x, r, c, d: x[c % 3],
    lambda x, r, c, d: x[c % 2 :: 1 + d % 2],
    lambda x, r, c, d: x[..., d % 2 :],
    lambda x, r, c, d: x.transpose(dim_of(r, c), dim_of(r, d)),
    lambda x, r, c, d: x.T if r == 2 else x.permute(*range(r)[::-1]),
    lambda x, r, c, d: x.unsqueeze(dim_of(r + 1, c)),
    lambda x, r, c, d: x.squeeze(),
    lambda x, r, c, d: x.view(-1),
    lambda x, r, c, d: x.view(3, 2) if c % 2 else x.view(2, -1),
    lambda x, r, c, d: x.reshape(-1, 2) if c % 2 else x.reshape(-1),
    lambda x, r, c, d: x.flatten(),
    lambda x, r, c, d: x.expand(2, *[-1] * r) if c % 2 else x.expand(*[-1] * r),
    lambda x, r, c, d: x.diagonal(),
    lambda x, r, c, d: x.narrow(dim_of(r, c), d % 2, 1),
    lambda x, r, c, d: x.select(dim_of(r, c), d % 2),
    lambda x, r, c, d: x.unbind()[0] if c % 2 else x.split(2)[0],
    lambda x, r, c, d: x[None, :, None],
    lambda x, r, c, d: x[...],
    lambda x, r, c, d: x.view_as(x),
]
RESULTS = [
    lambda lib, x, z: x + z, lambda lib, x, z: x * z * 0.5, lambda lib, x, z: x - z,
    lambda lib, x: x * 2, lambda lib, x: x.clone(), lambda lib, x: x.sum(),
    lambda lib, x: x.sum(-1), lambda lib, x: x.relu(), lambda lib, x: x.abs() + x,
    lambda lib, x: x * x * 0.25, lambda lib, x, z: lib.where(x > 1, x, z), lambda lib, x: x.to(lib.float64),
    lambda lib, x: x.contiguous(), lambda lib, x: x[x > 0], lambda lib, x: x[[0, 1, 0]],
    lambda lib, x: 1 / (x * x + 1), lambda lib, x: (x * 0.125).sigmoid(), lambda lib, x: -x,
]  # fmt: skip


def put_masked(lib, c, x):
    x[x > 1] = c % 5


def put_masked_tensor(lib, c, x, z):
    x[x > 1] = z


def put_indexed(lib, c, x, z):
    x[lib.tensor([0, c % 2])] = z


def put_number(lib, c, x):
    x[lib.tensor([1, c % 2])] = c % 5


def add_indexed(lib, c, x):
    x[[0, c % 2]] += 1


def put_item(lib, c, x, z):
    x[c % 2] = z


def put_row(lib, c, x):
    x.T[c % 2] = 1


def put_slice(lib, c, x, z):
    x[..., c % 2 :] = z


def add_item(lib, c, x):
    x[c % 2] += 1


def twice(lib, c, x):
    x.mul_(0.5).add_(c % 3)


WRITES = [
    lambda lib, c, x: x.add_(c % 3), lambda lib, c, x: x.mul_(0.5), lambda lib, c, x, z: x.copy_(z),
    lambda lib, c, x: x.fill_(c % 5), lambda lib, c, x: x.zero_(),
    lambda lib, c, x: x.masked_fill_(x > 1, c % 5), lambda lib, c, x: x.clamp_(-2, 2),
    lambda lib, c, x, z: x.add_(z), lambda lib, c, x, z: x.mul_(z).clamp_(-99, 99),
    lambda lib, c, x, z: x.sub_(z, alpha=0.5), lambda lib, c, x: x.relu_(), lambda lib, c, x: x.neg_(),
    put_masked, put_masked_tensor, put_indexed, put_number, add_indexed, put_item, put_row, put_slice,
    add_item, twice,
]  # fmt: skip
assert weakref and os and time and sys and random and argparse and Path
