"""A DataLoader's worker process."""

from __future__ import annotations

import gc
import os
import pickle
import random
import signal
import sys
import traceback
from dataclasses import dataclass

import numpy as np

from . import collate

BATCH, ENDED, FAILED = range(3)  # what a message holds
_PARENT_CHECK = 1.0  # seconds between looks at whether the main process is alive


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows of itself: see `get_worker_info`."""

    id: int
    num_workers: int
    seed: int
    dataset: object
    rng: object = None
    worker_method: str = "multiprocessing"


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker: its id, the number of workers, its seed and its copy of the dataset; else None.

    An IterableDataset uses it to yield a part of its samples in each worker.

    >>> import numtorch as torch
    >>> torch.utils.data.get_worker_info() is None
    True
    """
    return _worker_info


class _KeyErrorMessage(str):
    # KeyError shows its argument's repr, which would put the traceback on one line.
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """An exception of a worker, to be raised again in the main process."""

    def __init__(self, error: BaseException, where: str):
        self.exc_type, self.where = type(error), where
        self.exc_msg = "".join(traceback.format_exception(error))
        try:
            pickle.dumps(self.exc_type)
        except Exception:  # a class inside of a function
            self.exc_type = RuntimeError

    def reraise(self) -> None:
        """Raises an exception of the same type; its text holds the worker's traceback."""
        text = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            text = _KeyErrorMessage(text)
        elif getattr(self.exc_type, "message", None):
            raise self.exc_type(message=text)
        try:
            error = self.exc_type(text)
        except Exception:  # it takes other arguments
            raise RuntimeError(text) from None
        try:
            raise error
        finally:
            del error  # or the frames of the traceback would keep the iterator and its workers


@dataclass
class Job:
    """What a worker is started with."""

    iterable: bool
    dataset: object
    auto_collation: bool
    collate_fn: object
    drop_last: bool
    base_seed: int
    init_fn: object
    id: int
    num_workers: int

    def fetcher(self):
        """A fetcher that starts at the beginning of the dataset."""
        from .fetch import create_fetcher

        return create_fetcher(
            self.iterable, self.dataset, self.auto_collation, self.collate_fn, self.drop_last
        )


def seed_all(base_seed: int, worker_id: int) -> int:
    """Seeds this process's generators as torch does for the worker; returns the seed."""
    from ...._random import manual_seed

    seed = base_seed + worker_id
    random.seed(seed)
    manual_seed(seed)
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))
    return seed


def run(conn, others: list, job: Job, parent: int) -> None:
    """The main function of the process; `others`: sockets of a forking parent, to be closed."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for other in others:
            other.close()
        gc.freeze()  # what the parent had made stays in pages that both share
        _serve(conn, job, parent)
    except KeyboardInterrupt:
        pass  # the main process raises it too
    except (BrokenPipeError, ConnectionResetError):
        pass  # the main process is gone
    finally:
        conn.close()


def _serve(conn, job: Job, parent: int) -> None:
    global _worker_info
    from .... import get_num_threads, set_num_threads
    from . import transport

    if get_num_threads() != 1:
        set_num_threads(1)
    seed = seed_all(job.base_seed, job.id)
    _worker_info = WorkerInfo(job.id, job.num_workers, seed, job.dataset)
    collate.arena = arena = transport.Arena()
    fetcher, failure, ended = None, None, False
    try:
        if job.init_fn is not None:
            job.init_fn(job.id)
        fetcher = job.fetcher()
    except Exception as error:
        failure = ExceptionWrapper(error, f"in DataLoader worker process {job.id}")
    while True:
        task = _next_task(conn, parent)
        if task is None:
            return
        number, index, freed = task
        arena.give_back(freed)
        if number < 0:  # another epoch
            fetcher, failure, ended = _restart(job)
            continue
        if ended:
            continue
        arena.begin()
        if failure is not None:
            status, data = FAILED, failure
        else:
            status, data = _work(fetcher, index, job)
        ended = status == ENDED
        _answer(conn, number, status, data, arena, job)
        del data, index, task


def _restart(job: Job) -> tuple:
    try:
        return job.fetcher(), None, False
    except Exception as error:
        return None, ExceptionWrapper(error, f"in DataLoader worker process {job.id}"), False


def _next_task(conn, parent: int):
    """The next task; None to end."""
    try:
        while not conn.poll(_PARENT_CHECK):
            if os.getppid() != parent:
                return None
        return pickle.loads(conn.recv_bytes())  # noqa: S301 (the main process)
    except (EOFError, OSError):
        return None


def _work(fetcher, index, job: Job) -> tuple[int, object]:
    try:
        return BATCH, fetcher.fetch(index)
    except Exception as error:
        if isinstance(error, StopIteration) and job.iterable:
            return ENDED, None
        return FAILED, ExceptionWrapper(error, f"in DataLoader worker process {job.id}")


def _answer(conn, number: int, status: int, data, arena, job: Job) -> None:
    from . import transport

    try:
        transport.send(conn, number, status, data, arena)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # the batch can't be pickled, or there is no memory to share
        data = ExceptionWrapper(error, f"in DataLoader worker process {job.id}")
        arena.forget()
        transport.send(conn, number, FAILED, data, arena)


def is_forked(context) -> bool:
    """True if a context's processes are forks of this one."""
    name = context.get_start_method() if context is not None else None
    if name is None:
        import multiprocessing

        name = multiprocessing.get_start_method()
    return name == "fork" and sys.platform != "win32"
