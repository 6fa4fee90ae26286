"""From kernel source to an address: the store, Numba, or (interpreted) a Python function."""

from __future__ import annotations

import functools
import hashlib
import os
import time

from . import config
from .codegen import Kernel
from .runtime import engine
from .runtime.store import store

# Interpreted kernels: number -> Python function(args, begin, end, tid).
interpreted: list = []


@functools.cache
def helper_key() -> str:
    """Hash of the sources that every kernel's code depends on besides its own text."""
    folder = os.path.join(os.path.dirname(__file__), "kernels")
    digest = hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and not name.startswith("gemm"):
            with open(os.path.join(folder, name), "rb") as f:
                digest.update(f.read())
    return digest.hexdigest()[:16]


def kernel_address(kernel: Kernel) -> int:
    """Address of the kernel's code (interpreted: its number in `interpreted`)."""
    if config.interp:
        return _interpreted(kernel)
    before = (store.counters.compiled, store.counters.loaded)
    if kernel.mode == "gemm":
        address = _gemm(kernel.gemm[0])
    else:
        text = f"{helper_key()}\n{kernel.source}"
        address = store.kernel(text, kernel.name, lambda: _compile(kernel), kernel.source)
    config.counters.kernels_compiled += store.counters.compiled - before[0]
    config.counters.kernels_loaded += store.counters.loaded - before[1]
    return address


def _compile(kernel: Kernel) -> tuple[str, bytes]:
    from .kernels import numba_env

    started = time.perf_counter()
    symbol, text = numba_env.compile_kernel(kernel.source)
    data = engine.compile_ir(text, optimize=False)
    if config.debug >= 1:
        ms = (time.perf_counter() - started) * 1e3
        print(f"[numtorch] compiled {kernel.name} in {ms:.0f} ms", flush=True)
    if config.debug >= 4:
        print(kernel.source, flush=True)
    return symbol, data


def _gemm(dtype: str) -> int:
    from .kernels import gemm

    def build() -> tuple[str, bytes]:
        started = time.perf_counter()
        symbol, text = gemm.kernel_ir(dtype)
        data = engine.compile_ir(text, optimize=False)  # emitted in its final form
        if config.debug >= 1:
            ms = (time.perf_counter() - started) * 1e3
            print(f"[numtorch] compiled gemm_{dtype} in {ms:.0f} ms", flush=True)
        return symbol, data

    key = gemm.source_key(dtype)
    return store.kernel(key, f"gemm_{dtype}", build, f"# {key}\n")


_python_kernels: dict[str, int] = {}


def _interpreted(kernel: Kernel) -> int:
    key = kernel.source or f"gemm {kernel.gemm[0]}"
    number = _python_kernels.get(key)
    if number is None:
        if kernel.mode == "gemm":
            from .kernels import gemm

            function = gemm.interpret
        else:
            from .kernels import interp_env

            function = interp_env.compile_kernel(kernel.source)
        number = _python_kernels[key] = len(interpreted)
        interpreted.append(function)
    return number
