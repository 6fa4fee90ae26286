"""torch.func and vmap: as in PyTorch."""

from __future__ import annotations

import pytest
from autograd_cases import module, parity, same


def fa(t):
    return module(t, "autograd.forward_ad")


def fn(t):
    return t.func


def cf(t, **d):

    class G(t.autograd.Function):
        generate_vmap_rule = d.get('gen', False)

        @staticmethod
        def forward(x):
            return x ** 3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2
    if 'vmap' in d:
        G.vmap = staticmethod(d['vmap'](G))
    return G


@parity
def test_dual(t):
    f = fa(t)
    x = t.arange(3.0)
    v = t.tensor([1.0, 0, 2])
    with f.dual_level():
        d = f.make_dual(x, v)
        y = (d * d).sin()
        u = f.unpack_dual(y)
        w = f.unpack_dual(x * 2)
        return (u.primal, u.tangent, w.tangent, f.unpack_dual(d).tangent)


@parity
def test_g1(t):
    return fn(t).grad(lambda x, y: (x * y).sum(), argnums=(0, 1))(t.arange(3.0), t.ones(3))


@parity
def test_g2(t):
    return fn(t).grad_and_value(lambda x: ((x * x).sum(), x * 2), has_aux=True)(t.arange(3.0))


@parity
def test_g3(t):
    return fn(t).grad(lambda p, x: (p['w'] * x + p['b']).sum())({'w': t.ones(3), 'b': t.zeros(3)}, t.arange(3.0))


@parity
def test_g4(t):
    return fn(t).grad(fn(t).grad(t.sin))(t.tensor(1.0))


@parity
def test_g5(t):
    return fn(t).vmap(fn(t).grad(fn(t).grad(t.sin)))(t.arange(3.0))


@parity
def test_e1(t):
    fn(t).grad(lambda x: x * 2)(t.ones(3))


@parity
def test_e2(t):
    fn(t).grad(lambda x: 3)(t.ones(3))


@parity
def test_e3(t):
    fn(t).grad(lambda x: x.sum(), argnums=3)(t.ones(3))


@parity
def test_e4(t):
    fn(t).grad(lambda x: x.sum(), has_aux=True)(t.ones(3))


@parity
def test_v1(t):
    o, f = fn(t).vjp(lambda x, y: (x * y, x.sum()), t.arange(3.0), t.ones(3))
    return (o, f((t.ones(3), t.tensor(2.0))))


@parity
def test_v2(t):
    o, f, a = fn(t).vjp(lambda x: (x * x, x), t.arange(3.0), has_aux=True)
    return (o, f(t.ones(3)), a)


@parity
def test_j1(t):
    return fn(t).jvp(lambda x, y: (x * y, x.sum()), (t.arange(3.0), t.ones(3)), (t.ones(3), t.arange(3.0)))


@parity
def test_j2(t):
    return fn(t).jvp(lambda x: (x * x, x), (t.arange(3.0),), (t.ones(3),), has_aux=True)


@parity
def test_j3(t):
    fn(t).jvp(lambda x: x, t.arange(3.0), (t.ones(3),))


@parity
def test_jr(t):
    def f(x, y):
        return (x * y.sum(), x.sum() * y)
    return (fn(t).jacrev(f, argnums=(0, 1))(t.arange(3.0), t.ones(2)), fn(t).jacfwd(f, argnums=(0, 1))(t.arange(3.0), t.ones(2)), fn(t).jacrev(lambda x: x.sin(), chunk_size=2)(t.arange(3.0)), fn(t).jacrev(lambda x: (x.sin(), x), has_aux=True)(t.arange(3.0)), fn(t).jacfwd(lambda x: (x.sin(), x), has_aux=True)(t.arange(3.0)))


@parity
def test_hs(t):
    def f(x, y):
        return ((x ** 3).sum() * y).sum()
    return (fn(t).hessian(f)(t.arange(3.0), t.ones(2)), fn(t).hessian(f, argnums=(0, 1))(t.arange(3.0), t.ones(2)), fn(t).jacrev(fn(t).jacrev(lambda x: (x ** 3).sum()))(t.arange(2.0)), fn(t).jacfwd(fn(t).jacfwd(lambda x: (x ** 3).sum()))(t.arange(2.0)))


@parity
def test_vh(t):
    return (fn(t).vmap(fn(t).hessian(lambda x: (x ** 3).sum()))(t.arange(6.0).reshape(3, 2)), fn(t).vmap(fn(t).jacrev(lambda x: x.sin() * x.sum()))(t.arange(6.0).reshape(3, 2)))


@parity
def test_lin(t):
    o, f = fn(t).linearize(lambda x: x.sin(), t.arange(3.0))
    return (o, f(t.ones(3)), f(t.arange(3.0)))


@parity
def test_vm4(t):
    w = t.ones(4, requires_grad=True)
    x = t.arange(12.0).reshape(3, 4)
    y = fn(t).vmap(lambda a: (a * w).sum() ** 2)(x)
    y.sum().backward()
    return (w.grad, fn(t).vmap(fn(t).grad(lambda a, b: (a * b).sum() ** 2), in_dims=(None, 0))(w.detach(), x))


@parity
def test_vmin(t):
    x = t.arange(12.0).reshape(3, 4)

    def f(a):
        b = a.clone()
        b.add_(1)
        b[0] = 5.0
        b[1:3] *= a[0]
        return b
    return fn(t).vmap(f)(x)


@parity
def test_pg(t):
    m = t.nn.Linear(2, 1)
    for p in m.parameters():
        p.data.fill_(0.5)
    ps = {k: v.detach() for k, v in m.named_parameters()}

    def loss(p, x, y):
        return ((fn(t).functional_call(m, p, (x,)) - y) ** 2).mean()
    X = t.arange(6.0).reshape(3, 2)
    Y = t.ones(3, 1)
    return (fn(t).vmap(fn(t).grad(loss), in_dims=(None, 0, 0))(ps, X, Y), fn(t).grad(loss)(ps, X, Y))


