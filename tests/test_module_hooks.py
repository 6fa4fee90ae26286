"""Hooks of modules, against torch: what they see, in which order, what they may change."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

BOTH = [nt, torch]
X = np.random.default_rng(0).standard_normal((2, 3))


def values(x):
    if isinstance(x, (tuple, list)):
        return tuple(map(values, x))
    return x.tolist() if hasattr(x, "tolist") else x


def layer(lib, n=3):
    m = lib.nn.Linear(3, n).double()
    with lib.no_grad():
        m.weight.copy_(lib.arange(3.0 * n).reshape(n, 3).double() / 7)
        m.bias.copy_(lib.arange(float(n)).double())
    return m


def same(program):
    got, want = program(nt), program(torch)

    def close(a, b):
        if isinstance(b, tuple):
            assert len(a) == len(b)
            for x, y in zip(a, b):
                close(x, y)
        elif isinstance(b, (list, float)):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        else:
            assert a == b

    close(tuple(got), tuple(want))


def test_full_backward_hooks():
    def program(lib):
        seen = []
        m = lib.nn.Sequential(layer(lib), lib.nn.Tanh(), layer(lib, 2))
        m[0].register_full_backward_hook(lambda mod, gin, gout: seen.append(("in", values(gin), values(gout))))
        m[1].register_full_backward_hook(lambda mod, gin, gout: (gin[0] * 2,))
        m[2].register_full_backward_hook(lambda mod, gin, gout: seen.append(("out", values(gin), values(gout))))
        m[2].register_full_backward_pre_hook(lambda mod, gout: (gout[0] * 3,))
        x = lib.from_numpy(X).requires_grad_()
        m(x).square().sum().backward()
        return [*seen, values(x.grad), *[values(p.grad) for p in m.parameters()]]

    same(program)


def test_backward_hook_order_prepend_and_removal():
    def program(lib):
        seen = []
        m = layer(lib)
        handles = [
            m.register_full_backward_hook(lambda *a, k=k: seen.append(k), prepend=k == 2) for k in range(3)
        ]
        x = lib.from_numpy(X).requires_grad_()
        m(x).sum().backward()
        handles[0].remove()
        m(x).sum().backward()
        return seen

    same(program)


def test_backward_hook_of_a_module_with_several_results():
    def program(lib):
        class Two(lib.nn.Module):
            def forward(self, x, k, y):
                return x * k, (x * y).sum(), "text"

        seen = []
        m = Two()
        m.register_full_backward_hook(lambda mod, gin, gout: seen.append((values(gin), values(gout))))
        x = lib.from_numpy(X).requires_grad_()
        y = lib.from_numpy(X + 1)
        a, b, _ = m(x, 5, y)
        a.sum().backward(retain_graph=True)
        (a.sum() + b).backward()
        return [*seen, values(x.grad)]

    same(program)


def test_backward_hook_without_inputs_that_require_grad():
    def program(lib):
        seen = []
        m = layer(lib)
        m.register_full_backward_hook(lambda mod, gin, gout: seen.append((values(gin), values(gout))))
        with pytest.warns(UserWarning, match="Full backward hook is firing when gradients are computed"):
            m(lib.from_numpy(X)).sum().backward()
        return seen

    same(program)


@pytest.mark.parametrize("lib", BOTH)
def test_wrong_numbers_of_gradients(lib):
    m = layer(lib)
    m.register_full_backward_hook(lambda mod, gin, gout: (gin[0], gin[0]))
    x = lib.from_numpy(X).requires_grad_()
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
        m(x).sum().backward()
    m = layer(lib)
    m.register_full_backward_pre_hook(lambda mod, gout: ())
    with pytest.raises(RuntimeError, match="invalid number of grad_output, got 0, but expected 1"):
        m(x).sum().backward()
    m.register_full_backward_hook(print)
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full"):
        m.register_backward_hook(print)


def test_old_backward_hook():
    def program(lib):
        seen = []
        m = lib.nn.Tanh()
        m.register_backward_hook(lambda mod, gin, gout: seen.append((values(gin), values(gout))))
        x = lib.from_numpy(X).requires_grad_()
        m(x * 2).sum().backward()
        with pytest.warns(FutureWarning, match="when the forward contains multiple autograd Nodes"):
            m(x).sum().backward()
        return [*seen, values(x.grad)]

    same(program)


def test_global_hooks():
    def program(lib):
        seen = []
        mod = lib.nn.modules.module
        m = lib.nn.Sequential(layer(lib), lib.nn.ReLU())
        names = {id(x): n for n, x in m.named_modules()}
        handles = [
            mod.register_module_forward_pre_hook(lambda m, a: seen.append(("pre", names[id(m)]))),
            mod.register_module_forward_hook(lambda m, a, out: seen.append(("post", names[id(m)]))),
            mod.register_module_full_backward_pre_hook(lambda m, g: seen.append(("bpre", names[id(m)]))),
            mod.register_module_full_backward_hook(lambda m, i, o: seen.append(("back", names[id(m)]))),
        ]
        x = lib.from_numpy(X).requires_grad_()
        m(x).sum().backward()
        for h in handles:
            h.remove()
        m(x).sum().backward()
        return seen

    same(program)


def test_registration_hooks():
    def program(lib):
        seen = []
        mod = lib.nn.modules.module
        handles = [
            getattr(mod, f"register_module_{kind}_registration_hook")(
                lambda m, name, value, kind=kind: seen.append((kind, name, value is None)))
            for kind in ("parameter", "buffer", "module")
        ]
        lib.nn.Sequential(lib.nn.Linear(2, 2, bias=False), lib.nn.BatchNorm1d(2))
        for h in handles:
            h.remove()
        lib.nn.Linear(1, 1)
        return seen

    same(program)


def test_hooks_that_are_always_called():
    def program(lib):
        class Bad(lib.nn.Module):
            def forward(self, x):
                raise ValueError("no")

        seen = []
        m = Bad()
        m.register_forward_hook(lambda mod, args, out: seen.append(("usual", out)))
        m.register_forward_hook(lambda mod, args, out: seen.append(("always", out)), always_call=True)
        m.register_forward_hook(
            lambda mod, args, kw, out: seen.append(("kwargs", out)), with_kwargs=True, always_call=True)
        with pytest.raises(ValueError):
            m(lib.ones(2))
        return seen

    same(program)


@pytest.mark.parametrize("lib", BOTH)
def test_pre_hook_with_kwargs_must_return_a_pair(lib):
    m = lib.nn.Identity()
    m.register_forward_pre_hook(lambda mod, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
        m(lib.ones(1))


@pytest.mark.parametrize("lib", BOTH)
def test_more_methods_of_modules(lib):
    nn = lib.nn
    m = nn.Sequential(nn.Sequential(nn.Linear(2, 3)), nn.ReLU())
    m.set_submodule("0.0", nn.Linear(2, 4))
    assert m[0][0].out_features == 4
    with pytest.raises(ValueError, match="without a target name"):
        m.set_submodule("", nn.ReLU())
    with pytest.raises(AttributeError, match="Sequential has no attribute `7`"):
        m.set_submodule("0.7", nn.ReLU(), strict=True)
    with pytest.raises(AttributeError, match="`weight` is not an nn.Module"):
        m.set_submodule("0.0.weight", nn.ReLU())
    p = m[0][0].weight
    assert m.to_empty(device="cpu") is m and m[0][0].weight is p and p.shape == (4, 2)
    assert m.type(lib.float64)[0][0].weight.dtype == lib.float64
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        m.cuda()
    twice = nn.Sequential(m[1], m[1])
    assert len(list(twice.modules())) == 2 and len(list(twice.modules(remove_duplicate=False))) == 3
    with pytest.raises(RuntimeError, match="set_extra_state"):
        m.set_extra_state(1)
    lazy = nn.LazyLinear(3).double()
    assert lazy(lib.ones(2, 5, dtype=lib.float64)).dtype == lib.float64


@pytest.mark.parametrize("lib", BOTH)
def test_grad_takes_only_inputs_and_dicts(lib):
    x = lib.ones(2, requires_grad=True)
    with pytest.warns(FutureWarning, match="only_inputs argument is deprecated"):
        (g,) = lib.autograd.grad(x.sum(), x, only_inputs=False)
    found = lib.autograd.grad((x * 2).sum(), {"a": x})
    assert list(found) == ["a"] and found["a"].tolist() == [2, 2]
