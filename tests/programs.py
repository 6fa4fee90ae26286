"""The models of examples/ train alike on NumTorch and PyTorch: same weights, same data, same losses.

    python -m tests.programs [--steps N] [--rows REGEX] [--tolerance T]

Each row trains an example's model for N steps in both, from one state_dict on one series of batches,
and prints the largest relative difference of the losses and both times, compiling included. PyTorch
runs the same source: the example's text with its imports changed back.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import types
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name: str, library: str) -> types.ModuleType:
    """An example as a module whose `torch` is `library`; nothing but its definitions runs."""
    source = (EXAMPLES / f"{name}.py").read_text()
    source = re.sub(r"^(import digits_files|import gymnasium|from numtorch\.vision.*)$", "", source,
                    flags=re.M)  # fmt: skip
    if library == "torch":
        source = source.replace("import numtorch as torch", "import torch")
        source = source.replace("numtorch", "torch")
    module = types.ModuleType(f"{name}_on_{library}")
    module.__file__ = str(EXAMPLES / f"{name}.py")
    exec(compile(source, module.__file__, "exec"), module.__dict__)
    return module


def _digits(rng, n=32):
    """Blurred digits' stand-ins: 28x28 pixels in [0, 1] that depend on their class."""
    y = rng.integers(0, 10, n)
    place = np.linspace(0, 3, 784) * (y[:, None] + 1)
    return (0.5 + 0.4 * np.sin(place) + 0.1 * rng.random((n, 784))).astype(np.float32), y


def _classifier(make):
    def row(m, rng):
        model = make(m)
        optimizer = m.torch.optim.AdamW(model.parameters(), lr=2e-3)

        def loss(x, y):
            return m.F.cross_entropy(model(x.view(-1, 1, 28, 28)), y)

        return model, optimizer, loss, lambda: _digits(rng)

    return row


def _letters(make):
    def row(m, rng):
        model = make(m)
        optimizer = m.torch.optim.AdamW(model.parameters(), lr=2e-3)
        text = rng.integers(0, 40, 2000)

        def loss(ids):
            out = model(ids[:, :-1])
            scores = out[0] if isinstance(out, tuple) else out
            value = m.F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten())
            return value

        def batch():
            starts = rng.integers(0, 1900, 8)
            return (np.stack([text[s : s + 33] for s in starts]),)

        return model, optimizer, loss, batch

    return row


def _vae(m, rng):
    model = m.VAE()
    optimizer = m.torch.optim.Adam(model.parameters(), lr=2e-3)

    def loss(x, noise):
        # The example's own forward, with its one draw replaced by numbers that both get.
        m.torch.randn_like, drawn = (lambda _: noise), m.torch.randn_like
        try:
            return m.bound(model, x)
        finally:
            m.torch.randn_like = drawn

    def batch():
        return _digits(rng)[0], rng.standard_normal((32, 16)).astype(np.float32)

    return model, optimizer, loss, batch


def _gan(m, rng):
    model = m.nn.ModuleList(m.networks())
    generator, discriminator = model
    optimizer = m.torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.999))

    def loss(x, noise):
        real, fake = m.torch.ones(len(x), 1), m.torch.zeros(len(x), 1)
        drawn = discriminator(generator(noise))
        score = m.F.binary_cross_entropy_with_logits
        return score(discriminator(x), real) + score(drawn, fake)

    def batch():
        return _digits(rng)[0], rng.standard_normal((32, m.NOISE)).astype(np.float32)

    return model, optimizer, loss, batch


def _tree(m, rng):
    import random

    model = m.TreeNetwork()
    optimizer = m.torch.optim.Adam(model.parameters(), lr=1e-2)
    draw = random.Random(int(rng.integers(1000)))
    trees = [m.formula(2, draw) for _ in range(40)]

    def loss(rows):
        chosen = [trees[i] for i in rows.tolist()]
        target = m.torch.tensor([float(m.truth(t)) for t in chosen])
        return m.F.binary_cross_entropy_with_logits(model(chosen), target)

    return model, optimizer, loss, lambda: (rng.integers(0, 40, 8),)


def _smooth(m, rng):
    class Net(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = m.nn.Linear(2, 32), m.nn.Linear(32, 2)

        def forward(self, x):
            return self.second(m.SmoothReLU.apply(self.first(x)))

    model = Net()
    optimizer = m.torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def batch():
        x = rng.standard_normal((64, 2)).astype(np.float32)
        return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)

    return model, optimizer, lambda x, y: m.F.cross_entropy(model(x), y), batch


ROWS = {
    "mnist mlp": ("mnist", _classifier(lambda m: m.MLP())),
    "mnist lenet": ("mnist", _classifier(lambda m: m.LeNet())),
    "mnist deep": ("mnist", _classifier(lambda m: m.deep())),
    "char_lstm": ("char_lstm", _letters(lambda m: m.CharLSTM(40))),
    "tiny_gpt": ("tiny_gpt", _letters(lambda m: m.GPT(40))),
    "vae": ("vae", _vae),
    "gan": ("gan", _gan),
    "tree_network": ("tree_network", _tree),
    "custom_function": ("custom_function", _smooth),
}


def losses(row: str, library: str, steps: int, state=None):
    """The losses of `steps` steps, the weights they started from, as arrays, and the seconds."""
    name, make = ROWS[row]
    m = load(name, library)
    model, optimizer, loss, batch = make(m, np.random.default_rng(1))
    for module in model.modules():
        if isinstance(module, m.nn.Dropout):
            module.p = 0.0  # the libraries draw different numbers
    if state is None:
        state = {k: v.detach().numpy().copy() for k, v in model.state_dict().items()}
    else:
        model.load_state_dict({k: m.torch.from_numpy(v.copy()) for k, v in state.items()})
    found, begun = [], time.perf_counter()
    for _ in range(steps):
        value = loss(*(m.torch.from_numpy(a) for a in batch()))
        optimizer.zero_grad()
        value.backward()
        m.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        found.append(value.item())
    return np.array(found), state, time.perf_counter() - begun


def difference(row: str, steps: int):
    """(largest relative difference of the losses, first and last loss, seconds of both)."""
    ours, state, mine = losses(row, "numtorch", steps)
    theirs, _, other = losses(row, "torch", steps, state)
    apart = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3)
    return float(apart.max()), (theirs[0], theirs[-1]), (mine, other)


def main() -> None:
    parser = argparse.ArgumentParser(description="train the examples' models in both libraries")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rows", default=".", help="a regular expression")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    args = parser.parse_args()
    rows = [row for row in ROWS if re.search(args.rows, row)]
    print(f"{'model':16} {'losses':>16} {'apart':>8} {'numtorch':>9} {'torch':>7}")
    worst = 0.0
    for row in rows:
        apart, (first, last), (mine, other) = difference(row, args.steps)
        worst = max(worst, apart)
        print(f"{row:16} {first:7.4f} {last:8.4f} {apart:8.1e} {mine:8.2f}s {other:6.2f}s")
    print(f"{len(rows)} models, {args.steps} steps: losses differ by at most {worst:.1e}")
    sys.exit(worst > args.tolerance or not np.isfinite(worst))


if __name__ == "__main__":
    main()
