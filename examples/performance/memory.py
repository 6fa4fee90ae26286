"""Memory that a long training keeps: the resident set before, during and after many small steps.

    python examples/performance/memory.py [--steps N] [--additions N]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import numtorch as torch  # noqa: E402
import numtorch.nn as nn  # noqa: E402
import numtorch.optim as optim  # noqa: E402


def resident_mb() -> float:
    """Resident memory of this process in MB (its peak where the system tells no other)."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def watch(title: str, step, count: int, warm: int) -> float:
    """Runs `step` and prints the resident memory in between; returns its growth in MB."""
    for _ in range(warm):
        step()
    torch.jit.execute()
    start = resident_mb()
    print(f"{title}: {start:.1f} MB after {warm} steps", flush=True)
    for part in range(5):
        for _ in range(count // 5):
            step()
        print(f"  {(part + 1) * (count // 5):9} more: {resident_mb():.1f} MB", flush=True)
    torch.jit.execute()
    return resident_mb() - start


def training_step():
    """A step function of a small MLP with Adam, on a new batch each time."""
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 4))
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()

    def step():
        x, y = torch.randn(32, 8), torch.randint(0, 4, (32,))
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def addition():
    """total += loss, never read."""
    total, loss = torch.zeros(()), torch.full((), 1e-3)

    def step():
        nonlocal total
        total += loss

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description="resident memory of long runs")
    parser.add_argument("--steps", type=int, default=100_000, help="training steps")
    parser.add_argument("--additions", type=int, default=1_000_000, help="total += loss, unread")
    args = parser.parse_args()
    grown = [
        watch("training steps", training_step(), args.steps, max(args.steps // 50, 50)),
        watch("total += loss", addition(), args.additions, max(args.additions // 50, 5000)),
    ]
    print(f"growth: {grown[0]:.1f} MB and {grown[1]:.1f} MB")


if __name__ == "__main__":
    main()
