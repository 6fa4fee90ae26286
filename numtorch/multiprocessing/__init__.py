"""multiprocessing whose queues and pipes hand over tensors by sharing their memory.

A drop-in for the standard module: `Process`, `Queue`, `Pool`, ... are its own. A tensor that is
sent is moved to shared memory first, so that both processes see each other's writes.

    import numtorch.multiprocessing as mp
    mp.spawn(train, args=(model,), nprocs=2)
"""

from __future__ import annotations

import multiprocessing as _multiprocessing
from multiprocessing import *  # noqa: F403

from . import _shared
from ._shared import get_all_sharing_strategies, get_sharing_strategy, set_sharing_strategy
from .spawn import (
    ProcessContext,
    ProcessException,
    ProcessExitedException,
    ProcessRaisedException,
    SpawnContext,
    spawn,
    start_processes,
)

__all__ = [
    *_multiprocessing.__all__, "get_all_sharing_strategies", "get_sharing_strategy",
    "set_sharing_strategy", "ProcessContext", "ProcessException", "ProcessExitedException",
    "ProcessRaisedException", "SpawnContext", "spawn", "start_processes",
]  # fmt: skip

_shared.register()
