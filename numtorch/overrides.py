"""Classes that take torch's functions over: subclasses of Tensor, and `__torch_function__`.

A plain tensor pays nothing for the protocol: nothing here runs until a program defines a subclass
of Tensor. Then the class gets `Overridable` in Tensor's place among its bases, whose methods and
attributes hand every call to `__torch_function__`, and the functions of this package that are
plain Python (`nn.functional`) and the operators of Tensor begin to look at their operands.

>>> import numtorch as torch
>>> class Named(torch.Tensor):
...     @classmethod
...     def __torch_function__(cls, func, types, args=(), kwargs=None):
...         print(func.__name__)
...         return super().__torch_function__(func, types, args, kwargs)
>>> x = torch.ones(2).as_subclass(Named)
>>> type(x + 1).__name__
add
'Named'
"""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Callable, Iterable
from typing import Any

from ._tensor import Tensor, dense_types, members, plain_function, tensor_types


class _State(threading.local):
    disabled = 0  # depth of `DisableTorchFunctionSubclass`


_state = _State()


class DisableTorchFunctionSubclass:
    """A context in which subclasses of Tensor do not take functions over."""

    def __enter__(self) -> None:
        _state.disabled += 1

    def __exit__(self, *exc) -> None:
        _state.disabled -= 1


# -- who takes over


def overriding(values: Iterable, found: list | None = None) -> list:
    """The values, and members of lists among them, whose classes take functions over.

    One of each class, subclasses before the classes that they come from, else in order.
    """
    found = [] if found is None else found
    for v in values:
        kind = v.__class__
        if kind in tensor_types:
            continue
        if kind in (tuple, list):
            overriding(v, found)
        elif _overrides(kind) and not any(type(f) is kind for f in found):
            at = next((k for k, f in enumerate(found) if issubclass(kind, type(f))), len(found))
            found.insert(at, v)
    return found


def _overrides(kind: type) -> bool:
    takes = getattr(kind, "__torch_function__", None)
    if takes is None or takes is plain_function:
        return False
    return not (_state.disabled and issubclass(kind, Overridable))


class Unclaimed(TypeError):
    """No class among the operands knows a function."""


def dispatch(func: Callable, found: list, args: tuple, kwargs: dict) -> Any:
    """What the first of the values' classes that knows `func` makes of it."""
    kinds = tuple(type(v) for v in found)
    for v in found:
        result = type(v).__torch_function__(func, kinds, args, kwargs)
        if result is not NotImplemented:
            return result
    lines = "".join(
        f"\n\n  - tensor subclass {k}" if issubclass(k, Tensor) else f"\n\n  - {k}" for k in kinds
    )
    raise Unclaimed(
        f"Multiple dispatch failed for '{resolve_name(func) or func.__qualname__}'; all "
        f"__torch_function__ handlers returned NotImplemented:{lines}"
    )


def default(cls, func: Callable, kinds: tuple, args: tuple = (), kwargs: dict | None = None) -> Any:
    """Tensor.__torch_function__: the function as it is, its tensors as tensors of `cls`."""
    if not all(issubclass(cls, k) for k in kinds):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        result = func(*args, **(kwargs or {}))
        return result if cls is Tensor or func in _unwrapped() else _as(result, cls, args)


def _as(result, cls: type, args: tuple):
    if isinstance(result, Tensor):
        if isinstance(result, cls):
            return result
        if result.__class__ is not Tensor or any(result is a for a in args):
            return result.as_subclass(cls)
        result.__class__ = cls
        return result
    if isinstance(result, (tuple, list)):
        made = (_as(r, cls, args) for r in result)
        return type(result)._make(made) if hasattr(result, "_make") else type(result)(made)
    return result


# -- the hidden base of subclasses

