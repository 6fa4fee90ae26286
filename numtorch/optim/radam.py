"""RAdam."""

from __future__ import annotations

from ._fused import FusedOptimizer
from .optimizer import check_betas, check_lr, check_options, number


class RAdam(FusedOptimizer):
    """RAdam: Adam that starts as momentum until its mean of squares can be trusted.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.RAdam([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.9000, 2.1000])
    """

    row = "radam_step"
    late_options = {
        "foreach": None, "maximize": False, "differentiable": False,
        "decoupled_weight_decay": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0,
        decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False,
        differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_options(weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        })  # fmt: skip

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        step = clock[0] + 1
        lr, decay, (beta1, beta2) = group["lr"], group["weight_decay"], group["betas"]
        correction = 1 - beta2**step
        # The length of the moving average, and what it tends to.
        most = 2 / (1 - beta2) - 1
        length = most - 2 * step * beta2**step / correction
        rectified, rect = bool(length > 5.0), 1.0
        if rectified:
            rect = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
            rect = rect**0.5
        decoupled = bool(group["decoupled_weight_decay"])
        flags = (
            number(decay) != 0, decoupled, rectified, bool(group["maximize"]), 1 - beta1 >= 0.5,
        )  # fmt: skip
        return (step,), flags, (
            1 - lr * decay if decoupled else decay, 1 - beta1, beta2, 1 - beta2, group["eps"], lr,
            1 - beta1**step, correction**0.5, rect,
        )  # fmt: skip
