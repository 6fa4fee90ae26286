"""Dropout of whole channels, and dropout that keeps mean and variance."""

from __future__ import annotations

import warnings

from .. import _creation, _random
from .._tensor import Tensor

# Klambauer et al., Self-normalizing neural networks (2017): -lambda * alpha.
_ALPHA = -1.7580993408473766


def _checked(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _stored(input: Tensor, out: Tensor, inplace: bool) -> Tensor:
    from .._methods import write_result

    return write_result(input, out, "dropout") if inplace else out


def _keep(shape: tuple[int, ...], p: float, dtype) -> Tensor:
    """1 with probability 1 - p, else 0."""
    return (_random.rand(shape, dtype=dtype) >= p).to(dtype)


def _channels(input: Tensor) -> tuple[int, ...]:
    return (*input.shape[:2], *(1,) * (input.dim() - 2))


def _feature(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if not training or p == 0.0 or not input.numel():
        return input
    if p == 1.0:
        return _stored(input, input * 0.0, inplace)
    noise = _keep(_channels(input), p, input.dtype) / (1.0 - p)
    return _stored(input, input * noise, inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """In training, zeroes whole channels of [N, C, L] or [C, L] with probability p.

    >>> import numtorch as torch
    >>> torch.nn.functional.dropout1d(torch.ones(1, 2, 3), p=1.0)
    tensor([[[0., 0., 0.],
             [0., 0., 0.]]])
    """
    _checked(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    if input.dim() == 3:
        return _feature(input, p, training, inplace)
    return _feature(input.unsqueeze(0), p, training, inplace).squeeze(0)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """In training, zeroes whole channels of [N, C, H, W] with probability p.

    >>> import numtorch as torch
    >>> torch.nn.functional.dropout2d(torch.zeros(1, 2, 3, 4)).shape
    torch.Size([1, 2, 3, 4])
    """
    _checked(p)
    if input.dim() not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.dim()}-D input to dropout2d, which is deprecated and "
            "will result in an error in a future release. To retain the behavior and silence this "
            "warning, please use dropout instead. Note that dropout2d exists to provide "
            "channel-wise dropout on inputs with 2 spatial dimensions, a channel dimension, and an "
            "optional batch dimension (i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    return _feature(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """In training, zeroes whole channels of [N, C, D, H, W] or [C, D, H, W].

    >>> import numtorch as torch
    >>> torch.nn.functional.dropout3d(torch.zeros(1, 2, 3, 4, 5)).shape
    torch.Size([1, 2, 3, 4, 5])
    """
    _checked(p)
    if input.dim() not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.dim()}-D input to dropout3d, which is deprecated and "
            "will result in an error in a future release. To retain the behavior and silence this "
            "warning, please use dropout instead. Note that dropout3d exists to provide "
            "channel-wise dropout on inputs with 3 spatial dimensions, a channel dimension, and an "
            "optional batch dimension (i.e. 4D or 5D inputs).",
            stacklevel=2,
        )
    if input.dim() == 5:
        return _feature(input, p, training, inplace)
    return _feature(input.unsqueeze(0), p, training, inplace).squeeze(0)


def _alpha(input: Tensor, p: float, training: bool, inplace: bool, shape) -> Tensor:
    _checked(p)
    if not training or p == 0.0 or not input.numel():
        return input
    if p == 1.0:
        return _stored(input, input * 0.0, inplace)
    scale = 1.0 / ((_ALPHA**2 * p + 1) * (1 - p)) ** 0.5
    keep = _keep(shape, p, input.dtype)
    # A dropped element becomes _ALPHA * scale; the mean moves by what is dropped on average.
    shift = (1 - keep) * (_ALPHA * scale) - _ALPHA * scale * p
    out = input * (keep * scale) + shift
    return _stored(input, out, inplace)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout for SELU networks: dropped elements saturate, mean and variance stay.

    >>> import numtorch as torch
    >>> torch.nn.functional.alpha_dropout(torch.tensor([1.0, 2.0, 3.0]), p=0.5, training=False)
    tensor([1., 2., 3.])
    """
    return _alpha(input, p, training, inplace, tuple(input.shape))


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """alpha_dropout of whole channels of [N, C, ...].

    >>> import numtorch as torch
    >>> torch.nn.functional.feature_alpha_dropout(torch.zeros(1, 2, 3), training=True).shape
    torch.Size([1, 2, 3])
    """
    _checked(p)
    if training and p and input.dim() < 2 and input.numel():
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return _alpha(input, p, training, inplace, _channels(input))


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A sample of the Gumbel-softmax distribution; Jang, Gu and Poole (2017).

    `hard` gives one-hot vectors whose gradient is that of the soft sample.

    >>> import numtorch as torch
    >>> torch.nn.functional.gumbel_softmax(torch.zeros(2, 5), hard=True).sum(1)
    tensor([1., 1.])
    """
    noise = -_creation.empty_like(logits.detach()).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    at = soft.detach().argmax(dim, keepdim=True)
    one_hot = _creation.zeros_like(soft.detach()).scatter(dim, at, 1.0)
    return one_hot - soft.detach() + soft
