"""Pointwise functions written with others: where, clamp, lerp, addcmul, comparisons of tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from numtorch.jit import dtypes
from numtorch.jit.ops import OPS
from numtorch.jit.ops.table import broadcast_shapes
from numtorch.jit.record import local

from ._api import alias, function
from ._creation import fitting
from ._tensor import Tensor, dense_types
from .return_types import result_type


def _is_tensor(x) -> bool:
    return x.__class__ in dense_types


# ---------------------------------------------------------------- selection


def select(condition: Tensor, input, other) -> Tensor:
    """where, of a condition that is known to be bool."""
    return local.tape.record(OPS["where"], (condition, input, other))


def _condition(condition: Tensor) -> Tensor:
    if condition.dtype.kind == "b":
        return condition
    if condition.dtype is dtypes.uint8:
        import warnings

        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead.",
            UserWarning, stacklevel=4,
        )  # fmt: skip
        return condition.bool()
    raise RuntimeError(
        "where expected condition to be a boolean tensor, but got a tensor with dtype "
        f"{condition.dtype.scalar_type}"
    )


@function("where(Tensor condition, Operand? input=None, Operand? other=None)", out=True,
          method=False)  # fmt: skip
def where(condition, input=None, other=None):
    """input where the condition holds, else other; all broadcast. One argument: as nonzero.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, -2.0, 3.0])
    >>> torch.where(x > 0, x, 0)
    tensor([1., 0., 3.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise TypeError(
            "where() received an invalid combination of arguments - expected (Tensor condition) or "
            "(Tensor condition, Tensor input, Tensor other)"
        )
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        input = _scalar_tensor(input, other)
    if not isinstance(input, Tensor):
        _bound(input, other)
    elif not isinstance(other, Tensor):
        _bound(other, input)
    return select(_condition(condition), input, other)


def _bound(value, x: Tensor) -> None:
    """RuntimeError for an integer that the integers of x can not hold."""
    if x.dtype.kind == "i" and value.__class__ is int:
        fitting(value, x.dtype)


def _scalar_tensor(value, other) -> Tensor:
    """A number as a tensor of the dtype that it and another number have in torch."""
    from ._factories import full

    kinds = {type(value), type(other)}
    if complex in kinds:
        dtype = dtypes.default.to_complex()
    elif float in kinds:
        dtype = dtypes.default
    else:
        dtype = dtypes.bool_ if kinds == {bool} else dtypes.int64
    return full((), value, dtype=dtype)


def _where_method(self, condition, other):
    """self where the condition holds, else other."""
    return where(condition, self, other)


Tensor.where = _where_method


@function("clamp(Tensor input, Operand? min=None, Operand? max=None)", out=True, inplace=True)
def clamp(input, min=None, max=None):
    """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max.

    >>> import numtorch as torch
    >>> torch.tensor([-2.0, 0.5, 9.0]).clamp(-1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    record = local.tape.record
    if input.dtype.kind == "i" and max.__class__ is not float and min.__class__ is not float:
        _bound(min, input)
        _bound(max, input)
    if min is None:
        if max is None:
            raise RuntimeError(
                "torch.clamp: At least one of 'min' or 'max' must not be None"
            )
        return record(_CLAMP_MAX, (input, max))
    if max is None:
        return record(_CLAMP_MIN, (input, min))
    return record(_CLAMP, (input, min, max))


_CLAMP, _CLAMP_MIN, _CLAMP_MAX = (OPS[n] for n in ("clamp", "clamp_min", "clamp_max"))


alias("clip", "clamp")


@function("clamp_min(Tensor input, Operand min)", out=True, inplace=True)
def clamp_min(input, min):
    """Values of at least min.

    >>> import numtorch as torch
    >>> torch.clamp_min(torch.tensor([1, 2, 3]), 2)
    tensor([2, 2, 3])
    """
    return local.tape.record(_CLAMP_MIN, (input, min))


@function("clamp_max(Tensor input, Operand max)", out=True, inplace=True)
def clamp_max(input, max):
    """Values of at most max.

    >>> import numtorch as torch
    >>> torch.clamp_max(torch.tensor([1, 2, 3]), 2)
    tensor([1, 2, 2])
    """
    return local.tape.record(_CLAMP_MAX, (input, max))


@function("nan_to_num(Tensor input, float? nan=None, float? posinf=None, float? neginf=None)",
          out=True, inplace=True)  # fmt: skip
def nan_to_num(input, nan=None, posinf=None, neginf=None):
    """NaN, inf and -inf replaced: by 0 and the largest finite numbers unless given.

    >>> import numtorch as torch
    >>> torch.nan_to_num(torch.tensor([1.0, torch.nan, torch.inf]), posinf=9.0)
    tensor([1., 0., 9.])
    """
    d = input.dtype
    if d.kind == "c":
        parts = (nan_to_num(x, nan, posinf, neginf) for x in (input.real, input.imag))
        return local.tape.record(OPS["complex"], tuple(parts))
    if not d.is_floating_point:
        return input.clone()
    big = largest(d)
    out = select(input.isnan(), 0.0 if nan is None else float(nan), input)
    out = select(input == math.inf, big if posinf is None else float(posinf), out)
    return select(input == -math.inf, -big if neginf is None else float(neginf), out)


def largest(d) -> float:
    """The largest finite number of a floating dtype."""
    bits, high = {
        "f16": (11, 16), "bf16": (8, 128), "f32": (24, 128), "f64": (53, 1024),
    }[d.short]  # fmt: skip
    return math.ldexp(1 - math.ldexp(1, -bits), high) if high < 1024 else math.ldexp(
        2 - math.ldexp(1, 1 - bits), high - 1)  # fmt: skip


# ---------------------------------------------------------------- three operands


@function("lerp(Tensor input, Tensor end, Operand weight)", out=True, inplace=True)
def lerp(input, end, weight):
    """input + weight * (end - input), exact at both ends.

    >>> import numtorch as torch
    >>> torch.lerp(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 10.0, 10.0]), 0.5)
    tensor([5.5000, 6.0000, 6.5000])
    """
    for name, x in (("end", end), ("weight", weight)):
        if _is_tensor(x) and x.dtype is not input.dtype and not (name == "weight" and not x.dim()):
            raise RuntimeError(
                f"expected dtype {c_type(input.dtype)} for `{name}` but got dtype {c_type(x.dtype)}"
            )
    if not input.dtype.differentiable:
        kind = "tensor" if _is_tensor(weight) and weight.dim() else "scalar"
        raise NotImplementedError(
            f"\"lerp_kernel_{kind}\" not implemented for '{input.dtype.scalar_type}'"
        )
    return local.tape.record(OPS["lerp"], (input, end, weight))


def c_type(d) -> str:
    """A dtype's name in C++, as PyTorch's errors have it."""
    names = {"f32": "float", "f64": "double", "i64": "long int", "i32": "int", "b1": "bool",
             "i16": "short int", "i8": "signed char", "u8": "unsigned char",
             "f16": "c10::Half", "bf16": "c10::BFloat16", "c64": "c10::complex<float>",
             "c128": "c10::complex<double>"}  # fmt: skip
    return names.get(d.short, d.name)


@function("addcmul(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value=1)",
          out=True, inplace=True)  # fmt: skip
def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 * tensor2.

    >>> import numtorch as torch
    >>> x = torch.tensor([1, 2, 3])
    >>> torch.addcmul(x, torch.tensor([1, 1, 2]), torch.tensor([5, 6, 7]), value=2)
    tensor([11, 14, 31])
    """
    shapes = [t._v.meta.shape for t in (input, tensor1, tensor2)]
    if not shapes[0] == shapes[1] == shapes[2]:
        broadcast_shapes("addcmul", shapes)  # PyTorch's error names the first two that differ
    kinds = [(t._v.meta.shape, t.dtype, None) for t in (input, tensor1, tensor2)]
    d = dtypes.result_type(kinds)
    if d.kind == "b":
        raise NotImplementedError("\"addcmul_cpu_out\" not implemented for 'Bool'")
    value = fitting(value, d)
    if d.kind == "i":
        value = int(value.real if value.__class__ is complex else value)
    elif d.narrow:  # rounded once, as in PyTorch
        return addcmul(*(t.to(dtypes.float32) for t in (input, tensor1, tensor2)),
                       value=value).to(d)  # fmt: skip
    product = tensor1 if value == 1 else value * tensor1
    return input + product * tensor2


