"""Every elementwise row of the op table against torch: values, dtypes, shapes, errors."""

import operator

import helpers
import numpy as np
import numtorch as nt
import pytest
from helpers import DTYPES, SPECIAL, check_error, compare, outcome, pair, reference, torch
from numtorch.jit.ops import OPS

ROWS = [op for op in helpers.ROWS if op.name not in SPECIAL]
UNARY = [op.name for op in ROWS if op.arity == 1]
BINARY = [op.name for op in ROWS if op.arity == 2]
FLOATS = np.array(
    [-np.inf, -1e30, -700.25, -3.5, -2.0, -1.0, -0.75, -1e-3, -0.0, 0.0, 1e-42, 0.25, 0.5, 1.0,
     1.5, 2.0, 2.5, 3.0, 11.0, 88.5, 1e20, np.inf, np.nan]
)  # fmt: skip
INTS = np.array([-(2**62), -100, -7, -3, -2, -1, 0, 1, 2, 3, 5, 64, 2**40 + 1, 2**62])
ARRAYS = {
    "float32": FLOATS.astype(np.float32), "float64": FLOATS,
    "int64": np.resize(INTS, FLOATS.shape), "bool": np.resize([True, False, True], FLOATS.shape),
}  # fmt: skip
# One length for all: the cases of a row then run in one kernel.
# PyTorch itself uses polynomials for these: both sides may be off by their own error.
EXACT = {"sqrt", "reciprocal", "div", "floor_divide", "remainder", "fmod"}


def tolerance(name: str) -> float:
    """Units in the last place by which a row may differ from torch."""
    op = OPS[name]
    if name in EXACT or op.result == "bool" or op.cost == 1:
        return 0
    return 4


def divisor(name: str, array: np.ndarray) -> np.ndarray:
    """Operands without the zeros and powers that torch refuses for integers."""
    bad = np.zeros(array.shape, bool)
    if name in ("floor_divide", "remainder", "fmod"):
        # torch gives NaN for denormal divisors.
        bad = array == (0 if array.dtype.kind in "ib" else FLOATS.astype(array.dtype)[10])
    elif name == "pow" and array.dtype.kind == "i":
        bad = (array < 0) | (array >= 100)
    return np.where(bad, array.dtype.type(1), array)


# Of two zeros of different signs torch returns either, depending on the vector width.
ANY_ZERO = {"relu", "maximum", "minimum", "fmax", "fmin"}


def compare_row(name: str, calls: dict, ulp: float) -> None:
    """`helpers.compare` with the row's tolerance."""
    named = {(name, *(k if isinstance(k, tuple) else (k,))): v for k, v in calls.items()}
    if name.startswith("logaddexp"):  # results near 0 are differences
        return compare(named, rtol=1e-6, atol=1e-7)
    compare(named, ulp=ulp, signs=name not in ANY_ZERO)


@pytest.mark.parametrize("name", UNARY)
def test_unary_rows(name):
    calls = {}
    # Casts of one tensor run in one kernel; separate tensors would be a kernel each.
    sources = {"f": nt.tensor(FLOATS), "i": nt.tensor(ARRAYS["int64"])}
    for d in DTYPES:
        x, y = sources["f" if d.startswith("float") else "i"], torch.tensor(ARRAYS[d])
        if d == "bool":
            y = torch.tensor(ARRAYS["int64"]).bool()
        x = x.to(getattr(nt, d))
        calls[d] = (lambda x=x: getattr(nt, name)(x)), (lambda y=y: getattr(torch, name)(y))
        calls[d, "0-dim"] = (
            (lambda x=x: getattr(x[1], name)()), (lambda y=y: getattr(y[1], name)())
        )  # fmt: skip
    compare_row(name, calls, tolerance(name))


@pytest.mark.parametrize("name", BINARY)
def test_binary_rows_dtypes(name):
    calls = {}
    for da in DTYPES:
        x, y = pair(ARRAYS[da].reshape(-1, 1))
        for db in DTYPES:
            array = divisor(name, ARRAYS[db])
            p, q = pair(array)
            calls[da, db] = (
                (lambda x=x, p=p: getattr(nt, name)(x, p)),
                (lambda y=y, q=q: getattr(torch, name)(y, q)),
            )
            p, q = pair(array[-1])
            calls[da, db, "0-dim"] = (
                (lambda x=x, p=p: getattr(x, name)(p)), (lambda y=y, q=q: getattr(y, name)(q))
            )  # fmt: skip
    compare_row(name, calls, tolerance(name))


OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
OPERATOR_ROW = {"//": "floor_divide", "%": "remainder", "**": "pow"}


@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_with_python_numbers(symbol):
    f = OPERATORS[symbol]
    name = OPERATOR_ROW.get(symbol, "")
    calls = {}
    for d in DTYPES:
        x, y = pair(ARRAYS[d])
        p, q = pair(divisor(name, ARRAYS[d]))
        for number in (True, 2, 2.0, 3, -2, 2.5, 0.5):
            if symbol == "**" and number == -2 and d == "bool":
                continue  # torch: bool ** negative int is a crash report, not an error
            calls[d, repr(number)] = (lambda x=x, n=number: f(x, n)), (lambda y=y, n=number: f(y, n))
            calls[repr(number), d] = (lambda p=p, n=number: f(n, p)), (lambda q=q, n=number: f(n, q))
    # torch computes number / x as number * (1 / x), which rounds twice.
    compare_row(symbol, calls, {"**": 4, "/": 1}.get(symbol, 0))


