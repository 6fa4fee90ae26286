"""Nodes of the graph (grad_fn): names, edges, hooks."""

from __future__ import annotations

import functools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from numtorch.jit.entries import inputs_of
from numtorch.jit.needs import wants_gradient
from numtorch.jit.nodes import Info
from numtorch.jit.ops.table import GradOp
from numtorch.jit.past import Kept
from numtorch.jit.record import GIVEN, INPUT_BASE, LINK, local
from numtorch.jit.usable import TWICE
from numtorch.jit.views import graph_of

from .._tensor import Tensor
from . import engine, saving
from .hooks import add_hook
from .names import name_of
from .saving import (
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    save_on_cpu,
    saved_hooks,  # noqa: F401
    saved_tensors_hooks,
)

if TYPE_CHECKING:
    from ..utils.hooks import RemovableHandle

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip

_nodes: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class Node:
    """The op that made a tensor, as autograd sees it: `name()`, `next_functions`, hooks.

    >>> import numtorch as torch
    >>> y = torch.tensor([1.0], requires_grad=True) * 2
    >>> y.grad_fn.name(), [node.name() for node, _ in y.grad_fn.next_functions if node]
    ('MulBackward0', ['torch::autograd::AccumulateGrad'])
    """

    def __init__(self, home, win, index: int):
        self._home, self._win, self._index = home, win, index
        self._metadata: dict | None = None
        self._next: tuple | None = None

    def _place(self):
        """The window's tape, or what was kept of it: both have entries, leaves, nodes, info."""
        if self._home is not None:
            return self._home
        tape = local.tape
        if tape.win is self._win:
            return tape
        past = self._win.past() if self._win.past is not None else None
        if past is None:
            raise RuntimeError(TWICE)
        self._home = past
        return past

    def _entry(self) -> tuple:
        place = self._place()
        e = place.entries[self._index]
        while e[0] is LINK:
            e = place.entries[e[3]]
        return e

    def name(self) -> str:
        """AddBackward0 for an addition."""
        e = self._entry()
        op, attrs = e[2][:2] if e[0] is GIVEN else (e[0], e[2])
        row = (op.op if op.__class__ is GradOp else op).name
        return name_of(row, attrs, e[3:], self._place())

    @property
    def next_functions(self) -> tuple:
        """The nodes of the operands, as pairs (node or None, which of its results)."""
        if self._next is None:
            place, e = self._place(), self._entry()
            inputs = inputs_of(e)
            if self.name() == "RsubBackward1":
                inputs = inputs[1:]
            self._next = tuple(_edge(place, i, self._win) for i in inputs)
        return self._next

    @property
    def metadata(self) -> dict:
        """For notes on this node; they live as long as the graph."""
        if self._metadata is None:
            self._metadata = {}
            self._shared_info().node = self
        return self._metadata

    def _shared_info(self) -> Info:
        place = self._place()
        info = place.info.setdefault(self._index, Info())
        built = getattr(place, "built", {})
        if self._index in built:
            built[self._index].info = info
        return info

    def _info(self) -> Info:
        info = self._shared_info()
        info.node = self
        if info.function is None:
            info.function = OpStop(info)
        return info

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(grad_inputs, grad_outputs) after the backward; it may replace the former."""
        return add_hook(self._info().function.after, hook)

    def register_prehook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(grad_outputs) before the backward; it may replace them."""
        return add_hook(self._info().function.before, hook)

    def __repr__(self) -> str:
        return f"<{self.name()} object at {hex(id(self))}>"


class AccumulateGrad(Node):
    """The end of the graph at a leaf, which is its `variable`."""

    next_functions = ()

    def __init__(self, leaf: Tensor):
        self._leaf = weakref.ref(leaf)
        self._metadata = {}

    @property
    def variable(self) -> Tensor | None:
        return self._leaf()

    def name(self) -> str:
        """torch::autograd::AccumulateGrad."""
        return "torch::autograd::AccumulateGrad"

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(grad_inputs, grad_outputs) when the leaf's .grad was added to."""
        from .hooks import register_post_accumulate_grad_hook

        return register_post_accumulate_grad_hook(self.variable, lambda t: hook((), (t.grad,)))

    def register_prehook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(grad_outputs) before the leaf's .grad is added to."""

        def on_gradient(g):
            new = hook((g,))
            return None if new is None else new[0]

        return self.variable.register_hook(on_gradient)

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {hex(id(self))}>"


