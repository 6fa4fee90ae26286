"""The names of torch.jit.

Everything is compiled as it runs, so script and trace give back what they are given, as PyTorch's
do with PYTORCH_JIT=0. There are no script files: save, load and freeze raise.
"""

from __future__ import annotations

from typing import Final, TypeVar

__all__ = ["Attribute", "Final", "annotate", "export", "freeze", "ignore", "interface",
           "is_scripting", "is_tracing", "isinstance", "load", "optimize_for_inference", "save",
           "TracerWarning", "script", "script_if_tracing", "script_method", "trace",
           "trace_module", "unused"]  # fmt: skip

T = TypeVar("T")
_isinstance = isinstance


def _later(name: str):
    def function(*args, **kwargs):
        raise NotImplementedError(
            f"torch.jit.{name} is not implemented in numtorch yet; the code runs compiled without "
            "it"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "NotImplementedError: not implemented yet."
    return function


class TracerWarning(Warning):
    """What PyTorch's trace warns with; nothing here does."""


def script(obj: T, optimize=None, _frames_up=0, _rcb=None, example_inputs=None) -> T:
    """The function, class or module itself: it runs compiled as it is.

    >>> import numtorch as torch
    >>> @torch.jit.script
    ... def double(x):
    ...     return x * 2
    >>> double(torch.ones(2))
    tensor([2., 2.])
    """
    return obj


def script_method(fn: T) -> T:
    """Marks a method of a ScriptModule: the function itself."""
    return fn


def trace(func: T, example_inputs=None, *args, **kwargs) -> T:
    """The function or module itself: every call records its own operations."""
    return func


def trace_module(mod: T, inputs, *args, **kwargs) -> T:
    """The module itself."""
    return mod


load, save, freeze = _later("load"), _later("save"), _later("freeze")
optimize_for_inference = _later("optimize_for_inference")


def is_scripting() -> bool:
    """False: Python runs as it is written."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def export(fn: T) -> T:
    """Marks a method for script: the function itself."""
    return fn


def unused(fn: T) -> T:
    """Marks a method that script leaves out: the function itself."""
    return fn


def ignore(drop=False, **kwargs):
    """Marks a method that script leaves in Python, with or without arguments."""
    return drop if callable(drop) else lambda fn: fn


def script_if_tracing(fn: T) -> T:
    """The function itself: nothing is traced."""
    return fn


def interface(obj: T) -> T:
    """Marks a class for script: the class itself."""
    return obj


def annotate(the_type, the_value: T) -> T:
    """The value, with its type said for script."""
    return the_value


def Attribute(value: T, type) -> T:
    """The value, with its type said for script."""
    return value


def isinstance(obj, target_type) -> bool:
    """isinstance for classes and typing's List, Dict, Tuple, Optional (of any content)."""
    import typing

    targets = target_type if _isinstance(target_type, tuple) else (target_type,)
    found = []
    for t in targets:
        origin = typing.get_origin(t)
        found += typing.get_args(t) if origin is typing.Union else [origin or t]
    return _isinstance(obj, tuple(found))
