"""Views, in-place writes, shared memory and graphs that outlive a flush: programs run on both.

Each program takes the library and returns numbers; torch says what they should be. They run as
they are, and with a flush after every op.
"""

import gc
import os
import threading

import numpy as np
import numtorch as nt
import pytest
from helpers import outcome, settings, torch

PROGRAMS = {}


def program(f):
    """Registers a program under its name."""
    PROGRAMS[f.__name__] = f
    return f


def ones(lib, *shape):
    return lib.ones(*shape, requires_grad=True)


# ---------------------------------------------------------------- memory shared with NumPy


@program
def strided_array(lib):
    a = np.zeros((3, 4), np.float32)
    t = lib.from_numpy(a.T)
    t[0] = 5
    t.mul_(2)
    t[1:, ::2] += 3
    t.view(4, 3)[:, 0] = 7
    return a.tolist(), t.tolist(), t.sum().item()


@program
def array_with_gaps(lib):
    a = np.zeros((6, 4), np.float32)[::2, 1:]
    t = lib.from_numpy(a)
    t[1, 1] = 5
    t += 1
    t[:, 0] = 7
    t.T[2].mul_(3)
    return a.tolist(), t.tolist()


@program
def array_with_gaps_that_nobody_else_holds(lib):
    t = lib.from_numpy(np.zeros((6, 4), np.float32)[::2, 1:])
    t[1, 1] = 5
    t += 1
    t[:, 0] = 7
    return t.tolist(), (t + 1).sum(0).tolist()


@program
def numpy_write_after_recording(lib):
    a = np.arange(4.0)
    t = lib.from_numpy(a)
    y = t * 2
    v = t[1:] + 0
    a[:] = 5
    z = t * 2
    return y.tolist(), v.tolist(), z.tolist()


@program
def large_numpy_write_after_recording(lib):
    a = np.arange(30_000.0)
    t = lib.from_numpy(a)
    y = t[1:] * 2
    a[:] = 5
    return y[:3].tolist(), t.sum().item()


@program
def tensor_write_shows_in_numpy(lib):
    t = lib.zeros(4)
    n, part = t.numpy(), t[1:3].numpy()
    t.add_(1)
    first = n.tolist(), part.tolist()
    n[0] = 9
    part[1] = 8
    return first, t.tolist(), (t + 1).tolist()


@program
def export_dies(lib):
    t = lib.zeros(3)
    n = t.numpy()
    n[1] = 2
    del n
    gc.collect()
    t.add_(1)
    return t.tolist()


@program
def leaf_of_an_array(lib):
    x = lib.from_numpy(np.ones(3, np.float32)).requires_grad_()
    n = np.full(3, 2, np.float32)
    z = lib.from_numpy(n).requires_grad_()
    (x * x * z * z).sum().backward()
    return x.grad.tolist(), z.grad.tolist()


@program
def exported_leaf_and_result(lib):
    x = ones(lib, 3)
    n = x.detach().numpy()
    y = x * 2
    m = y.detach().numpy()
    (g,) = lib.autograd.grad((x * x).sum() + (y * y).sum(), x)
    n[0] = 7
    (x * x).sum().backward()
    return g.tolist(), x.grad.tolist(), m.tolist()


# ---------------------------------------------------------------- views and writes


@program
def chains_of_views(lib):
    x = lib.arange(6.0).reshape(2, 3)
    x.T[0] = 1
    x[x > 3] = 0
    x[0].copy_(x[1])
    y = lib.zeros(3, 4)
    v = y[1:]
    w = v[:, ::2]
    y.add_(1)
    w.mul_(3)
    s = v.sum().item()
    v.add_(1)
    w[0] = 0
    return x.tolist(), y.tolist(), v.tolist(), w.tolist(), s


@program
def copies_that_overlap(lib):
    x = lib.arange(4.0)
    x[1:].copy_(x[:-1].clone())
    x.copy_(x.flip(0))
    y = lib.arange(6.0).view(2, 3).t()
    y.add_(y.clone() * 2)
    return x.tolist(), y.tolist()


@program
def swapped_in_place(lib):
    x, y = lib.arange(4.0), lib.ones(4)
    x.sum().item(), y.sum().item()
    old = x.clone()
    x.copy_(y)
    y.copy_(old)
    return x.tolist(), y.tolist(), old.tolist()


