"""Writes through detached aliases, and results that were overwritten: programs run on both."""

import numtorch as nt
import pytest
from helpers import outcome, settings, torch

PROGRAMS = {}


def program(f):
    """Registers a program under its name."""
    PROGRAMS[f.__name__] = f
    return f


def seen(*tensors):
    """What there is to see of tensors and gradients."""
    return [None if t is None else (t.tolist(), t.requires_grad, t.is_leaf) for t in tensors]


def weights(lib):
    return lib.tensor([2.0, 3.0, 4.0], requires_grad=True)


@program
def the_alias_has_a_graph_and_the_tensor_has_none(lib):
    x, w = lib.ones(3), weights(lib)
    d = x.detach()
    d.mul_(w)
    (d * d).sum().backward()
    return seen(x, d, w.grad), d._version, x._version


def views_follow(lib, x, turn):
    """Views that were there before x became a leaf, once its memory was written."""
    views = [x[0], x.t(), x[1:, ::2], x.as_strided((2, 2), (1, 1), 1), x.as_strided((2, 2), (2, 0))]
    turn(x)
    x.requires_grad_()
    x.detach().mul_(2)
    for v in views:
        (v * lib.arange(float(v.numel())).reshape(v.shape)).sum().backward()
    return seen(x, x.grad, *views)


@program
def views_of_a_base_that_is_turned_becomes_a_leaf_and_is_written(lib):
    return views_follow(lib, lib.arange(9.0).reshape(3, 3).clone(), lambda x: x.t_())


@program
def views_of_a_detached_base_that_becomes_a_leaf_and_is_written(lib):
    return views_follow(lib, lib.arange(9.0).reshape(3, 3).clone().detach(), lambda x: None)


@program
def both_have_graphs(lib):
    leaf, w = lib.tensor([1.0, 2.0, 3.0], requires_grad=True), weights(lib)
    x = leaf * 2
    d = x.detach()
    d[1:].mul_(w[1:])
    v = d[:2]
    d.mul_(3)
    d.retain_grad()
    (v * v).sum().backward(retain_graph=True)
    (x * x).sum().backward()
    return seen(x, d, v, w.grad, leaf.grad, d.grad)


@program
def two_aliases_of_one_tensor(lib):
    leaf, w = lib.tensor([[1.0, 2.0, 3.0], [4, 5, 6]], requires_grad=True), weights(lib)
    x = leaf * 2
    d, e = x[1].detach(), x.detach()
    d.mul_(w)
    d.sum().tolist()
    e[1].mul_(w)
    z = d[1:]
    z.mul_(w[0])
    found = lib.autograd.grad(
        (d * d).sum() + (e * x).sum(), (d, e, w, leaf, x, z), allow_unused=True
    )
    return seen(x, d, e, z, *found)


@program
def hooks_and_kept_gradients(lib):
    x, w = lib.ones(3), weights(lib)
    d = x.detach()
    d.mul_(w)
    d.register_hook(lambda g: g * 10)
    d.retain_grad()
    d.sum().tolist()
    q = d * 2
    x.add_(1)
    x.sum().tolist()
    (d * 3).sum().backward()
    return seen(x, d, w.grad, d.grad, q)


@program
def the_version_is_shared(lib):
    x, w = lib.ones(3), weights(lib)
    d = x.detach()
    d.mul_(w)
    q = d * d
    x.add_(1)
    q.sum().backward()


@program
def transposed_and_filled(lib):
    x, w = lib.ones(3, 2), weights(lib)
    d = x.T.detach()
    d[0].mul_(w)
    d.retain_grad()
    x.sum().tolist()
    d.mul_(2)
    d.fill_(2)
    d[1] = w
    (d * d).sum().backward()
    return seen(x, d, w.grad, d.grad)


@program
def through_data(lib):
    x, w = lib.ones(3), weights(lib)
    z = x.data
    z.mul_(w)
    u = z.detach()
    u.mul_(w)
    r = u.as_strided((2,), (2,), 0)
    (r * r).sum().backward(retain_graph=True)
    return seen(x, z, u, r, w.grad, lib.autograd.grad(z.sum(), w)[0])


@program
def turn_by_turn(lib):
    x, w = lib.ones(3), weights(lib)
    d = x.detach()
    for _ in range(3):
        d.mul_(w)
        x.add_(1)
        d.sum().tolist()
    d.sum().backward()
    return seen(x, d, w.grad)


@program
def parts_of_complex_numbers(lib):
    x, w = lib.ones(3, dtype=lib.complex64), weights(lib)
    d = x.detach()
    lib.view_as_real(d)[..., 0].mul_(w)
    d.real.sum().tolist()
    (d * d).real.sum().backward()
    return seen(x, d, w.grad)


@program
def hooks_elsewhere_do_not_keep_gradients_back(lib):
    other = lib.ones(1, requires_grad=True)
    other.register_hook(lambda g: g)
    q, p = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
    s = (q * 0.125).sigmoid()
    s.mul_(2)
    try:
        (p * lib.maximum(p, s)).sum().backward()
    except RuntimeError as e:
        return seen(p.grad, q.grad), str(e)


