"""Recurrent layers: one step, and whole sequences; `gx` is the input's share of the gates.

Hochreiter and Schmidhuber (1997) with forget gates (Gers et al., 2000); Cho et al. (2014).
"""

from __future__ import annotations

from ..ir import Type
from . import build as B
from .build import emit
from .linalg import matmul
from .table import composite, register


def _part(v, k: int, count: int):
    """Gate k of `count` gates side by side in the last dim."""
    *lead, n = v.shape
    size = n // count
    shape = (*lead, size)
    starts = (*(0 for _ in lead), k * size)
    return emit("slice", v, starts=starts, steps=(1,) * len(shape), shape=shape)


def _times(h, w):
    return matmul(h, B.permute(w, (1, 0)))


def lstm_cell(gx, h, c, w, *projection, result):
    """(h', c') of gates i, f, g, o: gx [B, 4H], h [B, H or P], c [B, H], w [4H, H or P]."""
    gates = gx + _times(h, w)
    i, f, o = (emit("sigmoid", _part(gates, k, 4)) for k in (0, 1, 3))
    new = f * c + i * emit("tanh", _part(gates, 2, 4))
    if result == 1:
        return new
    out = o * emit("tanh", new)
    return _times(out, projection[0]) if projection else out


def gru_cell(gx, h, w, *bias):
    """h' of gates r, z, n: gx [B, 3H], h [B, H], w [3H, H], bias [3H] inside the reset gate."""
    gh = _times(h, w)
    if bias:
        gh = gh + bias[0]
    r, z = (emit("sigmoid", _part(gx, k, 3) + _part(gh, k, 3)) for k in (0, 1))
    n = emit("tanh", _part(gx, 2, 3) + r * _part(gh, 2, 3))
    return n + z * (h - n)


def rnn_cell(gx, h, w, *, nonlinearity):
    """h' = tanh(gx + h @ w.T), or relu."""
    return emit(nonlinearity, gx + _times(h, w))


composite("lstm_cell", lstm_cell, arity=-1, attrs=("result",))
composite("gru_cell", gru_cell, arity=-1)
composite("rnn_cell", rnn_cell, arity=3, attrs=("nonlinearity",))

# ---------------------------------------------------------------- whole sequences

# States are numbered 0 to T, before and after each step; with `reverse` the T-th is the first.


def operands(mode: str, ins) -> tuple:
    """(gx, h0, c0 or None, weight, bias or None, projection or None) of rnn_scan's operands."""
    gx, h0, *rest = ins
    c0 = rest.pop(0) if mode == "LSTM" else None
    weight, *extra = rest
    bias = extra.pop(0) if extra and len(extra[0].shape) == 1 else None
    return gx, h0, c0, weight, bias, extra[0] if extra else None


def _split(mode: str, ins):
    """`operands` and the results of the forward pass, which come last."""
    n = len(ins) - {"LSTM": 3, "GRU": 2}.get(mode, 1)
    return (*operands(mode, ins[:n]), ins[n:])


def _scan_type(ts, a):
    (length, batch, gates), width = ts[0].shape, ts[1].shape[1]
    hidden = gates // {"LSTM": 4, "GRU": 3}.get(a["mode"], 1)
    shape = {0: (length + 1, batch, width), 1: (length + 1, batch, hidden),
             2: (length, batch, 4 * hidden)}[a["result"]]  # fmt: skip
    return Type(shape, ts[0].dtype)


def _back_type(ts, a):
    g, weight = ts[0], ts[-1] if a["mode"] != "LSTM" else ts[3]
    gates, width = weight.shape
    length, batch = g.shape[0] - 1, g.shape[1]
    hidden = gates // {"LSTM": 4, "GRU": 3}.get(a["mode"], 1)
    last = width if a["mode"] == "LSTM" else gates
    shape = {0: (length, batch, gates), 1: (batch, width), 2: (batch, hidden),
             3: (length, batch, last)}[a["result"]]  # fmt: skip
    return Type(shape, g.dtype)


def _neighbours(states, reverse: bool, before: bool):
    """The states before (or after) all steps, in the order of the steps."""
    n, *rest = states.shape
    at = 1 if before == reverse else 0
    shape = (n - 1, *rest)
    return emit("slice", states, starts=(at, *(0 for _ in rest)), steps=(1,) * 3, shape=shape)


