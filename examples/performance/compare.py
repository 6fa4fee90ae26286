"""The same programs on numtorch and on torch, taking turns in one process.

    python examples/performance/compare.py [--rows REGEXP] [--rounds N] [--json FILE] [--limits]

Every row is one function of a namespace (torch, nn, F, optim) that is called with numtorch and with
torch: both run the same lines, and both end by handing out their result (`.item()` or `.numpy()`),
so that nothing stays recorded and unexecuted. A turn is a second's sleep (idle OpenMP threads of
the other library stop spinning), two warm-up steps, then the median of many steps; a row's figure
is the best of its rounds. `ratio` is torch's time over numtorch's: above 1 numtorch is faster.
The row "self check" runs torch against torch and must say about 1.0: if it does not, something
else runs on the machine, and the other ratios mean nothing either.

Whole-process rows start a new Python for each measurement and count from its first line.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from types import SimpleNamespace

import numpy as np
from nn_programs import PROGRAMS as NETWORKS
from tensor_programs import PROGRAMS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TURN_SECONDS = 0.5  # how long a turn measures, at least MIN_STEPS steps
MIN_STEPS, MAX_STEPS = 5, 500
QUIET_SECONDS = 1.0


def namespace(name: str) -> SimpleNamespace:
    """torch, nn, F and optim of "numtorch" or "torch"."""
    parts = {"torch": "", "nn": ".nn", "F": ".nn.functional", "optim": ".optim"}
    return SimpleNamespace(**{short: import_module(name + part) for short, part in parts.items()})


# ---------------------------------------------------------------- the programs


def _uniform(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def chain99(lib, mode: str) -> Callable:
    """33 times (x * b + a).relu() on 64x128. mode: "plain", "forward" (with grad), "both"."""
    a, b = lib.torch.tensor(_uniform(64, 128)), lib.torch.tensor(_uniform(64, 128))
    if mode != "plain":
        a.requires_grad_()
        b.requires_grad_()

    def chain():
        x = a
        for _ in range(33):
            x = (x * b + a).relu()
        return x

    def forward():
        chain().detach().numpy()

    def backward():
        a.grad = b.grad = None
        chain().sum().backward()
        a.grad.numpy()
        b.grad.numpy()

    return backward if mode == "both" else forward


def chain5(lib, transcendental: bool) -> Callable:
    """5 ops over 10 million float32."""
    x = lib.torch.tensor(_uniform(10_000_000))

    def cheap():
        (((x * 2 + 1).relu() - x) * x).numpy()

    def dear():
        (((x * 2).sin() + x).exp().tanh()).numpy()

    return dear if transcendental else cheap


def softmax_cross_entropy(lib) -> Callable:
    """Loss and gradient of 4096 rows of 1000 classes."""
    logits = lib.torch.tensor(_uniform(4096, 1000)).requires_grad_()
    target = lib.torch.tensor(np.random.default_rng(1).integers(0, 1000, 4096))

    def step():
        logits.grad = None
        loss = lib.F.cross_entropy(logits, target)
        loss.backward()
        logits.grad.numpy()
        loss.item()

    return step


def mlp_step(lib, batch: int, optimizer: str) -> Callable:
    """One training step of 784-128-10.

    The batches take turns: a single one would be learnt by heart, and its gradients, denormal by
    then, would make torch's Adam a hundred times slower than it is in a real training.
    """
    lib.torch.manual_seed(0)
    nn = lib.nn
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    opt = {"SGD": lib.optim.SGD, "Adam": lib.optim.Adam}[optimizer](model.parameters(), lr=1e-4)
    criterion = nn.CrossEntropyLoss()
    rng = np.random.default_rng(0)
    batches = [
        (
            lib.torch.tensor(rng.random((batch, 784), dtype=np.float32)),
            lib.torch.tensor(rng.integers(0, 10, batch)),
        )
        for _ in range(32)
    ]
    source = itertools.cycle(batches)

    def step():
        x, y = next(source)
        opt.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        opt.step()
        loss.item()

    return step


# ---------------------------------------------------------------- rows


@dataclass
class Row:
    """`make(lib)` returns the step; `bar` is the least ratio, `ceiling` the most seconds."""

    name: str
    make: Callable | None
    per: int = 1  # the time shown is that of a step divided by this
    bar: float | None = None
    ceiling: float | None = None
    before: int = 1  # steps that are not measured
    self_check: bool = False
    script: str | None = None  # whole-process rows
    warm: bool = False


@dataclass
class Result:
    """Seconds on both sides."""

    name: str
    numtorch: float
    torch: float
    ratio: float
    passed: bool | None


FIRST_STEP = """
import time
start = time.perf_counter()
import {lib} as torch, {lib}.nn as nn, {lib}.optim as optim
model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
opt = optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))
opt.zero_grad()
loss = nn.CrossEntropyLoss()(model(x), y)
loss.backward()
opt.step()
loss.item()
print(time.perf_counter() - start)
"""
IMPORT = """
import time
start = time.perf_counter()
import {lib}
print(time.perf_counter() - start)
"""


def rows() -> list[Row]:
    """All rows, in the order of the table."""
    found = [
        Row("99-op chain 64x128, per op", lambda lib: chain99(lib, "plain"), 99, 1.0),
        Row("99-op chain, grad, forward, per op", lambda lib: chain99(lib, "forward"), 99, 1.0),
        Row("99-op chain, grad, fwd + bwd, per op", lambda lib: chain99(lib, "both"), 99, 1.0),
        Row("5-op chain, 10M float32", lambda lib: chain5(lib, False), bar=5.0),
        Row("5-op chain, 10M float32, sin exp tanh", lambda lib: chain5(lib, True)),
        Row("softmax + cross-entropy 4096x1000, fwd + bwd", softmax_cross_entropy),
    ]
    bars = {1: 2.5, 64: 1.5, 512: 1.0}
    for optimizer in ("SGD", "Adam"):
        for batch, bar in bars.items():
            found.append(
                Row(
                    f"MLP 784-128-10 step, batch {batch}, {optimizer}",
                    lambda lib, batch=batch, optimizer=optimizer: mlp_step(lib, batch, optimizer),
                    bar=bar,
                )
            )
    found += [Row(name, make, bar=bar, before=n) for name, make, bar, n in NETWORKS]
    found += [Row(name, make) for name, make in PROGRAMS]
    found += [
        Row("self check: torch against torch, MLP batch 64",
            lambda lib: mlp_step(lib, 64, "SGD"), self_check=True),
        Row("process: import", None, script=IMPORT, warm=True),
        Row("process: first MLP step, empty cache", None, script=FIRST_STEP, ceiling=4.0),
        Row("process: first MLP step, warm cache", None, script=FIRST_STEP, ceiling=0.6, warm=True),
    ]  # fmt: skip
    return found


# ---------------------------------------------------------------- measuring


def turn(step: Callable) -> float:
    """Median seconds of a step, after a quiet second and two warm-up steps."""
    time.sleep(QUIET_SECONDS)
    step()
    started = time.perf_counter()
    step()
    expected = time.perf_counter() - started
    count = max(MIN_STEPS, min(MAX_STEPS, int(TURN_SECONDS / max(expected, 1e-9))))
    times = []
    for _ in range(count):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def measure(row: Row, rounds: int) -> Result:
    """Best of the rounds' medians of both sides, taking turns."""
    sides = ("torch", "torch") if row.self_check else ("numtorch", "torch")
    steps = [row.make(namespace(name)) for name in sides]
    for step in steps:
        for _ in range(row.before):
            step()  # compiling is not part of any row but the whole-process ones
    best = [float("inf")] * 2
    for _ in range(rounds):
        for i, step in enumerate(steps):
            best[i] = min(best[i], turn(step))
    ours, theirs = (b / row.per for b in best)
    return Result(row.name, ours, theirs, theirs / ours, verdict(row, ours, theirs))


