"""Checkpoints cross between PyTorch and numtorch: models, optimizers, schedulers, both ways.

    python -m tests.checkpoint_cross

Each model is made in both, saved by one and loaded by the other (state_dicts with
weights_only=True, whole models with False), then both must compute the same. Each optimizer takes
two steps in one, its state_dict goes to the other, and the next two steps must agree.
"""

from __future__ import annotations

import argparse
import io

import numpy as np


def _residual(t):
    class Block(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = t.nn.Conv2d(4, 4, 3, padding=1, bias=False)
            self.bn1 = t.nn.BatchNorm2d(4)
            self.conv2 = t.nn.Conv2d(4, 4, 3, padding=1, bias=False)
            self.bn2 = t.nn.BatchNorm2d(4)

        def forward(self, x):
            y = self.bn1(self.conv1(x)).relu()
            return (self.bn2(self.conv2(y)) + x).relu()

    return t.nn.Sequential(t.nn.Conv2d(3, 4, 3), Block(), Block(), t.nn.AdaptiveAvgPool2d(1),
                           t.nn.Flatten(), t.nn.Linear(4, 10))  # fmt: skip


def _tied(t):
    class Tied(t.nn.Module):
        """Input and output embeddings share one parameter."""

        def __init__(self):
            super().__init__()
            self.embed = t.nn.Embedding(11, 8, padding_idx=0)
            self.out = t.nn.Linear(8, 11, bias=False)
            self.out.weight = self.embed.weight
            self.norm = t.nn.LayerNorm(8)

        def forward(self, x):
            return self.out(self.norm(self.embed(x)))

    return Tied()


def _lstm(t):
    class Net(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = t.nn.LSTM(5, 6, num_layers=2, bidirectional=True, batch_first=True)
            self.out = t.nn.Linear(12, 3)

        def forward(self, x):
            return self.out(self.rnn(x)[0])

    return Net()


# name -> (maker, shape of an input: ints are drawn where the maker embeds)
MODELS = {
    "mlp": (lambda t: t.nn.Sequential(t.nn.Linear(6, 8), t.nn.GELU(), t.nn.Dropout(0.1),
                                      t.nn.Linear(8, 3)), (4, 6)),
    "cnn": (lambda t: t.nn.Sequential(t.nn.Conv2d(1, 4, 3), t.nn.BatchNorm2d(4), t.nn.ReLU(),
                                      t.nn.MaxPool2d(2), t.nn.Flatten(), t.nn.Linear(36, 5)),
            (2, 1, 8, 8)),
    "residual": (_residual, (2, 3, 8, 8)),
    "lstm": (_lstm, (2, 4, 5)),
    "gru": (lambda t: t.nn.GRU(5, 6, batch_first=True), (2, 4, 5)),
    "transformer": (lambda t: t.nn.TransformerEncoder(
        t.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True), 2,
        enable_nested_tensor=False), (2, 3, 8)),
    "tied": (_tied, "tokens"),
    "generator": (lambda t: t.nn.Sequential(t.nn.ConvTranspose2d(4, 8, 4), t.nn.BatchNorm2d(8),
                                            t.nn.LeakyReLU(0.2), t.nn.ConvTranspose2d(8, 1, 4, 2, 1),
                                            t.nn.Tanh()), (2, 4, 1, 1)),
    "norms": (lambda t: t.nn.Sequential(t.nn.Conv1d(4, 8, 3, padding=1), t.nn.GroupNorm(2, 8),
                                        t.nn.InstanceNorm1d(8, affine=True,
                                                            track_running_stats=True),
                                        t.nn.PReLU(8), t.nn.Softmax(1)), (2, 4, 6)),
    "half": (lambda t: t.nn.Sequential(t.nn.Linear(6, 8), t.nn.SiLU(), t.nn.Linear(8, 2)).to(
        t.bfloat16), (3, 6)),
    "decoder": (lambda t: t.nn.TransformerDecoderLayer(8, 2, 16, activation="gelu",
                                                       batch_first=True), "pair"),
    "lists": (lambda t: t.nn.ModuleDict({"a": t.nn.ModuleList([t.nn.Linear(3, 3)]),
                                         "b": t.nn.Bilinear(3, 3, 2),
                                         "p": t.nn.ParameterList([t.ones(2)])}), None),
}  # fmt: skip

OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3},
    "Adam": {"lr": 0.05, "amsgrad": True},
    "AdamW": {"lr": 0.05, "betas": (0.8, 0.95)},
    "RMSprop": {"lr": 0.01, "centered": True, "momentum": 0.5},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.01},
    "NAdam": {"lr": 0.05},
    "LBFGS": {"lr": 0.5, "max_iter": 3, "history_size": 4},
}
SCHEDULERS = {
    "StepLR": {"step_size": 2, "gamma": 0.5},
    "CosineAnnealingLR": {"T_max": 7},
    "OneCycleLR": {"max_lr": 0.3, "total_steps": 12, "cycle_momentum": False},
    "ReduceLROnPlateau": {"factor": 0.3, "patience": 0},
    "ExponentialLR": {"gamma": 0.9},
}


