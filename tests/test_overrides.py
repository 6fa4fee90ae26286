"""Subclasses of Tensor and `__torch_function__`: the same program on numtorch and on torch."""

import copy
import operator
import pickle
import subprocess
import sys

import numtorch
import pytest

torch = pytest.importorskip("torch")
BOTH = (numtorch, torch)


class Logged(numtorch.Tensor):
    """At module level, for pickle."""


def logged(T):
    """A subclass of T.Tensor that notes what it is asked, and the notes."""
    log = []

    class Noted(T.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            log.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs or {})

    return Noted, log


def kind(r):
    if isinstance(r, (tuple, list)):
        return [kind(x) for x in r]
    return type(r).__name__


def sample(T, cls):
    return T.arange(1.0, 7.0).reshape(2, 3).as_subclass(cls)


OPERATORS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge", "ne", "iadd", "isub", "imul", "itruediv"]
CALLS = {
    "sin": lambda T, m, p: m.sin(),
    "max": lambda T, m, p: m.max(0),
    "split": lambda T, m, p: m.split(1),
    "item": lambda T, m, p: m[0, 0].item(),
    "numpy": lambda T, m, p: m.numpy(),
    "T": lambda T, m, p: m.T,
    "shape": lambda T, m, p: m.shape,
    "data": lambda T, m, p: m.data,
    "add_": lambda T, m, p: m.add_(1),
    "plain add_": lambda T, m, p: p.clone().add_(m),
    "torch.sin": lambda T, m, p: T.sin(m),
    "torch.add": lambda T, m, p: T.add(p, m),
    "cat": lambda T, m, p: T.cat([p, m]),
    "where": lambda T, m, p: T.where(p > 0, m, p),
    "zeros_like": lambda T, m, p: T.zeros_like(m),
    "equal": lambda T, m, p: T.equal(m, m),
    "einsum": lambda T, m, p: T.einsum("ij,kj->ik", m, p),
    "relu": lambda T, m, p: T.nn.functional.relu(m),
    "linear": lambda T, m, p: T.nn.functional.linear(p, m),
    "cross_entropy": lambda T, m, p: T.nn.functional.cross_entropy(m, T.tensor([0, 1])),
    "Linear": lambda T, m, p: T.nn.Linear(3, 2)(m),
    "Conv1d": lambda T, m, p: T.nn.Conv1d(2, 1, 1)(m),
    "parameter times": lambda T, m, p: T.nn.Parameter(p) * m,
    "broadcast": lambda T, m, p: T.broadcast_tensors(m, p),
    "out": lambda T, m, p: T.sin(p, out=m),
    "grad": lambda T, m, p: T.autograd.grad((m.requires_grad_() * 2).sum(), m),
    "setitem": lambda T, m, p: m.__setitem__(0, 1.0),
    "detach": lambda T, m, p: m.detach(),
    "repr": lambda T, m, p: repr(m),
    "Parameter": lambda T, m, p: repr(T.nn.Parameter(m)),
}


@pytest.mark.parametrize("name", CALLS)
def test_result_class_and_function(name):
    found = []
    for T in BOTH:
        cls, log = logged(T)
        m, p = sample(T, cls), T.ones(2, 3)
        log.clear()
        result = CALLS[name](T, m, p)
        found.append((kind(result) if not isinstance(result, str) else result, log[:1]))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    f = getattr(operator, name)
    found = []
    for T in BOTH:
        cls, log = logged(T)
        kinds = []
        for left, right in (
            (sample(T, cls), sample(T, cls)), (sample(T, cls), T.ones(2, 3)),
            (T.ones(2, 3), sample(T, cls)), (sample(T, cls), 2), (3, sample(T, cls)),
        ):  # fmt: skip
            log.clear()
            kinds.append((kind(f(left, right)), log[0]))
        found.append(kinds)
    assert found[0] == found[1]


