"""Tensor: a strided view of a storage whose value may still be pending on the tape."""

from __future__ import annotations

import weakref
from sys import getrefcount

from numtorch.jit import dtypes as _dtypes
from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, local, set_tensor_type
from numtorch.jit.views import (
    Counter,
    View,
    check_fresh,
    flag_of,
    flag_views,
    follow_base,
    graph_of,
)  # fmt: skip

from ._tensor_base import TensorBase

_new = object.__new__
tensor_types: set[type] = set()  # Tensor and Parameter: classes that take no function over
dense_types: set[type] = set()  # those and the program's subclasses


def plain_function(cls, func, types, args=(), kwargs=None):
    """The __torch_function__ of a subclass that takes no function over: Parameter's."""
    return func(*args, **(kwargs or {}))


class Tensor(TensorBase):
    """An n-dimensional array with recorded ops and gradients.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    _node = None
    _count = 0
    _past = None
    _grad = None
    _retains_grad = False
    _info = None  # hooks on its gradient

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
            elif self._rg != 2:
                follow_base(self)
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
        if requires_grad.__class__ is not bool:
            raise TypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not "
                f"{type(requires_grad).__name__}"
            )
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
        if requires_grad and self.is_inference() and local.tape.new_handles is list:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not "
                "allowed."
            )
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

    def __format__(self, spec: str) -> str:
        if not self._v.meta.shape and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

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
        flag_views(self)

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
        place = graph_of(self)
        if self._rg == 2 and place._node is not None:
            place._node.retain(self)
        elif self._rg == 2 and place is not self:
            local.tape.keepers[place._v.idx] = weakref.ref(self)
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


def members() -> dict:
    """Everything that Tensor has, by name."""
    return {**vars(TensorBase), **vars(Tensor)}


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
