"""Datasets, samplers and DataLoader."""

from .dataset import (
    ConcatDataset as ConcatDataset, Dataset as Dataset, IterableDataset as IterableDataset,
    Subset as Subset, TensorDataset as TensorDataset, random_split as random_split,
)  # fmt: skip
from .loader import DataLoader as DataLoader, default_collate as default_collate
from .sampler import (
    BatchSampler as BatchSampler, RandomSampler as RandomSampler, Sampler as Sampler,
    SequentialSampler as SequentialSampler, SubsetRandomSampler as SubsetRandomSampler,
)  # fmt: skip
