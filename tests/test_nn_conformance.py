"""What callers of nn, optim and transforms other than the conformance grids found."""

from __future__ import annotations

import warnings

import numpy as np
import numtorch as nt
import pytest

torch = pytest.importorskip("torch")
# Of torch itself.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit.*:DeprecationWarning", "ignore:.*grad_variables.*:FutureWarning",
    "ignore:.*searchsorted.*:UserWarning",
)


def raised(f):
    try:
        f()
    except Exception as e:  # noqa: BLE001
        return type(e).__name__, str(e).replace("numtorch", "torch")
    return None


def test_vmap_searches_each_example_for_itself():
    x = [[1.0, 0.5, 0.2], [2.0, 1.0, -1.0]]

    def results(lib):
        row, rows = lib.tensor([0.0, 1.0]), lib.sort(lib.tensor(x))[0]
        return [
            lib.vmap(lambda v: lib.bucketize(v, row))(lib.tensor(x)).tolist(),
            lib.vmap(lambda v: lib.searchsorted(row, v))(lib.tensor(x)).tolist(),
            lib.vmap(lambda b: lib.searchsorted(b, row))(rows).tolist(),
            lib.vmap(lambda b: lib.searchsorted(b, b * 2))(rows).tolist(),
        ]

    assert results(nt) == results(torch)


def test_vmap_writes_to_the_batch():
    for dim in (0, 1):
        x = nt.tensor([[1.0, 2.0], [3.0, 4.0]])
        out = nt.vmap(lambda a: a.add_(1) * 2, in_dims=dim, out_dims=dim)(x)
        assert x.tolist() == [[2.0, 3.0], [4.0, 5.0]]
        assert out.tolist() == [[4.0, 6.0], [8.0, 10.0]]


def test_repr_inside_of_vmap():
    texts: dict = {}
    for lib in (nt, torch):
        seen = texts[lib.__name__] = []

        def f(a, seen=seen):
            seen.append(repr(a * 2))
            return a

        x = lib.tensor([[1.0, 2.0], [3.0, 4.0]])
        lib.vmap(f)(x)
        lib.vmap(lib.vmap(f))(x)
    assert texts["numtorch"] == texts["torch"]


def test_hooks_see_what_cross_entropy_and_batch_norm_read():
    f = nt.nn.functional
    x = nt.tensor(np.arange(12.0, dtype="float32").reshape(4, 3) ** 1.5, requires_grad=True)
    y = nt.tensor([0, 1, 2, 0])
    for loss in (
        lambda: f.cross_entropy(x, y),
        lambda: (f.batch_norm(x, None, None, training=True) ** 2).mul(x.detach()).sum(),
    ):
        (want,) = nt.autograd.grad(loss(), x)
        seen: list = []

        def pack(t, seen=seen):
            seen.append(t)
            return t

        with nt.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            out = loss()
        assert seen
        [t.tolist() for t in seen]  # computes them before the backward
        (got,) = nt.autograd.grad(out, x)
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-4, atol=1e-5)


def test_forward_derivatives_of_what_requires_grad():
    for lib in (nt, torch):
        fw = lib.autograd.forward_ad
        x = lib.tensor([1.0, 2.0], requires_grad=True)
        with fw.dual_level():
            out = (fw.make_dual(x, lib.tensor([1.0, 10.0])) ** 3).sum()
            float(out.detach())
            primal, tangent = fw.unpack_dual(out)
            assert primal.requires_grad and tangent.requires_grad
            (g,) = lib.autograd.grad(tangent, x)
        assert g.tolist() == [6.0, 120.0]
        with lib.no_grad(), fw.dual_level():
            out = fw.make_dual(x.detach(), lib.tensor([1.0, 10.0])) * 2
            assert fw.unpack_dual(out).tangent.tolist() == [2.0, 20.0]
        with lib.no_grad():
            assert not (x * 2).requires_grad


@pytest.mark.parametrize("name,expression", [
    ("sum", "x.sum(1)"), ("mean", "x.mean(0)"), ("all", "x.sum()"), ("mv", "x @ x[0]"),
    ("dot", "x[0] @ x[1]"), ("rsub", "1 - x"), ("pow", "x ** 2"), ("rpow", "2 ** x"),
    ("double", "x.double()"), ("max", "x.max()"), ("std", "x.std()"), ("bmm", "x[None] @ x[None]"),
    ("ln", "lib.nn.functional.layer_norm(x, (3,))"), ("cumsum", "x.cumsum(0)"),
    ("linear", "lib.nn.functional.linear(x, x)"), ("norm", "x.norm()"),
    ("pad", "lib.nn.functional.pad(x, (1, 1))"), ("inv", "lib.linalg.inv(x)"),
    ("clamp", "x.clamp(0, 1)"), ("pool", "lib.nn.functional.avg_pool2d(x[None, None], 2)"),
])  # fmt: skip
def test_names_of_nodes(name, expression):
    found = []
    for lib in (nt, torch):
        x = lib.tensor(np.eye(3, dtype="float32") * 2 + 0.1, requires_grad=True)
        fn = eval(expression, {"x": x, "lib": lib}).grad_fn
        found.append((fn.name(), type(fn).__name__))
    assert found[0] == found[1]


