"""Many short programs that mix DataLoader workers, threads and kernels.

    python -m tests.loader_stress --runs 200 [--jobs 2] [--seed 0]
    python -m tests.loader_stress --epochs 20

Each run is a process of its own: two threads compute kernels (some of them new) while forked
workers load batches whose samples are computed by kernels; some runs kill a worker, raise in one,
leave an epoch early or keep the workers. Printed is how many runs ended how: ok, wrong (another
result), abort (a signal or an exit code), hang (no end within a minute), left (a process of the
run outlived it). `--epochs` watches the resident memory of one process instead.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODES = ("plain", "plain", "persistent", "leave", "raise", "kill", "iterable", "spawn", "nested")
LIMIT = 60.0


class Squares:
    """Sample i is computed by kernels from row i; one index may raise or kill."""

    def __init__(self, n: int, mode: str):
        import numtorch as torch

        self.n, self.mode = n, mode
        self.x = torch.arange(4.0 * n).reshape(n, 4)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i):
        if i == self.n // 2 and self.mode == "raise":
            raise ValueError("a bad sample")
        if i == self.n // 2 and self.mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return (self.x[i] * 2 + 1).sqrt(), i


def busy(stop: threading.Event, k: int, errors: list) -> None:
    """Kernels of changing structure until told to stop."""
    import numtorch as torch

    rng = random.Random(k)
    try:
        while not stop.is_set():
            x = torch.arange(1.0, rng.randint(10, 5000))
            y, want = x, None
            for _ in range(rng.randint(1, 5)):
                y = rng.choice([torch.sqrt, torch.log1p, torch.abs, torch.atan])(y)
            want = float(y.sum())
            if not abs(want - float(y.double().sum())) <= 1e-3 * abs(want) + 1e-3:
                errors.append(f"thread {k}: {want}")
    except Exception as error:
        errors.append(repr(error))


def check(batches, n: int, errors: list) -> None:
    """All rows must be there, with their values."""
    import numtorch as torch

    seen = []
    for values, index in batches:
        rows = (torch.arange(4.0) + 4.0 * index[:, None]) * 2 + 1
        if not bool(torch.allclose(values * values, rows, rtol=1e-4)):
            errors.append(f"batch {index.tolist()}")
        seen += index.tolist()
    if sorted(seen) != list(range(n)):
        errors.append(f"indices {seen}")


def expect(kind: type, loader, errors: list) -> None:
    """The loader must raise an exception of this type."""
    try:
        list(loader)
    except kind:
        return
    errors.append(f"no {kind.__name__}")


def child(seed: int) -> int:
    """One run; the exit code is 0 if all was right."""
    import warnings

    from numtorch.utils.data import DataLoader

    warnings.simplefilter("ignore")
    rng = random.Random(seed)
    mode, n = rng.choice(MODES), rng.randint(20, 60)
    stop, errors = threading.Event(), []
    threads = [threading.Thread(target=busy, args=(stop, 10 * seed + k, errors)) for k in (0, 1)]
    for t in threads:
        t.start()
    options = {"num_workers": rng.randint(1, 4), "batch_size": rng.randint(1, 7), "shuffle": True}
    if mode == "spawn":
        options.update(multiprocessing_context="spawn", num_workers=1)
    loader = DataLoader(Squares(n, mode), persistent_workers=mode == "persistent", **options)
    if mode == "raise":
        expect(ValueError, loader, errors)
    elif mode == "kill":
        expect(RuntimeError, loader, errors)
    else:
        for _ in range(2):
            if mode == "leave":
                next(iter(loader))
            elif mode == "nested":
                for k, _ in enumerate(loader):
                    if k % 4 == 0:
                        check(loader, n, errors)
            else:
                check(loader, n, errors)
    stop.set()
    for t in threads:
        t.join()
    print(mode, *errors, file=sys.stderr)
    return 3 if errors else 0


def processes_of(session: int) -> list[int]:
    """The processes (no zombies) of a session."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat") as f:
                fields = f.read().rpartition(")")[2].split()
        except (OSError, NotADirectoryError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(name))
    return found


def run(seed: int) -> tuple[str, str]:
    """(how the run ended, its mode and errors)."""
    p = subprocess.Popen(
        [sys.executable, "-m", "tests.loader_stress", "--child", str(seed)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        _, text = p.communicate(timeout=LIMIT)
        end = "ok" if p.returncode == 0 else "wrong" if p.returncode == 3 else "abort"
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        _, text = p.communicate()
        end = "hang"
    limit = time.monotonic() + 5
    while processes_of(p.pid) and time.monotonic() < limit:
        time.sleep(0.05)
    left = processes_of(p.pid)
    if left:
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        end = "left"
    return end, f"seed {seed}: code {p.returncode} {text.strip()[-2000:]}"


def resident_mb() -> float:
    """Resident memory of this process."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory(epochs: int) -> int:
    """Prints the resident memory over the epochs; 1 if it grows by more than 5 MB."""
    from numtorch.utils.data import DataLoader

    loader = DataLoader(Squares(2000, "plain"), batch_size=20, num_workers=2, shuffle=True)
    sizes = []
    for k in range(epochs + 2):
        total = sum(float((v * v).sum()) for v, _ in loader)
        sizes.append(resident_mb())
        print(f"epoch {k}: {sizes[-1]:.1f} MB, sum {total:.0f}", flush=True)
    growth = sizes[-1] - sizes[1]
    print(f"growth over {epochs} epochs: {growth:.1f} MB")
    return int(growth > 5)


def main() -> int:
    """Runs what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--child", type=int)
    options = parser.parse_args()
    if options.child is not None:
        return child(options.child)
    if options.epochs:
        return memory(options.epochs)
    counts: collections.Counter = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for end, text in pool.map(run, range(options.seed, options.seed + options.runs)):
            counts[end] += 1
            if end != "ok":
                print(end, text, flush=True)
    print(f"{options.runs} runs:", ", ".join(f"{n} {end}" for end, n in counts.items()))
    return int(counts["ok"] != options.runs)


if __name__ == "__main__":
    sys.exit(main())
