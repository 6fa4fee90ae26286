"""Gradients: backward, grad, the modes that switch recording off, Function, hooks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from numtorch.jit import autograd as _jit
from numtorch.jit import record
from numtorch.jit.entries import inputs_of
from numtorch.jit.ops import OPS
from numtorch.jit.record import Storage, last_step, local, threads
from numtorch.jit.saved import known_value
from numtorch.jit.walk import leading

from .._tensor import Tensor
from . import (  # noqa: F401
    forward_ad,
    functional,
    graph,
    hooks,  # noqa: F401
)
from . import function as function
from . import modes as grad_mode  # noqa: F401
from .anomaly import (
    detect_anomaly,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_detect_anomaly,
)
from .engine import Run, index_of, places, run_hooks, stops_of
from .function import Function
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from .plain import plain_backward
from .variable import Variable

_ASSIGN, _AGAIN = OPS["assign"].grad_op, (OPS["replaced"].grad_op, OPS["joined"].grad_op)

__all__ = [
    "Function", "GradcheckError", "Variable", "backward", "detect_anomaly",
    "enable_grad", "forward_ad", "functional", "grad", "gradcheck", "gradgradcheck", "graph",
    "inference_mode", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_grad_enabled",
    "is_inference", "is_inference_mode_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip


def _no_graph(k: int) -> RuntimeError:
    return RuntimeError(
        f"element {k} of tensors does not require grad and does not have a grad_fn"
    )


def _check_root(root: Tensor, k: int) -> None:
    if not root.requires_grad:
        raise _no_graph(k)
    root._flag()


def _seed(root: Tensor, g: Tensor | None, k: int, batched: bool = False) -> Tensor | None:
    """The gradient of a root, checked; None stands for 1."""
    if g is None:
        if not root.requires_grad:
            return None
        if root.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if root.dtype.kind != "f":
            raise RuntimeError(
                f"grad can be implicitly created only for real scalar outputs but got {root.dtype}"
            )
        return None
    if not isinstance(g, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g.shape[1 if batched else 0 :] != root.shape:
        if batched:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                f"as the batch dimension. The sizes of the remaining dimensions are expected to "
                f"match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{k}] has a shape of {g.shape[1:]} and output[{k}] has a shape of "
                f"{root.shape}. If you only want some tensors in `grad_output` to be considered "
                "batched, consider using vmap."
            )
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{k}] has a shape of {g.shape} and output[{k}] has a "
            f"shape of {root.shape}."
        )
    if g.dtype is not root.dtype:
        if (g.dtype.kind == "c") != (root.dtype.kind == "c"):
            raise RuntimeError(
                "For complex Tensors, both grad_output and output are required to have the same "
                f"dtype. Mismatch in dtype: grad_output[{k}] has a dtype of {g.dtype} and "
                f"output[{k}] has a dtype of {root.dtype}."
            )
        g = g.to(root.dtype)
    return g


def _seeds(roots: list, grads, batched: bool = False) -> list[tuple[Tensor, Tensor | None]]:
    """Pairs of a root and its gradient."""
    if grads is None:
        grads = [None] * len(roots)
    elif isinstance(grads, Tensor):
        grads = [grads]
    grads = list(grads)[: len(roots)]  # PyTorch takes no notice of further ones
    if len(grads) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(grads)} gradients")
    return [(r, _seed(r, g, k, batched)) for k, (r, g) in enumerate(zip(roots, grads))]


def _list(x) -> list:
    if isinstance(x, graph.GradientEdge):
        return [graph.tensor_of(x)]
    if isinstance(x, Tensor):
        return [x]
    return [graph.tensor_of(t) if isinstance(t, graph.GradientEdge) else t for t in x]


def run_backward(root: Tensor, gradient, retain_graph, create_graph: bool, inputs) -> None:
    """Tensor.backward."""
    tape = local.tape
    if gradient is None and inputs is None and not retain_graph and not create_graph:
        outer, tape.grad = tape.grad, False
        try:
            done = plain_backward(tape, root)
        finally:
            tape.grad = outer
        if done:
            if len(tape.handles) >= tape.limit:
                tape.flush()
            return
    backward(root, gradient, retain_graph, create_graph, inputs=inputs)


def backward(
    tensors, grad_tensors=None, retain_graph: bool | None = None, create_graph: bool = False,
    grad_variables=None, inputs=None,
) -> None:  # fmt: skip
    """Adds the gradients of the tensors' sum to the .grad of the leaves, or of `inputs`.

    `grad_tensors` has one gradient for each tensor; None will do for tensors of one element.
    Raises RuntimeError for tensors without a graph, or with one that was freed.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> torch.autograd.backward(3 * x, torch.tensor([1.0, 10.0]))
    >>> x.grad
    tensor([ 3., 30.])
    """
    roots = _list(tensors)
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    if inputs is not None:
        inputs = _list(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
        for t in inputs:
            if not t.requires_grad:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            t._flag()
    retain = create_graph if retain_graph is None else bool(retain_graph)
    tape = local.tape
    outer, tape.grad = tape.grad, False
    try:
        pairs = _seeds(roots, grad_tensors)
        for k, (root, _) in enumerate(pairs):
            _check_root(root, k)
        if pairs:
            run = Run(pairs, create_graph, inputs is not None)
            _accumulate_all(run, inputs, retain, create_graph)
    finally:
        tape.grad = outer
    if len(tape.handles) >= tape.limit:
        tape.flush()


def _accumulate_all(run: Run, inputs, retain: bool, create: bool) -> None:
    # The flag goes off again: hooks and Functions may have set it.
    try:
        found = run.gradients(lambda walk: _targets(walk, inputs))
    except RuntimeError as e:
        if inputs is None and not create and hasattr(e, "place"):
            _add_all(_before(run, e.place), None, False)
        raise
    if not retain:
        run.release()
    _add_all(found, inputs, create)


def _before(run: Run, place: int) -> list[tuple]:
    """The gradients that are known when backward comes to an op that it can't pass."""
    walk, tape = run.walk, local.tape
    if tape.win is not run.win or stops_of(tape, walk):
        return []
    end, entries = walk.order(place), tape.entries
    rest = [k for k in walk.needed if k >= 0 and walk.order(k) <= end]
    later = {i for k in rest for i in inputs_of(entries[k])}
    targets = _targets(walk, None)
    open_ = {id(t) for t, i in targets if i in later}  # more is to come for these leaves
    wanted = [
        (t, i) for t, i in targets
        if (id(t) not in open_ if t._rg == 1 else i >= 0 and walk.order(i) >= end)
    ]  # fmt: skip
    seeds = [None if s is None else index_of(s) for _, s in run.roots]
    grads = run._entry(list(zip(run.at, seeds)), list(dict.fromkeys(i for _, i in wanted)), ())
    return [(t, grads.get(i)) for t, i in wanted]