def test_the_causal_hint_without_weights():
    # As in PyTorch the hint stands for the mask, the added keys count as late ones.
    r = np.random.default_rng(0)
    q, k = (r.standard_normal((n, 2, 8)).astype("float32") for n in (5, 6))
    found = []
    for lib in (nt, torch):
        m = lib.nn.MultiheadAttention(8, 2, add_bias_kv=True)
        rng = np.random.default_rng(1)
        with lib.no_grad():
            for p in m.parameters():
                p.copy_(lib.tensor(rng.standard_normal(tuple(p.shape)).astype("float32")))
        mask = lib.ones(5, 6).triu(1).bool()
        out, _ = m(lib.tensor(q), lib.tensor(k), lib.tensor(k), attn_mask=mask, is_causal=True,
                   need_weights=False)  # fmt: skip
        found.append(out.detach().numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-4)


def test_masks_of_two_types_are_deprecated():
    layer = nt.nn.TransformerEncoderLayer(8, 2, 16)
    with pytest.warns(UserWarning, match="mismatched src_key_padding_mask and src_mask"):
        layer(nt.zeros(4, 2, 8), nt.zeros(4, 4), nt.zeros(2, 4).bool())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(nt.zeros(4, 2, 8), nt.zeros(4, 4), nt.zeros(2, 4))


def test_assigned_parameters_keep_the_flag_of_the_module():
    m = nt.nn.Linear(2, 2)
    p = nt.nn.Parameter(nt.zeros(2, 2), requires_grad=False)
    m.load_state_dict({"weight": p}, strict=False, assign=True)
    assert m.weight is p and p.requires_grad


CALLS = {
    "no steps": lambda lib: lib.nn.LSTM(1, 3)(lib.ones(0, 2, 1)),
    "grad of text": lambda lib: lib.autograd.grad("a", lib.ones(1)),
    "grad for text": lambda lib: lib.autograd.grad(lib.ones(1, requires_grad=True), "a"),
    "flag": lambda lib: lib.ones(1).requires_grad_("a"),
    "anomaly": lambda lib: lib.autograd.set_detect_anomaly("a"),
    "two gradients": lambda lib: lib.autograd.backward(
        lib.ones(1, requires_grad=True), lib.ones(1), grad_variables=lib.ones(1)),
    "params": lambda lib: lib.optim.Adam(lib.nn.Parameter(lib.ones(1))),
    "hook": lambda lib: hooked(lib, "a"),
    "hook of none": lambda lib: hooked(lib, ()),
    "own result": lambda lib: overwritten(lib),
    "inference": lambda lib: inferred(lib).requires_grad_(),
    "tangent": lambda lib: dual(lib),
    "attention of 1": lambda lib: lib.nn.functional.scaled_dot_product_attention(
        lib.ones(1, 2, 2), 1, lib.ones(1, 2, 2)),
    "attention dropout": lambda lib: lib.nn.functional.scaled_dot_product_attention(
        lib.ones(1, 2, 2), lib.ones(1, 2, 2), lib.ones(1, 2, 2), dropout_p=2.0),
}  # fmt: skip


def hooked(lib, value):
    y = lib.ones(2, requires_grad=True) * 2

    def hook(grads):
        return value

    y.grad_fn.register_prehook(hook)
    y.sum().backward()


def overwritten(lib):
    y = lib.ones(3, requires_grad=True).exp()
    y.mul_(2)
    y.sum().backward()


def inferred(lib):
    with lib.inference_mode():
        return lib.ones(2)


def dual(lib):
    with lib.autograd.forward_ad.dual_level():
        lib.autograd.forward_ad.make_dual(lib.ones(3), lib.ones(2))


@pytest.mark.parametrize("name", CALLS)
def test_errors(name):
    call = CALLS[name]
    want = raised(lambda: call(torch))
    assert want is not None
    assert raised(lambda: call(nt)) == want


def test_nothing_is_recorded_in_inference_mode():
    x = nt.ones(2, requires_grad=True)
    with nt.inference_mode(), nt.enable_grad():
        assert not (x * 2).requires_grad


def test_parameters_of_dicts_are_shown_by_class():
    texts = [repr(lib.nn.ParameterDict({"a": lib.ones(2)})) for lib in (nt, torch)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("shape", [(2, 4, 2), (1, 4, 2), (3, 4, 2), (2, 3, 2), (2, 4, 3), (4, 2)])
def test_given_numbers_of_fractional_pooling(shape):
    r = np.random.default_rng(0)
    x, samples = r.random((2, 4, 5, 5)), r.random(shape)
    found = []
    for lib in (nt, torch):
        f = lib.nn.functional.fractional_max_pool2d
        for given in (x, x[0]):

            def call(given=given, f=f, lib=lib):
                return f(lib.tensor(given), 2, output_size=2, _random_samples=lib.tensor(samples))

            error = raised(call)
            found.append(error if error is not None else call().tolist())
    assert found[:2] == found[2:]


def test_attributes_of_contexts():
    found = []
    for lib in (nt, torch):
        ctx = lib.autograd.function.FunctionCtx()
        x = lib.ones(1)
        ctx.save_for_backward(x, None)
        ctx.mark_dirty(x)
        ctx.mark_non_differentiable(x)
        ctx.set_materialize_grads(False)
        lists = (ctx.to_save, ctx.dirty_tensors, ctx.non_differentiable)
        found.append((*map(len, lists), ctx.materialize_grads))
    assert found[0] == found[1]