LAYOUTS = {
    "transposed": lambda x: x.T, "sliced": lambda x: x[1::2, ::3], "flipped": lambda x: x.flip(0, 1),
    "expanded": lambda x: x[:, :1].expand(4, 6), "row": lambda x: x[2],
    "unsqueezed": lambda x: x.unsqueeze(1), "flat": lambda x: x.reshape(-1),
    "flipped slice": lambda x: x[:, 1::2].flip(1).T,
}  # fmt: skip


def test_layouts_of_operands():
    a = np.arange(24.0, dtype=np.float32).reshape(4, 6) - 7
    x, y = pair(a)
    calls = {}
    for name, view in LAYOUTS.items():
        calls[name] = (lambda v=view: v(x) * v(x) - 3), (lambda v=view: v(y) * v(y) - 3)
        calls[name, "sin"] = (lambda v=view: v(x).sin()), (lambda v=view: v(y).sin())
        other = view(y).shape
        p, q = pair(np.linspace(-1, 1, int(np.prod(other)), dtype=np.float32).reshape(other))
        calls[name, "whole"] = (
            (lambda v=view, p=p: v(x) / p), (lambda v=view, q=q: v(y) / q)
        )  # fmt: skip
    compare_row("layout", calls, 2)


SHAPES = [
    ((), ()), ((), (3,)), ((1,), (3,)), ((3, 1), (1, 4)), ((2, 3, 4), (3, 1)), ((0,), (1,)),
    ((0, 3), (3,)), ((2, 0, 3), (1, 1, 3)), ((1, 1), ()), ((5, 1, 2), (1, 4, 2)),
]  # fmt: skip


def test_broadcasting():
    calls = {}
    for sa, sb in SHAPES:
        x, y = pair(np.arange(np.prod(sa), dtype=np.float32).reshape(sa) + 1)
        p, q = pair(np.arange(np.prod(sb), dtype=np.float32).reshape(sb) - 2)
        calls[sa, sb] = (lambda x=x, p=p: x - p), (lambda y=y, q=q: y - q)
        calls[sb, sa] = (lambda x=x, p=p: p < x), (lambda y=y, q=q: q < y)
        m, n = pair(np.arange(np.prod(sb)).reshape(sb) % 2 == 0)
        calls["where", sa, sb] = (
            (lambda x=x, m=m: nt.where(m, x, 0.5)), (lambda y=y, n=n: torch.where(n, y, 0.5))
        )  # fmt: skip
    compare_row("broadcast", calls, 0)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((3,), (4,)), ((2, 2), (3, 2)), ((0,), (2,))])
def test_shapes_that_do_not_broadcast(shapes):
    (x, y), (p, q) = (pair(np.ones(s, np.float32)) for s in shapes)
    for f in (operator.add, operator.lt, lambda a, b: a.atan2(b), lambda a, b: a.add_(b)):
        check_error(outcome(f, x, p), outcome(f, y, q), shapes)
    assert (x + 1).sum().item() == np.ones(shapes[0]).sum() * 2, "the tape is still usable"


@pytest.mark.parametrize("dtypes", [(a, b) for a in DTYPES for b in DTYPES])
def test_where_dtypes(dtypes):
    a, b = dtypes
    m, n = pair(np.array([True, False, True]))
    (x, y), (p, q) = pair(ARRAYS[a][:1]), pair(ARRAYS[b][-1:])
    compare_row("where", {
        "tensors": (lambda: nt.where(m, x, p), lambda: torch.where(n, y, q)),
        "number": (lambda: nt.where(m, x, 2), lambda: torch.where(n, y, 2)),
        "float": (lambda: nt.where(m, 0.5, p), lambda: torch.where(n, 0.5, q)),
        "0-dim": (lambda: nt.where(m, x, p[0]), lambda: torch.where(n, y, q[0])),
    }, 0)  # fmt: skip


@pytest.mark.parametrize("name", ["add", "div", "pow"])
def test_in_place_dtypes(name):
    """x.op_(y) keeps x's dtype or raises."""
    calls = {}
    for da in DTYPES:
        for db in (*DTYPES, 2, 2.0, True):
            a = ARRAYS[da][1:2]
            if isinstance(db, str):
                b = divisor(name, ARRAYS[db])[-2:-1]
                p, q = pair(b if b.size else np.ones(1, ARRAYS[db].dtype))
            else:
                p = q = db
            (x, y) = pair(a)
            calls[da, repr(db)] = (
                (lambda x=x, p=p: getattr(x, name + "_")(p)),
                (lambda y=y, q=q: getattr(y, name + "_")(q)),
            )
    compare_row(name + "_", calls, 4)


