"""torch.autograd.Function: an op whose forward and backward are Python."""

from __future__ import annotations

import functools
import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from numtorch.jit.nodes import Info
from numtorch.jit.ops import OPS
from numtorch.jit.record import GIVEN, local
from numtorch.jit.usable import TWICE, stale_text

from .._tensor import Tensor
from .modes import enable_grad, no_grad

if TYPE_CHECKING:
    from ..utils.hooks import RemovableHandle

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "NestedIOFunction", "once_differentiable"]


class _Saved:
    """A tensor kept for the backward: the tensor and its version, or the number of a result."""

    __slots__ = ("value", "version", "output", "wrapped", "unpack")

    def __init__(self, value: Tensor, output: int | None, hooks):
        self.output, self.wrapped, self.unpack = output, None, None
        self.version = value._version
        self.value = value
        if hooks is not None:
            pack, self.unpack = hooks
            self.value = pack(value if output is None else value.detach())


class FunctionCtx:
    """What a Function's forward hands to its backward; also the grad_fn of its results.

    >>> import numtorch as torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return 2 * ctx.saved_tensors[0] * grad
    >>> x = torch.tensor([1.0, 3.0], requires_grad=True)
    >>> Square.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 6.])
    """

    def __init__(self):
        self._to_save: tuple = ()
        self._saved: list = []
        self._dirty: tuple = ()
        self._blocked: tuple = ()
        self._materialize = True
        self._released = False
        self.needs_input_grad: tuple = ()
        self.metadata: dict = {}
        self._next: tuple = ()

    # -- for forward and setup_context

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors (inputs or results, or None) for the backward, with their versions."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type "
                    f"{type(t).__name__}"
                )
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keeps tensors for `jvp`."""
        self._to_save = self._to_save or tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Says which inputs forward changed in place; they must be returned."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Says which results have no gradient."""
        self._blocked = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: missing gradients come to backward as None and not as zeros."""
        self._materialize = bool(value)

    to_save = property(lambda self: self._to_save, doc="What save_for_backward was given.")
    dirty_tensors = property(lambda self: self._dirty, doc="What mark_dirty was given.")
    non_differentiable = property(
        lambda self: self._blocked, doc="What mark_non_differentiable was given."
    )
    materialize_grads = property(
        lambda self: self._materialize, lambda self, value: self.set_materialize_grads(value),
        doc="What set_materialize_grads was given.",
    )  # fmt: skip

    # -- for backward

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What save_for_backward kept; RuntimeError if freed or overwritten since."""
        if self._released and self._to_save:
            raise RuntimeError(TWICE)
        return tuple(map(self._unpack, self._saved))

    saved_variables = saved_tensors

    def _unpack(self, s: _Saved | None) -> Tensor | None:
        if s is None:
            return None
        if s.unpack is not None:
            return s.unpack(s.value)
        whole = s.value
        if s.output is not None:
            found = s.wrapped() if s.wrapped is not None else None
            whole = found if found is not None else s.value
        if whole._version != s.version:
            raise RuntimeError(_version_text(whole, s.version))
        return whole

    def maybe_clear_saved_tensors(self) -> None:
        """Drops what was kept."""
        self.release()

    def release(self) -> None:
        """The graph was freed."""
        self._released = True
        self._saved = []

    # -- as grad_fn

    def name(self) -> str:
        """MyFunctionBackward."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple:
        """The graph nodes of the inputs: pairs of node and result number."""
        return self._next

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(grad_inputs, grad_outputs) after the backward; it may replace the former."""
        from .hooks import add_hook

        return add_hook(self.__dict__.setdefault("_post_hooks", OrderedDict()), hook)

    def register_prehook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(grad_outputs) before the backward; it may replace them."""
        from .hooks import add_hook

        return add_hook(self.__dict__.setdefault("_pre_hooks", OrderedDict()), hook)

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{self.name()} object at {hex(id(self))}>"


def _version_text(t: Tensor, expected: int) -> str:
    fn = t.grad_fn
    text = stale_text(t._v.meta, fn.name().removesuffix("Backward0") if fn else None)
    return text.replace(
        "is at version 1; expected version 0", f"is at version {t._version}; expected version "
        f"{expected}",
    )  # fmt: skip


class _Application:
    """One call of a Function, as the engine sees it."""

    def __init__(self, cls, ctx: FunctionCtx, args: tuple):
        self.cls, self.ctx = cls, ctx
        self.positions = [k for k, a in enumerate(args) if isinstance(a, Tensor)]
        self.count = len(args)
        self.metas = [args[k]._v.meta for k in self.positions]
        self.outputs: list = []  # metas of the results

    def operands(self, run, i: int) -> list[int]:
        """The inputs' places on the tape."""
        e = run.tape.entries[i]
        return [run.canon(j) for j in (e[3:] if e[0] is GIVEN else e[4:])]

    def release(self) -> None:
        """The graph was freed."""
        self.ctx.release()

    def run(self, run, i: int, parts: dict[int, Tensor | None]) -> list[Tensor | None]:
        """Gradients of the tensor inputs, from those of the results."""
        ctx = self.ctx
        grads = []
        for k, m in enumerate(self.outputs):
            g = parts.get(k)
            if g is None and ctx._materialize and m is not None:
                from .. import zeros

                g = zeros(m.shape, dtype=m.dtype)
            grads.append(g)
        for hook in list(getattr(ctx, "_pre_hooks", {}).values()):
            new = hook(tuple(grads))
            grads = list(new) if new is not None else grads
        found = _backward_of(self.cls)(ctx, *grads)
        found = self._checked(found if isinstance(found, tuple) else (found,))
        for hook in list(getattr(ctx, "_post_hooks", {}).values()):
            new = hook(tuple(found), tuple(grads))
            found = list(new) if new is not None else found
        return found

    def _checked(self, found: tuple) -> list[Tensor | None]:
        name = self.ctx.name()
        if len(found) > self.count and all(g is None for g in found[self.count :]):
            found = found[: self.count]
        if len(found) != self.count:
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected "
                f"{self.count}, got {len(found)})"
            )
        for k, g in enumerate(found):
            if g is not None and k not in self.positions:
                raise RuntimeError(
                    f"function {name} returned a gradient different than None at position {k + 1}, "
                    "but the corresponding forward input was not a Variable"
                )
        out = []
        for n, (k, m) in enumerate(zip(self.positions, self.metas)):
            g = found[k]
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
            needed = self.ctx.needs_input_grad[k]
            out.append(_fitted(g, m, name, n) if g is not None and needed else None)
        return out


