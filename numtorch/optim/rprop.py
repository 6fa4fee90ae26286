"""Rprop."""

from __future__ import annotations

from ._fused import FusedOptimizer
from .optimizer import check_lr, number


class Rprop(FusedOptimizer):
    """Rprop: each element has a step of its own that grows while its gradient keeps its sign.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([5.0, -1.0])
    >>> torch.optim.Rprop([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.9000, 2.1000])
    """

    row = "rprop_step"
    late_options = {
        "foreach": None, "maximize": False, "differentiable": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, capturable=False,
        foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("prev", "step_size")

    def fill(self, group: dict, name: str) -> float:
        return float(number(group["lr"])) if name == "step_size" else 0.0

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        scalars = (*group["etas"], *group["step_sizes"])
        return (clock[0] + 1,), (bool(group["maximize"]),), tuple(map(float, scalars))
