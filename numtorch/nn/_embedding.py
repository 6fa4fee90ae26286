"""Rows of tables: embedding, bags of them, one_hot."""

from __future__ import annotations

from .. import _creation, _gather
from .._saves import kept
from .._tensor import Tensor
from ..autograd import Function, no_grad
from ._record import must_be_tensor


def _check_indices(input: Tensor, name: str) -> None:
    if input.dtype.short not in ("i64", "i32"):
        found = input.dtype.tensor_type
        found = "CPUBoolType" if input.dtype.kind == "b" else f"torch.{found}"
        raise RuntimeError(
            f"Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {found} instead (while checking arguments for {name})"
        )


def renormalise(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    """Scales the used rows of a table in place, so that none is longer than max_norm."""
    with no_grad():
        rows = indices.detach().reshape(-1).unique()
        used = weight.detach().index_select(0, rows)
        length = used.norm(norm_type, 1, keepdim=True)
        scale = (max_norm / (length + 1e-7)).where(length > max_norm, length * 0 + 1)
        weight.detach().index_copy_(0, rows, used * scale)


@kept("embedding")
def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of weight [n, d] at the indices in input: shape [*input.shape, d].

    The row `padding_idx` gets no gradient; with max_norm the used rows are shortened in place;
    scale_grad_by_freq divides a row's gradient by how often it was used; sparse makes the
    gradient of weight a sparse tensor.

    >>> import numtorch as torch
    >>> weight = torch.tensor([[0.0, 0.0], [1.0, 10.0], [2.0, 20.0]])
    >>> torch.nn.functional.embedding(torch.tensor([2, 1, 2]), weight)
    tensor([[ 2., 20.],
            [ 1., 10.],
            [ 2., 20.]])
    """
    return _rows("embedding", input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq,
                 sparse)  # fmt: skip


def _rows(
    name: str, input: Tensor, weight: Tensor, padding_idx, max_norm, norm_type: float,
    scale_grad_by_freq: bool, sparse: bool,
) -> Tensor:  # fmt: skip
    """`embedding`, whose errors name the function it is for."""
    must_be_tensor("embedding", input=weight, indices=input)
    if weight.dim() != 2:
        raise RuntimeError("'weight' must be 2-D")
    _check_indices(input, "embedding")
    if padding_idx is not None:
        n = weight.size(0)
        if not -n <= padding_idx < n:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= n
    if max_norm is not None:
        renormalise(weight, input, max_norm, norm_type)
    if sparse and weight.requires_grad:
        return _SparseRows.apply(weight, input, padding_idx, scale_grad_by_freq)
    rows = _gather.embedding(weight, input, name)
    if padding_idx is None and not scale_grad_by_freq:
        return rows
    return _scaled_gradient(rows, input, weight, padding_idx, scale_grad_by_freq)


def _frequencies(input: Tensor, n: int, dtype) -> Tensor:
    """How often each index occurs, for each place."""
    flat = input.detach().reshape(-1).long()
    return flat.bincount(minlength=n).index_select(0, flat).reshape(input.shape).to(dtype)


def _scaled_gradient(rows, input, weight, padding_idx, by_frequency: bool) -> Tensor:
    """The same rows; their gradient is divided by the frequency, zero for the padding row."""
    fixed = rows.detach()
    if by_frequency:
        share = 1 / _frequencies(input, weight.size(0), rows.dtype)
        rows = fixed + (rows - fixed) * share.unsqueeze(-1)
    if padding_idx is not None:
        rows = rows.where((input != padding_idx).unsqueeze(-1), fixed)
    return rows


class _SparseRows(Function):
    """Rows of a table; the gradient of the table is sparse."""

    @staticmethod
    def forward(ctx, weight, input, padding_idx, by_frequency):
        ctx.save_for_backward(input)
        ctx.table = (tuple(weight.shape), padding_idx, by_frequency)
        return _gather.embedding(weight.detach(), input)

    @staticmethod
    def backward(ctx, grad):
        from ..sparse._coo import make

        (input,) = ctx.saved_tensors
        shape, padding_idx, by_frequency = ctx.table
        if by_frequency:
            grad = grad / _frequencies(input, shape[0], grad.dtype).unsqueeze(-1)
        flat, values = input.reshape(-1).long(), grad.reshape(-1, shape[1])
        if padding_idx is not None:
            used = (flat != padding_idx).nonzero().reshape(-1)
            flat, values = flat.index_select(0, used), values.index_select(0, used)
        return make(flat.unsqueeze(0), values, shape), None, None, None


@kept("embedding_bag")
def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None,
    norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean",
    sparse: bool = False, per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """Sum, mean or maximum of the rows in each bag.

    A 2-D input [B, N] has B bags of N; a 1-D one is cut at `offsets` [B].

    >>> import numtorch as torch
    >>> weight = torch.tensor([[0.0, 0.0], [1.0, 10.0], [2.0, 20.0]])
    >>> torch.nn.functional.embedding_bag(torch.tensor([[1, 2], [0, 2]]), weight, mode="sum")
    tensor([[ 3., 30.],
            [ 2., 20.]])
    """
    must_be_tensor("embedding_bag", input=input, weight=weight)
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and (scale_grad_by_freq or sparse):
        what = "scaling the gradient by the frequency" if scale_grad_by_freq else "sparse weights"
        raise ValueError(f"max mode does not support {what}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then "
            f"it must have the same shape as the input ({input.shape})"
        )
    _check_indices(input, "embedding_bag")
    flat, starts, bags = _bags(input, offsets, include_last_offset)
    n = weight.size(0)
    if padding_idx is not None:
        if not -n <= padding_idx < n:
            raise ValueError("padding_idx must be within the number of embeddings")
        padding_idx %= n
    rows = _rows("embedding_bag", flat, weight, padding_idx, max_norm, norm_type,
                 scale_grad_by_freq, sparse)  # fmt: skip
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    # Which bag each row is in.
    marks = _creation.arange(flat.numel())
    from .. import searchsorted

    bag = searchsorted(starts, marks, right=True) - 1
    counted = None
    if padding_idx is not None:
        counted = flat != padding_idx
        rows = rows.masked_fill(~counted.unsqueeze(-1), 0.0 if mode != "max" else float("-inf"))
    return _reduced(rows, bag, bags, counted, mode)


def _bags(input: Tensor, offsets, include_last_offset: bool):
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                "of fixed length sequences. However, found offsets of type "
                f"{str(type(offsets)).replace('_tensor.', '')}"
            )
        starts = _creation.arange(input.size(0)) * input.size(1)
        return input.reshape(-1), starts, input.size(0)
    if input.dim() != 1:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.dim() != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    starts = offsets.detach().long()
    if starts.numel() and int(starts[0].item()) != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {int(starts[0].item())}"
        )
    if starts.numel() and int(starts[-1].item()) > input.numel():
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {input.numel()} but got "
            f"offsets[-1] of {int(starts[-1].item())}"
        )
    if include_last_offset:
        starts = starts[:-1]
    return input, starts, starts.numel()


def _reduced(rows: Tensor, bag: Tensor, bags: int, counted, mode: str) -> Tensor:
    zeros = _creation.zeros(bags, rows.size(1), dtype=rows.dtype)
    if mode == "max":
        index = bag.unsqueeze(-1).expand(rows.shape)
        out = zeros.scatter_reduce(0, index, rows, "amax", include_self=False)
        return out.masked_fill(out.detach() == float("-inf"), 0.0)
    total = zeros.index_add(0, bag, rows)
    if mode == "sum":
        return total
    one = _creation.ones(bag.numel(), dtype=rows.dtype)
    ones = one if counted is None else counted.to(rows.dtype)
    count = _creation.zeros(bags, dtype=rows.dtype).index_add(0, bag, ones)
    return total / count.clamp_min(1).unsqueeze(-1)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """[*] of class indices -> [*, num_classes] of 0 and 1 (int64).

    >>> import numtorch as torch
    >>> torch.nn.functional.one_hot(torch.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    if tensor.dtype.short != "i64":
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, got {tensor.dtype}."
        )
    if not tensor.numel():
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return _creation.zeros(*tensor.shape, num_classes, dtype=tensor.dtype)
    low, high = int(tensor.min().item()), int(tensor.max().item())
    if low < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = high + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif high >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return (tensor.unsqueeze(-1) == _creation.arange(num_classes)).long()
