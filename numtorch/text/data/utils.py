"""get_tokenizer and n-grams."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["get_tokenizer", "interleave_keys", "ngrams_iterator"]

# What basic_english does to a line, in order.
_RULES = [(re.compile(pattern), new) for pattern, new in (
    (r"'", " '  "), (r'"', ""), (r"\.", " . "), (r"<br />", " "), (r",", " , "), (r"\(", " ( "),
    (r"\)", " ) "), (r"!", " ! "), (r"\?", " ? "), (r";", " "), (r":", " "), (r"\s+", " "),
)]  # fmt: skip


def _basic_english(line: str) -> list[str]:
    """Lower case, punctuation apart from words, split at spaces."""
    line = line.lower()
    for pattern, new in _RULES:
        line = pattern.sub(new, line)
    return line.split()


def _split(line: str) -> list[str]:
    return line.split()


def get_tokenizer(tokenizer: str | Callable | None, language: str = "en") -> Callable:
    """A function from a line to its tokens.

    'basic_english'; None splits at spaces; a callable is itself. 'spacy', 'moses', 'toktok' and
    'subword' are NotImplementedError: pass the function of the library instead.

    >>> get_tokenizer("basic_english")("It's new, isn't it?")
    ['it', "'", 's', 'new', ',', 'isn', "'", 't', 'it', '?']
    """
    if tokenizer is None:
        return _split
    if callable(tokenizer):
        return tokenizer
    if tokenizer == "basic_english":
        if language != "en":
            raise ValueError("Basic normalization is only available for Enlish(en)")
        return _basic_english
    if tokenizer == "spacy":
        try:
            import spacy
        except ImportError:
            print(f"Please install SpaCy. See the docs at https://spacy.io for more information "
                  f"and for the language {language!r}.")  # fmt: skip
            raise
        nlp = spacy.load(language)
        return lambda line: [t.text for t in nlp.tokenizer(line)]
    if tokenizer in ("moses", "toktok", "revtok", "subword"):
        raise NotImplementedError(
            f"the tokenizer {tokenizer!r} is not implemented in numtorch: pass a function"
        )
    raise ValueError(
        f"Requested tokenizer {tokenizer}, valid choices are a callable that takes a single string "
        'as input, "revtok" for the revtok reversible tokenizer, "subword" for the revtok caps-'
        'aware tokenizer, "spacy" for the SpaCy English tokenizer, or "moses" for the NLTK port '
        "of the Moses tokenization script."
    )


def ngrams_iterator(token_list: list[str], ngrams: int) -> Iterator[str]:
    """The tokens, then the pairs, ... up to `ngrams` tokens, joined by spaces.

    >>> list(ngrams_iterator(["here", "we", "are"], 2))
    ['here', 'we', 'are', 'here we', 'we are']
    """
    yield from token_list
    for n in range(2, ngrams + 1):
        for k in range(len(token_list) - n + 1):
            yield " ".join(token_list[k : k + n])


def interleave_keys(a: int, b: int) -> int:
    """The bits of two 16-bit numbers taken in turn: sorts pairs by both."""
    bits = zip(f"{a:016b}", f"{b:016b}")
    return int("".join(x + y for x, y in bits), base=2)
