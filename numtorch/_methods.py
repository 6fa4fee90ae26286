"""Tensor methods and functions made from the op table's elementwise rows.

The closures here are the hot path of recording: no helper calls, no shape work on a hit.
"""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import SCALAR_INDEX, Lazy, infer, local

from ._tensor import Tensor

_new = object.__new__


def _number(x):
    """NumPy and other number-likes as Python scalars; None if it is none."""
    import numpy as np

    if isinstance(x, (np.generic, bool, int, float)):
        x = x.item() if isinstance(x, np.generic) else x
        for kind in (bool, int, float):
            if isinstance(x, kind):
                return kind(x)
    if isinstance(x, np.ndarray):
        from ._creation import from_numpy

        return from_numpy(x)
    return None


def binary(name: str, swap: bool = False):
    """Records an elementwise op of two operands, either of which may be a Python number."""
    op = OPS[name]
    grad_op, rules = op.grad_op, op.rules
    differentiable = op.differentiable and op.result != "bool"

    def method(self, other):
        tape = local.tape
        win = tape.win
        va = self._v
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
                    return NotImplemented
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
        if rg and m.dtype.kind == "f":
            t._rg = 2
            tape.entries.append((grad_op, m, None, a, b))
        else:
            tape.entries.append((op, m, None, a, b))
        handles.append(t)
        if idx >= tape.limit:
            tape.flush()
        return t

    method.__name__ = name
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
        if self._rg and tape.grad and differentiable and m.dtype.kind == "f":
            t._rg = 2
            tape.entries.append((grad_op, m, None, a))
        else:
            tape.entries.append((op, m, None, a))
        handles.append(t)
        if idx >= tape.limit:
            tape.flush()
        return t

    method.__name__ = name
    method.__doc__ = f"Elementwise {name}."
    return method


def write_result(tensor: Tensor, result: Tensor, name: str) -> Tensor:
    """Stores the result of an in-place op; PyTorch's errors for leaves, shapes and dtypes."""
    m, r = tensor._v.meta, result._v.meta
    tape = local.tape
    if tensor._rg == 1 and tape.grad:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )
    view = tensor._view
    if view is not None and tape.grad and any(op is None for op, _, _ in view.chain):
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    if r is not m:
        if r.shape != m.shape:
            raise RuntimeError(
                f"output with shape {list(m.shape)} doesn't match the broadcast shape "
                f"{list(r.shape)}"
            )
        rank = "bif"
        if rank.index(r.dtype.kind) > rank.index(m.dtype.kind):
            raise RuntimeError(
                f"result type {_c_name(r.dtype)} can't be cast to the desired output type "
                f"{_c_name(m.dtype)}"
            )
        result = tape.record(OPS["cast"], (result,), (m.dtype,))
    if tensor._view is not None and any(
        s == 0 and n > 1 for s, n in zip(tensor._view.strides, m.shape)
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    tape.write(tensor, result)
    return tensor


def _c_name(d) -> str:
    return {"f32": "Float", "f64": "Double", "i64": "Long", "i32": "Int", "i16": "Short",
            "i8": "Char", "u8": "Byte", "b1": "Bool"}[d.short]  # fmt: skip


def inplace(method, name: str):
    """The in-place variant of a method."""

    def variant(self, *args, **kwargs):
        if self._rg == 1 and local.tape.grad:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        result = method(self, *args, **kwargs)
        if result is NotImplemented:
            raise TypeError(f"unsupported operand for {name}_")
        return write_result(self, result, name)

    variant.__name__ = name + "_"
    variant.__doc__ = f"In-place {name}."
    return variant


def as_function(method, name: str):
    """The torch.name(input, ...) form of a method; the first operand may be a number for some."""

    def function(input, *args, out=None, **kwargs):
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        args = tuple(args)
        result = method(input, *args, **kwargs)
        if result is NotImplemented:
            raise TypeError(
                f"{name}(): argument 'other' (position 2) must be Tensor, not "
                f"{type(args[0]).__name__}"
            )
        return result if out is None else write_result(out, result, name)

    function.__name__ = name
    function.__doc__ = method.__doc__
    return function


BINARY_OPERATORS = {
    "__add__": "add", "__sub__": "sub", "__mul__": "mul", "__truediv__": "div",
    "__floordiv__": "floor_divide", "__mod__": "remainder", "__lt__": "lt", "__le__": "le",
    "__gt__": "gt", "__ge__": "ge", "__eq__": "eq", "__ne__": "ne", "__and__": "bitwise_and",
    "__or__": "bitwise_or", "__xor__": "bitwise_xor",
}  # fmt: skip
REFLECTED = {
    "__radd__": "add", "__rsub__": "sub", "__rmul__": "mul", "__rtruediv__": "div",
    "__rfloordiv__": "floor_divide", "__rmod__": "remainder", "__rand__": "bitwise_and",
    "__ror__": "bitwise_or", "__rxor__": "bitwise_xor",
}  # fmt: skip
ALIASES = {
    "absolute": "abs", "negative": "neg", "divide": "div", "true_divide": "div",
    "subtract": "sub", "multiply": "mul", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "arctan2": "atan2", "fix": "trunc",
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne",
}  # fmt: skip


def _alpha(method, name: str):
    """add and sub take alpha, the factor of the second operand."""

    def with_alpha(self, other, *, alpha=1):
        return method(self, other) if alpha == 1 else method(self, other * alpha)

    with_alpha.__doc__ = f"self {'+' if name == 'add' else '-'} alpha * other."
    return with_alpha


def _div(method):
    def div(self, other, *, rounding_mode=None):
        """self / other; rounding_mode None, 'floor' or 'trunc'."""
        if rounding_mode is None:
            return method(self, other)
        if rounding_mode == "floor":
            return floor_divide(self, other)
        if rounding_mode == "trunc":
            q = method(self, other).trunc()
            return q if self.dtype.kind == "f" else q.to(self.dtype)
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )

    return div


