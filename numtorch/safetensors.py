"""Files of named tensors in the safetensors format, through the package of that name.

`pip install 'numtorch[files]'` installs it. Under the import alias `safetensors.torch` works too.

>>> import numtorch as torch
>>> from numtorch.safetensors import load, save
>>> load(save({"w": torch.ones(2)}))["w"]
tensor([1., 1.])
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy

from . import nn
from ._descriptors import check_device
from ._serialization.atomic import replaced_by
from ._serialization.storages import Mapped
from ._storage import UntypedStorage
from ._tensor import Tensor, wrap

__all__ = ["load", "load_file", "load_model", "metadata", "save", "save_file", "save_model"]

_TYPES = {
    "F64": _d.float64, "F32": _d.float32, "F16": _d.float16, "BF16": _d.bfloat16,
    "I64": _d.int64, "I32": _d.int32, "I16": _d.int16, "I8": _d.int8, "U8": _d.uint8,
    "BOOL": _d.bool_, "C64": _d.complex64,
}  # fmt: skip


def _package() -> Any:
    try:
        import safetensors
    except ImportError:
        raise ImportError(
            "the safetensors package is needed: pip install 'numtorch[files]'"
        ) from None
    if not hasattr(safetensors, "TensorSpec"):
        raise ImportError(
            "a newer safetensors package (0.8 or later) is needed: pip install -U safetensors"
        )
    return safetensors


# ---------------------------------------------------------------- load


def load_file(filename: str | os.PathLike, device="cpu") -> dict[str, Tensor]:
    """The tensors of a file by name. The file is mapped: what is not used is not read.

    FileNotFoundError, or safetensors.SafetensorError for a file that is damaged.
    """
    check_device(device)
    with _package().safe_open(os.fspath(filename), framework="numpy"):
        pass  # the package checks the header: types, shapes, places
    data = np.memmap(filename, np.uint8, "c").view(np.ndarray)
    return _tensors(data, _header(data))


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors of a file's bytes by name."""
    _package().deserialize(data)
    content = np.frombuffer(bytearray(data), np.uint8)
    return _tensors(content, _header(content))


def metadata(filename: str | os.PathLike) -> dict[str, str]:
    """The text that a file carries beside its tensors."""
    with _package().safe_open(os.fspath(filename), framework="numpy") as file:
        return file.metadata() or {}


def _header(data: np.ndarray) -> tuple[dict, int]:
    """(the entries by name, where the tensors start) of a file that was checked."""
    n = int(data[:8].view("<u8")[0])
    found = json.loads(data[8 : 8 + n].tobytes())
    found.pop("__metadata__", None)
    return found, 8 + n


def _tensors(data: np.ndarray, header: tuple[dict, int]) -> dict[str, Tensor]:
    entries, start = header
    found = {}
    for name, entry in sorted(entries.items(), key=lambda e: e[1]["data_offsets"]):
        dtype = _TYPES.get(entry["dtype"])
        if dtype is None:
            raise NotImplementedError(
                f"tensor {name!r} has the type {entry['dtype']}, which numtorch does not have"
            )
        begin, end = entry["data_offsets"]
        part = data[start + begin : start + end]
        if part.ctypes.data % dtype.itemsize:
            part = part.copy()
        buf = Mapped(part)
        found[name] = wrap(Lazy(meta(tuple(entry["shape"]), dtype), buf, buf.addr))
    return found


def load_model(
    model: nn.Module, filename: str | os.PathLike, strict: bool = True, device="cpu"
) -> tuple[set[str], list[str]]:
    """Loads a file into a module; returns the missing and the unexpected names.

    With `strict`, RuntimeError if there are any. Names that share a parameter count as one.
    """
    found = load_file(filename, device)
    groups = _groups(model.state_dict())
    missing, unexpected = model.load_state_dict(found, strict=False)
    lost = set(missing)
    for names in groups:
        if any(n in found for n in names):
            lost -= set(names)
    if strict and (lost or unexpected):
        lines = [f"Error(s) in loading state_dict for {type(model).__name__}:"]
        for title, names in (("Missing", sorted(lost)), ("Unexpected", sorted(unexpected))):
            if names:
                listed = ", ".join(f'"{n}"' for n in names)
                lines.append(f"    {title} key(s) in state_dict: {listed}")
        raise RuntimeError("\n".join(lines))
    return lost, list(unexpected)


