"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Sequence

from .._tensor import Tensor


def functional_call(
    module, parameter_and_buffer_dicts, args=None, kwargs: dict | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> object:  # fmt: skip
    """Calls a module with the given parameters and buffers in place of its own.

    >>> import numtorch as torch
    >>> fc = torch.nn.Linear(2, 1)
    >>> new = {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    >>> torch.func.functional_call(fc, new, torch.ones(3, 2))
    tensor([[2.],
            [2.],
            [2.]])
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        if not all(isinstance(d, dict) for d in parameter_and_buffer_dicts):
            raise ValueError(
                "Expected all elements of parameter_and_buffer_dicts to be dictionaries"
            )
        given = {}
        for d in parameter_and_buffer_dicts:
            for k, v in d.items():
                if k in given:
                    raise ValueError(
                        f"{[k]} appeared in multiple dictionaries; behavior of functional call is "
                        "ambiguous"
                    )
                given[k] = v
    else:
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(parameter_and_buffer_dicts)}"
        )
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _Swapped(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def _slots(module) -> dict[str, tuple]:
    """name -> (owner, registry, key) of all parameters and buffers, shared ones under each name."""
    found = {}
    for prefix, owner in module.named_modules(remove_duplicate=False):
        for registry in (owner._parameters, owner._buffers):
            for key in registry:
                found[f"{prefix}.{key}" if prefix else key] = (owner, registry, key)
    return found


class _Swapped:
    """A block in which a module has other parameters and buffers."""

    def __init__(self, module, given: dict, tie_weights: bool, strict: bool):
        self.slots = _slots(module)
        unknown = [k for k in given if k not in self.slots]
        missing = [k for k in self.slots if k not in given]
        if strict and (unknown or missing):
            text = f"Error(s) in reparametrizing for {module._get_name()}:"
            for word, keys in (("Unexpected", unknown), ("Missing", missing)):
                if keys:
                    text += f"\n\t{word} key(s): {', '.join(map(repr, sorted(keys)))}."
            raise RuntimeError(text)
        self.new = {k: v for k, v in given.items() if k in self.slots}
        if tie_weights:
            self._tie(given)
        self.old: list = []

    def _tie(self, given: dict) -> None:
        by_tensor: dict[int, list[str]] = {}
        for name, (_, registry, key) in self.slots.items():
            if registry[key] is not None:
                by_tensor.setdefault(id(registry[key]), []).append(name)
        for names in by_tensor.values():
            values = [given[n] for n in names if n in given]
            if not values:
                continue
            if any(v is not values[0] for v in values):
                raise ValueError(
                    f"functional_call got multiple values for keys {sorted(names)}, which are tied."
                    " Consider using tie_weights=False"
                )
            self.new.update(dict.fromkeys(names, values[0]))

    def __enter__(self) -> None:
        for name, value in self.new.items():
            owner, registry, key = self.slots[name]
            self.old.append((owner, registry, key, registry[key]))
            registry[key] = owner.__dict__[key] = value

    def __exit__(self, *exc) -> None:
        for owner, registry, key, value in self.old:
            registry[key] = owner.__dict__[key] = value


def replace_all_batch_norm_modules_(root) -> object:
    """Makes all batch norms in a module use the batch's statistics: vmap can't update their own.

    >>> import numtorch as torch
    >>> net = torch.nn.Sequential(torch.nn.BatchNorm1d(3))
    >>> torch.func.replace_all_batch_norm_modules_(net)[0].running_mean is None
    True
    """
    for m in root.modules():
        if hasattr(m, "running_mean") and hasattr(m, "track_running_stats"):
            m.running_mean = m.running_var = m.num_batches_tracked = None
            m.track_running_stats = False
    return root


def stack_module_state(models) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(parameters, buffers) of several modules of one kind, stacked along a new first dim.

    >>> import numtorch as torch
    >>> models = [torch.nn.Linear(3, 2) for _ in range(5)]
    >>> parameters, buffers = torch.func.stack_module_state(models)
    >>> parameters["weight"].shape, buffers
    (torch.Size([5, 2, 3]), {})
    """
    from .. import stack

    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or all(not m.training for m in models)):
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if not all(type(m) is type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    params = {}
    for name, first in models[0].named_parameters():
        tensors = [dict(m.named_parameters())[name] for m in models]
        if first.requires_grad:
            params[name] = stack([t.detach() for t in tensors]).requires_grad_()
        else:
            params[name] = stack(tensors)
    buffers = {
        name: stack([dict(m.named_buffers())[name] for m in models])
        for name, _ in models[0].named_buffers()
    }
    return params, buffers
