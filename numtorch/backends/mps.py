"""Apple's Metal: not available."""

from __future__ import annotations

__all__ = ["is_available", "is_built", "is_macos13_or_newer", "is_macos_or_newer"]


def is_built() -> bool:
    """False."""
    return False


def is_available() -> bool:
    """False.

    >>> import numtorch as torch
    >>> torch.backends.mps.is_available()
    False
    """
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """False: this asks whether Metal of a version is there."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """False: this asks whether Metal of a version is there."""
    return False
