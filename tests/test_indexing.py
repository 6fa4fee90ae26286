"""x[...], x[...] = v, gather and its family against torch; errors that name the line."""

import inspect
import warnings

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, compare, outcome, pair, torch

A = np.arange(60, dtype=np.float32).reshape(3, 4, 5) - 20
I = np.array([2, 0, -1, 1])  # noqa: E741
J = np.array([[3, -4], [0, 1]])
MASK = A[:, :, 0] > -15
KEYS = {
    "int": lambda m: 1, "negative": lambda m: -1, "ints": lambda m: (1, -2, 3), "slice": lambda m: slice(1, None),
    "step": lambda m: (slice(None), slice(None, None, 2)), "ellipsis": lambda m: (..., 1), "two dots": lambda m: (..., 1, ...),
    "none": lambda m: (None, 1, None), "all": lambda m: slice(None), "dots": lambda m: ...,
    "empty": lambda m: slice(2, 1), "beyond": lambda m: (slice(-9, 99), slice(5, 7)),
    "tensor": lambda m: m.tensor(I), "second": lambda m: (slice(None), m.tensor(J)),
    "last": lambda m: (..., m.tensor(I)), "two": lambda m: (m.tensor(I[:2]), m.tensor(J)),
    "apart": lambda m: (m.tensor(I), slice(None), m.tensor(I)), "with int": lambda m: (1, m.tensor(J)),
    "int first": lambda m: (m.tensor(I), 1), "slice and tensor": lambda m: (slice(0, 2), m.tensor(I), slice(1, 4)),
    "list": lambda m: [0, 2], "nested": lambda m: ([0, 2], [1, 3]), "mask": lambda m: m.tensor(A > 0),
    "mask rows": lambda m: m.tensor(MASK), "mask dim": lambda m: (slice(None), m.tensor(MASK[0])),
    "mask none": lambda m: m.tensor(A > 1e9), "0-dim": lambda m: m.tensor(2), "none and tensor": lambda m: (None, m.tensor(I)),
    "empty index": lambda m: m.tensor([], dtype=m.int64), "uint8 list": lambda m: (slice(None), [3, 1, 1]),
    "three": lambda m: (m.tensor(I), m.tensor(I), m.tensor(I)), "mask and int": lambda m: (m.tensor(MASK), 1),
    "np": lambda m: (np.int64(1), np.array([0, 2])), "bool": lambda m: (slice(None), slice(1, 2), m.tensor([0, 4])),
}  # fmt: skip


def test_reading():
    x, y = pair(A)
    calls = {
        name: (lambda k=key: x[k(nt)], lambda k=key: y[k(torch)]) for name, key in KEYS.items()
    }
    compare(calls)


def test_reading_of_views():
    x, y = pair(A)
    calls = {}
    for view, f in {
        "T": lambda t: t.transpose(0, 2), "step": lambda t: t[:, ::2, 1:], "flip": lambda t: t.flip(1),
        "expand": lambda t: t[:, :1].expand(3, 4, 5), "computed": lambda t: t * 2 + 1,
    }.items():  # fmt: skip
        for name in ("tensor", "second", "two", "mask dim", "int", "apart"):
            if view in ("T", "step") and name in ("mask dim", "second", "two"):
                continue
            calls[view, name] = (
                (lambda f=f, k=KEYS[name]: f(x)[k(nt)]), (lambda f=f, k=KEYS[name]: f(y)[k(torch)])
            )  # fmt: skip
    compare(calls)


@pytest.mark.parametrize("name", KEYS)
def test_writing(name):
    if name in ("apart", "two", "second", "uint8 list", "last"):
        pytest.skip("repeated indices: torch does not say which value stays")
    key = KEYS[name]
    (x, y), (p, q) = pair(A), pair(A)
    x[key(nt)] = -1.5
    y[key(torch)] = -1.5
    check(x, y)
    part = q[key(torch)]
    values = np.arange(part.numel(), dtype=np.float32).reshape(tuple(part.shape)) + 100
    v, w = pair(values)
    p[key(nt)] = v
    q[key(torch)] = w
    check(p, q)
    p[key(nt)] += 1
    q[key(torch)] += 1
    check(p, q)


