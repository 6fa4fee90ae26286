"""torch's tensors and arguments as numtorch's, and callables that use one as callables of the other."""

from __future__ import annotations

import dataclasses
import types

import numpy as np
import numtorch as nt
import torch

_MODULES = {"torch": nt}


class Inexpressible(Exception):
    """A sample that numtorch has no counterpart of by design: another layout or device."""


def to_nt(x, grad: bool = True):
    """numtorch's copy of a torch tensor (same strides and offset); containers element by element."""
    if isinstance(x, torch.Tensor):
        return tensor(x, grad)
    if isinstance(x, torch.Size):
        return nt.Size(x)
    if isinstance(x, (tuple, list)):
        made = [to_nt(v, grad) for v in x]
        return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)
    if isinstance(x, dict):
        return {k: to_nt(v, grad) for k, v in x.items()}
    if isinstance(x, torch.dtype):
        return getattr(nt, str(x).removeprefix("torch."))
    if isinstance(x, torch.device):
        return nt.device(str(x))
    if isinstance(x, (torch.memory_format, torch.layout)):
        return getattr(nt, str(x).removeprefix("torch."))
    if isinstance(x, torch.Generator):
        return nt.Generator()
    if isinstance(x, types.FunctionType):
        return rebind(x)
    if isinstance(x, torch.nn.LinearCrossEntropyOptions):
        given = {f.name: to_nt(getattr(x, f.name)) for f in dataclasses.fields(x)}
        return nt.nn.LinearCrossEntropyOptions(**given)
    if isinstance(x, torch.nn.PairwiseDistance):
        return nt.nn.PairwiseDistance(x.norm, x.eps, x.keepdim)
    return x


def tensor(t: torch.Tensor, grad: bool = True):
    """numtorch's copy of one tensor."""
    d = t.detach().resolve_conj().resolve_neg()
    if d.layout is not torch.strided:
        raise Inexpressible(f"a sample of layout {d.layout}")
    if d.device.type != "cpu":
        raise Inexpressible(f"a sample on {d.device}")
    storage = d.untyped_storage().nbytes() // d.element_size()
    if d.dim() > 64:
        made = _plain(d.reshape(-1)).reshape(tuple(d.shape))  # more dims than an array can have
    elif d.numel() and (not d.is_contiguous() or d.numel() < storage <= 1 << 20):
        # With its whole storage: as_strided sees what lies around a view.
        base = torch.as_strided(d, (storage,), (1,), 0)
        made = nt.as_strided(_plain(base), tuple(d.shape), d.stride(), d.storage_offset())
    else:
        made = _plain(d)
    if grad and t.requires_grad:
        made = made.detach() if made._view is None else made
        made.requires_grad_()
    return made


def sharing(args, kwargs):
    """to_nt of both, where tensors of one torch storage become views of one numtorch tensor."""
    given = [v for x in (*args, *kwargs.values()) for v in (x if isinstance(x, tuple) else (x,))]
    tensors = [t for t in given if isinstance(t, torch.Tensor)]
    places = [t.untyped_storage().data_ptr() for t in tensors if t.layout is torch.strided]
    made: dict[int, object] = {}

    def one(t):
        if type(t) is tuple:
            return tuple(map(one, t))
        if not isinstance(t, torch.Tensor) or t.layout is not torch.strided:
            return to_nt(t)
        place = t.untyped_storage().data_ptr()
        if t.requires_grad or t.is_conj() or not place or places.count(place) < 2:
            return to_nt(t)
        if id(t) not in made:
            if place not in made:
                count = t.untyped_storage().nbytes() // t.element_size()
                made[place] = _plain(torch.as_strided(t.detach(), (count,), (1,), 0))
            made[id(t)] = nt.as_strided(made[place], tuple(t.shape), t.stride(), t.storage_offset())
        return made[id(t)]

    return tuple(map(one, args)), {k: one(v) for k, v in kwargs.items()}


def _plain(d: torch.Tensor):
    if d.dtype is torch.bfloat16:
        return nt.tensor(d.float().clone().contiguous().numpy()).to(nt.bfloat16)
    if d.dtype is torch.complex32:
        return nt.tensor(d.to(torch.complex64).contiguous().numpy()).to(nt.complex32)
    # Of a copy: numpy() would make the sample's own storage one that can't be resized.
    return nt.tensor(d.clone().contiguous().numpy())


def to_torch(x):
    """torch's copy of a numtorch tensor."""
    if isinstance(x, nt.Tensor):
        d = x.detach()
        if d.dtype.name == "bfloat16":
            return torch.from_numpy(np.array(d.to(nt.float32).numpy())).bfloat16()
        if d.dtype.name == "complex32":
            return torch.from_numpy(np.array(d.to(nt.complex64).numpy())).to(torch.complex32)
        return torch.from_numpy(np.array(d.numpy()))
    if isinstance(x, (tuple, list)):
        return tuple(to_torch(v) for v in x)
    return x


def rebind(f, seen=None):
    """A Python function with `torch` meaning numtorch (lambdas of the sample database)."""
    if not isinstance(f, types.FunctionType):
        return f
    scope = {**f.__globals__, **_MODULES}
    cells = None
    if f.__closure__:
        cells = tuple(types.CellType(to_nt(c.cell_contents)) for c in f.__closure__)
    made = types.FunctionType(f.__code__, scope, f.__name__, f.__defaults__, cells)
    made.__kwdefaults__ = f.__kwdefaults__
    return made


def _slice(x, dim: int = 0, start=None, end=None, step: int = 1):
    """One dim's part of x, by indexing."""
    return x[(*(slice(None),) * dim, slice(start, end, step))]


def resolve(op):
    """numtorch's callable of an OpInfo, or None."""
    f = op.op
    if op.name == "slice":  # an internal row of torch's: what x[a:b:c] calls
        return _slice
    if isinstance(f, types.FunctionType) and (
        f.__name__ == "<lambda>" or f.__module__.startswith("torch.testing")
    ):
        return rebind(f)
    where = nt
    for part in op.name.split("."):
        where = getattr(where, part, None)
        if where is None:
            break
    if not callable(where) and "." not in op.name:
        where = getattr(nt.Tensor, op.name, None)
        if not callable(where):
            return None
    return where
