"""nn.utils and nn.init against torch: each case runs in both libraries."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import numtorch as nt
import pytest
import torch.nn.utils.prune  # noqa: F401
from helpers import check_error, outcome, torch

X = np.arange(24, dtype="float32").reshape(4, 3, 2)
BOTH = (nt, torch)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def layer(lib, ins=4, outs=3):
    m = lib.nn.Linear(ins, outs)
    with lib.no_grad():
        m.weight.copy_(lib.arange(ins * outs).reshape(outs, ins) * 0.1 - 0.37)
        m.bias.copy_(lib.arange(outs) * 0.5)
    return m


def trained(lib, m):
    y = m(lib.ones(2, m.in_features))
    (y**2).sum().backward()
    return y


def equal(got, want) -> bool:
    if isinstance(want, torch.Tensor):
        a, b = (np.asarray(t.detach().numpy()) for t in (got, want))
        return a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, 1e-5, 1e-5)
    if isinstance(want, (list, tuple)):
        return len(got) == len(want) and all(map(equal, got, want))
    return got == want


def clipped(lib, norm, **options):
    m = layer(lib)
    trained(lib, m)
    total = lib.nn.utils.clip_grad_norm_(m.parameters(), 1.0, norm, **options)
    return total, m.weight.grad, m.bias.grad


def clipped_values(lib):
    m = layer(lib)
    trained(lib, m)
    lib.nn.utils.clip_grad_value_(m.parameters(), 0.5)
    return m.weight.grad


def clipped_nan(lib):
    m = layer(lib)
    m.weight.grad = lib.full((3, 4), float("nan"))
    return lib.nn.utils.clip_grad_norm_(m.parameters(), 1.0, error_if_nonfinite=True)


def vectors(lib):
    m, u = layer(lib), lib.nn.utils
    v = u.parameters_to_vector(m.parameters())
    u.vector_to_parameters(v * 2, m.parameters())
    return v, m.weight, m.bias


def weight_norm_hook(lib, dim):
    m = lib.nn.utils.weight_norm(layer(lib), dim=dim)
    out = [trained(lib, m), m.weight_g.grad, m.weight_v.grad, list(m.state_dict()), repr(m)]
    lib.nn.utils.remove_weight_norm(m)
    return [*out, m.weight, list(m.state_dict()), isinstance(m.weight, lib.nn.Parameter)]


def weight_norm_new(lib, dim):
    made, tools = lib.nn.utils.parametrizations, lib.nn.utils.parametrize
    m = made.weight_norm(layer(lib), dim=dim)
    y, originals = trained(lib, m), m.parametrizations.weight
    g, v = originals.original0, originals.original1
    out = [y, g.grad, v.grad, list(m.state_dict()), repr(m), type(m).__name__]
    out += [tools.is_parametrized(m), tools.is_parametrized(m, "bias")]
    out.append(tools.type_before_parametrizations(m).__name__)
    with lib.no_grad():
        m.weight = lib.ones(3, 4)
    out += [m.weight, g, v]
    with tools.cached():
        out.append(m.weight is m.weight)
    out.append(m.weight is m.weight)
    tools.remove_parametrizations(m, "weight")
    return [*out, m.weight, list(m.state_dict()), type(m).__name__]


def old_keys(lib):
    m = lib.nn.utils.parametrizations.weight_norm(layer(lib))
    held = lib.nn.utils.weight_norm(layer(lib)).state_dict()
    return str(m.load_state_dict(held)), m.weight, sorted(held)


def spectral(lib, new):
    m, u = layer(lib), lib.nn.utils
    (u.parametrizations if new else u).spectral_norm(m)
    first = m.parametrizations.weight[0] if new else None
    a, b = (first._u, first._v) if new else (m.weight_u, m.weight_v)
    with lib.no_grad():
        a.copy_(lib.tensor([0.6, 0.8, 0.0]))
        b.copy_(lib.tensor([0.5, 0.5, 0.5, 0.5]))
    m(lib.ones(2, 4))
    y, w = trained(lib, m), m.parametrizations.weight.original if new else m.weight_orig
    a, b = (first._u, first._v) if new else (m.weight_u, m.weight_v)
    out = [y, w.grad, a, b, list(m.state_dict()), m.eval()(lib.ones(1, 4))]
    if new:
        u.parametrize.remove_parametrizations(m, "weight")
    else:
        u.remove_spectral_norm(m)
    return [*out, m.weight, list(m.state_dict())]


def orthogonal(lib, kind, ins, outs):
    m = layer(lib, ins, outs)
    lib.nn.utils.parametrizations.orthogonal(m, orthogonal_map=kind)
    found = [m.weight] if ins == outs else []
    with lib.no_grad():
        m.parametrizations.weight.original.copy_(lib.arange(ins * outs).reshape(outs, ins) * 0.05)
    w = m.weight
    return [*found, w @ w.mT if ins >= outs else w.mT @ w, repr(m)]


def own_parametrization(lib):
    class Symmetric(lib.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

    class Exp(lib.nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, x):
            return x.log()

    tools, m = lib.nn.utils.parametrize, layer(lib, 3, 3)
    out = [tools.register_parametrization(m, "weight", Symmetric()).weight]
    out.append(tools.register_parametrization(m, "weight", Exp()).weight)
    twin = copy.deepcopy(m)
    out += [twin.weight, list(twin.state_dict()), [n for n, _ in m.named_parameters()]]
    out.append(str(outcome(setattr, m, "weight", lib.ones(3, 3))))
    opt = lib.optim.SGD(m.parameters(), lr=0.1)
    m(lib.ones(1, 3)).sum().backward()
    opt.step()
    out.append(m.weight)
    tools.remove_parametrizations(m, "weight", leave_parametrized=False)
    return [*out, m.weight]


def bad_parametrization(lib, f):
    class Bad(lib.nn.Module):
        def forward(self, x):
            return f(x)

    return lib.nn.utils.parametrize.register_parametrization(layer(lib), "weight", Bad())


def pruned(lib, f):
    m, prune = layer(lib), lib.nn.utils.prune
    f(prune, m)
    trained(lib, m)
    out = [m.weight, m.weight_mask, m.weight_orig.grad, list(m.state_dict()), prune.is_pruned(m)]
    prune.remove(m, "weight")
    return [*out, m.weight, list(m.state_dict()), prune.is_pruned(m)]


def module_hooks(lib):
    m, seen = lib.nn.Sequential(layer(lib), layer(lib, 3, 2)), []
    m[0].register_state_dict_pre_hook(lambda mod, p, k: seen.append((p, k)))
    m[1].register_state_dict_post_hook(lambda mod, sd, p, local: seen.append((p, sorted(sd))))
    m.register_load_state_dict_pre_hook(lambda mod, sd, p, *r: seen.append((p, len(r))))
    m[0].register_load_state_dict_post_hook(lambda mod, k: seen.append(str(k)))
    m.load_state_dict(m.state_dict())
    return seen


def sequences(lib):
    return [lib.tensor(X[:, 0]), lib.tensor(X[:2, 1]), lib.tensor(X[:3, 2])]


def packed(lib):
    x, tools = lib.tensor(X, requires_grad=True), lib.nn.utils.rnn
    p = tools.pack_padded_sequence(x, lib.tensor([2, 4, 1]), enforce_sorted=False)
    y, lengths = tools.pad_packed_sequence(p, padding_value=-1.0, total_length=5)
    (y**2).sum().backward()
    return [*p, y, lengths, x.grad]


def rnn(f):
    return lambda lib: f(lib.nn.utils.rnn, lib)


CASES = {
    **{f"clip {p}": lambda lib, p=p: clipped(lib, p) for p in (2.0, 1, "inf", 3.0)},
    "clip foreach": lambda lib: clipped(lib, 2, foreach=True),
    "clip nothing": lambda lib: lib.nn.utils.clip_grad_norm_([], 1.0),
    "clip nan": clipped_nan,
    "clip values": clipped_values,
    "vectors": vectors,
    "no vector": lambda lib: lib.nn.utils.vector_to_parameters([1], []),
    **{f"weight norm {d}": lambda lib, d=d: weight_norm_hook(lib, d) for d in (0, None)},
    "weight norm twice": lambda lib: lib.nn.utils.weight_norm(
        lib.nn.utils.weight_norm(layer(lib))),
    "no weight norm": lambda lib: lib.nn.utils.remove_weight_norm(layer(lib)),
    "new weight norm": lambda lib: weight_norm_new(lib, 0),
    "old keys": old_keys,
    "spectral": lambda lib: spectral(lib, False),
    "new spectral": lambda lib: spectral(lib, True),
    **{f"orthogonal {a}": lambda lib, a=a: orthogonal(lib, *a) for a in (
        ("matrix_exp", 3, 3), ("cayley", 3, 4), ("householder", 3, 3), (None, 4, 3))},
    "no map": lambda lib: orthogonal(lib, "x", 4, 3),
    "orthogonal vector": lambda lib: lib.nn.utils.parametrizations.orthogonal(layer(lib), "bias"),
    "own parametrization": own_parametrization,
    "other shape": lambda lib: bad_parametrization(lib, lambda x: x[:1]),
    "other dtype": lambda lib: bad_parametrization(lib, lambda x: x.double()),
    "no tensor": lambda lib: bad_parametrization(lib, lambda x: 1),
    "no name": lambda lib: lib.nn.utils.parametrize.register_parametrization(
        layer(lib), "nope", lib.nn.Identity()),
    "not parametrized": lambda lib: lib.nn.utils.parametrize.remove_parametrizations(
        layer(lib), "weight"),
    "pickled": lambda lib: pickle.dumps(lib.nn.utils.parametrizations.weight_norm(layer(lib))),
    "prune l1": lambda lib: pruned(lib, lambda p, m: p.l1_unstructured(m, "weight", 0.3)),
    "prune ln": lambda lib: pruned(lib, lambda p, m: p.ln_structured(m, "weight", 2, 1, -1)),
    "prune thrice": lambda lib: pruned(lib, lambda p, m: (
        p.l1_unstructured(m, "weight", 0.3), p.ln_structured(m, "weight", 1, 2, 1),
        p.l1_unstructured(m, "weight", 0.5))),
    "prune identity": lambda lib: pruned(lib, lambda p, m: p.identity(m, "weight")),
    "prune scores": lambda lib: pruned(lib, lambda p, m: p.l1_unstructured(
        m, "weight", 4, importance_scores=lib.arange(12.0).reshape(3, 4))),
    "prune at random": lambda lib: [
        lib.nn.utils.prune.random_unstructured(layer(lib), "weight", 0.5).weight_mask.sum(),
        lib.nn.utils.prune.random_structured(layer(lib), "weight", 1, 0).weight_mask.sum()],
    **{f"prune {n}": lambda lib, n=n: lib.nn.utils.prune.l1_unstructured(layer(lib), "weight", n)
       for n in (-1, 1.5, "x", 100)},
    "prune slices of a vector": lambda lib: lib.nn.utils.prune.ln_structured(
        layer(lib), "bias", 1, 2, 0),
    "not pruned": lambda lib: lib.nn.utils.prune.remove(layer(lib), "weight"),
    "hooks": module_hooks,
    "stateless": lambda lib: lib.nn.utils.stateless.functional_call(
        layer(lib), {"weight": lib.ones(3, 4)}, (lib.ones(1, 4),)),
    "skip_init": lambda lib: list(lib.nn.utils.skip_init(lib.nn.Linear, 3, 2).weight.shape),
    "skip_init of no module": lambda lib: lib.nn.utils.skip_init(dict),
    "packed": packed,
    "packed, batch first": rnn(lambda r, lib: r.pack_padded_sequence(
        lib.tensor(X), [3, 3, 2, 1], batch_first=True)[:2]),
    **{f"lengths {n}": rnn(lambda r, lib, n=n: r.pack_padded_sequence(lib.tensor(X), n))
       for n in ([1, 2, 3], [4, 2, 0], [4, 2])},
    "packed nothing": rnn(lambda r, lib: r.pack_padded_sequence(lib.tensor(X)[:0], [1, 1, 1])),
    "short total": rnn(lambda r, lib: r.pad_packed_sequence(
        r.pack_padded_sequence(lib.tensor(X), [4, 2, 1]), total_length=2)),
    **{f"padded {s}": rnn(lambda r, lib, s=s: r.pad_sequence(sequences(lib), s == "left", 9.0, s))
       for s in ("left", "right", "up")},
    "padded nothing": rnn(lambda r, lib: r.pad_sequence([])),
    "padded others": rnn(lambda r, lib: r.pad_sequence([lib.ones(2, 3), lib.ones(2, 2)])),
    "sequences": rnn(lambda r, lib: r.unpack_sequence(
        r.pack_sequence(sequences(lib), enforce_sorted=False))),
    "eye_": lambda lib: lib.nn.init.eye_(lib.empty(3, 4, requires_grad=True)),
    **{f"dirac_ {g}": lambda lib, g=g: lib.nn.init.dirac_(lib.empty(4, 3, 3, 2), g)
       for g in (1, 2, 3)},
    "sparse_": lambda lib: (lib.nn.init.sparse_(lib.empty(10, 4), 0.33) == 0).sum(0),
    "orthogonal_": lambda lib: (w := lib.nn.init.orthogonal_(lib.empty(3, 5), 2)) @ w.mT,
    **{f"{f} of a vector": lambda lib, f=f: getattr(lib.nn.init, f)(lib.empty(3))
       for f in ("eye_", "orthogonal_", "dirac_", "kaiming_normal_")},
    "gains": lambda lib: [lib.nn.init.calculate_gain(k) for k in (
        "linear", "conv2d", "tanh", "relu", "leaky_relu", "selu", "sigmoid")],
    "no gain": lambda lib: lib.nn.init.calculate_gain("x"),
    "no slope": lambda lib: lib.nn.init.calculate_gain("leaky_relu", True),
    "no mode": lambda lib: lib.nn.init.kaiming_uniform_(lib.empty(3, 3), mode="x"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_as_torch(name):
    got, want = (outcome(CASES[name], lib) for lib in BOTH)
    if isinstance(want, Exception):
        check_error(got, want, name)
    else:
        if isinstance(got, Exception):
            raise got
        assert equal(got, want), f"{got}\n{want}"


def test_truncated_normal():
    w = nt.nn.init.trunc_normal_(nt.empty(100_000), 1.0, 2.0, -1.0, 3.5)
    want = torch.nn.init.trunc_normal_(torch.empty(100_000), 1.0, 2.0, -1.0, 3.5)
    assert w.min().item() >= -1 and w.max().item() <= 3.5
    assert w.mean().item() == pytest.approx(want.mean().item(), abs=0.02)
    assert w.std().item() == pytest.approx(want.std().item(), abs=0.02)


def test_warnings():
    def texts(lib):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            lib.nn.init.constant(lib.empty(2), 1.0)
            lib.nn.init.kaiming_uniform_(lib.empty(0, 3))
            lib.nn.init.trunc_normal_(lib.empty(2), 9.0)
            lib.nn.utils.weight_norm(layer(lib))
            lib.nn.utils.clip_grad_norm_((p for p in ()), 1.0)
        return [str(w.message) for w in found]

    assert texts(nt) == texts(torch)
