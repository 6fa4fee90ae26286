"""Optimizer: parameter groups, state, and a step that is recorded as one entry per group."""

from __future__ import annotations

import warnings
from collections import defaultdict
from copy import deepcopy
from itertools import chain
from sys import getrefcount

import numpy as np
from numtorch.jit.meta import Meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, local
from numtorch.jit.runtime.allocator import alloc, as_array

from .._repr import typename
from .._tensor import Tensor, wrap

required = object()


class Slot:
    """One parameter as the steps see it: its count of steps and its states, in the row's order."""

    __slots__ = ("p", "step", "states")

    def __init__(self, p: Tensor, step: int, states: list):
        self.p, self.step, self.states = p, step, states


def _base_count() -> int:
    # References to a value that only its tensor holds, as `_renew` counts them.
    t = wrap(Lazy(None))
    held = [t._v]
    return next(iter(map(getrefcount, held)))


_BASE = _base_count()


class Optimizer:
    """Base of the optimizers: groups of parameters with their options, and state per parameter.

    A subclass names its row (`row`, of kind `step`) and says what one step of a group needs: the
    states (`state_names`), the structure (`flags`) and the run-time scalars (`scalars`).
    """

    row = ""
    counts = True  # state holds the number of steps

    def __init__(self, params, defaults: dict):
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        self.defaults = defaults
        self._state: defaultdict = defaultdict(dict)
        self._slots: list[list[Slot]] | None = None
        self.param_groups: list[dict] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    # -- what a subclass says

    def state_names(self, group: dict) -> tuple[str, ...]:
        """Names of a parameter's states, in the order of the row."""
        raise NotImplementedError

    def flags(self, group: dict) -> tuple:
        """The row's flags."""
        raise NotImplementedError

    def scalars(self, group: dict, step: int) -> tuple[float, ...]:
        """The row's run-time scalars in step number `step` (1, 2, ...)."""
        raise NotImplementedError

    # -- groups and state

    def add_param_group(self, param_group: dict) -> None:
        """Adds a group: a dict with 'params' and the options that differ from the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            param_group["params"] = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead."
            )
        else:
            param_group["params"] = list(params)
        extracted = []
        for p in param_group["params"]:
            if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str):
                param_group.setdefault("param_names", []).append(p[0])
                p = p[1]
            extracted.append(p)
        param_group["params"] = extracted
        self._check(param_group)
        self.param_groups.append(param_group)
        self._slots = None

    def _check(self, group: dict) -> None:
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {typename(p)}"
                )
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            group.setdefault(name, default)
        ids = [id(p) for p in group["params"]]
        if len(set(ids)) != len(ids):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=4,
            )
        known = {id(p) for g in self.param_groups for p in g["params"]}
        if not known.isdisjoint(ids):
            raise ValueError("some parameters appear in more than one parameter group")

    @property
    def state(self) -> defaultdict:
        """State per parameter: a dict of names to tensors, 'step' among them where it counts."""
        self._store_counts()
        self._slots = None  # the caller may change what it gets
        return self._state

    @state.setter
    def state(self, value: dict) -> None:
        self._state, self._slots = defaultdict(dict, value), None

    def _store_counts(self) -> None:
        for slot in chain(*(self._slots or ())):
            if self.counts and slot.step:
                from .._creation import tensor

                self._state[slot.p]["step"] = tensor(float(slot.step))

    def _make_slots(self) -> list[list[Slot]]:
        found, seen = [], set()
        for group in self.param_groups:
            slots = []
            for p in group["params"]:
                if id(p) not in seen:
                    seen.add(id(p))
                    slots.append(self._slot(p, self.state_names(group)))
            found.append(slots)
        return found

    def _slot(self, p: Tensor, names: tuple[str, ...]) -> Slot:
        _settle(p)
        state = self._state.get(p, {})
        if any(state.get(n) is None for n in names):
            step = 0
        elif self.counts:
            step = int(state.get("step", 0))
        else:
            step = 1 if names else 0
        return Slot(p, step, [state.get(n) for n in names])

    # -- the step

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients, or sets them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    p._grad = p._grad.detach().zero_()

    def step(self, closure=None) -> Tensor | None:
        """Updates all parameters that have a gradient; returns the closure's loss."""
        loss = None
        if closure is not None:
            from ..autograd import enable_grad

            with enable_grad():
                loss = closure()
        slots = self._slots
        if slots is None:
            slots = self._slots = self._make_slots()
        tape = local.tape
        held: list[Tensor] = []
        for group, part in zip(self.param_groups, slots):
            ready = [s for s in part if s.p._grad is not None]
            while ready:
                # Usually all have the same count; parameters that joined later are on their own.
                count = ready[0].step
                now = [s for s in ready if s.step == count]
                ready = [s for s in ready if s.step != count] if len(now) < len(ready) else ()
                self._record(tape, group, now, count + 1, held)
        tape.flush()
        _renew(held)
        return loss

    def _record(self, tape, group: dict, slots: list[Slot], step: int, held: list) -> None:
        """Appends the entry that updates the slots."""
        if step == 1 and (names := self.state_names(group)):
            for slot in slots:
                self._first(slot, names)
        operands = _operands(tape, slots)
        if operands is None:
            # A parameter or a state is still pending: it must be in its memory before.
            tape.flush()
            for slot in slots:
                _settle(slot.p)
                for t in (slot.p, *slot.states):
                    t._value()
            operands = _operands(tape, slots)
        scalars = self.scalars(group, step)
        tape.scalars += scalars
        attrs = (2 + len(slots[0].states), self.flags(group))
        floats = (-1,) * len(scalars)
        tape._append((OPS[self.row], slots[0].p._v.meta, attrs, *floats, *operands))
        for slot in slots:
            slot.step = step
            p = slot.p
            held.append(p)
            held += slot.states
            if p._st is None:
                p._version += 1
            else:
                p._st.version += 1

    def _first(self, slot: Slot, names: tuple[str, ...]) -> None:
        state = self._state[slot.p]
        for k, name in enumerate(names):
            if slot.states[k] is None:
                slot.states[k] = state[name] = zeros_of(slot.p._v.meta)

    # -- saving

    def state_dict(self) -> dict:
        """State and options with parameters replaced by their numbers, in PyTorch's layout."""
        self._store_counts()
        number: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {k: v for k, v in group.items() if k != "params"}
            for p in group["params"]:
                number.setdefault(id(p), len(number))
            packed["params"] = [number[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {
            (number[id(k)] if isinstance(k, Tensor) else k): dict(v)
            for k, v in self._state.items()
        }
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict) -> None:
        """Takes over the state and the options of a `state_dict`."""
        saved, groups = state_dict["param_groups"], self.param_groups
        if len(saved) != len(groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(saved, groups)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        param_of = dict(
            zip(chain(*(g["params"] for g in saved)), chain(*(g["params"] for g in groups)))
        )
        state: defaultdict = defaultdict(dict)
        for k, v in state_dict["state"].items():
            p = param_of.get(k)
            if p is None:
                state[k] = deepcopy(v)
            else:
                state[p] = {name: _own_state(name, x, p) for name, x in v.items()}
        for group, new in zip(groups, saved):
            params = group["params"]
            group.clear()
            group.update({k: deepcopy(v) for k, v in new.items() if k != "params"})
            group["params"] = params
        self._state, self._slots = state, None

    def __getstate__(self) -> dict:
        self._store_counts()
        return {"defaults": self.defaults, "state": self._state, "param_groups": self.param_groups}

    def __setstate__(self, saved: dict) -> None:
        self.defaults, self.param_groups = saved["defaults"], saved["param_groups"]
        self._state, self._slots = saved["state"], None

    def __repr__(self) -> str:
        text = self.__class__.__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"


def _operands(tape, slots: list[Slot]) -> list[int] | None:
    """Indices of parameters, gradients and states; None if one to be written is not in memory."""
    found: list[int] = []
    add, win = found.append, tape.win
    for slot in slots:
        v = slot.p._v
        if v.buf is None:
            return None
        add(v.idx if v.win is win else tape.add_input(v))
        g = slot.p._grad
        v = g._v
        add(v.idx if v.win is win else tape.input(g))
        for t in slot.states:
            v = t._v
            if v.buf is None:
                return None
            add(v.idx if v.win is win else tape.add_input(v))
    return found


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
        p._st, p._view, p._version = None, None, st.version


def _renew(held: list[Tensor]) -> None:
    """Gives new values to overwritten tensors whose old value a kept graph still refers to."""
    values = [t._v for t in held]
    counts = tuple(map(getrefcount, values))
    if max(counts, default=0) <= _BASE:
        return
    for t, v, n in zip(held, values, counts):
        if n > _BASE and t._st is None:
            v.stale = True
            t._v = Lazy(v.meta, v.buf, v.addr, v.strides)
        elif t._st is not None:
            v.stale = True
            _renew_aliases(t, v)


def _renew_aliases(t: Tensor, v: Lazy) -> None:
    new = Lazy(v.meta, v.buf, v.addr, v.strides)
    if t._st._v is v:
        t._st._v = new
    for ref in t._st.aliases:
        a = ref()
        if a is not None and a._v is v:
            a._v = new


def zeros_of(m: Meta) -> Tensor:
    """Zeros in memory of their own."""
    buf = alloc(m.nbytes)
    if m.numel:
        as_array(buf, m.dtype.np, m.shape).fill(0)
    return wrap(Lazy(m, buf, buf.addr))


def _own_state(name: str, x, p: Tensor):
    from .._creation import tensor

    if isinstance(x, (Tensor, np.ndarray)):
        x = tensor(x)
        if name != "step" and p.dtype.kind == "f":
            x = x.to(p.dtype)
        return x
    return deepcopy(x)
