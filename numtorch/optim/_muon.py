"""Muon."""

from __future__ import annotations

import math

import numtorch as torch

from ..autograd import no_grad
from .optimizer import Optimizer, check_lr, number, run_closure

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalized(g, coefficients, steps: int, eps: float):
    """The nearest orthogonal matrix, nearly: Newton-Schulz iterations in bfloat16."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if g.ndim != 2:
        raise ValueError("Input tensor gradient must be a 2D matrix")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = g.shape[0] > g.shape[1]
    x = g.to(torch.bfloat16)
    x = x.mT if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def _rate(lr: float, adjust: str | None, shape) -> float:
    rows, columns = shape
    if adjust == "match_rms_adamw":
        return lr * 0.2 * math.sqrt(max(rows, columns))
    return lr * math.sqrt(max(1, rows / columns))


class Muon(Optimizer):
    """Muon: momentum whose steps are made orthogonal; for matrices only.

    Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024).

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.ones(2, 2)); w.grad = torch.eye(2)
    >>> torch.optim.Muon([w], lr=0.1).step()
    >>> w.shape
    torch.Size([2, 2])
    """

    def __init__(
        self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
        ns_coefficients=COEFFICIENTS, eps=1e-7, ns_steps=5, adjust_lr_fn=None,
    ):  # fmt: skip
        check_lr(lr, "Learning rate should be >= 0 but is")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{p.size()}"
                    )

    @no_grad()
    def step(self, closure=None):
        """Updates all parameters that have a gradient; returns the closure's loss."""
        loss = run_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    if p.dtype.is_complex:
                        raise RuntimeError("Muon does not support complex parameters")
                    self._update(group, p)
        return loss

    def _update(self, group: dict, p) -> None:
        state, g, momentum = self.state[p], p.grad, group["momentum"]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(g)
        buffer = state["momentum_buffer"]
        buffer.lerp_(g, 1 - momentum)
        move = g.lerp(buffer, momentum) if group["nesterov"] else buffer
        move = orthogonalized(move, group["ns_coefficients"], group["ns_steps"], group["eps"])
        lr = number(group["lr"])
        p.mul_(1 - lr * group["weight_decay"])
        p.add_(move, alpha=-_rate(lr, group["adjust_lr_fn"], p.shape))
