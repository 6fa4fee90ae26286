"""Datasets, samplers, collating and DataLoader."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import numtorch as nt
import pytest
from helpers import check, check_error, outcome, reference, torch
from numtorch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
    random_split,
)


class Squares(Dataset):
    """Sample i is (i, i squared)."""

    def __init__(self, n: int):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if not 0 <= i < self.n:
            raise IndexError(i)
        return i, float(i * i)


class Stream(IterableDataset):
    """0, 1, ..., n - 1 as a stream."""

    def __init__(self, n: int):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n


def rows(n: int = 7):
    x = nt.arange(n * 3).to(nt.float32).reshape(n, 3)
    return TensorDataset(x, nt.arange(n))


def firsts(loader) -> list:
    """The first column of each batch as lists."""
    return [b[0].tolist() if isinstance(b, (list, tuple)) else b.tolist() for b in loader]


# ---------------------------------------------------------------- datasets


def test_tensor_dataset():
    data = rows()
    assert len(data) == 7
    x, y = data[2]
    assert x.tolist() == [6, 7, 8] and y.item() == 2
    assert data[1:3][0].shape == (2, 3)
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        TensorDataset(nt.zeros(2), nt.zeros(3))


def test_concat_and_subset():
    both = Squares(3) + Squares(4)
    assert isinstance(both, ConcatDataset) and len(both) == 7
    assert [both[i][0] for i in range(7)] == [0, 1, 2, 0, 1, 2, 3]
    assert both[-1] == (3, 9.0) and both.cumulative_sizes == [3, 7]
    with pytest.raises(ValueError, match="absolute value of index"):
        both[-8]
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        ConcatDataset([])
    part = Subset(Squares(10), [8, 3])
    assert len(part) == 2 and part[1] == (3, 9.0)
    assert Subset(rows(), [5, 1])[[0, 1]][1].tolist() == [5, 1]


def test_random_split():
    g = nt.Generator().manual_seed(1)
    a, b = random_split(Squares(10), [7, 3], generator=g)
    assert sorted(a.indices + b.indices) == list(range(10)) and (len(a), len(b)) == (7, 3)
    parts = random_split(Squares(10), [0.5, 0.25, 0.25])
    assert [len(p) for p in parts] == [6, 2, 2]
    again = random_split(Squares(10), [7, 3], generator=nt.Generator().manual_seed(1))
    assert again[0].indices == a.indices
    for lengths in ([5, 6], [0.5, 0.4, 0.2]):
        check_error(
            outcome(lambda: random_split(Squares(10), lengths)),  # noqa: B023
            outcome(lambda: torch.utils.data.random_split(Squares(10), lengths)),  # noqa: B023
        )
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(Squares(1), [0.9, 0.1])


# ---------------------------------------------------------------- samplers


def test_samplers():
    assert list(SequentialSampler(Squares(4))) == [0, 1, 2, 3]
    nt.manual_seed(0)
    sampler = RandomSampler(Squares(20))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(20)) and first != second
    nt.manual_seed(0)
    assert list(sampler) == first
    assert len(list(RandomSampler(Squares(4), num_samples=10))) == 10
    drawn = list(RandomSampler(Squares(4), replacement=True, num_samples=200))
    assert len(drawn) == 200 and set(drawn) == {0, 1, 2, 3}
    g = nt.Generator().manual_seed(5)
    a = list(RandomSampler(Squares(9), generator=g))
    assert a == list(RandomSampler(Squares(9), generator=nt.Generator().manual_seed(5)))
    assert sorted(SubsetRandomSampler([4, 7, 9])) == [4, 7, 9]
    assert list(BatchSampler(range(7), 3, False)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(BatchSampler(range(7), 3, True)) == [[0, 1, 2], [3, 4, 5]]
    assert len(BatchSampler(range(7), 3, False)) == 3 and len(BatchSampler(range(7), 3, True)) == 2


def test_every_order_is_about_as_likely():
    counts = np.zeros((3, 3))
    sampler = RandomSampler(range(3))
    for _ in range(300):
        for place, i in enumerate(sampler):
            counts[place, i] += 1
    assert (np.abs(counts - 100) < 45).all()


# ---------------------------------------------------------------- collating

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize("make", [
    lambda t: [t([1.0, 2.0]), t([3.0, 4.0])],
    lambda t: [1, 2, 3],
    lambda t: [1.0, 2.5],
    lambda t: [True, False],
    lambda t: ["a", "b"],
    lambda t: [np.float32(1), np.float32(2)],
    lambda t: [np.ones(2), np.zeros(2)],
    lambda t: [(1, t([2.0])), (3, t([4.0]))],
    lambda t: [[1, 2], [3, 4]],
    lambda t: [{"a": 1, "b": [2.0, "x"]}, {"a": 3, "b": [4.0, "y"]}],
    lambda t: [Point(1, 2), Point(3, 4)],
])  # fmt: skip
def test_default_collate(make):
    got = default_collate(make(nt.tensor))
    want = torch.utils.data.default_collate(make(torch.tensor))
    _same(got, want)


def _same(got, want):
    if isinstance(want, torch.Tensor):
        check(got, want)
        return
    assert type(got) is type(want)
    if isinstance(want, dict):
        assert list(got) == list(want)
        got, want = list(got.values()), list(want.values())
    if isinstance(want, (list, tuple)) and not isinstance(want, str):
        assert len(got) == len(want)
        for g, w in zip(got, want):
            _same(g, w)
        return
    assert got == want


@pytest.mark.parametrize("make", [
    lambda t: [t([1.0]), t([1.0, 2.0])],
    lambda t: [[1], [1, 2]],
    lambda t: [None],
    lambda t: [np.array(["a"])],
])  # fmt: skip
def test_collate_errors(make):
    check_error(
        outcome(lambda: default_collate(make(nt.tensor))),
        outcome(lambda: torch.utils.data.default_collate(make(torch.tensor))),
    )


# ---------------------------------------------------------------- DataLoader


@pytest.mark.parametrize("options", [
    {}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": 7},
    {"batch_size": None}, {"batch_size": 2, "sampler": [5, 1, 3]},
    {"batch_sampler": [[0, 6], [2]]},
])  # fmt: skip
@pytest.mark.parametrize("kind", ["tensors", "samples", "subset", "concat"])
def test_loader_matches_torch(options, kind):
    def make(lib):
        t = lib.utils.data
        x = lib.arange(21).reshape(7, 3)
        data = t.TensorDataset(x, lib.arange(7))
        if kind == "samples":
            return Squares(7)
        if kind == "subset":
            return t.Subset(t.Subset(data, [0, 1, 2, 3, 4, 5, 6]), [6, 5, 4, 3, 2, 1, 0])
        return t.ConcatDataset([data, data]) if kind == "concat" else data

    ours = DataLoader(make(nt), **options)
    theirs = torch.utils.data.DataLoader(make(torch), **options)
    assert len(ours) == len(theirs)
    got, want = list(ours), list(theirs)
    assert len(got) == len(want)
    for g, w in zip(got, want):
        _same(g, w)


def test_batches_are_copies():
    data = rows()
    for x, _ in DataLoader(data, batch_size=7):
        x.zero_()
    assert data.tensors[0][1].tolist() == [3, 4, 5]
    x = nt.ones(4, 2, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(x), batch_size=2)))
    batch.sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]
    strided = nt.arange(12).reshape(3, 4).t()
    assert firsts(DataLoader(TensorDataset(strided), batch_size=2)) == [
        [[0, 4, 8], [1, 5, 9]], [[2, 6, 10], [3, 7, 11]]
    ]  # fmt: skip


def test_shuffle():
    nt.manual_seed(2)
    loader = DataLoader(rows(50), batch_size=8, shuffle=True)
    orders = [[i for _, y in loader for i in y.tolist()] for _ in range(2)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(50)) and orders[0] != orders[1]
    nt.manual_seed(2)
    assert [i for _, y in loader for i in y.tolist()] == orders[0]
    for x, y in loader:
        assert (x[:, 0] == y * 3).all()
    a, b = (
        firsts(DataLoader(rows(), shuffle=True, generator=nt.Generator().manual_seed(9)))
        for _ in range(2)
    )
    assert a == b


def test_collate_fn_and_streams():
    loader = DataLoader(Squares(5), batch_size=2, collate_fn=lambda samples: len(samples))
    assert list(loader) == [2, 2, 1]
    assert [b.tolist() for b in DataLoader(Stream(5), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in DataLoader(Stream(5), batch_size=2, drop_last=True)] == [
        [0, 1], [2, 3]
    ]  # fmt: skip
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    assert len(DataLoader(Stream(5), batch_size=2)) == 3


@pytest.mark.parametrize("options", [
    {"batch_size": 0}, {"batch_size": -1}, {"num_workers": -1}, {"timeout": -1},
    {"sampler": [0], "shuffle": True}, {"batch_sampler": [[0]], "batch_size": 2},
    {"batch_size": None, "drop_last": True}, {"prefetch_factor": 2},
    {"persistent_workers": True}, {"drop_last": 3, "batch_size": 2},
])  # fmt: skip
def test_loader_errors(options):
    check_error(
        outcome(lambda: DataLoader(Squares(3), **options)),
        outcome(lambda: torch.utils.data.DataLoader(Squares(3), **options)),
    )


def test_other_errors():
    with pytest.raises(ValueError, match="num_samples should be a positive integer"):
        DataLoader(Squares(0), shuffle=True)
    with pytest.raises(ValueError, match="expected unspecified shuffle option"):
        DataLoader(Stream(3), shuffle=True)
    with pytest.raises(TypeError, match="replacement should be a boolean"):
        RandomSampler(Squares(3), replacement=1)
    with pytest.raises(NotImplementedError):
        Dataset()[0]
    with pytest.raises(IndexError):
        list(DataLoader(rows(), sampler=[99], batch_size=1))
    assert reference(None) is None
