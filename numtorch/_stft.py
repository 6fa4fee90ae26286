"""Short-time Fourier transforms: stft and istft."""

from __future__ import annotations

import warnings

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._creation import ones
from ._saves import kept
from ._tensor import Tensor


def _record(op: str, x: Tensor, attrs: tuple) -> Tensor:
    return local.tape.record(OPS[op], (x,), attrs)


def _cut(x: Tensor, start: int, end: int) -> Tensor:
    """x[..., start:end] of the last dim."""
    return x.narrow(-1, start, end - start)


def _padded(x: Tensor, p: int, mode: str) -> Tensor:
    """The last dim lengthened by p on both sides."""
    n = x._v.meta.shape[-1]
    if mode == "constant":
        zero = (0,) * (x.dim() - 1)
        return _record("constant_pad", x, ((*zero, p), (*zero, p), 0.0))
    if mode == "reflect":
        if p >= n:
            shape = [1] * (3 - x.dim()) + list(x._v.meta.shape)
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({p}, {p}) at dimension 2 of input {shape}"
            )
        low, high = _cut(x, 1, p + 1).flip(-1), _cut(x, n - 1 - p, n - 1).flip(-1)
    elif mode == "replicate":
        low, high = (v.expand(*x._v.meta.shape[:-1], p) for v in (_cut(x, 0, 1), _cut(x, n - 1, n)))
    elif mode == "circular":
        low, high = _cut(x, n - p, n), _cut(x, 0, p)
    else:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    return local.tape.record(OPS["cat"], (low, x, high), (x.dim() - 1,))


def _shown(name: str, x: Tensor, n_fft, hop, win, window, tail: str) -> str:
    """The call as PyTorch's errors show it."""
    kind = f"torch.{x.dtype.tensor_type}" if name == "stft" else f"CPU{x.dtype.scalar_type}Type"
    shown = "None"
    if window is not None:
        shown = f"torch.{window.dtype.tensor_type}{{{list(window.shape)}}}"
    return (
        f"{name}({kind}{list(x.shape)}, n_fft={n_fft}, hop_length={hop}, win_length={win}, "
        f"window={shown}, {tail}) : "
    )


def _flag(x) -> str:
    return "None" if x is None else str(int(x))


def _full_window(window, win: int, n_fft: int, like: Tensor) -> Tensor:
    """A window of n_fft elements: the given one (or ones) with zeros around."""
    if window is None:
        window = ones(win, dtype=like.dtype.to_real())
    if win == n_fft:
        return window
    left = (n_fft - win) // 2
    return _record("constant_pad", window, ((left,), (n_fft - win - left,), 0.0))


@kept("stft")
def stft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="reflect",
    normalized=False, onesided=None, return_complex=None, align_to_window=None,
) -> Tensor:  # fmt: skip
    """Transforms of windows of n_fft elements, `hop_length` apart: [..., frequencies, frames].

    Real input gives n_fft // 2 + 1 frequencies unless onesided=False. With center, frame t is
    around element t * hop_length of the signal, which is lengthened by n_fft // 2.

    >>> import numtorch as torch
    >>> torch.stft(torch.ones(10), 4, window=torch.ones(4), return_complex=True).shape
    torch.Size([3, 11])
    """
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false.")
    x = _padded(input, n_fft // 2, pad_mode) if center else input
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    shown = _shown(
        "stft", x, n_fft, hop, win, window, f"normalized={int(normalized)}, "
        f"onesided={_flag(onesided)}, return_complex={_flag(return_complex)}, "
        f"align_to_window={_flag(align_to_window)}",
    )  # fmt: skip
    if not x.dtype.differentiable:
        raise RuntimeError(f"{shown}expected a tensor of floating point or complex values")
    if x.dtype.narrow:
        raise RuntimeError(f"MKL FFT doesn't support tensors of type: {x.dtype.scalar_type}")
    if x.dim() not in (1, 2):
        raise RuntimeError(f"{shown}expected a 1D or 2D tensor")
    length = x._v.meta.shape[-1]
    if not 0 < n_fft <= length:
        raise RuntimeError(f"{shown}expected 0 < n_fft < {length}, but got n_fft={n_fft}")
    hops = f"hop_length > 0, but got hop_length={hop}"
    _check_hops(shown, hop, win, n_fft, window, hop > 0, hops, f", but got win_length={win}")
    complex_in = x.dtype.is_complex or (window is not None and window.dtype.is_complex)
    if return_complex is None and not complex_in:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further "
            "require that return_complex=True in a future PyTorch release."
        )
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied,which is known to "
            "cause spectral leakage. Other windows such as torch.hann_window or "
            "torch.hamming_window are recommended to reduce spectral leakage.To suppress this "
            "warning and use a rectangular window, explicitly set `window=torch.ones(n_fft, "
            "device=<device>)`.", UserWarning, stacklevel=2,
        )  # fmt: skip
    onesided = not complex_in if onesided is None else onesided
    if onesided and complex_in:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    frames = _record("frames", x, (n_fft, hop))
    if window is not None or win != n_fft:
        frames = frames * _full_window(window, win, n_fft, x)
    scale = "root" if normalized else "none"
    at = (frames.dim() - 1,)
    out = _record("rfft" if onesided else "fft", frames, (at, (n_fft,), False, scale))
    out = out.transpose(-2, -1)
    if return_complex or return_complex is None:
        return out
    warnings.warn(
        "stft with return_complex=False is deprecated. In a future pytorch release, stft will "
        "return complex tensors for all inputs, and return_complex=False will raise an error.\n"
        "Note: you can still call torch.view_as_real on the complex output to recover the old "
        "return format.", UserWarning, stacklevel=2,
    )  # fmt: skip
    return _parts(out)


