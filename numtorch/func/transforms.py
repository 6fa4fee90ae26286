"""grad, vjp, jvp and Jacobians of functions.

The arguments become fresh leaves (or aliases with a graph, if something outside differentiates
too), and the results lose their graph unless somebody outside needs it. A Jacobian-vector product
is the gradient of a vector-Jacobian product, which is linear in its vector: the dead half of it
never runs, since the whole is one graph.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from numtorch.jit import autograd as _jit
from numtorch.jit.record import local

from .._tensor import Tensor
from ..autograd import enable_grad
from ..autograd import grad as _grad
from ..autograd.engine import index_of
from ._tree import flatten, text, tree_map, unflatten
from .batching import vmap


def _track(x):
    """An alias of a tensor that gradients can end in."""
    if not isinstance(x, Tensor) or not x.dtype.differentiable:
        return x
    return x.view_as(x) if x.requires_grad else _leaf(x.detach())


def _leaf(x: Tensor) -> Tensor:
    """A leaf that means something to the innermost transform only."""
    x.requires_grad_()
    x._transient = True
    _Outer.leaves[-1].add(id(x))
    return x


def _free(x):
    return x.detach() if isinstance(x, Tensor) and x.requires_grad else x


def _needed_outside(outs: list, own: list) -> bool:
    """True if the graph of the results goes on to leaves that are not this transform's."""
    if not _Outer.grad[-1]:
        return False
    tape = local.tape
    roots = [index_of(t) for t in outs if isinstance(t, Tensor) and t.requires_grad]
    if not roots:
        return False
    walk = _jit.reach(tape, roots)
    mine = {id(t) for t in own}
    outer = set().union(*_Outer.leaves[:-1])

    def counts(leaf: Tensor) -> bool:
        if id(leaf) in mine:
            return False
        # Leaves of transforms that have ended are nobody's.
        return not hasattr(leaf, "_transient") or id(leaf) in outer

    return any(i in tape.leaves and counts(tape.leaves[i]) for i in walk.needed)


class _Running(threading.local):
    """The transforms that run now: whether gradients were recorded where each was called, and the
    leaves that each made."""

    def __init__(self):
        self.grad: list[bool] = [True]
        self.leaves: list[set[int]] = [set()]


_Outer = _Running()


class _transform:
    def __enter__(self):
        tape = local.tape
        _Outer.grad.append(tape.grad)
        _Outer.leaves.append(set())
        self.mode = enable_grad()
        self.mode.__enter__()

    def __exit__(self, *exc):
        self.mode.__exit__(*exc)
        _Outer.grad.pop()
        _Outer.leaves.pop()


def _argnums(argnums, n: int, args: tuple) -> tuple[int, ...]:
    found = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnum must be int or Tuple[int, ...], got: {type(argnums)}")
    if isinstance(argnums, tuple) and not argnums:
        raise RuntimeError("argnums must be non-empty")
    for k in found:
        if not isinstance(k, int):
            raise RuntimeError(f"argnum must be int, got: {type(k)}")
        if not -n <= k < n:
            raise RuntimeError(f"Got argnum={k}, but only {n} positional inputs")
    found = tuple(k % n for k in found)
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return found


def _zeros(grads, like):
    from .. import zeros_like

    return [zeros_like(x) if g is None else g for g, x in zip(grads, like)]


