"""Programs that once gave wrong results or crashed."""

from __future__ import annotations

import numtorch as torch


def test_gradient_of_a_slice_of_a_sum():
    # The padded constant 1 was read from memory that nobody had written.
    x = torch.arange(4).to(torch.float32).requires_grad_()
    (x * 2)[1:].sum().backward()
    assert x.grad.tolist() == [0, 2, 2, 2]
    x = torch.arange(6).reshape(2, 3).to(torch.float32).requires_grad_()
    (x * 3).sum(1)[1:].sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [3, 3, 3]]