# Operators that PyTorch hands over under another name.
_NAMES = {
    "__add__": "add", "__radd__": "add", "__iadd__": "add_", "__sub__": "sub", "__isub__": "sub_",
    "__mul__": "mul", "__rmul__": "mul", "__imul__": "mul_", "__ne__": "ne", "__lt__": "lt",
    "__le__": "le", "__gt__": "gt", "__ge__": "ge", "__matmul__": "matmul", "__truediv__": "div",
    "__itruediv__": "div_", "__div__": "div", "__idiv__": "div_", "__neg__": "neg",
    "__abs__": "abs", "__pos__": "positive", "__mod__": "remainder", "__imod__": "remainder_",
    "__ifloordiv__": "floor_divide_", "__rtruediv__": "__rdiv__", "__rand__": "bitwise_and",
    "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "__pow__": "pow", "__ipow__": "pow_",
}  # fmt: skip
_KEPT = {
    "__new__", "__init__", "__init_subclass__", "__torch_function__", "__getattribute__",
    "__setattr__", "__delattr__", "__class__", "__dir__", "as_subclass",
}  # fmt: skip


def _wrapper(name: str, plain: Callable) -> Callable:
    """A method of `Overridable`: the class of the operands decides, else `plain` runs."""

    @functools.wraps(plain)
    def method(self, *args, **kwargs):
        if _state.disabled:
            return plain(self, *args, **kwargs)
        given = (self, *args)
        if name[:3] == "__r" and args and isinstance(args[0], Tensor):
            straight = "__" + name[3:]  # Python asks a subclass first, PyTorch's do not differ
            if straight in members():
                return getattr(args[0], straight)(self)
        try:
            return dispatch(public(name), overriding(given) or [self], given, kwargs)
        except Unclaimed:
            if name[:2] == "__":
                return NotImplemented  # the operator's error names both classes
            raise

    return method


@functools.cache
def public(name: str) -> Callable:
    """What a class is told that a method or operator of Tensor is."""
    called = _NAMES.get(name, name)
    f = getattr(Tensor, called)
    if f.__name__ != called and isinstance(f, types.FunctionType):
        f.__name__ = called
    return f


class _Property:
    """An attribute of `Overridable`; what is handed over is the property's getter or setter."""

    def __init__(self, name: str, plain: property):
        self.name, self.plain, self.__doc__ = name, plain, plain.__doc__

    def __get__(self, obj, kind=None):
        if obj is None:
            return self
        if _state.disabled:
            return self.plain.fget(obj)
        return dispatch(_accessor(self.name, "__get__"), [obj], (obj,), {})

    def __set__(self, obj, value) -> None:
        if self.plain.fset is None:
            raise AttributeError(f"attribute '{self.name}' of 'Tensor' objects is not writable")
        if _state.disabled:
            return self.plain.fset(obj, value)
        dispatch(_accessor(self.name, "__set__"), [obj], (obj, value), {})

    def __delete__(self, obj) -> None:
        if self.plain.fdel is None:
            raise AttributeError(f"attribute '{self.name}' of 'Tensor' objects can't be deleted")
        self.plain.fdel(obj)


@functools.cache
def _accessor(name: str, kind: str) -> Callable:
    """Tensor.shape.__get__ and its like: one object per attribute."""
    return getattr(members()[name], kind)


@functools.cache
def _unwrapped() -> frozenset:
    return frozenset(_accessor(name, "__get__") for name in ("_base", "grad"))


class Overridable(Tensor, internal=True):
    """Stands for Tensor among the bases of a subclass."""


def adopt(cls: type) -> None:
    """Makes a new subclass of Tensor one that takes functions over."""
    _enable()
    cls.__bases__ = tuple(Overridable if b is Tensor else b for b in cls.__bases__)
    dense_types.add(cls)


# -- what changes when the first subclass is defined


@functools.cache
def _enable() -> None:
    for name, attribute in list(members().items()):
        public = not name.startswith("_") or name.endswith("__") or name in ("_base", "_version")
        if not public or name in _KEPT:
            continue
        if isinstance(attribute, property):
            setattr(Overridable, name, _Property(name, attribute))
        elif isinstance(attribute, types.FunctionType):
            setattr(Overridable, name, _wrapper(name, attribute))
    for name in _operators():
        setattr(Tensor, name, _looking(name, members()[name]))
    _functions()


