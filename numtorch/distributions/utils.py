"""What distributions share: broadcasting parameters, lazy ones, probabilities and their logits."""

from __future__ import annotations

import numtorch as torch

euler_constant = 0.57721566490153286060
_NUMBER = (int, float, bool)

__all__ = [
    "broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits",
    "tril_matrix_to_vec", "vec_to_tril_matrix",
]  # fmt: skip


def broadcast_all(*values) -> tuple[torch.Tensor, ...]:
    """Tensors of one shape; Python numbers get the dtype and device of the first tensor.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import broadcast_all
    >>> [tuple(t.shape) for t in broadcast_all(torch.zeros(2, 1), torch.ones(3), 1.0)]
    [(2, 3), (2, 3), (2, 3)]
    """
    tensors = [v for v in values if isinstance(v, torch.Tensor)]
    if len(tensors) != len(values):
        if not all(isinstance(v, (torch.Tensor, *_NUMBER)) for v in values):
            raise ValueError(
                "Input arguments must all be instances of Number, "
                "torch.Tensor or objects implementing __torch_function__."
            )
        dtype = tensors[0].dtype if tensors else torch.get_default_dtype()
        device = tensors[0].device if tensors else None
        values = [
            v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=dtype, device=device)
            for v in values
        ]
    if len({v.shape for v in values}) == 1:
        return tuple(values)
    return tuple(torch.broadcast_tensors(*values))


def _standard_normal(shape, dtype, device) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype, device=device)


def _sum_rightmost(value: torch.Tensor, dim: int) -> torch.Tensor:
    """The sum over the last `dim` dimensions."""
    return value.sum(tuple(range(-dim, 0))) if dim else value


def logits_to_probs(logits: torch.Tensor, is_binary: bool = False) -> torch.Tensor:
    """Probabilities of log-odds (`is_binary`), or of log-weights over the last dimension.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import logits_to_probs
    >>> logits_to_probs(torch.zeros(2), is_binary=True)
    tensor([0.5000, 0.5000])
    """
    return logits.sigmoid() if is_binary else logits.softmax(-1)


def clamp_probs(probs: torch.Tensor) -> torch.Tensor:
    """Probabilities kept one rounding error away from 0 and 1.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import clamp_probs
    >>> bool(clamp_probs(torch.zeros(1)) > 0)
    True
    """
    eps = torch.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: torch.Tensor, is_binary: bool = False) -> torch.Tensor:
    """The inverse of `logits_to_probs`, finite at probabilities of 0 and 1.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import probs_to_logits
    >>> probs_to_logits(torch.tensor([0.5]), is_binary=True)
    tensor([0.])
    """
    probs = clamp_probs(probs)
    return probs.log() - (-probs).log1p() if is_binary else probs.log()


class lazy_property:  # noqa: N801
    """A property that is computed at its first use and kept on the instance.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import lazy_property
    >>> class Square:
    ...     @lazy_property
    ...     def area(self):
    ...         print("computed")
    ...         return 4
    >>> square = Square()
    >>> square.area + square.area
    computed
    8
    """

    def __init__(self, wrapped):
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        with torch.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def tril_matrix_to_vec(mat: torch.Tensor, diag: int = 0) -> torch.Tensor:
    """The entries on and under a diagonal of [..., n, n], row by row.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import tril_matrix_to_vec
    >>> tril_matrix_to_vec(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 3, 4])
    """
    n = mat.shape[-1]
    if diag < -n or diag >= n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = torch.tril_indices(n, n, diag)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: torch.Tensor, diag: int = 0) -> torch.Tensor:
    """The inverse of `tril_matrix_to_vec`: [..., n, n] with zeros elsewhere.

    >>> import numtorch as torch
    >>> from numtorch.distributions.utils import vec_to_tril_matrix
    >>> vec_to_tril_matrix(torch.tensor([1.0, 3.0, 4.0]))
    tensor([[1., 0.],
            [3., 4.]])
    """
    # n x n has m = n (n + 1 + 2 diag) / 2 - |diag| (diag + 1) / 2 entries up to a diagonal.
    m = vec.shape[-1]
    n = (-(1 + 2 * diag) + ((1 + 2 * diag) ** 2 + 8 * m + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(n) - n > torch.finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {m} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    n = round(n)
    rows, columns = torch.tril_indices(n, n, diag)
    # A gather from [0, vec]: place of every entry in the vector, 0 for what is above.
    at = torch.zeros(n, n, dtype=torch.int64)
    at[rows, columns] = torch.arange(1, m + 1)
    padded = torch.nn.functional.pad(vec, (1, 0))
    return padded[..., at]
