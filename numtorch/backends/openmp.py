"""OpenMP is not used: kernels are made here."""

from __future__ import annotations


def is_available() -> bool:
    """False."""
    return False