def node_of(t: Tensor):
    """A tensor's grad_fn; its AccumulateGrad for a leaf that requires grad."""
    flag = t._flag()
    if flag == 1:
        found = t.__dict__.get("_accumulate")
        if found is None:
            found = t._accumulate = AccumulateGrad(t)
        return found
    if flag != 2:
        return None
    t = graph_of(t)
    tape = local.tape
    v = t._v
    if v.win is not tape.win and isinstance(t._node, Kept):
        return _of_kept(t._node)
    i = v.idx if v.win is tape.win else tape.input(t)
    if i < 0:
        return _of_kept(t._node if t._node is not None else tape.nodes[i])
    return _node(None, tape.win, i, tape.info)


def _of_kept(kept: Kept):
    return _node(kept.past, kept.past.win, kept.index, kept.past.info)


def _node(home, win, i: int, infos: dict):
    info = infos.get(i)
    if info is not None and info.node is not None:
        return info.node
    found = _nodes.get((id(win), i))
    if found is None:
        found = _nodes[id(win), i] = Node(home, win, i)
        found.__class__ = _class_named(found.name())
    return found


@functools.lru_cache(maxsize=1024)
def _class_named(name: str) -> type:
    """A class of nodes, which PyTorch has one of for each name."""
    return type(name, (Node,), {"__doc__": f"A node {name} of the graph."})


def _edge(place, i: int, win) -> tuple:
    """(node, 0) of an operand."""
    if i in place.leaves:
        return (node_of(place.leaves[i]), 0)
    if i in place.nodes:
        return (_of_kept(place.nodes[i]), 0)
    if i <= INPUT_BASE or i < 0:
        return (None, 0)
    e = place.entries[i]
    if e[0] is LINK:
        return _edge(place, e[3], win)
    flagged = e[0].__class__ is GradOp or (e[0] is GIVEN and e[2][0].__class__ is GradOp)
    if not flagged:
        return (None, 0)
    home = None if place is local.tape else place
    info = place.info.get(i)
    return (_node(home, win, i, place.info), info.output if info is not None else 0)


class OpStop:
    """An op whose gradients Python sees: for hooks on nodes, and for anomaly mode."""

    def __init__(self, info: Info):
        self.info = info
        self.before: dict = OrderedDict()
        self.after: dict = OrderedDict()
        self.check = False

    def operands(self, run, i: int) -> list[int]:
        """The operands' places on the tape."""
        return list(dict.fromkeys(run._down(i)))

    def release(self) -> None:
        """The graph was freed."""

    def gradients(self, run, i: int, g: Tensor) -> list[Tensor | None]:
        """The gradients that g gives to the operands."""
        return run.op_gradients(i, g)

    def run(self, run, i: int, parts: dict) -> list[Tensor | None]:
        """Gradients of the operands, as the hooks leave them."""
        grads = (parts.get(0),)
        if grads[0] is None:
            return [None] * len(self.operands(run, i))
        for hook in list(self.before.values()):
            new = hook(grads)
            if new is None:
                continue
            if not isinstance(new, (tuple, Tensor)):
                raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
            new = new if isinstance(new, tuple) else (new,)
            if len(new) != len(grads):
                name = getattr(hook, "__name__", type(hook).__name__)
                raise RuntimeError(
                    f"hook '{name}' has returned an incorrect number of values (got {len(new)}, "
                    f"but expected {len(grads)})"
                )
            grads = new
        if local.tape.win is not run.win:
            run.place()
            i = next(k for k, s in run.stops.items() if s.function is self)
        found = self.gradients(run, i, grads[0])
        return self._after(run, i, found, grads) if self.after else found

    def _after(self, run, i: int, found: list, grads: tuple) -> list:
        """The gradients of the operands after the hooks, which see one for each input."""
        operands = self.operands(run, i)
        of = dict(zip(operands, found))
        places = []
        for j in inputs_of(run.tape.entries[i]):
            c = run.canon(j) if j >= 0 or j <= INPUT_BASE else j
            told = c in of and c not in places and wants_gradient(run.tape, j)
            places.append(c if told else None)
        seen = tuple(None if c is None else of[c] for c in places)
        for hook in list(self.after.values()):
            new = hook(seen, grads)
            if new is None:
                continue
            if not isinstance(new, (tuple, Tensor)):
                raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
            new = new if isinstance(new, tuple) else (new,)
            if len(new) != len(seen):
                name = getattr(hook, "__name__", type(hook).__name__)
                raise RuntimeError(
                    f"hook '{name}' has returned an incorrect number of values (got {len(new)}, "
                    f"but expected {len(seen)})"
                )
            seen = new
        of.update((c, g) for c, g in zip(places, seen) if c is not None)
        return [of[c] for c in operands]


