"""The pointwise functions of the op table's rows: torch.name, Tensor.name, Tensor.name_, out=.

Methods are the recording closures of _methods.py themselves; what a row cannot say (alpha,
rounding_mode, decimals, which operands may be numbers) is said here.
"""

from __future__ import annotations

from numtorch.jit import dtypes
from numtorch.jit.ops import OPS

from . import _methods
from ._api import REGISTRY, alias, function
from ._methods import binary, inplace, unary
from ._saves import kept
from ._tensor import Tensor, dense_types

# Second operands that must be tensors; functions whose first operand may be a number.
TENSORS = frozenset((
    "maximum", "minimum", "fmax", "fmin", "atan2", "logical_and", "logical_or", "logical_xor",
    "hypot", "heaviside", "nextafter", "gcd", "lcm", "logaddexp", "logaddexp2", "igamma",
    "igammac",
))  # fmt: skip
NUMBER_FIRST = frozenset((
    "add", "sub", "mul", "div", "pow", "remainder", "floor_divide", "bitwise_and", "bitwise_or",
    "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "xlogy",
))  # fmt: skip
NO_IN_PLACE = frozenset((
    "isnan", "isinf", "isfinite", "isposinf", "isneginf", "signbit", "maximum", "minimum", "fmax",
    "fmin", "logaddexp", "logaddexp2",
))  # fmt: skip
# Rows whose function has more arguments than operands: declared below.
OWN = frozenset(("add", "sub", "div", "round", "pow", "logit"))
ALIASES = {
    "absolute": "abs", "negative": "neg", "divide": "div", "subtract": "sub", "multiply": "mul",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "arctan2": "atan2", "fix": "trunc", "greater": "gt", "greater_equal": "ge",
    "less": "lt", "less_equal": "le", "not_equal": "ne",
}  # fmt: skip


def _is_tensor(x) -> bool:
    return x.__class__ in dense_types


def either_order(name: str, method=None):
    """op(input, other) where one of them, but not both, may be a number."""
    forward, reflected = method or binary(name), binary(name, swap=True)

    def call(input, other):
        if input.__class__ in dense_types:
            return forward(input, other)
        if not _is_tensor(other):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        return reflected(other, input)

    call.__doc__ = forward.__doc__
    return call


def declare(name: str, op) -> None:
    """Functions and methods of one row."""
    if op.arity == 1:
        method = call = unary(name)
        schema = f"{name}(Tensor input)"
    elif op.public == "special":
        method = call = either_order(name)
        schema = f"{name}(Operand input, Operand other)"
    else:
        method = call = binary(name)
        first = "Tensor"
        if name in NUMBER_FIRST:
            first, call = "Operand", either_order(name, method)
        schema = f"{name}({first} input, {'Tensor' if name in TENSORS else 'Operand'} other)"
    if op.public == "special":
        function("special." + schema, method=False, out=True)(call)
        return
    method.__name__ = name
    in_place = name not in NO_IN_PLACE
    function(schema, out=True, inplace=in_place)(call)
    if name not in TENSORS:
        _hot(name, method, in_place)


def _hot(name: str, method, in_place: bool = True) -> None:
    """The recording closure as the method itself: no checks before it."""
    method.__doc__ = REGISTRY[name].doc
    setattr(Tensor, name, method)
    if in_place:
        setattr(Tensor, name + "_", inplace(method, name))


for _name, _op in OPS.items():
    if _op.kind == "elementwise" and _op.public and _op.arity < 3 and _name not in OWN:
        declare(_name, _op)


# ---------------------------------------------------------------- add, sub: alpha


def _scaled(input, other, alpha):
    """other * alpha in the type of the result; PyTorch's refusals of alpha."""
    a, b = (x if _is_tensor(x) else None for x in (input, other))
    types = [
        (x.shape, x.dtype, None) if t is not None else ((), None, _kind(x))
        for x, t in ((input, a), (other, b))
    ]
    d = dtypes.result_type(types)
    if isinstance(alpha, bool) and d.kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and not d.differentiable:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if isinstance(alpha, complex) and d.kind != "c":
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )
    if b is None:
        return other * alpha
    if d.kind == "b":
        return other if alpha else other & False
    return (other if other.dtype is d else other.to(d)) * alpha


