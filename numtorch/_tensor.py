"""Tensor: a strided view of a storage whose value may still be pending on the tape."""

from __future__ import annotations

from numtorch.jit import autograd as _autograd
from numtorch.jit import dtypes as _dtypes
from numtorch.jit.interop import export
from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, Storage, View, local, row_major, set_tensor_type

_new = object.__new__


class Size(tuple):
    """A shape: a tuple that prints as torch.Size([2, 3])."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def numel(self) -> int:
        """Number of elements."""
        n = 1
        for s in self:
            n *= s
        return n


class device:
    """Where a tensor lives: 'cpu' here."""

    __slots__ = ("type", "index")

    def __init__(self, type: str | device = "cpu", index: int | None = None):
        if isinstance(type, device):
            type, index = type.type, type.index
        name, _, number = type.partition(":")
        if name == "cuda":
            raise AssertionError("Torch not compiled with CUDA enabled")
        if name != "cpu":
            raise RuntimeError(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, "
                "fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type "
                f"at start "
                f"of device string: {name}"
            )
        self.type, self.index = name, int(number) if number else index

    def __repr__(self) -> str:
        tail = f", index={self.index}" if self.index is not None else ""
        return f"device(type='{self.type}'{tail})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


_CPU = device("cpu")
tensor_types: set[type] = set()  # Tensor and its subclasses: for checks by class


class Tensor:
    """An n-dimensional array with recorded ops and gradients.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    _st: Storage | None = None
    _view: View | None = None
    _rg = 0  # 0 none, 1 leaf that requires grad, 2 result of recorded ops
    _node = None
    _version = 0
    _grad = None
    _retains_grad = False
    _v: Lazy

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        tensor_types.add(cls)

    def __init__(self, data=None):
        from ._creation import tensor

        if data is None:
            data = []
        self._v = tensor(data, dtype=_dtypes.default)._v

    # -- description

    @property
    def shape(self) -> Size:
        return Size(self._v.meta.shape)

    def size(self, dim: int | None = None):
        """The shape, or the size of one dim."""
        if dim is None:
            return self.shape
        return self._v.meta.shape[check_dim(dim, len(self._v.meta.shape))]

    @property
    def dtype(self):
        return self._v.meta.dtype

    @property
    def device(self) -> device:
        return _CPU

    @property
    def is_cuda(self) -> bool:
        return False

    @property
    def ndim(self) -> int:
        return len(self._v.meta.shape)

    def dim(self) -> int:
        """Number of dims."""
        return len(self._v.meta.shape)

    def numel(self) -> int:
        """Number of elements."""
        return self._v.meta.numel

    nelement = numel

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._v.meta.nbytes

    def _strides(self) -> tuple[int, ...]:
        if self._view is not None:
            return self._view.strides
        v = self._st._v if self._st is not None else self._v
        return v.strides if v.strides is not None else row_major(v.meta.shape)

    def stride(self, dim: int | None = None):
        """Strides in elements, or the stride of one dim."""
        s = self._strides()
        return s if dim is None else s[check_dim(dim, len(s))]

    def storage_offset(self) -> int:
        """First element's place in the storage, in elements."""
        return self._view.offset if self._view is not None else 0

    def is_contiguous(self) -> bool:
        """True if the elements lie in row-major order."""
        pairs = zip(self._v.meta.shape, self._strides(), row_major(self._v.meta.shape))
        return self._v.meta.numel == 0 or all(n == 1 or a == b for n, a, b in pairs)

    def data_ptr(self) -> int:
        """Address of the first element (executes what is pending)."""
        return self._value().addr

    @property
    def is_leaf(self) -> bool:
        return self._rg != 2

    @property
    def requires_grad(self) -> bool:
        return self._rg != 0

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Marks a leaf for gradients; RuntimeError for results of recorded ops or integers."""
        if self._rg == 2:
            if not requires_grad:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use "
                    "a computed variable in a subgraph that doesn't require differentiation use "
                    "var_no_grad = var.detach()."
                )
            return self
        if requires_grad and self.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self._rg = 1 if requires_grad else 0
        tape = local.tape
        if requires_grad and self._v.win is tape.win:
            tape.leaves[self._v.idx] = self
        return self

    @property
    def grad(self) -> Tensor | None:
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value._v.meta is not self._v.meta:
                raise RuntimeError(
                    "assigned grad has data of a different size"
                    if value.shape != self.shape else "assigned grad has data of a different type"
                )  # fmt: skip
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def grad_fn(self):
        """An object that names the op this tensor is the result of, or None for leaves."""
        return GradFn(self) if self._rg == 2 else None

    # -- values

    def _value(self) -> Lazy:
        """The value in memory; executes what is pending."""
        v = self._v
        if v.buf is None:
            tape = local.tape
            root = self._st._v if self._view is not None else v
            if root.buf is None and root.win is tape.win:
                tape.flush()
            v = self._v
            if v.buf is None:
                v = tape.locate(self)
        if v.error is not None:
            raise v.error
        return v

    def numpy(self, *, force: bool = False):
        """A NumPy array that shares this tensor's memory."""
        if force:
            return self.detach().numpy()
        if self._rg:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        v = self._value()
        if local.tape.entries:
            local.tape.flush()
        return export(v)

    def __array__(self, dtype=None, copy=None):
        a = self.detach().numpy() if not self._rg else self.numpy()
        return a if dtype is None else a.astype(dtype, copy=False)

    def item(self):
        """The Python number of a tensor with one element."""
        m = self._v.meta
        if m.numel != 1:
            raise RuntimeError(
                f"a Tensor with {m.numel} elements cannot be converted to Scalar"
            )
        return _read_scalar(self._value(), m.dtype)

    def tolist(self):
        """Nested lists of Python numbers (a number for a 0-dim tensor)."""
        return self.detach().numpy().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind == "f" or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        n = self.numel()
        if n != 1:
            what = "no values" if n == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        return bool(self.item())

    def __len__(self) -> int:
        if not self._v.meta.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._v.meta.shape[0]

    def __iter__(self):
        if not self._v.meta.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[i] for i in range(self._v.meta.shape[0])])

    __hash__ = object.__hash__

    def __contains__(self, item) -> bool:
        return bool((self == item).any())

    def __repr__(self) -> str:
        from ._repr import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self._v.meta.shape:
            raise TypeError("unsupported format string passed to Tensor.__format__")
        return format(self.item(), spec)

    def __deepcopy__(self, memo):
        if self._rg == 2:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment."
            )
        out = _new(type(self))
        out.__dict__.update({k: v for k, v in self.__dict__.items() if not k.startswith("_")})
        memo[id(self)] = out
        copied = self.detach().clone()
        copied._value()
        out._v, out._rg = copied._v, self._rg
        if self._grad is not None:
            import copy

            out._grad = copy.deepcopy(self._grad, memo)
        return out

    def __reduce__(self):
        from ._creation import _rebuild

        return _rebuild, (type(self), self.detach().numpy().copy(), self._rg == 1)

    # -- autograd

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Adds the gradients of this tensor to the leaves' .grad.

        `gradient` (shape of self) is needed unless self has one element. Raises RuntimeError when
        there is no graph, or when it was freed by an earlier backward.
        """
        from .autograd import run_backward

        run_backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """The same memory without a graph."""
        offset = self._view.offset if self._view is not None else 0
        return local.tape.view(self, OPS["detach"], None, self._v.meta, offset, self._strides())

    def detach_(self) -> Tensor:
        """Forgets the graph of this tensor."""
        d = self.detach()
        self._v, self._rg, self._node, self._st, self._view = d._v, 0, None, d._st, d._view
        self._st.add_alias(self)
        return self

    @property
    def data(self) -> Tensor:
        alias = self.detach()
        alias._view.quiet = True
        return alias

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        value = value.detach()
        self._v, self._st, self._view = value._v, value._st, value._view
        self._st.add_alias(self)
        tape = local.tape
        if self._rg == 1 and self._v.win is tape.win:
            tape.leaves[self._v.idx] = self

    def retain_grad(self) -> None:
        """Keeps the gradient of a non-leaf in .grad."""
        if self._rg == 0:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        self._retains_grad = self._rg == 2
        if self._rg == 2 and self._node is not None:
            self._node.retain(self)
        local.tape.retained = True

    @property
    def retains_grad(self) -> bool:
        return self._retains_grad


class GradFn:
    """Names the op that made a tensor."""

    __slots__ = ("_name",)

    def __init__(self, t: Tensor):
        op = None
        tape = local.tape
        if t._v.win is tape.win and t._v.idx >= 0:
            op = tape.entries[t._v.idx][0].op
        elif t._node is not None:
            op = t._node.row
        self._name = grad_fn_name(op.name) if op is not None else "Backward0"

    def name(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"<{self._name} object at {hex(id(self))}>"


_TORCH_NAMES = {
    "reduce_sum": "Sum", "reduce_prod": "Prod", "reduce_amax": "Amax", "reduce_amin": "Amin",
    "matmul": "Mm", "linear": "Addmm", "conv2d": "Convolution", "permute": "Permute",
    "cross_entropy": "NllLoss", "reshape": "View", "copy": "Clone", "slice": "Slice",
    "log_softmax": "LogSoftmax", "gather": "Gather", "max_pool2d": "MaxPool2DWithIndices",
}  # fmt: skip


def grad_fn_name(op: str) -> str:
    """PyTorch's name of the backward of an op."""
    if op in _TORCH_NAMES:
        return _TORCH_NAMES[op] + "Backward0"
    return _autograd.grad_name(op)


def _read_scalar(v: Lazy, dtype):
    import ctypes

    return _CTYPES[dtype.short].from_address(v.addr).value if dtype.short in _CTYPES else ctypes


def _scalar_types() -> dict:
    import ctypes as c

    return {
        "f32": c.c_float, "f64": c.c_double, "i64": c.c_int64, "i32": c.c_int32, "i16": c.c_int16,
        "i8": c.c_int8, "u8": c.c_uint8, "b1": c.c_bool,
    }  # fmt: skip


_CTYPES = _scalar_types()


def check_dim(dim: int, rank: int) -> int:
    """A dim in 0..rank-1; IndexError in PyTorch's words."""
    limit = max(rank, 1)
    if not -limit <= dim < limit:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but got "
            f"{dim})"
        )
    return dim % limit


def wrap(v: Lazy, requires_grad: bool = False) -> Tensor:
    """A tensor of a value in memory."""
    t = _new(Tensor)
    t._v = v
    if requires_grad:
        t.requires_grad_()
    return t


set_tensor_type(Tensor)
tensor_types.add(Tensor)
