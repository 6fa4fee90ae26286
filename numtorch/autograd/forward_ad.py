"""Forward-mode derivatives by dual tensors.

A dual tensor is an alias with a graph; its tangent is kept beside it. The tangent of a result is
computed when it is unpacked: as the gradient of a vector-Jacobian product, which is linear in its
vector, so that only the half that is wanted runs. While a level is open, results of duals require
grad, and ops under a no_grad that began later have no tangents: in PyTorch neither is so.
"""

from __future__ import annotations

from collections import namedtuple

from numtorch.jit import autograd as _jit
from numtorch.jit.record import local

from .._tensor import Tensor
from .engine import index_of, places
from .modes import enable_grad

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual",
           "unpack_dual"]  # fmt: skip

UnpackedDualTensor = namedtuple("UnpackedDualTensor", ("primal", "tangent"))
UnpackedDualTensor.__doc__ = """The value and the tangent of a dual tensor; the tangent may be None.

>>> import numtorch as torch
>>> import numtorch.autograd.forward_ad as fwAD
>>> fwAD.unpack_dual(torch.tensor([1.0]))
UnpackedDualTensor(primal=tensor([1.]), tangent=None)
"""
_levels: list[list[tuple[Tensor, Tensor]]] = []
_modes: list[bool] = []  # for each level whether gradients were recorded outside


def enter_dual_level() -> int:
    """Opens a level; PyTorch allows one at a time.

    >>> import numtorch as torch
    >>> import numtorch.autograd.forward_ad as fwAD
    >>> level = fwAD.enter_dual_level()
    >>> dual = fwAD.make_dual(torch.tensor([1.0]), torch.tensor([2.0]))
    >>> fwAD.unpack_dual(3 * dual).tangent
    tensor([6.])
    >>> fwAD.exit_dual_level()
    """
    if _levels:
        raise RuntimeError(
            "Nested forward mode AD is not supported at the moment. If you are using forward mode "
            "AD to implement something, please use torch.func.jvp."
        )
    _levels.append([])
    _modes.append(local.tape.grad)
    local.tape.grad = True  # tangents are found by way of gradients
    return len(_levels) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """Closes the level and drops its tangents.

    >>> import numtorch as torch
    >>> import numtorch.autograd.forward_ad as fwAD
    >>> level = fwAD.enter_dual_level()
    >>> dual = fwAD.make_dual(torch.tensor([1.0]), torch.tensor([2.0]))
    >>> fwAD.exit_dual_level(level=level)
    >>> fwAD.unpack_dual(dual, level=0).tangent is None
    True
    """
    if not _levels:
        raise RuntimeError("Dual level must be a positive number.")
    if level is not None and level != len(_levels) - 1:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is "
            "not supported."
        )
    _levels.pop()
    if not _modes.pop():
        local.tape.grad = False


class dual_level:
    """A block in which dual tensors can be made.

    >>> import numtorch as torch
    >>> from numtorch.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(torch.tensor(2.0), torch.tensor(1.0))
    ...     forward_ad.unpack_dual(x * x).tangent
    tensor(4.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc) -> None:
        exit_dual_level()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """An alias of a tensor with a tangent of the same shape and dtype.

    >>> import numtorch as torch
    >>> import numtorch.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     dual = fwAD.make_dual(torch.tensor([3.0]), torch.tensor([1.0]))
    ...     fwAD.unpack_dual(dual * dual)
    UnpackedDualTensor(primal=tensor([9.]), tangent=tensor([6.]))
    """
    if not _levels:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for name, x in (("primal", tensor), ("tangent", tangent)):
        if not x.dtype.differentiable:
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {x.dtype}")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.shape)} while the "
            f"given forward gradient is of size {list(tangent.shape)}."
        )
    with enable_grad():
        dual = tensor.view_as(tensor) if tensor.requires_grad else tensor.detach().requires_grad_()
    _levels[-1].append((dual, tangent))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """(value, tangent) of a result; the tangent is None if it depends on no dual.

    >>> import numtorch as torch
    >>> import numtorch.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     dual = fwAD.make_dual(torch.tensor([0.0]), torch.tensor([2.0]))
    ...     fwAD.unpack_dual(dual.sin()).tangent
    tensor([2.])
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(
            "_unpack_dual(): argument 'dual' (position 1) must be Tensor, not "
            f"{type(tensor).__name__}"
        )
    if not _levels:
        return UnpackedDualTensor(tensor, None)
    for dual, tangent in _levels[-1]:
        if dual is tensor:
            primal = tensor.detach() if tensor.is_leaf else tensor.view_as(tensor)
            return UnpackedDualTensor(primal, tangent)
    if not tensor.requires_grad:
        return UnpackedDualTensor(tensor, None)
    walk = _jit.reach(local.tape, [index_of(tensor)])
    used = [(d, t) for d, t in _levels[-1] if walk.needed.intersection(places(d, walk))]
    if not used:
        return UnpackedDualTensor(tensor, None)
    # Both have a graph if the result depends on more than the duals that are leaves.
    leaves = {id(d) for d, _ in used if d.is_leaf}
    more = any(t.requires_grad for _, t in used) or any(
        id(local.tape.leaves[i]) not in leaves for i in walk.needed if i in local.tape.leaves
    )
    primal = tensor.view_as(tensor) if more else tensor.detach()
    return UnpackedDualTensor(primal, _tangent(tensor, used, more))


def _tangent(tensor: Tensor, used: list, graph: bool) -> Tensor:
    from .. import zeros_like
    from . import grad

    with enable_grad():
        seed = zeros_like(tensor).detach().requires_grad_()
        found = grad(tensor, [d for d, _ in used], seed, create_graph=True, allow_unused=True)
        pairs = [(g, t) for g, (_, t) in zip(found, used) if g is not None and g.requires_grad]
        if not pairs:
            return zeros_like(tensor).detach()
        out = grad([g for g, _ in pairs], seed, [t for _, t in pairs], retain_graph=True,
                   create_graph=graph, allow_unused=True)[0]  # fmt: skip
    return zeros_like(tensor).detach() if out is None else out
