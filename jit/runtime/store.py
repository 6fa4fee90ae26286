"""The kernel store: object code on disk, keyed by content, shared by processes.

A kernel's key is the hash of its text, the CPU and the compilers. Its object code lives in
`<name>-<hash>.o` (a container with checksums, see `_pack`), its readable source beside it in
`<name>-<hash>.py`. Files are replaced atomically, so any number of processes can share a folder;
a file that does not verify is compiled again.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import tempfile
import threading
import time
import warnings
from collections.abc import Callable

from . import engine

__all__ = ["Store", "store"]

VERSION = 2
_MAGIC = b"NUMTORCH\x00OBJ"
# magic, version, len(symbol), key, sha256(rest), len(object)
_HEAD = struct.Struct("<12sII32s32sQ")
# only files named like this are ever deleted: the folder may be one the user has other things in
_TEMPORARY = ".numtorch-tmp-"
_OURS = re.compile(rf".+-[0-9a-f]{{16}}\.(o|py|ll)|{re.escape(_TEMPORARY)}.*")
_HOUR, _DAY = 3600.0, 86400.0
_CHECK_EVERY = 64  # writes between two looks at the folder's size


class _Counters:
    """How kernels were found in this process."""

    __slots__ = ("compiled", "evicted", "loaded", "memory")

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        self.compiled = 0  # built by a compiler
        self.loaded = 0  # read from disk
        self.memory = 0  # found in this process
        self.evicted = 0  # kernels deleted to keep the folder small

    def __repr__(self) -> str:
        return f"Counters({', '.join(f'{k}={getattr(self, k)}' for k in self.__slots__)})"


def default_folder() -> str:
    """NUMTORCH_CACHE_DIR, else numtorch/ in the user's cache folder."""
    folder = os.environ.get("NUMTORCH_CACHE_DIR")
    if folder:
        return os.path.abspath(os.path.expanduser(folder))
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "numtorch")


def default_limit() -> int:
    """NUMTORCH_CACHE_SIZE in MB (a number), 512 by default; 0 means no bound. In bytes."""
    text = os.environ.get("NUMTORCH_CACHE_SIZE", "")
    try:
        return int(float(text) * (1 << 20)) if text else 512 << 20
    except ValueError:
        raise ValueError(f"NUMTORCH_CACHE_SIZE is a number of megabytes, got {text!r}") from None


def _pack(key: bytes, symbol: str, data: bytes) -> bytes:
    """The container's bytes: head, symbol, object code."""
    rest = symbol.encode() + data
    digest = hashlib.sha256(rest).digest()
    return _HEAD.pack(_MAGIC, VERSION, len(rest) - len(data), key, digest, len(data)) + rest


def _unpack(key: bytes, blob: bytes) -> tuple[str, bytes]:
    """(symbol, object code) of a container; ValueError unless every byte of it is right."""
    if len(blob) < _HEAD.size:
        raise ValueError("truncated")
    magic, version, name_size, own_key, digest, size = _HEAD.unpack_from(blob)
    rest = blob[_HEAD.size :]
    if magic != _MAGIC or version != VERSION or own_key != key:
        raise ValueError("another format")
    if len(rest) != name_size + size or hashlib.sha256(rest).digest() != digest:
        raise ValueError("wrong checksum")
    return rest[:name_size].decode(), rest[name_size:]


