"""Functions of layers: what modules compute, with the parameters as arguments."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local, user_location

from .. import _random
from .._products import pdist
from .._saves import kept
from .._tensor import Tensor
from . import _check, _losses, _reduction
from . import _reduction as _Reduction  # noqa: F401
from ._activation import (
    bilinear,
    celu,
    celu_,
    elu,
    elu_,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardtanh_,
    leaky_relu,
    leaky_relu_,
    logsigmoid,
    mish,
    prelu,
    relu6,
    rrelu,
    rrelu_,
    selu,
    selu_,
    softmin,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
    threshold,
    threshold_,
)
from ._adaptive_pooling import *  # noqa: F403
from ._convolution import (
    conv1d,
    conv2d,
    conv3d,
    conv_tbc,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    fold,
    unfold,
)
from ._ctc import ctc_loss
from ._dropout import (
    alpha_dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
    gumbel_softmax,
)
from ._embedding import embedding, embedding_bag, one_hot
from ._linear_cross_entropy import linear_cross_entropy
from ._losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    l1_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
)
from ._margin_losses import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from ._normalization import (
    batch_norm,
    cosine_similarity,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    pairwise_distance,
    rms_norm,
)
from ._padding import pad
from ._pooling import *  # noqa: F403
from ._pooling import max_pool2d
from ._record import must_be_tensor, recorder, with_out
from ._vision import (
    affine_grid,
    channel_shuffle,
    grid_sample,
    interpolate,
    pixel_shuffle,
    pixel_unshuffle,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)

__all__ = [
    "conv2d", "cross_entropy", "dropout", "embedding", "gelu", "linear", "log_softmax",
    "max_pool2d", "mse_loss", "nll_loss", "pad", "relu", "sigmoid", "silu", "softmax", "tanh",
]  # fmt: skip

_linear = recorder("linear", _check.linear)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out=None) -> Tensor:
    """input @ weight.T + bias for input [..., in], weight [out, in], bias [out].

    >>> import numtorch as torch
    >>> torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 3)).shape
    torch.Size([2, 4])
    """
    if out is not None:
        return with_out(linear)(input, weight, bias, out=out)
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
    """max(input, 0).

    >>> import numtorch as torch
    >>> torch.nn.functional.relu(torch.tensor([-1.5, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """
    try:
        return input.relu_() if inplace else input.relu()
    except AttributeError:
        must_be_tensor("relu", input=input)
        raise


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input)).

    >>> import numtorch as torch
    >>> torch.nn.functional.sigmoid(torch.tensor([0.0, 1.0, 2.0]))
    tensor([0.5000, 0.7311, 0.8808])
    """
    must_be_tensor("sigmoid", input=input)
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent.

    >>> import numtorch as torch
    >>> torch.nn.functional.tanh(torch.tensor([0.0, 1.0, 2.0]))
    tensor([0.0000, 0.7616, 0.9640])
    """
    must_be_tensor("tanh", input=input)
    return input.tanh()


_silu = recorder("silu", _check.floating("silu_cpu"))
_gelu = recorder("gelu", _check.floating("GeluKernelImpl"))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input).

    >>> import numtorch as torch
    >>> torch.nn.functional.silu(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([-0.2384,  0.0000,  2.8577])
    """
    must_be_tensor("silu", input=input)
    out = _silu((input,))
    return _write(input, out, "silu") if inplace else out


@with_out
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """input * Phi(input) with Phi the normal distribution; 'tanh' approximates it.

    Hendrycks and Gimpel, Gaussian error linear units (2016).

    >>> import numtorch as torch
    >>> torch.nn.functional.gelu(torch.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.1587,  0.0000,  1.9545])
    """
    must_be_tensor("gelu", input=input)
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return _gelu((input,), (approximate,))


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype=None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dim.

    >>> import numtorch as torch
    >>> torch.nn.functional.softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.0900, 0.2447, 0.6652])
    """
    must_be_tensor("softmax", input=input)
    return input.softmax(_implicit_dim("softmax", dim, input.dim()), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype=None) -> Tensor:
    """log(softmax(x)) along a dim.

    >>> import numtorch as torch
    >>> torch.nn.functional.log_softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([-2.4076, -1.4076, -0.4076])
    """
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

    >>> import numtorch as torch
    >>> torch.nn.functional.dropout(torch.tensor([1.0, 2.0, 3.0]), p=0.5, training=False)
    tensor([1., 2., 3.])
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
    reduction = _reduction.legacy(size_average, reduce, reduction)
    if x is not None and t is not None and x.shape == t.shape:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
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
    amount = max(amount, 0.0)  # PyTorch takes no notice of a negative one
    if amount > 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {amount:g}")
    classes = input.size(1 if input.dim() > 1 else 0)
    return 1.0 - amount, amount / max(classes, 1)


@kept("nll_loss")
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average=None,
    ignore_index: int = -100, reduce=None, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Negative log likelihood of class indices, for log-probabilities [N, C, ...] or [C].

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    >>> torch.nn.functional.nll_loss(x, torch.tensor([0, 1]))
    tensor(1.0397)
    """
    must_be_tensor("nll_loss_nd", input=input, target=target)
    if weight is not None:
        must_be_tensor("nll_loss_nd", input=input, target=target, weight=weight)
    reduction = _reduction.legacy(size_average, reduce, reduction)
    attrs = (reduction, ignore_index, input.dim())
    if weight is None:
        return _located(_nll_loss((input, target), attrs), "nll_loss")
    return _located(_weighted_nll((input, target, weight), attrs), "nll_loss")


_weighted_nll = recorder("weighted_nll_loss", _check.nll_loss)


def mse_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """(input - target)^2, averaged by default.

    >>> import numtorch as torch
    >>> torch.nn.functional.mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """
    must_be_tensor("mse_loss", input=input, target=target)
    reduction = _reduction.legacy(size_average, reduce, reduction)
    _losses.same_size_warning(input, target)
    if weight is not None:
        return _losses.weighted((input - target).square(), weight, reduction)
    return _mse_loss((input, target), (reduction,))


from ._attention import (  # noqa: E402
    multi_head_attention_forward,
    scaled_dot_product_attention,
)


def relu_(input: Tensor) -> Tensor:
    """relu in place."""
    return input.relu_()


native_channel_shuffle = channel_shuffle
