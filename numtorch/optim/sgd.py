"""Stochastic gradient descent."""

from __future__ import annotations

from ..autograd import no_grad
from ._fused import FusedOptimizer, Slot, check_fused
from .optimizer import number


class SGD(FusedOptimizer):
    """Stochastic gradient descent with momentum, Nesterov momentum and weight decay.

    >>> import numtorch as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> opt = torch.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> opt.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    row = "sgd_step"
    clocks = ()  # a slot's clock is 1 once there is a buffer
    captured = None
    late_options = {
        "nesterov": False, "maximize": False, "foreach": None, "differentiable": False,
        "fused": False,
    }  # fmt: skip

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *,
        maximize=False, foreach=None, differentiable=False, fused=None,
    ):  # fmt: skip
        if hasattr(lr, "numel") and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        check_fused(self.defaults)

    def sparse_step(self, group: dict, p, g) -> None:
        """p -= lr * g in the rows that the gradient has."""
        if group["momentum"] or group["weight_decay"]:
            raise RuntimeError(
                "SGD with momentum or weight decay does not support sparse gradients in numtorch; "
                "please consider SparseAdam instead"
            )
        rate = float(group["lr"]) * (1.0 if group["maximize"] else -1.0)
        with no_grad():
            p.index_add_(0, g.indices()[0], g.values() * rate)

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def _read(self, slot: Slot, names: tuple[str, ...]) -> None:
        buffer = self._state[slot.p].get("momentum_buffer")
        if names and buffer is not None:
            slot.state, slot.states, slot.clock = self._state[slot.p], [buffer], (1.0,)
        else:
            slot.state, slot.clock = {}, (0.0,)

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        mu, decay = group["momentum"], group["weight_decay"]
        # The first step makes the buffer equal to the gradient.
        keep, weight = (mu, 1.0 - group["dampening"]) if clock[0] else (0.0, 1.0)
        flags = (
            number(decay) != 0, mu != 0, bool(group["nesterov"]), bool(group["maximize"]),
            # PyTorch's first buffer is a detached copy of the gradient.
            bool(group["differentiable"] and not clock[0]),
        )  # fmt: skip
        return (1.0,), flags, (group["lr"], decay, mu, keep, weight)
