"""Pruning: weights that are masked out, by a hook that applies the mask before each forward.

A pruned parameter `name` is kept as `name_orig`; the buffer `name_mask` says what is left.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable

import numtorch as torch

from .convert_parameters import parameters_to_vector


class BasePruningMethod(ABC):
    """Base of the methods: a subclass computes a mask and says its PRUNING_TYPE.

    'unstructured' methods see the elements that are left, 'structured' ones the slices along
    their `dim`, 'global' ones everything.

    >>> import numtorch as torch
    >>> class Positive(torch.nn.utils.prune.BasePruningMethod):
    ...     PRUNING_TYPE = "unstructured"
    ...     def compute_mask(self, t, default_mask):
    ...         return default_mask * (t > 0)
    >>> Positive().prune(torch.tensor([1.0, -2.0, 3.0]))
    tensor([1., -0., 3.])
    """

    _tensor_name: str | None = None

    def __call__(self, module, inputs) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t, default_mask) -> torch.Tensor:
        """The mask for importances `t`, where `default_mask` is masked already."""

    def apply_mask(self, module) -> torch.Tensor:
        """The pruned tensor."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        mask = getattr(module, self._tensor_name + "_mask")
        original = getattr(module, self._tensor_name + "_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module, name, *args, importance_scores=None, **kwargs):
        """Prunes a parameter, on top of what was pruned before; returns the method."""
        method = _stacked(module, name, cls(*args, **kwargs))
        again = isinstance(method, PruningContainer)
        original = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, "
                f"got {importance_scores.shape} vs {original.shape}"
            )
        scores = original if importance_scores is None else importance_scores
        if again:
            mask = getattr(module, name + "_mask").detach().clone()
        else:
            mask = torch.ones_like(original)
        with torch.no_grad():
            mask = method.compute_mask(scores.detach(), default_mask=mask)
        if not again:
            delattr(module, name)
            module.register_parameter(name + "_orig", original)
        module.register_buffer(name + "_mask", mask)
        method(module, None)
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t, default_mask=None, importance_scores=None) -> torch.Tensor:
        """A pruned copy of a tensor."""
        if importance_scores is not None and importance_scores.shape != t.shape:
            raise AssertionError(
                "importance_scores should have the same shape as tensor t, got "
                f"{importance_scores.shape} vs {t.shape}"
            )
        scores = t if importance_scores is None else importance_scores
        default_mask = torch.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=default_mask)

    def remove(self, module) -> None:
        """Makes the pruning permanent: the parameter holds the masked values."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(
                f"Module {module} has to be pruned before pruning can be removed"
            )
        weight = self.apply_mask(module)
        original = module._parameters[name + "_orig"]
        for suffix in ("", "_orig", "_mask"):
            delattr(module, name + suffix)
        original.data = weight.data
        setattr(module, name, original)


def _stacked(module, name: str, method: BasePruningMethod) -> BasePruningMethod:
    """The method, in a container with those that the parameter has already."""
    hooks = module._forward_pre_hooks
    found = [k for k, h in hooks.items() if _prunes(h, name)]
    if len(found) > 1:
        raise AssertionError(
            f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. "
            "Use a PruningContainer."
        )
    method._tensor_name = name
    if not found:
        return method
    old = hooks.pop(found[0])
    container = old if isinstance(old, PruningContainer) else PruningContainer(old)
    container.add_pruning_method(method)
    return container


def _prunes(hook, name: str) -> bool:
    return isinstance(hook, BasePruningMethod) and hook._tensor_name == name


class PruningContainer(BasePruningMethod):
    """Several methods on one parameter; the last one's mask is combined with what is there.

    >>> import numtorch as torch
    >>> method = torch.nn.utils.prune.L1Unstructured(amount=1)
    >>> method._tensor_name = "weight"
    >>> len(torch.nn.utils.prune.PruningContainer(method))
    1
    """

    def __init__(self, *args):
        self._pruning_methods: tuple = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method) -> None:
        """Adds a method for the same parameter."""
        if method is not None and not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' "
                f"to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self):
        return iter(self._pruning_methods)

    def __getitem__(self, idx):
        return self._pruning_methods[idx]

    def compute_mask(self, t, default_mask) -> torch.Tensor:
        """Lets the last method prune what the others left."""
        method, mask = self._pruning_methods[-1], default_mask
        part = _left(method, t, mask)
        new = mask.to(dtype=t.dtype).clone()
        new[part] = method.compute_mask(t[part], default_mask=mask[part]).to(dtype=t.dtype)
        return new


def _left(method, t, mask):
    """The index of what a method of this type sees."""
    kind = method.PRUNING_TYPE
    if kind == "unstructured":
        return mask == 1
    if kind == "global":
        return (slice(None),) * t.ndim
    if kind != "structured":
        raise ValueError(f"Unrecognized PRUNING_TYPE {kind}")
    if not hasattr(method, "dim"):
        raise AttributeError(
            'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
        )
    dim = method.dim + t.ndim if method.dim < 0 else method.dim
    if dim < 0:
        raise IndexError(f"Index is out of bounds for tensor with dimensions {t.ndim}")
    return _slices(t, dim, mask.sum(dim=[d for d in range(t.ndim) if d != dim]) != 0)


def _slices(t, dim: int, which) -> tuple:
    index = [slice(None)] * t.ndim
    index[dim] = which
    return tuple(index)


class Identity(BasePruningMethod):
    """Prunes nothing.

    >>> import numtorch as torch
    >>> torch.nn.utils.prune.Identity().prune(torch.tensor([1.0, -2.0, 3.0]))
    tensor([ 1., -2.,  3.])
    """

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask) -> torch.Tensor:
        """The mask as it is."""
        return default_mask


class _Elements(BasePruningMethod):
    """Methods that prune a number or a part of the elements."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount):
        _check_amount(amount)
        self.amount = amount

    def _scores(self, t):
        raise NotImplementedError

    def compute_mask(self, t, default_mask):
        """Masks the elements with the lowest scores."""
        n = t.numel()
        count = _count(self.amount, n)
        mask = default_mask.clone()
        if count:
            lowest = torch.topk(self._scores(t).reshape(-1), k=count, largest=False).indices
            mask.view(-1)[lowest] = 0
        return mask


