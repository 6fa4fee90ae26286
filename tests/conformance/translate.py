"""torch's tensors and arguments as numtorch's, and callables that use one as callables of the other."""

from __future__ import annotations

import types

import numpy as np
import numtorch as nt
import torch

_MODULES = {"torch": nt}


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
    return x


def tensor(t: torch.Tensor, grad: bool = True):
    """numtorch's copy of one tensor."""
    d = t.detach().resolve_conj().resolve_neg()
    if d.layout is not torch.strided:
        raise NotImplementedError("sparse sample")
    if not d.is_contiguous() and d.numel() and _as_strided_works():
        n = sum((s - 1) * k for s, k in zip(d.shape, d.stride())) + 1
        base = torch.as_strided(d, (n,), (1,), d.storage_offset())
        made = nt.as_strided(_plain(base), tuple(d.shape), d.stride(), 0)
    else:
        made = _plain(d)
    if grad and t.requires_grad:
        made = made.detach() if made._view is None else made
        made.requires_grad_()
    return made


def _as_strided_works() -> bool:
    return hasattr(nt, "as_strided")


def _plain(d: torch.Tensor):
    if d.dtype is torch.bfloat16:
        return nt.tensor(d.float().clone().contiguous().numpy()).to(nt.bfloat16)
    # Of a copy: numpy() would make the sample's own storage one that can't be resized.
    return nt.tensor(d.clone().contiguous().numpy())


def to_torch(x):
    """torch's copy of a numtorch tensor."""
    if isinstance(x, nt.Tensor):
        d = x.detach()
        if d.dtype.name == "bfloat16":
            return torch.from_numpy(np.array(d.to(nt.float32).numpy())).bfloat16()
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


def resolve(op):
    """numtorch's callable of an OpInfo, or None."""
    f = op.op
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