_ONE = 1  # the default: nothing to multiply by (True and 1.0 are to be checked)


def _kind(x) -> str:
    for kind, t in (("b", bool), ("i", int), ("f", float)):
        if isinstance(x, t):
            return kind
    return "c"


def _with_sparse(name: str, dense, other, alpha):
    """A dense tensor plus or minus a sparse one; raises again what is none of that."""
    from .sparse._base import HANDLERS, SparseTensor

    if isinstance(dense, SparseTensor) or not isinstance(other, SparseTensor):
        raise  # noqa: PLE0704 - called where an error is handled
    return HANDLERS[name](dense, other, alpha=alpha)


def _alpha(name: str):
    """add and sub take alpha, the factor of the second operand."""
    plain, call = binary(name), either_order(name)

    def method(self, other, *, alpha=1):
        try:
            if alpha is _ONE:
                return plain(self, other)
            return plain(self, _scaled(self, other, alpha))
        except NotImplementedError:
            return _with_sparse(name, self, other, alpha)

    def free(input, other, *, alpha=1):
        return call(input, other if alpha is _ONE else _scaled(input, other, alpha))

    method.__name__ = name
    function(f"{name}(Operand input, Operand other, *, Number alpha=1)", out=True, inplace=True)(
        free
    )
    _hot(name, method)


_alpha("add")
_alpha("sub")


@function("rsub(Tensor input, Operand other, *, Number alpha=1)")
def rsub(input, other, *, alpha=1):
    """other - alpha * input.

    >>> import numtorch as torch
    >>> torch.rsub(torch.tensor([1, 2, 3]), 10)
    tensor([9, 8, 7])
    """
    return _methods.reflected_sub(input if alpha == 1 else _scaled(other, input, alpha), other)


# ---------------------------------------------------------------- division, rounding, powers
_div = binary("div")
_ROUNDED = {"floor": either_order("div_floor"), "trunc": either_order("div_trunc")}
_div_call = either_order("div")


@kept("rounded_div")
def _rounded(input, other, rounding_mode):
    found = _ROUNDED.get(rounding_mode)
    if found is None:
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return found(input, other)


@function("div(Operand input, Operand other, *, str? rounding_mode=None)", out=True, inplace=True)
def div(input, other, *, rounding_mode=None):
    """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero).

    >>> import numtorch as torch
    >>> x = torch.tensor([-7, 8])
    >>> torch.div(x, 2), torch.div(x, 2, rounding_mode="trunc")
    (tensor([-3.5000,  4.0000]), tensor([-3,  4]))
    """
    if rounding_mode is None:
        return _div_call(input, other)
    return _rounded(input, other, rounding_mode)


def _div_method(self, other, *, rounding_mode=None):
    """self / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
    if rounding_mode is None:
        return _div(self, other)
    return _rounded(self, other, rounding_mode)


_hot("div", _div_method)


@function("true_divide(Operand input, Operand other)", out=True, inplace=True)
def true_divide(input, other):
    """input / other; integers are divided as floats.

    >>> import numtorch as torch
    >>> torch.true_divide(torch.tensor([1, 2, 3]), 2)
    tensor([0.5000, 1.0000, 1.5000])
    """
    return _div_call(input, other)


_round = unary("round")


@function("round(Tensor input, *, int decimals=0)", out=True, inplace=True)
def round(input, *, decimals=0):
    """Rounds to the nearest integer (ties to even), or to `decimals` digits.

    >>> import numtorch as torch
    >>> torch.round(torch.tensor([0.5, 1.5, 2.4])), torch.round(torch.tensor([2.345]), decimals=1)
    (tensor([0., 2., 2.]), tensor([2.3000]))
    """
    if decimals == 0:
        return _round(input)
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            f"\"round_vml_cpu\" not implemented for '{input.dtype.scalar_type}'"
        )
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return _round(input * scale) / scale
    return _round(input / scale) * scale


_power = either_order("pow", _methods.pow)


@function("pow(Operand input, Operand exponent)", out=True, inplace=True)
def pow(input, exponent):
    """input ** exponent.

    >>> import numtorch as torch
    >>> torch.pow(torch.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
    return _power(input, exponent)


_hot("pow", _methods.pow)


def _double(x):
    if _is_tensor(x):
        return x.to(dtypes.complex128 if x.dtype.kind == "c" else dtypes.float64)
    return x if isinstance(x, complex) else float(x)


@function("float_power(Operand input, Operand exponent)", out=True, inplace=True)
def float_power(input, exponent):
    """input ** exponent, computed in float64 (complex128 for complex operands).

    >>> import numtorch as torch
    >>> torch.float_power(torch.tensor([1, 2, 3]), -1)
    tensor([1.0000, 0.5000, 0.3333], dtype=torch.float64)
    """
    return _power(_double(input), _double(exponent))


def _float_power_in_place(self, exponent):
    """In-place version of :meth:`float_power`; self must be float64 (or complex128).

    >>> import numtorch as torch
    >>> torch.tensor([1.0, 2.0], dtype=torch.float64).float_power_(3)
    tensor([1., 8.], dtype=torch.float64)
    """
    result = self.float_power(exponent)
    if result.dtype is not self.dtype:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.scalar_type} but the "
            f"operation's result requires dtype {result.dtype.scalar_type}"
        )
    return _methods.write_result(self, result, "float_power")


