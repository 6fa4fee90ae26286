"""Adafactor."""

from __future__ import annotations

from numtorch.jit.meta import meta

from .._tensor import Tensor
from ._fused import FusedOptimizer, Slot, filled
from .optimizer import check_lr, number


class Adafactor(FusedOptimizer):
    """Adafactor: a matrix's mean squares are kept as one mean per row and one per column.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.ones(2, 2))
    >>> optimizer = torch.optim.Adafactor([w], lr=0.1)
    >>> optimizer.defaults["lr"], optimizer.defaults["beta2_decay"]
    (0.1, -0.8)
    """

    row = "adafactor_step"
    captured = None
    late_options = {"foreach": None}

    def __init__(
        self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *,
        foreach=None, maximize=False,
    ):  # fmt: skip
        check_lr(lr, "Learning rate should be >= 0 but is")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d,
            "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
        })  # fmt: skip

    def state_names(self, group: dict) -> tuple[str, ...]:
        return ()  # they depend on the parameter

    def names_of(self, group: dict, p: Tensor) -> tuple[str, ...]:
        return ("row_var", "col_var") if p.ndim > 1 else ("variance",)

    def new_state(self, slot: Slot, group: dict, name: str) -> Tensor:
        m = slot.p._v.meta
        shape = list(m.shape)
        if name != "variance":
            shape[-1 if name == "row_var" else -2] = 1
        return filled(meta(tuple(shape), m.dtype))

    def _check_options(self, group: dict) -> None:
        if any(p._grad is not None and p.dtype.is_complex for p in group["params"]):
            raise RuntimeError("Adafactor does not support complex parameters")

    def alike(self, a: Slot, b: Slot) -> bool:
        return len(a.states) == len(b.states)

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        step, lr, decay = clock[0] + 1, number(group["lr"]), group["weight_decay"]
        eps1, eps2 = group["eps"]
        new, rho = step ** group["beta2_decay"], min(lr, 1 / step**0.5)
        flags = (decay != 0, eps1, bool(group["maximize"]), new >= 0.5)
        return (step,), flags, (1 - lr * decay, new, eps2, group["d"], rho)
