"""Optimizer steps: graph code of one parameter's update, in the order of operations of PyTorch.

A row of kind `step` is recorded once for all parameters of a group. Its operands are run-time
scalars, then `width` tensors per parameter: the parameter, its gradient, its states. `build(p, g,
states, scalars, *flags)` returns the new parameter and the new states; each is stored in the
memory of the old one when the window is flushed, which the recorder does at once.

Every step has a twin `NAME_result`, a composite: one of the values that the step stores, with
gradients, for optimizers that are differentiated through.
"""

from __future__ import annotations

import numpy as np

from ..ir import Value
from .build import cast, const, emit, numel
from .table import composite, register


def _step(name: str, build, doc: str) -> None:
    register(name, "step", build=build, attrs=("width", "flags"), differentiable=False, doc=doc)

    def result(*ins, count, flags, k):
        p, g, *states = ins[count:]
        return build(p, g, states, list(ins[:count]), *flags)[k]

    composite(name + "_result", result, attrs=("count", "flags", "k"), doc=doc)


def _fma(a: Value, b: Value, c: Value) -> Value:
    return emit("fma", a, b, c)


def _lerp(a: Value, b: Value, weight: Value, far: bool) -> Value:
    # `far`: the weight is 0.5 or more. PyTorch starts from the nearer end.
    if far:
        return _fma(a - b, 1.0 - cast(weight, b.dtype), b)
    return _fma(b - a, weight, a)


def _gradient(p: Value, g: Value, weight_decay, decay: bool, maximize: bool) -> Value:
    # The gradient to descend along: its sign, and the L2 penalty's part.
    if maximize:
        g = -g
    return _fma(p, weight_decay, g) if decay else g


def sgd(
    p: Value, g: Value, states: list, scalars: list, decay, momentum, nesterov, maximize, detached
):  # fmt: skip
    """Scalars: lr, weight decay, momentum, its value for the buffer (0 in the first step), weight.
    No gradient goes through a `detached` buffer.

    Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
    """
    lr, weight_decay, mu, keep, weight = scalars
    g = _gradient(p, g, weight_decay, decay, maximize)
    if not momentum:
        return [_fma(-g, lr, p)]
    buffer = _fma(g, weight, states[0] * keep)
    if detached:
        buffer = emit("detach", buffer)
    g = _fma(buffer, mu, g) if nesterov else buffer
    return [_fma(-g, lr, p), buffer]


def adam(p: Value, g: Value, states: list, scalars: list, decay, decoupled, amsgrad, maximize, far):
    """Scalars: weight decay (1 - lr * decay if decoupled), 1 - beta1, beta2, 1 - beta2, eps,
    lr / (1 - beta1^t), sqrt(1 - beta2^t). States: mean, mean of squares, its maximum (amsgrad).

    Kingma and Ba, Adam (2015); Loshchilov and Hutter, Decoupled weight decay (2019); Reddi et al.,
    On the convergence of Adam and beyond (2018).
    """
    weight_decay, new1, keep2, new2, eps, size, root2 = scalars
    g = _gradient(p, g, weight_decay, decay and not decoupled, maximize)
    if decay and decoupled:
        p = p * weight_decay
    mean = _lerp(states[0], g, new1, far)
    square = _fma(g * new2, g, states[1] * keep2)
    top = emit("maximum", states[2], square) if amsgrad else square
    p = p - size * mean / (emit("sqrt", top) / root2 + eps)
    return [p, mean, square, top] if amsgrad else [p, mean, square]


def adagrad(p: Value, g: Value, states: list, scalars: list, decay, maximize):
    """Scalars: weight decay, eps, lr / (1 + (t - 1) * lr_decay). State: sum of squares.

    Duchi, Hazan and Singer, Adaptive subgradient methods (2011).
    """
    weight_decay, eps, lr = scalars
    g = _gradient(p, g, weight_decay, decay, maximize)
    total = _fma(g, g, states[0])
    return [p - lr * g / (emit("sqrt", total) + eps), total]


def adadelta(p: Value, g: Value, states: list, scalars: list, decay, maximize):
    """Scalars: weight decay, rho, 1 - rho, eps, lr. States: means of squares of gradients, steps.

    Zeiler, Adadelta: an adaptive learning rate method (2012).
    """
    weight_decay, keep, new, eps, lr = scalars
    g = _gradient(p, g, weight_decay, decay, maximize)
    square = _fma(g * new, g, states[0] * keep)
    delta = emit("sqrt", states[1] + eps) / emit("sqrt", square + eps) * g
    return [_fma(-delta, lr, p), square, _fma(delta * new, delta, states[1] * keep)]


def adamax(p: Value, g: Value, states: list, scalars: list, decay, maximize, far):
    """Scalars: weight decay, 1 - beta1, beta2, eps, lr / (1 - beta1^t). States: mean, maximum.

    Kingma and Ba, Adam (2015), section 7.1.
    """
    weight_decay, new1, keep2, eps, lr = scalars
    g = _gradient(p, g, weight_decay, decay, maximize)
    mean = _lerp(states[0], g, new1, far)
    top = emit("maximum", states[1] * keep2, emit("abs", g) + eps)
    return [p - lr * mean / top, mean, top]


def nadam(p: Value, g: Value, states: list, scalars: list, decay, decoupled, maximize, far):
    """Scalars: weight decay (1 - lr * decay if decoupled), 1 - beta1, beta2, 1 - beta2, eps,
    1 - beta2^t, the factors of the gradient and of the mean. States: mean, mean of squares.

    Dozat, Incorporating Nesterov momentum into Adam (2016).
    """
    weight_decay, new1, keep2, new2, eps, correction, size_g, size_m = scalars
    g = _gradient(p, g, weight_decay, decay and not decoupled, maximize)
    if decay and decoupled:
        p = p * weight_decay
    mean = _lerp(states[0], g, new1, far)
    square = _fma(g * new2, g, states[1] * keep2)
    root = emit("sqrt", square / correction) + eps
    return [p + size_g * g / root + size_m * mean / root, mean, square]


