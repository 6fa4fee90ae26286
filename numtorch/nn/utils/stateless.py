"""The old home of functional_call."""

from __future__ import annotations

import warnings

from ...func.modules import functional_call as _functional_call


def functional_call(
    module, parameters_and_buffers: dict, args=None, kwargs=None, *, tie_weights=True, strict=False
) -> object:  # fmt: skip
    """`torch.func.functional_call` under its old name.

    >>> import numtorch as torch
    >>> state = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    >>> layer = torch.nn.Linear(2, 1)
    >>> torch.nn.utils.stateless.functional_call(layer, state, torch.tensor([3.0, 4.0]))
    tensor([7.])
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning, stacklevel=2,
    )  # fmt: skip
    return _functional_call(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )
