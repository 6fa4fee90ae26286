"""Where the buffers of a program live: in inputs, in outputs, or somewhere in the arena."""

from __future__ import annotations

import bisect

from .codegen import Kernel
from .ir import Value
from .pipeline import Program

ALIGN = 64
MAX_PACKED = 1024  # temporaries that are packed, not put in slots: the time is quadratic


class Buffers:
    """Where each buffer key of a program lives: an input, an output, or a slot of the arena."""

    def __init__(self, program: Program):
        self.program = program
        self.input_of = {("v", v): k for k, v in enumerate(program.inputs)}
        self.outputs: list[tuple[Value, list[int]]] = []
        index: dict[Value, int] = {}
        for entry, kind, v in program.outputs:
            if kind == "own":
                if v not in index:
                    index[v] = len(self.outputs)
                    self.outputs.append((v, []))
                self.outputs[index[v]][1].append(entry)
        self.output_of = {("v", v): j for v, j in index.items()}
        self.slots: list[list] = []  # arena: expressions of the sizes that share a slot
        self.slot_of: dict[tuple, int] = {}
        self._assign_slots()

    def _keys(self, kernel: Kernel):
        for arg in kernel.args:
            if arg[0] == "ptr" and arg[1] != ("status",):
                yield arg[1]

    def _assign_slots(self) -> None:
        """Temporaries whose lives do not overlap share a slot."""
        kernels = self.program.kernels
        first: dict[tuple, int] = {}
        last: dict[tuple, int] = {}
        size: dict[tuple, tuple] = {}
        for i, kernel in enumerate(kernels):
            for key, nbytes, kind in kernel.temps:
                size[key] = (nbytes, kind)
            for key in self._keys(kernel):
                if key not in self.input_of and key not in self.output_of:
                    first.setdefault(key, i)
                    last[key] = i
                    if key[0] == "v":
                        v = key[1]
                        size[key] = (bytes_of(v), "shared")
        for i, kernel in enumerate(kernels):
            if kernel.mode == "loop":
                self._keep_through(range(i - kernel.chunk, i), first, last)
        # The largest first: what comes later finds a slot that is free all its life and large
        # enough, or begins one (Pisarchyk and Lee, 2020).
        lives: list[list[tuple[int, int]]] = []  # of each slot, in order
        of_kind: dict[str, list[int]] = {}  # slots, the smallest last
        order = sorted(first, key=lambda key: (-int(size[key][0]), first[key]))
        self.lives = [(key, size[key], first[key], last[key]) for key in order]
        for key in order:
            nbytes, kind = size[key]
            life = first[key], last[key]
            slots = of_kind.setdefault(kind, [])
            for slot in reversed(slots):
                at = bisect.bisect(lives[slot], life)
                taken = lives[slot][max(at - 1, 0) : at + 1]
                if all(b < life[0] or life[1] < a for a, b in taken):
                    break
            else:
                slot, at = len(self.slots), 0
                slots.append(slot)
                self.slots.append([])
                lives.append([])
            lives[slot].insert(at, life)
            self.slots[slot].append((nbytes, kind))
            self.slot_of[key] = slot

    def packed(self, threads: int) -> tuple[dict[tuple, int], int]:
        """Where each temporary lies, and all their bytes, for the sizes that this was made from.

        A slot is as large as its largest temporary all the time; here what shares no time shares
        memory. The smallest gap that is large enough is taken.
        """
        placed: list[tuple[int, int, int, int]] = []  # (offset, end, first, last)
        found: dict[tuple, int] = {}
        for key, (n, kind), first, last in self.lives:
            nbytes = aligned(int(n) * (threads if kind == "thread" else 1))
            at, best, gap = 0, None, None
            alive = sorted(p[:2] for p in placed if p[2] <= last and first <= p[3])
            for a, b in alive:
                if a - at >= nbytes and (gap is None or a - at < gap):
                    best, gap = at, a - at
                at = max(at, b)
            found[key] = at if best is None else best
            placed.append((found[key], found[key] + nbytes, first, last))
        return found, max((b for _, b, _, _ in placed), default=0)

    def _keep_through(self, body: range, first: dict, last: dict) -> None:
        """What a loop's body uses lives through all its turns."""
        for i in body:
            for key in self._keys(self.program.kernels[i]):
                if key in first:
                    first[key] = min(first[key], body.start)
                    last[key] = max(last[key], body.stop)


def aligned(nbytes: int) -> int:
    return (nbytes + ALIGN - 1) // ALIGN * ALIGN


def bytes_of(v: Value) -> int:
    n = v.dtype.itemsize
    for s in v.shape:
        n = n * s
    return n
