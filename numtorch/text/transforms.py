"""Transforms of tokens, to be put one after the other.

>>> from numtorch.text.vocab import vocab
>>> v = vocab({"a": 1, "b": 1}, specials=["<pad>", "<bos>"])
>>> to_ids = Sequential(VocabTransform(v), Truncate(2), AddToken(1), ToTensor(padding_value=0))
>>> to_ids([["a", "b", "a"], ["b"]])
tensor([[1, 2, 3],
        [1, 3, 0]])
"""

from __future__ import annotations

import numtorch as torch

from .. import nn
from . import functional as F

__all__ = ["AddToken", "LabelToIndex", "MaskTransform", "PadTransform", "Sequential",
           "StrToIntTransform", "ToTensor", "Truncate", "VocabTransform"]  # fmt: skip


class VocabTransform(nn.Module):
    """Tokens to ids."""

    def __init__(self, vocab):
        super().__init__()
        self.vocab = vocab

    def forward(self, input) -> list:
        """The ids of a line or of each line."""
        if input and isinstance(input[0], (list, tuple)):
            return [self.vocab(row) for row in input]
        return self.vocab(input)


class ToTensor(nn.Module):
    """Ids to a tensor."""

    def __init__(self, padding_value: int | None = None, dtype=torch.long):
        super().__init__()
        self.padding_value, self.dtype = padding_value, dtype

    def forward(self, input) -> torch.Tensor:
        """See functional.to_tensor."""
        return F.to_tensor(input, self.padding_value, self.dtype)


class LabelToIndex(nn.Module):
    """Labels to their places in a list, or in a file of one a line."""

    def __init__(
        self, label_names: list[str] | None = None, label_path: str | None = None,
        sort_names: bool = False,
    ):  # fmt: skip
        if not (label_names is None) ^ (label_path is None):
            raise ValueError("either label_names or label_path must be given")
        super().__init__()
        if label_path is not None:
            with open(label_path) as f:
                label_names = [line.strip() for line in f if line.strip()]
        self.label_names_ = sorted(label_names) if sort_names else list(label_names)
        self._places = {name: k for k, name in enumerate(self.label_names_)}

    def forward(self, input) -> int | list[int]:
        """The index of a label, or of each."""
        return [self._places[x] for x in input] if isinstance(input, list) else self._places[input]

    @property
    def label_names(self) -> list[str]:
        """The labels."""
        return self.label_names_


class Truncate(nn.Module):
    """The first tokens."""

    def __init__(self, max_seq_len: int):
        super().__init__()
        self.max_seq_len = max_seq_len

    def forward(self, input) -> list:
        """See functional.truncate."""
        return F.truncate(input, self.max_seq_len)


class AddToken(nn.Module):
    """A token more at the beginning or end."""

    def __init__(self, token, begin: bool = True):
        super().__init__()
        self.token, self.begin = token, begin

    def forward(self, input) -> list:
        """See functional.add_token."""
        return F.add_token(input, self.token, self.begin)


class PadTransform(nn.Module):
    """A tensor's last dim, made longer with a value."""

    def __init__(self, max_length: int, pad_value: int):
        super().__init__()
        self.max_length, self.pad_value = max_length, float(pad_value)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The tensor with a last dim of `max_length` at least."""
        short = self.max_length - x.size(-1)
        return nn.functional.pad(x, (0, short), value=self.pad_value) if short > 0 else x


class StrToIntTransform(nn.Module):
    """Digits to numbers."""

    def forward(self, input) -> list:
        """See functional.str_to_int."""
        return F.str_to_int(input)


class MaskTransform(nn.Module):
    """Masks tokens for masked language models: BERT's 80% mask, 10% random, 10% as they are."""

    def __init__(
        self, vocab_len: int, mask_idx: int, bos_idx: int, pad_idx: int, mask_bos: bool = False,
        mask_prob: float = 0.15,
    ):  # fmt: skip
        super().__init__()
        self.vocab_len, self.mask_idx, self.bos_idx, self.pad_idx = (
            vocab_len, mask_idx, bos_idx, pad_idx,
        )  # fmt: skip
        self.mask_bos, self.mask_prob = mask_bos, mask_prob

    def forward(self, tokens: torch.Tensor) -> tuple:
        """(tokens with masks, the true tokens there, where)."""
        free = tokens != self.pad_idx
        if not self.mask_bos:
            free = free & (tokens != self.bos_idx)
        chosen = (torch.rand(tokens.shape) < self.mask_prob) & free
        draw = torch.rand(tokens.shape)
        masked = torch.where(chosen & (draw < 0.8), self.mask_idx, tokens)
        other = torch.randint(self.vocab_len, tokens.shape)
        masked = torch.where(chosen & (draw >= 0.8) & (draw < 0.9), other, masked)
        return masked, tokens[chosen], chosen


class Sequential(nn.Sequential):
    """Transforms one after the other."""

    def forward(self, input) -> object:
        """What the last one gives."""
        for module in self:
            input = module(input)
        return input
