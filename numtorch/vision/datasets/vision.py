"""The base of the data sets."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..._host_arrays import value_in_memory, values_of
from ..._tensor import Tensor
from ...utils.data import Dataset


class VisionDataset(Dataset):
    """A data set under a folder, with transforms of its images and targets."""

    _repr_indent = 4

    def __init__(
        self, root: str | os.PathLike | None = None, transforms: Callable | None = None,
        transform: Callable | None = None, target_transform: Callable | None = None,
    ):  # fmt: skip
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.transform, self.target_transform = transform, target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: int):
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def _sample(self, image, target) -> tuple:
        """The image and the target after their transforms."""
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        indent = " " * self._repr_indent
        return "\n".join([f"Dataset {type(self).__name__}", *(indent + line for line in body)])

    def extra_repr(self) -> str:
        """Further lines of the repr."""
        return ""


class StandardTransform:
    """A transform of the image and one of the target."""

    def __init__(self, transform: Callable | None = None, target_transform: Callable | None = None):
        self.transform, self.target_transform = transform, target_transform

    def __call__(self, input, target) -> tuple:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        body = [type(self).__name__]
        for head, t in (("Transform: ", self.transform),
                        ("Target transform: ", self.target_transform)):  # fmt: skip
            if t is not None:
                first, *rest = repr(t).splitlines()
                body += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(body)


def row(rows, index: int) -> object:
    """One row of a tensor (as an array), array or list."""
    if isinstance(rows, Tensor):
        v = value_in_memory(rows)
        return (rows.numpy() if v is None else values_of(v))[index]
    return rows[index]
