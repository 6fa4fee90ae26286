"""PyTorch's refusals of operand types that an op has no meaning for, in its words."""

from __future__ import annotations

from .. import dtypes


def _common(types):
    return dtypes.result_type([(t.shape, t.dtype, t.weak) for t in types])


def among(d, kinds: str) -> bool:
    """True for a dtype of one of the kinds: b i f c, and h for floats of two bytes."""
    return d.kind in kinds or ("h" in kinds and d.kind == "f" and d.itemsize == 2)


def kernel(name: str, kinds: str):
    """NotImplementedError that names PyTorch's kernel, for common types of these kinds."""

    def refuse(op, types) -> None:
        d = _common(types)
        if among(d, kinds):
            raise NotImplementedError(f'"{name}" not implemented for \'{d.scalar_type}\'')

    return refuse


def words(text: str, kinds: str, error: type = RuntimeError):
    """An error of its own text, for common types of these kinds; {name} is the type's name."""

    def refuse(op, types) -> None:
        d = _common(types)
        if d.kind in kinds:
            raise error(text.format(name=d.scalar_type))

    return refuse


def either(*rules):
    """The first rule that refuses."""

    def refuse(op, types) -> None:
        for rule in rules:
            rule(op, types)

    return refuse


def subtraction(op, types) -> None:
    """Bool operands of `-`."""
    kinds = {t.dtype.kind for t in types}
    if kinds == {"b"}:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )
    if "b" in kinds:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )


negation = words(
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
    "mask, use the `~` or `logical_not()` operator instead.", "b",
)  # fmt: skip


def mixed(text: str):
    """RuntimeError for operands of different dtypes."""

    def refuse(op, types) -> None:
        if len({t.dtype for t in types}) > 1:
            raise RuntimeError(text)

    return refuse
