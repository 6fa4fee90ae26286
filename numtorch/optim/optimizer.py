"""Optimizer: parameter groups, state, hooks and state dicts."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any, TypeAlias

from numtorch.jit import dtypes as _d

from .._repr import typename
from .._tensor import Tensor
from ..autograd import set_grad_enabled
from ..utils.hooks import RemovableHandle, add

__all__ = [
    "Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook",
]  # fmt: skip


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
ParamsT: TypeAlias = (
    Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
)


def _use_grad_for_differentiable(func: Callable) -> Callable:
    """A step that records its gradients only if the optimizer's `differentiable` says so."""

    @functools.wraps(func)
    def step(self, *args, **kwargs):
        with set_grad_enabled(self.defaults["differentiable"]):
            return func(self, *args, **kwargs)

    return step


def _get_value(x):
    return x.item() if isinstance(x, Tensor) else x


def _view_as_real(params: list, *state_and_grads: list) -> None:
    """Complex parameters, and what belongs to them, become views of two real numbers each."""
    from .._complex import view_as_real

    for i, p in enumerate(params):
        if p.dtype.is_complex:
            for held in (params, *state_and_grads):
                held[i] = view_as_real(held[i])


def _default_to_fused_or_foreach(
    params: list, differentiable: bool, use_fused: bool = False
) -> tuple[bool, bool]:
    """(fused, foreach): which kind of step an optimizer without a choice takes."""
    plain = not differentiable
    return plain and use_fused, plain and not use_fused

_global_pre: OrderedDict = OrderedDict()
_global_post: OrderedDict = OrderedDict()
_HOOKS = (
    "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks",
    "_optimizer_state_dict_pre_hooks", "_optimizer_state_dict_post_hooks",
    "_optimizer_load_state_dict_pre_hooks", "_optimizer_load_state_dict_post_hooks",
)  # fmt: skip


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(optimizer, args, kwargs) before each step of every optimizer.

    >>> import numtorch as torch
    >>> def hook(optimizer, args, kwargs):
    ...     print("before a step")
    >>> from numtorch.optim.optimizer import register_optimizer_step_pre_hook
    >>> handle = register_optimizer_step_pre_hook(hook)
    >>> torch.optim.SGD([torch.zeros(1)], lr=1.0).step()
    before a step
    >>> handle.remove()
    """
    return add(_global_pre, hook)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """Calls hook(optimizer, args, kwargs) after each step of every optimizer.

    >>> import numtorch as torch
    >>> def hook(optimizer, args, kwargs):
    ...     print("after a step")
    >>> from numtorch.optim.optimizer import register_optimizer_step_post_hook
    >>> handle = register_optimizer_step_post_hook(hook)
    >>> torch.optim.SGD([torch.zeros(1)], lr=1.0).step()
    after a step
    >>> handle.remove()
    """
    return add(_global_post, hook)


def scalar_dtype():
    """The dtype of step counts and other numbers in the state."""
    return _d.float64 if _d.default is _d.float64 else _d.float32


def number(x):
    """An option's value as a Python number (a tensor's is read)."""
    return x.item() if isinstance(x, Tensor) else x


def check_lr(lr, text: str = "Invalid learning rate") -> None:
    """PyTorch's errors for a learning rate: one element, not negative."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not lr >= 0.0:
        raise ValueError(f"{text}: {lr}")


def check_options(**options) -> None:
    """ValueError for the first option that is negative; names are those of PyTorch's errors."""
    for name, value in options.items():
        if not value >= 0.0:
            raise ValueError(f"Invalid {name} value: {value}")


def check_betas(betas) -> None:
    for i in range(2):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]}")


def run_closure(closure):
    """The closure's loss, with gradients recorded."""
    if closure is None:
        return None
    with set_grad_enabled(True):
        return closure()


def _hooked(step: Callable) -> Callable:
    """A step that calls the hooks."""

    @functools.wraps(step)
    def wrapper(*args, **kwargs):
        self = args[0]
        pre, post = self._optimizer_step_pre_hooks, self._optimizer_step_post_hooks
        if not (pre or post or _global_pre or _global_post):
            return step(*args, **kwargs)
        for hook in chain(_global_pre.values(), pre.values()):
            result = hook(self, args, kwargs)
            if result is not None:
                if not (isinstance(result, tuple) and len(result) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {result}."
                    )
                args, kwargs = result
        out = step(*args, **kwargs)
        for hook in chain(post.values(), _global_post.values()):
            hook(self, args, kwargs)
        return out

    wrapper.hooked = True
    return wrapper


