"""Tokenizers and the reading of text."""

from __future__ import annotations

from . import functional, utils
from .functional import (
    custom_replace,
    filter_wikipedia_xml,
    numericalize_tokens_from_iterator,
    simple_space_split,
    to_map_style_dataset,
)  # fmt: skip
from .utils import get_tokenizer, interleave_keys, ngrams_iterator

__all__ = [
    "custom_replace", "filter_wikipedia_xml", "functional", "get_tokenizer", "interleave_keys",
    "ngrams_iterator", "numericalize_tokens_from_iterator", "simple_space_split",
    "to_map_style_dataset", "utils",
]  # fmt: skip
