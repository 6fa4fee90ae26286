"""Complex tensors: their parts as views, conjugates, and tensors made of parts."""

from __future__ import annotations

import functools

from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._api import function
from ._tensor import Tensor


def _alias(t: Tensor, name: str, shape, dtype, offset: int, strides) -> Tensor:
    """A view of t's memory as elements of another dtype, which offset and strides count."""
    strides = tuple(strides)
    return local.tape.view(
        t, OPS[name], None, meta(tuple(shape), dtype, strides), offset, strides
    )


def _part(t: Tensor, name: str, second: int) -> Tensor:
    strides = tuple(2 * s for s in t._strides())
    offset = 2 * t.storage_offset() + second
    return _alias(t, name, t._v.meta.shape, t.dtype.to_real(), offset, strides)


@function("real(Tensor input)", method=False)
def real(input):
    """The real parts, as a view; a real tensor is its own.

    >>> import numtorch as torch
    >>> x = torch.tensor([1 + 2j, 3 - 1j])
    >>> x.real.zero_()
    tensor([0., 0.])
    >>> x
    tensor([0.+2.j, 0.-1.j])
    """
    return _part(input, "view_real", 0) if input.dtype.kind == "c" else input


@function("imag(Tensor input)", method=False)
def imag(input):
    """The imaginary parts, as a view; RuntimeError for real tensors.

    >>> import numtorch as torch
    >>> torch.imag(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([ 2., -4.])
    """
    if input.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _part(input, "view_imag", 1)


@function("view_as_real(Tensor input)", method=False)
def view_as_real(input):
    """A view with the real and imaginary parts along a new last dim; complex tensors only.

    >>> import numtorch as torch
    >>> torch.view_as_real(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([[ 1.,  2.],
            [ 3., -4.]])
    """
    if input.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    strides = (*(2 * s for s in input._strides()), 1)
    shape = (*input._v.meta.shape, 2)
    offset = 2 * input.storage_offset()
    return _alias(input, "view_as_real", shape, input.dtype.to_real(), offset, strides)


