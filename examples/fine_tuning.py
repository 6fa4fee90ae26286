"""Fine-tuning: a CNN trained on the digits 0-4 learns 5-9 from ten examples of each.

First only a new head is trained, on a frozen trunk; then the whole network, with a smaller learning
rate for the trunk (param groups).

Goal: at least 85% of the held-out digits 5-9, and the trunk is bit-equal after the first part.

    python examples/fine_tuning.py [--steps N] [--root FOLDER]
"""

import argparse

import digits_files
import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from tqdm import trange


def trunk():
    """1x28x28 pixels -> 64 features."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 64), nn.ReLU(),
    )  # fmt: skip


def fit(model, optimizer, x, y, steps, title):
    """Steps on random batches."""
    for _ in trange(steps, desc=title):
        rows = torch.randint(len(x), (min(64, len(x)),))
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()


def main():
    parser = argparse.ArgumentParser(description="fine-tune a CNN on new classes")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--root", default="data")
    args = parser.parse_args()

    torch.manual_seed(0)
    train_set, test_set = digits_files.load(args.root)
    x, y = train_set.tensors
    model = nn.Sequential(trunk(), nn.Linear(64, 5))
    old = y < 5
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    fit(model, optimizer, x[old], y[old], args.steps, "digits 0-4")

    few = torch.cat([(y == digit).nonzero().flatten()[:10] for digit in range(5, 10)])
    x_few, y_few = x[few], y[few] - 5
    model[1] = nn.Linear(64, 5)
    before = {name: v.clone() for name, v in model[0].state_dict().items()}
    model[0].requires_grad_(False)
    head = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-2)
    fit(model, head, x_few, y_few, args.steps // 2, "new head")
    frozen = all(torch.equal(v, before[name]) for name, v in model[0].state_dict().items())

    model[0].requires_grad_(True)
    groups = [{"params": model[0].parameters(), "lr": 2e-4}, {"params": model[1].parameters()}]
    fit(model, torch.optim.AdamW(groups, lr=2e-3), x_few, y_few, args.steps // 2, "everything")

    x, y = test_set.tensors
    with torch.no_grad():
        new = y >= 5
        right = (model(x[new]).argmax(1) == y[new] - 5).float().mean().item()
    print(f"{right:.1%} of the held-out digits 5-9")
    print(f"the trunk is unchanged by the head's training: {frozen}")
    print("goal reached" if right >= 0.85 and frozen else "goal missed")


if __name__ == "__main__":
    main()
