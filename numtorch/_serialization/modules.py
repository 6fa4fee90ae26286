"""The state of whole modules in pickles: as PyTorch's modules have it, and back."""

from __future__ import annotations

from collections import OrderedDict

from .. import nn
from ..nn.modules import conv as _conv
from ..nn.modules import rnn as _rnn

_HOOKS = (
    "_backward_hooks", "_backward_pre_hooks", "_forward_hooks", "_forward_hooks_always_called",
    "_forward_hooks_with_kwargs", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs",
    "_load_state_dict_post_hooks", "_load_state_dict_pre_hooks", "_state_dict_hooks",
    "_state_dict_pre_hooks",
)  # fmt: skip
_REGISTRIES = ("_parameters", "_buffers", "_modules")
_RNN = ("_flat_weights_names", "_all_weights", "_flat_weights", "_flat_weight_refs")


def reduce_module(module: nn.Module):
    """What a pickler needs of a module, its state in PyTorch's form."""
    found = module.__reduce_ex__(2)
    if len(found) < 3 or not isinstance(found[2], dict) or "_parameters" not in found[2]:
        return found  # the class has a way of its own
    return (*found[:2], to_torch(module, found[2]), *found[3:])


def to_torch(module: nn.Module, state: dict) -> dict:
    """Without a second copy of what is registered; with all hooks that PyTorch looks for."""
    state = dict(state)
    for registry in _REGISTRIES:
        for name in state[registry]:
            state.pop(name, None)
    state.pop("_hooked", None)
    with_kwargs = state.pop("_hooks_with_kwargs", set())
    for name in _HOOKS:
        state[name] = OrderedDict(state.get(name) or {})
    for name in ("_forward_hooks", "_forward_pre_hooks"):
        state[f"{name}_with_kwargs"].update((k, True) for k in state[name] if k in with_kwargs)
    state.setdefault("_is_full_backward_hook", None)
    if isinstance(module, _conv._ConvNd):
        state["transposed"] = type(module).__name__.endswith(("Transpose1d", "Transpose2d",
                                                              "Transpose3d"))  # fmt: skip
        state.setdefault("_reversed_padding_repeated_twice", _repeated(module))
    elif isinstance(module, _rnn.RNNBase):
        names = [list(group) for group in state.pop("_all_names")]
        flat = [name for group in names for name in group]
        weights = [getattr(module, name) for name in flat]
        state.update(_all_weights=names, _flat_weights_names=flat, _flat_weights=weights)
    elif isinstance(module, nn.TransformerEncoderLayer):
        kind = getattr(module.activation, "__name__", type(module.activation).__name__).lower()
        state["activation_relu_or_gelu"] = {"relu": 1, "gelu": 2}.get(kind, 0)
    elif isinstance(module, nn.TransformerEncoder):
        state.setdefault("use_nested_tensor", False)
    elif isinstance(module, nn.MultiheadAttention):
        state.update((k, None) for k in ("bias_k", "bias_v") if not hasattr(module, k))
    return state


def _repeated(module) -> list[int]:
    """Each padding twice, the last dim first."""
    padding = module.padding
    if isinstance(padding, str):
        total = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size)]
        pairs = [(n // 2, n - n // 2) if padding == "same" else (0, 0) for n in total]
        return [n for pair in reversed(pairs) for n in pair]
    return [n for n in reversed(tuple(padding)) for _ in range(2)]


def from_torch(module: nn.Module, state: dict) -> dict:
    """A module's attributes here of a state in PyTorch's form."""
    state = dict(state)
    with_kwargs: set = set()
    for name in ("_forward_hooks", "_forward_pre_hooks"):
        with_kwargs.update(state.get(f"{name}_with_kwargs") or ())
    hooked = any(state.get(name) for name in ("_forward_hooks", "_forward_pre_hooks"))
    for name in _HOOKS:
        kept = hooked and name in ("_forward_hooks", "_forward_pre_hooks")
        if not state.get(name) and not kept:
            state.pop(name, None)
        elif name.endswith(("_with_kwargs", "_always_called")):
            state.pop(name)
    if hooked:
        state.update(_hooked=True, _hooks_with_kwargs=with_kwargs)
    if isinstance(module, _rnn.RNNBase):
        state["_all_names"] = [list(group) for group in state["_all_weights"]]
        for name in _RNN:
            state.pop(name, None)
    for registry in _REGISTRIES:
        state.update(state[registry])
    return state
