"""What plain pickles of PyTorch's tensors name: torch._utils."""

from ._serialization.rebuild import (
    _rebuild_device_tensor_from_cpu_tensor,
    _rebuild_from_type_v2,
    _rebuild_parameter,
    _rebuild_parameter_with_state,
    _rebuild_sparse_tensor,
    _rebuild_tensor,
    _rebuild_tensor_v2,
    _rebuild_tensor_v3,
)

__all__ = [
    "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_from_type_v2", "_rebuild_parameter",
    "_rebuild_parameter_with_state", "_rebuild_sparse_tensor", "_rebuild_tensor",
    "_rebuild_tensor_v2", "_rebuild_tensor_v3",
]  # fmt: skip
