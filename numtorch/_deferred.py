"""Functions of other modules: those imported by the first call, and autocast's settings."""

from __future__ import annotations

import warnings

from . import _autocast as _amp
from ._autocast import (
    clear_cache as clear_autocast_cache,
)
from ._autocast import (
    decrement_nesting as autocast_decrement_nesting,
)
from ._autocast import (
    get_dtype as get_autocast_dtype,
)
from ._autocast import (
    increment_nesting as autocast_increment_nesting,
)
from ._autocast import (
    is_cache_enabled as is_autocast_cache_enabled,
)
from ._autocast import (
    is_enabled as is_autocast_enabled,
)
from ._autocast import (
    set_cache_enabled as set_autocast_cache_enabled,
)
from ._autocast import (
    set_dtype as set_autocast_dtype,
)
from ._autocast import (
    set_enabled as set_autocast_enabled,
)

__all__ = [
    "autocast_decrement_nesting", "autocast_increment_nesting", "clear_autocast_cache",
    "get_autocast_cpu_dtype", "get_autocast_dtype", "get_autocast_gpu_dtype",
    "is_autocast_cache_enabled", "is_autocast_cpu_enabled", "is_autocast_enabled", "load", "save",
    "set_autocast_cache_enabled", "set_autocast_cpu_dtype", "set_autocast_cpu_enabled",
    "set_autocast_dtype", "set_autocast_enabled", "set_autocast_gpu_dtype",
]  # fmt: skip


def _old(name: str, new: str) -> None:
    warnings.warn(
        f"torch.{name} is deprecated. Please use torch.{new} instead.",
        DeprecationWarning, stacklevel=3,
    )  # fmt: skip


def is_autocast_cpu_enabled() -> bool:
    """is_autocast_enabled("cpu").

    >>> import numtorch as torch
    >>> torch.is_autocast_cpu_enabled()
    False
    """
    _old("is_autocast_cpu_enabled()", "is_autocast_enabled('cpu')")
    return _amp.is_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """set_autocast_enabled("cpu", enabled).

    >>> import numtorch as torch
    >>> torch.set_autocast_cpu_enabled(False)
    >>> torch.is_autocast_cpu_enabled()
    False
    """
    _old("set_autocast_cpu_enabled(enabled)", "set_autocast_enabled('cpu', enabled)")
    _amp.set_enabled("cpu", enabled)


def get_autocast_cpu_dtype():
    """get_autocast_dtype("cpu").

    >>> import numtorch as torch
    >>> torch.get_autocast_cpu_dtype()
    torch.bfloat16
    """
    _old("get_autocast_cpu_dtype()", "get_autocast_dtype('cpu')")
    return _amp.get_dtype("cpu")


def set_autocast_cpu_dtype(dtype) -> None:
    """set_autocast_dtype("cpu", dtype).

    >>> import numtorch as torch
    >>> torch.set_autocast_cpu_dtype(torch.bfloat16)
    >>> torch.get_autocast_cpu_dtype()
    torch.bfloat16
    """
    _old("set_autocast_cpu_dtype(dtype)", "set_autocast_dtype('cpu', dtype)")
    _amp.set_dtype("cpu", dtype)


def get_autocast_gpu_dtype():
    """get_autocast_dtype("cuda").

    >>> import numtorch as torch
    >>> torch.get_autocast_gpu_dtype()
    torch.float16
    """
    _old("get_autocast_gpu_dtype()", "get_autocast_dtype('cuda')")
    return _amp.get_dtype("cuda")


def set_autocast_gpu_dtype(dtype) -> None:
    """set_autocast_dtype("cuda", dtype).

    >>> import numtorch as torch
    >>> torch.set_autocast_gpu_dtype(torch.float16)
    >>> torch.get_autocast_gpu_dtype()
    torch.float16
    """
    _old("set_autocast_gpu_dtype(dtype)", "set_autocast_dtype('cuda', dtype)")
    _amp.set_dtype("cuda", dtype)


def save(
    obj, f, pickle_module=None, pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True, _disable_byteorder_record: bool = False,
) -> None:  # fmt: skip
    """Saves an object to a path or a file object, for numtorch and PyTorch.

    A file given by its path is replaced only when the new one is complete.

    >>> import numtorch as torch
    >>> import io
    >>> file = io.BytesIO()
    >>> torch.save(torch.tensor([1, 2, 3]), file); file.seek(0)
    0
    >>> torch.load(file)
    tensor([1, 2, 3])
    """
    from .serialization import save

    save(
        obj, f, pickle_module, pickle_protocol, _use_new_zipfile_serialization,
        _disable_byteorder_record,
    )  # fmt: skip


def load(
    f, map_location=None, pickle_module=None, *, weights_only: bool | None = None,
    mmap: bool | None = None, **pickle_load_args,
):  # fmt: skip
    """Loads what `save` of numtorch or PyTorch wrote; weights_only=True (default) runs no code.

    >>> import numtorch as torch
    >>> import io
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.tensor([1, 2, 3])}, file); file.seek(0)
    0
    >>> torch.load(file)
    {'weight': tensor([1, 2, 3])}
    """
    from .serialization import load

    return load(
        f, map_location, pickle_module, weights_only=weights_only, mmap=mmap, **pickle_load_args
    )
