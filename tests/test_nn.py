"""Modules and functional forms against torch: forward, gradients, errors, state, text."""

from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, outcome, pair, torch
from numtorch.jit.config import counters
from numtorch.jit.record import local

F, TF = nt.nn.functional, torch.nn.functional
RNG = np.random.default_rng(0)


def normal(*shape, dtype="float64"):
    return np.asarray(RNG.standard_normal(shape), dtype)


def to_torch(state: dict) -> dict:
    return {k: torch.tensor(np.array(v.detach().numpy())) for k, v in state.items()}


def to_ours(state: dict) -> dict:
    return {k: nt.tensor(v.detach().numpy()) for k, v in state.items()}


def compare_modules(ours, theirs, *arrays, dtype="float64", rtol=1e-9, atol=1e-11):
    """Forward and all gradients with the same weights."""
    theirs = theirs.to(getattr(torch, dtype))
    ours = ours.to(getattr(nt, dtype))
    ours.load_state_dict(to_ours(theirs.state_dict()))
    xs, ys = zip(*(pair(a, requires_grad=a.dtype.kind == "f") for a in arrays))
    got, want = ours(*xs), theirs(*ys)
    check(got, want, rtol=rtol, atol=atol, what=repr(theirs))
    if not want.requires_grad:
        assert not got.requires_grad
        return
    seed = RNG.standard_normal(tuple(want.shape)).astype(dtype)
    g, h = pair(seed)
    got.backward(g)
    want.backward(h)
    for x, y in zip(xs, ys):
        if y.grad is None:
            assert x.grad is None
        else:
            check(x.grad, y.grad, rtol=rtol, atol=atol, what=f"input of {theirs!r}")
    for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters()):
        assert name == other
        check(p.grad, q.grad, rtol=rtol, atol=atol, what=f"{name} of {theirs!r}")


def build(make):
    """The same module from both libraries: make(nn) -> module."""
    return make(nt.nn), make(torch.nn)


LAYERS = {
    "linear": (lambda nn: nn.Linear(5, 3), [(4, 5)]),
    "linear 1d": (lambda nn: nn.Linear(5, 3), [(5,)]),
    "linear 3d": (lambda nn: nn.Linear(5, 3), [(2, 4, 5)]),
    "linear without bias": (lambda nn: nn.Linear(5, 3, bias=False), [(4, 5)]),
    "linear of no rows": (lambda nn: nn.Linear(5, 3), [(0, 5)]),
    "identity": (lambda nn: nn.Identity(3, a=2), [(4, 5)]),
    "flatten": (lambda nn: nn.Flatten(), [(2, 3, 4)]),
    "flatten dims": (lambda nn: nn.Flatten(0, 1), [(2, 3, 4)]),
    "relu": (lambda nn: nn.ReLU(), [(4, 5)]),
    "gelu": (lambda nn: nn.GELU(), [(4, 5)]),
    "gelu tanh": (lambda nn: nn.GELU("tanh"), [(4, 5)]),
    "silu": (lambda nn: nn.SiLU(), [(4, 5)]),
    "sigmoid": (lambda nn: nn.Sigmoid(), [(4, 5)]),
    "tanh": (lambda nn: nn.Tanh(), [(4, 5)]),
    "softmax": (lambda nn: nn.Softmax(dim=1), [(4, 5)]),
    "softmax first dim": (lambda nn: nn.Softmax(dim=0), [(4, 5)]),
    "log_softmax": (lambda nn: nn.LogSoftmax(dim=-1), [(2, 4, 5)]),
    "max_pool": (lambda nn: nn.MaxPool2d(2), [(2, 3, 6, 6)]),
    "max_pool stride": (lambda nn: nn.MaxPool2d(3, stride=2, padding=1), [(2, 3, 7, 6)]),
    "max_pool pair": (lambda nn: nn.MaxPool2d((2, 3), (1, 2)), [(2, 3, 6, 7)]),
    "max_pool dilation": (lambda nn: nn.MaxPool2d(2, dilation=2), [(2, 3, 6, 6)]),
    "max_pool unbatched": (lambda nn: nn.MaxPool2d(2), [(3, 6, 6)]),
    "conv": (lambda nn: nn.Conv2d(3, 4, 3), [(2, 3, 6, 7)]),
    "conv unbatched": (lambda nn: nn.Conv2d(3, 4, 3), [(3, 6, 7)]),
    "conv stride": (lambda nn: nn.Conv2d(3, 4, 3, stride=2, padding=1), [(2, 3, 6, 7)]),
    "conv pairs": (
        lambda nn: nn.Conv2d(3, 4, (2, 3), stride=(1, 2), padding=(1, 0)), [(2, 3, 6, 7)]
    ),
    "conv dilation": (lambda nn: nn.Conv2d(2, 3, 3, dilation=2), [(2, 2, 7, 7)]),
    "conv groups": (lambda nn: nn.Conv2d(4, 6, 3, groups=2, bias=False), [(2, 4, 6, 6)]),
    "conv depthwise": (lambda nn: nn.Conv2d(3, 6, 3, groups=3, padding=1), [(2, 3, 5, 5)]),
    "conv same": (lambda nn: nn.Conv2d(3, 4, 3, padding="same"), [(2, 3, 6, 7)]),
    "conv same even": (lambda nn: nn.Conv2d(2, 3, (2, 4), padding="same"), [(2, 2, 5, 6)]),
    "conv valid": (lambda nn: nn.Conv2d(3, 4, 3, padding="valid"), [(2, 3, 6, 7)]),
    "sequential": (
        lambda nn: nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.Linear(8, 3), nn.Softmax(dim=-1)),
        [(4, 5)],
    ),
}  # fmt: skip


