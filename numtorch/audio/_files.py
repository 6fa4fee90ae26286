"""Sound files, through the soundfile package."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numtorch as torch

_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32,
         "DOUBLE": 64, "ULAW": 8, "ALAW": 8}  # fmt: skip
_ENCODING = {"PCM_U8": "PCM_U", "FLOAT": "PCM_F", "DOUBLE": "PCM_F", "ULAW": "ULAW",
             "ALAW": "ALAW", "VORBIS": "VORBIS"}  # fmt: skip


def _soundfile():
    try:
        import soundfile
    except ImportError as e:
        raise ImportError(
            "sound files need the package soundfile: pip install 'numtorch[audio]'"
        ) from e
    return soundfile


@dataclass
class AudioMetaData:
    """What a sound file says of itself."""

    sample_rate: int
    num_frames: int
    num_channels: int
    bits_per_sample: int
    encoding: str


def _path(uri):
    return os.fspath(uri) if isinstance(uri, os.PathLike) else uri


def info(uri, format: str | None = None, buffer_size: int = 4096, backend=None) -> AudioMetaData:
    """Rate, length, channels and encoding of a file, without reading its sound."""
    found = _soundfile().info(_path(uri))
    kind = found.subtype
    encoding = "FLAC" if found.format == "FLAC" else _ENCODING.get(kind, "PCM_S")
    bits = _BITS.get(kind, 0)
    return AudioMetaData(found.samplerate, found.frames, found.channels, bits, encoding)


def load(
    uri, frame_offset: int = 0, num_frames: int = -1, normalize: bool = True,
    channels_first: bool = True, format: str | None = None, buffer_size: int = 4096, backend=None,
) -> tuple[torch.Tensor, int]:  # fmt: skip
    """(sound [channels, time], sample rate); float32 in [-1, 1] unless `normalize` is False.

    Then 16-bit files are int16, 32-bit ones int32, and so on. The file's error (missing, not a
    sound) is soundfile's own.
    """
    soundfile = _soundfile()
    with soundfile.SoundFile(_path(uri)) as f:
        dtype = "float32"
        if not normalize and f.subtype in ("PCM_16", "PCM_32"):
            dtype = {"PCM_16": "int16", "PCM_32": "int32"}[f.subtype]
        elif not normalize and f.subtype not in ("FLOAT", "DOUBLE"):
            raise NotImplementedError(f"normalize=False is not implemented for {f.subtype} files")
        f.seek(frame_offset)
        sound = f.read(num_frames, dtype=dtype, always_2d=True)
        rate = f.samplerate
    out = torch.from_numpy(sound)
    return (out.t().contiguous() if channels_first else out), rate


def save(
    uri, src: torch.Tensor, sample_rate: int, channels_first: bool = True,
    format: str | None = None, encoding: str | None = None, bits_per_sample: int | None = None,
    buffer_size: int = 4096, backend=None, compression=None,
) -> None:  # fmt: skip
    """Writes a sound [channels, time]; with 16 bits unless `bits_per_sample` says otherwise."""
    if src.dim() != 2:
        raise ValueError(f"Expected 2D Tensor, got {src.dim()}D.")
    if compression is not None:
        raise NotImplementedError("the option compression is not implemented")
    subtypes = {("PCM_S", 16): "PCM_16", ("PCM_S", 24): "PCM_24", ("PCM_S", 32): "PCM_32",
                ("PCM_S", None): "PCM_16", ("PCM_F", 32): "FLOAT", ("PCM_F", None): "FLOAT",
                ("PCM_F", 64): "DOUBLE", ("PCM_U", 8): "PCM_U8", ("PCM_U", None): "PCM_U8",
                ("ULAW", 8): "ULAW", ("ULAW", None): "ULAW", ("ALAW", 8): "ALAW",
                ("ALAW", None): "ALAW", (None, 8): "PCM_U8", (None, 16): "PCM_16",
                (None, 24): "PCM_24", (None, 32): "PCM_32", (None, 64): "DOUBLE"}  # fmt: skip
    subtype = None
    if encoding is not None or bits_per_sample is not None:
        if (encoding, bits_per_sample) not in subtypes:
            raise ValueError(f"no format of encoding {encoding} with {bits_per_sample} bits")
        subtype = subtypes[encoding, bits_per_sample]
    elif src.dtype in (torch.int16, torch.int32):
        subtype = "PCM_16" if src.dtype is torch.int16 else "PCM_32"
    frames = src.detach().t() if channels_first else src.detach()
    _soundfile().write(_path(uri), frames.numpy(), sample_rate, subtype, format=format)
