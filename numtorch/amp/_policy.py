"""Which functions autocast runs in which dtype, and how it gets between them and their callers.

PyTorch's lists for the CPU. Programs without autocast pay nothing for it: the listed functions are
plain until autocast is first entered; then each gets other code, which casts its arguments if
autocast is on in the calling thread. Whoever holds the function by another name is served too.
"""

from __future__ import annotations

import types

from numtorch.jit import dtypes as _d
from numtorch.jit.record import local

from .. import _api, fft, linalg, nn
from .._autocast import state
from .._tensor import Tensor
from ..nn import _rnn
from ..sparse._base import SparseTensor

# Names as attributes of torch, Tensor, torch.nn.functional, torch.linalg or torch.fft.
LOWER = """
    _addmm_activation addbmm addmm baddbmm bmm chain_matmul conv1d conv2d conv3d conv_tbc
    conv_transpose1d conv_transpose2d conv_transpose3d linalg.matmul linalg.multi_dot
    linalg.vecdot linear matmul __matmul__ __rmatmul__ mm prelu scaled_dot_product_attention
"""
FLOAT32 = """
    adaptive_avg_pool3d adaptive_max_pool3d avg_pool3d binary_cross_entropy
    binary_cross_entropy_with_logits cdist cholesky cholesky_inverse cholesky_solve
    cosine_embedding_loss cross_entropy ctc_loss fake_quantize_per_tensor_affine
    fractional_max_pool2d fractional_max_pool3d geqrf grid_sample grid_sampler
    hinge_embedding_loss huber_loss inverse kl_div l1_loss lu lu_solve margin_ranking_loss
    max_pool3d max_unpool2d max_unpool3d mse_loss multi_margin_loss multilabel_margin_loss
    nanquantile nll_loss orgqr ormqr pinverse poisson_nll_loss polar prod qr quantile
    smooth_l1_loss soft_margin_loss stft svd trace triangular_solve triplet_margin_loss
    view_as_complex
    fft.fft fft.fft2 fft.fftn fft.hfft fft.ifft fft.ifft2 fft.ifftn fft.ihfft fft.irfft
    fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn
    linalg.cholesky linalg.cholesky_ex linalg.cond linalg.eig linalg.eigh linalg.eigvals
    linalg.eigvalsh linalg.householder_product linalg.inv linalg.inv_ex linalg.lstsq
    linalg.matrix_rank linalg.qr linalg.solve linalg.svd linalg.svdvals linalg.tensorinv
    linalg.tensorsolve
"""
WIDEST = "cat concat concatenate stack index_copy"
# In place nothing is cast, though these call functions of the lists.
PLAIN = "addbmm_ addmm_ baddbmm_ index_copy_ addmv_"

_TENSOR_ONLY = ("__matmul__", "__rmatmul__")


# ---------------------------------------------------------------- casts


def cast_all(values, change):
    """The values with `change` made to every tensor, also in lists and tuples."""
    kind = values.__class__
    if kind is tuple:
        return tuple(cast_all(v, change) for v in values)
    if kind is list:
        return [cast_all(v, change) for v in values]
    if kind is dict:
        return {k: cast_all(v, change) for k, v in values.items()}
    if isinstance(values, Tensor) and _eligible(values):
        return change(values)
    return values


def _eligible(t: Tensor) -> bool:
    if isinstance(t, SparseTensor):
        return False
    d = t._v.meta.dtype
    return d.kind == "f" and d is not _d.float64


def to_lower(t: Tensor) -> Tensor:
    """In the dtype of autocast; casts of parameters are kept until its outermost block ends."""
    dtype = state.dtypes["cpu"]
    d = t._v.meta.dtype
    if d is dtype:
        return t
    leaf = t._rg == 1 and (t._view is None or t._view.base is None)
    tape = local.tape
    if not (leaf and d is _d.float32 and state.cache_enabled) or tape.levels:
        return t.to(dtype)
    # A cast is good for one graph: a backward frees it with the rest.
    key, now = (id(t), dtype, tape.grad), (t._version, tape.win, tape.releases)
    found = state.cache.get(key)
    if found is not None and found[0] is t and found[1] == now:
        return found[2]
    made = t.to(dtype)
    state.cache[key] = (t, now, made)
    return made


def to_float32(t: Tensor) -> Tensor:
    """In float32."""
    return t if t._v.meta.dtype is _d.float32 else t.to(_d.float32)


def _lower(args: tuple, kwargs: dict) -> tuple:
    return cast_all(args, to_lower), cast_all(kwargs, to_lower)


def _float32(args: tuple, kwargs: dict) -> tuple:
    return cast_all(args, to_float32), cast_all(kwargs, to_float32)


def _widest(args: tuple, kwargs: dict) -> tuple:
    """All in float32 if one is, else in autocast's dtype; the other half type is an error."""
    low = wide = state.dtypes["cpu"]

    def look(t: Tensor) -> Tensor:
        nonlocal wide
        if t.dtype is _d.float32:
            wide = _d.float32
        elif wide is low and t.dtype is not low:
            raise RuntimeError("Unexpected floating ScalarType in at::autocast::prioritize")
        return t

    cast_all((args, kwargs), look)
    return cast_all(args, lambda t: t.to(wide)), cast_all(kwargs, lambda t: t.to(wide))


