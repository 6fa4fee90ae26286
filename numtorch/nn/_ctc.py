"""Connectionist temporal classification."""

from __future__ import annotations

import math

from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _creation
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths, target_lengths, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """-log of the probability of the targets over all alignments; Graves et al. (2006).

    log_probs [T, N, C] (or [T, C]); targets [N, S], or all of them one after the other.

    >>> import numtorch as torch
    >>> x = torch.zeros(4, 1, 3).log_softmax(2)
    >>> targets, lengths = torch.tensor([[1, 2]]), torch.tensor([2])
    >>> torch.nn.functional.ctc_loss(x, targets, torch.tensor([4]), lengths, reduction="none").shape
    torch.Size([1])
    """
    must_be_tensor("ctc_loss", log_probs=log_probs, targets=targets)
    _check.reduction(reduction)
    batched = log_probs.dim() == 3
    _check_ctc(log_probs, targets)
    log_probs = local.tape.record(OPS["ctc_scores"], (log_probs,))
    x = log_probs if batched else log_probs.unsqueeze(1)
    steps, n, classes = x.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    ins = _lengths(input_lengths, n, "input_lengths")
    outs = _lengths(target_lengths, n, "target_lengths")
    if max(ins, default=0) > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {max(ins)} {_CTC}"
        )
    longest = max(outs, default=0)
    table = _target_table(targets, outs, n, longest)
    # Labels with blanks between: [N, 2 S + 1].
    width = 2 * longest + 1
    labels = [[blank] * width for _ in range(n)]
    for row, target in zip(labels, table):
        row[1 : 2 * len(target) + 1 : 2] = target
    skip = [
        [s % 2 == 1 and s >= 3 and row[s] != row[s - 2] for s in range(width)] for row in labels
    ]
    index, skip = _creation.tensor(labels), _creation.tensor(skip)
    low = -1e30
    floor = _creation.full((n, width), low, dtype=x.dtype)
    place = _creation.arange(width)
    alpha = floor.where(place > 1, x[0].gather(1, index))
    lengths = _creation.tensor(ins).unsqueeze(1)
    for t in range(1, max(ins, default=1)):
        one = _shifted(alpha, 1, low)
        two = _shifted(alpha, 2, low).where(skip, floor)
        top = alpha.maximum(one).maximum(two).detach()
        total = (alpha - top).exp() + (one - top).exp() + (two - top).exp()
        new = total.log() + top + x[t].gather(1, index)
        alpha = new.where(lengths > t, alpha)
    ends = _creation.tensor([[2 * s, max(2 * s - 1, 0)] for s in outs])
    last = alpha.gather(1, ends)
    single = _creation.tensor([[False, s == 0] for s in outs])
    last = last.masked_fill(single, low)
    loss = -last.logsumexp(1)
    # As in PyTorch the gradient is that of the scores which log_softmax made into log_probs.
    used = (_creation.arange(steps).unsqueeze(1) < lengths.t()).unsqueeze(-1)
    mass = x.exp().masked_fill(~used, 0).sum((0, 2))
    loss = loss + (mass - mass.detach())
    none = loss.detach() > 1e29
    loss = loss.masked_fill(none, 0.0 if zero_infinity else math.inf)
    if reduction == "mean":
        sizes = _creation.tensor([max(s, 1) for s in outs], dtype=x.dtype)
        return (loss / sizes).mean()
    loss = loss if batched else loss.squeeze(0)
    return loss.sum() if reduction == "sum" else loss


def _shifted(alpha: Tensor, k: int, low: float) -> Tensor:
    from .functional import pad

    return pad(alpha, (k, 0), value=low)[:, : alpha.size(1)]


_CTC = "(while checking arguments for ctc_loss_allocate_outputs)"


def _check_ctc(log_probs: Tensor, targets: Tensor) -> None:
    if log_probs.dim() not in (2, 3) or (log_probs.dim() == 2 and targets.dim() > 1):
        rank = log_probs.dim() if log_probs.dim() == 2 else log_probs.dim() + 1
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {rank}-dimensional tensor for argument #1 "
            f"'log_probs' {_CTC}"
        )
    if targets.dim() not in (1, 2):
        raise RuntimeError(
            f"Expected 1 to 2 dimensions, but got {targets.dim()}-dimensional tensor for argument "
            f"#2 'targets' {_CTC}"
        )
    if log_probs.dtype.short not in ("f32", "f64"):
        raise _check.not_implemented("ctc_loss_cpu", log_probs._v.meta)


def _lengths(given, n: int, name: str) -> list[int]:
    if isinstance(given, Tensor):
        if given.dtype.kind not in "iu":
            raise RuntimeError(f"{name} must be integral")
        found = given.reshape(-1).tolist()
    else:
        found = list(given)
        for k, v in enumerate(found):
            if not isinstance(v, int):
                raise TypeError(
                    f"ctc_loss(): argument '{name}' failed to unpack the object at pos {k + 1} "
                    f'with error "type must be tuple of ints,but got {type(v).__name__}"'
                )
    if len(found) != n:
        raise RuntimeError(f"{name} must be of size batch_size")
    if min(found, default=0) < 0:
        raise RuntimeError(
            f"Expected {name} to have value at least 0, but got value {min(found)} {_CTC}"
        )
    return found


def _target_table(targets: Tensor, lengths: list[int], n: int, longest: int) -> list[list[int]]:
    rows = targets.long().tolist()
    wanted = sum(lengths) if targets.dim() == 1 else n
    if len(rows) != wanted:
        raise RuntimeError(
            f"Expected tensor to have size {wanted} at dimension 0, but got size {len(rows)} for "
            f"argument #2 'targets' {_CTC}"
        )
    if targets.dim() == 1:
        found, at = [], 0
        for k in lengths:
            found.append(rows[at : at + k])
            at += k
        return found
    if targets.size(1) < longest:
        raise RuntimeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got size "
            f"{targets.size(1)} for argument #2 'targets' {_CTC}"
        )
    return [row[:k] for row, k in zip(rows, lengths)]
