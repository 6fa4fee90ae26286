"""torch.compile and torch.compiler: everything is compiled already, so nothing is left to do.

Operations are recorded and compiled together whether a program asks for it or not; `compile`
gives the model or function back as it is, so that its results and its state_dict stay the same.

>>> import numtorch as torch
>>> model = torch.nn.Linear(2, 2)
>>> torch.compile(model) is model
True
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable",
    "is_compiling", "is_dynamo_compiling", "is_exporting", "list_backends", "reset",
]  # fmt: skip


def compile(
    model: Callable | None = None, *, fullgraph: bool = False, dynamic: bool | None = None,
    backend: str | Callable = "inductor", mode: str | None = None, options: dict | None = None,
    disable: bool = False, recompile_limit: int | None = None,
) -> Callable:  # fmt: skip
    """The model or function itself: its operations are compiled as they are used.

    Also a decorator, with or without arguments. RuntimeError if both `mode` and `options` are
    given, or for a mode that torch does not have; NotImplementedError for a backend of one's own.

    >>> import numtorch as torch
    >>> model = torch.compile(torch.nn.Flatten(), backend="eager")
    >>> model(torch.zeros(2, 3, 4)).shape
    torch.Size([2, 12])
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the same time."
        )
    modes = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs", "lite")
    if mode is not None and mode not in modes:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(modes)}")
    if callable(backend):
        raise NotImplementedError("torch.compile with a backend of one's own is not implemented")
    if model is None:
        return lambda f: compile(f)
    if not callable(model):
        raise RuntimeError(f"Unsupported model type {type(model).__name__}")
    return model


def disable(
    fn: Callable | None = None, recursive: bool = True, *, reason: str | None = None
) -> Callable:
    """The function itself, as `compile` gives it.

    >>> import numtorch as torch
    >>> torch.compiler.disable(torch.neg)(torch.tensor([1, 2, 3]))
    tensor([-1, -2, -3])
    """
    return fn if fn is not None else lambda f: f


def allow_in_graph(fn: Callable) -> Callable:
    """The function itself.

    >>> import numtorch as torch
    >>> torch.compiler.allow_in_graph(len) is len
    True
    """
    return fn


def assume_constant_result(fn: Callable) -> Callable:
    """The function itself.

    >>> import numtorch as torch
    >>> def answer(): return 42
    >>> torch.compiler.assume_constant_result(answer)()
    42
    """
    return fn


def is_compiling() -> bool:
    """False: Python runs as it is written.

    >>> import numtorch as torch
    >>> torch.compiler.is_compiling()
    False
    """
    return False


def is_dynamo_compiling() -> bool:
    """False.

    >>> import numtorch as torch
    >>> torch.compiler.is_dynamo_compiling()
    False
    """
    return False


def is_exporting() -> bool:
    """False.

    >>> import numtorch as torch
    >>> torch.compiler.is_exporting()
    False
    """
    return False


def reset() -> None:
    """Nothing to forget."""


def cudagraph_mark_step_begin() -> None:
    """There are no CUDA graphs."""


def list_backends(exclude_tags=()) -> list[str]:
    """['inductor']: the name that programs pass; every name means the compiler here.

    >>> import numtorch as torch
    >>> "inductor" in torch.compiler.list_backends()
    True
    """
    return ["inductor"]
