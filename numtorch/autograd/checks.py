"""Numerical checks of gradients."""

from __future__ import annotations

import numpy as np

from .._tensor import Tensor


class GradcheckError(RuntimeError):
    """Analytical and numerical gradients differ."""


def _outputs(func, inputs) -> list[Tensor]:
    out = func(*inputs)
    return [out] if isinstance(out, Tensor) else [o for o in out if isinstance(o, Tensor)]


def _numerical(func, inputs, k: int, j: int, eps: float) -> np.ndarray:
    """d output_j / d input_k by central differences: [output size, input size]."""
    from .._creation import _own

    base = inputs[k].detach().numpy().copy()
    columns = []
    for i in range(base.size):
        values = []
        for sign in (1, -1):
            moved = base.copy().reshape(-1)
            moved[i] += sign * eps
            moved_in = list(inputs)
            moved_in[k] = _own(moved.reshape(base.shape)).requires_grad_()
            values.append(_outputs(func, moved_in)[j].detach().numpy().reshape(-1).copy())
        columns.append((values[0] - values[1]) / (2 * eps))
    size = _outputs(func, inputs)[j].numel()
    return np.stack(columns, 1) if columns else np.zeros((size, 0))


def _analytical(func, inputs, k: int, j: int) -> np.ndarray:
    from .._creation import _own
    from . import grad

    out = _outputs(func, inputs)[j]
    rows = []
    for i in range(out.numel()):
        seed = np.zeros(out.numel())
        seed[i] = 1.0
        g = grad(
            out, [inputs[k]], _own(seed.reshape(tuple(out.shape))).to(out.dtype),
            retain_graph=True, allow_unused=True,
        )[0]  # fmt: skip
        rows.append(np.zeros(inputs[k].numel()) if g is None else g.numpy().reshape(-1).copy())
    return np.stack(rows, 0) if rows else np.zeros((0, inputs[k].numel()))


def gradcheck(func, inputs, eps, atol, rtol, raise_exception) -> bool:
    """See autograd.gradcheck."""
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for j, out in enumerate(_outputs(func, inputs)):
        if not out.requires_grad:
            continue
        for k, x in enumerate(inputs):
            if not isinstance(x, Tensor) or not x.requires_grad:
                continue
            n, a = _numerical(func, inputs, k, j, eps), _analytical(func, inputs, k, j)
            if not np.allclose(a, n, rtol=rtol, atol=atol, equal_nan=True):
                if raise_exception:
                    raise GradcheckError(
                        f"Jacobian mismatch for output {j} with respect to input {k},\n"
                        f"numerical:{n}\nanalytical:{a}\n"
                    )
                return False
    return True


def gradgradcheck(func, inputs, grad_outputs, eps, atol, rtol, raise_exception) -> bool:
    """See autograd.gradgradcheck."""
    from .._random import Generator, rand
    from . import grad

    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    tracked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    outs = [o for o in _outputs(func, inputs) if o.requires_grad]
    if grad_outputs is None:
        g = Generator().manual_seed(0)
        grad_outputs = [
            (rand(tuple(o.shape), generator=g, dtype=o.dtype) + 0.5).detach() for o in outs
        ]
    seeds = [s.detach().clone().requires_grad_() for s in grad_outputs]

    def first(*args):
        own = list(args[: len(inputs)])
        results = [o for o in _outputs(func, own) if o.requires_grad]
        wanted = [x for x in own if isinstance(x, Tensor) and x.requires_grad]
        return [
            g for g in grad(results, wanted, list(args[len(inputs) :]), create_graph=True,
                            allow_unused=True) if g is not None
        ]  # fmt: skip

    if not tracked:
        return True
    return gradcheck(first, [*inputs, *seeds], eps, atol, rtol, raise_exception)
