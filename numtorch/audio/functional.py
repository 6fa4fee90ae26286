"""Spectrograms, mel filters, resampling and the rest, as functions of tensors [..., time]."""

from __future__ import annotations

import math

import numtorch as torch

__all__ = [
    "DB_to_amplitude", "amplitude_to_DB", "compute_deltas", "convolve", "create_dct",
    "fftconvolve", "gain", "griffinlim", "inverse_spectrogram", "linear_fbanks",
    "mask_along_axis", "mask_along_axis_iid", "melscale_fbanks", "mu_law_decoding",
    "mu_law_encoding", "phase_vocoder", "preemphasis", "resample", "spectrogram",
]  # fmt: skip


def _norms(normalized) -> tuple[bool, bool]:
    """(by the frame's length, by the window's length)."""
    if isinstance(normalized, bool):
        return False, normalized
    return normalized == "frame_length", normalized == "window"


def spectrogram(
    waveform: torch.Tensor, pad: int, window: torch.Tensor, n_fft: int, hop_length: int,
    win_length: int, power: float | None, normalized: bool | str, center: bool = True,
    pad_mode: str = "reflect", onesided: bool = True, return_complex: bool | None = None,
) -> torch.Tensor:  # fmt: skip
    """[..., freq, frames]: |STFT| ** power, or the complex STFT if power is None."""
    if pad > 0:
        waveform = torch.nn.functional.pad(waveform, (pad, pad), "constant")
    by_frame, by_window = _norms(normalized)
    shape = waveform.shape
    spec = torch.stft(
        waveform.reshape(-1, shape[-1]), n_fft, hop_length, win_length, window, center, pad_mode,
        by_frame, onesided, return_complex=True,
    )  # fmt: skip
    spec = spec.reshape(shape[:-1] + spec.shape[-2:])
    if by_window:
        spec = spec / window.pow(2.0).sum().sqrt()
    if power is None:
        return spec
    return spec.abs() if power == 1.0 else spec.abs().pow(power)


def inverse_spectrogram(
    spectrogram: torch.Tensor, length: int | None, pad: int, window: torch.Tensor, n_fft: int,
    hop_length: int, win_length: int, normalized: bool | str, center: bool = True,
    pad_mode: str = "reflect", onesided: bool = True,
) -> torch.Tensor:  # fmt: skip
    """The sound of a complex spectrogram."""
    if not spectrogram.is_complex():
        raise ValueError("Expected `spectrogram` to be complex dtype.")
    by_frame, by_window = _norms(normalized)
    if by_window:
        spectrogram = spectrogram * window.pow(2.0).sum().sqrt()
    shape = spectrogram.shape
    wave = torch.istft(
        spectrogram.reshape(-1, *shape[-2:]), n_fft, hop_length, win_length, window, center,
        by_frame, onesided, length + 2 * pad if length is not None else None,
        return_complex=False,
    )  # fmt: skip
    if length is not None and pad > 0:
        wave = wave[:, pad:-pad]
    return wave.reshape(shape[:-2] + wave.shape[-1:])


def griffinlim(
    specgram: torch.Tensor, window: torch.Tensor, n_fft: int, hop_length: int, win_length: int,
    power: float, n_iter: int, momentum: float, length: int | None, rand_init: bool,
) -> torch.Tensor:  # fmt: skip
    """A sound with a given magnitude spectrogram (Griffin and Lim, 1984; fast: Perraudin, 2013)."""
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be in range [0, 1). Found: {momentum}")
    momentum = momentum / (1 + momentum)
    shape = specgram.shape
    magnitude = specgram.reshape(-1, *shape[-2:]).pow(1 / power)
    if rand_init:
        phase = torch.view_as_complex(torch.rand((*magnitude.shape, 2), dtype=magnitude.dtype))
    else:
        phase = torch.ones_like(magnitude) + 0j
    before = torch.zeros((), dtype=magnitude.dtype)
    for _ in range(n_iter):
        wave = torch.istft(magnitude * phase, n_fft, hop_length, win_length, window, length=length)
        rebuilt = torch.stft(
            wave, n_fft, hop_length, win_length, window, True, "reflect", False, True,
            return_complex=True,
        )  # fmt: skip
        phase = rebuilt - before * momentum if momentum else rebuilt
        phase = phase / (phase.abs() + 1e-16)
        before = rebuilt
    wave = torch.istft(magnitude * phase, n_fft, hop_length, win_length, window, length=length)
    return wave.reshape(shape[:-2] + wave.shape[-1:])