@program
def written_after_a_reduction_that_reads_it(lib):
    x = lib.tensor([[1.0, 2.0, 4.0], [3.0, 5.0, 9.0]])
    m = lib.tensor([10.0, 20.0]).view(2, 1)
    x.sum().item(), m.sum().item()
    y = x - x.mean(1, True)
    z = (x - m) * x.sum(1, True)
    m.copy_(x.amax(1, True))
    x.copy_(x.abs() * 0.5)
    return x.tolist(), y.tolist(), z.tolist(), m.tolist()


@program
def equal_values_stored_twice(lib):
    x, y, z = lib.arange(3.0), lib.ones(3), lib.ones(3)
    x.sum().item(), y.sum().item(), z.sum().item()
    x.mul_(0.75)
    t = x.clone()
    y.copy_(x)
    z.copy_(x)
    t.mul_(0.5)
    return x.tolist(), y.tolist(), z.tolist(), t.tolist()


@program
def expanded_view(lib):
    x = lib.ones(3)
    y = x.expand(2, 3)
    x.add_(1)
    first = y.tolist()
    y.add_(1)
    return first


@program
def same_tensor_from_casts(lib):
    x = lib.ones(3)
    x.float().add_(1)
    return x.tolist(), x.to(lib.float32) is x, x.contiguous() is x


@program
def empty_region(lib):
    x = ones(lib, 2)
    t = x.clone()
    v = t[2:]
    v += 1.5
    (t.sum() * 2).backward()
    return x.grad.tolist()


# ---------------------------------------------------------------- writes and gradients


@program
def write_through_views_of_a_result(lib):
    x = ones(lib, 3, 4)
    y = x * 2
    w = y[1:][:, ::2]
    w.mul_(3)
    y[1:].add_(1)
    y.sum().backward()
    return y.tolist(), x.grad.tolist()


@program
def buffer_filled_with_results(lib):
    b, x = lib.zeros(2, 3), ones(lib, 3)
    b.sum().item()
    b[1] = x * 2
    s = b.sum().item()
    b[0].add_(x)
    (b * b).sum().backward()
    return s, b.requires_grad, x.grad.tolist(), b.tolist()


@program
def whole_buffer_becomes_a_result(lib):
    b, x = lib.zeros(3), ones(lib, 3)
    b.add_(x)
    b.mul_(x)
    (b * b).sum().backward()
    return b.requires_grad, x.grad.tolist()


@program
def overwritten_by_a_constant(lib):
    x = ones(lib, 3)
    t = x.clone()
    t.copy_(t.detach().cos())
    t.sum().item()
    t.zero_()
    (t.sum() * 2 + x.sum()).backward()
    return t.tolist(), t.requires_grad, x.grad.tolist()


@program
def scalar_product_in_place(lib):
    x = ones(lib, 2, 2)
    z = x * 1
    t = z.T
    t.sum().item()
    t.mul_(2)
    z.sum().item()
    (z * z).sum().backward()
    return x.grad.tolist()


@program
def product_in_place(lib):
    x, w = ones(lib, 3), lib.full((3,), 2.0, requires_grad=True)
    h = x * 1
    s = h.sum().item()
    h.mul_(w)
    s += h.sum().item()
    h.sum().backward()
    return s, x.grad.tolist(), w.grad.tolist()


@program
def saved_operand_overwritten(lib):
    x = ones(lib, 3)
    h = x * 2
    y = h * h
    h.add_(1)
    y.sum().backward()


@program
def saved_operand_overwritten_after_a_flush(lib):
    x = ones(lib, 3)
    h = x * 2
    y = h * h
    y.sum().item()
    h.add_(1)
    y.sum().backward()


@program
def saved_operand_overwritten_through_a_view(lib):
    x = ones(lib, 3)
    h = x * 2
    v = h[1:]
    y = v * v
    h.add_(1)
    y.sum().backward()


@program
def saved_result_overwritten(lib):
    y = ones(lib, 2).exp()
    y.mul_(2)
    y.sum().backward()


@program
def saved_result_overwritten_after_a_flush(lib):
    y = ones(lib, 2).exp()
    y.sum().item()
    y.mul_(2)
    y.sum().backward()


@program
def saved_parameter_overwritten(lib):
    w, x = ones(lib, 3), ones(lib, 3)
    y = (w * x).sum()
    y.item()
    with lib.no_grad():
        w.add_(1)
    y.backward()


