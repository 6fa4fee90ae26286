"""Matrix and tensor products: matmul and its family."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import infer, local

from ._api import alias, function
from ._descriptors import check_dim
from ._methods import _c_name
from ._tensor import Tensor, dense_types

_new = object.__new__
_C_TYPES = {
    "b1": "bool", "u8": "unsigned char", "i8": "signed char", "i16": "short", "i32": "int",
    "i64": "long int", "f16": "c10::Half", "bf16": "c10::BFloat16", "f32": "float",
    "f64": "double", "c64": "c10::complex<float>", "c128": "c10::complex<double>",
}  # fmt: skip


def c_type(d) -> str:
    """The C++ type that PyTorch's errors call a dtype by."""
    return _C_TYPES.get(d.short, d.name)


def record(name: str, operands: tuple, attrs: tuple | None = None) -> Tensor:
    """Records a row."""
    return local.tape.record(OPS[name], operands, attrs)


def shape_of(t: Tensor) -> tuple[int, ...]:
    return t._v.meta.shape


# ---------------------------------------------------------------- matmul

_matmul_op = OPS["matmul"]
_matmul_grad, _matmul_rules = _matmul_op.grad_op, _matmul_op.rules


def product(self: Tensor, other: Tensor) -> Tensor:
    """matmul of two tensors: the hot path, checks run once per pair of shapes and dtypes."""
    tape = local.tape
    win = tape.win
    va = self._v
    a = va.idx if va.win is win else tape.input(self)
    vb = other._v
    b = vb.idx if vb.win is win else tape.input(other)
    ma, mb = self._v.meta, other._v.meta
    m = _matmul_rules.get((None, ma, mb))
    if m is None:
        _check_matmul(ma, mb)
        m = infer(_matmul_op, (ma, mb), None)
    if (self._rg or other._rg) and tape.grad and m.dtype.differentiable:
        return tape.push((_matmul_grad, m, None, a, b), m, 2)
    return tape.push((_matmul_op, m, None, a, b), m, 0)


def _check_matmul(a, b) -> None:
    """PyTorch's errors for the shapes and dtypes of matmul."""
    if not a.shape or not b.shape:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {len(a.shape)}D and "
            f"{len(b.shape)}D"
        )
    vectors = len(a.shape) == 1, len(b.shape) == 1
    if all(vectors):
        return _check_dot(a, b)
    if len(b.shape) == 1:
        _check_same(a, b, "addmv")
        if a.shape[-1] != b.shape[0]:
            raise RuntimeError(_mv_mismatch(_rows(a), a, b.shape[0]))
    elif len(b.shape) == 2:
        _check_same(a, b, "addmm")
        if a.shape[-1] != b.shape[0]:
            raise RuntimeError(_mm_mismatch(_rows(a), a, b))
    else:
        _check_same(a, b, "bmm")
        if a.shape[-1] != b.shape[-2]:
            check_batches(a, b)
            n = 1
            for s in b.shape[:-2]:
                n *= s
            raise RuntimeError(_bmm_mismatch(n, a.shape[-1], n, b.shape[-2]))
    return None


def check_batches(a, b) -> None:
    for k, (m, n) in enumerate(zip(a.shape[-3::-1], b.shape[-3::-1])):
        if m != n and 1 not in (m, n):
            d = max(len(a.shape), len(b.shape)) - 3 - k
            raise RuntimeError(
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) at "
                f"non-singleton dimension {d}"
            )


def _rows(a) -> int:
    n = 1
    for s in a.shape[:-1]:
        n *= s
    return n


def _mm_mismatch(rows, a, b) -> str:
    return (
        f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a.shape[-1]} and "
        f"{b.shape[0]}x{b.shape[1]})"
    )


def _mv_mismatch(first, a, vec) -> str:
    return f"size mismatch, got input ({first}), mat ({_rows(a)}x{a.shape[-1]}), vec ({vec})"


def _bmm_mismatch(n, k, got_n, got_k) -> str:
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{n}, {k}] but got: "
        f"[{got_n}, {got_k}]."
    )


def _check_dot(a, b) -> None:
    if len(a.shape) != 1 or len(b.shape) != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {len(a.shape)}D and {len(b.shape)}D tensors"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{_c_name(a.dtype)} and {_c_name(b.dtype)}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to "
            f"have the same number of elements, but got {a.shape[0]} and {b.shape[0]} elements "
            "respectively"
        )
    no_bool(a.dtype, "dot")


