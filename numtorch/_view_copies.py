"""Transposes as attributes, and the copies of views: squeeze_copy, ..."""

from __future__ import annotations

import warnings

from ._api import REGISTRY, function
from ._dims import permute, transpose
from ._out import store_one
from ._shape_ops import _copied
from ._strided import view_dtype
from ._tensor import Tensor
from ._views import _slice

# ---------------------------------------------------------------- T, H


@property
def _t(self):
    """The tensor with its dims reversed.

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2], [3, 4]]).T
    tensor([[1, 3],
            [2, 4]])
    """
    return permute(self, tuple(range(self.dim()))[::-1])


def _matrices(name: str, t: Tensor, exact: bool) -> None:
    if t.dim() == 2 or (not exact and t.dim() > 2):
        return
    what = "matrices (2-D tensors)" if exact else "matrices or batches of matrices"
    raise RuntimeError(f"tensor.{name} is only supported on {what}. Got {t.dim()}-D tensor.")


@property
def _mt(self):
    """The last two dims swapped.

    >>> import numtorch as torch
    >>> torch.zeros(5, 2, 3).mT.shape
    torch.Size([5, 3, 2])
    """
    _matrices("mT", self, False)
    return transpose(self, -2, -1)


@function("adjoint(Tensor input)")
def adjoint(input):
    """Conjugate transpose of the last two dims.

    >>> import numtorch as torch
    >>> torch.adjoint(torch.tensor([[1 + 1j, 2j], [3 + 0j, 4 - 1j]])).resolve_conj()
    tensor([[1.-1.j, 3.-0.j],
            [0.-2.j, 4.+1.j]])
    """
    if not input.dim():
        warnings.warn(
            "adjoint() is deprecated on 0-D tensors. Consider using x.conj().", UserWarning,
            stacklevel=2,
        )  # fmt: skip
        return input.conj()
    if input.dim() < 2:
        raise RuntimeError(
            f"tensor.adjoint() is only supported on matrices or batches of matrices. Got "
            f"{input.dim()}-D tensor."
        )
    out = transpose(input, -2, -1)
    return out.conj() if input.dtype.kind == "c" else out


@property
def _mh(self):
    """Conjugate transpose of the last two dims.

    >>> import numtorch as torch
    >>> torch.zeros(5, 2, 3).mH.shape
    torch.Size([5, 3, 2])
    """
    _matrices("mH", self, False)
    return adjoint(self)


@property
def _h(self):
    """Conjugate transpose of a matrix.

    >>> import numtorch as torch
    >>> torch.tensor([[1, 2], [3, 4]]).H
    tensor([[1, 3],
            [2, 4]])
    """
    _matrices("H", self, True)
    return adjoint(self)


Tensor.T, Tensor.mT, Tensor.mH, Tensor.H = _t, _mt, _mh, _h

# ---------------------------------------------------------------- copies of views

for _text, _names in (
    ("Tensor input, int[1]? dim=None", ("squeeze",)), ("Tensor input, int dim", ("unsqueeze",)),
    ("Tensor input, int[] dims", ("permute",)),
    ("Tensor input", ("t", "view_as_real", "view_as_complex")),
    ("Tensor input, int dim0, int dim1", ("transpose",)),
    ("Tensor input, int[] size", ("expand", "view")),
    ("Tensor input, int dim, any start, int length", ("narrow",)),
    ("Tensor input, int dim, int index", ("select",)), ("Tensor input, int dim=0", ("unbind",)),
    ("Tensor input, int offset=0, int dim1=0, int dim2=1", ("diagonal",)),
    ("Tensor input, int[] size, int[] stride, int? storage_offset=None", ("as_strided",)),
    ("Tensor input, int dimension, int size, int step", ("unfold",)),
    ("Tensor input, int split_size, int dim=0", ("split",)),
    ("Tensor input, int[] split_sizes, int dim=0", ("split_with_sizes",)),
):  # fmt: skip
    for _one in _names:

        def _run(input, *args, _of=_one):
            if _of == "narrow" and args[2] < 0:
                raise RuntimeError(
                    f"start ({args[1]}) + length ({args[2]}) exceeds dimension size "
                    f"({input.size(args[0])})."
                )
            if _of == "narrow" and 0 < input.dim() <= args[0]:
                raise RuntimeError(
                    "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got "
                    "false.  (Could this error message be improved?  If so, please report an "
                    "enhancement request to PyTorch.)"
                )
            view = getattr(Tensor, _of, None) or REGISTRY[_of].public
            found = view(input, *args)
            return tuple(map(_copied, found)) if isinstance(found, tuple) else _copied(found)

        _run.__doc__ = f"A copy of what `{_one}` gives."
        function(f"{_one}_copy({_text})", out=True, method=_one == "narrow")(_run)


def _with_outs(name: str) -> None:
    """out= takes a sequence of as many tensors as there are results."""
    f = REGISTRY[name]
    checked = f.public

    def public(*args, out=None, **named):
        results = checked(*args, **named)
        if out is None:
            return results
        if len(out) != len(results):
            raise RuntimeError(
                f"{name}(): expected an out= argument of size {len(results)}, got size {len(out)}"
            )
        for o, r in zip(out, results):
            store_one(o, r)
        return None

    public.__name__, public.__doc__, public.__module__ = name, checked.__doc__, "numtorch"
    f.public = public


for _name in ("unbind_copy", "split_copy", "split_with_sizes_copy"):
    _with_outs(_name)


def _copy_dtype(input, dtype):
    return _copied(view_dtype(input, dtype))


function("view_copy(Tensor input, dtype dtype)", out=True, method=False)(_copy_dtype)


@function("alias_copy(Tensor input)", out=True, method=False)
def alias_copy(input):
    """A copy of the whole tensor, in row-major order.

    >>> import numtorch as torch
    >>> torch.alias_copy(torch.tensor([[1, 2], [3, 4]]).t()).stride()
    (2, 1)
    """
    return _copied(input)


@function("detach_copy(Tensor input)", out=True, method=False)
def detach_copy(input):
    """A copy of what `detach` gives."""
    return _copied(input.detach())


@function(
    "slice_copy(Tensor input, int dim=0, int? start=None, int? end=None, int step=1)",
    out=True, method=False,
)  # fmt: skip
def slice_copy(input, *args):
    """A copy of the elements start:end:step of a dim."""
    return _copied(_slice(input, *args))
