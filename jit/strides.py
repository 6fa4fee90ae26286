"""Which strides PyTorch gives a result: pointwise results lie in memory as their operands do."""

from __future__ import annotations

from itertools import accumulate


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides in elements of a contiguous tensor, as PyTorch gives them (0 counts as 1)."""
    out, n = [], 1
    for s in reversed(shape):
        out.append(n)
        n *= s if s > 1 else 1
    return tuple(reversed(out))


def columns(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of a stack of matrices that lie column by column."""
    *lead, m, n = row_major((*shape[:-2], shape[-1], shape[-2]))
    return (*lead, n, m)


def in_rows(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """True if the elements lie in memory as those of a row-major tensor do."""
    return 0 in shape or _same(shape, strides, row_major(shape))


def order_of(shape: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...] | None:
    """The dims from outermost to innermost if the elements fill memory without gaps or overlap."""
    rank, step = range(len(shape)), 1
    order = tuple(sorted(rank, key=lambda d: (-strides[d], shape[d] == 1, d)))
    for d in reversed(order):
        if shape[d] != 1 and strides[d] != step:
            return None
        step *= shape[d]
    return order


def turned(shape: tuple, order: tuple[int, ...]) -> tuple:
    """The sizes of the dims as they lie in memory."""
    return tuple(shape[d] for d in order)


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes another one."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def channels_last(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Strides of a tensor of 4 or 5 dims whose channels lie innermost."""
    if len(shape) not in (4, 5):
        return None
    order = (0, *range(2, len(shape)), 1)
    found = row_major(turned(shape, order))
    return tuple(found[k] for k in inverse(order))


def by_stride(strides: tuple[int, ...], dims) -> tuple[int, ...]:
    """Dims from the largest stride to the smallest."""
    return tuple(sorted(dims, key=lambda d: -strides[d]))


def transformed(shape: tuple[int, ...], strides: tuple[int, ...], dims) -> tuple[int, ...]:
    """Strides of a Fourier transform's result of this shape, for an operand's strides: the dims
    that are transformed lie innermost, in the order given, the others as their strides sort them.
    """
    order = (*by_stride(strides, [d for d in range(len(shape)) if d not in dims]), *dims)
    found = row_major(turned(shape, order))
    return tuple(found[k] for k in inverse(order))


def suggests_channels_last(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """True if a tensor of 4 or 5 dims passes for channels last: where dims of size 1 leave it
    open, it does not."""
    if len(shape) not in (4, 5) or strides[1] == 0:
        return False
    least = 0
    for d in (1, *reversed(range(2, len(shape))), 0):
        if shape[d] == 0 or strides[d] < least or (d == 0 and least == strides[1]):
            return False
        least = strides[d] * shape[d]
    return True


def _same(shape: tuple, strides: tuple, wanted: tuple | None) -> bool:
    return wanted is not None and all(n == 1 or a == b for n, a, b in zip(shape, strides, wanted))


def pointwise(shape: tuple[int, ...], operands: list) -> tuple[int, ...] | None:
    """Strides of a pointwise result of operands (shape, strides); None for row-major.

    As in PyTorch: all operands in one layout give that layout; else the dims are sorted by the
    strides of the first operand that tells two of them apart.
    """
    rank = len(shape)
    if rank < 2 or 0 in shape:
        return None
    if all(own == shape for own, _ in operands):
        for wanted in (row_major(shape), channels_last(shape)):
            if all(_same(shape, s, wanted) for _, s in operands):
                return wanted
        first = operands[0][1]
        if all(s == first for _, s in operands) and order_of(shape, first) is not None:
            return first
    return _sorted(shape, [_spread(shape, own, s) for own, s in operands])


def preserved(shape: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...] | None:
    """Strides of a copy that preserves the layout: gaps are closed."""
    if 0 in shape or order_of(shape, strides) is not None:
        return strides
    return _sorted(shape, [strides])


def _spread(shape: tuple, own: tuple, strides: tuple) -> tuple[int, ...]:
    """The strides of an operand under the result's dims: 0 where it is broadcast."""
    lead = len(shape) - len(own)
    found = [0 if n == 1 and shape[lead + d] != 1 else strides[d] for d, n in enumerate(own)]
    return (0,) * lead + tuple(found)


def _sorted(shape: tuple[int, ...], operands: list[tuple]) -> tuple[int, ...] | None:
    """Strides without gaps whose order of dims is that of the operands' strides.

    Dims that no operand tells apart stay as they are; an insertion sort, since the comparison is
    no total order.
    """

    def after(a: int, b: int) -> int:
        for strides in operands:
            if strides[a] == 0 or strides[b] == 0:
                continue
            if strides[a] != strides[b]:
                return -1 if strides[a] < strides[b] else 1
            if shape[a] > shape[b]:
                return 1
        return 0

    dims = list(reversed(range(len(shape))))  # innermost first
    for i in range(1, len(dims)):
        k = i
        for j in reversed(range(i)):
            c = after(dims[j], dims[k])
            if c > 0:
                dims[j], dims[k] = dims[k], dims[j]
                k = j
            elif c < 0:
                break
    steps = accumulate((shape[d] for d in dims), int.__mul__, initial=1)
    found = dict(zip(dims, steps))
    return tuple(found[d] for d in range(len(shape)))