def _add_all(found, inputs, create: bool) -> None:
    """Adds gradients to .grad."""
    total: dict[int, tuple] = {}
    local.tape.grad = create
    for t, g in found:
        if g is not None:
            before = total.get(id(t))
            total[id(t)] = (t, g if before is None else before[1] + g)
    if threads.count > 1:
        local.tape.flush()  # so that adding them is short
    for t, g in total.values():
        if inputs is None and t._rg != 1 and not t._retains_grad:
            if t._flag() == 2:
                raise RuntimeError("leaf variable has been moved into the graph interior")
            continue  # its requires_grad was switched off
        info = t._info if t._rg == 1 else None
        if info is not None and info.hooks:
            g = run_hooks(info.hooks, g)
        if threads.count > 1:
            with record.flush_lock:  # a pending sum would miss what other threads add
                _accumulate(t, g, create)
                local.tape.flush()
        else:
            _accumulate(t, g, create)
        if info is not None:
            for hook in list(info.after.values()):
                hook(t)


def _targets(walk, inputs) -> list[tuple[Tensor, int]]:
    """The tensors whose gradients a backward wants, with their places."""
    tape = local.tape
    if inputs is not None:
        found = [(t, i) for t in inputs for i in places(t, walk)]
    else:
        found = [(tape.leaves[i], i) for i in sorted(walk.needed) if i in tape.leaves]
    return found + _retaining(walk, {i for _, i in found})


def _retaining(walk, chosen: set[int]) -> list[tuple[Tensor, int]]:
    """The tensors in the graph that keep their gradients, and are not chosen anyway."""
    tape, found = local.tape, []
    for i in sorted(walk.needed):
        own = i >= 0 and not _replaces(tape, i)
        h = tape.handles[i] if own else None
        h = tape.keepers[i]() if i in tape.keepers else h
        if h.__class__ is Storage:
            owners = (a for a in (r() for r in h.aliases) if a is not None and a._view is None)
            h = next((a for a in owners if a._retains_grad), None)
        if i in chosen or not isinstance(h, Tensor) or not h._retains_grad:
            continue
        at = last_step(tape, h, i) if h._v.lost else h._v.idx == i
        if at or i in tape.keepers:
            found.append((h, i))
    return found


def _replaces(tape, i: int) -> bool:
    """True for a value that another one's graph goes on in: that has the gradient."""
    e = tape.entries[i]
    while e[0] is _ASSIGN and e[4] >= 0:
        e = tape.entries[e[4]]
    return e[0] in _AGAIN


def _accumulate(t: Tensor, g: Tensor, create: bool) -> None:
    if t._grad is None:
        t._grad = g if g.shape == t.shape or t._rg != 1 else _fitted(t, g)
    elif create or g.is_sparse or t._grad.is_sparse:
        t._grad = g + t._grad if t._grad.is_sparse and not g.is_sparse else t._grad + g
    else:
        t._grad.add_(g)