MODES = [(n, "train") for n in LAYERS] + [(n, "eval") for n in LAYERS if n[:4] in ("conv", "max_")]


@pytest.mark.parametrize("name, mode", MODES)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_layers(name, mode):
    make, shapes = LAYERS[name]
    ours, theirs = build(make)
    if mode == "eval":
        ours, theirs = ours.eval(), theirs.eval()
    assert repr(ours) == repr(theirs)
    compare_modules(ours, theirs, *(normal(*s) for s in shapes))


@pytest.mark.parametrize("name", ["linear", "conv", "max_pool stride", "sequential"])
def test_layers_float32(name):
    make, shapes = LAYERS[name]
    ours, theirs = build(make)
    arrays = [normal(*s, dtype="float32") for s in shapes]
    compare_modules(ours, theirs, *arrays, dtype="float32", rtol=2e-5, atol=2e-6)


def test_embedding():
    index = RNG.integers(0, 7, (3, 4))
    index[0, 0] = 2
    for options in ({}, {"padding_idx": 2}, {"padding_idx": -1}):
        ours, theirs = build(lambda nn: nn.Embedding(7, 5, **options))  # noqa: B023
        assert repr(ours) == repr(theirs)
        compare_modules(ours, theirs, index)
    table = nt.nn.Embedding(4, 3, padding_idx=1).weight
    assert (table[1] == 0).all()
    assert not nt.nn.Embedding.from_pretrained(nt.ones(3, 2)).weight.requires_grad


# ---------------------------------------------------------------- losses