def _operators() -> list[str]:
    from ._api import REGISTRY
    from ._methods import BINARY_OPERATORS, IN_PLACE

    written = [f"{f.short}_" for f in REGISTRY.values() if f.inplace]
    return [*BINARY_OPERATORS, *IN_PLACE, "__matmul__", "__pow__", *dict.fromkeys(written)]


def _looking(name: str, plain: Callable) -> Callable:
    """An operator or in-place op of plain tensors whose other operands may take it over."""

    @functools.wraps(plain)
    def method(self, *others, **kwargs):
        found = [v for v in overriding(others) if isinstance(v, Overridable)]
        if not found:
            return plain(self, *others, **kwargs)
        return dispatch(public(name), found, (self, *others), kwargs)

    return method


def _functions() -> None:
    """Functions that are not declared by a schema begin to look at their operands."""
    import numtorch

    from . import autograd, nn
    from ._api import REGISTRY

    declared = {id(f.public) for f in REGISTRY.values()}
    wrapped: dict[int, Callable] = {}
    autograd.grad, autograd.backward = _overridable(autograd.grad), _overridable(autograd.backward)
    for module in (nn.functional, numtorch):
        for name, f in list(vars(module).items()):
            if name.startswith("_") or type(f) is not types.FunctionType or id(f) in declared:
                continue
            if name not in IGNORED and f.__module__.startswith("numtorch"):
                wrapped.setdefault(id(f), _overridable(f))
                setattr(module, name, wrapped[id(f)])
    for layer in vars(nn).values():
        held = vars(layer).get("_function") if isinstance(layer, type) else None
        if isinstance(held, staticmethod) and id(held.__func__) in wrapped:
            layer._function = staticmethod(wrapped[id(held.__func__)])


def _overridable(f: Callable) -> Callable:
    from .sparse._base import SparseTensor

    @functools.wraps(f)
    def looking(*args, **kwargs):
        found = overriding((*args, *kwargs.values()))
        # Sparse tensors, which are the library's own, are among what the function expects.
        if all(isinstance(v, SparseTensor) for v in found):
            return f(*args, **kwargs)
        return dispatch(looking, found, args, kwargs)

    return looking


# Functions of torch that no class takes over: they make tensors, or are about the library.
IGNORED = frozenset((
    "as_tensor", "asarray", "tensor", "from_numpy", "frombuffer", "from_dlpack", "to_dlpack",
    "arange", "empty", "eye", "full", "linspace", "logspace", "ones", "zeros", "rand", "randn",
    "randint", "randperm", "compile", "load", "save", "manual_seed", "seed", "initial_seed",
    "is_tensor", "is_storage", "typename", "vmap", "printoptions", "broadcast_shapes",
    "sparse_coo_tensor", "sparse_csr_tensor", "sparse_csc_tensor", "set_printoptions",
    "get_printoptions", "get_rng_state", "set_rng_state", "is_grad_enabled",
    "is_inference_mode_enabled", "is_anomaly_enabled", "is_anomaly_check_nan_enabled",
    "get_num_threads", "set_num_threads", "get_num_interop_threads", "set_num_interop_threads",
    "get_default_dtype", "set_default_dtype", "set_default_tensor_type", "get_default_device",
    "set_default_device", "set_flush_denormal", "use_deterministic_algorithms",
    "is_autocast_enabled", "are_deterministic_algorithms_enabled", "get_device_module", "recorder",
    "with_out", "must_be_tensor", "user_location",
))  # fmt: skip


# -- the public functions of torch.overrides


def has_torch_function(relevant_args: Iterable) -> bool:
    """Whether the class of an argument takes functions over.

    >>> import numtorch as torch
    >>> torch.overrides.has_torch_function((torch.ones(2), 1))
    False
    """
    return bool(overriding(tuple(relevant_args)))


def has_torch_function_unary(value) -> bool:
    """`has_torch_function` of one argument.

    >>> import numtorch as torch
    >>> torch.overrides.has_torch_function_unary(torch.ones(2))
    False
    """
    return bool(overriding((value,)))


def has_torch_function_variadic(*values) -> bool:
    """`has_torch_function` of several arguments.

    >>> import numtorch as torch
    >>> torch.overrides.has_torch_function_variadic(torch.ones(2), torch.zeros(1).to_sparse())
    True
    """
    return bool(overriding(values))


