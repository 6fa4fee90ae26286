"""Plans: programs bound to sizes and memory, and run.

A Template is a compiled trace with symbolic sizes. Binding it evaluates every size, lays out the
arena of temporaries and writes one flat program for the launcher. Running a bound plan packs
addresses and scalars into its slots and makes one native call; host rows (NumPy) cut it into
several, with the calls of Python in between.
"""

from __future__ import annotations

import ctypes
import struct

from . import config, inspect
from .buffers import MAX_PACKED, Buffers, aligned, bytes_of
from .hostcall import HostStep
from .ir import Value
from .link import kernel_address
from .ops.host import HostError
from .pipeline import Program
from .runtime import pool
from .runtime.allocator import alloc
from .sym import Sym, compiled

NOTHING = alloc(0)  # the arena of plans without temporaries
# A loop over steps whose rows are independent runs in parts, one for each thread, that never wait
# for each other, if a part has enough rows and the weights stay in its core's cache.
PART_ROWS = 4
PART_FLOPS = 1_000_000
PART_BYTES = 1 << 20


class Sizes:
    """Evaluates the size expressions of a template for given sizes."""

    def __init__(self, program: Program):
        self.names = [s.expr for s in program.sizes.values()]
        self.guard_text = " and ".join(f"({g})" for g in program.guards) or "True"
        self.exprs: dict[str, int] = {}
        self.guard = self.compute = None

    def add(self, n: int) -> str | int:
        """Registers a size; returns what `value` takes."""
        if not isinstance(n, Sym):
            return int(n)
        self.exprs.setdefault(n.expr, len(self.exprs))
        return n.expr

    def set_pattern(self, sizes: list[int]) -> None:
        """Which symbol each size of the trace is; equal sizes are one symbol."""
        number: dict[int, int] = {}
        self.pattern = [number.setdefault(n, len(number)) for n in sizes]

    def match(self, sizes: list[int]) -> list[int] | None:
        """The symbols' values for another trace, if it fits: two symbols may have one value."""
        values = [0] * len(self.names)
        for k, n in zip(self.pattern, sizes):
            if values[k] != n:
                if values[k]:
                    return None
                values[k] = n
        return values if self.fits(values) else None

    def fits(self, values: list[int]) -> bool:
        """True if the template's guards hold for these sizes."""
        if self.guard is None:
            self.guard = compiled(self.names, self.guard_text)
        return bool(self.guard(*values))

    def evaluate(self, values: list[int]) -> dict[str, int]:
        if self.compute is None:
            body = "".join(e + ", " for e in self.exprs)
            self.compute = compiled(self.names, f"({body})")
        return dict(zip(self.exprs, self.compute(*values)))


_SCALAR_WORDS = {"b": 1, "i": 1, "f": 1, "c": 2}


def _words(scalars: list) -> list:
    """Run-time scalars as slots hold them: a complex number is its two parts."""
    return [w for s in scalars for w in ((s.real, s.imag) if s.__class__ is complex else (s,))]


class Template:
    """A compiled program that can be bound to any sizes its guards accept."""

    def __init__(self, program: Program):
        self.program = program
        self.sizes = Sizes(program)
        self.buffers = Buffers(program)
        add = self.sizes.add
        self.hosts = [k for k in program.kernels if k.mode == "host"]
        self.addresses = [
            0 if k.mode in ("host", "loop") else kernel_address(k) for k in program.kernels
        ]
        for k in self.hosts:
            for n in k.host.sizes():
                add(n)
        self.words = [[add(a[1]) for a in k.args if a[0] == "int"] for k in program.kernels]
        self.extents = [(add(k.extent), add(k.chunk)) for k in program.kernels]
        self.loops = {i: add(k.rows) for i, k in enumerate(program.kernels) if k.mode == "loop"}
        self.gemms = {
            i: tuple(
                tuple(map(add, x)) if isinstance(x, tuple) else x if isinstance(x, str) else add(x)
                for x in k.gemm
            )
            for i, k in enumerate(program.kernels) if k.mode == "gemm"
        }  # fmt: skip
        self.steps = [
            [(at, add(n * k.args[at][2].itemsize)) for at, n in k.steps.items()]
            for k in program.kernels
        ]
        self.out_bytes = [add(bytes_of(v)) for v, _ in self.buffers.outputs]
        self.slot_bytes = [[(add(n), kind) for n, kind in s] for s in self.buffers.slots]

    def bind(self, values: list[int] | None = None) -> BoundPlan:
        """The plan for the given sizes (None: those it was made from)."""
        if values is None:
            values = [int(s) for s in self.program.sizes.values()]
        made_from = values == [int(s) for s in self.program.sizes.values()]
        pack = made_from and len(self.buffers.lives) <= MAX_PACKED
        return BoundPlan(self, self.sizes.evaluate(values), pack)


