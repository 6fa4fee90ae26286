"""Starting several processes that run one function; the first failure ends all."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import traceback
from multiprocessing import connection


class ProcessException(Exception):
    """A process ended otherwise than by returning.

    >>> import numtorch as torch
    >>> from numtorch.multiprocessing.spawn import ProcessException
    >>> ProcessException("process 1 failed", 1, error_pid=4321).error_index
    1
    """

    def __init__(self, msg: str, error_index: int, error_pid: int):
        super().__init__(msg)
        self.msg, self.error_index, self.error_pid = msg, error_index, error_pid

    def __reduce__(self):
        return type(self), (self.msg, self.error_index, self.error_pid)


class ProcessRaisedException(ProcessException):
    """A process raised an exception; its traceback is the message.

    >>> import numtorch as torch
    >>> error = torch.multiprocessing.ProcessRaisedException("ValueError", 1, 4321)
    >>> error.error_index, str(error)
    (1, 'ValueError')
    """

    def __init__(self, msg: str, error_index: int, error_pid: int):
        super().__init__(msg, error_index, error_pid)


class ProcessExitedException(ProcessException):
    """A process was killed by a signal or left with an exit code.

    >>> import numtorch as torch
    >>> error = torch.multiprocessing.ProcessExitedException("killed", 1, 4321, exit_code=-9)
    >>> error.exit_code
    -9
    """

    def __init__(self, msg: str, error_index: int, error_pid: int, exit_code: int,
                 signal_name: str | None = None):  # fmt: skip
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self):
        return type(self), (
            self.msg, self.error_index, self.error_pid, self.exit_code, self.signal_name
        )  # fmt: skip


def _run(fn, index: int, args: tuple, error_file: str) -> None:
    try:
        fn(index, *args)
    except KeyboardInterrupt:
        pass  # the parent was interrupted too, and says so
    except Exception:
        with open(error_file, "wb") as f:
            pickle.dump(traceback.format_exc(), f)
        sys.exit(1)


class ProcessContext:
    """The started processes; `join` waits for them.

    >>> import numtorch as torch
    >>> import math
    >>> processes = torch.multiprocessing.spawn(math.sqrt, nprocs=2, join=False)
    >>> while not processes.join():
    ...     pass
    >>> len(processes.pids())
    2
    """

    def __init__(self, processes: list, error_files: list[str]):
        self.processes, self.error_files = processes, error_files
        self.sentinels = {p.sentinel: k for k, p in enumerate(processes)}

    def pids(self) -> list[int]:
        """Process ids, by index."""
        return [p.pid for p in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Waits until a process ends; True if all have ended well.

        If one failed, the others are terminated (killed after `grace_period` seconds) and
        ProcessRaisedException or ProcessExitedException tells what happened.
        """
        if not self.sentinels:
            return True
        for sentinel in connection.wait(self.sentinels.keys(), timeout):
            index = self.sentinels.pop(sentinel)
            self.processes[index].join()
            if self.processes[index].exitcode != 0:
                self._stop(grace_period)
                raise self._failure(index)
        if not self.sentinels:
            self._remove_files()
        return not self.sentinels

    def _stop(self, grace_period: float | None) -> None:
        for p in self.processes:
            if p.is_alive():
                p.terminate()
        for p in self.processes:
            p.join(30 if grace_period is None else grace_period)
            if p.is_alive():
                p.kill()
                p.join()

    def _failure(self, index: int) -> ProcessException:
        p, path = self.processes[index], self.error_files[index]
        text = None
        if os.path.getsize(path):
            with open(path, "rb") as f:
                text = pickle.load(f)  # noqa: S301 (our own file)
        self._remove_files()
        if text is not None:
            msg = f"\n\n-- Process {index} terminated with the following error:\n{text}"
            return ProcessRaisedException(msg, index, p.pid)
        if p.exitcode < 0:
            try:
                name = signal.Signals(-p.exitcode).name
            except ValueError:
                name = f"<Unknown signal {-p.exitcode}>"
            return ProcessExitedException(
                f"process {index} terminated with signal {name}", index, p.pid, p.exitcode, name
            )
        return ProcessExitedException(
            f"process {index} terminated with exit code {p.exitcode}", index, p.pid, p.exitcode
        )

    def _remove_files(self) -> None:
        for path in self.error_files:
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass


SpawnContext = ProcessContext


def start_processes(
    fn, args: tuple = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:  # fmt: skip
    """Runs fn(index, *args) in `nprocs` processes; see `spawn`.

    >>> import numtorch as torch
    >>> import math
    >>> processes = torch.multiprocessing.start_processes(math.sqrt, nprocs=2, join=False)
    >>> while not processes.join():
    ...     pass
    """
    mp = multiprocessing.get_context(start_method)
    processes, files = [], []
    for index in range(nprocs):
        handle, path = tempfile.mkstemp(prefix="numtorch-error-", suffix=".pickle")
        os.close(handle)
        files.append(path)
        p = mp.Process(target=_run, args=(fn, index, args, path), daemon=daemon)
        p.start()
        processes.append(p)
    context = ProcessContext(processes, files)
    if not join:
        return context
    while not context.join():
        pass
    return None


def spawn(
    fn, args: tuple = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:  # fmt: skip
    """Runs fn(index, *args) in `nprocs` new processes and waits for them.

    With join=False it returns a ProcessContext at once. If a process fails, the others are
    terminated and ProcessRaisedException (with its traceback) or ProcessExitedException is raised.

    >>> import numtorch as torch
    >>> import math
    >>> torch.multiprocessing.spawn(math.sqrt, nprocs=2) is None
    True
    """
    return start_processes(fn, args, nprocs, join, daemon, start_method)
