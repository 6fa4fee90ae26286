"""The op table, whole: importing this package registers every row."""

from . import composites, elementwise, losses, optim, tensor_ops  # noqa: F401
from .table import OPS, Op, lookup

__all__ = ["OPS", "Op", "lookup"]