def cross(source, target, obj, weights_only: bool = True):
    """What `target` loads of the file that `source` saves."""
    file = io.BytesIO()
    source.save(obj, file)
    file.seek(0)
    return target.load(file, weights_only=weights_only)


def array(x) -> np.ndarray:
    """A tensor of either library as an array."""
    wide = "complex128" if "complex" in str(x.dtype) else float
    return np.array(x.detach().tolist(), wide)


def equal_states(a, b, where: str = "") -> None:
    """AssertionError unless two state dicts hold the same, tensors bit for bit."""
    if hasattr(a, "detach") and hasattr(b, "detach"):
        assert tuple(a.shape) == tuple(b.shape), where
        assert str(a.dtype) == str(b.dtype), (where, a.dtype, b.dtype)
        assert array(a).tobytes() == array(b).tobytes(), where
    elif isinstance(a, dict):
        assert list(a) == list(b), (where, list(a), list(b))
        for k in a:
            equal_states(a[k], b[k], f"{where}.{k}")
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for k, (x, y) in enumerate(zip(a, b)):
            equal_states(x, y, f"{where}[{k}]")
    else:
        assert a == b, (where, a, b)


def inputs(t, shape, dtype):
    """The same numbers in either library."""
    r = np.random.default_rng(0)
    if shape == "tokens":
        return [t.tensor(r.integers(0, 11, (2, 5)).tolist())]
    if shape == "pair":
        return [t.tensor(r.normal(size=(2, n, 8)).tolist(), dtype=dtype) for n in (3, 4)]
    return [t.tensor(r.normal(size=shape).tolist(), dtype=dtype)]


def outputs(t, model, shape) -> np.ndarray | None:
    """What a model computes in evaluation."""
    if shape is None:
        return None
    model.eval()
    dtype = next(model.parameters()).dtype
    with t.no_grad():
        out = model(*inputs(t, shape, dtype))
    return array(out[0] if isinstance(out, tuple) else out)


def check_model(a, b, name: str) -> None:
    """Saved by a, loaded by b: the state dict, then the whole model."""
    make, shape = MODELS[name]
    a.manual_seed(1)
    b.manual_seed(2)
    ours, theirs = make(a), make(b)
    state = cross(a, b, ours.state_dict())
    assert type(state).__name__ == "OrderedDict" and hasattr(state, "_metadata")
    equal_states(ours.state_dict(), state)
    result = theirs.load_state_dict(state)
    assert not result.missing_keys and not result.unexpected_keys
    wanted = outputs(a, ours, shape)
    tolerance = 1e-2 if name == "half" else 1e-5
    if wanted is not None:
        np.testing.assert_allclose(outputs(b, theirs, shape), wanted, tolerance, tolerance)
    if name in ("residual", "lstm", "tied"):
        return  # classes of this file: each library has its own
    whole = cross(a, b, ours, weights_only=False)
    assert type(whole).__name__ == type(ours).__name__
    assert type(whole).__module__.partition(".")[0] == b.__name__
    equal_states(ours.state_dict(), whole.state_dict())
    assert repr(whole) == repr(ours), (repr(whole), repr(ours))
    if wanted is not None:
        np.testing.assert_allclose(outputs(b, whole, shape), wanted, tolerance, tolerance)
        whole.train()
        result = whole(*inputs(b, shape, next(whole.parameters()).dtype))
        (result[0] if isinstance(result, tuple) else result).float().sum().backward()
        assert all(p.grad is not None for p in whole.parameters() if p.requires_grad)
    cross(b, a, whole, weights_only=False)


