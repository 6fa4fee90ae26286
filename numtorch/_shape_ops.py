"""Views, reshapes and casts, as Tensor methods and functions."""

from __future__ import annotations

import builtins

from numtorch.jit.meta import meta
from numtorch.jit.ops import OPS
from numtorch.jit.record import local, lost, row_major
from numtorch.jit.strides import channels_last, preserved
from numtorch.jit.views import counter_of

from ._api import REGISTRY, alias, function
from ._descriptors import check_dim
from ._tensor import Tensor

# While `remembered` waits for it: WATCH, then the view made: (tensor, its view, the rule).
WATCH: tuple = (None, None, None)
_last: tuple | None = None


def _view(t: Tensor, name: str, attrs: tuple, shape, offset: int, strides) -> Tensor:
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


def _ints(sizes) -> tuple[int, ...]:
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(int(s) for s in sizes)


def _infer_size(shape: tuple[int, ...], n: int) -> tuple[int, ...]:
    """Fills in a -1; RuntimeError when the sizes do not give n elements."""
    known, hole = 1, None
    for i, s in enumerate(shape):
        if s == -1:
            if hole is not None:
                raise RuntimeError("only one dimension can be inferred")
            hole = i
        elif s < 0:
            raise RuntimeError(f"invalid shape dimension {s}")
        else:
            known *= s
    if hole is not None:
        if known == 0 and n == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the "
                "unspecified dimension size -1 can be any value and is ambiguous"
            )
        if known == 0 or n % known:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
        return shape[:hole] + (n // known,) + shape[hole + 1 :]
    if known != n:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {n}")
    return shape


def _view_strides(t: Tensor, shape: tuple[int, ...]):
    """Strides under which t's memory has the shape, or None."""
    old = t._v.meta.shape
    if not old:
        return (1,) * len(shape)
    if t._v.meta.numel == 0:
        return t._strides() if old == shape else row_major(shape)
    if t._view is None and t.is_contiguous():
        return row_major(shape)
    return _computed_strides(old, t._strides(), shape)


def _computed_strides(old, strides, shape):
    """Walks both shapes from the right, in chunks of old dims that lie evenly."""
    new, at = [0] * len(shape), len(shape) - 1
    step, have, want = strides[-1], 1, 1
    for d in reversed(range(len(old))):
        have *= old[d]
        if d and (old[d - 1] == 1 or strides[d - 1] == have * step):
            continue
        while at >= 0 and (want < have or shape[at] == 1):
            new[at] = want * step
            want *= shape[at]
            at -= 1
        if want != have:
            return None
        if d:
            step, have, want = strides[d - 1], 1, 1
    return tuple(new) if at == -1 else None


@remembered
def view(self: Tensor, *shape) -> Tensor:
    """The same memory under another shape; RuntimeError if strides do not allow it.

    >>> import numtorch as torch
    >>> torch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    shape = _infer_size(_ints(shape), self._v.meta.numel)
    strides = _view_strides(self, shape)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return _view(self, "reshape", (shape,), shape, 0, strides)


@remembered
def reshape(self: Tensor, *shape) -> Tensor:
    """Another shape: a view where possible, else a copy.

    >>> import numtorch as torch
    >>> torch.reshape(torch.tensor([1, 2, 3, 4]), (2, -1))
    tensor([[1, 2],
            [3, 4]])
    """
    shape = _infer_size(_ints(shape), self._v.meta.numel)
    strides = _view_strides(self, shape)
    if strides is None:
        return view(_copied(self), shape)
    return _view(self, "reshape", (shape,), shape, 0, strides)


def _copied(t: Tensor) -> Tensor:
    """A row-major copy."""
    return local.tape.record(OPS["copy"], (t,), None, row_major(t._v.meta.shape))


def in_shape(t: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A result in another shape: a value of its own, no view of `t`, which nobody else sees."""
    if t._v.meta.shape == shape:
        return t
    return local.tape.record(OPS["as_shape"], (t,), (shape,))


def contiguous(self: Tensor, memory_format=None) -> Tensor:
    """Itself if its elements lie in the order of the format (row-major), else a copy.

    >>> import numtorch as torch
    >>> x = torch.zeros(2, 3).T
    >>> x.stride(), x.contiguous().stride()
    ((1, 3), (2, 1))
    """
    if memory_format is None or format_name(memory_format) == "contiguous_format":
        return self if self.is_contiguous() else _copied(self)
    strides = layout_of_copy(self, memory_format)
    pairs = zip(self._v.meta.shape, self._strides(), strides)
    if self._v.meta.numel == 0 or all(n == 1 or a == b for n, a, b in pairs):
        return self
    return local.tape.record(OPS["copy"], (self,), None, strides)


def clone(self: Tensor, memory_format=None) -> Tensor:
    """A copy that gradients flow through; dense tensors keep the order of their dims."""
    return local.tape.record(OPS["copy"], (self,), None, layout_of_copy(self, memory_format))


def layout_of_copy(t: Tensor, memory_format) -> tuple[int, ...]:
    """The strides of a copy."""
    kind = "preserve_format" if memory_format is None else format_name(memory_format)
    m = t._v.meta
    if kind == "contiguous_format":
        return row_major(m.shape)
    if kind == "preserve_format":
        return row_major(m.shape) if m.strides is None else preserved(m.shape, m.strides)
    return channels_last_strides(m.shape, memory_format)


def format_name(memory_format) -> str:
    return str(memory_format).rpartition(".")[2]


def channels_last_strides(shape: tuple[int, ...], memory_format) -> tuple[int, ...]:
    """The strides of a channels_last format; RuntimeError for another rank."""
    rank = {"channels_last": 4, "channels_last_3d": 5}.get(format_name(memory_format))
    if rank is None:
        raise RuntimeError("Unsupported memory format option " + format_name(memory_format))
    if len(shape) != rank:
        name = format_name(memory_format)
        raise RuntimeError(f"required rank {rank} tensor to use {name} format")
    return channels_last(shape)


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """`view` with another tensor's shape.

    >>> import numtorch as torch
    >>> torch.zeros(2, 6).view_as(torch.zeros(3, 4)).shape
    torch.Size([3, 4])
    """
    return view(self, other.shape)


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """`reshape` to another tensor's shape.

    >>> import numtorch as torch
    >>> torch.zeros(2, 6).reshape_as(torch.zeros(3, 4)).shape
    torch.Size([3, 4])
    """
    return reshape(self, other.shape)


def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merges the dims start_dim..end_dim.

    >>> import numtorch as torch
    >>> torch.flatten(torch.zeros(2, 3, 4, 5), 1, 2).shape
    torch.Size([2, 12, 5])
    """
    shape = self._v.meta.shape
    a, b = check_dim(start_dim, len(shape)), check_dim(end_dim, len(shape))
    if not shape:
        return reshape(self, 1)
    if a > b:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if a == b:
        return self
    n = 1
    for s in shape[a : b + 1]:
        n *= s
    return reshape(self, (*shape[:a], n, *shape[b + 1 :]))


def ravel(self: Tensor) -> Tensor:
    """All elements as a vector: a view where possible.

    >>> import numtorch as torch
    >>> torch.ravel(torch.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return reshape(self, -1)


def unflatten(self: Tensor, dim: int, sizes) -> Tensor:
    """Splits a dim into the given sizes (one may be -1).

    >>> import numtorch as torch
    >>> torch.unflatten(torch.zeros(2, 12), 1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    shape = self._v.meta.shape
    if not shape:
        raise RuntimeError(
            "unflatten got an unexpected error:\nDimension specified as 0 but tensor has no "
            "dimensions"
        )
    dim = check_dim(dim, len(shape))
    sizes = tuple(sizes)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        found = _infer_size(sizes, shape[dim])
    except RuntimeError as e:
        if "only one" in str(e) or "invalid shape" in str(e) or "ambiguous" in str(e):
            raise
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        ) from None
    return view(self, (*shape[:dim], *found, *shape[dim + 1 :]))


@remembered
def permute(self: Tensor, *dims) -> Tensor:
    """Dims in another order.

    >>> import numtorch as torch
    >>> torch.permute(torch.zeros(2, 3, 5), (2, 0, 1)).shape
    torch.Size([5, 2, 3])
    """
    dims = _ints(dims)
    shape, strides = self._v.meta.shape, self._strides()
    if len(dims) != len(shape):
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {len(shape)} is not "
            f"equal to len(dims) = {len(dims)}"
        )
    dims = tuple(check_dim(d, len(shape)) for d in dims)
    if len(set(dims)) != len(dims):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _view(self, "permute", (dims,), [shape[d] for d in dims], 0, [strides[d] for d in dims])


@remembered
def transpose(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swaps two dims."""
    rank = len(self._v.meta.shape)
    a, b = check_dim(dim0, rank), check_dim(dim1, rank)
    dims = list(range(rank))
    if dims:
        dims[a], dims[b] = dims[b], dims[a]
    return permute(self, dims)


def t(self: Tensor) -> Tensor:
    """Transpose of a tensor with at most 2 dims.

    >>> import numtorch as torch
    >>> torch.t(torch.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if self.dim() > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {self.dim()}D"
        )
    return permute(self, tuple(range(self.dim()))[::-1])


def movedim(self: Tensor, source, destination) -> Tensor:
    """Moves dims to other places, the rest keep their order.

    >>> import numtorch as torch
    >>> torch.movedim(torch.zeros(2, 3, 5), 0, -1).shape
    torch.Size([3, 5, 2])
    """
    rank = self.dim()
    source = (source,) if isinstance(source, int) else source
    destination = (destination,) if isinstance(destination, int) else destination
    if len(source) != len(destination):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source "
            f"({list(source)} dims) should contain the same number of dims as destination "
            f"({list(destination)} dims)"
        )
    src, dst = ([check_dim(d, rank) for d in dims] for dims in (source, destination))
    for name, dims, given in (("source", src, source), ("destination", dst, destination)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not rank:
        return permute(self, ())
    order = [d for d in range(rank) if d not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return permute(self, order)


@remembered
def expand(self: Tensor, *sizes) -> Tensor:
    """Repeats dims of size 1 without memory (stride 0).

    >>> import numtorch as torch
    >>> torch.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    sizes = _ints(sizes)
    shape, strides = self._v.meta.shape, self._strides()
    lead = len(sizes) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{self.dtype.tensor_type}{{{list(shape)}}}, size={list(sizes)}): the "
            f"number of sizes provided ({len(sizes)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)})"
        )
    out, new = list(sizes), [0] * len(sizes)
    for d in reversed(range(len(sizes))):
        s, old = sizes[d], d >= lead
        n = shape[d - lead] if old else 1
        if s == -1:
            if not old:
                raise RuntimeError(
                    "The expanded size of the tensor (-1) isn't allowed in a leading, "
                    f"non-existing dimension {d}"
                )
            s = out[d] = n
        if s < 0 or n not in (1, s):
            raise RuntimeError(
                f"The expanded size of the tensor ({s}) must match the existing size ({n}) at "
                f"non-singleton dimension {d}.  Target sizes: {list(sizes)}.  Tensor sizes: "
                f"{list(shape)}"
            )
        if n == s and shape:
            new[d] = strides[d - lead] if old else out[d + 1] * new[d + 1]
    return _view(self, "expand", (tuple(out),), out, 0, new)


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """`expand` to another tensor's shape.

    >>> import numtorch as torch
    >>> torch.tensor([1, 2, 3]).expand_as(torch.zeros(2, 3))
    tensor([[1, 2, 3],
            [1, 2, 3]])
    """
    return expand(self, other.shape)


