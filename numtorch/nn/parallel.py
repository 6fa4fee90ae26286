"""DataParallel and DistributedDataParallel.

>>> import numtorch as torch
>>> torch.nn.DataParallel(torch.nn.Linear(2, 3))(torch.ones(4, 2)).shape
torch.Size([4, 3])
"""

from __future__ import annotations

from .modules.module import Module

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


class DataParallel(Module):
    """A module over several GPUs; without GPUs it calls the module, as torch's does.

    Parameters are named `module.*`, so that state_dicts of such programs fit.

    >>> import numtorch as torch
    >>> net = torch.nn.DataParallel(torch.nn.Linear(2, 3))
    >>> net(torch.zeros(4, 2)).shape, list(net.state_dict())
    (torch.Size([4, 3]), ['module.weight', 'module.bias'])
    """

    def __init__(self, module: Module, device_ids=None, output_device=None, dim: int = 0):
        super().__init__()
        if device_ids:
            from .._descriptors import no_device

            raise no_device("cuda")
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs, **kwargs) -> object:
        """The module's result."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs, device_ids=None, output_device=None, dim: int = 0, module_kwargs=None
) -> object:
    """The module's result; AssertionError if CUDA devices are asked for."""
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    return DataParallel(module, device_ids)(*inputs, **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """A module trained by several processes: not implemented yet."""

    def __init__(self, module: Module, *args, **kwargs):
        raise NotImplementedError(
            "DistributedDataParallel is not implemented in numtorch yet: run the program in one "
            "process"
        )
