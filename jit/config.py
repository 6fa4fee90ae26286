"""Settings read from the environment once, and the counters that tests and users read."""

from __future__ import annotations

import os


def _int(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    try:
        return int(text) if text else default
    except ValueError:
        raise ValueError(f"{name} must be an integer, got {text!r}") from None


# 0 silent, 1 compiles, 2 kernels run with time and GB/s, 3 fused groups, 4 source, 5 IR
debug: int = _int("NUMTORCH_DEBUG", 0)
# Flush after every op (for debugging).
eager: bool = _int("NUMTORCH_EAGER", 0) != 0
# Run the generated source in plain Python, without Numba.
interp: bool = _int("NUMTORCH_INTERP", 0) != 0
# How many fusions a plan may do; for bisecting a wrong one. Negative: no limit.
fuse_limit: int = _int("NUMTORCH_FUSE_LIMIT", -1)
# The trace is flushed when it holds this many entries, or reads this many bytes.
MAX_ENTRIES = 1024
MAX_INPUT_BYTES = 256 << 20
# Verify the graph after every pass.
verify: bool = _int("NUMTORCH_VERIFY", 0) != 0


class Counters:
    """What the compiler did in this process; `reset()` zeroes them."""

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        self.flushes = 0  # traces executed
        self.plan_hits = 0  # traces that found a plan
        self.plan_misses = 0  # traces planned
        self.plans_bound = 0  # misses served by binding a known plan to other sizes
        self.pieced = 0  # misses of unfamiliar structures, run from pieces
        self.kernels_compiled = 0  # kernels that Numba compiled
        self.kernels_loaded = 0  # kernels read from the store

    def __repr__(self) -> str:
        return f"Counters({', '.join(f'{k}={v}' for k, v in vars(self).items())})"


counters = Counters()
