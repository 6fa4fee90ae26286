"""Kernels in LLVM IR, and programs of them, for the tests of the runtime."""

import ctypes

import numpy as np
from numtorch.jit.runtime import engine, pool

LOOP = """
define void @NAME(i64 %args, i64 %begin, i64 %end, i64 %tid) {
entry:
  %words = inttoptr i64 %args to ptr
  %p = load ptr, ptr %words
  %q1 = getelementptr i64, ptr %words, i64 1
  %q = load ptr, ptr %q1
  %any = icmp slt i64 %begin, %end
  br i1 %any, label %loop, label %out
loop:
  %i = phi i64 [%begin, %entry], [%i1, %loop]
BODY
  %i1 = add i64 %i, 1
  %more = icmp slt i64 %i1, %end
  br i1 %more, label %loop, label %out
out:
  ret void
}
"""

# p[i] += 1; q[i] = tid
COUNT = """
  %x = getelementptr i64, ptr %p, i64 %i
  %v = load i64, ptr %x
  %w = add i64 %v, 1
  store i64 %w, ptr %x
  %y = getelementptr i64, ptr %q, i64 %i
  store i64 %tid, ptr %y
"""

# q[i] = p[i] * 0.5 (float64)
HALVE = """
  %x = getelementptr double, ptr %p, i64 %i
  %v = load double, ptr %x
  %w = fmul double %v, 0.5
  %y = getelementptr double, ptr %q, i64 %i
  store double %w, ptr %y
"""

# *q = 7: what a kernel that finds an error does to the status word
FAIL = """
  store i64 7, ptr %q
"""


def compiled(name: str, body: str) -> int:
    text = LOOP.replace("NAME", name).replace("BODY", body)
    return engine.load_object(engine.compile_ir(text), name)


def words(*values: int):
    return (ctypes.c_int64 * max(1, len(values)))(*values)


class Program:
    """Rows (kernel, args block, extent, chunk, flags) as the launcher wants them."""

    def __init__(self, rows, relocs=(), slots=(), release_gil=1):
        self.keep = [row[1] for row in rows]
        flat = [
            v for k, args, *rest in rows for v in (k, ctypes.addressof(args), *rest)
        ]
        self.rows = words(*flat)
        self.relocs = words(*[v for row in relocs for v in row])
        self.slots = words(*slots)
        self.status = words(0)
        at = ctypes.addressof
        self.header = words(
            len(rows), at(self.rows), len(relocs), at(self.relocs), at(self.slots),
            at(self.status), release_gil,
        )  # fmt: skip
        assert len(self.header) == pool.HEADER_WORDS
        self.address = at(self.header)

    def run(self) -> int:
        return pool.run(self.address)


def counting(count: int, n: int, chunk: int, rows: int = 1, **options):
    p, q = np.zeros(n, np.int64), np.full(n, -1, np.int64)
    args = words(p.ctypes.data, q.ctypes.data)
    program = Program([(count, args, n, chunk, 0)] * rows, **options)
    program.keep += [p, q]
    return program, p, q
