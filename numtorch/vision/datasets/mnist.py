"""Digits and letters in IDX files."""

from __future__ import annotations

import os
import shutil
import string
import urllib.error
import warnings
from collections.abc import Callable

import numpy as np

from ..._creation import from_numpy
from ..._tensor import Tensor
from .._pillow import pillow
from .utils import (
    check_integrity,
    download_and_extract_archive,
    extract_archive,
    verify_str_arg,
)
from .vision import VisionDataset, row

# LeCun, Cortes, Burges: "The MNIST database", file format: third byte of the magic number.
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_sn3_pascalvincent_tensor(path: str | os.PathLike, strict: bool = True) -> Tensor:
    """The tensor in an IDX file; RuntimeError if it is none or has too few bytes."""
    with open(path, "rb") as f:
        data = f.read()
    name = os.fspath(path)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _IDX_TYPES:
        raise RuntimeError(f"{name} is no IDX file (it begins with {data[:4]!r})")
    dims, dtype = data[3], np.dtype(_IDX_TYPES[data[2]])
    if not 1 <= dims <= 8 or len(data) < 4 + 4 * dims:
        raise RuntimeError(f"{name}: the header of an IDX file with {dims} dims is damaged")
    shape = tuple(int(n) for n in np.frombuffer(data, ">u4", dims, 4))
    count = 1
    for n in shape:
        count *= n
    have = len(data) - 4 - 4 * dims
    if have < count * dtype.itemsize or (strict and have != count * dtype.itemsize):
        raise RuntimeError(
            f"{name} should have {count * dtype.itemsize} bytes of data for shape {shape}, but has "
            f"{have}: the file is damaged or its download was cut off; delete it and use "
            "download=True"
        )
    array = np.frombuffer(data, dtype, count, 4 + 4 * dims).reshape(shape)
    return from_numpy(array.astype(dtype.newbyteorder("=")))


def read_label_file(path: str | os.PathLike) -> Tensor:
    """int64 labels of an IDX file of bytes."""
    x = read_sn3_pascalvincent_tensor(path, strict=False)
    if x.dtype.name != "uint8":
        raise TypeError(f"x should be of dtype torch.uint8 instead of {x.dtype}")
    if x.ndim != 1:
        raise ValueError(f"x should have 1 dimension instead of {x.ndim}")
    return x.long()


def read_image_file(path: str | os.PathLike) -> Tensor:
    """uint8 images [N, H, W] of an IDX file."""
    x = read_sn3_pascalvincent_tensor(path, strict=False)
    if x.dtype.name != "uint8":
        raise TypeError(f"x should be of dtype torch.uint8 instead of {x.dtype}")
    if x.ndim != 3:
        raise ValueError(f"x should have 3 dimension instead of {x.ndim}")
    return x


def _renamed(old: str, new: str) -> property:
    def get(self):
        warnings.warn(f"{old} has been renamed {new}", stacklevel=2)
        return getattr(self, new)

    return property(get)