@parity
def test_ens(t):
    ms = [t.nn.Linear(2, 1) for _ in range(3)]
    for i, m in enumerate(ms):
        for p in m.parameters():
            p.data.fill_(0.5 + i)
    P, B = fn(t).stack_module_state(ms)
    X = t.arange(6.0).reshape(3, 2)
    return (fn(t).vmap(lambda p, b, x: fn(t).functional_call(ms[0], (p, b), (x,)), in_dims=(0, 0, None))(P, B, X), {k: tuple(v.shape) for k, v in P.items()}.__repr__())


@parity
def test_cf1(t):
    return (t.vmap(cf(t, gen=True).apply)(t.arange(3.0)), t.vmap(t.func.grad(lambda x: cf(t, gen=True).apply(x).sum()))(t.arange(6.0).view(3, 2)), t.func.grad(lambda x: cf(t).apply(x).sum())(t.arange(3.0)), t.func.jacrev(cf(t, gen=True).apply)(t.arange(3.0)))


@parity
def test_cf2(t):
    return t.vmap(cf(t, vmap=lambda G: lambda info, dims, x: (G.apply(x) * info.batch_size, dims[0])).apply)(t.arange(3.0))


@parity
def test_cf3(t):
    t.vmap(cf(t).apply)(t.arange(3.0))


@parity
def test_cf4(t):

    class G(t.autograd.Function):

        @staticmethod
        def forward(ctx, x):
            return x
    t.vmap(G.apply)(t.arange(3.0))


@parity
def test_vm(t):
    x = t.arange(12.0).reshape(3, 4)
    v = fn(t).vmap
    return [
        v(lambda a: a.sum())(x),
        v(lambda a: a * 2, in_dims=1)(x),
        v(lambda a: a * 2, in_dims=1, out_dims=1)(x),
        v(lambda a, b: a @ b, in_dims=(0, None))(x, t.ones(4)),
        v(lambda d: {'q': d['a'] + 1, 'r': (d['a'],)}, in_dims=({'a': 0},))({'a': x}),
        v(lambda a, b: a * b, in_dims=(0, 1))(x, x.T),
        v(lambda a: (a, a.sum()), out_dims=(1, 0))(x),
        v(lambda a: a, in_dims=-1, out_dims=-1)(x),
        v(lambda a, k: a * k, in_dims=(0, None))(x, 3),
        v(lambda a: a.sum(), chunk_size=2)(x),
        v(lambda a: a.softmax(0).max(0))(x),
        v(lambda a: t.ones(3))(x),
        t.vmap(lambda a, s=2: a * s)(x, s=5),
    ]


@parity
def test_vm2(t):
    x = t.arange(24.0).reshape(2, 3, 4)
    v = fn(t).vmap
    return [
        v(v(lambda a: a.cumsum(0)))(x),
        v(v(lambda a, b: a * b, in_dims=(0, None)), in_dims=(None, 0))(x[0], t.arange(2.0)),
        v(v(lambda a: a.flip(0), in_dims=1), in_dims=1, out_dims=2)(x),
    ]


@parity
def test_vm3(t):
    x = t.arange(24.0).reshape(2, 3, 4)
    v = fn(t).vmap
    idx = t.tensor([[0, 1], [2, 0]])
    return [
        v(lambda a: t.cat([a, a * 2], 1))(x),
        v(lambda a: t.stack([a, a]))(x),
        v(lambda a, i: a[i])(x, idx),
        v(lambda a, i: a.gather(0, i.view(1, 2).expand(1, 2)))(x, idx),
        v(lambda a: a.T.reshape(-1))(x),
        v(lambda a: a[1:, ::2])(x),
        v(lambda a: t.nn.functional.conv1d(a.unsqueeze(0), t.ones(2, 3, 2)))(x),
        v(lambda a: a.view(2, 6).transpose(0, 1))(x),
        v(lambda a: t.where(a > 5, a, -a))(x),
        v(lambda a: a.std())(x),
        v(lambda i: x[0][i])(idx),
    ]


ERRORS = [
    lambda t: t.vmap(lambda x: x, in_dims=None)(t.ones(2)),
    lambda t: t.vmap(lambda x: x, in_dims=(0, 0))(t.ones(2)),
    lambda t: t.vmap(lambda x: x, in_dims=3)(t.ones(2)),
    lambda t: t.vmap(lambda x, y: x, in_dims=0)(t.ones(2), 3),
    lambda t: t.vmap(lambda x, y: x)(t.ones(2), t.ones(3)),
    lambda t: t.vmap(lambda: 1)(),
    lambda t: t.vmap(lambda x: 3)(t.ones(2)),
    lambda t: t.vmap(lambda x: x, out_dims=5)(t.ones(2)),
    lambda t: t.vmap(lambda x: x, out_dims=None)(t.ones(2)),
    lambda t: t.vmap(lambda x: x.item())(t.ones(2)),
    lambda t: t.vmap(lambda x: t.rand(2))(t.ones(2)),
    lambda t: t.vmap(lambda x: x, randomness='q')(t.ones(2)),
    lambda t: t.vmap(lambda x: x, chunk_size=0)(t.ones(2)),
    lambda t: t.vmap(lambda x: x, in_dims=('a',))(t.ones(2)),
    lambda t: t.vmap(lambda x: x if x > 0 else -x)(t.ones(2)),
]


@pytest.mark.parametrize("k", range(len(ERRORS)))
def test_errors(k):
    same(ERRORS[k])
