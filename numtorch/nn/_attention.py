"""Attention; Vaswani et al., Attention is all you need (2017)."""

from __future__ import annotations

import math
import warnings

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.record import local

from .. import _creation
from .._joins import cat
from .._tensor import Tensor
from . import _check
from ._record import must_be_tensor
from .functional import dropout, linear, pad


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None,
    dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(query @ key.T * scale + mask) @ value for [..., L, E], [..., S, E], [..., S, V].

    A bool mask says what takes part, any other is added to the scores; is_causal lets position i
    see the keys up to i. scale is 1 / sqrt(E) by default.

    >>> import numtorch as torch
    >>> q = torch.ones(1, 2, 4)
    >>> torch.nn.functional.scaled_dot_product_attention(q, q, q).shape
    torch.Size([1, 2, 4])
    """
    must_be_tensor("scaled_dot_product_attention", query=query, key=key, value=value)
    if isinstance(scale, str):
        raise TypeError(
            "scaled_dot_product_attention(): argument 'scale' must be float, not str"
        )
    if not dropout_p <= 1.0:
        raise RuntimeError(
            f"dropout probability has to be between 0 and 1, but got {dropout_p:g}"
        )
    for x in (query, key, value):
        if x.dim() < 2:
            raise RuntimeError(
                "Expected query, key, and value to all be  at least 2 dimensional, but got "
                f"query.dim: {query.dim()} key.dim: {key.dim()} and value.dim: {value.dim()} "
                "instead."
            )
    if query.dtype is not key.dtype or query.dtype is not value.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{_check.C_TYPES[query.dtype.short]} key.dtype: {_check.C_TYPES[key.dtype.short]} "
            f"and value.dtype: {_check.C_TYPES[value.dtype.short]} instead."
        )
    if attn_mask is not None and attn_mask.dtype.kind != "b":
        if attn_mask.dtype is not query.dtype and attn_mask.dtype.short != "f32":
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
                f"attn_mask.dtype: {_check.C_TYPES[attn_mask.dtype.short]} and  query.dtype: "
                f"{_check.C_TYPES[query.dtype.short]} instead."
            )
    if attn_mask is not None and is_causal:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")  # noqa: E501
    if enable_gqa:
        if query.size(-3) % key.size(-3) or query.size(-3) % value.size(-3):
            raise RuntimeError(
                "Number of heads in key and value must divide the number of heads in query"
            )
        times = query.size(-3) // key.size(-3)
        key = key.repeat_interleave(times, -3)
        value = value.repeat_interleave(query.size(-3) // value.size(-3), -3)
    scale = 1 / math.sqrt(query.size(-1)) if scale is None else scale
    if is_causal:
        attn_mask = causal(query.size(-2), key.size(-2))
    if dropout_p <= 0.0 and not local.tape.levels and _fits(query, key, value, attn_mask):
        operands = (query * scale, key, value)
        if attn_mask is not None:
            operands += (attn_mask,)
            if attn_mask.dtype.kind == "b":
                operands += (-math.inf,) if is_causal else (-math.inf, 0.0)
        return local.tape.record(OPS["attention"], operands)
    scores = (query * scale).matmul(key.transpose(-2, -1))
    if attn_mask is not None:
        if attn_mask.dtype.kind == "b":
            scores = scores.masked_fill(~attn_mask, -math.inf)
        else:
            scores = scores + attn_mask
    weights = scores.softmax(-1)
    if attn_mask is not None and attn_mask.dtype.kind == "b":
        # A row that sees nothing is zero.
        weights = weights.masked_fill(~attn_mask, 0.0)
    if dropout_p > 0.0:
        weights = dropout(weights, dropout_p)
    return weights.matmul(value)


def _fits(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> bool:
    """True for what the op takes: products of floats with equal inner sizes, and a mask of at most
    the scores' shape. The rest is put together from products, which refuse what does not go."""
    if query.dtype.kind != "f" or query.size(-1) != key.size(-1) or key.size(-2) != value.size(-2):
        return False
    leads = [tuple(x.shape[:-2]) for x in (query, key, value)]
    try:
        lead = np.broadcast_shapes(*leads)
        if mask is None:
            return True
        shape = (*lead, query.size(-2), key.size(-2))
        known = mask.dtype is query.dtype or mask.dtype.kind == "b"
        return known and np.broadcast_shapes(tuple(mask.shape), shape) == shape
    except ValueError:
        return False


