"""Calls of NumPy inside a plan: from a host node to a kernel without code, and its run."""

from __future__ import annotations

import numpy as np

from .codegen import Kernel
from .dtypes import from_values, to_values
from .ir import Node, Value
from .ops.build import const_value
from .ops.tensor_ops import contiguous_strides
from .passes.layout import Layout
from .sym import Sym, prod


class HostCall:
    """What a host kernel does; sizes may be symbolic.

    An operand is ("array", buffer key, dtype, shape, strides, offset), ("scalar", value) for a
    run-time scalar or ("const", number).
    """

    def __init__(self, node: Node, layout: Layout):
        self.op = node.op
        self.attrs = {k: v for k, v in node.attrs.items() if k != "results"}
        self.ins = [_operand(v, layout) for v in node.inputs]
        self.numbers = node.attrs.get("results", (0,))
        if self.op.fn_wanted:
            self.attrs["wanted"] = tuple(sorted(self.numbers))
        self.outs = [
            ("array", ("v", v), v.dtype, v.shape, contiguous_strides(v.shape), 0)
            for v in node.outputs
        ]

    def sizes(self):
        """Every size in it."""
        for x in (*self.ins, *self.outs):
            if x[0] == "array":
                yield from (*x[3], *x[4], x[5])
        yield from _leaves(self.attrs.values())


def _operand(v: Value, layout: Layout) -> tuple:
    source, m = layout.of(v)
    if v.type.weak:
        number = const_value(v)
        return ("scalar", v) if number is None else ("const", number)
    return ("array", ("v", source), v.dtype, v.shape, m.strides, m.offset)


def _leaves(x):
    for y in x:
        if isinstance(y, (tuple, list)):
            yield from _leaves(y)
        elif isinstance(y, Sym):
            yield y


def host_kernel(node: Node, layout: Layout) -> Kernel:
    """The kernel of a host node: a place in the plan, buffers, no code."""
    call = HostCall(node, layout)
    args = [("ptr", x[1], x[2]) for x in (*call.ins, *call.outs) if x[0] == "array"]
    fn = node.op.fn
    source = f"# Python: {fn.__module__}.{fn.__qualname__}\n"
    kernel = Kernel(f"host_{node.op.name}", source, args, 1, 1, mode="host")
    kernel.host = call
    values = [*node.inputs, *node.outputs]
    kernel.bytes = sum(prod(v.shape) * v.dtype.itemsize for v in values)
    return kernel


class _Memory:
    """What NumPy asks for the memory of an array."""

    __slots__ = ("__array_interface__",)


class HostStep:
    """A host call bound to sizes and to slots of its plan."""

    def __init__(self, kernel: Kernel, value, place, scalar_at):
        """`value` evaluates a size, `place` gives (slot, bytes) of a buffer key, `scalar_at` the
        position of a run-time scalar."""
        call = self.call = kernel.host
        self.kernel = kernel
        self.node = kernel.nodes[0]

        def bound(x: tuple) -> tuple:
            if x[0] == "scalar":
                return ("scalar", scalar_at(x[1]))
            if x[0] == "const":
                return x
            _, key, dtype, shape, strides, offset = x
            slot, start = place(key)
            size = dtype.itemsize
            return ("array", slot, start + value(offset) * size, dtype, tuple(map(value, shape)),
                    tuple(value(s) * size for s in strides))  # fmt: skip

        def plain(x):
            if isinstance(x, (tuple, list)):
                return type(x)(map(plain, x))
            return value(x) if isinstance(x, Sym) else x

        self.ins, self.outs = list(map(bound, call.ins)), list(map(bound, call.outs))
        self.attrs = {k: plain(v) for k, v in call.attrs.items()}

    def run(self, slots: list[int], scalars: list) -> None:
        """Calls the function on the memory that the slots hold the addresses of."""
        args = [
            _load(x, slots) if x[0] == "array" else scalars[x[1]] if x[0] == "scalar" else x[1]
            for x in self.ins
        ]
        op = self.call.op
        with np.errstate(all="ignore"):
            found = op.fn(*args, **self.attrs)
            results = (found,) if op.results == 1 else found
            for k, x in zip(self.call.numbers, self.outs):
                _store(np.asarray(results[k]), x, slots, op.name)


def _array(x: tuple, slots: list[int], writable: bool) -> np.ndarray:
    _, slot, start, dtype, shape, strides = x
    kind = dtype.np
    if 0 in shape:
        return np.empty(shape, kind)
    memory = _Memory()
    memory.__array_interface__ = {
        "version": 3, "typestr": kind.str, "shape": shape, "strides": strides,
        "data": (slots[slot] + start, not writable),
    }  # fmt: skip
    return np.asarray(memory)


def _load(x: tuple, slots: list[int]) -> np.ndarray:
    array, dtype = _array(x, slots, False), x[3]
    # Narrow types are handed to NumPy as the type that they are computed in.
    return to_values(array, dtype).astype(dtype.compute.np) if dtype.narrow else array


def _store(result: np.ndarray, x: tuple, slots: list[int], name: str) -> None:
    target, dtype = _array(x, slots, True), x[3]
    if result.shape != target.shape:
        raise AssertionError(
            f"{name} returned an array of shape {result.shape}, its rule says {target.shape}"
        )
    if dtype.narrow:
        result = from_values(result, dtype)
    np.copyto(target, result, casting="unsafe")
