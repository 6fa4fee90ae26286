"""Recurrent networks over whole sequences: the input's share of all gates is one product."""

from __future__ import annotations

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

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


def layer(mode: str, x: Tensor, state: tuple, weights: tuple, reverse: bool) -> tuple:
    """(outputs [T, B, H], last state) of one layer in one direction; x [T, B, in]."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    gx = inputs_share(mode, x, w_ih, b_ih, b_hh)
    shares = gx.unbind(0)
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
