"""Batch norms folded into the layer before them, for inference."""

from __future__ import annotations

import copy

import numtorch as torch

from ..parameter import Parameter


def _check_eval(layer, bn) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")


def _check_statistics(bn) -> None:
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def fuse_conv_bn_eval(conv, bn, transpose: bool = False) -> torch.nn.Module:
    """A copy of a convolution that does the work of the batch norm after it too.

    >>> import numtorch as torch
    >>> conv, bn = torch.nn.Conv2d(3, 8, 3, bias=False).eval(), torch.nn.BatchNorm2d(8).eval()
    >>> torch.nn.utils.fuse_conv_bn_eval(conv, bn).bias.shape
    torch.Size([8])
    """
    _check_eval(conv, bn)
    fused = copy.deepcopy(conv)
    _check_statistics(bn)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias,
        transpose,
    )  # fmt: skip
    return fused


def fuse_conv_bn_weights(
    conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose: bool = False
) -> tuple:  # fmt: skip
    """(weight, bias) of the fused convolution.

    >>> import numtorch as torch
    >>> w, one, zero = torch.zeros(8, 3, 3, 3), torch.ones(8), torch.zeros(8)
    >>> w, b = torch.nn.utils.fuse_conv_bn_weights(w, None, zero, one, 1e-5, one, zero)
    >>> w.shape, b.shape
    (torch.Size([8, 3, 3, 3]), torch.Size([8]))
    """
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_eval(linear, bn) -> torch.nn.Module:
    """A copy of a linear layer that does the work of the batch norm after it too.

    >>> import numtorch as torch
    >>> linear, bn = torch.nn.Linear(3, 8).eval(), torch.nn.BatchNorm1d(8).eval()
    >>> torch.nn.utils.fuse_linear_bn_eval(linear, bn)
    Linear(in_features=3, out_features=8, bias=True)
    """
    _check_eval(linear, bn)
    fused = copy.deepcopy(linear)
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    _check_statistics(bn)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )  # fmt: skip
    return fused


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b) -> tuple:
    """(weight, bias) of the fused linear layer.

    >>> import numtorch as torch
    >>> w, one, zero = torch.zeros(8, 3), torch.ones(8), torch.zeros(8)
    >>> w, b = torch.nn.utils.fuse_linear_bn_weights(w, None, zero, one, 1e-5, one, zero)
    >>> w.shape, b.shape
    (torch.Size([8, 3]), torch.Size([8]))
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _fused(w, b, mean, var, eps, scale, shift, shape):
    bias_dtype, bias_grad = (w.dtype, False) if b is None else (b.dtype, b.requires_grad)
    b = torch.zeros_like(mean) if b is None else b
    scale = torch.ones_like(mean) if scale is None else scale
    shift = torch.zeros_like(mean) if shift is None else shift
    with torch.no_grad():
        scale = scale * torch.rsqrt(var + eps)
        weight = (w * scale.reshape(shape)).to(w.dtype)
        bias = ((b - mean) * scale + shift).to(bias_dtype)
    return Parameter(weight, w.requires_grad), Parameter(bias, bias_grad)
