"""Layers for sounds and spectrograms: what functional does, with its windows and filters kept."""

from __future__ import annotations

import math
from collections.abc import Callable

import numtorch as torch

from ..nn import Module
from . import functional as F

__all__ = [
    "AmplitudeToDB", "ComputeDeltas", "Convolve", "FFTConvolve", "Fade", "FrequencyMasking",
    "GriffinLim", "InverseSpectrogram", "LFCC", "MFCC", "MelScale", "MelSpectrogram",
    "MuLawDecoding", "MuLawEncoding", "Preemphasis", "Resample", "SpecAugment",
    "SpectralCentroid", "Spectrogram", "TimeMasking", "TimeStretch", "Vol",
]  # fmt: skip


def _window(make: Callable, length: int, options: dict | None) -> torch.Tensor:
    return make(length) if options is None else make(length, **options)


class Spectrogram(Module):
    """[..., time] -> [..., freq, frames]."""

    def __init__(
        self, n_fft: int = 400, win_length: int | None = None, hop_length: int | None = None,
        pad: int = 0, window_fn: Callable = torch.hann_window, power: float | None = 2.0,
        normalized: bool | str = False, wkwargs: dict | None = None, center: bool = True,
        pad_mode: str = "reflect", onesided: bool = True, return_complex: bool | None = None,
    ):  # fmt: skip
        super().__init__()
        self.n_fft, self.pad, self.power, self.normalized = n_fft, pad, power, normalized
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.center, self.pad_mode, self.onesided = center, pad_mode, onesided
        self.register_buffer("window", _window(window_fn, self.win_length, wkwargs))

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """See functional.spectrogram."""
        return F.spectrogram(
            waveform, self.pad, self.window, self.n_fft, self.hop_length, self.win_length,
            self.power, self.normalized, self.center, self.pad_mode, self.onesided,
        )  # fmt: skip


class InverseSpectrogram(Module):
    """A complex spectrogram [..., freq, frames] -> [..., time]."""

    def __init__(
        self, n_fft: int = 400, win_length: int | None = None, hop_length: int | None = None,
        pad: int = 0, window_fn: Callable = torch.hann_window, normalized: bool | str = False,
        wkwargs: dict | None = None, center: bool = True, pad_mode: str = "reflect",
        onesided: bool = True,
    ):  # fmt: skip
        super().__init__()
        self.n_fft, self.pad, self.normalized = n_fft, pad, normalized
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.center, self.pad_mode, self.onesided = center, pad_mode, onesided
        self.register_buffer("window", _window(window_fn, self.win_length, wkwargs))

    def forward(self, spectrogram: torch.Tensor, length: int | None = None) -> torch.Tensor:
        """See functional.inverse_spectrogram."""
        return F.inverse_spectrogram(
            spectrogram, length, self.pad, self.window, self.n_fft, self.hop_length,
            self.win_length, self.normalized, self.center, self.pad_mode, self.onesided,
        )  # fmt: skip


class GriffinLim(Module):
    """A magnitude spectrogram -> a sound that has it."""

    def __init__(
        self, n_fft: int = 400, n_iter: int = 32, win_length: int | None = None,
        hop_length: int | None = None, window_fn: Callable = torch.hann_window,
        power: float = 2.0, wkwargs: dict | None = None, momentum: float = 0.99,
        length: int | None = None, rand_init: bool = True,
    ):  # fmt: skip
        super().__init__()
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be in the range [0, 1). Found: {momentum}")
        self.n_fft, self.n_iter, self.power, self.length = n_fft, n_iter, power, length
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.momentum, self.rand_init = momentum, rand_init
        self.register_buffer("window", _window(window_fn, self.win_length, wkwargs))

    def forward(self, specgram: torch.Tensor) -> torch.Tensor:
        """See functional.griffinlim."""
        return F.griffinlim(
            specgram, self.window, self.n_fft, self.hop_length, self.win_length, self.power,
            self.n_iter, self.momentum, self.length, self.rand_init,
        )  # fmt: skip