INDEX = RNG.integers(0, 5, (6,))
LOSSES = {
    "ce": ("CrossEntropyLoss", {}, normal(6, 5), INDEX),
    "ce sum": ("CrossEntropyLoss", {"reduction": "sum"}, normal(6, 5), INDEX),
    "ce none": ("CrossEntropyLoss", {"reduction": "none"}, normal(6, 5), INDEX),
    "ce 1d": ("CrossEntropyLoss", {}, normal(5), np.array(3)),
    "ce images": ("CrossEntropyLoss", {}, normal(2, 5, 3, 2), RNG.integers(0, 5, (2, 3, 2))),
    "ce sequence": (
        "CrossEntropyLoss", {"reduction": "none"}, normal(2, 5, 3), RNG.integers(0, 5, (2, 3))
    ),
    "ce bytes": ("CrossEntropyLoss", {}, normal(6, 5), INDEX.astype(np.uint8)),
    "nll": ("NLLLoss", {}, normal(6, 5), INDEX),
    "nll sum": ("NLLLoss", {"reduction": "sum"}, normal(6, 5), INDEX),
    "nll images": ("NLLLoss", {}, normal(2, 5, 3, 2), RNG.integers(0, 5, (2, 3, 2))),
    "mse": ("MSELoss", {}, normal(6, 5), normal(6, 5)),
    "mse sum": ("MSELoss", {"reduction": "sum"}, normal(6, 5), normal(6, 5)),
    "mse none": ("MSELoss", {"reduction": "none"}, normal(6, 5), normal(6, 5)),
}  # fmt: skip
for _reduction in ("mean", "sum", "none"):
    _options = {"reduction": _reduction, "ignore_index": 2}
    LOSSES[f"ce ignore {_reduction}"] = ("CrossEntropyLoss", _options, normal(6, 5), INDEX)
    LOSSES[f"nll ignore {_reduction}"] = ("NLLLoss", _options, normal(6, 5), INDEX)
    for _smoothing in (0.0, 0.1):
        for _weighted in (False, True):
            _options = {"reduction": _reduction, "label_smoothing": _smoothing}
            _label = f"{_reduction} {_smoothing} {_weighted}"
            _images = normal(2, 5, 3, 2), RNG.integers(0, 5, (2, 3, 2))
            LOSSES[f"ce hard {_label}"] = (
                "CrossEntropyLoss", {**_options, "ignore_index": 1, "weight": _weighted}, *_images
            )  # fmt: skip
            LOSSES[f"ce soft {_label}"] = (
                "CrossEntropyLoss", {**_options, "weight": _weighted}, normal(6, 5), normal(6, 5)
            )  # fmt: skip
    LOSSES[f"nll weights {_reduction}"] = (
        "NLLLoss", {"reduction": _reduction, "weight": True, "ignore_index": 3}, normal(6, 5), INDEX
    )  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    kind, options, x, t = LOSSES[name]
    options = dict(options)
    mine, other = dict(options), dict(options)
    if options.pop("weight", False):
        mine["weight"], other["weight"] = pair(np.abs(normal(5)) + 0.1)
    else:
        mine.pop("weight", None)
        other.pop("weight", None)
    ours, theirs = getattr(nt.nn, kind)(**mine), getattr(torch.nn, kind)(**other)
    compare_modules(ours, theirs, x, t)


def test_all_targets_ignored():
    (x, y), (t, u) = pair(normal(2, 3)), pair(np.array([1, 1]))
    check(F.cross_entropy(x, t, ignore_index=1), TF.cross_entropy(y, u, ignore_index=1), rtol=0)


def test_target_out_of_range_names_the_line():
    net = nt.nn.Sequential(nt.nn.Linear(3, 4))
    loss = nt.nn.CrossEntropyLoss()(net(nt.ones(2, 3)), nt.tensor([1, 9]))  # the line
    with pytest.raises(IndexError, match=r"Target 9 is out of bounds.*test_nn\.py:\d+") as e:
        loss.item()
    line = int(str(e.value).rstrip(")").rsplit(":", 1)[1])
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert source[line - 1].endswith("# the line")
    with pytest.raises(IndexError, match=r"index out of range in self.*\[embedding\].*test_nn"):
        nt.nn.Embedding(5, 2)(nt.tensor([5])).sum().item()


# ---------------------------------------------------------------- errors


def z(lib, *shape, dtype="float32"):
    return lib.zeros(*shape, dtype=getattr(lib, dtype))