def _rows(v):
    return B.reshape(v, (v.shape[0] * v.shape[1], v.shape[2]))


def _state_vjp(g, o, *ins, mode, reverse, result):
    if B.grad_enabled():
        return _unrolled_vjp(g, ins, mode, reverse, result)
    gx, h0, c0, weight, bias, proj, saved = _split(mode, ins)
    needs = (g, *(saved[1:] if mode == "LSTM" else saved), weight)
    needs += () if proj is None else (proj,)

    def back(k: int):
        return emit("rnn_back", *needs, mode=mode, reverse=reverse, of=result, result=k)

    flow = back(3) if mode == "GRU" else back(0)
    before = _rows(_neighbours(saved[0], reverse, True))
    dw = matmul(B.permute(_rows(flow), (1, 0)), before)
    grads = [back(0), back(1)] + ([back(2)] if mode == "LSTM" else []) + [dw]
    if bias is not None:
        grads.append(B.match(_rows(flow), bias))
    if proj is not None:
        _, cs, acts = saved
        full = _part(acts, 3, 4) * emit("tanh", _neighbours(cs, reverse, False))
        grads.append(matmul(B.permute(_rows(back(3)), (1, 0)), _rows(full)))
    return (*grads, *(None for _ in saved))


def _unrolled_vjp(g, ins, mode, reverse, result):
    # To be differentiated again: the gradient of the same steps, written out.
    from ..passes.autodiff import gradients

    gx, h0, c0, weight, bias, proj, saved = _split(mode, ins)
    length = gx.shape[0]
    steps = range(int(length))
    if length != len(steps):
        raise AssertionError("the length of what is written out is a guard of the plan")
    states = [(h0, c0)]
    for t in reversed(steps) if reverse else steps:
        _, *rest = gx.shape
        x = emit("slice", gx, starts=(t, 0, 0), steps=(1,) * 3, shape=(1, *rest))
        states.append(_cell(mode, B.reshape(x, rest), *states[-1], weight, bias, proj))
    values = [B.reshape(s[result], (1, *s[result].shape)) for s in states]
    root = emit("cat", *(values[::-1] if reverse else values), dim=0)
    targets = [v for v in (gx, h0, c0, weight, bias, proj) if v is not None]
    grads = gradients(g.graph, root, g, targets, True, stops=frozenset(targets))
    return (*grads, *(None for _ in saved))


def _cell(mode, x, h, c, weight, bias, proj):
    if mode == "GRU":
        return gru_cell(x, h, weight, *(() if bias is None else (bias,))), None
    if bias is not None:
        x = x + bias
    if mode == "LSTM":
        more = () if proj is None else (proj,)
        return tuple(lstm_cell(x, h, c, weight, *more, result=k) for k in (0, 1))
    return rnn_cell(x, h, weight, nonlinearity="tanh" if mode == "RNN_TANH" else "relu"), None


# gx [T, B, gates], h0 [B, P], LSTM: c0 [B, H], weight [gates, P], perhaps a bias [gates] (GRU: of
# the recurrent share), LSTM: perhaps a projection [P, H]. Results: states [T + 1, B, P], cells
# [T + 1, B, H], gates [T, B, 4H].
register("rnn_scan", "opaque", arity=-1, attrs=("mode", "reverse", "result"), results=3,
         differentiable=False, takes="packed", infer=_scan_type, public=None,
         kernels="recurrent:scan_kernels")  # fmt: skip
# Result 0 or 1 of rnn_scan, with a gradient: the operands are those of rnn_scan, then its results.
register("rnn_states", "composite_late", arity=-1, attrs=("mode", "reverse", "result"),
         vjp=_state_vjp, infer=lambda ts, a: ts[_saved_at(a["mode"], a["result"])], public=None,
         build=lambda *ins, mode, reverse, result: ins[_saved_at(mode, result)])  # fmt: skip
register("rnn_back", "opaque", arity=-1, attrs=("mode", "reverse", "of", "result"), results=4,
         differentiable=False, takes="packed", infer=_back_type, public=None,
         kernels="recurrent:back_kernels")  # fmt: skip


def _saved_at(mode: str, result: int) -> int:
    return result - {"LSTM": 3, "GRU": 2}.get(mode, 1)