def _check_hops(shown, hop, win, n_fft, window, good_hop, hop_text, win_text) -> None:
    if not good_hop:
        raise RuntimeError(f"{shown}expected {hop_text}")
    if not 0 < win <= n_fft:
        raise RuntimeError(f"{shown}expected 0 < win_length <= n_fft{win_text}")
    if window is not None and (window.dim() != 1 or window.shape[0] != win):
        raise RuntimeError(
            f"{shown}expected a 1D window tensor of size equal to win_length={win}, but got window "
            f"with size {list(window.shape)}"
        )


def _parts(x: Tensor) -> Tensor:
    from ._complex import view_as_real

    return view_as_real(x)


def istft(
    input, n_fft, hop_length=None, win_length=None, window=None, center=True, normalized=False,
    onesided=None, length=None, return_complex=False,
) -> Tensor:  # fmt: skip
    """The signal whose stft this is: overlapping frames added up, divided by the windows' squares.

    Griffin and Lim, Signal estimation from modified short-time Fourier transform (1984).

    >>> import numtorch as torch
    >>> window = torch.ones(4)
    >>> spectrum = torch.stft(torch.zeros(12), 4, window=window, return_complex=True)
    >>> torch.istft(spectrum, 4, window=window).shape
    torch.Size([12])
    """
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied.Please provide the "
            "same window used by stft to make the inversion lossless.To suppress this warning and "
            "use a rectangular window, explicitly set `window=torch.ones(n_fft, device=<device>)`.",
            UserWarning, stacklevel=2,
        )  # fmt: skip
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    if not input.dtype.is_complex:
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    shown = _shown(
        "istft", input, n_fft, hop, win, window, f"center={int(center)}, "
        f"normalized={int(normalized)}, onesided={_flag(onesided)}, "
        f"length={'None' if length is None else length}, return_complex={int(return_complex)}",
    )  # fmt: skip
    _check_istft(shown, input, n_fft, onesided, return_complex, window)
    _check_hops(shown, hop, win, n_fft, window, 0 < hop <= win, "0 < hop_length <= win_length", "")
    full = _full_window(window, win, n_fft, input)
    count = input.shape[-1]
    onesided = input.shape[-2] != n_fft if onesided is None else onesided
    total = n_fft + hop * (count - 1)
    frames = _frames_of(input, n_fft, onesided, normalized, return_complex) * full
    y = _add_up(frames, total, hop)
    weights = _add_up((full * full).expand(count, n_fft), total, hop)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else total - (n_fft // 2 if center else 0)
    stop = min(end, total)
    y, weights = _cut(y, start, stop), _cut(weights, start, stop)
    least = float(weights.abs().min())
    if not least > 1e-11:
        raise RuntimeError(f"{shown}window overlap add min: {least:g}")
    y = y / weights
    if end > total:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded "
            "with zeros in the tail. Please check your center and hop_length settings.",
            UserWarning, stacklevel=2,
        )  # fmt: skip
        zero = (0,) * (y.dim() - 1)
        y = _record("constant_pad", y, ((*zero, 0), (*zero, end - total), 0.0))
    return y


def _check_istft(shown, x, n_fft, onesided, return_complex, window) -> None:
    if not x.numel():
        raise RuntimeError(f"{shown}input tensor cannot be empty.")
    if x.dim() not in (2, 3):
        raise RuntimeError(
            f"{shown}expected a tensor with 2 or 3 dimensions, but got {x.dim()}"
        )
    complex_window = window is not None and window.dtype.is_complex
    rows = x.shape[-2]
    half = rows != n_fft if onesided is None else onesided
    want = n_fft // 2 + 1 if half else n_fft
    if rows != want:
        raise RuntimeError(
            f"{shown}expected the frequency dimension (3rd to the last) of the input tensor to "
            f"match n_fft{' / 2 + 1' if half else ''} when onesided={half}, but got {rows}"
        )
    if half and (return_complex or complex_window):
        raise RuntimeError("Cannot have onesided output if window or input is complex")


def _frames_of(x, n_fft, onesided, normalized, return_complex) -> Tensor:
    x = x.transpose(-2, -1)
    attrs = ((x.dim() - 1,), (n_fft,), True, "root" if normalized else "full")
    if return_complex:
        return _record("fft", x, attrs)
    if not onesided:
        x = _cut(x, 0, n_fft // 2 + 1)
    return _record("irfft", x, attrs)


def _add_up(frames: Tensor, total: int, hop: int) -> Tensor:
    if not frames.dtype.is_complex:
        return _record("overlap_add", frames, (total, hop))
    from ._complex import complex

    return complex(*(_record("overlap_add", v, (total, hop)) for v in (frames.real, frames.imag)))


def install(functions: dict) -> None:
    """Adds the functions and the methods of Tensor."""
    functions.update(stft=stft, istft=istft)
    Tensor.stft, Tensor.istft = stft, istft
