"""Vocabularies and word vectors."""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import numtorch as torch

from ..nn import Module

__all__ = ["CharNGram", "FastText", "GloVe", "Vectors", "Vocab", "build_vocab_from_iterable",
           "load_word2vec_format", "pretrained_aliases", "vocab"]  # fmt: skip


class Vocab(Module):
    """Tokens and their ids; RuntimeError for unknown ones unless there is a default index."""

    def __init__(self, vocab):
        super().__init__()
        tokens = vocab.get_itos() if isinstance(vocab, Vocab) else list(vocab)
        self._itos: list[str] = []
        self._stoi: dict[str, int] = {}
        self._default: int | None = None
        for token in tokens:
            self.append_token(token)

    def forward(self, tokens: list[str]) -> list[int]:
        """The ids of tokens."""
        return [self[t] for t in tokens]

    def __len__(self) -> int:
        return len(self._itos)

    def __contains__(self, token: str) -> bool:
        return token in self._stoi

    def __getitem__(self, token: str) -> int:
        found = self._stoi.get(token, self._default)
        if found is None:
            raise RuntimeError(f"Token {token} not found and default index is not set")
        return found

    def set_default_index(self, index: int | None) -> None:
        """The id of unknown tokens."""
        self._default = index

    def get_default_index(self) -> int | None:
        """The id of unknown tokens, or None."""
        return self._default

    def append_token(self, token: str) -> None:
        """Adds a token at the end; RuntimeError if it is there."""
        self.insert_token(token, len(self._itos))

    def insert_token(self, token: str, index: int) -> None:
        """Adds a token, and moves those after it; RuntimeError if it is there."""
        if not 0 <= index <= len(self._itos):
            raise RuntimeError(
                f"Specified index {index} is out of bounds for vocab of size {len(self)}"
            )
        if token in self._stoi:
            raise RuntimeError(
                f"Token {token} already exists in the Vocab with index: {self._stoi[token]}"
            )
        self._itos.insert(index, token)
        for k in range(index, len(self._itos)):
            self._stoi[self._itos[k]] = k

    def lookup_token(self, index: int) -> str:
        """The token of an id; RuntimeError if there is none."""
        if not 0 <= index < len(self._itos):
            raise RuntimeError(
                f"Specified index {index} is out of bounds for vocab of size {len(self)}"
            )
        return self._itos[index]

    def lookup_tokens(self, indices: list[int]) -> list[str]:
        """The tokens of ids."""
        return [self.lookup_token(i) for i in indices]

    def lookup_indices(self, tokens: list[str]) -> list[int]:
        """The ids of tokens."""
        return self(tokens)

    def get_stoi(self) -> dict[str, int]:
        """Ids by token."""
        return dict(self._stoi)

    def get_itos(self) -> list[str]:
        """Tokens by id."""
        return list(self._itos)


def vocab(
    ordered_dict: dict, min_freq: int = 1, specials: list[str] | None = None,
    special_first: bool = True,
) -> Vocab:  # fmt: skip
    """A Vocab of tokens with counts, in their order; rarer ones than `min_freq` are left out.

    >>> vocab({"hello": 4, "world": 3, "once": 1}, min_freq=2, specials=["<unk>"])["world"]
    2
    """
    specials = specials or []
    tokens = [t for t, n in ordered_dict.items() if n >= min_freq and t not in specials]
    return Vocab([*specials, *tokens] if special_first else [*tokens, *specials])


def build_vocab_from_iterable(
    iterator: Iterable[list[str]], min_freq: int = 1, specials: list[str] | None = None,
    special_first: bool = True, max_tokens: int | None = None,
) -> Vocab:  # fmt: skip
    """A Vocab of the tokens of many lines, the most frequent first, equal ones in order."""
    if isinstance(min_freq, (list, tuple)):  # build_vocab_from_iterable(lines, specials)
        min_freq, specials = 1, list(min_freq)
    counter: Counter = Counter()
    for tokens in iterator:
        counter.update(tokens)
    specials = specials or []
    ordered = sorted(counter.items(), key=lambda x: (-x[1], x[0]))
    if max_tokens is not None:
        if len(specials) >= max_tokens:
            raise AssertionError(
                "len(specials) >= max_tokens, so the vocab will be entirely special tokens."
            )
        ordered = ordered[: max_tokens - len(specials)]
    return vocab(OrderedDict(ordered), min_freq, specials, special_first)