def _check_tracked(x):
    if not isinstance(x, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
    if not x.dtype.differentiable:
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    return x


def grad_and_value(func: Callable, argnums=0, has_aux: bool = False) -> Callable:
    """A function that returns (gradient, value) of a scalar function.

    >>> import numtorch as torch
    >>> torch.func.grad_and_value(lambda x: (x * x).sum())(torch.tensor([1.0, 3.0]))
    (tensor([2., 6.]), tensor(10.))
    """

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        chosen = _argnums(argnums, len(args), args)
        for k in chosen:
            tree_map(_check_tracked, args[k])
        with _transform():
            args = [tree_map(_track, a) if k in chosen else a for k, a in enumerate(args)]
            out = func(*args, **kwargs)
            aux = None
            if has_aux:
                if not (isinstance(out, tuple) and len(out) == 2):
                    raise RuntimeError(
                        "grad_and_value(f)(*args): output of function f should be a tuple: "
                        "(output, aux) if has_aux is True"
                    )
                out, aux = out
            if not isinstance(out, Tensor):
                raise RuntimeError(
                    f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got "
                    f"{type(out)}"
                )
            if out.dim():
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got "
                    f"tensor with {out.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs "
                    "instead?"
                )
            trees = [args[k] for k in chosen]
            flat, spec = flatten(trees if isinstance(argnums, tuple) else trees[0])
            keep = _needed_outside([out], flat)
            grads = _of(out, flat, keep)
        found = unflatten(grads, spec)
        found = tuple(found) if isinstance(argnums, tuple) else found
        if not keep:
            out, aux = out.detach(), tree_map(_free, aux)
        return (found, (out, aux)) if has_aux else (found, out)

    return wrapped


def _of(out: Tensor, flat: list, keep: bool) -> list:
    if not out.requires_grad:
        return _zeros([None] * len(flat), flat)
    found = _grad(out, flat, create_graph=keep, retain_graph=True, allow_unused=True)
    return _zeros(found, flat)