def _fitted(g: Tensor, m, name: str, n: int) -> Tensor:
    """A gradient summed and cast to its input's shape and dtype."""
    shape, want = tuple(g.shape), tuple(m.shape)
    if shape != want:
        lead = len(shape) - len(want)
        fits = lead >= 0 and all(a == b or b == 1 for a, b in zip(shape[max(lead, 0) :], want))
        if not fits:
            raise RuntimeError(
                f"Function {name} returned an invalid gradient at index {n} - got {list(shape)} "
                f"but expected shape compatible with {list(want)}"
            )
        dims = [d for d in range(len(shape)) if d < lead or want[d - lead] != shape[d]]
        g = g.sum(tuple(dims), True).reshape(want)
    return g if g.dtype is m.dtype else g.to(m.dtype)


def _backward_of(cls) -> Callable:
    both = cls.backward is not Function.backward and cls.vjp is not Function.vjp
    if both:
        raise RuntimeError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
            "should only implement one of them."
        )
    return cls.vjp if cls.vjp is not Function.vjp else cls.backward


class Function:
    """Base of ops whose gradient is written in Python.

    Subclasses define static methods: `forward(ctx, *args)`, or `forward(*args)` with
    `setup_context(ctx, inputs, output)`; and `backward(ctx, *grads)`, which returns one gradient
    (or None) for each argument of forward. They are called by `apply`.

    >>> import numtorch as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         return g * 2
    >>> x = torch.ones(2, requires_grad=True)
    >>> Double.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """

    generate_vmap_rule = False
    _ctx_class: type | None = None

    def __init__(self, *args, **kwargs):
        import warnings

        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning, stacklevel=2,
        )  # fmt: skip

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Computes the op; to be defined by subclasses."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx, inputs: tuple, output):
        """Keeps what backward needs, where forward takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """Gradients of the arguments of forward, given those of its results."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def vjp(ctx, *grad_outputs):
        """Another name of backward."""
        raise NotImplementedError("vjp is not implemented.")

    @staticmethod
    def jvp(ctx, *grad_inputs):
        """Derivatives of the results, given those of the arguments."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @staticmethod
    def vmap(info, in_dims, *args):
        """The op on a batch: (results, their batch dims)."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap static method "
            "or set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args, **kwargs):
        """Calls forward and records backward. Takes positional arguments of any type."""
        tape = local.tape
        if tape.levels:
            from ..func.custom import apply_in_vmap

            found = apply_in_vmap(cls, args)
            if found is not NotImplemented:
                return found
        return _apply(cls, args, kwargs)


