"""How views are recorded and remembered, and how a tensor becomes another view."""

from __future__ import annotations

from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, lost
from numtorch.jit.views import counter_of

from ._tensor import Tensor

# While `remembered` waits for it: WATCH, then the view made: (tensor, its view, the rule).
WATCH: tuple = (None, None, None)
_last: tuple | None = None


def record_view(t: Tensor, name: str, attrs: tuple, shape, offset: int, strides) -> Tensor:
    global _last
    strides = tuple(strides)
    m = meta(tuple(shape), t._v.meta.dtype, strides)
    base = t._view.offset if t._view is not None else 0
    rule = (OPS[name], attrs, m, offset, strides)
    out = local.tape.view(t, rule[0], attrs, m, base + offset, rule[4])
    if _last is WATCH:
        _last = (t, out, rule)
    return out


def remembered(make):
    """A function of a tensor that makes one view: its rule is kept with the shape's Meta."""

    def view(self: Tensor, *args) -> Tensor:
        global _last
        v, seen = self._v, self._view
        if seen is not None:
            key, base = (make, seen.strides, args), seen.offset
        else:
            st = self._st
            key, base = (make, v.strides if st is None else st._v.strides, args), 0
        rules = v.meta.views
        try:
            rule = rules.get(key)
        except TypeError:  # a list of sizes
            return make(self, *args)
        if rule is not None:
            op, attrs, m, offset, strides = rule
            return local.tape.view(self, op, attrs, m, base + offset, strides)
        _last = WATCH
        try:
            out = make(self, *args)
            source, made, rule = _last or WATCH
        finally:
            _last = None
        if source is self and made is out:
            if len(rules) > MAX_RULES:
                rules.clear()
            rules[key] = rule
        return out

    view.__name__, view.__doc__, view.__wrapped__ = make.__name__, make.__doc__, make
    return view


MAX_RULES = 512


def as_ints(sizes) -> tuple[int, ...]:
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(int(s) for s in sizes)


def in_place_view(name: str):
    """A method that turns the tensor into a view of itself: squeeze_, t_."""
    plain = getattr(Tensor, name)

    def variant(self, *args, **kwargs):
        if self._rg == 1 and local.tape.grad:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        return take_over(self, plain(self, *args, **kwargs))

    variant.__name__, variant.__qualname__ = name + "_", f"Tensor.{name}_"
    variant.__doc__ = f"In-place version of :meth:`{name}`."
    return variant


def take_over(self: Tensor, other: Tensor) -> Tensor:
    """self becomes what `other`, a view, is."""
    base = self._view.base if self._view is not None else None
    local.tape.forget(self)
    self._v, self._st, self._view = other._v, other._st, other._view
    self._view.base = base
    if self._rg != 1:
        self._rg, self._node = other._rg, other._node
    elif self._v.win is local.tape.win:
        local.tape.leaves[self._v.idx] = self
    self._st.add_alias(self)
    counter_of(self).n += 1
    if self._v.win is local.tape.win:
        local.tape.count_apart(self, self._v.idx)
    for a in (r() for r in self._st.aliases):
        if a is not None and a is not self and a._view is not None and a._view.origin is not None:
            a._v = lost(a._v.meta)  # its next use is checked
    return self
