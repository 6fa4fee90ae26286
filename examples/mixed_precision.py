"""Gradient accumulation and autocast: four small batches make one step, products run in bfloat16.

Goal: accumulated gradients equal those of the whole batch to 1e-5, and a network trained with
autocast and GradScaler reads 95% of the held-out digits.

    python examples/mixed_precision.py [--steps N] [--root FOLDER]
"""

import argparse

import digits_files
import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from tqdm import trange

PARTS = 4


def network():
    """784 pixels -> 10 scores."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def difference(model, x, y):
    """The largest difference between accumulated gradients and those of the whole batch."""
    model.zero_grad()
    F.cross_entropy(model(x), y).backward()
    whole = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    for a, b in zip(x.chunk(PARTS), y.chunk(PARTS)):
        (F.cross_entropy(model(a), b) / PARTS).backward()
    return max((p.grad - g).abs().max().item() for p, g in zip(model.parameters(), whole))


def main():
    parser = argparse.ArgumentParser(description="accumulate gradients under autocast")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--root", default="data")
    args = parser.parse_args()

    torch.manual_seed(0)
    train_set, test_set = digits_files.load(args.root)
    x, y = train_set.tensors
    model = network()
    apart = difference(model, x[:128], y[:128])
    print(f"accumulated and whole gradients differ by at most {apart:.1e}")

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu")
    bar = trange(args.steps)
    for step in bar:
        optimizer.zero_grad()
        rows = torch.randint(len(x), (128,))
        for part in rows.chunk(PARTS):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = model(x[part])
                loss = F.cross_entropy(scores, y[part]) / PARTS
            scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        if step % 50 == 0:
            bar.set_postfix(loss=f"{loss.item() * PARTS:.4f}", scores=str(scores.dtype))

    x, y = test_set.tensors
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        right = (model(x).argmax(1) == y).float().mean().item()
    print(f"{right:.1%} of the held-out digits")
    print("goal reached" if right >= 0.95 and apart < 1e-5 else "goal missed")


if __name__ == "__main__":
    main()
