"""One step of recurrent layers as rows; `gx` is the input's share of the gates, with biases.

Hochreiter and Schmidhuber (1997) with forget gates (Gers et al., 2000); Cho et al. (2014).
"""

from __future__ import annotations

from . import build as B
from .build import emit
from .linalg import matmul
from .table import composite


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
