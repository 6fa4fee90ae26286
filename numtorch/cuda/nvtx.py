"""Ranges for NVIDIA's profilers: RuntimeError, as in a torch without CUDA."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["mark", "range", "range_pop", "range_push"]
_TEXT = "NVTX functions not installed. Are you sure you have a CUDA build?"


def range_push(msg: str) -> int:
    """Starts a range."""
    raise RuntimeError(_TEXT)


def range_pop() -> int:
    """Ends a range."""
    raise RuntimeError(_TEXT)


def mark(msg: str) -> int:
    """Marks a moment."""
    raise RuntimeError(_TEXT)


@contextlib.contextmanager
def range(msg: str, *args, **kwargs) -> Iterator[None]:
    """A block as a range."""
    range_push(msg)
    yield
