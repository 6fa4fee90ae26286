"""SparseAdam."""

from __future__ import annotations

from ..autograd import no_grad
from .optimizer import Optimizer, check_betas, run_closure


class SparseAdam(Optimizer):
    """Adam for sparse gradients: only the rows that a gradient holds are updated.

    >>> import numtorch as torch
    >>> w = torch.nn.Parameter(torch.ones(3))
    >>> w.grad = torch.sparse_coo_tensor([[1]], [4.0], (3,))
    >>> torch.optim.SparseAdam([w], lr=0.1).step()
    >>> w.detach()
    tensor([1.0000, 0.9000, 1.0000])
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, maximize=False):
        if hasattr(lr, "numel") and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not lr > 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        numbered = [
            ([i, k], p) for i, g in enumerate(self.param_groups) for k, p in enumerate(g["params"])
        ]
        sparse = [at for at, p in numbered if getattr(p, "is_sparse", False)]
        if sparse:
            raise ValueError(
                f"Sparse params at indices {sparse}: SparseAdam requires dense parameter tensors"
            )
        found = [at for at, p in numbered if p.dtype.is_complex]
        if found:
            raise ValueError(
                f"Complex params at indices {found}: SparseAdam does not support complex parameters"
            )

    @no_grad()
    def step(self, closure=None) -> object:
        """Updates the rows of the parameters that have a gradient; returns the closure's loss."""
        loss = run_closure(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None and not getattr(p.grad, "is_sparse", False):
                    raise RuntimeError(
                        "SparseAdam does not support dense gradients, please consider Adam instead"
                    )
            for p in group["params"]:
                if p.grad is not None:
                    self._update(group, p)
        return loss

    def _update(self, group: dict, p) -> None:
        state, (beta1, beta2) = self.state[p], group["betas"]
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = p.new_zeros(p.shape), p.new_zeros(p.shape)
        state["step"] += 1
        g = p.grad.coalesce()
        at, values = tuple(g.indices()), g.values()
        if group.get("maximize", False):
            values = -values
        if not values.numel():
            return
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        new_mean = mean[at] + (values - mean[at]) * (1 - beta1)
        new_square = square[at] + (values * values - square[at]) * (1 - beta2)
        mean[at], square[at] = new_mean, new_square
        step = state["step"]
        size = float(group["lr"]) * (1 - beta2**step) ** 0.5 / (1 - beta1**step)
        p[at] = p[at] - size * (new_mean / (new_square.sqrt() + group["eps"]))