# ---------------------------------------------------------------- word vectors


def _parse_text(lines: Iterable[bytes], limit: int | None) -> tuple[list[str], np.ndarray]:
    """Words and vectors of lines 'word v1 v2 ...', after an optional line 'count size'."""
    words, rows, size = [], [], None
    for number, line in enumerate(lines):
        parts = line.rstrip().split(b" ")
        if number == 0 and len(parts) == 2 and all(p.isdigit() for p in parts):
            continue
        if len(parts) < 2:
            continue
        if size is None:
            size = len(parts) - 1
        values = parts[-size:]
        if len(parts) <= size:
            raise RuntimeError(
                f"Vector for token {parts[0]!r} has {len(parts) - 1} dimensions, but previously "
                f"read vectors have {size} dimensions. All vectors must have the same number of "
                "dimensions."
            )
        words.append(b" ".join(parts[:-size]).decode("utf-8", errors="replace"))
        rows.append(np.array(values, dtype=np.float32))
        if limit is not None and len(words) >= limit:
            break
    if not words:
        raise RuntimeError("the file holds no vectors")
    return words, np.stack(rows)


def _parse_binary(data: bytes, limit: int | None) -> tuple[list[str], np.ndarray]:
    """Words and vectors of word2vec's binary format."""
    head, _, rest = data.partition(b"\n")
    parts = head.split()
    if len(parts) != 2 or not all(p.isdigit() for p in parts):
        raise RuntimeError("no word2vec file: its first line must be the count and the size")
    count, size = map(int, parts)
    count = count if limit is None else min(count, limit)
    words, vectors, place = [], np.empty((count, size), np.float32), 0
    for k in range(count):
        end = rest.find(b" ", place)
        stop = end + 1 + 4 * size
        if end < 0 or stop > len(rest):
            raise RuntimeError(f"the word2vec file is truncated: {k} of {count} vectors are whole")
        words.append(rest[place:end].lstrip(b"\n").decode("utf-8", errors="replace"))
        vectors[k] = np.frombuffer(rest, "<f4", size, end + 1)
        place = stop
    return words, vectors


def _open(path: str):
    """The lines of a text file, as it is, gzipped, or the only file of a zip or tar archive."""
    if path.endswith(".gz") and not path.endswith(".tar.gz"):
        return gzip.open(path)
    return open(path, "rb")


class Vectors:
    """Word vectors of a file: `vectors[word]` is a tensor, zeros for unknown words.

    `name` is a file of lines 'word v1 v2 ...' (GloVe, fastText, word2vec's text), plain or gzipped,
    or word2vec's binary format (`.bin`); it is looked for as it is and in `cache`, else
    downloaded from `url`.
    """

    def __init__(
        self, name: str, cache: str | None = None, url: str | None = None,
        unk_init: Callable | None = None, max_vectors: int | None = None,
    ):  # fmt: skip
        self.unk_init = torch.Tensor.zero_ if unk_init is None else unk_init
        path = self._find(name, ".vector_cache" if cache is None else cache, url)
        if path.endswith(".bin"):
            with open(path, "rb") as f:
                words, vectors = _parse_binary(f.read(), max_vectors)
        else:
            with _open(path) as lines:
                words, vectors = _parse_text(lines, max_vectors)
        self.itos = words
        self.stoi = {word: k for k, word in enumerate(words)}
        self.vectors = torch.from_numpy(vectors)
        self.dim = vectors.shape[1]

    @staticmethod
    def _find(name: str, cache: str, url: str | None) -> str:
        for path in (name, os.path.join(cache, name)):
            if os.path.isfile(path):
                return path
        if url is None:
            raise RuntimeError(f"no vectors found at {os.path.join(cache, name)}")
        from ..hub import download_url_to_file

        archive = os.path.join(cache, os.path.basename(url))
        if not os.path.isfile(archive):
            download_url_to_file(url, archive)
        if archive.endswith(".zip"):
            with zipfile.ZipFile(archive) as z:
                z.extract(name, cache)
        elif archive.endswith((".tar.gz", ".tgz")):
            with tarfile.open(archive) as t:
                data = t.extractfile(name).read()
            with open(os.path.join(cache, name), "wb") as out:
                out.write(data)
        else:
            return archive
        return os.path.join(cache, name)

    def __contains__(self, token: str) -> bool:
        return token in self.stoi

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, token: str) -> torch.Tensor:
        if token in self.stoi:
            return self.vectors[self.stoi[token]]
        return self.unk_init(torch.empty(self.dim))

    def get_vecs_by_tokens(self, tokens, lower_case_backup: bool = False) -> torch.Tensor:
        """The vectors of a token or of a list of them; unknown ones may be tried in lower case."""
        one = not isinstance(tokens, (list, tuple))
        tokens = [tokens] if one else tokens
        if lower_case_backup:
            tokens = [t if t in self.stoi else t.lower() for t in tokens]
        found = torch.stack([self[t] for t in tokens])
        return found[0] if one else found


