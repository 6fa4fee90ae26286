"""Tensor: a strided view of a storage whose value may still be pending on the tape."""

from __future__ import annotations

from sys import getrefcount

from numtorch.jit import autograd as _autograd
from numtorch.jit import dtypes as _dtypes
from numtorch.jit.interop import export
from numtorch.jit.ops import OPS
from numtorch.jit.record import (
    Lazy,
    array_of,
    local,
    relocate,
    set_tensor_type,
)  # fmt: skip
from numtorch.jit.views import (
    Counter,
    Storage,
    View,
    check_fresh,
    flag_of,
    flag_views,
    row_major,
    version_of,
)  # fmt: skip

from ._descriptors import CPU, Size, as_size, channels_last, device

_new = object.__new__
tensor_types: set[type] = set()  # Tensor and Parameter: classes that take no function over
dense_types: set[type] = set()  # those and the program's subclasses


def plain_function(cls, func, types, args=(), kwargs=None):
    """The __torch_function__ of a subclass that takes no function over: Parameter's."""
    return func(*args, **(kwargs or {}))


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
    _count = 0
    _past = None
    _grad = None
    _retains_grad = False
    _info = None  # hooks on its gradient
    _v: Lazy

    def __init_subclass__(cls, internal: bool = False, **kwargs):
        """A subclass takes functions over unless it says that it does not, as Parameter does."""
        super().__init_subclass__(**kwargs)
        if cls.__torch_function__ is plain_function:
            tensor_types.add(cls)
            dense_types.add(cls)
        elif not internal:
            from .overrides import adopt

            adopt(cls)

    def __new__(cls, *args, device=None):
        from ._attributes import legacy_new
        from ._creation import _check_device

        _check_device(device)
        return shared_leaf(cls, legacy_new(args, _dtypes.default))

    def __init__(self, *args, **kwargs):
        """Everything is done by __new__; a subclass may have parameters of its own."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        """What a subclass makes of a function: its result, as tensors of the subclass."""
        from .overrides import default

        return default(cls, func, types, args, kwargs)

    @staticmethod
    def _make_subclass(cls, data: Tensor, require_grad: bool = False) -> Tensor:
        made = shared_leaf(cls, data)
        return made.requires_grad_() if require_grad else made

    def as_subclass(self, cls: type) -> Tensor:
        """This tensor as one of a subclass: the same memory and graph.

        TypeError if `cls` is no subclass of Tensor.

        >>> import numtorch as torch
        >>> class Image(torch.Tensor):
        ...     pass
        >>> torch.zeros(2).as_subclass(Image)
        Image([0., 0.])
        """
        if not isinstance(cls, type):
            raise TypeError(f"cls must be a type (got {type(cls).__name__})")
        if not issubclass(cls, Tensor):
            raise TypeError(
                "Creating a Tensor subclass from a class that does not inherit from Tensor is not "
                "possible. Make sure your class inherits from Tensor."
            )
        made = Tensor.view_as(self, self)
        made.__class__ = cls
        return made

    # -- description

    @property
    def shape(self) -> Size:
        """The sizes of the dims.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).shape
        torch.Size([2, 3])
        """
        return as_size(self._v.meta.shape)

    def size(self, dim: int | None = None):
        """The shape, or the size of one dim.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).size(), torch.zeros(2, 3).size(-1)
        (torch.Size([2, 3]), 3)
        """
        if dim is None:
            return self.shape
        return self._v.meta.shape[check_dim(dim, len(self._v.meta.shape))]

    @property
    def dtype(self):
        """The type of the elements.

        >>> import numtorch as torch
        >>> torch.tensor([1, 2]).dtype, torch.tensor([1.5]).dtype
        (torch.int64, torch.float32)
        """
        return self._v.meta.dtype

    @property
    def device(self) -> device:
        """Where the tensor is.

        >>> import numtorch as torch
        >>> torch.zeros(2).device
        device(type='cpu')
        """
        return CPU

    @property
    def ndim(self) -> int:
        """Number of dims.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).ndim
        2
        """
        return len(self._v.meta.shape)

    def dim(self) -> int:
        """Number of dims.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).dim()
        2
        """
        return len(self._v.meta.shape)

    def numel(self) -> int:
        """Number of elements.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).numel()
        6
        """
        return self._v.meta.numel

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes of one element.

        >>> import numtorch as torch
        >>> torch.zeros(2, dtype=torch.float64).itemsize
        8
        """
        return self.dtype.itemsize

    def element_size(self) -> int:
        """Bytes of one element.

        >>> import numtorch as torch
        >>> torch.zeros(2).element_size(), torch.zeros(2, dtype=torch.int8).element_size()
        (4, 1)
        """
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).nbytes
        24
        """
        return self._v.meta.nbytes

    def _strides(self) -> tuple[int, ...]:
        if self._view is not None:
            return self._view.strides
        v = self._st._v if self._st is not None else self._v
        m = v.meta
        return v.strides or m.strides or row_major(m.shape)

    def stride(self, dim: int | None = None):
        """Strides in elements, or the stride of one dim.

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).stride(), torch.zeros(2, 3).T.stride()
        ((3, 1), (1, 3))
        """
        s = self._strides()
        return s if dim is None else s[check_dim(dim, len(s))]

    def storage_offset(self) -> int:
        """First element's place in the storage, in elements.

        >>> import numtorch as torch
        >>> torch.tensor([1, 2, 3])[1:].storage_offset()
        1
        """
        return self._view.offset if self._view is not None else 0

    def is_contiguous(self, memory_format=None) -> bool:
        """True if the elements lie in row-major order (or in that of `memory_format`).

        >>> import numtorch as torch
        >>> torch.zeros(2, 3).is_contiguous(), torch.zeros(2, 3).T.is_contiguous()
        (True, False)
        """
        shape, strides = self._v.meta.shape, self._strides()
        if memory_format is not None and memory_format.name.startswith("channels_last"):
            return channels_last(shape, strides, memory_format)
        pairs = zip(shape, strides, row_major(shape))
        return self._v.meta.numel == 0 or all(n == 1 or a == b for n, a, b in pairs)

    @property
    def _version(self) -> int:
        return version_of(self)

    def data_ptr(self) -> int:
        """Address of the first element (executes what is pending).

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0, 3.0])
        >>> x[1:].data_ptr() - x.data_ptr()
        4
        """
        return self._value().addr

    @property
    def is_leaf(self) -> bool:
        """True for tensors that are not the result of a recorded op: gradients collect in them.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0], requires_grad=True)
        >>> x.is_leaf, (x * 2).is_leaf
        (True, False)
        """
        return self._flag() != 2

    @property
    def requires_grad(self) -> bool:
        """Whether gradients with respect to this tensor are recorded.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> x.requires_grad, (x * 2).requires_grad, torch.zeros(2).requires_grad
        (True, True, False)
        """
        if self._rg in (0, 3) and self._view is not None:
            view = self._view
            if self._v.lost and flag_of(self) == 2:
                return True
            return view.base is not None and view.base.requires_grad
        return self._rg != 0

    def _flag(self) -> int:
        """_rg, up to date: an alias learns of a write through another one when it is read."""
        if self._view is not None:
            if self._view.origin is not None:
                check_fresh(self)
            if self._v.lost:
                return flag_of(self)
        return self._rg

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if not isinstance(flag, bool):
            raise RuntimeError("requires_grad must be a bool")
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Marks a leaf for gradients; RuntimeError for results of recorded ops or integers.

        >>> import numtorch as torch
        >>> torch.tensor([1.0, 2.0]).requires_grad_()
        tensor([1., 2.], requires_grad=True)
        """
        if self._rg == 2:
            if not requires_grad:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use "
                    "a computed variable in a subgraph that doesn't require differentiation use "
                    "var_no_grad = var.detach()."
                )
            return self
        if requires_grad and not self.dtype.differentiable:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if not requires_grad and self._rg == 3:
            return self
        tape = local.tape
        if not requires_grad and self._rg:
            tape.unseen = True  # the graphs that end here give no gradient any more
            if self._rg == 1 and (self._v.pasts or self._v.win is tape.win):
                self._leave(self.detach())
        self._rg = 1 if requires_grad else 0
        if self._st is not None:
            flag_views(self)
        if requires_grad and self._v.win is tape.win:
            tape.leaves[self._v.idx] = self
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward has added up, or None.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> (3 * x).sum().backward()
        >>> x.grad
        tensor([3., 3.])
        """
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value.is_sparse or value._v.meta is not self._v.meta:
                check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def grad_fn(self):
        """An object that names the op this tensor is the result of, or None for leaves.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> x.grad_fn, (x * 2).grad_fn.name()
        (None, 'MulBackward0')
        """
        from .autograd.graph import node_of

        return node_of(self) if self._flag() == 2 else None

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
        """A NumPy array that shares this tensor's memory.

        >>> import numtorch as torch
        >>> x = torch.tensor([1, 2, 3])
        >>> array = x.numpy(); array[0] = 7
        >>> x
        tensor([7, 2, 3])
        """
        if force:
            return self.detach().numpy()
        if (self._rg or self.requires_grad) and local.tape.grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if self.dtype.opaque:
            raise TypeError(f"Got unsupported ScalarType {self.dtype.scalar_type}")
        return self._memory()

    def _memory(self, kept: bool = True):
        """The memory as a NumPy array: bits, for types that NumPy does not have.

        `kept`: somebody may write to it later.
        """
        self._value()
        if local.tape.entries:
            local.tape.flush()
        if kept:
            relocate(self)
        return export(self._value())

    def item(self):
        """The Python number of a tensor with one element.

        RuntimeError for any other number of elements.

        >>> import numtorch as torch
        >>> torch.tensor([[2.5]]).item()
        2.5
        """
        m = self._v.meta
        if m.numel != 1:
            raise RuntimeError(
                f"a Tensor with {m.numel} elements cannot be converted to Scalar"
            )
        return _read_scalar(self._value(), m.dtype)

    def tolist(self):
        """Nested lists of Python numbers (a number for a 0-dim tensor).

        >>> import numtorch as torch
        >>> torch.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return _dtypes.to_values(self.detach()._memory(False), self.dtype).tolist()

    def _number(self):
        if self._v.meta.numel != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __float__(self) -> float:
        return float(_real_number(self._number(), "double"))

    def __int__(self) -> int:
        return int(_real_number(self._number(), "int64_t"))

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self.dtype.differentiable or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __bool__(self) -> bool:
        n = self.numel()
        if n != 1:
            what = "no values" if n == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        if local.tape.levels:
            local.tape.check_readable(self._v, True)
        return bool(self.item())

    def __len__(self) -> int:
        if not self._v.meta.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._v.meta.shape[0]

    def __iter__(self):
        if not self._v.meta.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, item) -> bool:
        if isinstance(item, (Tensor, int, float, complex)):
            return bool((self == item).any())
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(item)}."
        )

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self._v.meta.shape else self

    def __repr__(self) -> str:
        from ._repr import tensor_repr

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if not self._v.meta.shape and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def share_memory_(self) -> Tensor:
        """Moves the storage to memory that other processes can map; views of it come along.

        >>> import numtorch as torch
        >>> torch.tensor([1, 2, 3]).share_memory_().is_shared()
        True
        """
        from .multiprocessing._shared import share_memory_

        return share_memory_(self)

    def is_shared(self) -> bool:
        """True if the storage lies in shared memory.

        >>> import numtorch as torch
        >>> torch.zeros(2).is_shared(), torch.zeros(2).share_memory_().is_shared()
        (False, True)
        """
        from .multiprocessing._shared import is_shared

        return is_shared(self)

    # -- autograd

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Adds the gradients of this tensor to the leaves' .grad.

        `gradient` (shape of self) is needed unless self has one element. Raises RuntimeError when
        there is no graph, or when it was freed by an earlier backward.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4., 6.])
        """
        from .autograd import run_backward

        run_backward(self, gradient, retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """The same memory without a graph.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> x.detach(), (x * 2).detach().requires_grad
        (tensor([1., 2.]), False)
        """
        offset = self._view.offset if self._view is not None else 0
        return local.tape.view(self, OPS["detach"], None, self._v.meta, offset, self._strides())

    def detach_(self) -> Tensor:
        """Forgets the graph of this tensor; RuntimeError for views.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0], requires_grad=True) * 2
        >>> x.detach_().requires_grad
        False
        """
        # Results may be views of temporaries that nobody else holds.
        base = self._view.base if self._view is not None else None
        views = (r() for r in self._st.aliases) if base is not None else ()
        also = sum(1 for a in views if a is not None and a is not self and _is_view_of(a, base))
        if base is not None and getrefcount(base) > _HELD + also:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using "
                "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
                "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
                "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
                "function in torch/optim/optimizer.py as the solution."
            )
        if self._rg != 2:
            return self.requires_grad_(False)
        self._leave(self.detach())
        return self

    def _leave(self, alias: Tensor) -> None:
        """Becomes what a detached alias is: older graphs keep the value that they have."""
        base = self._view.base if self._view is not None else None
        self._v, self._rg, self._node = alias._v, 0, None
        self._st, self._view = alias._st, alias._view
        self._view.base = base if base is not None and not base.requires_grad else None
        self._st.add_alias(self)

    @property
    def data(self) -> Tensor:
        """The same memory without a graph; assigning takes over the memory of another tensor.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> x.data.add_(10), x.requires_grad
        (tensor([11., 12.]), True)
        """
        alias = self.detach()
        alias._view.counter = Counter()
        tape = local.tape
        if alias._v.win is tape.win:
            tape.count_apart(alias, alias._v.idx)
        return alias

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self._rg and not value.dtype.differentiable:
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex "
                "dtype"
            )
        local.tape.take_over(self, value.detach())

    def retain_grad(self) -> None:
        """Keeps the gradient of a non-leaf in .grad.

        >>> import numtorch as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> y = x * 3
        >>> y.retain_grad()
        >>> y.sum().backward()
        >>> y.grad
        tensor([1., 1.])
        """
        if self._rg == 0:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._rg == 2:
            self._flag()
        self._retains_grad = self._rg == 2
        if self._rg == 2 and self._node is not None:
            self._node.retain(self)
        elif self._rg == 2 and self._v.win is local.tape.win:
            local.tape.retain(self)
        local.tape.retained = True

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called for this result.

        >>> import numtorch as torch
        >>> y = torch.tensor([1.0], requires_grad=True) * 3
        >>> y.retain_grad()
        >>> y.retains_grad
        True
        """
        return self._retains_grad


