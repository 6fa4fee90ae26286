"""Hooks of modules: before and after the forward, before and after the backward, on registration.

A module without hooks pays one attribute lookup a call (`_hooked`); the dicts of hooks of an
instance are made when the first one is registered. Hooks of all modules live in GLOBAL.
"""

from __future__ import annotations

import types
import warnings
from collections import OrderedDict
from collections.abc import Callable

from ..._tensor import Tensor
from ...autograd import Function, is_grad_enabled
from ...utils.hooks import RemovableHandle, add

KINDS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
_FLAGS = ("_forward_hooks_with_kwargs", "_forward_hooks_always_called",
          "_forward_pre_hooks_with_kwargs")  # fmt: skip
_EMPTY = types.MappingProxyType({})


class GLOBAL:
    """Hooks that every module runs, before its own."""

    _forward_pre_hooks, _forward_hooks = OrderedDict(), OrderedDict()
    _backward_pre_hooks, _backward_hooks = OrderedDict(), OrderedDict()
    _forward_hooks_with_kwargs, _forward_hooks_always_called = OrderedDict(), OrderedDict()
    registration = {kind: OrderedDict() for kind in ("buffer", "module", "parameter")}
    full: bool | None = None  # whether the backward hooks are full ones; None: there are none yet


_MIXED = (
    "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use "
    "only one of them."
)