_KERNELS = {"addmm": "addmm_impl_cpu_", "addmv": "addmv_impl_cpu", "bmm": "bmm"}


def _check_same(a, b, kind: str) -> None:
    """Operands of one dtype, which is not bool."""
    if a.dtype is b.dtype:
        return no_bool(a.dtype, _KERNELS[kind])
    if kind == "addmm":
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {c_type(a.dtype)} != "
            f"{c_type(b.dtype)}"
        )
    if kind == "addmv":
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {_c_name(b.dtype)}, "
            f"{_c_name(a.dtype)}, and {_c_name(b.dtype)}"
        )
    raise expected_scalar(a.dtype, b.dtype)


def expected_scalar(want, got) -> RuntimeError:
    """PyTorch's error for operands of different dtypes."""
    return RuntimeError(f"expected scalar type {_c_name(want)} but found {_c_name(got)}")


def no_bool(d, kernel: str) -> None:
    if d.kind == "b":
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


@function("matmul(Tensor input, Tensor other)", out=True)
def matmul(input, other):
    """Matrix product of 1-D, 2-D or batched operands of one dtype; leading dims broadcast.

    >>> import numtorch as torch
    >>> torch.matmul(torch.ones(5, 2, 3), torch.ones(3, 4)).shape
    torch.Size([5, 2, 4])
    """
    return product(input, other)


def _matmul_operator(self, other):
    return product(self, other) if other.__class__ in dense_types else NotImplemented


def _rmatmul_operator(self, other):
    return product(other, self) if other.__class__ in dense_types else NotImplemented


Tensor.__matmul__ = _matmul_operator
Tensor.__rmatmul__ = _rmatmul_operator


@function("mm(Tensor input, Tensor mat2)", out=True)
def mm(input, mat2):
    """Product of two matrices [n, k] and [k, m].

    >>> import numtorch as torch
    >>> torch.mm(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0], [10.0]]))
    tensor([[21.],
            [43.]])
    """
    for name, x in (("self", input), ("mat2", mat2)):
        if len(shape_of(x)) != 2:
            raise RuntimeError(f"{name} must be a matrix")
    return product(input, mat2)


@function("bmm(Tensor input, Tensor mat2)", out=True)
def bmm(input, mat2):
    """Product of two batches of matrices [b, n, k] and [b, k, m].

    >>> import numtorch as torch
    >>> torch.bmm(torch.zeros(5, 2, 3), torch.zeros(5, 3, 4)).shape
    torch.Size([5, 2, 4])
    """
    _check_bmm(input._v.meta, mat2._v.meta)
    return product(input, mat2)


def _check_bmm(a, b) -> None:
    for name, m in (("batch1", a), ("batch2", b)):
        if len(m.shape) != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    _check_same(a, b, "bmm")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(_bmm_mismatch(a.shape[0], a.shape[2], b.shape[0], b.shape[1]))


@function("mv(Tensor input, Tensor vec)", out=True)
def mv(input, vec):
    """Product of a matrix [n, k] and a vector [k].

    >>> import numtorch as torch
    >>> torch.mv(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    a, b = len(shape_of(input)), len(shape_of(vec))
    if a != 2 or b != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a}, {b}")
    return product(input, vec)


@function("dot(Tensor input, Tensor tensor)", out=True)
def dot(input, tensor):
    """Sum of the products of two vectors' elements.

    >>> import numtorch as torch
    >>> torch.dot(torch.tensor([2, 3]), torch.tensor([2, 1]))
    tensor(7)
    """
    _check_dot(input._v.meta, tensor._v.meta)
    return product(input, tensor)


@function("vdot(Tensor input, Tensor other)", out=True)
def vdot(input, other):
    """dot with the first vector's complex conjugate.

    >>> import numtorch as torch
    >>> torch.vdot(torch.tensor([1j, 2 + 0j]), torch.tensor([1j, 1 + 1j]))
    tensor(3.+2.j)
    """
    _check_dot(input._v.meta, other._v.meta)
    return product(conj(input), other)


def conj(x: Tensor) -> Tensor:
    """The complex conjugate; a real tensor is returned as it is."""
    return x.conj() if x.dtype.kind == "c" else x


@function("outer(Tensor input, Tensor vec2)", out=True)
def outer(input, vec2):
    """All products of two vectors' elements: [n] and [m] give [n, m].

    >>> import numtorch as torch
    >>> torch.outer(torch.tensor([1, 2]), torch.tensor([1, 10, 100]))
    tensor([[  1,  10, 100],
            [  2,  20, 200]])
    """
    for name, x in (("self", input), ("vec2", vec2)):
        if len(shape_of(x)) != 1:
            raise RuntimeError(
                f"outer: Expected 1-D argument {name}, but got {len(shape_of(x))}-D"
            )
    return record("outer", (input, vec2))


alias("ger", "outer")

# ---------------------------------------------------------------- beta * input + alpha * product


def _add_product(name: str, c: Tensor, a: Tensor, b: Tensor, beta, alpha) -> Tensor:
    scalars = (alpha,) if alpha != 1 else ()
    scalars += (beta,) if beta not in (0, 1) else ()
    given = (alpha != 1, beta not in (0, 1), beta != 0)
    return record(name, (c, a, b, *scalars), (given,))


def _expands(c: Tensor, shape: tuple[int, ...]) -> None:
    """PyTorch's error when the added tensor does not broadcast to the product."""
    own = shape_of(c)
    if len(own) > len(shape):
        raise RuntimeError(
            f"expand(torch.{c.dtype.tensor_type}{{{list(own)}}}, size={list(shape)}): the number "
            f"of sizes provided ({len(shape)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(own)})"
        )
    lead = len(shape) - len(own)
    for d in reversed(range(len(own))):
        if own[d] not in (1, shape[lead + d]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[lead + d]}) must match the existing size "
                f"({own[d]}) at non-singleton dimension {lead + d}.  Target sizes: {list(shape)}.  "
                f"Tensor sizes: {list(own)}"
            )


