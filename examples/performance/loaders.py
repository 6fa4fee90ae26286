"""Batches per second of DataLoader with 4 workers: numtorch and torch, in turns.

    python examples/performance/loaders.py [--rounds 3] [--workers 4] [--rows images,small]

Rows: `images` decodes JPEG files, crops, resizes, flips, makes float tensors and normalizes them;
`cached` does the same from decoded images; `small` are rows of two tensors; `samples` are NumPy
images; `tensors` is a TensorDataset. Both sides read the same source; each run is a process of its
own with one epoch to warm up. Printed are the best rounds, and ratios above 1 where numtorch is
better. On a machine that others use too, the CPU time is what to compare.
"""

from __future__ import annotations

import argparse
import importlib
import io
import multiprocessing
import os
import subprocess
import sys
import time
import warnings

import numpy as np

ROWS = ("images", "cached", "samples", "small", "tensors")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def pictures(n: int) -> list[np.ndarray]:
    """Smooth random pictures [240, 320, 3]."""
    from PIL import Image

    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (n, 12, 16, 3), np.uint8)
    return [np.asarray(Image.fromarray(p).resize((320, 240), 3)) for p in small]


def jpeg(array: np.ndarray) -> bytes:
    """An encoded picture."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(array).save(out, "JPEG", quality=90)
    return out.getvalue()


def torch_transform(torch, size: int):
    """What torchvision's classes do, in torch: crop and resize, flip, to tensor, normalize."""
    import math

    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (MEAN, STD))
    low, high = math.log(3 / 4), math.log(4 / 3)

    def transform(img):
        w, h = img.size
        for _ in range(10):
            area = w * h * torch.empty(1).uniform_(0.08, 1.0).item()
            ratio = torch.exp(torch.empty(1).uniform_(low, high)).item()
            cw, ch = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < cw <= w and 0 < ch <= h:
                top = torch.randint(0, h - ch + 1, (1,)).item()
                left = torch.randint(0, w - cw + 1, (1,)).item()
                break
        else:
            top, left, ch, cw = 0, 0, h, w
        img = img.crop((left, top, left + cw, top + ch)).resize((size, size), 2)
        if torch.rand(1) < 0.5:
            img = img.transpose(0)
        x = torch.from_numpy(np.array(img, np.uint8, copy=True))
        x = x.permute(2, 0, 1).contiguous().to(torch.get_default_dtype()).div(255)
        return x.sub_(mean).div_(std)

    return transform


def numtorch_transform(size: int):
    """The same of numtorch.vision."""
    from numtorch.vision import transforms as T

    return T.Compose([
        T.RandomResizedCrop(size), T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize(MEAN, STD),
    ])  # fmt: skip


class Pictures:
    """Pictures and labels, encoded or not."""

    def __init__(self, source: list, transform):
        self.source, self.transform = source, transform

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, i):
        from PIL import Image

        x = self.source[i]
        img = Image.open(io.BytesIO(x)) if isinstance(x, bytes) else Image.fromarray(x)
        return self.transform(img), i % 10


class Rows:
    """Rows of two tensors, taken one by one."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class Samples:
    """NumPy images and Python numbers."""

    def __init__(self, x: np.ndarray):
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], float(i)


def dataset(lib: str, row: str):
    """(dataset, batch size) of a row."""
    m = importlib.import_module(lib)
    data = importlib.import_module(f"{lib}.utils.data")
    if row in ("images", "cached"):
        source = pictures(64)
        source = [jpeg(p) for p in source] if row == "images" else source
        tf = torch_transform(m, 224) if lib == "torch" else numtorch_transform(224)
        return Pictures(source * 16, tf), 32
    if row == "samples":
        return Samples(np.random.rand(16384, 3, 32, 32).astype(np.float32)), 128
    x, y = (m.from_numpy(np.random.rand(32768, n).astype(np.float32)) for n in (32, 1))
    return (Rows(x, y), 64) if row == "small" else (data.TensorDataset(x, y), 64)


def cpu_seconds() -> float:
    """CPU time of this process and of its living children."""
    total = time.process_time()
    for p in multiprocessing.active_children():
        with open(f"/proc/{p.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def measure(lib: str, row: str, workers: int) -> tuple[float, float]:
    """(batches per second, CPU milliseconds per batch) of the second epoch."""
    warnings.simplefilter("ignore")
    data = importlib.import_module(f"{lib}.utils.data")
    source, batch = dataset(lib, row)
    loader = data.DataLoader(
        source, batch_size=batch, shuffle=True, num_workers=workers, persistent_workers=True
    )
    for _ in loader:
        pass
    start, used, count = time.perf_counter(), cpu_seconds(), 0
    for _ in loader:
        count += 1
    return count / (time.perf_counter() - start), 1e3 * (cpu_seconds() - used) / count


def run(lib: str, row: str, workers: int) -> tuple[float, float]:
    """`measure` in a process of its own."""
    command = [sys.executable, __file__, "--side", lib, "--rows", row, "--workers", str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise RuntimeError(done.stderr)
    rate, cpu = done.stdout.split()[-2:]
    return float(rate), float(cpu)


def main() -> None:
    """Runs the rows and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--side", choices=["torch", "numtorch"])
    options = parser.parse_args()
    if options.side:
        print(*measure(options.side, options.rows, options.workers))
        return
    print("row         batches/s: numtorch      torch  ratio   CPU ms: numtorch   torch  ratio")
    for row in options.rows.split(","):
        rates: dict = {"numtorch": [], "torch": []}
        for k in range(options.rounds):
            for lib in sorted(rates, reverse=bool(k % 2)):
                rates[lib].append(run(lib, row, options.workers))
        (rate, cpu), (other, more) = (
            (max(r for r, _ in found), min(c for _, c in found)) for found in rates.values()
        )
        print(f"{row:<12}{rate:>19.1f}{other:>11.1f}{rate / other:>7.2f}"
              f"{cpu:>19.2f}{more:>8.2f}{more / cpu:>7.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
