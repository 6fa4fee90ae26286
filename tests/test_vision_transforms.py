"""numtorch.vision.transforms against Pillow, torch and torch's random numbers."""

from __future__ import annotations

import math
import random

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from numtorch.vision import transforms as T
from numtorch.vision import utils as V
from numtorch.vision.transforms import functional as F
from numtorch.vision.transforms import v2

Image = pytest.importorskip("PIL.Image")
ImageEnhance = pytest.importorskip("PIL.ImageEnhance")
ImageOps = pytest.importorskip("PIL.ImageOps")

PIXELS = np.add.outer(np.arange(20)[:, None] * 5, np.array([3, 60, 110]))[:, None, 0] + (
    np.arange(24)[None, :, None] * 4)  # fmt: skip
PIXELS = PIXELS.astype(np.uint8)
PICTURE = Image.fromarray(PIXELS)
BYTES = np.ascontiguousarray(PIXELS.transpose(2, 0, 1))
FLOATS = (BYTES / 255).astype(np.float32)


def close(got, want, atol=1e-5):
    want = want.numpy() if isinstance(want, torch.Tensor) else np.asarray(want)
    got = np.asarray(got) if isinstance(got, Image.Image) else got.numpy()
    assert got.shape == want.shape and got.dtype == want.dtype
    np.testing.assert_allclose(got, want, atol=atol)


# ---------------------------------------------------------------- conversions


def test_conversions():
    close(F.to_tensor(PICTURE), FLOATS, 0)
    close(F.to_tensor(PIXELS), FLOATS, 0)
    close(F.pil_to_tensor(PICTURE), BYTES, 0)
    assert np.array_equal(F.to_pil_image(nt.tensor(BYTES)), PIXELS)
    assert np.array_equal(F.to_pil_image(nt.tensor(FLOATS)), PIXELS)
    for mode, kind in (("L", "uint8"), ("F", "float32"), ("I", "int32")):
        gray = PICTURE.convert("L").convert(mode)
        t = F.to_tensor(gray)
        assert t.shape == (1, 20, 24) and F.to_pil_image(
            F.pil_to_tensor(gray), mode).mode == mode  # fmt: skip
        assert F.pil_to_tensor(gray).dtype.name == kind
    assert F.to_tensor(PICTURE.convert("1")).unique().tolist() in ([0.0, 1.0], [1.0], [0.0])
    assert F.to_pil_image(nt.tensor(BYTES), "HSV").mode == "HSV"
    x = F.convert_image_dtype(nt.tensor(FLOATS), nt.uint8)
    close(x, BYTES, 0)
    close(F.convert_image_dtype(x, nt.int16), BYTES.astype(np.int16) * 128, 0)
    normalized = (torch.tensor(FLOATS) - 0.5) / torch.tensor([0.1, 0.2, 0.4]).view(3, 1, 1)
    close(F.normalize(nt.tensor(FLOATS), [0.5], [0.1, 0.2, 0.4]), normalized, 1e-6)
    leaf = nt.tensor(FLOATS, requires_grad=True)
    F.normalize(leaf, [0.5], [0.5]).sum().backward()
    assert (leaf.grad == 2).all()


def test_conversion_errors():
    x = nt.tensor(FLOATS)
    for call, kind, text in (
        (lambda: F.to_tensor(3), TypeError, "pic should be PIL Image or ndarray"),
        (lambda: F.to_tensor(PIXELS[0, 0]), ValueError, "pic should be 2/3 dimensional"),
        (lambda: F.to_pil_image(nt.zeros(5, 4, 4)), ValueError, "should not have > 4 channels"),
        (lambda: F.to_pil_image(x, "RGBA"), ValueError, "Only modes"),
        (lambda: F.normalize(PICTURE, [0], [1]), TypeError, "img should be Tensor Image"),
        (lambda: F.normalize(x, [0], [0]), ValueError, "std evaluated to zero"),
        (lambda: F.normalize(nt.tensor(BYTES), [0], [1]), TypeError, "float tensor"),
        (lambda: F.convert_image_dtype(x, nt.int64), RuntimeError, "cannot be performed safely"),
        (lambda: F.resize(x, [1, 2, 3]), ValueError, "Size must be an int or a 1 or 2 element"),
        (lambda: F.resize(x, 20, "bilinear"), TypeError, "should be a InterpolationMode"),
        (lambda: F.pad(x, (1, 2, 3)), ValueError, "Padding must be an int or a 1, 2, or 4"),
        (lambda: F.adjust_hue(x, 0.6), ValueError, "is not in"),
        (lambda: F.gaussian_blur(x, 2), ValueError, "odd and positive"),
        (lambda: F.posterize(x, 9), ValueError, "should be between 0 and 8"),
        (lambda: F.five_crop(x, 99), ValueError, "bigger than input size"),
        (lambda: T.RandomCrop(99)(x), ValueError, "larger than input image size"),
        (lambda: T.ColorJitter(hue=0.7), ValueError, "hue values should be between"),
    ):  # fmt: skip
        with pytest.raises(kind, match=text):
            call()