_TORCH_NAMES = {
    "reduce_sum": "Sum", "reduce_prod": "Prod", "reduce_amax": "Amax", "reduce_amin": "Amin",
    "matmul": "Mm", "linear": "Addmm", "conv": "Convolution", "permute": "Permute",
    "cross_entropy": "NllLoss", "reshape": "View", "copy": "Clone", "slice": "Slice",
    "log_softmax": "LogSoftmax", "gather": "Gather", "max_pool": "MaxPool2DWithIndices",
}  # fmt: skip


def grad_fn_name(op: str) -> str:
    """PyTorch's name of the backward of an op."""
    if op in _TORCH_NAMES:
        return _TORCH_NAMES[op] + "Backward0"
    return _autograd.grad_name(op)


def _read_scalar(v: Lazy, dtype):
    cell = _CTYPES.get(dtype.short)
    if cell is not None:
        return cell.from_address(v.addr).value
    return _dtypes.to_values(array_of(v).reshape(1), dtype).item()


def _real_number(x, name: str):
    """A number that float() and int() take; RuntimeError for a complex one that is not real."""
    if x.__class__ is not complex:
        return x
    if x.imag:
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    return x.real


def _scalar_types() -> dict:
    import ctypes as c

    return {
        "f32": c.c_float, "f64": c.c_double, "i64": c.c_int64, "i32": c.c_int32, "i16": c.c_int16,
        "i8": c.c_int8, "u8": c.c_uint8, "b1": c.c_bool,
    }  # fmt: skip


