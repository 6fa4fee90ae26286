"""Running a trace of an unfamiliar structure from pieces that other traces have had too.

A program whose structure changes every step (recursion over trees, say) would plan and compile at
every flush. Its ops recur, though: so such a trace is cut into pieces of a few entries, by a rule
that looks at neighbours only, and each piece has a plan of its own, and one for its gradient, kept
by the piece's structure. The cut: a piece ends where a value has several readers or is wanted, and
holds one dear op at most. What the whole plan would fuse across pieces is lost; a structure that
comes back is planned whole.
"""

from __future__ import annotations

import numpy as np

from .meta import Meta, meta
from .ops import OPS
from .ops.table import GradOp
from .past import CHEAP
from .plan import BoundPlan, CheckFailed
from .record import BACKWARD, GIVEN, INPUT_BASE, LINK, RESULT, Tape
from .runtime.allocator import Export, alloc, as_array

MAX_ENTRIES = 8  # of a piece
MAX_PIECES = 4096
BLOCK, LARGE = 1 << 16, 1 << 14  # bytes of memory that temporaries share, and of those that don't
STEP = 4  # parameters that a piece of an optimizer's step updates
CHEAP_KINDS = ("elementwise", "movement", "generator")
NO_PIECE = ("assign", "function", "replaced", "joined")
JOINED = 3 + MAX_ENTRIES  # the length of the longest entry of a cat that is part of a piece
ADD, ASSIGN, CAT = OPS["add"], OPS["assign"], OPS["cat"]


class Unfit(Exception):
    """A trace that pieces can't run; nothing was overwritten yet."""


# A value on the way: its address, the memory it is in (a temporary's: its address), what it is,
# strides (None: row-major).
Held = tuple[int, object, Meta, tuple[int, ...] | None]


class Scratch:
    """Memory of temporaries, which all live as long as their run: small ones share blocks."""

    __slots__ = ("buffers", "at", "end")

    def __init__(self):
        self.buffers: list = []
        self.at = self.end = 0

    def take(self, nbytes: int) -> int:
        """The address of so many bytes."""
        at = self.at
        self.at = end = at + (nbytes + 63 & ~63)
        if end <= self.end:
            return at
        if nbytes > LARGE:
            self.at = at
            self.buffers.append(alloc(nbytes))
            return self.buffers[-1].addr
        block = alloc(BLOCK)
        self.buffers.append(block)
        self.at, self.end = block.addr, block.addr + BLOCK
        return self.take(nbytes)


class Piece:
    """A few entries with operands of their own: a plan of their wanted results."""

    __slots__ = ("entries", "in_key", "wanted", "_plan", "backs")

    def __init__(self, entries: tuple, in_key: tuple, wanted: tuple):
        self.entries, self.in_key, self.wanted = entries, in_key, wanted
        self._plan: BoundPlan | None = None
        self.backs: dict[tuple, Back] = {}

    def plan(self, find_plan) -> BoundPlan:
        """What computes the wanted results; a piece of an older window needs none."""
        if self._plan is None:
            keys = tuple((m, strides, k) for k, (m, strides) in enumerate(self.in_key))
            self._plan = find_plan((self.entries, keys), list(self.wanted))
        return self._plan

    def back(self, seeded: bool, needs: tuple, before: tuple, find_plan) -> Back:
        """The gradients of operands `needs`, added to those that `before` says are there."""
        key = (seeded, needs, before)
        found = self.backs.get(key)
        if found is None:
            found = self.backs[key] = Back(self, seeded, needs, before, find_plan)
        return found


class Back:
    """The plan of a piece's gradient. Inputs: operands, kept results, the seed, sums so far."""

    __slots__ = ("plan", "outs", "metas")

    def __init__(self, piece: Piece, seeded: bool, needs: tuple, before: tuple, find_plan):
        inputs = list(piece.in_key)
        known = {}
        for j in piece.wanted:
            known[j] = INPUT_BASE - len(inputs)
            inputs.append((piece.entries[j][1], None))
        entries = [
            (GIVEN, e[1], (e[0], e[2], known[j]), *e[3:]) if j in known else e
            for j, e in enumerate(piece.entries)
        ]
        last = len(entries) - 1
        seed = None
        if seeded:
            seed = INPUT_BASE - len(inputs)
            inputs.append((_plain(entries[last][1]), None))
        metas = [_plain(piece.in_key[k][0]) for k in needs]
        targets = tuple(INPUT_BASE - k for k in needs)
        first = len(entries)
        entries.append((BACKWARD, metas[0], (targets, False), last, seed))
        entries += [(RESULT, m, j, first) for j, m in enumerate(metas[1:], 1)]
        wanted = []
        for j, (m, there) in enumerate(zip(metas, before)):
            if there:  # the sum stays in its memory
                total = INPUT_BASE - len(inputs)
                inputs.append((m, None))
                entries.append((ADD, m, None, total, first + j))
                entries.append((ASSIGN, m, None, total, len(entries) - 1))
            wanted.append(len(entries) - 1 if there else first + j)
        keys = tuple((m, strides, k) for k, (m, strides) in enumerate(inputs))
        self.plan: BoundPlan = find_plan((tuple(entries), keys), sorted(wanted))
        self.metas = metas
        # Which of the gradients each buffer holds; the others are added to where they are.
        self.outs = [wanted.index(entries[0]) for entries in self.plan.out_entries]


