"""Sizes that remember where they come from, so that one plan serves many shapes.

A `Sym` is an int (its hint: the size seen when the plan was made) that carries the Python
expression it was computed by. Arithmetic on it builds longer expressions; every comparison
that planning makes is recorded as a guard. A plan made from Syms can be bound to other sizes
as long as the guards evaluate to the same answers.
"""

from __future__ import annotations

import operator

_guards: dict[str, None] | None = None


class collect_guards:
    """Context in which comparisons of Syms are recorded; `.guards` is the list of them."""

    def __enter__(self):
        global _guards
        self._outer, _guards = _guards, {}
        return self

    def __exit__(self, *exc):
        global _guards
        self.guards = list(_guards)
        _guards = self._outer
        return False


class Sym(int):
    """An int with the expression (Python source over the template's sizes) that gave it."""

    expr: str

    def __new__(cls, hint: int, expr: str) -> Sym:
        self = int.__new__(cls, hint)
        self.expr = expr
        return self

    def __repr__(self) -> str:
        return f"{int(self)}"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(int(self), spec)

    def __hash__(self) -> int:
        return int.__hash__(self)

    def __bool__(self) -> bool:
        return self != 0

    def __neg__(self):
        return make(-int(self), f"(-{self.expr})")

    def __reduce__(self):
        return (int, (int(self),))


def expr_of(x: int) -> str:
    """The source text of a size: its expression, or the literal."""
    return x.expr if isinstance(x, Sym) else str(int(x))


def make(hint: int, expr: str) -> int:
    return Sym(hint, expr)


def _arith(name: str, symbol: str):
    fn = getattr(operator, name)

    def forward(a, b):
        if not isinstance(b, int):
            return NotImplemented
        if symbol == "*" and (int(a) == 0 or int(b) == 0):
            return 0
        if symbol == "*" and not isinstance(b, Sym) and b == 1:
            return a
        if symbol in "+-" and not isinstance(b, Sym) and b == 0:
            return a
        return make(fn(int(a), int(b)), f"({expr_of(a)} {symbol} {expr_of(b)})")

    def backward(a, b):
        if not isinstance(b, int):
            return NotImplemented
        if symbol == "*" and b in (0, 1):
            return a if b == 1 else 0
        if symbol == "+" and b == 0:
            return a
        return make(fn(int(b), int(a)), f"({expr_of(b)} {symbol} {expr_of(a)})")

    return forward, backward


for _name, _symbol in (
    ("add", "+"), ("sub", "-"), ("mul", "*"), ("floordiv", "//"), ("mod", "%"),
):  # fmt: skip
    _f, _b = _arith(_name, _symbol)
    setattr(Sym, f"__{_name}__", _f)
    setattr(Sym, f"__r{_name}__", _b)


def _comparison(name: str, symbol: str):
    fn = getattr(operator, name)

    def compare(a, b):
        if not isinstance(b, int):
            return NotImplemented
        answer = fn(int(a), int(b))
        if _guards is not None and not (isinstance(b, Sym) and a.expr == b.expr):
            held = f"{a.expr} {symbol} {expr_of(b)}"
            _guards[held if answer else f"not ({held})"] = None
        return answer

    return compare


for _name, _symbol in (
    ("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="),
):  # fmt: skip
    setattr(Sym, f"__{_name}__", _comparison(_name, _symbol))


def prod(sizes) -> int:
    """Product of sizes; 1 for none."""
    n = 1
    for s in sizes:
        n = n * s
    return n


def ceil_div(a: int, b: int) -> int:
    return (a + b - 1) // b


def size_max(a: int, b: int) -> int:
    """max() that stays an expression instead of becoming a guard."""
    if not isinstance(a, Sym) and not isinstance(b, Sym):
        return max(a, b)
    return make(max(int(a), int(b)), f"max({expr_of(a)}, {expr_of(b)})")


# ---------------------------------------------------------------- evaluation

_DEEP = 60  # parentheses in each other; Python's parser gives up at 200


def compiled(names: list[str], text: str):
    """A function of sizes that evaluates an expression."""
    arguments = ", ".join(names)
    if _depth(text) < _DEEP:
        return eval(f"lambda {arguments}: {text}")  # noqa: S307 (our own text)
    steps, last = _steps(text)
    lines = "".join(f"    {name} = {value}\n" for value, name in steps.items())
    space: dict = {}
    exec(f"def compute({arguments}):\n{lines}    return {last}", space)  # noqa: S102
    return space["compute"]


def _depth(text: str) -> int:
    deepest = depth = 0
    for c in text:
        if c == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif c == ")":
            depth -= 1
    return deepest


def _steps(text: str) -> tuple[dict[str, str], str]:
    """(value -> name of each parenthesis or call, innermost first; what is left of the text)."""
    steps: dict[str, str] = {}
    open_: list[str] = [""]
    for c in text:
        if c == "(":
            open_.append("")
        elif c == ")":
            inside = open_.pop()
            before = open_.pop()
            function = before[len(before.rstrip(_LETTERS)) :]
            value = f"{function}({inside})"
            open_.append(before[: len(before) - len(function)]
                         + steps.setdefault(value, f"t{len(steps)}"))  # fmt: skip
        else:
            open_[-1] += c
    return steps, open_[0]


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
