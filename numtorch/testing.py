"""torch.testing: comparing results, making tensors for tests. The comparison runs in NumPy."""

from __future__ import annotations

import cmath
import collections.abc
import math
import numbers
from collections.abc import Callable

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.dtypes import to_values

from . import _complex, _creation, _random
from ._tensor import Tensor

# (rtol, atol) per dtype where the user gives none; those of torch.testing.
_TOLERANCES = {
    "f16": (1e-3, 1e-5), "bf16": (1.6e-2, 1e-5), "f32": (1.3e-6, 1e-5), "f64": (1e-7, 1e-7),
    "c32": (1e-3, 1e-5), "c64": (1.3e-6, 1e-5), "c128": (1e-7, 1e-7),
}  # fmt: skip


class _Mismatch(AssertionError):
    """A difference, and the path of keys to the place where it is."""

    def __init__(self, text: str):
        super().__init__(text)
        self.text, self.path = text, []


class _Options:
    """What a comparison holds equal."""

    def __init__(self, rtol, atol, equal_nan, check_device, check_dtype, check_layout,
                 check_stride, allow_subclasses):  # fmt: skip
        if (rtol is None) != (atol is None):
            missing = "rtol" if rtol is None else "atol"
            raise ValueError(
                f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
            )
        self.rtol, self.atol, self.equal_nan = rtol, atol, equal_nan
        self.attributes = [name for name, wanted in (
            ("layout", check_layout), ("device", check_device), ("dtype", check_dtype),
        ) if wanted]  # fmt: skip
        self.check_dtype, self.check_stride = check_dtype, check_stride
        self.allow_subclasses = allow_subclasses

    def tolerances(self, *types) -> tuple[float, float]:
        """(rtol, atol) for values of these dtypes: the widest of them."""
        if self.rtol is not None:
            return self.rtol, self.atol
        found = [_TOLERANCES.get(t.short, (0.0, 0.0)) for t in types]
        return max(r for r, _ in found), max(a for _, a in found)


