"""Functions of layers as torch spells them beside nn.functional: recurrent ones over lists of
weights, losses whose reduction is a number, resampling whose modes are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from ._tensor import Tensor
from .nn import functional as F
from .nn._dropout import _feature
from .nn._embedding import renormalise
from .nn._reduction import reduced

_GRID_MODES = ("bilinear", "nearest", "bicubic")
_GRID_PADDINGS = ("zeros", "border", "reflection")


# -- recurrent layers


def _recurrent(mode: str, args: tuple) -> tuple:
    """Both forms: (input, hx, params, ...) and, of packed data, (data, batch_sizes, hx, ...)."""
    from .nn import _rnn

    if len(args) != 9:
        raise TypeError(f"a recurrent layer takes 9 arguments, got {len(args)}")
    if isinstance(args[3], (list, tuple)):  # packed: batch_sizes come before the states
        x, batch_sizes, hx, params, biases, layers, p, train, both = args
        sizes, batch_first = batch_sizes.tolist(), False
    else:
        x, hx, params, biases, layers, p, train, both, batch_first = args
        sizes = None
    states = tuple(hx) if isinstance(hx, (tuple, list)) else (hx,)
    directions = 2 if both else 1
    count = 4 if biases else 2
    extra = len(params) // (layers * directions) - count  # a projection's weight
    weights = []
    for k in range(0, len(params), count + extra):
        found = list(params[k : k + count + extra])
        w_ih, w_hh = found[:2]
        b_ih, b_hh = found[2:4] if biases else (None, None)
        weights.append((w_ih, w_hh, b_ih, b_hh, found[count] if extra else None))
    x = x.transpose(0, 1) if batch_first else x
    out, last = _rnn.network(mode, x, states, weights, directions, p, train, sizes)
    return out.transpose(0, 1) if batch_first else out, *last


def lstm(*args) -> tuple[Tensor, Tensor, Tensor]:
    """(outputs, h, c) of an LSTM whose weights are a list; see nn.LSTM.

    Arguments: (input, (h, c), params, has_biases, num_layers, dropout, train, bidirectional,
    batch_first), or of packed sequences (data, batch_sizes, (h, c), params, has_biases,
    num_layers, dropout, train, bidirectional).

    >>> import numtorch as torch
    >>> layer, x, zero = torch.nn.LSTM(3, 4), torch.ones(5, 2, 3), torch.zeros(1, 2, 4)
    >>> out, h, c = torch.lstm(
    ...     x, (zero, zero), list(layer.parameters()), True, 1, 0.0, False, False, False)
    >>> out.shape, h.shape
    (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]))
    """
    return _recurrent("LSTM", args)


def gru(*args) -> tuple[Tensor, Tensor]:
    """(outputs, h) of a GRU whose weights are a list; arguments as those of `lstm`.

    >>> import numtorch as torch
    >>> layer, x = torch.nn.GRU(3, 4), torch.ones(5, 2, 3)
    >>> out, h = torch.gru(x, torch.zeros(1, 2, 4), list(layer.parameters()), True, 1, 0.0, False,
    ...                    False, False)
    >>> out.shape
    torch.Size([5, 2, 4])
    """
    return _recurrent("GRU", args)


def rnn_tanh(*args) -> tuple[Tensor, Tensor]:
    """(outputs, h) of a plain recurrent layer with tanh; arguments as those of `lstm`.

    >>> import numtorch as torch
    >>> layer, x = torch.nn.RNN(3, 4), torch.ones(5, 2, 3)
    >>> out, h = torch.rnn_tanh(x, torch.zeros(1, 2, 4), list(layer.parameters()), True, 1, 0.0,
    ...                         False, False, False)
    >>> torch.equal(out[-1], h[0])
    True
    """
    return _recurrent("RNN_TANH", args)


def rnn_relu(*args) -> tuple[Tensor, Tensor]:
    """(outputs, h) of a plain recurrent layer with relu; arguments as those of `lstm`.

    >>> import numtorch as torch
    >>> layer, x = torch.nn.RNN(3, 4, nonlinearity="relu"), torch.ones(5, 2, 3)
    >>> out, h = torch.rnn_relu(x, torch.zeros(1, 2, 4), list(layer.parameters()), True, 1, 0.0,
    ...                         False, False, False)
    >>> torch.equal(out[-1], h[0])
    True
    """
    return _recurrent("RNN_RELU", args)


def _cell(mode: str, x: Tensor, states: tuple, w_ih, w_hh, b_ih, b_hh) -> tuple:
    from .nn import _rnn

    return _rnn.step(mode, _rnn.inputs_share(mode, x, w_ih, b_ih, b_hh), states, w_hh, b_hh, None)


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(h, c) after one step of an LSTM: input [N, in], hx = (h, c) of [N, hidden].

    >>> import numtorch as torch
    >>> zero = torch.zeros(1, 2)
    >>> h, c = torch.lstm_cell(torch.ones(1, 3), (zero, zero), torch.ones(8, 3), torch.ones(8, 2))
    >>> c
    tensor([[0.9479, 0.9479]])
    """
    return _cell("LSTM", input, tuple(hx), w_ih, w_hh, b_ih, b_hh)


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """h after one step of a GRU: input [N, in], hx [N, hidden].

    >>> import numtorch as torch
    >>> torch.gru_cell(torch.ones(1, 3), torch.zeros(1, 2), torch.ones(6, 3), torch.ones(6, 2))
    tensor([[0.0472, 0.0472]])
    """
    return _cell("GRU", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """h after one step of a plain recurrent layer with tanh.

    >>> import numtorch as torch
    >>> torch.rnn_tanh_cell(torch.ones(1, 1), torch.zeros(1, 2), torch.ones(2, 1), torch.ones(2, 2))
    tensor([[0.7616, 0.7616]])
    """
    return _cell("RNN_TANH", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """h after one step of a plain recurrent layer with relu.

    >>> import numtorch as torch
    >>> torch.rnn_relu_cell(torch.ones(1, 1), torch.zeros(1, 2), torch.ones(2, 1), torch.ones(2, 2))
    tensor([[1., 1.]])
    """
    return _cell("RNN_RELU", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


def _word(reduction: int) -> str:
    return {1: "mean", 2: "sum"}.get(reduction, "none")


# -- losses: reduction 0 'none' (what torch's own default comes to), 1 'mean', 2 'sum'


def kl_div(
    input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False
) -> Tensor:
    """nn.functional.kl_div with a number as the reduction.

    >>> import numtorch as torch
    >>> torch.kl_div(torch.zeros(2), torch.ones(2), 2)
    tensor(0.)
    """
    each = F.kl_div(input, target, reduction="none", log_target=log_target)
    return reduced(each, _word(reduction))


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:  # fmt: skip
    """nn.functional.binary_cross_entropy_with_logits with a number as the reduction.

    >>> import numtorch as torch
    >>> torch.binary_cross_entropy_with_logits(torch.zeros(2), torch.ones(2))
    tensor([0.6931, 0.6931])
    """
    return F.binary_cross_entropy_with_logits(
        input, target, weight, reduction=_word(reduction), pos_weight=pos_weight
    )


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """nn.functional.margin_ranking_loss with a number as the reduction.

    >>> import numtorch as torch
    >>> torch.margin_ranking_loss(torch.ones(1), torch.zeros(1), -torch.ones(1))
    tensor([1.])
    """
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_word(reduction))


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """nn.functional.cosine_embedding_loss with a number as the reduction.

    >>> import numtorch as torch
    >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    >>> torch.cosine_embedding_loss(x, y, torch.tensor([1]))
    tensor([1.])
    """
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_word(reduction))


def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0
) -> Tensor:
    """nn.functional.hinge_embedding_loss with a number as the reduction.

    >>> import numtorch as torch
    >>> torch.hinge_embedding_loss(torch.tensor([0.25]), torch.tensor([-1]))
    tensor([0.7500])
    """
    return F.hinge_embedding_loss(input, target, margin, reduction=_word(reduction))


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """nn.functional.poisson_nll_loss with a number as the reduction.

    >>> import numtorch as torch
    >>> torch.poisson_nll_loss(torch.zeros(1), torch.ones(1), True, False, 1e-8, 1)
    tensor(1.)
    """
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps,
                              reduction=_word(reduction))  # fmt: skip


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0,
    eps: float = 1e-6, swap: bool = False, reduction: int = 0,
) -> Tensor:  # fmt: skip
    """nn.functional.triplet_margin_loss with a number as the reduction.

    >>> import numtorch as torch
    >>> torch.triplet_margin_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.zeros(1, 2))
    tensor([1.])
    """
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap,
                                 reduction=_word(reduction))  # fmt: skip


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths, target_lengths, blank: int = 0,
    reduction: int = 0, zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """nn.functional.ctc_loss with a number as the reduction.

    >>> import numtorch as torch
    >>> x = torch.zeros(2, 1, 2).log_softmax(2)
    >>> torch.ctc_loss(x, torch.tensor([[1]]), [2], [1], reduction=2)
    tensor(0.2877)
    """
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank,
                      _word(reduction), zero_infinity)  # fmt: skip


