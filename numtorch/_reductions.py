"""Reductions, matmul, where and softmax, as Tensor methods and functions."""

from __future__ import annotations

from collections import namedtuple

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._shape_ops import to
from ._tensor import Tensor, check_dim

max_result = namedtuple("max", ("values", "indices"))
min_result = namedtuple("min", ("values", "indices"))


def _dims(t: Tensor, dim) -> tuple[int, ...]:
    rank = len(t._v.meta.shape)
    if dim is None or dim == ():
        return tuple(range(rank))
    if isinstance(dim, int):
        return (check_dim(dim, rank),) if rank else _scalar_dim(dim)
    dims = tuple(check_dim(d, rank) for d in dim)
    for k, d in enumerate(dims):
        if d in dims[:k]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims


def _scalar_dim(dim: int) -> tuple[int, ...]:
    check_dim(dim, 0)
    return ()


def _reduction(op: str, name: str):
    row = OPS[op]

    def method(self, dim=None, keepdim=False, *, dtype=None):
        if dtype is not None:
            self = to(self, dtype)
        return local.tape.record(row, (self,), (_dims(self, dim), bool(keepdim)))

    method.__name__ = name
    method.__doc__ = f"{name} over the given dims (all by default)."
    return method


sum = _reduction("reduce_sum", "sum")
_any, _all = _reduction("any", "any"), _reduction("all", "all")


def mean(self, dim=None, keepdim=False, *, dtype=None):
    """Mean over the given dims; floating dtypes only."""
    if dtype is not None:
        self = to(self, dtype)
    if self.dtype.kind != "f":
        name = {"i": self.dtype.tensor_type.replace("Tensor", ""), "b": "Bool"}[self.dtype.kind]
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {name}"
        )
    return local.tape.record(OPS["mean"], (self,), (_dims(self, dim), bool(keepdim)))


def prod(self, dim=None, keepdim=False, *, dtype=None):
    """Product over one dim, or over all."""
    if dtype is not None:
        self = to(self, dtype)
    return local.tape.record(OPS["reduce_prod"], (self,), (_dims(self, dim), bool(keepdim)))


def _check_nonempty(t: Tensor, dims: tuple, name: str) -> None:
    """IndexError when a reduced dim (as the user counts it) has no elements."""
    shape = t._v.meta.shape
    if t.numel() == 0:
        for d in dims:
            if shape and -len(shape) <= d < len(shape) and shape[d] == 0:
                raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _extreme(op: str, name: str):
    row = OPS[op]

    def method(self, dim=(), keepdim=False):
        return _extreme_of(row, name, self, dim, keepdim)

    method.__name__ = name
    method.__doc__ = f"{name} over the given dims; ties share the gradient."
    return method


def _extreme_of(row, name: str, t: Tensor, dim, keepdim) -> Tensor:
    if (dim is None or dim == ()) and t.numel() == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
            "reduction dim with the 'dim' argument."
        )
    _check_nonempty(t, (dim,) if isinstance(dim, int) else dim or (), name)
    return local.tape.record(row, (t,), (_dims(t, dim), bool(keepdim)))


amax, amin = _extreme("reduce_amax", "amax"), _extreme("reduce_amin", "amin")


def _arg(op: str, name: str):
    row = OPS[op]

    def method(self, dim=None, keepdim=False):
        if dim is not None and self.dim():
            _check_nonempty(self, (check_dim(dim, self.dim()),), name)
            return local.tape.record(row, (self,), (_dims(self, dim), bool(keepdim)))
        if dim is not None:
            check_dim(dim, 0)
        if self.numel() == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            )
        out = local.tape.record(row, (self.reshape(-1),), ((0,), False))
        return out.reshape((1,) * self.dim()) if keepdim else out

    method.__name__ = name
    method.__doc__ = f"Index of the first extreme ({name}) along a dim, or of the flat tensor."
    return method


argmax, argmin = _arg("reduce_argmax", "argmax"), _arg("reduce_argmin", "argmin")


def _max(name: str, arg, elementwise: str, result):
    row = OPS["reduce_a" + name]

    def method(self, dim=None, keepdim=False, *, other=None):
        if isinstance(dim, Tensor) or other is not None:
            return getattr(self, elementwise)(dim if other is None else other)
        if dim is None:
            return _extreme_of(row, name, self, None, False)
        if self.dim():
            _check_nonempty(self, (check_dim(dim, self.dim()),), name)
        at = arg(self, dim, True)
        values = gather_known(self, dim, at)
        if not keepdim and self.dim():
            values, at = values.squeeze(dim), at.squeeze(dim)
        return result(values, at)

    method.__doc__ = "Extreme of all elements, or (values, indices) along a dim, or elementwise."
    return method