def test_writing_broadcasts_and_casts():
    for value in (np.arange(5), np.arange(4.0).reshape(4, 1), np.ones((1, 1, 5)), np.array(7), True):
        x, y = pair(A)
        for t, lib in ((x, nt), (y, torch)):
            v = lib.tensor(value) if isinstance(value, np.ndarray) else value
            t[1:] = v
            t[lib.tensor([0, 1])] = v if value is True else v.to(t.dtype)
            t[lib.tensor(A > 30)] = 0
        check(x, y)


def test_writing_through_a_view_of_a_view():
    x, y = pair(A)
    for t, lib in ((x, nt), (y, torch)):
        t.transpose(0, 2)[1:, ::2][0] = 5
        t[1].T[lib.tensor([0, 3])] = 6
        t.view(12, 5)[lib.tensor([1, 2]), 1:3] = 7
        t[:, 1].fill_(8)
        t[0].zero_()
        t[..., -1:] *= 2
    check(x, y)


GATHERS = {
    "gather": lambda m, t, i: t.gather(0, i), "gather last": lambda m, t, i: t.gather(-1, i[:, :2]),
    "take_along_dim": lambda m, t, i: t.take_along_dim(i, 1), "select": lambda m, t, i: t.index_select(1, i[0]),
    "scatter_add": lambda m, t, i: t.scatter_add(0, i, t * 2),
    "scatter_add smaller": lambda m, t, i: t.scatter_add(1, i[:2, :3], t),
    "scatter_add view": lambda m, t, i: t.scatter_add(1, i, t.flip(1)),
    "index_add": lambda m, t, i: t.index_add(0, i[:, 0], t, alpha=2), "nonzero": lambda m, t, i: t.nonzero(),
    "index_add 1": lambda m, t, i: t.index_add(1, i[0], t), "masked_select": lambda m, t, i: t.masked_select(t > 0),
    "nonzero tuple": lambda m, t, i: t.nonzero(as_tuple=True),
    "ints": lambda m, t, i: t.long().scatter_add(0, i, t.long()), "int32": lambda m, t, i: t.index_select(0, i[0].int()),
}  # fmt: skip


def test_gather_family():
    x, y = pair(A[:, :3, 0].copy())
    i, j = pair(np.array([[0, 2, 1], [2, 2, 0], [1, 0, 0]]))
    calls = {
        n: (lambda f=f: f(nt, x, i), lambda f=f: f(torch, y, j)) for n, f in GATHERS.items()
    }
    compare(calls)


def test_gather_of_empty_index():
    x, y = pair(A[:, :3, 0].copy())
    i, j = pair(np.zeros((0, 3), np.int64))
    compare({
        "gather": (lambda: x.gather(0, i), lambda: y.gather(0, j)),
        "select": (lambda: x.index_select(1, i[:, 0]), lambda: y.index_select(1, j[:, 0])),
        "scatter": (lambda: x.scatter_add(0, i, x), lambda: y.scatter_add(0, j, y)),
    })  # fmt: skip


BAD = {
    "too many": lambda m, t: t[0, 0, 0, 0], "int": lambda m, t: t[3], "negative": lambda m, t: t[:, -5],
    "float": lambda m, t: t[m.tensor([1.0])], "mask shape": lambda m, t: t[m.tensor([True, False])],
    "step": lambda m, t: t[::-1], "broadcast": lambda m, t: t[m.tensor([0, 1]), m.tensor([0, 1, 2])],
    "set shape": lambda m, t: t.__setitem__(0, m.ones(3)), "gather rank": lambda m, t: t.gather(0, m.tensor([0])),
    "select 2-D": lambda m, t: t.index_select(0, m.tensor([[0]])), "set dtype": lambda m, t: t.__setitem__(m.tensor([0]), m.tensor(1)),
    "scatter": lambda m, t: t.scatter_add(0, m.zeros(3, 4, 9, dtype=m.int64), t),
    "scatter rank": lambda m, t: t.scatter_add(0, m.tensor([0]), t),
    "scalar": lambda m, t: t[0, 0, 0][0],
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_errors(name):
    x, y = pair(A)
    ours, theirs = outcome(BAD[name], nt, x), outcome(BAD[name], torch, y)
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), f"{ours!r}, torch: {theirs!r}"


