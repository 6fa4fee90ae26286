"""torch.profiler: kernels and marked pieces, schedules, tables, traces."""

from __future__ import annotations

import gzip
import json

import numtorch as nt
import pytest
from numtorch import profiler as np_


def _work():
    return (nt.ones(40, 40) * 2).exp().sum()


def test_kernels_lie_inside_of_marked_pieces():
    with (
        np_.profile(record_shapes=True, profile_memory=True, with_stack=True) as prof,
        np_.record_function("outer"),
    ):
        with np_.record_function("inner"):
            a = _work()
        b = a + nt.rand(3)
    outer, inner = (next(e for e in prof.events() if e.name == n) for n in ("outer", "inner"))
    assert inner.cpu_parent is outer and outer.cpu_parent is None
    kernels = [e for e in prof.events() if not e.is_user_annotation]
    assert {e.cpu_parent.name for e in kernels} == {"outer", "inner"}
    assert all(0 <= e.cpu_time_total <= outer.cpu_time_total for e in kernels)
    assert outer.self_cpu_time_total == pytest.approx(
        outer.cpu_time_total - sum(c.cpu_time_total for c in outer.cpu_children)
    )
    assert outer.cpu_memory_usage >= b.nbytes and any("test_profiler" in s for s in inner.stack)
    assert b.shape == (3,)


def test_sums_and_the_table():
    with np_.profile() as prof:
        for _ in range(3):
            with np_.record_function("turn"):
                _work()
                kept = _work()
    turn = next(e for e in prof.key_averages() if e.key == "turn")
    assert turn.count == 3 and turn.cpu_time == pytest.approx(turn.cpu_time_total / 3)
    text = prof.key_averages().table(sort_by="cpu_time_total", row_limit=1)
    assert "# of Calls" in text and "turn" in text.splitlines()[3] and len(text.splitlines()) == 6
    assert "Self CPU time total" in text and kept.item() > 0
    with pytest.raises(AttributeError):
        prof.key_averages().table(sort_by="nothing")


def test_what_ran_before_is_not_measured():
    a = _work()
    with np_.profile() as prof:
        pass
    assert len(prof.events()) == 0 and a.item() > 0


def test_a_decorator_and_no_profiler():
    @np_.record_function("f")
    def f(x):
        return x + 1

    assert f(nt.ones(1)).item() == 2
    with np_.profile() as prof:
        f(nt.ones(1)), f(nt.ones(1))
    assert next(e for e in prof.key_averages() if e.key == "f").count == 2


def test_schedule_as_in_torch():
    ref = pytest.importorskip("torch.profiler", reason="needs torch")
    for given in (
        {"wait": 1, "warmup": 1, "active": 2}, {"wait": 0, "warmup": 2, "active": 1, "repeat": 2},
        {"wait": 2, "warmup": 1, "active": 3, "repeat": 2, "skip_first": 3},
        {"wait": 2, "warmup": 1, "active": 1, "skip_first": 2, "skip_first_wait": 1},
    ):  # fmt: skip
        ours, theirs = np_.schedule(**given), ref.schedule(**given)
        assert [ours(i).name for i in range(20)] == [theirs(i).name for i in range(20)], given
    with pytest.warns(UserWarning, match="won't be using warmup"):
        np_.schedule(wait=0, warmup=0, active=1)
    with pytest.raises(AssertionError):
        np_.schedule(wait=0, warmup=1, active=0)


def test_steps(tmp_path):
    ready = []
    plan = np_.schedule(wait=1, warmup=1, active=2, repeat=2)
    with np_.profile(
        activities=[np_.ProfilerActivity.CPU, np_.ProfilerActivity.CUDA], schedule=plan,
        on_trace_ready=lambda p: ready.append([e.name for e in p.events()]),
    ) as prof:  # fmt: skip
        for _ in range(9):
            _work().item()
            prof.step()
    marks = [[n for n in names if n.startswith("ProfilerStep")] for names in ready]
    assert marks == [["ProfilerStep#2", "ProfilerStep#3"], ["ProfilerStep#6", "ProfilerStep#7"]]
    assert all(len(names) > 2 for names in ready)


def test_traces(tmp_path):
    with np_.profile(on_trace_ready=np_.tensorboard_trace_handler(str(tmp_path))) as prof:
        _work().item()
    (written,) = tmp_path.glob("*.pt.trace.json")
    events = json.loads(written.read_text())["traceEvents"]
    assert events and all(e["ph"] == "X" and e["dur"] >= 0 for e in events)
    prof.export_chrome_trace(str(tmp_path / "t.json.gz"))
    with gzip.open(tmp_path / "t.json.gz", "rt") as f:
        assert len(json.load(f)["traceEvents"]) == len(events)
    with pytest.raises(AssertionError):
        prof.export_stacks(str(tmp_path / "s"))


def test_autograd_profiler():
    with nt.autograd.profiler.profile() as prof:
        x = nt.ones(5, requires_grad=True)
        (x.sin() * x).sum().backward()
        with pytest.raises(RuntimeError, match="already enabled"):
            nt.autograd.profiler.profile().__enter__()
    assert prof.self_cpu_time_total > 0 and "Self CPU" in prof.table()
    assert prof.total_average().count == len(prof.function_events)
    with nt.autograd.profiler.profile(enabled=False) as off:
        assert off is None
    assert x.grad is not None
