"""Raw typed pointers for kernels, in Numba: `p = ptr(args, k, 'f32')`, then `p[i]` and `p[i] = v`.

Every access carries LLVM's scoped-noalias metadata (LangRef, "'noalias' and 'alias.scope'
Metadata"): accesses through pointers of different scopes are declared not to overlap, so loops over
many arrays are vectorised without run time overlap checks. The scope is `k` unless a fourth
argument names another one (two pointers into one buffer must share a scope). Scopes of
`NUM_SCOPES` and above carry no metadata: slower, never wrong.
"""

from __future__ import annotations

import functools
import operator

from . import narrow

__all__ = ["DTYPES", "NUM_SCOPES", "build"]

#: dtype short name -> (numba type name, bytes of one element)
DTYPES: dict[str, tuple[str, int]] = {
    "f32": ("float32", 4),
    "f64": ("float64", 8),
    "i64": ("int64", 8),
    "i32": ("int32", 4),
    "i16": ("int16", 2),
    "i8": ("int8", 1),
    "u64": ("uint64", 8),
    "u32": ("uint32", 4),
    "u16": ("uint16", 2),
    "u8": ("uint8", 1),
    "b1": ("boolean", 1),
    # loaded as a wider type, rounded when stored: see narrow.py
    "f16": ("float32", 2),
    "bf16": ("float32", 2),
    "c32": ("complex64", 4),
    "c64": ("complex64", 8),
    "c128": ("complex128", 16),
}

#: scopes that get alias metadata; each used one adds a list of all the others to the module
NUM_SCOPES = 64
#: the scope of constant tables, apart from every buffer's
TABLE_SCOPE = NUM_SCOPES


def _scope_lists(module, scope: int):
    """The two metadata lists of an access: its own scope, and every other scope of the domain.

    Scopes are told apart by name, which stays unique when modules are linked.
    """
    domain = module.add_metadata(["numtorch.buffers"])
    scopes = [module.add_metadata([f"numtorch.buffer.{i}", domain]) for i in range(NUM_SCOPES + 1)]
    own = module.add_metadata([scopes[scope]])
    others = module.add_metadata(scopes[:scope] + scopes[scope + 1 :])
    return own, others


def mark_scope(module, instruction, scope: int) -> None:
    """Attach the alias metadata of `scope` to a load or a store."""
    if not 0 <= scope <= TABLE_SCOPE:
        return
    cache = module.__dict__.setdefault("_numtorch_scopes", {})
    if scope not in cache:
        cache[scope] = _scope_lists(module, scope)
    own, others = cache[scope]
    instruction.set_metadata("alias.scope", own)
    instruction.set_metadata("noalias", others)


def load_word(builder, args, k: int):
    """The 64-bit word number `k` of the argument block at address `args`.

    No kernel writes its own argument block, so the load is invariant and leaves every loop.
    """
    from llvmlite import ir

    word = ir.IntType(64)
    base = builder.inttoptr(args, word.as_pointer())
    place = builder.gep(base, [ir.Constant(word, k)], inbounds=True, source_etype=word)
    value = builder.load(place, align=8, typ=word)
    value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


