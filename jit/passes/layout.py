"""Movement ops as index maps, so that they cost nothing: a reader of a view loads its source.

A `Map` says where element i of a view lies: address = offset + sum(strides[d] * i[d]) in elements,
valid only where every guard holds (padding), else the value is `fill`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..ir import Graph, Value
from ..ops import build as B
from ..ops.tensor_ops import contiguous_strides
from ..sym import prod


@dataclass
class Guard:
    """0 <= e < size and e % div == 0, for e = const + sum(coefs[d] * i[d]).

    With div > 1 the quotient e // div adds stride * quotient to the address.
    """

    const: int
    coefs: tuple[int, ...]
    size: int
    div: int = 1
    stride: int = 0


@dataclass
class Map:
    """Index map of a view; `strides` has one entry per dim of the view."""

    offset: int
    strides: tuple[int, ...]
    guards: list[Guard] = field(default_factory=list)
    fill: float = 0.0


def identity(shape) -> Map:
    return Map(0, contiguous_strides(shape))


def is_contiguous(m: Map, shape) -> bool:
    """True if the view reads its source in order from the first element."""
    if m.guards or not m.offset == 0:
        return False
    expected = contiguous_strides(shape)
    return all(n == 1 or a == b for n, a, b in zip(shape, m.strides, expected))


def apply(node, m: Map) -> Map | None:
    """The map of a movement node's result given its operand's; None if a copy is needed."""
    rule = _RULES[node.op.name]
    return rule(m, node.inputs[0].shape, node.out.shape, **node.attrs)


def _select(m: Map, pick) -> Map:
    """Rebuilds strides and guard coefficients by a function of the old ones."""
    guards = [replace(g, coefs=pick(g.coefs)) for g in m.guards]
    return replace(m, strides=pick(m.strides), guards=guards)


def _permute(m, src, out, dims):
    return _select(m, lambda c: tuple(c[d] for d in dims))


def _expand(m, src, out, **_):
    lead = len(out) - len(src)

    def pick(c):
        kept = (0 if src[d] == 1 and out[lead + d] != 1 else c[d] for d in range(len(src)))
        return (0,) * lead + tuple(kept)

    return _select(m, pick)


def _shift(m: Map, by, scale) -> Map:
    # Index d of the source is by[d] + scale[d] * i[d].
    def total(c):
        return sum((a * b for a, b in zip(c, by)), 0)

    guards = [
        replace(g, const=g.const + total(g.coefs),
                coefs=tuple(a * b for a, b in zip(g.coefs, scale)))
        for g in m.guards
    ]  # fmt: skip
    strides = tuple(a * b for a, b in zip(m.strides, scale))
    return replace(m, offset=m.offset + total(m.strides), strides=strides, guards=guards)


def _slice(m, src, out, starts, steps, **_):
    return _shift(m, starts, steps)


def _flip(m, src, out, dims):
    by = tuple(n - 1 if d in dims else 0 for d, n in enumerate(src))
    return _shift(m, by, tuple(-1 if d in dims else 1 for d in range(len(src))))


def _pad(m, src, out, low, high, fill):
    if m.guards and not (m.fill == fill):
        return None
    rank = len(src)
    new = _shift(m, tuple(-a for a in low), (1,) * rank)
    guards = list(new.guards)
    for d in range(rank):
        if low[d] != 0 or high[d] != 0:
            coefs = tuple(1 if j == d else 0 for j in range(rank))
            guards.append(Guard(-low[d], coefs, src[d]))
    return replace(new, guards=guards, fill=fill)


def _window(m, src, out, kernel, stride, padding, dilation, fill):
    if m.guards and not (m.fill == fill):
        return None
    k, lead = len(kernel), len(src) - len(kernel)

    def widen(c):
        # Source index = out * stride + tap * dilation - padding.
        outs = tuple(c[lead + j] * stride[j] for j in range(k))
        taps = tuple(c[lead + j] * dilation[j] for j in range(k))
        return tuple(c[:lead]) + outs + taps

    shifted = _shift(m, (0,) * lead + tuple(-p for p in padding), (1,) * len(src))
    new = _select(shifted, widen)
    guards = list(new.guards)
    for j in range(k):
        if padding[j]:
            unit = tuple(1 if d == lead + j else 0 for d in range(len(src)))
            guards.append(Guard(-padding[j], widen(unit), src[lead + j]))
    return replace(new, guards=guards, fill=fill)


def _unwindow(m, src, out, size, stride, padding, dilation):
    if m.guards:
        return None
    k = len(size)
    lead = len(src) - 2 * k
    strides = list(m.strides)
    guards = []
    for j in range(k):
        at, tap = lead + j, lead + k + j
        coefs = [0] * len(src)
        coefs[at], coefs[tap] = 1, -dilation[j]
        outer = m.strides[at]
        guard = Guard(padding[j], tuple(coefs), src[at] * stride[j], stride[j], outer)
        if stride[j] == 1:
            guard.stride = 0
            strides[tap] = strides[tap] - outer * dilation[j]
            m = replace(m, offset=m.offset + outer * padding[j])
        else:
            strides[at] = 0
        guards.append(guard)
    return replace(m, strides=tuple(strides), guards=guards, fill=0.0)


def _region(m, src, out, strides, offset, **_):
    return replace(m, offset=offset, strides=strides) if is_contiguous(m, src) else None


def _drop(m, src, out, dim, index):
    by = tuple(index if d == dim else 0 for d in range(len(src)))
    return _select(_shift(m, by, (1,) * len(src)), lambda c: (*c[:dim], *c[dim + 1 :]))


def _diagonal(m, src, out, offset, dim1, dim2, **_):
    by = [0] * len(src)
    by[dim1], by[dim2] = max(-offset, 0), max(offset, 0)

    def pick(c):
        kept = tuple(c[d] for d in range(len(src)) if d not in (dim1, dim2))
        return (*kept, c[dim1] + c[dim2])

    return _select(_shift(m, by, (1,) * len(src)), pick)


def _reshape(m: Map, src, out, **_) -> Map | None:
    """Splits dims freely; merges neighbours that lie evenly and that no guard looks at."""
    if prod(src) == 0:
        return Map(0, contiguous_strides(out))
    old = [d for d, n in enumerate(src) if not n == 1]
    new = [d for d, n in enumerate(out) if not n == 1]
    vectors = [m.strides, *[g.coefs for g in m.guards]]
    made = [[0] * len(out) for _ in vectors]
    i = j = 0
    while i < len(old) and j < len(new):
        a, b = src[old[i]], out[new[j]]
        i0, j0, i, j = i, j, i + 1, j + 1
        while not a == b:
            if a < b:
                if i >= len(old):
                    return None
                a, i = a * src[old[i]], i + 1
            else:
                if j >= len(new):
                    return None
                b, j = b * out[new[j]], j + 1
        for c, target in zip(vectors, made):
            for p, q in zip(old[i0:i], old[i0 + 1 : i]):
                if not c[p] == c[q] * src[q]:
                    return None
            step = c[old[i - 1]]
            for q in reversed(new[j0:j]):
                target[q] = step
                step = step * out[q]
    guards = [replace(g, coefs=tuple(c)) for g, c in zip(m.guards, made[1:])]
    return replace(m, strides=tuple(made[0]), guards=guards)


_RULES = {
    "permute": _permute, "expand": _expand, "slice": _slice, "flip": _flip, "pad": _pad,
    "window": _window, "unwindow": _unwindow, "region": _region, "reshape": _reshape,
    "diagonal": _diagonal, "select": _drop,
    "detach": lambda m, src, out: m,
}  # fmt: skip


class Layout:
    """Where each view's elements come from: `of(v)` is (source value, Map)."""

    def __init__(self, input_strides: dict[Value, tuple[int, ...]]):
        self.input_strides = input_strides
        self.views: dict[Value, tuple[Value, Map]] = {}

    def of(self, v: Value) -> tuple[Value, Map]:
        found = self.views.get(v)
        if found is not None:
            return found
        strides = self.input_strides.get(v)
        found = self.views[v] = v, (
            Map(0, strides) if strides is not None else identity(v.shape)
        )
        return found

    def resolve(self, graph: Graph) -> None:
        """Fills in the maps of all movement nodes; puts a copy where an index map can't follow."""
        nodes, graph.nodes = graph.nodes, []
        with B.grad_flags(False):
            for node in nodes:
                if node.op.kind == "movement":
                    self._movement(graph, node)
                graph.nodes.append(node)

    def _movement(self, graph: Graph, node) -> None:
        source, m = self.of(node.inputs[0])
        new = apply(node, m)
        if new is None:
            copied = B.emit("copy", node.inputs[0])
            copied.node.loc = node.loc
            node.inputs = [copied]
            source, new = copied, apply(node, identity(copied.shape))
            if new is None:
                raise AssertionError(f"{node.op.name} of a contiguous value needs no copy")
        self.views[node.out] = (source, new)
