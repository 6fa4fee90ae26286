"""Gradients: backward, grad, and the modes that switch recording off."""

from __future__ import annotations

import functools

from numtorch.jit import autograd as _engine
from numtorch.jit.record import local

from .._tensor import Tensor
from .plain import plain_backward

__all__ = [
    "backward", "enable_grad", "grad", "gradcheck", "gradgradcheck", "inference_mode",
    "is_grad_enabled", "no_grad", "set_grad_enabled",
]  # fmt: skip


class set_grad_enabled:
    """Switches gradient recording at once, and back at the end of a `with` block.

    >>> import numtorch as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode: bool):
        self.mode = bool(mode)
        self.outer = local.tape.grad
        local.tape.grad = self.mode

    def __enter__(self) -> None:
        local.tape.grad = self.mode

    def __exit__(self, *exc) -> None:
        local.tape.grad = self.outer

    def __call__(self, function):
        local.tape.grad = self.outer
        return _decorate(function, self.mode)


class _Mode:
    enabled = False

    def __new__(cls, function=None):
        self = object.__new__(cls)
        return _decorate(function, cls.enabled) if callable(function) else self

    def __init__(self, mode: bool = True):
        self.outer: list[bool] = []

    def __enter__(self) -> None:
        self.outer.append(local.tape.grad)
        local.tape.grad = self.enabled

    def __exit__(self, *exc) -> None:
        local.tape.grad = self.outer.pop()

    def __call__(self, function):
        return _decorate(function, self.enabled)


class no_grad(_Mode):
    """Context or decorator: ops are not recorded for gradients."""


class inference_mode(_Mode):
    """Like no_grad."""


class enable_grad(_Mode):
    """Context or decorator: ops are recorded for gradients."""

    enabled = True


def _decorate(function, mode: bool):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        tape = local.tape
        outer, tape.grad = tape.grad, mode
        try:
            return function(*args, **kwargs)
        finally:
            tape.grad = outer

    return wrapped


def is_grad_enabled() -> bool:
    """True if ops are recorded for gradients."""
    return local.tape.grad


NO_GRAPH = "element 0 of tensors does not require grad and does not have a grad_fn"


def _seed(root: Tensor, gradient) -> Tensor | None:
    if gradient is None:
        if root.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        return None
    if gradient.shape != root.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {gradient.shape} and output[0] has "
            f"a shape of {root.shape}."
        )
    return gradient


def _index(t: Tensor) -> int:
    tape = local.tape
    return t._v.idx if t._v.win is tape.win else tape.input(t)


def _places(t: Tensor, walk) -> list[int]:
    """Indices of a tensor on the tape; several if its memory is shared with NumPy."""
    tape = local.tape
    own, node = _index(t), t._node

    def is_t(i: int) -> bool:
        return tape.leaves.get(i) is t or (node is not None and tape.nodes.get(i) is node)

    return [own] + [i for i in walk.inputs if i != own and is_t(i)]


def _run(root: Tensor, seed: Tensor | None, targets, retain: bool, create: bool):
    """Records the backward entry; `targets(walk)` gives the tensors whose gradients are wanted."""
    tape = local.tape
    if root._rg == 0:
        raise RuntimeError(NO_GRAPH)
    if root._node is not None and root._node.freed and root._v.win is not tape.win:
        raise RuntimeError(_engine.TWICE)
    at = _index(root)
    g = None if seed is None else _index(seed)
    walk = _engine.reach(tape, [at])
    _engine.check_usable(tape, walk)
    wanted = targets(walk)
    found = [i for _, i in wanted if i in walk.needed]
    grads = {}
    if found:
        indices = _engine.gradients(tape, at, g, found, create)
        for i, k in zip(found, indices):
            grads[i] = _result(k, create)
    if not retain:
        _engine.release(tape, walk)
    return [(t, grads.get(i)) for t, i in wanted]


def _result(k: int, create: bool) -> Tensor:
    tape = local.tape
    t = object.__new__(Tensor)
    t._v = tape._lazy(tape.entries[k][1], k)
    t._rg = 2 if create else 0
    tape.handles[k] = t
    return t


def run_backward(root: Tensor, gradient, retain_graph, create_graph: bool, inputs) -> None:
    """Tensor.backward."""
    tape = local.tape
    retain = create_graph if retain_graph is None else retain_graph

    def targets(walk):
        if inputs is not None:
            wanted = [inputs] if isinstance(inputs, Tensor) else inputs
            return [(t, i) for t in wanted for i in _places(t, walk)]
        found = [(tape.leaves[i], i) for i in sorted(walk.needed) if i in tape.leaves]
        for i in sorted(walk.needed):
            h = tape.handles[i] if i >= 0 else None
            h = tape.keepers[i]() if i in tape.keepers else h
            if isinstance(h, Tensor) and h._retains_grad and (i in tape.keepers or h._v.idx == i):
                found.append((h, i))
        return found

    outer, tape.grad = tape.grad, False
    try:
        plain = gradient is None and inputs is None and not retain and not create_graph
        if not plain or not plain_backward(tape, root):
            _backward(root, gradient, targets, retain, create_graph)
    finally:
        tape.grad = outer
    if len(tape.handles) >= tape.limit:
        tape.flush()


def _backward(root: Tensor, gradient, targets, retain: bool, create_graph: bool) -> None:
    seed = _seed(root, gradient)
    results = _run(root, seed, targets, retain, create_graph)
    local.tape.grad = create_graph
    for t, g in results:
        if g is not None:
            _accumulate(t, g, create_graph)


def _accumulate(t: Tensor, g: Tensor, create: bool) -> None:
    if t._grad is None:
        t._grad = g
    elif create:
        t._grad = t._grad + g
    else:
        t._grad.add_(g)


def backward(
    tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None
) -> None:
    """Adds gradients of the tensors to the leaves."""
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    grads = [grad_tensors] if isinstance(grad_tensors, Tensor) else grad_tensors
    grads = grads or [None] * len(tensors)
    for k, (t, g) in enumerate(zip(tensors, grads)):
        keep = retain_graph or create_graph or k + 1 < len(tensors)
        run_backward(t, g, keep, create_graph, inputs)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False,
    allow_unused=None, is_grads_batched=False, materialize_grads=False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """Gradients of the sum of outputs with respect to the inputs, as a tuple.

    >>> import numtorch as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.grad(x * x, x)
    (tensor(6.),)
    """
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    seeds = [grad_outputs] if isinstance(grad_outputs, Tensor) else grad_outputs
    seeds = list(seeds) if seeds else [None] * len(outputs)
    retain = create_graph if retain_graph is None else retain_graph
    for t in inputs:
        if not t.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    tape = local.tape
    total: list[Tensor | None] = [None] * len(inputs)
    outer = tape.grad
    for k, (root, g) in enumerate(zip(outputs, seeds)):
        tape.grad = False
        try:
            seed = _seed(root, g)
            keep = retain or k + 1 < len(outputs)
            found = _run(
                root, seed, lambda w: [(j, i) for j, t in enumerate(inputs) for i in _places(t, w)],
                keep, create_graph,
            )  # fmt: skip
            tape.grad = create_graph
            for j, part in found:
                if part is not None:
                    total[j] = part if total[j] is None else total[j] + part
        finally:
            tape.grad = outer
    if len(tape.handles) >= tape.limit:
        tape.flush()
    return _unused(total, inputs, allow_unused, materialize_grads)


def _unused(total, inputs, allow_unused, materialize):
    if materialize:
        from .._creation import zeros_like

        return tuple(zeros_like(t) if g is None else g for t, g in zip(inputs, total))
    if any(g is None for g in total) and not allow_unused:
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is the desired behavior."
        )
    return tuple(total)


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, **_) -> bool:
    """Compares gradients with central differences; float64 inputs."""
    from .checks import gradcheck as check

    return check(func, inputs, eps, atol, rtol, raise_exception)


def gradgradcheck(
    func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, **_
) -> bool:
    """gradcheck of the gradient function: second derivatives."""
    from .checks import gradgradcheck as check

    return check(func, inputs, grad_outputs, eps, atol, rtol, raise_exception)
