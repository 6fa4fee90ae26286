"""Tuples of sizes: an int for all dims, or one per dim, as in torch.nn.modules.utils."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def _ntuple(n: int, name: str = "parse") -> Callable:
    """A function that gives n values: those of an iterable, or one repeated.

    >>> from numtorch.nn.modules.utils import _ntuple
    >>> _ntuple(2)(3), _ntuple(2)([4, 5])
    ((3, 3), (4, 5))
    """

    def parse(x) -> tuple:
        return tuple(x) if isinstance(x, Iterable) else (x,) * n

    parse.__name__ = name
    return parse


_single = _ntuple(1, "_single")
_pair = _ntuple(2, "_pair")
_triple = _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: tuple, n: int) -> tuple:
    """The values in reverse, each n times: paddings in the order that F.pad takes them.

    >>> from numtorch.nn.modules.utils import _reverse_repeat_tuple
    >>> _reverse_repeat_tuple((1, 2), 2)
    (2, 2, 1, 1)
    """
    return tuple(x for x in reversed(t) for _ in range(n))


def _list_with_default(out_size, defaults: list[int]) -> list[int]:
    """Sizes with None replaced by the last of the defaults."""
    if isinstance(out_size, (int, str)):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    last = defaults[-len(out_size) :]
    return [v if v is not None else d for v, d in zip(out_size, last)]


def consume_prefix_in_state_dict_if_present(state_dict: dict, prefix: str) -> None:
    """Removes a prefix ('module.') from the keys of a state_dict, in place.

    >>> from numtorch.nn.modules.utils import consume_prefix_in_state_dict_if_present
    >>> state = {"module.weight": 1}
    >>> consume_prefix_in_state_dict_if_present(state, "module."); state
    {'weight': 1}
    """
    for key in list(state_dict):
        if key.startswith(prefix):
            state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", None)
    for key in list(metadata or ()):
        if key == prefix.rstrip("."):
            metadata[""] = metadata.pop(key)
        elif key.startswith(prefix):
            metadata[key[len(prefix) :]] = metadata.pop(key)
