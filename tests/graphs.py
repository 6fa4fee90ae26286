"""Small programs that between them use every form of kernel; goldens and IR tests share them.

Each is a function without arguments that makes its own data and returns a tuple of tensors, so it
can be called again and again.
"""

from __future__ import annotations

import numpy as np
import numtorch as torch
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

GRAPHS = {}


def graph(f):
    """Adds a program to GRAPHS under its own name."""
    GRAPHS[f.__name__] = f
    return f


def data(*shape: int, seed: int = 0, grad: bool = False) -> torch.Tensor:
    """The same normal numbers in every run."""
    array = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return torch.tensor(array, requires_grad=grad)


def record(name: str, operands: tuple, *attrs):
    """Records a row by name."""
    return local.tape.record(OPS[name], operands, attrs or None)


@graph
def elementwise_chain():
    x, y = data(6, 8), data(6, 8, seed=1)
    return (((x * 2 + 1).relu() * y - x).tanh(),)


@graph
def broadcast_bias():
    return ((data(6, 8) + data(8, seed=1)).relu() * data(6, 1, seed=2),)


@graph
def softmax():
    return (data(6, 8).softmax(1),)


@graph
def cross_entropy():
    x, target = data(6, 8, grad=True), torch.tensor([0, 7, 3, 3, 1, 5])
    loss = record("cross_entropy", (x, target), "mean", -100, 2)
    loss.backward()
    return loss.detach(), x.grad


@graph
def layer_norm():
    x, weight, bias = data(6, 8), data(8, seed=1), data(8, seed=2)
    mean = x.mean(1, keepdim=True)
    var = ((x - mean) ** 2).mean(1, keepdim=True)
    return ((x - mean) / (var + 1e-5).sqrt() * weight + bias,)


@graph
def layer_norm_backward():
    x, weight = data(6, 8, grad=True), data(8, seed=1, grad=True)
    mean = x.mean(1, keepdim=True)
    var = ((x - mean) ** 2).mean(1, keepdim=True)
    ((x - mean) / (var + 1e-5).sqrt() * weight).tanh().sum().backward()
    return x.grad, weight.grad


@graph
def column_sum():
    return ((data(6, 8) * 2).sum(0),)


@graph
def sum_of_everything():
    # Large enough to be summed in two stages.
    x = torch.arange(1 << 18).to(torch.float32)
    return ((x * 0.5).sum(),)


@graph
def argmax():
    return (data(6, 8).argmax(1),)


@graph
def transposed_read():
    return (data(6, 8).t() * 2 + data(8, 6, seed=1),)


@graph
def slices():
    x = data(6, 8)
    return (x[1:, ::2] * x[:-1, 1::2],)


@graph
def pad():
    return (record("constant_pad", (data(3, 4) * 2,), (1, 0), (0, 2), 0.5),)


@graph
def max_pool():
    x = data(2, 1, 6, 6, grad=True)
    out = record("max_pool", (x,), (2, 2), (2, 2), (0, 0), (1, 1), (0, 0))
    out.sum().backward()
    return out.detach(), x.grad


@graph
def convolution():
    x, weight = data(2, 1, 5, 5, grad=True), data(2, 1, 3, 3, seed=1, grad=True)
    out = record("conv", (x, weight, data(2, seed=2)), (1, 1), (1, 1), (1, 1), 1)
    out.relu().sum().backward()
    return out.detach(), x.grad, weight.grad


@graph
def gather():
    return (data(6, 8)[torch.tensor([5, 0, -1])] * 2,)


@graph
def dropout():
    return (record("dropout", (data(6, 8), 1234, 0, 0.25, 1 / 0.75)),)


@graph
def sgd_update():
    w, x = data(8, 4, grad=True), data(6, 8, seed=1)
    (x @ w).tanh().sum().backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    return (w.detach(),)


@graph
def where():
    x = data(6, 8)
    return (torch.where(x > 0, x, x * 0.1),)


@graph
def cast():
    x = data(6, 8)
    return x.to(torch.float64) * 2, (x > 0).to(torch.int64).sum(1)


@graph
def booleans():
    x = data(6, 8)
    return ((x > 0) & (x < 1) | ~(x == x), (x > 1).any(1))


@graph
def strided_store():
    x, y = data(6, 8), data(6, 4, seed=1)
    x[:, ::2] = y * 2
    return (x,)


@graph
def linear_relu():
    x, w, b = data(6, 8), data(4, 8, seed=1), data(4, seed=2)
    return (record("linear", (x, w, b)).relu(),)


@graph
def chain_backward():
    x, w = data(6, 8, grad=True), data(8, seed=1, grad=True)
    (x * w).sigmoid().sum().backward()
    return x.grad, w.grad
