"""Functions whose modules are imported by the first call: importing numtorch stays quick."""

from __future__ import annotations


def save(
    obj, f, pickle_module=None, pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True, _disable_byteorder_record: bool = False,
) -> None:  # fmt: skip
    """Saves an object to a path or a file object, for numtorch and PyTorch.

    A file given by its path is replaced only when the new one is complete.
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
    """Loads what `save` of numtorch or PyTorch wrote; weights_only=True (default) runs no code."""
    from .serialization import load

    return load(
        f, map_location, pickle_module, weights_only=weights_only, mmap=mmap, **pickle_load_args
    )
