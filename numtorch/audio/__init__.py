"""Audio: files, spectrograms and features, by torchaudio's names.

Sounds are tensors [channels, time]. Files go through the soundfile package
(`pip install 'numtorch[audio]'`).

>>> import math
>>> import numtorch as torch
>>> from numtorch.audio.transforms import MelSpectrogram
>>> wave = torch.sin(torch.arange(8000) * (2 * math.pi * 440 / 8000))
>>> MelSpectrogram(8000, n_fft=256, n_mels=20)(wave).shape
torch.Size([20, 63])
"""

from __future__ import annotations

from . import functional, transforms
from ._files import AudioMetaData, info, load, save

__all__ = ["AudioMetaData", "functional", "get_audio_backend", "info", "list_audio_backends",
           "load", "save", "set_audio_backend", "transforms"]  # fmt: skip
__version__ = "2.11.0+numtorch"


def list_audio_backends() -> list[str]:
    """['soundfile'] if that package is there."""
    import importlib.util

    return ["soundfile"] if importlib.util.find_spec("soundfile") else []


def get_audio_backend() -> str | None:
    """'soundfile'."""
    return "soundfile"


def set_audio_backend(backend: str | None) -> None:
    """Accepted; files go through soundfile."""
