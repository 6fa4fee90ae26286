"""First and second derivatives of every row and composite: against differences and torch."""

import numpy as np
import numtorch as nt
import numtorch.autograd as ag
import pytest
from helpers import ROWS as ALL_ROWS
from helpers import SPECIAL, check, pair, torch
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

RNG = np.random.default_rng(11)
ROWS = [
    op.name for op in ALL_ROWS
    if op.differentiable and op.result != "bool" and op.name not in SPECIAL
    and op.name not in ("where", "floor_divide", "heaviside", "nextafter")  # no derivative
]  # fmt: skip
# Piecewise constant: the gradient is zero, second derivatives have nothing to check.
FLAT = {"sign", "floor", "ceil", "trunc", "round"}


@pytest.fixture(autouse=True)
def interpreted(setting):
    """Formulas are held here, not kernels: compiling a kernel for each took minutes."""
    setting(interp=True)


def leaf(shape, low=-2.0, high=2.0) -> nt.Tensor:
    """A float64 leaf of distinct values, none of them near an integer or a tie."""
    n = int(np.prod(shape))
    steps = RNG.permutation(n) + 0.35
    return nt.tensor((low + (high - low) * steps / max(n, 1)).reshape(shape), requires_grad=True)


def check_both(f, *inputs, second=True) -> None:
    """gradcheck and gradgradcheck."""
    assert ag.gradcheck(f, inputs)
    if second:
        assert ag.gradgradcheck(f, inputs)


@pytest.mark.parametrize("name", ROWS)
def test_elementwise_rows(name):
    op = OPS[name]
    low, high = op.domain
    f = getattr(nt, name)
    if op.arity == 1:
        check_both(f, leaf((5,), low, high), second=name not in FLAT)
        return
    check_both(f, leaf((2, 1), low, high), leaf((3,), low, high))
    if name == "mul":
        check_both(lambda x: f(x, x.flip(0)), leaf((3,), low, high))


@pytest.mark.parametrize("name", ROWS)
def test_gradients_of_rows_are_torchs(name):
    op = OPS[name]
    a = RNG.uniform(*op.domain, (4, 3)).astype(np.float32)
    b = RNG.uniform(*op.domain, (3,)).astype(np.float32)
    if name in ("maximum", "minimum"):
        b = a[0].copy()  # ties share the gradient
    results = []
    for lib in (nt, torch):
        ins = [lib.tensor(v, requires_grad=True) for v in (a, b)[: op.arity]]
        (getattr(lib, name)(*ins) * lib.arange(3)).sum().backward()
        results.append([x.grad for x in ins])
    check(*results, rtol=2e-5, atol=1e-6, what=name)


