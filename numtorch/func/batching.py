"""vmap: a function of one example becomes one of a batch.

The function runs once, on tensors that stand for one example; what it records says what happens to
one example. The compiler gives it the batch dims afterwards (jit/passes/batching.py argues why
there, where composites and gradients are expanded to a few dozen primitives, and not by a rule for
each function). The batch is an ordinary computation then: it fuses, and has gradients.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .._tensor import Tensor
from ..autograd.modes import no_grad
from ._tree import broadcast, flatten, text, unflatten


class Level:
    """A vmap that is open."""

    __slots__ = ("number", "size", "randomness", "like")

    def __init__(self, number: int, size: int, randomness: str, like: Tensor):
        self.number, self.size, self.randomness, self.like = number, size, randomness, like


def vmap(
    func: Callable, in_dims=0, out_dims=0, randomness: str = "error", *,
    chunk_size: int | None = None,
) -> Callable:  # fmt: skip
    """A function that maps `func` over a dim of its tensor arguments.

    in_dims: the dim of each argument (None: not mapped), as an int or in the arguments' structure;
    out_dims: where the mapped dim goes in the results. randomness: 'error', 'same' or 'different'
    random numbers for the examples. chunk_size: so many examples at a time.

    >>> import numtorch as torch
    >>> torch.vmap(torch.dot)(torch.ones(3, 4), torch.ones(3, 4))
    tensor([4., 4., 4.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(
            f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})"
        )

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        flat, dims, spec, size = _prepare(func, in_dims, args)
        if chunk_size is None or chunk_size >= size:
            return _run(func, flat, dims, spec, size, out_dims, randomness, kwargs)
        parts = []
        for at in range(0, size, chunk_size):
            n = min(chunk_size, size - at)
            part = [x if d is None else x.narrow(d, at, n) for x, d in zip(flat, dims)]
            parts.append(_run(func, part, dims, spec, n, out_dims, randomness, kwargs))
        return _join(parts, out_dims)

    return wrapped


def _join(parts: list, out_dims):
    from .. import cat

    leaves, spec = flatten(parts[0])
    dims = broadcast(out_dims, spec) or [out_dims]
    columns = zip(*[flatten(p)[0] for p in parts])
    return unflatten([c[0] if d is None else cat(list(c), d) for c, d in zip(columns, dims)], spec)


def _name(func) -> str:
    return getattr(func, "__name__", None) or repr(func)


def _prepare(func, in_dims, args: tuple):
    """(leaves, their dims, structure, batch size); errors in functorch's words."""
    head = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{head}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you "
            "are trying to vmap over a function with no inputs. The latter is unsupported."
        )
    flat, spec = flatten(args)
    dims = broadcast(in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{head}: in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {text(flatten(in_dims)[1])} but inputs has structure {text(spec)}."
        )
    sizes = []
    for k, (x, d) in enumerate(zip(flat, dims)):
        if d is None:
            continue
        if not isinstance(d, int):
            raise ValueError(
                f"{head}: Got in_dim={d} for an input but in_dim must be either an integer "
                "dimension or None."
            )
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{head}: Got in_dim={d} for an input but the input is of type {type(x)}. We "
                "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -x.dim() <= d < x.dim():
            raise ValueError(
                f"{head}: Got in_dim={d} for some input, but that input is a Tensor of "
                f"dimensionality {x.dim()} so expected in_dim to satisfy -{x.dim()} <= in_dim < "
                f"{x.dim()}."
            )
        dims[k] = d % x.dim()
        sizes.append(x.shape[d])
    if not sizes:
        raise ValueError(
            f"{head}: Expected at least one Tensor to vmap over: all in_dims are None."
        )
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return flat, dims, spec, sizes[0]


