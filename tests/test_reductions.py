"""Reductions, softmax and losses against torch: values, dtypes, shapes, NaN, ties, errors."""

import numpy as np
import numtorch as nt
import pytest
from helpers import both, check, check_error, compare, outcome, pair, torch

RNG = np.random.default_rng(3)
SHAPES = [(), (5,), (0,), (1,), (3, 4), (4, 1, 3), (2, 0, 3), (2, 3, 4, 2)]
DIMS = [None, 0, -1, 1, (0, 1), (0, -1), (0, 2), (0, 1, 2, 3), ()]


def values(shape, kind) -> np.ndarray:
    """Small numbers with ties, so that every order of summation is exact."""
    a = RNG.integers(-3, 4, shape)
    return (a * 0.5).astype(kind) if np.dtype(kind).kind == "f" else a.astype(kind)


def kinds(shape) -> list:
    """All dtypes for one shape, float32 for the rest: a kernel depends on both."""
    return [np.float32, np.float64, np.int64, np.bool_] if shape == (3, 4) else [np.float32]


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "any", "all"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reductions_over_dims(name, shape):
    calls = {}
    for kind in kinds(shape):
        x, y = pair(values(shape, kind))
        for dim in DIMS:
            if dim is None and name in ("amax", "amin"):
                calls[kind.__name__] = both(name, x, y)
                continue
            for keepdim in (False, True):
                if dim == () and name in ("any", "all"):
                    continue  # torch differs between any and sum; it is not documented
                calls[kind.__name__, dim, keepdim] = both(name, x, y, dim, keepdim)
    compare(calls, ulp=1)


