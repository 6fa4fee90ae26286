"""Argument blocks of kernels that are written by hand: names, words, the lines that unpack them."""

from __future__ import annotations

from .codegen import GRAIN, Kernel
from .dtypes import DType
from .ir import Value
from .passes.layout import Layout
from .sym import size_max


class ArgBlock:
    """Collects a kernel's arguments under the names that its source uses."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.args: list[tuple] = []
        self.lines: list[str] = []
        self.temps: list[tuple] = []

    def pointer(self, name: str, key: tuple, dtype: DType) -> None:
        """Memory of a buffer key."""
        self.lines.append(f"    {name} = ptr(args, {len(self.args)}, '{dtype.short}')")
        self.args.append(("ptr", key, dtype))

    def value(self, name: str, v: Value) -> None:
        """The memory that holds a value (that a view reads)."""
        self.pointer(name, ("v", self.layout.of(v)[0]), v.dtype)

    def scratch(self, name: str, key: tuple, dtype: DType, count: int, kind="thread") -> None:
        """Memory of `count` elements for each thread, or ("shared") one for all."""
        self.pointer(name, key, dtype)
        self.temps.append((key, count * dtype.itemsize, kind))

    def sizes(self, **sizes: int) -> None:
        """Integers under their names."""
        for name, n in sizes.items():
            self.lines.append(f"    {name} = arg_i64(args, {len(self.args)})")
            self.args.append(("int", n))

    def kernel(self, name: str, body: str, extent: int, work: int, **counts) -> Kernel:
        """The kernel with this body (its loop over begin..end) and about `work` steps an item."""
        head = "def kernel(args, begin, end, tid):\n" + "\n".join(self.lines) + "\n"
        chunk = size_max(1, GRAIN // size_max(1, work))
        kernel = Kernel(name, head + body, self.args, extent, chunk, mode=name)
        kernel.temps = self.temps
        kernel.bytes, kernel.flops = counts.get("bytes", 0), counts.get("flops", extent * work)
        return kernel


def indent(text: str, depth: int) -> str:
    """Lines moved right by `depth` steps of four."""
    return "".join("    " * depth + line + "\n" for line in text.splitlines())
