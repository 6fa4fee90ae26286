"""gradient(), fill and overwriting values that have a graph, held against PyTorch."""

import numtorch as nt
import pytest
import torch


def both(f):
    """The results of f in both frameworks as lists."""
    return [[x.tolist() for x in f(lib)] for lib in (nt, torch)]


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("spacing", ["none", "number", "numbers", "coordinates"])
def test_gradient(spacing, edge_order):
    def run(t):
        x = (t.arange(20, dtype=t.float64) ** 2).reshape(4, 5)
        given = {
            "none": None, "number": 2.5, "numbers": (2, 0.5),
            "coordinates": (t.tensor([1.0, 2.0, 4.0, 5.0]).double(), t.arange(5.0).double()),
        }  # fmt: skip
        return t.gradient(x, spacing=given[spacing], edge_order=edge_order)

    ours, theirs = both(run)
    torch.testing.assert_close(torch.tensor(ours[0]), torch.tensor(theirs[0]))
    torch.testing.assert_close(torch.tensor(ours[1]), torch.tensor(theirs[1]))


@pytest.mark.parametrize("options", [
    {"dim": (0, 0)}, {"edge_order": 3}, {"spacing": (1, 2, 3)}, {"spacing": (1, 2), "dim": 0},
    {"dim": 5},
])  # fmt: skip
def test_gradient_errors(options):
    with pytest.raises((RuntimeError, IndexError)) as theirs:
        torch.gradient(torch.zeros(3, 3), **options)
    with pytest.raises(theirs.type) as ours:
        nt.gradient(nt.zeros(3, 3), **options)
    assert str(ours.value) == str(theirs.value)


def test_fill_is_a_copy():
    x = nt.ones(3)
    assert nt.fill(x, 2).tolist() == [2, 2, 2] and x.tolist() == [1, 1, 1]
    assert nt.fill(x, nt.tensor(3)).tolist() == [3, 3, 3]


@pytest.mark.parametrize("write", [
    lambda t, y: y.fill_(2), lambda t, y: y.zero_(), lambda t, y: y.copy_(t.arange(3.0)),
    lambda t, y: t.fill(y, 1),
])  # fmt: skip
def test_overwritten_values_have_zero_gradients(write):
    def run(t):
        x = t.ones(3, requires_grad=True)
        y = write(t, x.clone())
        assert y.requires_grad and y.grad_fn is not None
        return [y, *t.autograd.grad(y.sum(), x)]

    ours, theirs = both(run)
    assert ours == theirs


def test_histogram_of_one_value():
    ours, theirs = both(lambda t: t.histogram(t.tensor([3.0, 3.0]), 4))
    assert ours == theirs
    ours, theirs = both(lambda t: t.histogram(t.tensor([]), 2))
    assert ours == theirs


def test_addbmm_changes_shape():
    ours, theirs = both(lambda t: [t.ones(1).addbmm_(t.ones(2, 2, 2), t.ones(2, 2, 3))])
    assert ours == theirs


def test_out_dtype():
    ours, theirs = both(lambda t: [t.arange(0, 5, 1.7, out=t.empty(0, dtype=t.int64))])
    assert ours == theirs
    with pytest.raises(RuntimeError):
        nt.aminmax(nt.ones(2, 3), dim=0, out=(nt.empty(3), nt.empty(3).double()))


def test_methods_need_a_tensor():
    with pytest.raises(TypeError, match="__radd__"):
        nt.Tensor.__radd__(2, nt.ones(2))
