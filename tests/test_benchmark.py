"""utils.benchmark and the model summary."""

from __future__ import annotations

import numtorch as torch
import pytest
from numtorch.jit.record import local
from numtorch.utils import benchmark
from numtorch.utils.model_summary import summary


def test_the_statement_is_really_computed():
    seen = []
    x = torch.ones(8)
    now = iter(range(1000))

    def look(value):
        seen.append((value._v.buf is not None, len(local.tape.entries)))
        return value

    timer = benchmark.Timer(
        "y = x + 1\nlook(y * 2)", setup="z = 1", globals={"x": x, "look": look},
        timer=lambda: next(now),
    )  # fmt: skip
    m = timer.timeit(3)
    assert m.number_per_run == 3 and m.raw_times == [1] and m.mean == 1 / 3
    assert len(seen) == 2 + 3 and all(not there for there, _ in seen)
    assert all(n <= 4 for _, n in seen)  # what the run before recorded was executed


def test_measurements():
    m = benchmark.Timer("x @ x", globals={"x": torch.ones(8, 8)}).blocked_autorange(
        min_run_time=0.01
    )
    assert sum(m.raw_times) >= 0.01 and 0 < m.median < 0.01 and len(m.times) == len(m.raw_times)
    assert m.stmt == "x @ x" and m.num_threads == 1 and "x @ x" in repr(m)
    adaptive = benchmark.Timer("1 + 1").adaptive_autorange(0.5, max_run_time=0.5)
    assert adaptive.meets_confidence(10.0)
    spec = benchmark.TaskSpec("s", "", label="L", sub_label="a", num_threads=2)
    fixed = benchmark.Measurement(10, [1.0, 2.0, 3.0, 4.0, 5.0], spec)
    assert (fixed.median, fixed.mean) == (0.3, pytest.approx(0.3)) and fixed.iqr == 0.2
    assert fixed.has_warnings and fixed.title == "L: a" and fixed.as_row_name == "a"
    merged = benchmark.Measurement.merge([fixed, fixed])
    assert len(merged) == 1 and len(merged[0].times) == 10
    for bad, error in (({"stmt": 3}, ValueError), ({"language": "c++"}, NotImplementedError),
                       ({"global_setup": "x"}, ValueError)):  # fmt: skip
        with pytest.raises(error):
            benchmark.Timer(**bad)
    with pytest.raises(NotImplementedError, match="blocked_autorange"):
        benchmark.Timer().repeat()


def made(b) -> list:
    rows = (
        (1e-6, "small", "ours", 1), (2e-6, "small", "theirs", 1), (3e-6, "large", "ours", 1),
        (4e-6, "small", "ours", 2),
    )  # fmt: skip
    return [
        b.Measurement(1, [t], b.TaskSpec("s", "", label="sum", sub_label=row, description=column,
                                         num_threads=n))
        for t, row, column, n in rows
    ]  # fmt: skip


def test_tables():
    real = pytest.importorskip("torch.utils.benchmark")
    assert str(benchmark.Compare(made(benchmark))) == str(real.Compare(made(real)))
    table = benchmark.Compare(made(benchmark))
    table.colorize()
    table.trim_significant_figures()
    assert "\033[92m" in str(table)
    with pytest.raises(ValueError, match="Measurement"):
        benchmark.Compare([3])


def test_summary():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout())
            self.rnn = torch.nn.GRU(4, 2)
            self.tied = self.body[0]
            self.rnn.weight_ih_l0.requires_grad_(False)

        def forward(self, x, scale=1):
            return self.rnn(self.body(x) * scale)

    net = Net()
    found = summary(net, torch.ones(3, 1, 4), scale=2)
    assert found.rows[0] == (0, "Net", "[3, 1, 2], [1, 1, 2]", 68)
    assert (1, "body Sequential", "[3, 1, 4]", 20) in found.rows
    assert found.total_params == 68 and found.trainable_params == 68 - 24
    assert net.training and not net.body[0]._forward_hooks
    assert len(summary(net, depth=1).rows) < len(found.rows) and "-" in repr(summary(net))
