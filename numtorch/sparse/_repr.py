"""The text of sparse tensors, laid out as PyTorch does."""

from __future__ import annotations

PREFIX = "tensor("


def sparse_repr(t) -> str:
    """tensor(indices=..., values=..., size=..., nnz=..., layout=...)."""
    from .. import get_default_dtype

    parts = []
    names = ("indices",) if t.is_sparse else t._index_names
    for name in names:
        parts.append(_named(name, repr(t._index(name))))
    values = repr(t._vals.detach()).replace(f", dtype={t.dtype!r})", ")")
    parts.append(_named("values", values))
    nnz = f"nnz={t._nnz()}"
    size = f"size={tuple(t.shape)}"
    suffixes = []
    dtype = t.dtype
    default = (get_default_dtype().name, "int64", "bool")
    if dtype.name not in default:
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
    return _suffixed(text, [size, nnz, *suffixes], lead)


def _named(name: str, text: str) -> str:
    head = f"{name}="
    text = text.replace("\n", "\n" + " " * (len(PREFIX) + len(head)))
    return head + text


def _suffixed(text: str, suffixes: list[str], lead: str, width: int = 80) -> str:
    at = len(text) - text.rfind("\n") - 1
    for s in suffixes:
        if at + len(s) + 2 > width:
            text, at = f"{text},\n{lead}{s}", len(lead) + len(s)
        else:
            text, at = f"{text}, {s}", at + len(s) + 2
    return text + ")"
