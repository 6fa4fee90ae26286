"""Apple's Metal: the names of torch.mps where there is none."""

from __future__ import annotations

__all__ = ["current_allocated_memory", "device_count", "driver_allocated_memory", "empty_cache",
           "get_rng_state", "is_available", "manual_seed", "seed",
           "set_per_process_memory_fraction", "set_rng_state", "synchronize"]  # fmt: skip


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seeds the device's generator: there is none."""
    int(seed)


def seed() -> None:
    """Draws a seed for the device: there is none."""


def _needs_device(name: str, call: str):
    def function(*args, **kwargs):
        raise RuntimeError(f"Cannot execute {call}() without MPS backend.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "RuntimeError: there is no MPS here."
    return function


synchronize = _needs_device("synchronize", "deviceSynchronize")
empty_cache = _needs_device("empty_cache", "emptyCache")
current_allocated_memory = _needs_device("current_allocated_memory", "getCurrentAllocatedMemory")
driver_allocated_memory = _needs_device("driver_allocated_memory", "getDriverAllocatedMemory")
set_per_process_memory_fraction = _needs_device(
    "set_per_process_memory_fraction", "setMemoryFraction"
)
get_rng_state = _needs_device("get_rng_state", "getMPSGenerator")
set_rng_state = _needs_device("set_rng_state", "getMPSGenerator")
