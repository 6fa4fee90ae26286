"""Anomaly mode: which op gave the first nan gradient, and the line that recorded it."""

from __future__ import annotations

import sys
import traceback
import warnings

from numtorch.jit.location import folders
from numtorch.jit.nodes import Info
from numtorch.jit.ops.table import GradOp, Op
from numtorch.jit.record import GIVEN, local

from .._tensor import Tensor
from .names import name_of


class _Tracing(list):
    """Handles of a tape in anomaly mode: notes where each op is recorded."""

    def append(self, t) -> None:
        info = local.tape.info.setdefault(len(self), Info())
        info.stack = _user_stack()
        list.append(self, t)


class _State:
    enabled = False
    check_nan = True


def _user_stack() -> list:
    frames = traceback.extract_stack(sys._getframe(2))
    return [f for f in frames if not f.filename.startswith(tuple(folders))]


def is_anomaly_enabled() -> bool:
    """True in anomaly mode.

    >>> import numtorch as torch
    >>> with torch.autograd.detect_anomaly():
    ...     torch.is_anomaly_enabled()
    True
    """
    return _State.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """True if anomaly mode looks for nan.

    >>> import numtorch as torch
    >>> with torch.autograd.detect_anomaly(check_nan=False):
    ...     torch.is_anomaly_check_nan_enabled()
    False
    """
    return _State.check_nan


class set_detect_anomaly:
    """Switches anomaly mode at once, and back at the end of a `with` block.

    >>> import numtorch as torch
    >>> with torch.autograd.set_detect_anomaly(True):
    ...     torch.is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = (_State.enabled, _State.check_nan)
        for k, (name, x) in enumerate((("enabled", mode), ("check_nan", check_nan)), 1):
            if not isinstance(x, bool):
                raise TypeError(
                    f"set_anomaly_enabled(): argument '{name}' (position {k}) must be bool, not "
                    f"{type(x).__name__}"
                )
        _set(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc) -> None:
        _set(*self.before)


class detect_anomaly:
    """Context: backward raises for the first op whose gradient is nan, and a warning says where it
    was recorded (if the forward ran in the context too). Slow: for debugging.

    >>> import numtorch as torch
    >>> x = torch.tensor([0.0], requires_grad=True)
    >>> try:
    ...     with torch.autograd.detect_anomaly():
    ...         (x.sqrt() * 0).sum().backward()
    ... except RuntimeError as error:
    ...     print("nan" in str(error))
    True
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.", stacklevel=2,
        )  # fmt: skip

    def __enter__(self) -> None:
        self.before = (_State.enabled, _State.check_nan)
        _set(True, self.check_nan)

    def __exit__(self, *exc) -> None:
        _set(*self.before)


def _set(mode: bool, check_nan: bool) -> None:
    _State.enabled, _State.check_nan = bool(mode), bool(check_nan)
    tape = local.tape
    tape.new_handles = _Tracing if mode else list
    tape.handles = tape.new_handles(tape.handles)


def watch(tape, walk) -> None:
    """Makes every op below the roots a stop whose gradients are looked at."""
    from .graph import OpStop

    if not _State.enabled:
        return
    for k in walk.needed:
        if k < 0:
            continue
        e = tape.entries[k]
        op = e[2][0] if e[0] is GIVEN else e[0]
        if op.__class__ is GradOp and isinstance(op.op, Op) and op.op.name != "function":
            info = tape.info.setdefault(k, Info())
            if info.function is None:
                info.function = OpStop(info)
                attrs = e[2][1] if e[0] is GIVEN else e[2]
                info.function.check = name_of(op.op.name, attrs, e[3:], tape)


def look(run, f, grads: list[Tensor | None]) -> None:
    """Notes whether the gradients that an op gave hold a nan."""
    if not _State.enabled or not _State.check_nan:
        return
    name = getattr(f, "check", None) or (f.ctx.name() if hasattr(f, "ctx") else None)
    if name:
        for k, g in enumerate(grads):
            if g is not None:
                run.checks.append((getattr(f, "info", None), name, k, g.isnan().any()))


def report(info, name: str, k: int) -> None:
    """The warning and the error for a nan."""
    stack = info.stack if info is not None else None
    if stack:
        lines = "".join(traceback.format_list(stack))
        head = f"Error detected in {name}. Traceback of forward call that caused the error:"
        text = f"{head}\n{lines}"
    else:
        text = (
            f"Error detected in {name}. No forward pass information available. Enable detect "
            "anomaly during forward pass for more information."
        )
    warnings.warn(text, UserWarning, stacklevel=2)
    raise RuntimeError(f"Function '{name}' returned nan values in its {k}th output.")
