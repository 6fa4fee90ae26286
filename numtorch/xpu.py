"""Intel's GPUs: the names of torch.xpu where there are none."""

from __future__ import annotations

from ._descriptors import no_device

__all__ = ["current_device", "device_count", "empty_cache", "get_device_name", "is_available",
           "manual_seed", "manual_seed_all", "set_device", "synchronize"]  # fmt: skip


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seeds the device's generator: there is none."""
    int(seed)


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Gives cached memory back: there is none."""


def _needs_device(name: str):
    def function(*args, **kwargs):
        raise no_device("xpu")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "AssertionError: there is no XPU here."
    return function


current_device = _needs_device("current_device")
set_device = _needs_device("set_device")
get_device_name = _needs_device("get_device_name")
synchronize = _needs_device("synchronize")
