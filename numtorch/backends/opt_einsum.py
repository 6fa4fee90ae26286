"""The order of einsum's products is chosen here; the flags are kept."""

from __future__ import annotations

enabled = True
strategy = "auto"


def is_available() -> bool:
    """False: the package opt_einsum is not used."""
    return False
