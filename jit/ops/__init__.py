"""The op table, whole: importing this package registers every row."""

from . import (  # noqa: F401
    attention,
    batch,
    complex,
    composites,
    convolution,
    elementwise,
    fft,
    from_result,
    lapack,
    linalg,
    losses,
    normalization,
    optim,
    recurrent,
    scans,
    shaping,
    special,
    tensor_ops,
)
from .table import OPS, Op, lookup

__all__ = ["OPS", "Op", "lookup"]
