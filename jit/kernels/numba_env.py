"""The kernel environment under Numba: the names kernels use, and kernel text -> LLVM IR.

The primitives are intrinsics that emit one LLVM instruction or LLVM intrinsic each, so they cost
no compile time of their own; the vector math (vmath.py) is bound to them and inlined by LLVM.
"""

from __future__ import annotations

import functools
import hashlib
import math

from . import narrow, numba_target
from .pointer import DTYPES, TABLE_SCOPE, mark_scope
from .vmath_tables import INV_TWO_PI

__all__ = ["build", "compile_kernel", "primitives"]

# LLVM intrinsics on floats, by their names here
_UNARY = {
    "rint": "llvm.rint", "floor": "llvm.floor", "ceil": "llvm.ceil", "trunc": "llvm.trunc",
    "sqrt": "llvm.sqrt", "fabs": "llvm.fabs",
}  # fmt: skip
# float -> int truncation saturates in this many bits and wraps below them (interp_env agrees)
_SATURATE = {8: 32, 16: 32, 32: 32, 64: 64}


def _suffix(llvm_type) -> str:
    return {"float": "f32", "double": "f64"}.get(str(llvm_type), str(llvm_type))


def _call(builder, name: str, result, values):
    """Call the LLVM intrinsic `name` overloaded on its result and, for .sat, its argument."""
    from llvmlite import ir

    kinds = [result] if not name.endswith(".sat") else [result, values[0].type]
    full = ".".join([name] + [_suffix(kind) for kind in kinds])
    function = builder.module.globals.get(full)
    if function is None:
        kind = ir.FunctionType(result, [v.type for v in values])
        function = ir.Function(builder.module, kind, name=full)
    return builder.call(function, values)


def _convert(target):
    """The intrinsic that converts any number to the Numba type `target`."""
    from llvmlite import ir
    from numba import types
    from numba.core.errors import TypingError
    from numba.extending import intrinsic

    def float_to_int(builder, value):
        if not target.signed and target.bitwidth == 64:
            return _call(builder, "llvm.fptoui.sat", ir.IntType(64), [value])
        # an unsigned 32-bit value needs 33 signed bits before it wraps
        bits = 64 if not target.signed and target.bitwidth == 32 else _SATURATE[target.bitwidth]
        wide = _call(builder, "llvm.fptosi.sat", ir.IntType(bits), [value])
        width = ir.IntType(target.bitwidth)
        return wide if bits == target.bitwidth else builder.trunc(wide, width)

    def codegen(context, builder, sig, values):
        source, value = sig.args[0], values[0]
        if isinstance(source, types.Complex):
            given = context.make_complex(builder, source, value=value)
            source, value = source.underlying_float, given.real
            if target == types.boolean:
                zero = ir.Constant(value.type, 0)
                return builder.or_(builder.fcmp_unordered("!=", value, zero),
                                   builder.fcmp_unordered("!=", given.imag, zero))  # fmt: skip
        if target == types.boolean:
            zero = ir.Constant(value.type, 0)
            if isinstance(source, types.Float):
                return builder.fcmp_unordered("!=", value, zero)
            return builder.icmp_unsigned("!=", value, zero)
        if isinstance(source, types.Float) and isinstance(target, types.Integer):
            return float_to_int(builder, value)
        return context.cast(builder, value, source, target)

    @intrinsic(prefer_literal=False)
    def convert(typingctx, x):
        if not isinstance(x, (types.Integer, types.Float, types.Boolean, types.Complex)):
            raise TypingError(f"cannot convert {x} to {target}")
        return target(types.unliteral(x)), codegen

    return convert


