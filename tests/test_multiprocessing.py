"""Tensors between processes: queues, spawn and fork, shared parameters, failures."""

from __future__ import annotations

import os
import signal

import numpy as np
import numtorch as nt
import numtorch.multiprocessing as mp
import pytest
from numtorch import nn, optim


def put_and_wait(queue, done):
    x = nt.arange(6.0).reshape(2, 3)
    queue.put(x.t())
    done.wait(60)
    queue.put(x.sum().item())


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_tensor_in_a_queue_shares_its_memory(method):
    context = mp.get_context(method)
    queue, done = context.Queue(), context.Event()
    p = context.Process(target=put_and_wait, args=(queue, done))
    p.start()
    x = queue.get(timeout=60)
    assert x.stride() == (1, 3) and x.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    x.add_(1)
    done.set()
    assert queue.get(timeout=60) == 21.0
    p.join(60)
    assert p.exitcode == 0


def fit(rank, model, x, y):
    opt = optim.SGD(model.parameters(), lr=0.02)
    for _ in range(150):
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()


def test_training_from_several_processes_on_shared_parameters():
    nt.manual_seed(0)
    model = nn.Linear(3, 1)
    model.share_memory()
    assert all(p.is_shared() for p in model.parameters())
    x = nt.randn(64, 3)
    y = x @ nt.tensor([[1.0], [-2.0], [0.5]]) + 3
    mp.spawn(fit, args=(model, x, y), nprocs=2)
    np.testing.assert_allclose(model.weight.detach().numpy(), [[1, -2, 0.5]], atol=0.05)
    assert abs(model.bias.item() - 3) < 0.05


def test_share_memory_moves_views_along():
    x = nt.zeros(4)
    v = x[1:]
    assert not x.is_shared()
    assert x.share_memory_() is x and v.is_shared()
    v.add_(1)
    assert x.tolist() == [0, 1, 1, 1]
    w = nn.Parameter(nt.ones(3))
    w.share_memory_()
    (w * 2).sum().backward()
    assert w.grad.tolist() == [2, 2, 2]


def test_a_result_with_a_graph_is_refused():
    from multiprocessing.reduction import ForkingPickler

    x = nt.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="Cowardly refusing"):
        ForkingPickler.dumps(x)


def fail(rank):
    if rank == 1:
        raise ValueError("in the second process")
    signal.pause()


def die(rank):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(rank):
    os._exit(3)


def test_failures_of_spawned_processes():
    with pytest.raises(mp.ProcessRaisedException, match="ValueError: in the second process") as e:
        mp.spawn(fail, nprocs=2, start_method="fork")
    assert e.value.error_index == 1
    with pytest.raises(mp.ProcessExitedException, match="signal SIGKILL") as e:
        mp.spawn(die, start_method="fork")
    assert e.value.signal_name == "SIGKILL"
    with pytest.raises(mp.ProcessExitedException, match="exit code 3"):
        mp.spawn(leave, start_method="fork")


def test_no_process_and_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    mp.spawn(print, nprocs=2, start_method="fork")
    assert not list(tmp_path.iterdir())
    assert not mp.active_children()
