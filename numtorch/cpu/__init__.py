"""The CPU as a device: what torch.cpu has, and counters of the memory that tensors take.

Bytes are those of the allocator's size classes. Memory of NumPy arrays is not counted.

>>> import numtorch as torch
>>> torch.cpu.reset_peak_memory_stats()
>>> before = torch.cpu.memory_allocated()
>>> x = torch.empty(1000)
>>> torch.cpu.memory_allocated() - before >= 4000
True
>>> torch.cpu.max_memory_allocated() >= torch.cpu.memory_allocated()
True
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from numtorch.jit.record import local
from numtorch.jit.runtime import allocator

__all__ = [
    "current_device", "current_stream", "device_count", "empty_cache", "is_available",
    "max_memory_allocated", "memory_allocated", "memory_cached", "memory_reserved",
    "memory_stats", "reset_peak_memory_stats", "set_device", "stream", "synchronize",
]  # fmt: skip


def memory_allocated(device=None) -> int:
    """Bytes that tensors hold now (what is pending is executed first)."""
    local.tape.flush()
    return allocator.allocated_bytes()


def max_memory_allocated(device=None) -> int:
    """The most bytes that tensors held since the start or `reset_peak_memory_stats`."""
    local.tape.flush()
    return allocator.peak_bytes()


def reset_peak_memory_stats(device=None) -> None:
    """The peak is what is held now."""
    local.tape.flush()
    allocator.reset_peak()


def memory_cached(device=None) -> int:
    """Bytes kept for the next request."""
    return allocator.cached_bytes()


def memory_reserved(device=None) -> int:
    """Bytes taken from the system: held by tensors, or kept for the next request."""
    return allocator.allocated_bytes() + allocator.cached_bytes()


def memory_stats(device=None) -> dict[str, int]:
    """All counters by name."""
    return {
        "allocated_bytes.all.current": memory_allocated(),
        "allocated_bytes.all.peak": max_memory_allocated(),
        "reserved_bytes.all.current": memory_reserved(),
    }


def empty_cache() -> None:
    """Gives memory that no tensor holds back to the system."""
    local.tape.flush()
    allocator.empty_cache()


def is_available() -> bool:
    """True: there is always a CPU.

    >>> import numtorch as torch
    >>> torch.cpu.is_available()
    True
    """
    return True


def device_count() -> int:
    """1.

    >>> import numtorch as torch
    >>> torch.cpu.device_count()
    1
    """
    return 1


def current_device() -> str:
    """'cpu'.

    >>> import numtorch as torch
    >>> torch.cpu.current_device()
    'cpu'
    """
    return "cpu"


def set_device(device) -> None:
    """Accepted for code that is written for several kinds of devices.

    >>> import numtorch as torch
    >>> torch.cpu.set_device("cpu")
    >>> torch.cpu.current_device()
    'cpu'
    """


def synchronize(device=None) -> None:
    """Executes what is pending.

    >>> import numtorch as torch
    >>> torch.cpu.synchronize()
    >>> torch.cpu.current_device()
    'cpu'
    """
    local.tape.flush()


class Stream:
    """Work on the CPU has one order; this stands for it.

    >>> import numtorch as torch
    >>> isinstance(torch.cpu.current_stream(), torch.cpu.Stream)
    True
    """

    def __init__(self, priority: int = -1):
        self.priority = priority

    def wait_stream(self, stream) -> None:
        """Nothing to wait for."""


def current_stream(device=None) -> Stream:
    """The one stream.

    >>> import numtorch as torch
    >>> type(torch.cpu.current_stream()).__name__
    'Stream'
    """
    return Stream()


@contextlib.contextmanager
def stream(stream) -> Iterator[None]:
    """A block on a stream: no effect.

    >>> import numtorch as torch
    >>> with torch.cpu.stream(torch.cpu.current_stream()):
    ...     x = torch.tensor([1, 2, 3]) * 2
    >>> x
    tensor([2, 4, 6])
    """
    yield


from . import amp  # noqa: E402, F401 (its classes are those of numtorch.amp)
