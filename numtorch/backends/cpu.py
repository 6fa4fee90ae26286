"""The CPU."""

from __future__ import annotations


def get_cpu_capability() -> str:
    """The widest vector instructions that kernels use, by torch's names."""
    from llvmlite import binding

    has = binding.get_host_cpu_features()
    return "AVX512" if has.get("avx512f") else "AVX2" if has.get("avx2") else "DEFAULT"
