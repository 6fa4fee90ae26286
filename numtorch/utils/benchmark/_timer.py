"""Timer: runs a statement until its time is known.

Operations are recorded and run when a value is needed, so a timed statement whose result nobody
reads would do nothing. The timer therefore computes what each execution has recorded, and the
value of the statement's last expression.
"""

from __future__ import annotations

import ast
import textwrap
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from numtorch.jit.record import local

from ... import get_num_threads, set_num_threads
from ._measurement import Measurement, TaskSpec

timer = time.perf_counter


class Language(Enum):
    """The language of a statement.

    >>> import numtorch as torch
    >>> from numtorch.utils.benchmark import Language
    >>> Language.PYTHON.value
    0
    """

    PYTHON = 0
    CPP = 1


def _done(value) -> None:
    local.tape.flush()


class Timer:
    """Measures a statement: `timeit`, `blocked_autorange`, `adaptive_autorange`.

    globals: the names that it sees. label, sub_label, description and env name it in tables.

    >>> import numtorch as torch
    >>> from numtorch.utils.benchmark import Timer
    >>> runs = Timer("x + 1", globals={"x": torch.ones(3)}).timeit(5)
    >>> runs.number_per_run, runs.median > 0
    (5, True)
    """

    def __init__(
        self, stmt: str = "pass", setup: str = "pass", global_setup: str = "",
        timer: Callable[[], float] = timer, globals: dict[str, Any] | None = None,
        label: str | None = None, sub_label: str | None = None, description: str | None = None,
        env: str | None = None, num_threads: int = 1, language: Language | str = Language.PYTHON,
    ):  # fmt: skip
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language not in (Language.PYTHON, "py", "python"):
            raise NotImplementedError("statements in C++ are not implemented in numtorch")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply "
                "be moved to `setup`."
            )
        stmt, setup = textwrap.dedent(stmt).strip(), textwrap.dedent(setup).strip()
        self._task_spec = TaskSpec(
            stmt, setup, "", label, sub_label, description, env, num_threads
        )
        self._globals = dict(globals or {})
        self._globals.setdefault("torch", __import__("numtorch"))
        self._timer = timer
        self._run = self._compiled(stmt, setup)

    def _compiled(self, stmt: str, setup: str) -> Callable:
        source = "def run(_timer_n, _timer_now, _timer_done):\n"
        source += textwrap.indent(setup or "pass", "    ")
        source += "\n    _timer_done(None)\n    _timer_start = _timer_now()\n"
        source += "    for _ in range(_timer_n):\n        _timer_value = None\n"
        source += textwrap.indent(_keeping(stmt), "        ")
        source += "\n        _timer_done(_timer_value)\n    return _timer_now() - _timer_start\n"
        scope = dict(self._globals)
        exec(compile(source, "<timed statement>", "exec"), scope)  # noqa: S102
        return scope["run"]

    def _timeit(self, number: int) -> float:
        return max(self._run(number, self._timer, _done), 1e-9)

    def _in_threads(self, measure: Callable) -> Any:
        before = get_num_threads()
        set_num_threads(self._task_spec.num_threads)
        try:
            return measure()
        finally:
            set_num_threads(before)

    def timeit(self, number: int = 1000000) -> Measurement:
        """One run of so many executions, after a short one to warm up."""

        def measure() -> Measurement:
            self._timeit(max(int(number // 100), 2))
            return Measurement(number, [self._timeit(number)], self._task_spec)

        return self._in_threads(measure)

    def _block_size(self, min_run_time: float) -> int:
        """Executions per run: enough that reading the clock does not count."""
        overhead = min(self._timer() * 0 + _clock(self._timer) for _ in range(3))
        number = 1
        while True:
            taken = self._timeit(number)
            relative = overhead / taken
            if (relative <= 1e-4 and taken >= min_run_time / 1000) or taken > min_run_time:
                return number
            number *= 10

    def _loop(self, number: int, enough: Callable, min_run: float, max_run: float) -> list[float]:
        total, times = 0.0, []
        self._timeit(number)
        while total < min_run or not enough(times):
            taken = self._timeit(number)
            times.append(taken)
            total += taken
            if total > max_run:
                break
        return times

    def blocked_autorange(
        self, callback: Callable[[int, float], None] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Runs of a length found by itself, for at least min_run_time seconds."""

        def measure() -> Measurement:
            number = self._block_size(min_run_time)
            times = self._loop(number, lambda times: True, min_run_time, float("inf"))
            for t in times if callback else ():
                callback(number, t)
            return Measurement(number, times, self._task_spec)

        return self._in_threads(measure)

    def adaptive_autorange(
        self, threshold: float = 0.1, *, min_run_time: float = 0.01, max_run_time: float = 10.0,
        callback: Callable[[int, float], None] | None = None,
    ) -> Measurement:  # fmt: skip
        """Runs until the quartiles are close together, or max_run_time seconds are over."""

        def measure() -> Measurement:
            number = self._block_size(0.05)

            def enough(times: list[float]) -> bool:
                if len(times) <= 3:
                    return False
                return Measurement(number, times, self._task_spec).meets_confidence(threshold)

            times = self._loop(number, enough, min_run_time, max_run_time)
            for t in times if callback else ():
                callback(number, t)
            return Measurement(number, times, self._task_spec)

        return self._in_threads(measure)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """NotImplementedError: use blocked_autorange."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Callable | None = None) -> None:
        """NotImplementedError: use blocked_autorange."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def collect_callgrind(self, *args: Any, **kwargs: Any) -> None:
        """NotImplementedError: kernels are not seen by Callgrind."""
        raise NotImplementedError("collect_callgrind is not implemented in numtorch")


def _clock(now: Callable[[], float]) -> float:
    """Seconds that reading the clock takes."""
    start = now()
    return max(now() - start, 1e-9)


def _keeping(stmt: str) -> str:
    """The statement; if it ends with an expression, its value is kept."""
    tree = ast.parse(stmt or "pass")
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        target = ast.Name("_timer_value", ast.Store())
        tree.body[-1] = ast.copy_location(ast.Assign([target], last.value), last)
    return ast.unparse(ast.fix_missing_locations(tree))