def broadcast_to(self: Tensor, size) -> Tensor:
    """`expand` to a shape.

    >>> import numtorch as torch
    >>> torch.broadcast_to(torch.tensor([1, 2, 3]), (2, 3))
    tensor([[1, 2, 3],
            [1, 2, 3]])
    """
    return expand(self, size)


@remembered
def squeeze(self: Tensor, dim=None) -> Tensor:
    """Drops dims of size 1 (all, or the given ones).

    >>> import numtorch as torch
    >>> x = torch.zeros(2, 1, 3, 1)
    >>> torch.squeeze(x).shape, torch.squeeze(x, 1).shape
    (torch.Size([2, 3]), torch.Size([2, 3, 1]))
    """
    shape, strides = self._v.meta.shape, self._strides()
    if dim is None:
        drop = [d for d, n in enumerate(shape) if n == 1]
    else:
        dims = (dim,) if isinstance(dim, int) else dim
        found = [check_dim(d, len(shape)) for d in dims]
        for k, d in enumerate(found):
            if d in found[:k]:
                raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        drop = [d for d in found if shape and shape[d] == 1]
    keep = [d for d in range(len(shape)) if d not in drop]
    new = tuple(shape[d] for d in keep)
    return _view(self, "reshape", (new,), new, 0, [strides[d] for d in keep])


