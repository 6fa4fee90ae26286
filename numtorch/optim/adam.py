"""Adam and AdamW."""

from __future__ import annotations

from .._tensor import Tensor
from ._fused import FusedOptimizer, check_fused
from .optimizer import check_betas, check_lr, check_options, number


class Adam(FusedOptimizer):
    """Adam: steps scaled by running means of the gradient and of its square.

    >>> import numtorch as torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> opt = torch.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> opt.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    row = "adam_step"
    late_options = {
        "amsgrad": False, "maximize": False, "foreach": None, "capturable": False,
        "differentiable": False, "decoupled_weight_decay": False, "fused": None,
    }  # fmt: skip

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *,
        foreach=None, maximize=False, capturable=False, differentiable=False, fused=None,
        decoupled_weight_decay=False,
    ):  # fmt: skip
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        check_lr(lr)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        check_options(weight_decay=weight_decay)
        betas = _checked_kinds(betas, foreach, capturable)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip
        check_fused(self.defaults)

    def state_names(self, group: dict) -> tuple[str, ...]:
        names = ("exp_avg", "exp_avg_sq")
        return (*names, "max_exp_avg_sq") if group["amsgrad"] else names

    def _check_options(self, group: dict) -> None:
        if group["foreach"] and isinstance(group["lr"], Tensor) and not group["capturable"]:
            raise RuntimeError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        super()._check_options(group)

    def advance(self, group: dict, clock: tuple, rounded) -> tuple[tuple, tuple, tuple]:
        step = clock[0] + 1
        lr, decay, (beta1, beta2) = group["lr"], group["weight_decay"], group["betas"]
        flags = (
            number(decay) != 0, bool(group["decoupled_weight_decay"]), bool(group["amsgrad"]),
            bool(group["maximize"]), number(1 - beta1) >= 0.5,
        )  # fmt: skip
        if group["decoupled_weight_decay"]:
            decay = 1 - lr * decay
        return (step,), flags, (
            decay, 1 - beta1, beta2, 1 - beta2, group["eps"],
            lr / (1 - beta1**step), (1 - beta2**step) ** 0.5,
        )  # fmt: skip


def _checked_kinds(betas, foreach, capturable) -> tuple:
    kinds = {next((k for k in (float, Tensor) if isinstance(b, k)), None) for b in betas[:2]}
    if len(kinds) != 1 or None in kinds:
        raise ValueError("betas must be either both floats or both Tensors")
    for i, beta in enumerate(betas[:2]):
        if isinstance(beta, Tensor):
            if foreach and not capturable:
                raise ValueError(
                    f"betas[{i}] as a Tensor is not supported for capturable=False and "
                    "foreach=True"
                )
            if beta.numel() != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element")
    return tuple(b.squeeze() if isinstance(b, Tensor) and b.ndim else b for b in betas)


class AdamW(Adam):
    """Adam with decoupled weight decay: the parameters shrink by lr * weight_decay in each step.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.tensor([1.0, 2.0])); w.grad = torch.tensor([1.0, -1.0])
    >>> torch.optim.AdamW([w], lr=0.1).step()
    >>> w.detach()
    tensor([0.8990, 2.0980])
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *,
        maximize=False, foreach=None, capturable=False, differentiable=False, fused=None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=True,
        )  # fmt: skip

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
