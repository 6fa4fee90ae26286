"""numtorch.audio against NumPy's and scipy's formulas, and files through soundfile."""

from __future__ import annotations

import math

import numpy as np
import numtorch as torch
import pytest
from helpers import settings
from numtorch.audio import functional as F
from numtorch.audio import transforms as T

scipy_signal = pytest.importorskip("scipy.signal")


@pytest.fixture(autouse=True)
def interpreted():
    """Formulas are what is tested: their kernels run as Python, without compiling them."""
    with settings(interp=True):
        yield


def sound(n: int = 400) -> torch.Tensor:
    """Two tones."""
    t = np.arange(n) / 8000
    return torch.from_numpy((0.5 * np.sin(2 * np.pi * 440 * t) + 0.1 * np.cos(9000 * t)).astype("f4"))


def test_spectrogram_is_the_fourier_transform_of_frames():
    x = sound().numpy()
    spec = T.Spectrogram(n_fft=64, hop_length=32, center=False)(torch.from_numpy(x)).numpy()
    window = scipy_signal.get_window("hann", 64)
    frames = np.stack([x[k : k + 64] * window for k in range(0, len(x) - 63, 32)])
    np.testing.assert_allclose(spec, np.abs(np.fft.rfft(frames)).T ** 2, atol=1e-4)


def test_inverse_spectrogram():
    x = sound()
    spec = T.Spectrogram(n_fft=64, power=None)(x)
    back = T.InverseSpectrogram(n_fft=64)(spec, length=len(x))
    np.testing.assert_allclose(back.numpy(), x.numpy(), atol=1e-5)
    with pytest.raises(ValueError, match="complex"):
        T.InverseSpectrogram(n_fft=64)(spec.abs())


def test_griffin_lim_approaches_the_magnitudes():
    power = T.Spectrogram(n_fft=64)(sound(200))
    errors = []
    for steps in (0, 4):
        wave = T.GriffinLim(n_fft=64, n_iter=steps, rand_init=False)(power)
        errors.append((T.Spectrogram(n_fft=64)(wave) - power).norm().item())
    assert errors[1] < 0.8 * errors[0]


def test_mel_filters():
    bank = F.melscale_fbanks(65, 0.0, 4000.0, 10, 8000).numpy()
    points = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 12) / 2595) - 1)
    freqs = np.linspace(0, 4000, 65)
    for k in range(10):
        expected = np.interp(freqs, points[k : k + 3], [0, 1, 0])
        np.testing.assert_allclose(bank[:, k], expected, atol=2e-4)
    slaney = F.melscale_fbanks(65, 0.0, 4000.0, 10, 8000, "slaney", "slaney").numpy()
    area = slaney.sum(0) * (4000 / 64)
    np.testing.assert_allclose(area, 1, atol=0.25)
    with pytest.warns(UserWarning, match="all zero values"):
        F.melscale_fbanks(9, 0.0, 4000.0, 64, 8000)
    with pytest.raises(ValueError, match="htk"):
        F.melscale_fbanks(9, 0.0, 4000.0, 4, 8000, mel_scale="x")


def test_mfcc_is_the_cosine_transform_of_decibels():
    from scipy.fft import dct

    mel = T.MelSpectrogram(8000, n_fft=128, n_mels=16)
    decibels = T.AmplitudeToDB(top_db=80.0)(mel(sound())).numpy()
    found = T.MFCC(8000, 8, melkwargs={"n_fft": 128, "n_mels": 16})(sound()).numpy()
    np.testing.assert_allclose(found, dct(decibels, axis=0, norm="ortho")[:8], atol=1e-3)
    np.testing.assert_allclose(
        F.create_dct(4, 6, None).numpy(), dct(np.eye(6), axis=1)[:, :4], atol=1e-5
    )


def test_decibels():
    x = torch.tensor([[[1.0, 0.1], [1e-12, 10.0]]])
    np.testing.assert_allclose(T.AmplitudeToDB()(x).numpy()[0], [[0, -10], [-100, 10]], atol=1e-4)
    np.testing.assert_allclose(
        T.AmplitudeToDB("magnitude", 20.0)(x).numpy()[0], [[0, 0], [0, 20]], atol=1e-4
    )
    np.testing.assert_allclose(F.DB_to_amplitude(torch.tensor([20.0]), 1.0, 0.5).tolist(), [10.0])


def test_resampling_keeps_a_tone():
    t = np.arange(400) / 8000
    x = torch.from_numpy(np.sin(2 * np.pi * 440 * t).astype("f4"))
    y = T.Resample(8000, 12000)(x).numpy()
    expected = np.sin(2 * np.pi * 440 * np.arange(len(y)) / 12000)
    assert len(y) == 600
    np.testing.assert_allclose(y[30:-30], expected[30:-30], atol=0.02)
    kaiser = T.Resample(8000, 6000, "sinc_interp_kaiser")(x).numpy()
    expected = np.sin(2 * np.pi * 440 * np.arange(len(kaiser)) / 6000)
    np.testing.assert_allclose(kaiser[30:-30], expected[30:-30], atol=0.02)
    assert T.Resample(8000, 8000)(x) is x
    with pytest.raises(TypeError, match="floating point"):
        F.resample(torch.arange(5), 2, 1)


