"""Tensor methods and functions made from the op table's elementwise rows.

The closures here are the hot path of recording: no helper calls, no shape work on a hit.
"""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import SCALAR_INDEX, Lazy, infer, local
from numtorch.jit.views import check_overlap, check_write, overlaps_itself

from ._examples import described_in_place
from ._saves import NOTHING, Keeping, in_place, kept
from ._tensor import Tensor, dense_types

_new = object.__new__


def _number(x):
    """NumPy and other number-likes as Python scalars; None if it is none."""
    import numpy as np

    if isinstance(x, (np.generic, bool, int, float, complex)):
        x = x.item() if isinstance(x, np.generic) else x
        for kind in (bool, int, float, complex):
            if isinstance(x, kind):
                return kind(x)
    if isinstance(x, np.ndarray):
        from ._creation import from_numpy

        return from_numpy(x)
    return None


def _other_side(name: str):
    """An operator leaves operands that it does not know to their class."""

    def leave(self, other):
        if not hasattr(type(other), "__torch_function__"):
            return NotImplemented
        from .overrides import dispatch, public

        return dispatch(public(name), [other], (self, other), {})

    return leave


def _must_be_tensor(name: str):
    def refuse(self, other):
        raise TypeError(
            f"{name}(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}"
        )

    return refuse


def _unbound(name: str, given) -> Exception:
    """Python's error for Tensor.method(1, ...)."""
    if name in ("__rdiv__", "__rtruediv__"):  # 1 / x is x.reciprocal() * 1 in PyTorch
        return AttributeError(f"'{type(given).__name__}' object has no attribute 'reciprocal'")
    return TypeError(
        f"descriptor '{name}' for 'numtorch.Tensor' objects doesn't apply to a "
        f"'{type(given).__name__}' object"
    )


def binary(name: str, swap: bool = False, operator: bool = False, magic: str = ""):
    """Records an elementwise op of two operands, either of which may be a Python number.

    An operand of any other type is a TypeError, or NotImplemented for an operator.
    """
    op = OPS[name]
    unknown = _other_side(magic or name) if operator else _must_be_tensor(name)
    grad_op, rules = op.grad_op, op.rules
    differentiable = op.differentiable and op.result != "bool"

    def method(self, other):
        tape = local.tape
        win = tape.win
        try:
            va = self._v
        except AttributeError:
            raise _unbound(magic or name, self) from None
        a = va.idx if va.win is win else tape.input(self)
        va = self._v
        kind = other.__class__
        if kind in SCALAR_INDEX:
            b = mb = SCALAR_INDEX[kind]
            rg = self._rg and tape.grad and differentiable
            number = True
        else:
            try:
                vb = other._v
            except AttributeError:
                found = _number(other)
                if found is None:
                    return unknown(self, other)
                return method(self, found)
            b = vb.idx if vb.win is win else tape.input(other)
            mb = other._v.meta
            rg = (self._rg or other._rg) and tape.grad and differentiable
            number = False
        ma = va.meta
        if swap:
            a, b, ma, mb = b, a, mb, ma
        m = rules.get((None, ma, mb))
        if m is None:
            m = infer(op, (ma, mb), None)
        if number:
            tape.scalars.append(other)
        handles = tape.handles
        idx = len(handles)
        v = _new(Lazy)
        v.meta = m
        v.win = win
        v.idx = idx
        t = _new(Tensor)
        t._v = v
        if rg and m.dtype.differentiable:
            t._rg = 2
            tape.entries.append((grad_op, m, None, a, b))
        else:
            tape.entries.append((op, m, None, a, b))
        handles.append(t)
        if idx >= tape.limit:
            tape.flush()
        return t

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Elementwise {name}; operands broadcast and are promoted."
    return method


