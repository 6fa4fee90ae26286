"""The compiler of NumTorch.

The lower floor (ops, ir, record, lower, passes, fuse, codegen, plan, runtime) knows nothing of the
framework. This module is its upper floor: what users call.

>>> import numtorch as torch
>>> from numtorch.jit import explain
>>> x = torch.ones(8)
>>> print(explain(lambda: (x * 2 + 1).relu()).kernels[0].name)
mul_add_relu
"""

from __future__ import annotations

from contextlib import contextmanager

from . import config
from .config import counters
from .explain import Explanation, explain
from .programs import *  # noqa: F403

__all__ = ["Explanation", "cache_folder", "counters", "eager", "execute", "explain"]


def execute() -> None:
    """Executes everything the calling thread has recorded."""
    from .record import local

    local.tape.flush()


@contextmanager
def eager():
    """Inside, every op runs at once (for debugging), as with NUMTORCH_EAGER=1."""
    from .record import local

    local.tape.flush()
    outer, config.eager = config.eager, True
    local.tape.reset_inputs()
    local.tape.limit = 0
    try:
        yield
    finally:
        config.eager = outer
        local.tape.flush()
        local.tape.limit = 0 if outer else config.MAX_ENTRIES


def cache_folder() -> str:
    """The folder with the generated kernels: source and object code."""
    from .runtime.store import store

    return store.folder
