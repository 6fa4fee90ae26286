"""Native code in this process: LLVM IR to object code, object code to an address. Uses llvmlite.

One MCJIT engine lives as long as the process: its code pages are never freed, so an address stays
good in forked children, in threads that outlive the interpreter's modules, and at exit. Objects
that define equal names can be loaded side by side: each one uses its own definitions.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import struct
import sys
import threading

__all__ = ["compile_ir", "cpu_key", "load_object"]

_lock = threading.RLock()
_engine = None
_addresses: dict[str, int] = {}  # symbols this process has loaded
_checked: set[str] = set()  # outside symbols known to resolve


@functools.cache
def _binding():
    """llvmlite.binding with the host target ready."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.check_jit_execution()
    return llvm


@functools.cache
def _host() -> tuple[str, str]:
    """The host CPU's name and its features in LLVM's notation, sorted."""
    llvm = _binding()
    flags = llvm.get_host_cpu_features()
    text = ",".join(("+" if on else "-") + name for name, on in sorted(flags.items()))
    return llvm.get_host_cpu_name(), text


def _numba_version() -> str:
    """Numba's version without importing it; "none" if it is not installed."""
    found = importlib.util.find_spec("numba")
    if found is None or not found.submodule_search_locations:
        return "none"
    # Beside the package lies numba-<version>.dist-info; importlib.metadata costs 12 ms to import.
    folder = os.path.dirname(found.submodule_search_locations[0])
    names = [name for name in os.listdir(folder) if name.startswith("numba-")]
    if len(names) == 1 and names[0].endswith(".dist-info"):
        return names[0][len("numba-") : -len(".dist-info")]
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("numba")
    except PackageNotFoundError:
        return "unknown"


@functools.cache
def cpu_key() -> str:
    """What object code depends on besides its source: the CPU and the compilers' versions."""
    import llvmlite

    numba = _numba_version()
    name, features = _host()
    python = f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}"
    triple = _binding().get_process_triple()
    parts = (name, features, triple, f"llvmlite {llvmlite.__version__}", f"numba {numba}", python)
    return "|".join(parts)


def _new_machine():
    """A code generator for this CPU; the JIT's code model may put code and data anywhere.

    Static relocations on x86: MCJIT computes offsets from the global offset table of the first
    object for all later ones, so position-independent code that has data would crash.
    """
    llvm = _binding()
    name, features = _host()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    reloc = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=name, features=features, opt=3, reloc=reloc, codemodel="jitdefault", jit=True
    )


@functools.cache
def _machine():
    return _new_machine()


def compile_ir(ir_text: str, optimize: bool = True) -> bytes:
    """Compile a textual LLVM module for this CPU; `optimize=False` generates code only."""
    llvm = _binding()
    with _lock:
        machine = _machine()
        with llvm.parse_assembly(ir_text) as module:
            module.triple = llvm.get_process_triple()
            module.data_layout = str(machine.target_data)
            module.verify()
            if optimize:
                options = llvm.create_pipeline_tuning_options(speed_level=3)
                options.loop_vectorization = True
                options.slp_vectorization = True
                builder = llvm.create_pass_builder(machine, options)
                builder.getModulePassManager().run(module, builder)
            return machine.emit_object(module)


def _get_engine():
    """The process's MCJIT engine."""
    global _engine
    if _engine is None:
        llvm = _binding()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _new_machine())
        # Never destroyed: worker threads may still be inside its code at interpreter exit.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
        _engine = engine
    return _engine


def _elf_symbols(data: bytes) -> tuple[set[str], set[str]] | None:
    """(defined, undefined) global symbol names of an ELF64 object, None for other formats.

    Layout: System V ABI, "Object Files" (ELF-64: header 64 bytes, sections 64, symbols 24).
    """
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    (sections,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, sections + i * size) for i in range(count)]
    defined: set[str] = set()
    undefined: set[str] = set()
    for header in headers:
        if header[1] != 2:  # SHT_SYMTAB
            continue
        strings = headers[header[6]][4]
        for at in range(header[4] + 24, header[4] + header[5], 24):
            name, info, _, section = struct.unpack_from("<IBBH", data, at)
            if info >> 4 == 0 or name == 0:  # STB_LOCAL, or no name
                continue
            start = strings + name
            text = data[start : data.index(b"\0", start)].decode()
            if section:
                defined.add(text)
            elif info >> 4 != 2:  # an undefined weak symbol may stay zero
                undefined.add(text)
    return defined, undefined


def _check_object(data: bytes, symbol: str) -> None:
    """Raise where MCJIT would end the process: malformed files, unknown outside symbols, a
    missing definition.
    """
    if not data:
        raise ValueError("empty object file")
    try:
        symbols = _elf_symbols(data)
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"malformed object file for {symbol}: {error}") from None
    if symbols is None:
        if sys.platform.startswith("linux"):
            raise ValueError(f"not an ELF64 object file: {symbol}")
        return
    defined, undefined = symbols
    if symbol not in defined:
        raise ValueError(f"object file does not define {symbol}")
    resolve = _binding().address_of_symbol
    for name in undefined - _checked:
        if resolve(name):
            _checked.add(name)
        else:
            raise ValueError(f"object file for {symbol} needs unknown symbol {name}")


def load_object(data: bytes, symbol: str) -> int:
    """Load an object file for good and return the address of `symbol`.

    Symbols are named by content: one that is loaded already is not loaded again.
    """
    known = _addresses.get(symbol)
    if known is not None:
        return known
    with _lock:
        known = _addresses.get(symbol)
        if known is not None:
            return known
        llvm = _binding()
        engine = _get_engine()  # the first one makes the process's own symbols known
        _check_object(data, symbol)
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        engine.finalize_object()
        address = engine.get_function_address(symbol)
        if not address:
            raise ValueError(f"object file does not define function {symbol}")
        _addresses[symbol] = address
        return address


# llvmlite has one lock around every call: no thread of ours may hold it while another one forks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )
