"""Norms, covariance, and what else is built on sums of squares and products."""

from __future__ import annotations

import math
import warnings

from numtorch.jit import dtypes
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, row_major

from ._api import function
from ._casts import to
from ._descriptors import check_dim
from ._reductions import _dims, _record, sum
from ._tensor import Tensor, dense_types

# ---------------------------------------------------------------- norms


def vector_norm(x: Tensor, p: float, dim=None, keepdim=False) -> Tensor:
    """The p-norm over the dims; its gradient is 0 where the norm is (p = 2)."""
    if x.dtype.kind == "c":
        x = x.abs()
    dims = _dims(x, dim)
    if p < 0 or math.isinf(p):
        _check_norm(x, p, dims)
    if math.isinf(p) and x.dim():
        a = x.abs()
        return _record("reduce_amax" if p > 0 else "reduce_amin", a, dims, keepdim)
    return _record("vector_norm", x, float(p), dims, keepdim)


def _check_norm(x, p, dims) -> None:
    if any(x.shape[d] == 0 for d in dims):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor because the "
            "operation does not have an identity"
        )


@function('norm(Tensor input, any p="fro", dims? dim=None, bool keepdim=False, *, '
          "dtype? dtype=None)", out=True)  # fmt: skip
def norm(input, p="fro", dim=None, keepdim=False, *, dtype=None):
    """p-norm over the dims: 'fro' is the 2-norm, 'nuc' the sum of singular values of a matrix.

    >>> import numtorch as torch
    >>> torch.norm(torch.tensor([[3.0, 4.0], [6.0, 8.0]]), dim=1)
    tensor([ 5., 10.])
    """
    x = input if dtype is None else to(input, dtype)
    if not x.dtype.differentiable:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.scalar_type}"
        )
    if p == "nuc":
        from .linalg import matrix_norm

        return matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim)
    if p == "fro" or p is None:
        p = 2.0
    if isinstance(p, str):
        raise RuntimeError(f"only valid string values are 'fro' and 'nuc', found {p}")
    return vector_norm(x, float(p.item() if p.__class__ in dense_types else p), dim, keepdim)


@function("frobenius_norm(Tensor input, dims dim, bool keepdim=False)", out=True, method=False)
def frobenius_norm(input, dim, keepdim=False):
    """The 2-norm over one dim or two.

    >>> import numtorch as torch
    >>> torch.frobenius_norm(torch.tensor([[1.0, 2.0], [2.0, 4.0]]), (0, 1))
    tensor(5.)
    """
    return norm(input, "fro", dim, keepdim)


@function("nuclear_norm(Tensor input, dims? dim=None, bool keepdim=False)", out=True, method=False)
def nuclear_norm(input, dim=None, keepdim=False):
    """The sum of the singular values of matrices.

    >>> import numtorch as torch
    >>> torch.nuclear_norm(torch.tensor([[3.0, 0.0], [0.0, -4.0]]))
    tensor(7.)
    """
    return norm(input, "nuc", dim, keepdim)


@function("renorm(Tensor input, Number p, int dim, Number maxnorm)", out=True, inplace=True)
def renorm(input, p, dim, maxnorm):
    """Slices along `dim` whose p-norm is above maxnorm are scaled down to it.

    >>> import numtorch as torch
    >>> torch.renorm(torch.tensor([[3.0, 4.0], [0.5, 0.0]]), 2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.5000, 0.0000]])
    """
    for name, value in (("p", p), ("maxnorm", maxnorm)):
        if value.__class__ is complex:
            raise RuntimeError(f"renorm: {name} must be real-valued")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if input.dim() < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {input.dim()} dimensions"
        )
    d = check_dim(dim, input.dim())
    size = vector_norm(input, float(p), tuple(k for k in range(input.dim()) if k != d), True)
    scale = local.tape.record(OPS["where"], (size > maxnorm, maxnorm / (size + 1e-7), 1.0))
    return local.tape.record(OPS["mul"], (input, scale), None, row_major(input._v.meta.shape))


@function("sum_to_size(Tensor input, int[] size)", free=False)
def sum_to_size(input, size):
    """The sum over the dims that broadcasting from `size` would expand.

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2, 3], [4, 5, 6]]).sum_to_size(1, 3)
    tensor([[5, 7, 9]])
    """
    lead = input.dim() - len(size)
    fits = lead >= 0 and all(n in (1, m) for n, m in zip(size, input.shape[lead:]))
    if not fits:
        raise RuntimeError(
            f"size {{{list(size)}}} is not expandable to size {{{list(input.shape)}}}."
        )
    dims = [k for k in range(input.dim()) if k < lead or (
        size[k - lead] == 1 and input.shape[k] != 1)]  # fmt: skip
    if not size:
        return sum(input)  # of a bool too: int64
    out = sum(input, tuple(dims), True) if dims else input
    return out.reshape(size) if lead else out


# ---------------------------------------------------------------- covariance


def _weights(w, name: str, count: int):
    if w is None:
        return None
    if w.dim() > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
            f"{w.dim()} dimensions"
        )
    if (w.dtype.differentiable if name == "fweights" else not w.dtype.is_floating_point):
        kind = "integral" if name == "fweights" else "floating point"
        raise RuntimeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with "
            f"{w.dtype.scalar_type} dtype"
        )
    if w.numel() != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input "
            f"but got {w.numel()} != {count}"
        )
    if (w < 0).any().item():
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return w


@function("cov(Tensor input, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None)")
def cov(input, *, correction=1, fweights=None, aweights=None):
    """Covariance matrix of the rows of [variables, observations] (or of one vector).

    >>> import numtorch as torch
    >>> torch.cov(torch.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, -1.0]]))
    tensor([[ 1., -2.],
            [-2.,  4.]])
    """
    if input.dim() > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.dim()} dimensions"
        )
    if input.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = input if input.dim() == 2 else input.reshape(1, -1)
    if not x.dtype.differentiable:
        x = to(x, dtypes.default)
    count = x.shape[1]
    f, a = _weights(fweights, "fweights", count), _weights(aweights, "aweights", count)
    w = f if a is None else a if f is None else f * a
    total = count if w is None else w.sum()
    center = x.mean(1, True) if w is None else (x * w).sum(1, True) / total
    left = total - correction
    if a is not None and correction:
        left = total - correction * (w * a).sum() / total
    if w is None:
        if left <= 0:
            warnings.warn("cov(): degrees of freedom is <= 0", UserWarning, stacklevel=3)
        left = left if left > 0 else 0
    else:
        left = left.clamp(min=0)
    d = x - center
    right = (d if w is None else d * w).t()
    out = d.matmul(right.conj() if x.dtype.kind == "c" else right.to(d.dtype)) / left
    return out if input.dim() == 2 and input.shape[0] != 1 else out.squeeze()


@function("corrcoef(Tensor input)")
def corrcoef(input):
    """Correlation coefficients of the rows of [variables, observations].

    >>> import numtorch as torch
    >>> torch.corrcoef(torch.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, -1.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.dim() > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.dim()} dimensions"
        )
    c = cov(input)
    if not c.dim():
        return c / c
    d = c.diagonal()
    s = (d.real if c.dtype.kind == "c" else d).sqrt()
    c = c / s.unsqueeze(-1) / s.unsqueeze(0)
    return c if c.dtype.kind == "c" else c.clamp(-1, 1)
