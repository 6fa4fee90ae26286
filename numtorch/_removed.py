"""Tensor methods that PyTorch deprecated or removed: they warn, or say what to use instead."""

from __future__ import annotations

import warnings

from ._descriptors import memory_format
from ._tensor import Tensor

_REMOVED = {
    "eig": "`torch.linalg.eig`, which returns complex tensors",
    "symeig": "`torch.linalg.eigh` (UPLO='U' for the upper triangle)",
    "lstsq": "`torch.linalg.lstsq`, whose arguments are reversed",
    "solve": "`torch.linalg.solve`, whose arguments are reversed",
}


def _removed(name: str, instead: str):
    def method(self: Tensor, *args, **kwargs) -> Tensor:
        raise RuntimeError(
            "This function was deprecated since version 1.9 and is now removed. Instead of "
            f"`torch.{name}` use {instead}."
        )

    method.__name__, method.__doc__ = name, f"RuntimeError: use {instead}."
    return method


def _reinforce(self: Tensor, reward) -> None:
    """RuntimeError: use the log_prob of a distribution."""
    raise RuntimeError(
        "reinforce() was removed.\nUse torch.distributions instead: "
        "loss = -distribution.log_prob(action) * reward"
    )


def _resize(self: Tensor, *sizes) -> Tensor:
    """A copy with other sizes (deprecated: use view or reshape).

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3, 4]).resize(2, 2)
    tensor([[1, 2],
            [3, 4]])
    """
    warnings.warn("non-inplace resize is deprecated", stacklevel=2)
    shape = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
    return self.clone().reshape(-1)[: _count(shape, self)].reshape(shape)


def _resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """A copy with the sizes of another tensor (deprecated).

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3, 4]).resize_as(torch.zeros(2, 2))
    tensor([[1, 2],
            [3, 4]])
    """
    warnings.warn("non-inplace resize_as is deprecated", stacklevel=2)
    shape = tuple(tensor.shape)
    return self.clone().reshape(-1)[: _count(shape, self)].reshape(shape)


def _count(shape, t: Tensor) -> int:
    n = 1
    for size in shape:
        n *= size
    if n != t.numel():
        raise RuntimeError(
            f"requested resize to {'x'.join(map(str, shape))} ({n} elements in total), but the "
            f"given tensor has a size of {'x'.join(map(str, t.shape))} ({t.numel()} elements). "
            "autograd's resize can only change the shape of a given tensor, while preserving the "
            "number of elements. "
        )
    return n


def _dim_order(self: Tensor, *, ambiguity_check: bool | list = False) -> tuple[int, ...]:
    """The dims from the one with the largest stride to the one with the smallest.

    >>> import numtorch as torch
    >>> torch.empty(2, 3, 4).transpose(0, 2).dim_order()
    (2, 1, 0)

    ambiguity_check: RuntimeError if sizes of 1 or 0 leave more than one order; a list of memory
    formats: only among these.
    """
    order = tuple(sorted(range(self.dim()), key=lambda d: (-self.stride(d), -self.shape[d])))
    if ambiguity_check is False:
        return order
    formats = ambiguity_check if isinstance(ambiguity_check, list) else []
    known = all(isinstance(f, memory_format) for f in formats)
    if not known or not isinstance(ambiguity_check, (bool, list)):
        raise TypeError("The ambiguity_check argument must be a bool or a list of memory formats.")
    several = len({self.stride(d) for d in order}) < self.dim() or 1 in self.shape
    if several and sum(self.is_contiguous(memory_format=f) for f in formats) != 1:
        raise RuntimeError(
            "The tensor does not have unique dim order, or cannot map to exact one of the given "
            "memory formats."
        )
    return order


def _module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What load_state_dict puts in place of self: other itself, or self with its values.

    >>> import numtorch as torch
    >>> torch.zeros(2).module_load(torch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    if assign:
        return other.detach()
    return self.copy_(other.detach()).detach()


def install() -> None:
    """Adds the methods to Tensor."""
    for name, instead in _REMOVED.items():
        setattr(Tensor, name, _removed(name, instead))
    Tensor.reinforce, Tensor.resize, Tensor.resize_as = _reinforce, _resize, _resize_as
    Tensor.dim_order, Tensor.module_load = _dim_order, _module_load