class AmplitudeToDB(Module):
    """Powers or magnitudes -> decibels."""

    def __init__(self, stype: str = "power", top_db: float | None = None):
        super().__init__()
        if top_db is not None and top_db < 0:
            raise ValueError("top_db must be positive value")
        self.stype, self.top_db = stype, top_db
        self.multiplier = 10.0 if stype == "power" else 20.0
        self.amin, self.ref_value = 1e-10, 1.0
        self.db_multiplier = math.log10(max(self.amin, self.ref_value))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See functional.amplitude_to_DB."""
        return F.amplitude_to_DB(x, self.multiplier, self.amin, self.db_multiplier, self.top_db)


class MelScale(Module):
    """[..., freq, frames] -> [..., n_mels, frames]."""

    def __init__(
        self, n_mels: int = 128, sample_rate: int = 16000, f_min: float = 0.0,
        f_max: float | None = None, n_stft: int = 201, norm: str | None = None,
        mel_scale: str = "htk",
    ):  # fmt: skip
        super().__init__()
        self.n_mels, self.sample_rate, self.f_min = n_mels, sample_rate, f_min
        self.f_max = f_max if f_max is not None else float(sample_rate // 2)
        self.norm, self.mel_scale = norm, mel_scale
        if f_min > self.f_max:
            raise ValueError(f"Require f_min: {f_min} <= f_max: {self.f_max}")
        bank = F.melscale_fbanks(n_stft, f_min, self.f_max, n_mels, sample_rate, norm, mel_scale)
        self.register_buffer("fb", bank)

    def forward(self, specgram: torch.Tensor) -> torch.Tensor:
        """The filters' sums."""
        return torch.matmul(specgram.transpose(-1, -2), self.fb).transpose(-1, -2)


class MelSpectrogram(Module):
    """[..., time] -> [..., n_mels, frames]."""

    def __init__(
        self, sample_rate: int = 16000, n_fft: int = 400, win_length: int | None = None,
        hop_length: int | None = None, f_min: float = 0.0, f_max: float | None = None,
        pad: int = 0, n_mels: int = 128, window_fn: Callable = torch.hann_window,
        power: float = 2.0, normalized: bool | str = False, wkwargs: dict | None = None,
        center: bool = True, pad_mode: str = "reflect", onesided: bool | None = None,
        norm: str | None = None, mel_scale: str = "htk",
    ):  # fmt: skip
        super().__init__()
        self.sample_rate, self.n_fft, self.n_mels = sample_rate, n_fft, n_mels
        self.win_length = win_length if win_length is not None else n_fft
        self.hop_length = hop_length if hop_length is not None else self.win_length // 2
        self.f_min, self.f_max, self.power, self.normalized = f_min, f_max, power, normalized
        self.spectrogram = Spectrogram(
            n_fft, self.win_length, self.hop_length, pad, window_fn, power, normalized, wkwargs,
            center, pad_mode, True,
        )  # fmt: skip
        self.mel_scale = MelScale(
            n_mels, sample_rate, f_min, f_max, n_fft // 2 + 1, norm, mel_scale
        )

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """The mel spectrogram."""
        return self.mel_scale(self.spectrogram(waveform))


class _Cepstrum(Module):
    def _cepstrum(self, spec: torch.Tensor) -> torch.Tensor:
        if self.log_mels:
            spec = torch.log(spec + 1e-6)
        else:
            spec = self.amplitude_to_DB(spec)
        return torch.matmul(spec.transpose(-1, -2), self.dct_mat).transpose(-1, -2)


class MFCC(_Cepstrum):
    """[..., time] -> [..., n_mfcc, frames]: cepstral coefficients of the mel spectrogram."""

    def __init__(
        self, sample_rate: int = 16000, n_mfcc: int = 40, dct_type: int = 2, norm: str = "ortho",
        log_mels: bool = False, melkwargs: dict | None = None,
    ):  # fmt: skip
        super().__init__()
        if dct_type != 2:
            raise ValueError(f"DCT type not supported: {dct_type}")
        self.sample_rate, self.n_mfcc, self.norm, self.log_mels = (
            sample_rate, n_mfcc, norm, log_mels,
        )  # fmt: skip
        self.amplitude_to_DB = AmplitudeToDB("power", 80.0)
        self.MelSpectrogram = MelSpectrogram(sample_rate, **(melkwargs or {}))
        if n_mfcc > self.MelSpectrogram.n_mels:
            raise ValueError("Cannot select more MFCC coefficients than # mel bins")
        self.register_buffer("dct_mat", F.create_dct(n_mfcc, self.MelSpectrogram.n_mels, norm))

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """The coefficients."""
        return self._cepstrum(self.MelSpectrogram(waveform))


