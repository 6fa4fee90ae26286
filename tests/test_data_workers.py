"""DataLoader with worker processes, and orders that equal torch's under one seed."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import numtorch as nt
import pytest
from helpers import torch
from numtorch.utils import data as ours

theirs = torch.utils.data
LIBS = {"nt": (nt, ours), "torch": (torch, theirs)}


class Rows:
    """Samples of several kinds; `fault` happens at index 5."""

    def __init__(self, lib, n: int, fault=None):
        self.lib, self.n, self.fault = lib, n, fault
        self.x = LIBS[lib][0].arange(n * 3).reshape(n, 3)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i):
        if self.fault is not None and i == 5:
            self.fault()
        return self.x[i], i, {"a": np.full((2,), i), "s": str(i)}, 0.5


class Drawn(Rows):
    def __getitem__(self, i):
        m, d = LIBS[self.lib]
        info = d.get_worker_info()
        assert info.num_workers == 2 and info.dataset is self
        return (
            i, random.random(), np.random.rand(), int(m.randperm(100)[0]), info.seed, info.id
        )  # fmt: skip


class _Shards:
    def __init__(self, n: int):
        self.n = n

    def __iter__(self):
        info = self.info()
        step, start = (1, 0) if info is None else (info.num_workers, info.id)
        return iter(range(start, self.n, step))


class OurShards(_Shards, ours.IterableDataset):
    info = staticmethod(ours.get_worker_info)


class TheirShards(_Shards, theirs.IterableDataset):
    info = staticmethod(theirs.get_worker_info)


def plain(batch):
    if isinstance(batch, (nt.Tensor, torch.Tensor)):
        return str(batch.dtype), batch.tolist()
    if isinstance(batch, dict):
        return {k: plain(v) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [plain(b) for b in batch]
    return batch


def epochs(lib: str, make, n: int = 1, **options) -> list:
    m, d = LIBS[lib]
    m.manual_seed(11)
    loader = d.DataLoader(make(lib), num_workers=2, **options)
    return [[plain(b) for b in loader] for _ in range(n)]


def children() -> list:
    gc.collect()
    return multiprocessing.active_children()


@pytest.mark.parametrize("options", [
    {"batch_size": 3, "shuffle": True}, {"batch_size": 3, "drop_last": True},
    {"batch_size": None}, {"batch_size": 4, "shuffle": True, "persistent_workers": True},
    {"batch_sampler": [[3, 1], [0]], "prefetch_factor": 1},
])  # fmt: skip
def test_batches_and_their_order_equal_torch(options):
    got = epochs("nt", lambda lib: Rows(lib, 10), 2, **options)
    assert got == epochs("torch", lambda lib: Rows(lib, 10), 2, **options)
    assert not children()


def test_workers_are_seeded_as_in_torch():
    got = epochs("nt", lambda lib: Drawn(lib, 10), batch_size=4, shuffle=True)
    assert got == epochs("torch", lambda lib: Drawn(lib, 10), batch_size=4, shuffle=True)


@pytest.mark.parametrize("options", [
    {"batch_size": 2}, {"batch_size": 2, "persistent_workers": True}, {"batch_size": None},
    {"batch_size": 4, "drop_last": True},
])  # fmt: skip
def test_streams_are_sharded(options):
    kinds = {"nt": OurShards, "torch": TheirShards}
    got = epochs("nt", lambda lib: kinds[lib](11), 2, **options)
    assert got == epochs("torch", lambda lib: kinds[lib](11), 2, **options)


def test_orders_without_workers_equal_torch():
    def orders(lib):
        m, d = LIBS[lib]
        m.manual_seed(3)
        g = m.Generator().manual_seed(2**40 + 5)
        return [
            list(d.RandomSampler(range(7))), list(d.RandomSampler(range(7), num_samples=20)),
            list(d.RandomSampler(range(7), replacement=True, num_samples=40, generator=g)),
            list(d.SubsetRandomSampler([5, 6, 7, 8], generator=g)),
            list(d.WeightedRandomSampler([0.1, 0.5, 0.2], 10)),
            [s.indices for s in d.random_split(range(10), [0.3, 0.7])],
            list(d.DistributedSampler(range(11), 3, 1, seed=4)),
            list(d.DistributedSampler(range(11), 4, 3, drop_last=True)),
            m.randperm(12, generator=g).tolist(),
            m.multinomial(m.tensor([[0.1, 0.2, 0.5], [1, 1, 7]]), 8, True).tolist(),
            [int(b) for b in d.DataLoader(range(9), shuffle=True, generator=g)],
        ]  # fmt: skip

    assert orders("nt") == orders("torch")


def test_the_host_stream_is_part_of_the_state():
    g = nt.Generator().manual_seed(9)
    g.host.words(5)
    state = g.get_state()
    want = nt.randperm(20, generator=g).tolist()
    assert nt.randperm(20, generator=g).tolist() != want
    assert nt.randperm(20, generator=g.set_state(state)).tolist() == want
    for copy in (g.set_state(state).clone_state(), __import__("copy").deepcopy(g)):
        assert nt.randperm(20, generator=copy).tolist() == want
    assert g.host.uniform(0.3, 1.7, 3).tolist() == pytest.approx([
        *torch.empty(3).uniform_(0.3, 1.7, generator=after(9, 5 + 0)).tolist()
    ])  # fmt: skip


def after(seed: int, words: int) -> torch.Generator:
    g = torch.Generator().manual_seed(seed)
    torch.randint(10, (words,), generator=g)
    return g


def raise_value_error():
    raise ValueError("a bad sample")


def raise_key_error():
    raise KeyError("line")


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    os._exit(3)


def test_exceptions_come_with_the_workers_traceback():
    loader = ours.DataLoader(Rows("nt", 10, raise_value_error), num_workers=2)
    it = iter(loader)
    for _ in range(5):
        next(it)
    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 1") as e:
        next(it)
    assert "in raise_value_error" in str(e.value) and "a bad sample" in str(e.value)
    assert plain(next(it))[1] == ("torch.int64", [6])  # the others are not lost
    with pytest.raises(KeyError) as e:
        list(ours.DataLoader(Rows("nt", 10, raise_key_error), num_workers=2))
    assert "Original Traceback (most recent call last):\n" in str(e.value)
    del it, loader, e
    assert not children()


class TwoArguments(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def raise_odd():
    raise TwoArguments(1, 2)


@pytest.mark.parametrize(("options", "kind", "text"), [
    ({"dataset": Rows("nt", 9, raise_odd)}, RuntimeError, "Caught TwoArguments"),
    ({"worker_init_fn": lambda k: raise_value_error()}, ValueError, "Caught ValueError"),
    ({"collate_fn": lambda batch: lambda: batch}, Exception, "pickle"),
])  # fmt: skip
def test_other_failures(options, kind, text):
    options = {"dataset": Rows("nt", 9), **options}
    with pytest.raises(kind, match=text):
        list(ours.DataLoader(num_workers=2, **options))


@pytest.mark.parametrize(("fault", "why"), [(kill, "killed by signal"), (leave, "exit code 3")])
def test_a_dead_worker_is_an_error(fault, why):
    start = time.monotonic()
    it = iter(ours.DataLoader(Rows("nt", 40, fault), num_workers=2))
    with pytest.raises(RuntimeError, match=r"worker \(pid\(s\) \d+.*\) exited unexpected") as e:
        list(it)
    assert why in str(e.value.__cause__)
    with pytest.raises((StopIteration, AssertionError)):
        next(it)
    assert time.monotonic() - start < 4
    assert not children()


def test_timeout_and_leaving_early():
    class Slow(Rows):
        def __getitem__(self, i):
            time.sleep(0.4 if i else 0)
            return i

    it = iter(ours.DataLoader(Slow("nt", 9), num_workers=2, timeout=0.1))
    assert next(it).tolist() == [0]
    with pytest.raises(RuntimeError, match="DataLoader timed out after 0.1 seconds"):
        next(it)
    assert len(children()) == 2
    del it
    assert not children()
    loader = ours.DataLoader(range(20), num_workers=2, persistent_workers=True)
    assert next(iter(loader)).tolist() == [0]  # the rest of this epoch is dropped
    assert [b.item() for b in loader] == list(range(20))
    pids = [p.pid for p in children()]
    assert [b.item() for b in loader] == list(range(20))
    assert pids == [p.pid for p in children()]
    del loader
    assert not children()


def test_batches_stay_as_they_are_while_held():
    x = nt.arange(4000.0).reshape(40, 100)
    held = list(ours.DataLoader(ours.TensorDataset(x, x * 2), num_workers=2, batch_size=4))
    assert all((b == 2 * a).all() and (a[:, 0] % 100 == 0).all() for a, b in held)
    views = [a.numpy() for a, in ours.DataLoader(ours.TensorDataset(x), num_workers=2)]
    assert [v[0, 0] for v in views] == [100.0 * k for k in range(40)]
    later = [a * 1 for a, in ours.DataLoader(ours.TensorDataset(x), num_workers=2)]
    assert [v[0, 0].item() for v in later] == [100.0 * k for k in range(40)]


def test_what_lies_in_a_batch():
    def collate(batch):
        x = nt.stack(batch)
        return {
            "t": x.t(), "p": nt.nn.Parameter(x), "none": None, "twice": [x, x],
            "empty": nt.zeros(0, 3), "big": np.arange(3000), "text": "a" * 9000,
            "half": x.bfloat16(), "last": x.reshape(2, 3, 1, 1).to(
                memory_format=nt.channels_last),
        }  # fmt: skip

    rows = [nt.full((3,), float(k)) for k in range(8)]
    batches = ours.DataLoader(rows, batch_size=2, num_workers=2, collate_fn=collate)
    for k, b in enumerate(batches):
        want = [[2 * k] * 3, [2 * k + 1] * 3]
        assert b["p"].tolist() == want and type(b["p"]) is nt.nn.Parameter
        assert b["t"].tolist() == np.transpose(want).tolist() and b["t"].stride() == (1, 3)
        assert b["twice"][0] is b["twice"][1] and b["empty"].shape == (0, 3)
        assert b["big"].sum() == 3000 * 2999 // 2 and len(b["text"]) == 9000 and b["none"] is None
        assert b["half"].float().tolist() == want and b["half"].dtype is nt.bfloat16
        assert b["last"].is_contiguous(memory_format=nt.channels_last)
        b["p"].data.add_(1)


def test_spawned_workers_and_any_order():
    loader = ours.DataLoader(
        range(6), num_workers=2, multiprocessing_context="spawn", in_order=False
    )
    assert sorted(b.item() for b in loader) == list(range(6))


def test_a_batch_survives_the_fork_of_its_holder():
    x = nt.arange(64.0).reshape(16, 4)
    it = iter(ours.DataLoader(ours.TensorDataset(x), num_workers=1))
    (first,) = next(it)
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.read(read, 1)
        os._exit(0 if first.tolist() == [[0.0, 1.0, 2.0, 3.0]] else 1)
    del first
    assert len(list(it)) == 15
    os.write(write, b"x")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(read)
    os.close(write)


def test_threads_load_at_once():
    found = {}

    def load(k):
        loader = ours.DataLoader(range(10 * k, 10 * k + 10), num_workers=1, batch_size=2)
        found[k] = [i for b in loader for i in (b * 2).tolist()]

    threads = [threading.Thread(target=load, args=(k,)) for k in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {k: list(range(20 * k, 20 * k + 20, 2)) for k in range(3)}


PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background
from numtorch.utils.data import DataLoader
class Slow:
    def __len__(self): return 1000
    def __getitem__(self, i): time.sleep(0.05); return i
it = iter(DataLoader(Slow(), num_workers=2))
print(*[p.pid for p in it._workers.processes], flush=True)
next(it)
if sys.argv[1] == "int":
    os.kill(os.getpid(), signal.SIGINT)
elif sys.argv[1] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("end", ["int", "kill", "exit"])
def test_the_workers_end_with_the_program(end):
    root = os.path.dirname(os.path.dirname(os.path.abspath(nt.__file__)))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, end], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    pids = [int(p) for p in done.stdout.split()]
    assert len(pids) == 2
    assert ("KeyboardInterrupt" in done.stderr) == (end == "int")
    assert "Process" not in done.stderr  # no tracebacks of workers
    limit = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("options", [
    {"multiprocessing_context": "fork"}, {"num_workers": 1, "multiprocessing_context": "none"},
    {"num_workers": 1, "multiprocessing_context": 3}, {"num_workers": 1, "prefetch_factor": -1},
])  # fmt: skip
def test_argument_errors(options):
    found = []
    for d in (ours, theirs):
        with pytest.raises((ValueError, TypeError)) as e:
            d.DataLoader(range(3), **options)
        found.append((e.type, str(e.value)))
    assert found[0] == found[1]


def test_a_loader_is_fixed_after_it_is_made():
    loader = ours.DataLoader(range(3), num_workers=1)
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLo"):
        loader.batch_size = 4
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no acc"):
        iter(ours.DataLoader(range(3), pin_memory=True))
    with pytest.warns(UserWarning, match="This DataLoader will create 1000 worker processes"):
        ours.DataLoader(range(3), num_workers=1000)


class Long(OurShards):
    def __len__(self) -> int:
        return 2


def test_a_stream_longer_than_it_said():
    loader = ours.DataLoader(Long(4), batch_size=None)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="was reported to be 2"):
        assert len(list(loader)) == 4


def test_stacked_and_chained_datasets():
    def found(lib):
        m, d = LIBS[lib]
        kind = {"nt": OurShards, "torch": TheirShards}[lib]
        stacked = d.StackDataset(x=d.TensorDataset(m.arange(4)), y=[1, 2, 3, 4])
        return [
            [plain(b) for b in d.DataLoader(stacked, batch_size=3)],
            [plain(b) for b in d.DataLoader(d.ChainDataset([kind(2), kind(3)]), batch_size=2)],
            len(stacked), stacked.__getitems__([0, 2])[1]["y"],
            list(kind(2) + kind(1)),
        ]  # fmt: skip

    assert found("nt") == found("torch")
    for bad in (lambda d: d.StackDataset(), lambda d: d.StackDataset([1], x=[2]),
                lambda d: d.StackDataset([1], [1, 2])):  # fmt: skip
        texts = []
        for d in (ours, theirs):
            with pytest.raises(ValueError) as e:
                bad(d)
            texts.append(str(e.value))
        assert texts[0] == texts[1]
    with pytest.raises(AssertionError, match="only supports IterableDataset"):
        list(ours.ChainDataset([[1]]))
