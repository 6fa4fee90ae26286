"""Views, reshapes and casts, as Tensor methods and functions."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local, row_major
from numtorch.jit.strides import channels_last, preserved

from ._api import REGISTRY, alias, function
from ._descriptors import check_dim
from ._dims import (
    broadcast_to,
    expand,
    expand_as,
    movedim,
    narrow,
    permute,
    select,
    squeeze,
    t,
    transpose,
    unsqueeze,
)
from ._tensor import Tensor
from ._view_rules import as_ints, in_place_view, record_view, remembered


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
    shape = _infer_size(as_ints(shape), self._v.meta.numel)
    strides = _view_strides(self, shape)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return record_view(self, "reshape", (shape,), shape, 0, strides)


@remembered
def reshape(self: Tensor, *shape) -> Tensor:
    """Another shape: a view where possible, else a copy.

    >>> import numtorch as torch
    >>> torch.reshape(torch.tensor([1, 2, 3, 4]), (2, -1))
    tensor([[1, 2],
            [3, 4]])
    """
    shape = _infer_size(as_ints(shape), self._v.meta.numel)
    strides = _view_strides(self, shape)
    if strides is None:
        return in_shape(_copied(self), shape)
    return record_view(self, "reshape", (shape,), shape, 0, strides)


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
    from ._strided import view_dtype

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


_declare()
