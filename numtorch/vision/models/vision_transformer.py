"""Vision Transformer (Dosovitskiy et al. 2020)."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from ... import nn
from ..._creation import empty, zeros
from ..._joins import cat
from ..._tensor import Tensor
from ...nn import functional as F
from ..ops.misc import MLP
from ._api import register_model
from ._weights import weights_enum

_norm = partial(nn.LayerNorm, eps=1e-6)


class MLPBlock(MLP):
    """Two linear layers with GELU between."""

    _version = 2

    def __init__(self, in_dim: int, mlp_dim: int, dropout: float):
        super().__init__(in_dim, [mlp_dim, in_dim], activation_layer=nn.GELU, dropout=dropout)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.normal_(m.bias, std=1e-6)

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        if (local_metadata.get("version") or 1) < 2:  # files from before MLP had other names
            for k in range(2):
                for kind in ("weight", "bias"):
                    old = f"{prefix}linear_{k + 1}.{kind}"
                    if old in state_dict:
                        state_dict[f"{prefix}{3 * k}.{kind}"] = state_dict.pop(old)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class EncoderBlock(nn.Module):
    """Attention, then two linear layers; each beside a shortcut and after a norm."""

    def __init__(
        self, num_heads: int, hidden_dim: int, mlp_dim: int, dropout: float,
        attention_dropout: float, norm_layer: Callable[..., nn.Module] = _norm,
    ):  # fmt: skip
        super().__init__()
        self.num_heads = num_heads
        self.ln_1 = norm_layer(hidden_dim)
        self.self_attention = nn.MultiheadAttention(
            hidden_dim, num_heads, dropout=attention_dropout, batch_first=True
        )
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = norm_layer(hidden_dim)
        self.mlp = MLPBlock(hidden_dim, mlp_dim, dropout)

    def forward(self, input: Tensor) -> Tensor:
        """[batch, tokens, hidden_dim]."""
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x) + input
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    """Places added to the tokens, the blocks, a norm."""

    def __init__(
        self, seq_length: int, num_layers: int, num_heads: int, hidden_dim: int, mlp_dim: int,
        dropout: float, attention_dropout: float, norm_layer: Callable[..., nn.Module] = _norm,
    ):  # fmt: skip
        super().__init__()
        self.pos_embedding = nn.Parameter(empty(1, seq_length, hidden_dim).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        block = partial(
            EncoderBlock, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout, norm_layer
        )
        self.layers = nn.Sequential(
            OrderedDict((f"encoder_layer_{k}", block()) for k in range(num_layers))
        )
        self.ln = norm_layer(hidden_dim)

    def forward(self, input: Tensor) -> Tensor:
        """[batch, tokens, hidden_dim]."""
        return self.ln(self.layers(self.dropout(input + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Patches of the image as tokens, with one more whose output is classified."""

    def __init__(
        self, image_size: int, patch_size: int, num_layers: int, num_heads: int, hidden_dim: int,
        mlp_dim: int, dropout: float = 0.0, attention_dropout: float = 0.0,
        num_classes: int = 1000, representation_size: int | None = None,
        norm_layer: Callable[..., nn.Module] = _norm,
    ):  # fmt: skip
        super().__init__()
        if image_size % patch_size:
            raise AssertionError("Input shape indivisible by patch size!")
        self.image_size, self.patch_size, self.hidden_dim = image_size, patch_size, hidden_dim
        self.mlp_dim, self.attention_dropout, self.dropout = mlp_dim, attention_dropout, dropout
        self.num_classes, self.representation_size = num_classes, representation_size
        self.conv_proj = nn.Conv2d(3, hidden_dim, patch_size, patch_size)
        self.class_token = nn.Parameter(zeros(1, 1, hidden_dim))
        self.seq_length = (image_size // patch_size) ** 2 + 1
        self.encoder = Encoder(
            self.seq_length, num_layers, num_heads, hidden_dim, mlp_dim, dropout,
            attention_dropout, norm_layer,
        )  # fmt: skip
        head: OrderedDict[str, nn.Module] = OrderedDict()
        if representation_size is not None:
            head["pre_logits"] = nn.Linear(hidden_dim, representation_size)
            head["act"] = nn.Tanh()
            nn.init.trunc_normal_(head["pre_logits"].weight, std=math.sqrt(1 / hidden_dim))
            nn.init.zeros_(head["pre_logits"].bias)
        head["head"] = nn.Linear(representation_size or hidden_dim, num_classes)
        self.heads = nn.Sequential(head)
        fan_in = 3 * patch_size * patch_size
        nn.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / fan_in))
        for t in (self.conv_proj.bias, self.heads.head.weight, self.heads.head.bias):
            nn.init.zeros_(t)

    def _process_input(self, x: Tensor) -> Tensor:
        """The patches as tokens [batch, patches, hidden_dim]."""
        _, _, h, w = x.shape
        for side, n in (("height", h), ("width", w)):
            if n != self.image_size:
                raise AssertionError(
                    f"Wrong image {side}! Expected {self.image_size} but got {n}!"
                )
        return self.conv_proj(x).flatten(2).permute(0, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of the classes."""
        x = self._process_input(x)
        x = cat([self.class_token.expand(x.shape[0], -1, -1), x], 1)
        return self.heads(self.encoder(x)[:, 0])


def interpolate_embeddings(
    image_size: int, patch_size: int, model_state: OrderedDict,
    interpolation_mode: str = "bicubic", reset_heads: bool = False,
) -> OrderedDict:  # fmt: skip
    """A state_dict for images of another size: the places are interpolated."""
    places = model_state["encoder.pos_embedding"]
    n, length, dim = places.shape
    if n != 1:
        raise ValueError(f"Unexpected position embedding shape: {places.shape}")
    side, want = math.isqrt(length - 1), image_size // patch_size
    if side == want:
        return model_state
    if side * side != length - 1:
        raise ValueError(f"seq_length is not a perfect square: {length - 1}")
    grid = places[:, 1:].permute(0, 2, 1).reshape(1, dim, side, side)
    grid = F.interpolate(grid, size=want, mode=interpolation_mode, align_corners=True)
    moved = grid.reshape(1, dim, want * want).permute(0, 2, 1)
    model_state["encoder.pos_embedding"] = cat([places[:, :1], moved], 1)
    if reset_heads:
        kept = [(k, v) for k, v in model_state.items() if not k.startswith("heads")]
        return OrderedDict(kept)
    return model_state


# Patch, layers, heads, hidden and MLP width.
_SIZES = {"b_16": (16, 12, 12, 768, 3072), "b_32": (32, 12, 12, 768, 3072),
          "l_16": (16, 24, 16, 1024, 4096), "l_32": (32, 24, 16, 1024, 4096),
          "h_14": (14, 32, 16, 1280, 5120)}  # fmt: skip


def _prepare(weights, kwargs: dict) -> None:
    kwargs["image_size"] = weights.meta["min_size"][0]


def _builder(size: str) -> dict:
    def build(**kwargs) -> VisionTransformer:
        return VisionTransformer(kwargs.pop("image_size", 224), *_SIZES[size], **kwargs)

    build.__name__ = build.__qualname__ = f"vit_{size}"
    build.__doc__ = f"Vision Transformer {size.upper().replace('_', '/')}."
    weights = weights_enum(f"ViT_{size.upper()}_Weights", __name__)
    return {build.__name__: register_model(weights, prepare=_prepare)(build),
            weights.__name__: weights}  # fmt: skip


_made: dict = {}
for _size in _SIZES:
    _made.update(_builder(_size))
globals().update(_made)
__all__ = ["VisionTransformer", *_made]
