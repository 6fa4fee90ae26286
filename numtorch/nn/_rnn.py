"""Recurrent networks over whole sequences: the input's share of all gates is one product, the
steps are a loop inside the plan (written out for types that this has no code for)."""

from __future__ import annotations

import numpy as np
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _creation
from .._joins import cat, stack
from .._tensor import Tensor
from .functional import dropout, linear

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def step(mode: str, gx: Tensor, state: tuple, w_hh: Tensor, b_hh, w_hr) -> tuple:
    """The next state (h,) or (h, c) from the gates' input share."""
    record = local.tape.record
    if mode == "LSTM":
        operands = (gx, *state, w_hh) if w_hr is None else (gx, *state, w_hh, w_hr)
        row = OPS["lstm_cell"]
        return record(row, operands, (0,)), record(row, operands, (1,))
    if mode == "GRU":
        operands = (gx, state[0], w_hh) if b_hh is None else (gx, state[0], w_hh, b_hh)
        return (record(OPS["gru_cell"], operands),)
    name = "tanh" if mode == "RNN_TANH" else "relu"
    return (record(OPS["rnn_cell"], (gx, state[0], w_hh), (name,)),)


def inputs_share(mode: str, x: Tensor, w_ih: Tensor, b_ih, b_hh) -> Tensor:
    """x @ w_ih.T with the biases that need not be added inside the step."""
    bias = b_ih
    if mode != "GRU" and b_ih is not None:
        bias = b_ih + b_hh
    return linear(x, w_ih, bias)


def split_share(mode: str, x: Tensor, w_ih: Tensor, b_ih, b_hh) -> tuple:
    """(the gates' input share for `scan`, the bias that `scan` adds)."""
    if mode == "GRU":
        return linear(x, w_ih, b_ih), b_hh
    return linear(x, w_ih), None if b_ih is None else b_ih + b_hh


def whole(x: Tensor, state: tuple, weights: tuple) -> bool:
    """True if a layer can run as a loop inside the plan: all of one type, with that type's code."""
    tensors = [x, *state, *(w for w in weights if w is not None)]
    return x.dtype.short in ("f32", "f64") and all(t.dtype is x.dtype for t in tensors)


def scan(mode: str, gx: Tensor, state: tuple, w_hh: Tensor, bias, w_hr, reverse: bool) -> tuple:
    """The states before and after all steps, [T + 1, B, ...] each; with `reverse` from the end.

    `bias` is added in every step (GRU: to the recurrent share).
    """
    record = local.tape.record
    operands = (gx, *state, w_hh, *(x for x in (bias, w_hr) if x is not None))
    results = {"LSTM": (0, 1, 2), "GRU": (0, 2)}.get(mode, (0,))
    saved = tuple(record(OPS["rnn_scan"], operands, (mode, reverse, k)) for k in results)
    row = OPS["rnn_states"]
    states = tuple(
        record(row, (*operands, *saved), (mode, reverse, k)) for k in range(len(state))
    )
    if len(states) == 2 and states[0]._v.win is states[1]._v.win is local.tape.win:
        i, j = (s._v.idx for s in states)
        local.tape.partners |= {i: j, j: i}
    return states


