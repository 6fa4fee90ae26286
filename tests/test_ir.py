"""The graph IR: text and back, the verifier, the parser's errors."""

from __future__ import annotations

import pytest
from graphs import GRAPHS
from numtorch.jit import dtypes, pipeline
from numtorch.jit.flush import clear_plans
from numtorch.jit.ir import Graph, ParseError, Type, VerifyError, parse, to_text, verify
from numtorch.jit.ops import OPS, lookup

f32 = dtypes.float32


@pytest.fixture
def stages(monkeypatch):
    """stages(f): the (stage, text) pairs of everything that f makes the compiler plan."""

    def collect(f):
        clear_plans()
        found = []
        monkeypatch.setattr(pipeline, "stages", found)
        for t in f():
            t.numpy()
        monkeypatch.undo()
        return found

    yield collect
    clear_plans()


@pytest.mark.parametrize("name", GRAPHS)
def test_text_parses_back(name, stages):
    found = stages(GRAPHS[name])
    assert {stage for stage, _ in found} == {"lowered", "simplified", "legalized"}
    for stage, text in found:
        graph = parse(text, lookup)
        verify(graph, stage)
        again = to_text(graph, header=stage)
        assert again == text
        assert str(parse(str(graph), lookup)) == str(graph)


def small() -> Graph:
    """y = relu(a + b), summed over its rows."""
    return parse(
        """
        graph(%a: f32[2, 3], %b: f32[3]) {
          %0: f32[2, 3] = add(%a, %b)
          %1: f32[2, 3] = relu(%0) !grad
          %2: f32[1, 3] = sum(%1) {dims=(0,)}
          return %2, %1
        }
        """,
        lookup,
    )


def test_parsed_structure():
    g = small()
    assert [n.op.name for n in g.nodes] == ["add", "relu", "sum"]
    assert [n.grad for n in g.nodes] == [False, True, False]
    assert g.nodes[2].attrs == {"dims": (0,)}
    assert g.outputs == [g.nodes[2].out, g.nodes[1].out]
    assert g.inputs[1].type == Type((3,), f32)
    verify(g)


ATTRS = [1, -1, True, None, 2.5, float("inf"), -float("inf"), "mean", (), (1,), (0, (1, 2)), f32,
         (f32, 1), (-float("inf"), 0.5), float("nan")]  # fmt: skip


@pytest.mark.parametrize("value", ATTRS, ids=repr)
def test_attributes_round_trip(value):
    g = small()
    g.nodes[0].attrs["k"] = value
    back = parse(str(g), lookup).nodes[0].attrs["k"]
    assert repr(back) == repr(value) and type(back) is type(value)


@pytest.mark.parametrize(
    "text, message",
    [
        ("graph(%a: f99[2]) {", "unknown dtype 'f99'"),
        ("graph(%a: [2]) {", "not a type"),
        ("graph(%a: f32[2]) {\n %0: f32[2] = nonsense(%a)", "nonsense"),
        ("graph(%a: f32[2]) {\n %0: f32[2] = neg(%b)", "%b"),
        ("graph(%a: f32[2]) {\n %0: f32[2] neg(%a)", "not a node"),
        ("graph(%a: f32[2]) {\n %0: f32[2] = neg(%a) {k=foo()}", "line 2"),
        ("graph(%a: f32[2]) {\n return %7", "%7"),
    ],
)
def test_parse_errors_name_the_line(text, message):
    with pytest.raises(ParseError) as e:
        parse(text, lookup)
    assert message in str(e.value) and "line" in str(e.value)


def test_verifier_order():
    g = small()
    g.nodes.reverse()
    with pytest.raises(VerifyError, match=r"here: node 0 \(sum\) reads a value"):
        verify(g, "here")


def test_verifier_types():
    g = small()
    g.nodes[0].out.type = Type((2, 4), f32)
    with pytest.raises(VerifyError, match=r"node 0 \(add\) has type f32\[2, 4\], its rule says"):
        verify(g)
    g = small()
    g.nodes[0].out.type = Type((2, 3), dtypes.float64)
    with pytest.raises(VerifyError, match="has type f64"):
        verify(g)


def test_verifier_ownership():
    g = small()
    g.nodes[1].out.node = g.nodes[0]
    with pytest.raises(VerifyError, match="does not own its result"):
        verify(g)


def test_verifier_outputs():
    g = small()
    g.nodes.pop()
    with pytest.raises(VerifyError, match="an output is not defined"):
        verify(g)


def test_a_value_of_another_graph():
    g, other = small(), small()
    g.nodes[1].inputs = [other.nodes[0].out]
    with pytest.raises(VerifyError, match="not defined before"):
        verify(g)


def test_replace_follows_chains():
    g = small()
    a, b, c = g.inputs[0], g.nodes[0].out, g.nodes[1].out
    g.replace({c: b, b: a})
    assert g.nodes[2].inputs == [a] and g.outputs[1] is a


def test_rows_have_rules_the_verifier_can_check():
    for op in OPS.values():
        if op.kind not in ("composite", "composite_late", "step"):
            assert op.infer is not None, op
