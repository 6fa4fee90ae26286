"""Functions of layers: what modules compute, with the parameters as arguments."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local, user_location

from .. import _indexing, _random, _reductions, _shape_ops
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor, recorder

__all__ = [
    "conv2d", "cross_entropy", "dropout", "embedding", "gelu", "linear", "log_softmax",
    "max_pool2d", "mse_loss", "nll_loss", "pad", "relu", "sigmoid", "silu", "softmax", "tanh",
]  # fmt: skip

_linear = recorder("linear", _check.linear)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weight.T + bias for input [..., in], weight [out, in], bias [out].

    >>> import numtorch as torch
    >>> torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 3)).shape
    torch.Size([2, 4])
    """
    try:
        return _linear((input, weight) if bias is None else (input, weight, bias))
    except AttributeError:
        must_be_tensor("linear", input=input, weight=weight)
        raise
    except _check.NotMatrix:
        if not input.dim() or not weight.dim():
            raise RuntimeError(
                f"both arguments to linear need to be at least 1D, but they are {input.dim()}D and "
                f"{weight.dim()}D"
            ) from None
        out = input.matmul(weight.t())
        return out if bias is None else out + bias


# ---------------------------------------------------------------- activations


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0)."""
    try:
        return input.relu_() if inplace else input.relu()
    except AttributeError:
        must_be_tensor("relu", input=input)
        raise


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return input.tanh()


_silu = recorder("silu", _check.floating("silu_cpu"))
_gelu = recorder("gelu", _check.floating("GeluKernelImpl"))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    must_be_tensor("silu", input=input)
    out = _silu((input,))
    return _write(input, out, "silu") if inplace else out


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input * Phi(input) with Phi the normal distribution; 'tanh' approximates it.

    Hendrycks and Gimpel, Gaussian error linear units (2016).
    """
    must_be_tensor("gelu", input=input)
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return _gelu((input,), (approximate,))


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype=None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dim."""
    must_be_tensor("softmax", input=input)
    return input.softmax(_implicit_dim("softmax", dim, input.dim()), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype=None) -> Tensor:
    """log(softmax(x)) along a dim."""
    must_be_tensor("log_softmax", input=input)
    return input.log_softmax(_implicit_dim("log_softmax", dim, input.dim()), dtype)


def _implicit_dim(name: str, dim: int | None, rank: int) -> int:
    if dim is not None:
        return dim
    import warnings

    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if rank in (0, 1, 3) else 1


def _write(target: Tensor, result: Tensor, name: str) -> Tensor:
    from .._methods import write_result

    return write_result(target, result, name)


# ---------------------------------------------------------------- dropout


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, zeroes each element with probability p and scales the rest by 1 / (1 - p).

    Srivastava et al., Dropout (2014).
    """
    must_be_tensor("dropout", input=input)
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    m = input._v.meta
    if not training or p == 0.0 or not m.numel:
        return input
    if m.dtype.kind != "f":
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type "
            f"{_check.C_NAMES[m.dtype.short]}"
        )
    seed, counter = _random.default_generator.take(m.numel)
    scale = 1.0 / (1.0 - p) if p < 1.0 else 0.0
    out = local.tape.record(OPS["dropout"], (input, seed, counter, float(p), scale))
    return _write(input, out, "dropout") if inplace else out


# ---------------------------------------------------------------- convolution, pooling

_conv2d = recorder("conv2d", _check.conv2d)
_max_pool2d = recorder("max_pool2d", _check.max_pool2d)