def test_small_int_dtypes_wrap_and_promote():
    kinds = (np.int8, np.uint8, np.int16, np.int32, np.int64)
    calls = {}
    for ka in kinds:
        x, y = pair(np.array([100, -3, 7, 120, 0]).astype(ka))
        for kb in kinds:
            p, q = pair(np.array([90, 5, -6, 127, 1]).astype(kb))
            for f in (operator.add, operator.mul, operator.sub, operator.floordiv, operator.lt):
                calls[ka.__name__, kb.__name__, f.__name__] = (
                    (lambda x=x, p=p, f=f: f(x, p)), (lambda y=y, q=q, f=f: f(y, q))
                )  # fmt: skip
        calls[ka.__name__, "neg"] = (lambda x=x: -x), (lambda y=y: -y)
        calls[ka.__name__, "abs"] = (lambda x=x: x.abs()), (lambda y=y: y.abs())
        calls[ka.__name__, "not"] = (lambda x=x: ~x), (lambda y=y: ~y)
    compare_row("ints", calls, 0)


@pytest.mark.parametrize("f", [operator.floordiv, operator.mod, nt.fmod], ids=lambda f: f.__name__)
def test_integer_division_by_zero_raises(f):
    x, zero = nt.tensor([1, 2]), nt.tensor([1, 0])
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        f(x, zero).sum().item()
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        f(x, 0).numpy()
    assert f(x, 1).tolist() == f(torch.tensor([1, 2]), 1).tolist() if f is not nt.fmod else True
    assert f(nt.tensor([1.0]), 0.0).isnan().item() or f is operator.floordiv


CASTS = ("float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")


def test_casts():
    floats = np.array([0.0, -0.0, 0.5, -1.5, 2.5, 126.9, -128.0, np.nan, np.inf])
    calls = {}
    for source in CASTS:
        values = floats if source.startswith("f") else np.array([0, 1, 2, 100, 127])
        x, y = pair(values.astype(source if source != "bool" else np.bool_))
        for target in CASTS:
            if source.startswith("f") and "int" in target:  # NaN to int is not defined in torch
                x, y = pair(values[:6].astype(source))
            calls[source, target] = (
                (lambda x=x, t=target: x.to(getattr(nt, t))),
                (lambda y=y, t=target: y.to(getattr(torch, t))),
            )
    compare_row("cast", calls, 0)


def test_rows_agree_with_their_own_reference():
    """The row's NumPy reference holds in its test domain (it is what documentation promises)."""
    rng = np.random.default_rng(0)
    for op in ROWS:
        if op.ref is None or op.name == "where":
            continue
        low, high = op.domain
        ins = [rng.uniform(low, high, 5) for _ in range(op.arity)]
        if op.name.startswith("bitwise") or op.name in ("gcd", "lcm"):
            ins = [rng.integers(0, 9, 5) for _ in range(op.arity)]
        got = getattr(nt, op.name)(*map(nt.tensor, ins))
        np.testing.assert_allclose(got.numpy(), op.ref(*ins), 1e-12, err_msg=op.name)


def test_derived_elementwise_functions():
    a = np.array([[-2.5, -0.5, 0.0], [0.5, 3.25, np.nan]], np.float32)
    (x, y), (p, q) = pair(a), pair(a.T.copy())
    calls = {}
    for label, f in {
        "clamp": lambda m, t, u: t.clamp(-1, 1), "clamp min": lambda m, t, u: t.clamp(min=0.5),
        "clamp tensor": lambda m, t, u: t.clamp(u.T, u.T + 1), "lerp": lambda m, t, u: t.lerp(u.T, 0.25),
        "addcmul": lambda m, t, u: t.addcmul(t, u.T, value=0.5),
        "addcdiv": lambda m, t, u: t.addcdiv(t, u.T, value=0.5),
        "masked_fill": lambda m, t, u: t.masked_fill(t > 0, -1), "alpha": lambda m, t, u: t.add(u.T, alpha=2),
        "sub alpha": lambda m, t, u: t.sub(3, alpha=2), "round": lambda m, t, u: t.round(decimals=1),
        "div floor": lambda m, t, u: t.div(0.75, rounding_mode="floor"),
        "div trunc": lambda m, t, u: t.div(0.75, rounding_mode="trunc"),
        "allclose": lambda m, t, u: m.allclose(t, u.T, equal_nan=True),
        "equal": lambda m, t, u: m.equal(t[0], u.T[0]), "pos": lambda m, t, u: +t,
        "rsub": lambda m, t, u: 1 - t, "pow 3": lambda m, t, u: t**3, "pow -1": lambda m, t, u: t**-1,
        "pow 0.5": lambda m, t, u: t**0.5, "pow 1": lambda m, t, u: t**1, "pow 0": lambda m, t, u: t**0,
    }.items():  # fmt: skip
        calls[label] = (lambda f=f: f(nt, x, p)), (lambda f=f: f(torch, y, q))
    compare_row("derived", calls, 2)


def test_reference_of_helpers():
    x = nt.tensor([1.0, 2.0], requires_grad=True)
    assert reference(x).requires_grad and reference((x, 2))[1] == 2
