"""Tensors that gradients keep, overwritten before backward(): an error where PyTorch has one.

`python -m tests.conformance.overwritten` does the same for every function of torch's database.
"""

import numpy as np
import numtorch as nt
import pytest
from helpers import outcome, settings, torch

CALLS = {
    "leaky_relu": lambda lib, x, z: lib.nn.functional.leaky_relu(x),
    "relu6": lambda lib, x, z: lib.nn.functional.relu6(x),
    "hardtanh": lambda lib, x, z: lib.nn.functional.hardtanh(x),
    "softplus": lambda lib, x, z: lib.nn.functional.softplus(x),
    "prelu": lambda lib, x, z: lib.nn.functional.prelu(x, z[:1]),
    "smooth_l1_loss": lambda lib, x, z: lib.nn.functional.smooth_l1_loss(x, z),
    "avg_pool1d": lambda lib, x, z: lib.nn.functional.avg_pool1d(x[None], 2),
    "pad_reflect": lambda lib, x, z: lib.nn.functional.pad(x[None], (1, 1), "reflect"),
    "pad_circular": lambda lib, x, z: lib.nn.functional.pad(x[None], (1, 1), "circular"),
    "nansum": lambda lib, x, z: x.nansum(),
    "take": lambda lib, x, z: x.take(lib.tensor([0, 2])),
    "gather": lambda lib, x, z: x.gather(0, lib.tensor([0, 2])),
    "dist": lambda lib, x, z: lib.dist(x, z),
    "norm": lambda lib, x, z: x.norm(),
    "vector_norm": lambda lib, x, z: lib.linalg.vector_norm(x, 1),
    "nuclear_norm": lambda lib, x, z: lib.linalg.matrix_norm((x[:4] * 1).view(2, 2), "nuc"),
    "root": lambda lib, x, z: x**0.5 * 1,
    "addcmul": lambda lib, x, z: lib.addcmul(x, z, x, value=2),
    "addcdiv": lambda lib, x, z: lib.addcdiv(x, z, x + 9, value=2),
    "div_trunc": lambda lib, x, z: lib.div(x, z, rounding_mode="trunc"),
    "masked_select": lambda lib, x, z: lib.masked_select(x, x > 0),
    "masked_scatter": lambda lib, x, z: x.masked_scatter(x > 0, z),
    "cummax": lambda lib, x, z: x.cummax(0)[0],
    "max_dim": lambda lib, x, z: x.max(0)[0],
    "median": lambda lib, x, z: x.median(),
    "nan_to_num": lambda lib, x, z: lib.nan_to_num(x),
    "angle": lambda lib, x, z: x.angle(),
    "sgn": lambda lib, x, z: lib.sgn(x * 1) * z,
    "lerp": lambda lib, x, z: lib.lerp(x, z, 0.25),
    "index_add": lambda lib, x, z: x.index_add(0, lib.tensor([0, 1, 2, 3, 4]), z),
    "scatter_reduce": lambda lib, x, z: x.scatter_reduce(0, lib.tensor([0, 0, 1, 1, 2]), z, "sum"),
    "svd": lambda lib, x, z: lib.linalg.svd(lib.outer(x, z)[:, :3])[1],
    "eigh": lambda lib, x, z: lib.linalg.eigh(lib.outer(x, x) + lib.diag(z))[0],
    "lu_factor": lambda lib, x, z: lib.linalg.lu_factor(lib.outer(x, x) + 5 * lib.eye(5))[0],
    "tril": lambda lib, x, z: lib.outer(x, z).tril_(),
    "kron": lambda lib, x, z: lib.kron(x, z),
    "frexp": lambda lib, x, z: lib.frexp(x)[0],
    "clone": lambda lib, x, z: x.clone(),
    "relu_in_place": lambda lib, x, z: (x * 1).relu_(),
    "round": lambda lib, x, z: lib.round(x, decimals=2),
    "reciprocal_power": lambda lib, x, z: x ** -1.0,
}


def numbers(lib):
    x = lib.tensor([1.5, -2.0, 0.25, 3.0, -0.5], requires_grad=True)
    z = lib.tensor([0.5, 1.0, -4.0, 2.0, 7.0], requires_grad=True)
    return x, z


