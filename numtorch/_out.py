"""Storing results in `out=` tensors as PyTorch does: resized, cast within a category, no graph."""

from __future__ import annotations

import warnings

from numtorch.jit.ops import OPS
from numtorch.jit.record import local
from numtorch.jit.views import check_overlap, overlaps_itself

from ._tensor import Tensor


def store_out(schema, out, compute, given: tuple):
    """Runs `compute` and stores its result (or results) in `out`.

    Raises RuntimeError when gradients are asked for, or the result's category is higher than
    out's; TypeError when out is not a tensor (or a tuple of as many as there are results).
    """
    short = schema.name.rpartition(".")[2]
    fields = schema.out if isinstance(schema.out, tuple) else None
    outs = (out,) if fields is None else tuple(out) if isinstance(out, (tuple, list)) else (out,)
    for o in outs:
        if not isinstance(o, Tensor):
            what = "Tensor" if fields is None else "tuple of Tensors"
            raise TypeError(f"{short}(): argument 'out' must be {what}, not {type(out).__name__}")
    if fields is not None and len(outs) != len(fields):
        raise TypeError(
            f"{short}(): argument 'out' must be tuple of Tensors with {len(fields)} elements"
        )
    if local.tape.grad and any(t.requires_grad for t in (*outs, *_tensors(given))):
        raise RuntimeError(
            f"{short}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )
    if schema.out_apart:
        _check_apart(outs, given)
    results = compute()
    if schema.out_dtype is not None:
        for o, r in zip(outs, (results,) if fields is None else results):
            if o.dtype is not r.dtype:
                raise RuntimeError(schema.out_dtype(r, o))
    if fields is None:
        return store_one(out, results)
    for o, r in zip(outs, results):
        store_one(o, r)
    return type(results)(*outs) if hasattr(results, "_fields") else tuple(outs)


def _check_apart(outs: tuple, given: tuple) -> None:
    for o in outs:
        if o._view is not None and overlaps_itself(o._v.meta.shape, o._view.strides):
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers "
                "to a single memory location. Please clone() the tensor before performing the "
                "operation."
            )
        for x in _tensors(given):
            check_overlap(o, x, True)


def expected_dtype(result: Tensor, out: Tensor) -> str:
    """The text of PyTorch's error for an out= of another dtype than the result's."""
    return (
        f"Expected out tensor to have dtype {c_name(result.dtype)}, but got {c_name(out.dtype)} "
        "instead"
    )


def c_name(d) -> str:
    """A dtype as PyTorch's checks print it: C++'s name."""
    return _C_NAMES.get(d.short, d.name)


_C_NAMES = {
    "f32": "float", "f64": "double", "i64": "long int", "i32": "int", "i16": "short int",
    "i8": "signed char", "u8": "unsigned char",
}  # fmt: skip


def _tensors(given: tuple):
    args, named = given
    for x in (*args, *named.values()):
        if isinstance(x, Tensor):
            yield x
        elif isinstance(x, (tuple, list)):
            yield from (v for v in x if isinstance(v, Tensor))


def store_one(out: Tensor, result: Tensor) -> Tensor:
    """out takes the values of result; a wrong size is changed, with PyTorch's warning."""
    from ._methods import write_result

    m, r = out._v.meta, result._v.meta
    if r.shape != m.shape:
        if m.numel:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape "
                f"{list(m.shape)}, which does not match the required output shape "
                f"{list(r.shape)}. This behavior is deprecated, and in a future PyTorch release "
                "outputs will not be resized unless they have zero elements. You can explicitly "
                "reuse an out tensor t by resizing it, inplace, to zero elements with "
                "t.resize_(0).", UserWarning, stacklevel=4,
            )  # fmt: skip
        out.resize_(r.shape)
    if result is out:
        return out
    if r is out._v.meta:
        result = local.tape.record(OPS["copy"], (result,))
    return write_result(out, result, "out")
