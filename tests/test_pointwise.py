"""Pointwise functions against torch: operand orders, alpha, rounding, refusals, out=, in place."""

import operator

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, compare, outcome, pair, torch

FLOATS = np.array([-2.5, -0.5, 0.0, 0.5, 3.25, 7.0], np.float32)
INTS = np.array([-7, -2, 0, 1, 3, 6])
BOOLS = np.array([True, False, True, True, False, False])


def operands(lib) -> dict:
    """One tensor of each kind, of one length."""
    return {
        "x": lib.tensor(FLOATS), "y": lib.tensor(FLOATS[::-1].copy()), "d": lib.tensor(FLOATS * 2.0).double(),
        "i": lib.tensor(INTS), "j": lib.tensor(INTS[::-1].copy()), "b": lib.tensor(BOOLS), "m": lib,
        "u": lib.tensor(INTS).to(lib.uint8), "k": lib.tensor(INTS).to(lib.int8), "op": operator,
        "z": lib.tensor(2.0), "g": lib.tensor(FLOATS, requires_grad=True),
    }  # fmt: skip


def calls(texts) -> dict:
    """label -> (ours, theirs), from expressions over `operands` (a new set for each)."""
    return {
        t: (lambda t=t: eval(t, operands(nt)), lambda t=t: eval(t, operands(torch)))  # noqa: S307
        for t in texts
    }


VALUES = """
m.add(2, x); m.sub(2, x); m.mul(2, x); m.div(2, y + 0.25); m.pow(2, x); m.remainder(5, x + 0.1)
m.floor_divide(5, x + 0.1); m.bitwise_and(6, i); m.bitwise_left_shift(1, i); m.xlogy(2, d.abs())
m.add(x, y, alpha=2); m.add(i, x, alpha=0.5); m.add(b, b, alpha=2); m.sub(i, 1, alpha=3)
m.rsub(x, 2); m.rsub(x, y, alpha=2); m.rsub(i, 2.5); m.subtract(x, y); m.multiply(x, 2)
m.div(i, 2, rounding_mode="floor"); m.div(i, 2, rounding_mode="trunc"); m.true_divide(i, 2)
m.div(x, 0.75, rounding_mode="trunc"); m.div(7, x + 0.1, rounding_mode="floor"); i // -2; -i // 2
m.div(k, 3, rounding_mode="trunc"); u // 5; m.fmod(i, 4); i % -4; i << 2; i >> 1; 1 << i.abs()
m.bitwise_right_shift(i, 70); m.bitwise_left_shift(k, 7); m.bitwise_not(u); ~b; i & 3; 3 ^ i ; (b | True)
m.gcd(i, j); m.lcm(k, k); m.heaviside(x, y); m.copysign(x, -2); m.copysign(i, j); m.fmax(x, z)
m.fmin(i, j); m.fmax(b, i); m.hypot(x, d); m.nextafter(x, y); m.ldexp(x, i); m.ldexp(i, i.abs())
m.float_power(i, 2); m.float_power(2, x); m.logit(x, 0.25); m.nan_to_num(x / x); m.sgn(b)
m.nan_to_num(1 / x, posinf=9.0); m.lerp(x, y, 0.25); m.lerp(x, y, y); m.frac(x); m.sinc(x)
m.addcmul(i, i, j, value=2); m.addcdiv(x, y, y + 9); m.round(x * 1.23, decimals=1)
m.round(d * 100, decimals=-1); m.clamp(x, -1, 1); x.clamp(max=z)
m.clamp(i, 0.5); m.clamp(x, 1, -1); m.clamp(x, y, y + 1); m.clamp_min(b, 1); m.clip(x, 0)
m.where(b, x, 2); m.where(b, 1, 2.5); m.where(b, x, d); m.where(b)[0]; x.where(b, z)
m.isclose(x, x + 1e-6); m.isclose(i, j); m.allclose(x, x); m.equal(i, i.clone()); m.equal(x, y)
m.frexp(x * 3); m.frexp(d); m.deg2rad(i); m.rad2deg(x); m.signbit(x); m.signbit(i); m.isposinf(1 / x)
m.isneginf(i); m.isreal(i); m.logaddexp(x, y); m.logaddexp2(d, x); m.dist(x, y); m.dist(x, y, 1)
m.mvlgamma(x.abs() + 2, 2); m.polygamma(1, x.abs() + 1); x.polygamma(2) * 0; m.positive(i); +x
m.absolute(i); m.sign(b); m.square(b); op.pow(i, 3); 2 ** i.abs(); True + i; x.eq(2); b == True
"""
VALUES = [t.strip() for t in VALUES.replace("\n", ";").split(";") if t.strip()]


def test_values():
    compare(calls(VALUES), rtol=1e-6, atol=1e-6)


ERRORS = """
m.add("a", x); m.add(x, "a"); m.add(); x.mul("a"); x.mul(); m.sin(2); m.sin(); x.sin(2); m.maximum(x, 2)
x.atan2(2); m.logical_and(x, True); m.fmod(5, x); m.eq(2, x); m.copysign(2, x); m.isclose(x, 2)
m.isclose(x, d); m.isclose(x, x, rtol=-1.0); b - b; 1 - b; m.rsub(b, b); -b; b // b; i ** -1
m.add(i, 1, alpha=1.5); m.add(x, 1, alpha=True); m.gcd(x, x); m.lcm(b, b); x << 1; b >> b; ~x
m.bitwise_not(x); m.nextafter(i, i); m.hypot(i, i); m.heaviside(x, d); m.frexp(i); m.frac(i)
m.igamma(i, i); m.logaddexp(i, i); m.abs(b); m.floor(b); m.relu(b); m.positive(b); m.lerp(i, i, 0.5)
m.lerp(x, d, 0.5); m.div(x, x, rounding_mode="up"); m.frac(b)
m.polygamma(-1, x); m.mvlgamma(x, 0); m.clamp(x); m.where(i, x, x); m.where(b, x); m.addcdiv(i, i, i)
i.add_(1.5); b.add_(1); i.div_(2); i.sin_(); x.float_power_(2); x.add_(m.ones(2, 6))
m.sin(x, out=i); m.add(g, x, out=x); x + "a"; x < "a"; m.special.entr(2)
"""
ERRORS = [t.strip() for t in ERRORS.replace("\n", ";").split(";") if t.strip()]


