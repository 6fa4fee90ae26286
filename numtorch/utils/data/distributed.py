"""DistributedSampler: the part of a dataset that one of several processes reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..._random import Generator
from .sampler import Sampler


class DistributedSampler(Sampler):
    """Every num_replicas-th index of an order that all processes share, from the rank-th on.

    The order is shuffled by seed + epoch (call `set_epoch`) and equals torch's. Indices are
    repeated to make the parts equally long, or left out with `drop_last`.

    >>> from numtorch.utils.data import DistributedSampler
    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self, dataset, num_replicas: int | None = None, rank: int | None = None,
        shuffle: bool = True, seed: int = 0, drop_last: bool = False,
    ):  # fmt: skip
        if num_replicas is None:
            num_replicas = _group().get_world_size()
        if rank is None:
            rank = _group().get_rank()
        if rank >= num_replicas or rank < 0:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.epoch, self.shuffle, self.seed, self.drop_last = 0, shuffle, seed, drop_last
        n = len(dataset)
        self.num_samples = n // num_replicas if drop_last else -(-n // num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        if self.shuffle:
            host = Generator().manual_seed(self.seed + self.epoch).host
            order = host.permutation(n).tolist()
        else:
            order = list(range(n))
        taken = itertools.islice(itertools.cycle(order), self.total_size)
        return itertools.islice(taken, self.rank, None, self.num_replicas)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch that the next order is shuffled for."""
        self.epoch = epoch


def _group():
    try:
        from ... import distributed
    except ImportError:
        raise RuntimeError("Requires distributed package to be available") from None
    return distributed
