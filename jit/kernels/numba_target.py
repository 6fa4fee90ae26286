"""Numba's CPU target cut down to what kernels need: typed code that becomes IR and nothing else.

Numba compiles for a process that will call the function: wrappers for the interpreter, machine code
in its own engine, arrays, reference counts. Kernels are scalars, tuples and raw pointers, and leave
as IR, so this target has a pipeline of fewer passes, tables of fewer functions and no engine.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace

__all__ = ["build"]


@functools.cache
def build() -> SimpleNamespace:
    """`inline(f)`: f for kernels to call; `compile(f, types) -> (its name, LLVM module)`."""
    from numba.core import codegen, compiler, cpu, dispatcher, imputils, registry, types, typing
    from numba.core import target_extension as targets
    from numba.core import typed_passes as typed
    from numba.core import untyped_passes as untyped
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.compiler_machinery import PassManager

    class Kernels(targets.CPU):
        """What is written for any target or for CPUs is right for kernels."""

    targets.target_registry["numtorch"] = Kernels

    intrinsics = imputils.Registry("numtorch")

    class Typing(typing.BaseContext):
        """Types of operators and math functions; none of arrays, lists and NumPy's functions."""

        def load_additional_registries(self):
            from numba.core.typing import cmathdecl, mathdecl

            self.install_registry(cmathdecl.registry)
            self.install_registry(mathdecl.registry)

    class Library(codegen.AOTCodeLibrary):
        @property
        def module(self):
            self._ensure_finalized()
            return self._final_module

    class Codegen(codegen.JITCPUCodegen):
        """Tuned for this CPU, as what is run at once is; its modules are never loaded."""

        _library_class = Library

        def _add_module(self, module):
            pass

    class Target(cpu.CPUContext):
        """Lowers to IR; what it compiles has no address."""

        def init(self):
            self.is32bit = self.address_size == 32
            self._internal_codegen = Codegen("numtorch")
            self._sizes = {}
            self._loaded = False

        def load_additional_registries(self):
            # Numba puts the code of intrinsics into a target's first table, as they are met.
            self.install_registry(intrinsics)
            if self._loaded:
                return
            self._loaded = True
            # Importing these fills the table of built-in functions.
            from numba.core import optional  # noqa: F401
            from numba.cpython import builtins, cmathimpl, mathimpl, numbers, rangeobj, tupleobj  # noqa: F401

            self.install_registry(cmathimpl.registry)
            self.install_registry(mathimpl.registry)

        def get_abi_sizeof(self, ty):
            # LLVM is asked by way of a parsed module, for every local variable.
            key = str(ty)
            size = self._sizes.get(key)
            if size is None:
                size = self._sizes[key] = super().get_abi_sizeof(ty)
            return size

        def post_lowering(self, mod, library):
            pass  # nothing of Numba's runtime is linked in

        def get_executable(self, library, fndesc, env):
            return object()  # what calls of the function are known by

    class Descriptor(registry.CPUTarget):
        @functools.cached_property
        def _toplevel_typing_context(self):
            return Typing()

        @functools.cached_property
        def _toplevel_target_context(self):
            return Target(self.typing_context, self._target_name)

    descriptor = Descriptor("numtorch")

    class Pipeline(compiler.CompilerBase):
        """The passes of Numba's that kernels need, in its order."""

        def define_pipelines(self):
            passes = PassManager("kernel")
            for step in (
                untyped.TranslateByteCode, untyped.FixupArgs, untyped.IRProcessing,
                untyped.GenericRewrites, untyped.ReconstructSSA,
                typed.NopythonTypeInference, typed.PreLowerStripPhis, typed.IRLegalization,
                typed.NativeLowering, typed.NoPythonBackend,
            ):  # fmt: skip
                passes.add_pass(step, step.__name__)
            passes.finalize()
            return [passes]

    class Inlined(dispatcher.Dispatcher):
        targetdescr = descriptor

        def add_overload(self, cres):
            self.overloads[tuple(cres.signature.args)] = cres

    options = {
        "nopython": True, "error_model": "numpy", "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True, "_nrt": False,
    }  # fmt: skip

    def inline(function, **more):
        given = {**options, "forceinline": True, **more}
        return Inlined(function, targetoptions=given, pipeline_class=Pipeline)

    targets.dispatcher_registry[Kernels] = Inlined
    # How Numba compiles the built-in functions that it writes in Python.
    targets.jit_registry[Kernels] = lambda **more: functools.partial(inline, **more)

    @global_compiler_lock
    def compile_function(function, arguments: tuple):
        flags = compiler.Flags()
        descriptor.options.parse_as_flags(flags, options)
        flags.no_compile = True
        result = compiler.compile_extra(
            descriptor.typing_context, descriptor.target_context, function, arguments, types.void,
            flags, {}, pipeline_class=Pipeline,
        )  # fmt: skip
        return result.fndesc.llvm_func_name, result.library.module

    return SimpleNamespace(inline=inline, compile=compile_function)