def calls(lib, f):
    """Calls that PyTorch refuses, as functions of the library and its functional module."""
    t = lambda *s, d="float32": z(lib, *s, dtype=d)  # noqa: E731
    i = lambda *s: z(lib, *s, dtype="int64")  # noqa: E731
    conv, pool, ce, nll = f.conv2d, f.max_pool2d, f.cross_entropy, f.nll_loss
    image, kernel = t(1, 3, 8, 8), t(4, 3, 3, 3)
    return {
        "linear 2d": lambda: f.linear(t(3, 5), t(4, 6)),
        "linear 1d": lambda: f.linear(t(5), t(4, 6)),
        "linear 3d": lambda: f.linear(t(2, 3, 5), t(4, 6), t(4)),
        "linear dtype": lambda: f.linear(t(3, 6, d="float64"), t(4, 6)),
        "linear int": lambda: f.linear(i(3, 6), t(4, 6)),
        "linear dtype bias": lambda: f.linear(t(3, 6, d="float64"), t(4, 6), t(4)),
        "linear bias": lambda: f.linear(t(3, 6), t(4, 6), t(3)),
        "linear bias 3d": lambda: f.linear(t(2, 3, 6), t(4, 6), t(3)),
        "linear 0d": lambda: f.linear(t(()), t(4, 6)),
        "linear list": lambda: f.linear([1.0], t(4, 6)),
        "relu list": lambda: f.relu([1.0]),
        "gelu list": lambda: f.gelu([1.0]),
        "gelu word": lambda: f.gelu(t(3), approximate="foo"),
        "gelu int": lambda: f.gelu(i(3)),
        "silu int": lambda: f.silu(i(3)),
        "softmax int": lambda: f.softmax(i(3), 0),
        "softmax dim": lambda: f.softmax(t(3), 4),
        "log_softmax int": lambda: f.log_softmax(i(3), 0),
        "conv channels": lambda: conv(image, t(4, 2, 3, 3)),
        "conv rank": lambda: conv(t(8, 8), kernel),
        "conv small": lambda: conv(t(1, 3, 2, 2), kernel),
        "conv groups": lambda: conv(t(1, 4, 8, 8), t(4, 2, 3, 3), groups=3),
        "conv bias": lambda: conv(image, kernel, t(5)),
        "conv dtype": lambda: conv(image, t(4, 3, 3, 3, d="float64")),
        "conv bias dtype": lambda: conv(image, kernel, t(4, d="float64")),
        "conv int": lambda: conv(i(1, 3, 8, 8), kernel),
        "conv stride": lambda: conv(image, kernel, stride=0),
        "conv stride 3": lambda: conv(image, kernel, stride=(1, 2, 3)),
        "conv padding": lambda: conv(image, kernel, padding=-1),
        "conv same stride": lambda: conv(image, kernel, padding="same", stride=2),
        "conv word": lambda: conv(image, kernel, padding="foo"),
        "conv dilation": lambda: conv(image, kernel, dilation=0),
        "pool rank": lambda: pool(t(8, 8), 2),
        "pool large": lambda: pool(image, 9),
        "pool padding": lambda: pool(image, 2, padding=2),
        "pool zero": lambda: pool(image, 0),
        "pool stride": lambda: pool(image, 2, stride=0),
        "pool triple": lambda: pool(image, (2, 2, 2)),
        "pool dilation": lambda: pool(image, 2, dilation=0),
        "pool empty": lambda: pool(t(1, 0, 7, 7), 2),
        "pool bool": lambda: pool(t(1, 3, 8, 8, d="bool"), 2),
        "dropout p": lambda: f.dropout(t(3), 1.5),
        "dropout int": lambda: f.dropout(i(3), 0.5),
        "embedding float": lambda: f.embedding(t(2, 3), t(5, 4)),
        "embedding 1d": lambda: f.embedding(i(2, 3), t(5)),
        "embedding pad": lambda: f.embedding(i(2), t(5, 4), padding_idx=9),
        "ce batch": lambda: ce(t(3, 5), i(2)),
        "ce multi": lambda: ce(t(3, 5), i(3, 1)),
        "ce int target": lambda: ce(t(3, 5), t(3, d="int32")),
        "ce float target": lambda: ce(t(3, 5), t(3)),
        "ce bool target": lambda: ce(t(3, 5), t(3, d="bool")),
        "ce size": lambda: ce(t(3, 5, 2), i(3, 3)),
        "ce int": lambda: ce(i(3, 5), i(3)),
        "ce weight": lambda: ce(t(3, 5), i(3), weight=t(4)),
        "ce weight dtype": lambda: ce(t(3, 5, d="float64"), i(3), weight=t(5)),
        "ce reduction": lambda: ce(t(3, 5), i(3), reduction="x"),
        "ce smoothing": lambda: ce(t(3, 5), i(3), label_smoothing=2.0),
        "ce list": lambda: ce([1], i(3)),
        "ce 1d": lambda: ce(t(5), i(2)),
        "ce soft int": lambda: ce(t(()), i(())),
        "nll batch": lambda: nll(t(3, 5), i(2)),
        "nll multi": lambda: nll(t(3, 5), i(3, 1)),
        "nll int target": lambda: nll(t(3, 5), t(3, d="int32")),
        "nll size": lambda: nll(t(3, 5, 2), i(3, 3)),
        "nll image size": lambda: nll(t(3, 5, 2, 2), i(3, 2, 3)),
        "nll 0d": lambda: nll(t(()), i(())),
        "nll weight": lambda: nll(t(3, 5), i(3), weight=t(4)),
        "mse shapes": lambda: f.mse_loss(t(3, 5), t(3, 4)),
        "mse int": lambda: f.mse_loss(i(3), i(3)),
        "mse reduction": lambda: f.mse_loss(t(3), t(3), reduction="q"),
    }