def gather_known(t: Tensor, dim: int, index: Tensor) -> Tensor:
    """gather with an index of size 1 along the dim that is known to be in range."""
    if not t.dim():
        return t.clone()
    return local.tape.record(OPS["gather"], (t, index), (check_dim(dim, t.dim()), "index"))


max = _max("max", argmax, "maximum", max_result)
min = _max("min", argmin, "minimum", min_result)


def var(self, dim=None, *args, unbiased=None, correction=None, keepdim=False):
    """Variance over the given dims; `correction` (default 1) is subtracted from the count."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if args:
        unbiased = args[0]
        keepdim = args[1] if len(args) > 1 else keepdim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if self.dtype.kind != "f":
        raise RuntimeError("std and var only support floating point and complex dtypes")
    attrs = (_dims(self, dim), correction, bool(keepdim))
    return local.tape.record(OPS["var"], (self,), attrs)


def std(self, dim=None, *args, unbiased=None, correction=None, keepdim=False):
    """Standard deviation: the square root of `var`."""
    return var(self, dim, *args, unbiased=unbiased, correction=correction, keepdim=keepdim).sqrt()


def logsumexp(self, dim, keepdim=False):
    """log(sum(exp(x))) over the dims, without overflow."""
    return local.tape.record(OPS["logsumexp"], (self,), (_dims(self, dim), bool(keepdim)))


def softmax(self, dim, dtype=None):
    """exp(x) / sum(exp(x)) along a dim."""
    x = to(self, dtype) if dtype is not None else self
    _float_only(x, "softmax_lastdim_kernel_impl")
    return _along("softmax", x, dim)


def log_softmax(self, dim, dtype=None):
    """log(softmax(x)) along a dim."""
    x = to(self, dtype) if dtype is not None else self
    _float_only(x, "log_softmax_lastdim_kernel_impl")
    return _along("log_softmax", x, dim)


def _along(op: str, x: Tensor, dim: int) -> Tensor:
    d = check_dim(dim, x.dim())
    if x.dim():
        return local.tape.record(OPS[op], (x,), (d,))
    return local.tape.record(OPS[op], (x.reshape(1),), (0,)).reshape(())


def _float_only(x: Tensor, kernel: str) -> None:
    if x.dtype.kind != "f":
        from ._methods import _c_name

        raise NotImplementedError(f'"{kernel}" not implemented for \'{_c_name(x.dtype)}\'')


# ---------------------------------------------------------------- matmul


def matmul(self: Tensor, other: Tensor) -> Tensor:
    """Matrix product of 1-D, 2-D or batched operands of one dtype."""
    if not isinstance(other, Tensor):
        raise TypeError(
            f"matmul(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}"
        )
    a, b = self._v.meta, other._v.meta
    if not a.shape or not b.shape:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {len(a.shape)}D and "
            f"{len(b.shape)}D"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_type(a.dtype)} != "
            f"{_c_type(b.dtype)}"
        )
    inner = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
    if a.shape[-1] != inner:
        _mismatch(a.shape, b.shape)
    return local.tape.record(OPS["matmul"], (self, other))


def _mismatch(a, b):
    if len(a) == 1 and len(b) == 1:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a[0]}] and src [{b[0]}] to have the same "
            f"number of elements, but got {a[0]} and {b[0]} elements respectively"
        )
    if len(b) == 1:
        raise RuntimeError(
            f"size mismatch, got input ({a[-2]}), mat ({a[-2]}x{a[-1]}), vec ({b[0]})"
        )
    rows = 1
    for s in a[:-1]:
        rows *= s
    if len(a) > 2 and len(b) > 2:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b[0]}, {a[-1]}] but "
            f"got: [{b[0]}, {b[-2]}]."
        )
    raise RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1]} and {b[-2]}x{b[-1]})"
    )


def _c_type(d) -> str:
    names = {"f32": "float", "f64": "double", "i64": "long", "i32": "int", "b1": "bool"}
    return names.get(d.short, d.name)


def mm(self, mat2):
    """Product of two matrices."""
    for x in (self, mat2):
        if x.dim() != 2:
            raise RuntimeError(f"{'self' if x is self else 'mat2'} must be a matrix")
    return matmul(self, mat2)


def bmm(self, mat2):
    """Product of two batches of matrices [b, m, k] and [b, k, n]."""
    for name, x in (("batch1", self), ("batch2", mat2)):
        if x.dim() != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    return matmul(self, mat2)


def mv(self, vec):
    """Matrix times vector."""
    return matmul(self, vec)


def dot(self, other):
    """Inner product of two vectors."""
    if self.dim() != 1 or other.dim() != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {self.dim()}D and {other.dim()}D tensors"
        )
    return matmul(self, other)


def addmm(self, mat1, mat2, *, beta=1, alpha=1):
    """beta * self + alpha * (mat1 @ mat2)."""
    out = mm(mat1, mat2)
    out = out if alpha == 1 else out * alpha
    return out + (self if beta == 1 else self * beta)


# ---------------------------------------------------------------- selection


def where(condition: Tensor, input=None, other=None):
    """input where the condition holds, else other."""
    if condition.dtype.kind != "b":
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{_methods_name(condition)}"
        )
    return local.tape.record(OPS["where"], (condition, input, other))


def _methods_name(t: Tensor) -> str:
    from ._methods import _c_name

    return _c_name(t.dtype)


def masked_fill(self, mask, value):
    """self with `value` where the mask holds."""
    value = value.item() if isinstance(value, Tensor) else value
    if self.dtype.kind == "f":
        value = float(value)
    out = where(mask, value, self)
    return out if out.dtype is self.dtype else out.to(self.dtype)


def clamp(self, min=None, max=None):
    """Values limited to min..max (numbers or tensors); NaN stays."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    out = self
    if min is not None:
        out = where(out < min, min, out)
    if max is not None:
        out = where(out > max, max, out)
    return out


