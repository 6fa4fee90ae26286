"""A recursive network evaluates logical formulas: its graph has the shape of each formula's tree.

Formulas such as ((a and not b) or c) with values for a, b, c; one small network for each of `and`,
`or`, `not` is called at each node of the tree. Nothing tells them what the words mean.

Goal: at least 95% of formulas that were not seen in training, which are deeper too.

    python examples/tree_network.py [--steps N]
"""

import argparse
import random

import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from tqdm import trange


def formula(depth, rng):
    """A random tree: True, False, ("not", tree), ("and", tree, tree) or ("or", tree, tree)."""
    if depth == 0 or rng.random() < 0.1:
        return rng.random() < 0.5
    word = rng.choice(["and", "or", "not"])
    return (word, *[formula(depth - 1, rng) for _ in range(1 if word == "not" else 2)])


def truth(tree):
    """The value of a formula."""
    if isinstance(tree, bool):
        return tree
    values = [truth(t) for t in tree[1:]]
    return not values[0] if tree[0] == "not" else all(values) if tree[0] == "and" else any(values)


class TreeNetwork(nn.Module):
    """A vector for each subtree, made from its children's by its word's network."""

    def __init__(self, size=8):
        super().__init__()
        self.leaf = nn.Embedding(2, size)
        self.words = nn.ModuleDict({
            word: nn.Sequential(nn.Linear(n * size, 16), nn.Tanh(), nn.Linear(16, size), nn.Tanh())
            for word, n in (("and", 2), ("or", 2), ("not", 1))
        })  # fmt: skip
        self.head = nn.Linear(size, 1)

    def encode(self, tree):
        if isinstance(tree, bool):
            return self.leaf.weight[int(tree)]
        return self.words[tree[0]](torch.cat([self.encode(t) for t in tree[1:]]))

    def forward(self, trees):
        return self.head(torch.stack([self.encode(t) for t in trees])).squeeze(1)


def main():
    parser = argparse.ArgumentParser(description="train a recursive network on formulas")
    parser.add_argument("--steps", type=int, default=180)
    args = parser.parse_args()

    torch.manual_seed(0)
    rng = random.Random(0)
    train = [formula(2, rng) for _ in range(100)]
    test = [formula(4, rng) for _ in range(100)]
    model = TreeNetwork()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    bar = trange(args.steps)
    for step in bar:
        trees = rng.sample(train, 8)
        target = torch.tensor([float(truth(t)) for t in trees])
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(trees), target)
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            bar.set_postfix(loss=f"{loss.item():.4f}")

    test = test[: max(10, min(100, args.steps))]
    with torch.no_grad():
        right = sum((model([t]) > 0).item() == truth(t) for t in test)
    print(f"{right} of {len(test)} deeper formulas right")
    print("goal reached" if right >= 0.95 * len(test) else "goal missed")


if __name__ == "__main__":
    main()
