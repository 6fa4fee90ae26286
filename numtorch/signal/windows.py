"""torch.signal.windows: window functions of M points."""

from __future__ import annotations

import numpy as np
from numtorch.jit import dtypes as _d

from .._api import function
from .._creation import _own
from .._factories import OPTIONS, finish
from .._tensor import Tensor

__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine",
           "general_hamming", "hamming", "hann", "kaiser", "nuttall"]  # fmt: skip


# These are sums of cosines: their errors name that function, as PyTorch's do.
_GENERAL = ("general_hamming", "hamming", "hann", "nuttall")


def _checks(name: str, M: int, dtype, layout) -> _d.DType:  # noqa: N803
    name = "general_cosine" if name in _GENERAL else name
    dtype = _d.default if dtype is None else dtype
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not None and not repr(layout).endswith("strided"):
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout!r}")
    if dtype not in (_d.float32, _d.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype!r}")
    return dtype


def made(values: np.ndarray, dtype, device, requires_grad) -> Tensor:
    """A tensor of the window's values."""
    out = _own(_d.from_values(np.asarray(values, np.float64), dtype), False, dtype)
    return finish(out, device, requires_grad)


def points(m: int, periodic: bool) -> np.ndarray:
    """0..1 over the window; a periodic one leaves the last point out."""
    n = m if periodic else m - 1
    return np.arange(m) / max(n, 1)


def cosines(m: int, periodic: bool, weights) -> np.ndarray:
    """Sum of cosines with alternating signs."""
    if m == 1:
        return np.ones(1)
    x = 2 * np.pi * points(m, periodic)
    return sum((-1) ** k * a * np.cos(k * x) for k, a in enumerate(weights)) + np.zeros(m)


def bartlett_values(m: int, periodic: bool) -> np.ndarray:
    return np.ones(1) if m == 1 else 1 - np.abs(2 * points(m, periodic) - 1)


def kaiser_values(m: int, periodic: bool, beta: float) -> np.ndarray:
    x = 2 * points(m, periodic) - 1
    return np.ones(1) if m == 1 else np.i0(beta * np.sqrt(np.maximum(1 - x * x, 0))) / np.i0(beta)


def _window(text: str, doc: str):
    name = text.partition("(")[0]

    def decorate(values):
        def run(M, *, sym, dtype, layout, device, pin_memory, requires_grad, **given):  # noqa: N803
            dtype = _checks(name, M, dtype, layout)
            found = values(M, not sym, **given) if M else np.empty(0)
            return made(found, dtype, device, requires_grad)

        run.__doc__ = doc
        extra = text.partition("(")[2].rstrip(")")
        made_schema = f"signal.windows.{name}(int M, *, {extra + ', ' if extra else ''}"
        return function(made_schema + f"bool sym=True, {OPTIONS})", method=False)(run)

    return decorate


@_window("bartlett()", "Triangle that is zero at its ends.")
def bartlett(m, periodic) -> np.ndarray:
    return bartlett_values(m, periodic)


@_window("blackman()", "Blackman's sum of three cosines.")
def blackman(m, periodic) -> np.ndarray:
    return cosines(m, periodic, (0.42, 0.5, 0.08))


@_window("cosine()", "Half a period of a sine.")
def cosine(m, periodic) -> np.ndarray:
    return np.sin(np.pi * (np.arange(m) + 0.5) / (m + (periodic and m > 1)))


@_window("exponential(float? center=None, float tau=1.0)", "Exponential decay on both sides.")
def exponential(m, periodic, center, tau) -> np.ndarray:
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau:g} instead.")
    if center is not None and not periodic:
        raise ValueError("Center must be None for symmetric windows")
    if center is None:
        center = (m if periodic and m > 1 else m - 1) / 2.0
    return np.exp(-np.abs(np.arange(m) - center) / tau)


@_window("gaussian(float std=1.0)", "Gaussian bell.")
def gaussian(m, periodic, std) -> np.ndarray:
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std:g} instead.")
    center = (m if periodic and m > 1 else m - 1) / 2.0
    return np.exp(-((np.arange(m) - center) ** 2) / (2 * std * std))


@_window("general_cosine(any a)", "Sum of cosines with the given weights.")
def general_cosine(m, periodic, a) -> np.ndarray:
    if not isinstance(a, (tuple, list)):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    return cosines(m, periodic, a)


@_window("general_hamming(float alpha=0.54)", "alpha minus (1 - alpha) times a cosine.")
def general_hamming(m, periodic, alpha) -> np.ndarray:
    return cosines(m, periodic, (alpha, 1 - alpha))


@_window("hamming()", "Hamming's cosine.")
def hamming(m, periodic) -> np.ndarray:
    return cosines(m, periodic, (0.54, 0.46))


@_window("hann()", "Raised cosine.")
def hann(m, periodic) -> np.ndarray:
    return cosines(m, periodic, (0.5, 0.5))


@_window("kaiser(float beta=12.0)", "Kaiser's window by Bessel functions.")
def kaiser(m, periodic, beta) -> np.ndarray:
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta:g} instead.")
    return kaiser_values(m, periodic, beta)


@_window("nuttall()", "Nuttall's sum of four cosines.")
def nuttall(m, periodic) -> np.ndarray:
    return cosines(m, periodic, (0.3635819, 0.4891775, 0.1365995, 0.0106411))


# ---------------------------------------------------------------- torch.hann_window and others


def _old(text: str, values, doc: str):
    name = text.partition("(")[0]

    def run(window_length, periodic, *args, dtype, layout, device, pin_memory, requires_grad):
        dtype = _d.default if dtype is None else dtype
        if dtype.kind not in "fc":
            raise RuntimeError(f"{name} expects floating point dtypes, got: TensorOptions(dtype="
                               f"{dtype.name})")  # fmt: skip
        if window_length < 0:
            raise RuntimeError(f"{name} requires non-negative window_length, got window_length="
                               f"{window_length}")  # fmt: skip
        found = values(window_length, periodic, *args) if window_length else np.empty(0)
        return made(found, dtype, device, requires_grad)

    run.__doc__ = doc
    extra = text.partition("(")[2].rstrip(")")
    more = [p.strip() for p in extra.split(",") if p]
    for k in range(len(more) + 1):
        first = "bool periodic" if k else "bool periodic=True"
        given = (p if j == k - 1 else p.partition("=")[0] for j, p in enumerate(more[:k]))
        head = ", ".join(("int window_length", first, *given))
        defaults = [float(p.partition("=")[2]) for p in more[k:]]

        def form(window_length, periodic, *given, _rest=tuple(defaults), **options):
            return run(window_length, periodic, *given, *_rest, **options)

        form.__doc__ = doc
        function(f"{name}({head}, *, {OPTIONS})", method=False)(form)


_old("hann_window()", lambda m, p: cosines(m, p, (0.5, 0.5)), "Raised cosine.")
_old("hamming_window(float alpha=0.54, float beta=0.46)",
     lambda m, p, a, b: cosines(m, p, (a, b)), "Hamming's cosine.")  # fmt: skip
_old("blackman_window()", lambda m, p: cosines(m, p, (0.42, 0.5, 0.08)), "Sum of three cosines.")
_old("bartlett_window()", bartlett_values, "Triangle that is zero at its ends.")
_old("kaiser_window(float beta=12.0)", kaiser_values, "Kaiser's window by Bessel functions.")
