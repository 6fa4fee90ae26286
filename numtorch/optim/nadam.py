"""NAdam."""

from __future__ import annotations

from ._fused import FusedOptimizer
from .optimizer import check_betas, check_lr, check_options, number


class NAdam(FusedOptimizer):
    """NAdam: Adam with Nesterov momentum, whose weight grows with the steps.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.NAdam([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.8944, 2.1056])
    """

    row = "nadam_step"
    clocks = ("step", "mu_product")
    captured = "params, mu_products and state_steps"
    late_options = {
        "maximize": False, "foreach": None, "capturable": False, "differentiable": False,
        "decoupled_weight_decay": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
        decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False,
        differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_options(weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        })  # fmt: skip

    def start(self, group: dict) -> tuple[float, ...]:
        return (0.0, 1.0)

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        step, product = clock[0] + 1, clock[1]
        lr, decay, (beta1, beta2) = group["lr"], group["weight_decay"], group["betas"]
        rate = group["momentum_decay"]
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * rate))
        following = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * rate))
        product = rounded(product * rounded(mu))
        decoupled = bool(group["decoupled_weight_decay"])
        flags = (number(decay) != 0, decoupled, bool(group["maximize"]), 1 - beta1 >= 0.5)
        return (step, product), flags, (
            1 - lr * decay if decoupled else decay, 1 - beta1, beta2, 1 - beta2, group["eps"],
            1 - beta2**step, -lr * (1.0 - mu) / (1.0 - product),
            -lr * following / (1.0 - product * following),
        )  # fmt: skip