def causal(rows: int, columns: int) -> Tensor:
    """[rows, columns] bool: True where column <= row."""
    return _creation.arange(rows).unsqueeze(1) >= _creation.arange(columns)


def _as_float_mask(mask: Tensor | None, name: str, dtype) -> Tensor | None:
    """A mask to be added: True becomes minus infinity."""
    if mask is None:
        return None
    if mask.dtype.kind not in "bf":
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if mask.dtype.kind == "f":
        return mask
    return _creation.zeros(tuple(mask.shape), dtype=dtype).masked_fill(mask, -math.inf)


def matching(mask: Tensor | None, name: str, other: Tensor | None, other_name: str, dtype):
    """A padding mask; one to be added, after a warning, where the other mask is of another type."""
    if mask is None or other is None or mask.dtype is other.dtype:
        return mask
    warnings.warn(
        f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both "
        "instead.", stacklevel=3,
    )  # fmt: skip
    return _as_float_mask(mask, name, dtype)


def _projections(query, key, value, w, b, separate, dims: int):
    """q, k, v after their projections."""
    if separate is not None:
        parts = (None,) * 3 if b is None else b.chunk(3)
        return tuple(linear(x, m, p) for x, m, p in zip((query, key, value), separate, parts))
    if query is key and key is value:
        return linear(query, w, b).chunk(3, -1)
    parts = (None,) * 3 if b is None else b.chunk(3)
    return tuple(linear(x, m, p) for x, m, p in zip((query, key, value), w.chunk(3), parts))


