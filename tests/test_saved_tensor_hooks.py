"""torch.autograd.graph.saved_tensors_hooks over ops, as PyTorch has it."""

import numtorch as nt
import pytest
from helpers import check

torch = pytest.importorskip("torch")

CASES = {
    "mul": lambda t, a, w: a * a,
    "chain": lambda t, a, w: a.exp().sin(),
    "matmul": lambda t, a, w: (a @ w).relu(),
    "div": lambda t, a, w: a / w.t(),
    "views": lambda t, a, w: a[1:] * w.t()[1:],
    "in place": lambda t, a, w: (a * 1).mul_(w.t()).sin_(),
    "cat": lambda t, a, w: t.cat([a, w.t()]).pow(2),
}


def _grads(t, f, unpack, create=False):
    seen = []
    a = (t.arange(12.0).reshape(3, 4) / 7 + 0.3).requires_grad_()
    w = (t.arange(12.0).reshape(4, 3) / 9 + 0.1).requires_grad_()

    def pack(x):
        seen.append(("pack", tuple(x.shape)))
        return x

    def undo(x):
        seen.append(("unpack", tuple(x.shape)))
        return unpack(x)

    with t.autograd.graph.saved_tensors_hooks(pack, undo):
        out = f(t, a, w)
    grads = t.autograd.grad(out.sum(), [a, w], create_graph=create, allow_unused=True)
    if create:
        total = sum((g**2).sum() for g in grads if g is not None)
        grads = t.autograd.grad(total, [a, w], allow_unused=True)
    return seen, [g for g in grads if g is not None]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("create", [False, True])
def test_unpacked_values_are_read(name, create):
    (seen, ours), (theirs_seen, theirs) = (
        _grads(t, CASES[name], lambda x: x * 2 if not create else x, create) for t in (nt, torch)
    )
    for g, h in zip(ours, theirs):
        check(g, h.detach(), rtol=1e-5, atol=1e-5, what=name)
    if not create:
        assert sorted(seen) == sorted(theirs_seen)


def test_order_and_place():
    """Pack runs with the op, unpack in the backward; a leaf is handed out itself."""
    log = []
    x = nt.ones(2, requires_grad=True)
    with nt.autograd.graph.saved_tensors_hooks(
        lambda t: log.append(t is x) or t.numpy(force=True), lambda a: nt.from_numpy(a) * 3
    ):
        y = x.sin()
    assert log == [True]
    (y * 1).sum().backward()
    check(x.grad, torch.full((2,), 3.0).cos(), rtol=1e-5, atol=1e-5)
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()


def test_mutation_and_refusals():
    graph = nt.autograd.graph
    x = nt.ones(2, requires_grad=True)
    with graph.allow_mutation_on_saved_tensors():
        b = x.clone()
        out = (b**2).sum()
        b.sin_()
        out.backward()
    assert x.grad.tolist() == [2.0, 2.0]
    with graph.saved_tensors_hooks(lambda t: 1, lambda t: 2):
        y = x * x
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor but got .* int"):
        y.sum().backward()
    with pytest.raises(TypeError):
        graph.saved_tensors_hooks(1, 2).__enter__()
    (x * x).sum().backward()  # hooks that were refused are not in force
