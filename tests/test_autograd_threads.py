"""Gradients across threads: graphs that another thread recorded, sums that several add to."""

from __future__ import annotations

import sys
import threading

import numtorch as nt
import pytest


def in_thread(f):
    """What f returns in a thread of its own."""
    found: list = []

    def run():
        try:
            found.append(f())
        except Exception as e:  # noqa: BLE001
            found.append(e)

    t = threading.Thread(target=run)
    t.start()
    t.join()
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def test_backward_of_a_graph_that_is_pending_on_another_thread():
    x = nt.ones(3, requires_grad=True)
    y = (x * x).sum()
    in_thread(lambda: y.backward(retain_graph=True))
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    in_thread(lambda: (y * 3).backward())
    assert x.grad.tolist() == [8.0, 8.0, 8.0]
    y.item()


def test_grad_through_views_and_writes_of_another_thread():
    x = nt.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y[0] = 5.0
    part = y[1:]
    (g,) = in_thread(lambda: nt.autograd.grad((part * part).sum(), x))
    assert g.tolist() == [0.0, 16.0, 24.0]


def test_a_graph_of_a_thread_that_ended():
    x = nt.ones(3, requires_grad=True)
    y = in_thread(lambda: (x * x).sum())
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_graph_goes_on_in_both_threads():
    x = nt.ones(2, requires_grad=True)
    y = x * 3
    z = in_thread(lambda: y * 2)
    (y.sum() + z.sum()).backward()
    assert x.grad.tolist() == [9.0, 9.0]


@pytest.mark.parametrize("hook", [False, True])
def test_no_gradient_of_several_threads_is_lost(hook):
    x = nt.ones(3, requires_grad=True)
    if hook:
        x.register_hook(lambda g: g * 1)
    errors: list = []

    def work():
        try:
            for _ in range(5):
                (x * 2).sum().backward()
        except Exception as e:  # noqa: BLE001
            errors.append(e)

    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(old)
    assert errors == []
    assert x.grad.tolist() == [30.0, 30.0, 30.0]
