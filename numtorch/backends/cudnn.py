"""cuDNN is not used: the flags are kept, so that programs may set them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

__all__ = ["allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "flags",
           "is_acceptable", "is_available", "set_flags", "version"]  # fmt: skip

enabled = True
benchmark = False
benchmark_limit = 10
deterministic = False
allow_tf32 = True
fp32_precision = "none"


def is_available() -> bool:
    """False.

    >>> import numtorch as torch
    >>> torch.backends.cudnn.is_available()
    False
    """
    return False


def version() -> int | None:
    """None: there is no cuDNN."""
    return None


def is_acceptable(tensor) -> bool:
    """False: no tensor is on a CUDA device.

    >>> import numtorch as torch
    >>> torch.backends.cudnn.is_acceptable(torch.zeros(2))
    False
    """
    return False


def set_flags(
    _enabled=None, _benchmark=None, _benchmark_limit=None, _deterministic=None, _allow_tf32=None,
    _fp32_precision=None,
) -> tuple:  # fmt: skip
    """Sets what is not None; the old values."""
    new = {
        "enabled": _enabled, "benchmark": _benchmark, "benchmark_limit": _benchmark_limit,
        "deterministic": _deterministic, "allow_tf32": _allow_tf32,
        "fp32_precision": _fp32_precision,
    }  # fmt: skip
    flags = sys.modules[__name__].__dict__
    old = tuple(flags[name] for name in new)
    flags.update({name: value for name, value in new.items() if value is not None})
    return old


@contextlib.contextmanager
def flags(
    enabled=False, benchmark=False, benchmark_limit=10, deterministic=False, allow_tf32=True,
    fp32_precision="none",
) -> Iterator[None]:  # fmt: skip
    """Sets the flags in a block.

    >>> import numtorch as torch
    >>> with torch.backends.cudnn.flags(benchmark=True):
    ...     torch.backends.cudnn.benchmark
    True
    """
    old = set_flags(enabled, benchmark, benchmark_limit, deterministic, allow_tf32, fp32_precision)
    try:
        yield
    finally:
        set_flags(*old)
