"""backward, grad, and the grad modes: as in PyTorch."""

from __future__ import annotations

from autograd_cases import parity


@parity
def test_multi(t):
    x = t.arange(3.0, requires_grad=True)
    w = t.ones(3, requires_grad=True)
    h = x * w
    t.autograd.backward([h.sum(), h * h], [None, t.ones(3) * 2])
    return (x.grad, w.grad)


@parity
def test_inputs_arg(t):
    x = t.arange(3.0, requires_grad=True)
    w = t.ones(3, requires_grad=True)
    h = x * w
    (h * h).sum().backward(inputs=[x])
    return (x.grad, w.grad)


@parity
def test_inputs_nonleaf(t):
    x = t.arange(3.0, requires_grad=True)
    h = x * 2
    (h * h).sum().backward(inputs=[h])
    return (x.grad, h.grad)


@parity
def test_grad_multi(t):
    x = t.arange(3.0, requires_grad=True)
    w = t.ones(3, requires_grad=True)
    h = x * w
    return t.autograd.grad([h, h * h], [x, w, h], [t.ones(3), t.ones(3)])


@parity
def test_unused(t):
    x = t.arange(3.0, requires_grad=True)
    w = t.ones(3, requires_grad=True)
    return (t.autograd.grad(x.sum(), [x, w], allow_unused=True), t.autograd.grad(x.sum(), [x, w], materialize_grads=True))


@parity
def test_unused_err(t):
    x = t.arange(3.0, requires_grad=True)
    w = t.ones(3, requires_grad=True)
    t.autograd.grad(x.sum(), [x, w])


@parity
def test_batched(t):
    x = t.arange(3.0, requires_grad=True)
    y = x * x
    return t.autograd.grad(y, x, t.eye(3), is_grads_batched=True)


@parity
def test_twice(t):
    x = t.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    y.backward()


@parity
def test_twice_ok(t):
    x = t.ones(3, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@parity
def test_overwritten(t):
    x = t.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.add_(1)
    z.sum().backward()


@parity
def test_shape_err(t):
    x = t.ones(3, requires_grad=True)
    (x * 2).backward(t.ones(2))


@parity
def test_nonscalar(t):
    x = t.ones(3, requires_grad=True)
    (x * 2).backward()


@parity
def test_nograph(t):
    t.ones(1).backward()


@parity
def test_empty_inputs(t):
    x = t.ones(3, requires_grad=True)
    x.sum().backward(inputs=[])


@parity
def test_lens(t):
    x = t.ones(3, requires_grad=True)
    t.autograd.grad(x * 2, x, [t.ones(3)] * 2)


@parity
def test_gen(t):

    @t.no_grad()
    def g():
        for _i in range(3):
            (yield t.is_grad_enabled())
    it = g()
    r = []
    r.append(next(it))
    r.append(t.is_grad_enabled())
    r.append(it.send(1))
    r.append(t.is_grad_enabled())
    it.close()
    return r


@parity
def test_modes(t):
    r = []
    with t.no_grad():
        r.append(t.is_grad_enabled())
        with t.enable_grad():
            r.append(t.is_grad_enabled())
        with t.set_grad_enabled(True):
            r.append(t.is_grad_enabled())
        r.append(t.is_grad_enabled())
    t.set_grad_enabled(False)
    r.append(t.is_grad_enabled())
    t.set_grad_enabled(True)

    @t.set_grad_enabled(False)
    def f():
        return t.is_grad_enabled()
    r += [f(), t.is_grad_enabled()]
    with t.inference_mode():
        a = t.ones(2) * 2
        r += [t.is_grad_enabled(), t.is_inference_mode_enabled(), a.is_inference(), t.ones(2).is_inference()]
        with t.inference_mode(False):
            r += [t.is_inference_mode_enabled(), t.is_grad_enabled()]
    r += [t.is_inference_mode_enabled(), t.ones(2).is_inference(), a.is_inference()]

    @t.inference_mode()
    def f():
        return (t.is_grad_enabled(), t.is_inference_mode_enabled())
    r.append(f())
    return r


@parity
def test_anomaly(t):
    import warnings
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter('always')
        try:
            with t.autograd.detect_anomaly():
                x = t.tensor([-1.0, 2.0], requires_grad=True)
                y = (x * 2).sqrt().sum()
                y.backward()
        except RuntimeError as e:
            r = str(e)
    m = [str(i.message) for i in w]
    return (r, m[0], m[1].split('\n')[0][:80], 'sqrt' in m[1] or 'p8' in m[1] or '<string>' in m[1])


@parity
def test_anomaly_ok(t):
    with t.autograd.set_detect_anomaly(True):
        x = t.tensor([1.0, 2.0], requires_grad=True)
        y = (x * 2).sqrt().log_softmax(0).sum()
        y.backward()
    return x.grad


@parity
def test_gcheck_none(t):
    t.autograd.gradcheck(lambda x: x * 2, (t.ones(2, dtype=t.float64),))
