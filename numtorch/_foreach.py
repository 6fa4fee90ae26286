"""torch._foreach_*: an operation over every tensor of a list; what hand-written optimizers call.

Recorded one after the other, the operations of a list are fused like any others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Number

from ._tensor import Tensor

_UNARY = (
    "abs", "acos", "asin", "atan", "ceil", "clone", "cos", "cosh", "erf", "erfc", "exp", "expm1",
    "floor", "frac", "lgamma", "log", "log10", "log1p", "log2", "neg", "reciprocal", "round",
    "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc", "zero",
)  # fmt: skip
_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "div", "pow": "pow",
    "maximum": "clamp_min", "minimum": "clamp_max", "clamp_min": "clamp_min",
    "clamp_max": "clamp_max", "copy": "copy",
}  # fmt: skip
_NOT_IN_PLACE = ("clone",)
_ONLY_IN_PLACE = ("zero", "copy")


def _tensors(name: str, given, position: str = "self") -> list[Tensor]:
    if not isinstance(given, (list, tuple)) or not all(isinstance(t, Tensor) for t in given):
        raise TypeError(
            f"_foreach_{name}(): argument '{position}' must be tuple of Tensors, not "
            f"{type(given).__name__}"
        )
    if not given:
        raise RuntimeError("Tensor list must have at least one tensor.")
    return list(given)


def _same(first: Sequence, other: Sequence) -> None:
    if len(first) != len(other):
        raise RuntimeError(
            "Tensor lists must have the same number of tensors, got "
            f"{len(first)} and {len(other)}"
        )


def _each(name: str, first: list[Tensor], other) -> list:
    """The other operand of every tensor: from a list of tensors or numbers, or one for all."""
    if isinstance(other, (list, tuple)):
        if other and all(isinstance(x, Number) for x in other):
            if len(other) != len(first):
                raise RuntimeError(
                    "Tensor list must have same number of elements as scalar list."
                )
            return list(other)
        other = _tensors(name, other, "other")
        _same(first, other)
        return other
    if isinstance(other, Tensor):
        if other.dim() and name != "div":
            raise RuntimeError(
                f"scalar tensor expected to be 0 dim but it has {other.dim()} dimensions and "
                f"{other.numel()} elements."
            )
    elif not isinstance(other, Number):
        raise TypeError(
            f"_foreach_{name}() received an invalid combination of arguments - got "
            f"(list, {type(other).__name__})"
        )
    return [other] * len(first)


def _call(t: Tensor, method: str, in_place: bool, *args, **kwargs) -> Tensor:
    return getattr(t, method + "_" * in_place)(*args, **kwargs)


def _result(found: list[Tensor], in_place: bool):
    return found if in_place else tuple(found)


def _unary(name: str, in_place: bool) -> Callable:
    def function(self):
        return _result([_call(t, name, in_place) for t in _tensors(name, self)], in_place)

    return function


def _binary(name: str, in_place: bool) -> Callable:
    method = _BINARY[name]

    def function(self, other, **kwargs):
        if name == "pow" and isinstance(self, Number) and not in_place:
            return tuple(self**t for t in _tensors(name, other, "exponent"))
        first = _tensors(name, self)
        pairs = zip(first, _each(name, first, other))
        return _result([_call(t, method, in_place, x, **kwargs) for t, x in pairs], in_place)

    return function


def _ternary(name: str, in_place: bool) -> Callable:
    def function(self, tensor1, tensor2, value=1, *, scalars=None):
        first = _tensors(name, self)
        one, two = _tensors(name, tensor1, "tensor1"), _tensors(name, tensor2, "tensor2")
        _same(first, one)
        _same(first, two)
        given = value if scalars is None else scalars
        if isinstance(given, Tensor):
            if given.numel() != len(first):
                raise RuntimeError(
                    f"Expected length of scalars to match input of length {len(first)} but got "
                    f"{given.numel()} instead."
                )
            given = given.tolist()
        scale = _each(name, first, given)
        rows = zip(first, one, two, scale)
        return _result([_call(t, name, in_place, a, b, value=v) for t, a, b, v in rows], in_place)

    return function


def _lerp(in_place: bool) -> Callable:
    def function(self, tensors1, weight):
        first, end = _tensors("lerp", self), _tensors("lerp", tensors1, "tensors1")
        _same(first, end)
        rows = zip(first, end, _each("lerp", first, weight))
        return _result([_call(t, "lerp", in_place, e, w) for t, e, w in rows], in_place)

    return function


def _norm(self, ord=2, dtype=None):
    from . import linalg

    return tuple(linalg.vector_norm(t, ord, dtype=dtype) for t in _tensors("norm", self))


def _powsum(self, ord=2, dtype=None):
    return tuple(t.abs().pow(ord).sum(dtype=dtype) for t in _tensors("powsum", self))


def _max(self):
    return tuple(t.max() for t in _tensors("max", self))


def _mm(self, mat2):
    first, second = _tensors("mm", self), _tensors("mm", mat2, "mat2")
    _same(first, second)
    return tuple(a.mm(b) for a, b in zip(first, second))


def _all() -> dict[str, Callable]:
    found = {"norm": _norm, "powsum": _powsum, "max": _max, "mm": _mm}
    for name in (*_UNARY, *_BINARY, "addcdiv", "addcmul", "lerp"):
        for in_place in (False, True):
            if name in (_NOT_IN_PLACE if in_place else _ONLY_IN_PLACE):
                continue
            if name == "lerp":
                f = _lerp(in_place)
            elif name in _UNARY:
                f = _unary(name, in_place)
            else:
                f = (_binary if name in _BINARY else _ternary)(name, in_place)
            found[name + "_" * in_place] = f
    return {f"_foreach_{name}": f for name, f in found.items()}


FUNCTIONS = _all()
for _name, _f in FUNCTIONS.items():
    _f.__name__ = _f.__qualname__ = _name