def measure_process(row: Row, rounds: int) -> Result:
    """Best seconds of new processes; a cold row gets an empty cache folder each time."""
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        for lib in ("numtorch", "torch"):
            times = []
            for k in range(rounds + row.warm):
                cache = os.path.join(folder, "warm" if row.warm else str(k))
                env = {**os.environ, "NUMTORCH_CACHE_DIR": cache, "PYTHONPATH": python_path()}
                code = row.script.format(lib=lib)
                command = [sys.executable, "-c", code]
                out = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE)
                times.append(float(out.stdout))
            # The first process of a warm row fills the cache (and the disk's).
            best[lib] = min(times[1:] if row.warm else times)
    ours, theirs = best["numtorch"], best["torch"]
    return Result(row.name, ours, theirs, theirs / ours, verdict(row, ours, theirs))


def python_path() -> str:
    """So that the subprocesses find a bare checkout too."""
    return os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH", "")]))


def verdict(row: Row, ours: float, theirs: float) -> bool | None:
    """Whether the row's limit is met; None if it has none."""
    if row.self_check:
        return 0.8 < theirs / ours < 1.25
    if row.ceiling is not None:
        return ours <= row.ceiling
    return None if row.bar is None else theirs / ours >= row.bar


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def limit_text(row: Row) -> str:
    if row.ceiling is not None:
        return f"at most {row.ceiling:g} s"
    if row.self_check:
        return "0.8 to 1.25"
    return "" if row.bar is None else f"at least {row.bar:g}"


def main(argv: list[str] | None = None) -> int:
    """Prints the table; 1 if --limits is given and one is not met."""
    parser = argparse.ArgumentParser(description="numtorch and torch side by side")
    parser.add_argument("--rows", default="", help="only the rows whose name matches this regexp")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side per row")
    parser.add_argument("--json", help="also write the results to this file")
    parser.add_argument("--limits", action="store_true", help="fail if a row misses its limit")
    args = parser.parse_args(argv)
    sys.path.insert(0, ROOT)
    results = []
    print(f"| {'row':46} | {'numtorch':>9} | {'torch':>9} | {'ratio':>6} | {'limit':17} |")
    print(f"|{'-' * 48}|{'-' * 10}:|{'-' * 10}:|{'-' * 7}:|{'-' * 19}|")
    for row in rows():
        if re.search(args.rows, row.name):
            result = (measure_process if row.script else measure)(row, args.rounds)
            results.append(result)
            limit = limit_text(row) + {None: "", True: " ok", False: " no"}[result.passed]
            ours, theirs = duration(result.numtorch), duration(result.torch)
            print(f"| {row.name:46} | {ours:>9} | {theirs:>9} | {result.ratio:6.2f} | {limit:17} |",
                  flush=True)  # fmt: skip
    if args.json:
        with open(args.json, "w") as file:
            json.dump([asdict(r) for r in results], file, indent=1)
    missed = [r.name for r in results if r.passed is False]
    if missed:
        print("missed: " + ", ".join(missed))
    return 1 if missed and args.limits else 0


if __name__ == "__main__":
    sys.exit(main())
