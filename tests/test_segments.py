"""segment_reduce against torch: values, gradients and errors."""

import numpy as np
import numtorch
import pytest
from helpers import torch

CALLS = [
    {"reduce": "sum", "lengths": [2, 1, 0, 3]},
    {"reduce": "mean", "lengths": [2, 1, 0, 3]},
    {"reduce": "mean", "lengths": [2, 1, 0, 3], "initial": 5},
    {"reduce": "max", "lengths": [2, 1, 0, 3]},
    {"reduce": "min", "lengths": [2, 1, 0, 3], "initial": 1},
    {"reduce": "prod", "offsets": [0, 2, 3, 3, 6]},
    {"reduce": "sum", "offsets": [1, 6]},
    {"reduce": "foo", "lengths": [6]},
    {"reduce": "sum"},
    {"reduce": "sum", "lengths": [5]},
    {"reduce": "sum", "lengths": [-1, 7]},
    {"reduce": "sum", "lengths": [6.0]},
    {"reduce": "sum", "lengths": [6], "axis": 1},
    {"reduce": "sum", "indices": [6]},
]


def outcome(library, call: dict):
    """(values, gradient), or (type, text) of the error."""
    given = {k: library.tensor(v) if isinstance(v, list) else v for k, v in call.items()}
    x = library.arange(12.0).reshape(6, 2).requires_grad_()
    try:
        out = library.segment_reduce(x, **given)
    except Exception as e:
        return type(e), str(e)
    out.nan_to_num(0, 0, 0).sum().backward()
    return out.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_segments(call, setting):
    setting(interp=True)
    expected, found = outcome(torch, call), outcome(numtorch, call)
    if isinstance(expected[0], type):
        assert found == expected
    else:
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-6)


def test_segments_of_rows_of_leading_dims():
    x, lengths = np.arange(12.0).reshape(2, 3, 2), [[1, 2], [2, 1]]
    found, expected = (
        L.segment_reduce(L.tensor(x), "sum", lengths=L.tensor(lengths), axis=1).numpy()
        for L in (numtorch, torch)
    )
    np.testing.assert_array_equal(found, expected)
