"""USPS digits: bzip2 files in the text format of LIBSVM."""

from __future__ import annotations

import bz2
import os
from collections.abc import Callable

import numpy as np

from .._pillow import pillow
from .utils import download_url
from .vision import VisionDataset

_URL = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"


class USPS(VisionDataset):
    """9,298 digits of 16x16 pixels from envelopes (Hull 1994)."""

    split_list = {
        "train": [f"{_URL}usps.bz2", "usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197"],
        "test": [f"{_URL}usps.t.bz2", "usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118"],
    }

    def __init__(
        self, root: str | os.PathLike, train: bool = True, transform: Callable | None = None,
        target_transform: Callable | None = None, download: bool = False,
    ):  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        url, filename, md5 = self.split_list["train" if train else "test"]
        path = os.path.join(self.root, filename)
        if download and not os.path.exists(path):
            download_url(url, self.root, filename, md5)
        with bz2.open(path, "rt") as f:
            rows = [line.split() for line in f]
        pixels = [[float(cell.partition(":")[2]) for cell in cells[1:]] for cells in rows]
        values = np.array(pixels, np.float64).reshape(-1, 16, 16)
        self.data = ((values + 1) / 2 * 255).astype(np.uint8)
        self.targets = [int(cells[0]) - 1 for cells in rows]

    def __getitem__(self, index: int) -> tuple:
        return self._sample(pillow("Image").fromarray(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)
