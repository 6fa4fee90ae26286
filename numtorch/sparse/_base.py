"""What all sparse layouts share: a tensor that consists of dense index and value tensors."""

from __future__ import annotations

from .._descriptors import Size
from .._tensor import Tensor

_new = object.__new__


def unsupported(name: str, layout: str) -> NotImplementedError:
    """PyTorch's error of an op that a sparse layout does not have."""
    backend = "SparseCPU" if layout == "sparse_coo" else "SparseCsrCPU"
    return NotImplementedError(
        f"Could not run 'aten::{name}' with arguments from the '{backend}' backend. This op is not "
        f"implemented for {layout} tensors; convert with to_dense() first."
    )


class SparseTensor(Tensor, internal=True):
    """A tensor whose elements are zero but for the given values.

    Gradients belong to the values: a result is differentiable in the values it was made from.
    Ops that have no sparse meaning raise NotImplementedError.
    """

    _layout = ""
    _shape: tuple[int, ...]
    _vals: Tensor

    @property
    def _v(self):
        raise unsupported("op", self._layout)

    def __init__(self, *args, **kwargs):
        raise TypeError("sparse tensors are made by torch.sparse_coo_tensor and its like")

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        """torch.name(sparse, ...) is the method; functions of several tensors have a table."""
        kwargs = {k: v for k, v in (kwargs or {}).items() if v is not None}
        name = func.__name__
        handler = HANDLERS.get(name)
        if handler is not None:
            return handler(*args, **kwargs)
        if args and isinstance(args[0], SparseTensor):
            method = getattr(type(args[0]), name, None)
            if method is not None and method is not getattr(Tensor, name, None):
                return method(*args, **kwargs)
        raise unsupported(name, cls._layout)

    # -- description

    @property
    def shape(self) -> Size:
        return Size(self._shape)

    def size(self, dim: int | None = None):
        """The shape, or the size of one dim."""
        return self.shape if dim is None else self._shape[_dim(dim, len(self._shape))]

    @property
    def dtype(self):
        return self._vals.dtype

    @property
    def ndim(self) -> int:
        return len(self._shape)

    def dim(self) -> int:
        """Number of dims, sparse and dense."""
        return len(self._shape)

    def numel(self) -> int:
        """Number of elements, zeros too."""
        return self.shape.numel()

    nelement = numel

    @property
    def is_sparse(self) -> bool:
        return self._layout == "sparse_coo"

    @property
    def is_sparse_csr(self) -> bool:
        return self._layout == "sparse_csr"

    @property
    def layout(self):
        import numtorch

        return getattr(numtorch, self._layout)

    def stride(self, dim=None):
        """Zeros: sparse tensors have no strides."""
        return (0,) * len(self._shape) if dim is None else 0

    def is_contiguous(self, memory_format=None) -> bool:
        """PyTorch says True."""
        return True

    def _nnz(self) -> int:
        return self._vals.size(0)

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a 0-d tensor")
        return self._shape[0]

    # -- gradients: those of the values

    @property
    def requires_grad(self) -> bool:
        return self._vals.requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad: bool = True):
        """Marks the values for gradients."""
        self._vals.requires_grad_(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        return self._vals.is_leaf

    @property
    def grad_fn(self):
        return self._vals.grad_fn

    @property
    def grad(self):
        """The gradient of the values, as a tensor of this layout."""
        g = self._vals.grad
        return None if g is None else self._with(g)

    @grad.setter
    def grad(self, value) -> None:
        self._vals.grad = None if value is None else value._vals

    def detach(self):
        """The same elements without a graph."""
        return self._with(self._vals.detach())

    def retain_grad(self) -> None:
        """Keeps the gradient of the values of a result."""
        self._vals.retain_grad()

    # -- elements

    def _with(self, values: Tensor):
        """A tensor of the same pattern with other values."""
        raise NotImplementedError

    def to_dense(self, dtype=None, *, masked_grad=None) -> Tensor:
        """The tensor with all its zeros."""
        raise NotImplementedError

    def clone(self, *, memory_format=None):
        """A copy with memory of its own."""
        return self._with(self._vals.clone())

    def to(self, *args, **kwargs):
        """Casts the values."""
        return self._with(self._vals.to(*args, **kwargs))

    def numpy(self, *, force: bool = False):
        """TypeError: there is no dense memory to share."""
        raise TypeError(
            "can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first."
        )

    def __array__(self, dtype=None, copy=None):
        return self.numpy()

    def item(self):
        """The number of a tensor with one element."""
        return self.to_dense().item()

    def tolist(self):
        """Nested lists with all zeros."""
        return self.to_dense().tolist()

    def cpu(self):
        """Itself."""
        return self

    def sum(self, dim=None, keepdim: bool = False, *, dtype=None):
        """Sum of all elements (a dense scalar), or over dims (sparse.sum)."""
        if dim is None:
            return self._vals.sum(dtype=dtype)
        from . import sum as sparse_sum

        return sparse_sum(self, dim, dtype=dtype)

    def norm(self, p="fro", dim=None, keepdim=False, dtype=None):
        """Norm of all elements."""
        if dim is not None:
            raise RuntimeError("norm_sparse currently only supports full reductions")
        return self.coalesce()._vals.norm(p) if self.is_sparse else self._vals.norm(p)

    def __neg__(self):
        return self._with(-self._vals)

    neg = __neg__

    def _scaled(self, other, op):
        if isinstance(other, Tensor) and other.dim() > 0:
            raise RuntimeError(
                "Sparse division requires a scalar or zero-dim dense tensor divisor (got shape "
                f"{list(other.shape)} for divisor)"
            )
        return self._with(op(self._vals, other))

    def __truediv__(self, other):
        return self._scaled(other, lambda a, b: a / b)

    def div(self, other, *, rounding_mode=None):
        """Division of the values by a number."""
        return self._scaled(other, lambda a, b: a.div(b, rounding_mode=rounding_mode))

    def __pow__(self, exponent):
        return self.pow(exponent)

    def pow(self, exponent):
        """Power of the values; the exponent is a positive number."""
        if isinstance(exponent, Tensor) or exponent == 0:
            raise RuntimeError("pow: a sparse tensor needs a number other than 0 as exponent")
        base = self.coalesce() if self.is_sparse else self
        return base._with(base._vals**exponent)

    def __hash__(self):
        return id(self)

    def __repr__(self) -> str:
        from ._repr import sparse_repr

        return sparse_repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)


