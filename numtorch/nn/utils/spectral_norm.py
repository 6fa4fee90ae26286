"""Spectral normalisation by a hook; `parametrizations.spectral_norm` is the newer form."""

from __future__ import annotations

import numtorch as torch

from ...autograd import no_grad
from ..parameter import Parameter
from .parametrizations import as_matrix, default_dim, unit


class SpectralNorm:
    """The hook: divides the weight by its largest singular value before each forward.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2))
    >>> [type(hook).__name__ for hook in layer._forward_pre_hooks.values()]
    ['SpectralNorm']
    """

    _version = 1

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        self.name, self.dim, self.eps = name, dim, eps
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.n_power_iterations = n_power_iterations

    def compute_weight(self, module, do_power_iteration: bool) -> torch.Tensor:
        """The weight over its largest singular value; iterates u and v in place."""
        weight, u, v = (getattr(module, self.name + s) for s in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                held, held_v = u, v
                for _ in range(self.n_power_iterations):
                    v = unit(torch.mv(matrix.t(), u), self.eps)
                    u = unit(torch.mv(matrix, v), self.eps)
                held.copy_(u)
                held_v.copy_(v)
        return weight / torch.dot(u, torch.mv(matrix, v))

    def __call__(self, module, inputs) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps) -> SpectralNorm:
        """Puts the hook on a module."""
        if _find(module, name):
            raise RuntimeError(
                f"Cannot register two spectral_norm hooks on the same parameter {name}"
            )
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        starts = [
            unit(torch.randn(n, dtype=weight.dtype, device=weight.device), eps)
            for n in as_matrix(weight.detach(), dim).shape
        ]
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)
        for suffix, start in zip(("_u", "_v"), starts):
            module.register_buffer(name + suffix, start)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(_Version(hook))
        return hook

    def remove(self, module) -> None:
        """Makes the weight an ordinary parameter again."""
        with no_grad():
            weight = self.compute_weight(module, False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))


class _Version:
    """Notes the hook's version in a state dict's metadata."""

    def __init__(self, hook: SpectralNorm):
        self.hook = hook

    def __call__(self, module, state_dict, prefix, local_metadata) -> None:
        known = local_metadata.setdefault("spectral_norm", {})
        key = self.hook.name + ".version"
        if key in known:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        known[key] = self.hook._version


def _find(module, name: str):
    for k, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            return k, hook
    return None


def spectral_norm(
    module, name="weight", n_power_iterations=1, eps=1e-12, dim=None
) -> torch.nn.Module:  # fmt: skip
    """Divides a weight by its largest singular value before each forward.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2))
    >>> list(layer.state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    dim = default_dim(module) if dim is None else dim
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module, name="weight") -> torch.nn.Module:
    """Takes `spectral_norm` off again.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2))
    >>> list(torch.nn.utils.remove_spectral_norm(layer).state_dict())
    ['bias', 'weight']
    """
    found = _find(module, name)
    if not found:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    found[1].remove(module)
    del module._forward_pre_hooks[found[0]]
    for k, hook in list(module._state_dict_hooks.items()):
        if isinstance(hook, _Version) and hook.hook is found[1]:
            del module._state_dict_hooks[k]
    return module
