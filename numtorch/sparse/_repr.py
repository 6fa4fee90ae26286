"""The text of sparse tensors, laid out as PyTorch does."""

from __future__ import annotations

from .._repr import _array, _body, usual_dtypes

PREFIX = "tensor("


def sparse_repr(t) -> str:
    """tensor(indices=..., values=..., size=..., nnz=..., layout=...)."""
    names = ("indices",) if t.is_sparse else t._index_names
    parts = [_named(name, t._index(name)) for name in names]
    parts.append(_named("values", t._vals))
    nnz = f"nnz={t._nnz()}"
    size = f"size={tuple(t.shape)}"
    suffixes = []
    dtype = t.dtype
    if dtype not in usual_dtypes():
        suffixes.append(f"dtype={dtype!r}")
    suffixes.append(f"layout=torch.{t._layout}")
    if t.grad_fn is not None:
        suffixes.append(f"grad_fn=<{t.grad_fn.name()}>")
    elif t.requires_grad:
        suffixes.append("requires_grad=True")
    lead = " " * len(PREFIX)
    if t.is_sparse:
        text = PREFIX + f",\n{lead}".join(parts)
        return _suffixed(f"{text},\n{lead}{size}", [nnz, *suffixes], lead)
    text = PREFIX + f",\n{lead}".join(parts)
    return _suffixed(text, [size, nnz, *suffixes], lead, counted=2)


def _named(name: str, t) -> str:
    """A part's numbers, broken into lines for the place where they start."""
    head = f"{name}=tensor("
    if not t.numel():
        return f"{head}[], size={tuple(t.shape)})"
    return f"{head}{_body(_array(t), len(PREFIX) + len(head))})"


def _suffixed(text: str, suffixes: list[str], lead: str, counted: int = 0) -> str:
    """`counted`: characters that PyTorch counts more than there are in the last line."""
    at, width = len(text) - text.rfind("\n") - 1 + counted, 80
    for s in suffixes:
        if at + len(s) + 2 > width:
            text, at = f"{text},\n{lead}{s}", len(lead) + len(s)
        else:
            text, at = f"{text}, {s}", at + len(s) + 2
    return text + ")"
