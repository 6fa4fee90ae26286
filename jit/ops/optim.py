"""Optimizer steps: graph code of one parameter's update, in the order of operations of PyTorch.

A row of kind `step` is recorded once for all parameters of a group. Its operands are run-time
scalars, then `width` tensors per parameter: the parameter, its gradient, its states. `build(p, g,
states, scalars, *flags)` returns the new parameter and the new states; each is stored in the
memory of the old one when the window is flushed, which the recorder does at once.
"""

from __future__ import annotations

from ..ir import Value
from .build import emit
from .table import register


def _step(name: str, build, doc: str) -> None:
    register(name, "step", build=build, attrs=("width", "flags"), differentiable=False, doc=doc)


def sgd(p: Value, g: Value, states: list, scalars: list, decay, momentum, nesterov, maximize):
    """Scalars: lr, weight decay, momentum, its value for the buffer (0 in the first step), weight.

    Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
    """
    lr, weight_decay, mu, keep, weight = scalars
    if maximize:
        g = -g
    if decay:
        g = g + p * weight_decay
    if not momentum:
        return [p - g * lr]
    buffer = states[0] * keep + g * weight
    g = g + buffer * mu if nesterov else buffer
    return [p - g * lr, buffer]


def adam(p: Value, g: Value, states: list, scalars: list, decay, decoupled, amsgrad, maximize):
    """Scalars: weight decay (1 - lr * decay if decoupled), 1 - beta1, beta2, 1 - beta2, eps,
    lr / (1 - beta1^t), sqrt(1 - beta2^t). States: mean, mean of squares, its maximum (amsgrad).

    Kingma and Ba, Adam (2015); Loshchilov and Hutter, Decoupled weight decay (2019); Reddi et al.,
    On the convergence of Adam and beyond (2018).
    """
    weight_decay, new1, keep2, new2, eps, size, root2 = scalars
    if maximize:
        g = -g
    if decay:
        if decoupled:
            p = p * weight_decay
        else:
            g = g + p * weight_decay
    mean = states[0] + (g - states[0]) * new1
    square = states[1] * keep2 + g * new2 * g
    top = emit("maximum", states[2], square) if amsgrad else square
    p = p - size * mean / (emit("sqrt", top) / root2 + eps)
    return [p, mean, square, top] if amsgrad else [p, mean, square]


_step("sgd_step", sgd, "Stochastic gradient descent with momentum.")
_step("adam_step", adam, "Adam and AdamW.")