@function("addcdiv(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value=1)",
          out=True, inplace=True)  # fmt: skip
def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value * tensor1 / tensor2; integers are refused as divisors of integers.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0, 3.0])
    >>> torch.addcdiv(x, torch.tensor([1.0, 1.0, 1.0]), torch.tensor([2.0, 4.0, 8.0]))
    tensor([1.5000, 2.2500, 3.1250])
    """
    if not (tensor1.dtype.differentiable or tensor2.dtype.differentiable):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv "
            "behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to("
            "input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float "
            "inputs. The future addcdiv behavior is just the latter implementation: (input + value "
            "* tensor1 / tensor2), for all dtypes."
        )
    shapes = [t._v.meta.shape for t in (input, tensor1, tensor2)]
    if not shapes[0] == shapes[1] == shapes[2]:
        broadcast_shapes("addcmul", shapes)
    kinds = [(t._v.meta.shape, t.dtype, None) for t in (input, tensor1, tensor2)]
    d = dtypes.result_type(kinds)
    value = fitting(value, d)
    if d.narrow:
        return addcdiv(*(t.to(dtypes.float32) for t in (input, tensor1, tensor2)),
                       value=value).to(d)  # fmt: skip
    product = tensor1 if value == 1 else value * tensor1
    return input + product / tensor2


# ---------------------------------------------------------------- frexp

frexp_result = result_type("frexp", "mantissa", "exponent")


@function("frexp(Tensor input)", out=("mantissa", "exponent"))
def frexp(input):
    """(mantissa in [1/2, 1), exponent as int32) with input = mantissa * 2 ** exponent.

    >>> import numtorch as torch
    >>> mantissa, exponent = torch.frexp(torch.tensor([1.0, 6.0, -0.375]))
    >>> mantissa, exponent
    (tensor([ 0.5000,  0.7500, -0.7500]), tensor([ 1,  3, -1], dtype=torch.int32))
    """
    tape = local.tape
    exponent = tape.record(OPS["frexp_exponent"], (input,)).to(dtypes.int32)
    return frexp_result(tape.record(OPS["frexp_mantissa"], (input,)), exponent)


# ---------------------------------------------------------------- comparisons of tensors


@function("isreal(Tensor input)")
def isreal(input):
    """True where the imaginary part is 0.

    >>> import numtorch as torch
    >>> torch.isreal(torch.tensor([1 + 0j, 1j, 2 - 1j]))
    tensor([ True, False, False])
    """
    return input.imag == 0 if input.dtype.kind == "c" else _true(input)


def _true(x):
    from ._creation import ones

    return ones(tuple(x.shape), dtype=dtypes.bool_)


def _close(input, other, rtol, atol, equal_nan, name):
    if input.dtype is not other.dtype:
        raise RuntimeError(
            f"{input.dtype.scalar_type} did not match {other.dtype.scalar_type}"
        )
    for what, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(
                f"{what} must be greater than or equal to zero, but got {_short(value)}"
            )
    close = input == other
    if equal_nan and input.dtype.differentiable:
        close = close | (input.isnan() & other.isnan())
    if rtol == 0 and atol == 0:
        return close
    if not input.dtype.differentiable:
        input, other = input.to(dtypes.default), other.to(dtypes.default)
    allowed = atol + (rtol * other).abs()
    actual = (input - other).abs()
    return close | (actual.isfinite() & (actual <= allowed))


def _short(x: float) -> str:
    return f"{x:g}"


@function("isclose(Tensor input, Tensor other, float rtol=1e-5, float atol=1e-8, "
          "bool equal_nan=False)")  # fmt: skip
def isclose(input, other, rtol=1e-5, atol=1e-8, equal_nan=False):
    """True where |input - other| <= atol + rtol * |other|.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0, torch.nan])
    >>> torch.isclose(x, torch.tensor([1.0000001, 2.1, torch.nan]))
    tensor([ True, False, False])
    """
    return _close(input, other, rtol, atol, equal_nan, "isclose")


@function("allclose(Tensor input, Tensor other, float rtol=1e-5, float atol=1e-8, "
          "bool equal_nan=False)")  # fmt: skip
def allclose(input, other, rtol=1e-5, atol=1e-8, equal_nan=False):
    """True if |input - other| <= atol + rtol * |other| everywhere.

    >>> import numtorch as torch
    >>> torch.allclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0001]), atol=1e-3)
    True
    """
    return bool(_close(input, other, rtol, atol, equal_nan, "allclose").all().item())


@function("equal(Tensor input, Tensor other)")
def equal(input, other):
    """True if shapes and all elements are equal.

    >>> import numtorch as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    return input.shape == other.shape and bool((input == other).all().item())


# ---------------------------------------------------------------- dist


@function("dist(Tensor input, Tensor other, Number p=2)")
def dist(input, other, p=2):
    """The p-norm of input - other.

    >>> import numtorch as torch
    >>> torch.dist(torch.tensor([0.0, 0.0]), torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return (input - other).norm(p)


# ---------------------------------------------------------------- flat positions


@function("unravel_index(Tensor indices, any shape)", method=False)
def unravel_index(indices, shape):
    """Flat positions in a tensor of `shape` as a tuple of int64 positions along each dim.

    Raises TypeError for indices that are no integers, ValueError for negative sizes.

    >>> import numtorch as torch
    >>> torch.unravel_index(torch.tensor([4, 1]), (3, 2))
    (tensor([2, 0]), tensor([0, 1]))
    """
    if indices.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if not isinstance(shape, (int, Sequence)):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    for n in sizes:
        if not isinstance(n, int):
            raise TypeError(
                f"expected 'shape' sequence to only contain ints, but got {type(n)}"
            )
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    flat, step, parts = indices.to(dtypes.int64), 1, []
    for n in reversed(sizes):
        parts.append(flat // step % n)
        step *= n
    return tuple(reversed(parts))