def clamp_min(self, min):
    """Values of at least min."""
    return clamp(self, min=min)


def clamp_max(self, max):
    """Values of at most max."""
    return clamp(self, max=max)


def lerp(self, end, weight):
    """self + weight * (end - self)."""
    return self + weight * (end - self)


def addcmul(self, tensor1, tensor2, *, value=1):
    """self + value * tensor1 * tensor2."""
    return self + value * tensor1 * tensor2


def addcdiv(self, tensor1, tensor2, *, value=1):
    """self + value * tensor1 / tensor2."""
    return self + value * tensor1 / tensor2


def norm(self, p=2.0, dim=None, keepdim=False):
    """Vector p-norm over the dims."""
    if p == float("inf"):
        return self.abs().amax(() if dim is None else dim, keepdim)
    if p in (2, 2.0, "fro"):
        return (self * self).sum(dim, keepdim).sqrt()
    return (self.abs() ** p).sum(dim, keepdim) ** (1.0 / p)


def allclose(input, other, rtol=1e-5, atol=1e-8, equal_nan=False) -> bool:
    """True if |input - other| <= atol + rtol * |other| everywhere."""
    close = (input - other).abs() <= atol + rtol * other.abs()
    close = close | (input == other)
    if equal_nan:
        close = close | (input.isnan() & other.isnan())
    return bool(close.all())


def equal(input, other) -> bool:
    """True if shapes and all elements are equal."""
    return input.shape == other.shape and bool((input == other).all())


METHODS = {
    "sum": sum, "any": _any, "all": _all, "mean": mean, "prod": prod, "amax": amax, "amin": amin,
    "argmax": argmax, "argmin": argmin, "max": max, "min": min, "var": var, "std": std,
    "logsumexp": logsumexp, "softmax": softmax, "log_softmax": log_softmax, "matmul": matmul,
    "mm": mm, "bmm": bmm, "mv": mv, "dot": dot, "addmm": addmm, "masked_fill": masked_fill,
    "clamp": clamp, "clip": clamp, "clamp_min": clamp_min, "clamp_max": clamp_max, "lerp": lerp,
    "addcmul": addcmul, "addcdiv": addcdiv, "norm": norm, "allclose": allclose, "equal": equal,
}  # fmt: skip
IN_PLACE = ("masked_fill", "clamp", "clamp_min", "clamp_max", "lerp", "addcmul", "addcdiv", "addmm")


def install(functions: dict) -> None:
    """Adds the methods to Tensor, and the functions to the given namespace."""
    from ._methods import inplace

    for name, method in METHODS.items():
        setattr(Tensor, name, method)
        functions[name] = method
    for name in IN_PLACE:
        setattr(Tensor, name + "_", inplace(METHODS[name], name))
    Tensor.where = lambda self, condition, other: where(condition, self, other)
    Tensor.__matmul__ = lambda a, b: matmul(a, b) if isinstance(b, Tensor) else NotImplemented
    functions["where"] = where