def _size(x: Tensor, d: int) -> int:
    """The size of a dim; PyTorch's IndexError for one that is not there."""
    rank = len(shape_of(x))
    return shape_of(x)[check_dim(d, rank)] if rank else _no_dim(d)


def _no_dim(d: int):
    raise IndexError(f"Dimension specified as {d} but tensor has no dimensions")


def _same_dtype(c: Tensor, *others: Tensor) -> None:
    for x in others:
        if c.dtype is not x.dtype:
            raise RuntimeError(
                f"self and mat2 must have the same dtype, but got {_c_name(c.dtype)} and "
                f"{_c_name(x.dtype)}"
            )
    no_bool(c.dtype, "addmm_impl_cpu_")


@function(
    "addmm(Tensor input, Tensor mat1, Tensor mat2, *, Number beta=1, Number alpha=1)",
    out=True, inplace=True,
)  # fmt: skip
def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta * input + alpha * (mat1 @ mat2); with beta = 0 NaNs in input do not count.

    >>> import numtorch as torch
    >>> torch.addmm(torch.tensor([5.0, 6.0]), torch.tensor([[1.0, 2.0]]), torch.eye(2), alpha=10)
    tensor([[15., 26.]])
    """
    for name, x in (("mat1", mat1), ("mat2", mat2)):
        if len(shape_of(x)) != 2:
            raise RuntimeError(f"{name} must be a matrix, got {len(shape_of(x))}-D tensor")
    a, b = shape_of(mat1), shape_of(mat2)
    if a[1] != b[0]:
        raise RuntimeError(_mm_mismatch(a[0], mat1._v.meta, mat2._v.meta))
    _expands(input, (a[0], b[1]))
    _same_dtype(input, mat1, mat2)
    return _full(_add_product("addmm", input, mat1, mat2, beta, alpha), (a[0], b[1]))


def _full(out: Tensor, shape: tuple[int, ...]) -> Tensor:
    return out if shape_of(out) == shape else out.expand(shape)


@function(
    "addmv(Tensor input, Tensor mat, Tensor vec, *, Number beta=1, Number alpha=1)",
    out=True, inplace=True,
)  # fmt: skip
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta * input + alpha * (mat @ vec).

    >>> import numtorch as torch
    >>> torch.addmv(torch.tensor([1.0, 2.0]), torch.eye(2), torch.tensor([10.0, 20.0]))
    tensor([11., 22.])
    """
    ranks = [len(shape_of(x)) for x in (input, mat, vec)]
    if ranks[1] != 2 or ranks[2] != 1 or ranks[0] > 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {ranks[0]}, {ranks[1]}, {ranks[2]}"
        )
    n, k = shape_of(mat)
    first = input.numel() if ranks[0] else 1
    if k != shape_of(vec)[0] or first not in (1, n):
        raise RuntimeError(_mv_mismatch(first, mat._v.meta, shape_of(vec)[0]))
    kinds = [x.dtype for x in (input, mat, vec)]
    if len(set(kinds)) > 1:
        a, b, c = map(_c_name, kinds)
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {a}, {b}, and {c}"
        )
    no_bool(input.dtype, "addmv_impl_cpu")
    return _add_product("addmv", input, mat, vec, beta, alpha)


