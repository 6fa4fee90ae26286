"""Random images."""

from __future__ import annotations

from collections.abc import Callable

from ..._random import Generator, randn
from ..transforms.functional import to_pil_image
from .vision import VisionDataset


class FakeData(VisionDataset):
    """Noise: image and label depend on the index only."""

    def __init__(
        self, size: int = 1000, image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10, transform: Callable | None = None,
        target_transform: Callable | None = None, random_offset: int = 0,
    ):  # fmt: skip
        super().__init__(transform=transform, target_transform=target_transform)
        self.size, self.num_classes = size, num_classes
        self.image_size, self.random_offset = image_size, random_offset

    def __getitem__(self, index: int) -> tuple:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        g = Generator().manual_seed(index + self.random_offset)
        image = to_pil_image(randn(*self.image_size, generator=g))
        return self._sample(image, int(g.host.integers(0, self.num_classes)[0]))

    def __len__(self) -> int:
        return self.size