def layer(mode: str, x: Tensor, state: tuple, weights: tuple, reverse: bool) -> tuple:
    """(outputs [T, B, H], last state) of one layer in one direction; x [T, B, in]."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    gx, bias = split_share(mode, x, w_ih, b_ih, b_hh)
    if whole(gx, state, weights):
        states = scan(mode, gx, state, w_hh, bias, w_hr, reverse)
        outputs = states[0][:-1] if reverse else states[0][1:]
        return outputs, tuple(s[0 if reverse else -1] for s in states)
    shares = inputs_share(mode, x, w_ih, b_ih, b_hh).unbind(0)
    outputs = []
    for share in reversed(shares) if reverse else shares:
        state = step(mode, share, state, w_hh, b_hh, w_hr)
        outputs.append(state[0])
    if reverse:
        outputs.reverse()
    return stack(outputs, 0), state


def packed_layer(mode, x: Tensor, sizes: list[int], state: tuple, weights: tuple, reverse: bool):
    """The same for packed data [sum of sizes, in]: step t has sizes[t] sequences, longest first."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    gx, bias = split_share(mode, x, w_ih, b_ih, b_hh)
    if whole(gx, state, weights):
        padded, packed, last = _places(sizes, reverse)
        gx = gx.index_select(0, padded).reshape(len(sizes), sizes[0], -1)
        states = [s.flatten(0, 1) for s in scan(mode, gx, state, w_hh, bias, w_hr, False)]
        outputs = states[0].index_select(0, packed)
        return outputs, tuple(s.index_select(0, last) for s in states)
    shares = inputs_share(mode, x, w_ih, b_ih, b_hh).split(sizes)
    if reverse:
        return _packed_reverse(mode, shares, sizes, state, w_hh, b_hh, w_hr)
    outputs, done = [], []
    n = sizes[0]
    for share, size in zip(shares, sizes):
        if size < n:
            done.append(tuple(s[size:] for s in state))
            state = tuple(s[:size] for s in state)
            n = size
        state = step(mode, share, state, w_hh, b_hh, w_hr)
        outputs.append(state[0])
    done.append(state)
    last = tuple(cat(parts[::-1], 0) if len(parts) > 1 else parts[0] for parts in zip(*done))
    return cat(outputs, 0), last


def _places(sizes: list[int], reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of packed data as [T, B] (each sequence turned around by itself if `reverse`), rows of
    the states [T + 1, B] as packed data, and the last state of each sequence.

    Past its end a sequence repeats its last row; what comes of it is not read.
    """
    counts = np.asarray(sizes)
    steps, batch = len(sizes), sizes[0]
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    lengths = (counts[:, None] > np.arange(batch)).sum(0)
    time = np.minimum(np.arange(steps)[:, None], lengths - 1)
    if reverse:
        time = np.maximum(lengths - 1 - np.arange(steps)[:, None], 0)
    padded = starts[time] + np.arange(batch)
    t = np.repeat(np.arange(steps), counts)
    b = np.arange(len(t)) - starts[t]
    after = (lengths[b] - 1 - t if reverse else t) + 1
    packed, last = after * batch + b, lengths * batch + np.arange(batch)
    return tuple(_creation.tensor(a.ravel()) for a in (padded, packed, last))


def _packed_reverse(mode, shares, sizes, first: tuple, w_hh, b_hh, w_hr):
    # From the end: sequences join when their last step comes.
    outputs = []
    n = sizes[-1]
    state = tuple(s[:n] for s in first)
    for share, size in zip(shares[::-1], sizes[::-1]):
        if size > n:
            state = tuple(cat((s, f[n:size]), 0) for s, f in zip(state, first))
            n = size
        state = step(mode, share, state, w_hh, b_hh, w_hr)
        outputs.append(state[0])
    return cat(outputs[::-1], 0), state


def network(
    mode: str, x: Tensor, states: tuple, weights: list[tuple], directions: int, p: float,
    training: bool, sizes: list[int] | None,
) -> tuple:  # fmt: skip
    """All layers: x [T, B, in] (or packed data); states of [layers * directions, B, H] each."""
    last = []
    for k in range(0, len(weights), directions):
        if k and p > 0 and training:
            x = dropout(x, p, True)
        outputs = []
        for d in range(directions):
            state = tuple(s[k + d] for s in states)
            if sizes is None:
                out, end = layer(mode, x, state, weights[k + d], d == 1)
            else:
                out, end = packed_layer(mode, x, sizes, state, weights[k + d], d == 1)
            outputs.append(out)
            last.append(end)
        x = outputs[0] if directions == 1 else cat(outputs, -1)
    return x, tuple(stack(parts, 0) for parts in zip(*last))
