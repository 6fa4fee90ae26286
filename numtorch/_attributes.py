"""Attributes and queries that need no computation, and the legacy tensor classes."""

from __future__ import annotations

from numtorch.jit import dtypes as _d

from ._descriptors import CONSTANTS, Size
from ._examples import described
from ._tensor import Tensor, dense_types

FLAGS = (
    "is_cuda", "is_sparse", "is_quantized", "is_meta", "is_mkldnn", "is_mps", "is_xpu",
    "is_nested", "is_sparse_csr", "is_ipu", "is_maia", "is_vulkan", "is_xla", "is_mtia", "is_cpu",
)  # fmt: skip
DOCS = "Whether the tensor is of this kind: tensors here are dense and on the CPU."


def _constant(name: str, value, doc: str) -> None:
    """Gives Tensor a property that is the same for all."""
    setattr(Tensor, name, property(lambda self: value, doc=described(f"Tensor.{name}", doc)))


def _is_view(self: Tensor) -> bool:
    """True for a differentiable view of another tensor."""
    return self._view is not None and self._view.base is not None


def _base(self: Tensor) -> Tensor | None:
    """The tensor that this one is a view of."""
    return self._view.base if self._view is not None else None


def is_same_size(self: Tensor, other: Tensor) -> bool:
    """True if both have the same shape.

    >>> import numtorch as torch
    >>> torch.zeros(2, 3).is_same_size(torch.zeros(3, 2))
    False
    """
    return self._v.meta.shape == other._v.meta.shape


def get_device(self: Tensor) -> int:
    """-1: the CPU has no number.

    >>> import numtorch as torch
    >>> torch.zeros(2).get_device()
    -1
    """
    return -1


def is_nonzero(input: Tensor) -> bool:
    """Whether a tensor with one element is not zero; RuntimeError for other sizes."""
    if input.numel() != 1:
        what = "no values" if not input.numel() else "more than one value"
        raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
    return bool(input.item())


def typename(obj) -> str:
    """'torch.FloatTensor' for a tensor, else the qualified name of the type.

    >>> import numtorch as torch
    >>> torch.typename(3.5)
    'float'
    """
    if type(obj) is Tensor:
        return f"torch.{obj.dtype.tensor_type}"
    module = getattr(obj, "__module__", "") or ""
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    if named is not obj:
        module = type(obj).__module__
    return named.__qualname__ if module in ("builtins", "") else f"{module}.{named.__qualname__}"


# ---------------------------------------------------------------- classes by dtype


def legacy_new(args: tuple, dtype) -> Tensor:
    """What torch.FloatTensor(...) makes: of sizes, or of a sequence, or nothing."""
    from . import _creation

    if not args:
        return _creation.empty(0, dtype=dtype)
    first = args[0]
    if all(type(a) is int for a in args):
        return _creation.empty(*args, dtype=dtype)
    if len(args) == 1 and isinstance(first, Size):
        return _creation.empty(tuple(first), dtype=dtype)
    if len(args) == 1 and isinstance(first, Tensor):
        if first.dtype is not dtype:
            raise TypeError(
                f"expected {dtype.tensor_type} (got {first.dtype.tensor_type})"
            )
        return first.detach()
    if len(args) == 1 and hasattr(first, "__len__") and not isinstance(first, str):
        return _creation.tensor(first, dtype=dtype)
    raise TypeError(f"new(): invalid data type '{type(first).__name__}'")


class tensortype(type):
    """The classes torch.FloatTensor, ...: tensors of one dtype are their instances."""

    def __instancecheck__(cls, obj) -> bool:
        return obj.__class__ in dense_types and obj.dtype is cls.dtype

    def __call__(cls, *args, **kwargs):
        return legacy_new(args, cls.dtype)


LEGACY = {
    d.tensor_type: tensortype(d.tensor_type, (), {"dtype": d, "__module__": "torch"})
    for d in _d.ALL if not d.is_complex
}  # fmt: skip


def as_type(self: Tensor, dtype=None, non_blocking: bool = False, **_):
    """The name of the type ('torch.FloatTensor'), or the tensor cast to another one.

    >>> import numtorch as torch
    >>> torch.tensor([1.5, 2.5]).type(), torch.tensor([1.5, 2.5]).type(torch.int64)
    ('torch.FloatTensor', tensor([1, 2]))
    """
    if dtype is None:
        return f"torch.{self.dtype.tensor_type}"
    if isinstance(dtype, str):
        found = LEGACY.get(dtype.removeprefix("torch.")) if dtype.startswith("torch.") else None
        if found is None:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = found
    if isinstance(dtype, tensortype):
        dtype = dtype.dtype
    if not isinstance(dtype, _d.DType):
        raise TypeError("dtype must be a type, str, or dtype object")
    return self.to(dtype)


def install(functions: dict) -> None:
    """Adds the attributes to Tensor, and functions and constants to the given namespace."""
    for name in FLAGS:
        _constant(name, name == "is_cpu", DOCS)
    _constant("output_nr", 0, "Which result of its op this is.")
    _constant("layout", CONSTANTS["strided"], "torch.strided: the elements lie at fixed distances.")
    Tensor.names = property(lambda self: (None,) * self.dim(), doc="No dim has a name.")
    Tensor._is_view, Tensor._base = _is_view, property(_base)
    Tensor.is_same_size, Tensor.get_device, Tensor.type = is_same_size, get_device, as_type
    Tensor.ndimension = Tensor.dim
    Tensor.is_nonzero = is_nonzero
    functions.update(CONSTANTS, **LEGACY, is_nonzero=is_nonzero, typename=typename)


__all__ = ["install", "legacy_new", "tensortype", "typename"]
