"""Files that appear whole or not at all: written beside the target, then moved over it."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import BinaryIO


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A binary file for writing that becomes `path` when the block ends without an error.

    Until then the old file stays as it was; after an error (a full disk: OSError) it still does,
    and nothing is left beside it. Devices and pipes are written directly.
    """
    target = os.path.realpath(os.fspath(path))
    parent = os.path.dirname(target)
    if not os.path.isdir(parent):
        raise RuntimeError(f"Parent directory {os.fsdecode(parent)} does not exist.")
    try:
        old = os.stat(target)
    except FileNotFoundError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(target, "wb") as file:
            yield file
        return
    file, temporary = _beside(target, parent)
    try:
        with file:
            yield file
            file.flush()
            _take_mode(file.fileno(), old)
            os.fsync(file.fileno())
            if temporary is None:
                temporary = _link(file.fileno(), target)
        os.replace(temporary, target)
    except BaseException:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise
    _sync_folder(parent)


def _beside(target, parent) -> tuple[BinaryIO, str | None]:
    """(file, its name or None): where the system has files without a name, a kill leaves nothing."""
    if hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            return os.fdopen(os.open(parent, os.O_TMPFILE | os.O_RDWR, 0o666), "wb"), None
    prefix = "." + os.path.basename(os.fsdecode(target)) + "."
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=os.fsdecode(parent))
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
    return os.fdopen(handle, "wb"), name


def _link(handle: int, target) -> str:
    """Gives a nameless file a name beside the target."""
    base = os.path.join(os.path.dirname(os.fsdecode(target)), ".")
    for n in range(1000):
        name = f"{base}{os.path.basename(os.fsdecode(target))}.{os.getpid()}.{n}.tmp"
        try:
            os.link(f"/proc/self/fd/{handle}", name, follow_symlinks=True)
        except FileExistsError:
            continue
        return name
    raise FileExistsError(f"no free temporary name beside {os.fsdecode(target)}")


def _take_mode(handle: int, old) -> None:
    if old is not None and os.name == "posix":
        with contextlib.suppress(OSError):
            os.fchmod(handle, stat.S_IMODE(old.st_mode))


def _sync_folder(folder) -> None:
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
