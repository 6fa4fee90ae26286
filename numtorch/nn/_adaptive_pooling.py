"""Pooling to a given size, its inverse, and pooling over random windows."""

from __future__ import annotations

import math

from .. import _creation, _gather
from .._examples import described
from .._saves import kept
from .._tensor import Tensor
from . import _check
from ._pooling import _avg_pool, _batched, _geometry, _name_with_indices, _unbatched, ints

__all__ = [
    f"adaptive_max_pool{k}d{tail}" for k in (1, 2, 3) for tail in ("", "_with_indices")
] + [f"{kind}{k}d" for kind in ("adaptive_avg_pool", "max_unpool") for k in (1, 2, 3)] + [
    f"fractional_max_pool{k}d{tail}" for k in (2, 3) for tail in ("", "_with_indices")
]  # fmt: skip

# ---------------------------------------------------------------- adaptive


def _target(name: str, output_size, input: Tensor, k: int) -> tuple[int, ...]:
    if isinstance(output_size, (tuple, list)):
        if k == 1 and len(output_size) != 1:
            raise RuntimeError(
                f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
            )
        if k > 1 and input.dim() <= len(output_size):
            raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    else:
        output_size = (output_size,) * k
    if len(output_size) != k:
        raise RuntimeError(
            f"{name}(): internal error: output_size.size() must be {k}" if "max" in name else
            f"{name}: output_size must be {k}"
        )  # fmt: skip
    _batched(name, input, k)
    target = tuple(n if t is None else int(t) for t, n in zip(output_size, input.shape[-k:]))
    if min(target) < 0:
        if "avg" in name:
            given, rank = ((1, *target), 2) if k == 1 else (target, k)
            raise RuntimeError(
                f"adaptive_avg_pool{rank}d: elements of output_size must be greater than or equal "
                f"to 0 but received {{{', '.join(map(str, given))}}}"
            )
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(target)}: "
            f"{[*input.shape[:-k], *((1,) if k == 1 else ()), *target]}"
        )
    if not input.dtype.differentiable:
        raise _check.not_implemented(name, input)
    counted = list(input.shape[-k:] if "avg" in name else input.shape[-k - 1 :])
    if 0 in counted and not ("avg" in name and set(target) == {1}):
        shape, at = list(input.shape), input.dim() - len(counted) + counted.index(0)
        if name == "adaptive_avg_pool1d":
            name, shape, at = "adaptive_avg_pool2d", [*shape[:-1], 1, shape[-1]], at + 1
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input "
            f"has sizes {shape} with dimension {at} being empty"
        )
    return target


def _no_windows(x: Tensor, target: tuple) -> Tensor:
    """The empty result of a target that has a 0; its gradient is zero."""
    return (x.sum() * 0).expand((*x.shape[:2], *target))