class RandomUnstructured(_Elements):
    """Prunes elements at random.

    >>> import numtorch as torch
    >>> mask = torch.nn.utils.prune.RandomUnstructured(2).compute_mask(torch.ones(3), torch.ones(3))
    >>> mask.shape
    torch.Size([3])
    """

    def _scores(self, t):
        return torch.rand_like(t)


class L1Unstructured(_Elements):
    """Prunes the elements with the smallest absolute values.

    >>> import numtorch as torch
    >>> torch.nn.utils.prune.L1Unstructured(1).prune(torch.tensor([1.0, -2.0, 3.0]))
    tensor([ 0., -2.,  3.])
    """

    def _scores(self, t):
        return t.abs()


class _Slices(BasePruningMethod):
    """Methods that prune whole slices along a dim."""

    PRUNING_TYPE = "structured"

    def _scores(self, t, n: int):
        raise NotImplementedError

    def compute_mask(self, t, default_mask):
        """Masks the slices with the lowest scores."""
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor "
                f"of shape {t.shape} with {t.ndim} dims"
            )
        if self.dim >= t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        n = t.shape[self.dim]
        count = _count(self.amount, n)
        if not count:
            return default_mask
        kept = torch.topk(self._scores(t, n), k=n - count).indices
        mask = torch.zeros_like(t)
        mask[_slices(t, self.dim, kept)] = 1
        return mask * default_mask.to(dtype=mask.dtype)


class RandomStructured(_Slices):
    """Prunes slices along a dim at random.

    >>> import numtorch as torch
    >>> pruned = torch.nn.utils.prune.RandomStructured(1, dim=0).prune(torch.ones(3, 2))
    >>> pruned.sum()
    tensor(4.)
    """

    def __init__(self, amount, dim: int = -1):
        _check_amount(amount)
        self.amount, self.dim = amount, dim

    def _scores(self, t, n: int):
        return torch.rand(n)