Tensor.float_power_ = _float_power_in_place


@function("ldexp(Tensor input, Tensor other)", out=True, inplace=True)
def ldexp(input, other):
    """input * 2 ** other.

    >>> import numtorch as torch
    >>> torch.ldexp(torch.tensor([1.0, 3.0]), torch.tensor([3, -1]))
    tensor([8.0000, 1.5000])
    """
    if other.dtype.kind == "b":
        raise NotImplementedError("\"ldexp_cpu_exp\" not implemented for 'Bool'")
    if other.dtype.kind == "i" and input.dtype.narrow:  # an exponent does not promote
        return (input.to(dtypes.float32) * _power(2.0, other)).to(input.dtype)
    return input * _power(2.0, other)


# ---------------------------------------------------------------- functions with more arguments
_logit = unary("logit")


@function("logit(Tensor input, float? eps=None)", out=True, inplace=True)
def logit(input, eps=None):
    """log(x / (1 - x)); with eps, x is limited to [eps, 1 - eps] first.

    >>> import numtorch as torch
    >>> torch.logit(torch.tensor([0.0, 0.5, 0.9]), eps=0.1)
    tensor([-2.1972,  0.0000,  2.1972])
    """
    return _logit(input if eps is None else input.clamp(eps, 1 - eps))


@function("positive(Tensor input)")
def positive(input):
    """The tensor itself; bool is refused.

    >>> import numtorch as torch
    >>> torch.positive(torch.tensor([-1, 2]))
    tensor([-1,  2])
    """
    if input.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _polygamma(n: int, x):
    from numtorch.jit.record import local

    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if x.dtype.kind == "c":
        kernel = {0: "digamma", 1: "trigamma"}.get(n, "polygamma")
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{x.dtype.scalar_type}'")
    if not x.dtype.is_floating_point:
        x = x.to(dtypes.default)
    return local.tape.record(OPS["polygamma"], (x,), (n,))


@function("polygamma(int n, Tensor input)", out=True, method=False)
def polygamma(n, input):
    """The n-th derivative of digamma.

    >>> import numtorch as torch
    >>> torch.polygamma(1, torch.tensor([1.0, 2.0]))
    tensor([1.6449, 0.6449])
    """
    return _polygamma(n, input)


def _polygamma_method(self, n):
    """The n-th derivative of digamma."""
    return _polygamma(n, self)


_hot("polygamma", _polygamma_method)


@function("mvlgamma(Tensor input, int p)", out=True, inplace=True)
def mvlgamma(input, p):
    """Logarithm of the multivariate gamma function of dimension p.

    >>> import numtorch as torch
    >>> torch.mvlgamma(torch.tensor([2.0, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    import math

    if input.dtype.kind == "b":
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    total = input.lgamma()
    for k in range(1, p):
        total = total + (input - 0.5 * k).lgamma()
    return total + p * (p - 1) / 4 * math.log(math.pi) if p > 1 else total


for _new, _old in ALIASES.items():
    alias(_new, _old)