def _plain(m: Meta) -> Meta:
    """What a gradient is: row-major, however the value lies in memory."""
    return meta(m.shape, m.dtype)


pieces: dict[tuple, Piece] = {}
steps: dict[tuple, BoundPlan] = {}


def clear() -> None:
    """Forgets all pieces."""
    pieces.clear()
    steps.clear()


class Rule:
    """What the cut makes of an op."""

    __slots__ = ("kind", "dear", "kept")

    def __init__(self, row):
        name = "backward" if row is BACKWARD else "result" if row is RESULT else None
        kind = getattr(row, "kind", None)
        name = name or ("given" if row is GIVEN else "link" if row is LINK else None)
        self.kind = name or {"movement": "movement", "step": "step"}.get(kind, "piece")
        self.dear = self.kept = False
        if kind is None or kind == "batching" or row.name in NO_PIECE:
            self.kind = name or "other"
        elif self.kind == "piece":
            # The gradient takes it from memory rather than computing it again.
            self.kept = kind not in CHEAP_KINDS and row.name not in CHEAP
            self.dear = self.kept and row.name != "cat"  # of these a piece has one at most


class Fixed(Rule):
    """A rule by its kind alone."""

    __slots__ = ()

    def __init__(self, kind: str):
        self.kind, self.dear, self.kept = kind, False, False


# A cat of many operands is one copy each, by NumPy: its plan would be another for every number.
JOIN = Fixed("join")
READ = Fixed("piece")  # a view that a join reads

_rules: dict[object, Rule] = {}


def rule_of(op) -> Rule:
    """The rule of what stands first in an entry."""
    found = _rules[op] = Rule(_row(op))
    return found


def can_run(tape: Tape) -> bool:
    """True if a trace has only what pieces are made of, and steps of optimizers at its end."""
    if tape.vmapped or tape.info or tape.keepers or tape.levels:
        return False
    over, entries = False, tape.entries
    for e in entries:
        kind = (_rules.get(e[0]) or rule_of(e[0])).kind
        if kind == "step":
            over = True
        elif over or kind == "other":
            return False
        elif kind == "given":
            op, _, known = e[2]
            again = (_rules.get(op) or rule_of(op)).kind
            if tape.unseen or again not in ("piece", "movement"):
                return False
            if again == "movement" and known is not None:
                return False
        elif kind == "backward":
            ends = _ends(e)
            if e[0].__class__ is GradOp or e[2][1] or len(e[2]) > 2 or len(e) != 5:
                return False
            if any(i >= 0 and rule_of(_forward_op(entries[i])).kind == "movement" for i in ends):
                return False
            if e[3] in e[2][0] or len(set(e[2][0])) < len(e[2][0]):
                return False
        elif kind == "result" and e[0].__class__ is GradOp:
            return False
    return True


def _plain_copy(m: Meta) -> bool:
    """True if NumPy may copy and add such values."""
    return m.strides is None and not m.dtype.narrow


def _row(op):
    return op.op if op.__class__ is GradOp else op


def _forward_op(e: tuple):
    """The op of an entry; of one that is recorded again, that op."""
    return e[2][0] if e[0] is GIVEN else e[0]


def _ends(e: tuple):
    """Values that a backward entry starts from or stops at."""
    return [i for i in (*e[2][0], *e[3:]) if i is not None]


