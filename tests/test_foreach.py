"""torch._foreach_*: values, in place, errors, as torch's."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest

torch = pytest.importorskip("torch", reason="needs torch")

NAMES = sorted(n for n in dir(torch) if n.startswith("_foreach"))


def _lists(t, name):
    shapes = ((2, 2), (3, 3)) if name.endswith("_mm") else ((2,), (3, 2))
    rng = np.random.default_rng(0)
    made = [[rng.uniform(0.2, 0.9, s).astype(np.float32) for s in shapes] for _ in range(3)]
    return [[t.tensor(x.tolist()) for x in one] for one in made]


def _arguments(t, name):
    a, b, c = _lists(t, name)
    base = name.removeprefix("_foreach_").removesuffix("_")
    if base in ("addcdiv", "addcmul"):
        tails = [(b, c), (b, c, 3), (b, c, [0.5, 2.0]), (b, c, t.tensor([0.5, 2.0]))]
    elif base == "lerp":
        tails = [(b, 0.3), (b, c)]
    elif base in ("add", "sub", "mul", "div", "pow", "maximum", "minimum"):
        tails = [(b,), (2,), ([1, 2.5],)]
        tails += [(t.tensor(2.0),)] if base in ("add", "mul", "div") else []
    elif base in ("clamp_min", "clamp_max"):
        tails = [(b,), (0.5,), ([0.3, 0.6],)]
    elif base in ("copy", "mm"):
        tails = [(b,)]
    else:
        tails = [(1,), (3,)] if base in ("norm", "powsum") else [()]
    return [([x.clone() for x in a], *tail) for tail in tails]


@pytest.mark.parametrize("name", NAMES)
def test_values(name):
    from helpers import settings

    with settings(interp=True):
        for ours, theirs in zip(_arguments(nt, name), _arguments(torch, name)):
            got, want = getattr(nt, name)(*ours), getattr(torch, name)(*theirs)
            assert type(got) is type(want), name
            for x, y in zip(got, want):
                np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=2e-6, atol=1e-6)
            if name.endswith("_"):
                assert got[0] is ours[0][0]


@pytest.mark.parametrize("case", [
    lambda t, a: t._foreach_add(a, a[:1]), lambda t, a: t._foreach_add([], 1),
    lambda t, a: t._foreach_add(a, [1]), lambda t, a: t._foreach_mul(a, "x"),
    lambda t, a: t._foreach_add(a[0], 1), lambda t, a: t._foreach_mul(a, t.ones(2)),
    lambda t, a: t._foreach_addcdiv(a, a, a, t.tensor([1.0])), lambda t, a: t._foreach_add(5, 1),
])  # fmt: skip
def test_errors(case):
    with pytest.raises(Exception) as ours:
        case(nt, [nt.ones(2), nt.ones(3)])
    with pytest.raises(Exception) as theirs:
        case(torch, [torch.ones(2), torch.ones(3)])
    assert type(ours.value) is type(theirs.value)
    if ours.type is RuntimeError:
        assert str(ours.value) == str(theirs.value)


def test_gradients_and_alpha():
    a = [nt.ones(2, requires_grad=True), nt.ones(3)]
    sum(x.sum() for x in nt._foreach_sub(a, a, alpha=3)).backward()
    assert a[0].grad.tolist() == [-2, -2]
    with pytest.raises(AttributeError, match="_foreach_sum"):
        nt._foreach_sum  # noqa: B018
