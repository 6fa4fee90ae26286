"""backward() on the tape.

While the forward pass is on the tape, backward is one more entry. When a flush came in between,
what was kept of it (past.py) is recorded again.
"""

from __future__ import annotations

from .again import Again
from .meta import meta
from .nodes import free_nodes
from .record import (
    BACKWARD,
    BACKWARD_GRAD,
    INPUT_BASE,
    RESULT,
    RESULT_GRAD,
    Tape,
)  # fmt: skip
from .walk import Walk


def reach(tape: Tape, roots: list[int]) -> Walk:
    """All entries below the roots; graphs of older windows are recorded again when reached."""
    walk = Walk(tape)
    for root in roots:
        walk.run(root)
    done: set[int] = set()
    again = Again(tape)
    while True:
        todo = [i for i in walk.inputs if i in tape.nodes and i not in done]
        if not todo:
            walk.nodes, walk.again, walk.errors = again.nodes, again.memo, again.errors
            return walk
        for i in todo:
            done.add(i)
            k = again.record(tape.nodes[i].node, known=i)
            if k in again.errors and i in walk.needed:
                again.errors[i] = again.errors[k]
            walk.run(k)


def gradients(
    tape: Tape, roots: list[tuple[int, int | None]], targets: list[int], create_graph: bool,
    stops: tuple[int, ...] = (),
) -> list[int]:
    """Appends the backward entry; returns the indices of the gradients of the targets.

    roots: (value, its gradient; None for 1). Gradients do not go through the `stops`.
    """
    entries = tape.entries

    def m_of(i: int):
        return entries[i][1] if i >= 0 else tape.inputs[INPUT_BASE - i].meta

    back, result = (BACKWARD_GRAD, RESULT_GRAD) if create_graph else (BACKWARD, RESULT)
    metas = [meta(m_of(t).shape, m_of(t).dtype) for t in targets]
    attrs = (tuple(targets), create_graph)
    if len(roots) > 1 or stops or tape.levels:
        attrs += (stops, tuple(level.number for level in tape.levels))
    first = tape._append((back, metas[0], attrs, *(i for pair in roots for i in pair)))
    return [first] + [
        tape._append((result, m, j, first)) for j, m in enumerate(metas[1:], 1)
    ]


def release(tape: Tape, walk: Walk) -> None:
    """Frees the graph after a backward that does not retain it."""
    only = walk.only
    needed = (*walk.needed, *walk.before) if only is None else only
    tape.freed.update(k for k in needed if k >= 0)
    tape.freed.update(k for i, k in tape.partners.items() if i in needed)
    tape.releases += (len(tape.entries),)
    for k, info in tape.info.items():
        if info.function is not None and k in walk.needed:
            info.function.release()
    for i in walk.inputs:
        kept = tape.nodes.get(i)
        if kept is not None and (only is None or i in only):
            free_nodes(kept.node, None if only is None else (walk.again, only))
            kept.past.freed = {*kept.past.freed, kept.index}
