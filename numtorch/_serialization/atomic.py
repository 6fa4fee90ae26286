"""Files that appear whole or not at all: written beside the target, then moved over it."""

from __future__ import annotations

import contextlib
import os
import shutil
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
                temporary = _link(file.fileno(), target, parent)
        os.replace(temporary, target)
    except BaseException:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise
    _sync_folder(parent)


@contextlib.contextmanager
def replaced_by(path: str | os.PathLike) -> Iterator[str]:
    """The same for writers that take a name: what they wrote to it becomes `path`."""
    target = os.path.realpath(os.fspath(path))
    parent = os.path.dirname(target)
    if not os.path.isdir(parent):
        raise FileNotFoundError(f"the folder {os.fsdecode(parent)} does not exist")
    old = os.stat(target) if os.path.exists(target) else None
    file, name = _named(target, parent)
    file.close()
    try:
        mode = stat.S_IMODE((old or os.stat(name)).st_mode)
        yield name
        with open(name, "rb") as written:  # the writer may have made another file of that name
            os.chmod(name, mode)
            os.fsync(written.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(parent)


def _beside(target, parent) -> tuple[BinaryIO, str | None]:
    """(file, its name or None): a kill leaves nothing of a file that has no name yet."""
    if hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            return os.fdopen(os.open(parent, os.O_TMPFILE | os.O_RDWR, 0o666), "wb"), None
    return _named(target, parent)


def _named(target, parent) -> tuple[BinaryIO, str]:
    prefix = "." + os.path.basename(os.fsdecode(target)) + "."
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=os.fsdecode(parent))
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
    return os.fdopen(handle, "wb"), name


def _link(handle: int, target, parent) -> str:
    """Gives a nameless file a name beside the target; a copy has one where that is not possible."""
    start = os.path.join(os.fsdecode(parent), "." + os.path.basename(os.fsdecode(target)))
    for n in range(1000):
        name = f"{start}.{os.getpid()}.{n}.tmp"
        try:
            # With a folder's descriptor os.link follows the symbolic link that /proc has.
            os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=handle, follow_symlinks=True)
        except FileExistsError:
            continue
        except OSError:
            return _copied(handle, target, parent)
        return name
    raise FileExistsError(f"no free temporary name beside {os.fsdecode(target)}")


def _copied(handle: int, target, parent) -> str:
    file, name = _named(target, parent)
    try:
        with file, os.fdopen(os.dup(handle), "rb") as source:
            source.seek(0)
            shutil.copyfileobj(source, file, 1 << 24)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(os.fstat(handle).st_mode))
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return name


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