CALLS = calls(nt, F)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_errors(name):
    check_error(outcome(CALLS[name]), outcome(calls(torch, TF)[name]), name)


@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.Conv2d(3, 4, 3, padding="same", stride=2),
        lambda nn: nn.Conv2d(3, 4, 3, groups=2),
        lambda nn: nn.Conv2d(4, 3, 3, groups=2),
        lambda nn: nn.Conv2d(4, 3, 3, groups=0),
        lambda nn: nn.Dropout(-1),
        lambda nn: nn.Embedding(5, 4, padding_idx=7),
        lambda nn: nn.Module()(1),
        lambda nn: nn.Linear(2, 2).foo,
        lambda nn: setattr(nn.Linear(2, 2), "weight", 3),
        lambda nn: nn.Linear(2, 2).register_parameter("a.b", None),
        lambda nn: nn.Linear(2, 2).register_parameter("", None),
        lambda nn: nn.Linear(2, 2).register_parameter("forward", None),
        lambda nn: nn.Linear(2, 2).register_buffer("forward", None),
        lambda nn: nn.Linear(2, 2).register_buffer("c", 3),
        lambda nn: nn.Linear(2, 2).add_module("a.b", None),
        lambda nn: nn.Linear(2, 2).add_module("a", 3),
        lambda nn: nn.Linear(2, 2).train(3),
        lambda nn: nn.Linear(2, 2).load_state_dict([]),
        lambda nn: nn.Linear(2, 2).get_submodule("a"),
        lambda nn: nn.Sequential(nn.ReLU())[3],
        lambda nn: nn.ModuleList()[0],
        lambda nn: nn.init.calculate_gain("foo"),
    ],
)
def test_module_errors(make):
    check_error(outcome(lambda: make(nt.nn)), outcome(lambda: make(torch.nn)))


def test_padding_words():
    with pytest.raises(ValueError, match="Invalid padding string 'foo', should be one of"):
        nt.nn.Conv2d(3, 4, 3, padding="foo")


def test_attributes_before_init():
    class Early(nt.nn.Module):
        def __init__(self):
            self.w = nt.nn.Parameter(nt.ones(1))

    with pytest.raises(AttributeError, match="before Module.__init__"):
        Early()


# ---------------------------------------------------------------- Module


def network(nn):
    """A module with everything: nesting, shared parameters, buffers, a list, a dict."""
    lib = nt if nn is nt.nn else torch

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(lib.ones(2, 3))
            self.register_parameter("nothing", None)
            self.register_buffer("count", lib.zeros(2))
            self.register_buffer("scratch", lib.zeros(1), persistent=False)
            self.made = nn.Buffer(lib.ones(1))

        def forward(self, x):
            return x @ self.w

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = Inner(), nn.Linear(2, 2)
            self.same = self.a
            self.tied = self.b.weight
            self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
            self.table = nn.ModuleDict({"x": nn.Linear(1, 1), "y": nn.Identity()})

    return Outer()