@pytest.mark.parametrize("text", ERRORS)
def test_refusals(text):
    ours, theirs = calls([text])[text]
    got, want = outcome(ours), outcome(theirs)
    assert isinstance(want, Exception), want
    if isinstance(want, TypeError):  # overloads are listed in other words
        assert type(got) is TypeError, repr(got)
    else:
        check_error(got, want, text)


def test_equality_with_other_objects_is_identity():
    assert (nt.tensor([1.0]) == "a") is False
    assert (nt.tensor([1.0]) != "a") is True


@pytest.mark.parametrize("name", ["remainder", "fmod", "floor_divide"])
def test_division_of_integers_by_zero(name):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        getattr(nt, name)(nt.tensor([1, 2]), nt.tensor([0, 1])).tolist()


def test_results_go_to_out():
    x, y = pair(FLOATS)
    for name, args in (("sin", ()), ("add", (2,)), ("eq", (0.5,)), ("clamp", (0, 1)), ("logit", (0.1,))):
        o, p = nt.empty(0), torch.empty(0)
        check(getattr(nt, name)(x, *args, out=o), getattr(torch, name)(y, *args, out=p), ulp=2)
        check(o, p, ulp=2)
    o, e = nt.empty(0), nt.empty(0, dtype=nt.int32)
    nt.frexp(x, out=(o, e))
    check((o, e), tuple(torch.frexp(y)))


def test_in_place_operators():
    texts = ["+= 2", "-= 1", "*= 3", "/= 2", "//= 2", "%= 3", "**= 2"]
    for a, more in ((FLOATS, texts), (INTS, [t for t in texts if t != "/= 2"] + [
            "&= 3", "|= 4", "^= 1", "<<= 2", ">>= 1"])):  # fmt: skip
        for text in more:
            scopes = []
            for lib in (nt, torch):
                scope = {"x": lib.tensor(a)}
                scope["alias"] = scope["x"].view(2, 3)
                exec(f"x {text}", scope)  # noqa: S102
                scopes.append(scope)
            check(scopes[0]["alias"], scopes[1]["alias"], rtol=1e-6, what=text)


GRADIENTS = """
m.fmax(g, y); m.copysign(g, y); m.xlogy(g, d.abs()); m.sinc(g); m.logit(g, 0.25); m.nan_to_num(1 / g)
m.clamp(g, -0.5, 1); m.clamp(g, y, y + 1); m.lerp(g, y, g); m.addcdiv(y, g, g + 9); m.frac(g)
m.ldexp(g, d); m.frexp(g)[0]; m.div(g, 2, rounding_mode="trunc"); m.logaddexp(g, g + 1)
m.hypot(g, y + 1); m.add(g, g, alpha=3); m.rsub(g, 2, alpha=2); m.deg2rad(g); m.dist(g, y)
m.nextafter(g, y); m.remainder(g, 2.5); m.float_power(g, 2); m.where(b, g, 2); m.pow(g, 0)
"""
GRADIENTS = [t.strip() for t in GRADIENTS.replace("\n", ";").split(";") if t.strip()]


def test_gradients():
    def gradient(text, lib):
        scope = operands(lib)
        eval(text, scope).sum().backward()  # noqa: S307
        return scope["g"].grad

    compare(
        {t: (lambda t=t: gradient(t, nt), lambda t=t: gradient(t, torch)) for t in GRADIENTS},
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["floor_divide", "heaviside"])
def test_no_derivative_is_an_error(name):
    x = nt.tensor(FLOATS, requires_grad=True)
    with pytest.raises(RuntimeError, match=f"derivative for aten::{name} is not implemented"):
        getattr(nt, name)(x, x).sum().backward()
        x.grad.tolist()


def test_index_variables_do_not_hide_conversions():
    """The first variable of a broadcast kernel was called b1, like the conversion to bool."""
    x, y = torch.randn(5, 10, 5), torch.randn(10, 5)
    x[0], y[0] = 0, 0
    got = nt.logical_and(nt.tensor(x.numpy()), nt.tensor(y.numpy()))
    assert got.tolist() == torch.logical_and(x, y).tolist()


SIGNED = {
    "relu": lambda lib, x: x.relu(),
    "relu6": lambda lib, x: lib.nn.functional.relu6(x),
    "clamp": lambda lib, x: x.clamp(0.0, 1.0),
    "clamp_min": lambda lib, x: x.clamp_min(0.0),
    "clamp_max": lambda lib, x: x.clamp_max(-0.0),
    "digamma": lambda lib, x: x[:-1].digamma(),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNED)
def test_signed_zeros_and_nan(name):
    values = [0.0, -0.0, 0.25, -0.25, 1e-30, -1e-30, float("inf"), float("nan")]
    got, want = (SIGNED[name](lib, lib.tensor(values)).numpy() for lib in (nt, torch))
    np.testing.assert_allclose(got, want, rtol=1e-6)
    number = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got)[number], np.signbit(want)[number])
