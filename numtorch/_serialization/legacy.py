"""The format before PyTorch 1.6: pickles one after the other, then the storages' bytes."""

from __future__ import annotations

import io
import mmap
import pickle
import struct
import sys
from collections.abc import Callable

from numtorch.jit.runtime.allocator import alloc

from . import names, storages
from .opcodes import Machine, Marker, Opaque, Seen
from .pickler import Memories, dumps

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001


def save(obj, file, protocol: int, module=None) -> None:
    """Writes an object in the old format."""
    memories = Memories()
    body = dumps(obj, memories, protocol, module, legacy=True)
    info = {
        "protocol_version": VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    for head in (MAGIC, VERSION, info):
        file.write(pickle.dumps(head, protocol))
    file.write(body)
    kept = sorted(memories.found.values(), key=lambda m: m.key)
    file.write(pickle.dumps([m.key for m in kept], protocol))
    for m in kept:
        nbytes = m.array.nbytes
        file.write(struct.pack("<q", nbytes // m.dtype.itemsize))
        file.write(memoryview(m.array).cast("B") if nbytes else b"")


def content_of(file):
    """The rest of a file as a buffer: a map of it where that is possible."""
    at = file.tell()
    try:
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError, AttributeError):
        return memoryview(file.read())
    return memoryview(whole)[at:]


class _Storages:
    """The storages that the pickle names, found before it is read in earnest."""

    def __init__(self):
        self.wanted: dict[str, tuple] = {}  # key -> (class, location, numel)
        self.found: dict = {}

    def note(self, persistent_id: tuple):
        """Notes a storage."""
        if persistent_id and persistent_id[0] in ("module", b"module"):
            return Opaque()
        cls, key, location, numel, *view = storages.parse_id(persistent_id)
        if view and view[0] is not None:
            raise NotImplementedError("storages that are views of others are not implemented")
        if not isinstance(cls, Marker):
            raise RuntimeError("a storage in the file has no class")
        self.wanted.setdefault(key, (cls, location, numel))
        return Opaque()

    def load(self, persistent_id: tuple):
        """The storage that a pickle names (or the class of a module)."""
        if persistent_id and persistent_id[0] in ("module", b"module") and len(persistent_id) > 1:
            return persistent_id[1]
        cls, key, _, numel = storages.parse_id(persistent_id)[:4]
        storage = self.found[key]
        if storage.nbytes() != numel * storages.dtype_of(cls).itemsize:
            raise RuntimeError(f"the file gives storage {key!r} two sizes")
        return storage


def load(file, restore, policy, unpickle: Callable, encoding: str):
    """The object of an old file.

    `policy` is that of weights_only, or None: then `unpickle(file, load_storage)` reads the pickle.
    """
    content = content_of(file)
    if bytes(content[257:262]) == b"ustar":
        raise NotImplementedError(
            "files in the .tar format of PyTorch 0.1.1 and older are not implemented in numtorch; "
            "load the file with an old PyTorch and save it again"
        )
    head = Machine(content, Seen(), _refuse, encoding)
    if head.load() != MAGIC:
        raise RuntimeError("Invalid magic number; corrupt file?")
    version = head.load()
    if version != VERSION:
        raise RuntimeError(f"Invalid protocol version: {version!r:.40}")
    info = head.load()
    swap = isinstance(info, dict) and info.get("little_endian", True) is False
    known, start = _Storages(), head.at
    scan = Machine(content, Seen(), known.note, encoding, start)
    scan.load()
    end = scan.at
    keys = scan.load()
    _read_storages(content, scan.at, keys, known, restore, swap)
    if policy is None:
        return unpickle(io.BytesIO(content[start:end]), known.load)
    return Machine(content, policy, known.load, encoding, start).load()


def _refuse(found):
    raise pickle.UnpicklingError("unsupported persistent id encountered")


def _read_storages(content, at: int, keys, known: _Storages, restore, swap: bool) -> None:
    if type(keys) is not list or sorted(map(str, keys)) != sorted(known.wanted):
        raise RuntimeError("the storages at the end of the file are not those that it names")
    for key in keys:
        cls, location, numel = known.wanted[key]
        dtype = storages.dtype_of(names.special().get(f"{cls.module}.{cls.name}", cls.name))
        nbytes = numel * dtype.itemsize
        count = content[at : at + 8]
        if len(count) != 8 or at + 8 + nbytes > len(content):
            raise RuntimeError(
                f"unexpected EOF, expected {at + 8 + nbytes - len(content)} more bytes. The file "
                "might be corrupted."
            )
        if struct.unpack("<q", count)[0] != numel:
            raise RuntimeError(f"storage {key!r} has another size than its tensors need")
        buf = alloc(nbytes)
        if nbytes:
            bytes_ = storages.bytes_of(buf)
            bytes_[:] = memoryview(content)[at + 8 : at + 8 + nbytes]
            if swap:
                storages.swap_bytes(bytes_, dtype)
        made = storages.fresh(buf, nbytes, dtype)
        known.found[key] = storages.placed(made, location, restore)
        at += 8 + nbytes
