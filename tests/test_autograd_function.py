"""autograd.Function: as in PyTorch."""

from __future__ import annotations

import pytest
from autograd_cases import module, parity, same


def mk(t, fwd, bwd, name='G'):
    return type(name, (t.autograd.Function,), {'forward': staticmethod(fwd), 'backward': staticmethod(bwd)})


@parity
def test_f_basic(t):

    def f(ctx, x, y):
        ctx.save_for_backward(x, y)
        ctx.k = 3
        return x * y * 3

    def b(ctx, g):
        x, y = ctx.saved_tensors
        return (g * y * ctx.k, g * x * ctx.k)
    x = t.arange(3.0, requires_grad=True)
    w = t.ones(3, requires_grad=True)
    G = mk(t, f, b)
    y = G.apply(x, w)
    z = y * y + x
    z.sum().backward()
    return (y, x.grad, w.grad, y.grad_fn.name())


@parity
def test_f_double(t):

    def f(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    def b(ctx, g):
        x, = ctx.saved_tensors
        return g * 3 * x * x
    x = t.arange(3.0, requires_grad=True)
    y = mk(t, f, b).apply(x * 2)
    g, = t.autograd.grad(y.sum(), x, create_graph=True)
    gg, = t.autograd.grad(g.sum(), x, create_graph=True)
    ggg, = t.autograd.grad(gg.sum(), x)
    return (g, gg, ggg)


@parity
def test_f_saveout(t):

    def f(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    def b(ctx, g):
        y, = ctx.saved_tensors
        return g * y
    x = t.arange(3.0, requires_grad=True)
    y = mk(t, f, b).apply(x)
    g, = t.autograd.grad(y.sum(), x, create_graph=True)
    gg, = t.autograd.grad(g.sum(), x)
    return (g, gg)


@parity
def test_f_multi(t):

    def f(ctx, x):
        ctx.save_for_backward(x)
        return (x * 2, x * x, x.long())

    def b(ctx, a, c, d):
        x, = ctx.saved_tensors
        return a * 2 + c * 2 * x
    x = t.arange(3.0, requires_grad=True)
    a, c, d = mk(t, f, b).apply(x)
    (a * c).sum().backward()
    y = t.arange(3.0, requires_grad=True)
    a, c2, d = mk(t, f, b).apply(y)
    (c2 * c2).sum().backward()
    return (x.grad, y.grad, d.requires_grad, a.requires_grad)


@parity
def test_f_nomat(t):
    log = []

    def f(ctx, x):
        ctx.set_materialize_grads(False)
        return (x * 2, x * 3)

    def b(ctx, a, c):
        log.append((a is None, c is None))
        return a * 2 if a is not None else c * 3
    x = t.arange(3.0, requires_grad=True)
    a, c = mk(t, f, b).apply(x)
    c.sum().backward()
    return (x.grad, log)


@parity
def test_f_mat(t):
    log = []

    def f(ctx, x):
        return (x * 2, x * 3)

    def b(ctx, a, c):
        log.append((a.tolist(), c.tolist()))
        return a * 2 + c * 3
    x = t.arange(3.0, requires_grad=True)
    a, c = mk(t, f, b).apply(x)
    c.sum().backward()
    return (x.grad, log)


@parity
def test_f_setup(t):

    class G(t.autograd.Function):

        @staticmethod
        def forward(x, k):
            return x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.k = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return (g * ctx.k, None)
    x = t.arange(3.0, requires_grad=True)
    y = G.apply(x, 4)
    y.sum().backward()
    return (y, x.grad)


@parity
def test_f_dirty(t):

    def f(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(3)
        return x

    def b(ctx, g):
        return g * 3
    x = t.arange(3.0, requires_grad=True)
    h = x * 2
    y = mk(t, f, b).apply(h)
    (y * y).sum().backward()
    return (y is h, x.grad, y, h.grad_fn.name())


@parity
def test_f_dirty_nograd(t):

    def f(ctx, x, w):
        ctx.mark_dirty(x)
        x.mul_(w)
        ctx.save_for_backward(w)
        return x

    def b(ctx, g):
        return (None, g * 2)
    x = t.arange(3.0)
    w = t.ones(3, requires_grad=True)
    y = mk(t, f, b).apply(x, w)
    y.sum().backward()
    return (y is x, w.grad, x.requires_grad)


@parity
def test_f_dirtyleaf(t):

    def f(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(3)
        return x
    x = t.arange(3.0, requires_grad=True)
    mk(t, f, lambda c, g: g).apply(x)


@parity
def test_f_nondiff(t):

    def f(ctx, x):
        i = x.argmax()
        y = x * 2
        ctx.mark_non_differentiable(y)
        return (x * 3, y, i)
    x = t.arange(3.0, requires_grad=True)
    a, y, i = mk(t, f, lambda c, g, h, k: g * 3).apply(x)
    a.sum().backward()
    return (a.requires_grad, y.requires_grad, i.requires_grad, x.grad)


@parity
def test_f_needs(t):
    log = []

    def b(ctx, g):
        log.append(ctx.needs_input_grad)
        return (g, None, g)
    x = t.arange(3.0, requires_grad=True)
    y = t.ones(3)
    G = mk(t, lambda ctx, x, k, y: x * 2, b)
    G.apply(x, 3, y).sum().backward()
    return (log, x.grad, G.apply(y, 3, y).requires_grad)


@parity
def test_bad_pos(t):
    x = t.ones(2, requires_grad=True)
    mk(t, lambda ctx, x, y: x * 2, lambda c, g: (g, g)).apply(x, 2).sum().backward()


@parity
def test_bad_save(t):
    x = t.ones(2, requires_grad=True)
    mk(t, lambda ctx, x: ctx.save_for_backward(3), lambda c, g: g).apply(x)


@parity
def test_broadcast(t):
    x = t.ones(2, requires_grad=True)
    mk(t, lambda ctx, x: x * 2, lambda c, g: g.new_ones(5, 2)).apply(x).sum().backward()
    return x.grad


@parity
def test_no_bwd(t):

    class H(t.autograd.Function):

        @staticmethod
        def forward(ctx, x):
            return x * 2
    x = t.ones(2, requires_grad=True)
    H.apply(x).sum().backward()


@parity
def test_no_fwd(t):

    class H(t.autograd.Function):
        pass
    H.apply(t.ones(2))


@parity
def test_dirty_notret(t):

    def f(ctx, x):
        ctx.mark_dirty(t.ones(2))
        return x * 2
    mk(t, f, lambda c, g: g).apply(t.ones(2, requires_grad=True))


@parity
def test_saved_twice(t):

    def f(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    G = mk(t, f, lambda c, g: g * c.saved_tensors[0])
    x = t.ones(2, requires_grad=True)
    y = G.apply(x)
    y.sum().backward()
    y.sum().backward()


@parity
def test_nosave_twice(t):
    G = mk(t, lambda c, x: x * 2, lambda c, g: g * 2)
    x = t.ones(2, requires_grad=True)
    y = G.apply(x)
    s = y.sum()
    s.backward()
    s.backward()
    return x.grad


@parity
def test_saved_over(t):

    def f(ctx, x):
        ctx.save_for_backward(x)
        return x * 2
    G = mk(t, f, lambda c, g: g * c.saved_tensors[0])
    x = t.ones(2, requires_grad=True)
    z = x * 1
    y = G.apply(z)
    z.add_(1)
    y.sum().backward()


@parity
def test_once(t):
    od = module(t, "autograd.function").once_differentiable
    G = mk(t, lambda c, x: x * 2, od(lambda c, g: g * 2))
    x = t.ones(2, requires_grad=True)
    y = G.apply(x)
    g, = t.autograd.grad(y.sum(), x, create_graph=True)
    s = t.ones(2, requires_grad=True)
    y = G.apply(x)
    g, = t.autograd.grad(y, x, s, create_graph=True)
    t.autograd.grad(g.sum(), s)


@parity
def test_rnn_chain(t):

    def f(ctx, h, w):
        ctx.save_for_backward(h, w)
        return (h * w).tanh()

    def b(ctx, g):
        h, w = ctx.saved_tensors
        d = 1 - (h * w).tanh() ** 2
        return (g * d * w, g * d * h)
    G = mk(t, f, b)
    w = t.full((3,), 0.7, requires_grad=True)
    h = t.arange(3.0)
    for _i in range(6):
        h = G.apply(h, w) * 1.1 + w
    h.sum().backward()
    return w.grad


@parity
def test_fn_flush(t):

    def f(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    def b(ctx, g):
        x, = ctx.saved_tensors
        g.tolist()
        return g * 2 * x
    G = mk(t, f, b)
    x = t.arange(3.0, requires_grad=True)
    y = x + 1
    for _i in range(3):
        y = G.apply(y) * 0.5
        y.tolist()
    y.sum().backward()
    return x.grad


@parity
def test_fn_identity(t):
    G = mk(t, lambda c, x: x, lambda c, g: -g)
    x = t.arange(3.0, requires_grad=True)
    y = G.apply(x)
    (y * y).sum().backward()
    return (x.grad, y)


@parity
def test_fn_view(t):
    G = mk(t, lambda c, x: x.view(-1), lambda c, g: g.view(2, 2) * 2)
    x = t.ones(2, 2, requires_grad=True)
    y = G.apply(x)
    (y * y).sum().backward()
    return (x.grad, y)


@parity
def test_fn_hook(t):
    G = mk(t, lambda c, x: x * 2, lambda c, g: g * 2)
    x = t.ones(2, requires_grad=True)
    y = G.apply(x)
    y.register_hook(lambda g: g * 5)
    y.sum().backward()
    return x.grad


@parity
def test_fn_nontensor(t):
    G = mk(t, lambda c, x: (x * 2, 'a', None), lambda c, g, h, i: g * 2)
    x = t.ones(2, requires_grad=True)
    y = G.apply(x)
    y[0].sum().backward()
    return (x.grad, y)


@parity
def test_gcheck(t):

    def f(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3
    G = mk(t, f, lambda c, g: g * 3 * c.saved_tensors[0] ** 2)
    x = t.tensor([0.3, 0.7], dtype=t.float64, requires_grad=True)
    return (t.autograd.gradcheck(G.apply, (x,)), t.autograd.gradgradcheck(G.apply, (x,)))


@parity
def test_gcheck_bad(t):
    G = mk(t, lambda c, x: x * 2, lambda c, g: g * 3)
    x = t.tensor([0.3], dtype=t.float64, requires_grad=True)
    try:
        t.autograd.gradcheck(G.apply, (x,))
    except Exception as e:
        return (type(e).__name__, str(e)[:58])


@parity
def test_gcheck_false(t):
    G = mk(t, lambda c, x: x * 2, lambda c, g: g * 3)
    x = t.tensor([0.3], dtype=t.float64, requires_grad=True)
    return t.autograd.gradcheck(G.apply, (x,), raise_exception=False)


@parity
def test_saved_hooks(t):
    log = []

    def f(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3
    G = mk(t, f, lambda c, g: g * 3 * c.saved_tensors[0] ** 2)
    x = t.ones(2, requires_grad=True)
    with t.autograd.graph.saved_tensors_hooks(lambda a: (log.append('p'), a * 2)[1], lambda a: (log.append('u'), a)[1]):
        y = G.apply(x)
    y.sum().backward()
    return (x.grad, log)


BAD_GRADIENTS = {
    "too many": lambda ctx, g: (g, g), "more of None": lambda ctx, g: (g, None, None),
    "no tensor": lambda ctx, g: 3, "short": lambda ctx, g: g[:1], "none": lambda ctx, g: None,
    "empty": lambda ctx, g: (), "other dtype": lambda ctx, g: g.double(),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_GRADIENTS)
def test_what_backward_returns(name):
    def program(t):
        x = t.ones(2, requires_grad=True)
        mk(t, lambda ctx, x: x * 2, BAD_GRADIENTS[name]).apply(x).sum().backward()
        return x.grad

    same(program)