class MNIST(VisionDataset):
    """70,000 handwritten digits of 28x28 pixels, in the files of `root`/MNIST/raw.

    A sample is (Pillow image or what `transform` makes of it, label).
    """

    mirrors = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    classes = ["0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six",
               "7 - seven", "8 - eight", "9 - nine"]  # fmt: skip
    train_labels, test_labels = _renamed("train_labels", "targets"), _renamed(
        "test_labels", "targets")  # fmt: skip
    train_data, test_data = _renamed("train_data", "data"), _renamed("test_data", "data")

    def __init__(
        self, root: str | os.PathLike, train: bool = True, transform: Callable | None = None,
        target_transform: Callable | None = None, download: bool = False,
    ):  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.data, self.targets = self._load_data()

    def _files(self) -> tuple[str, str]:
        """The names of the images' and the labels' files."""
        part = "train" if self.train else "t10k"
        return f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"

    def _load_data(self) -> tuple[Tensor, Tensor]:
        images, labels = (os.path.join(self.raw_folder, name) for name in self._files())
        data, targets = read_image_file(images), read_label_file(labels)
        if len(data) != len(targets):
            raise RuntimeError(
                f"{images} has {len(data)} images, but {labels} has {len(targets)} labels"
            )
        return data, targets

    def __getitem__(self, index: int) -> tuple:
        image = pillow("Image").fromarray(np.array(row(self.data, index)))
        return self._sample(image, int(row(self.targets, index)))

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """Where the files lie."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class."""
        return {name: k for k, name in enumerate(self.classes)}

    def _check_exists(self) -> bool:
        return all(
            check_integrity(os.path.join(self.raw_folder, os.path.splitext(os.path.basename(f))[0]))
            for f, _ in self.resources
        )

    def download(self) -> None:
        """Downloads and unpacks what is not there."""
        if self._check_exists():
            return
        for filename, md5 in self.resources:
            self._fetch(filename, md5)

    def _fetch(self, filename: str, md5: str) -> None:
        errors = []
        for mirror in self.mirrors:
            try:
                download_and_extract_archive(
                    mirror + filename, self.raw_folder, filename=filename, md5=md5
                )
                return
            except (RuntimeError, urllib.error.URLError) as error:
                errors.append(f"Tried {mirror}, got:\n{error}\n")
        raise RuntimeError(f"Error downloading {filename}:\n" + "".join(errors))

    def extra_repr(self) -> str:
        """The part of the data."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


class FashionMNIST(MNIST):
    """70,000 pictures of clothes in the format of MNIST."""

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
               "Bag", "Ankle boot"]  # fmt: skip


class KMNIST(MNIST):
    """70,000 cursive Japanese characters in the format of MNIST."""

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


_CHARACTERS = set(string.digits + string.ascii_letters)
_MERGED = set("cijklmopsuvwxyz")  # letters whose two cases look alike


class EMNIST(MNIST):
    """Handwritten letters and digits (Cohen et al. 2017), in one of several splits."""

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict = {
        "byclass": sorted(_CHARACTERS), "bymerge": sorted(_CHARACTERS - _MERGED),
        "balanced": sorted(_CHARACTERS - _MERGED), "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits), "mnist": list(string.digits),
    }  # fmt: skip

    def __init__(self, root: str | os.PathLike, split: str, **kwargs):
        self.split = verify_str_arg(split, "split", self.splits)
        super().__init__(root, **kwargs)
        self.classes = self.classes_split_dict[split]

    def _files(self) -> tuple[str, str]:
        name = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return f"{name}-images-idx3-ubyte", f"{name}-labels-idx1-ubyte"

    def _check_exists(self) -> bool:
        return all(check_integrity(os.path.join(self.raw_folder, f)) for f in self._files())

    def download(self) -> None:
        """Downloads and unpacks what is not there."""
        if self._check_exists():
            return
        download_and_extract_archive(self.url, self.raw_folder, md5=self.md5)
        folder = os.path.join(self.raw_folder, "gzip")
        for name in os.listdir(folder):
            if name.endswith(".gz"):
                extract_archive(os.path.join(folder, name), self.raw_folder)
        shutil.rmtree(folder)


_QMNIST = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"


class QMNIST(MNIST):
    """MNIST rebuilt with 60,000 test digits and all that is known of each (Yadav et al. 2019)."""

    subsets = {"train": "train", "test": "test", "test10k": "test", "test50k": "test",
               "nist": "nist"}  # fmt: skip
    resources = {
        "train": [
            (f"{_QMNIST}qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
            (f"{_QMNIST}qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4"),
        ],
        "test": [
            (f"{_QMNIST}qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
            (f"{_QMNIST}qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa"),
        ],
        "nist": [
            (f"{_QMNIST}xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834"),
            (f"{_QMNIST}xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d"),
        ],
    }

    def __init__(
        self, root: str | os.PathLike, what: str | None = None, compat: bool = True,
        train: bool = True, **kwargs,
    ):  # fmt: skip
        what = what or ("train" if train else "test")
        self.what = verify_str_arg(what, "what", tuple(self.subsets))
        self.compat = compat
        super().__init__(root, train, **kwargs)

    def _urls(self) -> list[tuple[str, str]]:
        return self.resources[self.subsets[self.what]]

    def _files(self) -> tuple[str, str]:
        return tuple(os.path.splitext(os.path.basename(url))[0] for url, _ in self._urls())

    def _check_exists(self) -> bool:
        return all(check_integrity(os.path.join(self.raw_folder, f)) for f in self._files())

    def _load_data(self) -> tuple[Tensor, Tensor]:
        images, labels = (os.path.join(self.raw_folder, name) for name in self._files())
        data, targets = read_image_file(images), read_sn3_pascalvincent_tensor(labels).long()
        if targets.ndim != 2:
            raise ValueError(f"targets should have 2 dimensions instead of {targets.ndim}")
        if self.what in ("test10k", "test50k"):
            part = slice(0, 10000) if self.what == "test10k" else slice(10000, None)
            data, targets = data[part].clone(), targets[part].clone()
        return data, targets

    def download(self) -> None:
        """Downloads and unpacks what is not there."""
        if not self._check_exists():
            for url, md5 in self._urls():
                download_and_extract_archive(url, self.raw_folder, md5=md5)

    def __getitem__(self, index: int) -> tuple:
        image = pillow("Image").fromarray(np.array(row(self.data, index)))
        target = int(row(self.targets, index)[0]) if self.compat else self.targets[index]
        return self._sample(image, target)

    def extra_repr(self) -> str:
        """The part of the data."""
        return f"Split: {self.what}"
