"""Event files that TensorBoard shows, through its own package.

`pip install 'numtorch[tensorboard]'` installs it.
"""

__all__ = ["FileWriter", "SummaryWriter"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _summary, writer

    _summary.require()
    return getattr(writer, name)
