"""Parameter and Buffer: tensors that a Module finds by itself."""

from __future__ import annotations

from typing import NoReturn

from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy
from numtorch.jit.runtime.allocator import alloc

from .. import _creation
from .._tensor import Tensor

_new = object.__new__


def _shares(cls, data: Tensor):
    """A tensor of another class with the same memory."""
    d = data.detach()
    t = _new(cls)
    t._v, t._st, t._view = d._v, d._st, d._view
    t._st.add_alias(t)
    return t


class Parameter(Tensor):
    """A tensor that is a parameter of the Module it is assigned to.

    `data` gives the memory; it requires grad by default.

    >>> from numtorch import nn, ones
    >>> nn.Parameter(ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad: bool = True):
        if data is None:
            data = _creation.empty(0)
        t = _shares(cls, data)
        return t.requires_grad_() if requires_grad else t

    def __init__(self, *args, **kwargs):
        pass


class Buffer(Tensor):
    """A tensor that is a buffer of the Module it is assigned to (state that is not trained).

    >>> import numtorch as torch
    >>> layer = torch.nn.Module()
    >>> layer.mean = torch.nn.Buffer(torch.zeros(3))
    >>> list(layer.state_dict()), list(layer.parameters())
    (['mean'], [])
    """

    def __new__(cls, data=None, *, persistent: bool = True):
        t = _shares(cls, _creation.empty(0) if data is None else data)
        t.persistent = persistent
        return t

    def __init__(self, *args, **kwargs):
        pass


def new_parameter(shape: tuple[int, ...], dtype=None, device=None) -> Parameter:
    """A Parameter with memory of its own whose content is not set yet."""
    _creation._check_device(device)
    m = meta(tuple(shape), _creation._dtype(dtype))
    if any(n < 0 for n in m.shape):
        low = min(m.shape)
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {low}: {list(m.shape)}"
        )
    buf = alloc(m.nbytes)
    t = _new(Parameter)
    t._v = Lazy(m, buf, buf.addr)
    return t.requires_grad_()


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
        self.__class__ = Parameter if isinstance(self, Parameter) else Buffer

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
        t = _shares(cls, _creation.empty(0, dtype=dtype))
        t._lazy_dtype = dtype
        return t.requires_grad_() if requires_grad else t

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer whose shape the first input of a lazy module decides.

    >>> import numtorch as torch
    >>> buffer = torch.nn.UninitializedBuffer()
    >>> buffer.materialize((2, 3))
    >>> buffer.shape
    torch.Size([2, 3])
    """

    def __new__(cls, requires_grad: bool = False, device=None, dtype=None, persistent: bool = True):
        t = _shares(cls, _creation.empty(0, dtype=dtype))
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