def test_listings():
    ours, theirs = build(network)
    for method in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        for options in ({},) if method == "named_children" else (
            {}, {"remove_duplicate": False}, {"prefix": "p"}
        ):  # fmt: skip
            got = [k for k, _ in getattr(ours, method)(**options)]
            assert got == [k for k, _ in getattr(theirs, method)(**options)], (method, options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    assert len(list(ours.parameters(recurse=False))) == 1
    assert ours.get_parameter("a.w") is ours.a.w and ours.get_buffer("a.count") is ours.a.count


def test_registries_and_attributes_agree():
    m = nt.nn.Linear(2, 2)
    assert m.__dict__["weight"] is m._parameters["weight"] is m.weight
    new = nt.nn.Parameter(nt.zeros(2, 2))
    m.weight = new
    assert m._parameters["weight"] is new is m.__dict__["weight"]
    m.bias = None
    assert "bias" in m._parameters and m.bias is None and "bias" not in m.state_dict()
    del m.weight
    assert "weight" not in m._parameters and not hasattr(m, "weight")
    m.weight = nt.ones(2, 2)  # a plain tensor where no parameter is
    assert "weight" not in m._parameters
    m.weight = new
    assert "weight" in m._parameters
    del m._parameters["weight"], m.__dict__["weight"]
    m._parameters["weight"] = new  # by hand: found through the registry
    assert m.weight is new
    m.sub = nt.nn.ReLU()
    m.sub = nt.nn.Parameter(nt.ones(1))
    assert "sub" not in m._modules and "sub" in m._parameters


def test_state_dict_both_ways():
    ours, theirs = build(network)
    for p in theirs.parameters():
        torch.nn.init.normal_(p)
    assert str(ours.load_state_dict(to_ours(theirs.state_dict()))) == (
        "<All keys matched successfully>"
    )
    for k, v in theirs.state_dict().items():
        check(ours.state_dict()[k], v, what=k)
    with nt.no_grad():
        for p in ours.parameters():
            p.mul_(2)
    theirs.load_state_dict(to_torch(ours.state_dict()))
    check(ours.a.w, theirs.a.w)
    state = ours.state_dict()
    with nt.no_grad():
        ours.b.bias.fill_(7)
    assert (state["b.bias"] == 7).all() and not state["b.bias"].requires_grad  # shares memory


def test_load_state_dict_errors():
    ours, theirs = build(lambda nn: nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2, bias=False)))

    def broken(lib, net):
        state = dict(net.state_dict())
        state["0.weight"] = lib.zeros(2, 2)
        state["extra"], state["1.more.x"] = lib.zeros(1), lib.zeros(1)
        del state["0.bias"], state["1.weight"]
        return state

    got = outcome(lambda: ours.load_state_dict(broken(nt, ours)))
    want = outcome(lambda: theirs.load_state_dict(broken(torch, theirs)))
    assert type(got) is type(want) and str(got) == str(want)
    state = broken(nt, ours)
    state["0.weight"] = ours[0].weight
    found = ours.load_state_dict(state, strict=False)
    assert found.missing_keys == ["0.bias", "1.weight"]
    assert found.unexpected_keys == ["extra", "1.more.x"]


def test_load_state_dict_assign():
    m = nt.nn.Linear(2, 2)
    new = {"weight": nt.ones(2, 2), "bias": nt.zeros(2)}
    m.load_state_dict(new, assign=True)
    assert (m.weight == 1).all() and m.weight.requires_grad
    assert isinstance(m.weight, nt.nn.Parameter)


def test_extra_state():
    class Counting(nt.nn.Linear):
        seen = 0

        def get_extra_state(self):
            return {"seen": self.seen}

        def set_extra_state(self, state):
            self.seen = state["seen"]

    a, b = Counting(1, 1), Counting(1, 1)
    a.seen = 5
    b.load_state_dict(a.state_dict())
    assert b.seen == 5