@program
def the_base_becomes_a_leaf(lib):
    x = lib.ones(2, 3)
    early, v, w = x[0], x[1], x[0]
    v.mul_(2)
    x.requires_grad_()
    (v * v).sum().backward()
    found = seen(v, early, x.grad), v.grad_fn is None, early.grad_fn is None
    try:
        w.mul_(2)
    except RuntimeError as e:
        return found, str(e)


@program
def views_of_a_view_that_gradients_do_not_reach(lib):
    a = lib.from_numpy(torch.ones(4).numpy())
    v = a[1:]
    a.requires_grad_()
    w = v[None]
    (v * v).sum().backward()
    w.sum().backward()
    return seen(a, v, w, a.grad)


@program
def a_part_whose_base_no_longer_requires_grad(lib):
    x = lib.ones(2, 3, requires_grad=True)
    v = x.split(1)[0]
    with lib.no_grad():
        v.mul_(2)
    x.requires_grad_(False)
    return v.is_leaf


@program
def two_detached_aliases_that_are_alike(lib):
    x, w = lib.ones(3), weights(lib)
    x = (x * w).detach_()
    x.detach().mul_(w)
    d, e = x.detach(), x.detach()
    e.mul_(w)
    return seen(x, d, e)


@program
def reshape_that_copies_is_no_view(lib):
    x = lib.ones(2, 3, requires_grad=True).T.reshape(-1)
    return x._is_view(), seen(x.detach_())


@program
def cat_keeps_the_gradients_of_nothing(lib):
    x = lib.zeros(0, requires_grad=True)
    y = lib.cat((x, lib.ones(2, 2)))
    y.sum().backward()
    return seen(y, x.grad)


@program
def deep_copies(lib):
    import copy

    x = lib.ones(3, requires_grad=True)
    with lib.no_grad():
        v = x[:2]
    a, b = copy.deepcopy((x, v))
    return seen(a, b), a._version


@program
def in_place_results_in_memory(lib):
    x = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.clamp(min=1.5)
    y.mul_(2)
    y.tolist()
    y.sigmoid_()
    y.tolist()
    y.sum().backward()
    return [f"{v:.4g}" for v in x.grad.tolist()]


@program
def a_view_keeps_its_gradient_in_later_windows(lib):
    x = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[:2]
    y.retain_grad()
    (y * y).sum().backward()
    first = y.grad.tolist()
    (y * y).sum().backward()
    return first, seen(y.grad, x.grad)


@program
def a_detached_part_is_still_found(lib):
    x = lib.ones(2, 3, requires_grad=True)
    v = x.unbind()[1]
    y = v * v
    d = v.detach()
    return seen(d, *lib.autograd.grad(y.sum(), v))


@program
def parts_of_a_strided_array(lib):
    a = torch.arange(24.0).reshape(4, 6).numpy()[::2, ::3]
    w = lib.ones(2, requires_grad=True)
    x = lib.from_numpy(a)
    d = x.detach()
    d[1].mul_(w)
    x[:, 1].mul_(w)
    x.T[0, 1:] = w[:1] * 3
    (d * d).sum().backward(retain_graph=True)
    x.sum().backward()
    return a.tolist(), seen(x, d, w.grad)


@program
def a_view_written_through_data_in_an_older_window(lib):
    x = lib.tensor([[0.0, 2.5, -0.5], [2, -1, 1.5]], requires_grad=True)
    v = x[:, 1:2]
    y = v * x * 0.5
    v.data.mul_(2)
    y.tolist()
    return seen(*lib.autograd.grad(y.sum(), x))


@program
def an_operand_of_a_reduction_written_through_data(lib):
    x = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.amax()
    x.data.mul_(x)
    y.backward()
    return str(x.grad.tolist())


@program
def views_of_what_is_detached_in_place(lib):
    x = lib.ones(3, requires_grad=True) * 2
    with lib.no_grad():
        v = x[:2]
    x.detach_()
    return seen(x, v, v * 2)


RESULTS = {
    "softmax": lambda lib, x: x.softmax(-1), "log_softmax": lambda lib, x: x.log_softmax(0),
    "logsumexp": lambda lib, x: x.logsumexp(1), "amax": lambda lib, x: x.amax(),
    "amin": lambda lib, x: x.amin(0, keepdim=True), "prod": lambda lib, x: x.prod(1),
    "norm": lambda lib, x: x.norm(), "norm3": lambda lib, x: x.norm(3, dim=1),
    "vector_norm": lambda lib, x: lib.linalg.vector_norm(x, 2.5, dim=1),
}  # fmt: skip


def overwritten(f):
    """The gradient of a result that is written through .data."""

    def run(lib):
        x = lib.tensor([[1.0, 2.0, -3.0], [4.0, -0.5, 1.5]], requires_grad=True)
        z = f(lib, x * 1.5)
        loss = (z * lib.arange(1.0, z.numel() + 1).reshape(z.shape)).sum()
        z.data.mul_(2)
        loss.backward()
        return [[f"{v:.4g}" for v in row] for row in x.grad.tolist()]

    return run


PROGRAMS.update({f"overwritten_{name}": overwritten(f) for name, f in RESULTS.items()})


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, eager):
    f = PROGRAMS[name]
    with settings(eager=eager, interp=True):
        ours = outcome(f, nt)
    theirs = outcome(f, torch)
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs), f"{ours!r}, torch: {theirs!r}"
    else:
        assert repr(ours) == repr(theirs)
