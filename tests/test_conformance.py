"""The conformance table's machinery finds what is right and what is wrong (a few functions)."""

from __future__ import annotations

import numtorch as nt
import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def database():
    from torch.testing._internal.common_methods_invocations import op_db

    found: dict = {}
    for op in op_db:
        found.setdefault(op.name, op)
    return found


def run(database, name: str):
    from tests.conformance.runner import Run

    return Run(database[name], ("float64",), 2, False).run()


@pytest.mark.parametrize("name", ["add", "cumsum", "std", "permute", "linalg.det", "sort"])
def test_functions_without_a_difference(name, database):
    result = run(database, name)
    assert {c: t.wrong for c, t in result.tally.items() if t.wrong} == {}
    assert result.tally["forward"].checked and result.tally["grad"].checked


def test_a_wrong_function_is_found(database, monkeypatch):
    right = nt.cumsum
    monkeypatch.setattr(nt, "cumsum", lambda x, dim, **kwargs: right(x, dim, **kwargs) * 1.001)
    result = run(database, "cumsum")
    assert result.tally["forward"].wrong
    monkeypatch.setattr(nt, "cumsum", lambda x, dim, **kwargs: right(x.detach(), dim, **kwargs))
    result = run(database, "cumsum")
    assert result.tally["dtypes"].wrong or result.tally["grad"].wrong


def test_a_missing_function_is_found(database, monkeypatch):
    monkeypatch.delattr(nt, "cumsum")
    monkeypatch.delattr(nt.Tensor, "cumsum")
    assert run(database, "cumsum").f is None