def overwrite(lib, f, which):
    a, b = numbers(lib)
    x, z = a * 1, b * 1
    y = f(lib, x, z)
    with lib.no_grad():
        t = (x, z, y)[which]
        t.copy_(t.clone())
    y.sum().backward()
    return [None if t.grad is None else (t.grad + 0).tolist() for t in (a, b)], y._is_view()


def twice(lib, f):
    a, b = numbers(lib)
    y = f(lib, a * 1, b * 1)
    y.backward(lib.ones_like(y))
    y.backward(lib.ones_like(y))
    return [None if t.grad is None else (t.grad + 0).tolist() for t in (a, b)]


def same(program):
    ours, theirs = outcome(program, nt), outcome(program, torch)
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        assert type(ours) is type(theirs), f"{ours!r}, torch: {theirs!r}"
        assert str(ours)[:60] == str(theirs)[:60]
        return
    assert repr_of(ours) == repr_of(theirs)


def repr_of(x):
    if isinstance(x, float):
        return str(round(x, 3) + 0.0)
    x = x.tolist() if hasattr(x, "tolist") else x
    return [repr_of(v) for v in x] if isinstance(x, (list, tuple)) else x


@pytest.mark.parametrize("name", CALLS)
def test_overwritten(name):
    with settings(interp=True):
        for which in range(3):
            same(lambda lib, k=which: overwrite(lib, CALLS[name], k))
        same(lambda lib: twice(lib, CALLS[name]))


def after_a_flush(lib):
    a, b = numbers(lib)
    x = a * 1
    y = lib.nn.functional.leaky_relu(x)
    first = y.tolist()
    with lib.no_grad():
        x.add_(1)
    y.sum().backward()
    return first


def after_a_flush_of_the_write(lib):
    a, b = numbers(lib)
    x = a * 1
    y = lib.dist(x, b)
    with lib.no_grad():
        x.add_(1)
    first = y.item(), x.tolist()
    y.backward()
    return first


def unchanged_after_a_flush(lib):
    a, b = numbers(lib)
    x = a * 1
    y = lib.dist(x, b)
    first = round(y.item(), 3), x.tolist()
    y.backward()
    return first, a.grad.tolist()


def of_a_view(lib):
    a, b = numbers(lib)
    x = a * 1
    y = x[1:].take(lib.tensor([0, 1]))
    x.data[0] = 3  # .data counts apart
    with lib.no_grad():
        x[0] = 9
    y.sum().backward()


@pytest.mark.parametrize(
    "program", [after_a_flush, after_a_flush_of_the_write, unchanged_after_a_flush, of_a_view]
)
def test_programs(program):
    same(program)
    with settings(eager=True):
        same(program)


def test_masked_scatter_of_a_tensor_with_views():
    for lib in (nt, torch):
        x = lib.zeros(2, 2, requires_grad=True) * 1
        part = x.detach()
        x.masked_scatter_(lib.tensor([[True, False], [True, True]]), lib.tensor([1.0, 2, 3]))
        flat = x.view(-1)
        assert flat.tolist() == [1, 0, 2, 3] and part.tolist() == [[1, 0], [2, 3]]


def empty_mask(lib):
    x, z = lib.zeros(2, 2), lib.zeros(0, requires_grad=True)
    x[x > 1] = z
    y = lib.zeros(2, 2)
    y[[]] = lib.ones(0, 2)
    return x.requires_grad, x._version, y._version


def result_of_a_mask(lib):
    x = lib.tensor([1.0, -1.0, 2.0], requires_grad=True)
    y = x[x > 0]
    z = y.clamp(-1, 1)
    with lib.no_grad():
        y.mul_(2)
    return y._is_view(), lib.autograd.grad(z.sum(), y)