class BoundPlan:
    """A program in the launcher's form.

    Slots: inputs, outputs, arena, status, then scalars. One int64 block holds header, slots,
    relocations, rows and arguments.
    """

    def __init__(self, template: Template, table: dict[str, int], pack: bool = False):
        self.template = template
        program, buffers = template.program, template.buffers
        self.kernels = program.kernels
        self.lock_free = True

        def value(x):
            return x if x.__class__ is int else table[x]

        self.out_bytes = [value(n) for n in template.out_bytes]
        self.out_entries = [entries for _, entries in buffers.outputs]
        self.home_outputs = [(i, k) for i, kind, k in program.outputs if kind == "home"]
        threads = pool.get_num_threads()
        if pack:
            where, total = buffers.packed(threads)
        else:
            offsets, total = [], 0
            for slot in template.slot_bytes:
                need = 0
                for n, kind in slot:
                    need = max(need, value(n) * (threads if kind == "thread" else 1))
                offsets.append(total)
                total += aligned(need)
            where = {key: offsets[slot] for key, slot in buffers.slot_of.items()}
        self.threads = threads
        self.arena_bytes = total
        self.scratch = 0  # bytes that products share, one after the other
        self._layout(value, where)

    def _layout(self, value, where: dict[tuple, int]) -> None:
        template = self.template
        buffers, program = template.buffers, template.program
        n_in, n_out = len(program.inputs), len(buffers.outputs)
        arena_slot, status_slot = n_in + n_out, n_in + n_out + 1
        scalar_slot: dict[Value, int] = {}
        for v in program.scalars:
            # A complex number has two words.
            before = sum(_SCALAR_WORDS[s.type.weak] for s in scalar_slot)
            scalar_slot[v] = status_slot + 1 + before
        args: list[int] = []
        relocs: list[tuple[int, int, int]] = []  # (word, slot, addend)
        rows: list[tuple[int, int, int, int, int]] = []  # (address, word, extent, chunk, flags)
        self.checks: list[tuple] = []
        self.labels: list[int] = []  # kernel number of each row
        self.steps: list[tuple[int, HostStep]] = []  # host calls, and the row that each is before
        works = 0
        starts: list[int] = []  # where each kernel's arguments begin

        def place(key) -> tuple[int, int]:
            if key == ("status",):
                return status_slot, 0
            if key in buffers.input_of:
                return buffers.input_of[key], 0
            if key in buffers.output_of:
                return n_in + buffers.output_of[key], 0
            return arena_slot, where[key]

        inside = self._parted_bodies(value)
        for i, kernel in enumerate(program.kernels):
            starts.append(len(args))
            if i in inside:
                continue  # written when its loop ends
            if kernel.mode == "loop":
                count, body = (value(x) for x in template.extents[i])
                if i - 1 in inside:
                    parts = inside[i - 1]
                    at = self._parted(i, parts, value, place, args, relocs, arena_slot)
                    rows.append((pool.loop_address(), at, parts, 1, 0))
                    self.labels.append(i)
                    works += count * value(template.loops[i])
                    continue
                moves = [
                    (("word", starts[k] + at), value(n))
                    for k in range(i - body, i) for at, n in template.steps[k]
                ]  # fmt: skip
                args += [0, len(moves), *(x for move in moves for x in move)]
                rows.append((0, starts[i], count, body, 0))
                self.labels.append(i)
                continue
            if kernel.mode == "gemm":
                start = len(args)
                plan = self._gemm(i, value, place, args, relocs, arena_slot)
                rows.append((template.addresses[i], start, plan.extent, plan.chunk, 0))
                self.labels.append(i)
                continue
            if kernel.mode == "host":
                step = HostStep(kernel, lambda n: _size(n, value), place, program.scalars.index)
                self.steps.append((len(rows), step))
                continue
            start = len(args)
            self._arguments(i, value, place, args, relocs, scalar_slot)
            self.checks.extend(kernel.checks)
            extent, chunk = (value(x) for x in template.extents[i])
            rows.append((template.addresses[i], start, extent, chunk, 1 if kernel.checks else 0))
            self.labels.append(i)
            works += extent if kernel.mode == "map" else extent * 64
        self.arena_bytes += self.scratch
        self._write(args, relocs, rows, n_in, n_out, works)

    def _arguments(self, i, value, place, args, relocs, scalar_slot) -> None:
        words = iter(self.template.words[i])
        for arg in self.kernels[i].args:
            if arg[0] == "ptr":
                relocs.append((len(args), *place(arg[1])))
                args.append(0)
            elif arg[0] == "int":
                args.append(value(next(words)))
            elif arg[0] == "check":
                args.append(len(self.checks) + arg[1])
            else:
                relocs.append((len(args), scalar_slot[arg[1]] + (arg[0] == "imag"), 0))
                args.append(0)

    def _gemm(self, i, value, place, args, relocs, arena_slot, part=None):
        """Writes the words of a product, or of its rows in range(*part); its plan."""
        from .kernels import gemm

        dtype, shape, sa, sb, sc, *offsets = self.template.gemms[i]
        kernel = self.kernels[i]
        batch, m, n, k = map(value, shape)
        sa, sb, sc = (tuple(map(value, s)) for s in (sa, sb, sc))
        at = [value(x) for x in offsets]
        if part is not None:
            first, last = part
            m, at[0], at[2] = last - first, at[0] + first * sa[1], at[2] + first * sc[1]
        plan = gemm.plan(dtype, batch, m, n, k, sa, sb, sc, self.threads)
        start = len(args)
        args += [0, 0, 0, batch, m, n, k, *sa, *sb, *sc, 0, int(kernel.accumulate), *plan.words]
        size = kernel.args[0][2].itemsize
        for word, (arg, offset) in enumerate(zip(kernel.args, at)):
            slot, addend = place(arg[1])
            relocs.append((start + word, slot, addend + offset * size))
        need = plan.scratch_bytes_per_thread * self.threads
        if need:
            # Parts are at different products at one time: theirs do not share.
            at = self.arena_bytes if part is None else self.arena_bytes + self.scratch
            relocs.append((start + gemm.WORDS.index("scratch"), arena_slot, at))
            need = aligned(need)
            self.scratch = need + self.scratch if part is not None else max(self.scratch, need)
        return plan

    def _parted_bodies(self, value) -> dict[int, int]:
        """Kernels of loops whose rows are divided among the threads once -> into how many parts."""
        inside: dict[int, int] = {}
        for i, rows in self.template.loops.items():
            count, body = (value(x) for x in self.template.extents[i])
            members = range(i - body, i)
            products = [self.template.gemms[k] for k in members if k in self.template.gemms]
            shapes = [tuple(map(value, g[1])) for g in products]
            size = 4 if products and products[0][0] == "f32" else 8
            work = count * sum(2 * m * n * k for _, m, n, k in shapes)
            weights = size * sum(n * k for _, _, n, k in shapes)
            parts = min(self.threads, value(rows) // PART_ROWS)
            if (not config.interp and parts > 1 and 2 * parts > self.threads
                    and work > PART_FLOPS and weights <= PART_BYTES):  # fmt: skip
                inside.update(dict.fromkeys(members, parts))
        return inside

    def _parted(self, i, parts, value, place, args, relocs, arena_slot) -> int:
        """Writes a loop that each part of the rows runs by itself; where its block starts.

        Every part has its own copy of the body's arguments, because their pointers move.
        """
        template = self.template
        count, body = (value(x) for x in template.extents[i])
        rows = value(template.loops[i])
        table: list = []
        moves: list = []
        for p in range(parts):
            part = rows * p // parts, rows * (p + 1) // parts
            moves = []
            for k in range(i - body, i):
                start, (first, last) = len(args), part
                if k in template.gemms:
                    plan = self._gemm(k, value, place, args, relocs, arena_slot, part)
                    first, last = 0, plan.extent
                else:
                    self._arguments(k, value, place, args, relocs, {})
                table += [template.addresses[k], ("word", start), first, last]
                for at, n in template.steps[k]:
                    moves += [("word", start + at), value(n)]
            table += moves
        start = len(args)
        args += [count, body, len(moves) // 2, ("word", start + 4), *table]
        return start

    def _write(self, args, relocs, rows, n_in: int, n_out: int, works: int) -> None:
        head = pool.HEADER_WORDS
        weak = [v.type.weak for v in self.template.program.scalars]
        self.has_complex = "c" in weak
        n_scalars = sum(_SCALAR_WORDS[w] for w in weak)
        n_slots = n_in + n_out + 2 + n_scalars
        at_slots = head
        at_status = at_slots + n_slots
        at_relocs = at_status + 8
        at_rows = at_relocs + 3 * len(relocs)
        at_args = at_rows + 5 * len(rows)
        at_heads = at_args + len(args)
        total = at_heads + head * len(self.steps)
        self.memory = (ctypes.c_int64 * total)()
        base = ctypes.addressof(self.memory)

        def address(word: int) -> int:
            return base + 8 * word

        cuts = [0, *(at for at, _ in self.steps), len(rows)]
        # One header per stretch of rows between host calls; the first one has the relocations.
        heads = [
            [end - first, address(at_rows + 5 * first), 0 if k else len(relocs),
             address(at_relocs), address(at_slots), address(at_status), 1 if works > 4096 else 0]
            for k, (first, end) in enumerate(zip(cuts, cuts[1:]))
        ]  # fmt: skip
        words = heads[0] + [0] * (n_slots + 8)
        for word, slot, addend in relocs:
            words += [address(at_args + word), slot, addend]
        for kernel, word, extent, chunk, flags in rows:
            words += [kernel, address(at_args + word), extent, chunk, flags]
        args = [address(at_args + x[1]) if x.__class__ is tuple else x for x in args]
        self.memory[:] = words + args + [w for h in heads[1:] for w in h]
        self.header = base
        self.headers = [base, *(address(at_heads + head * k) for k in range(len(self.steps)))]
        self.cuts = cuts
        self.at_status, self.at_rows = at_status, at_rows
        self.status_address = address(at_status)
        kinds = "".join({"c": "dd", "f": "d"}.get(w, "q") for w in weak)
        self.pack = struct.Struct(f"={n_in + n_out + 2}q{kinds}").pack_into
        self.at_slots = 8 * at_slots

    def run(self, addresses: list[int], scalars: list) -> list:
        """Runs on input addresses; returns the output buffers. CheckFailed if a check fails."""
        outs = [alloc(n) for n in self.out_bytes]
        arena = alloc(self.arena_bytes) if self.arena_bytes else NOTHING
        self.run_in([*addresses, *[b.addr for b in outs], arena.addr], scalars)
        return outs

    def run_in(self, slots: list[int], scalars: list) -> None:
        """Runs on the addresses of inputs, outputs and the arena."""
        if not self.lock_free:
            # Another thread is inside this plan's memory: use a copy of it.
            return self._copy().run_in(slots, scalars)
        self.lock_free = False
        try:
            self.pack(
                self.memory, self.at_slots, *slots, self.status_address,
                *(_words(scalars) if self.has_complex else scalars),
            )  # fmt: skip
            if config.debug >= 2 or config.interp or inspect.observations is not None:
                stopped = inspect.run_observed(self, 0, self.cuts[1])
            else:
                stopped = pool.run(self.header)
            if stopped >= 0:
                self._raise_check(stopped)
            if self.steps:
                self._run_steps([*slots, self.status_address], scalars)
        finally:
            self.lock_free = True

    def _run_steps(self, slots: list[int], scalars: list) -> None:
        """Host calls and the native stretches of rows after them; HostFailed if one refuses."""
        for k, (_, step) in enumerate(self.steps, 1):
            try:
                inspect.run_host(step, slots, scalars)
            except HostError as e:
                raise HostFailed(e, step.node.loc) from None
            first, end = self.cuts[k : k + 2]
            if first == end:
                continue
            if config.debug >= 2 or config.interp or inspect.observations is not None:
                stopped = inspect.run_observed(self, first, end)
            else:
                stopped = pool.run(self.headers[k])
            if stopped >= 0:
                self._raise_check(stopped)

    def _copy(self) -> BoundPlan:
        values = [int(s) for s in self.template.program.sizes.values()]
        return self.template.bind(values) if self.sizes is None else self.template.bind(self.sizes)

    sizes: list[int] | None = None

    def _raise_check(self, row: int) -> None:
        code, bad = self.memory[self.at_status], self.memory[self.at_status + 1]
        self.memory[self.at_status] = 0
        what, entry, dim, n = self.checks[code - 1]
        raise CheckFailed(what, entry, dim, bad)


def _size(n, value) -> int:
    """A size of a host call, by its expression."""
    return value(n.expr) if isinstance(n, Sym) else int(n)


class CheckFailed(Exception):
    """A data dependent check of a kernel failed."""

    def __init__(self, what: str, entry: int, dim: int, value: int):
        super().__init__(what, entry, dim, value)
        self.what, self.entry, self.dim, self.value = what, entry, dim, value


class HostFailed(CheckFailed):
    """A host call refused its operands' values."""

    def __init__(self, error: HostError, entry: int):
        super().__init__("host", entry, 0, 0)
        self.error = error
