"""What PyTorch's gradient formulas keep of functions that are written with several ops.

A call's entries share one group: the values that the formula saves. It stands for what our own
gradients read, so that backward() raises after a write exactly where PyTorch's does.
"""

from __future__ import annotations

from .ops.table import GradOp
from .record import INPUT_BASE, Tape
from .saved import origin, row_of, writer
from .values import overwritten

OWN = None  # in a group or a row's `saves`: something that nobody else can write


def note(tape: Tape, start: int, group: tuple) -> None:
    """The entries from `start` on are one call, whose formula keeps the values of the group.

    (i,) stands for value i as the first operand, of which an in-place op keeps a copy.
    """
    entries, kept = tape.entries, tape.kept
    for k in range(start, len(entries)):
        if entries[k][0].__class__ is GradOp:
            kept[k] = group


def _own_write(tape: Tape, group: tuple, j: int) -> bool:
    """True if the call itself wrote (perhaps cast)."""
    if j < 0:
        return any(_own_write(tape, group, i) for i in tape.writers.values() if i >= 0)
    e = tape.entries[j]
    return tape.kept.get(j) is group or (
        row_of(e).name == "cast" and tape.kept.get(e[3]) is group
    )


def changed(tape: Tape, group: tuple) -> tuple[int, int] | None:
    """(a value of the group that was overwritten, what wrote it: see `writer`), or None."""
    for i in group:
        if i is OWN:
            continue
        first = i.__class__ is tuple
        i = i[0] if first else i
        j = writer(tape, i)
        if j is not None and not (first and _own_write(tape, group, j)):
            return i, j
    return None


def _watch(v) -> list:
    """Gets an element when the memory that holds a value is written; does not hold the memory."""
    v = v if v.root is None else v.root
    if overwritten(v):
        return [v.history.own]
    if v.watch is None:
        v.watch = []
    return v.watch


class Group:
    """A group after its window: where its values lie, if anything still refers to them."""

    __slots__ = ("places", "told", "any")

    def __init__(self, tape: Tape, group: tuple, values: dict):
        self.any, self.told = bool(group), changed(tape, group) is not None
        self.places = []
        for i in group:
            i = i[0] if i.__class__ is tuple else i
            if i is OWN or writer(tape, i) is not None:
                continue
            r, key = origin(tape, i)
            while r in tape.stale:
                r = tape.stale[r]
            v = values.get(r) if r >= 0 else tape.inputs[INPUT_BASE - r]
            if v is not None:
                self.places.append((_watch(v), key))

    def changed(self) -> bool:
        """True if any of the values was overwritten so that its version tells."""
        if self.told:
            return True
        return any(w if key is None else key[0].n != key[1] for w, key in self.places)


def note_late(past, index: int, values: list) -> None:
    """Notes what is kept of a call whose result was computed before it returned.

    `values`: pairs of a value in memory and what counts its version, if that is not its memory.
    """
    group = Group.__new__(Group)
    group.any, group.told = bool(values), False
    group.places = [(_watch(v), key) for v, key in values]
    past.kept = {**past.kept, index: group}
    if index in past.built:
        past.built[index].kept = group


def groups_of(tape: Tape, values: dict) -> dict[int, Group]:
    """The groups of a window that ends, by entry."""
    made: dict[int, Group] = {}
    for group in tape.kept.values():
        if id(group) not in made:
            made[id(group)] = Group(tape, group, values)
    return {k: made[id(group)] for k, group in tape.kept.items()}
