"""Nested tuples, lists and dicts: torch.utils._pytree's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..func._tree import LEAF, flatten, text, unflatten

PyTree = Any


class TreeSpec:
    """The structure of a tree: how many leaves, and how to put them back."""

    def __init__(self, spec):
        self._spec = spec

    @property
    def num_leaves(self) -> int:
        """How many leaves the tree has."""
        from ..func._tree import count

        return count(self._spec)

    def is_leaf(self) -> bool:
        """True for the structure of a single leaf."""
        return self._spec == LEAF

    def __eq__(self, other) -> bool:
        return isinstance(other, TreeSpec) and self._spec == other._spec

    def __hash__(self) -> int:
        return hash(self._spec)

    def __repr__(self) -> str:
        return text(self._spec)


def tree_flatten(tree: PyTree) -> tuple[list, TreeSpec]:
    """The leaves in order, and the structure.

    >>> from numtorch.utils._pytree import tree_flatten, tree_unflatten
    >>> leaves, spec = tree_flatten({"a": 1, "b": (2, 3)})
    >>> leaves, tree_unflatten([x + 1 for x in leaves], spec)
    ([1, 2, 3], {'a': 2, 'b': (3, 4)})
    """
    leaves, spec = flatten(tree)
    return leaves, TreeSpec(spec)


def tree_unflatten(leaves, treespec: TreeSpec) -> PyTree:
    """The tree of a structure with these leaves; ValueError for a wrong number of them."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten(leaves, treespec): `leaves` has length {len(leaves)} but the spec "
            f"refers to a pytree that holds {treespec.num_leaves} items ({treespec})."
        )
    return unflatten(leaves, treespec._spec)


def tree_leaves(tree: PyTree) -> list:
    """The leaves in order."""
    return flatten(tree)[0]


def tree_structure(tree: PyTree) -> TreeSpec:
    """The structure of a tree."""
    return TreeSpec(flatten(tree)[1])


def tree_map(func: Callable, tree: PyTree, *rests: PyTree) -> PyTree:
    """The tree of func(leaf, and the leaves at the same place of the other trees)."""
    leaves, spec = flatten(tree)
    others = [flatten(r)[0] for r in rests]
    return unflatten([func(*xs) for xs in zip(leaves, *others, strict=True)], spec)


def tree_map_(func: Callable, tree: PyTree, *rests: PyTree) -> PyTree:
    """Calls func on the leaves; the tree itself is returned."""
    tree_map(func, tree, *rests)
    return tree


def tree_map_only(kind, func: Callable, tree: PyTree) -> PyTree:
    """`tree_map` of the leaves of a type (or of types, or that a function accepts)."""
    fits = kind if callable(kind) and not isinstance(kind, type) else None
    return tree_map(
        lambda x: func(x) if (fits(x) if fits else isinstance(x, kind)) else x, tree
    )


def tree_all(pred: Callable, tree: PyTree) -> bool:
    """Whether pred holds for all leaves."""
    return all(map(pred, tree_leaves(tree)))


def tree_any(pred: Callable, tree: PyTree) -> bool:
    """Whether pred holds for a leaf."""
    return any(map(pred, tree_leaves(tree)))


__all__ = [
    "PyTree", "TreeSpec", "tree_all", "tree_any", "tree_flatten", "tree_leaves", "tree_map",
    "tree_map_", "tree_map_only", "tree_structure", "tree_unflatten",
]  # fmt: skip
