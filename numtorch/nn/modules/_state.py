"""state_dict and load_state_dict of Module."""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from types import MappingProxyType

from ..._tensor import Tensor
from ...autograd import no_grad
from ...utils.hooks import RemovableHandle, add
from ..parameter import Parameter


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What load_state_dict(strict=False) left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


_NONE = MappingProxyType({})
_ISSUE = (
    "Please file an issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml "
    "to report this bug."
)


class ModuleState:
    """The part of Module that saves and loads."""

    _version = 1
    # Hooks by id; an instance gets dicts of its own with its first hook.
    _state_dict_pre_hooks = _state_dict_hooks = _NONE
    _load_state_dict_pre_hooks = _load_state_dict_post_hooks = _NONE

    def _add_state_hook(self, kind: str, hook) -> RemovableHandle:
        return add(self.__dict__.setdefault(kind, OrderedDict()), hook)

    def register_state_dict_pre_hook(self, hook) -> RemovableHandle:
        """Calls hook(module, prefix, keep_vars) before the module is saved."""
        return self._add_state_hook("_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook) -> RemovableHandle:
        """Calls hook(module, state_dict, prefix, local_metadata), which may change state_dict."""

        def checked(*args) -> None:
            if hook(*args) is not None:
                raise RuntimeError("state_dict post-hook must return None")

        return self._add_state_hook("_state_dict_hooks", checked)

    def _register_state_dict_hook(self, hook) -> RemovableHandle:
        # Like the public one, but what the hook returns becomes the state dict.
        return self._add_state_hook("_state_dict_hooks", hook)

    def register_load_state_dict_pre_hook(self, hook) -> RemovableHandle:
        """Calls hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs) before the module is loaded."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module: bool = False):
        def bound(*args) -> None:
            hook(self, *args)

        kind = "_load_state_dict_pre_hooks"
        return self._add_state_hook(kind, bound if with_module else hook)

    def register_load_state_dict_post_hook(self, hook) -> RemovableHandle:
        """Calls hook(module, incompatible_keys) after the module was loaded."""
        return self._add_state_hook("_load_state_dict_post_hooks", hook)

    def get_extra_state(self):
        """Extra state for state_dict; subclasses may define it together with set_extra_state."""
        raise RuntimeError(
            f"Reached a code path in Module.get_extra_state() that should never be called. {_ISSUE}"
        )

    def set_extra_state(self, state) -> None:
        """Takes what get_extra_state gave; subclasses define both."""
        raise RuntimeError(
            f"Reached a code path in Module.set_extra_state() that should never be called. {_ISSUE}"
        )

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not ModuleState.get_extra_state

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        for name, p in self._parameters.items():
            if p is not None:
                destination[prefix + name] = p if keep_vars else p.detach()
        for name, b in self._buffers.items():
            if b is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = b if keep_vars else b.detach()
        if self._has_extra_state():
            destination[prefix + "_extra_state"] = self.get_extra_state()

    def state_dict(
        self, *args, destination=None, prefix: str = "", keep_vars: bool = False
    ) -> dict:
        """Parameters and persistent buffers by dotted name; they share memory with the module."""
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to https://pytorch"
                ".org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for "
                "details.", FutureWarning, stacklevel=2,
            )  # fmt: skip
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 else prefix
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, local)
            destination = destination if result is None else result
        return destination

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ) -> None:
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                error_msgs,
            )  # fmt: skip
        own = {**self._parameters}
        own |= {
            k: v for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set
        }
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, t in own.items():
            key = prefix + name
            if t is None:
                continue
            if key not in state_dict:
                missing_keys.append(key)
                continue
            message = self._load_one(name, t, key, state_dict[key], assign)
            if message:
                error_msgs.append(message)
        key = prefix + "_extra_state"
        if self._has_extra_state():
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            else:
                missing_keys.append(key)
        elif key in state_dict:
            unexpected_keys.append(key)
        for key in state_dict:
            if key.startswith(prefix) and key != prefix + "_extra_state":
                first = key[len(prefix) :].split(".", 1)
                known = first[0] in self._modules if len(first) > 1 else first[0] in own
                if not known:
                    unexpected_keys.append(key)

    def _load_one(self, name: str, t: Tensor, key: str, value, assign: bool) -> str:
        """Loads one value; returns PyTorch's message if that fails."""
        if not isinstance(value, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(value)}"
            )
        if value.shape != t.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, the shape in current model is {t.shape}."
            )
        if assign:
            if isinstance(t, Parameter) and not isinstance(value, Parameter):
                value = Parameter(value, requires_grad=t.requires_grad)
            elif isinstance(t, Parameter) and value.is_leaf:
                value.requires_grad_(t.requires_grad)
            setattr(self, name, value)
            return ""
        with no_grad():
            t.copy_(value)
        return ""

    def load_state_dict(self, state_dict, strict: bool = True, assign: bool = False):
        """Copies values of a state_dict into parameters and buffers.

        With `strict`, RuntimeError unless the keys match exactly; shapes must match always.
        Returns (missing_keys, unexpected_keys).
        """
        if not hasattr(state_dict, "items"):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None) or {}
        state_dict = OrderedDict(state_dict)  # hooks may change it

        def load(module: ModuleState, prefix: str) -> None:
            local = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                state_dict, prefix, local, True, missing, unexpected, errors
            )
            for name, child in module._modules.items():
                if child is not None:
                    load(child, prefix + name + ".")
            for hook in module._load_state_dict_post_hooks.values():
                hook(module, _IncompatibleKeys(missing, unexpected))

        load(self, "")
        if strict:
            for title, keys in (("Unexpected", unexpected), ("Missing", missing)):
                if keys:
                    listed = ", ".join(f'"{k}"' for k in keys)
                    errors.insert(0, f"{title} key(s) in state_dict: {listed}. ")
        if errors:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                + "\n\t".join(errors)
            )
        return _IncompatibleKeys(missing, unexpected)
