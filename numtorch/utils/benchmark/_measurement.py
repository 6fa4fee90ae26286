"""What a timer has measured."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))
NAMES = {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}
_SPREAD_WARNING, _SPREAD_HIGH = 0.1, 0.25


def select_unit(seconds: float) -> tuple[str, float]:
    """('us', 1e-6) for times of microseconds."""
    for size, name in _UNITS:
        if seconds >= size:
            return name, size
    return "ns", 1e-9


def trim(x: float, digits: int) -> float:
    """x rounded to so many significant digits."""
    if x == 0 or not math.isfinite(x):
        return x
    return float(f"%.{max(digits, 1) - 1}e" % x)


@dataclass(frozen=True)
class TaskSpec:
    """What is measured.

    >>> import numtorch as torch
    >>> from numtorch.utils.benchmark import TaskSpec
    >>> TaskSpec("x + 1", "", label="add", sub_label="small").title
    'add: small'
    """

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label with its sub-label, or the statement."""
        if self.label is not None:
            return self.label + (f": {self.sub_label}" if self.sub_label else "")
        return self.stmt if "\n" not in self.stmt else "stmt:\n" + self.stmt

    def summarize(self) -> str:
        """Title, description and setup as lines."""
        lines = [self.title]
        if self.description:
            lines.append(self.description)
        if self.setup and self.setup != "pass":
            lines.append(f"setup: {self.setup}")
        return "\n".join(lines)


@dataclass
class Measurement:
    """Seconds of several runs; `times` is per execution of the statement.

    >>> import numtorch as torch
    >>> from numtorch.utils.benchmark import Measurement, TaskSpec
    >>> runs = Measurement(10, [1e-3, 2e-3, 4e-3], TaskSpec("x + 1", ""))
    >>> round(runs.median * 1e6), len(runs.times)
    (200, 3)
    """

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[Any, Any] | None = field(default=None)

    def __getattr__(self, name: str):
        if name.startswith("__") or "task_spec" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.task_spec, name)

    @property
    def times(self) -> list[float]:
        """Seconds per execution, of each run."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def median(self) -> float:
        """The median of `times`."""
        return float(np.median(self._some()))

    @property
    def mean(self) -> float:
        """The mean of `times`."""
        return float(np.mean(self._some()))

    @property
    def iqr(self) -> float:
        """The distance between the quartiles."""
        low, high = np.quantile(self._some(), (0.25, 0.75))
        return float(high - low)

    def _some(self) -> list[float]:
        if not self.raw_times:
            raise ValueError("Measurement has no data")
        return self.times

    @property
    def significant_figures(self) -> int:
        """Digits of the median that the spread leaves meaning, 1 to 6."""
        n = len(self._some())
        if n < 2 or not self.iqr:
            return 2 if n < 2 else 6
        low, high = np.quantile(self.times, (0.25, 0.75))
        width = max(1.5 * (high - low) / math.sqrt(n), 1e-12)
        return int(min(max(math.ceil(math.log10(self.median / width)), 1), 6))

    @property
    def has_warnings(self) -> bool:
        """True if the times scatter."""
        return bool(self._warning())

    def meets_confidence(self, threshold: float = _SPREAD_WARNING) -> bool:
        """True if the quartiles are closer together than this part of the median."""
        return self.iqr / self.median < threshold

    @property
    def title(self) -> str:
        """What was measured."""
        return self.task_spec.title

    @property
    def as_row_name(self) -> str:
        """The name of a table's row."""
        return self.sub_label or self.stmt or "[Unknown]"

    def _warning(self) -> str:
        spread = self.iqr / self.median if len(self.raw_times) > 3 else 0.0
        if spread <= _SPREAD_WARNING:
            return ""
        what = "This suggests significant environmental influence." if spread > _SPREAD_HIGH else (
            "This could indicate system fluctuation."
        )  # fmt: skip
        return f"  WARNING: Interquartile range is {spread:.1%} of the median.\n           {what}\n"

    def __repr__(self) -> str:
        unit, scale = select_unit(self.median)
        n = len(self.raw_times)
        lines = [object.__repr__(self), self.task_spec.summarize()]
        low, high = (q / scale for q in np.quantile(self.times, (0.25, 0.75)))
        if n > 3:
            lines.append(f"  Median: {self.median / scale:.2f} {unit}")
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})")
        else:
            lines.append(f"  {self.mean / scale:.2f} {unit}")
        runs = f"{self.number_per_run} runs{' per measurement,' if n > 1 else ','}"
        threads = f"{self.num_threads} thread{'s' if self.num_threads > 1 else ''}"
        lines.append(f"  {n} measurement{'s' if n > 1 else ''}, {runs} {threads}")
        return "\n".join([*lines, self._warning()]).rstrip("\n")

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """Measurements of the same task as one each; the runs may differ in length."""
        groups: dict[TaskSpec, list[Measurement]] = {}
        for m in measurements:
            groups.setdefault(m.task_spec, []).append(m)
        return [
            Measurement(1, [t for m in group for t in m.times], spec)
            for spec, group in groups.items()
        ]
