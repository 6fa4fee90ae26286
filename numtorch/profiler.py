"""torch.profiler: what runs when, over the steps that a schedule chooses."""

from __future__ import annotations

import enum
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterable

from .autograd.profiler import Collector, record_function
from .autograd.profiler_util import EventList

__all__ = [
    "ProfilerAction", "ProfilerActivity", "profile", "record_function", "schedule",
    "supported_activities", "tensorboard_trace_handler",
]  # fmt: skip


class ProfilerAction(enum.Enum):
    """What a profiler does at a step.

    >>> import numtorch as torch
    >>> plan = torch.profiler.schedule(wait=1, warmup=1, active=1)
    >>> [plan(step).name for step in range(3)]
    ['NONE', 'WARMUP', 'RECORD_AND_SAVE']
    """

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


class ProfilerActivity(enum.Enum):
    """Where what is measured runs; there is the CPU only.

    >>> import numtorch as torch
    >>> torch.profiler.ProfilerActivity.CPU.name
    'CPU'
    """

    CPU = 0
    XPU = 1
    MTIA = 2
    CUDA = 3
    HPU = 4
    PrivateUse1 = 5


def supported_activities() -> set[ProfilerActivity]:
    """The activities that can be measured: the CPU's.

    >>> import numtorch as torch
    >>> torch.profiler.ProfilerActivity.CPU in torch.profiler.supported_activities()
    True
    """
    return {ProfilerActivity.CPU}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0,
    skip_first_wait: int = 0,
) -> Callable[[int], ProfilerAction]:  # fmt: skip
    """Says for every step what to do: wait, warm up, record; `repeat` times, or for ever.

    >>> import numtorch as torch
    >>> plan = torch.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(i).name for i in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active <= 0:
        raise AssertionError("Invalid profiler schedule arguments")
    if warmup == 0:
        text = "Profiler won't be using warmup, this can skew profiler results"
        warnings.warn(text, stacklevel=2)

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise AssertionError(f"Step must be non-negative. Got {step}.")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        turn, at = divmod(step, wait + warmup + active)
        if repeat and turn >= repeat or at < wait:
            return ProfilerAction.NONE
        if at < wait + warmup:
            return ProfilerAction.WARMUP
        last = at == wait + warmup + active - 1
        return ProfilerAction.RECORD_AND_SAVE if last else ProfilerAction.RECORD

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """An `on_trace_ready` that writes each trace to a file of its own in a folder.

    >>> import numtorch as torch
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ready = torch.profiler.tensorboard_trace_handler(folder)
    ...     with torch.profiler.profile(on_trace_ready=ready):
    ...         total = torch.ones(3).sum().item()
    ...     len(os.listdir(folder))
    1
    """

    def handler(prof: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json" + (".gz" if use_gzip else "")
        prof.export_chrome_trace(os.path.join(dir_name, name))

    return handler


_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile:
    """Measures every kernel that runs inside of it, and the pieces that `record_function` marks.

    An event is a kernel: operations that were fused are one event, whose name lists them. While
    a profiler runs, kernels are launched one by one. `schedule`: which steps are measured, see
    `profiler.schedule`; `on_trace_ready`: called with the profiler when a turn of it is
    complete; `record_shapes`, `with_stack`, `profile_memory`: what else is noted.
    Activities of devices that are not there are left out.

    >>> import numtorch as torch
    >>> with torch.profiler.profile(record_shapes=True) as prof:
    ...     y = torch.rand(8, 8).sin().sum()
    >>> "uniform_sin_sum" in prof.key_averages().table(sort_by="self_cpu_time_total")
    True
    """

    def __init__(
        self, *, activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[profile], object] | None = None,
        record_shapes: bool = False, profile_memory: bool = False, with_stack: bool = False,
        with_flops: bool = False, with_modules: bool = False, experimental_config=None,
        execution_trace_observer=None, acc_events: bool = False, use_cuda: bool | None = None,
        custom_trace_id_callback=None,
    ):  # fmt: skip
        if experimental_config is not None or execution_trace_observer is not None:
            raise NotImplementedError(
                "experimental_config and execution_trace_observer are not implemented"
            )
        self.activities = set(supported_activities() if activities is None else activities)
        if not self.activities:
            raise AssertionError("No valid profiler activities found")
        self.schedule, self.on_trace_ready = schedule, on_trace_ready
        self.record_shapes, self.profile_memory = record_shapes, profile_memory
        self.with_stack, self.with_flops = with_stack, with_flops
        self.with_modules, self.acc_events = with_modules, acc_events
        self.step_num = 0
        self.current_action = ProfilerAction.RECORD if schedule is None else schedule(0)
        self._collector: Collector | None = None
        self._span: record_function | None = None
        self._found: EventList | None = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()

    def start(self) -> None:
        """Begins with the first step."""
        if self.current_action in _RECORDING:
            self._begin()
        self._begin_step()

    def stop(self) -> None:
        """Ends; a turn that was measured in part is handed to `on_trace_ready` too."""
        self._end_step()
        if self._collector is not None:
            self._finish()

    def step(self) -> None:
        """Says that the program goes on with its next step."""
        if self.schedule is None:
            return
        self._end_step()
        before, self.step_num = self.current_action, self.step_num + 1
        self.current_action = self.schedule(self.step_num)
        ends = self.current_action not in _RECORDING
        if self._collector is not None and (before is ProfilerAction.RECORD_AND_SAVE or ends):
            self._finish()
        if self._collector is None and not ends:
            self._begin()
        self._begin_step()

    def _begin(self) -> None:
        self._collector = Collector(self.record_shapes, self.profile_memory, self.with_stack)
        self._collector.start()

    def _finish(self) -> None:
        found = self._collector.stop()
        kept = self._found if self.acc_events and self._found is not None else ()
        self._found = EventList([*kept, *found], self.profile_memory)
        self._collector = None
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def _begin_step(self) -> None:
        if self.schedule is not None:
            self._span = record_function(f"ProfilerStep#{self.step_num}").__enter__()

    def _end_step(self) -> None:
        if self._span is not None:
            self._span.__exit__(None, None, None)
            self._span = None

    def events(self) -> EventList:
        """What was measured, in the order it began."""
        if self._found is None:
            raise AssertionError("Profiler must be initialized before accessing events")
        return self._found

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0
    ) -> EventList:
        """Sums of the events of equal names."""
        return self.events().key_averages(group_by_input_shape, group_by_stack_n)

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events in the format of chrome://tracing; gzipped for a name in .gz."""
        self.events().export_chrome_trace(path)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Writes a line per stack with its time: what flame graphs are made from."""
        if metric != "self_cpu_time_total":
            raise NotImplementedError(f"metric {metric!r}: there is 'self_cpu_time_total' only")
        if not self.with_stack:
            raise AssertionError("export_stacks() requires with_stack=True")
        totals: dict[str, float] = {}
        for e in self.events():
            line = ";".join([*reversed(e.stack), e.name])
            totals[line] = totals.get(line, 0.0) + e.self_cpu_time_total
        with open(path, "w") as f:
            f.writelines(f"{line} {int(us)}\n" for line, us in totals.items())
