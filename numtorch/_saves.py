"""What PyTorch's gradient formulas save, for functions that are written with several ops here.

A saved tensor that is written before backward() is PyTorch's "modified by an inplace operation".
Ops of one row say it in their row (`saves`, where it differs from what the row's gradient reads);
functions made of several say it here. In a specification `x` is an argument, `result` all results
and `result1` the second; `x/y` is kept for the gradient of y only, `own` is something that nobody
else can write. What a function's in-place variant keeps stands under its name with a `_`, where
that differs: its first operand is a copy anyway. `name.dim` is the overload with a dim.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

from numtorch.jit.kept import OWN, note, note_late
from numtorch.jit.ops import OPS
from numtorch.jit.past import Kept
from numtorch.jit.record import local
from numtorch.jit.views import apart

from ._tensor import Tensor

SAVES = {
    "addcdiv": "tensor1/tensor2 tensor2", "addcmul": "tensor1/tensor2 tensor2/tensor1",
    "cdist": "x1 x2 result", "cholesky": "result", "cholesky_solve": "B L result",
    "combinations": "input", "complex": "own", "cummax": "input result1", "cummin": "input result1",
    "dist": "input other result", "fft.fft": "own",
    "fft.ifft": "own", "fft.ihfft": "own", "fft.ihfft2": "own", "fft.ihfftn": "own",
    "fft.rfft": "own", "fft.rfft2": "own", "fft.rfftn": "own", "fill": "", "frexp": "result1",
    "gather": "input index", "index_add": "index source", "index_copy": "index source",
    "index_fill": "index", "index_reduce": "input index source result", "kron": "own",
    "ldexp": "result/other other", "lerp": "input/weight end/weight weight",
    "linalg.det": "A result",
    "linalg.eigh": "result", "linalg.eigvalsh": "result",
    "linalg.householder_product": "input tau result", "linalg.lu": "result",
    "linalg.lu_factor": "result0 result1", "linalg.lu_factor_ex": "result0 result1",
    "linalg.lu_solve": "LU pivots result/LU", "linalg.qr": "result", "linalg.slogdet": "A result0",
    "linalg.cholesky": "result", "linalg.cholesky_ex": "result0", "linalg.solve": "A result",
    "linalg.solve_ex": "A result0", "linalg.svd": "result", "linalg.svdvals": "result",
    "linalg.vander": "x",
    "logit": "input", "lu": "result0 result1", "lu_unpack": "",
    "kthvalue": "result1", "max.dim": "result1", "median": "input result",
    "median.dim": "result1", "min.dim": "result1", "mode": "result1", "nanmedian": "input result",
    "nanmedian.dim": "result1", "masked_scatter": "mask", "masked_select": "input mask",
    "mvlgamma": "input",
    "nan_to_num": "input", "nansum": "input", "nanmean": "input",
    "ormqr": "input tau other result", "put": "index source", "qr": "result", "renorm": "input",
    "power": "self", "rounded_div": "input/other other",
    "scatter_reduce": "input index src result", "round": "",
    "stft": "input own","special.log_ndtr": "input result",
    "special.ndtr": "own", "svd": "result", "take": "input index", "take_along_dim": "input",
    "triangular_solve": "input A result0", "tril": "", "triu": "",
    # nn.functional
    "avg_pool": "input", "bilinear": "input1 input2 weight",
    "binary_cross_entropy_with_logits": "input target weight pos_weight",
    "embedding_bag": "input weight offsets per_sample_weights", "grid_sample": "input grid",
    "hardshrink": "input", "hardsigmoid": "input", "hardtanh": "input",
    "huber_loss": "input target", "indexed_pad": "x", "leaky_relu": "input",
    "max_pool": "input result1", "multi_margin_loss": "input target weight",
    "multilabel_margin_loss": "input target",
    "nll_loss": "input target weight own", "pdist": "input result", "prelu": "input weight",
    "relu6": "input", "resize": "", "smooth_l1_loss": "input target",
    "soft_margin_loss": "input target", "softplus": "input", "softshrink": "input",
    "threshold": "input",
}  # fmt: skip

# Functions whose results are no views, though here a view of what was computed comes last.
FRESH = {
    "cholesky", "combinations", "index_add", "index_copy", "index_reduce", "index_select",
    "kthvalue", "linalg.cholesky", "linalg.cholesky_ex", "linalg.solve", "linalg.solve_ex",
    "lu_solve", "linalg.lu_solve", "max", "median", "min", "mode", "nanmedian", "nanquantile",
    "put", "quantile", "rot90", "stft", "take",
    "channel_shuffle", "embedding", "max_unpool", "pixel_shuffle", "pixel_unshuffle",
}  # fmt: skip


def fresh(f: Callable) -> Callable:
    """f with results that are values of their own."""

    @functools.wraps(f)
    def run(*args, **named):
        out = f(*args, **named)
        if isinstance(out, Tensor):
            return _owned(out)
        return type(out)(*map(_owned, out)) if hasattr(out, "_fields") else tuple(map(_owned, out))

    return run


def _owned(t: Tensor) -> Tensor:
    if t._view is None:
        return t
    return local.tape.record(OPS["as_shape"], (t,), (t._v.meta.shape,))


class Keeping:
    """The specification of one function, and what notes it on the tape."""

    __slots__ = ("tokens", "positions")

    def __init__(self, text: str, names: list[str]):
        self.tokens = [t.partition("/")[::2] for t in text.split()]
        self.positions = {n: k for k, n in enumerate(names)}

    def _find(self, name: str, args: tuple, named: dict):
        k = self.positions[name]
        return args[k] if k < len(args) else named.get(name)

    def note(self, tape, start: int, args: tuple, named: dict, out) -> None:
        """Notes what the call that gave `out` keeps; its entries begin at `start`."""
        results = [out] if isinstance(out, Tensor) else [t for t in out if isinstance(t, Tensor)]
        if not any(t._rg == 2 for t in results):
            return
        kept: list = []  # pairs of a tensor and whether it is the first operand
        for name, wanted in self.tokens:
            if wanted and not getattr(self._find(wanted, args, named), "_rg", 0):
                continue
            if name == "own":
                kept.append((OWN, False))
            elif name.startswith("result"):
                chosen = results if name == "result" else results[int(name[6:]) :][:1]
                kept += [(t, False) for t in chosen]
            else:
                x = self._find(name, args, named)
                given = x if isinstance(x, (tuple, list)) else (x,)
                first = self.positions[name] == 0
                kept += [(t, first) for t in given if isinstance(t, Tensor)]
        for r in results:
            if r._rg == 2 and r._v.win is not tape.win and r._node.__class__ is Kept:
                places = [_place(t) for t, _ in kept if t is not OWN]
                note_late(r._node.past, r._node.index, places)
        group: list = []
        for t, first in kept:
            if t is not OWN:
                t = t._v.idx if t._v.win is tape.win else tape.input(t)
                t = (t,) if first else t
            group.append(t)
        note(tape, start, tuple(group))


def _place(t: Tensor) -> tuple:
    """(the value of a tensor's memory, what counts its version if that does not)."""
    if t._st is None:
        return t._v, None
    counter = apart(t)
    return t._st._v, None if counter is None else (counter, counter.n)


NOTHING = Keeping("", [])


def keeping(f: Callable, name: str, names: list[str] | None = None) -> Callable:
    """f, which notes what SAVES says of `name`; `names`: of its parameters."""
    text = SAVES.get(name)
    if text is None:
        return f
    names = list(inspect.signature(f).parameters) if names is None else names
    spec = Keeping(text, names)

    @functools.wraps(f)
    def run(*args, **named):
        tape = local.tape
        if not tape.grad:
            return f(*args, **named)
        start, win = len(tape.entries), tape.win
        out = f(*args, **named)
        spec.note(tape, start if tape.win is win else 0, args, named, out)
        return out

    return run


def kept(name: str) -> Callable:
    """Decorator of functions that are not declared by a schema: see SAVES."""
    return lambda f: keeping(fresh(f) if name in FRESH else f, name)


def in_place(name: str) -> Keeping | None:
    """What is kept by the in-place variant of a method where its result has no gradient."""
    text = SAVES.get(name)
    return None if text is None else Keeping(text.replace("input", "own"), ["input", "other"])
