"""Functions on lines and data sets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ...utils.data import Dataset

__all__ = ["custom_replace", "filter_wikipedia_xml", "numericalize_tokens_from_iterator",
           "simple_space_split", "to_map_style_dataset"]  # fmt: skip


def simple_space_split(iterator: Iterable[str]) -> Iterator[list[str]]:
    """Lines split at spaces.

    >>> list(simple_space_split(["a b", "c"]))
    [['a', 'b'], ['c']]
    """
    for line in iterator:
        yield line.split()


def numericalize_tokens_from_iterator(
    vocab, iterator: Iterable[list[str]], removed_tokens: list[str] | None = None
) -> Iterator[Iterator[int]]:
    """The ids of each line's tokens, without those that are removed."""
    for tokens in iterator:
        kept = tokens if removed_tokens is None else [
            t for t in tokens if t not in removed_tokens
        ]  # fmt: skip
        yield iter([vocab[t] for t in kept])


def custom_replace(replace_pattern: list[tuple[str, str]]) -> Callable:
    """A function that applies (pattern, replacement) pairs to each line."""
    patterns = [(re.compile(p), r) for p, r in replace_pattern]

    def apply(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            for pattern, new in patterns:
                line = pattern.sub(new, line)
            yield line

    return apply


def filter_wikipedia_xml(text_iterator: Iterable[str]) -> Iterator[str]:
    """The lower-case words of lines of Wikipedia's XML dump."""
    for line in text_iterator:
        if "#redirect" in line.lower():
            continue
        line = re.sub(r"<[^>]*>", "", line)
        line = re.sub(r"&\w+;", " ", line)
        line = re.sub(r"\[\[[^|\]]*\|", "[[", line)
        yield re.sub(r"[^a-z]+", " ", line.lower()).strip()


class _MapStyle(Dataset):
    def __init__(self, iter_data):
        self._data = list(iter_data)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int):
        return self._data[index]


def to_map_style_dataset(iter_data: Iterable) -> Dataset:
    """A data set with indices of what an iterator gives."""
    return _MapStyle(iter_data)