class PackedOp(OpStop):
    """An op whose gradient reads what unpack hooks return."""

    unpacks = True

    def __init__(self, info: Info):
        super().__init__(info)
        self.packed: dict[int, tuple] = {}  # operand (-1: the result) -> (unpack hook, packed)

    def gradients(self, run, i: int, g: Tensor) -> list[Tensor | None]:
        return saving.gradients(run, self, i, g)

    def release(self) -> None:
        self.packed = {}


class GradientEdge(tuple):
    """A node and the number of one of its results.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> edge = torch.autograd.graph.get_gradient_edge(x * 2)
    >>> edge.output_nr, edge.node.name()
    (0, 'MulBackward0')
    """

    def __new__(cls, node, output_nr: int = 0, ownership_token=None):
        edge = tuple.__new__(cls, (node, output_nr))
        edge.ownership_token = ownership_token
        return edge

    node = property(lambda self: self[0])
    output_nr = property(lambda self: self[1])


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where a tensor's gradient arrives in the graph.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> torch.autograd.graph.get_gradient_edge(x * 2).node.name()
    'MulBackward0'
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(node_of(tensor), 0, tensor)


def tensor_of(edge: GradientEdge) -> Tensor:
    """The tensor at an edge of the graph."""
    t = edge.ownership_token
    if t is None and isinstance(edge.node, AccumulateGrad):
        t = edge.node.variable
    if t is None:
        raise NotImplementedError(
            "numtorch needs the tensor of a gradient edge: make it with "
            "torch.autograd.graph.get_gradient_edge(tensor)"
        )
    return t


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Counts a write to a tensor (or several) that autograd did not see.

    >>> import numtorch as torch
    >>> x = torch.ones(2)
    >>> torch.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    from .modes import no_grad

    if not isinstance(tensor, (Tensor, Iterable)):
        raise RuntimeError("increment_version expect a Iterable[Tensor] as input")
    with no_grad():
        for t in [tensor] if isinstance(tensor, Tensor) else tensor:
            t.copy_(t.clone())


def register_multi_grad_hook(tensors, fn: Callable, *, mode: str = "all") -> MultiHandle:
    """Calls fn(grads) when the gradients of all tensors are known ('any': fn(grad), the first).

    >>> import numtorch as torch
    >>> x, y = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((x, y), lambda grads: print(grads))
    >>> (2 * x + 3 * y).sum().backward()
    [tensor([2.]), tensor([3.])]
    >>> handle.remove()
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = list(tensors)
    if not all(t.requires_grad for t in tensors):
        raise AssertionError("Expected gradient function to be set")
    lock, state = threading.Lock(), {"seen": {}, "run": None, "count": 0}

    def on(k: int):
        def hook(g: Tensor) -> None:
            run = engine.current()
            with lock:
                if state["run"] is None or state["run"]() is not run:
                    # Only those that this backward reaches are waited for.
                    state["run"], state["seen"] = weakref.ref(run), {}
                    state["count"] = sum(run.reaches(t) for t in tensors)
                state["seen"][k] = g
                first = len(state["seen"]) == 1
                full = len(state["seen"]) == state["count"]
                grads = [state["seen"].get(j) for j in range(len(tensors))]
            if mode == "any" and first:
                fn(g)
            elif mode == "all" and full:
                fn(grads)

        return hook

    handles = [t.register_hook(on(k)) for k, t in enumerate(tensors)]

    return MultiHandle(handles)


class MultiHandle:
    """Takes several hooks off together."""

    def __init__(self, handles: list):
        self.handles = handles

    def remove(self) -> None:
        """Takes the hooks off."""
        for h in self.handles:
            h.remove()

    def __enter__(self) -> MultiHandle:
        return self

    def __exit__(self, *exc) -> None:
        self.remove()
