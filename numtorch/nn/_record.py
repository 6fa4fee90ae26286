"""Recording of rows that take tensors only: the hot path of layers, without generic loops."""

from __future__ import annotations

import functools
from types import SimpleNamespace

from numtorch.jit.ops import OPS
from numtorch.jit.record import Lazy, infer, local

from .._tensor import Tensor

_new = object.__new__


def must_be_tensor(name: str, **args) -> None:
    """TypeError in PyTorch's words for the first argument that is no tensor."""
    for position, (word, x) in enumerate(args.items(), 1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{name}(): argument '{word}' (position {position}) must be Tensor, not "
                f"{type(x).__name__}"
            )


def with_out(f):
    """f with an argument `out`, a tensor that takes the result."""
    schema = SimpleNamespace(name=f.__name__, out=True, out_apart=False, out_dtype=None)

    @functools.wraps(f)
    def function(*args, out=None, **kwargs):
        if out is None:
            return f(*args, **kwargs)
        from .._out import store_out

        return store_out(schema, out, lambda: f(*args, **kwargs), (args, kwargs))

    return function


def recorder(name: str, check=None):
    """A function (operands, attrs) -> Tensor that records a row.

    `check(metas, attrs)` raises for operands that PyTorch refuses; it runs once per combination
    of shapes and dtypes.
    """
    op = OPS[name]
    grad_op, rules = op.grad_op, op.rules

    def record(operands: tuple, attrs: tuple | None = None) -> Tensor:
        tape = local.tape
        win = tape.win
        rg = 0
        indices, metas = [], []
        for x in operands:
            v = x._v
            if v.win is win:
                indices.append(v.idx)
            else:
                indices.append(tape.input(x))
                v = x._v
            metas.append(v.meta)
            rg = rg or x._rg
        key = (attrs, *metas)
        m = rules.get(key)
        if m is None:
            if check is not None:
                check(metas, attrs)
            m = infer(op, key[1:], attrs)
        handles = tape.handles
        idx = len(handles)
        v = _new(Lazy)
        v.meta, v.win, v.idx = m, win, idx
        t = _new(Tensor)
        t._v = v
        if rg and tape.grad and m.dtype.differentiable:
            t._rg = 2
            tape.entries.append((grad_op, m, attrs, *indices))
        else:
            tape.entries.append((op, m, attrs, *indices))
        handles.append(t)
        if idx >= tape.limit:
            tape.flush()
        return t

    return record
