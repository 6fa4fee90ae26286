"""Times of kernels and of marked pieces of a program."""

from __future__ import annotations

import contextlib
import sys
import threading
import time

from numtorch.jit import inspect
from numtorch.jit.record import local
from numtorch.jit.runtime import allocator

from .profiler_util import EventList, FunctionEvent, FunctionEventAvg, Interval, nested

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "profile", "record_function"]


class Collector:
    """Receives every kernel that runs, as `inspect.observations`, and the marked pieces."""

    active: Collector | None = None

    def __init__(self, shapes: bool = False, memory: bool = False, stacks: bool = False):
        self.shapes, self.memory, self.stacks = shapes, memory, stacks
        self.events: list[FunctionEvent] = []
        self._outer = None

    def start(self) -> None:
        """Kernels are seen from now on; what was recorded before runs first."""
        if Collector.active is not None:
            raise RuntimeError("Profiler is already enabled on this thread")
        local.tape.flush()
        self._outer, inspect.observations = inspect.observations, self
        Collector.active = self

    def stop(self) -> EventList:
        """Runs what is recorded; the events since `start`."""
        local.tape.flush()
        inspect.observations, Collector.active = self._outer, None
        return nested(self.events, self.memory)

    def append(self, seen: tuple) -> None:
        """One launch: (kernel, seconds, extent)."""
        kernel, seconds, _ = seen
        end = time.perf_counter() * 1e6
        self.events.append(
            FunctionEvent(
                kernel.name, Interval(end - seconds * 1e6, end), threading.get_native_id(),
                input_shapes=_operands(kernel) if self.shapes else [],
                stack=self.stack() if self.stacks else [], flops=int(kernel.flops),
            )  # fmt: skip
        )

    def stack(self) -> list[str]:
        """The program's lines, the innermost first."""
        found, frame = [], sys._getframe(1)
        while frame is not None:
            module = frame.f_globals.get("__name__", "")
            if module.split(".")[0] != "numtorch":
                code = frame.f_code
                found.append(f"{code.co_filename}({frame.f_lineno}): {code.co_name}")
            frame = frame.f_back
        return found


def _operands(kernel) -> list[list[int]]:
    """Shapes of what a kernel reads."""
    inside, found = set(kernel.nodes), {}
    for node in kernel.nodes:
        for v in node.inputs:
            shape = getattr(v, "shape", None)
            if shape is not None and getattr(v, "node", None) not in inside:
                found[id(v)] = [int(n) for n in shape]
    return list(found.values())


class record_function(contextlib.ContextDecorator):
    """Marks a piece of a program; while a profiler runs, the piece is one of its events.

    What is recorded inside is executed before the end, so that its time is counted there.

    >>> import numtorch as torch
    >>> with torch.profiler.profile() as prof:
    ...     with torch.profiler.record_function("product"):
    ...         y = torch.ones(3, 3) @ torch.ones(3, 3)
    >>> [e.count for e in prof.key_averages() if e.key == "product"]
    [1]
    """

    def __init__(self, name: str, args: str | None = None):
        self.name, self.args = name, args
        self._begun: list = []

    def __enter__(self) -> record_function:
        seen = Collector.active
        if seen is not None:
            local.tape.flush()
            self._begun.append((seen, allocator.allocated_bytes(), time.perf_counter() * 1e6))
        return self

    def __exit__(self, *exception) -> None:
        if not self._begun:
            return
        seen, held, begun = self._begun.pop()
        if Collector.active is not seen:
            return
        if exception[0] is None:
            local.tape.flush()
        seen.events.append(
            FunctionEvent(
                self.name, Interval(begun, time.perf_counter() * 1e6),
                threading.get_native_id(), is_user_annotation=True,
                stack=seen.stack() if seen.stacks else [],
                cpu_memory_usage=allocator.allocated_bytes() - held if seen.memory else 0,
            )  # fmt: skip
        )


class profile:
    """Measures the kernels that run inside of it.

    >>> import numtorch as torch
    >>> with torch.autograd.profiler.profile() as prof:
    ...     y = (torch.ones(4) * 2).exp()
    >>> [e.key for e in prof.key_averages()]
    ['copy', 'mul_exp']
    """

    def __init__(
        self, enabled: bool = True, *, use_cuda: bool = False, use_device: str | None = None,
        record_shapes: bool = False, with_flops: bool = False, profile_memory: bool = False,
        with_stack: bool = False, with_modules: bool = False, use_kineto: bool = False,
        use_cpu: bool = True, experimental_config=None, acc_events: bool = False,
        custom_trace_id_callback=None,
    ):  # fmt: skip
        if experimental_config is not None:
            raise NotImplementedError("experimental_config is not implemented")
        self.enabled, self.entered = enabled, False
        self._options = (record_shapes, profile_memory, with_stack)
        self.function_events: EventList | None = None

    def __enter__(self) -> profile | None:
        if not self.enabled:
            return None
        if self.entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self.entered = True
        self._collector = Collector(*self._options)
        self._collector.start()
        return self

    def __exit__(self, *exception) -> bool:
        if self.enabled:
            self.function_events = self._collector.stop()
        return False

    def _events(self) -> EventList:
        if self.function_events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self.function_events

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0
    ) -> EventList:
        """Sums of the events of equal names."""
        return self._events().key_averages(group_by_input_shape, group_by_stack_n)

    def total_average(self) -> FunctionEventAvg:
        """The sum of all events."""
        return self._events().total_average()

    def table(self, *args, **kwargs) -> str:
        """The events as text: EventList.table."""
        return self._events().table(*args, **kwargs)

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events in the format of chrome://tracing."""
        self._events().export_chrome_trace(path)

    @property
    def self_cpu_time_total(self) -> float:
        """The time of all events, each counted once."""
        return self._events().self_cpu_time_total

    def __str__(self) -> str:
        events = self.function_events
        return "<unfinished torch.autograd.profile>" if events is None else str(events)