_CTYPES = _scalar_types()


def _is_view_of(t: Tensor, base: Tensor) -> bool:
    return t._view is not None and t._view.base is base


def _held() -> int:
    """References to a base that no tensor but its view holds, as detach_ counts them."""
    view = View((), 0, ())
    view.base = object()
    base = view.base
    return getrefcount(base)


_HELD = _held()


def check_grad(tensor: Tensor, grad: Tensor) -> None:
    """PyTorch's refusal of a gradient of another size or dtype."""
    if grad.shape != tensor.shape:
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(grad.shape)}' to a tensor of size "
            f"'{list(tensor.shape)}'. Please ensure that the gradient and the tensor are the same "
            "size"
        )
    if grad.dtype is not tensor.dtype:
        from ._out import c_name

        raise RuntimeError(
            f"attempting to assign a gradient with dtype '{c_name(grad.dtype)}' to a tensor with "
            f"grad_dtype '{tensor.dtype.scalar_type}'. The gradient must match the tensor's "
            "grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype "
            "attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with "
            "caution. Diverging the dtypes of a tensor and its gradient may break downstream "
            "systems that assume they match."
        )


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


def shared_leaf(cls: type, data: Tensor) -> Tensor:
    """A leaf of another class with the same memory."""
    d = data.detach()
    t = _new(cls)
    t._v, t._st, t._view = d._v, d._st, d._view
    t._st.add_alias(t)
    return t


def as_plain(t: Tensor) -> Tensor:
    """A tensor of a subclass as a plain one with the same memory; any other as it is."""
    return t if t.__class__ in tensor_types or t.is_sparse else shared_leaf(Tensor, t)


set_tensor_type(Tensor)
tensor_types.add(Tensor)
dense_types.add(Tensor)
