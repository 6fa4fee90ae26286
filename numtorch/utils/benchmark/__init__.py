"""Timing of statements, and tables that compare them.

>>> import numtorch as torch
>>> from numtorch.utils import benchmark
>>> timer = benchmark.Timer("x + 1", globals={"x": torch.ones(10)})
>>> timer.timeit(20).median > 0
True
"""

from ._compare import Compare
from ._measurement import Measurement, TaskSpec
from ._timer import Language, Timer, timer

__all__ = ["Compare", "Language", "Measurement", "TaskSpec", "Timer", "timer"]