def retained_of_a_root(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x.softmax(-1)
    y.sum().backward(retain_graph=True)
    x.grad.tolist()
    y.retain_grad()
    lib.autograd.grad((y * y).sum(), y, retain_graph=True)
    return y.grad.tolist()


def hook_after_detach_(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda g: g * 2)
    x.detach_()
    x.mul_(2)
    x.requires_grad_()
    x.sum().backward()
    return x.grad.tolist()


def data_that_is_squeezed(lib):
    x = lib.ones(1, 2, requires_grad=True)
    z = x.data
    z.squeeze_(0)
    (x * z).sum().backward()
    return x.grad.tolist()


def stale_part_read_without_gradients(lib):
    x = lib.ones(4, requires_grad=True)
    part = x.split(2)[0]
    with lib.no_grad():
        x.add_(1)
        part.sum()
    return part.sum()


@pytest.mark.parametrize(
    "program",
    [empty_mask, result_of_a_mask, retained_of_a_root, hook_after_detach_, data_that_is_squeezed,
     stale_part_read_without_gradients],
)  # fmt: skip
def test_found_by_the_state_machine(program):
    same(program)


def gradients_before_the_error(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    w = lib.tensor([3.0, 4.0], requires_grad=True)
    y = x.exp()
    z = lib.maximum(y, x * 2)
    z.retain_grad()
    y.pow_(2)
    try:
        (z * w).sum().backward()
    except RuntimeError as e:
        return str(e)[:60], z.grad, w.grad, x.grad


def gradients_before_a_freed_part(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    w = lib.tensor([3.0, 4.0], requires_grad=True)
    y = x.exp()
    y.sum().backward()
    y.tolist()
    try:
        (y * w).sum().backward()
    except RuntimeError as e:
        return str(e)[:60], w.grad, x.grad


@pytest.mark.parametrize("program", [gradients_before_the_error, gradients_before_a_freed_part])
def test_gradients_before_an_error(program):
    same(program)


def values_in_the_memory_of_the_target(lib):
    found = []
    for accumulate in (True, False):
        x = lib.arange(12.0).view(3, 4)[:, 1:3]
        x.index_put_((lib.tensor([0, 0, 1]),), x[1:2], accumulate=accumulate)
        y = lib.arange(12.0).view(3, 4)[:, 1:3]
        y.index_put_((lib.tensor([1, 2]), lib.tensor([-1, 0])), y[:2, 0], accumulate=accumulate)
        found.append((x.tolist(), y.tolist(), x._version))
    return found


def test_values_in_the_memory_of_the_target():
    same(values_in_the_memory_of_the_target)


def leaf_with_gaps(lib):
    array = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::2]
    x = lib.from_numpy(array).requires_grad_()
    found = []
    for _ in range(2):
        (x * x).sum().backward()
        found.append((x.grad.tolist(), x.grad.stride()))
    return found


def test_gradient_of_a_leaf_with_gaps():
    same(leaf_with_gaps)


def copy_of_an_overlapping_part(lib):
    x = lib.arange(5.0)
    x.copy_(x)
    x[1:].copy_(x[:-1])


def in_place_with_itself(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y.addcmul_(y, y)
    y.sum().backward()


@pytest.mark.parametrize("program", [copy_of_an_overlapping_part, in_place_with_itself])
def test_operands_in_the_same_memory(program):
    same(program)


def parts_of_a_region_of_an_array(lib):
    array = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::2]
    x = lib.from_numpy(array).as_strided((2, 2), (1, 2))
    x[0] += 1
    return array.tolist(), (x[1] * 2).tolist(), x.T[0].sum()


def saved_views_made_without_gradients(lib):
    x = lib.ones(2, 3, requires_grad=True)
    with lib.no_grad():
        part = x[:]
    y = lib.maximum(part, part.detach())
    with lib.no_grad():
        x.add_(1)
    y.sum().backward()


@pytest.mark.parametrize(
    "program", [parts_of_a_region_of_an_array, saved_views_made_without_gradients]
)
def test_found_by_more_sequences(program):
    same(program)


def retained_of_the_new_value(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x.clamp(min=1.5)
    y.retain_grad()
    (y * x).sum().backward(retain_graph=True)
    first = y.grad.tolist()
    y.add_(1)
    (y * y).sum().backward(retain_graph=True)
    return first, y.grad.tolist()


def leaf_read_before_and_after_a_write(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x.amax()
    x.detach().add_(1)
    try:
        (y * x).sum().backward()
    except RuntimeError as e:
        return str(e)[:60], x.grad


@pytest.mark.parametrize(
    "program", [retained_of_the_new_value, leaf_read_before_and_after_a_write]
)
def test_retained_and_partial(program):
    same(program)


def gradient_of_a_view_two_steps_up(lib):
    x = lib.ones(2, 3, requires_grad=True)
    part = x[:, :2]
    w = part[None, :, None]
    first = lib.autograd.grad(w.sum(), x, retain_graph=True)[0].tolist()
    return first, lib.autograd.grad(w.sum(), part)[0].tolist()


def test_gradient_of_a_view_two_steps_up():
    same(gradient_of_a_view_two_steps_up)
