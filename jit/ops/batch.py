"""Rows of vmap and of Python in the backward.

Inside of vmap the trace says what happens to ONE example: `unbatch` makes an example of a batch,
`batch` a batch of what was computed from it. Everything between them is recorded and
differentiated as it stands; passes/batching.py then gives it the batch dims. `level` numbers the
vmaps of a window, from 1.
"""

from __future__ import annotations

from ..ir import Type
from . import build as B
from .build import emit
from .table import composite, register

register("unbatch", "batching", attrs=("level",), level_effect=1,
         infer=lambda ts, a: Type(ts[0].shape[1:], ts[0].dtype),
         vjp=lambda g, o, x, level: (emit("batch", g, x, level=level),))
# The second operand has the batch's size.
register("batch", "batching", attrs=("level",), arity=2, level_effect=-1,
         infer=lambda ts, a: Type((ts[1].shape[0], *ts[0].shape), ts[0].dtype),
         vjp=lambda g, o, y, like, level: (emit("unbatch", g, level=level), None))
# The sum of an example's value over all examples: the gradient of what they share.
register("level_sum", "batching", attrs=("level",), level_effect=-1,
         infer=lambda ts, a: Type(ts[0].shape, ts[0].dtype),
         vjp=lambda g, o, y, level: (g,))
# A random counter that differs from example to example.
register("vary", "batching", attrs=("level",), arity=2, level_effect=1, differentiable=False,
         infer=lambda ts, a: Type((), ts[0].dtype, ts[0].weak))


def function(value, *inputs):
    """A result of a Python Function of the inputs: gradients are led through by Python."""
    with B.stop_gradient():
        return emit("copy", value)


composite("function", function, arity=-1, moves=True)
