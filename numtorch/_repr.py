"""Text of tensors, as PyTorch prints them, and its options."""

from __future__ import annotations

import contextlib
import math

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.record import array_of, local

PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
options = {**PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None, threshold: int | None = None, edgeitems: int | None = None,
    linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None,
) -> None:  # fmt: skip
    """How tensors are printed: digits, when to summarise, items at the edges, line width.

    `profile`: "default", "short" or "full"; `sci_mode`: None lets the values decide.

    >>> import numtorch as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([1.12345])
    tensor([1.12])
    >>> torch.set_printoptions(profile="default")
    """
    if profile is not None:
        options.update(PROFILES.get(profile, {}))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth}  # fmt: skip
    options.update({k: v for k, v in given.items() if v is not None})
    options["sci_mode"] = sci_mode


def get_printoptions() -> dict:
    """The options of `set_printoptions` in force."""
    return dict(options)


@contextlib.contextmanager
def printoptions(**kwargs):
    """`set_printoptions` for a block."""
    old = get_printoptions()
    set_printoptions(**kwargs)
    try:
        yield
    finally:
        set_printoptions(**old)


def tensor_repr(t) -> str:
    """The text of repr(t)."""
    if local.tape.levels and t._v.idx >= 0:
        from .func.batching import shown

        whole, depth = shown(t)
        if depth:
            return _batched(whole, depth)
    cls = type(t).__name__
    plain = cls in ("Tensor", "Parameter", "Buffer")
    prefix = "tensor(" if plain else f"{cls}("
    body = "[]" if t.numel() == 0 else _body(_array(t), len(prefix))
    text = _with_suffixes(prefix + body, _suffixes(t), len(prefix))
    if not plain and "_is_param" in vars(t):
        return f"Parameter({text})"
    return "Parameter containing:\n" + text if cls == "Parameter" else text


def _batched(whole, depth: int) -> str:
    """The text of a tensor inside of vmap: the values of all examples."""
    array = _d.to_values(array_of(whole._v), whole.dtype)
    prefix = "tensor("
    text = _with_suffixes(prefix + _body(array, len(prefix)), _suffixes(whole), len(prefix))
    for k in range(1, depth + 1):
        lines = "\n".join("    " + line for line in text.splitlines())
        text = f"BatchedTensor(lvl={k}, bdim=0, value=\n{lines}\n)"
    return text


def _array(t) -> np.ndarray:
    t = t.detach()
    return _d.to_values(t._memory(False), t.dtype)


def _suffixes(t) -> list[str]:
    found = []
    empty = t.numel() == 0
    if t.dim() != 1 if empty else not options["edgeitems"]:
        found.append(f"size={tuple(t.shape)}")
    if t.dtype not in ((_d.default,) if empty else usual_dtypes()):
        found.append(f"dtype={t.dtype!r}")
    try:
        fn = t.grad_fn
    except RuntimeError:
        return [*found, "grad_fn=<Invalid>"]
    if fn is not None:
        found.append(f"grad_fn=<{fn.name()}>")
    elif t.requires_grad:
        found.append("requires_grad=True")
    return found


def usual_dtypes() -> tuple:
    """The dtypes that are not printed."""
    return _d.default, _d.default.to_complex(), _d.int64, _d.bool_


def typename(x) -> str:
    """torch.FloatTensor for tensors, else the qualified name of the type: for error messages."""
    from ._tensor import Tensor

    t = type(x)
    if isinstance(x, Tensor):
        return f"torch.{x.dtype.tensor_type}"
    return t.__qualname__ if t.__module__ == "builtins" else f"{t.__module__}.{t.__qualname__}"


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    width = options["linewidth"]
    last = len(text) - text.rfind("\n") + 1
    for s in suffixes:
        if last + len(s) + 2 > width:
            text += ",\n" + " " * indent + s
            last = indent + len(s)
        else:
            text += ", " + s
            last += len(s) + 2
    return text + ")"


def _body(array: np.ndarray, indent: int) -> str:
    summarize = array.size > options["threshold"]
    shown = _corners(array) if summarize else array
    if array.dtype.kind == "c":
        formats = [Formatter(shown.real), Formatter(shown.imag)]
    else:
        formats = [Formatter(shown)]
    return _nested(array, indent, summarize, Cell(formats))


def _corners(a: np.ndarray) -> np.ndarray:
    edge = options["edgeitems"]
    for d in range(a.ndim):
        if not edge:
            return a.reshape(-1)[:0]
        if a.shape[d] > 2 * edge:
            first, last = a.take(range(edge), d), a.take(range(a.shape[d] - edge, a.shape[d]), d)
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
            return
        finite = flat[np.isfinite(flat) & (flat != 0)].astype(np.float64)
        if finite.size:
            self._measure(finite)

    def _measure(self, finite: np.ndarray) -> None:
        size = np.abs(finite)
        big, small = float(size.max()), float(size.min())
        self.integral = bool(np.all(finite == np.ceil(finite)))
        wide = big / small > 1000.0 or big > 1.0e8 or small < 1.0e-4
        self.scientific = wide if options["sci_mode"] is None else options["sci_mode"]
        self.width = max(len(self._plain(v)) for v in finite.tolist())

    def _plain(self, v) -> str:
        if not self.float:
            return str(v)
        if self.scientific:
            return f"{v:.{options['precision']}e}"
        if self.integral:
            return f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"
        return f"{v:.{options['precision']}f}"

    def format(self, v) -> str:
        return self._plain(v).rjust(self.width)


class Cell:
    """One element's text: of a number, or of a complex number's two parts."""

    def __init__(self, formats: list[Formatter]):
        self.formats = formats
        self.width = sum(f.width for f in formats) + len(formats) - 1

    def format(self, v) -> str:
        if len(self.formats) == 1:
            return self.formats[0].format(v)
        imaginary = self.formats[1].format(v.imag).lstrip() + "j"
        sign = "" if imaginary[0] in "+-" else "+"
        return f"{self.formats[0].format(v.real)}{sign}{imaginary}"


def _nested(a: np.ndarray, indent: int, summarize: bool, cell: Cell) -> str:
    if a.ndim == 0:
        text = cell.format(a.item())
        return text.lstrip() if a.dtype.kind == "c" else text
    if a.ndim == 1:
        return _vector(a, indent, summarize, cell)
    edge = options["edgeitems"]
    cut = summarize and a.shape[0] > 2 * edge
    rows = [*range(edge), *range(len(a) - edge, len(a))] if cut else range(len(a))
    parts = [_nested(a[i], indent + 1, summarize, cell) for i in rows]
    if cut:
        parts.insert(edge, "...")
    between = "," + "\n" * (a.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(parts) + "]"


def _vector(a: np.ndarray, indent: int, summarize: bool, cell: Cell) -> str:
    edge = options["edgeitems"]
    per_line = max(1, math.floor((options["linewidth"] - indent) / (cell.width + 2)))
    if summarize and not edge:
        data = ["..."]
    elif summarize and len(a) > 2 * edge:
        ends = (map(cell.format, part.tolist()) for part in (a[:edge], a[len(a) - edge :]))
        first, last = ends
        data = [*first, " ...", *last]
    else:
        data = [cell.format(v) for v in a.tolist()]
    lines = [data[i : i + per_line] for i in range(0, len(data), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