# ---------------------------------------------------------------- Pillow images


@pytest.mark.parametrize(("ours", "want"), [
    (lambda: F.resize(PICTURE, 10), lambda: PICTURE.resize((12, 10), 2)),
    (lambda: F.resize(PICTURE, [7, 9], T.InterpolationMode.BICUBIC),
     lambda: PICTURE.resize((9, 7), 3)),
    (lambda: F.crop(PICTURE, 3, -2, 9, 8), lambda: PICTURE.crop((-2, 3, 6, 12))),
    (lambda: F.center_crop(PICTURE, 10), lambda: PICTURE.crop((7, 5, 17, 15))),
    (lambda: F.hflip(PICTURE), lambda: ImageOps.mirror(PICTURE)),
    (lambda: F.vflip(PICTURE), lambda: ImageOps.flip(PICTURE)),
    (lambda: F.rotate(PICTURE, 30, expand=True, fill=9),
     lambda: PICTURE.rotate(30, expand=True, fillcolor=(9, 9, 9))),
    (lambda: F.pad(PICTURE, [1, 2]), lambda: ImageOps.expand(PICTURE, (1, 2, 1, 2))),
    (lambda: F.adjust_brightness(PICTURE, 1.5),
     lambda: ImageEnhance.Brightness(PICTURE).enhance(1.5)),
    (lambda: F.adjust_saturation(PICTURE, 0.2), lambda: ImageEnhance.Color(PICTURE).enhance(0.2)),
    (lambda: F.solarize(PICTURE, 90), lambda: ImageOps.solarize(PICTURE, 90)),
    (lambda: F.equalize(PICTURE), lambda: ImageOps.equalize(PICTURE)),
    (lambda: F.rgb_to_grayscale(PICTURE), lambda: PICTURE.convert("L")),
    (lambda: F.adjust_gamma(PICTURE, 1.0), lambda: PICTURE),
    (lambda: F.adjust_hue(PICTURE, 0.0), lambda: PICTURE.convert("HSV").convert("RGB")),
])  # fmt: skip
def test_pillow_images(ours, want):
    assert np.array_equal(np.asarray(ours()), np.asarray(want()))


# ---------------------------------------------------------------- tensors


def test_tensor_geometry():
    x, y = nt.tensor(FLOATS), torch.tensor(FLOATS)
    small = torch.nn.functional.interpolate(
        y[None], size=(9, 7), mode="bilinear", antialias=True, align_corners=False
    )[0]
    close(F.resize(x, [9, 7]), small)
    close(F.resize(nt.tensor(BYTES), [9, 7]), (small * 255).round().to(torch.uint8), 1)
    close(F.crop(x, -1, 20, 9, 8), torch.nn.functional.pad(y[:, :8, 20:], (0, 4, 1, 0)), 0)
    close(F.hflip(x), y.flip(-1), 0)
    close(F.center_crop(x, [30, 10]), torch.nn.functional.pad(y[:, :, 7:17], (0, 0, 5, 5)), 0)
    for mode in ("edge", "reflect", "symmetric"):
        close(F.pad(nt.tensor(BYTES), [1, 2, 3, 4], 0, mode),
              np.pad(BYTES, ((0, 0), (2, 4), (1, 3)), mode), 0)  # fmt: skip
    close(F.rotate(x, 90, expand=True), np.rot90(FLOATS, 1, (1, 2)), 1e-6)
    theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    grid = torch.nn.functional.affine_grid(theta, (1, 3, 20, 24), align_corners=False)
    grid = grid - torch.tensor([2 * 2 / 24, 2 * 3 / 20])
    moved = torch.nn.functional.grid_sample(y[None], grid, align_corners=False)[0]
    close(F.affine(x, 0, [2, 3], 1.0, 0, T.InterpolationMode.BILINEAR), moved)
    corners = [[0, 0], [23, 0], [23, 19], [0, 19]]
    inner = slice(1, -1)
    same = F.perspective(x, corners, corners)
    close(same[:, inner, inner], FLOATS[:, inner, inner], 1e-4)
    assert [c.shape[1:] for c in F.ten_crop(x, 8)] == [(8, 8)] * 10


