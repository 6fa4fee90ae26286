"""Nested tuples, lists and dicts of values: flattened, and built again."""

from __future__ import annotations

LEAF = "*"


def flatten(tree) -> tuple[list, object]:
    """(leaves in order, structure) of nested tuples, lists and dicts."""
    if isinstance(tree, dict):
        kind = ("dict", type(tree), tuple(tree))
        children = list(tree.values())
    elif isinstance(tree, (tuple, list)):
        kind = ("seq", type(tree), len(tree))
        children = list(tree)
    else:
        return [tree], LEAF
    leaves, specs = [], []
    for c in children:
        found, spec = flatten(c)
        leaves.extend(found)
        specs.append(spec)
    return leaves, (*kind, tuple(specs))


def unflatten(leaves, spec):
    """The tree of a structure with the given leaves."""
    it = iter(leaves)
    return _build(it, spec)


def _build(it, spec):
    if spec == LEAF:
        return next(it)
    kind, cls, names, specs = spec
    children = [_build(it, s) for s in specs]
    if kind == "dict":
        return cls(zip(names, children))
    if hasattr(cls, "_fields"):
        return cls(*children)
    return cls(children)


def tree_map(f, tree):
    """The tree with f applied to each leaf."""
    leaves, spec = flatten(tree)
    return unflatten([f(x) for x in leaves], spec)


def broadcast(prefix, spec) -> list | None:
    """The leaves of `prefix` repeated to the structure; None if it does not fit."""
    if not isinstance(prefix, (tuple, list, dict)):
        return [prefix] * count(spec)
    if spec == LEAF:
        return None
    kind, cls, names, specs = spec
    if isinstance(prefix, dict):
        if kind != "dict" or set(prefix) != set(names):
            return None
        children = [prefix[n] for n in names]
    else:
        if kind != "seq" or len(prefix) != len(specs) or isinstance(prefix, list) != (
            issubclass(cls, list)
        ):
            return None
        children = list(prefix)
    out = []
    for c, s in zip(children, specs):
        found = broadcast(c, s)
        if found is None:
            return None
        out.extend(found)
    return out


def count(spec) -> int:
    """How many leaves a structure has."""
    return 1 if spec == LEAF else sum(map(count, spec[3]))


def text(spec, indent: int = 0) -> str:
    """A structure as PyTorch prints it: TreeSpec(tuple, None, [*, *])."""
    if spec == LEAF:
        return LEAF
    kind, cls, names, specs = spec
    context = list(names) if kind == "dict" else None
    inner = (",\n" + " " * (indent + 2)).join(text(s, indent + 2) for s in specs)
    return f"TreeSpec({cls.__name__}, {context}, [{inner}])"
