"""What the transforms do, as functions on lists of tokens or ids."""

from __future__ import annotations

import numtorch as torch

from ..nn.utils.rnn import pad_sequence

__all__ = ["add_token", "str_to_int", "to_tensor", "truncate"]


def _batched(input) -> bool:
    return len(input) > 0 and isinstance(input[0], (list, tuple))


def to_tensor(input, padding_value: int | None = None, dtype=torch.long) -> torch.Tensor:
    """Ids as a tensor; lists of different lengths need a `padding_value`.

    >>> to_tensor([[1, 2], [3]], padding_value=0)
    tensor([[1, 2],
            [3, 0]])
    """
    if not _batched(input):
        return torch.tensor(input, dtype=dtype)
    if padding_value is None:
        return torch.tensor(input, dtype=dtype)
    rows = [torch.tensor(row, dtype=dtype) for row in input]
    return pad_sequence(rows, batch_first=True, padding_value=float(padding_value))


def truncate(input, max_seq_len: int) -> list:
    """The first tokens of a line or of each line."""
    if _batched(input):
        return [row[:max_seq_len] for row in input]
    return input[:max_seq_len]


def add_token(input, token_id, begin: bool = True) -> list:
    """A token more at the beginning or end of a line or of each line."""
    def add(row):
        return [token_id, *row] if begin else [*row, token_id]

    return [add(row) for row in input] if _batched(input) else add(input)


def str_to_int(input) -> list:
    """Digits as numbers."""
    return [[int(x) for x in row] for row in input] if _batched(input) else [int(x) for x in input]