def _recurrent(args: tuple, kwargs: dict) -> tuple:
    """Plain networks and LSTM over sequences in autocast's dtype, others as their state is."""
    mode, states = args[0], args[2]
    whole = len(args) > 6
    if mode.startswith("RNN") or (mode == "LSTM" and whole):
        return _lower(args, kwargs)
    dtype = states[0].dtype
    return cast_all(args, lambda t: t.to(dtype)), kwargs


def _einsum(args: tuple, kwargs: dict) -> tuple:
    """Products that sum over a label of several operands are matrix products."""
    if not args or not isinstance(args[0], str):
        return _lower(args, kwargs)
    terms, arrow, out = args[0].replace(" ", "").partition("->")
    labels = [set(t) - set(".") for t in terms.split(",")]
    shared = {c for c in terms if sum(c in term for term in labels) > 1}
    summed = any(c not in out for c in shared) if arrow else any(c != "," for c in shared)
    return _lower(args, kwargs) if summed else (args, kwargs)


def _inner(args: tuple, kwargs: dict) -> tuple:
    """Products of vectors are sums, of matrices matrix products."""
    vectors = all(isinstance(t, Tensor) and t.dim() == 1 for t in args)
    return (args, kwargs) if vectors else _lower(args, kwargs)


def _tensordot(args: tuple, kwargs: dict) -> tuple:
    """A sum if no dim is left, else a matrix product."""
    dims = kwargs.get("dims", args[2] if len(args) > 2 else 2)
    count = dims if isinstance(dims, int) else len(dims[0]) if dims else 0
    left = any(isinstance(t, Tensor) and t.dim() > count for t in args[:2])
    return _lower(args, kwargs) if left else (args, kwargs)


def _matrix_power(args: tuple, kwargs: dict) -> tuple:
    n = kwargs.get("n", args[1] if len(args) > 1 else 0)
    return _lower(args, kwargs) if isinstance(n, int) and n > 1 else (args, kwargs)


def _pad(args: tuple, kwargs: dict) -> tuple:
    mode = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
    widths = kwargs.get("pad", args[1] if len(args) > 1 else ())
    known = mode == "replicate" or (mode == "reflect" and len(widths) < 6)
    return _float32(args, kwargs) if known else (args, kwargs)


def _as_is(args: tuple, kwargs: dict) -> tuple:
    return args, kwargs


# ---------------------------------------------------------------- the way in


def _places(name: str) -> list:
    """The functions of a name, each once."""
    import numtorch

    space, _, leaf = name.rpartition(".")
    if space:
        holders: tuple = (fft if space == "fft" else linalg,)
    elif name in _TENSOR_ONLY or name.endswith("_"):
        holders = (Tensor,)
    else:
        holders = (numtorch, nn.functional, Tensor)
    found = []
    for holder in holders:
        f = holder.__dict__.get(leaf)
        if isinstance(f, types.FunctionType) and not any(f is g for g in found):
            found.append(f)
    return found


def listed() -> dict[str, tuple]:
    """name -> (how its arguments are cast, its functions)."""
    table = {name: (_lower, _places(name)) for name in LOWER.split()}
    table |= {name: (_float32, _places(name)) for name in FLOAT32.split()}
    table |= {name: (_widest, _places(name)) for name in WIDEST.split()}
    table |= {name: (_as_is, _places(name)) for name in PLAIN.split()}
    table |= {f.__name__[1:]: (f, _places(f.__name__[1:]))
              for f in (_einsum, _inner, _tensordot, _matrix_power)}  # fmt: skip
    table["linalg.matrix_power"] = (_matrix_power, _places("linalg.matrix_power"))
    table["pad"] = (_pad, [nn.functional.pad])
    table["recurrent"] = (_recurrent, [_rnn.network, _rnn.step])
    return table


def _caster(original, change):
    """What runs instead of a function once autocast was entered."""

    def enter(args: tuple, kwargs: dict):
        s = state
        if not s.active:
            return original(*args, **kwargs)
        s.active = False  # what the function calls is part of it
        try:
            if kwargs.get("out") is None:
                args, kwargs = change(args, kwargs)
            return original(*args, **kwargs)
        finally:
            s.active = True

    return enter


def _redirect(f: types.FunctionType, change) -> None:
    """Gives f code that goes through `change`; its old code becomes f.__wrapped__."""
    _api.complete(f)
    old = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, f.__closure__)
    old.__kwdefaults__ = f.__kwdefaults__
    old.__dict__.update(f.__dict__)
    f.__wrapped__ = old
    f.__code__ = _code(f.__code__.co_freevars, f.__name__, _caster(old, change))


def _code(free: tuple[str, ...], name: str, enter):
    """Code of `def name(*args, **kwargs): return enter(args, kwargs)`, `enter` being a constant.

    A function's new code must have as many free variables as the old one.
    """
    names = ", ".join(f"v{k}" for k in range(len(free)))
    uses = f"        if 0: ({names},)\n" if free else ""
    source = (
        f"def make({names}):\n"
        f"    def {name}(*args, **kwargs):\n{uses}"
        "        enter = '<enter>'\n"
        "        return enter(args, kwargs)\n"
        f"    return {name}\n"
    )
    scope: dict = {}
    exec(compile(source, __file__, "exec"), scope)  # noqa: S102
    code = scope["make"](*free).__code__
    return code.replace(co_consts=tuple(enter if c == "<enter>" else c for c in code.co_consts))


_installed: list = []


def install() -> None:
    """Puts the table between the functions and their callers; once in a process."""
    if _installed:
        return
    _installed.append(True)
    for change, functions in listed().values():
        for f in functions:
            _redirect(f, change)
