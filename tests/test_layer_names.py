"""Names beside nn: classes' bases, torch's functions of layers, torch.nn.modules.utils, _pytree."""

import collections
import importlib

import numpy as np
import numtorch
import pytest

torch = pytest.importorskip("torch")
BOTH = (numtorch, torch)
NAMESPACES = ("nn", "optim", "optim.lr_scheduler", "utils.data", "distributions", "nn.parameter")


@pytest.mark.parametrize("path", NAMESPACES)
def test_classes_are_subclasses_as_in_torch(path):
    # isinstance(m, nn.Dropout) is False for Dropout2d: programs switch layers by class.
    ours, theirs = (importlib.import_module(f"{T.__name__}.{path}") for T in BOTH)
    names = [n for n in dir(theirs) if isinstance(getattr(theirs, n), type)]
    names = [n for n in names if isinstance(getattr(ours, n, None), type) and n[0] != "_"]
    pairs = [(a, b) for a in names for b in names if a != b]

    def related(module, a, b):
        try:
            return issubclass(getattr(module, a), getattr(module, b))
        except TypeError:  # a protocol
            return None

    assert len(names) > 3
    found = [(a, b) for a, b in pairs if related(ours, a, b) != related(theirs, a, b)]
    assert found == []


def same(f, *, tolerance=1e-12):
    ours, theirs = f(numtorch), f(torch)
    ours, theirs = (r if isinstance(r, tuple) else (r,) for r in (ours, theirs))
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        assert tuple(a.shape) == tuple(b.shape) and str(a.dtype) == str(b.dtype)
        a, b = (t.detach().numpy().astype("f8") for t in (a, b))
        assert np.abs(a - b).max() <= tolerance * max(1.0, np.abs(b).max())


def arange(T, *shape):
    n = 1
    for k in shape:
        n *= k
    return (T.arange(float(n), dtype=T.float64).reshape(shape) * 0.37).sin()


