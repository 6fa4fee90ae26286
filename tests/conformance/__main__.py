"""The command: spreads the functions over worker processes, prints the table."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time


def functions(pattern: str, everything: bool) -> list[tuple[int, str]]:
    """(position in the database, name) of the functions of section 1."""
    from torch.testing._internal.common_methods_invocations import op_db

    found = []
    for k, op in enumerate(op_db):
        name = op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")
        if not everything and SKIP.match(op.name):
            continue
        if re.search(pattern, name):
            found.append((k, name))
    return found


# Not functions of section 1: layers (their own table), private rows, CUDA's run-time compiler.
SKIP = re.compile(r"nn\.|_(?!_)|torch\.|jiterator|native_|masked\.|sparse\.|to_sparse|hash_tensor|"
                  r"max_pool2d_with|grid_sampler|constant_pad_nd|empty_permuted|chalf")  # fmt: skip


def run_one(k: int, args) -> dict:
    """All checks of the function at position k of the database, as a row of the table."""
    from torch.testing._internal.common_methods_invocations import op_db

    from .runner import ALL, COLUMNS, QUICK, Run

    dtypes = {"quick": QUICK, "all": ALL}.get(args.dtypes) or tuple(args.dtypes.split(","))
    start = time.time()
    row: dict = {"index": k}
    try:
        run = Run(op_db[k], dtypes, args.samples, args.wide, args.seed).run()
        row |= {"missing": run.f is None, "regex": run.regex_hits, "texts": run.texts}
        row |= {c: [run.tally[c].checked, run.tally[c].wrong] for c in COLUMNS}
    except BaseException as e:  # noqa: BLE001
        row["crash"] = f"{type(e).__name__}: {e}"
    row["seconds"] = time.time() - start
    return row


def worker(args) -> None:
    """Runs the functions whose positions come on stdin; one JSON line each."""
    import warnings

    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(run_one(int(line), args)), flush=True)


class Worker:
    """A process that is replaced after a number of functions, or when it dies."""

    def __init__(self, options: list[str]):
        self.options, self.done, self.process = options, 0, None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance", "--worker", *self.options], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.done = 0

    def run(self, k: int, seconds: float) -> dict:
        if self.process is None or self.done >= 60:
            self.stop()
            self.start()
        import threading

        self.done += 1
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(f"{k}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            code = self.process.wait()
            self.process = None
            return {"index": k, "crash": f"the process ended with {code}"}
        return json.loads(line)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


def text_of(row: dict, name: str, verbose: int, texts: bool = False) -> str:
    """A row of the table, the first differences of each column and other words of errors."""
    from .runner import COLUMNS

    if "crash" in row:
        return f"{name:36s}  CRASH {row['crash']}"
    if row["missing"]:
        return f"{name:36s}  MISSING"
    cells = [f"{'-' if not n else f'ok {n}' if not w else f'{len(w)} bad/{n}'}" for n, w in (row[c] for c in COLUMNS)]
    lines = [f"{name:36s}" + "".join(f"{c:>12s}" for c in cells)]
    lines += [f"      {c}: {text}" for c in COLUMNS for text in row[c][1][:verbose]]
    lines += [f"      text: {text}" for text in row["texts"] if texts]
    return "\n".join(lines)


def table(rows: list[dict], names: dict[int, str], verbose: int, texts: bool = False) -> bool:
    """Prints the rows; True if none is missing or wrong."""
    from .runner import COLUMNS

    print(f"{'function':36s}" + "".join(f"{c:>12s}" for c in COLUMNS))
    good = missing = 0
    checks = wrong = 0
    for row in rows:
        print(text_of(row, names[row["index"]], verbose, texts))
        if "crash" in row or row["missing"]:
            missing += "crash" not in row
            continue
        bad = sum(len(row[c][1]) for c in COLUMNS)
        checks += sum(row[c][0] for c in COLUMNS)
        wrong += bad
        good += bad == 0
    regex = [sum(r.get("regex", [0, 0])[j] for r in rows) for j in (0, 1)]
    print(f"\n{good} of {len(rows)} functions without a difference, {missing} missing; "
          f"{checks} checks, {wrong} wrong; error texts as torch's in {regex[0]} of {regex[1]} cases")
    return good == len(rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--ops", default="", help="regular expression of function names")
    parser.add_argument("--dtypes", default="quick", help="quick, all, or names with commas")
    parser.add_argument("--samples", type=int, default=25, help="samples per function and dtype")
    parser.add_argument("--wide", action="store_true", help="torch's larger reference samples")
    parser.add_argument("--seed", type=int, default=0, help="other numbers, samples drawn from all")
    parser.add_argument("--nn", action="store_true", help="functions outside section 1 too")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--verbose", "-v", type=int, nargs="?", const=3, default=0)
    parser.add_argument("--texts", action="store_true", help="errors in other words than torch's")
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--timeout", type=float, default=600, help="seconds a function may take")
    parser.add_argument("--in-process", action="store_true", help="no worker processes: to debug")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(args)
        return 0
    todo = functions(args.ops, args.nn)
    names = dict(todo)
    options = ["--dtypes", args.dtypes, "--samples", str(args.samples), "--seed", str(args.seed), *(["--wide"] if args.wide else [])]
    if args.in_process:
        rows = []
        for k, _ in todo:
            rows.append(run_one(k, args))
            if args.verbose:
                print(f"{rows[-1]['seconds']:7.1f} s ", text_of(rows[-1], names[k], args.verbose), flush=True)
    else:
        def show(row: dict) -> None:
            if args.verbose:  # as they come; the table follows
                text = text_of(row, names[row["index"]], args.verbose, args.texts)
                print(text, file=sys.stderr, flush=True)

        rows = spread([k for k, _ in todo], options, args.jobs, args.timeout, show)
    rows.sort(key=lambda r: names[r["index"]])
    if args.json:
        with open(args.json, "w") as f:
            json.dump([{**r, "name": names[r["index"]]} for r in rows], f)
    return 0 if table(rows, names, args.verbose, args.texts) else 1


def spread(todo: list[int], options: list[str], jobs: int, timeout: float, show) -> list[dict]:
    """Runs the functions on `jobs` worker processes."""
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    workers: SimpleQueue = SimpleQueue()
    all_workers = [Worker(options) for _ in range(jobs)]
    for w in all_workers:
        workers.put(w)

    def one(k: int) -> dict:
        w = workers.get()
        try:
            row = w.run(k, timeout)
            show(row)
            return row
        finally:
            workers.put(w)

    try:
        from tqdm import tqdm
    except ImportError:
        tqdm = iter
    with ThreadPoolExecutor(jobs) as pool:
        rows = list(tqdm(pool.map(one, todo), total=len(todo), disable=None) if tqdm is not iter
                    else pool.map(one, todo))
    for w in all_workers:
        w.stop()
    return rows


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.getcwd())
    sys.exit(main())