def _check_ranks(query, key, value, key_padding_mask, attn_mask, heads: int) -> bool:
    """True for a batch; AssertionError where the ranks do not fit together."""
    rank = query.dim()
    if rank not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {rank}-D query tensor"
        )
    start = f"For {'batched' if rank == 3 else 'unbatched'} ({rank}-D) `query`, expected"
    if key.dim() != rank or value.dim() != rank:
        raise AssertionError(
            f"{start} `key` and `value` to be {rank}-D but found {key.dim()}-D and {value.dim()}-D "
            "tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != rank - 1:
        raise AssertionError(
            f"{start} `key_padding_mask` to be `None` or {rank - 1}-D but found "
            f"{key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.dim() not in (2, 3):
        raise AssertionError(
            f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor "
            "instead"
        )
    if attn_mask is not None and rank == 2 and attn_mask.dim() == 3:
        wanted = (heads, query.shape[0], key.shape[0])
        if tuple(attn_mask.shape) != wanted:
            raise AssertionError(
                f"Expected `attn_mask` shape to be {wanted} but got {attn_mask.shape}"
            )
    return rank == 3


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int,
    in_proj_weight: Tensor | None, in_proj_bias: Tensor | None, bias_k: Tensor | None,
    bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float, out_proj_weight: Tensor,
    out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
    need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attention of several heads: query [L, N, E] (or [L, E]) -> ([L, N, E], weights [N, L, S]).

    >>> import numtorch as torch
    >>> x, w = torch.zeros(5, 4, 8), torch.zeros(24, 8)
    >>> output, weights = torch.nn.functional.multi_head_attention_forward(
    ...     x, x, x, 8, 2, w, None, None, None, False, 0.0, torch.zeros(8, 8), None
    ... )
    >>> output.shape, weights.shape
    (torch.Size([5, 4, 8]), torch.Size([4, 5, 5]))
    """
    batched = _check_ranks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        same = query is key and key is value
        query = query.unsqueeze(1)
        key, value = (query, query) if same else (key.unsqueeze(1), value.unsqueeze(1))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, n, dim = query.shape
    if dim != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {dim}"
        )
    head = dim // num_heads
    if head * num_heads != dim:
        raise AssertionError(f"embed_dim {dim} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    if use_separate_proj_weight and key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    if not use_separate_proj_weight and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    separate = None
    if use_separate_proj_weight:
        separate = (q_proj_weight, k_proj_weight, v_proj_weight)
    q, k, v = _projections(query, key, value, in_proj_weight, in_proj_bias, separate, dim)
    # As in PyTorch the hint replaces the mask only where no weights are asked for.
    hint = is_causal and key_padding_mask is None and not need_weights
    mask = None if hint else _mask_of(attn_mask, key_padding_mask, q, k, n, num_heads)
    if bias_k is not None:
        k, v = cat([k, bias_k.repeat(1, n, 1)]), cat([v, bias_v.repeat(1, n, 1)])
        mask = None if mask is None else pad(mask, (0, 1))
    # [N * heads, length, head]
    q = q.reshape(length, n * num_heads, head).transpose(0, 1)
    k = static_k if static_k is not None else k.reshape(-1, n * num_heads, head).transpose(0, 1)
    v = static_v if static_v is not None else v.reshape(-1, n * num_heads, head).transpose(0, 1)
    if add_zero_attn:
        zeros = _creation.zeros(n * num_heads, 1, head, dtype=k.dtype)
        k, v = cat([k, zeros], 1), cat([v, zeros], 1)
        mask = None if mask is None else pad(mask, (0, 1))
    scores = (q * (1.0 / math.sqrt(head))).matmul(k.transpose(1, 2))
    if hint:
        later = _creation.ones(length, k.size(1), dtype=_d.bool_).triu(1)
        scores = scores.masked_fill(later, -math.inf)
    elif mask is not None:
        scores = scores + mask
    weights = scores.softmax(-1)
    if training and dropout_p > 0.0:
        weights = dropout(weights, dropout_p)
    out = weights.matmul(v).transpose(0, 1).reshape(length * n, dim)
    out = linear(out, out_proj_weight, out_proj_bias).reshape(length, n, -1)
    shown = None
    if need_weights:
        shown = weights.reshape(n, num_heads, length, -1)
        shown = shown.mean(1) if average_attn_weights else shown
    if not batched:
        out, shown = out.squeeze(1), None if shown is None else shown.squeeze(0)
    return out, shown


def _mask_of(attn_mask, key_padding_mask, q: Tensor, k: Tensor, n: int, heads: int):
    """Both masks as one to be added to [N * heads, L, S]; AssertionError for wrong shapes."""
    length, keys = q.size(0), k.size(0)
    mask = _as_float_mask(attn_mask, "attn_mask", q.dtype)
    if mask is not None:
        allowed = {2: (length, keys), 3: (n * heads, length, keys)}
        if mask.dim() not in allowed:
            raise RuntimeError(f"attn_mask's dimension {mask.dim()} is not supported")
        if tuple(mask.shape) != allowed[mask.dim()]:
            raise RuntimeError(
                f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be "
                f"{allowed[mask.dim()]}."
            )
    if key_padding_mask is None:
        return mask
    key_padding_mask = matching(
        key_padding_mask, "key_padding_mask", attn_mask, "attn_mask", q.dtype
    )
    for k, (found, wanted) in enumerate(zip(key_padding_mask.shape, (n, keys))):
        if found != wanted:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{k}] to be {wanted}, but got {found}"
            )
    padding = _as_float_mask(key_padding_mask, "key_padding_mask", q.dtype)
    padding = padding.reshape(n, 1, 1, keys).expand(n, heads, 1, keys).reshape(n * heads, 1, keys)
    return padding if mask is None else mask + padding
