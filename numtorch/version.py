"""What this build is: no CUDA, no ROCm."""

from __future__ import annotations

from .compat._versions import VERSIONS as _VERSIONS

__all__ = ["cuda", "debug", "git_version", "hip", "xpu"]

__version__ = _VERSIONS["torch"]
debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = "unknown"