# ---------------------------------------------------------------- filters of frequencies


def _hz_to_mel(freq: float, mel_scale: str) -> float:
    if mel_scale not in ("slaney", "htk"):
        raise ValueError('mel_scale should be one of "htk" or "slaney".')
    if mel_scale == "htk":
        return 2595.0 * math.log10(1.0 + freq / 700.0)
    # Slaney: linear below 1000 Hz, logarithmic above.
    if freq < 1000.0:
        return 3 * freq / 200.0
    return 15.0 + math.log(freq / 1000.0) * 27.0 / math.log(6.4)


def _mel_to_hz(mels: torch.Tensor, mel_scale: str) -> torch.Tensor:
    if mel_scale == "htk":
        return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    low = 200.0 * mels / 3
    return torch.where(mels >= 15.0, 1000.0 * torch.exp(math.log(6.4) / 27.0 * (mels - 15.0)), low)


def _triangles(all_freqs: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """[freqs, filters]: triangles between each three neighbouring points."""
    widths = points[1:] - points[:-1]
    slopes = points.unsqueeze(0) - all_freqs.unsqueeze(1)
    down = -slopes[:, :-2] / widths[:-1]
    up = slopes[:, 2:] / widths[1:]
    return torch.minimum(down, up).clamp(min=0)


def melscale_fbanks(
    n_freqs: int, f_min: float, f_max: float, n_mels: int, sample_rate: int,
    norm: str | None = None, mel_scale: str = "htk",
) -> torch.Tensor:  # fmt: skip
    """[n_freqs, n_mels]: triangular filters, even on the mel scale.

    >>> melscale_fbanks(5, 0.0, 4000.0, 2, 8000).shape
    torch.Size([5, 2])
    """
    if norm is not None and norm != "slaney":
        raise ValueError('norm must be one of None or "slaney"')
    freqs = torch.linspace(0, sample_rate // 2, n_freqs)
    low, high = _hz_to_mel(f_min, mel_scale), _hz_to_mel(f_max, mel_scale)
    points = _mel_to_hz(torch.linspace(low, high, n_mels + 2), mel_scale)
    bank = _triangles(freqs, points)
    if norm == "slaney":
        bank = bank * (2.0 / (points[2:] - points[:-2])).unsqueeze(0)
    if bool((bank.max(dim=0).values == 0.0).any()):
        import warnings

        warnings.warn(
            "At least one mel filterbank has all zero values. "
            f"The value for `n_mels` ({n_mels}) may be set too high. "
            f"Or, the value for `n_freqs` ({n_freqs}) may be set too low.",
            stacklevel=2,
        )
    return bank


def linear_fbanks(
    n_freqs: int, f_min: float, f_max: float, n_filter: int, sample_rate: int
) -> torch.Tensor:
    """[n_freqs, n_filter]: triangular filters, even in Hz."""
    freqs = torch.linspace(0, sample_rate // 2, n_freqs)
    return _triangles(freqs, torch.linspace(f_min, f_max, n_filter + 2))


def create_dct(n_mfcc: int, n_mels: int, norm: str | None) -> torch.Tensor:
    """[n_mels, n_mfcc]: the matrix of the discrete cosine transform (type II)."""
    if norm is not None and norm != "ortho":
        raise ValueError('norm must be either "ortho" or None')
    n, k = torch.arange(float(n_mels)), torch.arange(float(n_mfcc)).unsqueeze(1)
    dct = torch.cos(math.pi / float(n_mels) * (n + 0.5) * k)
    if norm is None:
        return (dct * 2.0).t()
    scale = torch.full((n_mfcc, 1), math.sqrt(2.0 / n_mels))
    scale[0] = math.sqrt(1.0 / n_mels)
    return (dct * scale).t()


# ---------------------------------------------------------------- loudness


def amplitude_to_DB(
    x: torch.Tensor, multiplier: float, amin: float, db_multiplier: float,
    top_db: float | None = None,
) -> torch.Tensor:  # fmt: skip
    """multiplier * (log10(x) - db_multiplier), at most `top_db` below the loudest.

    The loudest is looked for in each sound of a batch [batch, channel, freq, time].
    """
    db = multiplier * torch.log10(torch.clamp(x, min=amin)) - multiplier * db_multiplier
    if top_db is None:
        return db
    shape = db.shape
    channels = shape[-3] if db.dim() > 2 else 1
    packed = db.reshape(-1, channels, *shape[-2:])
    least = (packed.amax(dim=(-3, -2, -1)) - top_db).view(-1, 1, 1, 1)
    return torch.maximum(packed, least).reshape(shape)


def DB_to_amplitude(x: torch.Tensor, ref: float, power: float) -> torch.Tensor:
    """ref * 10 ** (0.1 * x), to a power."""
    return ref * torch.pow(torch.pow(10.0, 0.1 * x), power)


def gain(waveform: torch.Tensor, gain_db: float = 1.0) -> torch.Tensor:
    """A sound made louder by decibels."""
    return waveform if gain_db == 0 else waveform * 10 ** (gain_db / 20)


def mu_law_encoding(x: torch.Tensor, quantization_channels: int) -> torch.Tensor:
    """Whole numbers from 0 to channels - 1 for a sound in [-1, 1]."""
    if not x.is_floating_point():
        x = x.to(torch.float)
    mu = torch.tensor(quantization_channels - 1.0, dtype=x.dtype)
    squeezed = torch.sign(x) * torch.log1p(mu * torch.abs(x)) / torch.log1p(mu)
    return ((squeezed + 1) / 2 * mu + 0.5).to(torch.int64)


def mu_law_decoding(x_mu: torch.Tensor, quantization_channels: int) -> torch.Tensor:
    """The sound in [-1, 1] of mu_law_encoding's numbers."""
    if not x_mu.is_floating_point():
        x_mu = x_mu.to(torch.float)
    mu = torch.tensor(quantization_channels - 1.0, dtype=x_mu.dtype)
    x = x_mu / mu * 2 - 1.0
    return torch.sign(x) * (torch.exp(torch.abs(x) * torch.log1p(mu)) - 1.0) / mu


# ---------------------------------------------------------------- time


def _kernel(orig, new, divisor, width, rolloff, method, beta, dtype):
    """[new, 1, taps]: a windowed sinc for each phase."""
    base = min(orig, new) * rolloff
    reach = math.ceil(width * orig / base)
    idx = torch.arange(-reach, reach + orig, dtype=torch.float64)[None, None] / orig
    t = torch.arange(0, -new, -1, dtype=torch.float64)[:, None, None] / new + idx
    t = (t * base).clamp(-width, width)
    if method == "sinc_interp_hann":
        window = torch.cos(t * math.pi / width / 2) ** 2
    else:
        beta_tensor = torch.tensor(14.769656459379492 if beta is None else float(beta),
                                   dtype=torch.float64)  # fmt: skip
        window = torch.i0(beta_tensor * torch.sqrt(1 - (t / width) ** 2)) / torch.i0(beta_tensor)
    t = t * math.pi
    sinc = torch.where(t == 0, 1.0, t.sin() / torch.where(t == 0, 1.0, t))
    return (sinc * window * (base / orig)).to(dtype), reach


def resample(
    waveform: torch.Tensor, orig_freq: int, new_freq: int, lowpass_filter_width: int = 6,
    rolloff: float = 0.99, resampling_method: str = "sinc_interp_hann", beta: float | None = None,
) -> torch.Tensor:  # fmt: skip
    """A sound at another sample rate, by band-limited interpolation (Smith, 1984)."""
    if orig_freq <= 0.0 or new_freq <= 0.0:
        raise ValueError("Original frequency and desired frequecy should be positive")
    if not (int(orig_freq) == orig_freq and int(new_freq) == new_freq):
        raise Exception(
            "Frequencies must be of integer type to ensure quality resampling computation. "
            "To work around this, manually convert both frequencies to integer values "
            "that maintain their resampling rate ratio before passing them into the function."
        )
    if resampling_method not in ("sinc_interp_hann", "sinc_interp_kaiser"):
        raise ValueError(f"Invalid resampling method: {resampling_method}")
    if orig_freq == new_freq:
        return waveform
    if not waveform.is_floating_point():
        raise TypeError(
            f"Expected floating point type for waveform tensor, but received {waveform.dtype}."
        )
    if lowpass_filter_width <= 0:
        raise ValueError("Low pass filter width should be positive.")
    divisor = math.gcd(int(orig_freq), int(new_freq))
    orig, new = int(orig_freq) // divisor, int(new_freq) // divisor
    kernel, reach = _kernel(
        orig, new, divisor, lowpass_filter_width, rolloff, resampling_method, beta, waveform.dtype
    )
    shape = waveform.shape
    flat = waveform.reshape(-1, shape[-1])
    padded = torch.nn.functional.pad(flat, (reach, reach + orig))
    found = torch.nn.functional.conv1d(padded[:, None], kernel, stride=orig)
    length = math.ceil(new * shape[-1] / orig)
    found = found.transpose(1, 2).reshape(flat.shape[0], -1)[..., :length]
    return found.reshape(shape[:-1] + found.shape[-1:])


def phase_vocoder(
    complex_specgrams: torch.Tensor, rate: float, phase_advance: torch.Tensor
) -> torch.Tensor:
    """A complex spectrogram [..., freq, time] made faster by a rate, at the same pitch."""
    if rate == 1.0:
        return complex_specgrams
    shape = complex_specgrams.shape
    spec = complex_specgrams.reshape(-1, *shape[-2:])
    steps = torch.arange(0, spec.size(-1), rate, dtype=spec.real.dtype)
    alphas = steps % 1.0
    first = spec[..., :1].angle()
    spec = torch.nn.functional.pad(spec, [0, 2])
    left = spec.index_select(-1, steps.long())
    right = spec.index_select(-1, (steps + 1).long())
    advance = right.angle() - left.angle() - phase_advance
    advance = advance - 2 * math.pi * torch.round(advance / (2 * math.pi)) + phase_advance
    phase = torch.cumsum(torch.cat([first, advance[..., :-1]], dim=-1), -1)
    magnitude = alphas * right.abs() + (1 - alphas) * left.abs()
    out = torch.polar(magnitude, phase)
    return out.reshape(shape[:-2] + out.shape[-2:])


def compute_deltas(
    specgram: torch.Tensor, win_length: int = 5, mode: str = "replicate"
) -> torch.Tensor:
    """Slopes along time, by least squares in a window."""
    if win_length < 3:
        raise ValueError(f"Window length should be greater than or equal to 3. Found {win_length}")
    shape, n = specgram.shape, (win_length - 1) // 2
    flat = specgram.reshape(1, -1, shape[-1])
    padded = torch.nn.functional.pad(flat, (n, n), mode=mode)
    kernel = torch.arange(-n, n + 1, dtype=specgram.dtype).repeat(flat.shape[1], 1, 1)
    slopes = torch.nn.functional.conv1d(padded, kernel, groups=flat.shape[1])
    return (slopes / (n * (n + 1) * (2 * n + 1) / 3)).reshape(shape)


# ---------------------------------------------------------------- masks


def _span(mask_param: int, p: float, size: int, shape=(), dtype=torch.float32):
    limit = mask_param if p == 1.0 else min(mask_param, int(size * p))
    length = torch.rand(shape, dtype=dtype) * limit
    start = torch.rand(shape, dtype=dtype) * (size - length)
    return start.long(), start.long() + length.long(), limit


def _check_band(dim: int, axis: int, p: float) -> None:
    if axis not in (dim - 2, dim - 1):
        raise ValueError(
            f"Only Frequency and Time masking are supported (axis {dim - 2} and axis {dim - 1} "
            f"supported; {axis} given)."
        )
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"The value of p must be between 0.0 and 1.0 ({p} given).")


def mask_along_axis(
    specgram: torch.Tensor, mask_param: int, mask_value: float, axis: int, p: float = 1.0
) -> torch.Tensor:
    """A random band of a dim of [..., freq, time] gets a value: one band for all spectrograms."""
    dim = specgram.dim()
    if dim < 2:
        raise ValueError(
            f"Spectrogram must have at least two dimensions (time and frequency) ({dim} given)."
        )
    _check_band(dim, axis, p)
    start, end, limit = _span(mask_param, p, specgram.shape[axis], (1,))
    if limit < 1:
        return specgram
    place = torch.arange(specgram.shape[axis])
    band = (place >= start) & (place < end)
    return specgram.masked_fill(band.unsqueeze(-1) if axis == dim - 2 else band, mask_value)


def mask_along_axis_iid(
    specgrams: torch.Tensor, mask_param: int, mask_value: float, axis: int, p: float = 1.0
) -> torch.Tensor:
    """mask_along_axis with a band of its own for each spectrogram of a batch."""
    dim = specgrams.dim()
    if dim < 3:
        raise ValueError(f"Spectrogram must have at least three dimensions ({dim} given).")
    _check_band(dim, axis, p)
    shape = specgrams.shape[: dim - 2]
    start, end, limit = _span(mask_param, p, specgrams.shape[axis], shape)
    if limit < 1:
        return specgrams
    place = torch.arange(specgrams.shape[axis])
    band = (place >= start[..., None]) & (place < end[..., None])
    band = band.unsqueeze(-1) if axis == dim - 2 else band.unsqueeze(-2)
    return specgrams.masked_fill(band, mask_value)


# ---------------------------------------------------------------- filters of time


def preemphasis(waveform: torch.Tensor, coeff: float = 0.97) -> torch.Tensor:
    """x[t] - coeff * x[t-1]."""
    return torch.cat([waveform[..., :1], waveform[..., 1:] - coeff * waveform[..., :-1]], -1)


def _mode(found, n: int, m: int, mode: str):
    if mode == "full":
        return found
    size = n if mode == "same" else max(n, m) - min(n, m) + 1
    start = (found.shape[-1] - size) // 2
    return found[..., start : start + size]


def fftconvolve(x: torch.Tensor, y: torch.Tensor, mode: str = "full") -> torch.Tensor:
    """The convolution along the last dim, through Fourier transforms."""
    if mode not in ("full", "valid", "same"):
        raise ValueError(
            f"Unrecognized mode value '{mode}'. Please specify one of ['full', 'valid', 'same']."
        )
    n, m = x.shape[-1], y.shape[-1]
    size = n + m - 1
    found = torch.fft.irfft(torch.fft.rfft(x, n=size) * torch.fft.rfft(y, n=size), n=size)
    return _mode(found, n, m, mode)


def convolve(x: torch.Tensor, y: torch.Tensor, mode: str = "full") -> torch.Tensor:
    """The convolution along the last dim, directly."""
    if mode not in ("full", "valid", "same"):
        raise ValueError(
            f"Unrecognized mode value '{mode}'. Please specify one of ['full', 'valid', 'same']."
        )
    n, m = x.shape[-1], y.shape[-1]
    shape = torch.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    a = x.expand((*shape, n)).reshape(1, -1, n)
    b = y.expand((*shape, m)).reshape(-1, 1, m).flip(-1)
    found = torch.nn.functional.conv1d(a, b, groups=a.shape[1], padding=m - 1)
    return _mode(found.reshape((*shape, -1)), n, m, mode)