def test_modes_casts_and_apply():
    net = nt.nn.Sequential(nt.nn.Linear(2, 3), nt.nn.Sequential(nt.nn.Dropout(0.5)))
    assert not net.eval().training and not net[1][0].training and net.train()[1][0].training
    w = net[0].weight
    net.double()
    assert net[0].weight is w and w.dtype is nt.float64 and w.requires_grad and w.is_leaf
    assert net(nt.ones(1, 2, dtype=nt.float64)).dtype is nt.float64
    net.to(nt.float32).to("cpu")
    assert w.dtype is nt.float32
    seen = []
    net.apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "Dropout", "Sequential", "Sequential"]
    net(nt.ones(1, 2)).sum().backward()
    assert w.grad is not None
    net.zero_grad()
    assert w.grad is None
    net(nt.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert (w.grad == 0).all()
    net.requires_grad_(False)
    assert not net(nt.ones(1, 2)).requires_grad


def test_hooks():
    m, seen = nt.nn.Linear(2, 2), []
    pre = m.register_forward_pre_hook(lambda m, args: seen.append("pre") or (args[0] * 0,))
    post = m.register_forward_hook(lambda m, args, out: seen.append("post") or out + 1)
    y = m(nt.ones(1, 2))
    assert seen == ["pre", "post"] and nt.allclose(y, m.bias + 1)
    pre.remove()
    post.remove()
    assert nt.allclose(m(nt.zeros(1, 2)), m.bias) and len(seen) == 2
    with m.register_forward_hook(lambda m, a, k, o: seen.append(k), with_kwargs=True):
        m(input=nt.ones(1, 2))
    assert list(seen[-1]) == ["input"]


def test_containers():
    def edit(nn):
        net = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
        net.append(nn.Linear(2, 3)).insert(0, nn.Identity())
        net[1] = nn.Linear(1, 4)
        net.extend([nn.Tanh(), nn.Sigmoid()])
        del net[2]
        blocks = nn.ModuleList([nn.ReLU()] * 3)
        blocks += [nn.Linear(1, 1), nn.Linear(2, 2)]
        blocks.insert(1, nn.Tanh())
        del blocks[-1]
        table = nn.ModuleDict({"a": nn.ReLU()})
        table.update([("b", nn.Tanh())])
        table["c"] = nn.Identity()
        table.pop("a")
        return nn.Sequential(net, net[1:3], net + nn.Sequential(nn.ReLU()), blocks, table)

    ours, theirs = build(edit)
    assert repr(ours) == repr(theirs)
    assert [len(m) for m in ours] == [len(m) for m in theirs]
    assert isinstance(ours[3][-1], nt.nn.Linear) and list(ours[4]) == ["b", "c"]


def test_copy_and_pickle():
    net = nt.nn.Sequential(nt.nn.Linear(2, 3), nt.nn.Linear(3, 2))
    net.tied = net[0].weight
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other.tied is other[0].weight is not net.tied
        assert isinstance(other.tied, nt.nn.Parameter) and other.tied.requires_grad
        for a, b in zip(net.parameters(), other.parameters()):
            assert (a == b).all()
        with nt.no_grad():
            other[0].weight.add_(1)
        assert not (other.tied == net.tied).any()


def test_parameter():
    data = nt.zeros(2)
    p = nt.nn.Parameter(data)
    with nt.no_grad():
        p += 1
    assert (data == 1).all() and p.is_leaf  # shares memory
    assert repr(p) == repr(torch.nn.Parameter(torch.ones(2)))
    assert type(p * 2) is nt.Tensor
    assert not nt.nn.Parameter(nt.zeros(1, dtype=nt.int64), requires_grad=False).requires_grad
    with pytest.raises(RuntimeError, match="floating point"):
        nt.nn.Parameter(nt.zeros(1, dtype=nt.int64))


def test_calls_are_cheap_entries():
    """A layer records one entry, and hooks cost nothing when there are none."""
    layers = {
        "linear": (nt.nn.Linear(4, 4), nt.ones(2, 4)),
        "conv": (nt.nn.Conv2d(2, 2, 3), nt.ones(1, 2, 5, 5)),
        "dropout": (nt.nn.Dropout(0.5), nt.ones(3)),
    }
    local.tape.flush()
    for name, (m, x) in layers.items():
        x._value()
        local.tape.flush()
        y = m(x)
        assert [e[0].op.name if hasattr(e[0], "op") else e[0].name for e in local.tape.entries] == [
            name
        ]
        del y
        local.tape.flush()


# ---------------------------------------------------------------- dropout, init


def test_dropout():
    x = nt.ones(200, 500, requires_grad=True)
    nt.manual_seed(3)
    d = nt.nn.Dropout(0.3)
    y = d(x)
    y.sum().backward()
    assert nt.equal(y.detach(), x.grad)  # same mask in the backward pass
    values = np.unique(y.detach().numpy())
    np.testing.assert_allclose(values, [0, 1 / 0.7], rtol=1e-6)
    share = (y == 0).double().mean().item()
    assert abs(share - 0.3) < 5 * (0.3 * 0.7 / 1e5) ** 0.5
    other = d(x)
    assert not nt.equal(other, y)
    nt.manual_seed(3)
    assert nt.equal(d(x), y)
    assert d.eval()(x) is x
    assert (F.dropout(x, 1.0) == 0).all() and F.dropout(x, 0.0) is x
    z = nt.ones(100)
    assert F.dropout(z, 0.5, inplace=True) is z and (z == 0).any()


def test_dropout_rate_is_a_run_time_scalar():
    x = nt.ones(64, 64)

    def run(p):
        return F.dropout(x, p).sum().item()

    x._value()
    run(0.5)
    before = counters.plan_misses
    for p in (0.1, 0.2, 0.9):
        run(p)
    assert counters.plan_misses == before


@pytest.mark.parametrize("name, scale", [
    ("kaiming_uniform_", None), ("kaiming_normal_", None), ("xavier_uniform_", None),
    ("xavier_normal_", None), ("uniform_", 1 / 12**0.5), ("normal_", 1.0),
])  # fmt: skip
def test_init(name, scale):
    shape = (64, 32, 3, 3)
    t, u = nt.empty(shape), torch.empty(shape)
    nt.manual_seed(0), torch.manual_seed(0)
    assert getattr(nt.nn.init, name)(t) is t
    getattr(torch.nn.init, name)(u)
    a, b = t.numpy(), u.numpy()
    assert abs(a.std() / b.std() - 1) < 0.03 and abs(a.mean() - b.mean()) < 0.02 * b.std()
    if "uniform" in name:
        assert abs(a.max() / b.max() - 1) < 0.01 and abs(a.min() - b.min()) < 0.01
    nt.manual_seed(0)
    again = getattr(nt.nn.init, name)(nt.empty(shape))
    assert nt.equal(again, t)


def test_init_constants_and_gains():
    p = nt.nn.Parameter(nt.empty(2, 3))
    for f, value in ((nt.nn.init.zeros_, 0), (nt.nn.init.ones_, 1)):
        assert f(p) is p and (p == value).all() and p.is_leaf and p.requires_grad
    assert (nt.nn.init.constant_(p, 0.25) == 0.25).all()
    for word in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert nt.nn.init.calculate_gain(word) == torch.nn.init.calculate_gain(word)
    assert nt.nn.init.calculate_gain("leaky_relu", 0.2) == pytest.approx(1.3867504905630728)
    with pytest.raises(ValueError, match="Fan in and fan out"):
        nt.nn.init.xavier_uniform_(nt.empty(3))


def test_default_parameters_have_torch_ranges():
    for make in (lambda nn: nn.Linear(400, 50), lambda nn: nn.Conv2d(16, 32, 3)):
        ours, theirs = build(make)
        for p, q in zip(ours.parameters(), theirs.parameters()):
            a, b = p.detach().numpy(), q.detach().numpy()
            assert abs(np.abs(a).max() / np.abs(b).max() - 1) < 0.2


# ---------------------------------------------------------------- the rest of functional


@pytest.mark.parametrize("amounts", [(1, 2), (1, 2, 0, 3), (-1, 1), (0, -2, 1, 0)])
def test_pad(amounts):
    x, y = pair(normal(3, 4), requires_grad=True)
    got, want = F.pad(x, amounts, value=0.5), TF.pad(y, amounts, value=0.5)
    check(got, want)
    got.sum().backward()
    want.sum().backward()
    check(x.grad, y.grad)


def test_functional_matches_methods():
    x, y = pair(normal(3, 4))
    for name in ("relu", "sigmoid", "tanh", "silu", "gelu"):
        check(getattr(F, name)(x), getattr(TF, name)(y), rtol=1e-12, atol=1e-14)
    for name in ("relu", "silu"):
        a, b = pair(normal(3, 4))
        assert getattr(F, name)(a, inplace=True) is a
        check(a, getattr(TF, name)(b, inplace=True), rtol=1e-12)
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        F.softmax(x)
    with pytest.warns(UserWarning, match="broadcasting"):
        F.mse_loss(nt.ones(3, 1), nt.ones(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(F.mse_loss(x, x[0]), TF.mse_loss(y, y[0]), rtol=1e-12)


def test_mse_loss_with_weights():
    # The weight was accepted and ignored.
    a, b, w = (np.random.default_rng(k).random((3, 4), np.float32) for k in range(3))
    for reduction in ("none", "mean", "sum"):
        x, y = (
            m.nn.functional.mse_loss(m.tensor(a), m.tensor(b), weight=m.tensor(w), reduction=reduction)
            for m in (nt, torch)
        )
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-6)


def test_logistic_losses_have_their_gradient_at_zero():
    # Zero logits are what a zero-initialised last layer gives.
    x = nt.zeros(3, requires_grad=True)
    F.binary_cross_entropy_with_logits(x, nt.tensor([0.0, 1.0, 0.5]), reduction="sum").backward()
    assert x.grad.tolist() == [0.5, -0.5, 0.0]
    x = nt.zeros(1, requires_grad=True)
    F.logsigmoid(x).backward()
    assert x.grad.tolist() == [0.5]


def test_cross_entropy_of_a_target_without_dimensions():
    for t in (nt, torch):
        with pytest.raises(ValueError, match=r"input batch_size \(1\) .* batch_size \(0\)"):
            t.nn.functional.cross_entropy(t.rand(1, 5), t.tensor(2))