# torch functions of which a sparse tensor may be any operand.
HANDLERS: dict = {}
# Ops that leave zero at zero: they act on the values (of a coalesced tensor unless linear).
ZERO_PRESERVING = (
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "erfinv", "expm1", "floor",
    "frac", "log1p", "rad2deg", "relu", "round", "sgn", "sign", "sin", "sinh", "sqrt", "square",
    "tan", "tanh", "trunc", "isnan", "isinf", "isposinf", "isneginf", "signbit",
)  # fmt: skip
CASTS = ("float", "double", "half", "bfloat16", "int", "long", "short", "bool", "cfloat", "cdouble")


def _on_values(name: str):
    def method(self):
        base = self.coalesce() if self.is_sparse else self
        return base._with(getattr(base._vals, name)())

    method.__name__, method.__doc__ = name, f"{name} of the values (zeros stay zeros)."
    return method


def _cast(name: str):
    def method(self):
        return self._with(getattr(self._vals, name)())

    method.__name__, method.__doc__ = name, f"Casts the values: {name}."
    return method


for _name in ZERO_PRESERVING:
    setattr(SparseTensor, _name, _on_values(_name))
for _name in CASTS:
    setattr(SparseTensor, _name, _cast(_name))


def _dim(dim: int, rank: int) -> int:
    from .._descriptors import check_dim

    return check_dim(dim, rank)
