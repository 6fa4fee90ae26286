"""autograd.Function under vmap."""

from __future__ import annotations

from collections import namedtuple

from .._tensor import Tensor
from ..autograd.function import Function
from ._tree import broadcast, flatten, unflatten
from .batching import is_batched, local, rebatch, unbatch

VmapInfo = namedtuple("VmapInfo", ("batch_size", "randomness"))


def apply_in_vmap(cls, args: tuple) -> object:
    """Applies a Function to examples of a batch; NotImplemented if no argument is one."""
    flat = [isinstance(a, Tensor) and is_batched(a) for a in args]
    if not any(flat):
        return NotImplemented
    if cls.setup_context is Function.setup_context:
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, "
            "jacrev, ...), it must override the setup_context staticmethod. For more details, "
            "please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    own = cls.vmap is not Function.vmap
    if own and cls.generate_vmap_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and "
            "an overridden vmap staticmethod. Please set generate_vmap_rule=False or delete the "
            "overridden vmap staticmethod to avoid ambiguity. For more details, please see "
            "https://pytorch.org/docs/main/notes/extending.func.html"
        )
    if cls.generate_vmap_rule:
        # Its forward and backward are recorded for one example like everything else.
        return NotImplemented
    if not own:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please "
            "override and implement the vmap staticmethod or set generate_vmap_rule=True. For more "
            "details, please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    return _call(cls, args, flat)


def _call(cls, args: tuple, batched: list[bool]):
    tape = local.tape
    level = tape.levels[-1]
    whole = [rebatch(a, level) if b else a for a, b in zip(args, batched)]
    dims = tuple(0 if b else None for b in batched)
    tape.levels.pop()
    try:
        out, out_dims = cls.vmap(VmapInfo(level.size, level.randomness), dims, *whole)
    finally:
        tape.levels.append(level)
    leaves, spec = flatten(out)
    at = broadcast(out_dims, spec)
    if at is None:
        raise RuntimeError(f"{cls.__name__}.vmap: out_dims {out_dims} does not fit its results")
    found = [
        x if d is None else unbatch(x.movedim(d, 0) if d else x, level.number)
        for x, d in zip(leaves, at)
    ]
    return unflatten(found, spec)
