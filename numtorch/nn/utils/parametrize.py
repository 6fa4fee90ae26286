"""Parametrizations: a parameter or buffer that is computed from others by modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy

from ..._tensor import Tensor
from ...autograd import no_grad
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization",
    "remove_parametrizations", "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]  # fmt: skip

_depth = 0  # how many `cached` blocks are open
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> with torch.nn.utils.parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _cache.clear()


def _register(module: Module, name: str, t) -> None:
    if isinstance(t, Parameter):
        module.register_parameter(name, t)
    else:
        module.register_buffer(name, t)


def _replace(t: Tensor, value: Tensor) -> None:
    # The tensor stays the same object, so that optimizers keep it.
    if value is not t:
        t.data = value.detach()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, and what they start from: `original`, or `original0`,
    `original1`, ... where the first one takes several tensors.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> type(layer.parametrizations.weight).__name__, layer.parametrizations.weight.original1.shape
    ('ParametrizationList', torch.Size([2, 3]))
    """

    def __init__(self, modules, original: Tensor, unsafe: bool = False):
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new = self._inverted(original)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            self._take_one(original, new)
        else:
            self._take_several(original, new)
        if not unsafe:
            _check_same(
                self(), shape, dtype, "Registering a parametrization may not change the {0} of the "
                "tensor, unless `unsafe` flag is enabled.\nunparametrized {0}: {1}\nparametrized "
                "{0}: {2}",
            )  # fmt: skip

    @no_grad()
    def _inverted(self, value):
        for module in reversed(list(self)):
            if hasattr(module, "right_inverse"):
                try:
                    value = module.right_inverse(value)
                except NotImplementedError:
                    pass
        return value

    def _take_one(self, original: Tensor, new: Tensor) -> None:
        for what in ("dtype", "device"):
            a, b = getattr(original, what), getattr(new, what)
            if a != b:
                raise ValueError(
                    f"When `right_inverse` outputs one tensor, it may not change the {what}.\n"
                    f"original.{what}: {a}\nright_inverse(original).{what}: {b}"
                )
        _replace(original, new)
        _register(self, "original", original)

    def _take_several(self, original: Tensor, new) -> None:
        for i, t in enumerate(new):
            if not isinstance(t, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, "
                    f"tuple...). Got element {i} of the sequence with type {type(t).__name__}."
                )
            t = t.detach()
            if isinstance(original, Parameter):
                t = Parameter(t, original.requires_grad)
            t.requires_grad_(original.requires_grad)
            _register(self, f"original{i}", t)

    @no_grad()
    def right_inverse(self, value) -> None:
        """Sets the originals so that the parametrized tensor becomes `value`."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse."
                )
            value = module.right_inverse(value)
        if self.is_tensor:
            if not isinstance(value, Tensor):
                raise ValueError(
                    f"`right_inverse` should return a tensor. Got {type(value).__name__}"
                )
            if value.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {value.dtype} while "
                    f"`original` has dtype {self.original.dtype}"
                )
            _replace(self.original, value)
            return
        if not isinstance(value, Sequence):
            raise ValueError(
                "'right_inverse' must return a sequence of tensors. Got "
                f"{type(value).__name__}."
            )
        if len(value) != self.ntensors:
            raise ValueError(
                "'right_inverse' must return a sequence of tensors of length "
                f"{self.ntensors}. Got a sequence of length {len(value)}."
            )
        for i, t in enumerate(value):
            self._replace_part(i, t)

    def _replace_part(self, i: int, t) -> None:
        old = getattr(self, f"original{i}")
        if not isinstance(t, Tensor):
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors. Got element {i} of type "
                f"{type(t).__name__}."
            )
        if old.dtype != t.dtype:
            raise ValueError(
                f"Tensor {i} returned by `right_inverse` has dtype {t.dtype} while `original{i}` "
                f"has dtype {old.dtype}"
            )
        _replace(old, t)

    def forward(self) -> Tensor:
        """The parametrized tensor."""
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        first, *rest = self
        x = first(*(getattr(self, n) for n in names))
        for module in rest:
            x = module(x)
        return x


def _check_same(x, shape, dtype, text: str, what: str = "A parametrization must return a tensor. "
                "Got {}.") -> None:  # fmt: skip
    if not isinstance(x, Tensor):
        raise ValueError(what.format(type(x).__name__))
    if x.dtype != dtype:
        raise ValueError(text.format("dtype", dtype, x.dtype))
    if x.shape != shape:
        raise ValueError(text.format("shape", shape, x.shape))


def _deepcopy(self, memo):
    if id(self) in memo:
        return memo[id(self)]
    copy = memo[id(self)] = self.__new__(self.__class__)
    copy.__dict__.update(deepcopy(self.__dict__, memo))
    return copy


def _getstate(self):
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _inject_class(module: Module) -> None:
    """Gives a module a class of its own, which can hold properties."""
    cls = module.__class__
    members = {"__getstate__": _getstate}
    if not hasattr(cls, "__deepcopy__"):
        members["__deepcopy__"] = _deepcopy
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _inject_property(module: Module, name: str) -> None:
    def get(self) -> Tensor:
        parametrization = self.parametrizations[name]
        if not _depth:
            return parametrization()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def set(self, value) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(module.__class__, name, property(get, set))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Computes a parameter or buffer of a module by `parametrization(original)` from now on.

    A second one is applied to the first one's result. Assigning to the tensor goes through
    `right_inverse`. `unsafe`: dtype and shape may change.

    >>> import numtorch as torch
    >>> from numtorch.nn.utils import parametrize
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).mT
    >>> fc = parametrize.register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> torch.equal(fc.weight, fc.weight.mT)
    True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        found = module.parametrizations[tensor_name]
        found.append(parametrization)
        found.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        found = ParametrizationList([parametrization], original, unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _inject_class(module)
            module.parametrizations = ModuleDict()
        _inject_property(module, tensor_name)
        module.parametrizations[tensor_name] = found
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    return module


def _check_next(module: Module, name: str, parametrization: Module) -> None:
    """A further parametrization must keep dtype and shape, in both directions."""
    y = getattr(module, name)
    x = parametrization(y)
    _check_same(
        x, y.shape, y.dtype, "Registering a parametrization may not change the {0} of the tensor, "
        f"unless the `unsafe` flag is enabled.\nmodule.{name}.{{0}}: {{1}}\n"
        f"parametrization(module.{name}).{{0}}: {{2}}",
    )  # fmt: skip
    if hasattr(parametrization, "right_inverse"):
        try:
            z = parametrization.right_inverse(x)
        except NotImplementedError:
            return
        _check_same(
            z, y.shape, y.dtype, "The tensor returned by parametrization.right_inverse must have "
            f"the same {{0}} as module.{name}, unless the `unsafe` flag is enabled.\n"
            f"module.{name}.{{0}}: {{1}}\nreturned {{0}}: {{2}}",
            "parametrization.right_inverse must return a tensor. Got: {}",
        )  # fmt: skip


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """True if a module has parametrizations (of one tensor).

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> parametrized = torch.nn.utils.parametrize.is_parametrized
    >>> parametrized(layer), parametrized(layer, "bias")
    (True, False)
    """
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Makes a tensor an ordinary one again, with its parametrized or its original value.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> layer = torch.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    >>> list(layer.state_dict())
    ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    found = module.parametrizations[tensor_name]
    if found.is_tensor:
        original = found.original
        if leave_parametrized:
            with no_grad():
                _replace(original, getattr(module, tensor_name))
    elif leave_parametrized:
        t = getattr(module, tensor_name)
        original = Parameter(t.detach()) if t.requires_grad else t
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    delattr(module.__class__, tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = module.__class__.__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """A module's class without parametrizations.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> torch.nn.utils.parametrize.type_before_parametrizations(layer) is torch.nn.Linear
    True
    """
    return module.__class__.__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Parametrizes a module like another one, with the same originals.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> copy = torch.nn.Linear(3, 2)
    >>> copy = torch.nn.utils.parametrize.transfer_parametrizations_and_params(layer, copy)
    >>> torch.nn.utils.parametrize.is_parametrized(copy, "weight")
    True
    """
    if not is_parametrized(from_module):
        return to_module
    known = from_module.parametrizations
    for name in list(known) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for module in known[name]:
            register_parametrization(to_module, name, module)
        target = to_module.parametrizations[name]
        for key, t in (*known[name]._parameters.items(), *known[name]._buffers.items()):
            setattr(target, key, t)
    return to_module