class GloVe(Vectors):
    """GloVe vectors: '840B', '42B', '6B' or 'twitter.27B' (Pennington et al., 2014)."""

    url = {
        name: f"http://nlp.stanford.edu/data/glove.{name}{tail}.zip"
        for name, tail in (("42B", ".300d"), ("840B", ".300d"), ("twitter.27B", ""), ("6B", ""))
    }  # fmt: skip

    def __init__(self, name: str = "840B", dim: int = 300, **kwargs):
        super().__init__(f"glove.{name}.{dim}d.txt", url=self.url[name], **kwargs)


class FastText(Vectors):
    """fastText vectors of a language's Wikipedia (Bojanowski et al., 2017)."""

    def __init__(self, language: str = "en", **kwargs):
        name = f"wiki.{language}.vec"
        url = f"https://dl.fbaipublicfiles.com/fasttext/vectors-wiki/{name}"
        super().__init__(name, url=url, **kwargs)


class CharNGram(Vectors):
    """Vectors of character n-grams (Hashimoto et al., 2017); a word's is their mean."""

    def __init__(self, **kwargs):
        url = "http://www.logos.t.u-tokyo.ac.jp/~hassy/publications/arxiv2016jmt/jmt_pre-trained_embeddings.tar.gz"  # noqa: E501
        super().__init__("charNgram.txt", url=url, **kwargs)

    def __getitem__(self, token: str) -> torch.Tensor:
        letters = ["#BEGIN#", *token, "#END#"] if token != "<unk>" else []
        found = [
            self.vectors[self.stoi[key]].unsqueeze(0)
            for n in (2, 3, 4)
            for k in range(len(letters) - n + 1)
            if (key := f"{n}gram-{''.join(letters[k : k + n])}") in self.stoi
        ]
        return torch.cat(found).mean(0, keepdim=True) if found else self.unk_init(
            torch.empty(1, self.dim)
        )


def load_word2vec_format(path: str, binary: bool | None = None) -> Vectors:
    """Vectors of word2vec's own files, text or binary (`.bin`, or said by `binary`)."""
    out = Vectors.__new__(Vectors)
    out.unk_init = torch.Tensor.zero_
    binary = path.endswith(".bin") if binary is None else binary
    with _open(path) as f:
        words, vectors = _parse_binary(f.read(), None) if binary else _parse_text(f, None)
    out.itos, out.stoi = words, {word: k for k, word in enumerate(words)}
    out.vectors, out.dim = torch.from_numpy(vectors), vectors.shape[1]
    return out


pretrained_aliases = {
    "charngram.100d": CharNGram,
    "fasttext.en.300d": partial(FastText, "en"),
    "fasttext.simple.300d": partial(FastText, "simple"),
    **{
        f"glove.{name}.{dim}d": partial(GloVe, name, dim)
        for name, dims in (("42B", [300]), ("840B", [300]), ("twitter.27B", [25, 50, 100, 200]),
                           ("6B", [50, 100, 200, 300]))
        for dim in dims
    },
}  # fmt: skip
