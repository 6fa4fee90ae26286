"""functionalize, refusals of transforms, nn.grad and factory_kwargs, as PyTorch has them."""

import numtorch as nt
import pytest
from helpers import check, check_error, outcome

torch = pytest.importorskip("torch")

CALLS = {
    "grad of a number": lambda t: t.func.grad(lambda a: a.sum())(1.0),
    "grad of integers": lambda t: t.func.grad(lambda a: a.sum())(t.tensor([1, 2])),
    "vjp of a number": lambda t: t.func.vjp(lambda a: 3.0, t.ones(2)),
    "tangent": lambda t: t.func.jvp(lambda a: a.sin(), (t.ones(2, 2),), (t.ones(2),)),
    "functionalize": lambda t: t.func.functionalize(lambda a: a, remove="foo")(t.ones(2)),
    "chunk_size": lambda t: t.func.jacrev(lambda a: a, chunk_size=0)(t.ones(2)),
    "factory_kwargs": lambda t: t.nn.factory_kwargs({"foo": 1}),
    "twice": lambda t: t.nn.factory_kwargs({"device": 0, "factory_kwargs": {"device": 0}}),
    "mode": lambda t: t.set_grad_enabled("a"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_refusals(name):
    check_error(*(outcome(lambda t=t: CALLS[name](t)) for t in (nt, torch)), name)


def test_functionalize():
    x = nt.ones(2)
    assert nt.func.functionalize(lambda a: a.clone().add_(1))(x).tolist() == [2.0, 2.0]


@pytest.mark.parametrize("k", [1, 2])
def test_gradients_of_convolutions(k):
    found = []
    for t in (nt, torch):
        x, w = t.arange(float(2 * 4**k)).reshape(1, 2, *(4,) * k), t.ones(3, 2, *(2,) * k)
        out = t.arange(float(3 * 3**k)).reshape(1, 3, *(3,) * k)
        f = t.nn.grad
        found.append([
            getattr(f, f"conv{k}d_input")(x.shape, w, out),
            getattr(f, f"conv{k}d_weight")(x, w.shape, out),
        ])  # fmt: skip
    for ours, theirs in zip(*found):
        check(ours, theirs, rtol=1e-5)