def _run(func, flat, dims, spec, size, out_dims, randomness, kwargs):
    tape = local.tape
    moved = [x if d is None else x.movedim(d, 0) if d else x for x, d in zip(flat, dims)]
    like = next(x for x, d in zip(moved, dims) if d is not None).detach()
    level = Level(tape.new_level(), size, randomness, like)
    tape.levels.append(level)
    try:
        args = [x if d is None else unbatch(x, level.number) for x, d in zip(moved, dims)]
        before = [getattr(a, "_v", None) for a in args]
        at = [getattr(v, "idx", None) for v in before]
        out = func(*unflatten(args, spec), **kwargs)
        results = _collect(func, out, out_dims, level)
        written = [
            (x, rebatch(a, level)) for x, a, d, v, i in zip(moved, args, dims, before, at)
            if d is not None and (a._v is not v or v.idx != i) and _same_kind(a, x)
        ]  # fmt: skip
    finally:
        tape.levels.pop()
    for x, new in written:
        x.copy_(new)  # what was written to an example is written to the batch
    if not tape.levels and len(tape.handles) >= tape.limit:
        tape.flush()
    return results


def _same_kind(example: Tensor, batch: Tensor) -> bool:
    """False for a tensor that stands for something else by now (its .data was set)."""
    return example.shape == batch.shape[1:] and example.dtype is batch.dtype


def shown(x: Tensor) -> tuple[Tensor, int]:
    """What repr() shows of a tensor that stands for one example: all of them, and in how many
    vmaps it does."""
    from numtorch.jit.foreign import run_foreign
    from numtorch.jit.passes.batching import levels_of

    tape = local.tape
    bits = levels_of(tape.entries).get(x._v.idx, 0) if x._v.win is tape.win else 0
    inside = [level for level in reversed(tape.levels) if bits >> (level.number - 1) & 1]
    with no_grad():
        whole = x.detach()
        for level in inside:
            whole = rebatch(whole, level)
    if inside:
        run_foreign(whole._v)
    return whole, len(inside)


def unbatch(x: Tensor, level: int) -> Tensor:
    """What stands for one example of a batch (its first dim)."""
    tape = local.tape
    return tape.record(OPS["unbatch"], (x,), (level,))


def rebatch(x: Tensor, level: Level, dim: int = 0) -> Tensor:
    """The batch of what stands for one example."""
    out = local.tape.record(OPS["batch"], (x, level.like), (level.number,))
    return out.movedim(0, dim) if dim % out.dim() else out


def is_batched(x: Tensor) -> bool:
    """True if a tensor stands for one example of the innermost open vmap."""
    from numtorch.jit.passes.batching import levels_of

    tape = local.tape
    if not tape.levels or x._v.win is not tape.win or x._v.idx < 0:
        return False
    return bool(levels_of(tape.entries).get(x._v.idx, 0) >> (tape.levels[-1].number - 1) & 1)


def _collect(func, out, out_dims, level: Level):
    name = _name(func)
    leaves, spec = flatten(out)
    for x in leaves:
        if not isinstance(x, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(x)}. Did "
                "you mean to set out_dims= to None for output?"
            )
    dims = broadcast(out_dims, spec)
    if dims is None and isinstance(out_dims, tuple) and len(out_dims) == 1 and len(leaves) == 1:
        dims = list(out_dims)
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with "
            f"the structure of `outputs`. out_dims has structure {text(flatten(out_dims)[1])} "
            f"but outputs has structure {text(spec)}."
        )
    found = []
    for x, d in zip(leaves, dims):
        if d is None:
            if is_batched(x):
                raise ValueError(
                    f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is "
                    "None"
                )
            found.append(x)
            continue
        rank = x.dim() + 1
        if not -rank <= d < rank:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{rank}, {rank - 1}], but "
                f"got {d})"
            )
        found.append(rebatch(x, level, d))
    return unflatten(found, spec)


def take_random(generator, n: int) -> tuple:
    """(seed, counter) of n random numbers for each example of the open vmaps."""
    tape = local.tape
    count, different = n, []
    for level in tape.levels:
        if level.randomness == "error":
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Please either use "
                "the 'same' or 'different' randomness flags on vmap or perform the randomness "
                "operation out of vmap"
            )
        if level.randomness == "different":
            count *= level.size
            different.append(level)
    seed, counter = generator._seed, generator.counter
    generator.counter += count
    for level in different:
        counter = tape.record(OPS["vary"], (counter, level.like), (level.number,))
    return seed, counter
