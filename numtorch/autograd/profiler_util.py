"""What a profiler hands out: events, sums over events of one name, and their table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Interval:
    """Start and end of an event, in microseconds of one clock.

    >>> import numtorch as torch
    >>> from torch.autograd.profiler_util import Interval
    >>> Interval(2.0, 5.0).elapsed_us()
    3.0
    """

    start: float
    end: float

    def elapsed_us(self) -> float:
        """The length of the interval."""
        return self.end - self.start


@dataclass(eq=False)
class FunctionEvent:
    """One kernel that ran, or one `record_function`.

    Times are microseconds. A kernel's name lists what it computes: fused operations are one event.

    >>> import numtorch as torch
    >>> with torch.profiler.profile() as prof:
    ...     with torch.profiler.record_function("part"):
    ...         total = torch.ones(3).sum().item()
    >>> "part" in [event.name for event in prof.events()]
    True
    """

    name: str
    time_range: Interval
    thread: int = 0
    id: int = 0
    is_user_annotation: bool = False
    input_shapes: list = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    flops: int = 0
    cpu_memory_usage: int = 0
    cpu_parent: FunctionEvent | None = field(default=None, repr=False)
    cpu_children: list = field(default_factory=list, repr=False)
    count: int = 1

    @property
    def key(self) -> str:
        """The name: what events are summed by."""
        return self.name

    @property
    def cpu_time_total(self) -> float:
        """Time from start to end."""
        return self.time_range.elapsed_us()

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        """Time from start to end without the events inside."""
        return self.cpu_time_total - sum(c.cpu_time_total for c in self.cpu_children)

    @property
    def self_cpu_memory_usage(self) -> int:
        """Bytes that stayed allocated, without those of the events inside."""
        return self.cpu_memory_usage - sum(c.cpu_memory_usage for c in self.cpu_children)

    device_time_total = self_device_time_total = device_time = 0
    cuda_time_total = self_cuda_time_total = cuda_time = 0
    device_memory_usage = self_device_memory_usage = 0


@dataclass
class FunctionEventAvg:
    """The events of one name (and one list of shapes, where asked for), summed.

    >>> import numtorch as torch
    >>> with torch.profiler.profile() as prof:
    ...     for _ in range(2):
    ...         with torch.profiler.record_function("part"):
    ...             total = torch.ones(3).sum().item()
    >>> [row.count for row in prof.key_averages() if row.key == "part"]
    [2]
    """

    key: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    cpu_memory_usage: int = 0
    self_cpu_memory_usage: int = 0
    flops: int = 0
    input_shapes: list = field(default_factory=list)
    stack: list = field(default_factory=list)
    is_user_annotation: bool = False

    device_time_total = self_device_time_total = device_time = 0
    cuda_time_total = self_cuda_time_total = cuda_time = 0
    device_memory_usage = self_device_memory_usage = 0

    @property
    def cpu_time(self) -> float:
        """The mean over the events."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def add(self, e: FunctionEvent) -> FunctionEventAvg:
        """Adds an event; returns self."""
        self.count += e.count
        self.cpu_time_total += e.cpu_time_total
        self.self_cpu_time_total += e.self_cpu_time_total
        self.cpu_memory_usage += e.cpu_memory_usage
        self.self_cpu_memory_usage += e.self_cpu_memory_usage
        self.flops += e.flops
        return self