@program
def unsaved_values_may_be_overwritten(lib):
    x = ones(lib, 3)
    h = x * 2
    y = h.sum() + h.mean() + (h * 3).sum() + h.softmax(0).sum()
    h.add_(1)
    y.backward()
    z = (x * 2).sin()
    z.mul_(2)
    z.sum().backward()
    return [round(v, 4) for v in x.grad.tolist()]


@program
def written_result_overwritten(lib):
    h = ones(lib, 3) * 1
    v = h[1:]
    v.relu_()
    h.detach().mul_(2)
    h.sum().backward()


@program
def written_result_overwritten_after_a_flush(lib):
    h = ones(lib, 3) * 1
    h.tolist()
    h.relu_()
    h.tolist()
    h.detach().mul_(2)
    h.sum().backward()


@program
def saved_view_in_memory_overwritten(lib):
    x, w = ones(lib, 3), lib.ones(4)
    v = w[1:]
    v.tolist()
    y = (x * v).sum()
    w.add_(1)
    y.backward()


@program
def saved_view_in_memory_overwritten_after_a_flush(lib):
    x, w = ones(lib, 3), lib.ones(4)
    v = w[1:]
    v.tolist()
    y = (x * v).sum()
    y.item()
    w.add_(1)
    y.backward()


@program
def saved_array_overwritten(lib):
    array = np.ones(3, np.float32)
    w = lib.from_numpy(array)
    y = (ones(lib, 3) * w).sum()
    w.add_(1)
    y.backward()


@program
def saved_leaf_overwritten_twice(lib):
    x, one = ones(lib, 3), lib.ones(3)
    with lib.no_grad():
        x.copy_(one * 2)
    y = x * x
    with lib.no_grad():
        x.floor_()
    y.tolist()
    y.sum().backward()


@program
def leaf_overwritten_twice(lib):
    x, one = ones(lib, 3), lib.ones(3)
    with lib.no_grad():
        x.copy_(one * 2)
    y = x * 3
    with lib.no_grad():
        x.floor_()
    y.tolist()
    y.sum().backward()
    return x.grad.tolist()


@program
def operand_overwritten_before_it_is_read_again(lib):
    x, w = ones(lib, 3), lib.ones(4)
    v = w[1:]
    h = x * 2
    v.tolist(), h.tolist()
    y, z = (h + 1).sin().sum() + (h * (v + 1)).sum(), (h * (v.clone() * 2)).sum()
    y.item()
    h.add_(1)
    w.mul_(3)
    y.backward(retain_graph=True)
    z.backward(retain_graph=True)
    z.item(), w.tolist()
    (y + z).backward()
    return [round(g, 4) for g in x.grad.tolist()], h.tolist(), w.tolist(), v.tolist()


@program
def same_trace_freed_and_retained(lib):
    found = []
    for retain in (False, True):
        x, w = ones(lib, 3), lib.ones(3) * 2
        w.tolist()
        y = x * w
        y.sum().backward(retain_graph=retain)
        y.tolist()
        if retain:
            y.sum().backward()
        found.append(x.grad.tolist())
    return found


@program
def array_written_after_its_graph_is_recorded_again(lib):
    x = ones(lib, 3)
    y = x * 3
    y.tolist()
    array = x.detach().numpy()
    y.sum().backward()
    z = x * 2
    array[:] = 5
    return z.tolist(), x.grad.tolist()


@program
def data_of_a_leaf_replaced_then_overwritten(lib):
    x = ones(lib, 6)
    x.data = lib.ones(6) * 2
    y = x.relu()
    with lib.no_grad():
        x.add_(1)
    y.tolist()
    y.sum().backward()
    return x.grad.tolist(), x.tolist()


@program
def result_that_equals_what_is_stored(lib):
    x = lib.ones(3).sum()
    x.tolist()
    x.mul_(0.5)
    s = x.sum(-1)
    x.tolist()
    x.add_(1)
    return x.tolist(), s.tolist()


@program
def rows_added_to_whose_gradient_is_a_constant(lib):
    x = ones(lib, 2, 3)
    h = x - x * 0.5
    v = h[:, 0:]
    h[lib.tensor([0, 1])] += 1
    h[:, 0:].sum().backward()
    return x.grad.tolist(), h.tolist(), v.tolist()


@program
def view_times_itself(lib):
    x = ones(lib, 3)
    h = x * 1
    v = h[:2]
    v.mul_(v.clone())
    h.sum().backward()
    return x.grad.tolist()