def grad(func: Callable, argnums=0, has_aux: bool = False) -> Callable:
    """A function that returns the gradient of a scalar function by its arguments `argnums`.

    >>> import numtorch as torch
    >>> torch.func.grad(torch.func.grad(torch.sin))(torch.tensor(0.0))
    tensor(-0.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapped


def vjp(func: Callable, *primals, has_aux: bool = False) -> tuple:
    """(value, f) with f(cotangents) the vector-Jacobian product; a third result with has_aux.

    >>> import numtorch as torch
    >>> value, f = torch.func.vjp(lambda x: x * x, torch.tensor([1.0, 3.0]))
    >>> value, f(torch.tensor([1.0, 10.0]))
    (tensor([1., 9.]), (tensor([ 2., 60.]),))
    """
    tree_map(_check_tracked, primals)
    with _transform():
        tracked = tree_map(_track, primals)
        out = func(*tracked)
        aux = None
        if has_aux:
            if not (isinstance(out, tuple) and len(out) == 2):
                raise RuntimeError(
                    "vjp(f, *primals): output of function f should be a tuple: (output, aux) if "
                    "has_aux is True"
                )
            out, aux = out
        outs, out_spec = flatten(out)
        for o in outs:
            if not isinstance(o, Tensor):
                raise RuntimeError(
                    "vjp(f, *primals): expected f(*primals) to return only tensors, got "
                    f"unsupported type {type(o)}"
                )
        flat, spec = flatten(tracked)
        own = [x for x in flat if isinstance(x, Tensor)]
        keep = _needed_outside(outs, own)

    def product(cotangents, retain_graph=True, create_graph=None):
        given, given_spec = flatten(cotangents)
        if given_spec != out_spec and len(given) == len(outs) == 1:
            given_spec = out_spec
        if given_spec != out_spec:
            raise RuntimeError(
                f"Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {text(given_spec)}, primal output: "
                f"{text(out_spec)}"
            )
        create = local.tape.grad and (keep or any(c.requires_grad for c in given))
        pairs = [(o, c) for o, c in zip(outs, given) if o.requires_grad]
        grads = [None] * len(own)
        if pairs:
            grads = _grad([o for o, _ in pairs], own, [c for _, c in pairs], retain_graph=True,
                          create_graph=create, allow_unused=True)  # fmt: skip
        found = unflatten(_zeros(grads, own), spec)
        return found

    result = out if keep else tree_map(_free, out)
    if has_aux:
        return result, product, aux if keep else tree_map(_free, aux)
    return result, product


def _check_outputs(outs: list, text: str) -> None:
    for o in outs:
        if not isinstance(o, Tensor):
            raise RuntimeError(f"{text}, got type {type(o)}")


class _Linear:
    """The Jacobian of a function at a point, as a function of tangents."""

    def __init__(self, func, primals: tuple, has_aux: bool = False):
        from .. import zeros_like

        with _transform():
            tracked = tree_map(_track, primals)
            out = func(*tracked)
            self.aux = None
            if has_aux:
                out, self.aux = out
            outs, self.spec = flatten(out)
            text = "jvp(f, primals, tangents): Expected f(*primals) to return only tensors"
            _check_outputs(outs, text)
            self.flat = [x for x in flatten(tracked)[0] if isinstance(x, Tensor)]
            self.keep = _needed_outside(outs, self.flat)
            self.outs = outs
            self.seeds = [_leaf(zeros_like(o).detach()) for o in outs if o.requires_grad]
            live = [o for o in outs if o.requires_grad]
            self.grads = [None] * len(self.flat)
            if live:
                self.grads = _grad(live, self.flat, self.seeds, create_graph=True,
                                   retain_graph=True, allow_unused=True)  # fmt: skip
        self.out = out if self.keep else tree_map(_free, out)
        if not self.keep:
            self.aux = tree_map(_free, self.aux)

    def __call__(self, tangents: list) -> list:
        pairs = [
            (g, t) for g, t in zip(self.grads, tangents)
            if g is not None and g.requires_grad and t is not None
        ]  # fmt: skip
        create = local.tape.grad and (self.keep or any(t.requires_grad for _, t in pairs))
        found = [None] * len(self.seeds)
        if pairs:
            found = _grad([g for g, _ in pairs], self.seeds, [t for _, t in pairs],
                          retain_graph=True, create_graph=create, allow_unused=True)  # fmt: skip
        it = iter(_zeros(found, self.seeds))
        return _zeros([next(it) if o.requires_grad else None for o in self.outs], self.outs)


def jvp(
    func: Callable, primals, tangents, *, strict: bool = False, has_aux: bool = False
) -> tuple:
    """(value, Jacobian times tangents) of a function; the tangents are like the primals.

    >>> import numtorch as torch
    >>> torch.func.jvp(lambda x: x * x, (torch.tensor([1.0, 3.0]),), (torch.tensor([1.0, 1.0]),))
    (tensor([1., 9.]), tensor([2., 6.]))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to "
            "call f(*primals)."
        )
    flat, spec = flatten(primals)
    given, given_spec = flatten(tangents)
    if spec != given_spec:
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
            f"structure. For example, if primals is a tuple of 3 tensors, tangents also must be. "
            f"Got primals with structure {text(spec)} and tangents with structure "
            f"{text(given_spec)}"
        )
    for x, t in zip(flat, given):
        if isinstance(t, Tensor) and t.shape != x.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the "
                f"original Tensor, this is not supported. Tensor is of size {list(x.shape)} while "
                f"the given forward gradient is of size {list(t.shape)}."
            )
    linear = _Linear(func, primals, has_aux)
    out = unflatten(linear([t for t in given if isinstance(t, Tensor)]), linear.spec)
    return (linear.out, out, linear.aux) if has_aux else (linear.out, out)


def linearize(func: Callable, *primals) -> tuple:
    """(value, f) with f(*tangents) the Jacobian-vector product at the primals.

    >>> import numtorch as torch
    >>> value, f = torch.func.linearize(lambda x: x * x, torch.tensor([1.0, 3.0]))
    >>> value, f(torch.tensor([1.0, 10.0]))
    (tensor([1., 9.]), tensor([ 2., 60.]))
    """
    linear = _Linear(func, primals)

    shapes = [x.shape for x in flatten(primals)[0] if isinstance(x, Tensor)]

    def product(*tangents):
        for k, (t, shape) in enumerate(zip(flatten(tangents)[0], shapes)):
            if t.shape != shape:
                raise RuntimeError(
                    f"tangent:{k} with shape {t.shape} in flattened pytree doesn't match the shape "
                    f"{shape} of the corresponding primal."
                )
        return unflatten(linear(flatten(tangents)[0]), linear.spec)

    return linear.out, product