class EventList(list):
    """A list of events or of their sums.

    >>> import numtorch as torch
    >>> with torch.profiler.profile() as prof:
    ...     total = torch.ones(3).sum().item()
    >>> type(prof.key_averages()).__name__
    'EventList'
    """

    def __init__(self, events: Iterable = (), profile_memory: bool = False):
        super().__init__(events)
        self._memory = profile_memory

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, each counted once."""
        return sum(e.self_cpu_time_total for e in self)

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0
    ) -> EventList:
        """Sums of the events of equal names."""
        found: dict = {}
        for e in self:
            shapes = e.input_shapes if group_by_input_shape else []
            stack = e.stack[:group_by_stack_n]
            key = (e.name, str(shapes), *stack, e.is_user_annotation)
            if key not in found:
                found[key] = FunctionEventAvg(
                    e.name, input_shapes=shapes, stack=stack,
                    is_user_annotation=e.is_user_annotation,
                )  # fmt: skip
            found[key].add(e)
        return EventList(found.values(), self._memory)

    def total_average(self) -> FunctionEventAvg:
        """The sum of all events."""
        total = FunctionEventAvg("Total")
        for e in self:
            total.add(e)
        return total

    def table(
        self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int = 75,
        max_name_column_width: int = 55, max_shapes_column_width: int = 80,
        header: str | None = None, top_level_events_only: bool = False,
    ) -> str:  # fmt: skip
        """The events as text; `sort_by`: an attribute of an event, the largest first."""
        events = list(self)
        if top_level_events_only:
            events = [e for e in events if getattr(e, "cpu_parent", None) is None]
        if sort_by is not None:
            events.sort(key=lambda e: getattr(e, sort_by), reverse=True)
        total = self.self_cpu_time_total
        columns = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
        columns += ["CPU Mem", "Self CPU Mem"] if self._memory else []
        shapes = any(e.input_shapes for e in events)
        columns += ["# of Calls", *(["Input Shapes"] if shapes else [])]
        rows = []
        for e in events[:row_limit] if row_limit >= 0 else events:
            row = [
                _cut(e.key, max_name_column_width), _percent(e.self_cpu_time_total, total),
                _time(e.self_cpu_time_total), _percent(e.cpu_time_total, total),
                _time(e.cpu_time_total), _time(e.cpu_time),
            ]  # fmt: skip
            if self._memory:
                row += [_memory(e.cpu_memory_usage), _memory(e.self_cpu_memory_usage)]
            row += [str(e.count), *([_cut(str(e.input_shapes), max_shapes_column_width)] * shapes)]
            rows.append(row)
        text = _aligned(columns, rows)
        return f"{header or ''}{text}\nSelf CPU time total: {_time(total)}\n"

    def __str__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events in the format of chrome://tracing; gzipped for a name in .gz."""
        import gzip
        import json

        pid = os.getpid()
        found = [
            {
                "ph": "X", "cat": "user_annotation" if e.is_user_annotation else "cpu_op",
                "name": e.name, "pid": pid, "tid": e.thread, "ts": e.time_range.start,
                "dur": e.cpu_time_total, "args": {"Input Dims": e.input_shapes},
            }
            for e in self
        ]  # fmt: skip
        opened = gzip.open if str(path).endswith(".gz") else open
        with opened(path, "wt") as f:
            json.dump({"schemaVersion": 1, "traceEvents": found}, f)


def nested(events: list[FunctionEvent], profile_memory: bool = False) -> EventList:
    """The events in the order they began, each below the one of its thread that it ran in."""
    events = sorted(events, key=lambda e: (e.time_range.start, -e.time_range.end))
    above: dict[int, list[FunctionEvent]] = {}
    for i, e in enumerate(events):
        stack = above.setdefault(e.thread, [])
        while stack and stack[-1].time_range.end < e.time_range.end:
            stack.pop()
        e.id = i
        if stack:
            e.cpu_parent = stack[-1]
            stack[-1].cpu_children.append(e)
        stack.append(e)
    return EventList(events, profile_memory)


def _aligned(columns: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [columns, *rows]) + 2 for i in range(len(columns))]
    line = "  ".join("-" * w for w in widths)
    body = ["  ".join(x.rjust(w) for x, w in zip(r, widths)) for r in rows]
    return "\n".join([line, "  ".join(c.rjust(w) for c, w in zip(columns, widths)), line,
                      *body, line])  # fmt: skip


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else text[: width - 3] + "..."


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole if whole else 0.0:.2f}%"


def _time(us: float) -> str:
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    return f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


def _memory(count: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count} B"
