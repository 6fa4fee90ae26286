"""Fetching batches: by indices, or the next ones of a stream."""

from __future__ import annotations

from numtorch.jit.flush import settle_views
from numtorch.jit.record import local

from ...._tensor import Tensor
from ..dataset import Subset, TensorDataset
from . import collate


def _rows_of(dataset, indices: list[int]) -> list[Tensor] | None:
    """The collated batch of a TensorDataset (or a Subset of one); None for other datasets."""
    while type(dataset) is Subset:
        indices, dataset = [dataset.indices[i] for i in indices], dataset.dataset
    if type(dataset) is not TensorDataset:
        return None
    n = len(dataset)
    if any(t._rg or type(t) is not Tensor for t in dataset.tensors):
        return None
    if not 0 <= min(indices) <= max(indices) < n:
        return None
    return [collate.take_rows(t, indices) for t in dataset.tensors]


class MapFetcher:
    """Batches of a dataset that is indexed."""

    def __init__(self, dataset, auto_collation: bool, collate_fn, drop_last: bool):
        self.dataset, self.auto_collation, self.collate_fn = dataset, auto_collation, collate_fn
        self.fast = collate_fn is collate.default_collate

    def fetch(self, index):
        """The batch of these indices."""
        if not self.auto_collation:
            return self.collate_fn(self.dataset[index])
        if self.fast:
            index = list(index)
            batch = _rows_of(self.dataset, index) if index else None
            if batch is not None:
                return batch
        many = getattr(self.dataset, "__getitems__", None)
        samples = many(index) if many else [self.dataset[i] for i in index]
        batch = self.collate_fn(samples)
        settle_views(local.tape)  # samples are often rows: let them go now
        return batch


class IterableFetcher:
    """Batches of a dataset that is iterated over."""

    def __init__(self, dataset, auto_collation: bool, collate_fn, drop_last: bool):
        self.auto_collation, self.collate_fn, self.drop_last = auto_collation, collate_fn, drop_last
        self.iterator, self.ended = iter(dataset), False

    def fetch(self, index):
        """The batch of the next len(index) samples; StopIteration at the end."""
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.iterator))
        samples = []
        for _ in index:
            try:
                samples.append(next(self.iterator))
            except StopIteration:
                self.ended = True
                break
        if not samples or (self.drop_last and len(samples) < len(index)):
            raise StopIteration
        return self.collate_fn(samples)


def create_fetcher(iterable: bool, dataset, auto_collation: bool, collate_fn, drop_last: bool):
    """The fetcher for a kind of dataset."""
    kind = IterableFetcher if iterable else MapFetcher
    return kind(dataset, auto_collation, collate_fn, drop_last)
