"""Images: transforms, data sets, models, box operations; torchvision's layout of modules."""

import importlib as _importlib

_SUBMODULES = ("datasets", "io", "models", "ops", "transforms", "utils")
__version__ = "0.28.0"  # the torchvision whose names this module has
_backend = "PIL"


def __getattr__(name: str):
    if name in _SUBMODULES:
        return _importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SUBMODULES])


def set_image_backend(backend: str) -> None:
    """Sets what reads images: only 'PIL' is there."""
    if backend not in ("PIL", "accimage"):
        raise ValueError(f"Invalid backend '{backend}'. Options are 'PIL' and 'accimage'")
    if backend == "accimage":
        raise NotImplementedError("numtorch.vision reads images with Pillow only")


def get_image_backend() -> str:
    """What reads images: 'PIL'."""
    return _backend


def disable_beta_transforms_warning() -> None:
    """Does nothing: there is no such warning."""
