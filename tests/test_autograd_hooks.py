"""Hooks on gradients and on graph nodes, retained gradients: as in PyTorch."""

from __future__ import annotations

from autograd_cases import parity


@parity
def test_hooks_leaf(t):
    x = t.arange(3.0, requires_grad=True)
    log = []
    x.register_hook(lambda g: log.append(g.clone()))
    h = x.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: g + 1)
    (x * x).sum().backward()
    a = x.grad.clone()
    h.remove()
    x.grad = None
    (x * x).sum().backward()
    return (a, x.grad, log)


@parity
def test_hooks_mid(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * x
    log = []
    y.register_hook(lambda g: log.append(g.clone()))
    y.register_hook(lambda g: g * 2)
    y.retain_grad()
    z = y * 3 + x
    z.register_hook(lambda g: g * 5)
    (z * y).sum().backward()
    return (x.grad, y.grad, log)


@parity
def test_hooks_order(t):
    x = t.ones(2, requires_grad=True)
    log = []
    a = x * 2
    b = a * 3
    c = a * 4
    d = b + c
    for n, v in (('x', x), ('a', a), ('b', b), ('c', c), ('d', d)):
        v.register_hook(lambda g, n=n: log.append(n + str(g.tolist())))
    d.sum().backward()
    return (log[0], log[-2:], sorted(log))


@parity
def test_hook_grad(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    return t.autograd.grad((y * y).sum(), [y, x])


@parity
def test_hook_leafgrad(t):
    x = t.arange(3.0, requires_grad=True)
    x.register_hook(lambda g: g * 10)
    return t.autograd.grad((x * x).sum(), x)


@parity
def test_hook_create(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * g)
    g, = t.autograd.grad((y * y).sum(), x, create_graph=True)
    return (g, t.autograd.grad(g.sum(), x))


@parity
def test_post_acc(t):
    x = t.ones(3, requires_grad=True)
    log = []
    h = x.register_post_accumulate_grad_hook(lambda p: log.append(p.grad.clone()))
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    h.remove()
    (x * 3).sum().backward()
    return (log, x.grad)


@parity
def test_hook_flushed(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * x
    s = y.sum()
    y.register_hook(lambda g: g * 2)
    s.tolist()
    y.tolist()
    y.register_hook(lambda g: g + 1)
    (y * y).sum().backward()
    return x.grad


@parity
def test_hook_flushed2(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * 2)
    z = y * y
    z.tolist()
    del y
    z.sum().backward()
    return x.grad


@parity
def test_hook_reads(t):
    x = t.arange(4.0, requires_grad=True)
    log = []
    h = x
    for _i in range(5):
        h = h * 1.5 + x
        h.register_hook(lambda g: (log.append(round(float(g.sum()), 3)), g * 0.9)[1])
    h.sum().backward()
    return (x.grad, log)


@parity
def test_hook_view(t):
    x = t.arange(4.0, requires_grad=True)
    y = x * 2
    v = y[1:3]
    v.register_hook(lambda g: g * 3)
    v.tolist()
    (v.sum() + y.sum()).backward()
    return x.grad


@parity
def test_hook_inplace(t):
    x = t.arange(4.0, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.mul_(2)
    y.register_hook(lambda g: g + 1)
    y.sum().backward()
    return x.grad


@parity
def test_hook_bad(t):
    x = t.ones(2, requires_grad=True)
    x.register_hook(lambda g: g[:1])
    x.sum().backward()


@parity
def test_hook_bad2(t):
    x = t.ones(2, requires_grad=True)
    x.register_hook(lambda g: 3)
    x.sum().backward()


@parity
def test_hook_nograd(t):
    t.ones(2).register_hook(print)


@parity
def test_retain(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * x
    y.retain_grad()
    z = y * 2
    z.retain_grad()
    z.sum().backward(retain_graph=True)
    z.sum().backward()
    return (x.grad, y.grad, z.grad, y.retains_grad, x.retains_grad)


@parity
def test_grad_fn(t):
    x = t.ones(2, requires_grad=True)
    y = (x * 2).sum()
    n = y.grad_fn
    return (n.name(), n is y.grad_fn, [a.name() for a, _ in n.next_functions], n.next_functions[0][0].next_functions[0][0].variable is x, len(n.next_functions[0][0].next_functions), n.metadata, x.grad_fn)


@parity
def test_node_hooks(t):
    x = t.arange(2.0, requires_grad=True)
    y = x * x
    z = y.sum()
    log = []
    z.grad_fn.register_hook(lambda gi, go: log.append((gi, go)))
    y.grad_fn.register_prehook(lambda go: (go[0] * 3,))
    z.backward()
    return (x.grad, log)


@parity
def test_multigrad(t):
    x = t.ones(2, requires_grad=True)
    y = t.ones(2, requires_grad=True)
    log = []
    t.autograd.graph.register_multi_grad_hook([x, y], lambda g: log.append([i.tolist() for i in g]))
    (x * y * 2).sum().backward()
    return log
