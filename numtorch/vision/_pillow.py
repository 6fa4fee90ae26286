"""Pillow, where it is installed."""

from __future__ import annotations

import sys


def pillow(*names: str):
    """Modules of Pillow by name ('Image', 'ImageOps', ...); ImportError names the extra.

    >>> from numtorch.vision._pillow import pillow
    >>> pillow("Image").__name__
    'PIL.Image'
    """
    import importlib

    try:
        found = [importlib.import_module(f"PIL.{name}") for name in names]
    except ModuleNotFoundError as error:
        if error.name not in ("PIL", *(f"PIL.{name}" for name in names)):
            raise
        raise ImportError(
            "numtorch.vision needs Pillow for images: pip install 'numtorch[vision]'"
        ) from None
    return found[0] if len(found) == 1 else found


def is_pil_image(img) -> bool:
    """True for Pillow images (none exist before Pillow is imported)."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(img, module.Image)


Picture = object  # in annotations: a Pillow image or a tensor, as the argument was
