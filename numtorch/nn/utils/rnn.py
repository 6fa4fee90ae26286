"""Sequences of different lengths: packed one behind another, or padded to one length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numtorch as torch


class _Packed(NamedTuple):
    data: object
    batch_sizes: object
    sorted_indices: object
    unsorted_indices: object


class PackedSequence(_Packed):
    """The elements of a batch of sequences by time: first all first elements, then all second.

    `batch_sizes[t]` sequences have an element t. `sorted_indices` lists the sequences by length,
    if they were not given in that order. Made by the functions below, never by hand.

    >>> import numtorch as torch
    >>> sequences = [torch.tensor([1, 2, 3]), torch.tensor([4])]
    >>> packed = torch.nn.utils.rnn.pack_sequence(sequences)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs) -> PackedSequence:
        """Converts the data like Tensor.to."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self) -> PackedSequence:
        """The data in the machine's memory."""
        return self.to(device="cpu")

    def pin_memory(self) -> PackedSequence:
        """The data in pinned memory."""
        return type(self)(*(t if t is None else t.pin_memory() for t in self))

    def is_pinned(self) -> bool:
        """True if the data is in pinned memory."""
        return self.data.is_pinned()

    @property
    def is_cuda(self) -> bool:
        """True if the data is on a GPU."""
        return self.data.is_cuda

    def double(self) -> PackedSequence:
        """The data as float64."""
        return self.to(dtype=torch.float64)

    def float(self) -> PackedSequence:
        """The data as float32."""
        return self.to(dtype=torch.float32)

    def half(self) -> PackedSequence:
        """The data as float16."""
        return self.to(dtype=torch.float16)

    def long(self) -> PackedSequence:
        """The data as int64."""
        return self.to(dtype=torch.int64)

    def int(self) -> PackedSequence:
        """The data as int32."""
        return self.to(dtype=torch.int32)

    def short(self) -> PackedSequence:
        """The data as int16."""
        return self.to(dtype=torch.int16)

    def char(self) -> PackedSequence:
        """The data as int8."""
        return self.to(dtype=torch.int8)

    def byte(self) -> PackedSequence:
        """The data as uint8."""
        return self.to(dtype=torch.uint8)


def invert_permutation(permutation) -> torch.Tensor | None:
    """The permutation that undoes another one.

    >>> import numtorch as torch
    >>> torch.nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else torch.argsort(permutation)


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True) -> PackedSequence:
    """Packs a padded batch: [time, batch, ...], or [batch, time, ...] with `batch_first`.

    `lengths` fall unless enforce_sorted is False. RuntimeError for lengths that are not positive,
    not as many as sequences, or not sorted.

    >>> import numtorch as torch
    >>> from numtorch.nn.utils.rnn import pack_padded_sequence
    >>> x = torch.tensor([[1, 2], [3, 0]])
    >>> packed = pack_padded_sequence(x, [2, 1], batch_first=True)
    >>> packed.data.tolist(), packed.batch_sizes.tolist()
    ([1, 3, 2], [2, 1])
    """
    lengths = torch.as_tensor(lengths).to(dtype=torch.int64)
    order = None
    if not enforce_sorted:
        lengths, order = torch.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    x = input.transpose(0, 1) if batch_first else input
    sizes = _batch_sizes(x, lengths)
    batch = x.shape[1]
    at = [t * batch + k for t, n in enumerate(sizes) for k in range(n)]
    flat = x.reshape(x.shape[0] * batch, *x.shape[2:])
    data = flat.index_select(0, torch.tensor(at, dtype=torch.int64))
    return PackedSequence(data, torch.tensor(sizes, dtype=torch.int64), order)


def _batch_sizes(x, lengths) -> list[int]:
    """How many sequences reach each time; checks the lengths."""
    if x.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    known, batch = lengths.tolist(), x.shape[1]
    if len(known) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(known)} "
            f"(batch_size={batch})"
        )
    if known[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if any(a < b for a, b in zip(known, known[1:])):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    if known[0] > x.shape[0]:
        raise RuntimeError(
            f"start (0) + length ({known[0]}) exceeds dimension size ({x.shape[0]})."
        )
    return [sum(n > t for n in known) for t in range(known[0])]


def _spread(data, at: list[int], shape: list[int], padding: float):
    """Rows of `data` at the places `at` of a tensor [prod(shape), ...], as [*shape, ...]."""
    rest = data.shape[1:]
    out = torch.full((shape[0] * shape[1], *rest), padding, dtype=data.dtype, device=data.device)
    out = out.index_copy(0, torch.tensor(at, dtype=torch.int64), data)
    return out.reshape(*shape, *rest)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None) -> tuple:
    """(padded batch, lengths) of a packed sequence.

    >>> import numtorch as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])])
    >>> torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2, 3],
            [4, 0, 0]]), tensor([3, 1]))
    """
    sizes = sequence.batch_sizes.tolist()
    length, batch = len(sizes), sizes[0]
    if total_length is not None:
        if total_length < length:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in "
                f"input, but got total_length={total_length} and max sequence length being {length}"
            )
        length = total_length
    at = [t * batch + k for t, n in enumerate(sizes) for k in range(n)]
    out = _spread(sequence.data, at, [length, batch], padding_value)
    if batch_first:
        out = out.transpose(0, 1)
    lengths = torch.tensor([sum(n > k for n in sizes) for k in range(batch)], dtype=torch.int64)
    if sequence.unsorted_indices is not None:
        out = out.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return out, lengths


def pad_sequence(
    sequences, batch_first=False, padding_value=0.0, padding_side="right"
) -> torch.Tensor:  # fmt: skip
    """A padded batch of tensors [length, ...]: [time, batch, ...], or batch first.

    >>> import numtorch as torch
    >>> from numtorch.nn.utils.rnn import pad_sequence
    >>> pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True).tolist()
    [[1, 2], [3, 0]]
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    first, lengths = sequences[0], [s.shape[0] for s in sequences]
    for s in sequences:
        for d, (a, b) in enumerate(zip(first.shape[1:], s.shape[1:]), 1):
            if a != b:
                raise RuntimeError(
                    f"The size of tensor a ({a}) must match the size of tensor b ({b}) at "
                    f"non-singleton dimension {d}"
                )
    longest, batch, at = max(lengths), len(sequences), []
    for k, n in enumerate(lengths):
        start = longest - n if padding_side == "left" else 0
        for t in range(start, start + n):
            at.append(k * longest + t if batch_first else t * batch + k)
    data = torch.cat([s.to(dtype=first.dtype) for s in sequences])
    return _spread(data, at, [batch, longest] if batch_first else [longest, batch], padding_value)


def unpad_sequence(padded_sequences, lengths, batch_first=False) -> list:
    """The sequences of a padded batch.

    >>> import numtorch as torch
    >>> padded = torch.tensor([[1, 2, 3], [4, 0, 0]])
    >>> torch.nn.utils.rnn.unpad_sequence(padded, torch.tensor([3, 1]), batch_first=True)
    [tensor([1, 2, 3]), tensor([4])]
    """
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [s[: int(n)].clone() for s, n in zip(x, lengths, strict=True)]


def pack_sequence(sequences, enforce_sorted=True) -> PackedSequence:
    """Packs tensors [length, ...].

    >>> import numtorch as torch
    >>> torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])]).data
    tensor([1, 4, 2, 3])
    """
    lengths = torch.tensor([s.size(0) for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences) -> list:
    """The sequences of a packed one.

    >>> import numtorch as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])])
    >>> torch.nn.utils.rnn.unpack_sequence(packed)
    [tensor([1, 2, 3]), tensor([4])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
