"""Fused optimizers: the step of a whole parameter group is recorded as one entry.

A group's tensors are updated in their own memory by a row of kind `step`. What is a number per
parameter in PyTorch's state (the count of steps, NAdam's product of momenta) is kept as a Python
float, its `clock`: it turns into run-time scalars, and into tensors only when somebody looks at
the state.
"""

from __future__ import annotations

from collections import defaultdict
from sys import getrefcount

import numpy as np
from numtorch.jit.dtypes import float64, from_numpy
from numtorch.jit.interop import exposed
from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, array_of, local, supersede
from numtorch.jit.runtime.allocator import alloc, as_array
from numtorch.jit.strides import preserved
from numtorch.jit.values import placed, steps_of

from .._tensor import Tensor, wrap
from .optimizer import Optimizer, number, run_closure, scalar_dtype


class Slot:
    """One parameter as the steps see it: its clock and its states, in the row's order."""

    __slots__ = ("p", "state", "clock", "states", "cells", "rounded")

    def __init__(self, p: Tensor, state: dict, clock: tuple, states: list):
        self.p, self.state, self.clock, self.states = p, state, clock, states
        self.cells: list = []  # the clock's tensors and their memory, once they exist
        self.rounded = rounded  # to the precision that the clock's tensors have


def _base_count() -> int:
    # References to a value that only its tensor holds, as `_renew` counts them.
    t = wrap(Lazy(None))
    held = [t._v]
    return next(iter(map(getrefcount, held)))


_BASE = _base_count()


