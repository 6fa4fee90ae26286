"""What a set of roots depends on through gradients."""

from __future__ import annotations

from .entries import inputs_of
from .nodes import Node
from .ops.table import GradOp
from .record import (
    GIVEN,
    INPUT_BASE,
    LINK,
    Tape,
)  # fmt: skip
from .saved import known_value


class Walk:
    """The entries and inputs that a set of roots depends on through gradients."""

    def __init__(self, tape: Tape):
        self.tape = tape
        self.own = len(tape.entries)  # where older graphs that are recorded again begin
        self.needed: set[int] = set()
        self.inputs: list[int] = []
        self.nodes: dict[int, Node] = {}  # what was recorded again and may be something else now
        self.again: dict[int, int] = {}  # id of a Node -> its place
        self.errors: dict[int, Exception] = {}  # what can't be differentiated
        self.only: set[int] | None = None  # what leads to the targets; None: everything
        self.before: set[int] = set()  # what was needed before it was recorded again for
        self.moved: dict[int, list[int]] = {}  # its gradients; old places -> new ones

    def order(self, k: int) -> tuple[bool, int]:
        """Sorts entries as they were recorded: those of older windows come first."""
        return k < self.own, k

    def run(self, root: int) -> None:
        """Marks everything flagged below `root` (newest first)."""
        needed = self.needed
        if root <= INPUT_BASE:
            if root not in needed:
                needed.add(root)
                self.inputs.append(root)
            return
        entries = self.tape.entries
        needed.add(root)
        k = low = root  # what is below `low` was there before, with all below it
        while k >= low:
            if k in needed:
                e = entries[k]
                if e[0].__class__ is GradOp or e[0] is GIVEN or e[0] is LINK:
                    for i in self._operands(e):
                        if i not in needed and (i >= 0 or i <= INPUT_BASE):
                            needed.add(i)
                            if i < 0:
                                self.inputs.append(i)
                            elif i < low:
                                low = i
            k -= 1

    @staticmethod
    def _operands(e: tuple):
        if e[0] is GIVEN and e[2][0].__class__ is not GradOp:
            return ()
        return inputs_of(e)


def leading(tape: Tape, walk: Walk, targets: set[int]) -> set[int]:
    """What lies between the roots and some of the values below them, without the latter."""
    found = {i for i in targets if i in walk.needed}
    leads: set[int] = set()
    order = sorted(k for k in walk.needed if k >= 0)
    while True:
        before = len(found)
        for k in order:
            e = tape.entries[k]
            if any(i in found for i in inputs_of(e)):
                found.add(k)
                leads.add(k)
            known = known_value(e)
            if known is not None and k in found:
                found.add(known)
                if k in leads:
                    leads.add(known)
        if len(found) == before:
            return leads