def assert_close(
    actual, expected, *, allow_subclasses: bool = True, rtol: float | None = None,
    atol: float | None = None, equal_nan: bool = False, check_device: bool = True,
    check_dtype: bool = True, check_layout: bool = True, check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raises AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere.

    Takes tensors, numbers, arrays, and sequences and mappings of them. Without rtol and atol the
    dtype decides (float32: 1.3e-6 and 1e-5). Shapes, dtypes, devices and layouts must be equal
    too. `msg` replaces the text of the error, or makes one of it.

    >>> import numtorch as torch
    >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1e-7]))
    >>> torch.testing.assert_close(torch.tensor([1, 2]), torch.tensor([1, 3]))
    Traceback (most recent call last):
        ...
    AssertionError: Tensor-likes are not equal!
    <BLANKLINE>
    Mismatched elements: 1 / 2 (50.0%)
    Greatest absolute difference: 1 at index (1,)
    Greatest relative difference: 0.3333333333333333 at index (1,)
    """
    options = _Options(rtol, atol, equal_nan, check_device, check_dtype, check_layout,
                       check_stride, allow_subclasses)  # fmt: skip
    try:
        _compare(actual, expected, options)
    except _Mismatch as e:
        text = e.text
        if e.path:
            text += f"\n\nThe failure occurred for item {''.join(f'[{k!r}]' for k in e.path)}"
        if msg is not None:
            text = msg(text) if callable(msg) else msg
    else:
        return
    raise AssertionError(text)


def _compare(actual, expected, options: _Options) -> None:
    pair = (actual, expected)
    if all(x is None for x in pair):
        return
    if all(_is_sequence(x) for x in pair):
        if len(actual) != len(expected):
            raise _Mismatch(
                f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
            )
        items = [(k, a, e) for k, (a, e) in enumerate(zip(actual, expected))]
    elif all(isinstance(x, collections.abc.Mapping) for x in pair):
        items = _paired(actual, expected)
    else:
        _compare_leaves(actual, expected, options)
        return
    for key, a, e in items:
        try:
            _compare(a, e, options)
        except _Mismatch as found:
            found.path.insert(0, key)
            raise


def _is_sequence(x) -> bool:
    return isinstance(x, collections.abc.Sequence) and not isinstance(x, str)


def _paired(actual, expected) -> list[tuple]:
    missing = expected.keys() - actual.keys()
    extra = actual.keys() - expected.keys()
    if missing or extra:
        raise _Mismatch(
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(missing, key=str)}\n"
            f"Additional keys in the actual mapping: {sorted(extra, key=str)}"
        )
    return [(k, actual[k], expected[k]) for k in actual]


def _compare_leaves(actual, expected, options: _Options) -> None:
    pair = (actual, expected)
    if all(isinstance(x, (bool, np.bool_)) for x in pair):
        if bool(actual) is not bool(expected):
            raise _Mismatch(f"Booleans mismatch: {actual} is not {expected}")
    elif all(isinstance(x, numbers.Number) for x in pair):
        types = [_d.int64 if isinstance(x, int) else _d.float64 for x in pair]
        rtol, atol = options.tolerances(*types)
        if options.check_dtype and type(actual) is not type(expected):
            raise _Mismatch(f"The (d)types do not match: {type(actual)} != {type(expected)}.")
        _compare_numbers(actual, expected, rtol, atol, options)
    elif _comparable(pair, options):
        _compare_tensors(*(_as_tensor(x) for x in pair), options)
    else:
        raise TypeError(
            f"No comparison pair was able to handle inputs of type {type(actual)} and "
            f"{type(expected)}."
        )


def _comparable(pair: tuple, options: _Options) -> bool:
    if not options.allow_subclasses and type(pair[0]) is not type(pair[1]):
        return False
    related = isinstance(pair[0], type(pair[1])) or isinstance(pair[1], type(pair[0]))
    return related and all(isinstance(x, (Tensor, np.ndarray, np.generic)) for x in pair)


def _as_tensor(x) -> Tensor:
    return x.detach() if isinstance(x, Tensor) else _creation.as_tensor(np.asarray(x))


def _compare_tensors(actual: Tensor, expected: Tensor, options: _Options) -> None:
    if actual.shape != expected.shape:
        raise _Mismatch(
            f"The values for attribute 'shape' do not match: {actual.shape} != {expected.shape}."
        )
    for name in options.attributes:
        a, e = getattr(actual, name), getattr(expected, name)
        if a != e:
            raise _Mismatch(f"The values for attribute '{name}' do not match: {a} != {e}.")
    if options.check_stride and actual.stride() != expected.stride():
        raise _Mismatch(
            f"The values for attribute 'stride()' do not match: {actual.stride()} != "
            f"{expected.stride()}."
        )
    rtol, atol = options.tolerances(actual.dtype, expected.dtype)
    a, e = (_values(x) for x in (actual, expected))
    if not a.ndim:
        _compare_numbers(a.item(), e.item(), rtol, atol, options)
        return
    with np.errstate(all="ignore"):
        close = _close(a, e, rtol, atol, options.equal_nan)
    if not close.all():
        raise _Mismatch(_array_text(a, e, close, rtol, atol))


def _values(t: Tensor) -> np.ndarray:
    t = t.to_dense() if t.is_sparse else t
    wide = t.dtype.compute if t.dtype.narrow else t.dtype
    return to_values(t.to(wide).numpy(), wide) if t.dtype.narrow else t.numpy()


def _close(a, e, rtol: float, atol: float, equal_nan: bool):
    same = a == e
    if equal_nan:
        same |= (a != a) & (e != e)
    if rtol or atol:
        with np.errstate(all="ignore"):
            gap = np.abs(_signed(a) - _signed(e))
            same |= np.isfinite(gap) & (gap <= atol + rtol * np.abs(e))
    return same


def _signed(x):
    x = np.asarray(x)
    return x.astype(np.int64) if x.dtype.kind in "bu" else x


def _array_text(a, e, close, rtol: float, atol: float) -> str:
    wrong, n = int((~close).sum()), close.size
    with np.errstate(all="ignore"):
        gap = np.abs(_signed(a) - _signed(e))
        share = gap / np.abs(_signed(e))
    gap, share = np.where(close, 0, gap), np.where(close, 0, share)
    exact = not (rtol or atol)
    lines = [
        f"Tensor-likes are not {'equal' if exact else 'close'}!", "",
        f"Mismatched elements: {wrong} / {n} ({wrong / n:.1%})",
    ]  # fmt: skip
    for word, values, limit in (("absolute", gap, atol), ("relative", share, rtol)):
        at = np.unravel_index(int(values.argmax()), values.shape)
        allowed = "" if exact else f" (up to {limit} allowed)"
        place = tuple(int(i) for i in at)
        lines.append(f"Greatest {word} difference: {values[at].item()} at index {place}{allowed}")
    return "\n".join(lines)


def _compare_numbers(a, e, rtol: float, atol: float, options: _Options) -> None:
    if a == e or (options.equal_nan and a != a and e != e):
        return
    gap = abs(a - e)
    finite = all(cmath.isfinite(x) for x in (a, e))
    if finite and (rtol or atol) and gap <= atol + rtol * abs(e):
        return
    share = gap / abs(e) if e else math.inf
    exact = not (rtol or atol)
    allowed = ["" if exact else f" (up to {limit} allowed)" for limit in (atol, rtol)]
    raise _Mismatch(
        f"Scalars are not {'equal' if exact else 'close'}!\n\nExpected {e} but got {a}.\n"
        f"Absolute difference: {gap}{allowed[0]}\nRelative difference: {share}{allowed[1]}"
    )


# Bounds of make_tensor's values where the user gives none.
_BOUNDS = {"b": (0, 2), "i": (-9, 10), "u8": (0, 10), "f": (-9.0, 9.0), "c": (-9.0, 9.0)}


def make_tensor(
    *shape, dtype, device="cpu", low: float | None = None, high: float | None = None,
    requires_grad: bool = False, noncontiguous: bool = False, exclude_zero: bool = False,
    memory_format=None,
) -> Tensor:  # fmt: skip
    """A tensor of numbers drawn uniformly from [low, high), of any dtype.

    noncontiguous: every second element of a larger one. exclude_zero: zeros become the smallest
    positive number of the dtype (1 for integers).

    >>> import numtorch as torch
    >>> torch.testing.make_tensor((2, 3), dtype=torch.int64, low=1, high=5).shape
    torch.Size([2, 3])
    """
    if len(shape) == 1 and isinstance(shape[0], collections.abc.Sequence):
        shape = tuple(shape[0])
    start, stop = _BOUNDS.get(dtype.short) or _BOUNDS[dtype.kind]
    low, high = start if low is None else low, stop if high is None else high
    if not low < high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if requires_grad and not dtype.differentiable:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, but got "
            f"{dtype}"
        )
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"noncontiguous={noncontiguous!r} and memory_format={memory_format!r}"
        )
    drawn = (*shape[:-1], shape[-1] * 2) if noncontiguous and shape else shape
    t = _draw(drawn, dtype, low, high)
    if noncontiguous and shape and t.numel() > 2:
        t = t[..., ::2]
    elif drawn != shape:
        t = t[..., : shape[-1]]
    if exclude_zero:
        t[t == 0] = 1 if dtype.kind in "bi" else _dtype_tiny(dtype)
    if memory_format is not None:
        t = t.clone(memory_format=memory_format)
    return t.requires_grad_(requires_grad)


def _draw(shape: tuple, dtype, low, high) -> Tensor:
    if dtype.kind in "bi":
        return _random.randint(math.ceil(low), math.ceil(high), shape).to(dtype)
    real = dtype.to_real() if dtype.kind == "c" else dtype
    wide = real.compute if real.narrow else real

    def uniform() -> Tensor:
        return _creation.empty(shape, dtype=wide).uniform_(low, high)

    if dtype.kind == "c":
        return _complex.complex(uniform(), uniform()).to(dtype)
    return uniform().to(dtype)


def _dtype_tiny(dtype) -> float:
    from ._dtype_info import finfo

    return finfo(dtype.to_real()).tiny