def _apply(cls, args: tuple, kwargs: dict):
    if cls.__dict__.get("_ctx_class") is None:
        cls._ctx_class = type(cls.__name__ + "Backward", (FunctionCtx,), {})
    ctx = cls._ctx_class()
    tensors = [a for a in args if isinstance(a, Tensor)]
    ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
    tape = local.tape
    record = tape.grad and any(ctx.needs_input_grad)
    with no_grad():
        if cls.setup_context is not Function.setup_context:
            raw = cls.forward(*args, **kwargs)
            cls.setup_context(ctx, args, raw)
        else:
            raw = cls.forward(ctx, *args, **kwargs)
    results = raw if isinstance(raw, tuple) else (raw,)
    _check_dirty(ctx, results)
    call = _Application(cls, ctx, args)
    out = []
    for k, r in enumerate(results):
        blocked = not isinstance(r, Tensor) or any(r is b for b in ctx._blocked)
        if not blocked and record and r.dtype.differentiable:
            call.outputs.append(r._v.meta)
            out.append(_result(call, k, r, tensors))
        else:
            call.outputs.append(r._v.meta if isinstance(r, Tensor) else None)
            out.append(_plain(r, tensors, ctx))
    _keep(ctx, results, out, record)
    if record:
        _link(ctx, args)
    return tuple(out) if isinstance(raw, tuple) else out[0]


def _check_dirty(ctx: FunctionCtx, results: tuple) -> None:
    for d in ctx._dirty:
        if not any(d is r for r in results):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as "
                "output. The inputs that are modified inplace must all be outputs of the Function."
            )
        if d._rg == 1 and local.tape.grad:
            raise RuntimeError(
                "a leaf Variable that requires grad has been used in an in-place operation."
            )


def _result(call: _Application, k: int, r: Tensor, tensors: list[Tensor]) -> Tensor:
    """A result with its place in the graph."""
    tape = local.tape
    limit, tape.limit = tape.limit, sys.maxsize
    t = tape.record(OPS["function"], (r, *tensors))
    info = Info()
    info.function, info.output = call, k
    info.node = call.ctx
    tape.info[t._v.idx] = info
    if any(r is d for d in call.ctx._dirty):
        tape.write(r, t)
        t = r
    if tape.limit == sys.maxsize:
        tape.limit = limit
    return t


def _plain(r, tensors: list[Tensor], ctx: FunctionCtx):
    """A result without a gradient."""
    if not isinstance(r, Tensor) or any(r is d for d in ctx._dirty):
        return r
    return r.detach() if r._rg and any(r is t for t in tensors) else r


def _keep(ctx: FunctionCtx, results: tuple, out: list, record: bool) -> None:
    from .graph import saved_hooks

    hooks = saved_hooks()
    for t in ctx._to_save:
        if t is None:
            ctx._saved.append(None)
            continue
        at = next((k for k, r in enumerate(results) if r is t), None)
        s = _Saved(t, at if at is not None and out[at] is not t else None, hooks)
        if s.output is not None and isinstance(out[at], Tensor):
            s.wrapped, s.version = weakref.ref(out[at]), out[at]._version
            if s.unpack is None and any(t is d for d in ctx._dirty):
                s.value = t.detach()
        ctx._saved.append(s)


def _link(ctx: FunctionCtx, args: tuple) -> None:
    from .graph import node_of

    ctx._next = tuple(
        (node_of(a), 0) if isinstance(a, Tensor) and a.requires_grad else (None, 0)
        for a in args if isinstance(a, Tensor)
    )  # fmt: skip


def once_differentiable(backward: Callable) -> Callable:
    """Decorator of a backward that can't be differentiated: a second derivative raises.

    >>> import numtorch as torch
    >>> class Twice(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     @torch.autograd.function.once_differentiable
    ...     def backward(ctx, grad):
    ...         return grad * 2
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> torch.autograd.grad(Twice.apply(x).sum(), x)
    (tensor([2.]),)
    """

    @functools.wraps(backward)
    def wrapped(ctx, *args):
        with no_grad():
            found = backward(ctx, *args)
        if not local.tape.grad:
            return found
        tracked = [a for a in args if isinstance(a, Tensor) and a.requires_grad]
        if not tracked:
            return found
        results = found if isinstance(found, tuple) else (found,)
        with enable_grad():
            out = tuple(
                _Refuse.apply(g.detach().requires_grad_()) if isinstance(g, Tensor) else g
                for g in results
            )
        return out if isinstance(found, tuple) else out[0]

    return wrapped


class _Refuse(Function):
    @staticmethod
    def forward(ctx, g):
        return g

    @staticmethod
    def backward(ctx, *_):
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


class InplaceFunction(Function):
    """PyTorch's older base class of Functions that may write to their inputs.

    >>> import numtorch as torch
    >>> torch.autograd.function.InplaceFunction(inplace=True).inplace
    True
    """

    def __init__(self, inplace: bool = False):
        self.inplace = inplace


NestedIOFunction = Function