def _net(t):
    t.manual_seed(0)
    net = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 2))
    with t.no_grad():
        for k, p in enumerate(net.parameters()):
            p.copy_(t.tensor(np.random.default_rng(k).normal(size=tuple(p.shape)).tolist()))
    return net


def _step(t, net, optimizer, k: int) -> None:
    x = t.tensor(np.random.default_rng(100 + k).normal(size=(5, 3)).tolist())

    def closure():
        optimizer.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        return loss

    if type(optimizer).__name__ == "LBFGS":
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()


def check_optimizer(a, b, name: str) -> None:
    """Two steps in a, the state to b, two more in both."""
    nets = [_net(a), _net(b)]
    optimizers = [getattr(t.optim, name)(n.parameters(), **OPTIMIZERS[name])
                  for t, n in zip((a, b), nets)]  # fmt: skip
    for k in range(2):
        _step(a, nets[0], optimizers[0], k)
    nets[1].load_state_dict(cross(a, b, nets[0].state_dict()))
    state = cross(a, b, optimizers[0].state_dict())
    equal_states(optimizers[0].state_dict(), state)
    optimizers[1].load_state_dict(state)
    for k in range(2, 4):
        for t, net, optimizer in zip((a, b), nets, optimizers):
            _step(t, net, optimizer, k)
    for p, q in zip(*(n.parameters() for n in nets)):
        loose = 1e-4 if name == "LBFGS" else 1e-6  # its line of steps magnifies rounding
        np.testing.assert_allclose(array(p), array(q), 10 * loose, loose)


def check_scheduler(a, b, name: str) -> None:
    """Three steps in a, the state to b, three more in both."""
    made = []
    for t in (a, b):
        optimizer = t.optim.SGD(_net(t).parameters(), lr=0.2, momentum=0.9)
        optimizer.step()
        made.append((optimizer, getattr(t.optim.lr_scheduler, name)(optimizer, **SCHEDULERS[name])))
    step = (1.0,) if name == "ReduceLROnPlateau" else ()
    for _ in range(3):
        made[0][1].step(*step)
    saved = {"scheduler": made[0][1].state_dict(), "optimizer": made[0][0].state_dict()}
    found = cross(a, b, saved)
    made[1][0].load_state_dict(found["optimizer"])
    made[1][1].load_state_dict(found["scheduler"])
    for _ in range(3):
        for _optimizer, scheduler in made:
            scheduler.step(*step)
        rates = [o.param_groups[0]["lr"] for o, _ in made]
        assert abs(rates[0] - rates[1]) <= 1e-12, (name, rates)


def cases():
    """(kind, name, check) of everything."""
    yield from (("model", name, check_model) for name in MODELS)
    yield from (("optimizer", name, check_optimizer) for name in OPTIMIZERS)
    yield from (("scheduler", name, check_scheduler) for name in SCHEDULERS)


def main() -> None:
    import numtorch
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    failed = 0
    for kind, name, check in cases():
        if options.only and options.only != name:
            continue
        for title, a, b in (("numtorch -> torch", numtorch, torch),
                            ("torch -> numtorch", torch, numtorch)):  # fmt: skip
            try:
                check(a, b, name)
                result = "ok"
            except Exception as e:
                failed += 1
                result = f"FAILED {type(e).__name__}: {str(e)[:2000]}"
                if options.only:
                    raise
            print(f"{kind:10} {name:20} {title:18} {result}")
    print(f"{failed} failed")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