def _convert_complex(target, short: str):
    """The intrinsic that converts any number to a complex one, its parts rounded to `short`'s."""
    from numba import types
    from numba.extending import intrinsic

    def codegen(context, builder, sig, values):
        source, value = sig.args[0], values[0]
        part = target.underlying_float
        out = context.make_complex(builder, target)
        if isinstance(source, types.Complex):
            given = context.make_complex(builder, source, value=value)
            pair = [context.cast(builder, v, source.underlying_float, part)
                    for v in (given.real, given.imag)]  # fmt: skip
        else:
            pair = [context.cast(builder, value, source, part), context.get_constant(part, 0)]
        if short == "c32":
            pair = [narrow.round_value(builder, v, "f16") for v in pair]
        out.real, out.imag = pair
        return out._getvalue()

    @intrinsic(prefer_literal=False)
    def convert(typingctx, x):
        return target(types.unliteral(x)), codegen

    return convert


def _convert_narrow(short: str):
    """The intrinsic that rounds any number to float16 or bfloat16, as a float32."""
    from numba import types
    from numba.extending import intrinsic

    def codegen(context, builder, sig, values):
        source, value = sig.args[0], values[0]
        if isinstance(source, types.Complex):
            value = context.make_complex(builder, source, value=value).real
            source = source.underlying_float
        value = context.cast(builder, value, source, types.float32)
        return narrow.round_value(builder, value, short)

    @intrinsic(prefer_literal=False)
    def convert(typingctx, x):
        return types.float32(types.unliteral(x)), codegen

    return convert


def _complex_parts() -> dict[str, object]:
    """re, im, cplx_c64, cplx_c128."""
    from numba import types
    from numba.extending import intrinsic

    def part(name: str):
        def codegen(context, builder, sig, values):
            return getattr(context.make_complex(builder, sig.args[0], value=values[0]), name)

        @intrinsic
        def take(typingctx, z):
            return z.underlying_float(z), codegen

        return take

    def pair(target):
        def codegen(context, builder, sig, values):
            out = context.make_complex(builder, target)
            out.real, out.imag = values
            return out._getvalue()

        @intrinsic
        def make(typingctx, x, y):
            kind = target.underlying_float
            return target(kind, kind), codegen

        return make

    return {"re": part("real"), "im": part("imag"),
            "cplx_c64": pair(types.complex64), "cplx_c128": pair(types.complex128)}  # fmt: skip


def _bitcast(source, target):
    from numba.extending import intrinsic

    def codegen(context, builder, sig, values):
        return builder.bitcast(values[0], context.get_value_type(target))

    @intrinsic
    def cast(typingctx, x):
        return target(source), codegen

    return cast


def _same_type(typingctx, *args):
    """The common type of the arguments, literals dropped."""
    from numba import types

    return typingctx.unify_types(*[types.unliteral(a) for a in args])


def _float_intrinsics() -> dict[str, object]:
    from numba import types
    from numba.extending import intrinsic

    def unary(name: str):
        def codegen(context, builder, sig, values):
            return _call(builder, name, values[0].type, values)

        @intrinsic
        def apply(typingctx, x):
            return x(x), codegen

        return apply

    def call(name: str):
        def codegen(context, builder, sig, values):
            return _call(builder, name, values[0].type, values)

        return codegen

    @intrinsic
    def fma(typingctx, a, b, c):
        kind = _same_type(typingctx, a, b, c)
        return kind(kind, kind, kind), call("llvm.fma")

    @intrinsic
    def copysign(typingctx, a, b):
        return a(a, a), call("llvm.copysign")

    @intrinsic
    def isnan(typingctx, x):
        def codegen(context, builder, sig, values):
            return builder.fcmp_unordered("uno", values[0], values[0])

        return types.boolean(x), codegen

    @intrinsic
    def frem(typingctx, a, b):
        def codegen(context, builder, sig, values):
            return builder.frem(*values)

        return a(a, a), codegen

    @intrinsic
    def poly(typingctx, x, coefficients):
        def codegen(context, builder, sig, values):
            x, table = values
            result = builder.extract_value(table, len(sig.args[1]) - 1)
            for k in reversed(range(len(sig.args[1]) - 1)):
                terms = [result, x, builder.extract_value(table, k)]
                result = _call(builder, "llvm.fma", x.type, terms)
            return result

        return x(x, types.UniTuple(x, len(coefficients))), codegen

    names = {name: unary(llvm) for name, llvm in _UNARY.items()}
    return names | {"fma": fma, "copysign": copysign, "frem": frem, "poly": poly, "isnan": isnan,
                    "inv_two_pi": _table("inv_two_pi", INV_TWO_PI)}  # fmt: skip


