"""What a file that is not trusted may name: tensors, storages, dtypes, plain containers, and what
the program has added with add_safe_globals.
"""

from __future__ import annotations

import codecs
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError

from numtorch.jit import dtypes as _d

from .. import _descriptors, _random, nn
from .._tensor import Tensor
from . import names, rebuild
from .opcodes import check_key

_BLOCKED = ("sys", "os", "posix", "nt")
_CODECS = ("latin1", "latin-1", "utf-8", "utf8", "ascii")
_added: list = []


def add(safe_globals: list) -> None:
    """Adds classes and functions, or (object, full name) pairs."""
    for f in safe_globals:
        if not any(f is g for g in _added):
            _added.append(f)


def remove(safe_globals: list) -> None:
    """Takes back what `add` added."""
    _added[:] = [g for g in _added if not any(f is g or f == g for f in safe_globals)]


def added() -> list:
    """What the program has added."""
    return list(_added)


def added_by_name() -> dict:
    """The same by full name, PyTorch's names for our classes too."""
    found = {}
    for f in _added:
        if isinstance(f, tuple):
            if len(f) != 2:
                raise ValueError(
                    "Expected tuple of length 2 (global, str of callable full path), but got tuple "
                    f"of length: {len(f)}"
                )
            if type(f[1]) is not str:
                raise TypeError(
                    "Expected second item in tuple to be str of callable full path, but got: "
                    f"{type(f[1])}"
                )
            found[f[1]] = f[0]
            continue
        found[f"{f.__module__}.{f.__qualname__}"] = f
        home = names.torch_name(f)
        if home is not None:
            found[".".join(home)] = f
    return found


# ---------------------------------------------------------------- the standard names


def _encode(text, encoding="utf-8") -> bytes:
    if type(text) is not str or encoding not in _CODECS:
        raise UnpicklingError("_codecs.encode takes text and a plain encoding")
    return codecs.encode(text, encoding)


def _bytearray(*args) -> bytearray:
    if args and type(args[0]) not in (bytes, str, bytearray):
        raise UnpicklingError("bytearray takes bytes")
    return bytearray(*args)


def _bytes(*args) -> bytes:
    if args:
        raise UnpicklingError("bytes takes nothing")
    return b""  # all others are pickled as text and its encoding


def _mapping(kind: type) -> Callable:
    def make(*args):
        if len(args) > 1 or (args and not isinstance(args[0], (dict, list, tuple))):
            raise UnpicklingError(f"{kind.__name__} takes pairs")
        pairs = args[0].items() if args and isinstance(args[0], dict) else args[0] if args else ()
        made = kind()
        for key, value in pairs:
            check_key(key)
            made[key] = value
        return made

    return make


def _set(*args) -> set:
    if len(args) > 1 or (args and type(args[0]) not in (list, tuple, set, frozenset)):
        raise UnpicklingError("set takes a list")
    for k in args[0] if args else ():
        check_key(k)
    return set(*args)


def _plain(kind: type, *types: type) -> Callable:
    def make(*args):
        if any(type(a) not in types for a in args):
            raise UnpicklingError(f"{kind.__name__} was given arguments of the wrong type")
        return kind(*args)

    return make


def _size(*args) -> _descriptors.Size:
    if len(args) > 1 or any(type(a) not in (tuple, list) for a in args):
        raise UnpicklingError("torch.Size takes a tuple")
    return _descriptors.Size(*args)


def _parameter(data=None, requires_grad=True):
    if not isinstance(data, (Tensor, type(None))) or type(requires_grad) is not bool:
        raise UnpicklingError("Parameter takes a tensor")
    return nn.Parameter(data, requires_grad)


