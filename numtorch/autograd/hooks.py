"""Hooks on gradients: Tensor.register_hook and register_post_accumulate_grad_hook."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from numtorch.jit.nodes import Info
from numtorch.jit.past import Kept
from numtorch.jit.record import Tape, local
from numtorch.jit.views import graph_of

from .._tensor import Tensor

if TYPE_CHECKING:
    from ..utils.hooks import RemovableHandle


class _LeafHooks(OrderedDict):
    """Hooks of a leaf; the tape knows how many there are, so that backward looks for them."""

    def __setitem__(self, key, hook) -> None:
        Tape.leaf_hooks += 1
        OrderedDict.__setitem__(self, key, hook)

    def pop(self, key, default=None):
        """Takes a hook off."""
        if key in self:
            Tape.leaf_hooks -= 1
        return OrderedDict.pop(self, key, default)

    def __del__(self):
        Tape.leaf_hooks -= len(self)


def add_hook(hooks: OrderedDict, hook: Callable) -> RemovableHandle:
    """Adds a hook to others; returns its handle."""
    from ..utils.hooks import RemovableHandle

    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def info_of(t: Tensor) -> Info:
    """What is known of Python in the backward of a tensor's value; made when missing."""
    if t._rg in (1, 3):  # the latter: a view that gradients do not reach, nor its hooks
        if t._info is None:
            t._info = info = Info()
            info.hooks, info.after = _LeafHooks(), _LeafHooks()
        return t._info
    t = graph_of(t)
    tape = local.tape
    v = t._v
    if v.win is tape.win and v.idx >= 0:
        info = tape.info.get(v.idx)
        if info is None:
            info = tape.info[v.idx] = Info()
    elif isinstance(t._node, Kept):
        info = t._node.info()
    else:
        idx = tape.input(t)  # a view of a kept value is recorded again
        if idx < 0:
            return t._node.info()
        info = tape.info.setdefault(idx, Info())
    t._info = info
    return info


def register_hook(self: Tensor, hook: Callable) -> RemovableHandle:
    """Calls hook(grad) when this tensor's gradient is known; what it returns replaces it.

    >>> import numtorch as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10)
    >>> (x * 3).sum().backward()
    >>> x.grad
    tensor([30., 30.])
    """
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._info is None:
        self._flag()
    return add_hook(info_of(self).hooks, hook)


def register_post_accumulate_grad_hook(self: Tensor, hook: Callable) -> RemovableHandle:
    """Calls hook(tensor) after a backward has added to this leaf's .grad.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> handle = x.register_post_accumulate_grad_hook(lambda x: print(x.grad))
    >>> (3 * x).sum().backward()
    tensor([3., 3.])
    """
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self._flag() == 2:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return add_hook(info_of(self).after, hook)


Tensor.register_hook = register_hook
Tensor.register_post_accumulate_grad_hook = register_post_accumulate_grad_hook
