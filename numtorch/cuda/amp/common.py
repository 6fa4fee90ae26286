"""Whether mixed precision on CUDA is possible."""


def amp_definitely_not_available() -> bool:
    """True: there is no CUDA here."""
    return True