@program
def leaf_in_place(lib):
    ones(lib, 2).add_(1)


@program
def view_of_leaf_in_place(lib):
    v = ones(lib, 2)[0]
    v.mul_(2)


@program
def item_of_leaf_in_place(lib):
    ones(lib, 2)[0] = 1


@program
def no_grad_write_keeps_the_graph(lib):
    x = ones(lib, 3)
    y = x * 2
    with lib.no_grad():
        y.mul_(5)
        y[0] = 1
    (y * 1).sum().backward()
    return x.grad.tolist(), y.tolist()


@program
def detached_write_keeps_the_graph(lib):
    x = ones(lib, 3)
    y = x * 2
    y.detach().mul_(5)
    s = y.sum().item()
    (y * y).sum().backward()
    return s, x.grad.tolist(), y.tolist()


@program
def data_write_is_no_version(lib):
    x = ones(lib, 3)
    y = x.sum() * 2
    x.data.mul_(3)
    y.backward()
    return x.grad.tolist(), x.tolist(), x.is_leaf


# ---------------------------------------------------------------- graphs that outlive a flush


@program
def views_after_a_flush(lib):
    grads = []
    for read in (lambda z, y: y.sum().item(), lambda z, y: z.sum().item(), lambda z, y: y.tolist()):
        for keep in (True, False):
            x = ones(lib, 2, 2)
            z = x * 2
            y = z.T[:1]
            read(z.detach(), y.detach())
            if not keep:
                del z
            w = y[:, 1:]
            w.sum().item()
            (w * y).sum().backward()
            grads.append(x.grad.tolist())
    return grads


@program
def view_of_a_leaf_after_a_flush(lib):
    p = ones(lib, 3)
    v = p.view(3, 1)
    (v * v).sum().item()
    with lib.no_grad():
        p.mul_(2)
    (v * v).sum().backward()
    return p.grad.tolist(), v.tolist()


@program
def view_of_a_detached_leaf(lib):
    x = ones(lib, 2)
    y = (x * 2).detach().requires_grad_()
    v = y[0]
    v.item()
    (v * v * 3 + y.sum()).backward()
    return y.grad.tolist(), x.grad


@program
def view_written_then_flushed(lib):
    x = ones(lib, 2, 2)
    z = x * 1
    t = z.T
    t.sum().item()
    z[0] = 5
    s = t.sum().item()
    (t * t).sum().backward()
    return s, x.grad.tolist(), z.tolist()


@program
def extreme_after_a_flush(lib):
    x = lib.tensor([[1.0, 5.0, 2.0], [7.0, 3.0, 4.0]], requires_grad=True)
    out = x.max(1)[0]
    rows = []
    for seed in ([1.0, 0.0], [0.0, 1.0]):
        (g,) = lib.autograd.grad(out, [x], lib.tensor(seed), retain_graph=True)
        rows.append(g.tolist())
    return rows


@program
def twice(lib):
    y = (ones(lib, 3) ** 2).sum()
    y.backward()
    y.backward()


@program
def twice_after_a_flush(lib):
    y = (ones(lib, 3) ** 2).sum()
    y.item()
    y.backward()
    y.backward()


@program
def twice_through_a_loss(lib):
    y = ones(lib, 3).softmax(0).prod()
    y.backward()
    y.item()
    y.backward()


@program
def twice_without_saved_values(lib):
    x = ones(lib, 3)
    y = x.sum() * 2
    y.backward()
    y.backward()
    return x.grad.tolist()


@program
def retained(lib):
    x = ones(lib, 3)
    h = x * 2
    y = (h * h).sum()
    y.backward(retain_graph=True)
    y.item()
    y.backward(retain_graph=True)
    h.sum().item()
    (y + h.sum()).backward()
    return x.grad.tolist()


