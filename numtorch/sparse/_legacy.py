"""torch.sparse.FloatTensor and the like: what sparse_coo_tensor was called."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from ._coo import CooTensor


class sparsetype(type):
    """Sparse tensors of one dtype are the instances of such a class."""

    def __instancecheck__(cls, obj) -> bool:
        return isinstance(obj, CooTensor) and obj.dtype is cls.dtype

    def __call__(cls, *args):
        import numtorch as torch

        if not args or all(isinstance(a, int) for a in args):
            none = torch.zeros(len(args) or 1, 0, dtype=torch.int64)
            return torch.sparse_coo_tensor(none, torch.zeros(0, dtype=cls.dtype), args or (0,))
        if len(args) == 1:
            none = torch.zeros(len(args[0]), 0, dtype=torch.int64)
            return torch.sparse_coo_tensor(none, torch.zeros(0, dtype=cls.dtype), args[0])
        return torch.sparse_coo_tensor(*args, dtype=cls.dtype)


LEGACY = {
    d.tensor_type: sparsetype(d.tensor_type, (), {"dtype": d, "__module__": "torch.sparse"})
    for d in _d.ALL if not d.is_complex
}  # fmt: skip
