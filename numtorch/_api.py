"""Public functions from schemas: one line declares a function's parameters.

`@function("cumsum(Tensor input, int dim, *, dtype? dtype=None)", out=True, inplace=True)` makes
torch.cumsum, Tensor.cumsum and Tensor.cumsum_ from one implementation: argument checks in
PyTorch's words, `out=`, NumPy's names of parameters (axis, keepdims), the signature that help()
and the type stubs show. The implementation gets checked and converted arguments only.

Types: Tensor Operand (a tensor or a number) Number int float bool str dtype device layout
memory_format Generator any, with `?` for None; int[] (int[1]: one int will do; int[2], ...: an int
stands for all) and Tensor[].
"""

from __future__ import annotations

import ast
import functools
import os
import types
from collections.abc import Callable

from numtorch.jit.record import local
from numtorch.jit.views import check_fresh

from ._api_convert import CONVERT, DISPLAY, FAST, MISSING, ArgumentError, mismatch, type_name
from ._examples import described
from ._saves import FRESH, SAVES, fresh, keeping
from ._tensor import Tensor, tensor_types

REGISTRY: dict[str, Function] = {}
_NUMPY_NAMES = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("x", "a", "x1"),
                "other": ("x2",)}  # fmt: skip


# PyTorch's names of parameters that have other names here (some are no Python names).
_THEIR_NAMES = {
    "uniform_": {"from": "a", "to": "b"}, "heaviside": {"values": "other"},
    "heaviside_": {"values": "other"}, "linalg_lstsq": {"b": "B"},
    "linalg_tensorsolve": {"other": "B"}, "cholesky_solve": {"input2": "L"},
    "ormqr": {"input2": "tau", "input3": "other"},
}  # fmt: skip


class Param:
    """One parameter of a schema."""

    __slots__ = ("name", "type", "optional", "default", "kwonly")

    def __init__(self, text: str, kwonly: bool):
        spec, _, default = text.partition("=")
        kind, self.name = spec.split()
        self.optional = kind.endswith("?")
        self.type = kind.rstrip("?")
        self.default = ast.literal_eval(default) if default else MISSING
        self.kwonly = kwonly

    @property
    def base(self) -> str:
        """The type without the length of a list."""
        return "int[]" if self.type.startswith("int[") else self.type

    def display(self) -> str:
        """The parameter as PyTorch's error lists it."""
        tail = "" if self.default is MISSING else f" = {self.default}"
        return f"{DISPLAY[self.base]} {self.name}{tail}"


class Schema:
    """A parsed schema with its implementation."""

    def __init__(
        self, text: str, implementation: Callable, out: bool | tuple[str, ...], *,
        out_apart: bool = False, out_dtype: Callable | None = None, dtype_of_out: bool = False,
    ):  # fmt: skip
        self.text = text
        self.out_apart, self.out_dtype, self.dtype_of_out = out_apart, out_dtype, dtype_of_out
        self.name, _, rest = text.partition("(")
        self.shown = self.name.replace(".", "_")  # how PyTorch's errors call it
        self._rest = rest.rpartition(")")[0]
        self.implementation, self.out = implementation, out

    @functools.cached_property
    def params(self) -> list[Param]:
        """All parameters, in order."""
        parts = [p.strip() for p in _split(self._rest)]
        star = parts.index("*") if "*" in parts else len(parts)
        return [Param(p, k > star) for k, p in enumerate(parts) if p and p != "*"]

    @functools.cached_property
    def positional(self) -> list[Param]:
        """The parameters that may be given by position."""
        return [p for p in self.params if not p.kwonly]

    def accepts_out(self) -> bool:
        return self.out is not False

    def display(self) -> str:
        """'(Tensor input, int dim, *, Tensor out = None)'."""
        texts = [p.display() for p in self.positional]
        kwonly = [p.display() for p in self.params if p.kwonly]
        if self.out:
            kwonly.append(f"{'Tensor' if self.out is True else 'tuple of Tensors'} out = None")
        return "(" + ", ".join(texts + (["*", *kwonly] if kwonly else [])) + ")"

    def varargs(self, method: bool) -> bool:
        """True if the sizes may be given as separate ints: x.permute(1, 0)."""
        rest = self.positional[1:] if method else self.positional
        return len(rest) == 1 and rest[0].type == "int[]"

    def bind(self, args: tuple, kwargs: dict, method: bool) -> tuple[dict, object]:
        """(arguments by parameter, out); ArgumentError in PyTorch's words."""
        shift = 1 if method else 0
        given, out = _place(self, args, dict(kwargs), method)
        found = {}
        missing = [p.name for p in self.params if p.name not in given and p.default is MISSING]
        if missing:
            named = ", ".join(f'"{m}"' for m in missing)
            raise ArgumentError(
                f"{self.shown}() missing {len(missing)} required positional arguments: {named}"
            )
        for k, p in enumerate(self.params):
            if p.name not in given:
                found[p.name] = p.default
                continue
            value = given[p.name]
            if not (value is None and (p.optional or p.default is None)):
                value = CONVERT[p.base](value, p.type)
                if value is MISSING:
                    position = None if p.kwonly else k + 1 - shift
                    raise mismatch(self.shown, p, position, given[p.name])
            found[p.name] = value
        return found, out

    def call(self, found: dict, out):
        """Runs the implementation with bound arguments."""
        args = [found[p.name] for p in self.positional]
        named = {p.name: found[p.name] for p in self.params if p.kwonly}
        if out is None:
            return self.implementation(*args, **named)
        return self.call_out(out, args, named)

    def call_out(self, out, args, named):
        """Runs the implementation and stores its result in `out`."""
        from ._out import store_out

        if self.dtype_of_out and named["dtype"] is None and isinstance(out, Tensor):
            named["dtype"] = out.dtype
        return store_out(self, out, lambda: self.implementation(*args, **named), (args, named))


