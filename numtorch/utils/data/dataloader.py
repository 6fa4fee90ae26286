"""DataLoader: batches of a dataset, loaded in the calling process or by worker processes."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator

from ..._random import Generator, default_generator
from ._utils.collate import collate, default_collate, default_collate_fn_map, default_convert
from ._utils.fetch import create_fetcher
from ._utils.worker import get_worker_info
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader", "collate", "default_collate", "default_collate_fn_map", "default_convert",
           "get_worker_info"]  # fmt: skip

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _InfiniteConstantSampler(Sampler):
    """None for ever: a stream is not indexed."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class _DatasetKind:
    Map, Iterable = 0, 1


class DataLoader:
    """Iterates over batches of a dataset.

    With `num_workers` > 0 that many processes load batches ahead (`prefetch_factor` each) and hand
    them over in shared memory; they are forks of this process unless `multiprocessing_context` says
    otherwise. Batches come in the sampler's order (`in_order=False`: as they are ready). An
    exception in a worker is raised here with the worker's traceback; a worker that is killed is a
    RuntimeError. `timeout` seconds without a batch are one too.

    Under one `manual_seed` the order, the workers' seeds and `random_split` equal torch's, as long
    as the program draws nothing else from the generator in between (initial weights do so in torch,
    and not here): a `generator` of its own makes the order equal in every program.

    >>> import numtorch as torch
    >>> from numtorch.utils.data import DataLoader, TensorDataset
    >>> loader = DataLoader(TensorDataset(torch.arange(5)), batch_size=2)
    >>> [batch.tolist() for batch, in loader]
    [[0, 1], [2, 3], [4]]
    """

    _initialized = False

    def __class_getitem__(cls, item):
        return cls

    def __init__(
        self, dataset: Dataset, batch_size: int | None = 1, shuffle: bool | None = None,
        sampler: Sampler | Iterable | None = None, batch_sampler: Sampler | Iterable | None = None,
        num_workers: int = 0, collate_fn: Callable | None = None, pin_memory: bool = False,
        drop_last: bool = False, timeout: float = 0, worker_init_fn: Callable | None = None,
        multiprocessing_context=None, generator: Generator | None = None, *,
        prefetch_factor: int | None = None, persistent_workers: bool = False,
        pin_memory_device: str = "", in_order: bool = True,
    ):  # fmt: skip
        prefetch_factor = _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset, self.num_workers, self.prefetch_factor = dataset, num_workers, prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.timeout, self.worker_init_fn, self.in_order = timeout, worker_init_fn, in_order
        self.multiprocessing_context = multiprocessing_context
        iterable = isinstance(dataset, IterableDataset)
        self._dataset_kind = _DatasetKind.Iterable if iterable else _DatasetKind.Map
        _check_sampling(iterable, shuffle, sampler, batch_sampler, batch_size, drop_last)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if sampler is None:
            sampler = (
                _InfiniteConstantSampler() if iterable
                else RandomSampler(dataset, generator=generator) if shuffle
                else SequentialSampler(dataset)
            )  # fmt: skip
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last, self.generator = batch_size, drop_last, generator
        self.sampler, self.batch_sampler = sampler, batch_sampler
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn, self.persistent_workers = collate_fn, persistent_workers
        self._iterator: _BaseDataLoaderIter | None = None
        self._IterableDataset_len_called: int | None = None
        self._initialized = True
        self.check_worker_number_rationality()

    def __setattr__(self, attr, val):
        if self._initialized and attr in _FIXED:
            raise ValueError(
                f"{attr} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(attr, val)

    @property
    def multiprocessing_context(self) -> object:
        """The context that workers are made in; None for the default one."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context) -> None:
        self._context = None if context is None else _check_context(context, self.num_workers)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self):
        return self.batch_sampler if self._auto_collation else self.sampler

    def check_worker_number_rationality(self) -> None:
        """Warns if there are more workers than CPUs for them."""
        if not self.num_workers:
            return
        affinity = hasattr(os, "sched_getaffinity")
        cpus = len(os.sched_getaffinity(0)) if affinity else os.cpu_count()
        if cpus is not None and self.num_workers <= cpus:
            return
        suggested = (
            "DataLoader is not able to compute a suggested max number of worker in current system."
            if cpus is None else
            f"Our suggested max number of worker in current system is {cpus}"
            f"{'' if affinity else ' (`cpuset` is not taken into account)'}, which is smaller than "
            "what this DataLoader is going to create."
        )  # fmt: skip
        warnings.warn(
            f"This DataLoader will create {self.num_workers} worker processes in total. "
            f"{suggested} Please be aware that excessive worker creation might get DataLoader "
            "running slow or even freeze, lower the worker number to avoid potential "
            "slowness/freeze if necessary.",
            stacklevel=3,
        )

    def _get_iterator(self) -> _BaseDataLoaderIter:
        if self.num_workers == 0:
            return _SingleProcessDataLoaderIter(self)
        self.check_worker_number_rationality()
        return _MultiProcessingDataLoaderIter(self)

    def __iter__(self) -> _BaseDataLoaderIter:
        if not self.persistent_workers:
            return self._get_iterator()
        if self._iterator is None or self._iterator._closed:
            self._iterator = self._get_iterator()
        else:
            self._iterator._reset(self)
        return self._iterator

    def __len__(self) -> int:
        if self._dataset_kind == _DatasetKind.Map:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers) -> int | None:
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers "
            "> 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    return 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor


def _check_sampling(iterable, shuffle, sampler, batch_sampler, batch_size, drop_last) -> None:
    if iterable:
        for name, x, unset in (
            ("shuffle", shuffle, shuffle in (False, None)), ("sampler", sampler, sampler is None),
            ("batch_sampler", batch_sampler, batch_sampler is None),
        ):  # fmt: skip
            if not unset:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but "
                    f"got {name}={x}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (
        batch_size != 1 or shuffle or sampler is not None or drop_last
    ):
        raise ValueError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
            "drop_last"
        )
    if batch_size is None and drop_last and batch_sampler is None:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with "
            "drop_last"
        )


def _check_context(context, num_workers: int):
    import multiprocessing

    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > "
            f"0), but got num_workers={num_workers}"
        )
    if isinstance(context, str):
        valid = multiprocessing.get_all_start_methods()
        if context not in valid:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method in "
                f"{valid!r}, but got multiprocessing_context={context!r}"
            )
        context = multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string "
            f"specifying the start method, but got multiprocessing_context={context}"
        )
    return context


class _BaseDataLoaderIter:
    """One pass over the data."""

    _closed = False

    def __init__(self, loader: DataLoader):
        _warn_of_pinning(loader)
        self._dataset, self._auto_collation = loader.dataset, loader._auto_collation
        self._iterable = loader._dataset_kind == _DatasetKind.Iterable
        self._index_sampler, self._num_workers = loader._index_sampler, loader.num_workers
        self._collate_fn, self._drop_last = loader.collate_fn, loader.drop_last
        self._timeout = loader.timeout
        self._sampler_iter = iter(self._index_sampler)
        self._base_seed = (loader.generator or default_generator).host.integer()
        self._promised = loader._IterableDataset_len_called
        self._num_yielded = 0

    def _reset(self, loader: DataLoader) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._promised, self._num_yielded = loader._IterableDataset_len_called, 0

    def __iter__(self):
        return self

    def _next_data(self):
        raise NotImplementedError

    def __next__(self):
        data = self._next_data()
        self._num_yielded += 1
        if self._iterable and self._promised is not None and self._num_yielded > self._promised:
            self._warn_of_length()
        return data

    def _warn_of_length(self) -> None:
        text = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._promised}(when "
            f"accessing len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            text += (
                "For multiprocessing data-loading, this could be caused by not properly "
                "configuring the IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for "
                "examples."
            )
        warnings.warn(text, stacklevel=3)

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self):
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


def _warn_of_pinning(loader: DataLoader) -> None:
    if not loader.pin_memory:
        return
    if loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,"
            f"ignore pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=6,
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned "
        "memory won't be used.",
        stacklevel=6,
    )


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    def __init__(self, loader: DataLoader):
        super().__init__(loader)
        if self._timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._fetch = create_fetcher(
            self._iterable, self._dataset, self._auto_collation, self._collate_fn, self._drop_last
        ).fetch

    def _next_data(self):
        return self._fetch(next(self._sampler_iter))


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Tasks are numbered as they are given out; results are yielded in that order."""

    def __init__(self, loader: DataLoader):
        from ._utils import transport, worker, workers

        if os.name != "posix":
            raise NotImplementedError(
                "DataLoader with num_workers > 0 is only implemented for POSIX systems in "
                "numtorch; use num_workers=0"
            )
        super().__init__(loader)
        n = self._num_workers
        self._ahead = min(loader.prefetch_factor, transport.IN_FLIGHT)
        self._in_order, self._persistent = loader.in_order, loader.persistent_workers
        self._kinds = worker
        self._workers = workers.Workers(loader.multiprocessing_context, [
            worker.Job(
                self._iterable, self._dataset, self._auto_collation, self._collate_fn,
                self._drop_last, self._base_seed, loader.worker_init_fn, k, n,
            )
            for k in range(n)
        ])  # fmt: skip
        self._sent = 0
        self._begin()

    def _begin(self) -> None:
        n = self._num_workers
        self._given: dict[int, int] = {}  # task -> worker, in order; results not yet yielded
        self._results: dict[int, tuple] = {}  # task -> (status, data), if it came early
        self._active, self._tasks = [True] * n, [0] * n
        self._turn = itertools.cycle(range(n))
        for _ in range(self._ahead * n):
            self._give()

    def _reset(self, loader: DataLoader) -> None:
        super()._reset(loader)
        for k in range(self._num_workers):
            self._workers.put(k, -1, None)
        self._begin()

    def _give(self) -> None:
        """The next indices go to the next active worker."""
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        share = self._ahead * self._num_workers // max(sum(self._active), 1)
        for k in itertools.islice(self._turn, self._num_workers):
            if self._active[k] and (self._in_order or self._tasks[k] < share):
                self._workers.put(k, self._sent, index)
                self._given[self._sent] = k
                self._tasks[k] += 1
                self._sent += 1
                return

    def _next_data(self):
        while True:
            number = self._first()
            if number is None:
                if not self._persistent:
                    self._shutdown_workers()
                raise StopIteration
            if number in self._results:
                return self._yielded(number, *self._results.pop(number))
            if self._closed:
                raise AssertionError(
                    "Invalid iterator state: shutdown or no outstanding tasks when fetching next "
                    "data"
                )
            self._receive(number)

    def _first(self) -> int | None:
        """The task to be yielded next: an early result, or the first that has not come."""
        if not self._in_order and self._results:
            return next(iter(self._results))
        for number, k in list(self._given.items()):
            if number in self._results or self._active[k]:
                return number
            del self._given[number]  # its worker's stream ended before it
        return None

    def _receive(self, number: int) -> None:
        """Waits for a message: of the worker that has the task, or of any."""
        among = [self._given[number]]
        if not self._in_order:
            among = sorted({k for k in self._given.values() if self._active[k]})
        try:
            k, number, status, data = self._workers.receive(among, self._timeout)
        except RuntimeError as error:
            if "timed out" not in str(error):
                self._shutdown_workers()
            raise
        if number not in self._given:  # of an epoch that was left early
            return
        if status == self._kinds.ENDED:
            self._active[k] = False
            del self._given[number]
            self._give()
        else:
            self._results[number] = status, data

    def _yielded(self, number: int, status: int, data):
        self._tasks[self._given.pop(number)] -= 1
        if not self._closed:
            self._give()
        if status == self._kinds.FAILED:
            data.reraise()
        return data

    def _shutdown_workers(self) -> None:
        self._closed = True
        self._workers.close()
