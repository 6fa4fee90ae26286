"""torch.utils.dlpack: capsules of tensors' memory."""

from .._interop import from_dlpack, to_dlpack

__all__ = ["from_dlpack", "to_dlpack"]
