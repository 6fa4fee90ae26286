"""One or two configurations of each family of layers against torch, from the same state.

The wide grid is `python -m tests.conformance.modules`; here few kernels are compiled.
"""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import check, torch

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def labels(n, *shape):
    return RNG.integers(0, n, shape)


LAYERS = {
    "conv1d": (lambda nn: nn.Conv1d(2, 3, 3, padding=1, padding_mode="reflect"), normal(2, 2, 5)),
    "conv3d": (lambda nn: nn.Conv3d(2, 2, (1, 2, 2), stride=(1, 2, 1)), normal(1, 2, 2, 4, 3)),
    "conv_transpose": (lambda nn: nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, groups=2), normal(1, 2, 3, 2)),
    "avg_pool": (lambda nn: nn.AvgPool2d(3, 2, 1, ceil_mode=True), normal(1, 2, 6, 5)),
    "adaptive_avg_pool": (lambda nn: nn.AdaptiveAvgPool2d((2, 3)), normal(1, 2, 5, 4)),
    "adaptive_max_pool": (lambda nn: nn.AdaptiveMaxPool1d(3), normal(2, 2, 7)),
    "batch_norm": (lambda nn: nn.BatchNorm2d(3), normal(2, 3, 2, 2)),
    "instance_norm": (lambda nn: nn.InstanceNorm1d(3, affine=True, track_running_stats=True), normal(2, 3, 4)),
    "group_norm": (lambda nn: nn.GroupNorm(2, 4), normal(2, 4, 3)),
    "rms_norm": (lambda nn: nn.RMSNorm(4), normal(3, 4)),
    "local_response_norm": (lambda nn: nn.LocalResponseNorm(2), normal(1, 3, 4)),
    "prelu": (lambda nn: nn.PReLU(2), normal(2, 2, 3)),
    "glu": (lambda nn: nn.GLU(), normal(2, 4)),
    "bilinear": (lambda nn: nn.Bilinear(2, 3, 2), normal(4, 2), normal(4, 3)),
    "upsample": (lambda nn: nn.Upsample(scale_factor=1.5, mode="bilinear"), normal(1, 2, 4, 2)),
    "pixel_shuffle": (lambda nn: nn.PixelShuffle(2), normal(1, 4, 2, 3)),
    "replication_pad": (lambda nn: nn.ReplicationPad1d((2, 1)), normal(1, 2, 3)),
    "unfold": (lambda nn: nn.Unfold(2, padding=1), normal(1, 2, 3, 2)),
    "fold": (lambda nn: nn.Fold((3, 4), 2), normal(1, 8, 6)),
    "embedding": (lambda nn: nn.Embedding(5, 3, padding_idx=1), labels(5, 2, 4)),
    "embedding_bag": (lambda nn: nn.EmbeddingBag(5, 3, mode="mean"), labels(5, 2, 4)),
    "lstm": (lambda nn: nn.LSTM(3, 2), normal(2, 2, 3)),
    "gru": (lambda nn: nn.GRU(3, 2, num_layers=2, batch_first=True), normal(2, 2, 3)),
    "rnn_cell": (lambda nn: nn.RNNCell(3, 2), normal(2, 3), normal(2, 2)),
    "attention": (lambda nn: nn.MultiheadAttention(4, 2), *(normal(3, 2, 4) for _ in range(3))),
    "encoder": (lambda nn: nn.TransformerEncoderLayer(4, 2, 6, 0.0, norm_first=True), normal(3, 2, 4)),
    "linear_cross_entropy": (
        lambda nn: nn.LinearCrossEntropyLoss(
            3, 4, bias=True, options=nn.LinearCrossEntropyOptions(batch_chunk_size=2, chunking_method=None)),
        normal(5, 3), labels(4, 5)),
    "bce_with_logits": (lambda nn: nn.BCEWithLogitsLoss(), normal(3, 2), RNG.random((3, 2)).astype("f")),
    "triplet_margin": (lambda nn: nn.TripletMarginLoss(swap=True), *(normal(3, 4) for _ in range(3))),
    "ctc": (lambda nn: nn.CTCLoss(), normal(5, 2, 4), labels(3, 2, 2) + 1, np.array([5, 4]), np.array([2, 1])),
}  # fmt: skip


def results(lib, module, arrays):
    """Outputs, gradients of inputs and parameters, and the state after one training step."""
    xs = [lib.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    out = module(*(x + 0 if x.requires_grad else x for x in xs))
    outs = list(flatten(out, lib))
    loss = sum((o * o).sum() for o in outs)
    loss.backward()
    grads = [x.grad for x in xs if x.requires_grad] + [p.grad for p in module.parameters()]
    return [*outs, *grads, *module.state_dict().values()]


def flatten(x, lib):
    if isinstance(x, lib.Tensor):
        yield x
    else:
        for v in x:
            yield from flatten(v, lib)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_layer(name):
    make, *arrays = LAYERS[name]
    ours, theirs = make(nt.nn), make(torch.nn)
    assert repr(ours) == repr(theirs)
    ours.load_state_dict({k: nt.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    got, want = results(nt, ours, arrays), results(torch, theirs, arrays)
    check(got, want, rtol=1e-4, atol=2e-6, what=name)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})


@pytest.mark.parametrize("kind, options", [
    ("LSTM", {"proj_size": 1}), ("GRU", {"bidirectional": True, "bias": False}),
])  # fmt: skip
def test_packed_sequences(kind, options):
    lengths, data = [2, 3], normal(2, 3, 3)
    theirs, ours = getattr(torch.nn, kind)(3, 2, **options), getattr(nt.nn, kind)(3, 2, **options)
    ours.load_state_dict({k: nt.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    found = []
    for lib, module in ((nt, ours), (torch, theirs)):
        utils, x = lib.nn.utils.rnn, lib.tensor(data, requires_grad=True)
        packed = utils.pack_padded_sequence(x, lib.tensor(lengths), True, enforce_sorted=False)
        out, last = module(packed)
        y, sizes = utils.pad_packed_sequence(out, batch_first=True)
        last = last if isinstance(last, tuple) else (last,)
        ((y * y).sum() + sum((s * s).sum() for s in last)).backward()
        found.append([y, sizes, *last, x.grad, *(p.grad for p in module.parameters())])
    check(*found, rtol=1e-4, atol=1e-6, what=kind)


def test_an_optimizer_made_before_the_first_input_trains_a_lazy_layer():
    for t in (torch, nt):
        layer = t.nn.LazyLinear(3, bias=False)
        weight = layer.weight
        optimizer = t.optim.SGD(layer.parameters(), lr=0.25)
        layer(t.ones(4, 5)).sum().backward()
        before = layer.weight.detach().clone()
        optimizer.step()
        assert layer.weight is weight and type(weight) is t.nn.Parameter
        assert t.allclose(before - 1.0, weight)


def test_lazy_layers_take_their_sizes_from_the_first_input():
    theirs = torch.nn.Sequential(torch.nn.LazyConv1d(2, 2), torch.nn.LazyBatchNorm1d())
    ours = nt.nn.Sequential(nt.nn.LazyConv1d(2, 2), nt.nn.LazyBatchNorm1d())
    assert repr(ours) == repr(theirs)
    x = normal(2, 3, 4)
    theirs(torch.tensor(x)), ours(nt.tensor(x))
    assert repr(ours) == repr(theirs)
    shapes = [(k, tuple(v.shape)) for k, v in ours.state_dict().items()]
    assert shapes == [(k, tuple(v.shape)) for k, v in theirs.state_dict().items()]
