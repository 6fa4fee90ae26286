"""Names of torch._C that programs use: a class opts out of `__torch_function__`, or suspends it."""

from ._tensor import plain_function as _disabled_torch_function_impl
from .overrides import DisableTorchFunctionSubclass

DisableTorchFunction = DisableTorchFunctionSubclass

__all__ = ["DisableTorchFunction", "DisableTorchFunctionSubclass", "_disabled_torch_function_impl"]
