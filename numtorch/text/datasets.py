"""Readers of data sets' extracted files: iterators over (label, text) or lines.

    train = AG_NEWS(root=".data", split="train")   # .data/datasets/AG_NEWS/train.csv

A missing file is a FileNotFoundError that says where it is looked for; nothing is downloaded.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator

from ..utils.data import IterableDataset

__all__ = ["AG_NEWS", "DBpedia", "IMDB", "PennTreebank", "WikiText2", "WikiText103",
           "YelpReviewFull", "YelpReviewPolarity"]  # fmt: skip


class _Reader(IterableDataset):
    """An iterable that starts again each time; next() works on it too."""

    def __init__(self, make):
        self._make, self._iterator = make, None

    def __iter__(self) -> Iterator:
        return self._make()

    def __next__(self):
        if self._iterator is None:
            self._iterator = iter(self)
        return next(self._iterator)


def _path(root: str, name: str, *parts: str) -> str:
    """root/datasets/NAME/..., or root/NAME/..., or root/... itself."""
    places = [os.path.join(root, *more, *parts) for more in (("datasets", name), (name,), ())]
    for place in places:
        if os.path.exists(place):
            return place
    raise FileNotFoundError(f"{name}: put the extracted files so that this exists: {places[0]}")


def _splits(split, read):
    if isinstance(split, str):
        return _Reader(read(split))
    return tuple(_Reader(read(s)) for s in split)


def _labelled(name: str, doc: str):
    def dataset(root: str = ".data", split=("train", "test")):
        def read(part):
            path = _path(root, name, f"{part}.csv")

            def rows():
                csv.field_size_limit(sys.maxsize)
                with open(path, newline="", encoding="utf-8") as f:
                    for row in csv.reader(f):
                        yield int(row[0]), " ".join(row[1:])

            return rows

        return _splits(split, read)

    dataset.__name__ = dataset.__qualname__ = name
    dataset.__doc__ = doc
    return dataset


AG_NEWS = _labelled("AG_NEWS", "News of 4 kinds: (label 1-4, title and description).")
DBpedia = _labelled("DBpedia", "Articles of 14 kinds: (label 1-14, title and text).")
YelpReviewFull = _labelled("YelpReviewFull", "Reviews: (stars 1-5, text).")
YelpReviewPolarity = _labelled("YelpReviewPolarity", "Reviews: (1 bad or 2 good, text).")


def IMDB(root: str = ".data", split=("train", "test")) -> object:
    """Film reviews: (1 negative or 2 positive, text), from the folders train/neg, train/pos, ..."""
    def read(part):
        folder = _path(root, "IMDB", "aclImdb", part)

        def rows():
            for label, kind in ((1, "neg"), (2, "pos")):
                inner = os.path.join(folder, kind)
                for name in sorted(os.listdir(inner)):
                    with open(os.path.join(inner, name), encoding="utf-8") as f:
                        yield label, f.read()

        return rows

    return _splits(split, read)


def _lines(name: str, files: dict[str, tuple[str, ...]], doc: str):
    def dataset(root: str = ".data", split=("train", "valid", "test")):
        def read(part):
            path = _path(root, name, *files[part])

            def rows():
                with open(path, encoding="utf-8") as f:
                    yield from f

            return rows

        return _splits(split, read)

    dataset.__name__ = dataset.__qualname__ = name
    dataset.__doc__ = doc
    return dataset


def _wiki(name: str) -> dict[str, tuple[str, ...]]:
    return {part: (name, f"wiki.{part}.tokens") for part in ("train", "valid", "test")}


WikiText2 = _lines("WikiText2", _wiki("wikitext-2"), "Lines of Wikipedia, 2 million tokens.")
WikiText103 = _lines("WikiText103", _wiki("wikitext-103"), "Lines of Wikipedia, 103 million.")
PennTreebank = _lines(
    "PennTreebank", {part: (f"ptb.{part}.txt",) for part in ("train", "valid", "test")},
    "Lines of the Wall Street Journal, as Mikolov prepared them.",
)  # fmt: skip
