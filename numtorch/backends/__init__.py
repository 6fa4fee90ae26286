"""Flags of the libraries behind torch: accepted, kept, and without effect on kernels made here."""

from __future__ import annotations

from . import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]

# What float32 products are computed in, by torch's names of the settings.
fp32_precision = "none"