@pytest.mark.parametrize("name", ["prod", "argmax", "argmin", "max", "min"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reductions_over_one_dim(name, shape):
    calls = {}
    for kind in kinds(shape):
        if kind is np.bool_ and name in ("argmax", "argmin"):
            continue
        # Each row has one extreme: torch does not say which index of equal ones it gives.
        n = int(np.prod(shape))
        a = RNG.permutation(n).reshape(shape) % (2 if kind is np.bool_ else max(n, 1))
        x, y = pair(a.astype(kind) if name != "prod" else values(shape, kind))
        calls[kind.__name__] = both(name, x, y)
        for dim in (0, -1, 1, 2):
            if kind is np.bool_ and name in ("max", "min"):
                continue
            calls[kind.__name__, dim] = both(name, x, y, dim)
            calls[kind.__name__, dim, "keep"] = both(name, x, y, dim, keepdim=True)
    compare(calls, ulp=1)


def test_first_extreme_wins_and_nan_beats_all():
    a = np.array([[1, 5, 5, 2], [7, 7, 7, 7], [0, -1, -1, 3]], np.float32)
    b = np.array([[1, np.nan, 5], [np.nan, 2, np.nan], [-np.inf, np.inf, 0]], np.float32)
    for array in (a, a.T.copy(), b, b.T.copy()):
        x, y = pair(array)
        calls = {
            (name, dim): both(name, x, y, dim)
            for name in ("argmax", "argmin", "amax", "amin", "max", "min", "sum", "mean", "prod")
            for dim in (0, 1)
        }
        compare(calls, ulp=2)


@pytest.mark.parametrize("name", ["var", "std"])
def test_var_and_std(name):
    calls = {}
    for shape in [(5,), (3, 4), (2, 3, 4)]:
        x, y = pair(values(shape, np.float64) + 0.1)
        calls[shape] = both(name, x, y)
        calls[shape, "biased"] = both(name, x, y, unbiased=False)
        calls[shape, "dim"] = both(name, x, y, -1)
        calls[shape, "keep"] = both(name, x, y, 0, keepdim=True)
        calls[shape, "correction"] = both(name, x, y, dim=0, correction=0)
    x, y = pair(np.array([1, 2, 3]))
    calls["int"] = both(name, x, y)
    compare(calls, rtol=1e-12, atol=1e-15)


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
def test_var_without_degrees_of_freedom():
    x, y = pair(np.array([[2.0], [3.0]]))
    compare({"one": both("var", x, y, 1), "two": both("var", x, y, 0)}, rtol=1e-12)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_softmax_family(name):
    calls = {}
    for shape in [(4,), (3, 5), (2, 3, 4), (1, 1), (2, 0, 3)]:
        x, y = pair(RNG.normal(size=shape) * 10)
        for dim in range(-1, len(shape)):
            if 0 in shape and name == "logsumexp" and dim == 1:
                continue
            calls[shape, dim] = both(name, x, y, dim)
    hard = np.array([[1e4, -1e4, 0.0], [-np.inf, 0.0, 1.0], [88.0, 89.0, 90.0]])
    x, y = pair(hard)
    calls["hard"] = both(name, x, y, 1)
    calls["hard 0"] = both(name, x, y, 0)
    x, y = pair(np.array([1, 2]))
    if name != "logsumexp":
        calls["int"] = both(name, x, y, 0)
        x, y = pair(np.array(2.0))
        calls["0-dim"] = both(name, x, y, 0)
    # A log-probability near 0 is a difference of numbers near the logits: 1 ulp of those.
    compare(calls, rtol=1e-12, atol=4.5e-16 if name == "log_softmax" else 1e-300)


def test_norms():
    x, y = pair(RNG.normal(size=(3, 4)))
    calls = {
        p: (lambda p=p: x.norm(p), lambda p=p: y.norm(p)) for p in (2, 1, 3.0, float("inf"))
    }
    calls["dim"] = both("norm", x, y, 2, 1)
    compare(calls, rtol=1e-12)


def test_long_float32_sums_are_as_accurate_as_torch():
    a = RNG.uniform(0, 1, (3, 70_001)).astype(np.float32)
    exact = a.astype(np.float64)
    x, y = pair(a)
    for f in (lambda t: t.sum(), lambda t: t.sum(1), lambda t: t.T.sum(0), lambda t: t.mean()):
        want = f(torch.tensor(exact)).numpy()
        ours = np.abs(f(x).numpy() - want) / want
        theirs = np.abs(f(y).numpy() - want) / want
        assert ours.max() <= max(2e-6, 2 * theirs.max()), (ours, theirs)
    small, other = pair(np.full(30_000, 0.1, np.float32))
    check(small.sum(), other.sum(), rtol=1e-5)


def test_sum_of_large_tensor_is_split_into_partial_sums():
    a = RNG.integers(-4, 5, (600, 513)).astype(np.float32)
    x, y = pair(a)
    calls = {
        "all": both("sum", x, y), "columns": both("sum", x, y, 0), "rows": both("sum", x, y, 1),
        "amax": both("amax", x, y), "amin": both("amin", x, y), "mean": both("mean", x, y),
        "view": (lambda: x.T[1:, ::2].sum(), lambda: y.T[1:, ::2].sum()),
        "argmax": both("argmax", x[0], y[0]),
    }  # fmt: skip
    compare(calls, rtol=1e-6)


def test_reductions_of_views():
    x, y = pair(values((4, 6), np.float32))
    calls = {}
    for label, view in {
        "T": lambda t: t.T, "step": lambda t: t[::2, 1::2], "flip": lambda t: t.flip(1),
        "expand": lambda t: t[:, :1].expand(4, 5), "row": lambda t: t[1], "cast": lambda t: t.long(),
    }.items():  # fmt: skip
        for name in ("sum", "amax", "prod"):
            calls[label, name] = (
                (lambda v=view, n=name: getattr(v(x), n)(-1)),
                (lambda v=view, n=name: getattr(v(y), n)(-1)),
            )  # fmt: skip
    compare(calls)


def test_dtype_argument_and_promotion():
    calls = {}
    for kind in (np.int32, np.uint8, np.bool_, np.float32):
        x, y = pair(np.array([[1, 0, 1], [1, 1, 1]]).astype(kind))
        for name in ("sum", "prod", "mean"):
            calls[kind.__name__, name] = both(name, x, y)
            calls[kind.__name__, name, "as"] = (
                (lambda x=x, n=name: getattr(x, n)(dtype=nt.float64)),
                (lambda y=y, n=name: getattr(y, n)(dtype=torch.float64)),
            )  # fmt: skip
    compare(calls, ulp=1)


def test_bad_dims():
    x, y = pair(np.ones((2, 3), np.float32))
    calls = {}
    for name in ("sum", "mean", "amax", "argmax", "softmax", "max"):
        calls[name] = both(name, x, y, 2)
        calls[name, "low"] = both(name, x, y, -3)
    for name in ("sum", "amax"):
        calls[name, "twice"] = both(name, x, y, (1, 1))
    compare(calls)


def test_more_reductions():
    a = values((3, 4), np.float32)
    a[0, 1] = np.nan
    (x, y), (p, q) = pair(a), pair(values((3, 4), np.int64))
    calls = {}
    for dim in (None, 0, (0, 1)):
        for name in ("nansum", "nanmean", "count_nonzero"):
            calls[name, dim] = both(name, x, y, dim)
        calls["count_nonzero int", dim] = both("count_nonzero", p, q, dim)
    for args in ((), (True,), (0, False, True)):
        for name in ("std_mean", "var_mean"):
            calls[name, args] = (
                lambda n=name, a=args: getattr(nt, n)(x[1:], *a),
                lambda n=name, a=args: tuple(getattr(torch, n)(y[1:], *a)),
            )
    calls["aminmax"] = lambda: p.aminmax(), lambda: tuple(q.aminmax())
    calls["aminmax dim"] = lambda: x.aminmax(dim=1), lambda: tuple(y.aminmax(dim=1))
    for name in ("any", "all"):
        calls[name, "uint8"] = both(name, p.to(nt.uint8), q.to(torch.uint8), 1)
        calls[name, "no dims"] = both(name, p, q, ())
    for text in ("cov()", "corrcoef()", "cov(correction=0)", "sum_to_size(1, 4)", "renorm(2, 0, 1.0)"):
        calls[text] = (lambda t=text: eval("x." + t, {"x": x[1:]}),  # noqa: S307
                       lambda t=text: eval("x." + t, {"x": y[1:]}) if "size" not in t  # noqa: S307
                       else y[1:].sum_to_size(1, 4))  # fmt: skip
    for order in ("fro", 0, 1, 2, 3, 0.5, np.inf, -np.inf):
        for dim in (None, 0):
            calls["norm", order, dim] = both("norm", x[1:], y[1:], order, dim)
    compare(calls, rtol=1e-6, atol=1e-6)


def test_gradient_of_norms_at_zero():
    for order in (1, 2, 3, 0.5, np.inf):
        grads = []
        for lib in (nt, torch):
            x = lib.tensor([[0.0, 0.0], [3.0, 0.0]], requires_grad=True)
            x.norm(order, 1).sum().backward()
            grads.append(x.grad)
        check(*grads, rtol=1e-6, what=order)


REFUSED = [
    "x.sum((0, 0))", "x.prod((0, 1))", "x.sum(0, 1)", "x.sum('a')", "i.mean()", "i.var()", "e.max()",
    "e.max(0)", "e.argmax()", "e.aminmax()", "b.argmax()", "i.norm()", "x.logsumexp()", "i.softmax(0)",
    "i.nanmean()", "x.var(0, True, correction=1)", "m.max(x, 2.0)", "m.cov(m.ones(2, 2, 2))",
    "x.renorm(0, 0, 1.0)",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_refusals(text):
    def call(lib):
        x = lib.tensor([[1.0, 2.0], [3.0, 4.0]])
        scope = {"m": lib, "x": x, "i": x.long(), "b": x > 2, "e": lib.ones(0, 3)}
        return eval(text, scope)  # noqa: S307

    ours, theirs = (outcome(call, lib) for lib in (nt, torch))
    if isinstance(theirs, TypeError):
        assert type(ours) is TypeError, ours
    else:
        check_error(ours, theirs, text)


def test_named_results_and_out():
    x, y = pair(values((3, 4), np.float32))
    got, want = x.max(1), y.max(1)
    assert repr(got) == repr(want) and type(got).__module__ == "numtorch.return_types"
    values_out, indices = nt.empty(0), nt.empty(0, dtype=nt.int64)
    nt.max(x, 1, out=(values_out, indices))
    check((values_out, indices), tuple(want))
    for name in ("sum", "amax", "logsumexp"):
        o = nt.empty(3)
        check(getattr(nt, name)(x, 1, out=o), getattr(torch, name)(y, 1), ulp=2)
