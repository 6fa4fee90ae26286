"""Memory that a training needs and keeps.

    python examples/performance/memory.py [--steps N] [--additions N] [--networks N] [--peak]

The resident set before, during and after many steps: of a small MLP, of sums that nobody reads, of
a CNN and a GPT (--networks). With --peak the peak of the last two, on numtorch and on PyTorch (if
it is there), each in a process of its own: above what was resident before the first step, and in
all.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import subprocess
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


PEAK_STEPS = 10


def peak(program: str, library: str) -> tuple[float, float]:
    """(MB above what was resident before the first step, MB in all), of a new process."""
    command = [sys.executable, __file__, "--child", program, library]
    for _ in range(2):  # the first one fills the kernel cache
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    before, most = map(float, out.split())
    return most - before, most


def child(program: str, library: str) -> None:
    """Prints the resident set before the first step and the peak."""
    from compare import namespace

    step = network(program, namespace(library))
    before = resident_mb()
    for _ in range(PEAK_STEPS):
        step()
    print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


def network(program: str, lib):
    """A training step of nn_programs."""
    import nn_programs

    return getattr(nn_programs, f"{program}_step")(lib)


def networks(count: int) -> list[float]:
    """Growth in MB over `count` steps of the CNN and of the GPT."""
    from compare import namespace

    return [
        watch(f"{name.upper()} steps", network(name, namespace("numtorch")), count, 100)
        for name in ("cnn", "gpt")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="memory of trainings")
    parser.add_argument("--steps", type=int, default=100_000, help="training steps")
    parser.add_argument("--additions", type=int, default=1_000_000, help="total += loss, unread")
    parser.add_argument("--networks", type=int, default=0, help="steps of the CNN and of the GPT")
    parser.add_argument("--peak", action="store_true", help="peaks of the CNN and of the GPT")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(*args.child)
    grown = []
    if args.steps:
        grown.append(
            watch("training steps", training_step(), args.steps, max(args.steps // 50, 50))
        )
    if args.additions:
        warm = max(args.additions // 50, 5000)
        grown.append(watch("total += loss", addition(), args.additions, warm))
    if args.networks:
        grown += networks(args.networks)
    print("growth: " + " and ".join(f"{g:.1f} MB" for g in grown))
    if args.peak:
        print_peaks()
    return None


def print_peaks() -> None:
    """The peaks of both networks on both libraries."""
    libraries = [n for n in ("numtorch", "torch") if importlib.util.find_spec(n)]
    for program in ("cnn", "gpt"):
        found = [(name, *peak(program, name)) for name in libraries]
        shown = "; ".join(f"{name} {own:.0f} MB ({most:.0f} in all)" for name, own, most in found)
        print(f"peak of {program.upper()} steps: {shown}")


if __name__ == "__main__":
    main()
