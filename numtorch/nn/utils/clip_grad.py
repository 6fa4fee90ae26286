"""Clipping of gradients by norm and by value, in place."""

from __future__ import annotations

import types
import warnings

import numtorch as torch

from ...autograd import no_grad


def _list(x) -> list:
    return [x] if isinstance(x, torch.Tensor) else list(x)


@no_grad()
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None) -> torch.Tensor:
    """The norm of the norms of all tensors, as if they were one vector.

    `norm_type` may be inf. RuntimeError if the norm is not finite and that is to be an error.

    >>> import numtorch as torch
    >>> torch.nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([4.0])])
    tensor(5.)
    """
    tensors, norm_type = _list(tensors), float(norm_type)
    if not tensors:
        return torch.tensor(0.0)
    norm = torch.linalg.vector_norm
    total = norm(torch.stack([norm(g, norm_type) for g in tensors]), norm_type)
    if error_if_nonfinite and not torch.isfinite(total).item():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None) -> None:
    """Scales the gradients by max_norm / total_norm where that is below 1.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([0.0, 0.0]))
    >>> w.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grads_with_norm_([w], 1.0, torch.tensor(5.0))
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    grads = [p.grad for p in _list(parameters) if p.grad is not None]
    if not grads:
        return
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for g in grads:
        g.mul_(scale)


def clip_grad_norm_(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
) -> torch.Tensor:  # fmt: skip
    """Scales all gradients so that their total norm is at most max_norm; returns the norm before.

    >>> import numtorch as torch
    >>> w = torch.ones(4, requires_grad=True)
    >>> (3 * w).sum().backward()
    >>> torch.nn.utils.clip_grad_norm_([w], 1.0)
    tensor(6.)
    >>> w.grad
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    lazy, parameters = isinstance(parameters, types.GeneratorType), _list(parameters)
    if lazy and not parameters:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2
        )
    grads = [p.grad for p in parameters if p.grad is not None]
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
) -> torch.Tensor:  # fmt: skip
    """The old name of `clip_grad_norm_`.

    It warns that it is deprecated.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([0.0, 0.0]))
    >>> w.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grad_norm([w], 1.0)
    tensor(5.)
    """
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning, stacklevel=2,
    )  # fmt: skip
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None) -> None:
    """Clamps all elements of the gradients to [-clip_value, clip_value].

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([0.0, 0.0]))
    >>> w.grad = torch.tensor([3.0, -0.5])
    >>> torch.nn.utils.clip_grad_value_([w], 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    clip_value = float(clip_value)
    grads = [p.grad for p in _list(parameters) if p.grad is not None]
    for g in grads:
        g.clamp_(min=-clip_value, max=clip_value)
