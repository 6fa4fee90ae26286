"""Parametrizations: orthogonal weights, weight and spectral normalisation."""

from __future__ import annotations

import numtorch as torch

from ...autograd import no_grad
from ..modules.module import Module
from .parametrize import register_parametrization
from .weight_norm import norm_except_dim, normalized

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

_MAPS = ("matrix_exp", "cayley", "householder")


def unit(v, eps: float):
    """A vector of length 1 (longer than eps before)."""
    return v / v.norm().clamp(min=eps)


def as_matrix(weight, dim: int):
    """A weight as a matrix with one row per slice along a dim."""
    if dim != 0:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.flatten(1)


def _is_orthogonal(q) -> bool:
    n, k = q.shape[-2:]
    eye = torch.eye(k, dtype=q.dtype, device=q.device)
    return torch.allclose(q.mH @ q, eye, atol=10.0 * n * torch.finfo(q.dtype).eps)


def _make_orthogonal(a):
    """The orthogonal factor of a matrix, with the signs of a positive diagonal."""
    x, tau = torch.geqrf(a)
    q = torch.linalg.householder_product(x, tau)
    return q * x.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """Maps any matrix to one with orthonormal rows or columns.

    Lezcano-Casado, Trivializations for gradient-based optimization on manifolds (2019).
    """

    def __init__(self, weight, orthogonal_map: str, *, use_trivialization: bool = True):
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x):
        """The orthogonal matrix of a parameter."""
        wide = x.shape[-2] < x.shape[-1]
        q = self._map(x.mT if wide else x)
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if wide else q

    def _map(self, x):
        n, k = x.shape[-2:]
        if self.orthogonal_map == "householder":
            a = x.tril(-1)
            tau = 2.0 / (1.0 + (a * a).sum(dim=-2))
            q = torch.linalg.householder_product(a, tau)
            return q * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        x = x.tril()
        if n != k:
            x = torch.cat([x, x.new_zeros(*x.shape[:-2], n, n - k)], dim=-1)
        a = x - x.mH
        if self.orthogonal_map == "matrix_exp":
            q = torch.linalg.matrix_exp(a)
        else:
            eye = torch.eye(n, dtype=a.dtype, device=a.device)
            q = torch.linalg.solve(eye - a * 0.5, eye + a * 0.5)
        return q[..., :k] if n != k else q

    @no_grad()
    def right_inverse(self, q):
        """A parameter that gives a matrix (or the nearest orthogonal one)."""
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {q.shape}."
            )
        like, wide = q, q.shape[-2] < q.shape[-1]
        q = q.mT if wide else q
        if not hasattr(self, "base"):
            return self._reflections(q, wide)
        n, k = q.shape[-2:]
        if n != k:
            more = torch.randn(*q.shape[:-2], n, n - k, dtype=q.dtype, device=q.device)
            q = _make_orthogonal(torch.cat([q, more], dim=-1))
        else:
            q = q.clone() if _is_orthogonal(q) else _make_orthogonal(q)
        self.base = q
        start = torch.zeros_like(like)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start

    def _reflections(self, q, wide: bool):
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        a, tau = torch.geqrf(q)
        diagonal = a.diagonal(dim1=-2, dim2=-1)
        diagonal.copy_(torch.where(tau == 0, -diagonal.sign(), diagonal.sign()))
        return a.mT if wide else a


def orthogonal(
    module, name: str = "weight", orthogonal_map: str | None = None, *,
    use_trivialization: bool = True,
) -> Module:  # fmt: skip
    """Keeps a matrix (or a batch of matrices) orthogonal or unitary.

    `orthogonal_map`: 'matrix_exp', 'cayley' or 'householder'.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3))
    >>> torch.allclose(layer.weight @ layer.weight.T, torch.eye(3), atol=1e-5)
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, torch.Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
            f"{orthogonal_map}"
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    register_parametrization(module, name, made, unsafe=True)
    return module


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        """The weight of its length and its direction."""
        return normalized(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        """(length, direction)."""
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module, name: str = "weight", dim: int | None = 0) -> Module:
    """Reparametrises a weight by its length (original0) and its direction (original1).

    >>> import numtorch as torch
    >>> fc = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2))
    >>> fc.parametrizations.weight.original0.shape
    torch.Size([2, 1])
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def take_old_keys(state_dict, prefix, *rest) -> None:
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in old):
            for k, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{k}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(take_old_keys)
    return module


class _SpectralNorm(Module):
    """Divides a weight by its largest singular value, found by power iterations.

    Miyato et al., Spectral normalization for generative adversarial networks (2018).
    """

    def __init__(self, weight, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12):
        super().__init__()
        rank = weight.ndim
        if not -rank <= dim < rank:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{rank}, {rank - 1}] but "
                f"got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % rank, eps
        if rank > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            for name, n in zip(("_u", "_v"), matrix.shape):
                start = torch.randn(n, dtype=weight.dtype, device=weight.device)
                self.register_buffer(name, unit(start, eps))
            self._power_method(matrix, 15)

    @no_grad()
    def _power_method(self, matrix, times: int) -> None:
        u, v = self._u, self._v
        for _ in range(times):
            u = unit(torch.mv(matrix, v), self.eps)
            v = unit(torch.mv(matrix.mH, u), self.eps)
        self._u.copy_(u)
        self._v.copy_(v)

    def forward(self, weight):
        """The weight with a largest singular value of about 1."""
        if weight.ndim == 1:
            return unit(weight, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Copies: the next iteration must not change what this one's gradient needs.
        u, v = self._u.clone(), self._v.clone()
        return weight / torch.vdot(u, torch.mv(matrix, v))

    def right_inverse(self, value):
        """The value: it is normalised by the next forward."""
        return value


def default_dim(module) -> int:
    """The dim of the outputs in a layer's weight."""
    transposed = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
    return int(any(cls.__name__ in transposed for cls in type(module).__mro__))


def spectral_norm(
    module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
    dim: int | None = None,
) -> Module:  # fmt: skip
    """Divides a weight by its largest singular value.

    >>> import numtorch as torch
    >>> layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 2))
    >>> torch.nn.utils.parametrize.is_parametrized(layer, "weight")
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, torch.Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    dim = default_dim(module) if dim is None else dim
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module
