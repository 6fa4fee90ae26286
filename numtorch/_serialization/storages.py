"""Storages of a file: which memory each tensor needs, read once, put where the caller wants it."""

from __future__ import annotations

import sys

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.interop import Foreign
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy
from numtorch.jit.runtime.allocator import alloc, as_array

from .._storage import TypedStorage, UntypedStorage
from .._tensor import wrap

_LARGEST = (1 << 63) - 1


class Mapped(Foreign):
    """Memory that is part of a file's private map: nobody else writes to it."""

    def exposed(self) -> bool:
        return False


def bytes_of(buf) -> np.ndarray:
    """The bytes of a buffer, to be filled."""
    return as_array(buf, np.uint8, (buf.nbytes,))


def fresh(buf, nbytes: int, dtype) -> TypedStorage:
    """A storage that no tensor sees yet."""
    storage = object.__new__(TypedStorage)
    numel = nbytes // dtype.itemsize
    storage._tensor = wrap(Lazy(meta((numel,), dtype), buf, buf.addr))
    storage.dtype, storage._fresh = dtype, True
    return storage


def parse_id(found: tuple) -> tuple:
    """(storage class, key, location, numel, ...) of a persistent id, checked."""
    kind = found[0] if found else None
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else kind
    if kind != "storage" or len(found) not in (5, 6):
        raise RuntimeError(
            f"Unknown typename for persistent_load, expected 'storage' but got "
            f"'{kind if isinstance(kind, str) else type(kind).__name__}'"
        )
    cls, key, location, numel = found[1:5]
    if isinstance(location, bytes):
        location = location.decode("ascii", "replace")
    if not isinstance(key, str) or not isinstance(location, str):
        raise RuntimeError("the key and the location of a storage in the file must be text")
    if type(numel) is not int or not 0 <= numel <= _LARGEST:
        raise RuntimeError("the size of a storage in the file is not a valid number")
    return cls, key, location, numel, *found[5:]


def dtype_of(cls):
    """The element type that a storage class stands for."""
    if isinstance(cls, type) and issubclass(cls, TypedStorage) and cls._fixed is not None:
        return cls._fixed
    if isinstance(cls, type) and issubclass(cls, UntypedStorage):
        return _d.uint8
    raise RuntimeError(f"a storage in the file has the unknown type {cls!r}")


class Storages:
    """The storages of one archive, by key; each is read when it is first asked for."""

    def __init__(self, archive, restore, swap: bool, mapped: np.ndarray | None = None):
        self.archive, self.restore, self.swap, self.mapped = archive, restore, swap, mapped
        self.found: dict[str, TypedStorage] = {}

    def load(self, persistent_id: tuple) -> TypedStorage:
        """The storage that a pickle names."""
        cls, key, location, numel = parse_id(persistent_id)[:4]
        dtype = dtype_of(cls)
        storage = self.found.get(key)
        if storage is None:
            storage = self._read(key, numel * dtype.itemsize, dtype)
            storage = placed(storage, location, self.restore)
            self.found[key] = storage
        elif storage.nbytes() != numel * dtype.itemsize:
            raise RuntimeError(f"the file gives storage {key!r} two sizes")
        return storage

    def _read(self, key: str, nbytes: int, dtype) -> TypedStorage:
        name = f"data/{key}"
        record = self.archive.find(name)
        if record.size != nbytes:
            raise RuntimeError(
                f"storage {key!r} has {record.size} bytes in the file, but its tensors need "
                f"{nbytes}: the file is damaged"
            )
        if self.mapped is not None:
            return self._map(record, dtype)
        buf = alloc(nbytes)
        if nbytes:
            content = bytes_of(buf)
            self.archive.read_into(name, memoryview(content))
            if self.swap:
                swap_bytes(content, dtype)
        return fresh(buf, nbytes, dtype)

    def _map(self, record, dtype) -> TypedStorage:
        part = self.mapped[record.offset : record.offset + record.size]
        if self.swap:
            swap_bytes(part, dtype)
        if part.ctypes.data % dtype.itemsize:
            buf = alloc(record.size)
            bytes_of(buf)[:] = part
            return fresh(buf, record.size, dtype)
        return fresh(Mapped(part), record.size, dtype)


def swap_bytes(content: np.ndarray, dtype) -> None:
    """Turns big-endian elements into little-endian ones, or back."""
    size = dtype.itemsize // (2 if dtype.kind == "c" else 1)
    if size > 1:
        content.reshape(-1, size)[:] = content.reshape(-1, size)[:, ::-1].copy()


def placed(storage: TypedStorage, location: str, restore) -> TypedStorage:
    """The storage where map_location wants it."""
    if restore is None:
        return storage
    if location == "cpu" and getattr(restore, "plain", False):
        return storage
    holder = storage.untyped()
    result = restore(holder, location)
    if result is holder or result is None:
        return storage
    if isinstance(result, TypedStorage):
        result = result.untyped()
    if not isinstance(result, UntypedStorage):
        raise TypeError(
            f"map_location must give a storage, but gave a {type(result).__name__}"
        )
    if result._st is holder._st:
        return storage
    buf = alloc(storage.nbytes())
    bytes_of(buf)[:] = result._array().view(np.uint8)[: buf.nbytes]
    return fresh(buf, storage.nbytes(), storage.dtype)


NATIVE = sys.byteorder