class ModuleHooks:
    """The part of Module that registers hooks and runs a call with them."""

    _hooked = False  # any hook, of this module or of all: the slow call
    _is_full_backward_hook: bool | None = None
    _forward_pre_hooks = _forward_hooks = _backward_pre_hooks = _backward_hooks = _EMPTY
    _forward_hooks_with_kwargs = _forward_hooks_always_called = _EMPTY
    _forward_pre_hooks_with_kwargs = _EMPTY

    def _add_hook(self, kind: str, hook: Callable, prepend: bool = False, *flags: str):
        d = self.__dict__
        if "_hooked" not in d:
            d.update({name: OrderedDict() for name in (*KINDS, *_FLAGS)})
            d["_hooked"] = True
        return add(d[kind], hook, prepend, [d[name] for name in flags])

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, args) before each forward; what it returns replaces the arguments.

        with_kwargs: hook(module, args, kwargs), which returns None or (args, kwargs).
        """
        flags = ("_forward_pre_hooks_with_kwargs",) if with_kwargs else ()
        return self._add_hook("_forward_pre_hooks", hook, prepend, *flags)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:  # fmt: skip
        """Calls hook(module, args, output) after each forward; what it returns is the output.

        with_kwargs: hook(module, args, kwargs, output). always_call: also when forward raises
        (with None for the output).

        >>> import numtorch as torch
        >>> double = torch.nn.Identity()
        >>> handle = double.register_forward_hook(lambda module, args, output: output * 2)
        >>> double(torch.tensor([1, 2]))
        tensor([2, 4])
        """
        flags = ("_forward_hooks_with_kwargs",) if with_kwargs else ()
        flags += ("_forward_hooks_always_called",) if always_call else ()
        return self._add_hook("_forward_hooks", hook, prepend, *flags)

    def register_full_backward_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, grad_output) before the backward; it may return other gradients."""
        return self._add_hook("_backward_pre_hooks", hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Calls hook(module, grad_input, grad_output) when the inputs' gradients are known.

        Both are tuples with an entry for each positional argument (each output), None for what is
        no tensor; what the hook returns replaces grad_input. Without an input that requires grad
        it is called when the gradients of the outputs are known.

        >>> import numtorch as torch
        >>> layer = torch.nn.Identity()
        >>> handle = layer.register_full_backward_hook(lambda module, gin, gout: (gin[0] * 10,))
        >>> x = torch.ones(2, requires_grad=True)
        >>> layer(x).sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        if self._is_full_backward_hook is False:
            raise RuntimeError(_MIXED)
        self._is_full_backward_hook = True
        return self._add_hook("_backward_hooks", hook, prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """The old backward hook: it sees the gradients of the operation that made the output."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(_MIXED)
        self._is_full_backward_hook = False
        return self._add_hook("_backward_hooks", hook)

    # -- the call with hooks

    def _call_hooked(self, args: tuple, kwargs: dict):
        called: set[int] = set()
        try:
            return self._run_hooked(args, kwargs, called)
        except Exception:
            self._run_always_called(args, kwargs, called)
            raise

    def _run_hooked(self, args: tuple, kwargs: dict, called: set[int]):
        args, kwargs = self._run_pre_hooks(args, kwargs)
        before = [*GLOBAL._backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
        full, old = self._split_backward_hooks()
        seam = _Seam(self, full, before) if full or before else None
        if seam is not None:
            args = seam.inputs(args)
        result = self.forward(*args, **kwargs)
        for hook_id, hook in [*GLOBAL._forward_hooks.items(), *self._forward_hooks.items()]:
            called.add(hook_id)
            found = self._run_forward_hook(hook_id, hook, args, kwargs, result)
            result = result if found is None else found
        if seam is not None:
            result = seam.outputs(result)
        if old:
            self._attach_old(old, args, result)
        return result

    def _run_pre_hooks(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        for hook in list(GLOBAL._forward_pre_hooks.values()):
            found = hook(self, args)
            if found is not None:
                args = found if isinstance(found, tuple) else (found,)
        for hook_id, hook in list(self._forward_pre_hooks.items()):
            if hook_id in self._forward_pre_hooks_with_kwargs:
                found = hook(self, args, kwargs)
                if found is None:
                    continue
                if not (isinstance(found, tuple) and len(found) == 2):
                    raise RuntimeError(
                        "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {found}."
                    )
                args, kwargs = found
            else:
                found = hook(self, args)
                if found is not None:
                    args = found if isinstance(found, tuple) else (found,)
        return args, kwargs

    def _run_forward_hook(self, hook_id: int, hook, args: tuple, kwargs: dict, result):
        for place in (GLOBAL._forward_hooks_with_kwargs, self._forward_hooks_with_kwargs):
            if hook_id in place:
                return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _run_always_called(self, args: tuple, kwargs: dict, called: set[int]) -> None:
        """After an exception: the hooks that asked for it and did not run yet."""
        for hooks, flagged, what in (
            (GLOBAL._forward_hooks, GLOBAL._forward_hooks_always_called, "global module"),
            (self._forward_hooks, self._forward_hooks_always_called, "module"),
        ):
            for hook_id, hook in list(hooks.items()):
                if hook_id not in flagged or hook_id in called:
                    continue
                try:
                    self._run_forward_hook(hook_id, hook, args, kwargs, None)
                except Exception as e:
                    warnings.warn(
                        f"{what} forward hook with ``always_call=True`` raised an exception that "
                        f"was silenced as another error was raised in forward: {e}", stacklevel=4,
                    )  # fmt: skip

    def _split_backward_hooks(self) -> tuple[list, list]:
        """(full hooks, hooks of the old kind)."""
        found: dict[bool, list] = {True: [], False: []}
        if GLOBAL._backward_hooks:
            found[bool(GLOBAL.full)] += GLOBAL._backward_hooks.values()
        if self._backward_hooks:
            found[bool(self._is_full_backward_hook)] += self._backward_hooks.values()
        return found[True], found[False]

    def _attach_old(self, hooks: list, args: tuple, result) -> None:
        first = result
        while not isinstance(first, Tensor):
            if isinstance(first, dict):
                first = next(v for v in first.values() if isinstance(v, Tensor))
            else:
                first = first[0]
        node = first.grad_fn
        if node is None:
            return
        for hook in hooks:
            node.register_hook(lambda gin, gout, hook=hook: hook(self, gin, gout))
        _warn_old(args, result, node)


def _warn_old(args: tuple, result, node) -> None:
    text = None
    results = result if isinstance(result, tuple) else (result,)
    if not all(isinstance(r, Tensor) for r in results):
        text = (
            "Using non-full backward hooks on a Module that does not return a single Tensor or a "
            "tuple of Tensors is deprecated"
        )
    elif not (isinstance(args, tuple) and all(isinstance(a, Tensor) for a in args)):
        text = (
            "Using non-full backward hooks on a Module that does not take as input a single Tensor "
            "or a tuple of Tensors is deprecated"
        )
    elif len(results) > 1:
        text = (
            "Using a non-full backward hook when outputs are generated by different autograd Nodes "
            "is deprecated"
        )
    elif {n for n, _ in node.next_functions if n} != {a.grad_fn for a in args if a.grad_fn}:
        text = (
            "Using a non-full backward hook when the forward contains multiple autograd Nodes is "
            "deprecated"
        )
    if text is not None:
        warnings.warn(
            f"{text} and will be removed in future versions. This hook will be missing some "
            "grad_input. Please use register_full_backward_hook to get the documented behavior.",
            FutureWarning, stacklevel=5,
        )  # fmt: skip


class _Pass(Function):
    """Hands tensors through; the backward calls `see(gradients)`, which may replace them."""

    @staticmethod
    def forward(ctx, see, *tensors):
        ctx.see = see
        ctx.set_materialize_grads(False)
        out = tuple(t.view_as(t) for t in tensors)
        ctx.mark_non_differentiable(*[o for o, t in zip(out, tensors) if not t.requires_grad])
        return out

    @staticmethod
    def backward(ctx, *grads):
        return None, *ctx.see(grads)


class _Seam:
    """Between a module and what surrounds it: collects gradients for the full backward hooks."""

    def __init__(self, module, hooks: list, before: list):
        self.module, self.hooks, self.before = module, hooks, before
        self.grad_outputs: tuple | None = None
        self.input_places: list[int] | None = None  # None: no input requires grad
        self.input_count = 0

    def _through(self, values: tuple, see: Callable) -> tuple[tuple, list[int] | None]:
        places = [k for k, v in enumerate(values) if isinstance(v, Tensor)]
        tensors = [values[k] for k in places]
        if not (any(t.requires_grad for t in tensors) and is_grad_enabled()):
            return values, None
        changed = list(values)
        for k, t in zip(places, _Pass.apply(lambda grads: see(grads, places), *tensors)):
            changed[k] = t
        kind = type(values)
        return (tuple(changed) if kind is tuple else kind(*changed)), places

    def inputs(self, args: tuple) -> tuple:
        """The arguments, as views whose gradients the hooks see last."""
        self.input_count = len(args)
        self._given = args
        args, self.input_places = self._through(args, self._see_inputs)
        return args

    def outputs(self, result):
        """The result, as views whose gradients the hooks see first."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}", stacklevel=5,
            )  # fmt: skip
        single = not isinstance(result, tuple)
        values = (result,) if single else result
        self.output_count = len(values)
        values, _ = self._through(values, self._see_outputs)
        return values[0] if single else values

    def _see_outputs(self, grads: tuple, places: list[int]) -> tuple:
        found = _spread(grads, places, self.output_count)
        for hook in self.before:
            changed = hook(self.module, found)
            found = _replaced(found, changed, "Backward pre hook", "grad_output")
        self.grad_outputs = found
        if self.input_places is None:
            self._without_inputs()
        return tuple(found[k] for k in places)

    def _without_inputs(self) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See "
            "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.", stacklevel=6,
        )  # fmt: skip
        nothing = (None,) * self.input_count
        for hook in self.hooks:
            found = hook(self.module, nothing, self.grad_outputs)
            if found is not None and not (
                isinstance(found, tuple) and all(g is None for g in found)
            ):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None

    def _see_inputs(self, grads: tuple, places: list[int]) -> tuple:
        if self.grad_outputs is None:  # the gradient did not come through the module's output
            return grads
        from ..._creation import zeros_like

        grads = [zeros_like(self._given[k]) if g is None else g for k, g in zip(places, grads)]
        found = _spread(grads, places, self.input_count)
        for hook in self.hooks:
            changed = hook(self.module, found, self.grad_outputs)
            found = _replaced(found, changed, "Backward hook", "grad_input")
        self.grad_outputs = None
        return tuple(found[k] for k in places)


