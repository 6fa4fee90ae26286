"""Street View House Numbers: MATLAB files, read by SciPy."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from .._pillow import pillow
from .utils import check_integrity, download_url, verify_str_arg
from .vision import VisionDataset

_URL = "http://ufldl.stanford.edu/housenumbers/"


class SVHN(VisionDataset):
    """House numbers of 32x32 pixels (Netzer et al. 2011); the digit 0 has label 0."""

    split_list = {
        part: [f"{_URL}{part}_32x32.mat", f"{part}_32x32.mat", md5]
        for part, md5 in (
            ("train", "e26dedcc434d2e4c54c9b2d4a06d8373"),
            ("test", "eb5a983be6a315427106f1b164d9cef3"),
            ("extra", "a93ce644f1a588dc4d68dda5feec44a7"),
        )
    }

    def __init__(
        self, root: str | os.PathLike, split: str = "train", transform: Callable | None = None,
        target_transform: Callable | None = None, download: bool = False,
    ):  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", tuple(self.split_list))
        self.url, self.filename, self.file_md5 = self.split_list[split]
        if download:
            self.download()
        path = os.path.join(self.root, self.filename)
        if not check_integrity(path, self.file_md5):
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it"
            )
        try:
            from scipy.io import loadmat
        except ImportError:
            raise ImportError("SVHN's files need SciPy: pip install scipy") from None
        content = loadmat(path)
        self.labels = content["y"].astype(np.int64).reshape(-1) % 10
        self.data = np.transpose(content["X"], (3, 2, 0, 1))

    def __getitem__(self, index: int) -> tuple:
        pixels = np.ascontiguousarray(np.transpose(self.data[index], (1, 2, 0)))
        return self._sample(pillow("Image").fromarray(pixels), int(self.labels[index]))

    def __len__(self) -> int:
        return len(self.data)

    def download(self) -> None:
        """Downloads the file, if it is not there."""
        download_url(self.url, self.root, self.filename, self.file_md5)

    def extra_repr(self) -> str:
        """The part of the data."""
        return f"Split: {self.split}"