@program
def derivatives_across_flushes(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y, found = x**4, []
    for _ in range(4):
        (y,) = lib.autograd.grad(y, x, create_graph=True)
        found.append(y.item())
    return found


@program
def deep_mixed_graph(lib):
    x = lib.tensor([[1.0, 2.0], [0.5, -1.0]], requires_grad=True)
    h, read = x, 0.0
    for k in range(60):
        h = [h.sin() * 1.5, h @ x.T * 0.3, h - h.mean(), h.T + x[0], h.clone()][k % 5]
        if k % 5 == 4:
            h[0].mul_(0.5)
        if k % 7 == 0:
            read += h.sum().item()
        if k % 11 == 0:
            read += h[1, 0].item()
    h.sum().backward()
    return round(read, 3), [[round(v, 3) for v in r] for r in x.grad.tolist()]


@program
def retain_grad(lib):
    x = ones(lib, 3)
    y = x * 2
    y.retain_grad()
    z = (y * y).sum()
    z.item()
    z.backward()
    h = x * 3
    h.sum().item()
    h.retain_grad()
    (h * h).sum().backward()
    return y.grad.tolist(), h.grad.tolist(), x.grad.tolist()


@program
def modes(lib):
    x = ones(lib, 2)
    with lib.no_grad():
        y = x * 2
        with lib.enable_grad():
            z = x * 2
    y.requires_grad_()
    (y * y).sum().backward()
    d = x.detach()
    d[0] = 5
    return y.grad.tolist(), x.grad, y.is_leaf, z.requires_grad, x.tolist(), d.requires_grad


@program
def detach_in_place(lib):
    x = ones(lib, 2)
    y = x * 2
    y.detach_()
    y.requires_grad_()
    (y * y).sum().backward()
    return y.grad.tolist(), x.grad


@program
def accumulation(lib):
    x = ones(lib, 2)
    for k in range(3):
        ((x * x).sum() * k).backward()
    g = x.grad
    kept = g * 1
    (x * x).sum().backward()
    x.grad = None
    (x * 2).sum().backward()
    return g.tolist(), kept.tolist(), x.grad.tolist()


@program
def steps_of_descent(lib):
    p = ones(lib, 3)
    v = p.view(3, 1)
    for k in range(4):
        loss = (p * p).sum() + (v * 2).sum()
        loss.backward()
        if k % 2:
            loss.item()
        with lib.no_grad():
            p -= p.grad * 0.1
            p.grad.zero_()
    return [round(x, 5) for x in p.tolist()], p.grad.tolist(), p.is_leaf, v.shape[0]


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "eager"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, eager):
    f = PROGRAMS[name]
    with settings(eager=eager):
        ours = outcome(f, nt)
    theirs = outcome(f, torch)
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs), f"{ours!r}, torch: {theirs!r}"
        assert str(ours)[:60] == str(theirs)[:60]
    else:
        assert not isinstance(ours, Exception), f"{ours!r}"
        assert repr(ours) == repr(theirs)
    assert nt.ones(2).sum().item() == 2


# ---------------------------------------------------------------- threads and processes


def test_two_threads_record_and_read_each_other():
    shared = {"a": nt.arange(4.0), "b": nt.ones(4)}
    start, errors, results = threading.Barrier(2), [], {}

    def work(name, other):
        try:
            start.wait()
            for k in range(40):
                mine = shared[name] * 1.0 + k * 0.0
                theirs = shared[other] + mine
                shared[name] = mine
                results[name] = theirs.sum().item()
                x = nt.ones(3, requires_grad=True)
                (x * mine[:3] + theirs[:3].detach()).sum().backward()
                assert x.grad.tolist() == mine[:3].tolist()
        except Exception as e:  # noqa: BLE001
            errors.append(e)

    threads = [threading.Thread(target=work, args=p) for p in (("a", "b"), ("b", "a"))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors
    assert results == {"a": 10.0, "b": 10.0}


def test_pending_values_of_another_thread_and_of_a_dead_one():
    made = {}

    def work():
        x = nt.arange(3.0)
        y = x * 2
        y.add_(1)
        made["view"], made["value"] = y[1:], y

    t = threading.Thread(target=work)
    t.start()
    t.join()
    assert (made["view"] + 1).tolist() == [4, 6]
    made["value"].mul_(2)
    assert made["view"].tolist() == [6, 10] and made["value"].tolist() == [2, 6, 10]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forked_child_uses_the_library():
    big, pending = nt.ones(400, 300), nt.arange(3.0) + 1
    assert big.sum().item() == 120_000
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            x = nt.ones(3, requires_grad=True)
            (x * pending).sum().backward()
            text = f"{x.grad.tolist()} {(big * 2).sum().item()}"
        except BaseException as e:  # noqa: BLE001
            text = repr(e)
        os.write(write, text.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as f:
        assert f.read().decode() == "[1.0, 2.0, 3.0] 240000.0"
    assert os.waitpid(pid, 0)[1] == 0
    assert (pending * 2).tolist() == [2, 4, 6]
