"""Transforms of samples of any structure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from ...._tensor import Tensor
from ....nn import Module
from ..._pillow import is_pil_image
from .. import _draw, autoaugment, transforms


def images_in(sample) -> list:
    """The leaves that are transformed: all Pillow images, or else the first tensor."""
    leaves: list = []
    _collect(sample, leaves)
    images = [x for x in leaves if is_pil_image(x)]
    return images or [x for x in leaves if isinstance(x, Tensor)][:1]


def _collect(sample, leaves: list) -> None:
    if isinstance(sample, dict):
        sample = list(sample.values())
    if isinstance(sample, (list, tuple)):
        for x in sample:
            _collect(x, leaves)
    else:
        leaves.append(sample)


def replaced(sample, made: dict) -> object:
    """The sample with leaves replaced by identity."""
    if isinstance(sample, dict):
        return type(sample)({k: replaced(v, made) for k, v in sample.items()})
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(replaced(x, made) for x in sample))
    if isinstance(sample, (list, tuple)):
        return type(sample)(replaced(x, made) for x in sample)
    return made.get(id(sample), sample)


class Transform(Module):
    """Base: subclasses define `transform(image, params)`, and `make_params(images)` if random."""

    def make_params(self, flat_inputs: list) -> dict:
        """What is drawn once for a sample."""
        return {}

    def transform(self, inpt, params: dict):
        """One image of the sample."""
        raise NotImplementedError

    def forward(self, *inputs):
        """The sample with its images transformed."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        images = images_in(sample)
        params = self.make_params(images)
        return replaced(sample, {id(x): self.transform(x, params) for x in images})


class _First(Transform):
    """A transform of `numtorch.vision.transforms`: each image sees the same random numbers."""

    _kind: type

    def __init__(self, *args, **kwargs):
        super().__init__()
        self._first = type(self)._kind(*args, **kwargs)

    def __getattr__(self, name: str):
        if name == "_first":
            return super().__getattr__(name)
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self._first, name)

    def forward(self, *inputs):
        """The sample with its images transformed."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        images = images_in(sample)
        if not images:
            images = [sample]  # an array, or what the transform refuses
        made, generator = {}, _draw._random.default_generator
        for k, x in enumerate(images):
            if k == 0:
                state = generator.get_state(), random.getstate()
            else:
                generator.set_state(state[0])
                random.setstate(state[1])
            made[id(x)] = self._first(x)
        return replaced(sample, made)

    def __repr__(self) -> str:
        return repr(self._first)


def _wrap(kind: type) -> type:
    return type(kind.__name__, (_First,), {
        "_kind": kind, "__doc__": kind.__doc__, "__module__": __name__,
        "get_params": staticmethod(getattr(kind, "get_params", None)),
    })  # fmt: skip


_OWN = {"Compose", "Lambda", "RandomApply", "RandomChoice", "RandomOrder", "RandomTransforms",
        "InterpolationMode", "AutoAugmentPolicy"}  # fmt: skip
wrapped = {
    name: _wrap(getattr(module, name))
    for module in (transforms, autoaugment)
    for name in module.__all__
    if name not in _OWN
}
globals().update(wrapped)  # pickle finds the classes by name


class Compose(Transform):
    """Transforms one after the other."""

    def __init__(self, transforms: Sequence[Callable]):
        super().__init__()
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence of callables")
        if not transforms:
            raise ValueError("Pass at least one transform")
        self.transforms = transforms

    def forward(self, *inputs):
        """The sample after all of them."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        for t in self.transforms:
            sample = t(*inputs)
            inputs = sample if len(inputs) > 1 else (sample,)
        return sample

    def __repr__(self) -> str:
        lines = "\n".join(f"      {t}" for t in self.transforms)
        return f"{type(self).__name__}(\n{lines}\n)"


class Lambda(Transform):
    """Any function, of the leaves of the given types."""

    def __init__(self, lambd: Callable, *types: type):
        super().__init__()
        self.lambd, self.types = lambd, types or (object,)

    def forward(self, *inputs):
        """The sample with its leaves replaced."""
        sample = inputs if len(inputs) > 1 else inputs[0]
        leaves: list = []
        _collect(sample, leaves)
        made = {id(x): self.lambd(x) for x in leaves if isinstance(x, self.types)}
        return replaced(sample, made)


class RandomApply(Compose):
    """All the transforms, or none."""

    def __init__(self, transforms, p: float = 0.5):
        super().__init__(transforms)
        if not 0.0 <= p <= 1.0:
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        self.p = p

    def forward(self, *inputs):
        """The sample after all of them, or the sample."""
        if _draw.rand() >= self.p:
            return inputs if len(inputs) > 1 else inputs[0]
        return super().forward(*inputs)


class RandomChoice(Compose):
    """One of the transforms, with probabilities p."""

    def __init__(self, transforms, p: Sequence[float] | None = None):
        super().__init__(transforms)
        p = [1] * len(transforms) if p is None else p
        if len(p) != len(transforms):
            raise ValueError(
                f"Length of p doesn't match the number of transforms: {len(p)} != {len(transforms)}"
            )
        self.p = [x / sum(p) for x in p]

    def forward(self, *inputs):
        """The sample after one of them."""
        place, end = _draw.rand(), 0.0
        for t, p in zip(self.transforms, self.p):
            end += p
            if place < end:
                return t(*inputs)
        return self.transforms[-1](*inputs)


class RandomOrder(Compose):
    """The transforms in a random order."""

    def forward(self, *inputs):
        """The sample after all of them."""
        order = _draw.host().permutation(len(self.transforms)).tolist()
        sample = inputs if len(inputs) > 1 else inputs[0]
        for k in order:
            sample = self.transforms[k](*inputs)
            inputs = sample if len(inputs) > 1 else (sample,)
        return sample
