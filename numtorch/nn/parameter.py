"""Parameter and Buffer: tensors that a Module finds by itself."""

from __future__ import annotations

from typing import NoReturn

from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy
from numtorch.jit.runtime.allocator import alloc

from .. import _creation
from .._tensor import Tensor, dense_types, plain_function, shared_leaf, tensor_types

_new = object.__new__


class ParameterMeta(type):
    """Of Parameter and Buffer: a marked tensor of another class is an instance too."""

    def __instancecheck__(cls, obj) -> bool:
        return type.__instancecheck__(cls, obj) or (
            cls in _MARKS and isinstance(obj, Tensor) and getattr(obj, _MARKS[cls], False)
        )


_MARKS: dict[type, str] = {}


def _of_subclass(data) -> bool:
    """True for a tensor of a class of the program that takes functions over."""
    return data.__class__ in dense_types and data.__class__ not in tensor_types


def _marked(kind: type, data: Tensor, requires_grad: bool) -> Tensor:
    """A leaf with the memory of `data`, a tensor of a subclass, that counts as a `kind`."""
    t = data.detach().requires_grad_(requires_grad)
    if type(t) is not type(data):
        raise RuntimeError(
            f"Creating a {kind.__name__} from an instance of type {type(data).__name__} requires "
            "that detach() returns an instance of the same type, but return type "
            f"{type(t).__name__} was found instead. To use the type as a {kind.__name__}, please "
            "correct the detach() semantics defined by its __torch_dispatch__() implementation."
        )
    setattr(t, next(_MARKS[c] for c in kind.__mro__ if c in _MARKS), True)
    return t


class Parameter(Tensor, metaclass=ParameterMeta):
    """A tensor that is a parameter of the Module it is assigned to.

    `data` gives the memory; it requires grad by default.

    >>> from numtorch import nn, ones
    >>> nn.Parameter(ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __torch_function__ = plain_function  # what is made of a parameter is a plain tensor

    def __new__(cls, data=None, requires_grad: bool = True):
        if data is None:
            data = _creation.empty(0)
        if _of_subclass(data):
            return _marked(cls, data, requires_grad)
        t = shared_leaf(cls, data)
        return t.requires_grad_() if requires_grad else t


class Buffer(Tensor, metaclass=ParameterMeta):
    """A tensor that is a buffer of the Module it is assigned to (state that is not trained).

    >>> import numtorch as torch
    >>> layer = torch.nn.Module()
    >>> layer.mean = torch.nn.Buffer(torch.zeros(3))
    >>> list(layer.state_dict()), list(layer.parameters())
    (['mean'], [])
    """

    __torch_function__ = plain_function

    def __new__(cls, data=None, *, persistent: bool = True):
        if _of_subclass(data):
            t = _marked(cls, data, False)
        else:
            t = shared_leaf(cls, _creation.empty(0) if data is None else data)
        t.persistent = persistent
        return t


_MARKS.update({Parameter: "_is_param", Buffer: "_is_buffer"})


def new_parameter(shape: tuple[int, ...], dtype=None, device=None) -> Parameter:
    """A Parameter with memory of its own whose content is not set yet."""
    _creation._check_device(device)
    shape = tuple(shape)
    for k, n in enumerate(shape):
        if not isinstance(n, int) and not hasattr(n, "__index__"):
            raise TypeError(_no_size(n, k))
    m = meta(shape, _creation._dtype(dtype))
    if any(n < 0 for n in m.shape):
        low = min(m.shape)
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {low}: {list(m.shape)}"
        )
    buf = alloc(m.nbytes)
    t = _new(Parameter)
    t._v = Lazy(m, buf, buf.addr)
    return t.requires_grad_()


def _no_size(n, k: int) -> str:
    """PyTorch's text for a size that is no int, at place k."""
    found = type(n).__name__
    if k == 0:
        return (
            "empty(): argument 'size' (position 1) must be tuple of ints, but found element of "
            f"type {found} at pos 0"
        )
    return (
        f"empty(): argument 'size' failed to unpack the object at pos {k + 1} with error \"type "
        f'must be tuple of ints,but got {found}"'
    )


class UninitializedTensorMixin:
    """A tensor without a shape; `materialize` gives it one.

    >>> import numtorch as torch
    >>> weight = torch.nn.UninitializedParameter()
    >>> weight.materialize((2, 3))
    >>> weight.shape
    torch.Size([2, 3])
    """

    def materialize(self, shape, device=None, dtype=None) -> None:
        """Makes this tensor a parameter (or buffer) of the given shape; its content is not set.

        It stays the same object: what holds it already (an optimizer) sees the shape too.
        """
        made = new_parameter(tuple(shape), dtype or self.dtype, device).detach()
        self._v, self._st, self._view = made._v, made._st, made._view
        self._st.add_alias(self)
        self.__class__ = Parameter if isinstance(self, Parameter) else Tensor

    @property
    def shape(self) -> NoReturn:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def share_memory_(self) -> NoReturn:
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to "
            "initialize the parameters before calling `module.share_memory()`."
        )

    def __deepcopy__(self, memo):
        out = type(self)(dtype=self._lazy_dtype)
        memo[id(self)] = out
        return out


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape the first input of a lazy module decides.

    >>> import numtorch as torch
    >>> weight = torch.nn.UninitializedParameter()
    >>> weight.materialize((2, 3))
    >>> weight.shape
    torch.Size([2, 3])
    """

    def __new__(cls, requires_grad: bool = True, device=None, dtype=None):
        t = shared_leaf(cls, _creation.empty(0, dtype=dtype))
        t._lazy_dtype = dtype
        return t.requires_grad_() if requires_grad else t

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape the first input of a lazy module decides.

    >>> import numtorch as torch
    >>> buffer = torch.nn.UninitializedBuffer()
    >>> buffer.materialize((2, 3))
    >>> buffer.shape
    torch.Size([2, 3])
    """

    __torch_function__ = plain_function

    def __new__(cls, requires_grad: bool = False, device=None, dtype=None, persistent: bool = True):
        t = shared_leaf(cls, _creation.empty(0, dtype=dtype))
        t._lazy_dtype, t.persistent = dtype, persistent
        return t

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def is_lazy(param) -> bool:
    """True for a parameter or buffer whose shape is not known yet.

    >>> import numtorch as torch
    >>> layer = torch.nn.LazyLinear(3)
    >>> torch.nn.parameter.is_lazy(layer.weight)
    True
    """
    return isinstance(param, UninitializedTensorMixin)