def test_tensor_colors():
    x, y = nt.tensor(FLOATS), torch.tensor(FLOATS)
    gray = 0.2989 * y[0] + 0.587 * y[1] + 0.114 * y[2]
    close(F.rgb_to_grayscale(x), gray[None], 1e-6)
    close(F.adjust_brightness(x, 1.5), (y * 1.5).clamp(0, 1), 1e-6)
    close(F.adjust_contrast(x, 0.3), 0.3 * y + 0.7 * gray.mean(), 1e-6)
    close(F.adjust_hue(x, 0.0), y, 1e-5)
    turned = F.adjust_hue(nt.tensor([[[1.0]], [[0.0]], [[0.0]]]), 1 / 3)
    close(turned, np.array([[[0.0]], [[1.0]], [[0.0]]], np.float32), 1e-5)
    close(F.invert(nt.tensor(BYTES)), 255 - BYTES, 0)
    close(F.posterize(nt.tensor(BYTES), 3), BYTES & 0xE0, 0)
    close(F.solarize(nt.tensor(BYTES), 100), np.where(BYTES >= 100, 255 - BYTES, BYTES), 0)
    close(F.equalize(nt.tensor(BYTES)), F.pil_to_tensor(F.equalize(PICTURE)).numpy(), 0)
    stretched = F.autocontrast(x)
    assert stretched.amin((1, 2)).tolist() == [0, 0, 0]
    assert stretched.amax((1, 2)).tolist() == pytest.approx([1, 1, 1])
    flat = F.gaussian_blur(nt.full((3, 9, 9), 0.5), [5, 3])
    close(flat, np.full((3, 9, 9), 0.5, np.float32), 1e-6)
    assert F.erase(x, 1, 2, 3, 4, 0)[:, 1:4, 2:6].abs().sum() == 0


# ---------------------------------------------------------------- random transforms


def seeded(run):
    nt.manual_seed(5)
    torch.manual_seed(5)
    random.seed(5)
    return run()


def test_random_numbers_equal_torchs():
    def crop():
        i, j = (torch.randint(0, n, (1,)).item() for n in (20 - 8 + 1, 24 - 9 + 1))
        return i, j, 8, 9

    def resized():
        log_ratio = torch.log(torch.tensor((0.75, 4 / 3)))
        area = 480 * torch.empty(1).uniform_(0.1, 0.3).item()
        ratio = torch.exp(torch.empty(1).uniform_(log_ratio[0], log_ratio[1])).item()
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        i = torch.randint(0, 20 - h + 1, (1,)).item()
        return i, torch.randint(0, 24 - w + 1, (1,)).item(), h, w

    def jitter():
        order = torch.randperm(4).tolist()
        return order, torch.empty(1).uniform_(0.6, 1.4).item()

    got = seeded(lambda: T.RandomCrop.get_params(PICTURE, (8, 9)))
    assert got == seeded(crop)
    got = seeded(lambda: T.RandomResizedCrop.get_params(PICTURE, (0.1, 0.3), (0.75, 4 / 3)))
    assert got == seeded(resized)
    order, factor, *rest = seeded(
        lambda: T.ColorJitter.get_params((0.6, 1.4), None, None, None))
    assert (order.tolist(), factor) == seeded(jitter) and rest == [None] * 3
    angle = seeded(lambda: T.RandomRotation.get_params([-30.0, 30.0]))
    assert angle == seeded(lambda: torch.empty(1).uniform_(-30.0, 30.0).item())
    flip = T.RandomHorizontalFlip(0.5)
    flipped = seeded(lambda: [np.asarray(flip(PICTURE))[0, 0, 0] != 3 for _ in range(20)])
    assert flipped == seeded(lambda: [(torch.rand(1) < 0.5).item() for _ in range(20)])


RANDOM = [
    "RandomCrop(8, padding=2)", "RandomCrop((30, 8), pad_if_needed=True)", "RandomVerticalFlip(1)",
    "RandomResizedCrop(8)", "RandomAffine(10, (0.1, 0.2), (0.8, 1.2), 5, fill=3)",
    "RandomPerspective(p=1)", "ColorJitter(0.4, 0.4, 0.4, 0.1)", "RandomGrayscale(1)",
    "RandomInvert(1)", "RandomAdjustSharpness(2, 1)", "RandomAutocontrast(1)", "RandAugment()",
    "AutoAugment()", "TrivialAugmentWide()",
    "RandomApply([T.CenterCrop(9)], 1)", "RandomChoice([T.CenterCrop(9)])",
    "RandomOrder([T.CenterCrop(9), T.Pad(1)])",
]  # fmt: skip


@pytest.mark.parametrize("text", RANDOM)
def test_random_transforms_of_images(text):
    t = eval(f"T.{text}")
    a, b = (np.asarray(seeded(lambda: t(PICTURE))) for _ in range(2))
    assert np.array_equal(a, b) and a.ndim == 3 and type(t).__name__ in repr(t)


