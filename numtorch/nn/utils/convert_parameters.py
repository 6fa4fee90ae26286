"""Parameters as one vector, and back."""

from __future__ import annotations

import numtorch as torch

from ..._repr import typename


def parameters_to_vector(parameters) -> torch.Tensor:
    """All parameters, one after another, as a vector; gradients flow through it.

    >>> import numtorch as torch
    >>> torch.nn.utils.parameters_to_vector(torch.nn.Linear(3, 2).parameters()).shape
    torch.Size([8])
    """
    return torch.cat([p.view(-1) for p in parameters])


def vector_to_parameters(vec, parameters) -> None:
    """Lets each parameter be its slice of the vector (they share its memory).

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.zeros(2, 2))
    >>> torch.nn.utils.vector_to_parameters(torch.arange(4.0), [w])
    >>> w.tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """
    if not isinstance(vec, torch.Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    start = 0
    for p in parameters:
        end = start + p.numel()
        p.data = vec[start:end].view(p.shape).data
        start = end
