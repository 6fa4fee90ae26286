"""The older names of autocast."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable

from numtorch.jit import dtypes as _d

from ... import amp

__all__ = ["autocast", "custom_bwd", "custom_fwd"]


def _old(name: str, new: str) -> None:
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `{new}` instead.",
        FutureWarning, stacklevel=3,
    )  # fmt: skip


class autocast(amp.autocast):
    """torch.amp.autocast("cuda", ...)."""

    def __init__(self, enabled: bool = True, dtype=_d.float16, cache_enabled: bool = True):
        _old("autocast", "torch.amp.autocast('cuda', args...)")
        super().__init__("cuda", dtype, enabled, cache_enabled)


def custom_fwd(fwd: Callable | None = None, **kwargs) -> Callable:
    """torch.amp.custom_fwd(device_type="cuda")."""
    _old("custom_fwd", "torch.amp.custom_fwd(args..., device_type='cuda')")
    return functools.partial(amp.custom_fwd, device_type="cuda")(fwd, **kwargs)


def custom_bwd(bwd: Callable) -> Callable:
    """torch.amp.custom_bwd(device_type="cuda")."""
    _old("custom_bwd", "torch.amp.custom_bwd(args..., device_type='cuda')")
    return amp.custom_bwd(bwd, device_type="cuda")
