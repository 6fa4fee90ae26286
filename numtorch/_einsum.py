"""Einstein summation: the equation's text to labels, checked in PyTorch's words."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from ._matmul import expected_scalar
from ._tensor import Tensor

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ELLIPSIS = 52  # stands for the dims that "..." covers; they are labels 52, 53, ... later


def einsum(*args) -> Tensor:
    """Sums of products by labels: einsum("bij,bjk->bik", x, y) is a batched matrix product.

    Labels are letters, "..." stands for any dims; a label that is left out of the result is summed
    over, one that occurs twice in an operand takes its diagonal. Instead of a text, each operand
    may be followed by a list of ints, and the result's list comes last.

    >>> import numtorch as torch
    >>> torch.einsum("ii->i", torch.eye(3))
    tensor([1., 1., 1.])
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    if isinstance(args[0], Tensor):
        operands = args[: len(args) // 2 * 2 : 2]
        terms = [_from_list(t) for t in args[1::2][: len(operands)]]
        out = _from_list(args[-1]) if len(args) % 2 else None
    else:
        operands = args[1:]
        if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
            operands = tuple(operands[0])
        terms, out = _parse(args[0], len(operands))
    for k, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {k} in argument 1, but got {type(x).__name__}"
            )
    terms, covered = _expand_terms(terms, operands)
    _check_sizes(terms, operands)
    out = _output(terms, out, covered)
    if len(operands) > 1:
        for x in operands[1:]:
            if x.dtype is not operands[0].dtype:
                raise expected_scalar(operands[0].dtype, x.dtype)
    return local.tape.record(OPS["einsum"], tuple(operands), (tuple(terms), out))


def _from_list(items) -> list[int]:
    labels = []
    for x in items:
        if x is Ellipsis:
            labels.append(ELLIPSIS)
        elif isinstance(x, int) and 0 <= x < 52:
            labels.append(x)
        else:
            raise ValueError(
                "einsum(): subscript in subscript list is not within the valid range [0, 52)"
            )
    return labels


def _parse(equation, count: int) -> tuple[list[list[int]], list[int] | None]:
    """Labels of each operand, and of the result if it is given."""
    if not isinstance(equation, str):
        raise TypeError(
            f"einsum(): argument 'equation' (position 1) must be str, not {type(equation).__name__}"
        )
    arrow = equation.find("->")
    left = equation if arrow < 0 else equation[:arrow]
    terms: list[list[int]] = [[]]
    at = 0
    while at < len(left):
        c = left[at]
        where = f"operand {len(terms) - 1}"
        if c == ",":
            terms.append([])
            if len(terms) > count:
                break
        elif c == ".":
            if ELLIPSIS in terms[-1]:
                raise RuntimeError(
                    f"einsum(): found '.' for {where} for which an ellipsis was already found"
                )
            if left[at : at + 3] != "...":
                raise RuntimeError(
                    f"einsum(): found '.' for {where} that is not part of any ellipsis"
                )
            terms[-1].append(ELLIPSIS)
            at += 2
        elif c != " ":
            terms[-1].append(_label(c, at))
        at += 1
    if len(terms) != count:
        few = "fewer" if len(terms) > count else "more"
        raise RuntimeError(
            f"einsum(): {few} operands were provided than specified in the equation"
        )
    return terms, None if arrow < 0 else _parse_output(equation, arrow + 2)


def _parse_output(equation: str, at: int) -> list[int]:
    out: list[int] = []
    while at < len(equation):
        c = equation[at]
        if c == ".":
            if ELLIPSIS in out:
                raise RuntimeError(
                    "einsum(): found '.' for output but an ellipsis (...) was already found"
                )
            if equation[at : at + 3] != "...":
                raise RuntimeError(
                    "einsum(): found '.' for output that is not part of any ellipsis (...)"
                )
            out.append(ELLIPSIS)
            at += 2
        elif c != " ":
            out.append(_label(c, at))
        at += 1
    return out


def _label(c: str, at: int) -> int:
    if c not in _LETTERS:
        raise RuntimeError(
            f"einsum(): invalid subscript given at index {at} in the equation string, subscripts "
            "must be in [a-zA-Z]"
        )
    return _LETTERS.index(c)


def _name(label: int) -> str:
    return _LETTERS[label]


def _expand_terms(terms, operands) -> tuple[list[tuple[int, ...]], int]:
    """Replaces ellipses by labels from 52 on, aligned at the right; how many there are at most."""
    covered = 0
    for k, (t, x) in enumerate(zip(terms, operands)):
        named = len(t) - (ELLIPSIS in t)
        if ELLIPSIS in t:
            if named > x.dim():
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than "
                    f"the number of dimensions ({x.dim()}) for operand {k}"
                )
            covered = max(covered, x.dim() - named)
        elif named != x.dim():
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the "
                f"number of dimensions ({x.dim()}) for operand {k} and no ellipsis was given"
            )
    found = []
    for t, x in zip(terms, operands):
        own = x.dim() - (len(t) - 1)
        labels: list[int] = []
        for c in t:
            labels += range(52 + covered - own, 52 + covered) if c == ELLIPSIS else (c,)
        found.append(tuple(labels))
    return found, covered


def _check_sizes(terms, operands) -> None:
    seen: dict[int, int] = {}
    for k, (t, x) in enumerate(zip(terms, operands)):
        own: dict[int, int] = {}
        for c, n in zip(t, x._v.meta.shape):
            if own.setdefault(c, n) != n:
                raise RuntimeError(
                    f"einsum(): subscript {_name(c)} is repeated for operand {k} but the sizes "
                    f"don't match, {n} != {own[c]}"
                )
        for c, n in own.items():
            if seen.get(c, 1) == 1:
                seen[c] = n
            elif n not in (1, seen[c]):
                shown = _name(c) if c < 52 else "..."
                raise RuntimeError(
                    f"einsum(): subscript {shown} has size {n} for operand {k} which does not "
                    f"broadcast with previously seen size {seen[c]}"
                )


def _output(terms, out, covered: int) -> tuple[int, ...]:
    """The result's labels: as given, or those that occur once, in the order of the alphabet."""
    batch = list(range(52, 52 + covered))
    everything = [c for t in terms for c in t]
    if out is None:
        return (*batch, *(c for c in range(52) if everything.count(c) == 1))
    result: list[int] = []
    for c in out:
        if c == ELLIPSIS:
            result += batch
            continue
        if c in result:
            raise RuntimeError(
                f"einsum(): output subscript {_name(c)} appears more than once in the output"
            )
        if c not in everything:
            raise RuntimeError(
                f"einsum(): output subscript {_name(c)} does not appear in the equation for any "
                "input operand"
            )
        result.append(c)
    return tuple(result)
