"""Training on many machines: not implemented yet.

`is_available()` is False, which programs ask before they use the rest; the names they import at
their top exist and raise NotImplementedError when called.
"""

from __future__ import annotations

__all__ = [
    "ReduceOp", "all_gather", "all_reduce", "barrier", "broadcast", "destroy_process_group",
    "gather", "get_backend", "get_rank", "get_world_size", "init_process_group", "is_available",
    "is_gloo_available", "is_initialized", "is_mpi_available", "is_nccl_available",
    "is_torchelastic_launched", "new_group", "recv", "reduce", "reduce_scatter", "scatter", "send",
]  # fmt: skip


def is_available() -> bool:
    """False: not implemented yet."""
    return False


def is_initialized() -> bool:
    """False: there is no process group.

    >>> import numtorch as torch
    >>> torch.distributed.is_initialized()
    False
    """
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


def is_gloo_available() -> bool:
    """False."""
    return False


def is_mpi_available() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """True if a launcher of torch's has started this process.

    >>> import numtorch as torch
    >>> torch.distributed.is_torchelastic_launched()
    False
    """
    import os

    return os.environ.get("TORCHELASTIC_RUN_ID") is not None


class ReduceOp:
    """How values of several processes are combined."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = (
        "SUM", "AVG", "PRODUCT", "MIN", "MAX", "BAND", "BOR", "BXOR",
    )  # fmt: skip


def init_process_group(*args, **kwargs) -> None:
    """NotImplementedError."""
    raise NotImplementedError(
        "torch.distributed is not implemented in numtorch yet: run the program in one process"
    )


def _needs_group(name: str):
    def function(*args, **kwargs):
        raise ValueError(
            "Default process group has not been initialized, please make sure to call "
            "init_process_group."
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "ValueError: there is no process group."
    return function


for _name in __all__:
    if _name not in globals():
        globals()[_name] = _needs_group(_name)
