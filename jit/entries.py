"""What an entry of the tape is, and which values it reads."""

from __future__ import annotations

from .ops import OPS
from .ops.table import GradOp
from .record import (
    BACKWARD,
    LINK,
)  # fmt: skip


def row_at(entry: tuple):
    """The row of an entry, without looking into GIVEN."""
    return entry[0].op if entry[0].__class__ is GradOp else entry[0]


_FUNCTION = OPS["function"]


def inputs_of(e: tuple):
    row = e[0].op if e[0].__class__ is GradOp else e[0]
    if row is BACKWARD:
        return [i for i in operands_of_backward(e) if i is not None]
    if row is LINK:
        return e[3:4]
    if row is _FUNCTION:
        return e[4:]
    return e[3:]


def operands_of_backward(e: tuple) -> list:
    """Targets, stops, then pairs of root and seed."""
    return [*e[2][0], *(e[2][2] if len(e[2]) > 2 else ()), *e[3:]]


def with_indices(attrs: tuple, ins: list) -> tuple[tuple, list]:
    """(attributes, pairs) of a backward entry whose operands are recorded again as `ins`."""
    a = len(attrs[0])
    if len(attrs) == 2:
        return (tuple(ins[:a]), attrs[1]), ins[a:]
    b = a + len(attrs[2])
    return (tuple(ins[:a]), attrs[1], tuple(ins[a:b]), *attrs[3:]), ins[b:]