def test_mu_law():
    x = torch.tensor([-1.0, -0.5, 0.0, 0.25, 1.0])
    assert T.MuLawEncoding()(x).tolist() == [0, 16, 128, 223, 255]
    back = T.MuLawDecoding()(T.MuLawEncoding()(x))
    np.testing.assert_allclose(back.tolist(), x.tolist(), atol=0.02)


def test_stretching_changes_length_and_keeps_magnitudes():
    spec = T.Spectrogram(n_fft=64, power=None)(sound())
    slow = T.TimeStretch(n_freq=33, fixed_rate=0.5)(spec)
    assert slow.shape == (33, 2 * spec.shape[1])
    np.testing.assert_allclose(slow.abs()[:, ::2].numpy(), spec.abs().numpy(), atol=1e-4)
    with pytest.raises(ValueError, match="fixed_rate"):
        T.TimeStretch(n_freq=33)(spec)


def test_fades_volume_and_masks():
    ones = torch.ones(1, 10)
    found = T.Fade(4, 3)(ones)[0].tolist()
    np.testing.assert_allclose(found, [0, 1 / 3, 2 / 3, 1, 1, 1, 1, 1, 0.5, 0], atol=1e-6)
    assert T.Vol(3.0)(ones).tolist() == [[1.0] * 10]
    np.testing.assert_allclose(T.Vol(-20.0, "db")(ones).tolist(), [[0.1] * 10], atol=1e-6)
    torch.manual_seed(0)
    spec = torch.ones(2, 3, 8, 20)
    for mask, axis in ((T.TimeMasking(10), 3), (T.FrequencyMasking(6), 2)):
        widths = [int((mask(spec) == 0)[0, 0].all(dim=3 - axis).sum()) for _ in range(20)]
        assert max(widths) > 1 and max(widths) < (10 if axis == 3 else 6)
    own = T.TimeMasking(20, iid_masks=True)(spec)
    assert len({tuple((row == 0).tolist()) for row in own[:, :, 0].flatten(0, 1)}) > 1
    with pytest.raises(ValueError, match="insufficient dimensions"):
        T.TimeMasking(3, iid_masks=True)(torch.ones(2, 2))


def test_convolutions_and_slopes():
    x, y = sound(30), torch.tensor([1.0, -2.0, 3.0])
    for mode in ("full", "same", "valid"):
        expected = np.convolve(x.numpy(), y.numpy(), mode)
        for f in (F.convolve, F.fftconvolve):
            np.testing.assert_allclose(f(x, y, mode).numpy(), expected, atol=1e-5)
    ramp = torch.arange(10.0).reshape(1, 1, 10)
    np.testing.assert_allclose(T.ComputeDeltas()(ramp)[0, 0, 2:-2].tolist(), [1.0] * 6, atol=1e-6)
    assert F.preemphasis(torch.ones(3), 0.5).tolist() == [1.0, 0.5, 0.5]


def test_centroid_of_a_tone():
    tone = torch.from_numpy(np.sin(2 * np.pi * 1000 * np.arange(800) / 8000).astype("f4"))
    found = T.SpectralCentroid(8000, n_fft=160)(tone)
    assert math.isclose(found[3].item(), 1000, rel_tol=0.02)


def test_files(tmp_path):
    pytest.importorskip("soundfile")
    import numtorch.audio as audio

    x = torch.stack([sound(), -sound()])
    path = tmp_path / "x.wav"
    audio.save(path, x, 8000)
    found = audio.info(path)
    assert (found.sample_rate, found.num_frames, found.num_channels) == (8000, 400, 2)
    assert (found.bits_per_sample, found.encoding) == (16, "PCM_S")
    y, rate = audio.load(path)
    assert rate == 8000 and y.dtype is torch.float32
    np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-4)
    assert audio.load(path, normalize=False)[0].dtype is torch.int16
    part = audio.load(path, frame_offset=10, num_frames=5, channels_first=False)[0]
    np.testing.assert_array_equal(part.numpy(), y[:, 10:15].t().numpy())
    audio.save(path, x, 8000, encoding="PCM_F", bits_per_sample=32)
    np.testing.assert_array_equal(audio.load(path)[0].numpy(), x.numpy())
    with pytest.raises(ValueError, match="Expected 2D Tensor, got 1D"):
        audio.save(path, x[0], 8000)
    (tmp_path / "bad.wav").write_bytes(b"not a sound")
    with pytest.raises(RuntimeError, match="bad.wav"):
        audio.load(tmp_path / "bad.wav")