class FusedOptimizer(Optimizer):
    """Base of the optimizers with a row of kind `step`.

    A subclass names its row and its clocks, and says what a group's step needs: the states
    (`state_names`), their first values (`fill`), and per step the new clock, the row's flags and
    its run-time scalars (`advance`).
    """

    row = ""
    clocks: tuple[str, ...] = ("step",)
    # PyTorch's words for the tensors that a captured graph needs on the device; None: no option.
    captured: str | None = "params and state_steps"

    _exposed = False  # somebody may hold the state's dicts
    _slots: list[list[Slot]] | None = None
    _names: tuple = ()

    def start(self, group: dict) -> tuple[float, ...]:
        """The clock before the first step."""
        return (0.0,)

    def state_names(self, group: dict) -> tuple[str, ...]:
        """Names of a parameter's states, in the order of the row."""
        raise NotImplementedError

    def names_of(self, group: dict, p: Tensor) -> tuple[str, ...]:
        """`state_names`, where they depend on the parameter."""
        return self.state_names(group)

    def fill(self, group: dict, name: str) -> float:
        """What a state holds before the first step."""
        return 0.0

    def new_state(self, slot: Slot, group: dict, name: str) -> Tensor:
        """The tensor of a state before the first step."""
        m, value = slot.p._v.meta, self.fill(group, name)
        return filled(m, complex(value, value) if m.dtype.is_complex else value)

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        """(new clock, flags, scalars) of the step that follows on a clock."""
        raise NotImplementedError

    # -- state

    @property
    def state(self) -> defaultdict:
        """State per parameter: a dict of names to tensors."""
        if not self._exposed:
            self._exposed = True
            for slots in self._slots or ():
                for slot in slots:
                    if slot.state:
                        self._show_clock(slot)
        return self._state

    @state.setter
    def state(self, value: dict) -> None:
        self._state = value
        self._slots = None

    def add_param_group(self, param_group: dict) -> None:
        """Adds a group: a dict with 'params' and the options that differ from the defaults."""
        super().add_param_group(param_group)
        self._slots = None

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self._exposed = bool(self._state)  # its tensors may belong to others
        for held in self._state.values():
            for name in self.clocks:
                x = held.get(name)
                if x is not None and not isinstance(x, Tensor):
                    held[name] = scalar(float(x))

    def _show_clock(self, slot: Slot) -> None:
        """Gives the clock's numbers tensors in the state."""
        for name, value in zip(self.clocks, slot.clock):
            t = slot.state[name] = scalar(value)
            slot.cells.append((t, array_of(t._v)))

    def _make_slots(self) -> list[list[Slot]]:
        found, seen = [], set()
        self._names = tuple(map(self.state_names, self.param_groups))
        for group in self.param_groups:
            slots = []
            for p in group["params"]:
                if id(p) not in seen:
                    seen.add(id(p))
                    _settle(p)
                    slots.append(Slot(p, {}, self.start(group), []))
                    if self._state.get(p):
                        self._read(slots[-1], self.names_of(group, p))
            found.append(slots)
        return found

    def _read(self, slot: Slot, names: tuple[str, ...]) -> None:
        """Takes over what the state holds."""
        state = slot.state = self._state[slot.p]
        slot.states = [state[n] for n in names]
        if not self._exposed:
            slot.clock = tuple(float(state[n]) for n in self.clocks)
            for name in self.clocks:
                state[name] = None
            return
        slot.cells = []
        for name in self.clocks:
            t = state[name]
            slot.cells.append((t, array_of(t._value())))
        slot.clock = tuple(float(c) for _, c in slot.cells)
        if slot.cells:
            # A loaded number has its parameter's type.
            slot.rounded = float if slot.cells[-1][1].dtype == "f8" else _single

    def _check(self, slot: Slot, group: dict) -> None:
        """Notices what somebody changed in a state that he holds."""
        state, names = self._state.get(slot.p), self.names_of(group, slot.p)
        if not state:
            slot.state, slot.states, slot.cells = {}, [], []
            slot.clock = self.start(group)
        elif (
            state is not slot.state
            or any(state.get(n) is not t for n, t in zip(names, slot.states))
            or any(
                state.get(n) is not t or t._v.buf is None or c != x
                for n, (t, c), x in zip(self.clocks, slot.cells, slot.clock)
            )
        ):
            self._read(slot, names)

    # -- the step

    def step(self, closure=None):
        """Updates all parameters that have a gradient; returns the closure's loss."""
        loss = run_closure(closure)
        all_names = tuple(map(self.state_names, self.param_groups))
        slots = self._slots
        if slots is None or all_names != self._names:
            if slots is not None:
                self.state  # an option was switched: slots start from the state  # noqa: B018
            slots = self._slots = self._make_slots()
        tape = local.tape
        held: list[Tensor] = []
        for group, part, names in zip(self.param_groups, slots, all_names):
            ready = [s for s in part if s.p._grad is not None]
            if self._exposed:
                for slot in ready:
                    self._check(slot, group)
            sparse = [s for s in ready if s.p._grad.__class__ is not Tensor and s.p._grad.is_sparse]
            if sparse:
                ready = [s for s in ready if s not in sparse]
                for slot in sparse:
                    self.sparse_step(group, slot.p, slot.p._grad.coalesce())
            if not ready:
                continue
            if names or self.clocks:
                for slot in ready:
                    if not slot.state:
                        self._first(slot, group)
            self._check_options(group)
            for same in self._batches(ready):
                if group.get("differentiable"):
                    self._record_results(tape, group, same)
                else:
                    self._record(tape, plain(group), same, held)
        if held:
            tape.flush()
            _renew(held)
        if self._exposed:
            _write_cells(slots)
        return loss

    def sparse_step(self, group: dict, p: Tensor, g) -> None:
        """Updates a parameter whose gradient is sparse (and coalesced)."""
        raise RuntimeError(
            f"{type(self).__name__} does not support sparse gradients, please consider SparseAdam "
            "instead"
        )

    def _batches(self, slots: list[Slot]):
        """Slots that one entry can update: usually all; parameters that joined later have a
        clock of their own."""
        while slots:
            first, now, rest = slots[0], [], []
            clock, precision = first.clock, first.rounded
            for s in slots:
                same = s.clock == clock and s.rounded is precision and self.alike(s, first)
                (now if same else rest).append(s)
            yield now
            slots = rest

    def alike(self, a: Slot, b: Slot) -> bool:
        """Whether the row updates both parameters in the same way."""
        return True

    def _check_options(self, group: dict) -> None:
        if self.captured is not None and group.get("capturable"):
            devices = ["cuda", "xpu", "hpu", "privateuseone"] + ["xla"] * (self.xla)
            raise AssertionError(
                f"If capturable=True, {self.captured} must be on supported devices: {devices}."
            )

    xla = True

    def _first(self, slot: Slot, group: dict) -> None:
        """Makes the state of a parameter that had none."""
        state = slot.state = self._state[slot.p]
        slot.clock = self.start(group)
        state.update(dict.fromkeys(self.clocks))
        if self._exposed:
            self._show_clock(slot)
        slot.states = []
        for name in self.names_of(group, slot.p):
            state[name] = self.new_state(slot, group, name)
            slot.states.append(state[name])

    def _record(self, tape, group: dict, slots: list[Slot], held: list) -> None:
        """Appends the entry that updates the slots."""
        operands = _operands(tape, slots)
        if operands is None:
            # A parameter or a state is still pending: it must be in its memory before.
            tape.flush()
            for slot in slots:
                _settle(slot.p)
                for t in (slot.p, *slot.states):
                    t._value()
            operands = _operands(tape, [_as_real(s) for s in slots])
        clock, flags, scalars = self.advance(group, slots[0].clock, slots[0].rounded)
        tape.scalars += map(float, scalars)
        attrs = (2 + len(slots[0].states), flags)
        floats = (-1,) * len(scalars)
        tape._append((OPS[self.row], slots[0].p._v.meta, attrs, *floats, *operands))
        for slot in slots:
            slot.clock = clock
            p = slot.p
            held.append(p)
            held += slot.states
            if p._st is None:
                p._count += 1
            else:
                p._st.version += 1

    def _record_results(self, tape, group: dict, slots: list[Slot]) -> None:
        """The step as ordinary in-place ops, with gradients."""
        from .._methods import write_result

        group = scalar_options(group)
        clock, flags, scalars = self.advance(group, slots[0].clock, slots[0].rounded)
        row, outer = OPS[self.row + "_result"], tape.grad
        tape.grad = bool(self.defaults.get("differentiable"))
        try:
            for slot in slots:
                p = slot.p
                # Copies: what is saved for the gradients must not be overwritten below.
                kept = [tape.record(OPS["copy"], (t,)) for t in (p, *slot.states)]
                ins = (*scalars, kept[0], p._grad, *kept[1:])
                results = [
                    tape.record(row, ins, (len(scalars), flags, k))
                    for k in range(1 + len(slot.states))
                ]
                for t, result in zip((p, *slot.states), results):
                    write_result(t, tape.record(OPS["copy"], (result,)), "add_")
                slot.clock = clock
        finally:
            tape.grad = outer