class LnStructured(_Slices):
    """Prunes the slices along a dim with the smallest norms.

    >>> import numtorch as torch
    >>> method = torch.nn.utils.prune.LnStructured(1, n=2, dim=0)
    >>> method.prune(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[0., 0.],
            [3., 4.]])
    """

    def __init__(self, amount, n, dim: int = -1):
        _check_amount(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def _scores(self, t, n: int):
        dim = self.dim % t.ndim
        return torch.norm(t, p=self.n, dim=[d for d in range(t.ndim) if d != dim])


class CustomFromMask(BasePruningMethod):
    """Prunes by a given mask.

    >>> import numtorch as torch
    >>> mask = torch.tensor([1.0, 0.0, 1.0])
    >>> torch.nn.utils.prune.CustomFromMask(mask).prune(torch.tensor([1.0, -2.0, 3.0]))
    tensor([1., -0., 3.])
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask):
        self.mask = mask

    def compute_mask(self, t, default_mask) -> torch.Tensor:
        """Both masks."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape "
                f"{self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)


def identity(module, name: str) -> torch.nn.Module:
    """Makes a parameter pruned without masking anything.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.prune.identity(torch.nn.Linear(3, 2), "weight")
    >>> [name for name, _ in layer.named_buffers()]
    ['weight_mask']
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module, name: str, amount) -> torch.nn.Module:
    """Masks elements of a parameter at random: a number of them, or a part (a float).

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.prune.random_unstructured(torch.nn.Linear(3, 2), "weight", 0.5)
    >>> layer.weight_mask.sum()
    tensor(3.)
    """
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(module, name: str, amount, importance_scores=None) -> torch.nn.Module:
    """Masks the elements of a parameter with the smallest absolute values (or scores).

    >>> import numtorch as torch
    >>> fc = torch.nn.Linear(2, 1)
    >>> _ = fc.weight.data.copy_(torch.tensor([[3.0, -1.0]]))
    >>> torch.nn.utils.prune.l1_unstructured(fc, "weight", amount=1).weight.tolist()
    [[3.0, -0.0]]
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module, name: str, amount, dim: int) -> torch.nn.Module:
    """Masks slices of a parameter along a dim at random.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.prune.random_structured(torch.nn.Linear(3, 2), "weight", 1, dim=0)
    >>> layer.weight_mask.sum()
    tensor(3.)
    """
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(
    module, name: str, amount, n, dim: int, importance_scores=None
) -> torch.nn.Module:  # fmt: skip
    """Masks the slices of a parameter along a dim with the smallest norms of order n.

    >>> import numtorch as torch
    >>> layer = torch.nn.Linear(2, 2)
    >>> layer.weight.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.nn.utils.prune.ln_structured(layer, "weight", amount=1, n=1, dim=1).weight_mask
    tensor([[0., 1.],
            [0., 1.]])
    """
    LnStructured.apply(
        module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores
    )
    return module


def custom_from_mask(module, name: str, mask) -> torch.nn.Module:
    """Masks a parameter by a given mask.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.prune.custom_from_mask(torch.nn.Linear(3, 1), "bias", torch.zeros(1))
    >>> layer.bias.abs().detach()
    tensor([0.])
    """
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(parameters, pruning_method, importance_scores=None, **kwargs) -> None:
    """Prunes all (module, name) pairs as if they were one vector.

    >>> import numtorch as torch
    >>> layer = torch.nn.Linear(3, 2)
    >>> method = torch.nn.utils.prune.RandomUnstructured
    >>> pairs = [(layer, "weight"), (layer, "bias")]
    >>> torch.nn.utils.prune.global_unstructured(pairs, method, amount=4)
    >>> [name for name, _ in layer.named_buffers()]
    ['weight_mask', 'bias_mask']
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    tensors = [getattr(module, name) for module, name in pairs]
    values = parameters_to_vector([scores.get(k, t) for k, t in zip(pairs, tensors)])
    masks = [getattr(m, n + "_mask", torch.ones_like(t)) for (m, n), t in zip(pairs, tensors)]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    container = PruningContainer()
    container._tensor_name = method._tensor_name = "temp"
    container.add_pruning_method(method)
    with torch.no_grad():
        mask, start = container.compute_mask(values.detach(), parameters_to_vector(masks)), 0
    for (module, name), t in zip(pairs, tensors):
        custom_from_mask(module, name, mask[start : start + t.numel()].view(t.shape))
        start += t.numel()


def remove(module, name: str) -> torch.nn.Module:
    """Makes the pruning of a parameter permanent.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.prune.l1_unstructured(torch.nn.Linear(3, 2), "weight", amount=1)
    >>> list(torch.nn.utils.prune.remove(layer, "weight").state_dict())
    ['bias', 'weight']
    """
    for k, hook in module._forward_pre_hooks.items():
        if _prunes(hook, name):
            hook.remove(module)
            del module._forward_pre_hooks[k]
            return module
    raise ValueError(
        f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
    )


def is_pruned(module) -> bool:
    """True if a module, or one below it, has a pruned parameter.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.prune.identity(torch.nn.Linear(3, 2), "weight")
    >>> torch.nn.utils.prune.is_pruned(layer), torch.nn.utils.prune.is_pruned(torch.nn.Linear(3, 2))
    (True, False)
    """
    return any(
        isinstance(hook, BasePruningMethod)
        for m in module.modules() for hook in m._forward_pre_hooks.values()
    )  # fmt: skip


def _check_amount(amount) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    whole = isinstance(amount, numbers.Integral)
    if amount < 0 or (not whole and amount > 1.0):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a non-negative "
            "integer"
        )


def _count(amount, n: int) -> int:
    """How many of n are pruned."""
    if not isinstance(amount, numbers.Integral):
        return round(amount * n)
    if amount > n:
        raise ValueError(
            f"amount={amount} should be smaller than the number of parameters to prune={n}"
        )
    return amount
