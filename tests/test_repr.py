"""repr of generated tensors: the same text as torch's, under all print options."""

import random

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

KINDS = (
    "float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool", "float16", "bfloat16",
    "complex64", "complex128",
)  # fmt: skip
SHAPES = [
    (), (1,), (3,), (30,), (2, 3), (4, 20), (0,), (0, 3), (2, 0), (2, 2, 3), (1200,), (40, 40),
    (2, 3, 4, 5), (7, 1, 9), (12,), (1, 1), (3, 30), (10, 12, 11), (1001,), (2, 700),
]  # fmt: skip
OPTIONS = [
    {}, {"precision": 2}, {"linewidth": 120}, {"edgeitems": 1, "threshold": 5}, {"sci_mode": True},
    {"profile": "short"}, {"sci_mode": False, "precision": 6},
    {"profile": "full", "threshold": 10, "edgeitems": 0}, {"profile": "full"},
]  # fmt: skip


def values(style: int, shape, rng) -> np.ndarray:
    """Numbers of one magnitude, of many, whole ones, zeros, special ones."""
    a = rng.standard_normal(shape)
    special = np.where(rng.random(shape) < 0.4, np.inf, np.round(a * 3))
    return np.asarray([
        a, np.round(a * 5), a * 10.0 ** rng.integers(-6, 7, shape), a * 1e-6,
        np.where(rng.random(shape) < 0.3, np.nan, special), a * 0, np.round(a * 1e7),
        np.where(rng.random(shape) < 0.3, -np.inf, a * 100), a * 1e5,
    ][style])  # fmt: skip


def cases(n: int):
    rng, r = np.random.default_rng(0), random.Random(0)
    for k in range(n):
        shape = r.choice(SHAPES)
        kind = r.choice(KINDS) if r.random() < 0.7 else "float32"
        a = values(r.randrange(9), shape, rng)
        if kind not in ("float32", "float64"):
            a = np.nan_to_num(a, posinf=5, neginf=-7)
        if kind.startswith("complex"):
            a = a + 1j * np.roll(a, 1) * rng.choice([1, -1, 0.001])
        yield k, a, kind, r.randrange(4)


def pair(a, kind: str, grad: int):
    """The tensors of both libraries, from the same bits."""
    with np.errstate(all="ignore"):
        theirs = torch.tensor(a).to(getattr(torch, kind))
    plain = theirs.float() if kind == "bfloat16" else theirs
    ours = nt.tensor(plain.numpy().copy(), dtype=getattr(nt, kind))
    if grad < 2 and theirs.dtype.is_floating_point:
        ours, theirs = ours.requires_grad_(), theirs.requires_grad_()
        if grad:
            ours, theirs = ours * 1, theirs * 1
    return ours, theirs


@pytest.mark.parametrize("part", range(3))
def test_generated_tensors(part):
    wrong = []
    try:
        for k, a, kind, grad in cases(300):
            if k % 3 != part:
                continue
            ours, theirs = pair(a, kind, grad)
            for options in ({}, OPTIONS[k % len(OPTIONS)]):
                for lib in (nt, torch):
                    lib.set_printoptions(profile="default")
                    lib.set_printoptions(**options)
                if repr(ours) != repr(theirs):
                    wrong.append((k, kind, options, repr(ours)[:300], repr(theirs)[:300]))
    finally:
        for lib in (nt, torch):
            lib.set_printoptions(profile="default")
    assert not wrong, f"{len(wrong)} differ: {wrong[:3]}"


def test_parameters_subclasses_and_str():
    for lib in (nt, torch):
        lib.set_printoptions(profile="default")
    for make in (
        lambda lib: lib.nn.Parameter(lib.ones(2)), lambda lib: lib.nn.Parameter(lib.ones(2), False),
        lambda lib: lib.nn.Buffer(lib.ones(2)), lambda lib: type("Mine", (lib.Tensor,), {})([1.0, 2.0]),
        lambda lib: lib.ones(2, 2).T, lambda lib: lib.ones(3)[::2], lambda lib: lib.tensor(1.0),
    ):  # fmt: skip
        assert repr(make(nt)) == repr(make(torch))
        assert str(make(nt)) == str(make(torch))


def test_options_are_kept_and_restored():
    with nt.printoptions(precision=1, sci_mode=False):
        assert nt.get_printoptions()["precision"] == 1
        assert repr(nt.tensor([0.25])) == "tensor([0.2])"
    assert nt.get_printoptions()["precision"] == 4
