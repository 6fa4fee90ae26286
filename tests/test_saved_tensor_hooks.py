"""torch.autograd.graph: hooks on saved tensors and on nodes, gradient edges, versions."""

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
    x.grad = None
    with graph.allow_mutation_on_saved_tensors():  # also where the write is executed before
        b = x.clone()
        out = (b**2).sum()
        assert b.zero_().tolist() == [0, 0]
        out.backward()
    assert x.grad.tolist() == [2.0, 2.0]
    with graph.saved_tensors_hooks(lambda t: 1, lambda t: 2):
        y = x * x
    with pytest.raises(TypeError, match="unpack_hook expected to be a Tensor but got .* int"):
        y.sum().backward()
    with pytest.raises(TypeError):
        graph.saved_tensors_hooks(1, 2).__enter__()
    (x * x).sum().backward()  # hooks that were refused are not in force


def test_edges_in_place_of_tensors():
    graph = nt.autograd.graph
    x = nt.arange(3.0).requires_grad_()
    y = x * 2
    z = y.sin().sum()
    (of_y,) = nt.autograd.grad(z, [graph.get_gradient_edge(y)], retain_graph=True)
    (of_x,) = nt.autograd.grad(graph.get_gradient_edge(z), x, retain_graph=True)
    assert (of_x == of_y * 2).all()
    nt.autograd.backward(z, inputs=[graph.get_gradient_edge(x)])
    assert (x.grad == of_x).all()


def test_versions_and_notes():
    x = nt.ones(2, requires_grad=True)
    b = x * 1
    y = b.sin()
    y.grad_fn.metadata["key"] = 1
    assert y.grad_fn.metadata == {"key": 1}
    nt.autograd.graph.increment_version([b])
    assert b._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_multi_grad_hook_waits_for_what_the_backward_reaches():
    seen = []
    a, b = nt.ones(2, requires_grad=True), nt.ones(2, requires_grad=True)
    hook = nt.autograd.graph.register_multi_grad_hook(
        (a, b), lambda grads: seen.append([g is None for g in grads])
    )
    (a * 2).sum().backward()
    (a * b).sum().backward()
    hook.remove()
    assert seen == [[False, True], [False, False]]


def test_node_hooks_see_a_gradient_for_each_input():
    """None for what needs none; another number of gradients is refused."""
    a, x = nt.ones(2, requires_grad=True), nt.full((2,), 3.0)
    seen = []
    y = a * x
    y.grad_fn.register_hook(lambda given, grads: seen.append([g is None for g in given]))
    y.sum().backward()
    assert seen == [[False, True]]
    y = a * x
    y.grad_fn.register_hook(lambda given, grads: (given[0],))
    with pytest.raises(RuntimeError, match="got 1, but expected 2"):
        y.sum().backward()
