"""Networks that compare.py runs with both libraries: plain loops, no decorator.

Each function gets a namespace (torch, nn, F, optim) and returns one step, which ends by handing out
its result.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import numpy as np


def _normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def lstm_step(lib) -> Callable:
    """A training step of two LSTM layers of 128 over 32 sequences of 64, and a linear head."""
    torch, nn = lib.torch, lib.nn
    torch.manual_seed(0)
    lstm, head = nn.LSTM(128, 128, num_layers=2), nn.Linear(128, 10)
    opt = lib.optim.SGD([*lstm.parameters(), *head.parameters()], lr=1e-3)
    batches = itertools.cycle([
        (torch.tensor(_normal(k, 64, 32, 128)),
         torch.tensor(np.random.default_rng(k).integers(0, 10, 32)))
        for k in range(4)
    ])  # fmt: skip

    def step():
        x, y = next(batches)
        opt.zero_grad()
        out, _ = lstm(x)
        loss = lib.F.cross_entropy(head(out[-1]), y)
        loss.backward()
        opt.step()
        return loss.item()

    return step


def gpt(lib, vocabulary: int, length: int, dim: int, layers: int, heads: int):
    """A decoder-only transformer: pre-norm blocks, causal attention, GELU."""
    torch, nn, F = lib.torch, lib.nn, lib.F

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
            self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
            self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

        def forward(self, x):
            b, t, _ = x.shape
            parts = self.qkv(self.norm1(x)).view(b, t, 3, heads, dim // heads)
            q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, dim))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocabulary, dim), nn.Embedding(length, dim)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, vocabulary, bias=False)
            self.register_buffer("at", torch.arange(length))

        def forward(self, x):
            h = self.tokens(x) + self.places(self.at[: x.shape[1]])
            return self.head(self.norm(self.blocks(h)))

    return GPT()


def gpt_step(lib) -> Callable:
    """A training step of 4 layers of 128 on 8 texts of 128 bytes, AdamW."""
    torch = lib.torch
    torch.manual_seed(0)
    model = gpt(lib, 256, 128, 128, 4, 4)
    opt = lib.optim.AdamW(model.parameters(), lr=1e-4)
    rng = np.random.default_rng(0)
    batches = itertools.cycle([torch.tensor(rng.integers(0, 256, (8, 129))) for _ in range(8)])

    def step():
        text = next(batches)
        opt.zero_grad()
        logits = model(text[:, :-1])
        loss = lib.F.cross_entropy(logits.reshape(-1, 256), text[:, 1:].reshape(-1))
        loss.backward()
        opt.step()
        return loss.item()

    return step


def cnn_step(lib) -> Callable:
    """A training step of two convolutions and two linear layers on 64 pictures of 28x28, Adam."""
    torch, nn = lib.torch, lib.nn
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip
    opt = lib.optim.Adam(model.parameters(), lr=1e-4)
    rng = np.random.default_rng(0)
    batches = itertools.cycle([
        (torch.tensor(rng.random((64, 1, 28, 28), dtype=np.float32)),
         torch.tensor(rng.integers(0, 10, 64)))
        for _ in range(4)
    ])  # fmt: skip

    def step():
        x, y = next(batches)
        opt.zero_grad()
        loss = lib.F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss.item()

    return step


def norm_gelu(lib) -> Callable:
    """Layer norm and GELU of 4096x768, forward and backward."""
    torch = lib.torch
    x = torch.tensor(_normal(0, 4096, 768)).requires_grad_()
    up = torch.tensor(_normal(1, 4096, 768))
    norm = lib.nn.LayerNorm(768)

    def step():
        x.grad = norm.weight.grad = norm.bias.grad = None
        y = lib.F.gelu(norm(x))
        y.backward(up)
        x.grad.numpy()
        norm.weight.grad.numpy()

    return step


def adam_200(lib) -> Callable:
    """One Adam step of 200 parameters of 32x16 and 64 elements; the gradients are there."""
    torch = lib.torch
    shapes = [(32, 16) if k % 2 else (64,) for k in range(200)]
    parameters = [torch.tensor(_normal(k, *s)).requires_grad_() for k, s in enumerate(shapes)]
    for k, p in enumerate(parameters):
        p.grad = torch.tensor(_normal(1000 + k, *p.shape))
    opt = lib.optim.Adam(parameters, lr=1e-3)

    def step():
        opt.step()
        parameters[-1].detach().numpy()

    return step


def tree(leaves: int, rng: random.Random):
    """A random binary tree over 16 words, as nested pairs."""
    if leaves == 1:
        return rng.randrange(16)
    left = rng.randrange(1, leaves)
    return tree(left, rng), tree(leaves - left, rng)


def tree_step(lib) -> Callable:
    """A training step of a recursive network; every step has a tree of another shape."""
    torch, nn = lib.torch, lib.nn
    torch.manual_seed(0)
    join, head = nn.Linear(128, 64), nn.Linear(64, 5)
    words = nn.ParameterList([torch.randn(64) for _ in range(16)])
    opt = lib.optim.SGD([*join.parameters(), *head.parameters(), *words], lr=1e-2)
    rng = random.Random(0)
    target = torch.tensor([1])

    def state(node):
        if isinstance(node, int):
            return words[node]
        return torch.tanh(join(torch.cat([state(node[0]), state(node[1])])))

    def step():
        opt.zero_grad()
        sentence = tree(rng.randint(12, 20), rng)
        loss = lib.F.cross_entropy(head(state(sentence)).unsqueeze(0), target)
        loss.backward()
        opt.step()
        return loss.item()

    return step


# Name, program, the least ratio, steps before measuring: the trees' pieces are compiled when they
# are first met.
PROGRAMS: list[tuple[str, Callable, float, int]] = [
    ("LSTM step, batch 32, length 64, hidden 128 x 2", lstm_step, 1.5, 1),
    ("GPT step, 4 layers of 128, 8 x 128 tokens", gpt_step, 1.2, 1),
    ("layer norm + GELU 4096x768, fwd + bwd", norm_gelu, 2.0, 1),
    ("Adam, 200 small parameters", adam_200, 5.0, 1),
    ("recursive network, a new tree every step", tree_step, 1.0, 200),
]
