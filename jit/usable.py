"""Whether a graph can be differentiated: values freed or overwritten, ops without a derivative."""

from __future__ import annotations

from .kept import changed
from .needs import saved_by, wants_gradient
from .nodes import Info
from .ops import OPS
from .ops.table import GradOp
from .record import (
    GIVEN,
    INPUT_BASE,
    Tape,
)  # fmt: skip
from .saved import own_operand, writer
from .walk import Walk

TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)


def stale_text(m, op: str | None = None) -> str:
    """PyTorch's message for a saved value that was overwritten in place."""
    what = f"[torch.{m.dtype.tensor_type} {list(m.shape)}]"
    tail = f", which is output 0 of {op}," if op else ""
    return (
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: {what}{tail} is at version 1; expected version 0 instead. Hint: enable "
        "anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def check_usable(tape: Tape, walk: Walk) -> None:
    """Raises PyTorch's errors for a graph that is freed or whose saved values were overwritten.

    The error is that of the op that backward comes to first; its entry is the error's `place`.
    """
    place = max(unusable := dict(_unusable(tape, walk)), key=walk.order, default=None)
    if place is not None:
        error = unusable[place]
        error.place = place
        raise error


def _unusable(tape: Tape, walk: Walk):
    """The errors of a graph, by entry."""
    needed = walk.needed if walk.only is None else walk.only
    for k, error in walk.errors.items():
        if k in needed:
            yield k, error
    freed, writers = tape.freed, tape.writers or tape.keys or tape.moved
    if not freed and not writers and not tape.refusing:
        return
    for k in needed:
        if k < 0 or k in walk.errors:
            continue
        e = tape.entries[k]
        op, attrs = e[0], e[2]
        if op is GIVEN:
            op, attrs, _ = attrs
        if op.__class__ is not GradOp:
            continue
        if getattr(op.op, "no_gradient", None) is not None:
            error = _underivable(tape, op.op, e, attrs)
            if error is not None:
                yield k, error
                continue
        if not freed and not writers:
            continue
        group = tape.kept.get(k)
        if unpacks(tape, k) and k not in freed:
            continue  # what hooks return is not what the version tells of
        if group is not None:
            saved, found = group, changed(tape, group) if writers else None
        else:
            own = getattr(op.op, "saves", None)
            saved = saved_by(tape, op.op, e[1], attrs, e[3:]) if own is None else own
            node = walk.nodes.get(k)
            own = node is not None and node.wrote
            found = _overwritten(tape, k, e, saved, own) if writers else None
        if k in freed and saved:
            yield k, RuntimeError(TWICE)
        elif found is not None:
            i, j = found
            m = tape.inputs[INPUT_BASE - i].meta if i < 0 else tape.entries[i][1]
            # A result is named after its own op, an operand after what wrote it.
            yield k, RuntimeError(stale_text(m, _writer(tape, k if i == k else j)))


def _underivable(tape: Tape, op, e: tuple, attrs) -> Exception | None:
    """The error of an op without a derivative, where one of its operands asks for it."""
    metas = [tape.inputs[INPUT_BASE - i].meta if i <= INPUT_BASE else
             tape.entries[i][1] if i >= 0 else None for i in e[3:]]  # fmt: skip
    positions, error = op.no_gradient(metas, attrs) or ((), None)
    asked = (e[3 + p] for p in positions if 3 + p < len(e))
    return error if any(wants_gradient(tape, i) for i in asked) else None


def _overwritten(tape: Tape, k: int, e: tuple, saved, own: bool) -> tuple[int, int] | None:
    """(a value that entry k saves and that was overwritten, what wrote it), or None.

    `own`: the entry is an older in-place op.
    """
    for p in saved:
        if p is None:
            continue
        i = k if p == -1 else e[3 + p]
        j = writer(tape, i)
        # An in-place op keeps its first operand as it was, but not the others.
        if j is not None and not (p == 0 and (own or own_operand(tape, k, j))):
            return i, j
    return None


def unpacks(tape: Tape, k: int) -> bool:
    """True for an op whose gradient reads what hooks on saved tensors return."""
    return _packed(tape.info.get(k))


def _packed(info: Info | None) -> bool:
    return info is not None and getattr(info.function, "unpacks", False)


def _writer(tape: Tape, k: int) -> str | None:
    """PyTorch's name of the op whose result was written, if gradients pass it."""
    if k < 0:
        return None
    e = tape.entries[k]
    if e[0] is GIVEN and e[2][0].__class__ is GradOp:
        return grad_name(e[2][0].op.name).removesuffix("Backward0")
    if e[0].__class__ is not GradOp:
        return None
    if e[0].op in (OPS["cast"], OPS["copy"]) and e[3] >= 0:
        return _writer(tape, e[3])
    return grad_name(e[0].op.name).removesuffix("Backward0")


def grad_name(op: str) -> str:
    """AddBackward0 for add."""
    return "".join(p.capitalize() for p in op.split("_")) + "Backward0"