def pair(x, what: str) -> tuple[int, int]:
    """An int or a sequence of one or two as a pair."""
    if x.__class__ is int:
        return x, x
    x = tuple(x) if isinstance(x, (tuple, list)) else (int(x),)
    if len(x) == 1:
        x = x * 2
    if len(x) != 2:
        raise RuntimeError(
            f"expected {what} to be a single integer value or a list of 2 values to match the "
            f"convolution dimensions, but got {what}={list(x)}"
        )
    return x


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride=1, padding=0, dilation=1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation of input [N, C, H, W] or [C, H, W] with weight [O, C / groups, kh, kw].

    `padding` is a number, a pair, 'valid' or 'same'.

    >>> import numtorch as torch
    >>> torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3)).shape
    torch.Size([1, 4, 6, 6])
    """
    must_be_tensor("conv2d", input=input, weight=weight)
    if len(weight._v.meta.shape) != 4:
        raise RuntimeError(f"conv2d: expected a 4D weight, but got {list(weight.shape)}")
    rank = len(input._v.meta.shape)
    if rank not in (3, 4):
        raise RuntimeError(
            "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: "
            f"{list(input.shape)}"
        )
    x = input if rank == 4 else input.unsqueeze(0)
    stride, dilation = pair(stride, "stride"), pair(dilation, "dilation")
    if isinstance(padding, str):
        x, padding = same_padding(x, weight, stride, padding, dilation)
    else:
        padding = pair(padding, "padding")
    operands = (x, weight) if bias is None else (x, weight, bias)
    out = _conv2d(operands, (stride, padding, dilation, groups))
    return out if rank == 4 else out.squeeze(0)


def same_padding(x, weight, stride, padding: str, dilation):
    """(input, padding) of the words 'valid' and 'same'; an odd pad goes to the far side."""
    if padding == "valid":
        return x, (0, 0)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if stride != (1, 1):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for k, d in zip(weight._v.meta.shape[2:], dilation)]
    odd = [n % 2 for n in total]
    if any(odd):
        x = pad(x, (0, odd[1], 0, odd[0]))
    return x, (total[0] // 2, total[1] // 2)


def max_pool2d(
    input: Tensor, kernel_size, stride=None, padding=0, dilation=1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """Maximum of each window of [N, C, H, W] or [C, H, W]; stride is kernel_size by default."""
    must_be_tensor("max_pool2d", input=input)
    if ceil_mode or return_indices:
        word = "ceil_mode" if ceil_mode else "return_indices"
        raise NotImplementedError(f"max_pool2d with {word}=True is not implemented in numtorch yet")
    rank = len(input._v.meta.shape)
    if rank not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    kernel = _pool_pair(kernel_size, "kernel_size")
    stride = kernel if stride is None or stride == () else _pool_pair(stride, "stride")
    attrs = (kernel, stride, _pool_pair(padding, "padding"), _pool_pair(dilation, "dilation"))
    if rank == 4:
        return _max_pool2d((input,), attrs)
    return _max_pool2d((input.unsqueeze(0),), attrs).squeeze(0)


def _pool_pair(x, what: str) -> tuple[int, int]:
    if x.__class__ is int:
        return x, x
    x = tuple(x) if isinstance(x, (tuple, list)) else (int(x),)
    if len(x) not in (1, 2):
        raise RuntimeError(
            f"max_pool2d: {what} must either be a single int, or a tuple of two ints"
        )
    return x if len(x) == 2 else x * 2


_pad = recorder("constant_pad")


def pad(input: Tensor, pad, mode: str = "constant", value: float | None = None) -> Tensor:
    """Constant padding: `pad` holds (before, after) of the last dim, then of the one before it."""
    must_be_tensor("pad", input=input)
    if mode != "constant":
        raise NotImplementedError(f"padding mode {mode!r} is not implemented in numtorch yet")
    pad, shape = tuple(pad), input._v.meta.shape
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) // 2 > len(shape):
        raise RuntimeError(
            f"Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {len(shape)}"
        )
    low = [0] * len(shape)
    high = [0] * len(shape)
    for k in range(0, len(pad), 2):
        low[-1 - k // 2], high[-1 - k // 2] = pad[k], pad[k + 1]
    x = input
    cut = {
        d: (max(0, -a), 1, n + min(0, a) + min(0, b))
        for d, (a, b, n) in enumerate(zip(low, high, shape)) if min(a, b) < 0
    }  # fmt: skip
    if cut:
        if any(n < 0 for _, _, n in cut.values()):
            raise RuntimeError(f"pad: {list(pad)} removes more than there is in {list(shape)}")
        x = _shape_ops.slice_view(x, cut)
    low, high = tuple(max(0, a) for a in low), tuple(max(0, b) for b in high)
    fill = 0 if value is None else value
    fill = float(fill) if input.dtype.kind == "f" else int(fill)
    return _pad((x,), (low, high, fill))


# ---------------------------------------------------------------- embedding


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of weight [n, d] at the indices in input: shape [*input.shape, d].

    The row `padding_idx` gets no gradient.
    """
    must_be_tensor("embedding", input=weight, indices=input)
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise NotImplementedError(
            "embedding with max_norm, scale_grad_by_freq or sparse is not implemented in numtorch "
            "yet"
        )
    if weight.dim() != 2:
        raise RuntimeError("'weight' must be 2-D")
    if input.dtype.short not in ("i64", "i32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got torch.{input.dtype.tensor_type} instead (while checking arguments "
            "for embedding)"
        )
    if padding_idx is not None:
        n = weight.size(0)
        if not -n <= padding_idx < n:
            raise AssertionError("Padding_idx must be within num_embeddings")
        keep = (input != padding_idx % n).unsqueeze(-1)
        rows = _indexing.embedding(weight, input)
        return _reductions.where(keep, rows, rows.detach())
    return _indexing.embedding(weight, input)


