"""explain(f, *args): what one call compiles to and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import flush, inspect, pipeline
from .fuse import Unit
from .record import local


@dataclass
class KernelReport:
    """One kernel of a call. `bytes` and `flops` are computed, `seconds` is the best of 3 runs."""

    name: str
    mode: str
    source: str
    bytes: int
    flops: int
    seconds: float
    nodes: list[str] = field(default_factory=list)

    @property
    def gb_per_s(self) -> float:
        return self.bytes / max(self.seconds, 1e-12) / 1e9

    @property
    def gflop_per_s(self) -> float:
        return self.flops / max(self.seconds, 1e-12) / 1e9

    def __str__(self) -> str:
        return (
            f"{self.name} [{self.mode}] {self.bytes / 1e6:.3f} MB, {self.flops / 1e6:.3f} Mflop, "
            f"{self.seconds * 1e6:.1f} us, {self.gb_per_s:.1f} GB/s, {self.gflop_per_s:.1f} Gflop/s"
        )


@dataclass
class Explanation:
    """The graphs of a call after each stage, its fused groups, its kernels."""

    stages: list[tuple[str, str]]
    groups: list[str]
    kernels: list[KernelReport]

    @property
    def graph(self) -> str:
        """IR text as recorded."""
        return "\n".join(text for stage, text in self.stages if stage == "lowered")

    def __str__(self) -> str:
        parts = ["# IR"]
        parts += [text for _, text in self.stages]
        parts += ["", "# fused groups", *self.groups, "", "# kernels"]
        for k in self.kernels:
            parts += [str(k), k.source or "    (native micro-kernel)", ""]
        return "\n".join(parts)


def explain(f, *args, **kwargs) -> Explanation:
    """Calls f(*args) and reports its IR, its fused groups, and each kernel's source and cost.

    What was recorded before the call is executed first, and is not part of the report. The
    function is called four times: keep it free of side effects.
    """
    local.tape.flush()
    saved = flush.structures, flush.templates
    outer = pipeline.stages, pipeline.units_seen, inspect.observations
    flush.structures, flush.templates = {}, {}
    pipeline.stages, pipeline.units_seen = [], []
    try:
        _call(f, args, kwargs)
        stages, units = pipeline.stages, pipeline.units_seen
        pipeline.stages = pipeline.units_seen = None
        runs = []
        for _ in range(3):
            inspect.observations = []
            _call(f, args, kwargs)
            runs.append(inspect.observations)
    finally:
        flush.structures, flush.templates = saved
        pipeline.stages, pipeline.units_seen, inspect.observations = outer
    reports = []
    for kernel, seconds in _by_kernel(runs):
        reports.append(
            KernelReport(
                kernel.name, kernel.mode, kernel.source, int(kernel.bytes), int(kernel.flops),
                seconds, [n.op.name for n in kernel.nodes],
            )  # fmt: skip
        )
    return Explanation(stages, [describe(u) for u in units], reports)


def _by_kernel(runs: list[list]) -> list[tuple]:
    """(kernel, best seconds of its turns in a run)."""
    totals: list[dict] = []
    for run in runs:
        total: dict = {}
        for kernel, seconds, _ in run:
            total[kernel] = total.get(kernel, 0.0) + seconds
        totals.append(total)
    return [(k, min(best)) for k, best in zip(totals[0], zip(*(t.values() for t in totals)))]


def _call(f, args, kwargs):
    result = f(*args, **kwargs)
    local.tape.flush()
    return result


def describe(unit: Unit) -> str:
    """One line about a fused group: its loop, its ops, its sources."""
    axes = " x ".join(
        f"{int(n)}{'*' if a in (unit.reduced or ()) else ''}" for a, n in enumerate(unit.axes)
    )
    ops = ", ".join(n.op.name for n in unit.nodes)
    return f"{unit.mode} over [{axes}]: {ops}"


