"""Views, joins and casts against torch: values, shapes, strides, offsets, errors."""

import numpy as np
import numtorch as nt
import pytest
from helpers import both, check, check_error, compare, outcome, pair, torch

A = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
BASES = {
    "whole": lambda t: t, "transposed": lambda t: t.transpose(0, 2), "sliced": lambda t: t[:, 1:, ::2],
    "expanded": lambda t: t[:, :1].expand(2, 3, 4), "row": lambda t: t[1],
    "unsqueezed": lambda t: t[:, :, :1].permute(2, 0, 1), "empty": lambda t: t[:, 3:],
}  # fmt: skip
OPS = {
    "view -1": lambda t: t.view(-1), "reshape": lambda t: t.reshape(-1, 2),
    "reshape 3": lambda t: t.reshape(t.shape[-1], -1), "flatten": lambda t: t.flatten(),
    "flatten 1": lambda t: t.flatten(-2, -1), "T": lambda t: t.transpose(-1, -2),
    "mT": lambda t: t.mT, "movedim": lambda t: t.movedim(0, -1), "squeeze": lambda t: t.squeeze(),
    "squeeze 0": lambda t: t.squeeze(0), "squeeze dims": lambda t: t.squeeze((0, -1)),
    "unsqueeze": lambda t: t.unsqueeze(-1), "unsqueeze 0": lambda t: t.unsqueeze(0),
    "expand": lambda t: t.expand(2, *t.shape), "expand -1": lambda t: t.unsqueeze(0).expand(5, *[-1] * t.dim()),
    "narrow": lambda t: t.narrow(-1, 1, 1), "select": lambda t: t.select(-1, -1),
    "slice": lambda t: t[..., 1:], "step": lambda t: t[..., ::2], "None": lambda t: t[:, None],
    "contiguous": lambda t: t.contiguous(), "clone": lambda t: t.clone(), "flip": lambda t: t.flip(0, -1),
    "split": lambda t: t.split(2, -1), "chunk": lambda t: t.chunk(2, -1), "unbind": lambda t: t.unbind(0),
    "split sizes": lambda t: t.split([1, t.shape[-1] - 1], -1), "permute": lambda t: t.permute(*range(t.dim())[::-1]),
    "twice": lambda t: t[..., 1:].transpose(0, -1)[1:], "view split": lambda t: t.view(*t.shape[:-1], 2, 2),
    "unflatten": lambda t: t.unflatten(-1, (-1, 1)), "item slice": lambda t: t[0],
}  # fmt: skip


def layout(t):
    """What torch says of a tensor's memory, for tensors and tuples of them."""
    if isinstance(t, tuple):
        return tuple(map(layout, t))
    if not isinstance(t, (nt.Tensor, torch.Tensor)):
        return type(t).__name__
    strides = [s for n, s in zip(t.shape, t.stride()) if n != 1] if t.numel() else None
    return tuple(t.shape), strides, t.storage_offset(), t.is_contiguous()


@pytest.mark.parametrize("base", BASES)
def test_views_of_views(base):
    x, y = (BASES[base](t) for t in pair(A))
    calls, layouts = {}, []
    for name, f in OPS.items():
        calls[name] = (lambda f=f: f(x)), (lambda f=f: f(y))
        theirs = outcome(f, y)
        if isinstance(theirs, Exception):
            continue
        # torch's flip, and copies of views, keep no strides worth promising.
        if name not in ("flip", "clone", "reshape", "reshape 3", "flatten", "flatten 1"):
            layouts.append((name, layout(outcome(f, x)), layout(theirs)))
    compare(calls)
    assert [(n, a) for n, a, _ in layouts] == [(n, b) for n, _, b in layouts]


