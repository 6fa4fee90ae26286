"""Averaged stochastic gradient descent."""

from __future__ import annotations

from ._fused import FusedOptimizer
from ._fused import rounded as single
from .optimizer import check_lr, check_options, number


class ASGD(FusedOptimizer):
    """Stochastic gradient descent that averages the parameters it went through (state 'ax').

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.ASGD([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.9000, 2.1000])
    """

    row = "asgd_step"
    clocks = ("step", "eta", "mu")
    captured = "params, mus, etas, and state_steps"
    late_options = {
        "foreach": None, "maximize": False, "differentiable": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0, foreach=None,
        maximize=False, differentiable=False, capturable=False,
    ):  # fmt: skip
        check_lr(lr)
        check_options(weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        })  # fmt: skip

    def start(self, group: dict) -> tuple[float, ...]:
        return (0.0, single(float(number(group["lr"]))), 1.0)

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("ax",)

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        step, eta, mu = clock
        step += 1
        decay, lambd, lr = group["weight_decay"], group["lambd"], number(group["lr"])
        flags = (number(decay) != 0, mu != 1, bool(group["maximize"]))
        scalars = (decay, 1 - lambd * eta, eta, mu)
        # Both pass through a tensor of the default dtype, whatever type the state has.
        eta = single(lr / (1 + lambd * lr * step) ** group["alpha"])
        return (step, eta, single(1 / max(1, step - group["t0"]))), flags, scalars
