"""The layers."""


def __getattr__(name: str):
    """nn's names are names of nn.modules too."""
    from numtorch import nn

    if not name.startswith("_"):
        try:
            found = vars(nn)[name]
        except KeyError:
            pass
        else:
            if isinstance(found, type):
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
