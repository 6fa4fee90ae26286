"""Host rows: ops that are no loop nest (LAPACK, FFT) and call NumPy inside the plan.

`host("det", fn, infer)` declares one. `fn(*arrays, **attrs)` gets NumPy arrays (strided, not to be
written; float16 and bfloat16 come as float32; Python numbers stay numbers) and returns an array of
the shape that `infer(types, attrs)` said, or a tuple of them for `results` > 1. What it returns is
copied into the plan's memory. It must not call the framework, nor keep its operands.

Several results: `infer` and `vjp(g, out, *ins, result=k, **attrs)` get the number of the one that
is meant; gradients of the results add up. `fn` gets `wanted` (their numbers) if the row says so,
and may return None for the others. Results share a call if their operands are the same: a Python
number is a run-time scalar of its own at each `record`, so give it as an attr (or a tensor).
"""

from __future__ import annotations

from collections.abc import Callable

from .table import Op, register


class HostError(Exception):
    """Raised by `fn` for bad values: the flush raises `kind(text)` with the user's line."""

    def __init__(self, text: str, kind: type[Exception] = RuntimeError):
        super().__init__(text)
        self.text, self.kind = text, kind


def host(
    name: str, fn: Callable, infer: Callable, *, results: int = 1, attrs: tuple[str, ...] = (),
    vjp: Callable | None = None, wanted: bool = False, **row,
) -> Op:  # fmt: skip
    """Declares a host row; the last of its attrs is `result` when it has several results."""
    names = (*attrs, "result") if results > 1 else tuple(attrs)
    return register(
        name, "host", fn=fn, infer=infer, attrs=names, vjp=vjp, results=results, wanted=wanted,
        **{"differentiable": vjp is not None, **row},
    )  # fmt: skip
