"""Jacobians, Hessians and products with them, of functions of tensors."""

from __future__ import annotations

from collections.abc import Callable

from .._tensor import Tensor
from .modes import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def _tuple(x, arg: str, fn: str) -> tuple[bool, tuple]:
    """(was a tuple, the tuple); TypeError for anything but tensors."""
    many = isinstance(x, tuple)
    found = x if many else (x,)
    for i, t in enumerate(found):
        if not isinstance(t, Tensor):
            if many:
                raise TypeError(
                    f"The {arg} given to {fn} must be either a Tensor or a tuple of Tensors but "
                    f"the value at index {i} has type {type(t)}."
                )
            raise TypeError(
                f"The {arg} given to {fn} must be either a Tensor or a tuple of Tensors but the "
                f"given {arg} has type {type(t)}."
            )
    return many, found


def _prepare(inputs: tuple, create_graph: bool) -> tuple:
    return tuple(
        (x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_())
        for x in inputs
    )


def _finish(result, create_graph: bool):
    if isinstance(result, Tensor):
        return result if create_graph else result.detach()
    return tuple(_finish(r, create_graph) for r in result)


def _unwrap(result: tuple, many: bool):
    return result if many else result[0]


_INDEPENDENT = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs "
    "must be computed in a differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} is independent of the inputs of the "
    "user-provided function. This is not allowed in strict mode.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided "
    "function with respect to input {} is independent of the input. This is not allowed in strict "
    "mode. You should ensure that your function is twice differentiable and that the jacobian "
    "depends on the inputs (this would be violated by a linear function for example).",
}
_MISSING = {
    "back": "The output of the user-provided function is independent of input {}. This is not "
    "allowed in strict mode.",
    "back_trick": "The gradient with respect to the input is independent of entry {} in the "
    "grad_outputs when using the double backward trick to compute forward mode gradients. This is "
    "not allowed in strict mode.",
    "double_back": "The jacobian of the user-provided function is independent of input {}. This "
    "is not allowed in strict mode.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {} in "
    "the grad_jacobian. This is not allowed in strict mode as it prevents from using the double "
    "backward trick to replace forward mode AD.",
}


def _check_graph(tensors, strict: bool, kind: str = "outputs") -> None:
    for i, t in enumerate(tensors if strict else ()):
        if t is None:
            raise RuntimeError(_MISSING["back"].format(i))
        if not t.requires_grad:
            raise RuntimeError(_INDEPENDENT[kind].format(i))


def _grads(outputs, inputs, seeds, create: bool) -> tuple:
    from . import grad

    pairs = [(o, s) for o, s in zip(outputs, seeds) if o is not None and o.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    return grad([o for o, _ in pairs], inputs, [s for _, s in pairs], retain_graph=True,
                create_graph=create, allow_unused=True)  # fmt: skip


def _fill(grads, inputs, strict: bool, create: bool, stage: str) -> tuple:
    """Zeros for missing gradients; in strict mode PyTorch's errors."""
    from .. import zeros_like

    found = []
    for i, (g, x) in enumerate(zip(grads, inputs)):
        if g is None:
            if strict:
                raise RuntimeError(_MISSING[stage].format(i))
            g = zeros_like(x)
        elif strict and create and not g.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {i}. This is "
                "not allowed in strict mode when create_graph=True."
            )
        found.append(g)
    return tuple(found)


def _like(v, values: tuple, many: bool, what: str) -> tuple:
    """The vector v as a tuple like `values`; ones for a scalar where it is None."""
    if v is None:
        if len(values) != 1 or values[0].numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if {what}"
            )
        return tuple(t.new_ones(tuple(t.shape)) for t in values)
    _, v = _tuple(v, "v", "vjp")
    if len(v) != len(values):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(values)} but got {len(v)}."
            if many else "The given v should contain a single Tensor."
        )
    for i, (a, b) in enumerate(zip(v, values)):
        if a.shape != b.shape:
            where = f"Entry {i} in v has invalid size" if len(v) > 1 else "v has invalid size"
            raise RuntimeError(f"{where}: should be {b.shape} but got {a.shape}.")
    return v


