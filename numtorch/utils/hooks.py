"""Handles of registered hooks."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict


class RemovableHandle:
    """Takes a hook off again: `handle.remove()`, or the end of a `with` block.

    `extra_dict`: further dicts (or one) that lose the hook's id with it.

    >>> import numtorch as torch
    >>> layer = torch.nn.Identity()
    >>> handle = layer.register_forward_hook(lambda module, args, out: out + 1)
    >>> layer(torch.tensor([1, 2]))
    tensor([2, 3])
    >>> handle.remove()
    >>> layer(torch.tensor([1, 2]))
    tensor([1, 2])
    """

    _ids = itertools.count()

    def __init__(self, hooks_dict: dict, *, extra_dict=None):
        self.id = next(self._ids)
        extra = [extra_dict] if isinstance(extra_dict, dict) else list(extra_dict or ())
        self._dicts = [_reference(d) for d in (hooks_dict, *extra)]

    def remove(self) -> None:
        """Takes the hook off; a second call does nothing."""
        for ref in self._dicts:
            hooks = ref()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __getstate__(self) -> dict:
        return {"id": self.id, "dicts": [ref() for ref in self._dicts]}

    def __setstate__(self, state: dict) -> None:
        self.id = state["id"]
        self._dicts = [_reference(OrderedDict() if d is None else d) for d in state["dicts"]]

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc) -> None:
        self.remove()


def _reference(hooks: dict):
    # A plain dict takes no weak reference.
    return weakref.ref(hooks) if isinstance(hooks, OrderedDict) else (lambda: hooks)


def add(hooks: OrderedDict, hook, prepend: bool = False, marks=()) -> RemovableHandle:
    """Registers a hook, last or first; `marks`: dicts that say more of it by its id."""
    handle = RemovableHandle(hooks, extra_dict=marks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    for place in marks:
        place[handle.id] = True
    return handle
