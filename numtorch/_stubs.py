"""Type stubs from the declared functions: `python -m numtorch._stubs` writes numtorch/__init__.pyi.

Most functions and methods are made from schemas when numtorch is imported, so an editor cannot see
them in the source. The stub lists them all with their signatures and docstrings; a test holds it
against the running package.
"""

from __future__ import annotations

import inspect
import keyword
import os
import pkgutil
import textwrap
import types

_TYPES = {
    "Tensor": "Tensor", "Operand": "Tensor | Number", "Number": "Number", "int": "int",
    "float": "float", "bool": "_bool", "str": "str", "dtype": "_dtype", "device": "_Device",
    "layout": "_layout", "memory_format": "_memory_format", "Generator": "Generator",
    "int[]": "_Ints", "dims": "_Ints", "Tensor[]": "Sequence[Tensor]", "any": "Any",
}  # fmt: skip
_HEAD = '''"""Signatures of numtorch; written by `python -m numtorch._stubs`."""

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np

_bool = builtins.bool
_int = builtins.int
_float = builtins.float
Number = builtins.int | builtins.float | builtins.bool | builtins.complex
_Ints = builtins.int | Sequence[builtins.int]
_dtype = dtype
_layout = layout
_memory_format = memory_format
_device = device
_Device = str | _device | builtins.int | None
# mypy: disable-error-code="overload-cannot-match, overload-overlap"
'''
_BUILTINS = ("int", "float", "bool", "complex")


def _annotation(param) -> str:
    text = _TYPES.get(param.base, "Any")
    for name in ("int", "float"):
        text = "_" + name if text == name else text
    if param.optional or param.default is None:
        text += " | None"
    return text


def _parameters(schema, method: bool) -> str:
    from ._api_convert import MISSING

    parts = ["self"] if method else []
    star = False
    for p in schema.params[1 if method else 0 :]:
        if p.kwonly and not star:
            parts.append("*")
            star = True
        default = "" if p.default is MISSING else f" = {p.default!r}"
        name = p.name + "_" if keyword.iskeyword(p.name) else p.name
        parts.append(f"{name}: {_annotation(p)}{default}")
    if schema.out and not method:
        parts += [] if star else ["*"]
        parts.append("out: Tensor | tuple[Tensor, ...] | None = None")
    return ", ".join(parts)


def _result(schema) -> str:
    found = schema.implementation.__annotations__.get("return")
    text = str(found) if found is not None else "Tensor" if schema.out is True else "Any"
    known = {"Tensor", "Any", "None", "bool", "int", "float", "tuple[Tensor, ...]"}
    if text not in known:
        return "Any"
    return "_" + text if text in ("bool", "int", "float") else text


def _doc(text: str | None, indent: str) -> list[str]:
    """The docstring without its example: `...` for none."""
    text = inspect.cleandoc((text or "").partition(">>>")[0].rstrip())
    if not text:
        return [indent + "..."]
    lines = text.replace("\\", "\\\\").replace('"""', "'''").split("\n")
    lines[0] = '"""' + lines[0]
    lines[-1] += '"""'
    return [(indent + line).rstrip() for line in lines]


def declared(name: str, function, method: bool, indent: str = "") -> list[str]:
    """The overloads of a declared function."""
    variants = []
    for schema in function.schemas:
        variants.append((_parameters(schema, method), _result(schema)))
        if schema.varargs(method):
            sizes = schema.positional[1 if method else 0]
            text = variants[-1][0].replace(f"{sizes.name}: _Ints", f"*{sizes.name}: _int", 1)
            variants.append((text.replace(", *, ", ", "), variants[-1][1]))
    out = []
    for k, (parameters, result) in enumerate(variants):
        if len(variants) > 1:
            out.append(indent + "@overload")
        out.append(f"{indent}def {name}({parameters}) -> {result}:")
        out += _doc(function.doc if k == 0 else None, indent + "    ")
    return out