def handle_torch_function(public_api: Callable, relevant_args: Iterable, *args, **kwargs) -> Any:
    """What `__torch_function__` of the relevant arguments makes of a function.

    TypeError if none of their classes knows it.

    >>> import numtorch as torch
    >>> class Loud:
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         return func.__name__.upper()
    >>> def mine(x):
    ...     if torch.overrides.has_torch_function_unary(x):
    ...         return torch.overrides.handle_torch_function(mine, (x,), x)
    >>> Loud.__torch_function__ = classmethod(Loud.__torch_function__)
    >>> mine(Loud())
    'MINE'
    """
    return dispatch(public_api, overriding(tuple(relevant_args)), args, kwargs)


def is_tensor_like(inp) -> bool:
    """True for tensors and for objects whose class has `__torch_function__`.

    >>> import numtorch as torch
    >>> torch.overrides.is_tensor_like(torch.ones(2)), torch.overrides.is_tensor_like([1.0])
    (True, False)
    """
    return isinstance(inp, Tensor) or hasattr(type(inp), "__torch_function__")


def is_tensor_method_or_property(func: Callable) -> bool:
    """Whether what `__torch_function__` got is a method, or an attribute's getter, of Tensor.

    >>> import numtorch as torch
    >>> f = torch.overrides.is_tensor_method_or_property
    >>> f(torch.Tensor.sin), f(torch.Tensor.shape.__get__), f(torch.sin)
    (True, True, False)
    """
    if getattr(func, "__name__", "") in ("__get__", "__set__"):
        return True
    return any(func is a for a in members().values())


def wrap_torch_function(dispatcher: Callable) -> Callable:
    """A decorator: the function asks the arguments that `dispatcher` returns first.

    >>> import numtorch as torch
    >>> @torch.overrides.wrap_torch_function(lambda x: (x,))
    ... def double(x):
    ...     return x + x
    >>> double(torch.ones(1))
    tensor([2.])
    """

    def decorate(f: Callable) -> Callable:
        @functools.wraps(f)
        def wrapped(*args, **kwargs):
            found = overriding(tuple(dispatcher(*args, **kwargs)))
            return dispatch(wrapped, found, args, kwargs) if found else f(*args, **kwargs)

        return wrapped

    return decorate


def resolve_name(f: Callable) -> str | None:
    """The name by which a program knows a function of torch, None for any other.

    >>> import numtorch as torch
    >>> torch.overrides.resolve_name(torch.sin), torch.overrides.resolve_name(torch.Tensor.sin)
    ('torch.sin', 'torch.Tensor.sin')
    """
    for space, found in _spaces():
        for name, value in vars(found).items():
            if value is f and not name.startswith("_"):
                return f"{space}.{name}"
    return None


def get_overridable_functions() -> dict:
    """The functions that a class can take over, by the module (or class) they belong to.

    >>> import numtorch as torch
    >>> torch.sin in torch.overrides.get_overridable_functions()[torch]
    True
    """
    from ._api import REGISTRY

    declared = {id(f.public) for f in REGISTRY.values()}
    found: dict = {}
    for space, module in _spaces():
        for name, f in vars(module).items():
            if name.startswith("_") or type(f) is not types.FunctionType or name in IGNORED:
                continue
            if module is Tensor or id(f) in declared or space == "torch.nn.functional":
                found.setdefault(module, []).append(f)
    return found


def get_ignored_functions() -> set:
    """The functions that no class takes over.

    >>> import numtorch as torch
    >>> torch.tensor in torch.overrides.get_ignored_functions()
    True
    """
    import numtorch

    return {getattr(numtorch, name) for name in IGNORED if hasattr(numtorch, name)}


def _spaces() -> list:
    import numtorch as torch

    return [
        ("torch", torch), ("torch.Tensor", Tensor), ("torch.nn.functional", torch.nn.functional),
        ("torch.linalg", torch.linalg), ("torch.fft", torch.fft), ("torch.special", torch.special),
    ]  # fmt: skip
