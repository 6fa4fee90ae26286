"""Numerical checks of first and second derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from .._tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """Analytical and numerical gradients differ.

    >>> import numtorch as torch
    >>> from numtorch.autograd.gradcheck import GradcheckError
    >>> class Wrong(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad
    >>> x = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    >>> try:
    ...     torch.autograd.gradcheck(Wrong.apply, x)
    ... except GradcheckError as error:
    ...     print(str(error).splitlines()[0])
    Jacobian mismatch for output 0 with respect to input 0,
    """


def _list(x) -> list:
    return [x] if isinstance(x, Tensor) else list(x)


def _outputs(func, inputs) -> list[Tensor]:
    out = func(*inputs)
    found = [out] if isinstance(out, Tensor) else list(out)
    return [o for o in found if isinstance(o, Tensor) and o.dtype.differentiable]


def _tracked(inputs) -> list[int]:
    return [k for k, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]


def _values(t: Tensor) -> np.ndarray:
    t = t.detach()
    return np.array((t.resolve_conj() if t.dtype.kind == "c" else t).numpy())


def _numerical(func, inputs, k: int, eps: float) -> list[list[np.ndarray]]:
    """Central differences of all outputs by input k: for each direction (real, imaginary part)
    one array [output size, input size] per output. The input is changed in place meanwhile."""
    memory = inputs[k].detach().numpy()
    directions = (1.0, 1j) if inputs[k].dtype.kind == "c" else (1.0,)
    found: list[list] = []
    for step in directions:
        columns: list[list] = []
        for at in np.ndindex(memory.shape):
            old = memory[at].copy()
            sides = []
            for sign in (1, -1):
                memory[at] = old + sign * eps * step
                sides.append([_values(o).reshape(-1) for o in _outputs(func, inputs)])
            memory[at] = old
            columns.append([(a - b) / (2 * eps) for a, b in zip(*sides)])
        outs = _outputs(func, inputs)
        found.append([
            np.stack([c[j] for c in columns], 1) if columns else np.zeros((o.numel(), 0))
            for j, o in enumerate(outs)
        ])  # fmt: skip
    return found


def _expected(parts: list[np.ndarray], unit: complex) -> np.ndarray:
    """What backward with the gradient `unit` gives, from the differences by direction.

    The loss is Re(conj(unit) * output); its gradient is d/dRe + i d/dIm (PyTorch's convention).
    """
    real = np.real(np.conj(unit) * parts[0])
    return real if len(parts) == 1 else real + 1j * np.real(np.conj(unit) * parts[1])


def _analytical(
    func, inputs, j: int, k: int, unit: complex, most: int | None = None
) -> np.ndarray:
    """Rows of the Jacobian by backward (at most so many)."""
    from .._creation import _own
    from . import grad

    out = _outputs(func, inputs)[j]
    rows = []
    for i in range(out.numel())[:most]:
        seed = np.zeros(out.numel(), out.dtype.np)
        seed[i] = unit
        g = grad(out, [inputs[k]], _own(seed.reshape(tuple(out.shape))), retain_graph=True,
                 allow_unused=True)[0]  # fmt: skip
        if g is not None and g.shape != inputs[k].shape:
            raise GradcheckError("Analytical gradient has incorrect size")
        size = inputs[k].numel()
        rows.append(np.zeros(size) if g is None else _values(g).reshape(-1))
    return np.stack(rows, 0) if rows else np.zeros((0, inputs[k].numel()))


def gradcheck(
    func: Callable, inputs: Tensor | Sequence[Tensor], *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0,
    check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
    check_batched_grad: bool = False, check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False, check_backward_ad: bool = True, fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:  # fmt: skip
    """Compares gradients with central differences; the inputs should be float64 or complex128.

    Raises GradcheckError (or returns False without raise_exception) where they differ. fast_mode
    is accepted; every element is checked anyway.

    >>> import numtorch as torch
    >>> x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.sin, x)
    True
    """
    inputs = _list(inputs)
    _check_inputs(inputs)
    try:
        if check_backward_ad:
            _check_backward(func, inputs, eps, atol, rtol, nondet_tol)
        if check_forward_ad:
            _check_forward(func, inputs, eps, atol, rtol)
        if check_batched_grad:
            _check_batched(func, inputs)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _check_inputs(inputs: list) -> None:
    if not _tracked(inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    for k in _tracked(inputs):
        x = inputs[k]
        if x.dtype.name not in ("float64", "complex128"):
            warnings.warn(
                f"Input #{k} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ", stacklevel=3,
            )  # fmt: skip
        if any(s == 0 and n > 1 for s, n in zip(x.stride(), x.shape)):
            raise RuntimeError(
                f"The {k}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients correctly. "
                "You should call .contiguous on the input before passing it to gradcheck."
            )


def _check_backward(func, inputs, eps, atol, rtol, nondet_tol) -> None:
    outs = _outputs(func, inputs)
    for k in _tracked(inputs):
        found = _numerical(func, inputs, k, eps)
        for j, out in enumerate(outs):
            parts = [f[j] for f in found]
            if not out.requires_grad:
                if any(np.abs(p).max(initial=0) > atol for p in parts):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
                continue
            for unit in (1.0, 1j) if out.dtype.kind == "c" else (1.0,):
                n, a = _expected(parts, unit), _analytical(func, inputs, j, k, unit)
                _compare(a, n, j, k, atol, rtol)
                if nondet_tol == 0.0 and unit == 1.0:
                    again = _analytical(func, inputs, j, k, unit)
                    if not np.array_equal(a, again, equal_nan=True):
                        # The first times may run from pieces, which round in other places.
                        a, again = again, _analytical(func, inputs, j, k, unit)
                    if not np.array_equal(a, again, equal_nan=True):
                        raise GradcheckError(
                            "Backward is not reentrant, i.e., running backward with same input and "
                            "grad_output multiple times gives different values, although "
                            "analytical gradient matches numerical gradient.The tolerance for "
                            f"nondeterminism was {nondet_tol}."
                        )
            _check_zero(func, inputs, j, k)


def _check_zero(func, inputs, j: int, k: int) -> None:
    """A gradient of zero must give zeros."""
    if any(np.any(row != 0) for row in _analytical(func, inputs, j, k, 0.0, 1)):
        raise GradcheckError("backward not multiplied by grad_output")


def _compare(a: np.ndarray, n: np.ndarray, j: int, k: int, atol, rtol) -> None:
    if not np.allclose(a, n, rtol=rtol, atol=atol, equal_nan=True):
        raise GradcheckError(
            f"Jacobian mismatch for output {j} with respect to input {k},\nnumerical:{n}\n"
            f"analytical:{a}\n"
        )


def _check_forward(func, inputs, eps, atol, rtol) -> None:
    from .._creation import _own
    from ..func import jvp

    for k in _tracked(inputs):
        found = _numerical(func, inputs, k, eps)
        x = inputs[k]

        def of_one(value, k=k):
            return tuple(_outputs(func, [*inputs[:k], value, *inputs[k + 1 :]]))

        for step, parts in zip((1.0, 1j), found):
            for i in range(x.numel()):
                t = np.zeros(x.numel(), x.dtype.np)
                t[i] = step
                tangent = _own(t.reshape(tuple(x.shape)))
                for j, d in enumerate(jvp(of_one, (x.detach(),), (tangent,))[1]):
                    _compare(_values(d).reshape(-1), parts[j][:, i], j, k, atol, rtol)


def _check_batched(func, inputs) -> None:
    from .._random import Generator, rand
    from . import grad

    wanted = [inputs[k] for k in _tracked(inputs)]
    for j, out in enumerate(_outputs(func, inputs)):
        if not out.requires_grad:
            continue
        seeds = rand((3, *out.shape), dtype=out.dtype, generator=Generator().manual_seed(0))
        both = grad(out, wanted, seeds, retain_graph=True, allow_unused=True, is_grads_batched=True)
        for k, x in enumerate(wanted):
            for i in range(3):
                one = grad(out, x, seeds[i], retain_graph=True, allow_unused=True)[0]
                if one is not None and not np.allclose(_values(one), _values(both[k][i])):
                    raise GradcheckError(
                        f"While computing batched gradients for output {j}, input {k}, got:\n"
                        f"{both[k][i]}\nwhereas one by one:\n{one}"
                    )


def gradgradcheck(
    func: Callable, inputs: Tensor | Sequence[Tensor], grad_outputs=None, *, eps: float = 1e-6,
    atol: float = 1e-5, rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True, fast_mode: bool = False,
    masked: bool = False,
) -> bool:  # fmt: skip
    """gradcheck of the gradient function: second derivatives, also by the grad_outputs.

    >>> import numtorch as torch
    >>> x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradgradcheck(torch.sin, x)
    True
    """
    from . import grad

    inputs = _list(inputs)
    tracked = _tracked(inputs)
    if not tracked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    outs = [o for o in _outputs(func, inputs) if o.requires_grad]
    if grad_outputs is None:
        grad_outputs = [_random_like(o) for o in outs]
    seeds = [s.detach().clone().requires_grad_() for s in _list(grad_outputs)]

    def first(*args):
        own = list(args[: len(inputs)])
        results = [o for o in _outputs(func, own) if o.requires_grad]
        wanted = [own[k] for k in tracked]
        found = grad(results, wanted, list(args[len(inputs) :]), create_graph=True,
                     allow_unused=True)  # fmt: skip
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first, [*inputs, *seeds], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev,
    )  # fmt: skip


def _random_like(o: Tensor) -> Tensor:
    from .._creation import _own

    rng = np.random.default_rng(o.numel())
    values = rng.uniform(0.5, 1.5, tuple(o.shape)).astype(o.dtype.np)
    if o.dtype.kind == "c":
        values = values + 1j * rng.uniform(0.5, 1.5, tuple(o.shape))
    return _own(values.astype(o.dtype.np))