class Duck:
    """No tensor, but a class that takes functions over."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func.__name__, [t.__name__ for t in types]


@pytest.mark.parametrize("T", BOTH)
def test_duck(T):
    assert T.sin(Duck()) == ("sin", ["Duck"])
    assert T.ones(2) + Duck() == ("add", ["Duck"])
    assert T.cat([Duck(), T.ones(1)]) == ("cat", ["Duck"])
    assert T.overrides.is_tensor_like(Duck()) and T.overrides.has_torch_function((1, Duck()))


@pytest.mark.parametrize("T", BOTH)
def test_order_of_classes_and_refusal(T):
    class A(T.Tensor):
        pass

    class B(A):
        pass

    class Other(T.Tensor):
        pass

    a, b = sample(T, A), sample(T, B)
    assert type(a + b) is B and type(b + a) is B and type(T.add(a, b)) is B
    with pytest.raises(TypeError, match="Multiple dispatch failed for .torch.add.; all __torch"):
        T.add(a, sample(T, Other))
    with pytest.raises(TypeError, match="unsupported operand type"):
        a + sample(T, Other)


@pytest.mark.parametrize("T", BOTH)
def test_plain_inside_and_opting_out(T):
    class A(T.Tensor):
        pass

    class Off(T.Tensor):
        __torch_function__ = T._C._disabled_torch_function_impl

    with T._C.DisableTorchFunctionSubclass():
        assert type(sample(T, A) + 1) is T.Tensor
    assert type(sample(T, Off) + 1) is T.Tensor
    assert type(T.nn.Parameter(T.ones(2)) + 1) is T.Tensor


@pytest.mark.parametrize("T", BOTH)
def test_constructor_with_own_parameters(T):
    class Tagged(T.Tensor):
        @staticmethod
        def __new__(cls, data, tag, *args, **kwargs):
            return super().__new__(cls, data, *args, **kwargs)

        def __init__(self, data, tag):
            self.tag = tag

        def sin(self):
            return super().sin() + 1

    t = Tagged([0.0, 1.0], "x")
    assert t.tag == "x" and type(t.sin()) is Tagged and t.sin()[0] == 1
    made = T.Tensor._make_subclass(Tagged, T.ones(2), True)
    assert type(made) is Tagged and made.requires_grad and made.is_leaf


@pytest.mark.parametrize("T", BOTH)
def test_parameter_of_a_subclass(T):
    class A(T.Tensor):
        pass

    layer = T.nn.Linear(3, 2)
    layer.weight = T.nn.Parameter(T.ones(2, 3).as_subclass(A))
    assert isinstance(layer.weight, T.nn.Parameter) and type(layer.weight) is A
    assert [n for n, _ in layer.named_parameters()] == ["weight", "bias"]
    out = layer(T.ones(1, 3))
    assert type(out) is A
    out.sum().backward()
    assert layer.weight.grad.sum() == 6
    T.optim.SGD(layer.parameters(), 0.5).step()
    assert float(layer.weight.detach().sum()) == 3
    assert not isinstance(T.ones(2).as_subclass(A), T.nn.Parameter)


def test_gradients_and_copies():
    x = numtorch.ones(3).as_subclass(Logged).detach().requires_grad_()
    y = (x * x).sum()
    y.backward()
    assert type(y) is Logged and x.grad.tolist() == [2, 2, 2]
    for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert type(other) is Logged and other.tolist() == [1, 1, 1]


def test_programs_without_subclasses_pay_nothing():
    # A sparse class without `internal` switched the slower operators on for everybody.
    code = "import sys, numtorch, numtorch.nn; print('numtorch.overrides' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("T", BOTH)
def test_errors_of_as_subclass(T):
    with pytest.raises(TypeError, match="does not inherit from Tensor is not possible"):
        T.ones(1).as_subclass(int)


@pytest.mark.parametrize("T", BOTH)
def test_handle_and_wrap(T):
    def mine(x, y):
        """A function of the program that a class may take over."""
        if T.overrides.has_torch_function((x, y)):
            return T.overrides.handle_torch_function(mine, (x, y), x, y=y)
        return "plain"

    assert mine(1, T.ones(1)) == "plain" and mine(1, Duck()) == ("mine", ["Duck"])
    assert T.overrides.is_tensor_method_or_property(T.Tensor.sin)
    assert not T.overrides.is_tensor_method_or_property(T.sin)
    assert T.overrides.resolve_name(T.Tensor.sin) == "torch.Tensor.sin"


def test_sparse_tensors_beside_subclasses():
    class A(numtorch.Tensor):
        pass

    eye = numtorch.eye(2).to_sparse()
    assert numtorch.spmm(eye, numtorch.ones(2, 1)).tolist() == [[1], [1]]
    assert (eye @ numtorch.ones(2, 1)).tolist() == [[1], [1]]
    assert (numtorch.ones(2, 2) + eye).tolist() == [[2, 1], [1, 2]]