def unary(name: str):
    """Records an elementwise op of one operand."""
    op = OPS[name]
    grad_op, rules = op.grad_op, op.rules
    differentiable = op.differentiable and op.result != "bool"

    def method(self):
        tape = local.tape
        va = self._v
        a = va.idx if va.win is tape.win else tape.input(self)
        ma = self._v.meta
        m = rules.get((None, ma))
        if m is None:
            m = infer(op, (ma,), None)
        handles = tape.handles
        idx = len(handles)
        v = _new(Lazy)
        v.meta = m
        v.win = tape.win
        v.idx = idx
        t = _new(Tensor)
        t._v = v
        if self._rg and tape.grad and differentiable and m.dtype.differentiable:
            t._rg = 2
            tape.entries.append((grad_op, m, None, a))
        else:
            tape.entries.append((op, m, None, a))
        handles.append(t)
        if idx >= tape.limit:
            tape.flush()
        return t

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Elementwise {name}."
    return method


def write_result(tensor: Tensor, result: Tensor, name: str) -> Tensor:
    """Stores the result of an in-place op; PyTorch's errors for leaves, shapes and dtypes."""
    m, r = tensor._v.meta, result._v.meta
    tape = local.tape
    if tape.grad:
        check_write(tensor, result._rg)
    if r is not m:
        if r.shape != m.shape:
            raise RuntimeError(
                f"output with shape {list(m.shape)} doesn't match the broadcast shape "
                f"{list(r.shape)}"
            )
        rank = "bifc"
        if r.dtype is not m.dtype and rank.index(r.dtype.kind) > rank.index(m.dtype.kind):
            raise RuntimeError(
                f"result type {_c_name(r.dtype)} can't be cast to the desired output type "
                f"{_c_name(m.dtype)}"
            )
        if r.dtype is not m.dtype:
            result = tape.record(OPS["cast"], (result,), (m.dtype,))
    if tensor._view is not None and overlaps_itself(m.shape, tensor._view.strides):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    if tensor._rg == 2 and not result._rg and tape.grad and tensor._view is None:
        result = _replacing(tensor, result)
    tape.write(tensor, result)
    return tensor


def _replacing(tensor: Tensor, result: Tensor) -> Tensor:
    """A result without a graph as a function of what it replaces, whose gradient is zeros."""
    from ._creation import full

    everywhere, tape = full(tuple(tensor.shape), True), local.tape
    start, win = len(tape.entries), tape.win
    out = tape.record(OPS["where"], (everywhere, result, tensor))
    NOTHING.note(tape, start if tape.win is win else 0, (), {}, out)
    return out


def _c_name(d) -> str:
    return d.scalar_type


def check_operands(tensor: Tensor, args: tuple) -> None:
    """PyTorch's refusal of operands that overlap the written tensor in part."""
    for x in args:
        if x.__class__ in dense_types:
            check_overlap(tensor, x)


def noted(spec: Keeping, method, tensor: Tensor, args: tuple, kwargs: dict):
    """The result of an in-place op; notes what its gradient keeps if the method has not."""
    tape = local.tape
    start, win = len(tape.entries), tape.win
    result = method(tensor, *args, **kwargs)
    if result is NotImplemented:
        return result
    replacing = tensor._rg == 2 and not result._rg and tensor._view is None
    if replacing and result._v.meta is tensor._v.meta:
        result = _replacing(tensor, result)
    if replacing or result._v.win is not tape.win or result._v.idx not in tape.kept:
        spec.note(tape, start if tape.win is win else 0, (tensor, *args), kwargs, result)
    return result


# Their results are in no graph: leaves may be overwritten by them.
_WITHOUT_GRAPH = frozenset(("logical_and", "logical_or", "logical_xor", "logical_not"))


def inplace(method, name: str):
    """The in-place variant of a method."""
    spec = in_place(name)

    def variant(self, *args, **kwargs):
        if self._rg == 1 and local.tape.grad:
            if name in _WITHOUT_GRAPH:
                from .autograd import no_grad

                with no_grad():
                    return variant(self, *args, **kwargs)
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        if self._st is not None:
            check_operands(self, args)
        if spec is not None and local.tape.grad:
            result = noted(spec, method, self, args, kwargs)
        else:
            result = method(self, *args, **kwargs)
        return result if result is NotImplemented else write_result(self, result, name)

    variant.__name__, variant.__qualname__ = name + "_", f"Tensor.{name}_"
    variant.__doc__ = described_in_place(name)
    return variant


