"""Programs that once gave wrong results or crashed."""

from __future__ import annotations

import numpy as np
import numtorch as torch
import pytest


def test_gradient_of_a_slice_of_a_sum():
    # The padded constant 1 was read from memory that nobody had written.
    x = torch.arange(4).to(torch.float32).requires_grad_()
    (x * 2)[1:].sum().backward()
    assert x.grad.tolist() == [0, 2, 2, 2]
    x = torch.arange(6).reshape(2, 3).to(torch.float32).requires_grad_()
    (x * 3).sum(1)[1:].sum().backward()
    assert x.grad.tolist() == [[0, 0, 0], [3, 3, 3]]


def test_logarithms_round_before_they_are_used():
    # In kernels log, log1p and expm1 gave float64 values: the constant INF was of that type.
    x = torch.arange(1, 200).to(torch.float32) / 97
    for name in ("log", "log1p", "log2", "log10", "expm1"):
        y = getattr(x, name)()
        y._value()
        assert torch.equal(getattr(x, name)() * x, y * x), name


def test_a_step_reads_scalars_and_its_own_memory():
    # The planner looked up a run-time scalar among the inputs that share memory.
    w, g = torch.ones(3), torch.ones(3)
    w._value(), g._value()
    w -= g * 0.5
    assert w.tolist() == [0.5, 0.5, 0.5]


def test_gradient_through_a_view_that_was_read_before():
    # A flush kept the graph of whole tensors only: the gradient of a view was lost.
    x = torch.arange(4).to(torch.float32).requires_grad_()
    y = x * 2
    v = y[1:]
    assert y.tolist() == [0, 2, 4, 6]
    v.sum().backward()
    assert x.grad.tolist() == [0, 2, 2, 2]
    x.grad = None
    v = x[1:].view(3, 1)
    assert v.tolist() == [[1], [2], [3]]
    (v * v).sum().backward()
    assert x.grad.tolist() == [0, 2, 4, 6]


def test_a_template_with_sizes_that_no_input_has():
    # The result's size was in the plan's key, but not among the plan's sizes: TypeError.
    x = torch.ones(4, 8)
    grown = torch.zeros(9, 8)
    for n in range(10, 16):
        grown = torch.cat([grown, x[:1]])
        assert grown.sum().item() == 8 * (n - 9)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_scalars_of_a_gradient_keep_their_digits(dtype, shape):
    # exponent - 1 was computed in the default dtype: float64 gradients had seven digits.
    from helpers import torch as reference

    grads = []
    for lib in (torch, reference):
        x = lib.full(shape, 2.7, dtype=getattr(lib, dtype), requires_grad=True)
        (first,) = lib.autograd.grad((x ** (1 / 3)).sum().abs(), x, create_graph=True)
        first.abs().sum().backward()
        assert first.dtype == x.dtype and x.grad.dtype == x.dtype
        grads.append((first.detach().numpy(), x.grad.numpy()))
    for ours, theirs in zip(*grads):
        rtol = 1e-6 if dtype == "float32" else 1e-14
        np.testing.assert_allclose(ours, theirs, rtol=rtol)


@pytest.mark.parametrize("flush", [False, True])
def test_a_second_gradient_through_a_freed_graph(flush):
    # autograd.grad said that the leaf was not used; with another way to it, it gave a part only.
    from helpers import torch as reference

    def outcomes(lib):
        def attempt(root, leaf):
            try:
                return lib.autograd.grad(root, leaf, retain_graph=True)[0].tolist()
            except RuntimeError as e:
                return str(e)[:60]

        x, w = (lib.ones(2, requires_grad=True) for _ in range(2))
        y, s = x * x, x + w
        found = []
        for root in (y, s):
            total = root.sum()
            found.append(lib.autograd.grad(total, x)[0].tolist())
        if flush:
            y.tolist(), s.tolist()
        z = (y + x).sum() + (w * w).sum()
        found += [attempt(r, t) for r, t in ((y.sum(), x), (s.sum(), x), (z, x), (z, w))]
        return found

    assert outcomes(torch) == outcomes(reference)


@pytest.mark.parametrize("name", ["elu", "selu", "celu"])
@pytest.mark.parametrize("between", [False, True])
def test_gradient_after_an_activation_in_place(name, between):
    f, grads = getattr(torch.nn.functional, name), []
    for inplace in (False, True):
        x = torch.tensor([-1.5, 0.5, -0.25], requires_grad=True)
        y = f(x * 2, inplace=inplace)
        if between:
            y.sum().item()
        (y * 3).sum().backward()
        grads.append(x.grad.tolist())
    assert grads[0] == grads[1]