@functools.cache
def build() -> dict[str, object]:
    """The Numba intrinsics `ptr`, `arg_i64`, `arg_f64` and the type `Ptr` (imports Numba)."""
    from llvmlite import ir
    from numba import types
    from numba.core.errors import TypingError
    from numba.extending import (
        intrinsic,
        lower_builtin,
        models,
        register_model,
        type_callable,
    )

    class Ptr(types.Type):
        """A pointer to elements of `dtype`; `scope` says which accesses it may alias with.

        `part` is the type in memory, if it is another one: a narrow float, or a complex's parts.
        """

        def __init__(self, dtype, scope: int, short: str):
            self.dtype = dtype
            self.scope = scope
            self.complex = short[0] == "c"
            self.part = {"c32": "f16", "c64": "f32", "c128": "f64"}.get(short, short)
            kind = short if self.part in narrow.NARROW else dtype
            super().__init__(name=f"Ptr({kind}, {scope})")

    class PtrModel(models.PrimitiveModel):
        def __init__(self, dmm, fe_type):
            element = _memory_type(dmm, fe_type)
            super().__init__(dmm, fe_type, element.as_pointer())

    register_model(Ptr)(PtrModel)

    def _memory_type(manager, pointer):
        if pointer.part in narrow.NARROW:
            return ir.IntType(16)
        if pointer.complex:
            return manager.lookup(pointer.dtype.underlying_float).get_data_type()
        return manager.lookup(pointer.dtype).get_data_type()

    def literal_int(ty, what: str) -> int:
        if not isinstance(ty, types.IntegerLiteral):
            raise TypingError(f"ptr: {what} must be a literal integer, got {ty}")
        return ty.literal_value

    def pointer_type(k, dtype, scope) -> Ptr:
        if not isinstance(dtype, types.StringLiteral) or dtype.literal_value not in DTYPES:
            raise TypingError(f"ptr: dtype must be one of {sorted(DTYPES)}, got {dtype}")
        number = literal_int(k, "the word number")
        given = isinstance(scope, types.IntegerLiteral)
        short = dtype.literal_value
        element = getattr(types, DTYPES[short][0])
        chosen = scope.literal_value if given else number
        return Ptr(element, chosen if 0 <= chosen < NUM_SCOPES else -1, short)

    @intrinsic(prefer_literal=True)
    def ptr(typingctx, args, k, dtype, scope=-1):
        if not isinstance(args, types.Integer):
            raise TypingError(f"ptr: args must be an integer address, got {args}")
        result = pointer_type(k, dtype, scope)
        word = literal_int(k, "the word number")

        def codegen(context, builder, sig, values):
            return builder.inttoptr(
                load_word(builder, values[0], word), context.get_value_type(sig.return_type)
            )

        if not isinstance(scope, types.Type):
            scope = types.Omitted(scope)
        return result(types.int64, k, dtype, scope), codegen

    @intrinsic(prefer_literal=True)
    def arg_i64(typingctx, args, k):
        word = literal_int(k, "the word number")

        def codegen(context, builder, sig, values):
            return load_word(builder, values[0], word)

        return types.int64(types.int64, k), codegen

    @intrinsic(prefer_literal=True)
    def arg_f64(typingctx, args, k):
        word = literal_int(k, "the word number")

        def codegen(context, builder, sig, values):
            return builder.bitcast(load_word(builder, values[0], word), ir.DoubleType())

        return types.float64(types.int64, k), codegen

    @type_callable(operator.getitem)
    def type_getitem(context):
        def typer(pointer, index):
            if isinstance(pointer, Ptr) and isinstance(index, types.Integer):
                return pointer.dtype

        return typer

    @type_callable(operator.setitem)
    def type_setitem(context):
        def typer(pointer, index, value):
            if isinstance(pointer, Ptr) and isinstance(index, types.Integer):
                return types.none(pointer, index, pointer.dtype)

        return typer

    def address(context, builder, sig, values):
        """The element's address and its LLVM type; an index counts elements."""
        pointer = sig.args[0]
        element = _memory_type(context.data_model_manager, pointer)
        index = context.cast(builder, values[1], sig.args[1], types.int64)
        if pointer.complex:
            index = builder.shl(index, ir.Constant(index.type, 1))
        return builder.gep(values[0], [index], inbounds=True, source_etype=element), element

    def element_bytes(dtype) -> int:
        return 1 if dtype == types.boolean else dtype.bitwidth // 8

    def load_part(builder, pointer, place, element):
        """One float of a narrow or complex element, in the type that kernels compute with."""
        loaded = builder.load(place, align=DTYPES[pointer.part][1], typ=element)
        mark_scope(builder.module, loaded, pointer.scope)
        return narrow.widen(builder, loaded, pointer.part)

    def store_part(builder, pointer, place, value):
        value = narrow.round_bits(builder, value, pointer.part)
        stored = builder.store(value, place, align=DTYPES[pointer.part][1])
        mark_scope(builder.module, stored, pointer.scope)

    def second(builder, place, element):
        return builder.gep(
            place, [ir.Constant(ir.IntType(64), 1)], inbounds=True, source_etype=element
        )

    @lower_builtin(operator.getitem, Ptr, types.Integer)
    def lower_getitem(context, builder, sig, values):
        place, element = address(context, builder, sig, values)
        pointer = sig.args[0]
        dtype = pointer.dtype
        if pointer.complex:
            value = context.make_complex(builder, dtype)
            value.real = load_part(builder, pointer, place, element)
            value.imag = load_part(builder, pointer, second(builder, place, element), element)
            return value._getvalue()
        if pointer.part in narrow.NARROW:
            return load_part(builder, pointer, place, element)
        loaded = builder.load(place, align=element_bytes(dtype), typ=element)
        mark_scope(builder.module, loaded, sig.args[0].scope)
        if dtype == types.boolean:
            return builder.icmp_unsigned("!=", loaded, ir.Constant(element, 0))
        return loaded

    @intrinsic(prefer_literal=True)
    def strided(typingctx, pointer, row, i, step):
        # The product can't overflow: LLVM needs to know it to load whole vectors and shuffle.
        def codegen(context, builder, sig, values):
            element = context.data_model_manager[sig.args[0].dtype].get_data_type()
            base = builder.gep(values[0], [values[1]], inbounds=True, source_etype=element)
            index = builder.mul(values[2], ir.Constant(ir.IntType(64), factor), flags=["nsw"])
            place = builder.gep(base, [index], inbounds=True, source_etype=element)
            loaded = builder.load(place, align=element_bytes(sig.args[0].dtype), typ=element)
            mark_scope(builder.module, loaded, sig.args[0].scope)
            return loaded

        if not isinstance(pointer, Ptr):
            raise TypingError(f"strided: a pointer expected, got {pointer}")
        factor = literal_int(step, "the step")
        return pointer.dtype(pointer, types.int64, types.int64, step), codegen

    @lower_builtin(operator.setitem, Ptr, types.Integer, types.Any)
    def lower_setitem(context, builder, sig, values):
        place, element = address(context, builder, sig, values)
        pointer = sig.args[0]
        dtype = pointer.dtype
        value = context.cast(builder, values[2], sig.args[2], dtype)
        if pointer.complex:
            value = context.make_complex(builder, dtype, value=value)
            store_part(builder, pointer, place, value.real)
            store_part(builder, pointer, second(builder, place, element), value.imag)
            return context.get_dummy_value()
        if pointer.part in narrow.NARROW:
            store_part(builder, pointer, place, value)
            return context.get_dummy_value()
        if dtype == types.boolean:
            value = builder.zext(value, element)
        stored = builder.store(value, place, align=element_bytes(dtype))
        mark_scope(builder.module, stored, sig.args[0].scope)
        return context.get_dummy_value()

    return {"Ptr": Ptr, "ptr": ptr, "arg_i64": arg_i64, "arg_f64": arg_f64, "strided": strided}
