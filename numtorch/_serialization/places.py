"""Which device a storage is on, and where a loaded one goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .._descriptors import device

_packages: list[tuple[int, Callable, Callable]] = []


def register_package(
    priority: int, tagger: Callable[[Any], str | None], deserializer: Callable[[Any, str], Any]
) -> None:
    """Adds a kind of device: tagger(storage) names it, deserializer(storage, name) restores.

    The lowest priority is asked first; a function that returns None leaves it to the others.

    >>> import numtorch as torch
    >>> register = torch.serialization.register_package
    >>> register(99, lambda storage: None, lambda storage, name: None)
    >>> torch.serialization.location_tag(torch.zeros(2).untyped_storage())
    'cpu'
    """
    _packages.append((priority, tagger, deserializer))
    _packages.sort(key=lambda p: p[0])


def location_tag(storage) -> str:
    """The name of the device that a storage is on.

    >>> import numtorch as torch
    >>> torch.serialization.location_tag(torch.zeros(2).untyped_storage())
    'cpu'
    """
    for _, tagger, _ in _packages:
        found = tagger(storage)
        if found:
            return found
    raise RuntimeError(
        f"don't know how to determine data location of {type(storage).__name__}"
    )


def default_restore_location(storage, location: str) -> Any:
    """The storage on the device that a file names; RuntimeError if there is no such device.

    >>> import numtorch as torch
    >>> storage = torch.zeros(2).untyped_storage()
    >>> torch.serialization.default_restore_location(storage, "cpu").nbytes()
    8
    """
    for _, _, deserializer in _packages:
        result = deserializer(storage, location)
        if result is not None:
            return result
    raise RuntimeError(
        "don't know how to restore data location of torch.storage."
        f"{type(storage).__name__} (tagged with {location})"
    )


def validate_cuda_device(location: str) -> int:
    """RuntimeError: there is no CUDA device here."""
    raise RuntimeError(
        "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is "
        "False. If you are running on a CPU-only machine, please use torch.load with "
        "map_location=torch.device('cpu') to map your storages to the CPU."
    )


def _restore_cuda(storage, location: str):
    if re.match(r"cuda(:|$|[0-9])", location):
        validate_cuda_device(location)
    return None


def _restore_meta(storage, location: str):
    if location == "meta":
        raise NotImplementedError("tensors on the 'meta' device are not implemented in numtorch")
    return None


register_package(10, lambda s: "cpu" if s.device.type == "cpu" else None,
                 lambda s, location: s if location == "cpu" else None)  # fmt: skip
register_package(20, lambda s: None, _restore_cuda)
register_package(22, lambda s: None, _restore_meta)
default_restore_location.plain = True  # the CPU's storages need no call


def restorer(map_location) -> Callable | None:
    """f(storage, location) for what the caller gave."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda s, at: default_restore_location(s, str(map_location.get(at, at)))
    if isinstance(map_location, bytes):
        map_location = map_location.decode("ascii")
    if isinstance(map_location, (str, device)):
        return lambda s, at: default_restore_location(s, str(map_location))
    if not callable(map_location):
        raise TypeError(f"'{type(map_location).__name__}' object is not callable")

    def restore(storage, at):
        found = map_location(storage, at)
        return default_restore_location(storage, at) if found is None else found

    return restore
