"""torch.testing's assert_close and make_tensor: verdicts and texts as torch's."""

from __future__ import annotations

import re

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

NAN = float("nan")
CASES = {
    "close": lambda T: ((T([1.0, 2.0]), T([1.0, 2.0 + 1e-7])), {}),
    "far": lambda T: ((T([1.0, 2.0, 3.0]), T([1.0, 2.1, 3.0])), {}),
    "integers": lambda T: ((T([1, 2, 3]), T([1, 5, 3])), {}),
    "shape": lambda T: ((T([1.0]), T([[1.0]])), {}),
    "dtype": lambda T: ((T([1.0]), T([1])), {}),
    "any dtype": lambda T: ((T([1.0]), T([1])), {"check_dtype": False}),
    "numbers": lambda T: ((1.0, 1.1), {}),
    "ints": lambda T: ((1, 2), {}),
    "bools": lambda T: ((True, False), {}),
    "none": lambda T: ((None, None), {}),
    "list": lambda T: (([T(1.0), T(2.0)], [T(1.0), T(3.0)]), {}),
    "length": lambda T: (([1], [1, 2]), {}),
    "nested": lambda T: (({"a": [T(1.0)]}, {"a": [T(2.0)]}), {}),
    "keys": lambda T: (({"a": 1}, {"b": 1}), {}),
    "nan": lambda T: ((T([NAN]), T([NAN])), {}),
    "equal nan": lambda T: ((T([NAN, 1]), T([NAN, 1])), {"equal_nan": True}),
    "strings": lambda T: (("a", "b"), {}),
    "one tolerance": lambda T: ((T([1.0]), T([1.0])), {"rtol": 0.1}),
    "tolerances": lambda T: ((T([1.0]), T([1.05])), {"rtol": 0.1, "atol": 0}),
    "exact": lambda T: ((T([1.0, 2]), T([1.0, 3])), {"rtol": 0, "atol": 0}),
    "complex": lambda T: ((T([1 + 1j]), T([1 + 2j])), {}),
    "message": lambda T: ((T([1.0]), T([2.0])), {"msg": "no"}),
    "made message": lambda T: ((T([1.0]), T([2.0])), {"msg": lambda text: "x " + text}),
    "arrays": lambda T: ((np.ones(2), np.ones(2) * 2), {}),
    "mixed": lambda T: ((T(1.0), 1.0), {}),
    "strides": lambda T: ((T([[1.0, 2], [3, 4]]).t(), T([[1.0, 3], [2, 4]])), {"check_stride": True}),
    "empty": lambda T: ((T([]), T([])), {}),
    "infinite": lambda T: ((T([float("inf")]), T([float("inf")])), {}),
}  # fmt: skip


def verdict(lib, case):
    args, kwargs = case(lib.tensor)
    try:
        lib.testing.assert_close(*args, **kwargs)
    except (AssertionError, TypeError, ValueError) as e:
        # float32 differences are rounded differently
        digits = re.sub(r"\d+\.\d{5,}", lambda m: f"{float(m[0]):.5g}", str(e))
        return type(e).__name__, digits.replace("numtorch.", "torch.").replace("torch._tensor", "torch")
    return "equal"


@pytest.mark.parametrize("name", CASES)
def test_assert_close(name):
    assert verdict(nt, CASES[name]) == verdict(torch, CASES[name])


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "complex64", "bfloat16", "uint8"])
def test_make_tensor(dtype):
    dtype = getattr(nt, dtype)
    t = nt.testing.make_tensor((3, 4), dtype=dtype, noncontiguous=True)
    assert t.dtype is dtype and t.shape == (3, 4) and not t.is_contiguous()
    t = nt.testing.make_tensor(50, dtype=dtype, low=0, high=2, exclude_zero=True)
    assert (t != 0).all() and (dtype.is_complex or (t.float() <= 2).all())
    with pytest.raises(ValueError, match="`low` must be less than `high`"):
        nt.testing.make_tensor(3, dtype=dtype, low=3, high=1)


def test_results_with_names_print_as_torch():
    for f in (lambda t: t.topk(2), lambda t: t.sort(), lambda t: t.median(0), lambda t: t.cummax(0),
              lambda t: t.mode(0), lambda t: t.kthvalue(1), lambda t: t.max(0)):  # fmt: skip
        assert repr(f(nt.tensor([1.0, 3.0, 2.0]))) == repr(f(torch.tensor([1.0, 3.0, 2.0])))