@remembered
def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """Inserts a dim of size 1.

    >>> import numtorch as torch
    >>> torch.unsqueeze(torch.tensor([1, 2, 3]), 1).shape
    torch.Size([3, 1])
    """
    shape, strides = self._v.meta.shape, self._strides()
    d = check_dim(dim, len(shape) + 1)
    new = (*shape[:d], 1, *shape[d:])
    step = shape[d] * strides[d] if d < len(shape) else 1
    return _view(self, "reshape", (new,), new, 0, (*strides[:d], step, *strides[d:]))


def narrow(self: Tensor, dim: int, start, length: int) -> Tensor:
    """The part start..start+length of a dim.

    A view; IndexError or RuntimeError where it would reach past the dim.

    >>> import numtorch as torch
    >>> torch.narrow(torch.tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
    """
    shape = self._v.meta.shape
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor):
        if start.dim() or start.dtype.kind != "i":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start.item())
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    d = check_dim(dim, len(shape))
    n = shape[d]
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    if start < 0:
        start += n
    if start + length > n:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({n})."
        )
    return slice_view(self, {d: (start, 1, length)})


def slice_view(self: Tensor, parts: dict[int, tuple[int, int, int]]) -> Tensor:
    """A view of (start, step, length) per dim."""
    return _sliced(self, tuple(parts.items()))


