"""The machine that reads pickles without running code: containers, numbers, text and what a list
of allowed globals names. Python's own unpickler is never used for files that are not trusted.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from pickle import UnpicklingError

_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # Python 2's names
_MARK = object()
_KEY_PARTS, _KEY_DEPTH = 10_000, 50


class Machine:
    """Reads one pickle after the other from a buffer.

    `find(module, name)` gives the object of a global, `call(f, args)` and `new(cls, args, kwargs)`
    make objects of it, `build(obj, state)` restores one: all raise UnpicklingError for what is
    not allowed. `load_storage(id)` gives what a persistent id stands for.
    """

    def __init__(self, data, policy, load_storage: Callable, encoding: str = "utf-8", at: int = 0):
        self.data, self.at, self.size = data, at, len(data)
        self.policy, self.load_storage, self.encoding = policy, load_storage, encoding

    def load(self):
        """The next object; EOFError at the end of the buffer, UnpicklingError for a bad pickle."""
        self.stack: list = []
        self.memo: dict = {}
        self.protocol = 0
        if self.at >= self.size:
            raise EOFError("Ran out of input")
        code = 0
        try:
            while True:
                start = self.at
                code = self.take(1)[0]
                if code == pickle.STOP[0]:
                    if len(self.stack) != 1 or self.stack[0] is _MARK:
                        raise UnpicklingError("the stack does not hold one object at the end")
                    return self.stack.pop()
                step = _STEPS.get(code)
                if step is None:
                    raise UnpicklingError(f"Unsupported operand {code}")
                step(self)
        except UnpicklingError as e:
            raise UnpicklingError(_located(str(e), start)) from None
        except (IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError,
                RecursionError, struct.error, AssertionError) as e:  # fmt: skip
            what = f"{type(e).__name__} in operand {code}: {e}"
            raise UnpicklingError(_located(what, start)) from None

    # -- the buffer

    def take(self, n: int) -> bytes:
        """The next n bytes; they must be there."""
        end = self.at + n
        if n < 0 or end > self.size:
            raise UnpicklingError("pickle data was truncated")
        data = bytes(self.data[self.at : end])
        self.at = end
        return data

    def number(self, form: str) -> int:
        """The next number of a struct format."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        """The text up to the end of the line."""
        start, chunk = self.at, 256
        while True:
            part = bytes(self.data[start : start + chunk])
            end = part.find(b"\n")
            if end >= 0:
                self.at = start + end + 1
                return part[:end].decode("utf-8")
            if len(part) < chunk or chunk > 1 << 20:
                raise UnpicklingError("pickle data was truncated")
            chunk *= 4

    # -- the stack

    def push(self, x) -> None:
        self.stack.append(x)

    def pop(self):
        x = self.stack.pop()
        if x is _MARK:
            raise UnpicklingError("an object is missing")
        return x

    def top(self):
        x = self.stack[-1]
        if x is _MARK:
            raise UnpicklingError("an object is missing")
        return x

    def pop_mark(self) -> list:
        """What lies above the last mark."""
        k = len(self.stack) - 1
        while self.stack[k] is not _MARK:
            k -= 1
            if k < 0:
                raise UnpicklingError("could not find MARK")
        items = self.stack[k + 1 :]
        del self.stack[k:]
        return items

    # -- containers

    def tuple_of(self, n: int) -> None:
        items = [self.pop() for _ in range(n)]
        self.push(tuple(reversed(items)))

    def extend(self, items: list, operand: str) -> None:
        target = self.top()
        if type(target) is not list:
            raise UnpicklingError(f"Can only {operand} lists, but got {type(target)}")
        target.extend(items)

    def set_items(self, items: list, operand: str) -> None:
        target = self.top()
        if len(items) % 2:
            raise UnpicklingError(f"{operand}: a value is missing")
        if type(target) not in (dict, OrderedDict, Counter, defaultdict):
            raise UnpicklingError(
                f"Can only {operand} for dict, collections.OrderedDict, collections.Counter, but "
                f"got {type(target)}"
            )
        for k in range(0, len(items), 2):
            check_key(items[k])
            target[items[k]] = items[k + 1]

    # -- objects

    def global_(self, module: str, name: str) -> None:
        if self.protocol < 3:
            module = _OLD_MODULES.get(module, module)
        self.push(self.policy.find(module, name))

    def reduce(self) -> None:
        args = self.pop()
        f = self.pop()
        if type(args) is not tuple:
            raise UnpicklingError(f"arguments must be a tuple, but got {type(args)}")
        self.push(self.policy.call(f, args))

    def new(self, kwargs: dict) -> None:
        args = self.pop()
        cls = self.pop()
        if type(args) is not tuple or type(kwargs) is not dict:
            raise UnpicklingError(f"arguments must be a tuple, but got {type(args)}")
        self.push(self.policy.new(cls, args, kwargs))

    def build(self) -> None:
        state = self.pop()
        self.policy.build(self.top(), state)

    def persistent(self) -> None:
        found = self.pop()
        if type(found) is not tuple:
            raise UnpicklingError(f"persistent_load id must be tuple, but got {type(found)}")
        self.push(self.load_storage(found))

    def put(self, k: int) -> None:
        self.memo[k] = self.top()

    def get(self, k: int) -> None:
        if k not in self.memo:
            raise UnpicklingError(f"Memo value not found at index {k}")
        self.push(self.memo[k])

    def text(self, data: bytes) -> None:
        """A string of Python 2: text in the encoding asked for."""
        self.push(data if self.encoding == "bytes" else data.decode(self.encoding))

    def set_protocol(self) -> None:
        self.protocol = self.take(1)[0]
        if self.protocol > 5:
            raise UnpicklingError(f"unsupported pickle protocol: {self.protocol}")


def _located(what: str, at: int) -> str:
    return what if " (at byte " in what else f"{what} (at byte {at} of the pickle)"


def check_key(key) -> None:
    """Refuses keys whose hash would take for ever, or more stack than there is."""
    if type(key) not in (tuple, frozenset):
        return
    left = _KEY_PARTS
    level = [key]
    for _ in range(_KEY_DEPTH):
        inner = [x for part in level for x in part]
        left -= len(inner)
        if left < 0:
            break
        level = [x for x in inner if type(x) in (tuple, frozenset)]
        if not level:
            return
    raise UnpicklingError("the key of a dict is nested too deeply")


def _frozenset(m: Machine) -> None:
    items = m.pop_mark()
    for k in items:
        check_key(k)
    m.push(frozenset(items))


def _add_items(m: Machine) -> None:
    items, target = m.pop_mark(), m.top()
    if type(target) is not set:
        raise UnpicklingError(f"Can only add to sets, but got {type(target)}")
    for k in items:
        check_key(k)
        target.add(k)


def _dict(m: Machine) -> None:
    items = m.pop_mark()
    m.push({})
    m.set_items(items, "DICT")


def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    if type(name) is not str or type(module) is not str:
        raise UnpicklingError("STACK_GLOBAL requires str")
    m.global_(module, name)


def _int_line(m: Machine) -> None:
    text = m.line()
    m.push(text == "01" if text in ("00", "01") else int(text))


def _setitem(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    m.set_items([key, value], "SETITEM")


def _long(m: Machine, form: str) -> None:
    m.push(int.from_bytes(m.take(m.number(form)), "little", signed=True))


def _unicode(m: Machine, form: str) -> None:
    m.push(m.take(m.number(form)).decode("utf-8", "surrogatepass"))


_STEPS: dict[int, Callable[[Machine], None]] = {
    name[0]: step
    for name, step in {
        pickle.PROTO: Machine.set_protocol,
        pickle.FRAME: lambda m: m.number("<Q") and None,
        pickle.MARK: lambda m: m.push(_MARK),
        pickle.POP: lambda m: m.stack.pop() and None,
        pickle.POP_MARK: lambda m: m.pop_mark() and None,
        pickle.DUP: lambda m: m.push(m.top()),
        pickle.NONE: lambda m: m.push(None),
        pickle.NEWTRUE: lambda m: m.push(True),
        pickle.NEWFALSE: lambda m: m.push(False),
        pickle.INT: _int_line,
        pickle.LONG: lambda m: m.push(int(m.line().rstrip("L"))),
        pickle.FLOAT: lambda m: m.push(float(m.line())),
        pickle.BININT: lambda m: m.push(m.number("<i")),
        pickle.BININT1: lambda m: m.push(m.number("<B")),
        pickle.BININT2: lambda m: m.push(m.number("<H")),
        pickle.LONG1: lambda m: _long(m, "<B"),
        pickle.LONG4: lambda m: _long(m, "<i"),
        pickle.BINFLOAT: lambda m: m.push(m.number(">d")),
        pickle.BINUNICODE: lambda m: _unicode(m, "<I"),
        pickle.SHORT_BINUNICODE: lambda m: _unicode(m, "<B"),
        pickle.BINUNICODE8: lambda m: _unicode(m, "<Q"),
        pickle.BINSTRING: lambda m: m.text(m.take(m.number("<i"))),
        pickle.SHORT_BINSTRING: lambda m: m.text(m.take(m.number("<B"))),
        pickle.BINBYTES: lambda m: m.push(m.take(m.number("<I"))),
        pickle.SHORT_BINBYTES: lambda m: m.push(m.take(m.number("<B"))),
        pickle.BINBYTES8: lambda m: m.push(m.take(m.number("<Q"))),
        pickle.BYTEARRAY8: lambda m: m.push(bytearray(m.take(m.number("<Q")))),
        pickle.EMPTY_TUPLE: lambda m: m.push(()),
        pickle.TUPLE1: lambda m: m.tuple_of(1),
        pickle.TUPLE2: lambda m: m.tuple_of(2),
        pickle.TUPLE3: lambda m: m.tuple_of(3),
        pickle.TUPLE: lambda m: m.push(tuple(m.pop_mark())),
        pickle.EMPTY_LIST: lambda m: m.push([]),
        pickle.LIST: lambda m: m.push(m.pop_mark()),
        pickle.APPEND: lambda m: m.extend([m.pop()], "append to"),
        pickle.APPENDS: lambda m: m.extend(m.pop_mark(), "extend"),
        pickle.EMPTY_DICT: lambda m: m.push({}),
        pickle.DICT: _dict,
        pickle.SETITEM: _setitem,
        pickle.SETITEMS: lambda m: m.set_items(m.pop_mark(), "SETITEMS"),
        pickle.EMPTY_SET: lambda m: m.push(set()),
        pickle.ADDITEMS: _add_items,
        pickle.FROZENSET: _frozenset,
        pickle.PUT: lambda m: m.put(int(m.line())),
        pickle.BINPUT: lambda m: m.put(m.number("<B")),
        pickle.LONG_BINPUT: lambda m: m.put(m.number("<I")),
        pickle.MEMOIZE: lambda m: m.put(len(m.memo)),
        pickle.GET: lambda m: m.get(int(m.line())),
        pickle.BINGET: lambda m: m.get(m.number("<B")),
        pickle.LONG_BINGET: lambda m: m.get(m.number("<I")),
        pickle.GLOBAL: lambda m: m.global_(m.line(), m.line()),
        pickle.STACK_GLOBAL: _stack_global,
        pickle.REDUCE: Machine.reduce,
        pickle.NEWOBJ: lambda m: m.new({}),
        pickle.NEWOBJ_EX: lambda m: m.new(m.pop()),
        pickle.BUILD: Machine.build,
        pickle.BINPERSID: Machine.persistent,
    }.items()
}


class Seen:
    """The policy that makes nothing: it only notes which globals a pickle names."""

    def __init__(self):
        self.names: list[tuple[str, str]] = []

    def find(self, module: str, name: str):
        """A marker with the global's name."""
        self.names.append((module, name))
        return Marker(module, name)

    def call(self, f, args: tuple):
        """A marker; a container stays one, so that items can be put into it."""
        return OrderedDict() if getattr(f, "name", "") == "OrderedDict" else Opaque()

    def new(self, cls, args: tuple, kwargs: dict):
        """A marker."""
        return self.call(cls, args)

    def build(self, obj, state) -> None:
        """Nothing."""


class Marker:
    """Stands for a global."""

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name


class Opaque:
    """Stands for an object that was not made."""
