"""Views beyond slices: regions, windows, diagonals, parts, dtypes: layout, aliasing, gradients."""

import warnings

import numpy as np
import numtorch as nt
import pytest
from helpers import check, compare, outcome, pair, torch
from numtorch.jit.plan import BoundPlan
from test_shape_ops import layout

A = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
VIEWS = {
    "as_strided": lambda m, t: t.as_strided((2, 2), (3, 5), 1), "overlap": lambda m, t: t.as_strided((4, 3), (2, 1)),
    "unfold": lambda m, t: t.unfold(2, 2, 1), "unfold 1": lambda m, t: t.unfold(1, 3, 1), "unfold step": lambda m, t: t.unfold(-1, 2, 2),
    "diagonal": lambda m, t: t.diagonal(), "diagonal 1": lambda m, t: t.diagonal(1, -2, -1), "diagonal -2": lambda m, t: t.diagonal(-2, 2, 0),
    "no diagonal": lambda m, t: t.diagonal(9), "swapaxes": lambda m, t: t.swapaxes(0, 2), "swapdims": lambda m, t: m.swapdims(t, 1, 2),
    "moveaxis": lambda m, t: m.moveaxis(t, (0, 1), (-1, 0)), "adjoint": lambda m, t: t.adjoint(), "mH": lambda m, t: t.mH,
    "split": lambda m, t: t.split(2, dim=1), "split sizes": lambda m, t: m.split(t, [1, 3], 2), "tensor_split": lambda m, t: t.tensor_split(3, -1),
    "tensor_split at": lambda m, t: m.tensor_split(t, (1, 3), 2), "hsplit": lambda m, t: t.hsplit(3), "vsplit": lambda m, t: m.vsplit(t, [1]),
    "dsplit": lambda m, t: t.dsplit(2), "chunk": lambda m, t: m.chunk(t, 3, 2), "unbind": lambda m, t: m.unbind(t, -1),
    "squeeze dims": lambda m, t: t[:1, :, None].squeeze((0, 2)), "ravel": lambda m, t: m.ravel(t), "unflatten": lambda m, t: m.unflatten(t, 2, (2, -1)),
    "expand": lambda m, t: t[:, :1].expand(5, -1, 3, 4), "select": lambda m, t: m.select(t, 1, -1), "narrow": lambda m, t: m.narrow(t, 2, -3, 2),
    "view_as": lambda m, t: t.view_as(m.ones(4, 6)), "view dtype": lambda m, t: t.detach().view(m.int32), "view bytes": lambda m, t: t.detach().view(m.uint8),
    "atleast": lambda m, t: m.atleast_3d(t[0]), "broadcast": lambda m, t: m.broadcast_tensors(t, t[0, :1]), "matrix t": lambda m, t: t[0].t(),
}  # fmt: skip


def test_layouts_and_values():
    x, y = pair(A)
    compare({n: (lambda f=f: f(nt, x), lambda f=f: f(torch, y)) for n, f in VIEWS.items()})
    wrong = [n for n, f in VIEWS.items() if layout(f(nt, x)) != layout(f(torch, y))]
    assert not wrong


MADE = {
    "repeat": lambda m, t: t.repeat(2, 1, 1, 2), "tile": lambda m, t: m.tile(t, (2,)), "roll": lambda m, t: m.roll(t, (1, -1), (0, 2)),
    "roll flat": lambda m, t: t.roll(5), "rot90": lambda m, t: m.rot90(t, -1, (1, 2)), "flip": lambda m, t: m.fliplr(m.flipud(t)),
    "interleave": lambda m, t: t.repeat_interleave(2, 1), "counts": lambda m, t: m.repeat_interleave(t, m.tensor([0, 2, 1]), dim=1),
    "tril": lambda m, t: t.tril(-1), "triu": lambda m, t: m.triu(t, 1), "diag": lambda m, t: m.diag(t[0, 0], 1), "diag 2": lambda m, t: m.diag(t[0]),
    "diag_embed": lambda m, t: m.diag_embed(t, 1, 0, 2), "diagflat": lambda m, t: m.diagflat(t[0, :2, :2], -1),
    "stacks": lambda m, t: (m.hstack((t, t)), m.vstack((t[0], t[1])), m.dstack((t[0], t[1])), m.column_stack((t[0, :, 0], t[0]))),
    "block_diag": lambda m, t: m.block_diag(t[0], t[0, 0], t[0, 0, 0]), "meshgrid": lambda m, t: m.meshgrid(t[0, 0], t[0, :, 0], indexing="xy"),
    "cartesian": lambda m, t: m.cartesian_prod(t[0, 0], t[0, :, 0]), "combinations": lambda m, t: m.combinations(t[0, 0], 3),
    "vander": lambda m, t: m.vander(t[0, 0], 3), "select_scatter": lambda m, t: m.select_scatter(t, t[:, 0], 1, 2),
    "slice_scatter": lambda m, t: m.slice_scatter(t, t[:, :, :2] * 2, 2, 0, 4, 2), "diagonal_scatter": lambda m, t: m.diagonal_scatter(t[0], t[0, 0, :3]),
    "copies": lambda m, t: (m.squeeze_copy(t), m.diagonal_copy(t, 0, 1, 2), m.unfold_copy(t, 0, 1, 1), m.view_copy(t, (6, 4))),
}  # fmt: skip


def test_rearrangements():
    x, y = pair(A)
    compare({n: (lambda f=f: f(nt, x), lambda f=f: f(torch, y)) for n, f in MADE.items()})


