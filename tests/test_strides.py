"""Strides of results: pointwise results, copies and tensors like others lie as PyTorch's do."""

from __future__ import annotations

import numtorch as nt
import pytest
from helpers import torch


def _operands(lib):
    x = lib.arange(24.0).reshape(2, 3, 4)
    return {
        "plain": x, "swapped": x.transpose(1, 2), "turned": x.permute(2, 0, 1), "gaps": x.mT[:, ::2],
        "expanded": x[:, :1].expand(2, 3, 4), "wide": x.permute(2, 1, 0).expand(4, 3, 2),
        "last": lib.arange(120.0).reshape(2, 4, 5, 3).permute(0, 3, 1, 2), "row": x[0].t(),
    }  # fmt: skip


CALLS = {
    "number": lambda lib, x: x * 2 + 1,
    "itself": lambda lib, x: x + x,
    "row": lambda lib, x: x - x[:1],
    "plain other": lambda lib, x: x + lib.ones(x.shape),
    "plain first": lambda lib, x: lib.ones(x.shape) + x,
    "where": lambda lib, x: lib.where(x > 3, x, 0.0),
    "comparison": lambda lib, x: x == 1,
    "dtype": lambda lib, x: x.to(lib.float64),
    "rows": lambda lib, x: x.to(lib.float64, memory_format=lib.contiguous_format),
    "clone": lambda lib, x: x.clone(),
    "contiguous clone": lambda lib, x: x.clone(memory_format=lib.contiguous_format),
    "empty": lambda lib, x: lib.empty_like(x).fill_(1),
    "zeros": lambda lib, x: lib.zeros_like(x),
    "random": lambda lib, x: lib.rand_like(x) * 0,
    "integers": lambda lib, x: lib.randint_like(x, 1),
    "flip": lambda lib, x: x.flip(0),
    "masked": lambda lib, x: x.masked_fill(x > 3, 0.0),
    "sort": lambda lib, x: x.sort(0).values,
}


@pytest.mark.parametrize("name", CALLS)
def test_strides_are_those_of_torch(name):
    for (what, a), b in zip(_operands(nt).items(), _operands(torch).values()):
        got, want = CALLS[name](nt, a), CALLS[name](torch, b)
        assert got.stride() == want.stride(), what
        assert got.is_contiguous() == want.is_contiguous(), what
        assert got.tolist() == want.tolist(), what


def _after(lib, write):
    x = lib.arange(6.0).reshape(2, 3)
    y = x.t() + 1
    write(lib, y)
    return y.tolist(), y.stride(), y._version, x.tolist(), y.numpy().strides


WRITES = {
    "row": lambda lib, y: y[0].fill_(7),
    "column": lambda lib, y: y[:, 1].zero_(),
    "itself": lambda lib, y: y.add_(1),
    "turned": lambda lib, y: y.add_(lib.ones(3, 2)),
    "copy": lambda lib, y: y.copy_(lib.arange(6.0).reshape(3, 2)),
    "strided": lambda lib, y: y.as_strided((2,), (4,)).fill_(9),
    "after a read": lambda lib, y: (y.sum().item(), y[1:].mul_(2)),
    "twice": lambda lib, y: (y[0].fill_(3), y.tolist(), y.t()[0].fill_(4)),
    "array": lambda lib, y: y.numpy().__setitem__((0, 1), 5),
}


@pytest.mark.parametrize("name", WRITES)
def test_writes_to_results_that_are_not_row_major(name):
    assert _after(nt, WRITES[name]) == _after(torch, WRITES[name])


def _gradients(lib):
    x = lib.arange(6.0).reshape(2, 3).requires_grad_()
    y = x.t() * 2
    y.retain_grad()
    z = y * y
    z[0] = 0
    (z * z.t().sum()).sum().backward()
    return x.grad.tolist(), y.grad.tolist(), z.stride()


def test_gradients_of_results_that_are_not_row_major():
    assert _gradients(nt) == _gradients(torch)


def _view(lib):
    y = lib.zeros(2, 3).t() + 1
    with pytest.raises(RuntimeError) as e:
        y.view(-1)
    shared = y.reshape(-1)
    shared[0] = 5
    return str(e.value), y.tolist(), y.flatten().data_ptr() == y.data_ptr(), y.mT.is_contiguous()


def test_view_of_a_result_that_is_not_row_major():
    assert _view(nt) == _view(torch)


def _trained(lib):
    conv = lib.nn.Conv2d(2, 3, (1, 2)).to(memory_format=lib.channels_last)
    with lib.no_grad():
        for p in conv.parameters():
            p.copy_(lib.arange(float(p.numel())).reshape(p.shape))
    x = lib.arange(16.0).reshape(1, 2, 2, 4)
    adam = lib.optim.Adam(conv.parameters(), lr=0.1)
    for _ in range(2):
        adam.zero_grad()
        conv(x).pow(2).mean().backward()
        adam.step()
    state = adam.state[conv.weight]["exp_avg"]
    return conv.weight.stride(), state.stride(), conv.weight.detach().numpy(), state.numpy()


def test_a_channels_last_parameter_is_trained():
    got, want = _trained(nt), _trained(torch)
    assert got[:2] == want[:2]
    for a, b in zip(got[2:], want[2:]):
        torch.testing.assert_close(torch.from_numpy(a.copy()), torch.from_numpy(b.copy()))


def test_empty_tensors_with_strides():
    for lib in (nt, torch):
        x = lib.empty_strided((2, 3), (1, 2))
        x.copy_(lib.arange(6.0).reshape(2, 3))
        assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert x.as_strided((6,), (1,)).tolist() == [0, 3, 1, 4, 2, 5]
        assert lib.empty(2, 3, 4, 5, memory_format=lib.channels_last).stride() == (60, 1, 15, 3)