def test_random_transforms_of_tensors():
    x = nt.tensor(FLOATS)
    erased = T.RandomErasing(1.0, value=(5, 6, 7))(x)
    for c, v in enumerate((5, 6, 7)):
        assert ((erased[c] == v) | (erased[c] == x[c])).all() and (erased[c] == v).any()
    assert T.RandomErasing(1.0, value="random")(x).shape == x.shape
    assert T.AugMix()(nt.tensor(BYTES)).dtype is nt.uint8
    matrix = nt.eye(3 * 20 * 24) * 2
    whitened = T.LinearTransformation(matrix, nt.zeros(3 * 20 * 24))(x)
    close(whitened, FLOATS * 2, 1e-6)


def test_reprs():
    assert repr(T.Compose([T.Resize(8), T.ToTensor(), T.Normalize((0.5,), (0.2,))])) == (
        "Compose(\n    Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)\n"
        "    ToTensor()\n    Normalize(mean=(0.5,), std=(0.2,))\n)"
    )
    assert repr(T.RandomResizedCrop(8)) == (
        "RandomResizedCrop(size=(8, 8), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
        "interpolation=bilinear, antialias=True)"
    )
    assert repr(T.RandomRotation(5)) == (
        "RandomRotation(degrees=[-5.0, 5.0], interpolation=nearest, expand=False, fill=0)"
    )
    assert repr(T.RandomPosterize(2)) == "RandomPosterize(bits=2,p=0.5)"
    assert repr(T.ColorJitter(0.5, hue=0.1)) == (
        "ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=(-0.1, 0.1))"
    )


# ---------------------------------------------------------------- v2 and utils


def test_v2_samples():
    t = v2.Compose([v2.ToImage(), v2.RandomCrop(8), v2.ToDtype(nt.float32, scale=True)])
    x, label = t(PICTURE, 3)
    assert label == 3 and x.shape == (3, 8, 8) and x.dtype is nt.float32 and x.max() <= 1
    both = v2.RandomCrop(8)({"a": PICTURE, "b": [PICTURE, 4]})
    assert np.array_equal(both["a"], both["b"][0]) and both["b"][1] == 4
    assert repr(v2.Resize(8)) == repr(T.Resize(8))
    images, labels = v2.MixUp(num_classes=4)(nt.rand(4, 3, 8, 8), nt.arange(4))
    assert labels.shape == (4, 4) and labels.sum().item() == pytest.approx(4)
    images, labels = v2.CutMix(num_classes=4)(nt.rand(4, 3, 8, 8), nt.arange(4))
    assert images.shape == (4, 3, 8, 8) and labels.sum().item() == pytest.approx(4)
    assert v2.RandomPhotometricDistort(p=1)(PICTURE).size == PICTURE.size
    assert v2.GaussianNoise()(nt.tensor(FLOATS)).shape == FLOATS.shape


def test_grids(tmp_path):
    x = nt.rand(5, 1, 4, 6)
    grid = V.make_grid(x, nrow=3, padding=1, pad_value=0.5)
    assert grid.shape == (3, 11, 22)
    assert (grid[1, 6:10, 8:14] == x[4, 0]).all() and (grid[:, 6:10, 15:] == 0.5).all()
    y = V.make_grid([nt.zeros(3, 2, 2), nt.ones(3, 2, 2) * 4], normalize=True, scale_each=False)
    assert y.max() == 1 and y.min() == 0
    V.save_image(x, tmp_path / "grid.png", nrow=5)
    saved = np.asarray(Image.open(tmp_path / "grid.png"))
    assert saved.shape == (8, 42, 3)
    assert saved[2:6, 2:8, 0].tolist() == (x[0, 0] * 255 + 0.5).byte().tolist()
    with pytest.raises(TypeError, match="tensor or list of tensors expected"):
        V.make_grid(3)
    boxed = V.draw_bounding_boxes(nt.zeros(3, 9, 9, dtype=nt.uint8), nt.tensor([[1, 1, 5, 6]]),
                                  colors="red")  # fmt: skip
    assert boxed[0, 1, 1:6].tolist() == [255] * 5 and boxed[1].sum() == 0


def test_files_of_images(tmp_path):
    from numtorch.vision import io

    path = str(tmp_path / "x.png")
    io.write_png(nt.tensor(BYTES), path)
    assert np.array_equal(io.read_image(path).numpy(), BYTES)
    assert io.read_image(path, io.ImageReadMode.GRAY).shape == (1, 20, 24)
    assert io.decode_image(io.read_file(path)).tolist() == BYTES.tolist()
    io.write_jpeg(nt.tensor(BYTES), str(tmp_path / "x.jpg"), 95)
    assert np.abs(io.read_image(str(tmp_path / "x.jpg")).numpy().astype(int) - BYTES).mean() < 4
    with pytest.raises(RuntimeError, match="No such file"):
        io.read_image(str(tmp_path / "none.png"))
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(RuntimeError, match="Unsupported image file"):
        io.read_image(str(tmp_path / "bad.png"))
