"""Text of tensors, as PyTorch prints them."""

from __future__ import annotations

import math

import numpy as np
from numtorch.jit import dtypes as _d

EDGE, THRESHOLD, WIDTH, PRECISION = 3, 1000, 80, 4


def tensor_repr(t) -> str:
    """The text of repr(t)."""
    array = t.detach().numpy()
    suffix = []
    if t.numel() == 0 and t.dim() != 1:
        suffix.append(f"size={tuple(t.shape)}")
    empty = t.numel() == 0 and t.dtype is not _d.default
    if empty or t.dtype not in (_d.default, _d.int64, _d.bool_):
        suffix.append(f"dtype={t.dtype!r}")
    if t.grad_fn is not None:
        suffix.append(f"grad_fn=<{t.grad_fn.name()}>")
    elif t.requires_grad:
        suffix.append("requires_grad=True")
    prefix = "Parameter containing:\n" if type(t).__name__ == "Parameter" else ""
    body = "[]" if t.numel() == 0 else _body(array, len("tensor("))
    return prefix + _with_suffix("tensor(" + body, suffix)


def typename(x) -> str:
    """torch.FloatTensor for tensors, else the qualified name of the type: for error messages."""
    from ._tensor import Tensor

    t = type(x)
    if isinstance(x, Tensor):
        name = f"torch.{x.dtype.tensor_type}"
        return name if t is Tensor else f"torch.nn.parameter.{t.__name__}"
    return t.__qualname__ if t.__module__ == "builtins" else f"{t.__module__}.{t.__qualname__}"


def _with_suffix(text: str, suffix: list[str]) -> str:
    last = len(text) - text.rfind("\n") + 1
    for s in suffix:
        if last + len(s) + 2 > WIDTH:
            text += ",\n" + " " * len("tensor(") + s
            last = len("tensor(") + len(s)
        else:
            text += ", " + s
            last += len(s) + 2
    return text + ")"


def _body(array: np.ndarray, indent: int) -> str:
    summarize = array.size > THRESHOLD
    shown = _corners(array) if summarize else array
    return _nested(array, indent, summarize, Formatter(shown))


def _corners(a: np.ndarray) -> np.ndarray:
    if a.ndim == 0:
        return a
    for d in range(a.ndim):
        if a.shape[d] > 2 * EDGE:
            first, last = a.take(range(EDGE), d), a.take(range(a.shape[d] - EDGE, a.shape[d]), d)
            a = np.concatenate([first, last], d)
    return a


class Formatter:
    """How the numbers of one tensor are written: plain, integral or scientific, and how wide."""

    def __init__(self, a: np.ndarray):
        self.float = a.dtype.kind == "f"
        self.integral, self.scientific, self.width = True, False, 1
        flat = a.reshape(-1)
        if not self.float:
            self.width = max((len(str(v)) for v in flat.tolist()), default=1)
            if a.dtype.kind == "b":
                self.width = max((len(str(bool(v))) for v in flat), default=1)
            return
        finite = flat[np.isfinite(flat) & (flat != 0)].astype(np.float64)
        if finite.size == 0:
            self.width = max((len(self._plain(v)) for v in flat.tolist()), default=1)
            return
        size = np.abs(finite)
        big, small = float(size.max()), float(size.min())
        self.integral = bool(np.all(finite == np.ceil(finite)))
        if self.integral:
            self.scientific = big / small > 1000.0 or big > 1.0e8
        else:
            self.scientific = big / small > 1000.0 or big > 1.0e8 or small < 1.0e-4
        self.width = max(len(self._plain(v)) for v in flat.tolist())

    def _plain(self, v) -> str:
        if not self.float:
            return str(v)
        if math.isnan(v) or math.isinf(v):
            return str(v)
        if self.scientific:
            return f"{v:.{PRECISION}e}"
        return f"{v:.0f}." if self.integral else f"{v:.{PRECISION}f}"

    def format(self, v) -> str:
        return self._plain(v).rjust(self.width)


def _nested(a: np.ndarray, indent: int, summarize: bool, f: Formatter) -> str:
    if a.ndim == 0:
        return f.format(a.item())
    if a.ndim == 1:
        return _vector(a, indent, summarize, f)
    cut = summarize and a.shape[0] > 2 * EDGE
    rows = [*range(EDGE), *range(len(a) - EDGE, len(a))] if cut else range(len(a))
    parts = [_nested(a[i], indent + 1, summarize, f) for i in rows]
    if cut:
        parts.insert(EDGE, "...")
    between = "," + "\n" * (a.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(parts) + "]"


def _vector(a: np.ndarray, indent: int, summarize: bool, f: Formatter) -> str:
    cell = f.width + 2
    per_line = max(1, (WIDTH - indent) // cell)
    values = a.tolist()
    if summarize and len(values) > 2 * EDGE:
        first, last = map(f.format, values[:EDGE]), map(f.format, values[-EDGE:])
        data = [*first, " ...", *last]
    else:
        data = [f.format(v) for v in values]
    lines = [data[i : i + per_line] for i in range(0, len(data), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