def _fitted(t: Tensor, g: Tensor) -> Tensor:
    """A gradient of a leaf whose .data has another shape now, copied to that shape."""
    from .. import empty

    return empty(t.shape, dtype=g.dtype).copy_(g)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph: bool | None = None,
    create_graph: bool = False, only_inputs: bool = True, allow_unused: bool | None = None,
    is_grads_batched: bool = False, materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """Gradients of the sum of outputs with respect to the inputs, as a tuple.

    With is_grads_batched the first dim of each grad_output is a batch, and so is that of each
    result. Inputs that the outputs do not depend on raise RuntimeError unless allow_unused (None)
    or materialize_grads (zeros). A dict of inputs gives a dict of gradients.

    >>> import numtorch as torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> torch.autograd.grad(x * x, x)
    (tensor(6.),)
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning, stacklevel=2,
        )  # fmt: skip
    if isinstance(inputs, dict):
        found = grad(outputs, tuple(inputs.values()), grad_outputs, retain_graph, create_graph,
                     True, allow_unused, is_grads_batched, materialize_grads)  # fmt: skip
        return dict(zip(inputs, found))
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    roots, inputs = _list(outputs), _list(inputs)
    if not all(isinstance(t, Tensor) for t in roots):
        raise AssertionError("Expected output to be a torch.Tensor")
    for t in inputs:
        if not isinstance(t, Tensor):
            raise RuntimeError(
                "all inputs have to be Tensors or GradientEdges, but got "
                f"{type(t).__name__}"
            )
    if not inputs and isinstance(inputs, Sequence):
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    retain = create_graph if retain_graph is None else bool(retain_graph)
    if is_grads_batched:
        return _batched_grad(roots, inputs, grad_outputs, retain, create_graph, allow_unused,
                             materialize_grads)  # fmt: skip
    tape = local.tape
    outer, tape.grad = tape.grad, False
    total: list[Tensor | None] = [None] * len(inputs)
    try:
        pairs = _seeds(roots, grad_outputs)
        for k, (root, _) in enumerate(pairs):
            _check_root(root, k)
        for t in inputs:
            if not t.requires_grad:
                raise RuntimeError("One of the differentiated Tensors does not require grad")
            t._flag()
        if pairs:
            run = Run(pairs, create_graph, True)
            found = run.gradients(
                lambda w: _wanted(w, inputs)
            )
            if not retain:
                run.release()
            tape.grad = create_graph
            for j, part in found:
                if j.__class__ is not int:
                    if part is not None:
                        _accumulate(j, part, True)
                elif part is not None:
                    total[j] = part if total[j] is None else total[j] + part
            for j, t in enumerate(inputs):
                if t._rg == 1 and t._info is not None and t._info.hooks and total[j] is not None:
                    total[j] = run_hooks(t._info.hooks, total[j])
    finally:
        tape.grad = outer
    if len(tape.handles) >= tape.limit:
        tape.flush()
    return _unused(total, inputs, allow_unused, materialize_grads)


def _wanted(walk, inputs: list) -> list:
    """Where the inputs' gradients are, by number, and those that tensors on the way keep."""
    found = [(j, i) for j, t in enumerate(inputs) for i in places(t, walk)]
    kept = _retaining(walk, set())
    if kept:
        ends = {i for _, i in found}
        way = ends | leading(local.tape, walk, ends)
        entries = local.tape.entries
        found += [
            (t, i) for t, i in kept
            if i in way or (i >= 0 and known_value(entries[i]) in way)
        ]  # fmt: skip
    return found


def _batched_grad(roots, inputs, seeds, retain, create, allow_unused, materialize):
    from ..func import vmap

    given = [seeds] if isinstance(seeds, Tensor) else list(seeds or ())
    pairs = _seeds(roots, given, True)
    present: list[int] = []

    def one(*g):
        found = grad(roots, inputs, g, True, create, allow_unused=True)
        present[:] = [k for k, x in enumerate(found) if x is not None]
        return tuple(found[k] for k in present)

    out = vmap(one)(*[g for _, g in pairs])
    total: list[Tensor | None] = [None] * len(inputs)
    for k, g in zip(present, out):
        total[k] = g
    if not retain:
        _release(roots)
    if materialize:
        n = given[0].shape[0]
        from .. import zeros

        return tuple(
            zeros((n, *t.shape), dtype=t.dtype) if g is None else g for t, g in zip(inputs, total)
        )
    return _unused(total, inputs, allow_unused, False)


def _release(roots: list[Tensor]) -> None:
    tape = local.tape
    _jit.release(tape, _jit.reach(tape, [index_of(r) for r in roots]))


def _unused(total, inputs, allow_unused, materialize):
    if materialize:
        from .. import zeros_like

        return tuple(zeros_like(t) if g is None else g for t, g in zip(inputs, total))
    for k, g in enumerate(total):
        if g is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {k} appears to not have been used in the "
                "graph. Set allow_unused=True if this is the desired behavior."
            )
    return tuple(total)


def __getattr__(name: str):
    """The profiler is imported when it is asked for."""
    if name in ("profiler", "profiler_util"):
        import importlib

        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