def check_fused(options: dict) -> None:
    """PyTorch's refusals of options beside `fused`."""
    if options["fused"]:
        if options["differentiable"]:
            raise RuntimeError("`fused` does not support `differentiable`")
        if options["foreach"]:
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def plain(group: dict) -> dict:
    """The options with tensors read as numbers."""
    known = (group["lr"], group.get("weight_decay"), *group.get("betas", ()))
    if not any(isinstance(x, Tensor) for x in known):
        return group
    return {
        k: tuple(map(number, x)) if x.__class__ is tuple else number(x) for k, x in group.items()
    }


def scalar_options(group: dict) -> dict:
    """The options with tensors of one element as tensors without dims."""

    def flat(x):
        return x.squeeze() if isinstance(x, Tensor) and x.ndim else x

    return {
        k: tuple(map(flat, x)) if x.__class__ is tuple else flat(x)
        for k, x in group.items() if k != "params"
    }  # fmt: skip


def _operands(tape, slots: list[Slot]) -> list[int] | None:
    """Indices of parameters, gradients and states; None if one to be written is not in memory."""
    values: list[Lazy] = []
    add, win, read = values.append, tape.win, {}
    for slot in slots:
        v = slot.p._v
        if v.buf is None or v.meta.dtype.is_complex:
            return None
        add(v)
        g = slot.p._grad
        if g._v.win is not win and (g._rg or g._st is not None or not _own(g._v)):
            read[len(values)] = tape.input(g)
            g = slot.p  # in its place
        add(g._v)
        for t in slot.states:
            v = t._v
            if v.buf is None:
                return None
            add(v)
    found = tape.add_inputs(values)
    for at, idx in read.items():
        found[at] = idx
    return found


