"""Text: tokenizers, vocabularies, word vectors and transforms, by torchtext's names.

>>> from numtorch.text.data.utils import get_tokenizer
>>> from numtorch.text.vocab import build_vocab_from_iterable
>>> words = get_tokenizer("basic_english")
>>> vocab = build_vocab_from_iterable([words("You can now!"), words("you can")], ["<unk>"])
>>> vocab(words("you can"))
[2, 1]
"""

from __future__ import annotations

from . import data, datasets, functional, transforms, utils, vocab

__all__ = ["data", "datasets", "disable_torchtext_deprecation_warning", "functional", "transforms",
           "utils", "vocab"]  # fmt: skip
__version__ = "0.18.0+numtorch"


def disable_torchtext_deprecation_warning() -> None:
    """Nothing to disable: there is no such warning here."""