def vjp(
    func: Callable, inputs, v=None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(value, v times the Jacobian).

    >>> import numtorch as torch
    >>> x, v = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0])
    >>> torch.autograd.functional.vjp(lambda x: x * x, x, v)
    (tensor([1., 9.]), tensor([2., 6.]))
    """
    with enable_grad():
        many, inputs = _tuple(inputs, "inputs", "vjp")
        inputs = _prepare(inputs, create_graph)
        out_many, outs = _tuple(func(*inputs), "outputs of the user-provided function", "vjp")
        _check_graph(outs, strict)
        v = _like(v, outs, out_many, "the user-provided function returns a single Tensor with a "
                  "single element.")  # fmt: skip
    with enable_grad():
        found = _fill(_grads(outs, inputs, v, create_graph), inputs, strict, create_graph, "back")
    outs, found = _finish(outs, create_graph), _finish(found, create_graph)
    return _unwrap(outs, out_many), _unwrap(found, many)


def jvp(
    func: Callable, inputs, v=None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(value, the Jacobian times v).

    >>> import numtorch as torch
    >>> x, v = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0])
    >>> torch.autograd.functional.jvp(lambda x: x * x, x, v)
    (tensor([1., 9.]), tensor([2., 6.]))
    """
    from .. import zeros_like

    with enable_grad():
        many, inputs = _tuple(inputs, "inputs", "jvp")
        inputs = _prepare(inputs, create_graph)
        v = _like(v, inputs, many, "the input to the user-provided function is a single Tensor "
                  "with a single element.")  # fmt: skip
        out_many, outs = _tuple(func(*inputs), "outputs of the user-provided function", "jvp")
        _check_graph(outs, strict)
        seeds = tuple(zeros_like(o).detach().requires_grad_() for o in outs)
        g = _grads(outs, inputs, seeds, True)
        _check_graph(g, strict, "grad_inputs")
        g = _fill(g, inputs, strict, False, "back")
        found = _fill(_grads(g, seeds, v, create_graph), seeds, strict, create_graph, "back_trick")
    outs, found = _finish(outs, create_graph), _finish(found, create_graph)
    return _unwrap(outs, out_many), _unwrap(found, out_many)


