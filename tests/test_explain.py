"""numtorch.jit.explain."""

from __future__ import annotations

import numtorch as torch
import pytest
from graphs import GRAPHS, data
from numtorch.jit import counters, explain


def test_report_of_a_chain():
    x, y = data(64, 128), data(64, 128, seed=1)
    e = explain(lambda a, b: (a * b + 1).relu(), x, b=y)
    assert e.groups == ["map over [64 x 128]: mul, add, relu"]
    (k,) = e.kernels
    assert k.name == "mul_add_relu" and k.mode == "map" and k.nodes == ["mul", "add", "relu"]
    assert k.bytes == 3 * 64 * 128 * 4 and k.flops == 3 * 64 * 128
    assert k.seconds > 0 and k.gb_per_s > 0 and k.gflop_per_s > 0
    assert k.source.startswith("def kernel(args, begin, end, tid):")
    assert [stage for stage, _ in e.stages] == ["lowered", "simplified", "legalized"]
    assert "relu(" in e.graph and e.graph.startswith("graph(%in0: f32[64, 128]")
    for part in ("# IR", "# fused groups", "# kernels", e.groups[0], k.source, "GB/s", "Gflop/s"):
        assert part in str(e)


def test_what_was_recorded_before_is_not_in_the_report():
    x = data(8)
    before = x.exp()
    e = explain(lambda: x.sin())
    assert [k.nodes for k in e.kernels] == [["sin"]]
    assert "exp" not in str(e)
    assert before.tolist() == pytest.approx(x.exp().tolist())


def test_a_call_that_reads_in_between_has_several_graphs():
    x = data(8)
    e = explain(lambda: x * x.sum().item())
    assert [stage for stage, _ in e.stages].count("lowered") == 2
    assert [k.nodes for k in e.kernels] == [["sum"], ["mul"]]


def test_products_have_no_python_source():
    e = explain(lambda: data(4, 5) @ data(5, 6))
    assert any(k.mode == "gemm" and k.flops == 2 * 4 * 5 * 6 for k in e.kernels)
    assert "native micro-kernel" in str(e)


def test_a_call_that_computes_nothing():
    e = explain(lambda: 1)
    assert e.kernels == [] and e.groups == [] and e.stages == []
    assert "# kernels" in str(e)


def test_an_error_leaves_no_trace():
    def wrong():
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        explain(wrong)
    x = data(8)
    (x * 3).numpy()
    counters.reset()
    (x * 3).numpy()
    assert counters.plan_misses == 0 and counters.plan_hits == 1


def test_plans_are_kept():
    x = data(8)
    (x * 5).numpy()
    explain(lambda: (x * 5).numpy())
    counters.reset()
    (x * 5).numpy()
    assert counters.plan_misses == 0


@pytest.mark.parametrize("name", GRAPHS)
def test_costs_of_every_program(name):
    e = explain(GRAPHS[name])
    assert e.kernels
    for k in e.kernels:
        assert k.bytes > 0 and k.flops >= 0 and k.seconds > 0, k
    assert torch.is_tensor(GRAPHS[name]()[0])