def _own(v: Lazy) -> bool:
    """True for a value in memory that nobody outside sees."""
    return v.buf is not None and not exposed(v.buf)


def _as_real(slot: Slot) -> Slot:
    """A complex parameter's slot as one of pairs of real numbers, in the same memory."""
    p = slot.p
    if not p._v.meta.dtype.is_complex:
        return slot
    twin = Slot(_pairs(p), {}, (), [_pairs(t) for t in slot.states])
    twin.p._grad = _pairs(p._grad.resolve_conj())
    return twin


def _pairs(t: Tensor) -> Tensor:
    v = t._value()
    m = meta((*v.meta.shape, 2), from_numpy(v.meta.dtype.np.type(0).real.dtype))
    steps = steps_of(v)
    strides = None if steps is None else (*(2 * s for s in steps), 1)
    return wrap(placed(m.shape, m.dtype, v.buf, v.addr, strides))


def _settle(p: Tensor) -> None:
    """Drops the storage cell of a parameter that was made from a tensor which is gone."""
    st = p._st
    if st is None or st._v.buf is None or not st._v.home:
        return
    others = (a for a in (ref() for ref in st.aliases) if a is not None and a is not p)
    if any(True for _ in others):
        return
    v, view = p._value(), p._view
    whole = view is None or (view.offset == 0 and v.meta.numel == st._v.meta.numel)
    if whole and v.strides is None:
        p._st, p._view, p._count, p._past = None, None, st.version, st._past


def _renew(held: list[Tensor]) -> None:
    """Gives new values to overwritten tensors whose old value a kept graph still refers to."""
    values = [t._v for t in held]
    counts = tuple(map(getrefcount, values))
    if max(counts, default=0) <= _BASE:
        return
    for t, v, n in zip(held, values, counts):
        if n > _BASE and t._st is None:
            t._v = Lazy(v.meta, v.buf, v.addr, v.strides)
            supersede(t, v, t._v)
        elif t._st is not None:
            _renew_aliases(t, v)


def _renew_aliases(t: Tensor, v: Lazy) -> None:
    new = Lazy(v.meta, v.buf, v.addr, v.strides)
    if t._st._v is v:
        t._st._v = new
        supersede(t._st, v, new)
    for ref in t._st.aliases:
        a = ref()
        if a is not None and a._v is v:
            a._v = new


def _write_cells(slots: list[list[Slot]]) -> None:
    """Brings the tensors of the clocks up to date."""
    for part in slots:
        for slot in part:
            for (t, cell), value in zip(slot.cells, slot.clock):
                if cell != value:
                    cell[()] = value
                    if t._st is None:
                        t._count += 1
                    else:
                        t._st.version += 1


def filled(m, value: float = 0.0) -> Tensor:
    """A tensor of one value, in memory of its own."""
    if m.strides is not None:
        m = meta(m.shape, m.dtype, preserved(m.shape, m.strides))
    buf = alloc(m.nbytes)
    if m.numel:
        as_array(buf, m.dtype.np, m.shape).fill(value)
    return wrap(Lazy(m, buf, buf.addr))


def scalar(value: float) -> Tensor:
    """A tensor without dims for a number of the state."""
    return filled(meta((), scalar_dtype()), value)


def rounded(x: float) -> float:
    """A number as the state's tensors hold it."""
    return x if scalar_dtype() is float64 else _single(x)


def _single(x: float) -> float:
    return float(np.float32(x))
