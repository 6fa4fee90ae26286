"""The accelerator of the machine: none.

>>> import numtorch as torch
>>> torch.accelerator.is_available(), torch.accelerator.device_count()
(False, 0)
"""

from __future__ import annotations

from ._descriptors import device

_NEED_DEVICE = (
    "current_device_idx", "current_device_index", "current_stream", "empty_cache",
    "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved",
    "memory_stats", "reset_peak_memory_stats", "set_device_idx", "set_device_index", "set_stream",
    "synchronize",
)  # fmt: skip
__all__ = ["current_accelerator", "device_count", "is_available", *_NEED_DEVICE]


def is_available() -> bool:
    """False.

    >>> import numtorch as torch
    >>> torch.accelerator.is_available()
    False
    """
    return False


def device_count() -> int:
    """0.

    >>> import numtorch as torch
    >>> torch.accelerator.device_count()
    0
    """
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None.

    >>> import numtorch as torch
    >>> torch.accelerator.current_accelerator() is None
    True
    """
    return None


def _needs_device(name: str):
    def function(*args, **kwargs):
        raise RuntimeError("Cannot access accelerator device when none is available.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "RuntimeError: there is no accelerator."
    return function


for _name in _NEED_DEVICE:
    globals()[_name] = _needs_device(_name)
