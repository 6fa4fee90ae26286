"""CUDA's math libraries are not used: the flags are kept, so that programs may set them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = [
    "allow_fp16_bf16_reduction_math_sdp", "can_use_efficient_attention", "can_use_flash_attention",
    "cudnn_sdp_enabled", "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp",
    "enable_mem_efficient_sdp", "flash_sdp_enabled", "fp16_bf16_reduction_math_sdp_allowed",
    "is_built", "is_flash_attention_available", "math_sdp_enabled", "matmul",
    "mem_efficient_sdp_enabled", "preferred_blas_library", "preferred_linalg_library",
    "sdp_kernel",
]  # fmt: skip


class _Matmul:
    """How matrix products on a device may round."""

    def __init__(self):
        self.allow_tf32 = False
        self.allow_fp16_reduced_precision_reduction = True
        self.allow_bf16_reduced_precision_reduction = True
        self.allow_fp16_accumulation = False
        self.fp32_precision = "none"


matmul = _Matmul()
_sdp = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True, "reduced": False}


def is_built() -> bool:
    """False: there is no CUDA here.

    >>> import numtorch as torch
    >>> torch.backends.cuda.is_built()
    False
    """
    return False


def is_flash_attention_available() -> bool:
    """False: attention runs in kernels made here, for any of these flags."""
    return False


def can_use_flash_attention(params, debug: bool = False) -> bool:
    """False."""
    return False


def can_use_efficient_attention(params, debug: bool = False) -> bool:
    """False."""
    return False


def flash_sdp_enabled() -> bool:
    """What enable_flash_sdp was given."""
    return _sdp["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Kept; attention runs in kernels made here."""
    _sdp["flash"] = bool(enabled)


def mem_efficient_sdp_enabled() -> bool:
    """What enable_mem_efficient_sdp was given."""
    return _sdp["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Kept; attention runs in kernels made here."""
    _sdp["mem_efficient"] = bool(enabled)


def math_sdp_enabled() -> bool:
    """What enable_math_sdp was given."""
    return _sdp["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Kept; attention runs in kernels made here."""
    _sdp["math"] = bool(enabled)


def cudnn_sdp_enabled() -> bool:
    """What enable_cudnn_sdp was given."""
    return _sdp["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Kept; attention runs in kernels made here."""
    _sdp["cudnn"] = bool(enabled)


def fp16_bf16_reduction_math_sdp_allowed() -> bool:
    """What allow_fp16_bf16_reduction_math_sdp was given."""
    return _sdp["reduced"]


def allow_fp16_bf16_reduction_math_sdp(enabled: bool) -> None:
    """Kept; sums are always in float32."""
    _sdp["reduced"] = bool(enabled)


@contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True,
    enable_cudnn: bool = True,
) -> Iterator[None]:  # fmt: skip
    """Sets the four flags in a block."""
    old = dict(_sdp)
    _sdp.update(
        flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient,
        cudnn=enable_cudnn,
    )  # fmt: skip
    try:
        yield
    finally:
        _sdp.update(old)


def preferred_linalg_library(backend: str | None = None) -> str:
    """Accepted; linear algebra on the CPU is LAPACK's."""
    return "default"


def preferred_blas_library(backend: str | None = None) -> str:
    """Accepted; matrix products are kernels made here."""
    return "default"
