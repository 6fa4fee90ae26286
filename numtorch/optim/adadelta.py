"""Adadelta."""

from __future__ import annotations

from ._fused import FusedOptimizer
from .optimizer import check_lr, check_options, number


class Adadelta(FusedOptimizer):
    """Adadelta: steps in the scale of recent steps over that of recent gradients.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.Adadelta([w]).step()
    >>> w.detach()
    tensor([0.9968, 2.0032])
    """

    row = "adadelta_step"
    xla = False
    late_options = {
        "foreach": None, "maximize": False, "differentiable": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, foreach=None, *,
        capturable=False, maximize=False, differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_options(weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("square_avg", "acc_delta")

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        rho, decay = group["rho"], group["weight_decay"]
        flags = (number(decay) != 0, bool(group["maximize"]))
        return (clock[0] + 1,), flags, (decay, rho, 1 - rho, group["eps"], group["lr"])