def _basis(tensors: list) -> list:
    """For each tensor all unit vectors of all of them together: [total, *shape]."""
    from .. import cat, eye, zeros

    sizes = [t.numel() for t in tensors]
    total, at, found = sum(sizes), 0, []
    for t, n in zip(tensors, sizes):
        parts = [
            zeros((at, n), dtype=t.dtype), eye(n, dtype=t.dtype),
            zeros((total - at - n, n), dtype=t.dtype),
        ]  # fmt: skip
        parts = [p for p in parts if p.shape[0]]
        whole = cat(parts, 0) if len(parts) > 1 else parts[0] if parts else zeros((0, n))
        found.append(whole.reshape((total, *t.shape)))
        at += n
    return found


def jacrev(
    func: Callable, argnums=0, *, has_aux: bool = False, chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable:  # fmt: skip
    """The Jacobian of a function by reverse mode: [*output shape, *input shape].

    >>> import numtorch as torch
    >>> torch.func.jacrev(lambda x: x * x)(torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        chosen = _argnums(argnums, len(args), args)

        def of_chosen(*some):
            full = list(args)
            for k, x in zip(chosen, some):
                full[k] = x
            return func(*full, **kwargs)

        found = vjp(of_chosen, *[args[k] for k in chosen], has_aux=has_aux)
        out, product = found[:2]
        outs, out_spec = flatten(out)
        _check_outputs(outs, "jacrev(f, *args): Expected f(*args) to return only tensors")
        basis = _basis(outs)

        def one(*cotangents):
            return product(unflatten(cotangents, out_spec))

        rows = vmap(one, chunk_size=chunk_size)(*basis)
        leaves, spec = flatten(rows)
        blocks, at = [], 0
        for o in outs:
            n = o.numel()
            mine = [
                r.narrow(0, at, n).reshape((*o.shape, *r.shape[1:])) for r in leaves
            ]
            tree = unflatten(mine, spec)
            blocks.append(tree if isinstance(argnums, tuple) else tree[0])
            at += n
        result = unflatten(blocks, out_spec)
        return (result, found[2]) if has_aux else result

    return wrapped


def jacfwd(
    func: Callable, argnums=0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable:
    """The Jacobian of a function by forward mode: [*output shape, *input shape].

    >>> import numtorch as torch
    >>> torch.func.jacfwd(lambda x: x * x)(torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 6.]])
    """

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        chosen = _argnums(argnums, len(args), args)

        def of_chosen(*some):
            full = list(args)
            for k, x in zip(chosen, some):
                full[k] = x
            return func(*full, **kwargs)

        primals = tuple(args[k] for k in chosen)
        linear = _Linear(of_chosen, primals, has_aux)
        flat, spec = flatten(primals)
        basis = _basis(flat)
        columns = vmap(lambda *t: tuple(linear(list(t))), randomness=randomness)(*basis)
        found, at = [], 0
        for x in flat:
            n = x.numel()
            found.append([
                c.narrow(0, at, n).movedim(0, -1).reshape((*o.shape, *x.shape))
                for c, o in zip(columns, linear.outs)
            ])  # fmt: skip
            at += n
        blocks = []
        for j in range(len(linear.outs)):
            tree = unflatten([f[j] for f in found], spec)
            blocks.append(tree if isinstance(argnums, tuple) else tree[0])
        result = unflatten(blocks, linear.spec)
        return (result, linear.aux) if has_aux else result

    return wrapped


def hessian(func: Callable, argnums=0) -> Callable:
    """The matrix of second derivatives of a scalar function: jacfwd of jacrev.

    >>> import numtorch as torch
    >>> torch.func.hessian(lambda x: (x * x).sum())(torch.tensor([1.0, 3.0]))
    tensor([[2., 0.],
            [0., 2.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
