"""Weight normalisation by a hook; `parametrizations.weight_norm` is the newer form.

Salimans and Kingma, Weight normalization (2016).
"""

from __future__ import annotations

import warnings

from ..._tensor import Tensor
from ..modules.module import Module
from ..parameter import Parameter


def norm_except_dim(v, dim: int) -> Tensor:
    """The norms of the slices along a dim, with the other dims kept as 1; -1: of the whole."""
    if dim == -1:
        return v.norm()
    return v.norm(2, [d for d in range(v.ndim) if d != dim], keepdim=True)


def normalized(v, g, dim: int) -> Tensor:
    """v with its norms replaced by g."""
    return v * (g / norm_except_dim(v, dim))


class WeightNorm:
    """The hook: computes the weight before each forward.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
    >>> [type(hook).__name__ for hook in layer._forward_pre_hooks.values()]
    ['WeightNorm']
    """

    def __init__(self, name: str, dim: int | None):
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module) -> Tensor:
        """The weight of its length and its direction."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return normalized(v, g, self.dim)

    def __call__(self, module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module))

    @staticmethod
    def apply(module, name: str, dim: int | None) -> WeightNorm:
        """Splits a parameter into its length and its direction."""
        warnings.warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of "
            "`torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning, stacklevel=3,
        )  # fmt: skip
        if _find(module, name):
            raise RuntimeError(
                f"Cannot register two weight_norm hooks on the same parameter {name}"
            )
        hook, weight = WeightNorm(name, dim), getattr(module, name)
        delattr(module, name)
        length = norm_except_dim(weight.detach(), hook.dim)
        module.register_parameter(name + "_g", Parameter(length))
        module.register_parameter(name + "_v", Parameter(weight.data))
        hook(module, None)
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module) -> None:
        """Makes the weight an ordinary parameter again."""
        weight = self.compute_weight(module)
        for suffix in ("", "_g", "_v"):
            delattr(module, self.name + suffix)
        setattr(module, self.name, Parameter(weight.data))


def _find(module, name: str):
    for k, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            return k, hook
    return None


def weight_norm(module, name: str = "weight", dim: int | None = 0) -> Module:
    """Reparametrises a weight by its length (name_g) and direction (name_v), along a dim.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
    >>> layer.weight_g.shape, layer.weight_v.shape
    (torch.Size([2, 1]), torch.Size([2, 3]))
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module, name: str = "weight") -> Module:
    """Takes `weight_norm` off again.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.weight_norm(torch.nn.Linear(3, 2))
    >>> list(torch.nn.utils.remove_weight_norm(layer).state_dict())
    ['bias', 'weight']
    """
    found = _find(module, name)
    if not found:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    found[1].remove(module)
    del module._forward_pre_hooks[found[0]]
    return module