def _spans(n: int, out: int) -> tuple[list[int], list[int]]:
    """Begins and ends of `out` windows that cover n elements evenly."""
    return [i * n // out for i in range(out)], [-(-(i + 1) * n // out) for i in range(out)]


def _cut(x: Tensor, dim: int, out: int) -> tuple[Tensor, Tensor, list[int]]:
    """[..., out, longest, ...] windows of a dim, what of them counts, and their lengths."""
    begins, ends = _spans(x.size(dim), out)
    lengths = [b - a for a, b in zip(begins, ends)]
    longest = max(lengths)
    table = [[min(a + j, b - 1) for j in range(longest)] for a, b in zip(begins, ends)]
    index = _creation.tensor(table).reshape(-1)
    parts = x.index_select(dim, index).unflatten(dim, (out, longest))
    inside = _creation.tensor([[j < m for j in range(longest)] for m in lengths])
    shape = [1] * parts.dim()
    shape[dim], shape[dim + 1] = out, longest
    return parts, inside.reshape(shape), lengths


@kept("avg_pool")
def _adaptive_avg(name: str, k: int, input: Tensor, output_size) -> Tensor:
    target = _target(name, output_size, input, k)
    x = _batched(name, input, k)
    if 0 in target:
        return _unbatched(_no_windows(x, target), input, k)
    if set(target) == {1}:
        return input.mean(tuple(range(-k, 0)), keepdim=True)
    if all(t and n % t == 0 for n, t in zip(x.shape[2:], target)):
        kernel = tuple(n // t for n, t in zip(x.shape[2:], target))
        return _unbatched(_avg_pool((x,), (kernel, kernel, (0,) * k, (0,) * k, True, None)), input,
                          k)  # fmt: skip
    for j, t in enumerate(target):
        dim = 2 + j
        parts, inside, lengths = _cut(x, dim, t)
        shape = [1] * x.dim()
        shape[dim] = t
        count = _creation.tensor(lengths, dtype=x.dtype).reshape(shape)
        x = parts.masked_fill(~inside, 0.0).sum(dim + 1) / count
    return _unbatched(x, input, k)


def adaptive_avg_pool1d(input: Tensor, output_size) -> Tensor:
    """Means over windows that make the last dim `output_size` long.

    >>> import numtorch as torch
    >>> torch.nn.functional.adaptive_avg_pool1d(torch.tensor([[1.0, 2.0, 3.0]]), 2)
    tensor([[1.5000, 2.5000]])
    """
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size) -> Tensor:
    """Means over windows that make the last two dims `output_size` (None: as they are).

    >>> import numtorch as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.zeros(1, 3, 8, 9), (4, None)).shape
    torch.Size([1, 3, 4, 9])
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size) -> Tensor:
    """Means over windows that make the last three dims `output_size`.

    >>> import numtorch as torch
    >>> torch.nn.functional.adaptive_avg_pool3d(torch.zeros(1, 3, 5, 6, 7), 2).shape
    torch.Size([1, 3, 2, 2, 2])
    """
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


@kept("max_pool")
def _adaptive_max(name: str, k: int, input: Tensor, output_size, return_indices: bool):
    target = _target(name, output_size, input, k)
    x = _batched(name, input, k)
    if 0 in target:
        values = _unbatched(_no_windows(x, target), input, k)
        return (values, values.detach().long()) if return_indices else values
    ins = tuple(x.shape[2:])
    flat = _creation.arange(math.prod(ins)).reshape(1, 1, *ins)
    parts, places = x, flat
    for j, t in enumerate(target):
        dim = 2 + 2 * j
        parts, inside, _ = _cut(parts, dim, t)
        places = _cut(places, dim, t)[0]
        parts = parts.masked_fill(~inside, _lowest(x))
    order = [0, 1, *range(2, 2 + 2 * k, 2), *range(3, 3 + 2 * k, 2)]
    lead = (*x.shape[:2], *target)
    parts = parts.permute(order).reshape(*lead, -1)
    values, at = parts.max(-1)
    if not return_indices:
        return _unbatched(values, input, k)
    places = places.permute(order).reshape(1, 1, *target, -1).expand(parts.shape)
    found = places.gather(-1, at.unsqueeze(-1)).squeeze(-1)
    return _unbatched(values, input, k), _unbatched(found, input, k)


def _lowest(x: Tensor):
    from numtorch.jit.ops.convolution import lowest

    return lowest(x.dtype)


def _adaptive_max_function(k: int):
    name = f"adaptive_max_pool{k}d"

    def pool(input: Tensor, output_size, return_indices: bool = False):
        return _adaptive_max(name, k, input, output_size, return_indices)

    def with_indices(input: Tensor, output_size, return_indices: bool = False):
        return _adaptive_max(name, k, input, output_size, True)

    pool.__name__ = name
    pool.__doc__ = described(
        f"nn.functional.{name}", f"Maxima over windows that make the last {k} dims `output_size`."
    )
    _name_with_indices(with_indices, name)
    return pool, with_indices


adaptive_max_pool1d, adaptive_max_pool1d_with_indices = _adaptive_max_function(1)
adaptive_max_pool2d, adaptive_max_pool2d_with_indices = _adaptive_max_function(2)
adaptive_max_pool3d, adaptive_max_pool3d_with_indices = _adaptive_max_function(3)


# ---------------------------------------------------------------- unpooling, fractional


@kept("max_unpool")
def _unpool(k, input, indices, kernel_size, stride, padding, output_size) -> Tensor:
    name = f"max_unpool{k}d"
    kernel, stride, padding, _ = _geometry(name, k, kernel_size, stride, padding, 1)
    if indices.dtype.short != "i64":
        found = f" but got: {indices.dtype.scalar_type}" if k < 3 else ""
        raise RuntimeError(f"elements in indices should be type int64{found}")
    ins = input.shape[-k:]
    usual = tuple((n - 1) * s + m - 2 * p for n, s, m, p in zip(ins, stride, kernel, padding))
    size = usual
    if output_size is not None:
        if len(output_size) not in (k, k + 2):
            raise ValueError(
                f"output_size should be a sequence containing {k} or {k + 2} elements, but it has "
                f"a length of '{len(output_size)}'"
            )
        size = tuple(output_size)[-k:]
    for d, (n, want, s) in enumerate(zip(size, usual, stride)):
        if not want - s < n < want + s:
            raise ValueError(
                f'invalid output_size "{size}" (dim {d} must be between {want - s} and '
                f"{want + s})"
            )
    if indices.shape != input.shape:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    lead = tuple(input.shape[:-k])
    flat = _creation.zeros((*lead, math.prod(size)), dtype=input.dtype)
    places, values = indices.reshape(*lead, -1), input.reshape(*lead, -1)
    shown = "x".join(map(str, size if k > 1 else (*size, 1)))
    out = _gather.scattered_at("max_unpool", flat, places, values, shown)
    return out.reshape(*lead, *size)


def _unpool_function(k: int):
    def unpool(
        input: Tensor, indices: Tensor, kernel_size, stride=None, padding=0, output_size=None
    ) -> Tensor:
        return _unpool(k, input, indices, kernel_size, stride, padding, output_size)

    unpool.__name__ = f"max_unpool{k}d"
    unpool.__doc__ = described(
        f"nn.functional.max_unpool{k}d",
        f"Puts the maxima of max_pool{k}d back to their places, zeros elsewhere.",
    )
    return unpool


max_unpool1d, max_unpool2d, max_unpool3d = (_unpool_function(k) for k in (1, 2, 3))


def _fractional(k, input, kernel_size, output_size, output_ratio, return_indices, samples):
    from .._random import rand

    name = f"fractional_max_pool{k}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    x = _batched(name, input, k)
    kernel = ints(kernel_size, k, name, "kernel_size")
    ins = tuple(x.shape[2:])
    if output_size is None:
        ratio = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * k
        output_size = tuple(int(n * r) for n, r in zip(ins, ratio))
    out = ints(output_size, k, name, "output_size")
    for word, size, window, most in zip(("time", "height", "width")[-k:], out, kernel, ins):
        if size + window - 1 > most:
            tail = "_out" if k == 3 else ""
            raise RuntimeError(
                f"{name}{tail}(): pool {word} {window} too large relative to input {word} {most}"
            )
    n, c = x.shape[:2]
    if samples is None:
        samples = rand(n, c, k, dtype=x.dtype)
    else:
        samples = _given_samples(samples, x, k)
    # Where each window begins: a pseudo-random sequence; Graham (2014), section 2.
    where, at = None, x
    places = _creation.arange(math.prod(ins)).reshape(1, 1, *ins).expand(n, c, *ins)
    for j in range(k):
        u = samples.reshape(n, c, k)[:, :, k - 1 - j if k == 2 else j].unsqueeze(-1)
        alpha = (ins[j] - kernel[j]) / max(out[j] - 1, 1)
        i = _creation.arange(out[j]).to(x.dtype)
        start = ((i + u) * alpha).floor() - (u * alpha).floor()
        last = _creation.full((n, c, 1), ins[j] - kernel[j]).to(x.dtype)
        start = _cat((start[:, :, : out[j] - 1], last), -1).long()
        index = (start.unsqueeze(-1) + _creation.arange(kernel[j])).reshape(n, c, -1)
        dim = 2 + 2 * j
        at, places = _take(at, index, dim, out[j]), _take(places, index, dim, out[j])
    order = [0, 1, *range(2, 2 + 2 * k, 2), *range(3, 3 + 2 * k, 2)]
    at = at.permute(order).reshape(n, c, *out, -1)
    values, where = at.max(-1)
    if not return_indices:
        return _unbatched(values, input, k)
    flat = places.permute(order).reshape(n, c, *out, -1).gather(-1, where.unsqueeze(-1))
    return _unbatched(values, input, k), _unbatched(flat.squeeze(-1), input, k)


def _given_samples(samples: Tensor, x: Tensor, k: int) -> Tensor:
    """One row of random numbers for each sample of the batch; further rows are left."""
    n, c = x.shape[:2]
    if samples.dtype is not x.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.dim() != 3:
        raise RuntimeError(
            f"Expect _random_samples to have 3 dimensions, got {samples.dim()}"
        )
    if samples.size(0) < n:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.size(1) != c:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.size(2) != k:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {k}; got {samples.size(2)}.")
    return samples[:n]


def _cat(parts, dim: int) -> Tensor:
    from .._joins import cat

    return cat(parts, dim)


def _take(x: Tensor, index: Tensor, dim: int, out: int) -> Tensor:
    shape = [1] * x.dim()
    shape[0], shape[1], shape[dim] = index.shape[0], index.shape[1], index.shape[2]
    full = list(x.shape)
    full[dim] = index.shape[2]
    return x.gather(dim, index.reshape(shape).expand(full)).unflatten(dim, (out, -1))


def _fractional_function(k: int):
    def pool(
        input: Tensor, kernel_size, output_size=None, output_ratio=None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ):  # fmt: skip
        return _fractional(k, input, kernel_size, output_size, output_ratio, return_indices,
                           _random_samples)  # fmt: skip

    pool.__name__ = name = f"fractional_max_pool{k}d"
    pool.__doc__ = described(
        f"nn.functional.{name}",
        "Maxima over windows at random places; Graham, Fractional max-pooling (2014).",
    )

    def with_indices(*args, **kwargs):
        return pool(*args, **{**kwargs, "return_indices": True})

    _name_with_indices(with_indices, name)
    return pool, with_indices


fractional_max_pool2d, fractional_max_pool2d_with_indices = _fractional_function(2)
fractional_max_pool3d, fractional_max_pool3d_with_indices = _fractional_function(3)
