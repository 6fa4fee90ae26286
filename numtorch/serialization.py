"""torch.save and torch.load, and what controls them.

>>> import io
>>> import numtorch as torch
>>> file = io.BytesIO()
>>> torch.save({"w": torch.ones(2)}, file)
>>> _ = file.seek(0)
>>> torch.load(file)
{'w': tensor([1., 1.])}
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pickle
import re
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ._descriptors import device
from ._serialization import allowed as _allowed
from ._serialization import archive as _archive
from ._serialization import legacy as _legacy
from ._serialization import names as _names
from ._serialization.atomic import replacing
from ._serialization.opcodes import Machine, Seen
from ._serialization.options import (
    LoadEndianness,
    check_module_version_greater_or_equal,
    get_crc32_options,
    get_default_load_endianness,
    get_default_mmap_options,
    mkdtemp,
    normalize_storage_type,
    set_crc32_options,
    set_default_load_endianness,
    set_default_mmap_options,
    storage_to_tensor_type,
)
from ._serialization.pickler import Memories, dumps
from ._serialization.places import (
    default_restore_location,
    location_tag,
    register_package,
    restorer,
    validate_cuda_device,
)
from ._serialization.rebuild import _get_layout  # noqa: F401
from ._serialization.storages import Storages

__all__ = [
    "LoadEndianness", "add_safe_globals", "check_module_version_greater_or_equal",
    "clear_safe_globals", "default_restore_location", "get_crc32_options",
    "get_default_load_endianness", "get_default_mmap_options", "get_safe_globals",
    "get_unsafe_globals_in_checkpoint", "load", "location_tag", "mkdtemp",
    "normalize_storage_type", "register_package", "safe_globals", "save", "set_crc32_options",
    "set_default_load_endianness", "set_default_mmap_options", "storage_to_tensor_type",
    "validate_cuda_device",
]  # fmt: skip

DEFAULT_PROTOCOL = 2
MAGIC_NUMBER = _legacy.MAGIC
PROTOCOL_VERSION = _legacy.VERSION
_UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will "
    "likely succeed, but it can result in arbitrary code execution. Do it only if you got the "
    "file from a trusted source."
)

MAP_LOCATION: TypeAlias = Callable[[Any, str], Any] | device | str | dict[str, str] | None


# ---------------------------------------------------------------- save


def save(
    obj: object, f, pickle_module: Any = None, pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True, _disable_byteorder_record: bool = False,
) -> None:  # fmt: skip
    """Saves an object to a file (a path, or anything with write()) that PyTorch opens too.

    Tensors that share memory still share it after loading. A file given by its path is replaced
    only when the new one is complete on the disk: RuntimeError if its folder does not exist,
    OSError (the disk is full) leave the old file as it was.

    >>> import numtorch as torch
    >>> import io
    >>> file = io.BytesIO()
    >>> torch.serialization.save({"step": 3}, file); file.seek(0)
    0
    >>> torch.serialization.load(file)
    {'step': 3}
    """
    if isinstance(f, (str, os.PathLike)):
        with replacing(f) as file:
            stem = os.path.splitext(os.path.basename(os.fsdecode(os.fspath(f))))[0]
            _write(obj, file, stem or "archive", pickle_module, pickle_protocol,
                   _use_new_zipfile_serialization, _disable_byteorder_record)  # fmt: skip
        return
    if not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    if isinstance(f, (io.StringIO, io.TextIOBase)):
        raise TypeError("torch.save needs a file opened in binary mode, not in text mode")
    _write(obj, f, "archive", pickle_module, pickle_protocol, _use_new_zipfile_serialization,
           _disable_byteorder_record)  # fmt: skip
    if hasattr(f, "flush"):
        f.flush()


def _write(obj, file, stem: str, module, protocol: int, as_zip: bool, no_byteorder: bool) -> None:
    if not as_zip:
        _legacy.save(obj, file, protocol, module)
        return
    memories = Memories()
    body = dumps(obj, memories, protocol, module)
    out = _archive.Writer(file, stem)
    out.add("data.pkl", body)
    out.add(".format_version", b"1")
    out.add(".storage_alignment", str(_archive.ALIGNMENT).encode())
    if not no_byteorder:
        out.add("byteorder", sys.byteorder.encode())
    for m in memories.found.values():
        out.add(f"data/{m.key}", memoryview(m.array).cast("B") if m.array.nbytes else b"")
    out.add("version", b"3\n")
    out.add(".data/serialization_id", _serialization_id(body, out))
    out.close()


def _serialization_id(body: bytes, out) -> bytes:
    """40 digits that depend on the content: equal objects make equal files."""
    content = body + b"".join(e[16:20] for e in out.entries)  # the checksums
    return str(int(hashlib.sha256(content).hexdigest(), 16))[:40].zfill(40).encode()


# ---------------------------------------------------------------- load


def load(
    f, map_location=None, pickle_module: Any = None, *, weights_only: bool | None = None,
    mmap: bool | None = None, **pickle_load_args: Any,
) -> Any:  # fmt: skip
    """Loads an object that `torch.save` of numtorch or PyTorch wrote.

    f: a path or a file object with read() and seek(). weights_only=True (the default) loads
    tensors and plain containers and never runs code of the file; False runs whatever the file
    says: only for files you trust. map_location: a device, its name, a dict of names, or
    f(storage, location) -> storage. mmap=True maps a file given by its path and does not read it.

    RuntimeError or pickle.UnpicklingError for a file that is damaged or not allowed; EOFError for
    an empty one.

    >>> import numtorch as torch
    >>> import io
    >>> file = io.BytesIO()
    >>> torch.save(torch.tensor([1, 2, 3], dtype=torch.int32), file); file.seek(0)
    0
    >>> torch.serialization.load(file)
    tensor([1, 2, 3], dtype=torch.int32)
    """
    weights_only = _weights_only(weights_only, pickle_module)
    if weights_only and pickle_module is not None:
        raise RuntimeError(
            "Can not safely load weights when explicit pickle_module is specified"
        )
    if pickle_load_args and weights_only:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
    arguments = {"encoding": "utf-8", **pickle_load_args}
    path = os.fspath(f) if isinstance(f, (str, os.PathLike)) else None
    if path is not None and os.fsdecode(path).endswith(".safetensors"):
        return _load_safetensors(path, map_location)
    with contextlib.ExitStack() as stack:
        if path is not None:
            file = stack.enter_context(open(path, "rb"))
        else:
            file = _seekable(f)
        return _load_file(
            file, path, restorer(map_location), weights_only, mmap, pickle_module or pickle,
            arguments,
        )  # fmt: skip


def _weights_only(given: bool | None, pickle_module) -> bool:
    found = pickle_module is None if given is None else bool(given)
    yes = ("1", "y", "yes", "true")
    force = os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0").lower() in yes
    never = os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "0").lower() in yes
    if force and never:
        raise RuntimeError(
            "Only one of `TORCH_FORCE_WEIGHTS_ONLY_LOAD` or `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` "
            "should be set, but both were set."
        )
    return True if force else False if never and given is None else found


def _seekable(f):
    try:
        f.seek(f.tell())
        f.read  # noqa: B018
        return f
    except (io.UnsupportedOperation, AttributeError) as e:
        raise type(e)(
            f"{e}. You can only torch.load from a file that is seekable. Please pre-load the data "
            "into a buffer like io.BytesIO and try to load from it instead."
        ) from None


def _load_file(file, path, restore, weights_only: bool, mmap, module, arguments: dict):
    start = file.tell()
    magic = file.read(4)
    file.seek(start)
    if not isinstance(magic, bytes):
        raise TypeError("torch.load needs a file opened in binary mode, not in text mode")
    policy = _allowed.Allowed() if weights_only else None
    try:
        if magic == b"PK\3\4":
            return _load_zip(file, path, restore, policy, mmap, module, arguments)
        if mmap:
            raise RuntimeError(
                "mmap can only be used with files saved with "
                "`torch.save(_use_new_zipfile_serialization=True)`, please torch.save your "
                "checkpoint with this option in order to use mmap."
            )

        def unpickle(data, load_storage):
            return _unpickler(module, data, load_storage, arguments).load()

        return _legacy.load(file, restore, policy, unpickle, arguments["encoding"])
    except pickle.UnpicklingError as e:
        if policy is None:
            raise
        raise pickle.UnpicklingError(_advice(str(e))) from None


def _load_zip(file, path, restore, policy, mmap, module, arguments: dict):
    archive = _archive.Reader(file)
    if "constants.pkl" in archive:
        raise RuntimeError(
            "this is a TorchScript archive, which torch.load does not read: use torch.jit.load"
        )
    mapped = None
    if mmap:
        if path is None:
            raise ValueError("f must be a file path in order to use the mmap argument")
        mapped = np.memmap(path, np.uint8, "c").view(np.ndarray)
    found = Storages(archive, restore, _swapped(archive), mapped)
    body = archive.read("data.pkl")
    if policy is not None:
        return Machine(body, policy, found.load, arguments["encoding"]).load()
    return _unpickler(module, io.BytesIO(body), found.load, arguments).load()


def _swapped(archive) -> bool:
    """True if the file's numbers have the other byte order."""
    if "byteorder" in archive:
        order = archive.read("byteorder").decode("ascii", "replace")
        if order not in ("little", "big"):
            raise ValueError("Unknown endianness type: " + order)
    else:
        asked = get_default_load_endianness() or LoadEndianness.LITTLE
        order = {1: sys.byteorder, 2: "little", 3: "big"}[asked.value]
    return order != sys.byteorder


