"""Adamax."""

from __future__ import annotations

from ._fused import FusedOptimizer
from .optimizer import check_betas, check_lr, check_options, number


class Adamax(FusedOptimizer):
    """Adamax: Adam with the largest recent gradient in place of the mean square.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.Adamax([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.9000, 2.1000])
    """

    row = "adamax_step"
    late_options = {
        "foreach": None, "maximize": False, "differentiable": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, foreach=None, *,
        maximize=False, differentiable=False, capturable=False,
    ):  # fmt: skip
        check_lr(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_options(weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        })  # fmt: skip

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        step = clock[0] + 1
        decay, (beta1, beta2) = group["weight_decay"], group["betas"]
        flags = (number(decay) != 0, bool(group["maximize"]), 1 - beta1 >= 0.5)
        lr = group["lr"] / (1 - beta1**step)
        return (step,), flags, (decay, 1 - beta1, beta2, group["eps"], lr)
