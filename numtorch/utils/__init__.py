"""Utilities: data loading, checkpoints, hooks, DLPack."""

from . import data, dlpack, hooks  # noqa: F401


def __getattr__(name: str):
    if name == "checkpoint":  # autograd's machinery loads when it is asked for
        import importlib

        return importlib.import_module(f"{__name__}.checkpoint")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
