"""torch.return_types: named tuples of functions with several results."""

from __future__ import annotations

from collections import namedtuple


def result_type(name: str, *fields: str) -> type:
    """The named tuple of a function's results; it prints as PyTorch's."""
    base = namedtuple(name, fields)

    class Result(base):
        __slots__ = ()

        def __repr__(self) -> str:
            parts = ",\n".join(f"{f}={v!r}" for f, v in zip(fields, self))
            return f"torch.return_types.{name}(\n{parts})"

    Result.__name__ = Result.__qualname__ = name
    Result.__module__ = __name__
    globals()[name] = Result
    return Result


