"""Checkpoints: parts of a forward pass that are computed again for the backward, not kept."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable

from numtorch.jit import autograd as _jit
from numtorch.jit.record import local

from .. import _autocast
from .._random import default_generator
from .._tensor import Tensor
from ..autograd import Function, backward, enable_grad
from ..autograd import grad as _grad
from ..autograd.engine import index_of
from ..func._tree import flatten, unflatten

__all__ = [
    "CheckpointError", "CheckpointFunction", "check_backward_validity", "checkpoint",
    "checkpoint_sequential", "detach_variable", "noop_context_fn",
]  # fmt: skip


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function did not do what the first one did.

    >>> import numtorch as torch
    >>> issubclass(torch.utils.checkpoint.CheckpointError, RuntimeError)
    True
    """


def noop_context_fn() -> tuple:
    """Two contexts that do nothing.

    >>> import numtorch as torch
    >>> len(torch.utils.checkpoint.noop_context_fn())
    2
    """
    return contextlib.nullcontext(), contextlib.nullcontext()


def detach_variable(inputs: tuple) -> tuple:
    """The tensors without their graph, requiring grad as before.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True) * 2
    >>> detached = torch.utils.checkpoint.detach_variable((x,))[0]
    >>> detached.is_leaf, detached.requires_grad
    (True, True)
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: ",
            type(inputs).__name__,
        )
    return tuple(_detached(x) for x in inputs)


def _detached(x):
    if not isinstance(x, Tensor):
        return x
    return x.detach().requires_grad_(x.requires_grad)


def check_backward_validity(inputs) -> None:
    """Warns if no input requires grad.

    >>> import numtorch as torch
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     torch.utils.checkpoint.check_backward_validity([torch.zeros(2)])
    >>> len(caught)
    0
    """
    if not any(isinstance(x, Tensor) and x.requires_grad for x in inputs):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2
        )


class _Randomness:
    """The default generator as it was; a block in which it is so again."""

    def __init__(self):
        self.state = (default_generator._seed, default_generator.counter)

    def __enter__(self) -> None:
        self.outer = (default_generator._seed, default_generator.counter)
        default_generator._seed, default_generator.counter = self.state

    def __exit__(self, *exc) -> None:
        default_generator._seed, default_generator.counter = self.outer


class _Precision:
    """Autocast as it was; a block in which it is so again."""

    def __init__(self):
        state = _autocast.state
        self.enabled, self.dtype = _autocast.is_enabled("cpu"), _autocast.get_dtype("cpu")
        self.cache = state.cache_enabled

    def __enter__(self) -> None:
        if self.enabled or _autocast.is_enabled("cpu"):
            from ..amp import autocast

            self.block = autocast("cpu", self.dtype, self.enabled, self.cache)
            self.block.__enter__()
        else:
            self.block = contextlib.nullcontext()

    def __exit__(self, *exc) -> None:
        self.block.__exit__(*exc)


class CheckpointFunction(Function):
    """The reentrant kind: a backward of its own runs inside of the backward."""

    @staticmethod
    def forward(ctx, run_function, preserve_rng_state, *args):
        """Runs the function without recording."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.random = _Randomness() if preserve_rng_state else contextlib.nullcontext()
        ctx.precision = _Precision()
        ctx.args = [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [k for k, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*[args[k] for k in ctx.places])
        return run_function(*args)

    @staticmethod
    def backward(ctx, *grads):
        """Runs the function again, with recording, and its backward."""
        inputs = list(ctx.args)
        for k, t in zip(ctx.places, ctx.saved_tensors):
            inputs[k] = t
        inputs = detach_variable(tuple(inputs))
        with ctx.random, ctx.precision, enable_grad():
            outs = ctx.run_function(*inputs)
        outs = (outs,) if isinstance(outs, Tensor) else outs
        pairs = [
            (o, g) for o, g in zip(outs, grads) if isinstance(o, Tensor) and o.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *(x.grad if isinstance(x, Tensor) else None for x in inputs))


class _Recompute(Function):
    """The other kind: gradients go on to the arguments and to all leaves that the function uses."""

    @staticmethod
    def forward(ctx, again, values, *tensors):
        ctx.again = again
        ctx.save_for_backward(*tensors)
        return values

    @staticmethod
    def backward(ctx, *grads):
        tensors = ctx.saved_tensors
        outs, inputs = ctx.again(tensors)
        pairs = [
            (o, g) for o, g in zip(outs, grads) if isinstance(o, Tensor) and o.requires_grad
        ]
        if not pairs:
            return (None, None, *(None for _ in tensors))
        wanted = [x for x in inputs if x.requires_grad]
        create = local.tape.grad
        found = iter(_grad([o for o, _ in pairs], wanted, [g for _, g in pairs], allow_unused=True,
                           create_graph=create, retain_graph=True))  # fmt: skip
        return (None, None, *(next(found) if x.requires_grad else None for x in inputs))


def _leaves_of(outs: list[Tensor], own: list[Tensor]) -> list[Tensor]:
    """The leaves that the outputs depend on through gradients, but for `own`."""
    tape = local.tape
    roots = [index_of(o) for o in outs if o.requires_grad]
    if not roots:
        return []
    walk = _jit.reach(tape, roots)
    mine = {id(t) for t in own}
    found = {id(tape.leaves[i]): tape.leaves[i] for i in sorted(walk.needed) if i in tape.leaves}
    return [t for key, t in found.items() if key not in mine]


def checkpoint(
    function: Callable, *args, use_reentrant: bool | None = None,
    context_fn: Callable = noop_context_fn, determinism_check: str = "default",
    debug: bool = False, early_stop: bool = True, **kwargs,
) -> object:  # fmt: skip
    """function(*args, **kwargs), whose inner values are computed again in the backward.

    use_reentrant=True runs a backward inside of the backward (autograd.grad does not work with
    it); False is recommended. preserve_rng_state (default True): random numbers come out the same.

    >>> import numtorch as torch
    >>> from numtorch.utils.checkpoint import checkpoint
    >>> x = torch.ones(2, requires_grad=True)
    >>> checkpoint(torch.exp, x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([2.7183, 2.7183])
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an "
            "exception. use_reentrant=False is recommended, but if you need to preserve the "
            "current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.", stacklevel=2,
        )  # fmt: skip
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in ("default", "none"):
        raise ValueError(
            f"determinism_check should be one of 'default' or 'none' but got {determinism_check}"
        )
    return _checkpoint(function, args, kwargs, preserve, context_fn, determinism_check)


def _checkpoint(function, args, kwargs, preserve: bool, context_fn, check: str):
    random = _Randomness() if preserve else contextlib.nullcontext()
    precision = _Precision()
    forward_context, again_context = context_fn()
    flat, spec = flatten((args, kwargs))
    if not local.tape.grad:
        with forward_context:
            return function(*args, **kwargs)
    at = [k for k, a in enumerate(flat) if isinstance(a, Tensor)]

    def run(tensors, context):
        values = list(flat)
        for k, t in zip(at, tensors):
            values[k] = t
        given, named = unflatten(values, spec)
        with context, enable_grad():
            return function(*given, **named)

    own = [_detached(flat[k]) for k in at]
    out = run(own, forward_context)
    leaves, out_spec = flatten(out)
    outs = [o for o in leaves if isinstance(o, Tensor)]
    used = _leaves_of(outs, own)
    metas = [(tuple(o.shape), o.dtype) for o in outs]

    def again(tensors):
        # With create_graph the graph goes on above the inputs.
        link = local.tape.grad
        inputs = [
            t.view_as(t) if link and t.requires_grad else _detached(t) for t in tensors[: len(at)]
        ]
        with random, precision:
            found = [o for o in flatten(run(inputs, again_context))[0] if isinstance(o, Tensor)]
        if check == "default" and [(tuple(o.shape), o.dtype) for o in found] != metas:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                "different metadata than during the forward pass."
            )
        return found, [*inputs, *tensors[len(at) :]]

    values = tuple(o.detach() for o in outs)
    results = iter(_Recompute.apply(again, values, *[flat[k] for k in at], *used))
    return unflatten([next(results) if isinstance(o, Tensor) else o for o in leaves], out_spec)


def checkpoint_sequential(
    functions, segments: int, input, use_reentrant: bool | None = None, **kwargs
) -> object:
    """A Sequential (or list) of modules in `segments` checkpoints; the last part is not one.

    >>> import numtorch as torch
    >>> net = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Tanh(), torch.nn.Tanh())
    >>> x = torch.zeros(3, requires_grad=True)
    >>> y = torch.utils.checkpoint.checkpoint_sequential(net, 2, x, use_reentrant=False)
    >>> y.sum().backward()
    >>> x.grad
    tensor([1., 1., 1.])
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. In version 2.9 we will raise an exception if use_reentrant is not "
            "passed. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
            "the differences between the two variants.", stacklevel=2,
        )  # fmt: skip
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    functions = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def part(start: int, end: int) -> Callable:
        def run(x):
            for f in functions[start : end + 1]:
                x = f(x)
            return x

        return run

    size, end = len(functions) // segments, -1
    for start in range(0, size * (segments - 1), size):
        end = start + size - 1
        input = checkpoint(part(start, end), input, use_reentrant=use_reentrant,
                           preserve_rng_state=preserve)  # fmt: skip
    return part(end + 1, len(functions) - 1)(input)


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool):
    """Accepted: the second run is recorded, and only what the gradients need of it is computed.

    >>> import numtorch as torch
    >>> with torch.utils.checkpoint.set_checkpoint_early_stop(False):
    ...     y = torch.utils.checkpoint.checkpoint(torch.sum, torch.ones(3), use_reentrant=False)
    >>> y
    tensor(3.)
    """
    yield


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None):
    """Accepted: a CheckpointError always says all that is known.

    >>> import numtorch as torch
    >>> with torch.utils.checkpoint.set_checkpoint_debug_enabled(False):
    ...     y = torch.utils.checkpoint.checkpoint(torch.sum, torch.ones(3), use_reentrant=False)
    >>> y
    tensor(3.)
    """
    yield
