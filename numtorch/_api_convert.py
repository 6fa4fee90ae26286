"""Conversion of arguments to the types of a schema, and PyTorch's words when one does not fit."""

from __future__ import annotations

import numpy as np
from numtorch.jit.dtypes import DType

from ._descriptors import device
from ._tensor import Tensor


class _Missing:
    """No argument was given."""

    def __repr__(self) -> str:
        return "<missing>"


MISSING = _Missing()
NUMBERS = frozenset((int, float, bool, complex))


class ArgumentError(TypeError):
    """Arguments that a schema does not take."""


DISPLAY = {
    "Operand": "Tensor", "dims": "tuple of ints",
    "Tensor": "Tensor", "Number": "Number", "int": "int", "float": "float", "bool": "bool",
    "str": "str", "dtype": "torch.dtype", "device": "torch.device", "layout": "torch.layout",
    "memory_format": "torch.memory_format", "Generator": "Generator", "int[]": "tuple of ints",
    "float[]": "tuple of floats", "Tensor[]": "tuple of Tensors", "any": "object",
}  # fmt: skip


def type_name(x) -> str:
    """A value's type as PyTorch's errors show it."""
    if isinstance(x, (tuple, list)) and x:
        inner = ", ".join(_class_name(v) for v in x)
        return f"{type(x).__name__} of ({inner}{',' if len(x) == 1 else ''})"
    if isinstance(x, DType):
        return "torch.dtype"
    return _class_name(x)


def _class_name(x) -> str:
    """The name of a class as C code shows it: NumPy's with the module."""
    kind = type(x)
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


def mismatch(name: str, p, position: int | None, value) -> ArgumentError:
    """PyTorch's error of an argument of the wrong type."""
    where = f" (position {position})" if position else ""
    shown = _class_name(value)
    if p.base in ("int[]", "Tensor[]") and isinstance(value, (tuple, list)):
        bad = next((k for k, v in enumerate(value) if not _fits(p.base[:-2], v)), None)
        if bad is not None and p.base == "Tensor[]":
            return ArgumentError(
                f"expected Tensor as element {bad} in argument {(position or 1) - 1}, but got "
                f"{_class_name(value[bad])}"
            )
        if bad is not None:
            return ArgumentError(
                f"{name}(): argument '{p.name}'{where} must be tuple of ints, but found "
                f"element of type {_class_name(value[bad])} at pos {bad}"
            )
    return ArgumentError(
        f"{name}(): argument '{p.name}'{where} must be {DISPLAY[p.base]}, not {shown}"
    )


def _fits(kind: str, value) -> bool:
    return CONVERT[kind](value, kind) is not MISSING


def _tensor(x, _):
    return x if isinstance(x, Tensor) else MISSING


def _int(x, _):
    if isinstance(x, bool):
        return MISSING
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, Tensor) and x.dim() == 0 and x.dtype.kind == "i" and not x.requires_grad:
        return int(x.item())
    if not isinstance(x, (Tensor, float, str, np.ndarray)) and hasattr(x, "__index__"):
        return x.__index__()
    return MISSING


def _float(x, _):
    if isinstance(x, (float, int, np.floating, np.integer)):
        return float(x)
    if isinstance(x, Tensor) and x.dim() == 0 and not x.requires_grad:
        return float(x.item())
    return MISSING


def _number(x, _):
    if x.__class__ in NUMBERS:
        return x
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (np.generic, int, float, complex)):
        found = x.item() if isinstance(x, np.generic) else x
        for kind in (int, float, complex):
            if isinstance(found, kind):
                return kind(found)
    if isinstance(x, Tensor) and x.dim() == 0 and not x.requires_grad:
        return x.item()
    return MISSING


def _bool(x, _):
    return x if x.__class__ is bool else MISSING  # not NumPy's, as in PyTorch


def _str(x, _):
    return x if isinstance(x, str) else MISSING


def _operand(x, kind):
    """A tensor or a number."""
    return x if isinstance(x, Tensor) else _number(x, kind)


_PYTHON_TYPES = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}


def _dtype(x, _):
    if isinstance(x, DType):
        return x
    if x in _PYTHON_TYPES if x.__class__ is type else False:
        from numtorch.jit import dtypes

        return next(d for d in dtypes.ALL if d.name == _PYTHON_TYPES[x])
    return MISSING


def _device(x, _):
    if isinstance(x, (str, device)) or (isinstance(x, int) and not isinstance(x, bool)):
        return device(x) if not isinstance(x, int) else device("cuda", x)
    return MISSING


def _ints(x, kind: str):
    if isinstance(x, (tuple, list)):
        if all(v.__class__ is int for v in x):
            return tuple(x)
        found = tuple(_int(v, "int") for v in x)
        return MISSING if MISSING in found else found
    length = kind[4:-1]
    if length:
        found = _int(x, "int")
        return MISSING if found is MISSING else (found,) * int(length)
    return MISSING


def _dims(x, _):
    """A dim or several: as given, ints made plain."""
    if isinstance(x, (tuple, list)):
        return _ints(x, "int[]")
    return _int(x, "int")


def _floats(x, _):
    if not isinstance(x, (tuple, list)):
        return MISSING
    found = tuple(_float(v, "float") for v in x)
    return MISSING if MISSING in found else found


def _tensors(x, _):
    if isinstance(x, (tuple, list)) and all(isinstance(v, Tensor) for v in x):
        return tuple(x)
    return MISSING


def _any(x, _):
    return x


CONVERT = {
    "Operand": _operand, "dims": _dims,
    "Tensor": _tensor, "Number": _number, "int": _int, "float": _float, "bool": _bool, "str": _str,
    "dtype": _dtype, "device": _device, "layout": _any, "memory_format": _any, "Generator": _any,
    "int[]": _ints, "float[]": _floats, "Tensor[]": _tensors, "any": _any,
}  # fmt: skip
# Names that the generated callables read.
FAST = {"numbers": NUMBERS, "dtype_type": DType, "lists": (list, tuple)}