@function("view_as_complex(Tensor input)", method=False)
def view_as_complex(input):
    """A view of pairs along the last dim (size 2, stride 1) as complex numbers.

    >>> import numtorch as torch
    >>> torch.view_as_complex(torch.tensor([[1.0, 2.0], [3.0, -4.0]]))
    tensor([1.+2.j, 3.-4.j])
    """
    dtype, shape, strides = input.dtype, input._v.meta.shape, input._strides()
    if dtype.short not in ("f16", "f32", "f64"):
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            f"tensor of scalar type: {dtype.scalar_type}"
        )
    if not shape:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if strides[-1] != 1:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(s % 2 for s in strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if input.storage_offset() % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return _alias(
        input, "view_as_complex", shape[:-1], dtype.to_complex(), input.storage_offset() // 2,
        tuple(s // 2 for s in strides[:-1]),
    )  # fmt: skip


# ---------------------------------------------------------------- made of parts


def _check_parts(a: Tensor, b: Tensor) -> None:
    if any(t.dtype.short not in ("f16", "f32", "f64") for t in (a, b)):
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{a.dtype.scalar_type} and {b.dtype.scalar_type}"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {a.dtype.scalar_type} but got scalar type "
            f"{b.dtype.scalar_type} for second argument"
        )


def _check_out(out, a: Tensor) -> None:
    if out is not None and out.dtype is not a.dtype.to_complex():
        raise RuntimeError(
            f"Expected object of scalar type {a.dtype.to_complex().scalar_type} but got scalar "
            f"type {out.dtype.scalar_type} for argument 'out'"
        )


@function("complex(Tensor real, Tensor imag)", method=False, out=True)
def complex(real, imag):
    """real + 1j * imag of two tensors of one dtype: float16, float32 or float64.

    >>> import numtorch as torch
    >>> torch.complex(torch.tensor([1.0]), torch.tensor([2.0]))
    tensor([1.+2.j])
    """
    _check_parts(real, imag)
    return local.tape.record(OPS["complex"], (real, imag))


@function("polar(Tensor abs, Tensor angle)", method=False, out=True)
def polar(abs, angle):
    """abs * e**(1j * angle) of two tensors of one dtype.

    >>> import numtorch as torch
    >>> torch.polar(torch.tensor([1.0, 2.0]), torch.tensor([0.0, torch.pi / 2]))
    tensor([ 1.0000e+00+0.j, -8.7423e-08+2.j])
    """
    _check_parts(abs, angle)
    if abs.dtype.narrow:
        raise NotImplementedError(f"\"polar_cpu\" not implemented for '{abs.dtype.scalar_type}'")
    return local.tape.record(OPS["polar"], (abs, angle))


# ---------------------------------------------------------------- conjugates


@function("conj(Tensor input)")
def conj(input):
    """The complex conjugate; a real tensor is its own. Computed at once, not a lazy view.

    >>> import numtorch as torch
    >>> torch.conj(torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    return local.tape.record(OPS["conj"], (input,)) if input.dtype.kind == "c" else input


@function("conj_physical(Tensor input)", out=True, inplace=True)
def conj_physical(input):
    """The complex conjugate in memory of its own.

    >>> import numtorch as torch
    >>> torch.conj_physical(torch.tensor([1 + 2j, 3 - 4j]))
    tensor([1.-2.j, 3.+4.j])
    """
    return conj(input)


@function("is_conj(Tensor input)")
def is_conj(input):
    """Whether a conjugation is pending: never here.

    >>> import numtorch as torch
    >>> torch.is_conj(torch.tensor([1 + 2j]))
    False
    """
    return False


@function("is_neg(Tensor input)")
def is_neg(input):
    """Whether a negation is pending: never here.

    >>> import numtorch as torch
    >>> torch.is_neg(torch.tensor([1.0]))
    False
    """
    return False


@function("resolve_conj(Tensor input)")
def resolve_conj(input):
    """The tensor itself: conjugates are never pending.

    >>> import numtorch as torch
    >>> torch.resolve_conj(torch.tensor([1 + 2j]).conj())
    tensor([1.-2.j])
    """
    return input


@function("resolve_neg(Tensor input)")
def resolve_neg(input):
    """The tensor itself: negations are never pending.

    >>> import numtorch as torch
    >>> torch.resolve_neg(torch.tensor([1, 2, 3]))
    tensor([1, 2, 3])
    """
    return input


def _set_real(self: Tensor, value) -> None:
    real(self).copy_(_as_tensor(value))


def _set_imag(self: Tensor, value) -> None:
    imag(self).copy_(_as_tensor(value))


def _as_tensor(value) -> Tensor:
    from ._creation import tensor

    return value if isinstance(value, Tensor) else tensor(value)


def _checking_out(function):
    @functools.wraps(function)
    def complex(real, imag, *, out=None):
        if isinstance(real, Tensor) and isinstance(imag, Tensor):
            _check_parts(real, imag)
            _check_out(out, real)
        return function(real, imag) if out is None else function(real, imag, out=out)

    return complex


def _real_only(method):
    @functools.wraps(method)
    def abs_(self):
        if self.dtype.kind == "c":
            raise RuntimeError("In-place abs is not supported for complex tensors.")
        return method(self)

    return abs_


def install(functions: dict) -> None:
    """Adds the properties to Tensor."""
    functions["complex"] = _checking_out(functions["complex"])
    Tensor.real = property(lambda self: real(self), _set_real, doc="The real parts, as a view.")
    for name in ("abs_", "absolute_"):
        setattr(Tensor, name, _real_only(getattr(Tensor, name)))
    Tensor.imag = property(lambda self: imag(self), _set_imag, doc="The imaginary parts, a view.")
