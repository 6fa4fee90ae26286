"""Settings of save and load, and small helpers around them."""

from __future__ import annotations

import warnings
from enum import Enum
from typing import Any

from . import archive as _archive


class LoadEndianness(Enum):
    """The byte order of files that do not say theirs.

    >>> import numtorch as torch
    >>> [order.name for order in torch.serialization.LoadEndianness]
    ['NATIVE', 'LITTLE', 'BIG']
    """

    NATIVE = 1
    LITTLE = 2
    BIG = 3


_endianness: LoadEndianness | None = None
_mmap_flags = 2  # MAP_PRIVATE


def get_default_load_endianness() -> LoadEndianness | None:
    """The byte order assumed of files that do not say theirs (None: little).

    >>> import numtorch as torch
    >>> torch.serialization.get_default_load_endianness() is None
    True
    """
    return _endianness


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Sets the byte order assumed of files that do not say theirs.

    >>> import numtorch as torch
    >>> torch.serialization.set_default_load_endianness(torch.serialization.LoadEndianness.LITTLE)
    >>> torch.serialization.get_default_load_endianness()
    <LoadEndianness.LITTLE: 2>
    >>> torch.serialization.set_default_load_endianness(None)
    """
    global _endianness
    if not isinstance(endianness, LoadEndianness) and endianness is not None:
        raise TypeError("Invalid argument type in function set_default_load_endianness")
    _endianness = endianness


def get_crc32_options() -> bool:
    """True if checksums are written and checked.

    >>> import numtorch as torch
    >>> torch.serialization.get_crc32_options()
    True
    """
    return _archive.options["crc"]


def set_crc32_options(compute_crc32: bool) -> None:
    """Whether save writes checksums and load checks them.

    >>> import numtorch as torch
    >>> torch.serialization.set_crc32_options(True)
    >>> torch.serialization.get_crc32_options()
    True
    """
    _archive.options["crc"] = bool(compute_crc32)


def get_default_mmap_options() -> int:
    """The flag of the maps of load(mmap=True): MAP_PRIVATE.

    >>> import numtorch as torch
    >>> import mmap
    >>> torch.serialization.get_default_mmap_options() == mmap.MAP_PRIVATE
    True
    """
    return _mmap_flags


class set_default_mmap_options:
    """MAP_PRIVATE, the only kind of map there is here: changes stay in this process."""

    def __init__(self, flags: int):
        if flags not in (1, 2):
            raise ValueError(
                "Invalid argument in function set_default_mmap_options, expected mmap.MAP_PRIVATE "
                f"or mmap.MAP_SHARED, but got {flags}"
            )
        if flags == 1:
            raise NotImplementedError("maps that write to the file are not implemented in numtorch")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc) -> None:
        pass


def check_module_version_greater_or_equal(
    module, req_version_tuple: tuple, error_if_malformed: bool = True
) -> bool:
    """True if a module's __version__ is at least this.

    >>> import numtorch as torch
    >>> import types
    >>> module = types.SimpleNamespace(__name__="m", __version__="1.2.3")
    >>> torch.serialization.check_module_version_greater_or_equal(module, (1, 2, 0))
    True
    """
    try:
        parts = module.__version__.split(".")
        found = tuple(type(a)(b) for a, b in zip(req_version_tuple, parts))
    except (AttributeError, ValueError) as e:
        message = (
            f"'{module.__name__}' module version string is malformed "
            f"'{getattr(module, '__version__', None)}' and cannot be compared with tuple "
            f"{req_version_tuple}"
        )
        if error_if_malformed:
            raise RuntimeError(message) from e
        warnings.warn(f"{message}, but continuing assuming that requirement is met", stacklevel=2)
        return True
    return found >= tuple(req_version_tuple)


def mkdtemp() -> Any:
    """A temporary folder for a block.

    >>> import numtorch as torch
    >>> import os
    >>> with torch.serialization.mkdtemp() as folder:
    ...     os.path.isdir(folder)
    True
    """
    import tempfile

    return tempfile.TemporaryDirectory()


def normalize_storage_type(storage_type: type) -> type:
    """The public storage class of the same name.

    >>> import numtorch as torch
    >>> torch.serialization.normalize_storage_type(torch.FloatStorage).__name__
    'FloatStorage'
    """
    import numtorch

    return getattr(numtorch, storage_type.__name__)


def storage_to_tensor_type(storage) -> type:
    """The tensor class that goes with a storage's class."""
    import numtorch

    return getattr(numtorch, type(storage).__name__.replace("Storage", "Tensor"))