def _split(text: str) -> list[str]:
    parts, depth, at = [], 0, 0
    for k, c in enumerate(text):
        depth += c in "([" and 1 or (c in ")]" and -1 or 0)
        if c == "," and depth == 0:
            parts.append(text[at:k])
            at = k + 1
    return [*parts, text[at:]]


def _place(schema: Schema, args: tuple, kwargs: dict, method: bool) -> tuple[dict, object]:
    """Arguments by parameter name, and `out`."""
    name, positional = schema.shown, schema.positional
    if schema.varargs(method) and len(args) > (1 if method else 0):
        first = args[1 if method else 0]
        if not isinstance(first, (tuple, list)):
            args = (*args[: 1 if method else 0], tuple(args[1 if method else 0 :]))
    if len(args) > len(positional):
        raise ArgumentError(
            f"{name}() takes {len(positional)} positional arguments but {len(args)} were given"
        )
    given = {p.name: a for p, a in zip(positional, args)}
    out = kwargs.pop("out", None) if schema.accepts_out() and not method else None
    if method and kwargs.get("out", out) is None:
        kwargs.pop("out", None)  # NumPy's functions pass it to methods
    names = {p.name for p in schema.params}
    for key, value in kwargs.items():
        target = key
        if key not in names:
            olds = _NUMPY_NAMES.items()
            target = next((n for n, old in olds if key in old and n in names), key)
            target = _THEIR_NAMES.get(name, {}).get(key, target)
            if key == "n" and "polynomial" in name:
                target = "other"
            if target not in names:
                raise ArgumentError(f"{name}() got an unexpected keyword argument '{key}'")
        if target in given:
            raise ArgumentError(f"{name}() got multiple values for argument '{key}'")
        given[target] = value
    return given, out


class Function:
    """A public function: its schemas, and the Python callables made from them."""

    def __init__(self, name: str):
        self.name, self.short = name, name.rpartition(".")[2]
        self.schemas: list[Schema] = []
        self.inplace = self.method = False
        self.doc = ""

    def call(self, args: tuple, kwargs: dict, method: bool):
        """The general path: overrides, overloads, NumPy's names, separate ints, errors."""
        if overriding(args) or overriding(kwargs.values()):
            from . import overrides

            found = overrides.overriding((*args, *kwargs.values()))
            if found:
                public = getattr(Tensor, self.short) if method else self.public
                return overrides.dispatch(public, found, args, kwargs)
        if len(self.schemas) == 1:
            schema = self.schemas[0]
            try:
                found, out = schema.bind(args, kwargs, method)
            except ArgumentError as e:
                raise TypeError(str(e)) from None
            return _called(schema, found, out)
        for schema in self.schemas:
            try:
                found, out = schema.bind(args, kwargs, method)
            except ArgumentError:
                continue
            return _called(schema, found, out)
        raise self.combination(args, kwargs, method)

    def combination(self, args: tuple, kwargs: dict, method: bool) -> TypeError:
        """PyTorch's error when no overload fits."""
        shown = [type_name(a) for a in (args[1:] if method else args)]
        shown += [f"{k}={type_name(v)}" for k, v in kwargs.items()]
        lines = "".join(f"\n * {s.display()}" for s in self.schemas)
        return TypeError(
            f"{self.name.replace('.', '_')}() received an invalid combination of arguments - got "
            f"({', '.join(shown)}), but expected one of:{lines}\n"
        )