def plain(name: str, f, indent: str = "") -> list[str]:
    """A function that is written by hand or made from an elementwise row: names and defaults."""
    if hasattr(f, "schemas"):  # declared, under another name
        shown = types.SimpleNamespace(schemas=f.schemas, doc=f.__doc__)
        return declared(name, shown, f.__qualname__.startswith("Tensor."), indent)
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return [f"{indent}def {name}(*args: Any, **kwargs: Any) -> Any: ..."]
    parts, star = [], False
    for p in signature.parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            star = True
            parts.append(f"*{p.name}: Any")
            continue
        if p.kind is p.VAR_KEYWORD:
            parts.append(f"**{p.name}: Any")
            continue
        if p.kind is p.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        default = "" if p.default is p.empty else " = ..."
        parts.append(p.name if p.name == "self" else f"{p.name}: Any{default}")
    result = "None" if name == "__init__" else "Any"
    lines = [f"{indent}def {name}({', '.join(parts)}) -> {result}:"]
    return lines + _doc(getattr(f, "__doc__", None), indent + "    ")


def _tensor_class(Tensor) -> list[str]:
    from ._api import REGISTRY
    from ._tensor import members

    out = ["", "class Tensor:"]
    out += _doc(Tensor.__doc__, "    ")
    methods = {f.public.__name__ if "." in n else n: f for n, f in REGISTRY.items() if f.method}
    for name in sorted(dir(Tensor)):
        if name.startswith("_") and not (name.startswith("__") and name in members()):
            continue
        if name in ("__dict__", "__module__", "__doc__", "__weakref__", "__init_subclass__",
                    "__hash__", "__slots__"):  # fmt: skip
            continue
        value = inspect.getattr_static(Tensor, name)
        base = name.removesuffix("_")
        if name in methods:
            out += declared(name, methods[name], True, "    ")
        elif base != name and base in methods and methods[base].inplace:
            out += declared(name, methods[base], True, "    ")
        elif isinstance(value, property):
            out += ["    @property", f"    def {name}(self) -> Any:"]
            out += _doc(value.__doc__, "        ")
            if value.fset is not None:
                out += [f"    @{name}.setter", f"    def {name}(self, value: Any) -> None: ..."]
        elif callable(value) or isinstance(value, (classmethod, staticmethod)):
            f = getattr(Tensor, name)
            if isinstance(value, (classmethod, staticmethod)):
                out.append(f"    @{type(value).__name__}")
                lines = plain(name, f, "    ")
                if isinstance(value, classmethod):
                    lines[0] = lines[0].replace("(", "(cls, ", 1).replace("(cls, )", "(cls)")
                out += lines
            else:
                out += plain(name, f, "    ")
        else:
            out.append(f"    {name}: Any")
    return out


def stub() -> str:
    """The text of numtorch/__init__.pyi."""
    import numtorch as package

    from ._api import REGISTRY

    lines = [_HEAD]
    # What lies in the folder, whether this process has imported it or not.
    modules = [m.name for m in pkgutil.iter_modules(package.__path__[:1]) if m.name[0] != "_"]
    for name, value in sorted(vars(package).items()):
        if name.startswith("_") or name == "Tensor":
            continue
        if isinstance(value, types.ModuleType):
            continue
        if name in REGISTRY and value is REGISTRY[name].public:
            lines += declared(name, REGISTRY[name], False)
        elif isinstance(value, package.dtype):
            lines.append(f"{name}: dtype")
        elif isinstance(value, type):
            lines += _class(name, value)
        elif callable(value):
            lines += plain(name, value)
        else:
            lines.append(f"{name}: Any")
    imports = [f"from . import {m} as {m}" for m in sorted({*modules, "jit"})]
    text = "\n".join([lines[0], *imports, "", *_tensor_class(package.Tensor), "", *lines[1:]])
    return text + "\n"


def _class(name: str, kind: type) -> list[str]:
    bases = [b.__name__ for b in kind.__bases__ if b.__name__ in ("Tensor", "tuple")]
    out = [f"class {name}{'(' + ', '.join(bases) + ')' if bases else ''}:"]
    out += _doc(kind.__doc__, "    ")
    for key, value in sorted(kind.__dict__.items()):
        if key.startswith("_") and key not in ("__init__", "__enter__", "__exit__", "__call__"):
            continue
        if isinstance(value, (property, types.MemberDescriptorType)):
            out.append(f"    {key}: Any")
        elif isinstance(value, types.FunctionType):
            out += plain(key, value, "    ")
    return out


def path() -> str:
    """Where the stub lies."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "__init__.pyi")


def main() -> None:
    """Writes the stub."""
    text = stub()
    compile(text, path(), "exec")
    with open(path(), "w") as f:
        f.write(text)
    print(textwrap.shorten(f"{path()}: {text.count(chr(10))} lines", 200))


if __name__ == "__main__":
    main()
