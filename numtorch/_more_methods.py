"""Methods of Tensor that have no function of the same name."""

from __future__ import annotations

from . import _removed
from ._descriptors import no_device
from ._examples import described
from ._tensor import Tensor
from .nn import functional as F


def _apply(self: Tensor, callable) -> Tensor:
    """Replaces each element by what a Python function makes of it (slow).

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3]).apply_(lambda x: x * x)
    tensor([1, 4, 9])
    """
    from ._creation import tensor

    flat = [callable(v) for v in self.detach().reshape(-1).tolist()]
    return self.copy_(tensor(flat, dtype=self.dtype).reshape(self.shape))


def _map(self: Tensor, other: Tensor, callable) -> Tensor:
    """Replaces each element by a Python function of it and another tensor's (slow).

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3]).map_(torch.tensor([4, 5, 6]), lambda x, y: max(x * 3, y))
    tensor([4, 6, 9])
    """
    from ._creation import tensor

    pairs = zip(self.detach().reshape(-1).tolist(),
                other.detach().expand(self.shape).reshape(-1).tolist())  # fmt: skip
    flat = [callable(a, b) for a, b in pairs]
    return self.copy_(tensor(flat, dtype=self.dtype).reshape(self.shape))


def _fill_diagonal(self: Tensor, fill_value, wrap: bool = False) -> Tensor:
    """Sets the main diagonal; `wrap` starts again below a tall matrix's last column.

    >>> import numtorch as torch
    >>> torch.zeros(2, 3).fill_diagonal_(5)
    tensor([[5., 0., 0.],
            [0., 5., 0.]])
    """
    if self.dim() < 2:
        raise RuntimeError("dimensions must larger than 1")
    if self.dim() > 2 and len(set(self.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    n = min(self.shape)
    step = sum(self.stride())
    with_wrap = wrap and self.dim() == 2 and self.size(0) > self.size(1)
    count = -(-self.size(0) * self.size(1) // (self.size(1) + 1)) if with_wrap else n
    if with_wrap and self.is_contiguous():
        flat = self.view(-1)
        flat[:: self.size(1) + 1] = fill_value
        return self
    self.as_strided((count,), (step,), self.storage_offset()).fill_(fill_value)
    return self


def _only_sparse(name: str, of_dense=None):
    def method(self, *args, **kwargs):
        if of_dense is not None:
            return of_dense(self)
        if name == "is_coalesced":
            raise RuntimeError(
                "is_coalesced expected sparse coordinate tensor layout but got Strided"
            )
        raise RuntimeError(f"{name} expected sparse coordinate tensor layout but got Strided")

    method.__name__ = name
    text = "The number of sparse or of dense dims; a dense tensor has no sparse ones."
    if of_dense is None:
        text = "Of sparse tensors; RuntimeError for dense."
    method.__doc__ = described(f"Tensor.{name}", text)
    return method


def _pin_memory(self: Tensor, device=None) -> Tensor:
    """The tensor itself: only CUDA needs pinned memory."""
    return self


def _is_pinned(self: Tensor, device=None) -> bool:
    """False: pinned memory belongs to CUDA.

    >>> import numtorch as torch
    >>> torch.zeros(2).is_pinned()
    False
    """
    return False


def _is_distributed(self: Tensor) -> bool:
    """False: a tensor belongs to one process.

    >>> import numtorch as torch
    >>> torch.zeros(2).is_distributed()
    False
    """
    return False


def _cuda(self: Tensor, device=None, non_blocking: bool = False, memory_format=None) -> Tensor:
    """AssertionError: there is no CUDA here."""
    raise no_device("cuda")


def _new(self: Tensor, *args, device=None) -> Tensor:
    """A tensor of this dtype: of sizes, of a sequence, or empty.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2]).new([3, 4, 5])
    tensor([3, 4, 5])
    """
    from ._attributes import legacy_new

    return legacy_new(args, self.dtype)


def install(functions: dict) -> None:
    """Gives Tensor the methods."""
    functions["resize_as_"] = Tensor.resize_as_
    _removed.install()
    Tensor.prelu = F.prelu
    Tensor.hardshrink = F.hardshrink
    Tensor.apply_, Tensor.map_ = _apply, _map
    Tensor.fill_diagonal_ = _fill_diagonal
    Tensor.cuda = _cuda
    Tensor.new = _new
    Tensor.pin_memory, Tensor.is_pinned = _pin_memory, _is_pinned
    Tensor.is_distributed = _is_distributed
    for name in ("coalesce", "is_coalesced", "indices", "values", "sparse_dim", "dense_dim",
                 "crow_indices", "col_indices"):  # fmt: skip
        if not hasattr(Tensor, name):
            counts = {"sparse_dim": lambda self: 0, "dense_dim": Tensor.dim}
            setattr(Tensor, name, _only_sparse(name, counts.get(name)))
