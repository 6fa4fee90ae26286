"""What autocast is set to, per thread."""

from __future__ import annotations

import threading

from numtorch.jit import dtypes as _d

from ._descriptors import device

# Devices that autocast knows, and the dtype that each uses by default.
DEFAULTS = {
    "cpu": _d.bfloat16, "cuda": _d.float16, "xpu": _d.float16, "mps": _d.float16,
    "ipu": _d.float16, "hpu": _d.bfloat16, "xla": _d.bfloat16, "mtia": _d.float16,
    "maia": _d.float16, "privateuseone": _d.float16,
}  # fmt: skip


class State(threading.local):
    """`active`: casts happen now (autocast is on for the CPU, and no listed function runs)."""

    active = False
    cache_enabled = True
    nesting = 0

    def __init__(self):
        self.enabled: dict[str, bool] = {}
        self.dtypes = dict(DEFAULTS)
        self.cache: dict = {}


state = State()


def check_type(device_type) -> str:
    """The name of a device's type; RuntimeError if there is none of that name."""
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    return device(device_type).type


def is_available(device_type: str) -> bool:
    """True for devices that autocast knows."""
    return check_type(device_type) in DEFAULTS


def is_enabled(device_type: str | None = None) -> bool:
    """True if autocast is on for a device (by default for CUDA, as in PyTorch).

    >>> import numtorch as torch
    >>> with torch.autocast("cpu"):
    ...     torch.is_autocast_enabled("cpu")
    True
    """
    return state.enabled.get("cuda" if device_type is None else check_type(device_type), False)


def any_enabled() -> bool:
    """True if autocast is on for some device."""
    return any(state.enabled.values())


def set_enabled(*args) -> None:
    """set_autocast_enabled(device_type, enabled), or (enabled) for CUDA.

    >>> import numtorch as torch
    >>> torch.set_autocast_enabled("cpu", True)
    >>> torch.is_autocast_enabled("cpu")
    True
    >>> torch.set_autocast_enabled("cpu", False)
    """
    kind, flag = ("cuda", args[0]) if len(args) == 1 else args
    if not isinstance(flag, bool):
        raise TypeError(
            "set_autocast_enabled(): argument 'enabled' must be bool, not "
            f"{type(flag).__name__}"
        )
    kind = check_type(kind)
    if flag and kind == "cpu":
        from .amp import _policy

        _policy.install()
    state.enabled[kind] = flag
    if kind == "cpu":
        state.active = flag


def get_dtype(device_type: str):
    """The dtype that autocast casts to on a device.

    >>> import numtorch as torch
    >>> torch.get_autocast_dtype("cpu")
    torch.bfloat16
    """
    kind = check_type(device_type)
    if kind not in DEFAULTS:
        raise RuntimeError("unsupported scalarType")
    return state.dtypes[kind]


def set_dtype(device_type: str, dtype) -> None:
    """Sets the dtype that autocast casts to on a device.

    >>> import numtorch as torch
    >>> torch.set_autocast_dtype("cpu", torch.float16)
    >>> torch.get_autocast_dtype("cpu")
    torch.float16
    >>> torch.set_autocast_dtype("cpu", torch.bfloat16)
    """
    if not isinstance(dtype, _d.DType):
        raise TypeError(
            "set_autocast_dtype(): argument 'dtype' (position 2) must be torch.dtype, not "
            f"{type(dtype).__name__}"
        )
    state.dtypes[check_type(device_type)] = dtype


def is_cache_enabled() -> bool:
    """True if casts of parameters are kept until the outermost block ends.

    >>> import numtorch as torch
    >>> torch.is_autocast_cache_enabled()
    True
    """
    return state.cache_enabled


def set_cache_enabled(enabled: bool) -> None:
    """Whether casts of parameters are kept.

    >>> import numtorch as torch
    >>> torch.set_autocast_cache_enabled(True)
    >>> torch.is_autocast_cache_enabled()
    True
    """
    state.cache_enabled = bool(enabled)


def increment_nesting() -> int:
    """One block deeper; returns the depth.

    >>> import numtorch as torch
    >>> torch.autocast_increment_nesting(), torch.autocast_decrement_nesting()
    (1, 0)
    """
    state.nesting += 1
    return state.nesting


def decrement_nesting() -> int:
    """One block less; returns the depth.

    >>> import numtorch as torch
    >>> depth = torch.autocast_increment_nesting()
    >>> torch.autocast_decrement_nesting()
    0
    """
    state.nesting -= 1
    return state.nesting


def clear_cache() -> None:
    """Forgets the casts of parameters."""
    state.cache.clear()