@function(
    "addr(Tensor input, Tensor vec1, Tensor vec2, *, Number beta=1, Number alpha=1)",
    out=True, inplace=True,
)  # fmt: skip
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta * input + alpha * outer(vec1, vec2).

    >>> import numtorch as torch
    >>> torch.addr(torch.zeros(2, 3), torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0, 100.0]))
    tensor([[  1.,  10., 100.],
            [  2.,  20., 200.]])
    """
    for name, x in (("vec1", vec1), ("vec2", vec2)):
        if len(shape_of(x)) != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {len(shape_of(x))}-D")
    shape = (shape_of(vec1)[0], shape_of(vec2)[0])
    _expands(input, shape)
    kinds = {x.dtype.kind for x in (input, vec1, vec2)}
    if kinds <= {"b", "i"}:
        for name, value in (("beta", beta), ("alpha", alpha)):
            if isinstance(value, float):
                raise RuntimeError(
                    f"For integral input tensors, argument {name} must not be a floating point "
                    "number."
                )
    if kinds == {"b"}:
        out = outer(vec1, vec2) if alpha else outer(vec1, vec2) & False
        return out | input if beta else out
    return _full(_add_product("addr", input, vec1, vec2, beta, alpha), shape)


@function(
    "baddbmm(Tensor input, Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1)",
    out=True, inplace=True,
)  # fmt: skip
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta * input + alpha * bmm(batch1, batch2).

    >>> import numtorch as torch
    >>> torch.baddbmm(torch.zeros(4), torch.zeros(5, 2, 3), torch.zeros(5, 3, 4)).shape
    torch.Size([5, 2, 4])
    """
    a, b = batch1._v.meta, batch2._v.meta
    shape = *(_size(batch1, d) for d in (0, 1)), _size(batch2, 2)
    _expands(input, shape)
    for name, m in (("batch1", a), ("batch2", b)):
        if len(m.shape) != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    if input.dtype is not a.dtype:
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {c_type(input.dtype)}, batch1: "
            f"{c_type(a.dtype)}, batch2: {c_type(b.dtype)}"
        )
    _check_bmm(a, b)
    return _add_product("baddbmm", input, batch1, batch2, beta, alpha)


@function(
    "addbmm(Tensor input, Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1)",
    out=True, inplace=True,
)  # fmt: skip
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta * input + alpha * (the sum of the batch's products).

    >>> import numtorch as torch
    >>> torch.addbmm(torch.zeros(4), torch.zeros(5, 2, 3), torch.zeros(5, 3, 4)).shape
    torch.Size([2, 4])
    """
    _expands(input, (_size(batch1, 1), _size(batch2, 2)))
    for name, x in (("batch1", batch1), ("batch2", batch2)):
        if len(shape_of(x)) != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    a, b = shape_of(batch1), shape_of(batch2)
    if a[0] != b[0]:
        raise RuntimeError(
            f"batch1 and batch2 must have same number of batches, got {a[0]} and {b[0]}"
        )
    if a[2] != b[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({a[1]}x{a[2]} and {b[1]}x{b[2]})"
        )
    _same_dtype(input, batch1, batch2)
    return _add_product("addbmm", input, batch1, batch2, beta, alpha)


_addbmm_same_shape = Tensor.addbmm_


def _addbmm_(self, batch1, batch2, *, beta=1, alpha=1):
    """In-place version of :meth:`addbmm`; self takes the shape of the result, as in PyTorch.

    >>> import numtorch as torch
    >>> torch.zeros(2, 4).addbmm_(torch.zeros(5, 2, 3), torch.zeros(5, 3, 4)).shape
    torch.Size([2, 4])
    """
    three = all(isinstance(x, Tensor) and x.dim() == 3 for x in (batch1, batch2))
    if three and not self.requires_grad:
        shape = (batch1.shape[1], batch2.shape[2])
        if self.shape != shape:
            made = self.addbmm(batch1, batch2, beta=beta, alpha=alpha)
            if not made.requires_grad:
                return self.resize_(shape).copy_(made)
    return _addbmm_same_shape(self, batch1, batch2, beta=beta, alpha=alpha)


Tensor.addbmm_ = _addbmm_