def _called(schema: Schema, found: dict, out):
    try:
        return schema.call(found, out)
    except Exception:
        check_views(found.values())
        raise


def check_views(values) -> None:
    """After an error: that an operand is a view that may not be used any more comes first."""
    for t in values:
        if isinstance(t, Tensor) and t._view is not None and local.tape.grad:
            check_fresh(t)


def overriding(values) -> bool:
    """Whether a value (or one in a list) may have a class that takes functions over."""
    for v in values:
        kind = v.__class__
        if kind in tensor_types:
            continue
        if hasattr(kind, "__torch_function__"):
            return True
        if kind in (tuple, list) and overriding(v):
            return True
    return False


_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_api.py")


def _first_call(*args, **kwargs):
    return first(args, kwargs)  # noqa: F821


def _generate(f: Function, method: bool) -> Callable:
    """The Python callable. Its code is made by the first call: importing numtorch compiles none."""
    short = f.name.rpartition(".")[2]
    scope: dict = {"__builtins__": __builtins__}
    made = types.FunctionType(_first_call.__code__, scope, short)
    made.__doc__, made.__module__ = f.doc, "numtorch"
    made.__qualname__ = f"Tensor.{short}" if method else short
    made.schemas = f.schemas

    def first(args: tuple, kwargs: dict):
        _complete(made, f, method, scope)
        return made(*args, **kwargs)

    scope["first"] = first
    scope["complete"] = lambda: _complete(made, f, method, scope)
    return made


def complete(made) -> None:
    """Gives a callable its code before its first call."""
    if made.__code__ is _first_call.__code__:
        made.__globals__["complete"]()


def _complete(made, f: Function, method: bool, scope: dict) -> None:
    """Gives a callable its code: checks by class inline, the unusual through `Function.call`."""
    short = made.__name__
    if len(f.schemas) > 1 or f.schemas[0].varargs(method):
        source = f"def {short}(*args, **kwargs):\n    return call(args, kwargs, {method})\n"
    else:
        source = _fast_source(f.schemas[0], short, method)
    scope |= {"MISSING": MISSING, "tensor_types": tensor_types, "call": f.call,
              "schema": f.schemas[0], "run": f.schemas[0].implementation, **FAST}  # fmt: skip
    for k, p in enumerate(f.schemas[0].params):
        scope[f"d{k}"] = p.default
    names = dict(scope)
    exec(compile(source, _FILE, "exec"), names)  # noqa: S102
    compiled = names[short]
    made.__defaults__, made.__kwdefaults__ = compiled.__defaults__, compiled.__kwdefaults__
    made.__code__ = compiled.__code__


def _fast_source(s: Schema, short: str, method: bool) -> str:
    """One schema as `def f(input=MISSING, dim=d1, *extra, out=None, **unknown)` with checks."""
    heads = [f"{p.name}=d{k}" for k, p in enumerate(s.params) if not p.kwonly] + ["*extra"]
    heads += [f"{p.name}=d{k}" for k, p in enumerate(s.params) if p.kwonly]
    takes_out = s.out and not method
    heads += ["out=None"] if takes_out else []
    lines = [f"def {short}({', '.join(heads)}, **unknown):"]
    tests = ["extra", "unknown", *(["out is not None"] if takes_out else [])]
    for k, p in enumerate(s.params):
        test = _TESTS.get(p.base)
        if test is None:
            ok = f"{p.name} is d{k}" if p.default is not MISSING else None
        else:
            ok = test.format(p.name)
            if p.default is not MISSING:
                ok = f"{p.name} is d{k} or {ok}"
            if p.optional:
                ok = f"{p.name} is None or {ok}"
        if p.base != "any" and ok is not None:
            tests.append(f"not ({ok})")
        elif p.base != "any":
            tests.append("True")
        elif p.default is MISSING:
            tests.append(f"{p.name} is MISSING")
    lines.append(f"    if {' or '.join(tests)}:")
    positional = ", ".join(p.name for p in s.positional)
    pairs = [f"'{p.name}': {p.name}" for p in s.params if p.kwonly]
    pairs += ["'out': out"] if takes_out else []
    lines.append(f"        args = ({positional},)")
    lines.append(f"        named = {{{', '.join(pairs)}}}")
    for k, p in enumerate(s.params):
        if p.kwonly:
            lines.append(f"        if {p.name} is d{k}: del named['{p.name}']")
    lines.append(f"        return again(schema, call, args, extra, named, unknown, {method})")
    passed = [p.name for p in s.positional] + [f"{p.name}={p.name}" for p in s.params if p.kwonly]
    lines.append("    try:")
    lines.append(f"        return run({', '.join(passed)})")
    lines.append("    except Exception:")
    tensors = [p.name for p in s.positional if p.base in ("Tensor", "Operand")]
    lines.append(f"        check_views(({''.join(f'{n}, ' for n in tensors)}))")
    lines.append("        raise")
    return "\n".join(lines) + "\n"