def radam(
    p: Value, g: Value, states: list, scalars: list, decay, decoupled, rectified, maximize, far
):  # fmt: skip
    """Scalars: weight decay (1 - lr * decay if decoupled), 1 - beta1, beta2, 1 - beta2, eps, lr,
    1 - beta1^t, sqrt(1 - beta2^t), the rectification. States: mean, mean of squares.

    Liu et al., On the variance of the adaptive learning rate and beyond (2020).
    """
    weight_decay, new1, keep2, new2, eps, lr, correction1, root2, rect = scalars
    g = _gradient(p, g, weight_decay, decay and not decoupled, maximize)
    if decay and decoupled:
        p = p * weight_decay
    mean = _lerp(states[0], g, new1, far)
    square = _fma(g * new2, g, states[1] * keep2)
    move = mean / correction1 * lr
    if rectified:
        move = move * (root2 / (emit("sqrt", square) + eps)) * rect
    return [p - move, mean, square]


def rmsprop(
    p: Value, g: Value, states: list, scalars: list, decay, momentum, centered, maximize, far
):  # fmt: skip
    """Scalars: weight decay, alpha, 1 - alpha, eps, momentum, lr.
    States: mean of squares, the momentum's buffer (if any), the gradient's mean (if centered).

    Tieleman and Hinton, Lecture 6.5 (2012); Graves, Generating sequences (2013), centered.
    """
    weight_decay, keep, new, eps, mu, lr = scalars
    g = _gradient(p, g, weight_decay, decay, maximize)
    square = _fma(g * new, g, states[0] * keep)
    out = [square]
    spread = square
    if centered:
        mean = _lerp(states[-1], g, new, far)
        spread = _fma(-mean, mean, square)
    root = emit("sqrt", spread) + eps
    if momentum:
        buffer = states[1] * mu + g / root
        out.append(buffer)
        p = _fma(-buffer, lr, p)
    else:
        p = p - lr * g / root
    return [p, *out, mean] if centered else [p, *out]


def rprop(p: Value, g: Value, states: list, scalars: list, maximize):
    """Scalars: eta minus, eta plus, the least and the largest step. States: last gradient, steps.

    Riedmiller and Braun, A direct adaptive method: the RPROP algorithm (1993).
    """
    minus, plus, least, most = scalars
    if maximize:
        g = -g
    same = g * states[0]
    factor = emit("where", same > 0, plus, emit("where", same < 0, minus, emit("abs", same) + 1))
    # abs(same) + 1 is 1 for a zero and NaN for a NaN.
    size = emit("minimum", emit("maximum", states[1] * factor, least), most)
    g = emit("where", same < 0, 0.0, g)
    return [p - emit("sign", g) * size, g, size]


def asgd(p: Value, g: Value, states: list, scalars: list, decay, averaging, maximize):
    """Scalars: weight decay, 1 - lambda * eta, eta, mu. State: the average.

    Polyak and Juditsky, Acceleration of stochastic approximation by averaging (1992).
    """
    weight_decay, shrink, eta, mu = scalars
    g = _gradient(p, g, weight_decay, decay, maximize)
    p = _fma(-g, eta, p * shrink)
    return [p, states[0] + (p - states[0]) * mu if averaging else p]


def _norm(v: Value) -> Value:
    return emit("sqrt", emit("sum", v * v, dims=tuple(range(len(v.shape)))))


def _clamp_min(v: Value, least) -> Value:
    return emit("maximum", v, least)


def adafactor(p: Value, g: Value, states: list, scalars: list, decay, eps1, maximize, far):
    """Scalars: 1 - lr * weight decay, 1 - beta2(t), eps2, d, min(lr, t^-0.5).
    States: means of squares by row and by column of a matrix, or by element of a vector.

    Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost (2018).
    """
    shrink, new, eps2, d, rho = scalars
    if maximize:
        g = -g
    least = float(np.finfo(p.dtype.np).eps) if eps1 is None else eps1
    root = emit("sqrt", cast(const(p.graph, numel(p)), p.dtype))
    alpha = emit("maximum", _norm(p) / root, eps2) * rho
    if decay:
        p = p * shrink
    rank = len(g.shape)
    if rank > 1:
        row, column = (
            _lerp(s, emit("sum", g * g, dims=(k,)) / g.shape[k], new, far)
            for s, k in zip(states, (rank - 1, rank - 2))
        )
        mean = emit("sum", row, dims=(rank - 2,)) / row.shape[rank - 2]
        spread, found = row * column / _clamp_min(mean, least), [row, column]
    else:
        spread = _lerp(states[0], g * g, new, far)
        found = [spread]
    move = g / emit("sqrt", _clamp_min(spread, least * least))
    denom = emit("maximum", _norm(move) / (root * d), 1.0)
    return [_fma(-move, alpha / denom, p), *found]


_step("sgd_step", sgd, "Stochastic gradient descent with momentum.")
_step("adam_step", adam, "Adam and AdamW.")
_step("adagrad_step", adagrad, "Adagrad.")
_step("adadelta_step", adadelta, "Adadelta.")
_step("adamax_step", adamax, "Adamax.")
_step("nadam_step", nadam, "NAdam.")
_step("radam_step", radam, "RAdam.")
_step("rmsprop_step", rmsprop, "RMSprop.")
_step("rprop_step", rprop, "Rprop.")
_step("asgd_step", asgd, "Averaged stochastic gradient descent.")
_step("adafactor_step", adafactor, "Adafactor.")