class Optimizer:
    """Base of the optimizers: groups of parameters with their options, and state per parameter.

    `params`: tensors, (name, tensor) pairs, or dicts with 'params' and options of their own.
    A subclass defines `step`; it finds the options in `param_groups` and keeps what it needs in
    `state[parameter]`.

    >>> import numtorch as torch
    >>> class Plain(torch.optim.Optimizer):
    ...     def __init__(self, params, lr):
    ...         super().__init__(params, {"lr": lr})
    ...     @torch.no_grad()
    ...     def step(self):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p.sub_(p.grad * group["lr"])
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> Plain([w], lr=0.1).step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    # Options that older state dicts lack, with the values they meant.
    late_options: dict = {}

    def __init__(self, params, defaults: dict):
        self.defaults = defaults
        self._prepare()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {typename(params)}"
            )
        self.state = defaultdict(dict)
        self.param_groups: list[dict] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _prepare(self) -> None:
        for name in _HOOKS:
            if name not in self.__dict__:
                setattr(self, name, OrderedDict())
        cls = self.__class__
        if not getattr(cls.step, "hooked", False):
            cls.step = _hooked(cls.step)

    # -- hooks

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(optimizer, args, kwargs) before each step; it may return new ones."""
        return add(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(optimizer, args, kwargs) after each step."""
        return add(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(optimizer) before a state dict is made."""
        return add(self._optimizer_state_dict_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(optimizer, state_dict) on each state dict; it may return another."""
        return add(self._optimizer_state_dict_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(optimizer, state_dict) before it is loaded; it may return another."""
        return add(self._optimizer_load_state_dict_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(optimizer) after a state dict was loaded."""
        return add(self._optimizer_load_state_dict_post_hooks, hook, prepend)

    # -- groups

    def add_param_group(self, param_group: dict) -> None:
        """Adds a group: a dict with 'params' and the options that differ from the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        _take_params(param_group)
        for p in param_group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {typename(p)}"
                )
            if not (self.defaults.get("differentiable") or p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            param_group.setdefault(name, default)
        self._check_members(param_group)
        self.param_groups.append(param_group)

    def _check_members(self, new: dict) -> None:
        ids = [id(p) for p in new["params"]]
        if len(set(ids)) != len(ids):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=4,
            )
        named = "param_names" in new
        if any(("param_names" in group) != named for group in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with names' if named else 'without names'} to the optimizer"
            )
        known = {id(p) for g in self.param_groups for p in g["params"]}
        if not known.isdisjoint(ids):
            raise ValueError("some parameters appear in more than one parameter group")

    # -- the step

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients, or sets them to zero in place."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                    continue
                g = p._grad
                if g is not None:
                    if g._rg == 2:
                        g.detach_()
                    else:
                        g.requires_grad_(False)
                    g.zero_()

    def step(self, closure: Callable | None = None) -> object:
        """Updates the parameters; returns the closure's loss."""
        raise NotImplementedError

    # -- saving

    def state_dict(self) -> dict:
        """State and options with parameters replaced by their numbers, in PyTorch's layout."""
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        number_of: dict[int, int] = {}
        groups, start = [], 0
        for group in self.param_groups:
            packed = {k: v for k, v in group.items() if k != "params"}
            for i, p in enumerate(group["params"], start):
                number_of.setdefault(id(p), i)
            packed["params"] = [number_of[id(p)] for p in group["params"]]
            start += len(packed["params"])
            groups.append(packed)
        state = {
            number_of[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()
        }
        found = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            result = hook(self, found)
            found = found if result is None else result
        return found

    def load_state_dict(self, state_dict: dict) -> None:
        """Takes over the state and the options of a `state_dict`.

        Tensors get their parameter's dtype; one that has it already is shared with `state_dict`.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            result = hook(self, state_dict)
            state_dict = state_dict if result is None else result
        saved, groups = deepcopy(state_dict["param_groups"]), self.param_groups
        if len(saved) != len(groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(saved, groups)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        owner = {}
        for old, group in zip(saved, groups):
            owner.update((k, (p, old)) for k, p in zip(old["params"], group["params"]))
        state: defaultdict = defaultdict(dict)
        for k, v in state_dict["state"].items():
            if k in owner:
                p, old = owner[k]
                state[p] = _fit(v, p, old)
            else:
                state[k] = v
        for old, group in zip(saved, groups):
            old["params"] = group["params"]
            if "param_names" in group:
                old.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __getstate__(self) -> dict:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._prepare()
        self.defaults.setdefault("differentiable", False)
        for group in self.param_groups:
            for name, value in self.late_options.items():
                group.setdefault(name, value)

    def __repr__(self) -> str:
        text = self.__class__.__name__ + " ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"


def _take_params(group: dict) -> None:
    """Makes group['params'] a list of tensors, and splits names off."""
    params = group["params"]
    if isinstance(params, Tensor):
        params = [params]
    elif isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the "
            "ordering of tensors in sets will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    group["params"] = [p[1] if isinstance(p, tuple) else p for p in params]
    if names:
        if len(names) != len(params):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        group["param_names"] = names


def _fit(value, p: Tensor, group: dict, key=None):
    """A loaded state for a parameter: floating tensors in its dtype, counts in their own."""
    if isinstance(value, Tensor):
        if key == "step":
            wide = group.get("capturable", False) or group.get("fused", False)
            return value.to(dtype=_d.float32) if wide else value
        return value.to(dtype=p.dtype) if p.dtype.is_floating_point else value
    if isinstance(value, dict):
        return {k: _fit(v, p, group, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return type(value)(_fit(v, p, group) for v in value)
    return value
