"""Cross entropy of a linear layer's outputs, whole or in pieces of the batch."""

from __future__ import annotations

import dataclasses
import warnings

from numtorch.jit import dtypes as _d

from .._joins import cat
from .._tensor import Tensor
from ._record import must_be_tensor

_POLICIES = ("auto", "accurate", "balanced", "compact")
_ACCUMULATORS = (None, _d.float16, _d.bfloat16, _d.float32, _d.float64)


@dataclasses.dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How linear_cross_entropy splits the batch; the logits of one piece exist at a time.

    batch_chunk_size gives the rows per piece; chunking_method 'aspect_ratio' or 'aspect_ratio:N'
    chooses them such that a piece's logits need about the memory of the input (over N).
    acc_dtype is the dtype of the logits, by default float32 for half precision.
    allow_retain_graph and acc_policy are accepted: gradients are recomputed from the inputs, so
    that a second backward always works and no buffers are kept.

    >>> import numtorch as torch
    >>> torch.nn.LinearCrossEntropyOptions(batch_chunk_size=256).batch_chunk_size
    256
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: object = None

    def __post_init__(self) -> None:
        if self.acc_policy not in _POLICIES:
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = self.chunking_method.partition(":")
            factor = factor if colon else "1"
            if name != "aspect_ratio" or not factor.isdigit() or not int(factor):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype not in _ACCUMULATORS:
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, "
                f"torch.float64}}, got {self.acc_dtype!r}. Pass acc_dtype=None to let the op pick "
                "automatically."
            )

    def rows(self, batch: int, features: int, classes: int, half: bool) -> int:
        """Rows per piece."""
        method, size = self.chunking_method, self.batch_chunk_size
        if method == "auto":
            default = "aspect_ratio" if half else "aspect_ratio:2"
            method = default if size is None else None
        if method is None:
            return max(1, batch if size is None else min(size, batch))
        factor = int(method.partition(":")[2] or 1)
        share = -(-batch // -(-classes // features))
        chosen = min((1 << (share - 1).bit_length()) // factor, batch)
        if size is not None and size != chosen:
            raise ValueError(
                f"batch_chunk_size (={size}) and chunking_method ('{method}') give different chunk "
                f"sizes ({size} vs {chosen}); pass only one."
            )
        return max(1, chosen)

    def accumulator(self, dtype):
        """The dtype of the logits for inputs of a dtype."""
        half = dtype in (_d.float16, _d.bfloat16)
        found = self.acc_dtype
        if found is None:
            return _d.float32 if half and self.acc_policy == "auto" else dtype
        if found is not dtype and not (half and found is _d.float32):
            raise RuntimeError(
                "linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, but "
                f"got {found} acc_dtype and {dtype} inputs."
            )
        return found


def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None,
) -> Tensor:  # fmt: skip
    """cross_entropy(linear(input, linear_weight, linear_bias), target, ...).

    input [N, in] or [in], linear_weight [C, *out, in], linear_bias [C, *out]; target as in
    cross_entropy. With options the batch is taken in pieces, whose logits are computed again for
    the gradient.

    >>> import numtorch as torch
    >>> x, weight = torch.zeros(4, 8), torch.zeros(100, 8)
    >>> torch.nn.functional.linear_cross_entropy(x, weight, torch.tensor([0, 1, 2, 3]))
    tensor(4.6052)
    """
    must_be_tensor("linear_cross_entropy", input=input, linear_weight=linear_weight, target=target)
    outs = _check_shapes(input, linear_weight, linear_bias)
    classes, features = linear_weight.shape[0], linear_weight.shape[-1]
    shape = (*input.shape[:-1], classes, *outs)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    w = linear_weight.reshape(-1, features) if outs else linear_weight
    b = linear_bias.reshape(-1) if outs and linear_bias is not None else linear_bias
    more = {"weight": weight, "ignore_index": -100 if ignore_index is None else ignore_index}
    if options is not None:
        if outs or label_smoothing or target.dtype is not _d.int64:
            warnings.warn(
                "linear_cross_entropy: options ignored; pieces need label_smoothing == 0, a target "
                f"of dtype int64 and no further dimensions. Got label_smoothing={label_smoothing}, "
                f"target.dtype={target.dtype}, out_features={tuple(outs)}",
                stacklevel=2,
            )
        else:
            return _in_pieces(input, w, target, b, reduction, options, more)
    return _whole(input, w, target, b, shape, {
        **more, "reduction": reduction, "label_smoothing": label_smoothing})  # fmt: skip


def _check_shapes(input: Tensor, linear_weight: Tensor, bias: Tensor | None) -> tuple:
    if input.dim() not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.dim()}")
    if linear_weight.dim() < 2:
        raise RuntimeError(
            f"expected linear_weight with dimensionality at least 2, got {linear_weight.dim()}"
        )
    classes, *outs, features = linear_weight.shape
    if input.shape[-1] != features:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {features}, respectively"
        )
    if bias is not None and tuple(bias.shape) != (classes, *outs):
        raise RuntimeError(
            f"expected linear_bias shape {(classes, *outs)}, got {tuple(bias.shape)}"
        )
    if outs and input.dim() == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(linear_weight.shape)} "
            f"requires batched input, (N, {features}), got unbatched input with shape "
            f"{tuple(input.shape)}"
        )
    return tuple(outs)


def _whole(input, w, target, bias, shape, options: dict) -> Tensor:
    from .functional import cross_entropy, linear

    return cross_entropy(linear(input, w, bias).reshape(shape), target, **options)


def _in_pieces(input, w, target, bias, reduction: str, options, more: dict) -> Tensor:
    from ..utils.checkpoint import checkpoint

    dtype, acc = input.dtype, options.accumulator(input.dtype)
    x, t = (input, target) if input.dim() == 2 else (input.unsqueeze(0), target.unsqueeze(0))
    rows = options.rows(len(x), x.size(1), w.size(0), dtype in (_d.float16, _d.bfloat16))
    weight, ignored = more["weight"], more["ignore_index"]
    weight = weight.to(acc) if weight is not None else None

    def piece(x, t):
        own = [v.to(acc) if v is not None else None for v in (x, w, bias)]
        return _whole(*own[:2], t, own[2], (len(x), w.size(0)), {
            "weight": weight, "ignore_index": ignored,
            "reduction": "none" if reduction == "none" else "sum"})  # fmt: skip

    parts = [
        checkpoint(piece, x[k : k + rows], t[k : k + rows], use_reentrant=False)
        for k in range(0, max(len(x), 1), rows)
    ]
    if reduction == "none":
        out = cat(parts)
        out = out if input.dim() == 2 else out.squeeze(0)
    else:
        out = sum(parts[1:], parts[0])
        if reduction == "mean":
            counted = t != ignored
            if weight is not None:
                factors = weight[t.where(counted, t * 0)]
                out = out / factors.where(counted, factors * 0).sum()
            else:
                out = out / counted.sum()
    return out if dtype is _d.float16 else out.to(dtype)