@remembered
def _sliced(self: Tensor, items: tuple) -> Tensor:
    parts, shape, strides = dict(items), self._v.meta.shape, self._strides()
    starts = tuple(parts[d][0] if d in parts else 0 for d in range(len(shape)))
    steps = tuple(parts[d][1] if d in parts else 1 for d in range(len(shape)))
    new = tuple(parts[d][2] if d in parts else n for d, n in enumerate(shape))
    offset = builtins.sum(a * s for a, s in zip(starts, strides))
    new_strides = [a * s for a, s in zip(steps, strides)]
    return _view(self, "slice", (starts, steps, new), new, offset, new_strides)


def select(self: Tensor, dim: int, index: int) -> Tensor:
    """The slice at one index of a dim, without that dim.

    >>> import numtorch as torch
    >>> torch.select(torch.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([3, 4])
    """
    shape = self._v.meta.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = check_dim(dim, len(shape))
    n = shape[d]
    index = int(index)
    if not -n <= index < n:
        raise IndexError(f"select(): index {index} out of range for tensor of size "
                         f"{list(shape)} at dimension {d}")  # fmt: skip
    return select_view(self, d, index % n)


@remembered
def select_view(self: Tensor, d: int, index: int) -> Tensor:
    """The slice at an index that is in range."""
    shape, strides = self._v.meta.shape, self._strides()
    return _view(self, "select", (d, index), shape[:d] + shape[d + 1 :], index * strides[d],
                 strides[:d] + strides[d + 1 :])  # fmt: skip


# ---------------------------------------------------------------- declarations


def _declare() -> None:
    for text, run in (
        ("reshape(Tensor input, int[] shape)", reshape),
        ("permute(Tensor input, int[] dims)", permute),
        ("flatten(Tensor input, int start_dim=0, int end_dim=-1)", flatten),
        ("ravel(Tensor input)", ravel),
        ("unflatten(Tensor input, int dim, int[] sizes)", unflatten),
        ("transpose(Tensor input, int dim0, int dim1)", transpose), ("t(Tensor input)", t),
        ("swapaxes(Tensor input, int axis0, int axis1)", transpose),
        ("movedim(Tensor input, int[1] source, int[1] destination)", movedim),
        ("broadcast_to(Tensor input, int[] size)", broadcast_to),
        ("squeeze(Tensor input, int[1]? dim=None)", squeeze),
        ("unsqueeze(Tensor input, int dim)", unsqueeze),
        ("narrow(Tensor input, int dim, any start, int length)", narrow),
        ("select(Tensor input, int dim, int index)", select),
    ):  # fmt: skip
        function(text)(run)
    function("clone(Tensor input, *, memory_format? memory_format=None)")(_clone)
    for text, run in (
        ("view(Tensor input, int[] size)", view), ("view(Tensor input, dtype dtype)", _view_dtype),
        ("view_as(Tensor input, Tensor other)", view_as),
        ("expand(Tensor input, int[] size)", expand),
        ("reshape_as(Tensor input, Tensor other)", reshape_as),
        ("expand_as(Tensor input, Tensor other)", expand_as),
        ("contiguous(Tensor input, memory_format? memory_format=None)", contiguous),
    ):  # fmt: skip
        function(text, free=False)(run)
    alias("swapdims", "transpose")
    alias("moveaxis", "movedim")
    for run in (view, reshape, permute, expand):
        setattr(Tensor, run.__name__, _fast_sizes(run.__name__, run))
    for name in ("squeeze", "unsqueeze", "transpose", "swapaxes", "swapdims", "t"):
        setattr(Tensor, name + "_", in_place_view(name))


def _clone(input, *, memory_format=None):
    """A copy that gradients flow through; dense tensors keep the order of their dims.

    >>> import numtorch as torch
    >>> x = torch.tensor([1, 2, 3])
    >>> torch.clone(x).fill_(0), x
    (tensor([0, 0, 0]), tensor([1, 2, 3]))
    """
    return clone(input, memory_format)


def _view_dtype(self: Tensor, dtype) -> Tensor:
    """The same memory read as another dtype."""
    from ._views import view_dtype

    return view_dtype(self, dtype)


def _fast_sizes(name: str, run):
    """The method without the checks that plain ints do not need."""
    checked = getattr(Tensor, name)

    def method(self, *sizes, **named):
        if named or not sizes:
            return checked(self, *sizes, **named)
        found = sizes
        if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
            found = sizes[0]
        for s in found:
            if s.__class__ is not int:
                return checked(self, *sizes)
        return run(self, tuple(found))

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__, method.__module__ = run.__doc__, "numtorch"
    method.schemas = REGISTRY[name].schemas
    return method


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


_declare()
