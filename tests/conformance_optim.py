"""The conformance table of optimizers and schedulers against torch, one line per row.

    python -m tests.conformance_optim [--only REGEX] [--wrong]
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import optim_more as more  # noqa: E402
import optim_rows as rows  # noqa: E402

# Worst relative difference after 50 steps; ill-conditioned methods amplify the last bits.
LIMITS = {"float64": 1e-9, "float32": 2e-3}
LOOSE = {"LBFGS": 1e-5, "Muon": 5e-2, "Rprop": 1e-6}


def table():
    """(name, row, limit) of the whole table."""
    for kind in rows.GRID:
        limit = LOOSE.get(kind, LIMITS["float64"])
        for options in rows.options_of(kind):
            shown = {k: "tensor" if callable(v) else v for k, v in options.items()}
            # torch computes with tensors of float32 where an option is one.
            loose = max(limit, 1e-6) if "tensor" in shown.values() else limit
            yield f"{kind} {shown}", lambda k=kind, o=options: rows.trajectory(k, o), loose
        first = next(rows.options_of(kind))
        if kind not in ("LBFGS", "Rprop", "Muon"):
            yield (
                f"{kind} float32", lambda k=kind, o=first: rows.trajectory(k, o, "float32"),
                LIMITS["float32"],
            )  # fmt: skip
        steps = 1 if kind == "LBFGS" else 3
        yield (
            f"{kind} state dicts", lambda k=kind, o=first, n=steps: rows.state_dicts(k, o, n), limit
        )  # fmt: skip
    for name in rows.SCHEDULERS:
        yield f"{name} with SGD", lambda n=name: rows.scheduler(n), 1e-12
        yield f"{name} with Adam", lambda n=name: rows.scheduler(n, "Adam"), 1e-12
        if not name.startswith(("Cyclic", "OneCycle")):
            yield f"{name} of a tensor", lambda n=name: rows.scheduler(n, tensor_lr=True), 1e-12
    for name, (row, limit) in more.ROWS.items():
        yield name, row, limit
    for name in rows.ERRORS:
        yield f"error: {name}", lambda n=name: rows.error(n), 0.0


def conditioned(name: str, worst: float, limit: float) -> str:
    """For a trajectory that is off: whether torch itself is as far off after the data's last bits
    changed, and the update itself, on equal gradients, is within the limit. Else an empty text."""
    kind, found = name.split(" ", 1)
    options = next((o for o in rows.options_of(kind) if str(o) == found), None)
    if options is None:
        return ""
    update, torch_off = rows.on_same_gradients(kind, options), rows.moved_by_an_ulp(kind, options)
    if update > limit or worst > torch_off:
        return ""
    return f"  (on equal gradients {update:.0e}; torch with its data moved by an ulp {torch_off:.0e})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows whose name matches")
    parser.add_argument("--wrong", action="store_true", help="only the rows that are wrong")
    args = parser.parse_args()
    counts = {"ok": 0, "WRONG": 0}
    start = time.perf_counter()
    for name, row, limit in table():
        if not re.search(args.only, name):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                worst = row()
                verdict, text = ("ok" if worst <= limit else "WRONG"), f"{worst:.1e}"
                reason = conditioned(name, worst, limit) if verdict != "ok" else ""
            verdict = "ok" if reason else verdict
        except Exception as e:  # noqa: BLE001
            reason = ""
            verdict, text = "WRONG", f"{type(e).__name__}: {e}"[:300]
        counts[verdict] += 1
        if verdict != "ok" or reason or not args.wrong:
            print(f"{verdict:6}{text:9} {name}{reason}", flush=True)
    print(f"{counts['ok']} ok, {counts['WRONG']} wrong ({time.perf_counter() - start:.0f} s)")
    return 1 if counts["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
