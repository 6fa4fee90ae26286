"""Memory formats of convolution weights."""

from __future__ import annotations

from ... import nn


def _convert(module, memory_format, names: tuple[str, ...]):
    kinds = tuple(getattr(nn, n) for n in names if hasattr(nn, n))
    for m in module.modules():
        if isinstance(m, kinds):
            m.weight.data = m.weight.detach().clone(memory_format=memory_format)
    return module


def convert_conv2d_weight_memory_format(module, memory_format) -> nn.Module:
    """Stores the weights of all 2-d convolutions below a module in a memory format.

    >>> import numtorch as torch
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 2))
    >>> net = torch.nn.utils.convert_conv2d_weight_memory_format(net, torch.channels_last)
    >>> net[0].weight.stride()
    (12, 1, 6, 3)
    """
    return _convert(module, memory_format, ("Conv2d", "ConvTranspose2d"))


def convert_conv3d_weight_memory_format(module, memory_format) -> nn.Module:
    """Stores the weights of all 3-d convolutions below a module in a memory format.

    >>> import numtorch as torch
    >>> net = torch.nn.Sequential(torch.nn.Conv3d(3, 8, 2))
    >>> net = torch.nn.utils.convert_conv3d_weight_memory_format(net, torch.channels_last_3d)
    >>> net[0].weight.stride()
    (24, 1, 12, 6, 3)
    """
    return _convert(module, memory_format, ("Conv3d", "ConvTranspose3d"))
