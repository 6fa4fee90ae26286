"""Recording ops that may refuse their operands' values when they run."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local, user_location

from ._tensor import Tensor


def record_checked(op: str, operands, attrs: tuple | None = None) -> Tensor:
    """`tape.record`, remembering the user's line for an error that shows at the flush."""
    tape = local.tape
    where = user_location()
    for x in operands:
        if isinstance(x, Tensor) and x._v.win is not tape.win:
            tape.input(x)
    tape.locs[len(tape.handles)] = (*where, op)
    return tape.record(OPS[op], operands, attrs)
