"""Distributions against torch, compiled: `python -m tests.conformance_distributions [REGEX]`.

For every case: all that it answers for several shapes of samples, and the moments of 50,000
samples; then every pair of cases with a divergence. Prints what differs, and the counts.
"""

from __future__ import annotations

import itertools
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import distribution_cases as cases  # noqa: E402

SHAPES = (), (1,), (3,), (2, 3)


def checks(pattern: str):
    """(name, function) of each check whose name matches."""
    names = list(cases.CASES)
    found = [
        (f"{name} {shape}", lambda n=name, s=shape: cases.compare_case(
            n, s, **cases.TOLERANCES.get(n, {})))
        for name, shape in itertools.product(names, SHAPES)
    ]  # fmt: skip
    found += [
        (f"{name} moments", lambda n=name: cases.moments(n, 50000))
        for name in names
        if name not in ("Categorical", "Categorical of logits")
    ]
    found += [
        (f"KL({p} || {q})", lambda p=p, q=q: cases.compare_divergence(p, q))
        for p, q in itertools.product(names, names)
    ]
    return [(name, f) for name, f in found if re.search(pattern, name)]


def main() -> int:
    start, wrong, total = time.process_time(), 0, 0
    for name, f in checks(sys.argv[1] if len(sys.argv) > 1 else ""):
        total += 1
        try:
            f()
        except Exception as e:  # noqa: BLE001
            wrong += 1
            print(f"{name}: {type(e).__name__}: {str(e)[:600]}", flush=True)
    seconds = time.process_time() - start
    print(f"{total - wrong} of {total} agree, {seconds:.0f} s of CPU time")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
