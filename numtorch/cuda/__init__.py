"""CUDA: the names of torch.cuda where there is none.

`is_available()` is False and `device_count()` 0; what only asks or tidies up (`empty_cache`,
`manual_seed_all`, `memory_allocated`) does nothing, what needs a device raises torch's errors.

>>> import numtorch as torch
>>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
device(type='cpu')
"""

from __future__ import annotations

from collections import OrderedDict

from .._descriptors import device as _device
from .._descriptors import no_device

__all__ = [
    "CUDAGraph", "Event", "OutOfMemoryError", "Stream", "can_device_access_peer",
    "current_device", "current_stream", "default_stream", "device", "device_count", "device_of",
    "empty_cache", "get_arch_list", "get_device_capability", "get_device_name",
    "get_device_properties", "get_rng_state", "get_rng_state_all", "init", "initial_seed",
    "ipc_collect", "is_available", "is_bf16_supported", "is_current_stream_capturing",
    "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated",
    "max_memory_cached", "max_memory_reserved", "mem_get_info", "memory_allocated",
    "memory_cached", "memory_reserved", "memory_snapshot", "memory_stats", "memory_summary",
    "reset_accumulated_memory_stats", "reset_max_memory_allocated", "reset_max_memory_cached",
    "reset_peak_memory_stats", "seed", "seed_all", "set_device",
    "set_per_process_memory_fraction", "set_rng_state", "set_rng_state_all", "set_stream",
    "stream", "synchronize", "utilization",
]  # fmt: skip

has_half = False


class OutOfMemoryError(RuntimeError):
    """A device's memory was not enough."""


def is_available() -> bool:
    """False: tensors live on the CPU."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False: there is no device that could."""
    return False


def is_current_stream_capturing() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def get_arch_list() -> list[str]:
    """[]: no kernels for devices."""
    return []


def _needs_device(name: str, doc: str):
    def function(*args, **kwargs):
        raise no_device("cuda")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc + "; AssertionError: there is no CUDA here."
    return function


init = _needs_device("init", "Starts CUDA")
current_device = _needs_device("current_device", "The index of the device in use")
set_device = _needs_device("set_device", "Chooses a device")
get_device_name = _needs_device("get_device_name", "A device's name")
get_device_capability = _needs_device("get_device_capability", "A device's compute capability")
get_device_properties = _needs_device("get_device_properties", "What a device can do")
can_device_access_peer = _needs_device("can_device_access_peer", "If two devices share memory")
current_stream = _needs_device("current_stream", "The stream in use")
default_stream = _needs_device("default_stream", "A device's first stream")
synchronize = _needs_device("synchronize", "Waits for a device")
mem_get_info = _needs_device("mem_get_info", "Free and total bytes of a device")
memory_summary = _needs_device("memory_summary", "A table of a device's memory")
memory_snapshot = _needs_device("memory_snapshot", "All blocks of a device's memory")
utilization = _needs_device("utilization", "How busy a device is")
set_per_process_memory_fraction = _needs_device(
    "set_per_process_memory_fraction", "Limits the memory of a process"
)
get_rng_state = _needs_device("get_rng_state", "The state of a device's generator")
set_rng_state = _needs_device("set_rng_state", "Sets the state of a device's generator")
initial_seed = _needs_device("initial_seed", "The seed of a device's generator")


def get_rng_state_all() -> list:
    """[]: one state for each device."""
    return []


def set_rng_state_all(new_states) -> None:
    """Sets a state for each device: there are none."""


def manual_seed(seed: int) -> None:
    """Seeds the generator of the device in use; without devices nothing happens."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seeds the generators of all devices: there are none."""
    int(seed)


def seed() -> None:
    """Draws a seed for the device in use: there is none."""


def seed_all() -> None:
    """Draws a seed for each device: there are none."""


def empty_cache() -> None:
    """Gives devices' cached memory back: there is none."""


def ipc_collect() -> None:
    """Frees memory that processes shared: there is none."""


def memory_allocated(device=None) -> int:
    """0 bytes on devices; `torch.cpu.memory_allocated()` counts the tensors there are."""
    return 0


def _no_bytes(name: str):
    def function(device=None) -> int:
        return 0

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "0 bytes: there is no device."
    return function


max_memory_allocated = _no_bytes("max_memory_allocated")
memory_reserved = _no_bytes("memory_reserved")
max_memory_reserved = _no_bytes("max_memory_reserved")
memory_cached = _no_bytes("memory_cached")
max_memory_cached = _no_bytes("max_memory_cached")


def memory_stats(device=None) -> OrderedDict:
    """No counters."""
    return OrderedDict()


def reset_peak_memory_stats(device=None) -> None:
    """Starts devices' peaks again: there are none."""


reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats
reset_accumulated_memory_stats = reset_peak_memory_stats


class Event:
    """A mark in a device's work: RuntimeError, there is no device."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, **kwargs):
        raise RuntimeError(
            "torch.cuda.Event requires CUDA support; on the CPU, time with time.perf_counter() "
            "around code that reads its results"
        )


class Stream:
    """A queue of a device's work: RuntimeError, there is no device."""

    def __init__(self, device=None, priority: int = 0, **kwargs):
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class CUDAGraph:
    """Work to replay: RuntimeError, there is no device."""

    def __init__(self, *args, **kwargs):
        raise RuntimeError("torch.cuda.CUDAGraph requires CUDA support")


class device:
    """A block on a device: AssertionError unless the device is None or not a CUDA device."""

    def __init__(self, device):
        kind = _device(device).type if isinstance(device, str) else getattr(device, "type", "cuda")
        self.needed = device is not None and kind == "cuda" and device != -1

    def __enter__(self):
        if self.needed:
            raise no_device("cuda")

    def __exit__(self, *exc) -> bool:
        return False


class device_of(device):
    """A block on a tensor's device: the CPU, so no effect."""

    def __init__(self, obj):
        super().__init__(None)


class StreamContext:
    """A block on a stream; None is no stream."""

    def __init__(self, stream):
        if stream is not None:
            raise no_device("cuda")

    def __enter__(self):
        return None

    def __exit__(self, *exc) -> bool:
        return False


def stream(stream) -> StreamContext:
    """A block on a stream."""
    return StreamContext(stream)


def set_stream(stream) -> None:
    """Chooses a stream: None is no stream."""
    StreamContext(stream)


class _Unavailable:
    """torch.cuda.FloatTensor and the like: TypeError when they are made."""

    def __init__(self, *args, **kwargs):
        name = type(self).__name__
        raise TypeError(
            f"type torch.cuda.{name} not available. Torch not compiled with CUDA enabled."
        )


for _name in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte",
              "Bool"):  # fmt: skip
    globals()[_name + "Tensor"] = type(_name + "Tensor", (_Unavailable,), {})


from . import amp  # noqa: E402, F401 (its classes are those of numtorch.amp)