def test_joins():
    x, y = pair(A)
    p, q = pair(np.arange(6).reshape(2, 3, 1))
    e, f = pair(np.zeros(0, np.float32))
    calls = {
        "cat": (lambda: nt.cat([x, x * 2, x[:1]]), lambda: torch.cat([y, y * 2, y[:1]])),
        "last": (lambda: nt.cat([x, p], -1), lambda: torch.cat([y, q], -1)),
        "empty": (lambda: nt.cat([x[:0], x, e]), lambda: torch.cat([y[:0], y, f])),
        "one": (lambda: nt.cat([x]), lambda: torch.cat([y])),
        "views": (
            lambda: nt.cat([x.transpose(0, 1), x.transpose(0, 1)[1:]]).sum(1),
            lambda: torch.cat([y.transpose(0, 1), y.transpose(0, 1)[1:]]).sum(1),
        ),
        "stack": (lambda: nt.stack([x, x + 1], 2), lambda: torch.stack([y, y + 1], 2)),
        "stack 0-dim": (
            lambda: nt.stack([x[0, 0, 0], x[1, 1, 1]]), lambda: torch.stack([y[0, 0, 0], y[1, 1, 1]])
        ),
        "expanded": (
            lambda: nt.cat([x[:, :1].expand(2, 3, 4), x]), lambda: torch.cat([y[:, :1].expand(2, 3, 4), y])
        ),
        "none": (lambda: nt.cat([]), lambda: torch.cat([])),
        "sizes": (lambda: nt.cat([x, x[:, 1:]]), lambda: torch.cat([y, y[:, 1:]])),
        "ranks": (lambda: nt.cat([x, x[0]]), lambda: torch.cat([y, y[0]])),
        "scalar": (lambda: nt.cat([x[0, 0, 0]]), lambda: torch.cat([y[0, 0, 0]])),
        "dim": (lambda: nt.cat([x, x], 3), lambda: torch.cat([y, y], 3)),
        "stack sizes": (lambda: nt.stack([x, x[1:]]), lambda: torch.stack([y, y[1:]])),
    }  # fmt: skip
    compare(calls)


BAD = {
    "view": lambda t: t.view(5, 5), "view -1": lambda t: t.view(-1, 5), "two -1": lambda t: t.view(-1, -1),
    "view strides": lambda t: t.transpose(0, 2).view(24), "reshape": lambda t: t.reshape(7),
    "transpose": lambda t: t.transpose(0, 3), "expand": lambda t: t.expand(2, 3, 5),
    "expand fewer": lambda t: t.expand(4), "squeeze": lambda t: t.squeeze(4), "unsqueeze": lambda t: t.unsqueeze(5),
    "narrow": lambda t: t.narrow(0, 1, 5), "select": lambda t: t.select(1, 3), "flip": lambda t: t.flip(0, 0),
    "t": lambda t: t.t(), "split": lambda t: t.split([1, 1], 1), "chunk": lambda t: t.chunk(0),
    "permute": lambda t: t.permute(0, 0, 1), "permute 2": lambda t: t.permute(0, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_errors(name):
    x, y = pair(A)
    check_error(outcome(BAD[name], x), outcome(BAD[name], y), name)


def test_negative_steps_and_windows_of_flips():
    x, y = pair(A)
    compare({
        "flip all": both("flip", x, y, 0, 1, 2),
        "flip slice": (lambda: x.flip(2)[..., 1:3] + 1, lambda: y.flip(2)[..., 1:3] + 1),
        "flip of flip": (lambda: x.flip(1).flip(1) * 2, lambda: y.flip(1).flip(1) * 2),
        "flip sum": (lambda: x.T.flip(0).sum(1), lambda: y.permute(2, 1, 0).flip(0).sum(1)),
        "flip reshape": (lambda: x.flip(0).reshape(6, 4).T, lambda: y.flip(0).reshape(6, 4).T),
    })  # fmt: skip


def test_views_share_memory_and_count_versions():
    x, y = pair(A)
    for t in (x, y):
        v = t.view(6, 4)[1:3]
        t += 1
        v.mul_(2)
        t[0, 0] = -1
    check(x, y)
    assert x.view(-1).data_ptr() == x.data_ptr()
    assert x[1].data_ptr() - x.data_ptr() == y[1].data_ptr() - y.data_ptr()


def test_long_chains_of_views():
    x, y = pair(np.arange(720, dtype=np.float64).reshape(2, 3, 4, 5, 6))

    def chain(t):
        t = t.permute(4, 2, 0, 3, 1)[1:, ::2].transpose(1, 3).unsqueeze(2)[:, 1:4]
        t = t.squeeze(2).flatten(0, 1).reshape(-1, 2, 6)[::3].flip(1)
        return (t * 2 - t.mean()).transpose(0, 1).contiguous().view(2, -1)

    check(chain(x), chain(y), rtol=1e-12)