class Store:
    """Kernels by content: in memory, else on disk, else built. One per process: `store`."""

    def __init__(self, folder: str | None = None, limit: int | None = None):
        self.counters = _Counters()
        self.limit = default_limit() if limit is None else limit
        self._memory: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._building: dict[bytes, threading.Lock] = {}
        self.set_folder(folder)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self) -> None:
        self._lock = threading.Lock()
        self._building = {}

    @property
    def folder(self) -> str:
        """Where kernels are kept on disk."""
        return self._folder

    def set_folder(self, folder: str | None) -> None:
        """Use another folder (None: the default one); kernels in memory stay known."""
        self._folder = default_folder() if folder is None else os.path.abspath(folder)
        self._writable = True
        self._warned: set[str] = set()
        self._writes = 0

    def kernel(
        self,
        key_text: str,
        name: str,
        build: Callable[[], tuple[str, bytes]],
        source: str | None = None,
        suffix: str = "py",
        counted: bool = True,
    ) -> int:
        """Address of the kernel described by `key_text`.

        `build() -> (symbol, object code)` is called if neither this process nor the disk has it.
        `source` is what people read in the folder, `key_text` by default; `suffix` names
        its language (py or ll). A kernel not `counted` leaves the counters as they are.
        """
        memo = (name, key_text)
        address = self._memory.get(memo)
        if address is not None:
            self.counters.memory += 1
            return address
        key = self.key(key_text)
        with self._lock:
            gate = self._building.setdefault(key, threading.Lock())
        try:
            with gate:  # one thread builds a kernel, others may build other ones
                address = self._memory.get(memo)
                if address is not None:
                    self.counters.memory += 1
                    return address
                address = self._read(key, name)
                if address is not None:
                    self.counters.loaded += counted
                else:
                    address = self._build(key, name, build, source or key_text, suffix)
                    self.counters.compiled += counted
                self._memory[memo] = address
                return address
        finally:
            self._building.pop(key, None)

    @staticmethod
    def key(key_text: str) -> bytes:
        """The full key: text, CPU, compilers, and this file's format."""
        text = f"{VERSION}\n{engine.cpu_key()}\n{key_text}"
        return hashlib.sha256(text.encode()).digest()

    def path(self, key_text: str, name: str) -> str:
        """Where the kernel's object code is, or would be, on disk."""
        return self._path(self.key(key_text), name) + ".o"

    def _path(self, key: bytes, name: str) -> str:
        return os.path.join(self._folder, f"{name}-{key.hex()[:16]}")

    def _read(self, key: bytes, name: str) -> int | None:
        """Load from disk; None if it is not there or does not verify."""
        path = self._path(key, name) + ".o"
        try:
            with open(path, "rb") as file:
                age = time.time() - os.fstat(file.fileno()).st_mtime
                blob = file.read()
        except OSError:
            return None
        try:
            symbol, data = _unpack(key, blob)
            address = engine.load_object(data, symbol)
        except (ValueError, RuntimeError) as error:
            self._warn("corrupt", f"a file in the kernel store {self._folder} is damaged "
                       f"({os.path.basename(path)}: {error}); it is compiled again and replaced")
            return None
        if age > _DAY:  # eviction goes by last use; once a day is enough to know it
            try:
                os.utime(path)
            except OSError:
                pass
        return address

    def _build(self, key: bytes, name: str, build, source: str, suffix: str) -> int:
        symbol, data = build()
        address = engine.load_object(data, symbol)
        if self._writable:
            path = self._path(key, name)
            try:
                os.makedirs(self._folder, exist_ok=True)
                self._replace(path + ".o", _pack(key, symbol, data))
                self._replace(f"{path}.{suffix}", source.encode())
            except OSError as error:
                self._writable = False
                self._warn("write", f"cannot write to the kernel store {self._folder} ({error}); "
                           "kernels are kept in memory and compiled again by the next process")
            else:
                if self._writes % _CHECK_EVERY == 0:
                    self._evict()
                self._writes += 1
        return address

    def _replace(self, path: str, data: bytes) -> None:
        """Write a whole file or nothing, whatever other processes do."""
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=_TEMPORARY)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            try:
                os.unlink(temporary)
            except OSError:
                pass
            raise

    def _warn(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            warnings.warn(text, RuntimeWarning, stacklevel=4)

    def _kept(self) -> list[tuple[float, int, list[str]]]:
        """(time of last use, bytes, paths) of every kernel in the folder.

        A file that another process is writing at this moment is left out, an orphan of a process
        that died while it wrote is a kernel of its own.
        """
        kernels: dict[str, list] = {}
        now = time.time()
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if not _OURS.fullmatch(entry.name):
                        continue
                    try:
                        stat = entry.stat()
                    except OSError:
                        continue  # another process was faster
                    if entry.name.startswith(_TEMPORARY) and now - stat.st_mtime < _HOUR:
                        continue
                    kernel = kernels.setdefault(os.path.splitext(entry.name)[0], [0.0, 0, []])
                    kernel[0] = max(kernel[0], stat.st_mtime)
                    kernel[1] += stat.st_size
                    kernel[2].append(entry.path)
        except OSError:
            pass
        return [tuple(kernel) for kernel in kernels.values()]

    def _evict(self) -> None:
        """Delete the kernels unused for longest until the folder is at 80% of its bound."""
        if self.limit <= 0:
            return
        kernels = self._kept()
        total = sum(size for _, size, _ in kernels)
        if total <= self.limit:
            return
        for _, size, paths in sorted(kernels):
            if total <= self.limit * 0.8:
                break
            total -= size
            self.counters.evicted += 1
            for path in paths:
                self._unlink(path)

    @staticmethod
    def _unlink(path: str) -> None:
        try:
            os.unlink(path)
        except OSError:
            pass

    def clear(self) -> None:
        """Forget every kernel, in memory and on disk (code that is running stays loaded)."""
        self._memory.clear()
        for _, _, paths in self._kept():
            for path in paths:
                self._unlink(path)


store = Store()
