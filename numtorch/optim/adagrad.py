"""Adagrad."""

from __future__ import annotations

from ._fused import FusedOptimizer, check_fused
from .optimizer import check_lr, check_options, number


class Adagrad(FusedOptimizer):
    """Adagrad: steps divided by the root of the sum of all squared gradients.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.Adagrad([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.9000, 2.1000])
    """

    row = "adagrad_step"
    captured = None
    late_options = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10,
        foreach=None, *, maximize=False, differentiable=False, fused=None,
    ):  # fmt: skip
        check_lr(lr)
        check_options(
            lr_decay=lr_decay, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
        )  # fmt: skip
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        check_fused(self.defaults)
        # PyTorch makes the sums at once; parameters that join later get theirs in a step.
        self._slots = self._make_slots()
        for group, slots in zip(self.param_groups, self._slots):
            for slot in slots:
                self._first(slot, group)

    def share_memory(self) -> None:
        """Moves the sums to memory that other processes can share."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ("sum",)

    def fill(self, group: dict, name: str) -> float:
        return self.defaults["initial_accumulator_value"]

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        decay = group["weight_decay"]
        lr = group["lr"] / (1 + clock[0] * group["lr_decay"])
        flags = (number(decay) != 0, bool(group["maximize"]))
        return (clock[0] + 1,), flags, (decay, group["eps"], lr)