OUT_OF_RANGE = {
    "gather": lambda t, i: t.gather(0, i), "index": lambda t, i: t[i[:, 0]], "index 2": lambda t, i: t[i[:, 0], i[:, 1]],
    "index_select": lambda t, i: t.index_select(0, i[:, 0]), "scatter_add": lambda t, i: t.scatter_add(0, i, t),
    "index_add": lambda t, i: t.index_add(0, i[:, 0], t),
}  # fmt: skip


@pytest.mark.parametrize("bad", [3, -4, 2**40])
@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_index_out_of_range_names_the_op_and_the_line(name, bad):
    x = nt.ones(3, 3)
    i = nt.tensor([[0, 1, 2], [0, bad, 0], [bad, 0, 1]])
    line = inspect.currentframe().f_lineno + 1
    result = OUT_OF_RANGE[name](x, i)
    kind = IndexError if name.startswith("index") and name != "index_add" else RuntimeError
    with pytest.raises(kind) as e:
        (result + 1).sum().item()
    text = str(e.value)
    if name == "index_select":
        assert f"index out of range in self: {bad}, size 3" in text
    else:
        assert f"index {bad} is out of bounds for dimension" in text and "with size 3" in text
    assert f"{__file__}:" in text and name.split()[0] in text
    if "lambda" not in text and f":{line}" not in text:
        first = inspect.getsourcelines(OUT_OF_RANGE[name])[1]
        assert f":{first}" in text
    assert (x + 1).sum().item() == 18, "the process goes on"
    with pytest.raises(kind):
        result.numpy()


def test_updates_after_a_bad_index_are_not_applied():
    x, w = nt.ones(3), nt.zeros(3)
    w.sum().item()
    before = w * 2
    w.add_(1)
    x[nt.tensor([0, 5])].sum()
    bad = x[nt.tensor([0, 5])]
    w.add_(10)
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        bad.sum().item()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert w.tolist() == [1, 1, 1] and before.tolist() == [0, 0, 0]
    w.add_(1)
    assert w.tolist() == [2, 2, 2]


def test_what_was_recorded_before_a_bad_index_is_computed():
    """A fresh tensor, its views and its in-place updates are as an eager run leaves them."""
    fresh = nt.zeros(3)
    fresh.add_(1)
    view = fresh[1:]
    leaf = nt.ones(3, requires_grad=True)
    product = leaf * fresh
    first = nt.ones(4)[nt.tensor([0, 4])]
    view.mul_(5)
    second = nt.ones(4)[nt.tensor([0, 7])]
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        (first.sum() + second.sum()).item()
    assert fresh.tolist() == [1, 1, 1] and view.tolist() == [1, 1]
    product.sum().backward()
    assert leaf.grad.tolist() == [1, 1, 1]
    with pytest.raises(IndexError, match="out of bounds"):
        second.tolist()


def test_bad_target_of_a_loss():
    from numtorch.jit.ops import OPS
    from numtorch.jit.record import local

    logits = nt.zeros(2, 3, requires_grad=True)
    loss = local.tape.record(
        OPS["cross_entropy"], (logits, nt.tensor([0, 3])), ("mean", -100, 2)
    )
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        loss.item()


def test_check_error_is_used():
    check_error(ValueError("a b"), ValueError("a"))


def test_pairs_of_indices_of_one_element():
    # Picks from a range, which is no memory.
    x, y = pair(np.arange(9.0).reshape(3, 3))
    for lib, t in ((nt, x), (torch, y)):
        row, column = lib.tensor([2]), lib.tensor([0])
        assert t[row, column].tolist() == [6.0]
        t[row, column] = lib.tensor([5.0], dtype=lib.float64)
        assert t[2].tolist() == [5.0, 7.0, 8.0]
        assert t[lib.arange(1), lib.tensor([2])].tolist() == [2.0]
