"""torch.fft, stft and istft against torch: values, types, gradients, errors."""

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, outcome, torch

RNG = np.random.default_rng(3)
ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
MANY = ("fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2", "fftn", "ifftn", "rfftn", "irfftn",
        "hfftn", "ihfftn")  # fmt: skip
REAL = ("rfft", "ihfft", "rfft2", "rfftn", "ihfft2", "ihfftn")


def signal(name, *shape) -> np.ndarray:
    x = RNG.standard_normal(shape)
    return x if name in REAL else x + 1j * RNG.standard_normal(shape)


def same(f, array, **tolerance):
    """Value and first and second gradients of f(namespace, tensor)."""
    results = []
    for t in (nt, torch):
        x = t.tensor(array, requires_grad=True)
        out = f(t, x)
        weight = t.tensor(np.random.default_rng(1).standard_normal(tuple(out.shape)))
        value = (out * out * weight).sum()
        value = value.real if value.is_complex() else value
        (g,) = t.autograd.grad(value, x, create_graph=True)
        (h,) = t.autograd.grad((g.abs() ** 2).sum(), x)
        results.append([v.detach().resolve_conj() for v in (out, g, h)])
    for got, want in zip(*results):
        check(got, want, rtol=1e-9, atol=1e-10, **tolerance)


@pytest.mark.parametrize("name", ONE)
def test_one_dim(name):
    same(lambda t, x: getattr(t.fft, name)(x), signal(name, 2, 6))
    same(lambda t, x: getattr(t.fft, name)(x, n=5, dim=0, norm="ortho"), signal(name, 3, 2))


@pytest.mark.parametrize("name", MANY)
def test_several_dims(name):
    same(lambda t, x: getattr(t.fft, name)(x, norm="forward"), signal(name, 2, 3, 4))
    same(lambda t, x: getattr(t.fft, name)(x, s=(4, 3), dim=(0, 2)), signal(name, 2, 3, 4))


def test_types():
    for kind in (nt.float32, nt.float64, nt.int64, nt.bool, nt.complex64):
        x = nt.ones(4, dtype=kind)
        y = torch.ones(4, dtype=getattr(torch, kind.name))
        check(nt.fft.fft(x), torch.fft.fft(y), rtol=1e-6)
        if not x.is_complex():
            check(nt.fft.rfft(x), torch.fft.rfft(y), rtol=1e-6)
        check(nt.fft.irfft(x), torch.fft.irfft(y), rtol=1e-6)


def test_frequencies_and_shifts():
    for n in (4, 5):
        check(nt.fft.fftfreq(n, 0.5), torch.fft.fftfreq(n, 0.5), rtol=1e-7)
        check(nt.fft.rfftfreq(n), torch.fft.rfftfreq(n), rtol=1e-7)
    a = RNG.standard_normal((3, 4))
    check(nt.fft.fftshift(nt.tensor(a)), torch.fft.fftshift(torch.tensor(a)))
    check(nt.fft.ifftshift(nt.tensor(a), dim=0), torch.fft.ifftshift(torch.tensor(a), dim=0))


STFT = {
    "plain": {}, "hop": {"hop_length": 3, "win_length": 6}, "sides": {"onesided": False},
    "ends": {"center": False}, "norm": {"normalized": True, "pad_mode": "constant"},
}  # fmt: skip


@pytest.mark.parametrize("name", list(STFT))
def test_stft_and_back(name):
    options = STFT[name]
    win = np.hanning(options.get("win_length", 8) + 2)[1:-1]
    array = RNG.standard_normal((2, 30))
    same(lambda t, x: t.stft(x, 8, window=t.tensor(win), return_complex=True, **options), array)
    back = {k: v for k, v in options.items() if k != "pad_mode"}
    spectrum = torch.stft(
        torch.tensor(array), 8, window=torch.tensor(win), return_complex=True, **options
    ).numpy()
    same(lambda t, x: t.istft(x, 8, window=t.tensor(win), **back), spectrum)


def test_stft_as_pairs():
    array, results = RNG.standard_normal(20), []
    for t in (nt, torch):
        with pytest.warns(UserWarning, match="return_complex=False is deprecated"):
            window = t.ones(4, dtype=t.float64)
            results.append(t.stft(t.tensor(array), 4, window=window, return_complex=False))
    check(*results, rtol=1e-10, atol=1e-12)
    with pytest.warns(UserWarning, match="A window was not provided"):
        nt.stft(nt.tensor(array), 4, return_complex=True)


ERRORS = {
    "points": lambda t: t.fft.fft(t.ones(3), n=0),
    "norm": lambda t: t.fft.fft(t.ones(3), norm="foo"),
    "dim": lambda t: t.fft.fft(t.ones(3), dim=2),
    "half": lambda t: t.fft.fft(t.ones(3, dtype=t.float16)),
    "complex": lambda t: t.fft.rfft(t.ones(3, dtype=t.complex64)),
    "twice": lambda t: t.fft.fft2(t.ones(3, 3), dim=(0, 0)),
    "sizes": lambda t: t.fft.fftn(t.ones(3, 3), s=(2, 2, 2)),
    "lengths": lambda t: t.fft.fft2(t.ones(3, 3), s=(2,)),
    "none": lambda t: t.fft.rfftn(t.ones(())),
    "stft": lambda t: t.stft(t.ones(10), 4, window=t.ones(4)),
    "stft hop": lambda t: t.stft(t.ones(10), 4, 0, window=t.ones(4), return_complex=True),
    "stft pad": lambda t: t.stft(t.ones(10), 30, window=t.ones(30), return_complex=True),
    "istft": lambda t: t.istft(t.ones(3, 5), 4, window=t.ones(4)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(ERRORS))
def test_errors(name):
    check_error(outcome(ERRORS[name], nt), outcome(ERRORS[name], torch), name)