BINARY_OPERATORS = {
    "__add__": "add", "__sub__": "sub", "__mul__": "mul", "__truediv__": "div", "__div__": "div",
    "__floordiv__": "floor_divide", "__mod__": "remainder", "__lt__": "lt", "__le__": "le",
    "__gt__": "gt", "__ge__": "ge", "__eq__": "eq", "__ne__": "ne", "__and__": "bitwise_and",
    "__or__": "bitwise_or", "__xor__": "bitwise_xor", "__lshift__": "bitwise_left_shift",
    "__rshift__": "bitwise_right_shift",
}  # fmt: skip
REFLECTED = {
    "__radd__": "add", "__rsub__": "sub", "__rmul__": "mul",
    "__rfloordiv__": "floor_divide", "__rmod__": "remainder", "__rand__": "bitwise_and",
    "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "__rlshift__": "bitwise_left_shift",
    "__rrshift__": "bitwise_right_shift",
}  # fmt: skip
IN_PLACE = {
    "__iadd__": "add", "__isub__": "sub", "__imul__": "mul", "__itruediv__": "div",
    "__idiv__": "div",
    "__ifloordiv__": "floor_divide", "__imod__": "remainder", "__ipow__": "pow",
    "__iand__": "bitwise_and", "__ior__": "bitwise_or", "__ixor__": "bitwise_xor",
    "__ilshift__": "bitwise_left_shift", "__irshift__": "bitwise_right_shift",
}  # fmt: skip
def pow(self, exponent):
    """self ** exponent; small constant exponents are products and roots, as in PyTorch."""
    if exponent.__class__ in SCALAR_INDEX:
        if exponent == 2 and (exponent.__class__ is int or self.dtype.differentiable):
            return square(self)
        if exponent.__class__ is bool and self.dtype.kind == "b":
            return self.clone() if exponent else self.logical_or(True)
        if self.dtype.differentiable:
            if exponent == 1:
                return _power(self, Tensor.clone)
            if exponent == 0 and self.dtype.kind == "c":
                return local.tape.record(OPS["where"], ((self == self) | True, 1, self))
            if exponent == 0.5:
                return _power(self, Tensor.sqrt)
            if exponent == -1:
                return _power(self, _reciprocal)
            if exponent == -0.5:
                return _power(self, Tensor.rsqrt)
            if exponent == 3 and self.dtype.short != "f16":
                return square(self) * self
        elif exponent.__class__ is int and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _pow(self, exponent)


@kept("power")
def _power(self, f):
    """f(self), of which PyTorch keeps self as it does for every power."""
    return f(self)


_pow = binary("pow", operator=True)
reflected_sub = binary("sub", swap=True)
square = unary("square")


_reciprocal = unary("reciprocal")


def _reflected_div(self, other):
    """other / self: as in PyTorch, the reciprocal of self times other."""
    return _reciprocal(self) * other


def _invert(self):
    """Bitwise not: logical for bool, -x - 1 for integers."""
    if self.dtype.differentiable:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return _not(self)


_not = unary("bitwise_not")


def _in_place_operator(name: str):
    """x += y: the in-place op, or NotImplemented for operands that it does not know."""
    plain = binary(name, operator=True) if name != "pow" else pow
    changed = inplace(plain, name)

    def operator(self, other):
        try:
            return changed(self, other)
        except NotImplementedError:
            if name not in ("add", "sub"):
                raise
            return getattr(self, name + "_")(other)  # knows what a sparse operand means

    return operator


def install(functions: dict) -> None:
    """Adds the operators to Tensor."""
    for magic, name in BINARY_OPERATORS.items():
        setattr(Tensor, magic, binary(name, operator=True, magic=magic))
    for magic, name in REFLECTED.items():
        setattr(Tensor, magic, binary(name, swap=True, operator=True, magic=magic))
    for magic, name in IN_PLACE.items():
        setattr(Tensor, magic, _in_place_operator(name))
    Tensor.__pow__ = pow
    for magic in ("__rtruediv__", "__rdiv__"):
        setattr(Tensor, magic, _reflected_div)
    Tensor.__rpow__ = binary("pow", swap=True, operator=True, magic="__rpow__")
    Tensor.__neg__ = unary("neg")
    Tensor.__pos__ = lambda self: self.positive()
    Tensor.__abs__ = unary("abs")
    Tensor.__invert__ = _invert
