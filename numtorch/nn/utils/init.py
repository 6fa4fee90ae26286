"""Modules without initialised parameters."""

from __future__ import annotations

import inspect

from ..init import skipped
from ..modules.module import Module


def skip_init(module_cls, *args, **kwargs) -> Module:
    """Makes a module whose parameters are not initialised: to be loaded or filled next.

    RuntimeError if `module_cls` is no Module or takes no `device`.

    >>> import numtorch as torch
    >>> torch.nn.utils.skip_init(torch.nn.Linear, 3, 2).weight.shape
    torch.Size([2, 3])
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with skipped():
        return module_cls(*args, **kwargs)