class LFCC(_Cepstrum):
    """[..., time] -> [..., n_lfcc, frames]: cepstral coefficients with filters even in Hz."""

    def __init__(
        self, sample_rate: int = 16000, n_filter: int = 128, f_min: float = 0.0,
        f_max: float | None = None, n_lfcc: int = 40, dct_type: int = 2, norm: str = "ortho",
        log_lf: bool = False, speckwargs: dict | None = None,
    ):  # fmt: skip
        super().__init__()
        if dct_type != 2:
            raise ValueError(f"DCT type not supported: {dct_type}")
        self.log_mels = log_lf
        self.amplitude_to_DB = AmplitudeToDB("power", 80.0)
        self.Spectrogram = Spectrogram(**(speckwargs or {}))
        if n_lfcc > self.Spectrogram.n_fft:
            raise ValueError("Cannot select more LFCC coefficients than # fft bins")
        high = f_max if f_max is not None else float(sample_rate // 2)
        bank = F.linear_fbanks(self.Spectrogram.n_fft // 2 + 1, f_min, high, n_filter, sample_rate)
        self.register_buffer("filter_mat", bank)
        self.register_buffer("dct_mat", F.create_dct(n_lfcc, n_filter, norm))

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """The coefficients."""
        spec = self.Spectrogram(waveform).transpose(-1, -2)
        return self._cepstrum(torch.matmul(spec, self.filter_mat).transpose(-1, -2))


class Resample(Module):
    """A sound at another sample rate."""

    def __init__(
        self, orig_freq: int = 16000, new_freq: int = 16000,
        resampling_method: str = "sinc_interp_hann", lowpass_filter_width: int = 6,
        rolloff: float = 0.99, beta: float | None = None, *, dtype=None,
    ):  # fmt: skip
        super().__init__()
        self.orig_freq, self.new_freq, self.resampling_method = (
            orig_freq, new_freq, resampling_method,
        )  # fmt: skip
        self.lowpass_filter_width, self.rolloff, self.beta = lowpass_filter_width, rolloff, beta

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """See functional.resample."""
        return F.resample(
            waveform, self.orig_freq, self.new_freq, self.lowpass_filter_width, self.rolloff,
            self.resampling_method, self.beta,
        )  # fmt: skip


class MuLawEncoding(Module):
    """A sound in [-1, 1] -> whole numbers."""

    def __init__(self, quantization_channels: int = 256):
        super().__init__()
        self.quantization_channels = quantization_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """See functional.mu_law_encoding."""
        return F.mu_law_encoding(x, self.quantization_channels)


class MuLawDecoding(Module):
    """MuLawEncoding's numbers -> a sound."""

    def __init__(self, quantization_channels: int = 256):
        super().__init__()
        self.quantization_channels = quantization_channels

    def forward(self, x_mu: torch.Tensor) -> torch.Tensor:
        """See functional.mu_law_decoding."""
        return F.mu_law_decoding(x_mu, self.quantization_channels)


class TimeStretch(Module):
    """A complex spectrogram made faster or slower, at the same pitch."""

    def __init__(
        self, hop_length: int | None = None, n_freq: int = 201, fixed_rate: float | None = None
    ):
        super().__init__()
        self.fixed_rate = fixed_rate
        hop_length = hop_length if hop_length is not None else (n_freq - 1) * 2 // 2
        self.register_buffer(
            "phase_advance", torch.linspace(0, math.pi * hop_length, n_freq)[..., None]
        )

    def forward(
        self, complex_specgrams: torch.Tensor, overriding_rate: float | None = None
    ) -> torch.Tensor:
        """See functional.phase_vocoder."""
        rate = self.fixed_rate if overriding_rate is None else overriding_rate
        if rate is None:
            raise ValueError(
                "If no fixed_rate is specified, must pass a valid rate to the forward method."
            )
        return F.phase_vocoder(complex_specgrams, rate, self.phase_advance)


class Fade(Module):
    """Fades a sound in and out."""

    def __init__(self, fade_in_len: int = 0, fade_out_len: int = 0, fade_shape: str = "linear"):
        super().__init__()
        self.fade_in_len, self.fade_out_len, self.fade_shape = (
            fade_in_len, fade_out_len, fade_shape,
        )  # fmt: skip

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """The sound, softer at its ends."""
        n = waveform.shape[-1]
        into = torch.cat([self._rise(self.fade_in_len), torch.ones(n - self.fade_in_len)])
        out = torch.cat(
            [torch.ones(n - self.fade_out_len), self._rise(self.fade_out_len, falling=True)]
        )
        return into.clamp(0, 1) * out.clamp(0, 1) * waveform

    def _rise(self, length: int, falling: bool = False) -> torch.Tensor:
        fade = torch.linspace(0, 1, length)
        if self.fade_shape == "linear":
            return 1 - fade if falling else fade
        if self.fade_shape == "exponential":
            return (torch.pow(2, -fade) * (1 - fade) if falling
                    else torch.pow(2, fade - 1) * fade)  # fmt: skip
        if self.fade_shape == "logarithmic":
            x = 1.1 - fade if falling else 0.1 + fade
            return torch.log10(x) + 1
        if self.fade_shape == "quarter_sine":
            x = fade * math.pi / 2 + (math.pi / 2 if falling else 0)
            return torch.sin(x)
        if self.fade_shape == "half_sine":
            x = fade * math.pi + (math.pi / 2 if falling else -math.pi / 2)
            return torch.sin(x) / 2 + 0.5
        raise ValueError(f"unknown fade_shape {self.fade_shape!r}")


class _Masking(Module):
    axis = -1

    def __init__(self, mask_param: int, iid_masks: bool, p: float = 1.0):
        super().__init__()
        self.mask_param, self.iid_masks, self.p = mask_param, iid_masks, p

    def forward(self, specgram: torch.Tensor, mask_value: float = 0.0) -> torch.Tensor:
        """The spectrogram with a band of `mask_value`."""
        mask = F.mask_along_axis
        if self.iid_masks:
            if specgram.ndim < 3:
                raise ValueError(
                    "Input tensor has insufficient dimensions for iid masking: expected 3 or more"
                )
            mask = F.mask_along_axis_iid
        axis = specgram.dim() + self.axis
        return mask(specgram, self.mask_param, mask_value, axis, self.p)


class FrequencyMasking(_Masking):
    """A random band of frequencies is masked (Park et al., 2019)."""

    axis = -2

    def __init__(self, freq_mask_param: int, iid_masks: bool = False):
        super().__init__(freq_mask_param, iid_masks)


class TimeMasking(_Masking):
    """A random stretch of time is masked (Park et al., 2019)."""

    def __init__(self, time_mask_param: int, iid_masks: bool = False, p: float = 1.0):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"The value of p must be between 0.0 and 1.0 ({p} given).")
        super().__init__(time_mask_param, iid_masks, p)


class SpecAugment(Module):
    """Several masks of time and frequency (Park et al., 2019)."""

    def __init__(
        self, n_time_masks: int, time_mask_param: int, n_freq_masks: int, freq_mask_param: int,
        iid_masks: bool = True, p: float = 1.0, zero_masking: bool = False,
    ):  # fmt: skip
        super().__init__()
        self.zero_masking = zero_masking
        self.time = [TimeMasking(time_mask_param, iid_masks, p)] * n_time_masks
        self.frequency = [FrequencyMasking(freq_mask_param, iid_masks)] * n_freq_masks

    def forward(self, specgram: torch.Tensor) -> torch.Tensor:
        """The spectrogram with the masks: of zeros, or of its mean."""
        value = 0.0 if self.zero_masking else specgram.mean().item()
        for mask in (*self.time, *self.frequency):
            specgram = mask(specgram, value)
        return specgram


class Vol(Module):
    """A sound louder or softer: by amplitude, power or decibels."""

    def __init__(self, gain: float, gain_type: str = "amplitude"):
        super().__init__()
        if gain_type in ("amplitude", "power") and gain < 0:
            raise ValueError("If gain_type = amplitude or power, gain must be positive.")
        self.gain, self.gain_type = gain, gain_type

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """The sound, cut at -1 and 1."""
        if self.gain_type == "amplitude":
            waveform = waveform * self.gain
        elif self.gain_type == "db":
            waveform = F.gain(waveform, self.gain)
        elif self.gain_type == "power":
            waveform = F.gain(waveform, 10 * math.log10(self.gain))
        return torch.clamp(waveform, -1, 1)


class SpectralCentroid(Module):
    """The mean frequency of each frame, weighted by magnitude."""

    def __init__(
        self, sample_rate: int, n_fft: int = 400, win_length: int | None = None,
        hop_length: int | None = None, pad: int = 0, window_fn: Callable = torch.hann_window,
        wkwargs: dict | None = None,
    ):  # fmt: skip
        super().__init__()
        self.sample_rate = sample_rate
        self.spectrogram = Spectrogram(
            n_fft, win_length, hop_length, pad, window_fn, 1.0, False, wkwargs
        )

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """[..., frames] in Hz."""
        spec = self.spectrogram(waveform)
        freqs = torch.linspace(0, self.sample_rate // 2, spec.shape[-2]).reshape(-1, 1)
        return (freqs * spec).sum(dim=-2) / spec.sum(dim=-2)


class ComputeDeltas(Module):
    """Slopes along time."""

    def __init__(self, win_length: int = 5, mode: str = "replicate"):
        super().__init__()
        self.win_length, self.mode = win_length, mode

    def forward(self, specgram: torch.Tensor) -> torch.Tensor:
        """See functional.compute_deltas."""
        return F.compute_deltas(specgram, self.win_length, self.mode)


class Preemphasis(Module):
    """Raises high frequencies."""

    def __init__(self, coeff: float = 0.97):
        super().__init__()
        self.coeff = coeff

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """See functional.preemphasis."""
        return F.preemphasis(waveform, self.coeff)


class Convolve(Module):
    """The convolution of two sounds, directly."""

    def __init__(self, mode: str = "full"):
        super().__init__()
        self.mode = mode

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """See functional.convolve."""
        return F.convolve(x, y, self.mode)


class FFTConvolve(Convolve):
    """The convolution of two sounds, through Fourier transforms."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """See functional.fftconvolve."""
        return F.fftconvolve(x, y, self.mode)