_STANDARD: dict[str, object] = {
    "collections.OrderedDict": OrderedDict, "collections.Counter": Counter,
    "torch.nn.parameter.Parameter": nn.Parameter, "torch.nn.parameter.Buffer": nn.Buffer,
    "torch.Size": _descriptors.Size, "torch.Tensor": Tensor, "torch._tensor.Tensor": Tensor,
    "torch.device": _descriptors.device, "_codecs.encode": codecs.encode,
    "builtins.bytearray": bytearray, "builtins.set": set, "builtins.complex": complex,
    "builtins.bytes": bytes,
    "numtorch._random._restored": _random._restored,
    **{f"torch.{d.name}": d for d in (*_d.ALL, *_d.UNSIGNED)},
    **{f"torch.{k}": c for k, c in _descriptors.CONSTANTS.items()},
}  # fmt: skip
_CALLS: dict[int, Callable] = {
    id(f): call
    for f, call in (
        (OrderedDict, _mapping(OrderedDict)), (Counter, _mapping(Counter)),
        (nn.Parameter, _parameter), (_descriptors.Size, _size),
        (_descriptors.device, _plain(_descriptors.device, str, int)),
        (codecs.encode, _encode), (bytearray, _bytearray), (set, _set), (bytes, _bytes),
        (complex, _plain(complex, int, float)),
        (_random._restored, _plain(_random._restored, int)),
        *((f, f) for f in rebuild.FUNCTIONS),
    )
}  # fmt: skip


class Allowed:
    """The policy of weights_only=True, for opcodes.Machine."""

    def __init__(self):
        self.own = added_by_name()
        self.special = {k: f for k, f in names.special().items() if "Functions" not in k}

    def knows(self, full: str) -> bool:
        """True if files may name this global."""
        return full in _STANDARD or full in self.special or full in self.own

    def find(self, module: str, name: str):
        """The object of an allowed name."""
        full = f"{module}.{name}"
        if module in _BLOCKED:
            raise UnpicklingError(
                f"Trying to load unsupported GLOBAL {full} whose module {module} is blocked."
            )
        for table in (_STANDARD, self.special, self.own):
            if full in table:
                return table[full]
        if module == "torch" and (name.endswith("Storage") or name in _MISSING_DTYPES):
            raise UnpicklingError(f"the file needs {full}, which numtorch does not have")
        shown = full.removeprefix("builtins.")
        raise UnpicklingError(
            f"Unsupported global: GLOBAL {shown} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{shown}])` or the "
            f"`torch.serialization.safe_globals([{shown}])` context manager to allowlist this "
            "global if you trust this class/function."
        )

    def _is_own(self, f) -> bool:
        return any(f is g for g in self.own.values())

    def call(self, f, args: tuple):
        """The result of an allowed function or class."""
        call = _CALLS.get(id(f))
        if call is None:
            if not self._is_own(f):
                raise UnpicklingError(f"Trying to call reduce for unrecognized function {f!r}")
            call = f
        return call(*args)

    def new(self, cls, args: tuple, kwargs: dict):
        """A new object of an allowed class."""
        call = _CALLS.get(id(cls)) if isinstance(cls, type) else None
        if call is not None and not kwargs:
            return call(*args)
        if not self._is_own(cls):
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via "
                f"`add_safe_globals` but got {cls!r}"
            )
        return cls.__new__(cls, *args, **kwargs)

    def build(self, obj, state) -> None:
        """Gives an object its state."""
        kind = type(obj)
        if kind is OrderedDict:
            if type(state) is not dict or any(
                type(k) is not str or hasattr(OrderedDict, k) for k in state
            ):
                raise UnpicklingError("the attributes of an OrderedDict are not valid")
            obj.__dict__.update(state)
        elif self._is_own(kind):
            restore(obj, state)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                f"`add_safe_globals`, but got {kind}"
            )


def restore(obj, state) -> None:
    """Gives an object of an added class its state, as pickle does."""
    setter = getattr(obj, "__setstate__", None)
    if setter is not None:
        setter(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        obj.__dict__.update(state)
    for name, value in (slots or {}).items():
        setattr(obj, name, value)


_MISSING_DTYPES = (
    "uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2", "qint8", "quint8", "qint32",
    "quint4x2", "quint2x4", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2",
)  # fmt: skip