# -- resampling and convolution


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """nn.functional.grid_sample; modes 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border,
    2 reflection.

    >>> import numtorch as torch
    >>> image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> torch.grid_sampler(image, torch.zeros(1, 1, 1, 2), 0, 0, False)
    tensor([[[[2.5000]]]])
    """
    return F.grid_sample(
        input, grid, _GRID_MODES[interpolation_mode], _GRID_PADDINGS[padding_mode], align_corners
    )


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """nn.functional.affine_grid.

    >>> import numtorch as torch
    >>> theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> torch.affine_grid_generator(theta, (1, 1, 2, 2), True)[0, 0]
    tensor([[-1., -1.],
            [ 1., -1.]])
    """
    return F.affine_grid(theta, list(size), align_corners)


def convolution(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride, padding, dilation,
    transposed: bool, output_padding, groups: int,
) -> Tensor:  # fmt: skip
    """A convolution, or its transpose, of as many dims as the weight has beyond two.

    >>> import numtorch as torch
    >>> x, w = torch.ones(1, 1, 4), torch.ones(1, 1, 2)
    >>> torch.convolution(x, w, None, [1], [0], [1], False, [0], 1)
    tensor([[[2., 2., 2.]]])
    """
    nd = weight.dim() - 2
    if transposed:
        run = getattr(F, f"conv_transpose{nd}d")
        return run(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return getattr(F, f"conv{nd}d")(input, weight, bias, stride, padding, dilation, groups)


def native_layer_norm(
    input: Tensor, normalized_shape, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(layer norm, mean, 1 / standard deviation) over the last dims.

    >>> import numtorch as torch
    >>> torch.native_layer_norm(torch.tensor([1.0, 3.0]), [2], None, None, 0.0)
    (tensor([-1.,  1.]), tensor([2.]), tensor([1.]))
    """
    dims = tuple(range(-len(normalized_shape), 0))
    var, mean = input.var(dims, correction=0, keepdim=True), input.mean(dims, keepdim=True)
    return F.layer_norm(input, normalized_shape, weight, bias, eps), mean, (var + eps).rsqrt()


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """(dropout of the input, mask of the elements that are kept).

    >>> import numtorch as torch
    >>> torch.native_dropout(torch.tensor([1.0, 2.0]), 0.5, False)
    (tensor([1., 2.]), tensor([True, True]))
    """
    from ._creation import ones_like

    if train is False:
        return input.clone(), ones_like(input, dtype=(input == input).dtype)
    kept = F.dropout(ones_like(input), p, True)
    return input * kept, kept != 0


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all dims but one; the reduced dims have size 1. dim -1: over all.

    >>> import numtorch as torch
    >>> torch.norm_except_dim(torch.tensor([[3.0, 4.0], [6.0, 8.0]]))
    tensor([[ 5.],
            [10.]])
    """
    if dim == -1:
        return v.norm(pow)
    dims = [k for k in range(v.dim()) if k != dim % v.dim()]
    return v.norm(pow, dims, keepdim=True) if dims else v.abs()


# -- what the library's own layers run


def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """(batch norm, mean of the batch, 1 / its standard deviation); empty ones in evaluation.

    >>> import numtorch as torch
    >>> x = torch.tensor([[1.0], [3.0]])
    >>> torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)[1:]
    (tensor([2.]), tensor([1.0000]))
    """
    stats = input.new_empty(0), input.new_empty(0)
    if training:
        dims = [d for d in range(input.dim()) if d != 1]
        stats = input.mean(dims), (input.var(dims, correction=0) + eps).rsqrt()
    out = F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return out, *stats


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int,
    group: int, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """(group norm, mean, 1 / standard deviation): the last two [N, group].

    >>> import numtorch as torch
    >>> x = torch.tensor([[[1.0, 3.0]]])
    >>> torch.native_group_norm(x, None, None, 1, 1, 2, 1, 0.0)[1:]
    (tensor([[2.]]), tensor([[1.]]))
    """
    rows = input.reshape(N, group, C // group * HxW)
    rstd = (rows.var(2, correction=0) + eps).rsqrt()
    return F.group_norm(input, group, weight, bias, eps), rows.mean(2), rstd


def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """nn.functional.channel_shuffle.

    >>> import numtorch as torch
    >>> torch.native_channel_shuffle(torch.arange(4.0).reshape(1, 4, 1, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    return F.channel_shuffle(input, groups)


def _probability(p) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """nn.functional.dropout; a RuntimeError for a bad p.

    >>> import numtorch as torch
    >>> torch.dropout(torch.ones(2), 1.0, True)
    tensor([0., 0.])
    """
    _probability(p)
    return F.dropout(input, p, train)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """nn.functional.alpha_dropout; a RuntimeError for a bad p.

    >>> import numtorch as torch
    >>> torch.alpha_dropout(torch.ones(2), 1.0, True)
    tensor([0., 0.])
    """
    _probability(p)
    return F.alpha_dropout(input, p, train)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """nn.functional.feature_alpha_dropout; a RuntimeError for a bad p.

    >>> import numtorch as torch
    >>> torch.feature_alpha_dropout(torch.ones(1, 2), 1.0, True)
    tensor([[0., 0.]])
    """
    _probability(p)
    return F.feature_alpha_dropout(input, p, train)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """In training, zeroes whole channels of [N, C, ...] with probability p.

    >>> import numtorch as torch
    >>> torch.feature_dropout(torch.ones(1, 2, 2), 1.0, True).sum()
    tensor(0.)
    """
    return _feature(input, p, train, False)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place.

    >>> import numtorch as torch
    >>> torch.feature_dropout_(torch.ones(1, 2, 2), 1.0, True).sum()
    tensor(0.)
    """
    return _feature(input, p, train, True)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place.

    >>> import numtorch as torch
    >>> torch.dropout_(torch.ones(2), 1.0, True)
    tensor([0., 0.])
    """
    _probability(p)
    return F.dropout(input, p, train, inplace=True)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place.

    >>> import numtorch as torch
    >>> torch.alpha_dropout_(torch.ones(2), 1.0, True)
    tensor([0., 0.])
    """
    _probability(p)
    return F.alpha_dropout(input, p, train, inplace=True)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place.

    >>> import numtorch as torch
    >>> torch.feature_alpha_dropout_(torch.ones(1, 2), 1.0, True)
    tensor([[0., 0.]])
    """
    _probability(p)
    return F.feature_alpha_dropout(input, p, train, inplace=True)


def embedding_renorm_(
    input: Tensor, indices: Tensor, max_norm: float, norm_type: float
) -> Tensor:
    """Scales the rows of a table at the indices in place, so that none is longer than max_norm.

    >>> import numtorch as torch
    >>> torch.embedding_renorm_(torch.tensor([[3.0, 4.0], [3.0, 4.0]]), torch.tensor([0]), 1.0, 2.0)
    tensor([[0.6000, 0.8000],
            [3.0000, 4.0000]])
    """
    renormalise(input, indices, max_norm, norm_type)
    return input
