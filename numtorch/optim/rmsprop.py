"""RMSprop."""

from __future__ import annotations

from ._fused import FusedOptimizer
from .optimizer import check_lr, check_options, number


class RMSprop(FusedOptimizer):
    """RMSprop: gradients divided by the root of their running mean square.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.RMSprop([w], lr=0.1).step()
    >>> w.detach()
    tensor([5.9605e-08, 3.0000e+00])
    """

    row = "rmsprop_step"
    late_options = {
        "momentum": 0, "centered": False, "foreach": None, "maximize": False,
        "differentiable": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False,
        capturable=False, foreach=None, maximize=False, differentiable=False,
    ):  # fmt: skip
        check_lr(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_options(momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        })  # fmt: skip

    def state_names(self, group: dict) -> tuple[str, ...]:
        names = ("square_avg",)
        if group["momentum"] > 0:
            names += ("momentum_buffer",)
        return (*names, "grad_avg") if group["centered"] else names

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        alpha, decay, momentum = group["alpha"], group["weight_decay"], group["momentum"]
        flags = (
            number(decay) != 0, momentum > 0, bool(group["centered"]), bool(group["maximize"]),
            1 - alpha >= 0.5,
        )  # fmt: skip
        scalars = (decay, alpha, 1 - alpha, group["eps"], momentum, group["lr"])
        return (clock[0] + 1,), flags, scalars