def _unpickler(module, data, load_storage: Callable, arguments: dict):
    """Python's unpickler with PyTorch's names: it runs what the file says."""

    class Unpickler(module.Unpickler):
        def find_class(self, module_name: str, name: str):
            if module_name == "torch" or module_name.startswith("torch."):
                return _names.find(module_name, name)
            return super().find_class(module_name, name)

        def persistent_load(self, found):
            return load_storage(found)

    return Unpickler(data, **arguments)


def _advice(message: str) -> str:
    tail = (
        "\n\nCheck the documentation of torch.load to learn more about types accepted by default "
        "with weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
    )
    if re.search(r"GLOBAL \S+ was not an allowed global by default", message):
        return (
            "Weights only load failed. This file can still be loaded, to do so you have two "
            "options, \033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
            f"\n\t(1) {_UNSAFE}\n\t(2) Alternatively, to load with `weights_only=True` please "
            "check the recommended steps in the following error message.\n\tWeightsUnpickler "
            f"error: {message}{tail}"
        )
    return f"Weights only load failed. {_UNSAFE}\nWeightsUnpickler error: {message}{tail}"


def _load_safetensors(path, map_location):
    from . import safetensors

    if isinstance(map_location, dict) or not isinstance(
        map_location, (str, bytes, device, type(None))
    ):
        kind = "dict" if isinstance(map_location, dict) else "callable"
        raise RuntimeError(
            f"Loading safetensors file with {kind} map_location is not supported. Use a device "
            "string or torch.device instead."
        )
    return safetensors.load_file(path, device=map_location or "cpu")


