"""Names of torch._C that programs use: a class opts out of `__torch_function__`, or suspends it."""

from numtorch.jit.dtypes import DType as dtype

from ._descriptors import Size, device
from ._random import Generator
from ._tensor import plain_function as _disabled_torch_function_impl
from ._tensor_base import TensorBase
from .overrides import DisableTorchFunctionSubclass

DisableTorchFunction = DisableTorchFunctionSubclass

__all__ = [
    "DisableTorchFunction", "DisableTorchFunctionSubclass", "Generator", "Size", "TensorBase",
    "device", "dtype", "_disabled_torch_function_impl",
]  # fmt: skip