def _table(name: str, values: tuple[float, ...]):
    """The intrinsic `name(index)`: an element of a constant float64 table (LLVM may gather it)."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    def codegen(context, builder, sig, args):
        module, label = builder.module, "numtorch." + name
        table = module.globals.get(label)
        if table is None:
            kind = ir.ArrayType(ir.DoubleType(), len(values))
            table = ir.GlobalVariable(module, kind, label)
            table.linkage, table.global_constant = "internal", True
            table.initializer = ir.Constant(kind, [ir.Constant(ir.DoubleType(), v) for v in values])
        place = builder.gep(table, [ir.Constant(ir.IntType(64), 0), args[0]], inbounds=True)
        loaded = builder.load(place)
        mark_scope(module, loaded, TABLE_SCOPE)
        return loaded

    @intrinsic
    def lookup(typingctx, index):
        return types.float64(types.int64), codegen

    return lookup


def _choices() -> dict[str, object]:
    """select, maximum, minimum."""
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def select(typingctx, c, a, b):
        kind = _same_type(typingctx, a, b)

        def codegen(context, builder, sig, values):
            if not isinstance(kind, types.Complex):
                return builder.select(*values)
            a, b = (context.make_complex(builder, kind, value=v) for v in values[1:])
            out = context.make_complex(builder, kind)
            out.real = builder.select(values[0], a.real, b.real)
            out.imag = builder.select(values[0], a.imag, b.imag)
            return out._getvalue()

        return kind(types.boolean, kind, kind), codegen

    def extremum(word: str, ordered: bool):
        """`ordered`: -0 is less than +0, whichever comes first (so that loops may be split up);
        else of equal numbers it is the first one."""

        def codegen(context, builder, sig, values):
            kind = sig.return_type
            if kind == types.boolean:
                operation = builder.or_ if word == "max" else builder.and_
                return operation(*values)
            if isinstance(kind, types.Float) and ordered:
                name = f"llvm.{word}imum"
            elif isinstance(kind, types.Float):
                a, b = values
                other = builder.fcmp_ordered("<" if word == "max" else ">", a, b)
                number = builder.select(other, b, a)
                return builder.select(builder.fcmp_unordered("uno", b, b), b, number)
            else:
                name = f"llvm.{'s' if kind.signed else 'u'}{word}"
            return _call(builder, name, values[0].type, values)

        @intrinsic
        def pick(typingctx, a, b):
            kind = _same_type(typingctx, a, b)
            return kind(kind, kind), codegen

        return pick

    return {"select": select, "maximum": extremum("max", False), "minimum": extremum("min", False),
            "red_max": extremum("max", True), "red_min": extremum("min", True)}  # fmt: skip


def _sums() -> dict[str, object]:
    """red_add, red_mul: reassociation is allowed for this one instruction, nothing else is."""
    from numba import types
    from numba.extending import intrinsic

    def reduction(on_float: str, on_int: str, on_complex):
        def codegen(context, builder, sig, values):
            if isinstance(sig.return_type, types.Complex):
                return on_complex(context, builder, sig.return_type, *values)
            if isinstance(sig.return_type, types.Float):
                return getattr(builder, on_float)(*values, flags=("reassoc",))
            return getattr(builder, on_int)(*values)

        @intrinsic
        def combine(typingctx, acc, x):
            kind = types.unliteral(acc)
            return kind(kind, kind), codegen

        return combine

    def parts(context, builder, kind, a, b):
        pair = [context.make_complex(builder, kind, value=v) for v in (a, b)]
        return (*pair, context.make_complex(builder, kind))

    def complex_add(context, builder, kind, a, b):
        a, b, out = parts(context, builder, kind, a, b)
        out.real = builder.fadd(a.real, b.real, flags=("reassoc",))
        out.imag = builder.fadd(a.imag, b.imag, flags=("reassoc",))
        return out._getvalue()

    def complex_mul(context, builder, kind, a, b):
        a, b, out = parts(context, builder, kind, a, b)
        mul = builder.fmul
        out.real = builder.fsub(mul(a.real, b.real), mul(a.imag, b.imag))
        out.imag = builder.fadd(mul(a.real, b.imag), mul(a.imag, b.real))
        return out._getvalue()

    return {"red_add": reduction("fadd", "add", complex_add),
            "red_mul": reduction("fmul", "mul", complex_mul)}  # fmt: skip


@functools.cache
def primitives() -> dict[str, object]:
    """The names below the vector math, as Numba intrinsics (imports Numba)."""
    from numba import types

    from . import pointer

    memory = pointer.build()
    names = {name: memory[name] for name in ("ptr", "arg_i64", "arg_f64", "strided")}
    for short, (numba_name, _) in DTYPES.items():
        target = getattr(types, numba_name)
        if isinstance(target, types.Complex):
            names[short] = _convert_complex(target, short)
        elif short in narrow.NARROW:
            names[short] = _convert_narrow(short)
        else:
            names[short] = _convert(target)
    names["f32_bits"] = _bitcast(types.float32, types.int32)
    names["bits_f32"] = _bitcast(types.int32, types.float32)
    names["f64_bits"] = _bitcast(types.float64, types.int64)
    names["bits_f64"] = _bitcast(types.int64, types.float64)
    names |= {"INF": float("inf"), "NAN": float("nan")}
    return names | _float_intrinsics() | _choices() | _sums() | _complex_parts()


@functools.cache
def build() -> dict[str, object]:
    """Every name a kernel may use, for Numba. Nothing is compiled until a kernel uses it."""
    from . import vmath

    names = dict(primitives())
    names.update(vmath.bind(names, numba_target.build().inline))
    names["math"] = math
    return names


def compile_kernel(source: str, env: dict | None = None) -> tuple[str, str]:
    """Compile the text of `kernel(args, begin, end, tid)`; return (symbol, LLVM IR text).

    The IR is optimised, refers to nothing of Numba or Python, and defines one external function,
    `void symbol(i64, i64, i64, i64)`, whose name is a hash of the source.
    """
    from numba import types

    namespace = dict(build() if env is None else env)
    exec(compile(source, "<numtorch kernel>", "exec"), namespace)  # noqa: S102
    native, module = numba_target.build().compile(namespace["kernel"], (types.int64,) * 4)
    symbol = "ntk_" + hashlib.sha256(source.encode()).hexdigest()[:24]
    return symbol, _expose(str(module), native, symbol)


# Numba's calling convention: a return slot and an error slot come first; kernels raise nothing
_WRAPPER = """
define void @{symbol}(i64 %args, i64 %begin, i64 %end, i64 %tid) {{
  %result = alloca ptr
  %error = alloca ptr
  %status = call i32 @{native}(ptr %result, ptr %error, i64 %args, i64 %begin, i64 %end, i64 %tid)
  ret void
}}
"""


def _expose(text: str, native: str, symbol: str) -> str:
    """Add a plain C entry point `symbol`, hide all else and drop what it does not reach."""
    from llvmlite import binding as llvm

    body = _WRAPPER.format(symbol=symbol, native=native)
    module = llvm.parse_assembly(text + body)
    for value in [*module.functions, *module.global_variables]:
        if not value.is_declaration and value.name != symbol:
            value.linkage = "internal"
    manager = llvm.create_new_module_pass_manager()
    manager.add_global_dead_code_eliminate_pass()
    manager.add_strip_dead_prototype_pass()
    machine = llvm.Target.from_default_triple().create_target_machine()
    manager.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    foreign = [v.name for v in [*module.functions, *module.global_variables]
               if v.is_declaration and v.name.startswith(("numba", "NRT", "Py", "_Py", "_ZN"))]
    if foreign:
        raise RuntimeError(f"the kernel calls into Numba or Python: {', '.join(foreign)}")
    return str(module)