# Inline tests that a value needs no conversion.
_TESTS = {
    "Tensor": "({0}.__class__ in tensor_types)",
    "Tensor[]": (
        "({0}.__class__ in lists and tensor_types.issuperset([t.__class__ for t in {0}]))"
    ),
    "Operand": "({0}.__class__ in tensor_types or {0}.__class__ in numbers)",
    "int": "({0}.__class__ is int)", "bool": "({0}.__class__ is bool)",
    "float": "({0}.__class__ is float)", "str": "({0}.__class__ is str)",
    "dims": "({0}.__class__ is int or {0}.__class__ is tuple)",
    "Number": "({0}.__class__ in numbers)", "dtype": "({0}.__class__ is dtype_type)",
}  # fmt: skip


def again(s: Schema, call, args: tuple, extra: tuple, named: dict, unknown: dict, method: bool):
    """The general path for arguments that the inline checks did not take."""
    if extra:
        return call(args + extra, {**named, **unknown}, method)
    lead = 0
    while lead < len(args) and args[lead] is not s.positional[lead].default:
        lead += 1
    for p, a in zip(s.positional[lead:], args[lead:]):
        if a is not p.default:
            named[p.name] = a
    return call(args[:lead], {**named, **unknown}, method)


FAST["again"], FAST["check_views"] = again, check_views


def function(
    text: str, *, out: bool | tuple[str, ...] = False, method: bool = True, inplace: bool = False,
    free: bool = True, doc: str = "", **out_rules,
):  # fmt: skip
    """Declares a public function, and the Tensor method of the same name.

    `out`: takes out= (names of the fields for several results). `inplace`: also `name_`.
    `free`: also torch.name. `doc`: the docstring, if the implementation has none. A second
    declaration of a name adds an overload.
    Rules of out=: `out_apart`: it may not share memory with the operands; `out_dtype`: it must
    have the result's dtype, the function gives the text of the error for (result, out);
    `dtype_of_out`: its dtype is the default of the argument dtype (and rounds what is computed).
    """

    def decorate(implementation: Callable) -> Callable:
        schema = Schema(text, implementation, out, **out_rules)
        if schema.name in FRESH:
            schema.implementation = fresh(schema.implementation)
        by_dim = f"{schema.name}.dim"
        if schema.name in SAVES or by_dim in SAVES:
            names = [p.name for p in schema.params]
            row = by_dim if "dim" in names and by_dim in SAVES else schema.name
            schema.implementation = keeping(schema.implementation, row, names)
        f = REGISTRY.get(schema.name)
        if f is None:
            f = REGISTRY[schema.name] = Function(schema.name)
        f.schemas.append(schema)
        f.doc = f.doc or described(schema.name, doc or implementation.__doc__ or "")
        f.method, f.inplace = f.method or method, f.inplace or inplace
        f.free = free
        short = schema.name.rpartition(".")[2]
        if method:
            setattr(Tensor, short, _generate(f, True))
        if inplace:
            setattr(Tensor, short + "_", inplace_variant(short))
        f.public = _generate(f, False)
        return f.public

    return decorate


def alias(new: str, old: str, *, method: bool = True) -> Callable:
    """A second name of a declared function (of its method and in-place variant too)."""
    f = REGISTRY[old]
    REGISTRY[new] = f
    short = new.rpartition(".")[2]
    if method and f.method:
        setattr(Tensor, short, getattr(Tensor, old.rpartition(".")[2]))
        if f.inplace:
            setattr(Tensor, short + "_", getattr(Tensor, old.rpartition(".")[2] + "_"))
    return f.public


def inplace_variant(short: str) -> Callable:
    """`name_` of the Tensor method `name`."""
    from ._methods import inplace

    return inplace(getattr(Tensor, short), short)


def install(functions: dict) -> None:
    """Puts the declared functions into the torch namespace."""
    for name, f in REGISTRY.items():
        if "." not in name and f.free:
            functions[name] = f.public
            if f.inplace:
                functions[name + "_"] = getattr(Tensor, name + "_")