def jacobian(
    func: Callable, inputs, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, strategy: str = "reverse-mode",
) -> Tensor | tuple:  # fmt: skip
    """The Jacobian [*output shape, *input shape]; tuples of tuples for several in- or outputs.

    The rows are always computed together (vmap); `vectorize` is accepted.

    >>> import numtorch as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(
            'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` '
            "are not supported together (yet). Please either set `create_graph=False` or "
            '`strategy="reverse-mode"`.'
        )
    if strict and vectorize:
        raise RuntimeError(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
            "supported together. Please either set `strict=False` or `vectorize=False`."
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
            "only implemented for `vectorize=True`."
        )
    with enable_grad():
        many, inputs = _tuple(inputs, "inputs", "jacobian")
        inputs = _prepare(inputs, create_graph)
        out_many, outs = _tuple(func(*inputs), "outputs of the user-provided function", "jacobian")
        _check_graph(outs, strict)
        rows = []
        for number, o in enumerate(outs):
            if not o.requires_grad or not o.numel():
                rows.append(tuple(_no_row(o, x) for x in inputs))
                continue
            rows.append(_rows(o, inputs, create_graph, strict, number))
    rows = _finish(tuple(rows), create_graph)
    rows = tuple(_unwrap(r, many) for r in rows)
    return _unwrap(rows, out_many)


def _no_row(o: Tensor, x: Tensor) -> Tensor:
    from .. import zeros

    return zeros((*o.shape, *x.shape), dtype=x.dtype)


def _rows(o: Tensor, inputs: tuple, create: bool, strict: bool, number: int) -> tuple:
    from .. import eye
    from ..func import vmap
    from . import grad

    present: list[int] = []

    def row(seed):
        found = grad(o, inputs, seed, retain_graph=True, create_graph=create, allow_unused=True)
        present[:] = [k for k, g in enumerate(found) if g is not None]
        return tuple(found[k] for k in present)

    n = o.numel()
    basis = eye(n, dtype=o.dtype).reshape((n, *o.shape))
    out = vmap(row)(basis)
    blocks = dict(zip(present, out))
    found = []
    for k, x in enumerate(inputs):
        if k not in blocks:
            if strict:
                raise RuntimeError(
                    f"Output {number} of the user-provided function is independent of input {k}. "
                    "This is not allowed in strict mode."
                )
            found.append(_no_row(o, x))
            continue
        g = blocks[k]
        if strict and create and not g.requires_grad:
            raise RuntimeError(
                "The jacobian of the user-provided function is independent of input "
                f"{k}. This is not allowed in strict mode when create_graph=True."
            )
        found.append(g.reshape((*o.shape, *x.shape)))
    return tuple(found)


def _scalar(func: Callable, fn: str) -> Callable:
    def checked(*inputs):
        out = func(*inputs)
        many, outs = _tuple(out, "outputs of the user-provided function", fn)
        if many:
            raise RuntimeError(
                f"The function given to {fn} should return a single Tensor"
            )
        if outs[0].numel() != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {fn} should contain a single element"
            )
        return outs[0].squeeze()

    return checked


def hessian(
    func: Callable, inputs, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, outer_jacobian_strategy: str = "reverse-mode",
) -> Tensor | tuple:  # fmt: skip
    """Second derivatives of a scalar function: [*input shape, *input shape] for each pair.

    >>> import numtorch as torch
    >>> torch.autograd.functional.hessian(lambda x: (x * x).sum(), torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 2.]])
    """
    many, inputs = _tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode".'
        )
    scalar = _scalar(func, "hessian")

    def gradient(*x):
        found = jacobian(scalar, x, create_graph=True, strict=strict)
        return found

    found = jacobian(gradient, inputs, create_graph=create_graph, strict=strict,
                     vectorize=vectorize and not strict)  # fmt: skip
    return found if many else found[0][0]


def _gradient(func, inputs, strict: bool, fn: str):
    out = func(*inputs)
    out_many, outs = _tuple(out, "outputs of the user-provided function", fn)
    if out_many:
        raise RuntimeError(f"The function given to {fn} should return a single Tensor")
    if outs[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {fn} should contain a single element"
        )
    _check_graph(outs, strict)
    ones = (outs[0].new_ones(tuple(outs[0].shape)),)
    g = _grads(outs, inputs, ones, True)
    _check_graph(g, strict, "jacobian")
    return outs[0], _fill(g, inputs, strict, False, "back")


def vhp(
    func: Callable, inputs, v=None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(value, v times the Hessian) of a scalar function.

    >>> import numtorch as torch
    >>> x, v = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0])
    >>> torch.autograd.functional.vhp(lambda x: (x * x).sum(), x, v)
    (tensor(10.), tensor([ 2., 20.]))
    """
    with enable_grad():
        many, inputs = _tuple(inputs, "inputs", "vhp")
        inputs = _prepare(inputs, create_graph)
        v = _like(v, inputs, many, "the input to the user-provided function is a single Tensor "
                  "with a single element.")  # fmt: skip
        out, g = _gradient(func, inputs, strict, "vhp")
        found = _fill(_grads(g, inputs, v, create_graph), inputs, strict, create_graph,
                      "double_back")  # fmt: skip
    return _finish(out, create_graph), _unwrap(_finish(found, create_graph), many)


def hvp(
    func: Callable, inputs, v=None, create_graph: bool = False, strict: bool = False
) -> tuple:
    """(value, the Hessian times v) of a scalar function; the Hessian is symmetric.

    >>> import numtorch as torch
    >>> x, v = torch.tensor([1.0, 3.0]), torch.tensor([1.0, 10.0])
    >>> torch.autograd.functional.hvp(lambda x: (x * x).sum(), x, v)
    (tensor(10.), tensor([ 2., 20.]))
    """
    with enable_grad():
        many, inputs = _tuple(inputs, "inputs", "hvp")
        inputs = _prepare(inputs, create_graph)
        v = _like(v, inputs, many, "the input to the user-provided function is a single Tensor "
                  "with a single element.")  # fmt: skip
        out, g = _gradient(func, inputs, strict, "hvp")
        found = _fill(_grads(g, inputs, v, create_graph), inputs, strict, create_graph,
                      "double_back")  # fmt: skip
    return _finish(out, create_graph), _unwrap(_finish(found, create_graph), many)