# ---------------------------------------------------------------- losses

_cross_entropy = recorder("cross_entropy", _check.cross_entropy)
_nll_loss = recorder("nll_loss", _check.nll_loss)
_mse_loss = recorder("mse_loss", _check.mse_loss)


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average=None,
    ignore_index: int = -100, reduce=None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Cross entropy of logits [N, C, ...] or [C] and class indices [N, ...] or [].

    A floating point target of the input's shape holds class probabilities. `weight` [C] are
    factors of the classes; the mean divides by the sum of the targets' factors.

    >>> import numtorch as torch
    >>> torch.nn.functional.cross_entropy(torch.zeros(2, 4), torch.tensor([1, 3]))
    tensor(1.3863)
    """
    try:
        x, t = input._v.meta, target._v.meta
    except AttributeError:
        must_be_tensor("cross_entropy_loss", input=input, target=target)
        raise
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    if x is not None and t is not None and x.shape == t.shape:
        return _soft_cross_entropy(input, target, weight, reduction, label_smoothing)
    attrs = (reduction, ignore_index, input.dim() if x is None else len(x.shape))
    if weight is None and label_smoothing == 0.0:
        out = _cross_entropy((input, target), attrs)
    else:
        out = _weighted(input, target, weight, attrs, label_smoothing)
    return _located(out, "cross_entropy")


def _located(out: Tensor, name: str) -> Tensor:
    """Remembers the user's line: a target out of range shows when the loss is computed."""
    tape = local.tape
    v = out._v
    if v.win is tape.win:
        tape.locs[v.idx] = (*user_location(), name)
    return out


def _weighted(input, target, weight, attrs, smoothing: float) -> Tensor:
    operands = (input, target) if weight is None else (input, target, weight)
    _check.cross_entropy([t._v.meta for t in operands], attrs)
    if smoothing:
        operands = (*operands, *_smoothing(smoothing, input))
    return local.tape.record(
        OPS["weighted_cross_entropy"], operands, (*attrs, weight is not None)
    )


def _soft_cross_entropy(input, target, weight, reduction: str, smoothing: float) -> Tensor:
    tensors = (input, target) if weight is None else (input, target, weight)
    attrs = (reduction, input.dim())
    _check.soft_cross_entropy([t._v.meta for t in tensors], attrs)
    operands = (*tensors[:2], *_smoothing(smoothing, input), *tensors[2:])
    return local.tape.record(OPS["soft_cross_entropy"], operands, attrs)


def _smoothing(amount: float, input: Tensor) -> tuple[float, float]:
    """(what the target keeps, what each class gets)."""
    if not 0.0 <= amount <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {amount:g}")
    classes = input.size(1 if input.dim() > 1 else 0)
    return 1.0 - amount, amount / max(classes, 1)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average=None,
    ignore_index: int = -100, reduce=None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Negative log likelihood of class indices, for log-probabilities [N, C, ...] or [C]."""
    must_be_tensor("nll_loss_nd", input=input, target=target)
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    attrs = (reduction, ignore_index, input.dim())
    if weight is None:
        return _located(_nll_loss((input, target), attrs), "nll_loss")
    return _located(_weighted_nll((input, target, weight), attrs), "nll_loss")


_weighted_nll = recorder("weighted_nll_loss", _check.nll_loss)


def mse_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """(input - target)^2, averaged by default."""
    must_be_tensor("mse_loss", input=input, target=target)
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    if input.shape != target.shape:
        import warnings

        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=2,
        )
    return _mse_loss((input, target), (reduction,))


def legacy_reduction(size_average, reduce) -> str:
    """The reduction that the old arguments meant."""
    import warnings

    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    found = "none" if not reduce else "mean" if size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.",
        stacklevel=3,
    )
    return found