def _round(method):
    def round(self, *, decimals=0):
        """Rounds to the nearest integer (ties to even), or to `decimals` digits."""
        if decimals == 0:
            return method(self)
        scale = 10.0**decimals
        return method(self * scale) / scale

    return round


floor_divide = binary("floor_divide")


def pow(self, exponent):
    """self ** exponent; small constant exponents are products and roots, as in PyTorch."""
    if exponent.__class__ in SCALAR_INDEX:
        if exponent == 2 and (exponent.__class__ is int or self.dtype.kind == "f"):
            return square(self)
        if exponent.__class__ is bool and self.dtype.kind == "b":
            return self.clone() if exponent else self.logical_or(True)
        if self.dtype.kind == "f":
            if exponent == 1:
                return self.clone()
            if exponent == 0.5:
                return self.sqrt()
            if exponent == -1:
                return self.reciprocal()
            if exponent == -0.5:
                return self.rsqrt()
            if exponent == 3:
                return square(self) * self
        elif exponent.__class__ is int and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _pow(self, exponent)


_pow = binary("pow")
square = unary("square")


def install(functions: dict) -> None:
    """Adds the methods to Tensor, and the functions to the given namespace."""
    for name, op in OPS.items():
        if op.kind != "elementwise" or name in ("where", "cast", "copy", "replaced"):
            continue
        method = binary(name) if op.arity == 2 else unary(name)
        if name in ("add", "sub"):
            method = _alpha(method, name)
        elif name == "div":
            method = _div(method)
        elif name == "round":
            method = _round(method)
        elif name == "pow":
            method = pow
        _add(functions, name, method)
    for alias, name in ALIASES.items():
        _add(functions, alias, getattr(Tensor, name))
    for magic, name in BINARY_OPERATORS.items():
        setattr(Tensor, magic, binary(name))
    for magic, name in REFLECTED.items():
        setattr(Tensor, magic, binary(name, swap=True))
    Tensor.__pow__ = pow
    Tensor.__rpow__ = binary("pow", swap=True)
    Tensor.__neg__ = unary("neg")
    Tensor.__pos__ = lambda self: self
    Tensor.__abs__ = unary("abs")
    Tensor.__invert__ = _invert
    for magic, name in (
        ("__iadd__", "add"), ("__isub__", "sub"), ("__imul__", "mul"), ("__itruediv__", "div"),
        ("__ifloordiv__", "floor_divide"), ("__imod__", "remainder"), ("__ipow__", "pow"),
        ("__iand__", "bitwise_and"), ("__ior__", "bitwise_or"), ("__ixor__", "bitwise_xor"),
    ):  # fmt: skip
        setattr(Tensor, magic, getattr(Tensor, name + "_"))


def _invert(self):
    """Bitwise not: logical for bool, -x - 1 for integers."""
    if self.dtype.kind == "b":
        return self.logical_not()
    if self.dtype.kind == "f":
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return -self - 1


def _add(functions: dict, name: str, method) -> None:
    if name not in ("pow",):
        method.__name__ = name
    setattr(Tensor, name, method)
    setattr(Tensor, name + "_", inplace(method, name))
    functions[name] = as_function(method, name)
    functions[name + "_"] = getattr(Tensor, name + "_")