# ---------------------------------------------------------------- allowed globals


def add_safe_globals(safe_globals: list) -> None:
    """Lets files loaded with weights_only=True name these classes and functions.

    Items are objects, or (object, "full.name") if the file knows one by another name.

    >>> import numtorch as torch
    >>> import fractions
    >>> torch.serialization.add_safe_globals([fractions.Fraction])
    >>> fractions.Fraction in torch.serialization.get_safe_globals()
    True
    >>> torch.serialization.clear_safe_globals()
    """
    _allowed.add(safe_globals)


def get_safe_globals() -> list:
    """What add_safe_globals added.

    >>> import numtorch as torch
    >>> import fractions
    >>> with torch.serialization.safe_globals([fractions.Fraction]):
    ...     fractions.Fraction in torch.serialization.get_safe_globals()
    True
    """
    return _allowed.added()


def clear_safe_globals() -> None:
    """Forgets what add_safe_globals added.

    >>> import numtorch as torch
    >>> torch.serialization.clear_safe_globals()
    >>> torch.serialization.get_safe_globals()
    []
    """
    _allowed.remove(_allowed.added())


class safe_globals:
    """A block in which files may name these classes and functions too.

    >>> import numtorch as torch
    >>> import fractions, io
    >>> file = io.BytesIO()
    >>> torch.save(fractions.Fraction(1, 2), file); file.seek(0)
    0
    >>> with torch.serialization.safe_globals([fractions.Fraction]):
    ...     torch.load(file)
    Fraction(1, 2)
    """

    def __init__(self, safe_globals: list):
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        self.new = [g for g in self.safe_globals if g not in _allowed.added()]
        _allowed.add(self.new)

    def __exit__(self, *exc) -> None:
        _allowed.remove(self.new)


def get_unsafe_globals_in_checkpoint(f) -> list[str]:
    """The full names in a file that weights_only=True does not allow; nothing is run.

    >>> import numtorch as torch
    >>> import fractions, io
    >>> file = io.BytesIO()
    >>> torch.save(fractions.Fraction(1, 2), file); file.seek(0)
    0
    >>> torch.serialization.get_unsafe_globals_in_checkpoint(file)
    ['fractions.Fraction']
    """
    with contextlib.ExitStack() as stack:
        is_path = isinstance(f, (str, os.PathLike))
        file = stack.enter_context(open(f, "rb")) if is_path else _seekable(f)
        start = file.tell()
        if file.read(4) != b"PK\3\4":
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        file.seek(start)
        archive = _archive.Reader(file)
        if "constants.pkl" in archive:
            raise ValueError(
                "Expected input to be a checkpoint returned by torch.save but got a torchscript "
                "checkpoint"
            )
        seen = Seen()
        Machine(archive.read("data.pkl"), seen, lambda found: None).load()
    policy = _allowed.Allowed()
    full = {f"{module}.{name}" for module, name in seen.names}
    return sorted(name for name in full if not policy.knows(name))