def _replaced(found: tuple, changed, who: str, what: str) -> tuple:
    """Gradients after a hook: its own if it returned any, which must be as many."""
    if changed is None:
        return found
    changed = (changed,) if isinstance(changed, Tensor) else changed
    if len(changed) != len(found):
        raise RuntimeError(
            f"{who} returned an invalid number of {what}, got {len(changed)}, but expected "
            f"{len(found)}"
        )
    return tuple(changed)


def _spread(grads, places: list[int], count: int) -> tuple:
    out = [None] * count
    for k, g in zip(places, grads):
        out[k] = g
    return tuple(out)


# -- hooks of all modules


def _register(kind: str, hook: Callable, *flags: str) -> RemovableHandle:
    ModuleHooks._hooked = True
    return add(getattr(GLOBAL, kind), hook, marks=[getattr(GLOBAL, name) for name in flags])


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(module, args) before the forward of every module.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_forward_pre_hook(lambda m, args: print(args[0].shape))
    >>> y = torch.nn.Flatten()(torch.zeros(2, 3))
    torch.Size([2, 3])
    >>> handle.remove()
    """
    return _register("_forward_pre_hooks", hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Calls hook(module, args, output) after the forward of every module.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_forward_hook(lambda m, args, out: print(type(m).__name__))
    >>> y = torch.nn.Flatten()(torch.zeros(2, 3))
    Flatten
    >>> handle.remove()
    """
    flags = ("_forward_hooks_with_kwargs",) if with_kwargs else ()
    flags += ("_forward_hooks_always_called",) if always_call else ()
    return _register("_forward_hooks", hook, *flags)


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(module, grad_output) before the backward of every module.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_full_backward_pre_hook(lambda m, grad: print(grad))
    >>> torch.nn.Flatten(0)(torch.ones(2, requires_grad=True)).sum().backward()
    (tensor([1., 1.]),)
    >>> handle.remove()
    """
    return _register("_backward_pre_hooks", hook)


def _register_backward(hook: Callable, full: bool) -> RemovableHandle:
    if GLOBAL.full is (not full):
        raise RuntimeError(_MIXED.replace("on a single Module", "as global Module hooks"))
    GLOBAL.full = full
    return _register("_backward_hooks", hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(module, grad_input, grad_output) in the backward of every module.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> hook = lambda m, grad_input, grad_output: print(grad_output)
    >>> handle = module.register_module_full_backward_hook(hook)
    >>> torch.nn.Flatten(0)(torch.ones(2, requires_grad=True)).sum().backward()
    (tensor([1., 1.]),)
    >>> handle.remove()
    """
    return _register_backward(hook, True)


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """The old backward hook, for every module.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_backward_hook(lambda m, given, grad: print(grad))
    >>> layer = torch.nn.Tanh()
    >>> layer(torch.zeros(2, requires_grad=True)).sum().backward()
    (tensor([1., 1.]),)
    >>> handle.remove()
    """
    return _register_backward(hook, False)


def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(module, name, buffer) for every buffer; what it returns is registered.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_buffer_registration_hook(lambda m, name, t: print(name))
    >>> torch.nn.Module().register_buffer("mean", torch.zeros(2))
    mean
    >>> handle.remove()
    """
    return add(GLOBAL.registration["buffer"], hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(module, name, submodule) for every submodule; what it returns is registered.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_module_registration_hook(lambda m, name, child: print(name))
    >>> net = torch.nn.Sequential(torch.nn.Flatten())
    0
    >>> handle.remove()
    """
    return add(GLOBAL.registration["module"], hook)


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(module, name, parameter) for every parameter; what it returns is registered.

    >>> import numtorch as torch
    >>> from numtorch.nn.modules import module
    >>> handle = module.register_module_parameter_registration_hook(lambda m, name, w: print(name))
    >>> layer = torch.nn.Linear(2, 3)
    weight
    bias
    >>> handle.remove()
    """
    return add(GLOBAL.registration["parameter"], hook)


def on_registration(kind: str, module, name: str, value):
    """The value as the registration hooks leave it."""
    for hook in list(GLOBAL.registration[kind].values()):
        found = hook(module, name, value)
        value = value if found is None else found
    return value
