"""A table of a model's layers: what each gives, and how many parameters it has.

>>> import numtorch as torch
>>> from numtorch.utils.model_summary import summary
>>> print(summary(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()), torch.ones(2, 4)))
layer       output  parameters
------------------------------
Sequential  [2, 3]          15
  0 Linear  [2, 3]          15
  1 ReLU    [2, 3]           0
------------------------------
15 parameters, 15 of them trained, 60 bytes
"""

from __future__ import annotations

from .._tensor import Tensor
from ..autograd import no_grad
from ..nn import Module

__all__ = ["Summary", "summary"]


class Summary:
    """The rows of a model's table, and its totals; print it."""

    def __init__(self, rows: list[tuple[int, str, str, int]], parameters: list[Tensor]):
        self.rows = rows
        self.total_params = sum(p.numel() for p in parameters)
        self.trainable_params = sum(p.numel() for p in parameters if p.requires_grad)
        self.total_bytes = sum(p.nbytes for p in parameters)

    def __repr__(self) -> str:
        table = [("layer", "output", "parameters")]
        table += [("  " * depth + name, shape, f"{n:,}") for depth, name, shape, n in self.rows]
        a, b, c = (max(len(row[k]) for row in table) for k in range(3))
        lines = [f"{x:<{a}}  {y:<{b}}  {z:>{c}}" for x, y, z in table]
        rule = "-" * len(lines[0])
        totals = (
            f"{self.total_params:,} parameters, {self.trainable_params:,} of them trained, "
            f"{self.total_bytes:,} bytes"
        )
        return "\n".join([lines[0].rstrip(), rule, *lines[1:], rule, totals])


def summary(model: Module, *inputs, depth: int | None = None, **named) -> Summary:
    """Runs the model once on the inputs, in evaluation and without gradients.

    depth: how many levels of submodules are listed (None: all). Without inputs the outputs are
    unknown. A parameter that several layers share counts once in the totals.
    """
    shapes: dict[int, str] = {}

    def note(module, args, out) -> None:
        shapes.setdefault(id(module), _shape(out))

    handles = [m.register_forward_hook(note) for m in model.modules()]
    modes = [(m, m.training) for m in model.modules()]
    try:
        if inputs or named:
            model.eval()
            with no_grad():
                model(*inputs, **named)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    rows: list[tuple[int, str, str, int]] = []
    _list(model, "", 0, depth, shapes, rows)
    return Summary(rows, list(model.parameters()))


def _list(module, name: str, level: int, depth, shapes: dict, rows: list) -> None:
    count = sum(p.numel() for p in module.parameters())
    title = f"{name} {type(module).__name__}".strip()
    rows.append((level, title, shapes.get(id(module), "-"), count))
    if depth is None or level < depth:
        for child_name, child in module.named_children():
            _list(child, child_name, level + 1, depth, shapes, rows)


def _shape(out) -> str:
    if isinstance(out, Tensor):
        return str(list(out.shape))
    if isinstance(out, dict):
        out = list(out.values())
    if isinstance(out, (list, tuple)):
        return ", ".join(_shape(o) for o in out)
    return type(out).__name__