@pytest.mark.parametrize("name, gates", [("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1)])
@pytest.mark.parametrize("packed", [False, True])
def test_recurrent(name, gates, packed):
    def program(T):
        h = arange(T, 4, 2, 3)
        params = []
        for k in range(4):
            rows = gates * 3
            width = 5 if k < 2 else 6
            params += [arange(T, rows, width), arange(T, rows, 3), arange(T, rows), arange(T, rows)]
        hx = (h, h * 0.5) if name == "lstm" else h
        tail = (hx, params, True, 2, 0.0, False, True)
        f = getattr(T, name)
        if packed:
            return f(arange(T, 5, 5), T.tensor([2, 2, 1]), *tail)
        return f(arange(T, 2, 3, 5), *tail, True)

    same(program)


@pytest.mark.parametrize("name, gates", [("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1)])
def test_cells(name, gates):
    def program(T):
        h, w = arange(T, 2, 3), (arange(T, gates * 3, 5), arange(T, gates * 3, 3))
        hx = (h, h + 1) if name == "lstm" else h
        return getattr(T, f"{name}_cell")(arange(T, 2, 5), hx, *w, w[0][:, 0], w[1][:, 1])

    same(program)


LOSSES = {
    "kl_div": lambda T, r: T.kl_div(arange(T, 3, 2), arange(T, 3, 2) + 2, r),
    "bce": lambda T, r: T.binary_cross_entropy_with_logits(
        arange(T, 3, 2), arange(T, 3, 2) ** 2, None, None, r),
    "margin": lambda T, r: T.margin_ranking_loss(
        arange(T, 3), arange(T, 3) * 2, T.tensor([1, -1, 1]), 0.2, r),
    "cosine": lambda T, r: T.cosine_embedding_loss(
        arange(T, 3, 2), arange(T, 3, 2) + 1, T.tensor([1, -1, 1]), 0.2, r),
    "hinge": lambda T, r: T.hinge_embedding_loss(arange(T, 3), T.tensor([1, -1, 1]), 1.0, r),
    "poisson": lambda T, r: T.poisson_nll_loss(arange(T, 3), arange(T, 3), True, True, 1e-8, r),
    "triplet": lambda T, r: T.triplet_margin_loss(
        arange(T, 3, 2), arange(T, 3, 2) + 1, arange(T, 3, 2) - 1, 1.0, 2.0, 1e-6, False, r),
    "ctc": lambda T, r: T.ctc_loss(
        arange(T, 4, 2, 3).log_softmax(2), T.tensor([[1, 2], [2, 1]]), [4, 4], [2, 1], 0, r),
}  # fmt: skip


@pytest.mark.parametrize("reduction", [0, 1, 2])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, reduction):
    same(lambda T: LOSSES[name](T, reduction))


def test_the_default_of_a_reduction_is_none():
    # Unlike nn.functional's: torch's own functions start from the number 0.
    same(lambda T: T.kl_div(arange(T, 3), arange(T, 3) + 2))
    same(lambda T: T.hinge_embedding_loss(arange(T, 3), T.tensor([1, -1, 1])))


OTHERS = {
    "grid_sampler": lambda T: T.grid_sampler(arange(T, 1, 2, 3, 3), arange(T, 1, 2, 2, 2), 0, 1, True),
    "affine_grid_generator": lambda T: T.affine_grid_generator(arange(T, 1, 2, 3), [1, 1, 2, 3], False),
    "convolution": lambda T: T.convolution(
        arange(T, 1, 2, 5, 5), arange(T, 3, 2, 3, 3), None, [2, 1], [1, 1], [1, 1], False, [0, 0], 1),
    "convolution transposed": lambda T: T.convolution(
        arange(T, 1, 2, 5), arange(T, 2, 3, 3), arange(T, 3), [2], [1], [1], True, [1], 1),
    "native_layer_norm": lambda T: T.native_layer_norm(
        arange(T, 2, 3), [3], arange(T, 3), None, 1e-5),
    "native_dropout": lambda T: T.native_dropout(arange(T, 4), 0.5, False),
    "norm_except_dim": lambda T: T.norm_except_dim(arange(T, 2, 3, 4), 2, 1),
    "flatten": lambda T: T._utils._flatten_dense_tensors([arange(T, 2, 3), arange(T, 2)]),
    "unflatten": lambda T: tuple(
        T._utils._unflatten_dense_tensors(arange(T, 8), [arange(T, 2, 3), arange(T, 2)])),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_others(name):
    same(OTHERS[name])


@pytest.mark.parametrize("T", BOTH)
def test_tuples_of_sizes(T):
    u = importlib.import_module(f"{T.__name__}.nn.modules.utils")
    assert (u._single(1), u._pair(2), u._triple([1, 2, 3])) == ((1,), (2, 2), (1, 2, 3))
    assert u._ntuple(5)(0) == (0,) * 5 and u._quadruple("ab") == ("a", "b")
    assert u._reverse_repeat_tuple((1, 2), 3) == (2, 2, 2, 1, 1, 1)
    assert u._list_with_default([None, 2], [4, 5, 6]) == [5, 2]
    state = {"module.a": 1, "b": 2}
    u.consume_prefix_in_state_dict_if_present(state, "module.")
    assert state == {"a": 1, "b": 2}
    assert T.nn.modules.Linear is T.nn.Linear and T.nn.functional._Reduction.get_enum("sum") == 2


@pytest.mark.parametrize("T", BOTH)
def test_pytree(T):
    p = importlib.import_module(f"{T.__name__}.utils._pytree")
    Point = collections.namedtuple("Point", "x y")
    tree = {"a": [1, (2, 3)], "b": Point(4, 5)}
    leaves, spec = p.tree_flatten(tree)
    assert leaves == [1, 2, 3, 4, 5] and spec.num_leaves == 5
    assert p.tree_unflatten(leaves, spec) == tree
    assert p.tree_map(lambda x, y: x + y, tree, tree)["b"] == Point(8, 10)
    assert p.tree_map_only(int, lambda x: -x, [1, 2.0]) == [-1, 2.0]
    assert p.tree_structure(tree) == spec and p.tree_leaves(3) == [3]
    with pytest.raises(ValueError):
        p.tree_unflatten([1], spec)


def test_what_layers_run(setting):
    setting(interp=True)
    x, w = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4), np.ones((3, 2), np.float32)

    def results(L):
        t = L.tensor(x)
        zeros, ones = L.zeros(3), L.ones(3)
        return [
            *L.native_batch_norm(t, None, None, None, None, True, 0.1, 1e-5),
            *L.native_batch_norm(t, None, None, zeros, ones, False, 0.1, 1e-5),
            *L.native_group_norm(t, None, None, 2, 3, 4, 1, 1e-5),
            L.native_channel_shuffle(L.tensor(x[None]), 2),
            L.embedding_renorm_(L.tensor(w), L.tensor([1, 2, 2]), 1.0, 2.0),
            L.dropout_(L.tensor(x), 1.0, True), L.feature_dropout(t, 0.5, False),
            L.view_as_real_copy(L.tensor([1 + 2j])), L.view_as_complex_copy(L.tensor([[1.0, 2]])),
        ]  # fmt: skip

    for found, expected in zip(results(numtorch), results(torch)):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)