# ---------------------------------------------------------------- save


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes of a file with these tensors."""
    package = _package()
    specs = _specs(package, tensors)
    return bytes(package.serialize({name: spec for name, spec, _ in specs}, metadata=metadata))


def save_file(
    tensors: dict[str, Tensor], filename: str | os.PathLike,
    metadata: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Saves contiguous dense tensors, which must not share memory, by name.

    ValueError and RuntimeError for others. An old file stays until the new one is complete.
    """
    package = _package()
    specs = _specs(package, tensors)
    by_name = {name: spec for name, spec, _ in specs}
    with replaced_by(filename) as temporary:
        package.serialize_file(by_name, temporary, metadata=metadata)


def save_model(
    model: nn.Module, filename: str | os.PathLike, metadata: dict[str, str] | None = None,
    force_contiguous: bool = True,
) -> None:  # fmt: skip
    """Saves a module's state_dict; of names that share a parameter the first one is kept."""
    state, notes = model.state_dict(), dict(metadata or {})
    for names in _groups(state):
        kept = min(names)
        for name in names:
            if name != kept:
                notes.setdefault(name, kept)
                del state[name]
    if force_contiguous:
        state = {name: t.contiguous() for name, t in state.items()}
    save_file(state, filename, notes or None)


def _specs(package, tensors: dict[str, Tensor]) -> list[tuple]:
    """(name, the package's description of a tensor, what keeps its memory alive)."""
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, t in tensors.items():
        if not isinstance(t, Tensor):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received {type(t)}"
            )
        if t.layout.name != "strided":
            raise ValueError(
                f"You are trying to save a sparse tensors: `{[name]}` which this library does not "
                "support. Make it a dense tensor with `.to_dense()` first."
            )
        if not t.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed. "
                "Call `.contiguous()` on it first, or use save_model."
            )
    shared = [names for names in _groups(tensors) if len(names) > 1]
    if shared:
        raise RuntimeError(
            "Some tensors share memory, this will lead to duplicate memory on disk and potential "
            f"differences when loading them again: {shared}. Use save_model, or clone() them."
        )
    found = []
    for name, t in tensors.items():
        if t.dtype not in _TYPES.values():
            raise ValueError(f"the safetensors format has no type for {t.dtype} (`{name}`)")
        at = t.data_ptr() if t.numel() else 0
        spec = package.TensorSpec(
            dtype=t.dtype.name, shape=list(t.shape), data_ptr=at, data_len=t.nbytes
        )
        found.append((name, spec, t))
    return found


def _groups(tensors: dict[str, Tensor]) -> list[list[str]]:
    """The names of tensors that see the same memory, together; only groups of several."""
    found: dict = {}
    for name, t in tensors.items():
        if t.numel():
            found.setdefault(UntypedStorage(t).data_ptr(), []).append((name, t))
    groups = []
    for members in found.values():
        spans = sorted((t.data_ptr(), t.data_ptr() + _span(t), name) for name, t in members)
        group, end = [spans[0][2]], spans[0][1]
        for start, stop, name in spans[1:]:
            if start >= end:
                groups.append(group)
                group = []
            group.append(name)
            end = max(end, stop)
        groups.append(group)
    return [g for g in groups if len(g) > 1]


def _span(t: Tensor) -> int:
    last = sum((n - 1) * s for n, s in zip(t.shape, t.stride()))
    return (last + 1) * t.dtype.itemsize