EDGES = {
    "abs": [0.0, -0.0, -1.0], "relu": [0.0, -1.0, 2.0], "sqrt": [0.0, 4.0], "sign": [0.0, 2.0],
    "sigmoid": [-1000.0, 1000.0], "tanh": [-50.0, 50.0], "log": [0.0, 1.0], "exp": [-1e4, 100.0],
    "reciprocal": [0.0, 2.0], "rsqrt": [0.0, 1.0], "log1p": [-1.0, 0.0], "asin": [1.0, 0.0],
    "erf": [30.0, -30.0], "atan": [1e30, 0.0], "acosh": [1.0, 2.0], "square": [0.0, 1e30],
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_gradients_at_edges(name):
    results = []
    for lib in (nt, torch):
        x = lib.tensor(EDGES[name], requires_grad=True)
        getattr(lib, name)(x).sum().backward()
        results.append(x.grad)
    check(*results, rtol=1e-5, what=name)


def test_gradients_of_pow_at_edges():
    base = np.array([0.0, 0.0, 0.0, 2.0, -2.0, -2.0, 1.0], np.float32)
    power = np.array([0.0, 2.0, 1.0, 0.0, 3.0, 2.0, 0.5], np.float32)
    results = []
    for lib in (nt, torch):
        x, y = lib.tensor(base, requires_grad=True), lib.tensor(power, requires_grad=True)
        (x**y).sum().backward()
        z = lib.tensor(base, requires_grad=True)
        (z**2 + z**3 + z**1 + z**0 + 2.0**z + z**4).sum().backward()
        results.append([x.grad, y.grad, z.grad])
    check(*results, rtol=1e-5)


REDUCTIONS = {
    "sum": lambda x: x.sum(), "sum dim": lambda x: x.sum(1), "sum dims": lambda x: x.sum((0, 2), True),
    "mean": lambda x: x.mean(), "mean dim": lambda x: x.mean(0), "prod": lambda x: x.prod(),
    "prod dim": lambda x: x.prod(1), "amax": lambda x: x.amax(), "amax dim": lambda x: x.amax(1),
    "amin": lambda x: x.amin((0, 2)), "max": lambda x: x.max(2)[0], "min": lambda x: x.min(0)[0],
    "max all": lambda x: x.max(), "var": lambda x: x.var(), "var dim": lambda x: x.var(1, unbiased=False),
    "std": lambda x: x.std(2), "logsumexp": lambda x: x.logsumexp(1), "softmax": lambda x: x.softmax(-1),
    "softmax 0": lambda x: x.softmax(0), "log_softmax": lambda x: x.log_softmax(1),
    "norm": lambda x: x.norm(), "norm 3": lambda x: x.norm(3, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    check_both(REDUCTIONS[name], leaf((2, 3, 2)))


SHAPES = {
    "transpose": lambda x: x.T * x.T, "slice": lambda x: x[1:, ::2] ** 2, "select": lambda x: x[1] ** 2,
    "flip": lambda x: x.flip(0) * x, "view": lambda x: x.view(2, 6).sum(0) ** 2,
    "expand": lambda x: x[:, :1].expand(3, 5) ** 2, "unsqueeze": lambda x: x.unsqueeze(1) * x,
    "reshape copy": lambda x: x.T.reshape(2, 6) ** 2, "cat": lambda x: nt.cat([x, x * x, x[:1]]) ** 2,
    "cat 1": lambda x: nt.cat([x, x[:, :1]], 1) ** 3, "stack": lambda x: nt.stack([x, x * 2], 1) ** 2,
    "split": lambda x: x.split(2)[0].prod(1), "narrow": lambda x: x.narrow(1, 1, 2) ** 2,
    "where": lambda x: nt.where(x > 0, x * x, -x), "clamp": lambda x: x.clamp(-1, 0.5) ** 2,
    "masked_fill": lambda x: x.masked_fill(x > 0, 2.0) ** 2, "cast": lambda x: x.to(nt.float64) ** 2,
    "detach": lambda x: x * x.detach().clone().exp() if False else x * 2.0,
    "clone": lambda x: x.clone() ** 2, "diagonal product": lambda x: x.flatten()[::5] ** 2,
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    check_both(SHAPES[name], leaf((3, 4)))


INDEX = nt.tensor([[2, 0, 1, 2], [0, 0, 2, 1]])
INDEXING = {
    "gather": lambda x: x.gather(0, INDEX) ** 2, "gather 1": lambda x: x.gather(1, INDEX.T[:3]) ** 2,
    "index_select": lambda x: x.index_select(0, INDEX[1]) ** 2,
    "x[i]": lambda x: x[INDEX] ** 2, "x[:, i]": lambda x: x[:, INDEX[0]] ** 2,
    "x[i, j]": lambda x: x[INDEX[0], INDEX[1]] ** 2, "x[mask]": lambda x: x[x.detach() > 0] ** 2,
    "scatter_add": lambda x: x.scatter_add(0, INDEX, x[:2] ** 2) ** 2,
    "index_add": lambda x: x.index_add(0, INDEX[0, :2], x[1:] ** 2) ** 2,
    "masked_select": lambda x: x.masked_select(x.detach() < 0.5) ** 2,
}  # fmt: skip


def put(x, key, value):
    """x[key] = value on a copy."""
    y = x.clone()
    y[key] = value
    return y * y


PUTS = {
    "rows": lambda x: put(x, INDEX[0, :2], x[1:] * 2), "pairs": lambda x: put(x, (INDEX[0], INDEX[1]), x[0]),
    "mask": lambda x: put(x, x.detach() > 0, 0.5), "mask values": lambda x: put(x, x.detach() > 0, x[x.detach() > 0] ** 2),
    "slice": lambda x: put(x, (slice(None), slice(1, 3)), x[:, :2].exp()), "int": lambda x: put(x, 1, x[0] * x[2]),
}  # fmt: skip


@pytest.mark.parametrize("name", PUTS)
def test_assignment_by_index(name):
    check_both(PUTS[name], leaf((3, 4)))


def test_assignment_by_repeated_indices_has_torchs_gradient():
    """As in torch every value that was written gets the place's gradient, also one written over."""
    torch = pytest.importorskip("torch")
    data = leaf((3, 4)).detach().numpy()
    found = []
    for lib in (nt, torch):
        x = lib.tensor(data, requires_grad=True)
        index = lib.tensor([0, 0, 2, 1])
        put(x, index, x[0] ** 2).sum().backward()
        put(x, (slice(1, None), index), x[:2]).sum().backward()
        found.append(x.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


@pytest.mark.parametrize("name", INDEXING)
def test_indexing(name):
    check_both(INDEXING[name], leaf((3, 4)))


def record(name, ins, **attrs):
    """Records a row by name: the losses and layers have no function in this namespace."""
    op = OPS[name]
    return local.tape.record(op, ins, tuple(attrs[a] for a in op.attr_names) or None)


CLASSES = [
    ((4, 3), nt.tensor([0, 2, -100, 1])), ((3,), nt.tensor(2)),
    ((2, 3, 2), nt.tensor([[0, 1], [2, 2]])),
]  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_class_losses(name, reduction):
    for shape, target in CLASSES if reduction == "mean" else CLASSES[:1]:
        check_both(
            lambda x, t=target, n=len(shape): record(
                name, (x * x, t), reduction=reduction, ignore_index=-100, rank=n),
            leaf(shape),
        )  # fmt: skip


@pytest.mark.parametrize("shapes", [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 2, 3), (3, 2)),
    ((2, 2, 3), (2, 3, 2)), ((2, 1, 2, 3), (3, 3, 2)), ((1, 2, 3), (4, 3, 1)), ((2, 3, 2), (2,)),
])  # fmt: skip
def test_matmul(shapes):
    check_both(lambda a, b: a @ b, *(leaf(s) for s in shapes))


def test_linear_and_transposed_products():
    x, w, b = leaf((2, 2, 3)), leaf((4, 3)), leaf((4,))
    check_both(lambda x, w, b: record("linear", (x, w, b)), x, w, b)
    check_both(lambda x, w: record("linear", (x, w)), leaf((3,)), w)
    check_both(lambda x, w: (w @ x.T).T @ w, leaf((2, 3)), w)


CONVS = [
    {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1},
    {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 1), "groups": 1},
    {"stride": (1, 2), "padding": (1, 1), "dilation": (2, 1), "groups": 2},
    {"stride": (3, 3), "padding": (2, 0), "dilation": (1, 2), "groups": 1},
]


@pytest.mark.parametrize("attrs", CONVS, ids=lambda a: "-".join(map(str, a.values())))
def test_conv(attrs):
    x, w, b = leaf((2, 2, 5, 4)), leaf((2, 2 // attrs["groups"], 2, 2)), leaf((2,))
    check_both(lambda x, w, b: record("conv", (x, w, b), **attrs), x, w, b)


@pytest.mark.parametrize("attrs", [
    {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1),
     "extra": (0, 0)},
    {"kernel": (2, 3), "stride": (1, 1), "padding": (1, 1), "dilation": (2, 1), "extra": (0, 0)},
])  # fmt: skip
def test_max_pool(attrs):
    check_both(lambda x: record("max_pool", (x * x,), **attrs), leaf((1, 2, 5, 4)))


def test_composites():
    x, y = leaf((2, 3)), leaf((3,))
    check_both(lambda x: record("silu", (x,)), x)
    for kind in ("none", "tanh"):
        check_both(lambda x, k=kind: record("gelu", (x,), approximate=k), x)
    for reduction in ("mean", "sum", "none"):
        check_both(lambda x, y, r=reduction: record("mse_loss", (x, y), reduction=r), x, y)
    check_both(lambda x: record("constant_pad", (x,), low=(1, 0), high=(0, 2), fill=1.5) ** 2, x)
    check_both(lambda x: record("constant_pad", (x,), low=(-1, 1), high=(0, -1), fill=0.0) ** 2, x)
    check_both(lambda x: record("dropout", (x, 7, 3, 0.5, 2.0)) ** 2, x)
    check_both(lambda x, y: x.lerp(y, 0.3) * x.addcmul(y, y) / x.addcdiv(y, y + 3), x, y)


def test_prod_with_zeros_and_ties():
    for a in ([[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0]],):
        results = []
        for lib in (nt, torch):
            x = lib.tensor(a, requires_grad=True)
            x.prod(1).sum().backward()
            y = lib.tensor(a, requires_grad=True)
            (y.amax(0) * lib.arange(3) + y.amin(1)).sum().backward()
            z = lib.tensor(a, requires_grad=True)
            (z.max() + z.min() + z.max(0)[0].sum()).backward()
            results.append([x.grad, y.grad, z.grad])
        check(*results)


def test_second_derivative_of_prod_with_a_zero():
    x = nt.tensor([[0.0, 1.5, 2.0], [0.0, 0.0, 3.0]], dtype=nt.float64, requires_grad=True)
    check_both(lambda x: x.prod(1), x)


def test_float32_gradients_of_composites_are_torchs():
    f = torch.nn.functional
    a, w = RNG.normal(size=(2, 4, 6, 6)), RNG.normal(size=(6, 2, 3, 3))
    target = np.array([[[0, 5], [3, 2]], [[1, 1], [0, 4]]])
    results = []
    for lib in (nt, torch):
        x, k = (lib.tensor(v.astype(np.float32), requires_grad=True) for v in (a, w))
        t = lib.tensor(target)
        if lib is nt:
            h = record("conv", (x, k), stride=(1, 1), padding=(1, 1), dilation=(1, 1), groups=2)
            h = record("max_pool", (h.relu(),), kernel=(3, 3), stride=(2, 2), padding=(0, 0),
                       dilation=(1, 1), extra=(0, 0))  # fmt: skip
            loss = record("cross_entropy", (h, t), reduction="mean", ignore_index=-100, rank=4)
        else:
            h = f.max_pool2d(f.conv2d(x, k, padding=1, groups=2).relu(), 3, 2)
            loss = f.cross_entropy(h, t)
        loss.backward()
        results.append([loss, x.grad, k.grad])
    check(*results, rtol=1e-4, atol=1e-6)


def test_mixed_dtypes_in_a_graph():
    results = []
    for lib in (nt, torch):
        x = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = lib.tensor([2.0, 0.5, 1.0], dtype=lib.float64, requires_grad=True)
        n = lib.tensor([1, 0, 2])
        z = (x * y).to(lib.float32) * n + (x > 1.5) * x + x.double() ** n
        (z.sum() + (x * True).sum()).backward()
        results.append([z, x.grad, y.grad])
    check(*results, rtol=1e-6)


def test_gradients_of_empty_and_zero_dim_tensors():
    x, y = pair(np.ones((0, 3), np.float32), True)
    p, q = pair(np.array(2.0, np.float32), True)
    (x.sum() + (x * 2).mean(1).sum() + p * p).backward()
    (y.sum() + (y * 2).mean(1).sum() + q * q).backward()
    check([x.grad, p.grad], [y.grad, q.grad])


def test_third_derivative():
    x, y = pair(np.array([0.3, 1.2]), True)
    for lib, v in ((nt, x), (torch, y)):
        g = (v.sin() * v**3).sum()
        for _ in range(3):
            (g,) = lib.autograd.grad(g.sum(), v, create_graph=True)
        if lib is nt:
            ours = g
    check(ours, g, rtol=1e-12)
