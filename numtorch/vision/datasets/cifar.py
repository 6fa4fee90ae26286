"""CIFAR-10 and CIFAR-100: pickles of arrays, read by an unpickler that runs no code."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from .._pillow import pillow
from .utils import check_integrity, download_and_extract_archive, load_plain_pickle
from .vision import VisionDataset

_MISSING = "not found or corrupted. You can use download=True to download it"


class CIFAR10(VisionDataset):
    """60,000 color images of 32x32 pixels in 10 classes (Krizhevsky 2009).

    A sample is (Pillow image or what `transform` makes of it, label).
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta = {
        "filename": "batches.meta", "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }  # fmt: skip

    def __init__(
        self, root: str | os.PathLike, train: bool = True, transform: Callable | None = None,
        target_transform: Callable | None = None, download: bool = False,
    ):  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(f"Dataset {_MISSING}")
        parts, self.targets = [], []
        for name, _ in self.train_list if train else self.test_list:
            entry = self._read(name)
            parts.append(np.asarray(entry["data"], np.uint8))
            self.targets.extend(entry["labels" if "labels" in entry else "fine_labels"])
        self.data = np.ascontiguousarray(
            np.vstack(parts).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        )
        self._load_meta()

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _read(self, name: str) -> dict:
        entry = load_plain_pickle(self._path(name))
        if not isinstance(entry, dict):
            raise RuntimeError(f"{self._path(name)} holds a {type(entry).__name__}, not a dict")
        return entry

    def _load_meta(self) -> None:
        if not check_integrity(self._path(self.meta["filename"]), self.meta["md5"]):
            raise RuntimeError(f"Dataset metadata file {_MISSING}")
        self.classes = self._read(self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: k for k, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple:
        return self._sample(pillow("Image").fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return all(
            check_integrity(self._path(name), md5) for name, md5 in self.train_list + self.test_list
        )

    def download(self) -> None:
        """Downloads and unpacks the files, if they are not there."""
        if not self._check_integrity():
            download_and_extract_archive(
                self.url, self.root, filename=self.filename, md5=self.tgz_md5
            )

    def extra_repr(self) -> str:
        """The part of the data."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """60,000 color images of 32x32 pixels in 100 classes."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {
        "filename": "meta", "key": "fine_label_names", "md5": "7973b15100ade9c7d40fb424638fde48"
    }
