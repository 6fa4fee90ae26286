"""The older name of autocast."""

from __future__ import annotations

import warnings

from numtorch.jit import dtypes as _d

from ... import amp

__all__ = ["autocast"]


class autocast(amp.autocast):
    """torch.amp.autocast("cpu", ...).

    >>> import numtorch as torch
    >>> x = torch.ones(2, 2)
    >>> with torch.cpu.amp.autocast():
    ...     (x @ x).dtype
    torch.bfloat16
    """

    def __init__(self, enabled: bool = True, dtype=_d.bfloat16, cache_enabled: bool = True):
        warnings.warn(
            "`torch.cpu.amp.autocast(args...)` is deprecated. Please use "
            "`torch.amp.autocast('cpu', args...)` instead.",
            FutureWarning, stacklevel=2,
        )  # fmt: skip
        super().__init__("cpu", dtype, enabled, cache_enabled)