class Run:
    """One trace, executed piece by piece."""

    def __init__(self, tape: Tape, needed: set[int], find_plan):
        self.tape, self.entries, self.find_plan = tape, list(tape.entries), find_plan
        self.again: dict[int, int | None] = {}  # entry of an older window -> input with its value
        if any(e[0] is GIVEN for e in tape.entries):
            self.entries = self._resolved()
        self.rules = [_rules.get(e[0]) or rule_of(e[0]) for e in self.entries]
        self.needed, self.pinned = frozenset(needed), needed
        self.scratch = Scratch()
        # (piece, origin of its entries, operands, scalars) in order; of a join (None, [its value],
        # operands, its entry)
        self.done: list[tuple] = []
        self.scalar_at: list[int] = []
        self.values: dict[int, Held] = {
            INPUT_BASE - k: (v.addr, v.buf, v.meta, v.strides) for k, v in enumerate(tape.inputs)
        }

    def _resolved(self) -> list[tuple]:
        """The entries, with what is recorded again of older windows as ordinary ones.

        Those whose value is in memory are known by that input wherever they are read.
        """
        one: dict[int, int] = {}  # an index -> the one that stands for the same value
        for i, e in enumerate(self.entries):
            if e[0] is GIVEN:
                known = self.again[i] = e[2][2]
                if known is not None:
                    if one.setdefault(known, known) != known:
                        raise Unfit("a value of two entries")
                    one[i] = known
            elif e[0] is LINK:
                k = one.get(e[3], e[3])
                if one.setdefault(e[4], k) != k:
                    raise Unfit("a value of two entries")
                one[i] = k
        found = []
        for e in self.entries:
            ins = e[3:]
            if e[0] is BACKWARD:
                targets = tuple([one.get(x, x) for x in e[2][0]])
                e = (e[0], e[1], (targets, *e[2][1:]), *ins)
            elif e[0] is GIVEN:
                e = (e[2][0], e[1], e[2][1], *ins)
                if any(x >= 0 and x not in self.again and x not in one for x in ins):
                    raise Unfit("an older window's entry that reads a new one")
            found.append((*e[:3], *[one.get(x, x) for x in ins]))
        return found

    def run(self) -> dict[int, Held]:
        """Computes everything; returns the values by entry."""
        self._survey()
        for i in self.again:  # oldest first: gradients pass through these last
            if self.rules[i].kind == "join":
                self._join(i)
            elif self.again[i] is not None:
                self._forward([i], self.again[i])
            elif self.rules[i].kind == "piece":
                self._ready(i)
        for i, (e, rule) in enumerate(zip(self.entries, self.rules)):
            if i in self.again:
                continue
            if rule.kind == "piece":
                self._ready(i)
            elif rule.kind == "join":
                self._join(i)
            elif rule.kind == "backward":
                self._backward(i, e)
            elif rule.kind == "step":
                self._step(i, e)
        return self.values

    def _ready(self, i: int) -> None:
        """Computes the piece that ends with entry i, if one does."""
        g = self.group[i]
        if self.last[g] == i:
            self._forward(self.members[g])

    # -- the cut

    def _survey(self) -> None:
        """Which entries make a piece."""
        entries, rules, pinned = self.entries, self.rules, self.pinned
        readers = [0] * len(entries)
        at, places = 0, self.scalar_at
        for k, (e, rule) in enumerate(zip(entries, rules)):
            places.append(at)
            if len(e) > JOINED and _row(e[0]) is CAT and _plain_copy(e[1]):
                self._joins(k, e)
            if rule.kind == "backward":
                pinned.update([i for i in _ends(e) if i >= 0])
                continue
            for i in e[3:]:
                if i >= 0:
                    readers[i] += 1
                elif i > INPUT_BASE:
                    at += 1
        group = self.group = [-1] * len(entries)
        members: list[list[int]] = []
        last: list[int] = []
        dear: list[bool] = []
        for i, (e, rule) in enumerate(zip(entries, rules)):
            if rule.kind != "piece":
                continue
            mine, has = [i], rule.dear
            older = i in self.again
            for j in e[3:] if self.again.get(i) is None else ():
                while j >= 0 and readers[j] == 1 and rules[j].kind == "movement":
                    j = entries[j][3]
                if j < 0 or readers[j] != 1 or j in pinned:
                    continue
                g = group[j]
                if g < 0 or last[g] != j or (has and dear[g]) or older is not (j in self.again):
                    continue
                if len(mine) + len(members[g]) <= MAX_ENTRIES:
                    mine, has = members[g] + mine, has or dear[g]
                    last[g] = -1
            if len(mine) > 1:
                mine.sort()
            for j in mine:
                group[j] = len(members)
            members.append(mine)
            last.append(i)
            dear.append(has)
        self.members, self.last = members, last

    def _joins(self, k: int, e: tuple) -> None:
        """Entry k is a cat of many operands, which must be in memory."""
        self.rules[k] = JOIN
        self.pinned.update([i for i in e[3:] if i >= 0])
        for i in e[3:]:
            if i >= 0 and self.rules[i].kind == "movement":
                view = self.entries[i]
                self.rules[i] = READ
                self.entries[i] = (view[0], _plain(view[1]), *view[2:])

    # -- running

    def _join(self, i: int) -> None:
        """A cat of many operands."""
        e, known = self.entries[i], self.again.get(i)
        if known is None:
            self.values[i] = (*self._place(e[1].nbytes, i in self.needed), e[1], None)
            parts = [_array(self.values[x]) for x in e[3:]]
            np.concatenate(parts, axis=e[2][0], out=_array(self.values[i]))
        self.done.append((None, [i if known is None else known], e[3:], i))

    def _split(self, i: int, leads: set[int], seed: Held, sums: dict) -> None:
        """The gradients of a cat's operands: parts of its own."""
        e = self.entries[i]
        whole, dim, at = _array(seed), e[2][0], 0
        for x in e[3:]:
            m = _plain(self.values[x][2])
            size = m.shape[dim]
            if x in leads:
                part = whole[(slice(None),) * dim + (slice(at, at + size),)]
                old = sums.get(x)
                if old is not None:
                    np.add(_array(old), part, out=_array(old))
                else:
                    new = sums[x] = (*self._place(m.nbytes, x in self.goals), m, None)
                    _array(new)[...] = part
            at += size

    def _forward(self, members: list[int], known: int | None = None) -> None:
        """Computes a piece; `known` is the input that has its value already."""
        entries, rules, numbers = self.entries, self.rules, self.tape.scalars
        place: dict[int, int] = {}  # value -> its index in the piece
        local: list[tuple] = []
        origin: list[int] = []
        operands: list[int] = []
        scalars: list = []
        todo = members
        if any(x >= 0 and rules[x].kind == "movement" for i in members for x in entries[i][3:]):
            todo = self._with_views(members)
        for i in todo:
            e, at, ins = entries[i], self.scalar_at[i], []
            for x in e[3:]:
                if INPUT_BASE < x < 0:
                    scalars.append(numbers[at])
                    at += 1
                    ins.append(x)
                    continue
                k = place.get(x)
                if k is None:
                    k = place[x] = INPUT_BASE - len(operands)
                    operands.append(x)
                ins.append(k)
            place[i] = len(local)
            local.append((e[0], e[1], e[2], *ins))
            origin.append(i)
        top, pinned = members[-1], self.pinned
        wanted = tuple([
            place[i] for i in members if i == top or rules[i].kept or i in pinned
        ])  # fmt: skip
        values = self.values
        found = [values[x] for x in operands]
        in_key = tuple([(v[2], v[3]) for v in found])
        key = (tuple(local), in_key, wanted)
        piece = pieces.get(key)
        if piece is None:
            if len(pieces) >= MAX_PIECES:
                pieces.clear()
            piece = pieces[key] = Piece(*key)
        if known is not None:
            origin[-1] = known
            self.done.append((piece, origin, operands, scalars))
            return
        plan = piece.plan(self.find_plan)
        slots = [v[0] for v in found]
        for members, nbytes in zip(plan.out_entries, plan.out_bytes):
            memory = self._place(nbytes, not self.needed.isdisjoint([origin[j] for j in members]))
            slots.append(memory[0])
            for j in members:
                values[origin[j]] = (*memory, local[j][1], None)
        self._execute(plan, slots, scalars, origin)
        self.done.append((piece, origin, operands, scalars))

    def _place(self, nbytes: int, own: bool) -> tuple[int, object]:
        """Memory for a value; one that is wanted has a buffer of its own."""
        if own:
            buf = alloc(nbytes)
            return buf.addr, buf
        address = self.scratch.take(nbytes)
        return address, address

    def _with_views(self, members: list[int]) -> list[int]:
        """The entries of a piece with the views that they read: each piece has its own."""
        found: dict[int, None] = {}

        def add(i: int) -> None:
            for x in self.entries[i][3:]:
                if x >= 0 and x not in found and self.rules[x].kind == "movement":
                    add(x)
            found[i] = None

        for i in members:
            add(i)
        return list(found)

    def _execute(self, plan: BoundPlan, slots: list, scalars: list, origin: list) -> None:
        """Runs a plan on the addresses of inputs and outputs."""
        scratch, nbytes = self.scratch, plan.arena_bytes
        if nbytes > LARGE:
            arena = alloc(nbytes)
            slots.append(arena.addr)
        else:
            scratch.at = at = scratch.take(nbytes)  # the next one may use it again
            slots.append(at)
        try:
            plan.run_in(slots, scalars)
        except CheckFailed as e:
            if e.entry is not None:
                e.entry = origin[e.entry] if e.entry < len(origin) else None
            raise

    def _backward(self, at: int, e: tuple) -> None:
        targets, (root, seed) = e[2][0], e[3:]
        values, goals = self.values, set(targets)
        self.goals = goals
        leads = self._leads(goals, at)
        sums: dict[int, Held | None] = {root: None if seed is None else values[seed]}
        if seed is not None and (values[seed][3] or values[seed][2].order) is not None:
            raise Unfit("the gradient that backward() starts with is not row-major")
        if any(root in operands and root in leads for _, _, operands, _ in self.done):
            raise Unfit("gradients are added to the one that backward() starts with")
        for piece, origin, operands, scalars in reversed(self.done):
            top = origin[-1]
            if top not in sums:
                continue
            needs = tuple([k for k, x in enumerate(operands) if x in leads])
            if not needs:
                continue
            seed = sums[top]
            if top not in goals:
                del sums[top]
            if piece is None:
                if seed is None:
                    raise Unfit("the gradient of a cat is not given")
                self._split(scalars, leads, seed, sums)
                continue
            old = [sums.get(operands[k]) for k in needs]
            back = piece.back(
                seed is not None, needs, tuple([v is not None for v in old]), self.find_plan
            )
            slots = [values[x][0] for x in operands]
            slots += [values[origin[j]][0] for j in piece.wanted]
            if seed is not None:
                slots.append(seed[0])
            slots += [v[0] for v in old if v is not None]
            for k, nbytes in zip(back.outs, back.plan.out_bytes):
                x = operands[needs[k]]
                memory = self._place(nbytes, x in goals)
                slots.append(memory[0])
                sums[x] = (*memory, back.metas[k], None)
            self._execute(back.plan, slots, scalars, origin)
        values[at] = sums.get(targets[0]) or _zeros(values[targets[0]])
        for i in range(at + 1, len(self.entries)):
            if self.rules[i].kind == "result" and self.entries[i][3] == at:
                t = targets[self.entries[i][2]]
                values[i] = sums.get(t) or _zeros(values[t])

    def _leads(self, goals: set[int], end: int) -> set[int]:
        """Values through which gradients reach the goals."""
        leads = set(goals)
        older = self.again
        for i in (*older, *[i for i in range(end) if i not in older]):
            e = self.entries[i]
            if e[0].__class__ is GradOp and not leads.isdisjoint(e[3:]):
                known = older.get(i)
                leads.add(i if known is None else known)
        return leads

    def _step(self, i: int, e: tuple) -> None:
        """An optimizer's step, in the memory of its operands, a few parameters at a time: which
        of them have a gradient may change every time."""
        width = e[2][0]
        count = sum(1 for x in e[3:] if INPUT_BASE < x < 0)
        scalars, tensors = e[3 : 3 + count], e[3 + count :]
        at = self.scalar_at[i]
        numbers = self.tape.scalars[at : at + count]
        k = 0
        while k < len(tensors):
            n = STEP if len(tensors) - k >= STEP * width else 1
            self._some(i, (*e[:3], *scalars), tensors[k : k + n * width], numbers)
            k += n * width

    def _some(self, i: int, head: tuple, tensors: tuple, numbers: list) -> None:
        values = self.values
        inputs = list(dict.fromkeys(tensors))
        place = {x: INPUT_BASE - k for k, x in enumerate(inputs)}
        first: dict[int, int] = {}
        in_key = tuple([
            (v[2], v[3], first.setdefault(v[1], k))
            for k, v in enumerate([values[x] for x in inputs])
        ])  # fmt: skip
        key = ((*head, *[place[x] for x in tensors]), in_key)
        plan = steps.get(key)
        if plan is None:
            if len(steps) >= MAX_PIECES:
                steps.clear()
            plan = steps[key] = self.find_plan((key[:1], in_key), [])
        self._execute(plan, [values[x][0] for x in inputs], numbers, [i])  # nothing comes out


def _array(v: Held) -> np.ndarray:
    """A value's memory; who holds the value keeps it alive."""
    address, _, m, strides = v
    if strides is None and m.order is not None:
        strides = m.strides
    size = m.dtype.itemsize
    interface = {
        "version": 3, "typestr": m.dtype.np.str, "shape": m.shape, "data": (address, False),
        "strides": strides and tuple([n * size for n in strides]),
    }  # fmt: skip
    return np.asarray(Export(None, interface))


def _zeros(like: Held) -> Held:
    """The gradient of what no gradient reached."""
    m = _plain(like[2])
    buf = alloc(m.nbytes)
    as_array(buf, m.dtype.np, m.shape, None, 0)[...] = 0
    return buf.addr, buf, m, None
