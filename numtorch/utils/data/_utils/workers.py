"""The main process's side of a DataLoader's workers: starting, feeding, hearing, ending them."""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import warnings
import weakref
from multiprocessing import connection

from numtorch.jit import record
from numtorch.jit.record import local

from .... import multiprocessing
from . import MP_STATUS_CHECK_INTERVAL, transport, worker


class Workers:
    """The processes, a socket to each, and the segments that their batches come in."""

    def __init__(self, context, jobs: list[worker.Job]):
        context = context or multiprocessing
        forked = worker.is_forked(context)
        local.tape.flush()  # what is pending here would be computed once in every worker
        self.processes: list = []
        self.conns: list = []
        self.inboxes: list[transport.Inbox] = []
        # The iterator's end, or the interpreter's, is the workers' end.
        self.close = weakref.finalize(self, _close, os.getpid(), self.processes, self.conns)
        try:
            for job in jobs:
                self._start(context, job, forked)
        except BaseException:
            self.close()
            raise

    def _start(self, context, job: worker.Job, forked: bool) -> None:
        ours, theirs = context.Pipe()
        others = [*self.conns, ours] if forked else []
        process = context.Process(
            target=worker.run, args=(theirs, others, job, os.getpid()), daemon=True
        )
        try:
            # No other thread may be importing the compiler meanwhile: a fork would keep the
            # modules' locks, and wait for them for ever.
            with record.flush_lock:
                process.start()
        except (TypeError, AttributeError, pickle.PicklingError):
            warnings.warn(
                "Got pickle error when attempting to start a worker Process. This might be because "
                "the worker Process arguments are not picklable. Python 3.14+ changed the "
                "multiprocessing start method in non-Mac POSIX platforms to 'forkserver', which "
                "requires the worker Process arguments to be picklable. You can also try "
                "multiprocessing.set_start_method('fork').",
                stacklevel=6,
            )
            ours.close()
            raise
        finally:
            theirs.close()
        self.processes.append(process)
        self.conns.append(ours)
        self.inboxes.append(transport.Inbox(ours))

    def put(self, k: int, number: int, index) -> None:
        """Gives worker k a task; number -1 starts the dataset anew."""
        data = pickle.dumps((number, index, self.inboxes[k].take_freed()))
        try:
            self.conns[k].send_bytes(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it is dead: told when its batch is asked for

    def receive(self, among: list[int], timeout: float) -> tuple:
        """(worker, task, status, batch) of the next message of one of these workers.

        RuntimeError if one of them died, or after `timeout` seconds (0: never).
        """
        end = time.monotonic() + timeout
        while True:
            wait = MP_STATUS_CHECK_INTERVAL
            if timeout:
                wait = max(0.0, min(wait, end - time.monotonic()))
            k = self._ready(among, wait)
            if k is not None:
                try:
                    return k, *self.inboxes[k].receive()
                except (EOFError, ConnectionResetError, BrokenPipeError):
                    raise self._death(k)  # noqa: B904 (it has a cause)
            for k in among:
                if not self.processes[k].is_alive() and not self.conns[k].poll(0):
                    raise self._death(k)
            if timeout and time.monotonic() >= end:
                raise RuntimeError(f"DataLoader timed out after {timeout} seconds")

    def _ready(self, among: list[int], wait: float) -> int | None:
        if len(among) == 1:
            return among[0] if self.conns[among[0]].poll(wait) else None
        found = connection.wait([self.conns[k] for k in among], wait)
        return self.conns.index(found[0]) if found else None

    def _death(self, k: int) -> RuntimeError:
        """The error for a worker whose end of the socket is closed."""
        self.processes[k].join(MP_STATUS_CHECK_INTERVAL)
        dead = [p for p in self.processes if p.exitcode is not None and p.exitcode != 0]
        dead = dead or [self.processes[k]]
        code, pid = dead[0].exitcode, dead[0].pid
        if code is not None and code < 0:
            why = f"DataLoader worker (pid {pid}) is killed by signal: {_name(-code)}. "
        else:
            why = (
                f"DataLoader worker (pid {pid}) exited unexpectedly with exit code {code}. Details "
                "are lost due to multiprocessing. Rerunning with num_workers=0 may give better "
                "error trace."
            )
        pids = ", ".join(str(p.pid) for p in dead)
        error = RuntimeError(f"DataLoader worker (pid(s) {pids}) exited unexpectedly")
        error.__cause__ = RuntimeError(why)
        return error


def _name(number: int) -> str:
    return signal.strsignal(number) or f"Unknown signal {number}"


def _close(owner: int, processes: list, conns: list) -> None:
    """Tells the workers to end and waits for them; those that do not are terminated."""
    if os.getpid() != owner:  # a fork's copy
        return
    goodbye = pickle.dumps(None)
    for conn in conns:
        try:
            writable = select.poll()
            writable.register(conn, select.POLLOUT)
            if writable.poll(0):
                conn.send_bytes(goodbye)
        except (OSError, ValueError):
            pass
        conn.close()
    end = time.monotonic() + MP_STATUS_CHECK_INTERVAL
    for p in processes:
        p.join(max(0.0, end - time.monotonic()))
    for stop in ("terminate", "kill"):
        for p in processes:
            if p.is_alive():
                getattr(p, stop)()
                p.join(MP_STATUS_CHECK_INTERVAL)
    for p in processes:
        if not p.is_alive():
            p.close()
    processes.clear()
    conns.clear()
