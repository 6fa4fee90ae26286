"""Models by name, and their published weights."""

from __future__ import annotations

import fnmatch
import functools
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from ...nn import Module

_BUILDERS: dict[str, Callable] = {}


@dataclass(frozen=True, eq=False)
class Weights:
    """A file of weights: its URL, the preparation of images that goes with it, what is known."""

    url: str
    transforms: Callable
    meta: dict = field(repr=False)


class WeightsEnum(Enum):
    """The weights that there are for a model."""

    @classmethod
    def verify(cls, obj) -> WeightsEnum | None:
        """A member, given as itself or by name; TypeError for those of other models."""
        if obj is None:
            return None
        if isinstance(obj, str):
            return cls[obj.replace(cls.__name__ + ".", "")]
        if not isinstance(obj, cls):
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} but received "
                f"{type(obj).__name__}."
            )
        return obj

    def get_state_dict(self, *args, **kwargs) -> Mapping:
        """Downloads the weights (once) and reads them."""
        from ...hub import load_state_dict_from_url

        return load_state_dict_from_url(self.url, *args, **kwargs)

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.value.url

    @property
    def transforms(self) -> Callable:
        """A function that makes the preparation of images."""
        return self.value.transforms

    @property
    def meta(self) -> dict:
        """What is known of the weights: number of parameters, accuracy, names of the classes."""
        from ._imagenet import CATEGORIES

        return {"categories": CATEGORIES, **self.value.meta}

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self._name_}"


def _fix(kwargs: dict, name: str, value) -> None:
    """Sets an argument that weights decide; ValueError if another value was given."""
    if kwargs.get(name, value) != value:
        raise ValueError(
            f"The parameter '{name}' expected value {value} but got {kwargs[name]} instead."
        )
    kwargs[name] = value


def _legacy(args: tuple, kwargs: dict, cls: type[WeightsEnum] | None) -> None:
    """Turns `pretrained` (by name or place) into `weights`."""
    if args:
        if len(args) > 2:
            raise TypeError(f"expected at most 2 positional arguments, but got {len(args)}")
        kwargs["pretrained" if isinstance(args[0], bool) else "weights"] = args[0]
        if len(args) == 2:
            kwargs["progress"] = args[1]
    if "pretrained" in kwargs:
        warnings.warn(
            "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, "
            "please use 'weights' instead.",
            stacklevel=3,
        )
        if kwargs.pop("pretrained"):
            if cls is None:
                raise ValueError("there are no published weights for this model")
            kwargs["weights"] = next(iter(cls))


def register_model(
    weights: type[WeightsEnum] | None = None, prepare: Callable | None = None,
    rename: Callable | None = None, finish: Callable | None = None,
) -> Callable:  # fmt: skip
    """Decorator of functions that build a model: adds `weights=` and `progress=`.

    prepare(weights, kwargs) sets further arguments for weights, rename(state_dict) gives the keys
    of today, finish(model, kwargs as given) does what must come after loading.
    """

    def decorate(fn: Callable) -> Callable:
        @functools.wraps(fn)
        def build(*args, **kwargs) -> Module:
            _legacy(args, kwargs, weights)
            progress, chosen = kwargs.pop("progress", True), kwargs.pop("weights", None)
            if weights is None and chosen is not None:
                raise ValueError("there are no published weights for this model")
            chosen = weights.verify(chosen) if weights is not None else None
            if chosen is None:
                return fn(**kwargs)
            given = dict(kwargs)
            _fix(kwargs, "num_classes", len(chosen.meta["categories"]))
            if prepare is not None:
                prepare(chosen, kwargs)
            model = fn(**kwargs)
            state = chosen.get_state_dict(progress=progress, check_hash=True)
            model.load_state_dict(state if rename is None else rename(state))
            if finish is not None:
                finish(model, given)
            return model

        build.weights = weights
        _BUILDERS[fn.__name__] = build
        return build

    return decorate


def list_models(
    module=None, include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:  # fmt: skip
    """The names of the models, by shell patterns.

    >>> from numtorch.vision.models import list_models
    >>> list_models(include="resnet1*")
    ['resnet101', 'resnet152', 'resnet18']
    """

    def matching(patterns) -> set[str]:
        patterns = [patterns] if isinstance(patterns, str) else list(patterns)
        return {n for n in names if any(fnmatch.fnmatch(n, p) for p in patterns)}

    names = {
        name for name, fn in _BUILDERS.items()
        if module is None or fn.__module__ == module.__name__
        or fn.__module__.rsplit(".", 1)[0] == module.__name__
    }  # fmt: skip
    found = names if include is None else matching(include)
    return sorted(found - (set() if exclude is None else matching(exclude)))


def get_model_builder(name: str) -> Callable:
    """The function that builds a model."""
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(f"Unknown model {name.lower()}") from None


def get_model(name: str, **config) -> Module:
    """A model by name."""
    return get_model_builder(name)(**config)


def get_model_weights(name: Callable | str) -> type[WeightsEnum]:
    """The enumeration of a model's weights."""
    return (name if callable(name) else get_model_builder(name)).weights


def get_weight(name: str) -> WeightsEnum:
    """Weights by 'Class_Weights.MEMBER'."""
    kind, _, member = name.partition(".")
    if not member:
        raise ValueError(f"Invalid weight name provided: '{name}'.")
    for fn in _BUILDERS.values():
        if fn.weights is not None and fn.weights.__name__ == kind:
            return fn.weights[member]
    raise ValueError(f"The weight enum '{kind}' for the specific method couldn't be retrieved")
