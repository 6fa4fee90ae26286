"""ONNX: not implemented yet; the names exist, for programs that import them at their top."""

from __future__ import annotations

__all__ = ["export", "is_in_onnx_export", "is_onnxrt_backend_supported"]


def export(*args, **kwargs) -> None:
    """NotImplementedError."""
    raise NotImplementedError("torch.onnx.export is not implemented in numtorch yet")


def is_in_onnx_export() -> bool:
    """False."""
    return False


def is_onnxrt_backend_supported() -> bool:
    """False."""
    return False