GRADS = ("as_strided", "overlap", "unfold", "unfold step", "diagonal", "diagonal -2", "split", "dsplit",
         "expand")  # fmt: skip


def test_gradients():
    got = []
    for m in (nt, torch):
        rows = []
        for name in (*GRADS, *(n for n in MADE if n not in ("combinations", "vander"))):
            t = m.tensor(A, requires_grad=True)
            out = (VIEWS.get(name) or MADE[name])(m, t * 1.5)
            for part in out if isinstance(out, tuple) else (out,):
                (part * m.arange(float(part.numel())).reshape(part.shape)).sum().backward(retain_graph=True)
            rows.append((name, t.grad))
        got.append(rows)
    for (name, g), (_, w) in zip(*got):
        check(g, w, rtol=1e-6, what=name)


def test_writes_through_views_are_seen():
    x, y = pair(A)
    for m, t in ((nt, x), (torch, y)):
        t.as_strided((3,), (7,), 2).mul_(10)
        t.unfold(1, 2, 2)[0].add_(100)
        t.diagonal(0, 1, 2).fill_(-1)
        t.split(2, 2)[1].sub_(5)
        t.unbind(2)[0][1] = 7
        t.view(m.int32)[0, 1, 1] = 0
        t.tensor_split(2)[1][0].T[0].zero_()
    check(x, y)


def test_in_place_views():
    for m in (nt, torch):
        t = m.arange(6.0).view(1, 2, 3)
        base = t.view(-1)
        t.squeeze_(0).t_().unsqueeze_(1).transpose_(0, 1)
        assert tuple(t.shape) == (1, 3, 2) and tuple(t.stride())[1:] == (1, 3)
        t[0, 1, 1] = -1
        assert base[4].item() == -1
        t.swapaxes_(1, 2).as_strided_((2, 2), (1, 2))
        assert t.tolist() == [[0, 2], [1, 3]]
        leaf = m.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            leaf.unsqueeze_(0)


BAD = {
    "as_strided far": lambda m, t: t.as_strided((5, 5), (5, 1)), "as_strided sizes": lambda m, t: t.as_strided((5,), (5, 1)),
    "negative stride": lambda m, t: t.as_strided((2,), (-1,)), "unfold": lambda m, t: t.unfold(0, 3, 1), "unfold step": lambda m, t: t.unfold(0, 1, 0),
    "diagonal": lambda m, t: t.diagonal(0, 1, 1), "view dtype": lambda m, t: t[..., :3].view(m.float64), "hsplit": lambda m, t: t.hsplit(2),
    "split": lambda m, t: t.split([1, 1], 1), "split 0": lambda m, t: t.split(0), "tensor_split": lambda m, t: t.tensor_split(0),
    "mT": lambda m, t: t[0, 0].mT, "H": lambda m, t: t.H, "rot90": lambda m, t: m.rot90(t, 1, (0, 0)), "roll": lambda m, t: m.roll(t, (1, 2), 0),
    "repeat": lambda m, t: t.repeat(2), "counts": lambda m, t: t.repeat_interleave(m.tensor([1, 2]), 1), "diag": lambda m, t: m.diag(t),
    "movedim": lambda m, t: t.movedim((0, 0), (1, 2)), "stack": lambda m, t: m.hstack(()), "meshgrid": lambda m, t: m.meshgrid(t, indexing="ij"),
    "shapes": lambda m, t: m.broadcast_shapes((2,), (3,)), "reshape type": lambda m, t: t.reshape("a"), "permute type": lambda m, t: t.permute(0.5, 1),
    "unflatten": lambda m, t: t.unflatten(0, (3, 3)), "select_scatter": lambda m, t: m.select_scatter(t, t, 0, 0), "vander": lambda m, t: m.vander(t),
    "tril": lambda m, t: t[0, 0].tril(), "cat type": lambda m, t: m.cat((t, 1)), "squeeze twice": lambda m, t: t.squeeze((0, 0)),
    "flatten": lambda m, t: t.flatten(2, 1), "expand new -1": lambda m, t: t.expand(-1, 2, 3, 4), "narrow": lambda m, t: t.narrow(0, 5, 1),
}  # fmt: skip


def test_errors():
    x, y = pair(A)
    wrong = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, f in BAD.items():
            ours, theirs = outcome(f, nt, x), outcome(f, torch, y)
            if not isinstance(theirs, Exception) or type(ours) is not type(theirs):
                wrong.append((name, ours, theirs))
    assert not wrong


@pytest.mark.parametrize("keep", ["nothing", "base", "view"])
def test_a_memory_is_a_result_only_while_somebody_sees_it(keep):
    x = nt.tensor(np.arange(12.0, dtype="f4").reshape(3, 4))
    for _ in range(2):  # the second time its plan is known
        y = x.exp()
        z = y[1:]
        w = z.sin()
        if keep != "base":
            del y
        if keep != "view":
            del z
        held = []
        run = BoundPlan.run

        def watched(*args, run=run, held=held):
            held.append(run(*args))
            return held[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BoundPlan, "run", watched)
            w.numpy()
        assert len(held[0]) == (1 if keep == "nothing" else 2)
        if keep == "base":
            np.testing.assert_allclose(y.numpy(), np.exp(x.numpy()), rtol=1e-6)
        if keep == "view":
            np.testing.assert_allclose(z.numpy(), np.exp(x.numpy()[1:]), rtol=1e-6)
